"""Provide the controls that results with learned codes are compared with.

:class:`RandomCodes` know nothing about the data. :class:`OutputCodes` teach codewords that GRH did
not find to the classifiers of GRH. At alpha = 1 GRH's graph step gives every class one codeword, so
the comparison says what GRH's own codewords are worth, with all else equal. :class:`ClassScores`
need no hashing: a plain classifier has a code too, the predicted class, or all of its scores in a
few bits.
"""

import hashlib
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from scipy.linalg import hadamard
from scipy.special import softmax
from sklearn.metrics import pairwise_distances_argmin
from sklearn.utils import check_random_state, column_or_1d

from .affinity import checked_labels
from .checks import Array, ArrayLike, Bits, Floats, check_named, check_positive
from .codes import bits_to_integers, check_bits, integers_to_bits
from .grh import GRH, degenerate_bits
from .lsh import Hasher, in_blocks
from .machines import (
    CLASSIFIERS,
    KernelModel,
    cluster_centres,
    gaussian_kernel,
    make_classifier,
)
from .metrics import RingCounts, average_precision

__all__ = ["ClassScores", "OutputCodes", "RandomCodes", "hadamard_codewords", "random_codewords"]


class RandomCodes(Hasher):
    """Toss coins instead of hashing: what an experiment finds with these codes was not learned.

    A row's bits depend on its content only, so encoding it twice gives the same code. The bits are
    the SHAKE-256 digest of a key, drawn in ``fit``, and the row's numbers as float64. Equal rows
    share a code. The codes of rows that differ in the last digit of one number are no more alike
    than any other two.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code.
    random_state : int, RandomState instance or None, default=None
        Draws the key.

    Attributes
    ----------
    key_ : bytes
        What is digested before each row.
    n_features_in_ : int

    References
    ----------
    National Institute of Standards and Technology, "SHA-3 standard: permutation-based hash and
    extendable-output functions", FIPS 202, 2015.

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
        """Draw the key. Only the number of features is taken from the data.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If `n_bits` is not an integer of at least 1, or `X` is not a finite two-dimensional
            array.
        """
        self._training_points(X)
        self.key_ = check_random_state(self.random_state).bytes(16)
        return self

    def _encode(self, points: Array) -> Bits:
        """Return the first bits of each row's digest."""
        n_bytes = -(-self._n_features_out // 8)
        numbers = points.astype("<f8") + 0.0  # -0.0 becomes 0.0
        digests = [hashlib.shake_256(self.key_ + row.tobytes()).digest(n_bytes) for row in numbers]
        octets = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, n_bytes)
        return np.unpackbits(octets, axis=1, count=self._n_features_out).astype(bool)


class OutputCodes(Hasher):
    """Hash by error-correcting output codes: one classifier a bit learns the classes' codewords.

    With the codewords that GRH finds, this is GRH at alpha = 1 after one round.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code. With fewer than the logarithm of the number of classes to base 2, classes
        share codewords.
    codewords : {"random", "hadamard"} or (n_classes, n_bits) array of bool, default="random"
        See :func:`~l2h_tutorial.controls.random_codewords` and
        :func:`~l2h_tutorial.controls.hadamard_codewords`. An array has a row for each class, the
        classes sorted.
    classifier, gamma, ridge
        As for :class:`GRH`.
    random_state : int, RandomState instance or None, default=None
        Draws the codewords, then seeds the classifiers.

    Attributes
    ----------
    classes_ : (n_classes,) array
    codewords_ : (n_classes, n_bits) array of bool
    model_ : object
        Predicts the bits of standardised features.
    mean_, scale_ : array of float64 and float
        As for :class:`GRH`.
    n_features_in_ : int

    References
    ----------
    T. G. Dietterich and G. Bakiri, "Solving multiclass learning problems via error-correcting
    output codes", Journal of Artificial Intelligence Research 2, 1995.

    Examples
    --------
    >>> X, y = [[-2.0, 0], [-1, 0], [1, 1], [2, 1], [1, -1], [2, -1]], [0, 0, 1, 1, 2, 2]
    >>> codes = OutputCodes(3, codewords=np.eye(3, dtype=bool)).fit(X, y)
    >>> codes.transform([[-3.0, 0]]).astype(int)
    array([[1, 0, 0]])
    """

    _needs_labels = True
    _constraints: ClassVar = {
        "classifier": partial(check_named, names=CLASSIFIERS, method="predict"),
        "gamma": check_positive,
        "ridge": check_positive,
    }

    def __init__(
        self,
        n_bits: int = 16,
        *,
        codewords: Any = "random",
        classifier: Any = "linear-svm",
        gamma: float = 2.0,
        ridge: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.codewords = codewords
        self.classifier = classifier
        self.gamma = gamma
        self.ridge = ridge
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
            If a parameter is not one of its values, codewords do not fit the classes or leave a
            support vector machine nothing to separate, `X` is not a finite two-dimensional array,
            or `y` is missing, of another length, or one class.
        """
        features = self._standardised(self._centred(X, y))
        checked_labels(y, features)
        self.classes_, places = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        random = check_random_state(self.random_state)
        self.codewords_ = self._table(len(self.classes_), random)
        classifier = make_classifier(
            self.classifier,
            features,
            seed=random.randint(2**31 - 1),
            grh=GRH(gamma=self.gamma, ridge=self.ridge),
        )
        self.model_, _ = classifier(self.codewords_[places])
        return self

    def _table(self, n_classes: int, random: np.random.RandomState) -> Bits:
        """Make the codewords, or check those that are given."""
        makers = {"random": random_codewords, "hadamard": hadamard_codewords}
        if isinstance(self.codewords, str) and self.codewords in makers:
            return makers[self.codewords](n_classes, self._n_features_out, random)
        table = check_bits(self.codewords, self.n_bits, name="codewords")
        if len(table) != n_classes:
            raise ValueError(
                f"codewords must be one for each of the {n_classes} classes, got {len(table)}"
            )
        return table

    def _encode(self, points: Array) -> Bits:
        """Predict each bit by its classifier."""
        return self.model_.predict(self._features(points))


class ClassScores(Hasher):
    r"""Hash by a plain classifier: the code is the cell in which the chances of the classes lie.

    Kernel ridge learns one score a class, from -1 to +1. The softmax of the scores, times the
    temperature, is about the chance of each class. The inner product of the chances of two images
    is about the chance that they are of one class.

    K-means divides the chances of the training points into cells, and an image's code is the number
    of the nearest cell. A query ranks the cells of the database by the inner product of the cells'
    centres, not by the Hamming distance. So besides the codes a search keeps only a table of cells.

    A training point's own scores come from a classifier that has not seen it (leave-one-out, which
    for kernel ridge takes no second fit). A classifier is always sure of images that it has learned
    by heart.

    Parameters
    ----------
    n_bits : int, default=8
        Bits of a code, for 2^n_bits cells; at most as many cells as training points.
    temperature : float, default=5.0
        Factor of the scores before the softmax.
    gamma, ridge
        As for :class:`GRH`.
    random_state : int, RandomState instance or None, default=None
        Starts k-means.

    Attributes
    ----------
    model_ : object
        Scores the classes of standardised features.
    centres_ : (n_cells, n_classes) array of float64
    mean_, scale_ : array of float64 and float
        As for :class:`GRH`.
    n_features_in_ : int

    References
    ----------
    A. Sablayrolles, M. Douze, N. Usunier and H. Jegou, "How should we evaluate supervised
    hashing?", ICASSP 2017.

    Examples
    --------
    >>> X, y = [[-2.0, 0], [-1, 0], [1, 1], [2, 1], [1, -1], [2, -1]], [0, 0, 1, 1, 2, 2]
    >>> scores = ClassScores(2, random_state=0).fit(X, y)
    >>> scores.chances([[-3.0, 0], [3, 1]]).argmax(axis=1)
    array([0, 1])
    >>> bits = scores.transform([[-3.0, 0], [-2, 1], [3, 1]])
    >>> scores.mean_average_precision(bits[:1], bits[1:], [0], [0, 1])
    1.0
    """

    _needs_labels = True
    _constraints: ClassVar = {
        "temperature": check_positive,
        "gamma": check_positive,
        "ridge": check_positive,
    }

    def __init__(
        self,
        n_bits: int = 8,
        *,
        temperature: float = 5.0,
        gamma: float = 2.0,
        ridge: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.temperature = temperature
        self.gamma = gamma
        self.ridge = ridge
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any) -> Self:
        """Fit the classifier, and divide its scores into cells.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : (n,) array of classes, or (n, n_labels) 0/1 indicator, dense or sparse
            With several labels a point, chances are shared among them.

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of its range, `X` is not a finite two-dimensional array, or `y` is
            missing, of another length, neither classes nor an indicator, or the same for all
            points.
        """
        features = self._standardised(self._centred(X, y))
        signs = 2 * checked_labels(y, features) - 1
        kernel, gamma = gaussian_kernel(features, self.gamma)
        inverse = np.linalg.inv(kernel + self.ridge * np.eye(len(kernel)))
        weights = inverse @ signs
        self.model_ = KernelModel(weights, 0.0, features, gamma)
        unseen = self._softmax(signs - weights / np.diag(inverse)[:, None])
        n_different = len(np.unique(unseen.round(9), axis=0))
        n_cells = min(2**self._n_features_out, n_different)
        self.centres_ = cluster_centres(unseen, n_cells, self.random_state)
        return self

    def chances(self, X: ArrayLike) -> Floats:
        """Return how likely each class is for each row.

        Parameters
        ----------
        X : (n, n_features) array of numbers

        Returns
        -------
        (n, n_classes) array of float64
            Rows that sum to 1; classes in sorted order, labels as in the indicator.

        Raises
        ------
        sklearn.exceptions.NotFittedError, ValueError
            As for `transform`.
        """
        return in_blocks(self._chances, self._new_points(X))

    def _chances(self, points: Array) -> Floats:
        """Return the chances of the classes for a block of rows."""
        return self._softmax(self.model_.scores(self._features(points)))

    def _softmax(self, scores: Floats) -> Any:
        """Turn scores into chances of the classes."""
        return softmax(self.temperature * scores, axis=1)

    def _encode(self, points: Array) -> Bits:
        """Write the number of the nearest cell as bits."""
        cells = pairwise_distances_argmin(self._chances(points), self.centres_)
        return integers_to_bits(cells, self._n_features_out)

    def mean_average_precision(
        self,
        query_bits: Bits,
        database_bits: Bits,
        query_labels: ArrayLike,
        database_labels: ArrayLike,
    ) -> float:
        """Measure the ranking of the database by the chance of the same class.

        Rows of one cell are in random order.

        Parameters
        ----------
        query_bits, database_bits : (n_queries, n_bits) and (n, n_bits) arrays of bool
            As `transform` returns them.
        query_labels, database_labels : (n_queries,) and (n,) arrays of classes

        Returns
        -------
        float
            As :func:`~l2h_tutorial.mean_average_precision`, which ranks by the Hamming distance.
        """
        query_cells = bits_to_integers(query_bits)
        database_cells = bits_to_integers(database_bits)
        classes, class_numbers = np.unique(database_labels, return_inverse=True)
        counts = np.zeros((len(classes), len(self.centres_)), dtype=int)  # rows by class and cell
        np.add.at(counts, (class_numbers, database_cells), 1)
        relevant = (classes == np.array(query_labels)[:, None]).astype(int) @ counts
        ranked = np.argsort(-self.centres_ @ self.centres_.T, kind="stable")[query_cells]
        rings = RingCounts(counts.sum(axis=0)[ranked], np.take_along_axis(relevant, ranked, axis=1))
        return float(average_precision(rings).mean())


def random_codewords(n_classes: int, n_bits: int, random_state: Any = None) -> Bits:
    """Toss a coin for each class and bit, and again for a bit that is equal for all classes.

    Parameters
    ----------
    n_classes : int
        At least 2.
    n_bits : int
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    (n_classes, n_bits) array of bool

    Examples
    --------
    >>> random_codewords(10, 16, random_state=0).shape
    (10, 16)
    """
    random = check_random_state(random_state)
    codewords = random.random_sample((n_classes, n_bits)) < 0.5
    while (constant := degenerate_bits(codewords)).size:
        codewords[:, constant] = random.random_sample((n_classes, constant.size)) < 0.5
    return codewords


def hadamard_codewords(n_classes: int, n_bits: int, random_state: Any = None) -> Bits:
    """Take codewords from rows of a Hadamard matrix, which differ pairwise in half of the columns.

    Let m be the smallest power of two that is not below the number of classes. The bits come in
    blocks of m - 1: the columns of the matrix of order m without the constant first one, in random
    order. In each block the rows are given to the classes at random. So any two codewords differ in
    m / 2 bits of a whole block; so many codewords cannot all be farther apart. The last block is
    cut where `n_bits` ends.

    Parameters
    ----------
    n_classes : int
        At least 2.
    n_bits : int
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    (n_classes, n_bits) array of bool

    References
    ----------
    M. Plotkin, "Binary codes with specified minimum distance", IRE Transactions on Information
    Theory 6, 1960.

    Examples
    --------
    >>> codewords = hadamard_codewords(10, 15, random_state=0)
    >>> set((codewords[:, None] != codewords).sum(axis=2)[np.triu_indices(10, 1)].tolist())
    {8}
    """
    random = check_random_state(random_state)
    order = 1 << (n_classes - 1).bit_length()
    matrix = hadamard(order) > 0
    blocks = []
    for _ in range(0, n_bits, order - 1):
        rows = random.permutation(order)[:n_classes]
        blocks.append(matrix[rows][:, 1 + random.permutation(order - 1)])
    return np.hstack(blocks)[:, :n_bits]
