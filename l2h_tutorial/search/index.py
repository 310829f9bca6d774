"""Rows grouped by code: the arrays that every search strategy reads."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codes import WORD_BITS

DIRECT_BITS = 16  # up to here a table with a slot for every possible code replaces the sorted search


@dataclass(frozen=True)
class BucketIndex:
    """Rows stored bucket by bucket, the buckets sorted by code. Its arrays become read-only: every search trusts them.

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

    def __post_init__(self) -> None:
        for array in (self.words, self.offsets, self.rows):
            array.setflags(write=False)

    def __reduce__(self) -> Any:
        """Leave what is derived behind when the index travels: it is made again where it is needed."""
        return BucketIndex, (self.n_bits, self.words, self.offsets, self.rows)

    @property
    def n_buckets(self) -> int:
        return self.words.shape[1]

    @property
    def n_rows(self) -> int:
        return len(self.rows)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(n_buckets,) rows in each bucket; read-only."""
        sizes = np.diff(self.offsets)
        sizes.setflags(write=False)
        return sizes

    @cached_property
    def by_row(self) -> "BucketIndex":
        """The same rows in the same order, each in a bucket of its own; codes repeat."""
        if self.n_rows == self.n_buckets:
            return self
        words = np.repeat(self.words, self.sizes, axis=1)
        return BucketIndex(self.n_bits, words, np.arange(self.n_rows + 1), self.rows)

    @cached_property
    def slots(self) -> NDArray[np.int32] | None:
        """Direct-address table: the bucket of every possible code, -1 if unoccupied; None if codes are too long."""
        if self.n_bits > DIRECT_BITS:
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
    offsets = np.append(starts, len(rows)).astype(np.int64, copy=False)
    return BucketIndex(n_bits, np.ascontiguousarray(ordered[starts].T), offsets, rows.astype(np.int64, copy=False))


def code_dtype(n_bits: int) -> Any:
    """Smallest unsigned type that holds codes of up to 64 bits; longer codes take several 64-bit words."""
    return np.min_scalar_type((1 << min(n_bits, WORD_BITS)) - 1)
