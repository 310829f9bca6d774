"""Hash vectors by random hyperplanes, and give every hasher what all hashers share.

:class:`Hasher` is the base of every hasher, :class:`LSH` the first of them. The functions at the
end say how often two vectors collide.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .checks import Array, ArrayLike, Bits, Floats, check_integer, is_as_checked

__all__ = [
    "LSH",
    "Hasher",
    "amplified_probability",
    "angle_between",
    "collision_probability",
    "row_blocks",
]


_LARGEST = 1e150  # value of a centred feature, at most: squares of these are summed
_BLOCK_ROWS = 4096  # rows encoded at a time: bounds the float64 copy of float32 features


class Estimator(BaseEstimator):
    """Check features in `fit` and afterwards, as scikit-learn estimators do."""

    _accept_sparse: ClassVar[Any] = False  # or "csr"
    _kinds: ClassVar[list[Any]] = [np.float64, np.float32]  # of features; others become the first

    def _checked(self, X: ArrayLike, **options: Any) -> Array:
        """Return features once they are checked; outside `fit`, they must have as many columns."""
        return validate_data(
            self, X, dtype=self._kinds, accept_sparse=self._accept_sparse, **options
        )

    def _new_points(self, X: ArrayLike) -> Array:
        """Begin to transform: check that `fit` came before, and return the checked features."""
        check_is_fitted(self)
        return np.asarray(X) if is_as_checked(X, self) else self._checked(X, reset=False)


def in_blocks(compute: Callable[[Array], Array], points: Array) -> Array:
    """Compute the result for one block of rows after the other, and join the results."""
    return np.vstack([compute(points[rows]) for rows in row_blocks(points.shape[0])])


class Hasher(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Estimator):
    """Transform vectors to boolean columns: the base of every hasher.

    ``n_bits`` is the first parameter. The parameters that a subclass adds are keywords of its
    constructor.

    A subclass begins its ``fit`` with ``_centred``, which checks `X` and keeps ``mean_``. A bit is
    True where a score of the centred features is 0 or more. The scores are a product with
    ``projections_``, unless ``_scores`` is overridden. A hasher that does not centre, such as
    ``LSH``, begins with ``_training_points``, which only checks, and overrides ``_encode``.

    Examples
    --------
    >>> class FirstFeatures(Hasher):
    ...     def fit(self, X, y=None):
    ...         self.projections_ = np.eye(self._centred(X).shape[1])[:, : self.n_bits]
    ...         return self
    >>> FirstFeatures(1).fit_transform([[1.0, 5.0], [3.0, 5.0]])
    array([[False],
           [ True]])
    """

    _needs_labels = False
    _constraints: ClassVar[dict[str, Callable[[Any, str], Any]]] = {}  # a check for a parameter

    def __init__(self, n_bits: int = 16) -> None:
        self.n_bits = n_bits

    def _training_points(self, X: ArrayLike, at_least: int = 1) -> Array:
        """Begin to fit: check the parameters, and return the checked features."""
        for name, check in self._constraints.items():
            check(getattr(self, name), name)
        self._n_features_out = check_integer(self.n_bits, "n_bits")
        return self._checked(X, ensure_min_samples=at_least)

    def _centred(self, X: ArrayLike, y: Any = None) -> Floats:
        """Begin to fit: check all input, and return the features without their mean."""
        if self._needs_labels and y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, "
                "but the target y is None"
            )
        return self._without_mean(self._training_points(X, at_least=2))

    def _without_mean(self, points: Array) -> Floats:
        """Keep the mean of the features as ``mean_``, and subtract it."""
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean_ = points.mean(axis=0, dtype=float)
            centred = points - self.mean_
        if not max(centred.max(), -centred.min()) <= _LARGEST:  # NaN is refused too
            largest = abs(points).max()
            raise ValueError(
                f"X has values up to {largest:.0e}, whose squares overflow: divide X by that"
            )
        return centred

    def _standardised(self, centred: Floats) -> Floats:
        """Divide centred features by ``scale_``, so that their mean squared norm is 1."""
        self.scale_ = float(np.linalg.norm(centred) / np.sqrt(len(centred))) or 1.0
        return centred / self.scale_

    def _features(self, points: Array) -> Floats:
        """Standardise any points as those of `fit`: subtract ``mean_``, divide by ``scale_``."""
        return (points - self.mean_) / self.scale_

    def transform(self, X: ArrayLike) -> Bits:
        """Hash each row.

        Parameters
        ----------
        X : (n, n_features) array of numbers
            With as many features as in `fit`.

        Returns
        -------
        (n, n_bits) array of bool

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ValueError
            If `X` has another number of features than in `fit`, or is not a finite two-dimensional
            array.
        """
        return in_blocks(self._encode, self._new_points(X))

    def _encode(self, points: Array) -> Bits:
        """Hash a block of rows."""
        # The mean is float64, so the difference is too, even for float32 features: their rounding
        # must not decide where a vector lies.
        return self._scores(points - self.mean_) >= 0

    def _scores(self, centred: Floats) -> Floats:
        """Return a number for each bit; the bit is the sign of that number."""
        return centred @ self.projections_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self._needs_labels
        tags.input_tags.sparse = bool(self._accept_sparse)
        tags.transformer_tags.preserves_dtype = []  # bits come out, whatever goes in
        return tags


def row_blocks(n: int) -> list[slice]:
    """Cut n rows into blocks that are computed one at a time.

    So the memory for intermediate results does not grow with n.

    Examples
    --------
    >>> row_blocks(5000)
    [slice(0, 4096, None), slice(4096, 8192, None)]
    """
    return [slice(start, start + _BLOCK_ROWS) for start in range(0, n, _BLOCK_ROWS)]


def to_signs(bits: Bits) -> Floats:
    """Write bits as +1 and -1."""
    return np.where(bits, 1.0, -1.0)


class LSH(Hasher):
    """Hash by signs of random projections: bit k is the vector's side of the k-th hyperplane.

    All hyperplanes go through the origin. Vectors that all lie in one corner of the space, as raw
    GIST values do, are hardly separated by them: centre the features first. A vector on a
    hyperplane gets a 1.

    Parameters
    ----------
    n_bits : int, default=16
        Hyperplanes, and so bits of a code.
    random_state : int, RandomState instance or None, default=None
        Draws the hyperplanes.

    Attributes
    ----------
    hyperplanes_ : (n_features, n_bits) array of float64
        A column is the normal of a hyperplane. Its coordinates are drawn from a Gaussian: for an
        integer seed, what ``np.random.seed(seed); np.random.randn(n_features, n_bits)`` gives.
    n_features_in_ : int

    References
    ----------
    M. Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002, section 3.

    Examples
    --------
    >>> X = np.array([[1.0, 2.0], [-1.0, -2.0]])
    >>> bits = LSH(3, random_state=0).fit_transform(X)
    >>> bits.shape, bits.dtype
    ((2, 3), dtype('bool'))
    >>> bool((bits[0] != bits[1]).all())  # opposite vectors differ in every bit
    True
    """

    _accept_sparse: ClassVar[Any] = "csr"

    def __init__(self, n_bits: int = 16, *, random_state: Any = None) -> None:
        self.n_bits = n_bits
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Draw the hyperplanes. Only the number of features is taken from the data.

        Parameters
        ----------
        X : (n, d) array or sparse matrix of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If `n_bits` is not an integer of at least 1, or `X` is not a finite two-dimensional
            array.
        """
        self._training_points(X)
        random = check_random_state(self.random_state)
        self.hyperplanes_ = random.standard_normal((self.n_features_in_, self.n_bits))
        return self

    def _encode(self, points: Array) -> Bits:
        """Return for each hyperplane whether a row lies on the side to which its normal points."""
        return points @ self.hyperplanes_ >= 0  # in float64, since the hyperplanes are


def angle_between(X: ArrayLike, Y: ArrayLike) -> Floats:
    """Return the angle in radians between each row of one array and the same row of another.

    Parameters
    ----------
    X, Y : (n, d) arrays of numbers
        Without zero rows, whose angle is undefined.

    Returns
    -------
    (n,) array of float64, from 0 to pi

    Raises
    ------
    ValueError
        If the shapes differ, are not two-dimensional, or the length of a row is zero or not finite.

    Notes
    -----
    Computed as ``2 atan2(|u - v|, |u + v|)`` of the unit vectors, which keeps small angles that an
    arccos would round to 0 (W. Kahan, "How futile are mindless assessments of roundoff", 2006,
    section 12).

    Examples
    --------
    >>> np.degrees(angle_between([[1, 0], [1, 0]], [[0, 2], [3, 0]])).round(6)
    array([90.,  0.])
    """
    if np.ndim(X) != 2 or np.shape(X) != np.shape(Y):
        raise ValueError(
            f"X and Y must be two-dimensional and of one shape, got {np.shape(X)} and {np.shape(Y)}"
        )
    pair = np.array([X, Y], dtype=float)
    lengths = np.linalg.norm(pair, axis=2, keepdims=True)
    invalid = ~((lengths > 0) & (lengths < np.inf))
    if invalid.any():
        raise ValueError(
            f"X and Y need rows of a positive, finite length, got {lengths[invalid][0]}"
        )
    u, v = pair / lengths
    difference, total = np.linalg.norm([u - v, u + v], axis=2)
    return 2 * np.arctan2(difference, total)


def collision_probability(angle: ArrayLike) -> Floats:
    """Return the probability that a random hyperplane has two vectors on one side: 1 - angle / pi.

    Parameters
    ----------
    angle : array of numbers
        Angles in radians, from 0 to pi.

    Returns
    -------
    array of float64, of the same shape

    Raises
    ------
    ValueError
        If an angle is outside 0 to pi.

    References
    ----------
    M. Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002, section 3.

    Examples
    --------
    >>> float(collision_probability(np.pi / 2))
    0.5
    """
    return 1 - _within(angle, np.pi, "an angle between two vectors is from 0 to pi") / np.pi


def _within(values: ArrayLike, highest: float, expected: str) -> Floats:
    """Return the values as an array, or refuse one that is below 0 or above `highest`."""
    array = np.asarray(values, dtype=float)
    outside = ~((array >= 0) & (array <= highest))
    if outside.any():
        raise ValueError(f"{expected}, got {array[outside][0]}")
    return array


def amplified_probability(p: ArrayLike, n_bits: int, n_tables: int = 1) -> Floats:
    """Return the probability that two items share a bucket in at least one of several tables.

    It is 1 - (1 - p^n_bits)^n_tables. All bits must agree in a table (AND); one table is enough
    (OR). Together they bend the line p into an S-curve.

    Parameters
    ----------
    p : array of numbers
        Probability that one bit agrees, from 0 to 1.
    n_bits : int
        Bits of a table's code, at least 1.
    n_tables : int, default=1
        Tables, at least 1.

    Returns
    -------
    array of float64, of the shape of `p`

    Raises
    ------
    TypeError, ValueError
        If a probability is outside 0 to 1, or a count is not an integer of at least 1.

    References
    ----------
    P. Indyk and R. Motwani, "Approximate nearest neighbors: towards removing the curse of
    dimensionality", STOC 1998.

    Examples
    --------
    >>> amplified_probability([0.5, 0.9], n_bits=4, n_tables=8).round(3)
    array([0.403, 1.   ])
    """
    probability = _within(p, 1, "a probability is from 0 to 1")
    n_bits = check_integer(n_bits, "n_bits")
    n_tables = check_integer(n_tables, "n_tables")
    # log1p and expm1 keep probabilities far below 1e-16, which many bits make
    with np.errstate(divide="ignore"):
        return -np.expm1(n_tables * np.log1p(-(probability**n_bits)))
