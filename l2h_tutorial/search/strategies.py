"""Exact ways to find the occupied buckets in a Hamming ball, for many queries at once, and the choice between them.

*Enumeration* makes every code of the ball and looks it up; *scanning* compares the query with every occupied bucket.
The ball grows with the radius, the scan does not. Both return the same buckets in the same order.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..codes import WORD_BITS
from .ball import ball_size

_DIRECT_BITS = 16  # up to here a table with a slot for every possible code replaces the sorted search
_BLOCK = 1 << 18  # probes, or rows, handled at a time: their temporary arrays stay in the processor's cache

# Measured costs in nanoseconds; only their ratios matter, and only for speed.
_COST_DIRECT = 4.0  # a probe looked up in the direct table
_COST_SORTED = 60.0  # a probe looked up in the sorted codes
_COST_SCAN = 0.7  # a word compared
_COST_CALL = 4000.0  # the fixed cost of scanning for one more query
_COST_ROW = 10.0  # a row copied through an index
_COST_SLICE = 300.0  # a bucket copied as a slice
_COST_SCAN_ROW = 1.0  # a row compared


@dataclass(frozen=True)
class BucketIndex:
    """Rows stored bucket by bucket, the buckets sorted by code.

    Parameters
    ----------
    n_bits : int
    words : (n_words, n_buckets) array of unsigned integers
        Column j is the code of bucket j, its most significant word first; codes ascend strictly. Up to 64 bits there is
        one word, of the smallest type that holds it.
    offsets : (n_buckets + 1,) array of int64
        Bucket j holds ``rows[offsets[j] : offsets[j + 1]]``.
    rows : (n,) array of int64
        Row numbers, ascending in each bucket.
    """

    n_bits: int
    words: NDArray[Any]
    offsets: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def n_buckets(self) -> int:
        return self.words.shape[1]

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(n_buckets,) rows in each bucket."""
        return np.diff(self.offsets)

    @cached_property
    def row_words(self) -> NDArray[Any]:
        """(n_words, n) codes of all rows, in the order of `rows`."""
        return np.repeat(self.words, self.sizes, axis=1)

    @cached_property
    def slots(self) -> NDArray[np.int32] | None:
        """Direct-address table: the bucket of every possible code, -1 if unoccupied; None if codes are too long."""
        if self.n_bits > _DIRECT_BITS:
            return None
        slots = np.full(1 << self.n_bits, -1, dtype=np.int32)
        slots[self.words[0]] = np.arange(self.n_buckets, dtype=np.int32)
        return slots

    def find(self, codes: NDArray[Any]) -> NDArray[Any]:
        """Bucket number of each one-word code, -1 where it is unoccupied; any shape."""
        if self.slots is not None:
            return self.slots[codes]
        position = np.minimum(np.searchsorted(self.words[0], codes), self.n_buckets - 1)
        return np.where(self.words[0][position] == codes, position, -1)


def build_index(words: NDArray[Any], n_bits: int) -> BucketIndex:
    """Group packed codes, (n, n_words), into buckets.

    Examples
    --------
    >>> index = build_index(np.array([[2], [3], [2]], dtype=np.uint64), n_bits=2)
    >>> index.words, index.offsets, index.rows
    (array([[2, 3]], dtype=uint8), array([0, 2, 3]), array([0, 2, 1]))
    """
    words = words.astype(code_dtype(n_bits), copy=False)
    single = words.shape[1] == 1
    # Both sorts are stable, so rows ascend in a bucket. lexsort takes the most significant key last.
    rows = np.argsort(words[:, 0], kind="stable") if single else np.lexsort(words.T[::-1])
    ordered = words[rows]
    starts = np.flatnonzero(np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)]))
    offsets = np.append(starts, len(rows)).astype(np.int64)
    return BucketIndex(n_bits, np.ascontiguousarray(ordered[starts].T), offsets, rows.astype(np.int64, copy=False))


class Hits(NamedTuple):
    """The buckets found for a run of queries, query after query, each query's by ascending code.

    Fields
    ------
    buckets : (n_hits,) array of integers, bucket numbers
    distances : (n_hits,) array of unsigned integers, Hamming distances from query to bucket
    counts : (n_queries,) array of int64, hits of each query
    """

    buckets: NDArray[Any]
    distances: NDArray[Any]
    counts: NDArray[np.int64]


def code_dtype(n_bits: int) -> Any:
    """Smallest unsigned type that holds codes of up to 64 bits; longer codes take several 64-bit words."""
    return np.min_scalar_type((1 << min(n_bits, WORD_BITS)) - 1)


def choose_strategy(index: BucketIndex, radius: int) -> str:
    """Name the strategy with the lower estimated cost: ``"enumerate"`` the ball or ``"scan"`` the occupied buckets.

    Examples
    --------
    >>> words = np.arange(65536, dtype=np.uint16)[None, :]
    >>> index = BucketIndex(16, words, np.arange(65537), np.arange(65536))
    >>> [choose_strategy(index, radius) for radius in (0, 2, 8)]
    ['enumerate', 'enumerate', 'scan']
    """
    if len(index.words) > 1:
        return "scan"
    probe = _COST_DIRECT if index.n_bits <= _DIRECT_BITS else _COST_SORTED
    enumerate_cost = ball_size(index.n_bits, radius) * probe
    scan_cost = _COST_CALL + index.n_buckets * _COST_SCAN
    return "enumerate" if enumerate_cost < scan_cost else "scan"


@lru_cache(maxsize=8)
def _flips(n_bits: int, radius: int) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """All bit patterns with at most `radius` ones, and the number of ones of each."""
    powers = [1 << bit for bit in range(n_bits)]
    patterns = [np.zeros(1, dtype=np.uint64)]
    for distance in range(1, radius + 1):
        flat = (power for chosen in combinations(powers, distance) for power in chosen)
        chosen_powers = np.fromiter(flat, dtype=np.uint64, count=comb(n_bits, distance) * distance)
        patterns.append(np.bitwise_or.reduce(chosen_powers.reshape(-1, distance), axis=1))
    flips = np.concatenate(patterns).astype(code_dtype(n_bits))
    return flips, np.bitwise_count(flips)


def enumerate_ball(index: BucketIndex, query_words: NDArray[Any], radius: int) -> Hits:
    """Find buckets by making every code of each query's ball and looking it up. Codes of up to 64 bits.

    Parameters
    ----------
    index : BucketIndex
    query_words : (n_queries, 1) array, of the type of ``index.words``
    radius : int

    Returns
    -------
    Hits
    """
    flips, _ = _flips(index.n_bits, radius)
    buckets, counts = [], []
    step = max(1, _BLOCK // len(flips))
    for start in range(0, len(query_words), step):
        found = index.find(query_words[start : start + step] ^ flips)
        found.sort(axis=1)  # ascending codes, as a scan finds them; the unoccupied come first
        occupied = found >= 0
        buckets.append(found[occupied])
        counts.append(occupied.sum(axis=1))
    hits, n_hits = np.concatenate(buckets), np.concatenate(counts)
    distances = np.bitwise_count(index.words[0][hits] ^ np.repeat(query_words[:, 0], n_hits))
    return Hits(hits, distances, n_hits)


def word_distances(words: NDArray[Any], query: NDArray[Any]) -> NDArray[Any]:
    """Hamming distances from one packed code, (n_words,), to packed codes, (n_words, m): (m,) unsigned integers."""
    distances: NDArray[Any] = np.bitwise_count(words[0] ^ query[0])
    if len(query) > 1:
        distances = distances.astype(np.uint32)  # beyond 255 bits a byte would overflow
        for word, query_word in zip(words[1:], query[1:], strict=True):
            distances += np.bitwise_count(word ^ query_word)
    return distances


def scan_buckets(index: BucketIndex, query_words: NDArray[Any], radius: int) -> Hits:
    """Find buckets by comparing each query with every occupied bucket: XOR, count bits, keep the near ones.

    Parameters
    ----------
    index : BucketIndex
    query_words : (n_queries, n_words) array, of the type of ``index.words``
    radius : int

    Returns
    -------
    Hits
    """
    buckets, distances = [], []
    for query in query_words:
        distance = word_distances(index.words, query)
        near = np.flatnonzero(distance <= radius)
        buckets.append(near)
        distances.append(distance[near])
    counts = np.array([len(near) for near in buckets], dtype=np.int64)
    return Hits(np.concatenate(buckets), np.concatenate(distances), counts)


def find_buckets(index: BucketIndex, query_words: NDArray[Any], radius: int) -> Hits:
    """Find all buckets within `radius` of each query by the strategy that `choose_strategy` names."""
    strategy = enumerate_ball if choose_strategy(index, radius) == "enumerate" else scan_buckets
    return strategy(index, query_words, radius)


def nearest_buckets(index: BucketIndex, query: NDArray[Any], k: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Find at least `k` buckets nearest to one packed query code, all of those at the last distance among them.

    Returns
    -------
    buckets, distances : (m,) arrays, m >= k unless there are fewer buckets
    """
    distances = word_distances(index.words, query)
    low, high = 0, index.n_bits
    while low < high:  # bisect for the smallest radius that holds k buckets: counting is quicker than sorting
        radius = (low + high) // 2
        if np.count_nonzero(distances <= radius) >= k:
            high = radius
        else:
            low = radius + 1
    near = np.flatnonzero(distances <= low)
    return near, distances[near]


def gather_rows(index: BucketIndex, buckets: NDArray[Any], *, at_most: int | None = None) -> NDArray[np.int64]:
    """Concatenate the rows of the given buckets, (n_hits,) bucket numbers, in the order given.

    Parameters
    ----------
    index : BucketIndex
    buckets : (n_hits,) array of integers
    at_most : int, optional
        Take only the first so many rows of each bucket.
    """
    sizes = index.sizes[buckets] if at_most is None else np.minimum(index.sizes[buckets], at_most)
    starts = index.offsets[buckets]
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    if _COST_SLICE * len(buckets) < _COST_ROW * total:  # few large buckets: no need of an index for every row
        stops = starts + sizes
        return np.concatenate([index.rows[a:b] for a, b in zip(starts.tolist(), stops.tolist(), strict=True)])
    return index.rows[np.repeat(starts - (ends - sizes), sizes) + np.arange(total)]


def scan_rows(index: BucketIndex, query_words: NDArray[Any], radius: int) -> NDArray[np.object_]:
    """Find rows by comparing each query with the code of every row: the quickest way to most of the database.

    Returns
    -------
    (n_queries,) object array of int64 arrays, each in the order of ``index.rows``
    """
    found = np.empty(len(query_words), dtype=object)
    for i, query in enumerate(query_words):
        found[i] = index.rows[word_distances(index.row_words, query) <= radius]
    return found


def find_rows(index: BucketIndex, query_words: NDArray[Any], radius: int, hits: Hits) -> NDArray[np.object_]:
    """Rows in the buckets that were found within the radius, by the cheaper of `gather_rows` and `scan_rows`.

    Returns
    -------
    (n_queries,) object array of int64 arrays, each in the order of ``index.rows``
    """
    sizes = index.sizes[hits.buckets]
    gather_cost = min(_COST_SLICE * len(sizes), _COST_ROW * sizes.sum())
    if gather_cost < _COST_SCAN_ROW * len(query_words) * len(index.rows):
        return cut(gather_rows(index, hits.buckets), sizes, hits.counts)
    return scan_rows(index, query_words, radius)


def cut(flat: NDArray[Any], sizes: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.object_]:
    """Cut what was concatenated over hits, `sizes` entries for each, into one array a query, of `counts` hits each."""
    ends = np.concatenate([[0], np.cumsum(sizes)])[np.cumsum(counts)].tolist()
    pieces = np.empty(len(ends), dtype=object)
    for i, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        pieces[i] = flat[start:end]
    return pieces
