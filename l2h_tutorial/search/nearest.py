"""Search for the k nearest: within small radii first, then, where that is not enough, by comparing everything."""

from typing import Any

import numpy as np

from ..codes import packed_distances
from .radius import CodeIndex, Numbers, Plan, Words, plans, rows_within

_BLOCK_ROWS = 1 << 22  # found at a time, at most
_TRIAL = 0.25  # of the cost of comparing everything: what may be spent on a small radius first


def nearest_rows(index: CodeIndex, query_words: Words, k: int) -> tuple[Numbers, Numbers]:
    """Find the `k` rows nearest to each packed query, (n_queries, n_words).

    Returns
    -------
    distances, rows : (n_queries, k) arrays of int64
        Ascending; rows at the same distance by number.
    """
    distances, rows = np.empty((2, len(query_words), k), dtype=np.int64)
    *small, _ = steps(index)
    step = max(1, _BLOCK_ROWS // len(index.rows))
    for start in range(0, len(query_words), step):
        left = [*range(len(query_words))[start : start + step]]
        for radius, _ in small:
            found = zip(left, *rows_within(index, query_words[left], radius, with_distances=True), strict=True)
            left = []
            for query, near, away in found:
                if len(near) < k:
                    left.append(query)
                else:
                    distances[query], rows[query] = _first(k, away, near)
        for query in left:
            away = packed_distances(index.words, query_words[query, :, None])
            kth = np.partition(away.astype(np.int32), k - 1)[k - 1]  # quicker than of short types
            near = np.flatnonzero(away <= kth)
            distances[query], rows[query] = _first(k, away[near], index.rows[near])
    return distances, rows


def _first(k: int, distances: Any, rows: Numbers) -> tuple[Numbers, Numbers]:
    """The k nearest rows, by distance, then by number."""
    order = np.lexsort((rows, distances))[:k]
    return distances[order], rows[order]


def steps(index: CodeIndex) -> list[tuple[int, Plan]]:
    """Say how to find the nearest: within which radii to look up first, and how; then to compare everything.

    Returns
    -------
    list of (radius, plan)
        The radii double while looking up costs little beside comparing everything; the last is the length of the code.
    """
    ladder = []
    everything = next(plan for plan in plans(index, index.n_bits) if plan.strategy == "scan")
    radius = 0
    while radius < index.n_bits and plans(index, radius)[0].microseconds < _TRIAL * everything.microseconds:
        ladder.append((radius, plans(index, radius)[0]))
        radius = max(1, 2 * radius)
    return [*ladder, (index.n_bits, everything)]
