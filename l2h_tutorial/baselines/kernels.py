"""Hash by Gaussian kernels around anchors, which are labelled points: KSH and SDH."""

from typing import Any, ClassVar, Self

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve, cholesky, solve, solve_triangular
from scipy.optimize import minimize
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.utils import check_random_state

from ..affinity import checked_labels, label_sets
from ..checks import ArrayLike, Floats, check_integer, check_positive
from ..linalg import with_settled_signs
from ..lsh import Hasher, to_signs
from ..machines import kernel_gamma

_NU = 1e-5  # the weight of SDH's hash functions
_SWEEPS = 10  # sweeps of SDH's descent through all bits, at most; few are needed


class AnchoredHasher(Hasher):
    """Hash by weighted sums of kernels around anchors, plus an intercept: bits are the signs."""

    _needs_labels = True
    _constraints: ClassVar = {
        "ridge": check_positive,
        "n_iter": check_integer,
        "n_anchors": check_integer,
        "gamma": check_positive,
    }

    def _anchored(
        self, X: ArrayLike, y: Any, random: np.random.RandomState
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Begin to fit: draw the anchors, and compute the kernels around them.

        Returns the labels, the centred kernels K, their means, and K^T K with the ridge.
        """
        centred = self._centred(X, y)
        labels = checked_labels(y, centred)
        self.anchors_ = centred[random.permutation(len(centred))[: self.n_anchors]]
        self.gamma_ = kernel_gamma(centred, self.gamma)
        kernels = rbf_kernel(centred, self.anchors_, gamma=self.gamma_)
        means = kernels.mean(axis=0)
        kernels -= means
        gram = kernels.T @ kernels
        gram[np.diag_indices_from(gram)] += self.ridge * np.trace(gram) / len(gram)
        return labels, kernels, means, gram

    def _scores(self, centred: Floats) -> Floats:
        kernels = rbf_kernel(centred, self.anchors_, gamma=self.gamma_)
        return kernels @ self.coefficients_ + self.intercepts_


class KSH(AnchoredHasher):
    r"""Learn codes from kernels whose inner products say if two points share a label (KSH).

    S holds +1 for two training points that share a label and -1 for two that do not. For codes H of
    r bits, written as -1 and +1, KSH makes

    .. math:: \left\| \tfrac{1}{r} H H^T - S \right\|_F^2

    small, one bit after the other. Bit k is the sign of Ka, where K holds the kernels around the
    anchors minus their means. It fits the residual of the bits before it, :math:`R = rS -
    \sum_{j<k} h_j h_j^T`: it should make :math:`h_k^T R h_k` large.

    Without the sign the best a is an eigenvector. Gradient ascent begins there, with the sigmoid
    :math:`\varphi(x) = 2 / (1 + e^{-x}) - 1` instead of the sign. Where it finds nothing better,
    the eigenvector is kept.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code.
    n_anchors : int, default=2000
        Training points, drawn at random, around which there is a kernel; all where there are fewer.
        The paper has 300.
    gamma : float, default=2.0
        Width of the kernel exp(-gamma squared distance), in units of 1 / the median squared
        distance of training points.
    ridge : float, default=0.1
        Added to the diagonal of K^T K, as a multiple of its mean. The paper has none; see Notes.
    n_iter : int, default=100
        Most steps of the gradient ascent for each bit.
    random_state : int, RandomState instance or None, default=None
        Draws the anchors.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    anchors_ : (n_anchors, n_features) array of float64
        The anchors minus the mean.
    gamma_ : float
        Gamma of the kernel, in the units of the features.
    coefficients_ : (n_anchors, n_bits) array of float64
    intercepts_ : (n_bits,) array of float64
    n_features_in_ : int

    Notes
    -----
    The authors' program begins at an eigenvector without a ridge, and takes at most 500 accelerated
    gradient steps in the weights of the kernels themselves. Such steps hardly move along directions
    in which the kernels vary little, so that ending early is a regulariser. Here the ridge
    regularises. The ascent runs in coordinates in which all directions weigh the same, and ends at
    an optimum of the smooth objective. With a tuned width neither program is ahead, and ours is
    several times faster. With wide kernels, whose Gram matrix is nearly singular, theirs ranks
    better by about .01.

    S is never built, because its rows are equal for points with the same labels. With s classes or
    different sets of labels, it takes O(n s) memory, and a product with it O(n s) time. That is
    little for ten classes. But where nearly every point has its own set of labels, s is nearly n.

    References
    ----------
    W. Liu, J. Wang, R. Ji, Y.-G. Jiang and S.-F. Chang, "Supervised hashing with kernels", CVPR
    2012.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0], [3.0]])
    >>> y = ["out", "out", "in", "in", "out", "out"]  # no hyperplane separates these
    >>> KSH(1, gamma=8, random_state=0).fit_transform(X, y).ravel()
    array([False, False,  True,  True, False, False])
    """

    def __init__(
        self,
        n_bits: int = 16,
        *,
        ridge: float = 0.1,
        n_iter: int = 100,
        n_anchors: int = 2000,
        gamma: float = 2.0,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.ridge = ridge
        self.n_iter = n_iter
        self.n_anchors = n_anchors
        self.gamma = gamma
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
            If a parameter is out of its range, `X` is not a finite two-dimensional array, or `y` is
            missing, of another length, neither classes nor an indicator, the same for all points,
            or leaves a point without a label.
        """
        labels, kernels, means, gram = self._anchored(X, y, check_random_state(self.random_state))
        # In these coordinates (K^T K + ridge) / n is the identity: all directions weigh the same.
        factor = cholesky(gram / len(kernels), lower=True)
        whitened = solve_triangular(factor, kernels.T, lower=True).T
        residual = Residual(labels, self.n_bits)
        weights = np.empty((len(gram), self.n_bits))
        for k in range(self.n_bits):
            weights[:, k], bit = greedy_bit(whitened, residual, self.n_iter)
            residual.subtract(bit)
        self.coefficients_ = solve_triangular(factor, weights, lower=True, trans="T")
        self.intercepts_ = -means @ self.coefficients_
        return self


class Residual:
    """Multiply with R = r S - H H^T, what the bits H so far leave of r S, without building it.

    Points with the same labels share a row of S.
    """

    def __init__(self, labels: Floats, n_bits: int) -> None:
        sets, groups = label_sets(labels)
        self.n_bits = n_bits
        # R = F Q F^T. F has a column for each set of labels, which marks the points that have it,
        # and later a column for each bit. Q is at first r S between the sets.
        self._factors = np.eye(len(sets))[groups]
        self._between = np.where(sets @ sets.T > 0, 1.0, -1.0) * n_bits

    def __matmul__(self, values: Floats) -> Floats:
        """Multiply by an array of shape (n,) or (n, k)."""
        return self._factors @ (self._between @ (self._factors.T @ values))

    def subtract(self, bit: Floats) -> None:
        """Subtract the product of a bit, -1 and +1 of shape (n,), with itself."""
        self._factors = np.column_stack([self._factors, bit])
        self._between = block_diag(self._between, -1.0)

    def leading(self, kernels: Floats) -> Floats:
        """Return the unit vector a that makes a^T K^T R K a largest, from a matrix like Q."""
        basis, triangle = np.linalg.qr(kernels.T @ self._factors)
        _, vectors = np.linalg.eigh(triangle @ self._between @ triangle.T)
        return with_settled_signs(basis @ vectors[:, -1:])[:, 0]


def greedy_bit(kernels: Floats, residual: Residual, n_iter: int) -> tuple[Floats, Floats]:
    """Return weights a, and the signs h of K a, that make h^T R h large."""
    start = residual.leading(kernels)
    options = {"maxiter": n_iter}
    found = minimize(
        surrogate_loss, start, (kernels, residual), "L-BFGS-B", jac=True, options=options
    )
    bit = to_signs(kernels @ start >= 0)
    refined_bit = to_signs(kernels @ found.x >= 0)
    if refined_bit @ (residual @ refined_bit) > bit @ (residual @ bit):
        return found.x, refined_bit
    return start, bit


def surrogate_loss(weights: Floats, kernels: Floats, residual: Residual) -> tuple[float, Floats]:
    """Return minus z^T R z / (n^2 r) and its gradient, where z = phi(K a) replaces the sign."""
    smooth = np.tanh(kernels @ weights / 2)  # which is 2 / (1 + exp(-x)) - 1
    pulled = (residual @ smooth) / (len(kernels) ** 2 * residual.n_bits)
    return -float(smooth @ pulled), -kernels.T @ (pulled * (1 - smooth**2))


class SDH(AnchoredHasher):
    r"""Learn codes from which a linear classifier can read the labels, from kernels (SDH).

    Y is the 0/1 indicator of the labels, B holds codes of -1 and +1, and W is a linear classifier
    on the codes. Hash functions F predict the codes from kernels around anchors, by weights P and
    intercepts. SDH makes

    .. math::
        \|Y - BW\|_F^2 + \|W\|_F^2
        + \nu \left(\|B - F\|_F^2 + \epsilon \|P\|_F^2\right)

    small. It starts with random codes and improves W, F and B in turn. For given codes the best W
    and the best F are ridge regressions. For given W and F the codes stay discrete: if all other
    bits are fixed, the best value of one bit is a sign. One bit after the other is set so until
    none changes (*discrete cyclic coordinate descent*). With the paper's :math:`\nu` of 1e-5, the
    labels almost decide the codes: the points of a class share a few.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code.
    n_anchors : int, default=2000
        Training points, drawn at random, around which there is a kernel; all where there are fewer.
        The paper has 1,000.
    gamma : float, default=2.0
        Width of the kernel exp(-gamma squared distance), in units of 1 / the median squared
        distance of training points.
    ridge : float, default=0.01
        Epsilon, as a multiple of the mean sum of squares of a kernel over the training points.
    n_iter : int, default=5
        Turns.
    random_state : int, RandomState instance or None, default=None
        Draws the anchors and the first codes.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    anchors_ : (n_anchors, n_features) array of float64
        The anchors minus the mean.
    gamma_ : float
        Gamma of the kernel, in the units of the features.
    coefficients_ : (n_anchors, n_bits) array of float64
        P.
    intercepts_ : (n_bits,) array of float64
    codes_ : (n, n_bits) array of bool
        B, the training points' codes, which the hash functions learn.
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
    >>> y = ["out", "out", "in", "in", "out", "out"]  # no hyperplane separates these
    >>> bits = SDH(4, gamma=8, random_state=0).fit_transform(X, y)
    >>> len(np.unique(bits, axis=0))
    2
    """

    def __init__(
        self,
        n_bits: int = 16,
        *,
        ridge: float = 0.01,
        n_iter: int = 5,
        n_anchors: int = 2000,
        gamma: float = 2.0,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.ridge = ridge
        self.n_iter = n_iter
        self.n_anchors = n_anchors
        self.gamma = gamma
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any) -> Self:
        """Draw the anchors; improve hash functions, classifier and codes in turn.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : (n,) array of classes, or (n, n_labels) 0/1 indicator, dense or sparse

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of its range, `X` is not a finite two-dimensional array, or `y` is
            missing, of another length, neither classes nor an indicator, or the same for all
            points.
        """
        random = check_random_state(self.random_state)
        labels, kernels, means, gram = self._anchored(X, y, random)
        factor = cho_factor(gram, lower=True, overwrite_a=True)  # serves all turns
        codes = random.choice([-1.0, 1.0], (len(labels), self.n_bits))
        for _ in range(self.n_iter):
            # Hash functions: ridge regressions of the codes on the kernels. The ridge does not
            # shrink the intercepts.
            predicted = kernels @ cho_solve(factor, kernels.T @ codes) + codes.mean(axis=0)
            # Classifier: a ridge regression of the labels on the codes.
            code_gram = codes.T @ codes + np.eye(self.n_bits)
            classifier = solve(code_gram, codes.T @ labels, assume_a="pos")
            codes = cyclic_descent(codes, labels @ classifier.T + _NU * predicted, classifier)
        self.coefficients_ = cho_solve(factor, kernels.T @ codes)
        self.codes_ = codes > 0
        self.intercepts_ = codes.mean(axis=0) - means @ self.coefficients_
        return self


def cyclic_descent(codes: Floats, targets: Floats, classifier: Floats) -> Floats:
    """Reduce ||B W||^2 - 2 tr(B^T Q) by one bit of all points after the other, until none changes.

    B are the codes, W the classifier, Q the targets. Take bit k of a point, with the point's other
    bits b' and their rows W' fixed. The objective is then 2 b_k (b' W' w_k - q_k) plus a constant.
    So the best b_k is the sign of q_k - b' W' w_k.
    """
    codes = codes.copy()
    between = classifier @ classifier.T
    others = between - np.diag(between.diagonal())
    for _ in range(_SWEEPS):
        before = codes.copy()
        for k in range(codes.shape[1]):
            codes[:, k] = to_signs(targets[:, k] - codes @ others[:, k] >= 0)
        if np.array_equal(codes, before):
            break
    return codes
