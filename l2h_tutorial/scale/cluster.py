"""A hash table in partitions, on the workers of a Dask cluster.

Dask decides what runs where, moves the data, and computes again what a lost worker held. What is here is only what it
is asked to compute: a `HashTable` of each block of rows, each one's exact answer, and one answer made of them.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..buckets import HashTable
from ..checks import check_integer
from ..codes import WORD_BITS, check_bits, pack_bits
from ..search import check_neighbours, check_radius
from .checks import check_dask
from .optional import load_optional
from .packed import unpack_bits


@contextmanager
def local_client(n_workers: int = 2, *, memory_limit: int | str = "auto") -> Iterator[Any]:
    """Start worker processes on this machine, connect to them, and end them afterwards.

    They listen on the loopback address only, have one thread each and no dashboard, write no log, and keep what they
    put on disk in a folder that is removed. In a script, call it under ``if __name__ == "__main__":``, because workers
    import the script; in a notebook there is no need.

    Parameters
    ----------
    n_workers : int, default=2
        Processes.
    memory_limit : int or str, default="auto"
        Bytes that one worker may use, as a number or such as ``"2GB"``; "auto" is an equal share of the memory. From
        70 percent of it on, Dask moves results to disk; at 95 percent it starts the worker anew.

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
    n_workers = check_integer(n_workers, "n_workers")
    distributed = load_optional("distributed")
    settings = load_optional("dask").config
    # Dask has workers return freed memory at once; large temporary arrays, of which a scan has many, then cost several
    # times as much, in page faults.
    environment = dict(settings.get("distributed.nanny.pre-spawn-environ"))
    environment.pop("MALLOC_TRIM_THRESHOLD_", None)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        settings.set({"distributed.nanny.pre-spawn-environ": environment, "temporary-directory": folder}),
        distributed.LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs="CRITICAL",
            memory_limit=memory_limit,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


class DistributedHashTable:
    """A `HashTable` whose rows are spread over the workers of a Dask cluster, with the same answers.

    Each block of the Dask array becomes the hash table of one partition, in the memory of a worker. A search asks every
    partition for its exact answer, and merges the answers. A partition whose worker is lost is computed again from the
    array; so the array should come from a file that the workers can read, not from memory.

    Parameters
    ----------
    codes : (n, n_bits) dask.array.Array of bool, or (n, ceil(n_bits / 64)) of uint64
        Codes as `encode` makes them; row i of the array is row number i in all results. Packed ones need `n_bits`.
    n_bits : int, optional
        Bits of packed codes.
    client : distributed.Client, optional
        By default the one that was made last. ``Client("tcp://address:8786")`` connects to a cluster that is running
        anywhere, `local_client` starts one here.

    Attributes
    ----------
    n_bits, n_rows, n_partitions : int

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError, ValueError
        If `codes` are not such an array, or a packed code has more than `n_bits` bits.

    Notes
    -----
    A worker needs memory for the tables of its partitions, about 32 bytes a row for codes of up to 64 bits, and about 8
    more for each table of pieces that multi-index hashing made, of which at most 24 are kept, or those of one search;
    for one block that is being made into a table, about 120 bytes a row while that lasts; and for its partitions'
    answers, 5 bytes for each row found. Smaller blocks need less at a time and more calls.

    Examples
    --------
    >>> import dask.array as da
    >>> bits = np.array([[True, False], [True, True], [True, False], [False, False]])
    >>> with local_client(n_workers=1) as client:
    ...     table = DistributedHashTable(da.from_array(bits, chunks=(2, 2)), client=client)
    ...     print(table, table.query_radius(bits[:1], 1)[0])
    <DistributedHashTable: 4 rows of 2-bit codes in 2 partitions> [0 2 1 3]
    """

    def __init__(self, codes: Any, n_bits: int | None = None, *, client: Any = None) -> None:
        self._client = client if client is not None else _default_client()
        codes = check_dask(codes, "codes")
        self.n_bits = _check_width(codes, n_bits)
        sizes = np.array(codes.chunks[0], dtype=np.int64)
        blocks = codes.to_delayed().ravel()
        starts = np.cumsum(sizes) - sizes
        self._starts = starts[sizes > 0]
        self.n_rows = int(sizes.sum())
        delayed = load_optional("dask").delayed(_build)
        builds = [delayed(block, self.n_bits) for block, size in zip(blocks, sizes, strict=True) if size]
        self._tables = self._client.compute(builds)
        for table in self._tables:
            error = table.exception()  # waits, and fetches no table
            if error is not None:
                raise error

    @property
    def n_partitions(self) -> int:
        return len(self._tables)

    def __repr__(self) -> str:
        codes = f"{self.n_rows:,} rows of {self.n_bits}-bit codes"
        return f"<DistributedHashTable: {codes} in {self.n_partitions} partitions>"

    def query_radius(
        self, query_bits: ArrayLike, r: int, *, return_distance: bool = False, count_only: bool = False
    ) -> Any:
        """Find all rows whose code differs from the query's in at most `r` bits.

        Parameters
        ----------
        query_bits : (n_queries, n_bits) array of bool
        r : int
            From 0 to `n_bits`; rows at exactly this distance are included.
        return_distance : bool, default=False
            Return the Hamming distances too.
        count_only : bool, default=False
            Return only how many rows there are.

        Returns
        -------
        ids : (n_queries,) object array of int64 arrays, or with `count_only` (n_queries,) array of int64
            By distance, then by row number: what ``HashTable.query_radius(..., sort_results=True)`` returns.
        distances : (n_queries,) object array of int64 arrays
            Only with `return_distance`.

        Raises
        ------
        TypeError, ValueError
            As `HashTable.query_radius`.
        """
        bits = check_bits(query_bits, self.n_bits, name="query_bits")
        r = check_radius(r, self.n_bits)
        if count_only and return_distance:
            raise ValueError("count_only returns no distances: set only one of count_only and return_distance")
        if count_only:
            return np.sum(self._ask(_count, bits, r), axis=0)
        ids, distances = _merge_radius(self._ask(_radius, bits, r), self._starts)
        return (ids, distances) if return_distance else ids

    def query(self, query_bits: ArrayLike, k: int = 1) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find the `k` rows nearest in Hamming distance.

        Parameters
        ----------
        query_bits : (n_queries, n_bits) array of bool
        k : int, default=1
            From 1 to `n_rows`.

        Returns
        -------
        distances : (n_queries, k) array of int64
            Ascending.
        ids : (n_queries, k) array of int64
            Row numbers; rows at the same distance by number.

        Raises
        ------
        TypeError, ValueError
            As `HashTable.query`.
        """
        bits = check_bits(query_bits, self.n_bits, name="query_bits")
        k = check_neighbours(k, self.n_rows)
        answers = self._ask(_nearest, bits, k)
        distances = np.concatenate([d for d, _ in answers], axis=1).astype(np.int64)
        ids = np.concatenate([i + start for (_, i), start in zip(answers, self._starts, strict=True)], axis=1)
        order = np.lexsort((ids, distances), axis=1)[:, :k]
        return np.take_along_axis(distances, order, axis=1), np.take_along_axis(ids, order, axis=1)

    def _ask(self, question: Any, bits: NDArray[np.bool_], parameter: int) -> list[Any]:
        """Every partition's answer. The queries are a task too: they go to each worker once, and cannot be lost."""
        queries = self._client.submit(np.copy, pack_bits(bits), pure=False)
        futures = [self._client.submit(question, table, queries, parameter, pure=False) for table in self._tables]
        return list(self._client.gather(futures))


def _default_client() -> Any:
    try:
        return load_optional("distributed").default_client()
    except ValueError as error:
        raise ValueError(
            "there is no Dask client: start workers with local_client(), or connect with distributed.Client(address)"
        ) from error


def _check_width(codes: Any, n_bits: int | None) -> int:
    width = codes.shape[1]
    if codes.dtype == np.bool_:
        if n_bits not in (None, width):
            raise ValueError(f"the codes have {width} bits, n_bits says {n_bits}")
        return int(width)
    if codes.dtype.newbyteorder("=") != np.uint64:
        raise TypeError(f"codes must be boolean, or uint64 words as pack_bits makes them, got dtype {codes.dtype}")
    if n_bits is None:
        raise ValueError("packed codes do not say how many bits they have: give n_bits")
    n_bits = check_integer(n_bits, "n_bits")
    if width != -(-n_bits // WORD_BITS):
        raise ValueError(f"codes of {n_bits} bits take {-(-n_bits // WORD_BITS)} words, got {width}")
    return n_bits


# What runs on the workers. Row numbers there count from the start of the partition.


def _build(block: NDArray[Any], n_bits: int) -> HashTable:
    load_optional("dask.sizeof").sizeof.register(HashTable, _size_of)  # so that Dask knows what moving one would cost
    return HashTable(block if block.dtype == np.bool_ else unpack_bits(block, n_bits))


def _size_of(table: HashTable) -> int:
    return 8 * table.n_rows + 8 * (2 + -(-table.n_bits // WORD_BITS)) * len(table)


def _count(table: HashTable, words: NDArray[np.uint64], r: int) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = table.query_radius(unpack_bits(words, table.n_bits), r, count_only=True)
    return counts


def _radius(table: HashTable, words: NDArray[np.uint64], r: int) -> tuple[NDArray[Any], ...]:
    """Rows found for each query, counted and laid end to end; as few bytes as they fit into, for they will travel."""
    ids, distances = table.query_radius(unpack_bits(words, table.n_bits), r, return_distance=True)
    counts = np.array([len(rows) for rows in ids], dtype=np.uint32)
    return counts, _small(np.concatenate(ids), table.n_rows), _small(np.concatenate(distances), table.n_bits)


def _nearest(table: HashTable, words: NDArray[np.uint64], k: int) -> tuple[NDArray[Any], ...]:
    distances, ids = table.query(unpack_bits(words, table.n_bits), min(k, table.n_rows))
    return _small(distances, table.n_bits), _small(ids, table.n_rows)


def _small(values: NDArray[np.int64], largest: int) -> NDArray[Any]:
    return values.astype(np.min_scalar_type(largest))


def _merge_radius(answers: list[Any], starts: NDArray[np.int64]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    counts = np.array([count for count, _, _ in answers], dtype=np.int64)  # (partitions, queries)
    ids = np.concatenate([rows + start for (_, rows, _), start in zip(answers, starts, strict=True)])
    distances = np.concatenate([distance for _, _, distance in answers]).astype(np.int64)
    of_query = np.repeat(np.tile(np.arange(counts.shape[1]), len(counts)), counts.ravel())
    order = np.lexsort((ids, distances, of_query))
    ids, distances = ids[order], distances[order]
    cuts = np.cumsum(counts.sum(axis=0)).tolist()
    pieces = np.empty((2, len(cuts)), dtype=object)
    for i, (start, stop) in enumerate(zip([0, *cuts], cuts, strict=False)):
        pieces[0, i], pieces[1, i] = ids[start:stop], distances[start:stop]
    return pieces[0], pieces[1]
