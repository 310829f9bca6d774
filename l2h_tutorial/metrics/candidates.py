"""Measures of a list of rows for each query: precision at k, recall of the exact neighbours, coverage."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray


def precision_at_k(
    ids: Any,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
    k: int = 10,
    *,
    empty: Literal["zero", "skip"] = "zero",
    denominator: Literal["k", "returned"] = "k",
    per_query: bool = False,
) -> Any:
    """Share of the first k results that have the query's class, averaged over queries.

    Parameters
    ----------
    ids : (n_queries,) sequence of integer arrays, or (n_queries, m) array of integers
        Database rows, the best first; from the (k + 1)-th on they are ignored.
    query_labels : (n_queries,) array
    database_labels : (n,) array
    k : int, default=10
    empty : {"zero", "skip"}, default="zero"
        A query without results counts as 0, or is left out of the mean (so that each radius averages other queries).
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
        If k is not an integer of at least 1, labels and ids do not match, or an option is not one of those named.

    Examples
    --------
    >>> ids = [np.array([0, 1]), np.array([], dtype=int)]
    >>> precision_at_k(ids, [7, 7], [7, 8, 7], k=2)
    0.25
    >>> precision_at_k(ids, [7, 7], [7, 8, 7], k=2, empty="skip")
    0.5
    """
    if isinstance(k, bool | np.bool_) or not isinstance(k, int | np.integer):
        raise TypeError(f"k must be an integer of at least 1, got {k!r}")
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if empty not in ("zero", "skip"):
        raise ValueError(f'empty must be "zero" or "skip", got {empty!r}')
    if denominator not in ("k", "returned"):
        raise ValueError(f'denominator must be "k" or "returned", got {denominator!r}')
    query_labels, database_labels = np.asarray(query_labels), np.asarray(database_labels)
    if query_labels.ndim != 1 or database_labels.ndim != 1:
        raise ValueError(f"labels must be one class a row, got shapes {query_labels.shape} and {database_labels.shape}")
    _check_length(ids, len(query_labels), "query_labels")
    precision = np.full(len(query_labels), 0.0 if empty == "zero" else np.nan)
    for i, rows in enumerate(ids):
        top = np.asarray(rows)[:k]
        if len(top):
            correct = np.count_nonzero(database_labels[_check_rows(top, len(database_labels))] == query_labels[i])
            precision[i] = correct / (k if denominator == "k" else len(top))
    return precision if per_query else _mean(precision)


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
    ValueError
        If `exact_ids` is not two-dimensional or holds another number of queries.

    Examples
    --------
    >>> recall_of_exact([np.array([4, 1, 2]), np.array([], dtype=int)], [[1, 9], [3, 4]])
    0.25
    """
    exact = np.asarray(exact_ids)
    if exact.ndim != 2 or exact.size == 0:
        raise ValueError(f"exact_ids must be (n_queries, k) row numbers, got shape {exact.shape}")
    _check_length(ids, len(exact), "exact_ids")
    recall = np.array([np.isin(true, rows).mean() for true, rows in zip(exact, ids, strict=True)])
    return recall if per_query else _mean(recall)


def coverage(ids: Any) -> float:
    """Share of the queries that have at least one candidate.

    Parameters
    ----------
    ids : (n_queries,) sequence of integer arrays

    Raises
    ------
    ValueError
        If there is no query.

    Examples
    --------
    >>> coverage([np.array([4, 1]), np.array([], dtype=int)])
    0.5
    """
    if len(ids) == 0:
        raise ValueError("coverage is a share of the queries, got none")
    return _mean(np.array([len(rows) > 0 for rows in ids]))


def _check_length(ids: Any, n_queries: int, name: str) -> None:
    if len(ids) != n_queries:
        raise ValueError(f"ids and {name} must be of the same queries, got {len(ids)} and {n_queries}")
    if n_queries == 0:
        raise ValueError("there must be at least one query, got none")


def _check_rows(rows: NDArray[Any], n_rows: int) -> NDArray[Any]:
    if rows.min() < 0 or rows.max() >= n_rows:
        outside = rows[(rows < 0) | (rows >= n_rows)][0]
        raise ValueError(f"ids must be rows from 0 to {n_rows - 1} of the database labels, got {outside}")
    return rows


def _mean(values: NDArray[Any]) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else float("nan")
