"""Measures of the ranking of a whole database by Hamming distance, from the rows counted ring by ring."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..codes import check_bits, pack_bits, packed_distances
from ..labels import matching_labels
from ..search import check_radius
from .candidates import Empty, mean_ratio


class RingCounts(NamedTuple):
    """How many rows, and how many relevant rows, a query has at each Hamming distance: in each ring around it.

    Attributes
    ----------
    rows : (n_queries, n_bits + 1) array of int64
        Rows in each ring, relevant or not.
    relevant : (n_queries, n_bits + 1) array of int64
        Rows in each ring with the same class, or at least one label in common.
    n_rows, n_bits : int
        Rows in the database, and bits in a code.
    """

    rows: NDArray[np.int64]
    relevant: NDArray[np.int64]

    @property
    def n_rows(self) -> int:
        return int(self.rows[0].sum())

    @property
    def n_bits(self) -> int:
        return self.rows.shape[1] - 1


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
    ranking = _check_ranking(query_bits, database_bits, query_labels, database_labels)
    n_rings, counts = ranking[0].shape[1] + 1, []
    for distances, relevant in _compared(*ranking):
        both_kinds = distances + np.int32(n_rings) * relevant  # so that one pass counts both kinds of rows
        counts.append(np.bincount(both_kinds, minlength=2 * n_rings).reshape(2, n_rings))
    both = np.array(counts)
    return RingCounts(both.sum(axis=1), both[:, 1])


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
        ranking = _check_ranking(query_bits, database_bits, query_labels, database_labels)
        each = np.array([_precision_in_order(*compared) for compared in _compared(*ranking)])
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
    >>> rings = RingCounts(rows=np.array([[1, 2, 3]]), relevant=np.array([[1, 1, 0]]))  # at the distances 0, 1 and 2
    >>> average_precision(rings)  # half of 1 + 2/2 and of 1 + 2/3
    array([0.91666667])
    """
    in_ring, hits = counts
    before, hits_before = np.cumsum(in_ring, axis=1) - in_ring, np.cumsum(hits, axis=1) - hits
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, counts.n_rows + 1))])
    slope = (hits - 1) / np.maximum(in_ring - 1, 1)
    precision = in_ring * slope + (hits_before + 1 - slope * (before + 1)) * (
        harmonic[before + in_ring] - harmonic[before]
    )
    total = (hits / np.maximum(in_ring, 1) * precision).sum(axis=1)
    return np.asarray(total / np.maximum(hits.sum(axis=1), 1))


def precision_within_radius(counts: RingCounts, radius: int, *, empty: Empty = "zero", per_query: bool = False) -> Any:
    """Share of the rows within a Hamming radius that are relevant, averaged over queries.

    Parameters
    ----------
    counts : RingCounts
    radius : int
        From 0 to the number of bits.
    empty : {"zero", "skip", "pooled"}, default="zero"
        What a query with nothing in its ball contributes: 0; nothing, it is left out of the mean; or nothing to a ratio
        of sums over all queries, in which large balls weigh more. See `mean_ratio`.
    per_query : bool, default=False
        Return each query's precision in place of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        Skipped queries are NaN in the array; the mean is NaN if all are skipped.

    Raises
    ------
    TypeError, ValueError
        If the radius is out of range, or `empty` is not one of those named or does not go with `per_query`.

    Notes
    -----
    With n(d) rows at distance d, r(d) of them relevant: (r(0) + ... + r(radius)) / (n(0) + ... + n(radius)). "Precision
    within Hamming radius 2" is the usual figure.

    References
    ----------
    Y. Weiss, A. Torralba and R. Fergus, "Spectral hashing", NIPS 2008. W. Liu, J. Wang, R. Ji, Y.-G. Jiang and S.-F.
    Chang, "Supervised hashing with kernels", CVPR 2012.

    Examples
    --------
    >>> rings = RingCounts(rows=np.array([[1, 2, 3], [0, 4, 2]]), relevant=np.array([[1, 1, 0], [0, 2, 0]]))
    >>> precision_within_radius(rings, 0)  # 1 of 1, and nothing
    0.5
    >>> precision_within_radius(rings, 0, empty="skip")
    1.0
    """
    inside = slice(check_radius(radius, counts.n_bits) + 1)
    found, right = counts.rows[:, inside].sum(axis=1), counts.relevant[:, inside].sum(axis=1)
    return mean_ratio(right, found, empty=empty, per_query=per_query)


def precision_recall_by_radius(counts: RingCounts, *, empty: Empty = "zero") -> pd.DataFrame:
    """The precision-recall curve of Hamming search: a point for each radius, with what it costs.

    Parameters
    ----------
    counts : RingCounts
    empty : {"zero", "skip", "pooled"}, default="zero"
        As in `precision_within_radius`; for recall, an empty query is one without any relevant row. "pooled" is the
        curve of most papers.

    Returns
    -------
    DataFrame, one row a radius from 0 to the number of bits
        - radius
        - precision, recall : of the rows within the radius
        - coverage : share of queries with at least one row within the radius
        - candidates : mean number of rows within the radius
        - scanned : the same as a share of the database

    Raises
    ------
    ValueError
        If `empty` is not one of those named.

    References
    ----------
    Y. Weiss, A. Torralba and R. Fergus, "Spectral hashing", NIPS 2008.

    Examples
    --------
    >>> rings = RingCounts(rows=np.array([[1, 2, 3], [0, 4, 2]]), relevant=np.array([[1, 1, 0], [0, 2, 0]]))
    >>> precision_recall_by_radius(rings).round(3)
       radius  precision  recall  coverage  candidates  scanned
    0       0      0.500    0.25       0.5         0.5    0.083
    1       1      0.583    1.00       1.0         3.5    0.583
    2       2      0.333    1.00       1.0         6.0    1.000
    """
    found, right = np.cumsum(counts.rows, axis=1), np.cumsum(counts.relevant, axis=1)
    candidates = found.mean(axis=0)
    return pd.DataFrame(
        {
            "radius": np.arange(counts.n_bits + 1),
            "precision": mean_ratio(right, found, empty=empty),
            "recall": mean_ratio(right, np.broadcast_to(right[:, -1:], right.shape), empty=empty),
            "coverage": (found > 0).mean(axis=0),
            "candidates": candidates,
            "scanned": candidates / counts.n_rows,
        }
    )


def _check_ranking(
    query_bits: ArrayLike, database_bits: ArrayLike, query_labels: ArrayLike, database_labels: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[Any], NDArray[Any]]:
    """Return codes and labels as arrays that belong together."""
    database = check_bits(database_bits, name="database_bits")
    query = check_bits(query_bits, database.shape[1], name="query_bits")
    of_query, of_database = matching_labels(query_labels, database_labels)
    for name, labels, bits in (("query_labels", of_query, query), ("database_labels", of_database, database)):
        if len(labels) != len(bits):
            raise ValueError(f"{name} must hold one entry for each of the {len(bits)} codes, got {len(labels)}")
    return query, database, of_query, of_database


def _compared(
    query: NDArray[np.bool_], database: NDArray[np.bool_], of_query: NDArray[Any], of_database: NDArray[Any]
) -> Iterator[tuple[NDArray[Any], NDArray[np.bool_]]]:
    """Yield for each query its distances to all rows, and which of these are relevant to it."""
    words = np.ascontiguousarray(pack_bits(database).T)
    several = of_query.ndim == 2
    if several:
        of_query, of_database = pack_bits(of_query), np.ascontiguousarray(pack_bits(of_database).T)
    for query_words, wanted in zip(pack_bits(query), of_query, strict=True):
        relevant = (of_database & wanted[:, None]).any(axis=0) if several else of_database == wanted
        yield packed_distances(words, query_words[:, None]), relevant


def _precision_in_order(distances: NDArray[Any], relevant: NDArray[np.bool_]) -> float:
    """Average precision with rings in the order of the database; so small unsigned integers sort in linear time."""
    places = np.flatnonzero(relevant[np.argsort(distances, kind="stable")]) + 1
    return float((np.arange(1, len(places) + 1) / places).mean()) if len(places) else 0.0
