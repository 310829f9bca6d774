"""Supervised discrete hashing: binary codes from which a linear classifier can read the labels."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve, solve
from sklearn.utils import check_random_state

from ..checks import check_integer, check_positive
from .anchors import AnchoredHasher

__all__ = ["SDH", "cyclic_descent"]

Floats = NDArray[np.float64]

_SWEEPS = 10  # through all bits, at most: few are needed


class SDH(AnchoredHasher):
    r"""Supervised discrete hashing: codes from which a linear classifier can read the labels.

    With Y the 0/1 indicator of the labels, codes B of -1 and +1, a linear classifier W on the codes, and hash functions
    F that predict the codes from kernels around anchors, by weights P and intercepts, SDH makes

    .. math:: \|Y - BW\|_F^2 + \lambda \|W\|_F^2 + \nu \left(\|B - F\|_F^2 + \epsilon \|P\|_F^2\right)

    small by turns, from random codes on. The best W for given codes, and the best F, are ridge regressions. For given W
    and F the codes remain discrete: the best bit of all points, the others being fixed, is a sign, and bit after bit is
    set so until none changes (*discrete cyclic coordinate descent*). With the small :math:`\nu` of the paper the labels
    all but decide the codes: the points of a class share a few.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code.
    n_anchors : int, default=1000
        Training points, drawn at random, around which there is a kernel; all where there are fewer.
    gamma : float, default=2.0
        Of the kernel exp(-gamma squared distance), in units of 1 / the median squared distance of training points.
    ridge : float, default=0.01
        Epsilon, as a multiple of the mean sum of squares of a kernel over the training points.
    classifier_ridge : float, default=1.0
        Lambda.
    nu : float, default=1e-5
        Weight of the hash functions. The larger, the more the codes are what the kernels can predict.
    n_iter : int, default=5
        Turns.
    random_state : int, RandomState instance or None, default=None
        Draws the anchors and the first codes.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    anchors_ : (n_anchors, n_features) array of float64
        Less the mean.
    gamma_ : float
        Of the kernel, in the units of the features.
    coefficients_ : (n_anchors, n_bits) array of float64
        P.
    intercepts_ : (n_bits,) array of float64
    codes_ : (n, n_bits) array of bool
        B, the training points' codes, which the hash functions are taught.
    losses_ : (n_iter,) array of float64
        The objective after each turn, by training point. It never rises.
    n_features_in_ : int

    Notes
    -----
    Y is dense: with C classes or labels ``fit`` takes O(n C) memory.

    References
    ----------
    F. Shen, C. Shen, W. Liu and H. T. Shen, "Supervised discrete hashing", CVPR 2015.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0], [3.0]])
    >>> y = ["out", "out", "in", "in", "out", "out"]  # no hyperplane parts these
    >>> bits = SDH(4, gamma=8, random_state=0).fit_transform(X, y)
    >>> len(np.unique(bits, axis=0))
    2
    """

    def __init__(
        self,
        n_bits: int = 16,
        *,
        n_anchors: int = 1000,
        gamma: float = 2.0,
        ridge: float = 0.01,
        classifier_ridge: float = 1.0,
        nu: float = 1e-5,
        n_iter: int = 5,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.n_anchors = n_anchors
        self.gamma = gamma
        self.ridge = ridge
        self.classifier_ridge = classifier_ridge
        self.nu = nu
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any) -> Self:
        """Draw the anchors; find classifier, codes and hash functions in turn.

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
        n_bits, n_anchors = check_integer(self.n_bits, "n_bits"), check_integer(self.n_anchors, "n_anchors")
        n_iter = check_integer(self.n_iter, "n_iter")
        names = ("gamma", "ridge", "classifier_ridge", "nu")
        gamma, ridge, classifier_ridge, nu = (check_positive(getattr(self, name), name) for name in names)
        random = check_random_state(self.random_state)
        kernels, labels = self._anchored(X, y, n_anchors, gamma, random)
        hashing = KernelRegression(kernels, ridge)
        codes = random.choice([-1.0, 1.0], (len(labels), n_bits))
        predicted = hashing.fit(codes)
        self.losses_ = np.empty(n_iter)
        for i in range(n_iter):
            gram = codes.T @ codes + classifier_ridge * np.eye(n_bits)
            classifier = solve(gram, codes.T @ labels, assume_a="pos")
            codes = cyclic_descent(codes, labels @ classifier.T + nu * predicted, classifier)
            predicted = hashing.fit(codes)
            error = np.sum((labels - codes @ classifier) ** 2) + classifier_ridge * np.sum(classifier**2)
            self.losses_[i] = (error + nu * hashing.loss(codes, predicted)) / len(labels)
        self.codes_ = codes > 0
        self.coefficients_, self.intercepts_ = hashing.coefficients, hashing.intercepts
        self._n_features_out = n_bits
        return self


class KernelRegression:
    """Ridge regression of codes on kernels, with intercepts that no ridge shrinks; one factor serves all turns.

    Parameters
    ----------
    kernels : (n, n_anchors) array of float64
    ridge : float
        As a multiple of the mean sum of squares of a centred kernel.

    Examples
    --------
    >>> KernelRegression(np.array([[0.0], [1.0]]), ridge=1e-6).fit(np.array([[-1.0], [1.0]])).round(3)
    array([[-1.],
           [ 1.]])
    """

    def __init__(self, kernels: Floats, ridge: float) -> None:
        self._means = kernels.mean(axis=0)
        self._kernels = kernels - self._means
        gram = self._kernels.T @ self._kernels
        self._ridge = ridge * np.trace(gram) / len(gram)
        gram[np.diag_indices_from(gram)] += self._ridge
        self._factor = cho_factor(gram, lower=True, overwrite_a=True)

    def fit(self, codes: Floats) -> Floats:
        """Keep ``coefficients`` and ``intercepts`` for (n, n_bits) codes, and return what they predict."""
        of_codes = codes.mean(axis=0)
        self.coefficients: Floats = cho_solve(self._factor, self._kernels.T @ codes)
        self.intercepts: Floats = of_codes - self._means @ self.coefficients
        predicted: Floats = self._kernels @ self.coefficients + of_codes
        return predicted

    def loss(self, codes: Floats, predicted: Floats) -> float:
        """Sum the squared errors and the ridge."""
        return float(np.sum((codes - predicted) ** 2) + self._ridge * np.sum(self.coefficients**2))


def cyclic_descent(codes: Floats, targets: Floats, classifier: Floats) -> Floats:
    """Make ||B W||^2 - 2 tr(B^T Q) smaller, one bit of all points after the other, until none changes.

    For bit k of a point, the others being fixed, that is 2 b_k (b' W' w_k - q_k) plus a constant, where b' and W' are
    the other bits and their rows of W: the best b_k is the sign of q_k - b' W' w_k.

    Parameters
    ----------
    codes : (n, n_bits) array of float64, -1 or +1
        B to start from. Not changed.
    targets : (n, n_bits) array of float64
        Q.
    classifier : (n_bits, n_labels) array of float64
        W.

    Returns
    -------
    (n, n_bits) array of float64, -1 or +1

    Examples
    --------
    >>> cyclic_descent(np.array([[1.0, 1.0]]), np.array([[-1.0, 3.0]]), np.array([[1.0], [1.0]]))
    array([[-1.,  1.]])
    """
    codes = codes.copy()
    between = classifier @ classifier.T
    others = between - np.diag(np.diag(between))
    for _ in range(_SWEEPS):
        before = codes.copy()
        for k in range(codes.shape[1]):
            codes[:, k] = np.where(targets[:, k] >= codes @ others[:, k], 1.0, -1.0)
        if np.array_equal(codes, before):
            break
    return codes
