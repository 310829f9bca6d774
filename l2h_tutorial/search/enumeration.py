"""Search by enumeration: make every code of the Hamming ball and look it up."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hits import Hits
from .index import BucketIndex

_BLOCK_PROBES = 1 << 18  # codes looked up at a time: temporary arrays stay in the processor's cache


@lru_cache(maxsize=32)
def flips(n_bits: int, radius: int) -> NDArray[np.uint64]:
    """All patterns of up to 64 bits with at most `radius` ones: XOR with a code makes its Hamming ball.

    Examples
    --------
    >>> flips(3, 1)
    array([0, 1, 2, 4], dtype=uint64)
    """
    powers = [1 << bit for bit in range(n_bits)]
    patterns = [np.zeros(1, dtype=np.uint64)]
    for distance in range(1, radius + 1):
        flat = (power for chosen in combinations(powers, distance) for power in chosen)
        chosen_powers = np.fromiter(flat, dtype=np.uint64, count=comb(n_bits, distance) * distance)
        patterns.append(np.bitwise_or.reduce(chosen_powers.reshape(-1, distance), axis=1))
    return np.concatenate(patterns)


def enumerate_ball(index: BucketIndex, query_words: NDArray[Any], radius: int) -> Iterator[Hits]:
    """Find buckets by making every code of each query's ball and looking it up. Codes of up to 64 bits.

    Parameters
    ----------
    index : BucketIndex
    query_words : (n_queries, 1) array, of the type of ``index.words``
    radius : int

    Yields
    ------
    Hits
        Of one run of queries after another.
    """
    patterns = flips(index.n_bits, radius).astype(index.words.dtype)
    step = max(1, _BLOCK_PROBES // len(patterns))
    for start in range(0, len(query_words), step):
        block = query_words[start : start + step]
        found = index.find(block ^ patterns)
        found.sort(axis=1)  # ascending codes, as a scan finds them; the unoccupied come first
        occupied = found >= 0
        yield Hits(found[occupied], occupied.sum(axis=1))
