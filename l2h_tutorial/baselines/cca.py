"""Hashing by canonical correlation: the directions that tell most about the labels, rotated as by ITQ."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import eigh
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import type_of_target

from ..checks import check_integer, check_positive
from .base import CentredHasher, check_enough
from .pca import quantising_rotation

__all__ = ["CCAITQ", "canonical_directions", "label_indicator"]

Floats = NDArray[np.float64]


class CCAITQ(CentredHasher):
    r"""Supervised iterative quantisation: canonical correlation analysis takes the place of principal components.

    Between features X and a 0/1 indicator Y of the labels, both centred, directions w are sought that maximise the
    correlation, regularised by r: the eigenvectors of

    .. math:: X^T Y (Y^T Y)^+ Y^T X \, w = \rho^2 (X^T X + r I) \, w

    The n_bits first, each weighted by its correlation :math:`\rho`, are rotated as in :class:`ITQ`. C classes give
    only C - 1 directions with a correlation above 0; the rotation spreads these over all bits.

    Parameters
    ----------
    n_bits : int, default=16
        Directions, and so bits of a code; at most as many as there are features or training points.
    ridge : float, default=0.1
        The regulariser r, as a multiple of the features' mean variance. It decides the result more than anything else:
        where there are few labels for many features, a small one fits noise.
    n_iter : int, default=50
        Iterations of the search for the rotation.
    random_state : int, RandomState instance or None, default=None
        Draws the first rotation.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    projections_ : (n_features, n_bits) array of float64
        The weighted directions times the rotation.
    correlations_ : (n_bits,) array of float64
        The regularised correlation of each direction, the largest first.
    losses_ : (n_iter,) array of float64
        As for :class:`ITQ`.
    n_features_in_ : int

    Notes
    -----
    Classes become the columns of a dense indicator, whose singular vectors are found: with C of them ``fit`` takes
    O(n C) memory, a few arrays of this size, and O(n C min(n, C)) time. So it does with C labels.

    References
    ----------
    Y. Gong and S. Lazebnik, "Iterative quantization: a Procrustean approach to learning binary codes", CVPR 2011,
    section 3.

    Examples
    --------
    >>> X = np.array([[-1.0, 9.0], [-1.0, -9.0], [1.0, 8.0], [1.0, -8.0]])  # PCAH would choose the second feature
    >>> CCAITQ(1, random_state=0).fit(X, ["a", "a", "b", "b"]).projections_.round(3)[1]
    array([0.])
    """

    def __init__(self, n_bits: int = 16, *, ridge: float = 0.1, n_iter: int = 50, random_state: Any = None) -> None:
        self.n_bits = n_bits
        self.ridge = ridge
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any) -> Self:
        """Find the directions and the rotation.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : (n,) array of classes, or (n, n_labels) 0/1 indicator, dense or sparse

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of its range, `X` is not a finite two-dimensional array, or `y` is missing, of another
            length, neither classes nor an indicator, or the same for all points.
        """
        n_bits, n_iter = check_integer(self.n_bits, "n_bits"), check_integer(self.n_iter, "n_iter")
        check_positive(self.ridge, "ridge")
        if y is None:
            raise ValueError("This CCAITQ estimator requires y to be passed, but the target y is None")
        centred = self._centred(X)
        check_enough(n_bits, centred)
        labels = label_indicator(y)
        check_consistent_length(centred, labels)
        directions, self.correlations_ = canonical_directions(centred, labels, n_bits, self.ridge)
        weighted = directions * self.correlations_
        rotation, self.losses_ = quantising_rotation(centred @ weighted, n_iter, self.random_state)
        self.projections_ = weighted @ rotation
        self._n_features_out = n_bits
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def canonical_directions(centred: Floats, labels: Floats, n_directions: int, ridge: float) -> tuple[Floats, Floats]:
    """Find the directions in which features and labels are most correlated.

    Parameters
    ----------
    centred : (n, d) array of float64
    labels : (n, c) array of float64
    n_directions : int
    ridge : float
        As a multiple of the mean variance of the features.

    Returns
    -------
    directions : (d, n_directions) array of float64
        For features scaled to mean variance 1, the columns have unit regularised variance.
    correlations : (n_directions,) array of float64
        The largest first.

    Raises
    ------
    ValueError
        If the labels are the same for all points.

    Examples
    --------
    >>> X = np.array([[-1.0, 0], [1, 0], [0, 1], [0, -1]])
    >>> _, correlations = canonical_directions(X, np.array([[0.0], [1], [0.5], [0.5]]), 2, ridge=0.25)
    >>> (correlations**2).round(3)  # 1 for the first direction, were it not for the ridge: 1 / (1 + 0.25)
    array([0.8, 0. ])
    """
    of_labels = labels - labels.mean(axis=0)
    left, singular, _ = np.linalg.svd(of_labels, full_matrices=False)
    # The projection on the span of the labels is left @ left.T, without the directions that centring emptied.
    basis = left[:, singular > 1e-9 * np.sqrt(labels.size)]
    if not basis.shape[1]:
        raise ValueError("y must hold at least two classes, or sets of labels, got one class only")
    n, d = centred.shape
    scale = np.sqrt(np.mean(centred**2)) or 1.0
    points = centred / scale
    within = points.T @ points / n + ridge * np.eye(d)
    shared = points.T @ basis
    squared, directions = eigh(shared @ shared.T / n, within, subset_by_index=[d - n_directions, d - 1])
    correlations = np.sqrt(np.clip(squared[::-1], 0, 1))
    correlations[basis.shape[1] :] = 0  # rounding, but for which there is no correlation left
    return directions[:, ::-1], correlations


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
    labels = y.toarray() if sparse.issparse(y) else np.asarray(y)
    labels = labels.astype(labels.dtype.newbyteorder("="), copy=False)  # scikit-learn 1.6 knows no other byte order
    kind = type_of_target(labels, input_name="y")
    if kind == "multilabel-indicator":
        return labels.astype(np.float64)
    if kind not in ("binary", "multiclass"):
        raise ValueError(
            "Unknown label type: y must hold classes, shape (n,), or a 0/1 indicator of labels, shape (n, n_labels), "
            f"not {kind} values of shape {labels.shape}"
        )
    classes, place = np.unique(column_or_1d(labels, warn=True), return_inverse=True)
    return np.eye(len(classes))[place]
