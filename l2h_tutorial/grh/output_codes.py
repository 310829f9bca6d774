"""Controls for GRH that share its classifiers: one codeword a class, and the predicted class itself as a code.

At alpha = 1 the graph step of GRH gives every class one codeword, which classifiers then learn. Here the codewords come
from elsewhere, so that what GRH's own are worth can be measured with all else equal.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..checks import check_integer
from .checks import check_parameters
from .codewords import check_codewords, class_numbers, hadamard_codewords, random_codewords
from .estimator import GRH
from .partition import Maker, make_classifier

__all__ = ["OneHotClassifier", "OutputCodes"]

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

_BLOCK_ROWS = 4096  # rows encoded at a time: bounds the kernel between them and the training points
_KINDS = ("random", "hadamard", "one-hot")


class _ClassHasher(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What both share: classes, features standardised as for GRH, GRH's classifiers, encoding block by block."""

    def _prepare(self, X: ArrayLike, y: Any) -> tuple[Floats, NDArray[np.intp]]:
        """Validate, keep the classes, and return standardised features and each point's place among the classes."""
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None")
        points: NDArray[Any] = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        check_consistent_length(points, labels)
        self.classes_, places = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y must hold at least two classes, got one class only")
        self.mean_ = points.mean(axis=0, dtype=np.float64)
        features: Floats = points - self.mean_
        self.scale_ = float(np.linalg.norm(features) / np.sqrt(len(features))) or 1.0
        features /= self.scale_
        return features, places

    def _maker(self, features: Floats, random: Any) -> Maker:
        """Prepare the classifier as GRH does from the same parameters."""
        names = ("classifier", "C", "gamma", "ridge", "n_landmarks")
        settings = GRH(**{name: getattr(self, name) for name in names})
        check_parameters(settings)
        return make_classifier(settings, features, seed=random.randint(2**31 - 1))

    def transform(self, X: ArrayLike) -> Bits:
        """Encode points.

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
            bits[block] = self._encode((points[block] - self.mean_) / self.scale_)
        return bits

    def _encode(self, features: Floats) -> Bits:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []  # bits come out, whatever goes in
        return tags


class OutputCodes(_ClassHasher):
    """Error-correcting output codes as a hash: every class has a codeword, and one classifier a bit learns it.

    With GRH's own codewords this is GRH at alpha = 1 after one round.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code. With fewer than the logarithm of the number of classes to base 2, classes share codewords.
    codewords : {"random", "hadamard", "one-hot"} or (n_classes, n_bits) array of bool, default="random"
        See :func:`~l2h_tutorial.grh.codewords.random_codewords` and
        :func:`~l2h_tutorial.grh.codewords.hadamard_codewords`; "one-hot" has one bit a class, so `n_bits` must be
        the number of classes. An array has a row for each class, the classes sorted.
    classifier, C, gamma, ridge, n_landmarks
        As for :class:`GRH`.
    random_state : int, RandomState instance or None, default=None
        Draws the codewords, then seeds the classifiers.

    Attributes
    ----------
    classes_ : (n_classes,) array
    codewords_ : (n_classes, n_bits) array of bool
    model_ : object
        What predicts the bits of standardised features.
    mean_, scale_ : array of float64 and float
        As for :class:`GRH`.
    n_features_in_ : int

    References
    ----------
    T. G. Dietterich and G. Bakiri, "Solving multiclass learning problems via error-correcting output codes", Journal of
    Artificial Intelligence Research 2, 1995.

    Examples
    --------
    >>> X, y = [[-2.0, 0], [-1, 0], [1, 1], [2, 1], [1, -1], [2, -1]], [0, 0, 1, 1, 2, 2]
    >>> codes = OutputCodes(3, codewords="one-hot").fit(X, y)
    >>> codes.transform([[-3.0, 0]]).astype(int)
    array([[1, 0, 0]])
    """

    def __init__(
        self,
        n_bits: int = 16,
        *,
        codewords: Any = "random",
        classifier: Any = "linear-svm",
        C: float = 1.0,
        gamma: float = 2.0,
        ridge: float = 0.1,
        n_landmarks: int = 300,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.codewords = codewords
        self.classifier = classifier
        self.C = C
        self.gamma = gamma
        self.ridge = ridge
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any) -> Self:
        """Draw the codewords and teach them.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : (n,) array of classes

        Raises
        ------
        TypeError, ValueError
            If a parameter is not one of its values, codewords do not fit the classes or leave a bit with nothing to
            separate, `X` is not a finite two-dimensional array, or `y` is missing, of another length, or one class.
        """
        n_bits = check_integer(self.n_bits, "n_bits")
        features, places = self._prepare(X, y)
        random = check_random_state(self.random_state)
        self.codewords_ = self._codewords(n_bits, random)
        self.model_, _ = self._maker(features, random).fit(self.codewords_[places])
        self._n_features_out = n_bits
        return self

    def _codewords(self, n_bits: int, random: Any) -> Bits:
        n_classes = len(self.classes_)
        if not isinstance(self.codewords, str):
            return check_codewords(self.codewords, n_classes, n_bits)
        if self.codewords == "random":
            return random_codewords(n_classes, n_bits, random)
        if self.codewords == "hadamard":
            return hadamard_codewords(n_classes, n_bits, random)
        if self.codewords != "one-hot":
            raise ValueError(f"codewords must be one of {_KINDS} or an array of bool, got {self.codewords!r}")
        if n_bits != n_classes:
            raise ValueError(f"one-hot codewords have a bit a class: n_bits must be {n_classes}, got {n_bits}")
        return np.eye(n_classes, dtype=np.bool_)

    def _encode(self, features: Floats) -> Bits:
        bits: Bits = self.model_.predict(features)
        return bits


class OneHotClassifier(_ClassHasher):
    """A plain classifier used as a hash: the code of an image is the number of the class that it is predicted to be.

    One score a class is learned (the class against all others), and the highest wins. Searching within radius 0 returns
    the images with the same prediction; that is classification, and a supervised hash has to be better than it.

    Parameters
    ----------
    n_bits : int or None, default=None
        None: the code is one-hot, a bit a class, so that any two classes are equally far apart. A number: the class's
        place among the sorted classes as a binary number of so many bits, at least ceil(log2 n_classes).
    classifier : {"linear-svm", "rbf-svm", "kernel-ridge", "rbf-landmarks"} or estimator, default="linear-svm"
        As for :class:`GRH`. A scikit-learn classifier is fitted to the classes and predicts them in its own way.
    C, gamma, ridge, n_landmarks
        As for :class:`GRH`.
    random_state : int, RandomState instance or None, default=None
        Seeds the classifier, where it is named.

    Attributes
    ----------
    classes_ : (n_classes,) array
    codewords_ : (n_classes, n_bits) array of bool
    model_ : object
        What scores, or predicts, the classes of standardised features.
    mean_, scale_ : array of float64 and float
        As for :class:`GRH`.
    n_features_in_ : int

    References
    ----------
    A. Sablayrolles, M. Douze, N. Usunier and H. Jegou, "How should we evaluate supervised hashing?", ICASSP 2017.

    Examples
    --------
    >>> X = [[-2.0, 0], [-1, 0], [1, 1], [2, 1], [1, -1], [2, -1]]
    >>> y = ["west", "west", "north", "north", "south", "south"]
    >>> OneHotClassifier().fit(X, y).transform([[-3.0, 0], [3, 3]]).astype(int)  # north, south, west
    array([[0, 0, 1],
           [1, 0, 0]])
    >>> OneHotClassifier(2).fit(X, y).transform([[-3.0, 0], [3, 3]]).astype(int)
    array([[1, 0],
           [0, 0]])
    """

    def __init__(
        self,
        n_bits: int | None = None,
        *,
        classifier: Any = "linear-svm",
        C: float = 1.0,
        gamma: float = 2.0,
        ridge: float = 0.1,
        n_landmarks: int = 300,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.classifier = classifier
        self.C = C
        self.gamma = gamma
        self.ridge = ridge
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : (n,) array of classes

        Raises
        ------
        TypeError, ValueError
            If a parameter is not one of its values, `n_bits` is too small for the classes, `X` is not a finite
            two-dimensional array, or `y` is missing, of another length, or one class.
        """
        n_bits = None if self.n_bits is None else check_integer(self.n_bits, "n_bits")
        features, places = self._prepare(X, y)
        self.codewords_ = class_numbers(len(self.classes_), n_bits)
        random = check_random_state(self.random_state)
        self.model_: Any
        if isinstance(self.classifier, str):
            self.model_, _ = self._maker(features, random).fit(np.eye(len(self.classes_), dtype=np.bool_)[places])
        else:
            self.model_ = clone(self.classifier).fit(features, places)
        self._n_features_out = self.codewords_.shape[1]
        return self

    def _encode(self, features: Floats) -> Bits:
        if isinstance(self.classifier, str):
            predicted = self.model_.scores(features).argmax(axis=1)
        else:
            predicted = self.model_.predict(features)
        bits: Bits = self.codewords_[predicted]
        return bits
