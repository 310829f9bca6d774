"""Search for the k nearest: within a small radius first, then, where that is not enough, by comparing everything."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import check_integer
from .choice import SAMPLE_PAIRS, Plan, find, plans
from .hits import Hits, gather_rows, hit_distances
from .index import BucketIndex
from .scan import blocks_of_distances, hits_where

_BLOCK_QUERIES = 1 << 13  # queries answered at a time,
_BLOCK_ROWS = 1 << 17  # and rows ordered at a time, or those of one query
_CHUNKS = 1024  # the least distances of so many chunks stand for all
_TRIAL = 0.1  # of the cost of comparing everything: what may be spent on a small radius first


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
    nearest = np.empty((2, len(query_words), k), dtype=np.int64)
    ways = steps(index, k)
    for start in range(0, len(query_words), _BLOCK_QUERIES):
        left = np.arange(start, min(start + _BLOCK_QUERIES, len(query_words)))
        for radius, plan in ways:
            if len(left):
                queries = query_words[left]
                everywhere = radius == index.n_bits
                found = nearest_buckets(index, queries, k) if everywhere else find(index, queries, radius, plan)[1]
                left = _keep(index, queries, found, left, k, nearest)
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
    first, row_bits = 0, index.n_rows.bit_length()
    for hits in found:
        part = slice(first, first + len(hits.counts))
        block, first = queries[part], part.stop
        distances = hit_distances(index, query_words[part], hits)
        width = int(distances.max(initial=0)) + 1
        owners = np.repeat(np.arange(len(block)), hits.counts)
        levels = owners * width + distances
        needed = _needed(levels, index.sizes[hits.buckets], (len(block), width), k)
        counts = np.bincount(owners, needed, len(block)).astype(np.int64)
        short.append(block[counts < k])
        cuts = np.flatnonzero(np.diff(np.cumsum(counts) // _BLOCK_ROWS)) + 1
        kept = np.flatnonzero(needed)
        buckets, levels, needed, owners = hits.buckets[kept], levels[kept], needed[kept], owners[kept]
        for start, stop in pairwise([0, *cuts.tolist(), len(block)]):
            own = slice(*owners.searchsorted([start, stop]))
            rows = gather_rows(index, buckets[own], needed[own])
            order = np.sort(np.repeat(levels[own] << row_bits, needed[own]) | rows)  # by query, distance, row
            enough = np.flatnonzero(counts[start:stop] >= k)
            firsts = np.cumsum(counts[start:stop]) - counts[start:stop]
            best = order[firsts[enough, None] + np.arange(k)]
            answered = block[start:stop][enough]
            nearest[0, answered] = (best >> row_bits) % width
            nearest[1, answered] = best & ((1 << row_bits) - 1)
    return np.concatenate(short)


def _needed(levels: NDArray[np.int64], sizes: NDArray[np.int64], shape: tuple[int, int], k: int) -> NDArray[np.int64]:
    """How many rows of each hit, its first, may be among the k nearest: none where nearer buckets hold k.

    Parameters
    ----------
    levels : (n_hits,) array
        ``query * shape[1] + distance`` of each hit.
    sizes : (n_hits,) array
        Rows in its bucket.
    shape : (n_queries, 1 + largest distance)
    """
    rows = np.bincount(levels, weights=sizes, minlength=shape[0] * shape[1]).astype(np.int64).reshape(shape)
    nearer = np.cumsum(rows, axis=1) - rows
    return np.minimum(sizes, np.maximum(0, k - nearer.ravel()[levels]))


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
