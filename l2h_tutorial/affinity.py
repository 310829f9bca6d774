"""From labels, or from neighbours, to the graph that GRH smooths hash bits over.

An affinity matrix S says which points should share their hash code: ``S[i, j] > 0`` joins points i and j. GRH never
needs S itself, only its normalised product with a few columns of bits. For class labels that product is a class mean,
so no n x n array is ever built: 59,000 labels would fill 28 GB.
"""

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator
from sklearn.neighbors import kneighbors_graph
from sklearn.utils import check_array

from .labels import label_sets, read_labels

__all__ = [
    "NORMALISATIONS",
    "NormalisedAffinity",
    "check_affinity",
    "graph_affinity",
    "knn_affinity",
    "same_class_affinity",
]

NORMALISATIONS = ("columns", "rows")

_ASYMMETRY = 1e-6  # of the two points' largest affinities: more than rounding makes in single precision
_BLOCK_VALUES = 1 << 21  # affinities that are compared, or made, at a time: 16 MB


class NormalisedAffinity:
    """The product of a normalised affinity matrix with an array, without the matrix.

    Made by :func:`same_class_affinity` and :func:`graph_affinity`. Points that have the same row in S form a group,
    and one row and column of ``S`` stand for the whole group.

    Parameters
    ----------
    S : array, sparse matrix or LinearOperator of shape (n_groups, n_groups)
        Affinity between groups, as :func:`check_affinity` returns it.
    normalise : {"columns", "rows"}
        ``"columns"`` for S D^-1, ``"rows"`` for D^-1 S, where D holds the degrees, the sums of the rows of S.
    groups : int array of shape (n,), optional
        The group of each point. Without it every point is a group of its own.

    Attributes
    ----------
    shape : tuple of int
        (n, n), the shape of the matrix that is never built.
    degrees : float array of shape (n,)
        Sum of each row of S.
    """

    def __init__(self, S: Any, normalise: str = "columns", groups: NDArray[np.intp] | None = None) -> None:
        if normalise not in NORMALISATIONS:
            raise ValueError(f"normalise must be one of {NORMALISATIONS}, got {normalise!r}")
        self.normalise = normalise
        self._between = S
        self._groups = groups
        self._indicator = None  # (n_groups, n): which points a group sums over
        sizes = np.ones(S.shape[0])
        if groups is not None:
            place = (groups, np.arange(len(groups)))
            self._indicator = sparse.csr_array((np.ones(len(groups)), place), shape=(len(sizes), len(groups)))
            sizes = np.bincount(groups, minlength=len(sizes)).astype(float)
        self._group_degrees = np.asarray(S @ sizes, dtype=float).ravel()

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self.degrees),) * 2

    @property
    def degrees(self) -> NDArray[np.float64]:
        return self._group_degrees if self._groups is None else self._group_degrees[self._groups]

    @property
    def joins_all(self) -> bool:
        """Whether every point is every other's neighbour, equally: a graph that tells nothing apart."""
        if isinstance(self._between, LinearOperator):
            return False  # its entries cannot be seen
        if isinstance(self._between, _SharedLabels):
            return bool(np.all(self._group_degrees == self.shape[0]))
        entries = self._between.data if sparse.issparse(self._between) else self._between
        return entries.size == self._between.shape[0] ** 2 and bool(np.all(entries == np.ravel(entries)[0]))

    def __matmul__(self, values: ArrayLike) -> NDArray[np.float64]:
        """Multiply by an array of shape (n,) or (n, n_bits); returns float64 of that shape."""
        array = np.asarray(values, dtype=float)
        if not array.ndim or len(array) != self.shape[0]:
            raise ValueError(f"an affinity of {self.shape[0]} points cannot multiply an array of shape {array.shape}")
        degrees = self._group_degrees.reshape(-1, *[1] * (array.ndim - 1))
        # The bits of a group are summed before anything is divided: for class labels a sum of +1 and -1 is exact,
        # and one rounded division makes the class mean.
        product: Any = array if self._indicator is None else self._indicator @ array
        product = product / degrees if self.normalise == "columns" else product
        product = np.asarray(self._between @ product)
        product = product / degrees if self.normalise == "rows" else product
        return cast(NDArray[np.float64], product if self._groups is None else product[self._groups])

    def toarray(self) -> NDArray[np.float64]:
        """Return the whole matrix, float64 of shape (n, n): for looking at a few points."""
        return self @ np.eye(self.shape[0])


def same_class_affinity(y: Any, *, normalise: str = "columns") -> NormalisedAffinity:
    """Join the points that share a class, or at least one of several labels, each point with itself too.

    The product with n x n_bits values takes O(n n_bits) time, and with several labels a point O(s^2) more for each bit,
    if there are s different sets of labels: up to n. It takes O(n) memory. With one label a point, both normalisations
    give every point the mean of its class; with several they differ, and rows of S D^-1 need not sum to 1.

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
        If y is neither classes nor an indicator, or a point has no label at all.

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
    labels = read_labels(y)
    if labels.ndim == 1:
        return NormalisedAffinity(sparse.eye_array(labels.max() + 1, format="csr"), normalise, labels)
    sets, groups = label_sets(labels)  # points with the same set have the same row in S, and mostly the sets are few
    return NormalisedAffinity(_SharedLabels(sets), normalise, groups)


class _SharedLabels:
    """The matrix that is 1 where two sets of labels have one in common: made for each product, in blocks of rows."""

    def __init__(self, sets: NDArray[np.bool_]) -> None:
        self._sets = sparse.csr_array(sets, dtype=float)
        self.shape = (len(sets), len(sets))

    def __matmul__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        step = max(1, _BLOCK_VALUES // self.shape[0])
        blocks = (self._sets[start : start + step] for start in range(0, self.shape[0], step))
        return np.concatenate([(block @ self._sets.T > 0).astype(float) @ values for block in blocks])


def graph_affinity(S: Any, *, normalise: str = "columns") -> NormalisedAffinity:
    """Normalise a given affinity matrix.

    Parameters
    ----------
    S : array, sparse matrix or LinearOperator of shape (n, n)
        Non-negative, symmetric affinities.
    normalise : {"columns", "rows"}, default="columns"
        S D^-1, as published, or D^-1 S.

    Returns
    -------
    NormalisedAffinity

    Raises
    ------
    ValueError
        As :func:`check_affinity`.

    Examples
    --------
    >>> graph_affinity([[1, 1], [1, 0]]).toarray()
    array([[0.5, 1. ],
           [0.5, 0. ]])
    """
    return NormalisedAffinity(check_affinity(S), normalise)


def check_affinity(S: Any, n: int | None = None) -> Any:
    """Refuse an affinity matrix that the graph step cannot use.

    Parameters
    ----------
    S : array, sparse matrix or LinearOperator of shape (n, n)
        Affinities. Of an operator only the shape and the sums of the rows can be seen, not whether it is symmetric.
    n : int, optional
        Number of points that S must be about.

    Returns
    -------
    float64 array, csr_array or LinearOperator

    Raises
    ------
    ValueError
        If S is not square, is about another number of points, holds negative or non-finite entries, is not symmetric
        (but for rounding, as large as the affinities of its points), or has an empty row: a point without a neighbour,
        not even itself.

    Examples
    --------
    >>> check_affinity([[1, 0], [0, 0]])
    Traceback (most recent call last):
        ...
    ValueError: affinity must give every point a neighbour (itself will do); row 1 is empty
    """
    shape = np.shape(S) if not hasattr(S, "shape") else S.shape
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"affinity must be square, one row and one column a point; its shape is {tuple(shape)}")
    if n is not None and shape[0] != n:
        raise ValueError(f"affinity must be {n} x {n}, one row and one column a point of X; its shape is {shape}")
    if not isinstance(S, LinearOperator):
        S = check_array(S, accept_sparse="csr", dtype=float, input_name="affinity", ensure_min_samples=0)
        S = sparse.csr_array(S) if sparse.issparse(S) else S
        smallest = S.min() if shape[0] else 0.0
        if smallest < 0:
            raise ValueError(f"affinity must not be negative; its smallest entry is {smallest:g}")
        if shape[0] and not _is_symmetric(S):
            raise ValueError("affinity must be symmetric; for neighbours use knn_affinity, or S.maximum(S.T)")
    row_sums = np.asarray(S @ np.ones(shape[0]))
    if row_sums.min(initial=0.0) < 0:
        row = int(row_sums.argmin())
        raise ValueError(f"affinity must not be negative; row {row} sums to {row_sums[row]:g}")
    empty = np.flatnonzero(row_sums == 0)
    if empty.size:
        raise ValueError(f"affinity must give every point a neighbour (itself will do); row {empty[0]} is empty")
    return S


def _is_symmetric(S: Any) -> bool:
    """Whether S, not negative, differs from its transpose by rounding only.

    The geometric mean of both points' largest affinities is the measure, not the entry: where vectors are nearly
    orthogonal, their product is all rounding.
    """
    largest = S.max(axis=1)
    scale = np.sqrt(largest.toarray().ravel() if sparse.issparse(largest) else largest)
    if sparse.issparse(S):
        excess = (S - S.T).tocoo()
        return bool(np.all(excess.data <= _ASYMMETRY * scale[excess.row] * scale[excess.col]))
    step = max(1, _BLOCK_VALUES // len(S))
    blocks = (slice(start, start + step) for start in range(0, len(S), step))
    return all(np.all(S[rows] - S[:, rows].T <= _ASYMMETRY * scale[rows, None] * scale) for rows in blocks)


def knn_affinity(X: ArrayLike, n_neighbours: int = 10, *, metric: str = "euclidean") -> sparse.csr_array:
    """Join each point with its nearest neighbours, and with itself: a graph that needs no labels.

    Parameters
    ----------
    X : array of shape (n, n_features)
    n_neighbours : int, default=10
        Neighbours of each point, itself not counted.
    metric : str, default="euclidean"
        Distance, one that scikit-learn's ``kneighbors_graph`` knows.

    Returns
    -------
    csr_array of shape (n, n), float64
        1 where either point is among the other's neighbours, so that the graph is symmetric, and on the diagonal.

    Raises
    ------
    ValueError
        If ``n_neighbours`` is not between 1 and n - 1.

    Examples
    --------
    >>> knn_affinity([[0.0], [1.0], [5.0]], n_neighbours=1).toarray()
    array([[1., 1., 0.],
           [1., 1., 1.],
           [0., 1., 1.]])
    """
    points = cast(NDArray[Any], check_array(X))
    n = len(points)
    if not 1 <= n_neighbours < n:
        raise ValueError(f"n_neighbours must be between 1 and {n - 1} for {n} points, got {n_neighbours}")
    directed = sparse.csr_array(kneighbors_graph(points, n_neighbours, metric=metric, include_self=False))
    itself = sparse.eye_array(n, format="csr")
    return sparse.csr_array(directed.maximum(directed.T).maximum(itself))
