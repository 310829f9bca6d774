"""What a search costs that is too large to try: computed from what is stored, what travels, and a measured rate."""

import numpy as np
import pandas as pd

from ..codes import WORD_BITS


def wire_bytes(
    n_queries: int,
    n_bits: int,
    *,
    n_partitions: int,
    partition_rows: int,
    n_workers: int,
    k: int | None = None,
    n_found: int | None = None,
) -> tuple[int, int]:
    """Bytes that a search of a `DistributedHashTable` sends and receives, without Dask's own messages.

    Parameters
    ----------
    n_queries, n_bits : int
    n_partitions, partition_rows : int
        Partitions, and rows of the largest of them.
    n_workers : int
        Each gets the queries once.
    k, n_found : int
        One of them: for `query`, the neighbours of a query; for `query_radius`, all rows found for all queries.

    Returns
    -------
    sent : int
        Packed queries, a copy for every worker.
    received : int
        Row numbers and distances in as few bytes as they fit into, and for `query_radius` a count of 4 bytes a query.

    Raises
    ------
    ValueError
        Unless exactly one of `k` and `n_found` is given.

    Examples
    --------
    >>> wire_bytes(120, 64, n_partitions=10, partition_rows=1_000_000, n_workers=2, k=10)
    (1920, 60000)
    """
    if (k is None) == (n_found is None):
        raise ValueError(f"give k for nearest neighbours or n_found for a radius, got k={k} and n_found={n_found}")
    sent = n_workers * n_queries * 8 * -(-n_bits // WORD_BITS)
    answer = np.min_scalar_type(partition_rows).itemsize + np.min_scalar_type(n_bits).itemsize
    if k is not None:
        return sent, n_partitions * n_queries * min(k, partition_rows) * answer
    return sent, n_partitions * n_queries * 4 + int(n_found or 0) * answer


def plan_size(
    n: int, *, n_bits: int, n_features: int, bytes_per_row: float, codes_per_second: float, n_workers: int = 1
) -> pd.Series:
    """Memory and time of exact search over `n` codes, from what was measured with fewer.

    Parameters
    ----------
    n : int
        Rows.
    n_bits, n_features : int
        Bits of a code, and float32 features of the vector that it was made of.
    bytes_per_row : float
        Measured: bytes of a table over its rows.
    codes_per_second : float
        Measured: codes that one core compares with a query.
    n_workers : int, default=1
        They share the rows equally.

    Returns
    -------
    Series of float
        ``vectors_bytes``, ``codes_bytes``, ``table_bytes``, and ``scan_seconds`` of one query.

    Raises
    ------
    ValueError
        If a number is not positive and finite.

    Examples
    --------
    >>> plan_size(10**9, n_bits=64, n_features=512, bytes_per_row=24, codes_per_second=1e9, n_workers=4)
    vectors_bytes    2.048000e+12
    codes_bytes      8.000000e+09
    table_bytes      2.400000e+10
    scan_seconds     2.500000e-01
    dtype: float64
    """
    given = (n, n_bits, n_features, bytes_per_row, codes_per_second, n_workers)
    if not all(0 < value < np.inf for value in given):
        names = "n, n_bits, n_features, bytes_per_row, codes_per_second and n_workers"
        raise ValueError(f"{names} must be positive and finite, got {given}")
    return pd.Series(
        {
            "vectors_bytes": 4.0 * n * n_features,
            "codes_bytes": float(n * -(-n_bits // 8)),
            "table_bytes": float(n * bytes_per_row),
            "scan_seconds": n / codes_per_second / n_workers,
        }
    )
