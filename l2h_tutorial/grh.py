"""Graph Regularised Hashing learns hash bits that follow a graph, and extends them to new points.

To read how it trains, begin with ``GRH.fit``. It prepares three things: the graph S
(`given_graph`, in ``affinity``), the bits L of the start (``_start``), and a classifier
(`make_classifier`). Then ``_train`` runs the paper's loop: regularise (`regularised_scores`,
`to_bits`), partition (the classifier), repeat.

The parts follow :class:`GRH` in this order: the start, the graph step, degenerate bits, and the
classifiers, whose kernels and support vector machines are in ``baselines.kernels``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve
from sklearn.base import clone, is_classifier
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import check_random_state

from .affinity import NormalisedAffinity, given_graph
from .baselines import CCAITQ
from .baselines.kernels import gaussian_kernel, kernel_gamma, svm_weights, with_progress
from .checks import Array, Bits, Floats, Integers, check_choice
from .lsh import LSH, Hasher

__all__ = [
    "GRH",
    "PUBLISHED",
    "LinearModel",
    "Round",
    "agreement",
    "make_classifier",
    "regularised_scores",
]

# The three official versions, as parameters of GRH: Moran and Lavrenko's paper (ECIR 2015), Moran's
# thesis (Edinburgh, 2016, chapter 7), and the Matlab program that they published in 2015. The
# thesis does not say what sgn(0) is; here it follows the paper. The versions also differ in the
# grids that they search and in the rule to stop. These belong to `tuning`, not to GRH.
_PAPER = {
    "reference": "previous",
    "sign_of_zero": -1,
    "normalise": "columns",
    "fit_intercept": True,
    "loss": "hinge",
    "class_weight": None,
}
_THESIS = _PAPER | {"reference": "initial", "fit_intercept": False}
_MATLAB = _THESIS | {
    "sign_of_zero": 1,
    "normalise": "rows",
    "loss": "squared_hinge",
    "class_weight": "ceiling",
}
PUBLISHED: dict[str, Any] = {"paper": _PAPER, "thesis": _THESIS, "matlab": _MATLAB}

# A classifier is prepared once and trained anew in every round. It takes the bits to learn, and
# returns a model for unseen points and the bits that this model predicts for the training points.
Classifier = Callable[[Bits], tuple[Any, Bits]]

# Draws a hyperplane for one bit: the bit of all training points, and the same after the graph step.
# None where no hyperplane leaves two sides.
Draw = Callable[[], tuple[Bits, Bits] | None]

# Scores nearer to 0 than this are 0 up to rounding: the mean of n bits is a multiple of 1 / n.
_ZERO = 1e-12
_REDRAWS = 100  # hyperplanes tried for a degenerate bit, at most
# Training points up to which the linear machine makes a kernel matrix for all bits: 128 MB at most.
_KERNEL_ROWS = 4096
# Added to a diagonal, in units of its mean: far more than rounding loses, far less than the ridge.
_JITTER = 1e-10


@dataclass(frozen=True, eq=False)
class Round:
    """Record what one round of training did; round 0 is the start.

    Attributes
    ----------
    number : int
        0 for the start, then 1, 2, ...
    flipped : int
        Bits of training points that the graph step changed: `regularised` against the bits at the
        end of the round before.
    changed : int
        Bits of training points that the classifiers did not learn: `bits` against `regularised`.
    degenerate : int
        Columns on which all points agreed after the graph step (see the parameter `degenerate` of
        `GRH`).
    agreement : float
        How often a point and a random neighbour in the graph have the same bit at the end of the
        round.
    regularised : (n_training, n_bits) array of bool
        The bits after the graph step, with degenerate bits redrawn, split or kept.
    bits : (n_training, n_bits) array of bool
        The bits at the end of the round, as the classifiers predict them. A bit that was kept is
        taught to no classifier, so it is the same in `regularised` and `bits`.
    """

    number: int
    flipped: int
    changed: int
    degenerate: int
    agreement: float
    regularised: Bits = field(repr=False)
    bits: Bits = field(repr=False)


class GRH(Hasher):
    r"""Learn hash codes that agree within a class, or along any graph, and extend to new points.

    The training points start with the bits L of some hasher. Then each round does three things.

    (A) *Regularise*: every bit becomes :math:`\mathrm{sgn}(\alpha S D^{-1} L + (1 - \alpha)
    L_\mathrm{ref})`, a vote of the point's neighbours in the graph S against its own bit.

    (B) *Partition*: one classifier a bit is taught these bits.

    (C) *Repeat*: the classifiers' predictions are the new L.

    Each bit of an unseen point comes from the classifier that was taught it last.

    The classifiers see the features with the training mean subtracted and divided by one number,
    after which the mean squared norm of the training points is 1. So no default depends on the
    scale or the number of the features, and C = 1 suits the linear kernel as well as the Gaussian.

    The parameters under *Other Parameters* are needed for the official versions only:
    :meth:`as_published` sets them.

    Parameters
    ----------
    n_bits : int, default=32
        Bits of a code.
    alpha : float, default=1.0
        Weight of the graph against the reference bits, from 0 to 1. With one class a point and the
        previous bits as reference, the graph step changes no bit at 0.5 and below, whatever the
        labels. With the initial bits as reference this holds below 0.5.
    n_iter : int, default=1
        Rounds, at least 1. When the rounds begin to repeat, those that would lead back to the
        present bits are left out.
    initial : {"lsh", "cca-itq"} or hasher, default="lsh"
        Where the bits of the training points come from. ``LSH`` or ``CCAITQ`` (which needs y) is
        fitted to the features with the training mean subtracted. Any other transformer to
        ``n_bits`` boolean columns is cloned and fitted to X as it is (and y).
    classifier : str or estimator, default="linear-svm"
        "linear-svm", "rbf-svm", "kernel-ridge", "rbf-landmarks", or a scikit-learn estimator. All
        named ones but the first have a Gaussian kernel. "rbf-svm" and "kernel-ridge" compute it
        between all training points, and refuse more than 20,000 of them, where it would take over
        3.2 GB. "rbf-landmarks" is kernel ridge for many labels: it computes the kernel between all
        training points and a few. An estimator is cloned for each bit. It is given the features
        after subtraction and division, so its own C, gamma or ridge is in their units, not in those
        of X.
    degenerate : {"redraw", "split", "keep"}, default="redraw"
        What becomes of a bit on which all training points agree after the graph step, so that there
        is nothing to learn. See Notes.
    C : float, default=1.0
        Inverse strength of the regularisation of both support vector machines. For more than 4,096
        points the linear one is fitted by another solver, which regularises the intercept too.
    gamma : float, default=2.0
        Width of the Gaussian kernel exp(-gamma squared distance), in units of 1 / the median
        squared distance between training points.
    max_iter : int, default=10000
        Most passes over the training points for each bit of a linear support vector machine
        without a kernel matrix: with squared hinge loss, without an intercept, or for more than
        4,096 points. A machine that was stopped says so in a `ConvergenceWarning` of scikit-learn.
        Then raise `max_iter`, or lower `C`.
    ridge : float, default=0.1
        Regularisation of kernel ridge, also with landmarks: added to the diagonal of the kernel
        matrix, which is 1.
    n_landmarks : int, default=300
        Landmarks of "rbf-landmarks": training points, drawn at random, around which there is a
        kernel. With fewer training points, all of them. More landmarks are better and slower.
    random_state : int, RandomState instance or None, default=None
        Draws the start: for an integer, the hyperplanes of ``LSH`` with the same seed. Then seeds
        the classifiers. A hasher or an estimator that is given gets a seed wherever its own
        ``random_state`` is None.

    Other Parameters
    ----------------
    reference : {"previous", "initial"}, default="previous"
        L_ref: the bits before this round, or those before the first.
    sign_of_zero : {-1, 1}, default=-1
        sgn(0), which decides where the neighbours are split evenly.
    normalise : {"columns", "rows"}, default="columns"
        S D^-1, as in the paper, or D^-1 S, as in the authors' program. They differ only where
        points have several labels, or for a given graph.
    loss : {"hinge", "squared_hinge"}, default="hinge"
        Loss of the linear support vector machine.
    fit_intercept : bool, default=True
        Whether the hyperplanes of the linear support vector machine may leave the origin.
    class_weight : {None, "ceiling"}, default=None
        Weights of the two sides of a bit in both support vector machines: equal, or the rarer side
        weighs the ceiling of the ratio of their sizes.

    Attributes
    ----------
    history_ : list of Round
        The start and each round: bits after both steps, how many changed, agreement with the graph.
        ``pandas.DataFrame(grh.history_)`` makes a table of it.
    n_iter_ : int
        Rounds run.
    period_ : int
        The rounds after which training repeats: 1 at a fixed point, 2 where two states take turns,
        0 where no round repeated an earlier one. It is right for classifiers that learn the same
        from the same bits.
    converged_ : bool
        Whether a further round is known to repeat the last: `period_` is 1.
    mean_ : float64 array of shape (n_features,)
        What is subtracted from the features for the classifiers.
    scale_ : float
        What these features are then divided by.
    start_mean_ : array of shape (n_features,)
        What is subtracted from the features for the starting hasher: ``mean_`` where `initial` is a
        name, else 0.
    models_ : list of (columns, model)
        The bits that each round taught, and the model that predicts them, None for none. The first
        is the starting hasher.
    n_features_in_ : int

    Notes
    -----
    The paper and the thesis do not say what becomes of a *degenerate* bit. The authors' programs
    differ: the Matlab program's linear and Gaussian classifiers leave a constant column, its
    landmark program flips one label, and the tutorial on texts draws a new vector.

    ``"redraw"`` is like the last: it starts the bit again from a random hyperplane through the
    training mean, and tries at most 100. ``"split"`` moves the bit's threshold from zero to where
    it halves the training points best, and keeps points with equal scores together; it draws
    nothing. Each falls back on the other. ``"keep"`` leaves the bit to the model that it has, at
    first the starting hasher; so do the other two rules where both fail.

    Many bits are degenerate when the start is poor, such as LSH on features that are not centred.
    The bits of such a start resemble each other, and so do their splits. A new hyperplane brings
    something new, so ``"redraw"`` is the default.

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

    _needs_labels = True  # or an affinity, which scikit-learn's checks do not know
    _choices: ClassVar = {
        "reference": ("previous", "initial"),
        "sign_of_zero": (-1, 1),
        "degenerate": ("redraw", "split", "keep"),
        "loss": ("hinge", "squared_hinge"),
        "class_weight": (None, "ceiling"),
    }

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
        max_iter: int = 10_000,
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
        self.max_iter = max_iter
        self.ridge = ridge
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    @classmethod
    def as_published(cls, version: str, **parameters: Any) -> Self:
        """Make the estimator with the choices of one official version.

        Parameters
        ----------
        version : {"paper", "thesis", "matlab"}
            See :data:`l2h_tutorial.grh.PUBLISHED`. The authors' Matlab program normalises the graph
            by rows (D^-1 S), which with one label a point is the same as by columns.
        **parameters
            Any other parameter of the estimator; one that the version sets too wins over the
            version.

        Raises
        ------
        ValueError
            If there is no such version.

        Examples
        --------
        >>> GRH.as_published("matlab", n_bits=16).loss
        'squared_hinge'
        """
        check_choice(version, "version", PUBLISHED)
        return cls(**(PUBLISHED[version] | parameters))

    def fit(self, X: ArrayLike, y: Any = None, *, affinity: Any = None) -> Self:
        """Train on labelled points, or on points and a graph.

        Parameters
        ----------
        X : array of shape (n, n_features)
            Centred or not.
        y : array of shape (n,) or (n, n_labels), optional
            Classes, or a 0/1 indicator of labels: points that share one are neighbours.
        affinity : array or sparse matrix of shape (n, n), optional
            The graph S, in place of y. Non-negative, symmetric, no empty row.

        Raises
        ------
        ValueError, TypeError
            If y and affinity are both given or both missing, are about another number of points,
            cannot be used, or join all points (one class only); if a parameter is not one of its
            values; if the squares of the features overflow, or a kernel matrix would be too large.
        """
        points = self._training_points(X, at_least=2)
        S = given_graph(y, affinity, len(points), self.normalise)
        random = check_random_state(self.random_state)

        # Two means: the classifiers see points less mean_, the start sees points less start_mean_.
        features = self._standardised(self._without_mean(points))
        named = isinstance(self.initial, str)
        self.start_mean_ = self.mean_ if named else np.zeros(self.n_features_in_, points.dtype)

        # The start draws first, so that an integer seed gives the hyperplanes of LSH.
        start, L = self._start(points - self.start_mean_, y, random)
        classifier = make_classifier(self, features, seed=random.randint(2**31 - 1))

        self.models_: list[Any] = [(np.arange(self.n_bits), start)]
        self._train(S, L, classifier, partial(self._draw, S, features, random))
        return self

    def _train(self, S: NormalisedAffinity, L: Bits, classifier: Classifier, draw: Draw) -> None:
        """Regularise, partition, repeat."""
        start = L.copy()
        seen: dict[Any, int] = {}  # what was taught, and in which round first
        self.history_: list[Round] = []
        self._note(S, L, L, L)
        for number in range(1, self.n_iter + 1):
            # Regularise: neighbours vote on each bit, against the reference.
            reference = start if self.reference == "initial" else L
            scores = regularised_scores(S, L, reference, self.alpha)
            targets = to_bits(scores, self.sign_of_zero)
            alike = degenerate_bits(targets)
            kept, redrawn = self._mend(alike, targets, scores, L, start, draw)

            # Stop early: the rounds that remain, this one too, would repeat whole periods of
            # earlier rounds, and so end where training is now.
            if redrawn:
                seen.clear()  # a new hyperplane: what follows is no repetition
            state = targets.tobytes(), tuple(kept)
            seen.setdefault(state, number)
            self.period_ = number - seen[state]  # 0 for a state that is new
            remaining = self.n_iter - number + 1
            if self.period_ and remaining % self.period_ == 0:
                break

            # Partition: a classifier learns each bit; what it predicts are the new bits.
            taught = np.setdiff1d(np.arange(self.n_bits), kept)
            predicted = targets.copy()
            model = None
            if taught.size:
                model, predicted[:, taught] = classifier(targets[:, taught])
            self.models_.append((taught, model))
            self._note(S, L, targets, predicted, len(alike))
            L = predicted
        self.n_iter_ = len(self.models_) - 1
        self.converged_ = self.period_ == 1

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not isinstance(self.alpha, Real) or not 0 <= self.alpha <= 1:
            raise ValueError(
                "alpha must be from 0, the reference bits only, to 1, the graph only, "
                f"got {self.alpha!r}"
            )
        for name, names, method in (
            ("initial", STARTS, "transform"),
            ("classifier", CLASSIFIERS, "predict"),
        ):
            value = getattr(self, name)
            if isinstance(value, str):
                check_choice(value, name, names)
            elif isinstance(value, type) or not hasattr(value, method):
                expected = f"one of {tuple(names)}, or an estimator with fit and {method}"
                raise TypeError(f"{name} must be {expected}, got {value!r}")

    def _start(self, inputs: Array, y: Any, random: np.random.RandomState) -> tuple[Any, Bits]:
        """Fit the starting hasher; return it and its bits of the training points."""
        if isinstance(self.initial, str):
            start = STARTS[self.initial](self.n_bits, random_state=random)
        else:
            start = seeded(self.initial, random)
        bits = np.asarray(start.fit(inputs, y).transform(inputs))
        if bits.shape != (len(inputs), self.n_bits) or bits.dtype != bool:
            raise ValueError(
                f"initial must give {self.n_bits} bools a point, "
                f"got {bits.dtype} of shape {bits.shape}"
            )
        return start, bits

    def _mend(
        self, alike: Integers, targets: Bits, scores: Floats, L: Bits, start: Bits, draw: Draw
    ) -> tuple[list[int], bool]:
        """Redraw, split or keep each bit of `targets` on which all points agree.

        Returns the bits that are kept, and whether any was redrawn.
        """
        kept = []
        redrawn = False
        for k in alike:
            split = fresh = None
            if self.degenerate != "keep":
                split = next_best_split(scores[:, k])
            if self.degenerate == "redraw" or (self.degenerate == "split" and split is None):
                fresh = draw()

            if fresh is not None:
                # The drawn bit is also the bit's new start, to which later rounds may refer.
                start[:, [k]], targets[:, [k]] = fresh
                redrawn = True
            elif split is not None:
                targets[:, k] = split
            else:
                targets[:, k] = L[:, k]
                kept.append(k)
        return kept, redrawn

    def _draw(
        self, S: NormalisedAffinity, features: Floats, random: np.random.RandomState
    ) -> tuple[Bits, Bits] | None:
        """Draw a hyperplane with two sides; return its bit before and after the graph step."""
        for _ in range(_REDRAWS):
            normal = random.standard_normal((features.shape[1], 1))
            drawn = features @ normal >= 0
            target = to_bits(regularised_scores(S, drawn, drawn, self.alpha), self.sign_of_zero)
            if not degenerate_bits(target).size:
                return drawn, target
        return None

    def _note(
        self, S: Any, before: Bits, targets: Bits, after: Bits, n_degenerate: int = 0
    ) -> None:
        """Add a round to the history."""
        flipped = int(np.sum(targets != before))
        changed = int(np.sum(targets != after))
        agreed = agreement(S, after)
        self.history_.append(
            Round(len(self.history_), flipped, changed, n_degenerate, agreed, targets, after)
        )

    def _predicted(self, number: int, points: Array) -> Bits:
        """Return the bits that a round taught, for any points; round 0 is the starting hasher."""
        _, model = self.models_[number]
        if number == 0:
            return model.transform(points - self.start_mean_)
        return model.predict(self._features(points))

    def _encode(self, points: Array) -> Bits:
        """Take each bit from the last round that taught it."""
        last_round = np.zeros(self.n_bits, dtype=int)
        for number, (columns, _) in enumerate(self.models_):
            last_round[columns] = number
        bits = np.empty((len(points), self.n_bits), dtype=bool)
        # In ascending order, so that a later round overwrites what an earlier one predicts.
        for number in np.unique(last_round):
            columns, _ = self.models_[number]
            bits[:, columns] = self._predicted(number, points)
        return bits

    def staged_transform(self, X: ArrayLike) -> Iterator[Bits]:
        """Yield the codes of points after 0, 1, ..., ``n_iter_`` rounds; 0 is the starting hasher.

        Parameters
        ----------
        X : array of shape (n, n_features)

        Yields
        ------
        bool array of shape (n, n_bits)

        Examples
        --------
        >>> grh = GRH(n_bits=4, alpha=0.8, n_iter=3, random_state=0)
        >>> grh = grh.fit([[0.0], [1], [2], [3]], [0, 0, 1, 1])
        >>> len(list(grh.staged_transform([[0.5], [2.5]]))) == grh.n_iter_ + 1
        True
        """
        points = self._new_points(X)
        bits = np.empty((len(points), self.n_bits), dtype=bool)
        for number, (columns, _) in enumerate(self.models_):
            if columns.size:
                bits[:, columns] = self._predicted(number, points)
            yield bits.copy()


# --- the start ------------------------------------------------------------------------------------


STARTS: dict[str, Any] = {"lsh": LSH, "cca-itq": CCAITQ}


def seeded(estimator: Any, random: np.random.RandomState) -> Any:
    """Clone an estimator, with a seed wherever it has none.

    So ``random_state`` of GRH decides everything that is random.

    Examples
    --------
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


# --- the graph step -------------------------------------------------------------------------------


def to_signs(bits: Bits) -> Floats:
    """Write bits as +1 and -1."""
    return np.where(bits, 1.0, -1.0)


def to_bits(scores: Floats, sign_of_zero: int) -> Bits:
    """Take the sign of each score as a bit; sgn(0) is -1 or +1 as given.

    This is about votes only. A classifier's score of 0 always gives the bit 0.
    """
    return scores >= 0 if sign_of_zero == 1 else scores > 0


def regularised_scores(
    affinity: NormalisedAffinity, bits: Bits, reference: Bits, alpha: float
) -> Floats:
    """Compute alpha S D^-1 L + (1 - alpha) L_ref, the graph step before its sign is taken.

    With one class a point, S D^-1 L is the class mean v. Then no bit changes sign at alpha <= 1/2
    if L_ref is L. This holds in floating point too. Rounding is monotone, so alpha ``|v|`` <= alpha
    cannot exceed 1 - alpha. At 1/2 the two are equal only for ``|v|`` = 1, when the whole class,
    the point included, has the same bit. For another L_ref the vote can be as strong as the
    reference bit at 1/2, and sgn(0) decides; below 1/2 it cannot.

    Parameters
    ----------
    affinity : NormalisedAffinity of n points
    bits, reference : (n, n_bits) arrays of bool
        L and L_ref.
    alpha : float from 0 to 1

    Returns
    -------
    (n, n_bits) array of float64
        What is zero up to rounding is zero.

    References
    ----------
    S. Moran and V. Lavrenko, "Graph Regularised Hashing", ECIR 2015, section 3 (the regularisation
    step).

    Examples
    --------
    >>> from l2h_tutorial.affinity import same_class_affinity
    >>> bits = np.array([[True], [False], [False]])
    >>> regularised_scores(same_class_affinity([0, 0, 0]), bits, bits, alpha=0.9).round(2).ravel()
    array([-0.2, -0.4, -0.4])
    """
    scores: Floats = alpha * (affinity @ to_signs(bits)) + (1 - alpha) * to_signs(reference)
    scores[abs(scores) < _ZERO] = 0
    return scores


def agreement(affinity: NormalisedAffinity, bits: Bits) -> float:
    """Return how often a point and a random neighbour have the same bit.

    Neighbours are drawn in proportion to the normalised affinity.

    Examples
    --------
    >>> from l2h_tutorial.affinity import same_class_affinity
    >>> agreement(same_class_affinity([0, 0, 1]), np.array([[True], [False], [True]]))
    0.6666666666666666
    """
    signs = to_signs(bits)
    # The weights of the normalised graph sum to n. So the mean of sign times sign is the share of
    # pairs that agree minus the share that differ.
    return float(1 + np.mean(signs * (affinity @ signs))) / 2


# --- degenerate bits ------------------------------------------------------------------------------


def degenerate_bits(bits: Bits) -> Integers:
    """Return the columns on which all points agree."""
    return np.flatnonzero((bits == bits[0]).all(axis=0))


def next_best_split(scores: Floats) -> Bits | None:
    """Cut scores (n,) so that the two sides are most even; return None where all are equal.

    Equal scores stay on one side.
    """
    values, ranks, counts = np.unique(scores.round(12), return_inverse=True, return_counts=True)
    if len(values) == 1:
        return None
    n_below = np.cumsum(counts)[:-1]  # for a cut after each value but the last
    cut = abs(2 * n_below - len(scores)).argmin()
    return ranks > cut


# --- the classifiers ------------------------------------------------------------------------------


@dataclass(eq=False)
class LinearModel:
    """Hold a hyperplane for each bit: features @ weights + intercepts > 0."""

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
    """Hold a hyperplane for each bit, in the values of Gaussian kernels around points."""

    points: Floats
    gamma: float

    def scores(self, features: Floats) -> Floats:
        """Return float64 (n, n_bits) for standardised features."""
        return rbf_kernel(features, self.points, gamma=self.gamma) @ self.weights + self.intercepts


@dataclass(eq=False)
class EstimatorModel:
    """Hold a scikit-learn estimator for each bit; a positive prediction is a 1."""

    estimators: list[Any]

    def predict(self, features: Floats) -> Bits:
        """Return the bits of all estimators side by side."""
        return np.column_stack([estimator.predict(features) for estimator in self.estimators]) > 0


def make_classifier(grh: GRH, features: Floats, seed: int) -> Classifier:
    """Prepare the classifier that GRH asks for, on standardised training features."""
    if isinstance(grh.classifier, str):
        return CLASSIFIERS[grh.classifier](grh, features, seed)
    return any_estimator(grh.classifier, features, seed)


def any_estimator(estimator: Any, features: Floats, seed: int) -> Classifier:
    """Prepare to fit a clone of a scikit-learn estimator to each bit.

    A classifier learns 0 and 1, any other estimator -1 and +1.
    """

    def classifier(bits: Bits) -> tuple[EstimatorModel, Bits]:
        random = np.random.RandomState(seed)  # the same in every round
        targets = bits.astype(int) if is_classifier(estimator) else to_signs(bits)
        fitted = [seeded(estimator, random).fit(features, bit) for bit in with_progress(targets.T)]
        model = EstimatorModel(fitted)
        return model, model.predict(features)

    return classifier


# A named classifier first computes what does not depend on the bits, such as a kernel matrix.


def taught(model: LinearModel, inputs: Floats) -> tuple[LinearModel, Bits]:
    """Return a model and the bits that it predicts for the training points.

    The inputs are what the weights multiply: features, or values of kernels.
    """
    return model, inputs @ model.weights + model.intercepts > 0


def linear_svm(grh: GRH, features: Floats, seed: int) -> Classifier:
    """Prepare to fit linear support vector machines, with a kernel matrix or without.

    libsvm fits all bits on one kernel matrix: for the hinge loss with an intercept, and for as many
    points as its matrix suits. It does not penalise the intercept. liblinear takes all other cases
    and penalises the intercept as one more weight. Which of the two is faster depends on the shape:
    the time of a bit grows with the number of features in liblinear only.
    """
    if grh.loss == "hinge" and grh.fit_intercept and len(features) <= _KERNEL_ROWS:
        kernel = features @ features.T
        svm = SVC(C=grh.C, kernel="precomputed")

        def from_kernel(bits: Bits) -> tuple[LinearModel, Bits]:
            weights, intercepts = svm_weights(svm, kernel, bits, grh.class_weight)
            return taught(LinearModel(features.T @ weights, intercepts), features)

        return from_kernel

    svm = LinearSVC(
        C=grh.C, dual=True, loss=grh.loss, fit_intercept=grh.fit_intercept, max_iter=grh.max_iter
    )
    svm.random_state = seed

    def from_features(bits: Bits) -> tuple[LinearModel, Bits]:
        weights, intercepts = svm_weights(svm, features, bits, grh.class_weight)
        return taught(LinearModel(weights, intercepts), features)

    return from_features


def rbf_svm(grh: GRH, features: Floats, seed: int) -> Classifier:
    """Prepare to fit support vector machines with a Gaussian kernel, all from one kernel matrix."""
    kernel, gamma = gaussian_kernel(features, grh.gamma, seed)
    svm = SVC(C=grh.C, kernel="precomputed")

    def classifier(bits: Bits) -> tuple[LinearModel, Bits]:
        weights, intercepts = svm_weights(svm, kernel, bits, grh.class_weight)
        return taught(KernelModel(weights, intercepts, features, gamma), kernel)

    return classifier


def kernel_ridge(grh: GRH, features: Floats, seed: int) -> Classifier:
    """Prepare to fit least squares on the bits as +1 and -1, with a Gaussian kernel.

    One Cholesky factor serves every bit.
    """
    kernel, gamma = gaussian_kernel(features, grh.gamma, seed)
    np.fill_diagonal(kernel, 1 + grh.ridge)
    factor = cho_factor(kernel, lower=True)
    np.fill_diagonal(kernel, 1)  # as it was

    def classifier(bits: Bits) -> tuple[LinearModel, Bits]:
        weights = cho_solve(factor, to_signs(bits))
        return taught(KernelModel(weights, 0.0, features, gamma), kernel)

    return classifier


def rbf_landmarks(grh: GRH, features: Floats, seed: int) -> Classifier:
    """Prepare to fit kernel ridge that sums kernels around a few training points, the landmarks.

    K is the kernel between the n points and the m landmarks, and K_m that between landmarks. The
    weights w solve (K^T K + ridge K_m) w = K^T signs. That is ridge regression on Nystroem
    features, K K_m^(-1/2) (Williams and Seeger, NIPS 2000). With all points as landmarks it is
    kernel ridge. No n x n matrix is made.
    """
    order = np.random.RandomState(seed).permutation(len(features))
    landmarks = features[order[: grh.n_landmarks]]
    gamma = kernel_gamma(features, grh.gamma, seed)
    kernel = rbf_kernel(features, landmarks, gamma=gamma)
    gram = grh.ridge * rbf_kernel(landmarks, gamma=gamma) + kernel.T @ kernel
    gram[np.diag_indices_from(gram)] += _JITTER * np.trace(gram) / len(gram)
    factor = cho_factor(gram, lower=True)

    def classifier(bits: Bits) -> tuple[LinearModel, Bits]:
        weights = cho_solve(factor, kernel.T @ to_signs(bits))
        return taught(KernelModel(weights, 0.0, landmarks, gamma), kernel)

    return classifier


CLASSIFIERS: dict[str, Any] = {
    "linear-svm": linear_svm,
    "rbf-svm": rbf_svm,
    "kernel-ridge": kernel_ridge,
    "rbf-landmarks": rbf_landmarks,
}
