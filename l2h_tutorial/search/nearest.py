"""Search for the k nearest: within a small radius first, then, where that is not enough, by comparing everything."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import check_integer
from .radius import SAMPLE, BucketIndex, Hits, Plan, find, plans, ranges, scanned_distances

_BLOCK_ROWS = 1 << 18  # rows that the queries answered at a time may have to put in order
_CHUNKS = 1024  # the least distances of so many chunks stand for all
_TRIAL = 0.1  # of the cost of comparing everything: what may be spent on a small radius first,
_CALL = 1.0  # with the microseconds that a search costs anyhow


def check_neighbours(k: Any, n_rows: int) -> int:
    """Return `k` as an int from 1 to `n_rows`, or raise a `TypeError` or `ValueError` that names it.

    Examples
    --------
    >>> check_neighbours(3, n_rows=10)
    3
    """
    return check_integer(k, "k", high=n_rows, of="rows of the table")


def nearest_rows(index: BucketIndex, query_words: NDArray[Any], k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the `k` rows nearest to each packed query, (n_queries, n_words).

    Returns
    -------
    distances, rows : (n_queries, k) arrays of int64
        Ascending; rows at the same distance by number.
    """
    distances, rows = np.empty((2, len(query_words), k), dtype=np.int64)
    left = np.arange(len(query_words))
    for radius, plan in steps(index, k):
        queries, short = query_words[left], []
        everywhere = radius == index.n_bits
        for hits in nearest_buckets(index, queries, k) if everywhere else find(index, queries, radius, plan):
            block, left = left[: len(hits.queries)], left[len(hits.queries) :]
            enough, near_distances, near_rows = _nearest_of(hits, k)
            distances[block[enough]], rows[block[enough]] = near_distances, near_rows
            short.append(block[~enough])
        left = np.concatenate([left, *short])
    return distances, rows


def steps(index: BucketIndex, k: int) -> list[tuple[int, Plan]]:
    """Say how to find the k nearest: within which radius to look up first, and how; then to compare everything.

    The first radius is the largest that costs little beside comparing everything. There is none if looking up does not
    pay, or if the radius is not likely to hold `k` rows.

    Returns
    -------
    list of (radius, plan)
        One or two; the last radius is the length of the code.
    """
    everything = next(plan for plan in plans(index, 0) if plan.strategy == "scan buckets")
    first: list[tuple[int, Plan]] = []
    for radius in range(index.n_bits):
        cheapest = plans(index, radius)[0]
        if cheapest.pieces == 0 or cheapest.microseconds + _CALL > _TRIAL * everything.microseconds:
            break
        first = [(radius, cheapest)]
    missed = 2 * index.n_rows / np.prod(SAMPLE)  # rows that a pair or two stand for, which a sample may well not show
    if first and max(first[0][1].found, missed) < k:
        first = []
    return [*first, (index.n_bits, everything)]


def _nearest_of(hits: Hits, k: int) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """Whether `k` rows or more were found for each query, and for those that have them the nearest k."""
    index, distances = hits.index, hits.distances().astype(np.int64)
    sizes = np.minimum(index.sizes[hits.buckets], k)  # of each bucket at most its first k rows
    owners = np.repeat(np.arange(len(hits.queries)), hits.counts)
    n_rings = int(distances.max(initial=0)) + 1
    rings = owners * n_rings + distances  # the ring around its query that each hit lies on
    within = np.bincount(rings, sizes, len(hits.queries) * n_rings).reshape(-1, n_rings).cumsum(axis=1)
    enough = within[:, -1] >= k
    outermost = (within < k).sum(axis=1)  # ring that the k-th nearest row lies on
    kept = np.flatnonzero(distances <= np.where(enough, outermost, -1)[owners])
    rows = index.rows[ranges(index.offsets[hits.buckets[kept]], sizes[kept])]
    row_bits = index.n_rows.bit_length()
    order = np.sort(np.repeat(rings[kept] << row_bits, sizes[kept]) | rows)  # by query, distance, row
    firsts = np.searchsorted(order, np.flatnonzero(enough) * n_rings << row_bits)
    best = order[firsts[:, None] + np.arange(k)]
    return enough, (best >> row_bits) % n_rings, best & ((1 << row_bits) - 1)


def nearest_buckets(index: BucketIndex, query_words: NDArray[Any], k: int) -> Iterator[Hits]:
    """Find buckets with at least `k` rows nearest to each query by comparing it with every bucket."""
    step = max(1, _BLOCK_ROWS // index.n_rows)
    for start in range(0, len(query_words), step):
        queries = query_words[start : start + step]
        near = [
            row.nonzero()[0]
            for block in scanned_distances(index, queries)
            for row in block <= _reach(block, min(k, index.n_buckets))
        ]
        yield Hits(index, queries, np.concatenate(near), np.array([len(buckets) for buckets in near]))


def _reach(distances: NDArray[Any], k: int) -> NDArray[Any]:
    """A distance, (m, 1), within which each query has k codes: the k-th smallest, or that of the chunks' minima."""
    length = distances.shape[1] // max(_CHUNKS, 2 * k)
    if length > 1:  # k chunks reach it, so k codes do; minima are quick, partitioning all is not
        n_chunks = distances.shape[1] // length
        distances = distances[:, : length * n_chunks].reshape(-1, length, n_chunks).min(axis=1)
    return np.partition(distances, k - 1, axis=1)[:, k - 1 : k]
