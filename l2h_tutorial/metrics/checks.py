"""What goes into a measure, checked: labels that belong to codes."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..codes import check_bits


def check_labels(
    query_labels: ArrayLike, database_labels: ArrayLike, n_queries: int, n_rows: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return labels as arrays that belong to these queries and rows, or say what is wrong with them.

    Parameters
    ----------
    query_labels, database_labels : (n_queries,) and (n_rows,) arrays of classes, or (n_queries, c) and (n_rows, c)
        Indicators are 0 or 1, of any type; they come back as bool.
    n_queries, n_rows : int

    Raises
    ------
    TypeError
        If the classes of one side are text and those of the other are not.
    ValueError
        If the shapes do not match each other, a length is not the one expected, a class is NaN, or an indicator is
        neither 0 nor 1.

    Examples
    --------
    >>> check_labels([3], [3, 4], n_queries=1, n_rows=2)
    (array([3]), array([3, 4]))
    >>> check_labels([3], [3, 4], n_queries=1, n_rows=5)
    Traceback (most recent call last):
        ...
    ValueError: database_labels must hold one entry for each of the 5 codes, got 2
    """
    query, database = np.asarray(query_labels), np.asarray(database_labels)
    if query.ndim not in (1, 2) or query.ndim != database.ndim or query.shape[1:] != database.shape[1:]:
        raise ValueError(
            "labels must be classes, (n_queries,) and (n,), or indicators, (n_queries, c) and (n, c), "
            f"got shapes {query.shape} and {database.shape}"
        )
    for name, labels, n in (("query_labels", query, n_queries), ("database_labels", database, n_rows)):
        if len(labels) != n:
            raise ValueError(f"{name} must hold one entry for each of the {n} codes, got {len(labels)}")
    if query.ndim == 2:
        return _indicators(query, "query_labels"), _indicators(database, "database_labels")
    if (query.dtype.kind in "US") != (database.dtype.kind in "US"):
        raise TypeError(f"classes must be of one kind on both sides, got {query.dtype} and {database.dtype}")
    for name, labels in (("query_labels", query), ("database_labels", database)):
        if labels.dtype.kind == "f" and np.isnan(labels).any():
            raise ValueError(f"{name} must be classes, got NaN at row {np.isnan(labels).argmax()}")
    return query, database


def check_ranking(
    query_bits: ArrayLike, database_bits: ArrayLike, query_labels: ArrayLike, database_labels: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[Any], NDArray[Any]]:
    """Return codes and labels as arrays that belong together, or say what is wrong with them.

    Parameters
    ----------
    query_bits, database_bits : (n_queries, n_bits) and (n, n_bits) arrays of bool
    query_labels, database_labels
        As for `check_labels`.

    Raises
    ------
    TypeError, ValueError
        As `l2h_tutorial.codes.check_bits` and `check_labels`.
    """
    query, database = check_bits(query_bits, name="query_bits"), check_bits(database_bits, name="database_bits")
    check_bits(query, database.shape[1], name="query_bits")
    return query, database, *check_labels(query_labels, database_labels, len(query), len(database))


def _indicators(labels: NDArray[Any], name: str) -> NDArray[np.bool_]:
    if not labels.shape[1]:
        raise ValueError(f"{name} as indicators must have a column for each label, got shape {labels.shape}")
    neither = (labels != 0) & (labels != 1)
    if neither.any():
        raise ValueError(f"{name} as indicators must be 0 or 1, got {labels[neither][0]}")
    return labels.astype(bool)
