"""Hash vectors that are too many for memory, and spread a table over the workers of a Dask cluster.

Dask decides what runs where, moves the data, and computes again what a lost worker held. The code
here only says what to compute: a `HashTable` of each block of rows, the exact answer of each table,
and one answer made of these.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.lib.format import open_memmap

from ..buckets import HashTable
from ..checks import Array, ArrayLike, Bits, Bytes, check_integer, load_optional
from ..codes import check_bits
from ..files import FilePath
from ..search.radius import by_distance, check_radius


def open_vectors(path: FilePath, *, block_rows: int | None = None) -> Any:
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
