"""Search within a radius: from the buckets found to their rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .choice import find
from .hits import cut, gather_rows, hit_distances, object_array, row_counts
from .index import BucketIndex


def count_within(index: BucketIndex, query_words: NDArray[Any], radius: int) -> NDArray[np.int64]:
    """Count the rows within `radius` of each packed query, (n_queries, n_words)."""
    searched, found = find(index, query_words, radius)
    return np.concatenate([row_counts(searched, hits) for hits in found]).astype(np.int64, copy=False)


def rows_within(
    index: BucketIndex, query_words: NDArray[Any], radius: int, *, with_distances: bool, by_distance: bool
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Find the rows within `radius` of each packed query, (n_queries, n_words).

    Parameters
    ----------
    index : BucketIndex
    query_words : (n_queries, n_words) array, of the type of ``index.words``
    radius : int
    with_distances : bool
        Otherwise no distances are returned, and none computed.
    by_distance : bool
        Order each query's rows by distance, then by number. Otherwise by bucket code, then by number.

    Returns
    -------
    rows, distances : (n_queries,) object arrays of int64 arrays
    """
    searched, found = find(index, query_words, radius)
    rows: list[NDArray[np.int64]] = []
    distances: list[NDArray[np.int64]] = []
    for hits in found:
        queries = query_words[len(rows) : len(rows) + len(hits.counts)]
        counts = row_counts(searched, hits)
        rows += cut(gather_rows(searched, hits.buckets), counts)
        if with_distances or by_distance:
            of_rows = np.repeat(hit_distances(searched, queries, hits), searched.sizes[hits.buckets])
            distances += cut(of_rows.astype(np.int64), counts)
    if by_distance:
        for i, (numbers, distance) in enumerate(zip(rows, distances, strict=True)):
            order = np.lexsort((numbers, distance))
            rows[i], distances[i] = numbers[order], distance[order]
    return object_array(rows), object_array(distances)
