"""What a search has found, and the rows that it stands for."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .index import BucketIndex

SLICE_ROWS = 100  # measured: beyond so many rows a bucket, copying slices beats an index for every row


class Hits(NamedTuple):
    """The buckets found for a run of queries, query after query, each query's by ascending code.

    Fields
    ------
    buckets : (n_hits,) array of integers, bucket numbers
    counts : (n_queries,) array of integers, hits of each query
    """

    buckets: NDArray[Any]
    counts: NDArray[Any]


def hit_distances(index: BucketIndex, query_words: NDArray[Any], hits: Hits) -> NDArray[Any]:
    """Hamming distances, (n_hits,) unsigned integers, from the packed queries to the buckets found for them."""
    return paired_distances(index.words, hits.buckets, [np.repeat(word, hits.counts) for word in query_words.T])


def paired_distances(words: NDArray[Any], buckets: NDArray[Any], owners: list[NDArray[Any]]) -> NDArray[Any]:
    """Hamming distances between the codes of buckets and, word by word, the queries that own them."""
    distances: NDArray[Any] = np.bitwise_count(words[0][buckets] ^ owners[0])
    for word, owner in zip(words[1:], owners[1:], strict=True):
        distances = distances + np.bitwise_count(word[buckets] ^ owner).astype(np.uint16)
    return distances


def row_counts(index: BucketIndex, hits: Hits) -> NDArray[Any]:
    """Rows in the buckets found for each query, (n_queries,) integers."""
    if index.n_rows == index.n_buckets:
        return hits.counts
    ends = np.append(0, np.cumsum(index.sizes[hits.buckets]))
    return np.diff(ends[np.append(0, np.cumsum(hits.counts))])


def gather_rows(index: BucketIndex, buckets: NDArray[Any], first: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Concatenate the rows of the given buckets, (n_hits,) bucket numbers, in the order given.

    Parameters
    ----------
    index : BucketIndex
    buckets : (n_hits,) array of integers
    first : (n_hits,) array of integers, optional
        Take only so many rows of each bucket, at least one and at most those that there are.
    """
    if index.n_rows == index.n_buckets or len(buckets) == 0:
        return index.rows[buckets]
    if first is not None:
        return index.rows[ragged(index.offsets[buckets], first)]
    breaks = np.flatnonzero(np.diff(buckets) != 1)  # the rows of neighbouring buckets are neighbours
    starts = index.offsets[buckets[np.append(0, breaks + 1)]]
    stops = index.offsets[buckets[np.append(breaks, -1)] + 1]
    if (stops - starts).sum() < SLICE_ROWS * len(starts):
        return index.rows[ragged(starts, stops - starts)]
    return np.concatenate([index.rows[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)])


def ragged(starts: NDArray[Any], sizes: NDArray[Any]) -> NDArray[np.int64]:
    """Concatenate the ranges of `sizes` numbers that begin at `starts`.

    Examples
    --------
    >>> ragged(np.array([5, 0]), np.array([3, 2]))
    array([5, 6, 7, 0, 1])
    """
    filled = np.flatnonzero(sizes > 0)
    starts, sizes = starts[filled], sizes[filled]
    ends = np.cumsum(sizes, dtype=np.int64)
    steps = np.ones(ends[-1] if len(ends) else 0, dtype=np.int64)
    steps[:1] = starts[:1]
    steps[ends[:-1]] = starts[1:] - (starts[:-1] + sizes[:-1] - 1)  # from the last of a range to the next range
    return np.cumsum(steps, out=steps)


def cut(flat: NDArray[Any], counts: NDArray[Any]) -> list[NDArray[Any]]:
    """Cut what was concatenated into one array for each query, of `counts` entries: views, so each keeps all in memory.

    Examples
    --------
    >>> cut(np.arange(5), np.array([2, 0, 3]))
    [array([0, 1]), array([], dtype=int64), array([2, 3, 4])]
    """
    stops = np.cumsum(counts).tolist()
    return [flat[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]


def object_array(arrays: list[NDArray[Any]]) -> NDArray[np.object_]:
    """Arrays of any lengths as the entries of one, (n,) of objects.

    Examples
    --------
    >>> object_array([np.array([3]), np.array([4])])
    array([array([3]), array([4])], dtype=object)
    """
    return np.fromiter(arrays, dtype=object, count=len(arrays))
