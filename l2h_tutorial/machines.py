"""Teach bits to classifiers: ridge regression and support vector machines, with kernels or without.

What GRH, its baselines and its controls share. `make_classifier` prepares a classifier that learns
all bits at once; first come the models that it returns, at the end the kernels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import squareform
from sklearn.base import clone, is_classifier
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.svm import SVC, LinearSVC

from .checks import Bits, Floats, with_progress
from .lsh import to_signs

# A classifier that is ready to learn bits, in every round anew: it gives back a model for unseen
# points, and the bits that the model predicts for the training points.
Classifier = Callable[[Bits], tuple[Any, Bits]]

# training points up to which linear machines share a kernel matrix, of 128 MB at most
_KERNEL_ROWS = 4096
_JITTER = 1e-10  # of the mean diagonal: far more than rounding loses, far less than the ridge
_MEDIAN_POINTS = 2000  # points for the median distance: enough to be stable, few enough to be quick
_MOST_POINTS = 20_000  # points between which a kernel is made, at most: 3.2 GB
_ZERO_DISTANCE = 1e-9  # smaller shares of the mean squared norm are rounding


@dataclass(eq=False)
class LinearModel:
    """Hold hyperplanes: a bit is 1 where features @ weights + intercepts > 0."""

    weights: Floats
    intercepts: Any

    def scores(self, features: Floats) -> Floats:
        """Return float64 (n, n_bits) for standardised features."""
        return features @ self.weights + self.intercepts

    def predict(self, features: Floats) -> Bits:
        """Return the scores > 0."""
        return self.scores(features) > 0


@dataclass(eq=False)
class KernelModel(LinearModel):
    """Hold hyperplanes in the values of Gaussian kernels around some points."""

    points: Floats
    gamma: float

    def scores(self, features: Floats) -> Floats:
        """Return float64 (n, n_bits) for standardised features."""
        return rbf_kernel(features, self.points, gamma=self.gamma) @ self.weights + self.intercepts


@dataclass(eq=False)
class EstimatorModel:
    """Hold scikit-learn estimators, one for each bit. A positive prediction is a 1."""

    estimators: list[Any]

    def predict(self, features: Floats) -> Bits:
        """Return the bits of all estimators side by side."""
        return np.column_stack([estimator.predict(features) for estimator in self.estimators]) > 0


def make_classifier(classifier: Any, features: Floats, seed: int, grh: Any) -> Classifier:
    """Prepare a classifier on standardised training features.

    A name is that of a function below, which reads its settings, such as C, from the parameters of
    a GRH. A scikit-learn estimator is cloned for each bit: classifiers learn 0 and 1, the rest -1
    and +1.
    """
    if isinstance(classifier, str):
        return CLASSIFIERS[classifier](features, seed, grh)

    def fit_clones(bits: Bits) -> tuple[EstimatorModel, Bits]:
        random = np.random.RandomState(seed)  # the same in every round
        targets = bits.astype(int) if is_classifier(classifier) else to_signs(bits)
        model = EstimatorModel(
            [seeded(classifier, random).fit(features, bit) for bit in with_progress(targets.T)]
        )
        return model, model.predict(features)

    return fit_clones


def seeded(estimator: Any, random: np.random.RandomState) -> Any:
    """Clone an estimator, with a seed wherever it was given none, so that ``random_state`` of GRH
    decides all.

    Examples
    --------
    >>> from l2h_tutorial import LSH
    >>> seeded(LSH(8), np.random.RandomState(0))
    LSH(n_bits=8, random_state=209652396)
    >>> seeded(LSH(8, random_state=1), np.random.RandomState(0))
    LSH(n_bits=8, random_state=1)
    """
    copy = clone(estimator)
    for name, value in sorted(estimator.get_params().items()):
        if value is None and (name == "random_state" or name.endswith("__random_state")):
            copy.set_params(**{name: int(random.randint(2**31 - 1))})
    return copy


def taught(model: LinearModel, inputs: Floats) -> tuple[LinearModel, Bits]:
    """Return a model, and what it predicts for the training points, whose features or kernels it
    multiplies.
    """
    return model, inputs @ model.weights + model.intercepts > 0


def linear_svm(features: Floats, seed: int, grh: Any) -> Classifier:
    """Fit linear support vector machines from one kernel matrix (libsvm), or without it
    (liblinear).

    The kernel is for the hinge loss with an intercept, and for as many points as its matrix suits.
    There the intercept is not penalised; liblinear penalises it as one more weight. Which of the
    two is faster depends on the shape: the time of a bit grows with the number of features in
    liblinear only.
    """
    if grh.loss == "hinge" and grh.fit_intercept and len(features) <= _KERNEL_ROWS:
        kernel = features @ features.T
        svm = SVC(C=grh.C, kernel="precomputed")

        def from_kernel(bits: Bits) -> tuple[LinearModel, Bits]:
            weights, intercepts = svm_weights(svm, kernel, bits, grh.class_weight)
            return taught(LinearModel(features.T @ weights, intercepts), features)

        return from_kernel
    svm = LinearSVC(
        C=grh.C,
        dual=True,
        loss=grh.loss,
        fit_intercept=grh.fit_intercept,
        max_iter=grh.max_iter,
        random_state=seed,
    )
    return lambda bits: taught(
        LinearModel(*svm_weights(svm, features, bits, grh.class_weight)), features
    )


def rbf_svm(features: Floats, seed: int, grh: Any) -> Classifier:
    """Fit support vector machines with a Gaussian kernel, all from one kernel matrix."""
    kernel, gamma = gaussian_kernel(features, grh.gamma, seed)
    svm = SVC(C=grh.C, kernel="precomputed")
    return lambda bits: taught(
        KernelModel(*svm_weights(svm, kernel, bits, grh.class_weight), features, gamma), kernel
    )


def kernel_ridge(features: Floats, seed: int, grh: Any) -> Classifier:
    """Fit least squares on the bits as +1 and -1, with a Gaussian kernel.

    One Cholesky factor serves every bit.
    """
    kernel, gamma = gaussian_kernel(features, grh.gamma, seed)
    np.fill_diagonal(kernel, 1 + grh.ridge)
    factor = cho_factor(kernel, lower=True)
    np.fill_diagonal(kernel, 1)  # as it was
    return lambda bits: taught(
        KernelModel(cho_solve(factor, to_signs(bits)), 0.0, features, gamma), kernel
    )


def rbf_landmarks(features: Floats, seed: int, grh: Any) -> Classifier:
    """Fit kernel ridge in which only kernels around a few of the training points, the landmarks,
    are summed.

    With K the kernel between the n points and the m landmarks and K_m that between landmarks, the
    weights w solve (K^T K + ridge K_m) w = K^T signs. That is ridge regression on Nystroem
    features, K K_m^(-1/2) (Williams and Seeger, NIPS 2000), and with all points as landmarks it is
    kernel ridge. Nothing is n x n.
    """
    order = np.random.RandomState(seed).permutation(len(features))
    landmarks = features[order[: grh.n_landmarks]]
    gamma = kernel_gamma(features, grh.gamma, seed)
    kernel = rbf_kernel(features, landmarks, gamma=gamma)
    gram = grh.ridge * rbf_kernel(landmarks, gamma=gamma) + kernel.T @ kernel
    gram[np.diag_indices_from(gram)] += _JITTER * np.trace(gram) / len(gram)
    factor = cho_factor(gram, lower=True)
    return lambda bits: taught(
        KernelModel(cho_solve(factor, kernel.T @ to_signs(bits)), 0.0, landmarks, gamma), kernel
    )


CLASSIFIERS: dict[str, Any] = {
    "linear-svm": linear_svm,
    "rbf-svm": rbf_svm,
    "kernel-ridge": kernel_ridge,
    "rbf-landmarks": rbf_landmarks,
}


def svm_weights(
    svm: Any, inputs: Floats, bits: Bits, class_weight: str | None = None
) -> tuple[Floats, Floats]:
    """Fit a support vector machine to one bit after the other; return weights and intercepts."""
    weights = np.zeros((inputs.shape[1], bits.shape[1]))
    intercepts = np.zeros(bits.shape[1])
    for k, bit in enumerate(with_progress(bits.T)):
        if class_weight:
            svm.set_params(class_weight=class_weights(bit))
        svm.fit(inputs, bit)
        if isinstance(svm, SVC):
            weights[svm.support_, k] = svm.dual_coef_[0]
        else:
            weights[:, k] = svm.coef_[0]
        intercepts[k] = np.squeeze(svm.intercept_)
    return weights, intercepts


def class_weights(bit: Bits) -> dict[int, float]:
    """Weigh the rarer side of a bit (n,) by the ceiling of the ratio of the sizes."""
    zeros, ones = np.bincount(bit)
    return {0: np.ceil(ones / zeros), 1: np.ceil(zeros / ones)}


# --- kernels and landmarks ------------------------------------------------------------------------


def kernel_gamma(
    points: Floats, gamma: float, seed: int | None = None, squared: Floats | None = None
) -> float:
    """Divide gamma by the median squared distance between points.

    So the same gamma suits features of any scale.

    Parameters
    ----------
    points : (n, d) array of float64
        At least two, centred. With more than 2,000 points, a sample gives the median.
    gamma : float
    seed : int, optional
        Draws a sample of 2,000 at random. Without it the sample is taken at equal steps, and has
        1,001 to 2,000 points.
    squared : (n, n) array of float64, optional
        The squared distances, if they are known already.

    Returns
    -------
    float
        For the kernel exp(-result squared distance). Where most points coincide, the mean is used
        instead of the median; where all coincide, the result is gamma.

    Examples
    --------
    >>> # The squared distances are 1, 4 and 9:
    >>> kernel_gamma(np.array([[0.0], [1.0], [3.0]]), gamma=2.0)
    0.5
    """
    n = len(points)
    if n > _MEDIAN_POINTS:
        sample = np.arange(0, n, -(-n // _MEDIAN_POINTS))
        if seed is not None:
            sample = np.random.RandomState(seed).choice(n, _MEDIAN_POINTS, replace=False)
        points = points[sample]
        squared = None
    if squared is None:
        squared = euclidean_distances(points, squared=True)
    pairs = squareform(squared, checks=False)
    zero = _ZERO_DISTANCE * np.mean(points**2) * points.shape[1]
    typical = np.median(pairs)
    if typical <= zero:
        typical = pairs.mean()
    return float(gamma / typical if typical > zero else gamma)


def gaussian_kernel(points: Floats, gamma: float, seed: int | None = None) -> tuple[Floats, float]:
    """Return exp(-g squared distance) between all points, and g, which is their `kernel_gamma`.

    A kernel that would not fit into memory is refused.
    """
    n = len(points)
    if n > _MOST_POINTS:
        size = f"{n:,} x {n:,} numbers, {8e-9 * n * n:.1f} GB; the limit is {_MOST_POINTS:,} points"
        raise ValueError(
            f"a kernel between all points would have {size}: "
            "GRH has classifier='rbf-landmarks' for more"
        )
    squared = euclidean_distances(points, squared=True)
    g = kernel_gamma(points, gamma, seed, squared)
    squared *= -g
    return np.exp(squared, out=squared), g


def cluster_centres(
    points: Floats, n_clusters: int, random_state: Any = None, max_iter: int = 300
) -> Floats:
    """Return the centres of k-means, which begins with k-means++ as it was published.

    That is, one candidate is drawn for each centre. Scikit-learn draws several and keeps the one
    that lowers the sum of squares most. Two points that are each other's nearest lower it by the
    same amount, so rounding would decide which of them begins a cluster.

    References
    ----------
    D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
    """

    def draw(X: Floats, k: int, random_state: Any) -> Floats:
        return kmeans_plusplus(X, k, random_state=random_state, n_local_trials=1)[0]

    kmeans = KMeans(n_clusters, init=draw, n_init=1, max_iter=max_iter, random_state=random_state)
    return kmeans.fit(points).cluster_centers_
