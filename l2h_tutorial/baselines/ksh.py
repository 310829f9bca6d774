"""Kernel-based supervised hashing: bit after bit, what the inner products of codes still lack to tell the labels."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cholesky, eigh, solve_triangular
from scipy.optimize import minimize
from sklearn.utils import check_random_state

from ..checks import check_integer, check_positive
from .anchors import AnchoredHasher
from .base import with_settled_signs
from .labels import label_sets

__all__ = ["KSH", "Residual", "greedy_bit"]

Floats = NDArray[np.float64]


class KSH(AnchoredHasher):
    r"""Kernel-based supervised hashing: codes whose inner products say whether two points share a label.

    S holds +1 for two training points that share a label and -1 for two that do not. For codes H of r bits, written as
    -1 and +1, KSH makes

    .. math:: \left\| \tfrac{1}{r} H H^T - S \right\|_F^2

    small, one bit after the other. Bit k is the sign of Ka, with K the kernels around the anchors less their means, and
    is to fit what the bits before it have left, :math:`R = rS - \sum_{j<k} h_j h_j^T`: it should make
    :math:`h_k^T R h_k` large. Without the sign the best a is an eigenvector. With the sigmoid
    :math:`\varphi(x) = 2 / (1 + e^{-x}) - 1` in its place, gradient ascent from there finds a better one; the
    eigenvector is kept where it does not.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code.
    n_anchors : int, default=300
        Training points, drawn at random, around which there is a kernel; all where there are fewer.
    gamma : float, default=2.0
        Of the kernel exp(-gamma squared distance), in units of 1 / the median squared distance of training points.
    ridge : float, default=0.1
        Added to the diagonal of K^T K, as a multiple of its mean. The paper has none, and fits more noise.
    n_iter : int, default=100
        Steps of the gradient ascent, at most, for each bit.
    random_state : int, RandomState instance or None, default=None
        Draws the anchors.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    anchors_ : (n_anchors, n_features) array of float64
        Less the mean.
    gamma_ : float
        Of the kernel, in the units of the features.
    coefficients_ : (n_anchors, n_bits) array of float64
    intercepts_ : (n_bits,) array of float64
    losses_ : (n_bits,) array of float64
        After each bit, the mean square of R / r. Before the first it is 1.
    n_features_in_ : int

    Notes
    -----
    S is never built: it is the same for all points with the same labels. With s different sets of labels, or s classes,
    it takes O(n s) memory, and a product with it O(n s) time: little for ten classes, but where nearly every point has
    labels of its own, s is nearly n.

    References
    ----------
    W. Liu, J. Wang, R. Ji, Y.-G. Jiang and S.-F. Chang, "Supervised hashing with kernels", CVPR 2012.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0], [3.0]])
    >>> y = ["out", "out", "in", "in", "out", "out"]  # no hyperplane parts these
    >>> KSH(1, gamma=8, random_state=0).fit_transform(X, y).ravel()
    array([False, False,  True,  True, False, False])
    """

    def __init__(
        self,
        n_bits: int = 16,
        *,
        n_anchors: int = 300,
        gamma: float = 2.0,
        ridge: float = 0.1,
        n_iter: int = 100,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.n_anchors = n_anchors
        self.gamma = gamma
        self.ridge = ridge
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any) -> Self:
        """Draw the anchors and learn one bit after the other.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : (n,) array of classes, or (n, n_labels) 0/1 indicator, dense or sparse

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of its range, `X` is not a finite two-dimensional array, or `y` is missing, of another
            length, neither classes nor an indicator, the same for all points, or leaves a point without a label.
        """
        n_bits, n_anchors = check_integer(self.n_bits, "n_bits"), check_integer(self.n_anchors, "n_anchors")
        n_iter = check_integer(self.n_iter, "n_iter")
        gamma, ridge = check_positive(self.gamma, "gamma"), check_positive(self.ridge, "ridge")
        kernels, labels = self._anchored(X, y, n_anchors, gamma, check_random_state(self.random_state))
        means = kernels.mean(axis=0)
        kernels -= means
        # In coordinates in which (K^T K + ridge) / n is the identity, all directions weigh the same.
        gram = kernels.T @ kernels
        gram[np.diag_indices_from(gram)] += ridge * np.trace(gram) / len(gram)
        factor = cholesky(gram / len(kernels), lower=True)
        whitened = solve_triangular(factor, kernels.T, lower=True).T
        residual = Residual(labels, n_bits)
        weights = np.empty((len(gram), n_bits))
        self.losses_ = np.empty(n_bits)
        for k in range(n_bits):
            weights[:, k], signs = greedy_bit(whitened, residual, n_iter)
            self.losses_[k] = residual.take(signs)
        self.coefficients_ = solve_triangular(factor, weights, lower=True, trans="T")
        self.intercepts_ = -means @ self.coefficients_
        self._n_features_out = n_bits
        return self


class Residual:
    """What r S lacks of the bits so far, R = r S - H H^T, by arrays of n and of n_sets rows with n_sets columns.

    There are as many sets as points have different labels: for classes their number, with several labels up to n.

    Parameters
    ----------
    labels : (n, n_labels) array of float64
        0 or 1.
    n_bits : int
        r.

    Examples
    --------
    >>> residual = Residual(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), n_bits=2)
    >>> residual @ np.eye(3)
    array([[ 2.,  2., -2.],
           [ 2.,  2., -2.],
           [-2., -2.,  2.]])
    >>> residual.take(np.array([1.0, 1.0, -1.0]))  # half of what there was; the loss is its square
    0.25
    """

    def __init__(self, labels: Floats, n_bits: int) -> None:
        sets, self._groups = label_sets(labels)
        self.n_bits = n_bits
        self._members = np.eye(len(sets))[self._groups]  # (n, n_sets)
        self._similar = np.where(sets @ sets.T > 0, float(n_bits), -float(n_bits))  # r S, between sets of labels
        self._bits: Floats = np.empty((len(labels), 0))
        self._loss = 1.0

    def __matmul__(self, values: Floats) -> Floats:
        """Multiply by an array of shape (n,) or (n, k)."""
        of_labels = (self._similar @ (self._members.T @ values))[self._groups]
        product: Floats = of_labels - self._bits @ (self._bits.T @ values)
        return product

    def take(self, bit: Floats) -> float:
        """Subtract the product of a bit, -1 and +1 of shape (n,), with itself; return the mean square of R / r."""
        n = len(bit)
        # |R - h h^T|^2 = |R|^2 - 2 h^T R h + (h^T h)^2
        self._loss += float(1 - 2 * (bit @ (self @ bit)) / n**2) / self.n_bits**2
        self._bits = np.column_stack([self._bits, bit])
        return self._loss


def greedy_bit(kernels: Floats, residual: Residual, n_iter: int) -> tuple[Floats, Floats]:
    """Find the weights a for which the signs h of K a make h^T R h large.

    Parameters
    ----------
    kernels : (n, m) array of float64
        K.
    residual : Residual
        R.
    n_iter : int
        Steps of the gradient ascent, at most.

    Returns
    -------
    weights : (m,) array of float64
    signs : (n,) array of float64, -1 or +1

    Examples
    --------
    >>> residual = Residual(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), n_bits=2)
    >>> weights, signs = greedy_bit(np.array([[2.0], [1.0], [-3.0]]), residual, n_iter=10)
    >>> signs
    array([ 1.,  1., -1.])
    """
    m = kernels.shape[1]
    _, vectors = eigh(kernels.T @ (residual @ kernels), subset_by_index=[m - 1, m - 1])
    start = with_settled_signs(vectors)[:, 0]
    refined = minimize(
        surrogate_loss, start, (kernels, residual), method="L-BFGS-B", jac=True, options={"maxiter": n_iter}
    ).x
    found = [(weights, np.where(kernels @ weights >= 0, 1.0, -1.0)) for weights in (start, refined)]
    return max(found, key=lambda pair: float(pair[1] @ (residual @ pair[1])))


def surrogate_loss(weights: Floats, kernels: Floats, residual: Residual) -> tuple[float, Floats]:
    """Put the sigmoid in the place of the sign: minus z^T R z / (n^2 r) with z = phi(K a), and its gradient in a.

    Parameters
    ----------
    weights : (m,) array of float64
    kernels : (n, m) array of float64
    residual : Residual

    Returns
    -------
    loss : float
    gradient : (m,) array of float64
    """
    smooth = np.tanh(kernels @ weights / 2)  # which is 2 / (1 + exp(-x)) - 1
    pulled = (residual @ smooth) / (len(kernels) ** 2 * residual.n_bits)
    return -float(smooth @ pulled), -kernels.T @ (pulled * (1 - smooth**2))
