"""What the baselines share: centring, encoding block by block, principal components, and checks of parameters."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = [
    "CentredHasher",
    "check_enough",
    "check_independent",
    "principal_components",
    "with_settled_signs",
]

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

_BLOCK_ROWS = 4096  # rows encoded at a time: bounds the float64 copy of float32 features
_DOUBTFUL = 1e-10  # of the variance: less than this and rounding can be told apart by singular values only


class CentredHasher(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A transformer to bits: True where a number made of the features less the training mean is 0 or more.

    A subclass learns in ``fit``, which begins with ``_centred`` and sets ``_n_features_out``. Its ``_scores`` gives
    the number for each bit: a product with ``projections_``, unless it is overridden.
    """

    def _centred(self, X: ArrayLike) -> Floats:
        """Validate training features, keep their mean, and return them without it."""
        points: NDArray[Any] = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        self.mean_ = points.mean(axis=0, dtype=np.float64)
        centred: Floats = points - self.mean_
        return centred

    def transform(self, X: ArrayLike) -> Bits:
        """Hash each row.

        Parameters
        ----------
        X : (n, n_features) array of numbers

        Returns
        -------
        (n, n_bits) array of bool

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ValueError
            If `X` has another number of features than in `fit`, or is not a finite two-dimensional array.
        """
        check_is_fitted(self)
        points: NDArray[Any] = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        bits: Bits = np.empty((len(points), self._n_features_out), dtype=np.bool_)
        for start in range(0, len(points), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            np.greater_equal(self._scores(points[block] - self.mean_), 0, out=bits[block])
        return bits

    def _scores(self, centred: Floats) -> Floats:
        scores: Floats = centred @ self.projections_
        return scores

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # bits come out, whatever goes in
        return tags


def check_enough(n_bits: int, centred: Floats) -> None:
    """Refuse more bits than the features have directions.

    Raises
    ------
    ValueError
        If `n_bits` exceeds the number of rows or of columns of `centred`.
    """
    n, d = centred.shape
    if n_bits > min(n, d):
        raise ValueError(
            f"n_bits must be at most {min(n, d)}, the directions of n_samples = {n} with n_features = {d}, "
            f"1 bit a direction; got {n_bits}"
        )


def check_independent(components: Floats, centred: Floats, mean: Floats) -> None:
    """Refuse principal components along which the features vary by no more than rounding: a bit would be noise.

    Parameters
    ----------
    components : (d, n_bits) array of float64
        The largest variance first.
    centred : (n, d) array of float64
        The features less their mean.
    mean : (d,) array of float64
        What was subtracted, and left rounding.

    Raises
    ------
    ValueError
        If there are more components than linearly independent directions, to rounding in float64; n points have at most
        n - 1. Features in float32 that are dependent only to their own rounding are not recognised.

    Examples
    --------
    >>> X = np.array([[-1.0, -2.0], [0.0, 0.0], [1.0, 2.0]])
    >>> check_independent(np.eye(2), X, np.zeros(2))
    Traceback (most recent call last):
        ...
    ValueError: n_bits must be at most 1, the linearly independent directions of X about its mean; got 2
    """
    scores = centred @ components
    n_bits = components.shape[1]
    gram = np.abs(scores.T @ scores)
    least = (2 * gram.diagonal() - gram.sum(axis=0)).min()  # no squared singular value is smaller, says Gershgorin
    far_off = np.finfo(np.float64).eps * max(centred.shape) * 10 * float(np.linalg.norm(mean))
    if n_bits < len(centred) and least > max(_DOUBTFUL * gram.diagonal().sum(), far_off**2):
        return
    singular = np.linalg.svd(scores, compute_uv=False)
    rounding = np.finfo(np.float64).eps * max(centred.shape) * max(singular[0], float(np.linalg.norm(mean)))
    independent = min(len(centred) - 1, int(np.sum(singular > rounding)))
    if n_bits > independent:
        raise ValueError(
            f"n_bits must be at most {independent}, the linearly independent directions of X about its mean; "
            f"got {n_bits}"
        )


def principal_components(centred: Floats, n_components: int) -> Floats:
    """Find the orthogonal directions along which centred features vary most.

    Parameters
    ----------
    centred : (n, d) array of float64
    n_components : int

    Returns
    -------
    (d, n_components) array of float64
        Unit columns, the largest variance first; the largest coordinate of each is positive, so that the same data
        give the same signs on every machine.

    Examples
    --------
    >>> principal_components(np.array([[-3.0, 0], [3, 0], [0, 1], [0, -1]]), 1)
    array([[1.],
           [0.]])
    """
    n, d = centred.shape
    if n >= d:  # the smaller of the two matrices has the same spectrum
        _, vectors = np.linalg.eigh(centred.T @ centred)
        components = vectors[:, ::-1][:, :n_components]
    else:
        components = np.linalg.svd(centred, full_matrices=False)[2][:n_components].T
    return with_settled_signs(components)


def with_settled_signs(vectors: Floats) -> Floats:
    """Turn each column so that its largest coordinate is positive: an eigenvector may come with either sign.

    Parameters
    ----------
    vectors : (n, n_vectors) array of float64

    Returns
    -------
    (n, n_vectors) array of float64

    Examples
    --------
    >>> with_settled_signs(np.array([[0.6, 0.8], [-0.8, 0.6]]))
    array([[-0.6,  0.8],
           [ 0.8,  0.6]])
    """
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return vectors * np.where(largest < 0, -1.0, 1.0)
