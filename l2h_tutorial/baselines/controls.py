"""A control for every experiment with hash codes: codes that say nothing about the points."""

import hashlib
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..checks import check_integer

__all__ = ["RandomCodes"]

Bits = NDArray[np.bool_]


class RandomCodes(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Coin tosses in place of a hash code: whatever an experiment gets out of them was not learned.

    A row's bits depend on its content and on nothing else, so that encoding it twice gives the same code. They are the
    SHAKE-256 digest of its numbers, as float64, after a key drawn in ``fit``. Equal rows share a code; rows that differ
    in the last digit of one number have nothing more in common than any other two.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code.
    random_state : int, RandomState instance or None, default=None
        Draws the key.

    Attributes
    ----------
    key_ : bytes
        What goes before each row into the digest.
    n_features_in_ : int

    References
    ----------
    National Institute of Standards and Technology, "SHA-3 standard: permutation-based hash and extendable-output
    functions", FIPS 202, 2015.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(1000, 4))
    >>> bits = RandomCodes(8, random_state=0).fit_transform(X)
    >>> nearly = RandomCodes(8, random_state=0).fit(X).transform(X + 1e-9)
    >>> bits.shape, bool(0.45 < (bits != nearly).mean() < 0.55)
    ((1000, 8), True)
    """

    def __init__(self, n_bits: int = 16, *, random_state: Any = None) -> None:
        self.n_bits = n_bits
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Draw the key; of X only the number of features is looked at.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If `n_bits` is not an integer of at least 1, or `X` is not a finite two-dimensional array.
        """
        n_bits = check_integer(self.n_bits, "n_bits")
        validate_data(self, X)
        self.key_ = check_random_state(self.random_state).bytes(16)
        self._n_features_out = n_bits
        return self

    def transform(self, X: ArrayLike) -> Bits:
        """Give each row its bits.

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
        points: NDArray[Any] = validate_data(self, X, reset=False)
        n_bytes = -(-self._n_features_out // 8)
        digests = np.empty((len(points), n_bytes), dtype=np.uint8)
        for row, point in zip(digests, points, strict=True):
            numbers = point.astype("<f8") + 0.0  # -0.0 becomes 0.0
            row[:] = np.frombuffer(hashlib.shake_256(self.key_ + numbers.tobytes()).digest(n_bytes), dtype=np.uint8)
        return np.unpackbits(digests, axis=1, count=self._n_features_out).astype(np.bool_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # bits come out, whatever goes in
        return tags
