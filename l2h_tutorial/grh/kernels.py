"""The Gaussian kernel of GRH's classifiers, whose width follows the training points."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import squareform
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel

__all__ = ["KernelModel", "gaussian_kernel", "kernel_width"]

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

_MEDIAN_POINTS = 2000  # enough pairs for a stable median, few enough to be quick
_ZERO_DISTANCE = 1e-9


class KernelModel:
    """Weighted sums of Gaussian kernels around some points, plus intercepts, > 0."""

    def __init__(self, points: Floats, gamma: float, weights: Floats, intercepts: Floats) -> None:
        self.points = points
        self.gamma = gamma
        self.weights = weights
        self.intercepts = intercepts

    def scores(self, features: Floats) -> Floats:
        """Return float64 (n, n_fitted_bits) for float64 (n, n_features)."""
        scores: Floats = rbf_kernel(features, self.points, gamma=self.gamma) @ self.weights + self.intercepts
        return scores

    def predict(self, features: Floats) -> Bits:
        """Return the scores > 0."""
        return self.scores(features) > 0


def kernel_width(features: Floats, gamma: float, seed: int) -> float:
    """Divide gamma by the median squared distance between training points.

    Where most points coincide the mean takes the median's place; where all do, 1. Of more than 2,000 points, 2,000
    drawn at random give the median.

    Examples
    --------
    >>> kernel_width(np.array([[0.0], [1.0], [3.0]]), gamma=2.0, seed=0)  # the squared distances are 1, 4 and 9
    0.5
    """
    features = features[_sample(len(features), seed)]
    return _width(euclidean_distances(features, squared=True), gamma)


def gaussian_kernel(features: Floats, gamma: float, seed: int) -> tuple[Floats, float]:
    """Compute exp(-g squared distance) between all training points, g being their :func:`kernel_width`.

    Returns
    -------
    kernel : float64 array of shape (n, n)
    g : float
    """
    squared = euclidean_distances(features, squared=True)
    rows = _sample(len(features), seed)
    g = _width(squared if len(rows) == len(squared) else squared[np.ix_(rows, rows)], gamma)
    squared *= -g
    return np.exp(squared, out=squared), g


def _sample(n: int, seed: int) -> NDArray[np.intp]:
    """Choose the points whose distances give the median."""
    if n <= _MEDIAN_POINTS:
        return np.arange(n)
    return np.random.RandomState(seed).choice(n, _MEDIAN_POINTS, replace=False)


def _width(squared: Floats, gamma: float) -> float:
    pairs = squareform(squared, checks=False)
    # The features have unit mean squared norm: below this, a distance is zero and rounding.
    typical = next((value for value in (np.median(pairs), pairs.mean()) if value > _ZERO_DISTANCE), 1.0)
    return float(gamma / typical)
