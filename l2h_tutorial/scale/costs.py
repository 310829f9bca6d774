"""Measure what a search costs, and compute what a larger one would cost."""

import tracemalloc
from timeit import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from ..buckets import HashTable
from ..checks import ArrayLike, Bits, check_integer, load_optional
from ..codes import check_bits, pack_bits, packed_distances
from ..search.radius import check_radius

if TYPE_CHECKING:
    import pandas as pd

_FLIP = 0.05  # probability that a bit of a drawn code is flipped
_BLOCK_ROWS = 1 << 14  # rows whose flips are drawn at a time


def resampled_codes(bits: ArrayLike, n: int, *, random_state: int = 0) -> Bits:
    """Draw more codes like those given: each is a copy of one of these, with a few bits flipped.

    A bit is flipped with a probability of 5 percent.

    Parameters
    ----------
    bits : (m, n_bits) array of bool
    n : int
        Codes to draw.
    random_state : int, default=0

    Returns
    -------
    (n, n_bits) array of bool

    Raises
    ------
    TypeError, ValueError
        If the bits are not boolean, or `n` is not an integer of at least 1.

    Examples
    --------
    >>> resampled_codes(np.eye(4, dtype=bool), 6).shape
    (6, 4)
    """
    array = check_bits(bits)
    rng = np.random.default_rng(random_state)
    drawn = array[rng.integers(len(array), size=check_integer(n, "n"))]
    for start in range(0, n, _BLOCK_ROWS):
        block = drawn[start : start + _BLOCK_ROWS]
        block ^= rng.random(block.shape, dtype=np.float32) < _FLIP
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
