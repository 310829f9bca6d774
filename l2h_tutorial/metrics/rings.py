"""Rings: the rows at one Hamming distance from a query, counted. Most measures of a ranking follow from the counts."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..codes import pack_bits
from .checks import check_ranking

_BLOCK_ROWS = 1 << 16  # rows compared at a time: what is computed about them stays in the processor's cache


@dataclass(frozen=True, eq=False)
class RingCounts:
    """How many rows a query has at each distance, by the number of labels that they share with it.

    Parameters
    ----------
    by_grade : (n_queries, n_grades, n_bits + 1) array of int64
        Entry (q, g, d) counts the rows at distance d from query q that have g labels in common with it. With one class
        a row there are two grades: 0, of another class, and 1, of the same.

    Attributes
    ----------
    rows : (n_queries, n_bits + 1) array of int64
        Rows in each ring, relevant or not.
    relevant : (n_queries, n_bits + 1) array of int64
        Rows in each ring with at least one label in common.
    n_rows, n_bits : int
        Rows in the database, and bits in a code.
    """

    by_grade: NDArray[np.int64]

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        return np.asarray(self.by_grade.sum(axis=1))

    @cached_property
    def relevant(self) -> NDArray[np.int64]:
        return np.asarray(self.by_grade[:, 1:].sum(axis=1))

    @property
    def n_rows(self) -> int:
        return int(self.rows[0].sum())

    @property
    def n_bits(self) -> int:
        return self.by_grade.shape[2] - 1


def ring_counts(
    query_bits: ArrayLike, database_bits: ArrayLike, query_labels: ArrayLike, database_labels: ArrayLike
) -> RingCounts:
    """Count, for each query and each Hamming distance, the rows and the relevant rows at that distance.

    Parameters
    ----------
    query_bits : (n_queries, n_bits) array of bool
    database_bits : (n, n_bits) array of bool
    query_labels, database_labels : (n_queries,) and (n,) arrays of classes, or (n_queries, c) and (n, c) indicators
        A row is relevant to a query if it has the same class or, for 0/1 indicators, at least one label in common. One
        column is read as classes, as ``fit`` reads it.

    Returns
    -------
    RingCounts

    Raises
    ------
    TypeError, ValueError
        If bits are not boolean and of one width, there is no query or no row, or labels do not match the bits.

    Notes
    -----
    A ranking by Hamming distance says nothing about the order inside a ring, so a measure that depends on that order
    measures chance. The counts are all there is to know, and they take no sort: XOR, count bits, count distances.

    References
    ----------
    K. He, F. Cakir, S. A. Bargal and S. Sclaroff, "Hashing as tie-aware learning to rank", CVPR 2018.

    Examples
    --------
    >>> query, database = np.array([[True, True]]), np.array([[True, True], [True, False], [False, True]])
    >>> counts = ring_counts(query, database, [7], [7, 7, 8])
    >>> counts.rows, counts.relevant  # one row at distance 0, two at distance 1, none at distance 2
    (array([[1, 2, 0]]), array([[1, 1, 0]]))
    """
    query, database, of_query, of_database = check_ranking(query_bits, database_bits, query_labels, database_labels)
    count = _count_classes if of_query.ndim == 1 else _count_common
    return RingCounts(count(query, database, of_query, of_database))


class BitCounter:
    """Combine one packed code with many, bit by bit, and count the ones: in the smallest type, in memory used again.

    Parameters
    ----------
    words : (n_words, n) array of uint64
        Packed codes, one a column.
    n_bits : int
    combine : {np.bitwise_xor, np.bitwise_and}
        XOR counts the bits that differ, the Hamming distance; AND counts the ones in common.

    Examples
    --------
    >>> words = np.array([[0, 7]], dtype=np.uint64)
    >>> BitCounter(words, 3, np.bitwise_xor).count(np.array([1], dtype=np.uint64))
    array([1, 2], dtype=uint8)
    """

    def __init__(self, words: NDArray[np.uint64], n_bits: int, combine: np.ufunc) -> None:
        self.words, self.combine = words, combine
        self.combined = np.empty(words.shape[1], dtype=np.uint64)
        self.ones: NDArray[Any] = np.empty(words.shape[1], dtype=np.min_scalar_type(n_bits))

    def count(self, query: NDArray[np.uint64]) -> NDArray[Any]:
        """Count for one code, (n_words,): (n,) unsigned integers, which the next call overwrites."""
        for i, (word, query_word) in enumerate(zip(self.words, query, strict=True)):
            self.combine(word, query_word, out=self.combined)
            if i == 0:
                np.bitwise_count(self.combined, out=self.ones)
            else:
                self.ones += np.bitwise_count(self.combined)
        return self.ones


def _count_classes(
    query: NDArray[np.bool_], database: NDArray[np.bool_], of_query: NDArray[Any], of_database: NDArray[Any]
) -> NDArray[np.int64]:
    """Put the rows in order of class first: those relevant to a query are then neighbours, and take no mask."""
    n_rings = query.shape[1] + 1
    order = np.argsort(of_database, kind="stable")
    firsts, lasts = (np.searchsorted(of_database, of_query, side, order).tolist() for side in ("left", "right"))
    query_words, words = pack_bits(query), np.ascontiguousarray(pack_bits(database)[order].T)
    rows = np.zeros((len(query), n_rings), dtype=np.int64)
    relevant = np.zeros_like(rows)
    for start in range(0, len(database), _BLOCK_ROWS):
        counter = BitCounter(words[:, start : start + _BLOCK_ROWS], query.shape[1], np.bitwise_xor)
        for i, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
            distances = counter.count(query_words[i])
            rows[i] += np.bincount(distances, minlength=n_rings)
            relevant[i] += np.bincount(distances[max(first - start, 0) : max(last - start, 0)], minlength=n_rings)
    return np.stack([rows - relevant, relevant], axis=1)


def _count_common(
    query: NDArray[np.bool_], database: NDArray[np.bool_], of_query: NDArray[Any], of_database: NDArray[Any]
) -> NDArray[np.int64]:
    """Count pairs of labels in common and distance, as one number: labels * n_rings + distance."""
    n_rings, n_labels = query.shape[1] + 1, of_query.shape[1]
    n_grades = int(min(of_query.sum(axis=1).max(), of_database.sum(axis=1).max())) + 1
    key_type = np.min_scalar_type(n_grades * n_rings)
    query_words, query_label_words = pack_bits(query), pack_bits(of_query)
    words, label_words = (np.ascontiguousarray(pack_bits(bits).T) for bits in (database, of_database))
    counts = np.zeros((len(query), n_grades * n_rings), dtype=np.int64)
    for start in range(0, len(database), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        distance = BitCounter(words[:, block], query.shape[1], np.bitwise_xor)
        common = BitCounter(label_words[:, block], n_labels, np.bitwise_and)
        for i in range(len(query)):
            keys = np.multiply(common.count(query_label_words[i]), n_rings, dtype=key_type)
            keys += distance.count(query_words[i])
            counts[i] += np.bincount(keys, minlength=n_grades * n_rings)
    return counts.reshape(len(query), n_grades, n_rings)
