"""Graph Regularised Hashing as a scikit-learn transformer."""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .checks import check_graph, check_parameters
from .partition import make_classifier
from .published import published_settings
from .rounds import Training
from .start import Start

__all__ = ["GRH"]

Bits = NDArray[np.bool_]

_BLOCK_ROWS = 4096  # rows encoded at a time: bounds the float64 copy of the features
_BLOCK_VALUES = 1 << 24  # and the kernel between a block and the training points, 128 MB


class GRH(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Graph Regularised Hashing: hash codes that agree within a class, or along any graph, and extend to new points.

    The training points start with the bits L of some hasher. Then each round (A) *regularises*: every bit becomes
    :math:`\mathrm{sgn}(\alpha S D^{-1} L + (1 - \alpha) L_\mathrm{ref})`, a vote of its neighbours in the graph S
    against its own; (B) *partitions*: one classifier a bit is taught these bits; (C) the classifiers' predictions are
    the new L. Unseen points are encoded by the classifiers of the last round.

    The classifiers see the features with the training mean subtracted and divided by one number, after which the mean
    squared norm of the training points is 1. So no default depends on the features' scale or number, and C = 1 suits
    the linear kernel as it suits the Gaussian one.

    Parameters
    ----------
    n_bits : int, default=32
        Bits of a code.
    alpha : float, default=1.0
        Weight of the graph against the reference bits, from 0 to 1. With one class a point and the previous bits as
        reference, at 0.5 and below the graph step changes no bit, whatever the labels.
    n_iter : int, default=1
        Rounds, at least 1. Training stops before when a round would repeat the one before it.
    initial : {"lsh", "cca-itq"} or hasher, default="lsh"
        Where the bits of the training points come from: ``LSH`` or ``CCAITQ`` (which needs y) on the features with the
        training mean subtracted, or any transformer to ``n_bits`` boolean columns, which is cloned and fitted to X as
        it is (and y).
    classifier : {"linear-svm", "rbf-svm", "kernel-ridge", "rbf-landmarks"} or estimator, default="linear-svm"
        All but the first have a Gaussian kernel: between all training points, or, for "rbf-landmarks", which is kernel
        ridge for many labels, between them and a few. A scikit-learn estimator is cloned; it is fitted once where it
        takes several outputs, else once a bit.
    reference : {"previous", "initial"}, default="previous"
        L_ref: the bits before this round, or those before the first.
    sign_of_zero : {-1, 1}, default=-1
        sgn(0), which decides where the neighbours are split evenly.
    normalise : {"columns", "rows"}, default="columns"
        S D^-1, as published, or D^-1 S. They differ only where points have several labels, or for a given graph.
    degenerate : {"redraw", "split", "keep"}, default="redraw"
        What becomes of a bit on which all training points agree after the graph step, so that there is nothing to
        learn. See Notes.
    C : float, default=1.0
        Inverse strength of the regularisation of both support vector machines.
    loss : {"hinge", "squared_hinge"}, default="hinge"
        Of the linear support vector machine.
    fit_intercept : bool, default=True
        Whether the hyperplanes of the linear support vector machine may leave the origin.
    class_weight : {None, "ceiling"}, default=None
        Weights of the two sides of a bit in both support vector machines: equal, or the rarer side weighs the ceiling
        of the ratio of their sizes.
    gamma : float, default=2.0
        Of the Gaussian kernel exp(-gamma squared distance), in units of 1 / the median squared distance between
        training points.
    ridge : float, default=0.1
        Regularisation of kernel ridge, on landmarks too: added to the diagonal of the kernel matrix, which is 1.
    n_landmarks : int, default=300
        Of "rbf-landmarks": training points, drawn at random, around which there is a kernel; all where there are fewer.
        More are better and slower.
    random_state : int, RandomState instance or None, default=None
        Draws the start: for an integer, the hyperplanes of ``LSH`` with the same seed. Then seeds the classifiers. A
        hasher or an estimator that is given gets a seed wherever its own ``random_state`` is None.

    Attributes
    ----------
    history_ : list of Round
        The start and each round: bits after both steps, how many changed, agreement with the graph, objective.
        ``pandas.DataFrame(grh.history_)`` makes a table of it.
    n_iter_ : int
        Rounds run.
    converged_ : bool
        Whether a further round is known to repeat the last.
    mean_ : float64 array of shape (n_features,)
    scale_ : float
        What was subtracted from the features, and what they were divided by, for the classifiers.
    models_ : list of (columns, model)
        The bits that each round taught, and the model that predicts them; the first is the starting hasher.
    n_features_in_ : int

    Notes
    -----
    None of the published texts says what to do with a *degenerate* bit. ``"redraw"`` starts it again from a random
    hyperplane through the training mean, at most 100 times. ``"split"`` moves its threshold from zero to where it
    halves the training points best, keeping points with equal scores together; nothing random enters. Each falls back
    on the other. ``"keep"`` leaves the bit to the model that it has, at first the starting hasher; so do the others
    where both fail. Degenerate bits come in numbers when the start is poor, such as LSH on features that are not
    centred. Its bits then resemble each other, and so do their splits, where a new hyperplane brings something new:
    hence the default.

    References
    ----------
    S. Moran and V. Lavrenko, "Graph Regularised Hashing", ECIR 2015, section 3.

    Examples
    --------
    >>> X = np.array([[-2.0, 0], [-1, 1], [-1, -1], [1, 1], [1, -1], [2, 0]])
    >>> y = ["west", "west", "west", "east", "east", "east"]
    >>> grh = GRH(n_bits=2, random_state=0).fit(X, y)
    >>> bits = grh.transform([[-3.0, 0], [-3, 1], [3, 0]])
    >>> bool((bits[0] == bits[1]).all()), bool((bits[0] == bits[2]).any())
    (True, False)
    """

    def __init__(
        self,
        n_bits: int = 32,
        *,
        alpha: float = 1.0,
        n_iter: int = 1,
        initial: Any = "lsh",
        classifier: Any = "linear-svm",
        reference: str = "previous",
        sign_of_zero: int = -1,
        normalise: str = "columns",
        degenerate: str = "redraw",
        C: float = 1.0,
        loss: str = "hinge",
        fit_intercept: bool = True,
        class_weight: str | None = None,
        gamma: float = 2.0,
        ridge: float = 0.1,
        n_landmarks: int = 300,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.alpha = alpha
        self.n_iter = n_iter
        self.initial = initial
        self.classifier = classifier
        self.reference = reference
        self.sign_of_zero = sign_of_zero
        self.normalise = normalise
        self.degenerate = degenerate
        self.C = C
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.gamma = gamma
        self.ridge = ridge
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    @classmethod
    def as_published(cls, version: str, **parameters: Any) -> Self:
        """Make the estimator with the choices of one official version.

        Parameters
        ----------
        version : {"paper", "thesis", "matlab"}
            See :data:`l2h_tutorial.grh.PUBLISHED`.
        **parameters
            Any other parameter of the estimator; one that the version sets too wins over the version.

        Raises
        ------
        ValueError
            If there is no such version.

        Examples
        --------
        >>> GRH.as_published("matlab", n_bits=16).loss
        'squared_hinge'
        """
        return cls(**{**published_settings(version), **parameters})

    def fit(self, X: ArrayLike, y: Any = None, *, affinity: Any = None) -> Self:
        """Train on labelled points, or on points and a graph.

        Parameters
        ----------
        X : array of shape (n, n_features)
            Centred or not.
        y : array of shape (n,) or (n, n_labels), optional
            Classes, or a 0/1 indicator of labels: points that share one are neighbours.
        affinity : array, sparse matrix, LinearOperator or NormalisedAffinity of shape (n, n), optional
            The graph S, in place of y. Non-negative, symmetric, no empty row. One that is already normalised must be so
            as `normalise` says.

        Raises
        ------
        ValueError, TypeError
            If y and affinity are both given or both missing, are about another number of points, cannot be used, are
            normalised otherwise, or join all points (one class only); or if a parameter is not one of its values.
        """
        check_parameters(self)
        points: NDArray[Any] = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        graph = check_graph(y, affinity, len(points), self.normalise)
        random = check_random_state(self.random_state)
        self.mean_ = points.mean(axis=0, dtype=np.float64)
        features: NDArray[np.float64] = points - self.mean_
        self.scale_ = float(np.linalg.norm(features) / np.sqrt(len(features))) or 1.0
        features /= self.scale_
        # The start draws first: from an integer seed it gets the hyperplanes of LSH with that seed.
        start = Start(self.initial, self.n_bits, random, points, y, self.mean_)
        classifier = make_classifier(self, features, seed=random.randint(2**31 - 1))
        training = Training(self, graph, features, classifier, random)
        training.run(start.predict(points))
        self.history_ = training.history
        self.models_ = [(np.arange(self.n_bits), start), *training.models]
        self.n_iter_ = len(training.models)
        self.converged_ = training.converged
        self._n_features_out = self.n_bits
        return self

    def transform(self, X: ArrayLike) -> Bits:
        """Encode points.

        Parameters
        ----------
        X : array of shape (n, n_features)

        Returns
        -------
        bool array of shape (n, n_bits)
        """
        check_is_fitted(self)
        points: NDArray[Any] = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        last = np.zeros(self.n_bits, dtype=int)
        for number, (columns, _) in enumerate(self.models_):
            last[columns] = number
        result: Bits = np.empty((len(points), self.n_bits), dtype=np.bool_)
        for number in np.unique(last):
            columns = self.models_[number][0]
            current = last[columns] == number
            result[:, columns[current]] = self._predict(number, points)[:, current]
        return result

    def staged_transform(self, X: ArrayLike) -> Iterator[Bits]:
        """Encode points as after 0, 1, ..., ``n_iter_`` rounds; 0 is the starting hasher.

        Parameters
        ----------
        X : array of shape (n, n_features)

        Yields
        ------
        bool array of shape (n, n_bits)

        Examples
        --------
        >>> grh = GRH(n_bits=4, alpha=0.8, n_iter=3, random_state=0).fit([[0.0], [1], [2], [3]], [0, 0, 1, 1])
        >>> len(list(grh.staged_transform([[0.5], [2.5]]))) == grh.n_iter_ + 1
        True
        """
        check_is_fitted(self)
        points: NDArray[Any] = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        bits: Bits = np.empty((len(points), self.n_bits), dtype=np.bool_)
        for number, (columns, _) in enumerate(self.models_):
            bits[:, columns] = self._predict(number, points)
            yield bits.copy()

    def _predict(self, number: int, X: NDArray[Any]) -> Bits:
        """Return the bits that round `number` taught, of rows that are taken a block at a time."""
        columns, model = self.models_[number]
        bits: Bits = np.empty((len(X), len(columns)), dtype=np.bool_)
        n_training = len(self.history_[0].bits)
        step = max(1, min(_BLOCK_ROWS, _BLOCK_VALUES // n_training))
        for begin in range(0, len(X) if columns.size else 0, step):
            block = X[begin : begin + step]
            bits[begin : begin + step] = model.predict(block if number == 0 else (block - self.mean_) / self.scale_)
        return bits

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True  # or an affinity, which scikit-learn's checks do not know
        tags.transformer_tags.preserves_dtype = []  # bits come out, whatever goes in
        return tags
