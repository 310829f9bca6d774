"""Measures of a list of rows for each query, means over queries, and whether a difference of two means is chance."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from ..checks import check_integer
from ..labels import matching_labels
from ..search import check_ids

Empty = Literal["zero", "skip", "pooled"]


def precision_at_k(
    ids: Any,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
    k: int = 10,
    *,
    empty: Empty = "zero",
    denominator: Literal["k", "returned"] = "k",
    per_query: bool = False,
) -> Any:
    """Share of the first k results that have the query's class, averaged over queries.

    Parameters
    ----------
    ids : (n_queries,) sequence of integer arrays, or (n_queries, m) array of integers
        Database rows, the best first; from the (k + 1)-th on they are ignored.
    query_labels, database_labels : (n_queries,) and (n,) arrays of classes, or of one column
    k : int, default=10
    empty : {"zero", "skip", "pooled"}, default="zero"
        What a query without results contributes: 0; nothing, it is left out of the mean (so that each radius averages
        other queries); or nothing to a ratio of sums over all queries. See `mean_ratio`.
    denominator : {"k", "returned"}, default="k"
        Divide by k, or by the number of results where there are fewer.
    per_query : bool, default=False
        Return each query's precision in place of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        Skipped queries are NaN in the array; the mean is NaN if all are skipped.

    Raises
    ------
    TypeError, ValueError
        If k is not an integer of at least 1, one of the first k results is no row of the database or is given twice,
        labels and ids do not match, classes are missing or neither all numbers nor all text, there is no query or no
        label, or an option is not one of those named or does not go with `per_query`.

    Notes
    -----
    With c rows of the query's class among its first min(k, m) results: c / k, or c / min(k, m). "pooled" divides the
    sum of c by the sum of the denominators of the queries that have results; as k is the same for all, it differs from
    "skip" only where the denominator is what was returned.

    References
    ----------
    C. D. Manning, P. Raghavan and H. Schütze, "Introduction to Information Retrieval", 2008, section 8.4.

    Examples
    --------
    >>> ids = [np.array([0, 1]), np.array([], dtype=int)]
    >>> precision_at_k(ids, [7, 7], [7, 8, 7], k=2)
    0.25
    >>> precision_at_k(ids, [7, 7], [7, 8, 7], k=2, empty="skip")
    0.5
    """
    k = check_integer(k, "k")
    if denominator not in ("k", "returned"):
        raise ValueError(f'denominator must be "k" or "returned", got {denominator!r}')
    of_query, of_database = matching_labels(query_labels, database_labels)
    if of_query.ndim != 1 or not len(of_database):
        raise ValueError(
            f"database_labels must hold one class a row, and at least one row, got {np.shape(database_labels)}"
        )
    tops = _checked([rows[:k] if np.ndim(rows) else rows for rows in ids], len(of_query), len(of_database))
    returned = np.array([len(top) for top in tops])
    query, rows = _in_pairs(tops, "ids")
    correct = np.bincount(query[of_database[rows] == of_query[query]], minlength=len(tops))
    divisor = np.where(returned > 0, k, 0) if denominator == "k" else returned
    return mean_ratio(correct, divisor, empty=empty, per_query=per_query)


def recall_of_exact(ids: Any, exact_ids: ArrayLike, *, per_query: bool = False) -> Any:
    """Share of the exact nearest neighbours that are among the candidates, averaged over queries.

    Parameters
    ----------
    ids : (n_queries,) sequence of integer arrays
        Candidate rows, in any order.
    exact_ids : (n_queries, k) array of integers
        The true neighbours, as `l2h_tutorial.search.exact_neighbours` gives them.
    per_query : bool, default=False
        Return each query's recall in place of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64

    Raises
    ------
    TypeError, ValueError
        If `exact_ids` is not two-dimensional or is empty, holds another number of queries or a row twice, or what is in
        either is no row number.

    Notes
    -----
    With N the set of a query's k exact neighbours and C that of its candidates: |N and C| / k. No label is involved: it
    judges the index, not the features.

    References
    ----------
    P. Indyk and R. Motwani, "Approximate nearest neighbors: towards removing the curse of dimensionality", STOC 1998,
    for the problem. M. Aumüller, E. Bernhardsson and A. Faithfull, "ANN-Benchmarks", SISAP 2017, for the measure.

    Examples
    --------
    >>> recall_of_exact([np.array([4, 1, 2]), np.array([], dtype=int)], [[1, 9], [3, 4]])
    0.25
    """
    exact = np.asarray(exact_ids)
    if exact.ndim != 2 or not exact.size or exact.dtype.kind not in "ui" or exact.min() < 0:
        got = f"{exact.dtype} of shape {exact.shape}, {exact.min(initial=0)} the smallest"
        raise ValueError(f"exact_ids must be (n_queries, k) row numbers, integers of at least 0, got {got}")
    _in_pairs(list(exact), "exact_ids")
    candidates = _checked(ids, len(exact), None)
    recall = np.array([np.isin(true, rows).mean() for true, rows in zip(exact, candidates, strict=True)])
    return recall if per_query else float(recall.mean())


def coverage(ids: Any) -> float:
    """Share of the queries that have at least one candidate.

    Parameters
    ----------
    ids : (n_queries,) sequence of integer arrays

    Raises
    ------
    TypeError, ValueError
        If there is no query, or what it is given is no array of row numbers.

    Notes
    -----
    Wherever empty queries are left out of a mean, this is the share that the mean is about.

    Examples
    --------
    >>> coverage([np.array([4, 1]), np.array([], dtype=int)])
    0.5
    """
    return float((_lengths(ids) > 0).mean())


def mean_candidates(ids: Any) -> float:
    """Candidates of a query, in the mean: the rows that its search compares in feature space.

    Parameters
    ----------
    ids : (n_queries,) sequence of integer arrays

    Raises
    ------
    TypeError, ValueError
        If there is no query, or what it is given is no array of row numbers.

    Examples
    --------
    >>> mean_candidates([np.array([4, 1]), np.array([], dtype=int)])
    1.0
    """
    return float(_lengths(ids).mean())


def mean_ratio(part: NDArray[Any], whole: NDArray[Any], *, empty: Empty = "zero", per_query: bool = False) -> Any:
    """Average the ratios part / whole over queries, of which some have nothing to divide by.

    Parameters
    ----------
    part, whole : (n_queries,) or (n_queries, m) arrays of numbers
        Of each query what was counted, and what it is a share of. A whole of 0 is an empty query.
    empty : {"zero", "skip", "pooled"}, default="zero"
        "zero": an empty query counts as 0. "skip": it is left out of the mean, which is then one over other queries
        than at another radius. "pooled": no mean over queries at all, but sum of parts / sum of wholes; empty queries
        weigh nothing, and those with many results weigh more.
    per_query : bool, default=False
        Return each query's ratio in place of the mean.

    Returns
    -------
    float or (m,) array of float64, or with `per_query` an array of the shape of `part`
        A skipped query is NaN in the array; a mean over no query is NaN.

    Raises
    ------
    ValueError
        If `empty` is not one of those named, or is "pooled" with `per_query`.

    Notes
    -----
    All three are in use for the precision of hash look-ups. "pooled" is how the code that came with Y. Weiss,
    A. Torralba and R. Fergus, "Spectral hashing", NIPS 2008, and the many evaluations made from it, compute precision
    and recall within a radius. Say which it is, and give coverage beside it.

    Examples
    --------
    >>> right, found = np.array([1, 0, 30]), np.array([2, 0, 100])
    >>> for empty in ("zero", "skip", "pooled"):
    ...     print(empty, round(mean_ratio(right, found, empty=empty), 3))
    zero 0.267
    skip 0.4
    pooled 0.304
    """
    if empty not in ("zero", "skip", "pooled"):
        raise ValueError(f'empty must be "zero", "skip" or "pooled", got {empty!r}')
    if empty == "pooled":
        if per_query:
            raise ValueError('empty="pooled" is one figure for all queries: per_query takes "zero" or "skip"')
        part, whole, empty = part.sum(axis=0, keepdims=True), whole.sum(axis=0, keepdims=True), "skip"
    undefined = 0.0 if empty == "zero" else np.nan
    ratio = np.divide(part, whole, out=np.full(np.shape(whole), undefined), where=np.asarray(whole) > 0)
    if per_query:
        return ratio
    kept = ~np.isnan(ratio)
    total, n = np.where(kept, ratio, 0).sum(axis=0), kept.sum(axis=0)
    mean = np.divide(total, n, out=np.full(np.shape(total), np.nan), where=n > 0)
    return mean if mean.ndim else float(mean)


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, n_resamples: int = 2000, random_state: Any = 0
) -> tuple[float, float, float]:
    """Mean difference of two methods over the same queries, with a 95% percentile interval.

    Parameters
    ----------
    a, b : (n_queries,) arrays of numbers
        A measure of each query under either method, in the same order of queries.
    n_resamples : int, default=2000
        How often the queries are drawn anew, with replacement.
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    difference, low, high : float
        The mean of ``a - b``, and the ends of the interval. If it holds 0, the queries do not tell the methods apart.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not one-dimensional, of one length, not empty and finite, or `n_resamples` is not an integer
        of at least 1.

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
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape or not first.size:
        raise ValueError(
            f"a and b must hold one number for each of the same queries, got {first.shape}, {second.shape}"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("a and b must be finite: leave out queries that either method skips (NaN)")
    n_resamples = check_integer(n_resamples, "n_resamples")
    difference = first - second
    random = check_random_state(random_state)
    means = [difference[random.randint(len(difference), size=len(difference))].mean() for _ in range(n_resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(difference.mean()), float(low), float(high)


def _lengths(ids: Any) -> NDArray[np.int64]:
    """Count the candidates of each query."""
    return np.array([len(rows) for rows in _checked(ids, len(ids), None)])


def _checked(ids: Any, n_queries: int, n_rows: int | None) -> list[NDArray[np.int64]]:
    """Rows of at least one query; of no query there is no mean."""
    if n_queries == 0:
        raise ValueError("ids must be of at least one query, got none")
    return check_ids(ids, n_queries, n_rows)


def _in_pairs(ids: list[NDArray[np.int64]], name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the query and the row of every entry; a row that is given twice for a query would be counted twice."""
    query, rows = np.repeat(np.arange(len(ids)), [len(each) for each in ids]), np.concatenate(ids)
    order = np.lexsort((rows, query))
    again = np.flatnonzero((np.diff(query[order]) == 0) & (np.diff(rows[order]) == 0))
    if len(again):
        first = order[again[0]]
        raise ValueError(f"{name}[{query[first]}] must hold each row once, got row {rows[first]} again")
    return query, rows
