"""The partition step of GRH: one classifier a bit, taught the regularised bits of the training points.

Each maker is given the training features once, and keeps what every bit and every round can share: the kernel, its
factor. Its ``fit(bits)`` returns a model for unseen points, and the bits that the model gives the training points.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from sklearn.base import clone, is_classifier
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import get_tags

from .kernels import KernelModel, gaussian_kernel, kernel_width
from .seeding import seeded

__all__ = ["CLASSIFIERS", "make_classifier"]

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

_BLOCK_ROWS = 4096  # rows whose kernel with the landmarks is held in double precision
_KERNEL_ROWS = 4096  # training points up to which linear machines share a kernel matrix, of 128 MB at most
_JITTER = 1e-10  # of the mean diagonal: far more than rounding loses, far less than the ridge


class Model(Protocol):
    """What a fitted maker returns."""

    def predict(self, features: Floats) -> Bits:
        """Return bool (n, n_fitted_bits) for float64 (n, n_features)."""


class Maker(Protocol):
    """What holds the training features, and fits bits to them."""

    def fit(self, bits: Bits) -> tuple[Model, Bits]:
        """Return the model of bool (n_training, n_bits), and the bits that it gives the training points."""


class LinearModel:
    """Hyperplanes: features @ weights + intercepts > 0."""

    def __init__(self, weights: Floats, intercepts: Floats) -> None:
        self.weights = weights
        self.intercepts = intercepts

    def scores(self, features: Floats) -> Floats:
        return features @ self.weights + self.intercepts

    def predict(self, features: Floats) -> Bits:
        return self.scores(features) > 0


class EstimatorModel:
    """Scikit-learn estimators: one for all bits, or one a bit. A positive decision, else prediction, is a 1."""

    def __init__(self, estimators: list[Any], n_bits: int) -> None:
        self.estimators = estimators
        self.n_bits = n_bits

    def predict(self, features: Floats) -> Bits:
        columns = [np.asarray(_decision(estimator)(features)) > 0 for estimator in self.estimators]
        return np.column_stack(columns).reshape(len(features), self.n_bits)


def _decision(estimator: Any) -> Any:
    return estimator.decision_function if hasattr(estimator, "decision_function") else estimator.predict


def class_weights(bits: Bits, rule: str | None) -> dict[int, float] | None:
    """Weigh the two sides of one bit, shape (n,): equally, or the rarer one by the ceiling of the ratio of sizes.

    Examples
    --------
    >>> class_weights(np.array([True, False, False, False, False, False]), "ceiling")
    {0: 1.0, 1: 5.0}
    """
    if rule is None:
        return None
    ones = int(bits.sum())
    zeros = len(bits) - ones
    return {0: float(max(1, -(-ones // zeros))), 1: float(max(1, -(-zeros // ones)))}


def linear_svm(
    features: Floats, *, C: float, loss: str, fit_intercept: bool, class_weight: str | None, seed: int
) -> Maker:
    """Choose how to fit linear support vector machines: from one kernel matrix (libsvm), or without it (liblinear).

    The kernel is for the hinge loss with an intercept, and for as many points as its matrix suits. There the intercept
    is not penalised; liblinear penalises it as one more weight. Which of the two is faster depends on the shape: the
    time of a bit grows with the number of features in liblinear only, so the kernel gains with many features, and loses
    with few.
    """
    if loss == "hinge" and fit_intercept and len(features) <= _KERNEL_ROWS:
        return KernelSVM(features, C, class_weight, features @ features.T)
    svm = LinearSVC(C=C, loss=loss, fit_intercept=fit_intercept, dual=True, max_iter=10_000, random_state=seed)
    return LinearSVM(features, class_weight, svm)


def rbf_svm(features: Floats, *, C: float, gamma: float, class_weight: str | None, seed: int) -> Maker:
    """Support vector machines with a Gaussian kernel."""
    return KernelSVM(features, C, class_weight, *gaussian_kernel(features, gamma, seed))


class LinearSVM:
    """One linear support vector machine a bit, by liblinear."""

    def __init__(self, features: Floats, class_weight: str | None, svm: LinearSVC) -> None:
        self.features = features
        self.class_weight = class_weight
        self.svm = svm

    def fit(self, bits: Bits) -> tuple[Model, Bits]:
        weights = np.empty((self.features.shape[1], bits.shape[1]))
        intercepts = np.zeros(bits.shape[1])
        for k, bit in enumerate(bits.T):
            svm = clone(self.svm).set_params(class_weight=class_weights(bit, self.class_weight))
            svm.fit(self.features, bit.astype(int))
            weights[:, k] = svm.coef_[0]
            intercepts[k] = np.ravel(svm.intercept_)[0]
        model = LinearModel(weights, intercepts)
        return model, model.predict(self.features)


class KernelSVM:
    """One support vector machine a bit, by libsvm, all on one kernel matrix; without a gamma it is the linear one."""

    def __init__(
        self, features: Floats, C: float, class_weight: str | None, kernel: Floats, gamma: float | None = None
    ) -> None:
        self.features = features
        self.class_weight = class_weight
        self.kernel = kernel
        self.gamma = gamma
        self.svm = SVC(C=C, kernel="precomputed")

    def fit(self, bits: Bits) -> tuple[Model, Bits]:
        weights = np.zeros(bits.shape)
        intercepts = np.empty(bits.shape[1])
        for k, bit in enumerate(bits.T):
            svm = clone(self.svm).set_params(class_weight=class_weights(bit, self.class_weight))
            svm.fit(self.kernel, bit.astype(int))
            weights[svm.support_, k] = svm.dual_coef_[0]
            intercepts[k] = svm.intercept_[0]
        if self.gamma is None:
            linear = LinearModel(self.features.T @ weights, intercepts)
            return linear, linear.predict(self.features)
        model = KernelModel(self.features, self.gamma, weights, intercepts)
        return model, self.kernel @ weights + intercepts > 0


class KernelRidge:
    """Least squares on the bits as +1 and -1, with a Gaussian kernel: one Cholesky factor serves every bit."""

    def __init__(self, features: Floats, *, gamma: float, ridge: float, seed: int) -> None:
        self.features = features
        self.ridge = ridge
        kernel, self.gamma = gaussian_kernel(features, gamma, seed)
        kernel[np.diag_indices_from(kernel)] += ridge
        self.factor = cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)

    def fit(self, bits: Bits) -> tuple[Model, Bits]:
        signs = np.where(bits, 1.0, -1.0)
        weights = cho_solve(self.factor, signs, check_finite=False)
        model = KernelModel(self.features, self.gamma, weights, np.zeros(bits.shape[1]))
        # (K + ridge I) w = signs, so K w, what the model gives the training points, needs no K.
        return model, signs - self.ridge * weights > 0


class RbfLandmarks:
    """Kernel ridge in which only kernels around a few of the training points, the landmarks, are summed.

    With K the kernel between the n points and the m landmarks and K_m that between landmarks, the weights w solve
    (K^T K + ridge K_m) w = K^T signs. That is ridge regression on Nystroem features, K K_m^(-1/2), and with all points
    as landmarks it is kernel ridge. Time grows with n m^2 and memory with n m: nothing is n x n.

    References
    ----------
    C. K. I. Williams and M. Seeger, "Using the Nystroem method to speed up kernel machines", NIPS 2000.
    """

    def __init__(self, features: Floats, *, gamma: float, ridge: float, n_landmarks: int, seed: int) -> None:
        rows = np.random.RandomState(seed).permutation(len(features))[:n_landmarks]
        self.landmarks = features[rows]
        self.gamma = kernel_width(features, gamma, seed)
        # Single precision will do for the one large array, but not for K^T K: its smallest eigenvalues are tiny.
        self.kernel = np.empty((len(features), len(rows)), dtype=np.float32)
        gram = ridge * rbf_kernel(self.landmarks, gamma=self.gamma)
        for block in self._blocks():
            kernel = rbf_kernel(features[block], self.landmarks, gamma=self.gamma)
            gram += kernel.T @ kernel
            self.kernel[block] = kernel
        gram[np.diag_indices_from(gram)] += _JITTER * np.trace(gram) / len(gram)
        self.factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)

    def fit(self, bits: Bits) -> tuple[Model, Bits]:
        signs = np.where(bits, np.float32(1), np.float32(-1))
        taught = np.zeros((len(self.landmarks), bits.shape[1]))
        for block in self._blocks():
            taught += self.kernel[block].T @ signs[block]
        weights = cho_solve(self.factor, taught, check_finite=False)
        model = KernelModel(self.landmarks, self.gamma, weights, np.zeros(bits.shape[1]))
        return model, np.concatenate([self.kernel[block] @ weights > 0 for block in self._blocks()])

    def _blocks(self) -> list[slice]:
        return [slice(start, start + _BLOCK_ROWS) for start in range(0, len(self.kernel), _BLOCK_ROWS)]


class AnyEstimator:
    """A scikit-learn estimator: one fit for all bits where it predicts several outputs, else one clone a bit."""

    def __init__(self, features: Floats, estimator: Any, seed: int) -> None:
        self.features = features
        self.estimator = estimator
        self.random = np.random.RandomState(seed)

    def fit(self, bits: Bits) -> tuple[Model, Bits]:
        classifier = is_classifier(self.estimator)
        tags = get_tags(self.estimator)
        at_once = tags.target_tags.multi_output or (classifier and tags.classifier_tags.multi_label)
        if bits.shape[1] == 1:
            at_once = not tags.target_tags.single_output  # many take a single column only as a flat array
        # Classifiers are taught 0 and 1, which all of them take for several bits too; the rest -1 and +1.
        targets = bits.astype(int) if classifier else np.where(bits, 1.0, -1.0)
        pieces = [targets] if at_once else list(targets.T)
        estimators = [seeded(self.estimator, self.random).fit(self.features, piece) for piece in pieces]
        model = EstimatorModel(estimators, bits.shape[1])
        return model, model.predict(self.features)


_MAKERS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "linear-svm": (linear_svm, ("C", "loss", "fit_intercept", "class_weight")),
    "rbf-svm": (rbf_svm, ("C", "gamma", "class_weight")),
    "kernel-ridge": (KernelRidge, ("gamma", "ridge")),
    "rbf-landmarks": (RbfLandmarks, ("gamma", "ridge", "n_landmarks")),
}
CLASSIFIERS = tuple(_MAKERS)


def make_classifier(grh: Any, features: Floats, seed: int) -> Maker:
    """Prepare the classifier that the parameters of a GRH estimator ask for, on standardised training features."""
    if not isinstance(grh.classifier, str):
        return AnyEstimator(features, grh.classifier, seed)
    make, names = _MAKERS[grh.classifier]
    maker: Maker = make(features, seed=seed, **{name: getattr(grh, name) for name in names})
    return maker
