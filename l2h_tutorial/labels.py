"""Labels of whatever kind, read in one place: classes as numbers, several labels a point as a 0/1 indicator."""

from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target

__all__ = ["label_indicator", "label_sets", "matching_labels", "read_labels"]


def read_labels(y: Any) -> NDArray[Any]:
    """Return classes as the numbers 0, 1, ..., in their sorted order, and an indicator as a boolean array.

    Parameters
    ----------
    y : (n,) array of classes, or (n, n_labels) 0/1 indicator, dense or sparse

    Returns
    -------
    (n,) array of int64, or (n, n_labels) array of bool

    Raises
    ------
    ValueError
        If y is neither.

    Examples
    --------
    >>> read_labels(["cat", "dog", "cat"])
    array([0, 1, 0])
    >>> read_labels([[1, 0], [1, 1]])
    array([[ True, False],
           [ True,  True]])
    """
    labels = y.toarray() if sparse.issparse(y) else np.asarray(y)
    kind = type_of_target(labels, input_name="y")
    if kind == "multilabel-indicator":
        return np.asarray(labels.astype(bool))
    if kind not in ("binary", "multiclass"):
        expected = "classes, shape (n,), or a 0/1 indicator of labels, shape (n, n_labels)"
        raise ValueError(f"Unknown label type: y must hold {expected}, not {kind} values of shape {labels.shape}")
    return np.unique(column_or_1d(labels, warn=True), return_inverse=True)[1]


def label_indicator(y: Any) -> NDArray[np.float64]:
    """Write classes as one 0/1 column each; leave an indicator as it is.

    Parameters
    ----------
    y : (n,) array of classes, or (n, n_labels) 0/1 indicator, dense or sparse

    Returns
    -------
    (n, n_labels) array of float64
        Dense, also for many classes.

    Raises
    ------
    ValueError
        If y is neither.

    Examples
    --------
    >>> label_indicator(["cat", "dog", "cat"])
    array([[1., 0.],
           [0., 1.],
           [1., 0.]])
    """
    labels = read_labels(y)
    return np.eye(labels.max() + 1)[labels] if labels.ndim == 1 else labels.astype(np.float64)


def label_sets(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Group the points that have the same set of labels.

    Parameters
    ----------
    labels : (n, n_labels) array of 0 and 1, of any type

    Returns
    -------
    sets : (n_sets, n_labels) array of that type
    groups : (n,) array of int
        The row of `sets` that each point has.

    Raises
    ------
    ValueError
        If a point has no label at all.

    Examples
    --------
    >>> label_sets(np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 1.0]]))[1]
    array([0, 1, 0])
    """
    unlabelled = np.flatnonzero(~labels.any(axis=1))
    if unlabelled.size:
        raise ValueError(f"y must give every point at least one label; row {unlabelled[0]} has none")
    sets, groups = np.unique(labels, axis=0, return_inverse=True)
    return sets, groups.ravel()


def matching_labels(query_labels: ArrayLike, database_labels: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the labels of queries and of a database so that they can be compared.

    Parameters
    ----------
    query_labels, database_labels : (n_queries,) and (n,) arrays of classes, or (n_queries, c) and (n, c) indicators
        Numbers or text, also as objects, of which pandas makes columns. One column is read as classes, as ``fit`` reads
        it.

    Returns
    -------
    (n_queries,) and (n,) arrays of int64, or (n_queries, c) and (n, c) arrays of bool
        The same class has the same number on both sides.

    Raises
    ------
    TypeError
        If classes are neither all numbers nor all text.
    ValueError
        If the shapes do not match each other, a class is missing, or an indicator is neither 0 nor 1.

    Examples
    --------
    >>> matching_labels(["cat"], ["dog", "cat"])
    (array([0]), array([1, 0]))
    """
    pair = [np.asarray(labels) for labels in (query_labels, database_labels)]
    query, database = [labels[:, 0] if labels.shape[1:] == (1,) else labels for labels in pair]
    if query.ndim not in (1, 2) or query.shape[1:] != database.shape[1:]:
        expected = "labels must be classes, (n_queries,) and (n,), or indicators, (n_queries, c) and (n, c)"
        raise ValueError(f"{expected}, got shapes {query.shape} and {database.shape}")
    if query.ndim == 2:
        if not np.isin(np.concatenate([query, database]), [0, 1]).all():
            raise ValueError("labels in several columns must be indicators, 0 or 1")
        return query.astype(bool), database.astype(bool)
    if query.dtype != database.dtype:  # as objects, large integers and fractions stay what they are
        query, database = query.astype(object), database.astype(object)
    numbers, classes = pd.factorize(np.concatenate([query, database]))
    if (numbers < 0).any():
        raise ValueError("labels must be classes, none of them missing")
    if len({(isinstance(name, Number), isinstance(name, str)) for name in classes}) > 1:
        raise TypeError("classes must be of one kind, numbers or text, on both sides")
    return numbers[: len(query)], numbers[len(query) :]
