"""How the time and the memory of a search grow."""

import tracemalloc
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..buckets import HashTable
from ..checks import check_integer
from ..codes import check_bits, pack_bits

_BLOCK_ROWS = 1 << 14  # rows for which random numbers are drawn at a time


def resampled_codes(bits: ArrayLike, n: int, *, flip: float = 0.05, random_state: int = 0) -> NDArray[np.bool_]:
    """Draw more codes like those given: each one of them, with a few bits flipped.

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
        If the bits are not boolean, `n` is not an integer of at least 1, or `flip` is no probability.

    Examples
    --------
    >>> resampled_codes(np.eye(4, dtype=bool), 6).shape
    (6, 4)
    """
    array = check_bits(bits)
    n = check_integer(n, "n")
    if not 0 <= flip <= 1:
        raise ValueError(f"flip must be a probability from 0 to 1, got {flip}")
    rng = np.random.default_rng(random_state)
    drawn: NDArray[np.bool_] = array[rng.integers(len(array), size=n)]
    for start in range(0, n, _BLOCK_ROWS):
        block = drawn[start : start + _BLOCK_ROWS]
        block ^= rng.random(block.shape, dtype=np.float32) < flip
    return drawn


def measure_search(bits: ArrayLike, query_bits: ArrayLike, radius: int, *, repeats: int = 5) -> dict[str, Any]:
    """Build a table, search it, and compare every code with every query, with a clock and a count of bytes.

    Parameters
    ----------
    bits : (n, n_bits) array of bool
    query_bits : (n_queries, n_bits) array of bool
    radius : int
    repeats : int, default=5
        The time of a search is the shortest of so many: what else the machine does can only add to it.

    Returns
    -------
    dict
        ``n``, ``n_bits``, ``radius``, ``found`` (rows a query), ``build_seconds``, ``table_bytes`` (held by the table
        once it has been searched), ``table_seconds`` and ``scan_seconds`` (of one query).

    Raises
    ------
    TypeError, ValueError
        As `HashTable` and `HashTable.query_radius`, or if `repeats` is not an integer of at least 1.

    Examples
    --------
    >>> row = measure_search(np.eye(8, dtype=bool), np.eye(8, dtype=bool)[:2], radius=2)
    >>> row["n"], row["found"], row["table_bytes"] > 0
    (8, 8.0, True)
    """
    array = check_bits(bits)
    queries = check_bits(query_bits, array.shape[1], name="query_bits")
    repeats = check_integer(repeats, "repeats")
    traced_already = tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        start = perf_counter()
        table = HashTable(array)
        build_seconds = perf_counter() - start
        found = table.query_radius(queries, radius, count_only=True).mean()
        table.query_radius(queries, radius)
        table_bytes = tracemalloc.get_traced_memory()[0] - before
    finally:
        if not traced_already:
            tracemalloc.stop()
    words, query_words = pack_bits(array), pack_bits(queries)

    def scan() -> None:
        for query in query_words:
            differing = np.bitwise_count(words ^ query)
            np.flatnonzero((differing[:, 0] if len(query) == 1 else differing.sum(axis=1)) <= radius)

    return {
        "n": len(array),
        "n_bits": array.shape[1],
        "radius": radius,
        "found": float(found),
        "build_seconds": build_seconds,
        "table_bytes": table_bytes,
        "table_seconds": _shortest(lambda: table.query_radius(queries, radius), repeats) / len(queries),
        "scan_seconds": _shortest(scan, repeats) / len(queries),
    }


def _shortest(call: Any, repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times)
