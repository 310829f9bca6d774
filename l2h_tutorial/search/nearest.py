"""Search for the k nearest: within a small radius first, then, where that is not enough, by comparing everything."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .choice import SAMPLE_PAIRS, Plan, find, plans
from .hits import Hits, bucket_sizes, gather_rows, hit_distances, row_counts
from .index import BucketIndex
from .scan import blocks_of_distances, hits_where

_CHUNKS = 1024  # the least distances of so many chunks stand for all
_TRIAL = 0.1  # of the cost of comparing everything: what may be spent on a small radius first


def check_neighbours(k: Any, n_rows: int) -> int:
    """Return `k` as an int from 1 to `n_rows`, or raise a `TypeError` or `ValueError` that names it.

    Examples
    --------
    >>> check_neighbours(3, n_rows=10)
    3
    """
    if isinstance(k, bool | np.bool_) or not isinstance(k, int | np.integer):
        raise TypeError(f"k must be an integer, got {k!r}")
    if not 1 <= k <= n_rows:
        raise ValueError(f"k must be from 1 to the {n_rows} rows of the table, got {k}")
    return int(k)


def nearest_rows(index: BucketIndex, query_words: NDArray[Any], k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the `k` rows nearest to each packed query, (n_queries, n_words).

    Returns
    -------
    distances, rows : (n_queries, k) arrays of int64
        Ascending; rows at the same distance by number.
    """
    nearest = np.empty((2, len(query_words), k), dtype=np.int64)
    left = np.arange(len(query_words))
    for radius, plan in steps(index, k):
        if len(left):
            queries = query_words[left]
            within = (
                nearest_buckets(index, queries, k) if radius == index.n_bits else find(index, queries, radius, plan)[1]
            )
            left = _keep(index, queries, within, left, k, nearest)
    return nearest[0], nearest[1]


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
        if cheapest.pieces == 0 or cheapest.microseconds > _TRIAL * everything.microseconds:
            break
        first = [(radius, cheapest)]
    if first and max(first[0][1].found, index.n_rows / SAMPLE_PAIRS) < k:  # fewer than one pair a sample cannot show
        first = []
    return [*first, (index.n_bits, everything)]


def _keep(
    index: BucketIndex,
    query_words: NDArray[Any],
    found: Iterable[Hits],
    queries: NDArray[np.int64],
    k: int,
    nearest: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Write down the nearest rows of those queries for which at least `k` were found, and return the other queries."""
    short: list[NDArray[np.int64]] = []
    first = 0
    for hits in found:
        part = slice(first, first + len(hits.counts))
        block, first = queries[part], part.stop
        sizes = bucket_sizes(index, hits.buckets, k)  # of a bucket, the first k are enough
        rows = gather_rows(index, hits.buckets, k)
        distances = np.repeat(hit_distances(index, query_words[part], hits), sizes)
        counts = row_counts(index, hits, k)
        order = np.lexsort((rows, distances, np.repeat(np.arange(len(block)), counts)))
        enough = counts >= k
        places = order[(np.cumsum(counts) - counts)[enough, None] + np.arange(k)]
        nearest[0, block[enough]] = distances[places]
        nearest[1, block[enough]] = rows[places]
        short.append(block[~enough])
    return np.concatenate(short)


def nearest_buckets(index: BucketIndex, query_words: NDArray[Any], k: int) -> Iterator[Hits]:
    """Find at least `k` buckets nearest to each query, or all if there are fewer, by comparing it with every bucket.

    Yields
    ------
    Hits
        Of one run of queries after another.
    """
    for distances in blocks_of_distances(index.words, query_words):
        yield hits_where(distances <= _reach(distances, min(k, index.n_buckets))[:, None])


def _reach(distances: NDArray[Any], k: int) -> NDArray[Any]:
    """A distance within which each query has at least k codes: the k-th smallest, or that of the chunks' minima."""
    length = distances.shape[1] // max(_CHUNKS, 2 * k)
    if length > 1:  # k chunks reach it, so k codes do; minima are quick, partitioning all is not
        n_chunks = distances.shape[1] // length
        distances = distances[:, : length * n_chunks].reshape(-1, length, n_chunks).min(axis=1)
    return np.partition(distances, k - 1, axis=1)[:, k - 1]
