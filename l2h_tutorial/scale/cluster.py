"""A hash table in partitions, on the workers of a Dask cluster.

Dask decides what runs where, moves the data, and computes again what a lost worker held. What is here is only what it
is asked to compute: a `HashTable` of each block of rows, each one's exact answer, and one answer made of them.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..buckets import HashTable
from ..checks import Bits, Bytes, Integers, check_integer
from ..codes import check_bits
from ..search import check_radius
from .interop import by_distance
from .optional import load_optional
from .vectors import check_dask


@contextmanager
def local_client(n_workers: int = 2) -> Iterator[Any]:
    """Start worker processes on this machine, connect to them, and end them afterwards.

    They listen on the loopback address only, have one thread each and no dashboard, write no log, and keep what they
    put on disk in a folder that is removed. In a script, call it under ``if __name__ == "__main__":``, because workers
    import the script; in a notebook there is no need.

    Parameters
    ----------
    n_workers : int, default=2
        Processes. Each may use an equal share of the memory: from 70 percent of it on, Dask moves results to disk, and
        at 95 percent it starts the worker anew.

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
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        load_optional("dask").config.set({"temporary-directory": folder}),
        load_optional("distributed").Client(
            n_workers=check_integer(n_workers, "n_workers"),
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs="CRITICAL",
        ) as client,
    ):
        yield client


class DistributedHashTable:
    """A `HashTable` whose rows are spread over the workers of a Dask cluster, with the same answers.

    Each block of the Dask array becomes the hash table of one partition, in the memory of a worker. A search asks every
    partition for its exact answer, and merges the answers. A partition whose worker is lost is computed again from the
    array; so the array should come from a file that the workers can read, not from memory.

    Parameters
    ----------
    codes : (n, n_bits) dask.array.Array of bool
        Codes as `encode` makes them; row i of the array is row number i in all results.
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
        If `codes` are not such an array, or there is no client.

    Notes
    -----
    A worker needs memory for the tables of its partitions, about 16 bytes a row for codes of 64 bits, and about 9 more
    for each table of pieces that multi-index hashing made, all of which are kept; for one block that is being made into
    a table, about 120 bytes a row while that lasts; and for its partitions' answers, 16 bytes for each row found.
    Smaller blocks need less at a time and more calls.

    Examples
    --------
    >>> import dask.array as da
    >>> bits = np.array([[True, False], [True, True], [True, False], [False, False]])
    >>> with local_client(n_workers=1) as client:
    ...     table = DistributedHashTable(da.from_array(bits, chunks=(2, 2)), client=client)
    ...     print(table, table.query_radius(bits[:1], 1)[0])
    <DistributedHashTable: 4 rows of 2-bit codes in 2 partitions> [0 2 1 3]
    """

    def __init__(self, codes: Any, *, client: Any = None) -> None:
        distributed = load_optional("distributed")
        self._client = client or distributed.default_client()
        codes = check_dask(codes, "codes")
        if codes.dtype != np.bool_:
            raise TypeError(f"codes must be boolean, got dtype {codes.dtype}; for signs or 0/1 use `array > 0`")
        sizes = np.array(codes.chunks[0])
        occupied = sizes > 0
        self.n_rows, self.n_bits = codes.shape
        self._starts = (np.cumsum(sizes) - sizes)[occupied]
        build = load_optional("dask").delayed(_build)
        blocks = codes.to_delayed().ravel()[occupied]
        self._tables = self._client.compute([build(block) for block in blocks])
        self.n_partitions = len(self._tables)
        distributed.wait(self._tables)
        for table in self._tables:
            if error := table.exception():
                raise error

    def __repr__(self) -> str:
        rows = f"{self.n_rows:,} rows of {self.n_bits}-bit codes"
        return f"<DistributedHashTable: {rows} in {self.n_partitions} partitions>"

    def query_radius(self, query_bits: ArrayLike, r: int, *, return_distance: bool = False) -> Any:
        """Find all rows whose code differs from the query's in at most `r` bits.

        Parameters
        ----------
        query_bits : (n_queries, n_bits) array of bool
        r : int
            From 0 to `n_bits`; rows at exactly this distance are included.
        return_distance : bool, default=False
            Return the Hamming distances too.

        Returns
        -------
        ids : (n_queries,) object array of int64 arrays
            By distance, then by row number: what ``HashTable.query_radius(..., sort_results=True)`` returns.
        distances : (n_queries,) object array of int64 arrays
            Only with `return_distance`.

        Raises
        ------
        TypeError, ValueError
            As `HashTable.query_radius`.
        """
        ids, distances = self._ask(_radius, query_bits, check_radius(r, self.n_bits))
        of_queries = np.stack(ids).T, np.stack(distances).T
        found, far = by_distance(*(map(np.concatenate, answers) for answers in of_queries))
        return (found, far) if return_distance else found

    def query(self, query_bits: ArrayLike, k: int = 1) -> tuple[Integers, Integers]:
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
        k = check_integer(k, "k", high=self.n_rows, of="rows of the table")
        ids, distances = self._ask(_nearest, query_bits, k)
        found = np.concatenate(ids, axis=1)
        far = np.concatenate(distances, axis=1).astype(np.int64)
        nearest = np.lexsort((found, far), axis=1)[:, :k]
        return np.take_along_axis(far, nearest, axis=1), np.take_along_axis(found, nearest, axis=1)

    def _ask(self, question: Any, query_bits: ArrayLike, parameter: int) -> tuple[list[Any], list[Any]]:
        """Row numbers and distances of every partition."""
        packed = np.packbits(check_bits(query_bits, self.n_bits, name="query_bits"), axis=1)
        submit = self._client.submit
        queries = submit(np.copy, packed, pure=False)  # a task too: they go to each worker once, and cannot be lost
        futures = [submit(question, table, queries, parameter, pure=False) for table in self._tables]
        distances, ids = zip(*self._client.gather(futures), strict=True)
        return [rows + start for rows, start in zip(ids, self._starts, strict=True)], list(distances)


# What runs on the workers. Row numbers there count from the start of the partition.


def _build(block: Bits) -> HashTable:
    sizeof = load_optional("dask.sizeof").sizeof  # by which Dask knows what moving a table would cost
    sizeof.register(HashTable, lambda table: 16 * table.n_rows)
    return HashTable(block)


def _radius(table: HashTable, packed: Bytes, r: int) -> tuple[Any, Any]:
    ids, distances = table.query_radius(_unpack(packed, table), r, return_distance=True)
    return distances, ids


def _nearest(table: HashTable, packed: Bytes, k: int) -> tuple[Any, Any]:
    """In as few bytes as they fit into."""
    distances, ids = table.query(_unpack(packed, table), min(k, table.n_rows))
    return distances.astype(np.min_scalar_type(table.n_bits)), ids.astype(np.min_scalar_type(table.n_rows))


def _unpack(packed: Bytes, table: HashTable) -> Bits:
    return np.unpackbits(packed, axis=1, count=table.n_bits).view(np.bool_)
