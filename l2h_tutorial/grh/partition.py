"""The partition step of GRH: one classifier a bit, taught the regularised bits of the training points.

Each maker is given the training features once, and keeps what every bit and every round can share: the kernel, its
factor. Its ``fit(bits)`` returns a model for unseen points, and the bits that the model gives the training points.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from sklearn.base import clone, is_classifier
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import get_tags

__all__ = ["CLASSIFIERS", "make_classifier"]

CLASSIFIERS = ("linear-svm", "rbf-svm", "kernel-ridge")

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

_MEDIAN_POINTS = 2000  # enough pairs for a stable median, few enough to be quick
_ZERO_DISTANCE = 1e-9


class Model(Protocol):
    """What a fitted maker returns."""

    def predict(self, features: Floats) -> Bits:
        """Return bool (n, n_fitted_bits) for float64 (n, n_features)."""


class LinearModel:
    """Hyperplanes: features @ weights + intercepts > 0."""

    def __init__(self, weights: Floats, intercepts: Floats) -> None:
        self.weights = weights
        self.intercepts = intercepts

    def predict(self, features: Floats) -> Bits:
        return features @ self.weights + self.intercepts > 0


class KernelModel:
    """Weighted sums of Gaussian kernels around the training points, plus intercepts, > 0."""

    def __init__(self, training: Floats, gamma: float, weights: Floats, intercepts: Floats) -> None:
        self.training = training
        self.gamma = gamma
        self.weights = weights
        self.intercepts = intercepts

    def predict(self, features: Floats) -> Bits:
        return rbf_kernel(features, self.training, gamma=self.gamma) @ self.weights + self.intercepts > 0


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


class LinearSVM:
    """One linear support vector machine a bit, by liblinear."""

    def __init__(
        self, features: Floats, *, C: float, loss: str, fit_intercept: bool, class_weight: str | None, seed: int
    ) -> None:
        self.features = features
        self.class_weight = class_weight
        # The dual form is the only one for the hinge loss, and quick for both at this C.
        self.svm = LinearSVC(C=C, loss=loss, fit_intercept=fit_intercept, dual=True, max_iter=10_000, random_state=seed)

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


def gaussian_kernel(features: Floats, gamma: float, seed: int) -> tuple[Floats, float]:
    """Compute exp(-g squared distance) between all training points, g being gamma over the median squared distance.

    Where most points coincide the mean takes the median's place; where all do, 1. Of more than 2,000 points, 2,000
    drawn at random give the median.

    Returns
    -------
    kernel : float64 array of shape (n, n)
    g : float
    """
    squared = euclidean_distances(features, squared=True)
    rows = np.arange(len(features))
    if len(rows) > _MEDIAN_POINTS:
        rows = np.random.RandomState(seed).choice(rows, _MEDIAN_POINTS, replace=False)
    pairs = squared[np.ix_(rows, rows)][np.triu_indices(len(rows), 1)]
    # The features have unit mean squared norm: below this, a distance is zero and rounding.
    typical = next((value for value in (np.median(pairs), pairs.mean()) if value > _ZERO_DISTANCE), 1.0)
    g = float(gamma / typical)
    squared *= -g
    return np.exp(squared, out=squared), g


class RbfSVM:
    """One support vector machine a bit, by libsvm, all on one Gaussian kernel matrix."""

    def __init__(self, features: Floats, *, C: float, gamma: float, class_weight: str | None, seed: int) -> None:
        self.features = features
        self.class_weight = class_weight
        self.kernel, self.gamma = gaussian_kernel(features, gamma, seed)
        self.svm = SVC(C=C, kernel="precomputed")

    def fit(self, bits: Bits) -> tuple[Model, Bits]:
        weights = np.zeros(bits.shape)
        intercepts = np.empty(bits.shape[1])
        for k, bit in enumerate(bits.T):
            svm = clone(self.svm).set_params(class_weight=class_weights(bit, self.class_weight))
            svm.fit(self.kernel, bit.astype(int))
            weights[svm.support_, k] = svm.dual_coef_[0]
            intercepts[k] = svm.intercept_[0]
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
        estimators = [self._seeded().fit(self.features, piece) for piece in pieces]
        model = EstimatorModel(estimators, bits.shape[1])
        return model, model.predict(self.features)

    def _seeded(self) -> Any:
        """Clone the estimator, with a seed wherever it was given none: same ``random_state``, same bits."""
        estimator = clone(self.estimator)
        for name, value in sorted(estimator.get_params().items()):
            if value is None and (name == "random_state" or name.endswith("__random_state")):
                estimator.set_params(**{name: int(self.random.randint(2**31 - 1))})
        return estimator


def make_classifier(grh: Any, features: Floats, seed: int) -> LinearSVM | RbfSVM | KernelRidge | AnyEstimator:
    """Prepare the classifier that the parameters of a GRH estimator ask for, on standardised training features."""
    if not isinstance(grh.classifier, str):
        return AnyEstimator(features, grh.classifier, seed)
    if grh.classifier == "kernel-ridge":
        return KernelRidge(features, gamma=grh.gamma, ridge=grh.ridge, seed=seed)
    if grh.classifier == "rbf-svm":
        return RbfSVM(features, C=grh.C, gamma=grh.gamma, class_weight=grh.class_weight, seed=seed)
    return LinearSVM(
        features,
        C=grh.C,
        loss=grh.loss,
        fit_intercept=grh.fit_intercept,
        class_weight=grh.class_weight,
        seed=seed,
    )
