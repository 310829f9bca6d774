"""Labels as the supervised baselines use them: an indicator, and the points that have the same labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from .cca import label_indicator

__all__ = ["label_sets", "required_labels"]

Floats = NDArray[np.float64]


def required_labels(y: Any, points: Floats, estimator: Any) -> Floats:
    """Return y as an indicator, or say why the estimator cannot learn from it.

    Parameters
    ----------
    y : (n,) array of classes, or (n, n_labels) 0/1 indicator, dense or sparse
    points : (n, d) array
    estimator : object
        Whose name the message has.

    Returns
    -------
    (n, n_labels) array of float64

    Raises
    ------
    ValueError
        If y is missing, of another length, neither classes nor an indicator, or the same for all points.

    Examples
    --------
    >>> required_labels([1, 1], np.zeros((2, 3)), None)
    Traceback (most recent call last):
        ...
    ValueError: y must hold at least two classes, or sets of labels, got one class only
    """
    if y is None:
        raise ValueError(f"This {type(estimator).__name__} estimator requires y to be passed, but the target y is None")
    labels = label_indicator(y)
    check_consistent_length(points, labels)
    if (labels == labels[0]).all():
        raise ValueError("y must hold at least two classes, or sets of labels, got one class only")
    return labels


def label_sets(labels: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Group the points that have the same labels: they are the same distance from all others in label space.

    Parameters
    ----------
    labels : (n, n_labels) array of float64
        0 or 1.

    Returns
    -------
    sets : (n_sets, n_labels) array of float64
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
