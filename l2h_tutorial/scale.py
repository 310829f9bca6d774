"""Search more rows than fit one table, one core or one machine.

`open_vectors` and `encode` hash vectors that are too many for memory. `to_faiss`, `from_faiss` and
`faiss_query_radius` exchange codes with faiss and search there. `DistributedHashTable` spreads a
table over the workers of a Dask cluster. `measure_search`, `wire_bytes` and `plan_size` measure
what a search costs, and compute what a larger one would cost.

faiss and Dask are optional: ``pip install "l2h-tutorial[scale]"``.
"""

import os
import tempfile
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from timeit import repeat
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import ArrayLike

from .buckets import HashTable
from .checks import Array, Bits, Bytes, check_integer, load_optional
from .codes import check_bits, pack_bits, packed_distances
from .search.radius import check_radius, object_array

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DistributedHashTable",
    "encode",
    "faiss_bytes",
    "faiss_query_radius",
    "from_faiss",
    "local_client",
]
__all__ += [
    "measure_search",
    "open_vectors",
    "plan_size",
    "resampled_codes",
    "to_faiss",
    "wire_bytes",
]

_BLOCK_ROWS = 1 << 14  # rows whose flips are drawn at a time


# --- vectors that are too many for memory ---------------------------------------------------------


def open_vectors(path: str | os.PathLike[str], *, block_rows: int | None = None) -> Any:
    """Open a ``.npy`` file of vectors as a Dask array; only its shape and dtype are read.

    Dask's own readers open other formats: ``dask.array.from_zarr``, or
    ``dask.dataframe.read_parquet(...).to_dask_array(lengths=True)``.

    Parameters
    ----------
    path : str or path
        Workers open it by this name, so the name must mean the same file for all of them.
    block_rows : int, optional
        Rows of a block. By default Dask chooses blocks of about 128 MB.

    Returns
    -------
    (n, d) dask.array.Array
        A block holds whole rows.

    Raises
    ------
    ImportError
        If Dask is not installed.
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If the file holds anything but a two-dimensional array of numbers or booleans (the message
        names the file), or `block_rows` is not an integer of at least 1.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/vectors.npy", np.zeros((1000, 8), dtype=np.float32))
    ...     X = open_vectors(f"{folder}/vectors.npy", block_rows=400)
    ...     X.shape, X.chunks[0], float(X[:500].sum().compute())
    ((1000, 8), (400, 400, 200), 0.0)
    """
    da = load_optional("dask.array", "open_vectors", "scale")
    path = Path(path).absolute()
    try:
        mapped = open_memmap(path, mode="r")
    except ValueError as error:
        raise ValueError(
            f"{path} is not a whole .npy file of one plain array: {str(error)[:300]}"
        ) from error
    shape = mapped.shape
    dtype = mapped.dtype
    if len(shape) != 2 or 0 in shape or dtype.kind not in "fiub":
        raise ValueError(
            f"{path} must hold a two-dimensional array of numbers, found {dtype} of shape {shape}"
        )
    rows = "auto" if block_rows is None else check_integer(block_rows, "block_rows")
    chunks = da.core.normalize_chunks((rows, -1), shape, dtype=dtype)
    # a new name each time, because the file may have changed since it was last opened
    name = f"{path.name}-{uuid4()}"
    return da.map_blocks(_read_rows, path, name=name, chunks=chunks, meta=np.empty((0, 0), dtype))


def encode(hasher: Any, X: Any) -> Any:
    """Hash the vectors of a Dask array, block by block.

    An array in memory does not need this, and neither does one that stays in its file, as
    ``np.load(path, mmap_mode="r")`` opens it. The hasher's ``transform`` takes both, also in
    blocks.

    Parameters
    ----------
    hasher : fitted transformer
        Its ``transform`` makes bits of vectors: `LSH`, `GRH` and the other hashers, or a pipeline
        that ends in one.
    X : (n, d) dask.array.Array
        `open_vectors` makes one from a file.

    Returns
    -------
    (n, n_bits) dask.array.Array of bool
        In the same blocks. Nothing is computed yet.

    Raises
    ------
    TypeError, ValueError
        If `X` is no Dask array, is empty, or does not know how many rows its blocks have, or if the
        hasher refuses such rows or makes anything but bits of them.

    Examples
    --------
    >>> from l2h_tutorial import LSH
    >>> X = np.random.default_rng(0).normal(size=(1000, 16))
    >>> lsh = LSH(70, random_state=0).fit(X)
    >>> import dask.array as da
    >>> bits = encode(lsh, da.from_array(X, chunks=(250, 16)))
    >>> bits.shape, bits.chunksize, bits.dtype
    ((1000, 70), (250, 70), dtype('bool'))
    """
    X = check_dask(X, "X")
    sample = _encode_block(np.zeros((1, X.shape[1]), X.dtype), hasher)
    chunks = (X.chunks[0], (sample.shape[1],))
    return X.map_blocks(_encode_block, hasher=hasher, chunks=chunks, meta=sample)


def check_dask(array: Any, name: str) -> Any:
    """Return a Dask array whose blocks hold whole rows, or raise an error that says why not."""
    if not hasattr(array, "dask"):
        raise TypeError(
            f"{name} must be a Dask array, got {type(array).__name__}; "
            "dask.array.from_array makes one"
        )
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"{name} must be two-dimensional with at least one row and column, "
            f"got shape {array.shape}"
        )
    if np.isnan(array.shape).any():
        raise ValueError(
            f"{name} does not know the rows of its blocks; call its compute_chunk_sizes() first"
        )
    return array.rechunk({1: -1})


def _read_rows(path: Path, block_info: Any) -> Array:
    """Read a block of a file: the file's name travels to the workers, its rows do not."""
    start, stop = block_info[None]["array-location"][0]
    return np.array(open_memmap(path, mode="r")[start:stop])


def _encode_block(block: Array, hasher: Any) -> Bits:
    """Hash one block."""
    # A block may be empty after rows have been filtered, but hashers refuse an empty array.
    rows = block if len(block) else np.zeros((1, np.shape(block)[1]))
    bits = np.asarray(hasher.transform(rows))
    if bits.dtype != bool:
        raise TypeError(
            f"the hasher must make rows of booleans, {type(hasher).__name__} made {bits.dtype}"
        )
    return bits[: len(block)]


# --- faiss ----------------------------------------------------------------------------------------
# faiss packs codes into bytes, so its codes have a multiple of 8 bits. Shorter codes are filled up
# with zero bits. All codes and queries get the same zeros, so no distance changes.


def faiss_bytes(bits: ArrayLike) -> Bytes:
    """Pack codes as faiss's binary indexes take them; bit i becomes faiss's dimension i.

    Parameters
    ----------
    bits : (n, b) array of bool

    Returns
    -------
    (n, ceil(b / 8)) array of uint8
        The first bit of a code is the lowest bit of the first byte, as in faiss. (By default
        ``numpy.packbits`` makes it the highest.) The last byte is filled up with zero bits.

    Raises
    ------
    TypeError, ValueError
        As `l2h_tutorial.codes.check_bits`.

    Examples
    --------
    >>> faiss_bytes(np.array([[True, False, False, True]]))
    array([[9]], dtype=uint8)
    """
    return np.packbits(check_bits(bits), axis=1, bitorder="little")


def to_faiss(table_or_bits: HashTable | ArrayLike) -> Any:
    """Make a flat faiss index of a table's codes: it compares a query with each.

    Its ids are the row numbers.

    Parameters
    ----------
    table_or_bits : HashTable or (n, n_bits) array of bool

    Returns
    -------
    faiss.IndexBinaryFlat
        Search it with `faiss_query_radius`: faiss's own ``range_search`` leaves out rows at exactly
        the radius.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError, ValueError
        If the bits are refused by `l2h_tutorial.codes.check_bits`.

    Examples
    --------
    >>> index = to_faiss(HashTable(np.array([[True, False], [True, True], [True, False]])))
    >>> index.ntotal, index.d
    (3, 8)
    """
    bits = table_or_bits.bits if isinstance(table_or_bits, HashTable) else table_or_bits
    packed = faiss_bytes(bits)
    faiss = load_optional("faiss", "to_faiss", "scale")
    index = faiss.IndexBinaryFlat(8 * packed.shape[1])
    index.add(packed)
    return index


def from_faiss(index: Any) -> HashTable:
    """Make a hash table of the codes in a flat faiss index; its ids are the row numbers.

    Parameters
    ----------
    index : faiss.IndexBinaryFlat
        Codes that were filled up to a multiple of 8 bits keep these zeros: cut them from the
        ``bits`` of the table.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError
        If it is another kind of index.
    ValueError
        If it is empty.

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> from_faiss(to_faiss(bits)).bucket(0b10000000)
    array([0, 2])
    """
    _check_kind(index, "IndexBinaryFlat")
    faiss = load_optional("faiss", "from_faiss", "scale")
    packed = faiss.vector_to_array(index.xb).reshape(-1, index.code_size)
    return HashTable(np.unpackbits(packed, axis=1, bitorder="little").view(bool))


def faiss_query_radius(index: Any, query_bits: ArrayLike, r: int) -> Any:
    """Find all rows within `r` bits in a faiss index, as `HashTable.query_radius` does in a table.

    This corrects two things. First, faiss leaves out rows at exactly its radius, so it is asked for
    ``r + 1``. Second, a hash index looks only into buckets within ``nflip`` bits of the query's, by
    default 0, and does not say what it has missed. So ``nflip`` becomes `r` for one table and
    ``r // nhash`` for several: if two codes differ in `r` bits, they differ in at most so many bits
    in one of the ``nhash`` pieces. The number of buckets looked into grows as in
    `l2h_tutorial.search.ball_size`.

    Parameters
    ----------
    index : faiss.IndexBinaryFlat, faiss.IndexBinaryHash or faiss.IndexBinaryMultiHash
        An index of codes as `faiss_bytes` packs them. Because ``nflip`` belongs to the index, no
        other thread may search it meanwhile. Afterwards ``nflip`` has its old value.
    query_bits : (n_queries, n_bits) array of bool
    r : int
        From 0 to `n_bits`.

    Returns
    -------
    (n_queries,) object array of int64 arrays
        Ordered by distance, then by row number, as `HashTable.query_radius` does with
        ``sort_results=True``.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError, ValueError
        If it is another kind of index, the bits are not boolean or do not fit the index, or the
        radius is out of range.

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> faiss_query_radius(to_faiss(bits), bits[:1], 1)[0]
    array([0, 2, 1])
    """
    _check_kind(index, "IndexBinaryFlat", "IndexBinaryHash", "IndexBinaryMultiHash")
    bits = check_bits(query_bits, name="query_bits")
    if not index.d - 8 < bits.shape[1] <= index.d:
        raise ValueError(
            f"query_bits must fit the {index.d} bits of the index, got {bits.shape[1]} bits a code"
        )
    r = check_radius(r, bits.shape[1])
    own_nflip = getattr(index, "nflip", None)
    if own_nflip is not None:
        index.nflip = min(r // getattr(index, "nhash", 1), index.b)
    limits, distances, ids = index.range_search(faiss_bytes(bits), r + 1)
    if own_nflip is not None:
        index.nflip = own_nflip
    cuts = limits[1:-1].astype(np.int64)
    return by_distance(np.split(distances, cuts), np.split(ids, cuts))


def by_distance(distances: Iterable[Array], rows: Iterable[Array]) -> Any:
    """Order the rows of each query by distance, then by number."""
    ordered = []
    for of_query, numbers in zip(distances, rows, strict=True):
        order = np.lexsort((numbers, of_query))
        ordered.append(numbers[order].astype(np.int64))
    return object_array(ordered)


def _check_kind(index: Any, *kinds: str) -> None:
    """Raise a `TypeError` unless it is one of these kinds of faiss index."""
    faiss = load_optional("faiss", "a faiss index", "scale")
    if not isinstance(index, tuple(getattr(faiss, kind) for kind in kinds)):
        raise TypeError(f"index must be a faiss {' or '.join(kinds)}, got {type(index).__name__}")


# --- a table in partitions, on the workers of a Dask cluster --------------------------------------
# Dask decides what runs where, moves the data, and computes again what a lost worker held. The code
# here only says what to compute: a `HashTable` of each block of rows, the exact answer of each
# table, and one answer made of these.


@contextmanager
def local_client(n_workers: int = 2) -> Iterator[Any]:
    """Start worker processes on this machine, connect to them, and end them afterwards.

    They listen on the loopback address only, have one thread each and no dashboard, and write no
    log. What they put on disk is in a folder that is removed at the end. In a script, call this
    under ``if __name__ == "__main__":``, because workers import the script. A notebook does not
    need that.

    Parameters
    ----------
    n_workers : int, default=2
        Processes. Each may use an equal share of the memory. If it uses 70 percent of its share,
        Dask moves results to disk. At 95 percent Dask restarts the worker.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError, ValueError
        If `n_workers` is not an integer of at least 1.
    """
    dask = load_optional("dask", "local_client", "scale")
    distributed = load_optional("distributed", "local_client", "scale")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        dask.config.set({"temporary-directory": folder}),
        distributed.Client(
            n_workers=check_integer(n_workers, "n_workers"),
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs="CRITICAL",
        ) as client,
    ):
        yield client


class DistributedHashTable:
    """Spread the rows of a `HashTable` over the workers of a Dask cluster, with the same answers.

    Each block of the Dask array becomes the hash table of one partition, in the memory of a worker.
    A search asks every partition for its exact answer, and merges the answers. A partition whose
    worker is lost is computed again from the array. So the array should come from a file that the
    workers can read, not from memory.

    Parameters
    ----------
    codes : (n, n_bits) dask.array.Array of bool
        Codes as `encode` makes them; row i of the array is row number i in all results.
    client : distributed.Client
        ``Client("tcp://address:8786")`` connects to a running cluster, and `local_client` starts
        one on this machine.

    Attributes
    ----------
    n_bits : int

    Raises
    ------
    TypeError, ValueError
        If `codes` are not such an array.

    Notes
    -----
    A worker needs memory for three things. The tables of its partitions take about 16 bytes a row
    for codes of 64 bits, and about 9 more for each table of pieces that multi-index hashing has
    made. All of these tables are kept. While a block is made into a table, it takes about 120 bytes
    a row. The answers of its partitions take 16 bytes for each row found. Smaller blocks need less
    memory at a time, and more calls.

    Examples
    --------
    >>> import dask.array as da
    >>> bits = np.array([[True, False], [True, True], [True, False], [False, False]])
    >>> with local_client(n_workers=1) as client:
    ...     table = DistributedHashTable(da.from_array(bits, chunks=(2, 2)), client=client)
    ...     print(table.query_radius(bits[:1], 1)[0])
    [0 2 1 3]
    """

    def __init__(self, codes: Any, *, client: Any) -> None:
        codes = check_dask(codes, "codes")
        sizes = np.array(codes.chunks[0])
        occupied = sizes > 0
        self.n_bits = codes.shape[1]
        self._client = client
        self._starts = (np.cumsum(sizes) - sizes)[occupied]
        build = load_optional("dask", "DistributedHashTable", "scale").delayed(_build)
        blocks = codes.to_delayed().ravel()[occupied]
        self._tables = client.compute([build(block) for block in blocks])
        for table in self._tables:
            if error := table.exception():  # this waits until the table is made
                raise error

    def query_radius(self, query_bits: ArrayLike, r: int) -> Any:
        """Find all rows whose code differs from the query's in at most `r` bits.

        Parameters
        ----------
        query_bits : (n_queries, n_bits) array of bool
        r : int
            From 0 to `n_bits`; rows at exactly this distance are included.

        Returns
        -------
        (n_queries,) object array of int64 arrays
            Ordered by distance, then by row number: what
            ``HashTable.query_radius(..., sort_results=True)`` returns.

        Raises
        ------
        TypeError, ValueError
            As `HashTable.query_radius`.
        """
        packed = np.packbits(check_bits(query_bits, self.n_bits, name="query_bits"), axis=1)
        r = check_radius(r, self.n_bits)
        submit = self._client.submit
        # The queries are a task too, so they go to each worker once, and cannot be lost.
        queries = submit(np.copy, packed, pure=False)
        answers = self._client.gather(
            [submit(_radius, table, queries, r, pure=False) for table in self._tables]
        )
        distances = np.stack([of_rows for of_rows, _ in answers])  # (n_partitions, n_queries)
        rows = np.stack(
            [rows + start for (_, rows), start in zip(answers, self._starts, strict=True)]
        )
        return by_distance(map(np.concatenate, distances.T), map(np.concatenate, rows.T))


# These two functions run on the workers. Row numbers there count from the start of the partition.


def _build(block: Bits) -> HashTable:
    """Make the table of one partition."""
    # this tells Dask what moving a table would cost
    sizeof = load_optional("dask.sizeof", "DistributedHashTable", "scale").sizeof
    sizeof.register(HashTable, lambda table: 16 * table.n_rows)
    return HashTable(block)


def _radius(table: HashTable, packed: Bytes, r: int) -> tuple[Any, Any]:
    """Return the distances and rows that one partition finds."""
    bits = np.unpackbits(packed, axis=1, count=table.n_bits).view(bool)
    rows, distances = table.query_radius(bits, r, return_distance=True)
    return distances, rows


# --- costs: measured for a search that can be tried, computed for a larger one --------------------


def resampled_codes(bits: ArrayLike, n: int, *, flip: float = 0.05, random_state: int = 0) -> Bits:
    """Draw more codes like those given: each is a copy of one of these, with a few bits flipped.

    Parameters
    ----------
    bits : (m, n_bits) array of bool
    n : int
        Codes to draw.
    flip : float, default=0.05
        Probability that a bit flips, from 0 to 1.
    random_state : int, default=0

    Returns
    -------
    (n, n_bits) array of bool

    Raises
    ------
    TypeError, ValueError
        If the bits are not boolean, `n` is not an integer of at least 1, or `flip` is no
        probability.

    Examples
    --------
    >>> resampled_codes(np.eye(4, dtype=bool), 6).shape
    (6, 4)
    """
    array = check_bits(bits)
    if not 0 <= flip <= 1:
        raise ValueError(f"flip must be a probability from 0 to 1, got {flip}")
    rng = np.random.default_rng(random_state)
    drawn = array[rng.integers(len(array), size=check_integer(n, "n"))]
    for start in range(0, n, _BLOCK_ROWS):
        block = drawn[start : start + _BLOCK_ROWS]
        block ^= rng.random(block.shape, dtype=np.float32) < flip
    return drawn


def measure_search(
    bits: ArrayLike, query_bits: ArrayLike, radius: int, *, repeats: int = 5
) -> dict[str, Any]:
    """Measure the bytes and the time of a table, and the time of comparing every code.

    Parameters
    ----------
    bits : (n, n_bits) array of bool
    query_bits : (n_queries, n_bits) array of bool
    radius : int
    repeats : int, default=5
        The time of a search is the shortest of so many, because other work of the machine can only
        make it longer.

    Returns
    -------
    dict
        ``n``, ``n_bits``, ``radius``, ``table_bytes`` (held by the table after a search),
        ``table_seconds`` and ``scan_seconds`` (both of one query).

    Raises
    ------
    TypeError, ValueError
        As `HashTable` and `HashTable.query_radius`.

    Examples
    --------
    >>> row = measure_search(np.eye(8, dtype=bool), np.eye(8, dtype=bool)[:2], radius=2)
    >>> row["n"], row["n_bits"], row["table_bytes"] > 0
    (8, 8, True)
    """
    array = check_bits(bits)
    queries = check_bits(query_bits, array.shape[1], name="query_bits")
    radius = check_radius(radius, array.shape[1])
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    table = HashTable(array)
    table.query_radius(queries, radius)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    words = np.ascontiguousarray(pack_bits(array).T)
    query_words = pack_bits(queries)

    def scan() -> None:
        for query in query_words:
            np.flatnonzero(packed_distances(query[:, None], words) <= radius)

    def seconds(task: Any) -> float:
        return min(repeat(task, number=1, repeat=repeats)) / len(queries)

    return {
        "n": len(array),
        "n_bits": array.shape[1],
        "radius": radius,
        "table_bytes": held - before,
        "table_seconds": seconds(lambda: table.query_radius(queries, radius)),
        "scan_seconds": seconds(scan),
    }


def wire_bytes(
    n_queries: int, n_bits: int, *, k: int, n_workers: int, n_partitions: int, partition_rows: int
) -> tuple[int, int]:
    """Count the bytes that cross the network when each partition sends the nearest rows it has.

    Parameters
    ----------
    n_queries, n_bits : int
    k : int
        Neighbours that each query asks for.
    n_workers : int
        Each worker gets the queries once.
    n_partitions, partition_rows : int
        The number of partitions, and the rows of the largest one.

    Returns
    -------
    sent : int
        Packed queries, a copy for every worker.
    received : int
        Row numbers and distances, `k` of each for each query and partition, in as few bytes as they
        fit into.

    Examples
    --------
    >>> wire_bytes(120, 64, k=10, n_workers=2, n_partitions=10, partition_rows=1_000_000)
    (1920, 60000)
    """
    sent = n_workers * n_queries * -(-n_bits // 8)
    row_bytes = np.min_scalar_type(partition_rows).itemsize + np.min_scalar_type(n_bits).itemsize
    return sent, n_partitions * n_queries * min(k, partition_rows) * row_bytes


def plan_size(
    n: int, *, n_bits: int, n_features: int, bytes_per_row: float, codes_per_second: float
) -> "pd.Series":
    """Compute the memory and time of exact search over `n` codes from measurements with fewer.

    Parameters
    ----------
    n : int
        Rows.
    n_bits, n_features : int
        Bits of a code, and float32 features of the vector that it was made from.
    bytes_per_row : float
        Measured: bytes of a table, divided by its rows.
    codes_per_second : float
        Measured: codes that one core compares with a query.

    Returns
    -------
    Series of float
        ``vectors_bytes``, ``codes_bytes``, ``table_bytes``, and ``scan_seconds`` of one query.

    Raises
    ------
    ImportError
        If pandas is not installed.
    ValueError
        If a number is not positive and finite.

    Examples
    --------
    >>> plan_size(10**9, n_bits=64, n_features=512, bytes_per_row=24, codes_per_second=1e9)
    vectors_bytes    2.048000e+12
    codes_bytes      8.000000e+09
    table_bytes      2.400000e+10
    scan_seconds     1.000000e+00
    dtype: float64
    """
    pd = load_optional("pandas", "plan_size")
    given = (n, n_bits, n_features, bytes_per_row, codes_per_second)
    if not all(0 < value < np.inf for value in given):
        raise ValueError(f"all sizes and rates must be positive and finite, got {given}")
    costs = {
        "vectors_bytes": 4 * n * n_features,
        "codes_bytes": n * -(-n_bits // 8),
        "table_bytes": n * bytes_per_row,
        "scan_seconds": n / codes_per_second,
    }
    return pd.Series(costs, dtype=float)
