"""Measures of a list of rows for each query: precision at k, recall of the exact neighbours, coverage, candidates."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import check_integer
from ..search import check_ids
from .checks import check_classes, check_distinct, one_column
from .policies import Empty, mean_ratio


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
    of_query, of_database = one_column(query_labels), one_column(database_labels)
    if of_query.ndim != 1 or of_database.ndim != 1:
        raise ValueError(f"labels must be one class a row, got shapes {of_query.shape} and {of_database.shape}")
    if len(of_database) == 0:
        raise ValueError("database_labels must hold at least one label, got none")
    _check_length(ids, len(of_query), "query_labels")
    of_query, of_database = check_classes(of_query, of_database)
    tops = check_ids([rows[:k] if np.ndim(rows) else rows for rows in ids], len(of_query), len(of_database))
    returned = np.array([len(top) for top in tops])
    query, rows = np.repeat(np.arange(len(tops)), returned), np.concatenate(tops)
    check_distinct(query, rows, "ids")
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
    if exact.ndim != 2 or exact.size == 0:
        raise ValueError(f"exact_ids must be (n_queries, k) row numbers, got shape {exact.shape}")
    if exact.dtype.kind not in "ui":
        raise TypeError(f"exact_ids must be integers, got {exact.dtype}")
    if exact.min() < 0:
        raise ValueError(f"exact_ids must be row numbers, got {exact.min()}")
    check_distinct(np.repeat(np.arange(len(exact)), exact.shape[1]), exact.ravel(), "exact_ids")
    _check_length(ids, len(exact), "exact_ids")
    candidates = check_ids(ids, len(exact), None)
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


def share_scanned(ids: Any, n_rows: int) -> float:
    """Share of the database that a query's candidates are, in the mean: 1 is exhaustive search.

    Parameters
    ----------
    ids : (n_queries,) sequence of integer arrays
    n_rows : int
        Rows in the database.

    Raises
    ------
    TypeError, ValueError
        If there is no query, `n_rows` is not an integer of at least 1, or a query with more candidates than rows.

    Notes
    -----
    Searches of different codes, lengths and radii can be compared by it: precision against the share scanned.

    Examples
    --------
    >>> share_scanned([np.array([4, 1]), np.array([], dtype=int)], n_rows=10)
    0.1
    """
    lengths = _lengths(ids)
    if check_integer(n_rows, "n_rows") < lengths.max():
        raise ValueError(f"n_rows must be at least the {lengths.max()} candidates of a query, got {n_rows}")
    return float(lengths.mean() / n_rows)


def _check_length(ids: Any, n_queries: int, name: str) -> None:
    if len(ids) != n_queries:
        raise ValueError(f"ids and {name} must be of the same queries, got {len(ids)} and {n_queries}")
    if n_queries == 0:
        raise ValueError("there must be at least one query, got none")


def _lengths(ids: Any) -> NDArray[np.int64]:
    if len(ids) == 0:
        raise ValueError("ids must hold the candidates of at least one query, got none")
    return np.array([len(rows) for rows in check_ids(ids, len(ids), None)])
