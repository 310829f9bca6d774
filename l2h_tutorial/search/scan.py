"""Search by comparison: XOR the query with every code, count the bits that differ, keep the near ones."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hits import Hits
from .index import BucketIndex

_BLOCK = 1 << 16  # codes compared at a time: their differences stay in the processor's cache
_BLOCK_DISTANCES = 1 << 19  # distances kept at a time: so do these


def scan_buckets(index: BucketIndex, query_words: NDArray[Any], radius: int) -> Iterator[Hits]:
    """Find buckets by comparing each query with every occupied bucket; all rows if it is ``index.by_row``.

    Parameters
    ----------
    index : BucketIndex
    query_words : (n_queries, n_words) array, of the type of ``index.words``
    radius : int

    Yields
    ------
    Hits
        Of one run of queries after another.
    """
    for distances in blocks_of_distances(index.words, query_words):
        yield hits_where(distances <= radius)


def hits_where(near: NDArray[np.bool_]) -> Hits:
    """Hits of the queries, (n_queries, n_buckets), where the entry is true."""
    places = [np.flatnonzero(row) for row in near]
    return Hits(np.concatenate(places), np.array([len(found) for found in places]))


def blocks_of_distances(words: NDArray[Any], query_words: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Hamming distances from packed queries, (n_queries, n_words), to packed codes, (n_words, n).

    Yields
    ------
    (m, n) array of uint8, or of uint16 if codes have more than one word
        Of m queries at a time. The next block is written to the same place.
    """
    n_words, n = words.shape
    step = max(1, _BLOCK_DISTANCES // n)
    distances = np.empty((min(step, len(query_words)), n), dtype=np.uint8 if n_words == 1 else np.uint16)
    differences = np.empty(min(n, _BLOCK), dtype=words.dtype)
    for first in range(0, len(query_words), step):
        queries = query_words[first : first + step]
        for query, row in zip(queries, distances, strict=False):
            for start in range(0, n, _BLOCK):
                part = row[start : start + _BLOCK]
                different = differences[: len(part)]
                for word in range(n_words):
                    np.bitwise_xor(words[word, start : start + _BLOCK], query[word], out=different)
                    if word == 0:
                        np.bitwise_count(different, out=part)
                    else:
                        part += np.bitwise_count(different)
        yield distances[: len(queries)]
