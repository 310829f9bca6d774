"""Gaussian kernels around a few training points, the anchors: what kernel-based hashing sees in place of features."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import squareform
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel

from .base import CentredHasher
from .labels import required_labels

__all__ = ["AnchoredHasher", "kernel_gamma"]

Floats = NDArray[np.float64]

_MEDIAN_POINTS = 2000  # enough pairs for a stable median, few enough to be quick
_ZERO_DISTANCE = 1e-9  # of the mean squared norm: less is rounding


class AnchoredHasher(CentredHasher):
    """A supervised hasher whose bits are weighted sums of Gaussian kernels around anchors, plus an intercept, >= 0.

    A subclass learns ``coefficients_`` (n_anchors, n_bits) and ``intercepts_`` (n_bits,) in ``fit``, which begins with
    ``_anchored`` and sets ``_n_features_out``.
    """

    def _anchored(self, X: ArrayLike, y: Any, n_anchors: int, gamma: float, random: Any) -> tuple[Floats, Floats]:
        """Validate X and y, draw the anchors, and return the training points' kernels and labels.

        Returns
        -------
        kernels : (n, n_anchors) array of float64
        labels : (n, n_labels) array of float64, 0 or 1
        """
        centred = self._centred(X)
        labels = required_labels(y, centred, self)
        self.anchors_ = centred[random.permutation(len(centred))[:n_anchors]]
        self.gamma_ = kernel_gamma(centred, gamma)
        return rbf_kernel(centred, self.anchors_, gamma=self.gamma_), labels

    def _scores(self, centred: Floats) -> Floats:
        kernels = rbf_kernel(centred, self.anchors_, gamma=self.gamma_)
        scores: Floats = kernels @ self.coefficients_ + self.intercepts_
        return scores

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def kernel_gamma(points: Floats, gamma: float) -> float:
    """Divide gamma by the median squared distance between points, so that it does not depend on the features' scale.

    Parameters
    ----------
    points : (n, d) array of float64
        At least two, centred. Of more than 2,000 points, 2,000 at equal steps give the median.
    gamma : float

    Returns
    -------
    float
        For the kernel exp(-result squared distance). Where most points coincide, the mean takes the median's place;
        where all do, the result is gamma.

    Examples
    --------
    >>> kernel_gamma(np.array([[0.0], [1.0], [3.0]]), gamma=2.0)  # the squared distances are 1, 4 and 9
    0.5
    """
    some = points[:: -(-len(points) // _MEDIAN_POINTS)]
    squared = squareform(euclidean_distances(some, squared=True), checks=False)
    zero = _ZERO_DISTANCE * np.mean(some**2) * some.shape[1]
    typical = next((value for value in (np.median(squared), squared.mean()) if value > zero), 1.0)
    return float(gamma / typical)
