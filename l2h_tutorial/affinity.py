"""Make the graph over which GRH smooths hash bits, from labels or from neighbours.

An affinity matrix S says which points should share their hash code: ``S[i, j] > 0`` joins points i
and j. GRH never needs S itself, only the product of the normalised S with a few columns of bits.
For class labels that product is a class mean, so no n x n array is built: for 59,000 labels it
would take 28 GB.
"""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.neighbors import kneighbors_graph
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import type_of_target

from .checks import Array, ArrayLike, Floats, Integers, check_choice, check_integer

__all__ = [
    "NormalisedAffinity",
    "given_graph",
    "graph_affinity",
    "knn_affinity",
    "same_class_affinity",
]


NORMALISATIONS = ("columns", "rows")


class NormalisedAffinity:
    """Multiply a normalised affinity matrix with an array, without building the matrix.

    :func:`same_class_affinity` and :func:`graph_affinity` make it. Points that have the same row in
    the affinity matrix form a group, and ``S`` has one row and one column for the whole group.

    Parameters
    ----------
    S : array or sparse matrix of shape (n_groups, n_groups)
        Affinity between groups: non-negative, symmetric, without an empty row.
    normalise : {"columns", "rows"}
        ``"columns"`` for S D^-1, ``"rows"`` for D^-1 S. D holds the degrees, which are the sums of
        the rows.
    groups : int array of shape (n,)
        The group of each point.

    Attributes
    ----------
    shape : tuple of int
        (n, n), the shape of the matrix that is never built.
    degrees : float array of shape (n,)
        Sum of each row of the affinity matrix.
    largest : float
        Its largest entry.
    """

    def __init__(self, S: Any, normalise: str, groups: Integers) -> None:
        check_choice(normalise, "normalise", NORMALISATIONS)
        self.normalise = normalise
        self.largest = S.max()
        self._between = S
        self._groups = groups
        n = len(groups)
        self.shape = (n, n)
        # Sums over the points of a group: each point's column has a one in the row of its group.
        self._members = sparse.csc_array((np.ones(n), groups, np.arange(n + 1)), (S.shape[0], n))
        self._group_degrees: Floats = S @ self._members.sum(axis=1)
        self.degrees = self._group_degrees[groups]

    def __matmul__(self, values: ArrayLike) -> Floats:
        """Multiply by an array of shape (n,) or (n, n_bits); return float64 of that shape."""
        # Sum the bits of a group before anything is divided: a sum of +1 and -1 is exact, so for
        # class labels the class mean is rounded only once.
        sums = self._members @ np.asarray(values, dtype=float)
        if self.normalise == "columns":
            votes = self._between @ (sums.T / self._group_degrees).T
        else:
            votes = ((self._between @ sums).T / self._group_degrees).T
        return votes[self._groups]

    def toarray(self) -> Floats:
        """Return the whole matrix, float64 of shape (n, n), to look at a few points."""
        return self @ np.eye(self.shape[0])


def same_class_affinity(y: Any, *, normalise: str = "columns") -> NormalisedAffinity:
    """Join the points that share a class or a label; each point is joined with itself too.

    The product with n x n_bits values takes O(n n_bits) time and O(n) memory. With several labels a
    point, also a number is kept for each pair of different label sets that have a label in common.
    Each such number takes O(1) time for each bit.

    With one label a point, both normalisations give every point the mean of its class. With several
    labels they differ, and rows of S D^-1 need not sum to 1.

    Parameters
    ----------
    y : array of shape (n,) or (n, n_labels)
        Classes, or a 0/1 indicator of labels (dense or sparse).
    normalise : {"columns", "rows"}, default="columns"
        S D^-1, as published, or D^-1 S.

    Returns
    -------
    NormalisedAffinity

    Raises
    ------
    ValueError
        If y is neither classes nor an indicator, mixes kinds of classes, or a point has no label at
        all.

    Examples
    --------
    >>> same_class_affinity(["cat", "dog", "cat"]) @ [1, 1, -1]
    array([0., 1., 0.])
    >>> same_class_affinity([[1, 0], [1, 1], [0, 1]]).toarray().round(2)
    array([[0.5 , 0.33, 0.  ],
           [0.5 , 0.33, 0.5 ],
           [0.  , 0.33, 0.5 ]])

    References
    ----------
    Moran and Lavrenko, "Graph Regularised Hashing", ECIR 2015, section 3 (the matrices S and D).
    """
    try:
        labels = read_labels(y)
    except TypeError as error:  # classes are sorted, and None cannot be compared with text
        raise ValueError(
            "y must hold classes of one kind, numbers or text, and none may be missing"
        ) from error
    if labels.ndim == 1:
        between_classes = sparse.eye_array(labels.max() + 1, format="csr")
        return NormalisedAffinity(between_classes, normalise, labels)
    # Points with the same set of labels have the same row in S, and mostly these sets are few.
    sets, groups = label_sets(labels)
    sparse_sets = sparse.csr_array(sets, dtype=float)
    return NormalisedAffinity((sparse_sets @ sparse_sets.T > 0).astype(float), normalise, groups)


def graph_affinity(S: Any, *, normalise: str = "columns") -> NormalisedAffinity:
    """Normalise a given affinity matrix.

    Parameters
    ----------
    S : array or sparse matrix of shape (n, n)
        Non-negative, symmetric affinities.
    normalise : {"columns", "rows"}, default="columns"
        S D^-1, as published, or D^-1 S.

    Returns
    -------
    NormalisedAffinity

    Raises
    ------
    ValueError
        If S is not square, holds negative or non-finite entries, is not symmetric, or has an empty
        row: a point without a neighbour, not even itself. A difference of a millionth of the
        largest entry counts as rounding.

    Examples
    --------
    >>> graph_affinity([[1, 1], [1, 0]]).toarray()
    array([[0.5, 1. ],
           [0.5, 0. ]])
    """
    S = check_array(S, accept_sparse="csr", dtype=float, input_name="affinity")
    n = S.shape[0]
    if n != S.shape[1]:
        raise ValueError(
            f"affinity must be square, one row and one column a point; its shape is {S.shape}"
        )
    if S.min() < 0:
        raise ValueError(f"affinity must not be negative; its smallest entry is {S.min():g}")
    if abs(S - S.T).max() > 1e-6 * S.max():  # more than rounding makes in single precision
        raise ValueError(
            "affinity must be symmetric; for neighbours use knn_affinity, or S.maximum(S.T)"
        )
    empty = np.flatnonzero(S @ np.ones(n) == 0)
    if empty.size:
        raise ValueError(
            f"affinity must give every point a neighbour (itself will do); row {empty[0]} sums to 0"
        )
    return NormalisedAffinity(S, normalise, np.arange(n))  # every point is a group of its own


def given_graph(y: Any, affinity: Any, n: int, normalise: str) -> NormalisedAffinity:
    """Make the graph over n points from labels or from an affinity matrix, whichever is given."""
    if affinity is None and y is None:
        raise ValueError(
            "This GRH estimator requires y to be passed, but the target y is None, "
            "and so is affinity"
        )
    if affinity is not None and y is not None:
        raise ValueError(
            "give GRH either y or affinity, got both: the labels would make a second graph"
        )
    if affinity is None:
        name = "y"
        graph = same_class_affinity(y, normalise=normalise)
    else:
        name = "affinity"
        graph = graph_affinity(affinity, normalise=normalise)
    if graph.shape != (n, n):
        raise ValueError(
            f"{name} must be about as many points as X has rows: "
            f"X has {n} rows, {name} {graph.shape[0]}"
        )
    # Every point is joined with all points, and equally.
    if np.allclose(graph.degrees, n * graph.largest, rtol=1e-12, atol=0):
        raise ValueError(
            f"{name} joins all points, as one class only does; they would all get the same code"
        )
    return graph


def knn_affinity(X: ArrayLike, n_neighbours: int = 10) -> sparse.csr_array:
    """Join each point with itself and its nearest neighbours, a graph that needs no labels.

    The distance is Euclidean. For cosines, divide the points by their lengths first.

    Parameters
    ----------
    X : array of shape (n, n_features)
    n_neighbours : int, default=10
        Neighbours of each point, itself not counted.

    Returns
    -------
    csr_array of shape (n, n), float64
        1 where either point is among the other's neighbours, so that the graph is symmetric, and on
        the diagonal.

    Raises
    ------
    TypeError, ValueError
        If ``n_neighbours`` is not an integer from 1 to n - 1.

    Examples
    --------
    >>> knn_affinity([[0.0], [1.0], [5.0]], n_neighbours=1).toarray()
    array([[1., 1., 0.],
           [1., 1., 1.],
           [0., 1., 1.]])
    """
    n = len(check_array(X))
    n_neighbours = check_integer(n_neighbours, "n_neighbours", high=n - 1, of="other points")
    directed = sparse.csr_array(kneighbors_graph(X, n_neighbours, include_self=False))
    return sparse.csr_array(directed.maximum(directed.T).maximum(sparse.eye_array(n)))


# --- labels of whatever kind ----------------------------------------------------------------------


def read_labels(y: Any) -> Array:
    """Return classes as numbers 0, 1, ..., in sorted order, or an indicator as a boolean array.

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
        return labels.astype(bool)
    if kind not in ("binary", "multiclass"):
        expected = "classes, shape (n,), or a 0/1 indicator of labels, shape (n, n_labels)"
        raise ValueError(
            f"Unknown label type: y must hold {expected}, not {kind} values of shape {labels.shape}"
        )
    return np.unique(column_or_1d(labels, warn=True), return_inverse=True)[1]


def label_indicator(y: Any) -> Floats:
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
    return np.eye(labels.max() + 1)[labels] if labels.ndim == 1 else labels.astype(float)


def label_sets(labels: Array) -> tuple[Array, Integers]:
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
        raise ValueError(
            f"y must give every point at least one label; row {unlabelled[0]} has none"
        )
    sets, groups = np.unique(labels, axis=0, return_inverse=True)
    return sets, groups.ravel()


def checked_labels(y: Any, points: Floats) -> Floats:
    """Return labels as an (n, n_labels) indicator, or refuse those that teach nothing."""
    labels = label_indicator(y)
    check_consistent_length(points, labels)
    if (labels == labels[0]).all():
        raise ValueError("y must hold at least two classes, or sets of labels, got one class only")
    return labels
