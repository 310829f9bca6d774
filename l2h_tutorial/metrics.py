"""Measure how good a search is and what it costs.

There are measures of a list of rows (`precision_at_k`, `recall_of_exact`), of a ranking of the
whole database (`mean_average_precision`), and of the search within a radius
(`evaluate_radius_search`). `paired_bootstrap` compares two methods. Each measure says how its mean
counts queries that have no answer; see `mean_ratio`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from numbers import Number
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from .buckets import HashTable
from .checks import (
    Array,
    ArrayLike,
    Bits,
    Floats,
    Integers,
    check_choice,
    check_integer,
    load_optional,
)
from .codes import check_bits, pack_bits, packed_distances
from .search.radius import check_radius
from .search.reranking import Reranker, check_ids, queries_at_a_time
from .splits import Split

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "RingCounts",
    "average_precision",
    "evaluate_radius_search",
    "mean_average_precision",
    "mean_ratio",
    "paired_bootstrap",
    "precision_at_k",
    "recall_of_exact",
    "ring_counts",
    "same_ranking",
]

# --- of a list of rows for each query -------------------------------------------------------------


def precision_at_k(
    ids: Any,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
    k: int = 10,
    *,
    empty: str = "zero",
    denominator: str = "k",
    per_query: bool = False,
) -> Any:
    """Return the share of the first k results that have the query's class, averaged over queries.

    Parameters
    ----------
    ids : (n_queries,) sequence of integer arrays, or (n_queries, m) array of integers
        Database rows, each once, the best first. All after the k-th are ignored.
    query_labels, database_labels : (n_queries,) and (n,) arrays of classes, or of one column
    k : int, default=10
    empty : {"zero", "skip"}, default="zero"
        "zero": a query without results counts as 0. "skip": it is left out of the mean, so that the
        means of two radii may be over different queries.
    denominator : {"k", "returned"}, default="k"
        Divide by k, or by the number of results if that is smaller.
    per_query : bool, default=False
        Return each query's precision instead of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        Skipped queries are NaN in the array; the mean is NaN if all are skipped.

    Raises
    ------
    TypeError, ValueError
        If k is not an integer of at least 1, one of the first k results is no row of the database,
        labels and ids do not match, classes are missing or neither all numbers nor all text, or an
        option is not one of those named.

    Notes
    -----
    With c rows of the query's class among its first min(k, m) results: c / k, or c / min(k, m).

    References
    ----------
    C. D. Manning, P. Raghavan and H. Schütze, "Introduction to Information Retrieval", 2008,
    section 8.4.

    Examples
    --------
    >>> ids = [np.array([0, 1]), np.array([], dtype=int)]
    >>> precision_at_k(ids, [7, 7], [7, 8, 7], k=2)
    0.25
    >>> precision_at_k(ids, [7, 7], [7, 8, 7], k=2, empty="skip")
    0.5
    """
    k = check_integer(k, "k")
    check_choice(denominator, "denominator", ("k", "returned"))
    of_query, of_database = matching_labels(query_labels, database_labels)
    if of_query.ndim != 1:
        raise ValueError(
            f"database_labels must hold one class a row, got shape {np.shape(database_labels)}"
        )
    first = check_ids(
        [rows[:k] if np.ndim(rows) else rows for rows in ids], len(of_query), len(of_database)
    )
    correct = [
        (of_database[rows] == label).sum() for rows, label in zip(first, of_query, strict=True)
    ]
    returned = np.array([len(rows) for rows in first])
    whole = returned if denominator == "returned" else k * (returned > 0)
    return mean_ratio(np.array(correct), whole, empty=empty, per_query=per_query)


def recall_of_exact(ids: Any, exact_ids: ArrayLike, *, per_query: bool = False) -> Any:
    """Return the share of the exact neighbours that are candidates, averaged over queries.

    Parameters
    ----------
    ids : (n_queries,) sequence of integer arrays
        Candidate rows, in any order.
    exact_ids : (n_queries, k) array of integers
        The true neighbours, as `l2h_tutorial.search.exact_neighbours` gives them.
    per_query : bool, default=False
        Return each query's recall instead of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64

    Raises
    ------
    TypeError, ValueError
        If the two have different numbers of queries, or either holds something else than row
        numbers.

    Notes
    -----
    With N the set of a query's k exact neighbours and C the set of its candidates, recall is
    ``|N and C| / k``. It involves no label, so it judges the index, not the features.

    References
    ----------
    P. Indyk and R. Motwani, "Approximate nearest neighbors: towards removing the curse of
    dimensionality", STOC 1998, for the problem. M. Aumüller, E. Bernhardsson and A. Faithfull,
    "ANN-Benchmarks", SISAP 2017, for the measure.

    Examples
    --------
    >>> recall_of_exact([np.array([4, 1, 2]), np.array([], dtype=int)], [[1, 9], [3, 4]])
    0.25
    """
    exact = check_ids(exact_ids, len(ids), None, "exact_ids")
    candidates = check_ids(ids, len(ids), None)
    recall = np.array(
        [np.isin(true, rows).mean() for true, rows in zip(exact, candidates, strict=True)]
    )
    return recall if per_query else float(recall.mean())


def same_ranking(ids: ArrayLike, other_ids: ArrayLike, scores: ArrayLike) -> bool:
    """Return whether two searches gave the same rows in the same order, up to rounding.

    Processors add up a product of vectors in different orders, so two rows whose scores are nearly
    equal may change places. Bits and Hamming distances, and what follows from these alone, are the
    same on every machine. Compare them with `numpy.array_equal`.

    Parameters
    ----------
    ids, other_ids : (n_queries, k) arrays of row numbers
        The best row of each query first.
    scores : (n_queries, n) array of numbers
        The score, or distance, of every row, by which both searches rank. Rows at the same place
        may differ by 1e-5 of the query's largest score.

    Returns
    -------
    bool
        False too if a row is named twice.

    Raises
    ------
    ValueError
        If the shapes do not belong together.

    Examples
    --------
    >>> scores = [[0.9, 0.5, 0.5 + 1e-9, 0.1]]
    >>> same_ranking([[0, 1, 2]], [[0, 2, 1]], scores)
    True
    >>> same_ranking([[0, 1, 2]], [[0, 1, 3]], scores)
    False
    """
    rows = np.asarray(ids)
    others = np.asarray(other_ids)
    table = np.asarray(scores, dtype=float)
    if rows.shape != others.shape or rows.ndim != 2 or table.ndim != 2 or len(table) != len(rows):
        shapes = f"{rows.shape}, {others.shape} and {table.shape}"
        raise ValueError(
            f"ids must both be (n_queries, k), and scores (n_queries, n), got {shapes}"
        )
    if not np.diff(np.sort([rows, others])).all():  # a row is named twice
        return False
    found = np.take_along_axis(table, rows, axis=1)
    other_found = np.take_along_axis(table, others, axis=1)
    allowed = 1e-5 * np.abs(table).max(axis=1, keepdims=True)
    return bool((np.abs(found - other_found) <= allowed).all())


def mean_ratio(part: Array, whole: Array, *, empty: str = "zero", per_query: bool = False) -> Any:
    """Average the ratios part / whole over queries; a whole may be 0.

    Parameters
    ----------
    part, whole : (n_queries,) arrays of numbers
        For each query, what was counted, and what it is a share of. A query whose whole is 0 is
        empty.
    empty : {"zero", "skip"}, default="zero"
        "zero": an empty query counts as 0. "skip": it is left out of the mean, so that the means of
        two radii may be over different queries. Both are in use. Say which one you use, and give
        the share of empty queries beside the mean.
    per_query : bool, default=False
        Return each query's ratio instead of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        A skipped query is NaN in the array; a mean over no query is NaN.

    Raises
    ------
    ValueError
        If `empty` is not one of those named.

    Examples
    --------
    >>> right, found = np.array([1, 0, 30]), np.array([2, 0, 100])
    >>> [round(mean_ratio(right, found, empty=empty), 3) for empty in ("zero", "skip")]
    [0.267, 0.4]
    """
    check_choice(empty, "empty", ("zero", "skip"))
    answered = whole > 0
    ratio = np.divide(part, whole, out=np.zeros(len(whole)), where=answered)
    counts = answered | (empty == "zero")
    if per_query:
        return np.where(counts, ratio, np.nan)
    return float(ratio.sum() / counts.sum()) if counts.any() else np.nan


def matching_labels(query_labels: ArrayLike, database_labels: ArrayLike) -> tuple[Array, Array]:
    """Return the labels of queries and of a database in a form that can be compared.

    Parameters
    ----------
    query_labels, database_labels : (n_queries,) and (n,) arrays of classes, or (n_queries, c) and
    (n, c) indicators
        Numbers or text, also as an array of objects, which a pandas column may be. One column is
        read as classes, as ``fit`` reads it.

    Returns
    -------
    (n_queries,) and (n,) arrays of int64, or (n_queries, c) and (n, c) arrays of bool
        The same class has the same number on both sides.

    Raises
    ------
    TypeError
        If classes are neither all numbers nor all text.
    ValueError
        If the shapes do not match each other, a class is missing, or an indicator is neither 0 nor
        1.

    Examples
    --------
    >>> matching_labels(["cat"], ["dog", "cat"])
    (array([0]), array([1, 0]))
    """
    pair = [np.asarray(labels) for labels in (query_labels, database_labels)]
    query, database = [labels[:, 0] if labels.shape[1:] == (1,) else labels for labels in pair]
    if query.ndim not in (1, 2) or query.shape[1:] != database.shape[1:]:
        raise ValueError(
            "labels must be classes, (n_queries,) and (n,), or indicators, (n_queries, c) and "
            f"(n, c), got shapes {query.shape} and {database.shape}"
        )
    if query.ndim == 2:
        if not np.isin(np.concatenate([query, database]), [0, 1]).all():
            raise ValueError("labels in several columns must be indicators, 0 or 1")
        return query.astype(bool), database.astype(bool)
    # objects keep large integers and fractions exactly
    labels = np.concatenate([query.astype(object), database.astype(object)])
    known: dict[Any, int] = {}  # the number of each class, in the order of their first rows
    numbers = np.array([known.setdefault(label, len(known)) for label in labels], dtype=np.int64)
    if any(map(_is_missing, known)):
        raise ValueError("labels must be classes, none of them missing")
    kinds = {(isinstance(name, Number), isinstance(name, str)) for name in known}
    if len(kinds) > 1:
        raise TypeError("classes must be of one kind, numbers or text, on both sides")
    return numbers[: len(query)], numbers[len(query) :]


def _is_missing(label: Any) -> bool:
    """Tell None, and NaN, NaT and pandas' NA, which do not equal themselves, from other labels."""
    equal = label == label
    return label is None or not isinstance(equal, bool | np.bool_) or not equal


# --- of a ranking by Hamming distance, ring by ring -----------------------------------------------


class RingCounts(NamedTuple):
    """Hold how many rows and how many relevant rows each query has at each Hamming distance.

    The rows at one distance form a ring around the query.

    Attributes
    ----------
    rows : (n_queries, n_bits + 1) array of int64
        Rows in each ring, relevant or not.
    relevant : (n_queries, n_bits + 1) array of int64
        Rows in each ring with the same class, or at least one label in common.
    """

    rows: Integers
    relevant: Integers


def ring_counts(
    query_bits: ArrayLike,
    database_bits: ArrayLike,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
) -> RingCounts:
    """Count the rows and the relevant rows at each Hamming distance from each query.

    Parameters
    ----------
    query_bits : (n_queries, n_bits) array of bool
    database_bits : (n, n_bits) array of bool
    query_labels, database_labels : (n_queries,) and (n,) arrays of classes, or (n_queries, c) and
    (n, c) indicators
        A row is relevant to a query if it has the same class or, for 0/1 indicators, at least one
        label in common. One column is read as classes, as ``fit`` reads it.

    Returns
    -------
    RingCounts

    Raises
    ------
    TypeError, ValueError
        If bits are not boolean, their widths differ, there is no query or no row, or labels do not
        match the bits.

    Notes
    -----
    A ranking by Hamming distance says nothing about the order inside a ring, so a measure that
    depends on that order measures chance. The counts are all that the ranking says. They need no
    sort: XOR the codes, count the bits, count the distances.

    References
    ----------
    K. He, F. Cakir, S. A. Bargal and S. Sclaroff, "Hashing as tie-aware learning to rank", CVPR
    2018.

    Examples
    --------
    >>> query = np.array([[True, True]])
    >>> database = np.array([[True, True], [True, False], [False, True]])
    >>> counts = ring_counts(query, database, [7], [7, 7, 8])
    >>> counts.rows, counts.relevant  # one row at distance 0, two at distance 1
    (array([[1, 2, 0]]), array([[1, 1, 0]]))
    """
    counts = []
    for distances, relevant in _compared(query_bits, database_bits, query_labels, database_labels):
        n_rings = np.shape(query_bits)[1] + 1
        # One pass counts both kinds of rows: relevant ones are counted n_rings further on.
        offset = np.min_scalar_type(2 * n_rings).type(n_rings)  # small numbers are added fastest
        shifted = distances + offset * relevant
        counts.append(np.bincount(shifted, minlength=2 * n_rings).reshape(2, n_rings))
    both_kinds = np.array(counts)
    return RingCounts(both_kinds.sum(axis=1), both_kinds[:, 1])


def _compared(
    query_bits: ArrayLike,
    database_bits: ArrayLike,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
) -> Iterator[tuple[Array, Bits]]:
    """Yield for each query its distances to all rows, and which of these are relevant to it."""
    database = check_bits(database_bits, name="database_bits")
    query = check_bits(query_bits, database.shape[1], name="query_bits")
    of_query, of_database = matching_labels(query_labels, database_labels)
    if (len(of_query), len(of_database)) != (len(query), len(database)):
        expected = (
            f"query_labels must be {len(query)}, one a code, and database_labels {len(database)}"
        )
        raise ValueError(f"{expected}, got {len(of_query)} and {len(of_database)}")
    words = np.ascontiguousarray(pack_bits(database).T)
    has_indicators = of_query.ndim == 2
    if has_indicators:
        of_query = pack_bits(of_query)
        of_database = np.ascontiguousarray(pack_bits(of_database).T)
    for query_words, wanted in zip(pack_bits(query), of_query, strict=True):
        if has_indicators:
            relevant = (of_database & wanted[:, None]).any(axis=0)
        else:
            relevant = of_database == wanted
        yield packed_distances(words, query_words[:, None]), relevant


def mean_average_precision(
    query_bits: ArrayLike,
    database_bits: ArrayLike,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
    ties: str = "expected",
    per_query: bool = False,
) -> Any:
    """Rank the database by Hamming distance, and average the average precision over queries.

    Parameters
    ----------
    query_bits : (n_queries, n_bits) array of bool
    database_bits : (n, n_bits) array of bool
    query_labels, database_labels : (n_queries,) and (n,) arrays of classes, or (n_queries, c) and
    (n, c) indicators
        A row is relevant to a query if it has the same class or, for 0/1 indicators, at least one
        label in common. One column is read as classes, as ``fit`` reads it.
    ties : {"expected", "stable"}, default="expected"
        Rows at the same distance form a ring. "expected": the mean over all orders inside the
        rings. "stable": rows of a ring in database order, as in published figures that come from a
        stable sort.
    per_query : bool, default=False
        Return each query's average precision instead of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        A query without any relevant row has average precision 0.

    Raises
    ------
    TypeError, ValueError
        If bits are not boolean, their widths differ, there is no query or no row, labels do not
        match the bits, or `ties` is not one of those named.

    Notes
    -----
    With rel(i) = 1 if the row at place i is relevant and 0 otherwise, R relevant rows in all, and
    P(i) = (rel(1) + ... + rel(i)) / i, average precision is (sum over i of rel(i) P(i)) / R.
    `average_precision` says how its expectation over ties is computed.

    References
    ----------
    F. McSherry and M. Najork, "Computing information retrieval performance measures efficiently in
    the presence of tied scores", ECIR 2008.

    Examples
    --------
    >>> query = np.array([[True, True]])
    >>> database = np.array([[True, False], [False, True], [False, False]])
    >>> mean_average_precision(query, database, [1], [1, 0, 0])  # place 1 or 2, equally likely
    0.75
    >>> mean_average_precision(query, database, [1], [1, 0, 0], ties="stable")
    1.0
    """
    check_choice(ties, "ties", ("expected", "stable"))
    ranking = query_bits, database_bits, query_labels, database_labels
    if ties == "expected":
        each = average_precision(ring_counts(*ranking))
    else:
        each = np.array([_precision_in_order(*query) for query in _compared(*ranking)])
    return each if per_query else float(each.mean())


def _precision_in_order(distances: Array, relevant: Bits) -> float:
    """Return the average precision of a ranking whose rings are in the order of the database."""
    # NumPy's stable sort of small unsigned integers takes linear time
    places = np.flatnonzero(relevant[np.argsort(distances, kind="stable")]) + 1
    return float((np.arange(1, len(places) + 1) / places).mean()) if len(places) else 0.0


def average_precision(counts: RingCounts) -> Floats:
    """Return the expected average precision of each query, over all orders inside the rings.

    Parameters
    ----------
    counts : RingCounts

    Returns
    -------
    (n_queries,) array of float64
        0 for a query without any relevant row.

    Notes
    -----
    Take a ring of n rows, r of them relevant, behind N rows of which R are relevant. The row at
    place i of the ring is relevant with probability r / n. If it is, (i - 1)(r - 1)/(n - 1) of the
    rows before it in the ring are expected to be relevant too. So the precision at its place is
    (R + 1 + (i - 1) b) / (N + i) with b = (r - 1)/(n - 1). The sum over the ring is
    r / n * (n b + (R + 1 - b (N + 1)) (H(N + n) - H(N))), where H are the harmonic numbers. The sum
    over all rings, divided by the number of relevant rows, is the average precision.

    References
    ----------
    F. McSherry and M. Najork, ECIR 2008, who sum over places; here harmonic numbers give the sum at
    once. K. He, F. Cakir, S. A. Bargal and S. Sclaroff, "Hashing as tie-aware learning to rank",
    CVPR 2018, for rings of Hamming distance.

    Examples
    --------
    >>> rings = RingCounts(rows=np.array([[1, 2, 3]]), relevant=np.array([[1, 1, 0]]))
    >>> average_precision(rings)  # 2 relevant rows: the mean of (1 + 2/2) / 2 and (1 + 2/3) / 2
    array([0.91666667])
    """
    in_ring, hits = counts
    through = in_ring.cumsum(axis=1)
    hits_through = hits.cumsum(axis=1)
    before = through - in_ring
    n_rows = through[0, -1]
    harmonic = np.append(0, (1 / np.arange(1, n_rows + 1)).cumsum())
    slope = (hits - 1) / (in_ring - 1).clip(1)
    first = hits_through - hits + 1 - slope * (before + 1)
    ring = in_ring * slope + first * (harmonic[through] - harmonic[before])
    total = (hits / in_ring.clip(1) * ring).sum(axis=1)
    return total / hits_through[:, -1].clip(1)


# --- of a difference of two means -----------------------------------------------------------------


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, n_resamples: int = 2000, random_state: Any = 0
) -> tuple[float, float, float]:
    """Return the mean difference of two methods over the same queries, and its 95% interval.

    Parameters
    ----------
    a, b : (n_queries,) arrays of numbers
        The measure of each query under each method, in the same order of queries.
    n_resamples : int, default=2000
        How often the queries are drawn anew, with replacement.
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    difference, low, high : float
        The mean of ``a - b``, and the ends of the percentile interval. If the interval holds 0,
        these queries cannot tell which method is better.

    Raises
    ------
    ValueError
        If the arrays are not one-dimensional, of one length, and finite.

    References
    ----------
    B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> paired_bootstrap([0.5, 0.6, 0.7], [0.4, 0.5, 0.6]) == (0.1, 0.1, 0.1)
    False
    >>> [round(value, 3) for value in paired_bootstrap([0.5, 0.6, 0.7], [0.4, 0.5, 0.6])]
    [0.1, 0.1, 0.1]
    """
    if np.shape(a) != np.shape(b) or np.ndim(a) != 1 or not np.size(a):
        raise ValueError(
            "a and b must hold a number for each of the same queries, "
            f"got {np.shape(a)}, {np.shape(b)}"
        )
    difference = np.subtract(a, b, dtype=float)
    if not np.isfinite(difference).all():
        raise ValueError("a and b must be finite: leave out queries that either method skips (NaN)")
    random = check_random_state(random_state)
    means = [random.choice(difference, len(difference)).mean() for _ in range(n_resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(difference.mean()), float(low), float(high)


# --- of the tutorial's experiment -----------------------------------------------------------------


def evaluate_radius_search(
    hasher: Any, s: Split, radii: Iterable[int] | None = None, k: int = 10, empty: str = "zero"
) -> "pd.DataFrame":
    """Measure, for each radius, the tutorial's search: hash, look up, re-rank by cosine distance.

    Parameters
    ----------
    hasher : fitted transformer
        Its ``transform`` turns features into bits.
    s : Split
        Preprocessed as the hasher was trained.
    radii : iterable of int, optional
        Each from 0 to the number of bits. By default 0, 1, ..., 10, as far as there are bits.
    k : int, default=10
        Results whose labels count.
    empty : {"zero", "skip"}, default="zero"
        What a query without candidates contributes to precision, as in `precision_at_k`.

    Returns
    -------
    DataFrame, one row a radius
        - radius
        - precision : correct rows among the first k results, divided by k
        - coverage : share of queries with at least one candidate
        - candidates : mean number of candidates a query
        - scanned : the same as a share of the database
        - seconds : mean time of a query at this radius: encode, look up, re-rank. Building the
          table and preparing the vectors do not count.

    Raises
    ------
    ImportError
        If pandas is not installed.
    sklearn.exceptions.NotFittedError
        If the hasher is not fitted.
    TypeError, ValueError
        If `hasher` has no ``transform``, a radius is out of range, there is no radius, or k is
        below 1 or larger than the database.

    Examples
    --------
    >>> from l2h_tutorial import LSH, Split
    >>> X, y, rows = np.eye(4, dtype=np.float32), np.array([0, 0, 1, 1]), np.arange(4)
    >>> s = Split(X, y, X, y, X, y, rows, rows, rows, class_names=("a", "b"))
    >>> frame = evaluate_radius_search(LSH(8, random_state=0).fit(s.X_train), s, radii=[0, 8], k=2)
    >>> frame[["radius", "coverage", "candidates", "scanned"]]
       radius  coverage  candidates  scanned
    0       0       1.0         1.0     0.25
    1       8       1.0         4.0     1.00
    """
    pd = load_optional("pandas", "evaluate_radius_search")
    if not hasattr(hasher, "transform"):
        raise TypeError(
            "hasher must be fitted and have a transform that makes bits, "
            f"got a {type(hasher).__name__}"
        )
    table = HashTable(hasher.transform(s.X_database))
    radii = range(min(10, table.n_bits) + 1) if radii is None else radii
    radii = [check_radius(radius, table.n_bits) for radius in radii]
    if not radii:
        raise ValueError("radii must name at least one radius, got none")
    k = check_integer(k, "k", high=table.n_rows, of="rows of the database")
    seconds = dict.fromkeys(radii, 0.0)
    sizes: defaultdict[int, list[int]] = defaultdict(list)
    nearest: defaultdict[int, list[Any]] = defaultdict(list)
    step = queries_at_a_time(table.n_rows)
    for first in range(0, len(s.X_query), step):
        X = s.X_query[first : first + step]
        reranker = Reranker(X, s.X_database)
        start = perf_counter()
        bits = hasher.transform(X)
        encoding = perf_counter() - start
        for radius in sorted(seconds):
            shared = reranker.shared  # a smaller radius has spent this on products that serve all
            start = perf_counter()
            ids = table.query_radius(bits, radius)
            _, rows = reranker.nearest(ids, k)
            nearest[radius] += rows
            seconds[radius] += encoding + shared + perf_counter() - start
            sizes[radius] += map(len, ids)
    return pd.DataFrame(
        {
            "radius": radius,
            "precision": precision_at_k(nearest[radius], s.y_query, s.y_database, k, empty=empty),
            "coverage": np.mean(np.array(sizes[radius]) > 0),
            "candidates": np.mean(sizes[radius]),
            "scanned": np.mean(sizes[radius]) / table.n_rows,
            "seconds": seconds[radius] / len(s.X_query),
        }
        for radius in radii
    )
