"""Mean average precision of the ranking by Hamming distance, ties included."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..codes import pack_bits
from .checks import check_ranking
from .rings import BitCounter, RingCounts, ring_counts


def mean_average_precision(
    query_bits: ArrayLike,
    database_bits: ArrayLike,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
    ties: Literal["expected", "stable"] = "expected",
    per_query: bool = False,
) -> Any:
    """Average precision of ranking the whole database by Hamming distance, averaged over queries.

    Parameters
    ----------
    query_bits : (n_queries, n_bits) array of bool
    database_bits : (n, n_bits) array of bool
    query_labels, database_labels : (n_queries,) and (n,) arrays of classes, or (n_queries, c) and (n, c) indicators
        A row is relevant to a query if it has the same class or, for 0/1 indicators, at least one label in common. One
        column is read as classes, as ``fit`` reads it.
    ties : {"expected", "stable"}, default="expected"
        Rows at the same distance form a ring. "expected": the mean over all orders inside the rings. "stable": rings in
        database order, as published figures that come from a stable sort.
    per_query : bool, default=False
        Return each query's average precision in place of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        A query without any relevant row has average precision 0.

    Raises
    ------
    TypeError, ValueError
        If bits are not boolean and of one width, there is no query or no row, labels do not match the bits, or `ties`
        is not one of those named.

    Notes
    -----
    With rel(i) = 1 if the row at place i is relevant and 0 otherwise, R relevant rows in all, and
    P(i) = (rel(1) + ... + rel(i)) / i, average precision is (sum over i of rel(i) P(i)) / R. `average_precision` says
    how its expectation over ties is computed.

    References
    ----------
    F. McSherry and M. Najork, "Computing information retrieval performance measures efficiently in the presence of tied
    scores", ECIR 2008.

    Examples
    --------
    >>> query, database = np.array([[True, True]]), np.array([[True, False], [False, True], [False, False]])
    >>> mean_average_precision(query, database, [1], [1, 0, 0])  # first or second, with equal probability
    0.75
    >>> mean_average_precision(query, database, [1], [1, 0, 0], ties="stable")
    1.0
    """
    if ties not in ("expected", "stable"):
        raise ValueError(f'ties must be "expected" or "stable", got {ties!r}')
    if ties == "expected":
        each = average_precision(ring_counts(query_bits, database_bits, query_labels, database_labels))
    else:
        each = _stable(*check_ranking(query_bits, database_bits, query_labels, database_labels))
    return each if per_query else float(each.mean())


def average_precision(counts: RingCounts) -> NDArray[np.float64]:
    """Expected average precision of each query, over all orders inside the rings.

    Parameters
    ----------
    counts : RingCounts

    Returns
    -------
    (n_queries,) array of float64
        0 for a query without any relevant row.

    Notes
    -----
    Take a ring of n rows, r of them relevant, behind N rows of which R are relevant. The row at place i of the ring is
    relevant with probability r / n, and then (i - 1)(r - 1)/(n - 1) of those before it in the ring are expected to be.
    Its precision is therefore (R + 1 + (i - 1) b) / (N + i) with b = (r - 1)/(n - 1), and the sum over the ring is
    r / n * (n b + (R + 1 - b (N + 1)) (H(N + n) - H(N))), H being the harmonic numbers. The sum over all rings, divided
    by the number of relevant rows, is the average precision.

    References
    ----------
    F. McSherry and M. Najork, ECIR 2008, who sum over places; H sums them at once. K. He, F. Cakir, S. A. Bargal and
    S. Sclaroff, "Hashing as tie-aware learning to rank", CVPR 2018, for rings of Hamming distance.

    Examples
    --------
    >>> rings = np.array([[[0, 1, 3], [1, 1, 0]]])  # irrelevant and relevant rows at the distances 0, 1 and 2
    >>> average_precision(RingCounts(rings))  # half of 1 + 2/2 and of 1 + 2/3
    array([0.91666667])
    """
    in_ring, hits = counts.rows, counts.relevant
    before, hits_before = np.cumsum(in_ring, axis=1) - in_ring, np.cumsum(hits, axis=1) - hits
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, counts.n_rows + 1))])
    slope = (hits - 1) / np.maximum(in_ring - 1, 1)
    precision = in_ring * slope + (hits_before + 1 - slope * (before + 1)) * (
        harmonic[before + in_ring] - harmonic[before]
    )
    total = (hits / np.maximum(in_ring, 1) * precision).sum(axis=1)
    return np.asarray(total / np.maximum(hits.sum(axis=1), 1))


def _stable(
    query: NDArray[np.bool_], database: NDArray[np.bool_], of_query: NDArray[Any], of_database: NDArray[Any]
) -> NDArray[np.float64]:
    """Sort the whole database for every query; small unsigned integers sort by radix, in linear time."""
    distance = BitCounter(np.ascontiguousarray(pack_bits(database).T), query.shape[1], np.bitwise_xor)
    each = np.zeros(len(query))
    for i, word in enumerate(pack_bits(query)):
        relevant = of_database == of_query[i] if of_query.ndim == 1 else of_database[:, of_query[i]].any(axis=1)
        places = np.flatnonzero(np.asarray(relevant)[np.argsort(distance.count(word), kind="stable")]) + 1
        if len(places):
            each[i] = (np.arange(1, len(places) + 1) / places).mean()
    return each
