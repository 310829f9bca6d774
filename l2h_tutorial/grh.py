"""Learn hash bits that follow a graph, and classifiers that give the bits of unseen points: Graph
Regularised Hashing.

To read how it trains, begin with ``GRH.fit``. It makes the graph S (`given_graph`, in
``affinity``), the bits L to start with (``_start``; `LSH` in ``lsh``, `CCAITQ` in ``cca``) and a
classifier (`make_classifier`, in ``machines``) for ``_train``, the paper's loop: regularise
(`regularised_scores`, `to_bits`), partition (the classifier), repeat. Below :class:`GRH` come the
graph step and degenerate bits.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import check_random_state

from .affinity import NormalisedAffinity, given_graph
from .cca import CCAITQ
from .checks import (
    Array,
    ArrayLike,
    Bits,
    Floats,
    Integers,
    check_choice,
    check_integer,
    check_named,
    check_positive,
    one_of,
)
from .lsh import LSH, Hasher, to_signs
from .machines import CLASSIFIERS, Classifier, make_classifier, seeded

__all__ = [
    "GRH",
    "PUBLISHED",
    "Round",
    "agreement",
    "regularised_scores",
]

# The three official versions, as parameters of GRH: Moran and Lavrenko's paper (ECIR 2015), Moran's
# thesis (Edinburgh, 2016, chapter 7), and the Matlab program that they published in 2015. Where the
# thesis is silent (the sign of 0) it follows the paper. What else differs, the grids that were
# searched and the rule to stop, belongs to tuning.
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

STARTS: dict[str, Any] = {"lsh": LSH, "cca-itq": CCAITQ}

# scores are zero up to rounding below this: the mean of n bits is a multiple of 1 / n
_ZERO = 1e-12
_REDRAWS = 100  # hyperplanes tried for a degenerate bit


@dataclass(frozen=True, eq=False)
class Round:
    """Hold what one round of training did; round 0 is the start.

    Attributes
    ----------
    number : int
        0 for the start, then 1, 2, ...
    flipped : int
        Bits of training points that are other in `regularised` than at the end of the round before.
    changed : int
        Bits of training points that are other in `bits` than in `regularised`: taught, and not
        followed.
    degenerate : int
        Columns on which all points agreed after the graph step (see the parameter `degenerate` of
        `GRH`).
    agreement : float
        At the end of the round, how often a point and a random neighbour in the graph have the same
        bit.
    regularised, bits : (n_training, n_bits) arrays of bool
        The bits after the graph step, degenerate ones mended or kept; and those at the end of the
        round, which the classifiers predict. A bit that is kept is taught to none, and is the same
        in both.
    """

    number: int
    flipped: int
    changed: int
    degenerate: int
    agreement: float
    regularised: Bits = field(repr=False)
    bits: Bits = field(repr=False)


def check_alpha(value: Any, name: str) -> None:
    """Raise a `ValueError` unless alpha is a weight of the graph from 0 to 1."""
    if not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise ValueError(
            f"{name} must be from 0, the reference bits only, to 1, the graph only, got {value!r}"
        )


class GRH(Hasher):
    r"""Learn hash codes that agree within a class, or along any graph, and extend to new points:
    Graph Regularised Hashing.

    The training points start with the bits L of some hasher. Then each round (A) *regularises*:
    every bit becomes :math:`\mathrm{sgn}(\alpha S D^{-1} L + (1 - \alpha) L_\mathrm{ref})`, a vote
    of its neighbours in the graph S against its own; (B) *partitions*: one classifier a bit is
    taught these bits; (C) the classifiers' predictions are the new L. Each bit of an unseen point
    comes from the classifier that was taught it last.

    The classifiers see the features with the training mean subtracted and divided by one number,
    after which the mean squared norm of the training points is 1. So no default depends on the
    features' scale or number, and C = 1 suits the linear kernel as it suits the Gaussian one.

    Parameters
    ----------
    n_bits : int, default=32
        Bits of a code.
    alpha : float, default=1.0
        Weight of the graph against the reference bits, from 0 to 1. With one class a point and the
        previous bits as reference, at 0.5 and below the graph step changes no bit, whatever the
        labels; with the initial ones, below 0.5.
    n_iter : int, default=1
        Rounds, at least 1. When the rounds begin to repeat, those that would change nothing in the
        end are left out.
    initial : {"lsh", "cca-itq"} or hasher, default="lsh"
        Where the bits of the training points come from: ``LSH`` or ``CCAITQ`` (which needs y) on
        the features with the training mean subtracted, or any transformer to ``n_bits`` boolean
        columns, which is cloned and fitted to X as it is (and y).
    classifier : {"linear-svm", "rbf-svm", "kernel-ridge", "rbf-landmarks"} or estimator,
    default="linear-svm"
        All but the first have a Gaussian kernel: between all training points, or, for
        "rbf-landmarks", which is kernel ridge for many labels, between them and a few. A
        scikit-learn estimator is cloned for each bit. It is given the features after subtraction
        and division, so its own C, gamma or ridge is in their units, not in those of X. A Gaussian
        kernel between all training points is refused for more than 20,000 of them, where it would
        take over 3.2 GB.
    reference : {"previous", "initial"}, default="previous"
        L_ref: the bits before this round, or those before the first.
    sign_of_zero : {-1, 1}, default=-1
        sgn(0), which decides where the neighbours are split evenly.
    normalise : {"columns", "rows"}, default="columns"
        S D^-1, as in the paper, or D^-1 S, as in the authors' program. They differ only where
        points have several labels, or for a given graph.
    degenerate : {"redraw", "split", "keep"}, default="redraw"
        What becomes of a bit on which all training points agree after the graph step, so that there
        is nothing to learn. See Notes.
    C : float, default=1.0
        Inverse strength of the regularisation of both support vector machines. For more than 4,096
        points the linear one is fitted by another solver, which regularises the intercept too.
    loss : {"hinge", "squared_hinge"}, default="hinge"
        Of the linear support vector machine.
    fit_intercept : bool, default=True
        Whether the hyperplanes of the linear support vector machine may leave the origin.
    class_weight : {None, "ceiling"}, default=None
        Weights of the two sides of a bit in both support vector machines: equal, or the rarer side
        weighs the ceiling of the ratio of their sizes.
    gamma : float, default=2.0
        Of the Gaussian kernel exp(-gamma squared distance), in units of 1 / the median squared
        distance between training points.
    max_iter : int, default=10000
        Passes over the training points, at most, for each bit of a linear support vector machine
        that has no kernel matrix: with squared hinge loss, without an intercept, or for more than
        4,096 points. One that was stopped says so in a `ConvergenceWarning` of scikit-learn; raise
        `max_iter` then, or lower `C`.
    ridge : float, default=0.1
        Regularisation of kernel ridge, on landmarks too: added to the diagonal of the kernel
        matrix, which is 1.
    n_landmarks : int, default=300
        Of "rbf-landmarks": training points, drawn at random, around which there is a kernel; all
        where there are fewer. More are better and slower.
    random_state : int, RandomState instance or None, default=None
        Draws the start: for an integer, the hyperplanes of ``LSH`` with the same seed. Then seeds
        the classifiers, and draws hyperplanes for degenerate bits. A hasher or an estimator that is
        given gets a seed wherever its own ``random_state`` is None.

    Attributes
    ----------
    history_ : list of Round
        The start and each round: bits after both steps, how many changed, agreement with the graph.
        ``pandas.DataFrame(grh.history_)`` makes a table of it.
    n_iter_ : int
        Rounds run.
    period_ : int
        The rounds after which training repeats: 1 at a fixed point, 2 where two states take turns.
        0 where no round had repeated one before. It is known for classifiers that learn the same
        from the same bits.
    converged_ : bool
        Whether a further round is known to repeat the last: `period_` is 1.
    mean_ : float64 array of shape (n_features,)
    scale_ : float
        What was subtracted from the features, and what they were divided by, for the classifiers.
    start_mean_ : array of shape (n_features,)
        What was subtracted for the starting hasher: ``mean_`` where `initial` is a name, else 0.
    models_ : list of (columns, model)
        The bits that each round taught, and the model that predicts them, None for none; the first
        is the starting hasher.
    n_features_in_ : int

    Notes
    -----
    The paper and the thesis leave open what becomes of a *degenerate* bit. The authors' programs
    differ: the Matlab program's linear and Gaussian classifiers leave a constant column, its
    landmark program flips one label, and the tutorial on texts draws a new vector. ``"redraw"`` is
    like the last: it starts the bit again from a random hyperplane through the training mean, at
    most 100 times. ``"split"`` moves its threshold from zero to where it halves the training points
    best, keeping points with equal scores together; nothing random enters. Each falls back on the
    other. ``"keep"`` leaves the bit to the model that it has, at first the starting hasher; so do
    the others where both fail. Degenerate bits come in numbers when the start is poor, such as LSH
    on features that are not centred. Its bits then resemble each other, and so do their splits,
    where a new hyperplane brings something new: hence the default.

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
    _constraints: ClassVar = {
        "alpha": check_alpha,
        "n_iter": check_integer,
        "initial": partial(check_named, names=STARTS, method="transform"),
        "classifier": partial(check_named, names=CLASSIFIERS, method="predict"),
        "reference": one_of("previous", "initial"),
        "sign_of_zero": one_of(-1, 1),
        "degenerate": one_of("redraw", "split", "keep"),
        "C": check_positive,
        "loss": one_of("hinge", "squared_hinge"),
        "class_weight": one_of(None, "ceiling"),
        "gamma": check_positive,
        "max_iter": check_integer,
        "ridge": check_positive,
        "n_landmarks": check_integer,
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
            The graph S, instead of y. Non-negative, symmetric, no empty row.

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
        features = self._standardised(self._without_mean(points))
        # The start is drawn first, so that an integer seed gives the hyperplanes of LSH.
        start, L = self._start(points, y, random)
        classifier = make_classifier(
            self.classifier, features, seed=random.randint(2**31 - 1), grh=self
        )
        # Of each round, the bits that were taught and the model that predicts them; round 0 is
        # the starting hasher.
        self.models_: list[Any] = [(np.arange(self.n_bits), start)]
        self._train(S, L, classifier, draw=partial(self._draw, S, features, random))
        return self

    def _train(
        self, S: NormalisedAffinity, L: Bits, classifier: Classifier, draw: Callable[[], Any]
    ) -> None:
        """Regularise, partition, repeat."""
        start = L.copy()  # the bits of the start, some of which are redrawn
        self.history_: list[Round] = []
        self._note(S, L, L, L)
        first_round_of: dict[Any, int] = {}  # by targets: the round that first had them
        for number in range(1, self.n_iter + 1):
            # Regularise: neighbours vote on each bit, against what it was before the
            # round, or at the start.
            reference = start if self.reference == "initial" else L
            scores = regularised_scores(S, L, reference, self.alpha)
            targets = to_bits(scores, self.sign_of_zero)

            # A bit on which all points agree cannot be taught. `_mend` gives it two
            # sides where it can; elsewhere the bit stays as it was.
            degenerate = degenerate_bits(targets)
            redrawn = [self._mend(k, targets, scores, start, draw) for k in degenerate]
            kept = degenerate_bits(targets)
            targets[:, kept] = L[:, kept]

            # Equal targets teach equal classifiers, so once targets come back the rounds
            # repeat. `period_` is how many rounds ago these targets were taught, 0 if never.
            # A hyperplane that was drawn changes later rounds: what was before counts no more.
            if any(redrawn):
                first_round_of.clear()
            state = targets.tobytes(), kept.tobytes()
            self.period_ = number - first_round_of.setdefault(state, number)
            # If this round and those after it are whole periods, they would end where we are.
            rounds_left = self.n_iter - number + 1
            if self.period_ and rounds_left % self.period_ == 0:
                break

            # Partition: a classifier learns each bit; what it predicts are the new bits.
            before = L
            L = targets.copy()
            taught = np.setdiff1d(np.arange(self.n_bits), kept)
            model = None
            if taught.size:
                model, predicted = classifier(targets[:, taught])
                L[:, taught] = predicted
            self.models_.append((taught, model))
            self._note(S, before, targets, L, len(degenerate))
        self.n_iter_ = len(self.models_) - 1
        self.converged_ = self.period_ == 1

    def _start(self, points: Array, y: Any, random: np.random.RandomState) -> tuple[Any, Bits]:
        """Fit the starting hasher; return it, and its bits of the training points.

        A hasher that is named sees centred features, one that is given sees X as it is.
        """
        if isinstance(self.initial, str):
            start = STARTS[self.initial](self.n_bits, random_state=random)
            self.start_mean_ = self.mean_
        else:
            start = seeded(self.initial, random)
            self.start_mean_ = np.zeros(self.n_features_in_, points.dtype)
        inputs = points - self.start_mean_
        bits = np.asarray(start.fit(inputs, y).transform(inputs))
        if bits.shape != (len(points), self.n_bits) or bits.dtype != bool:
            found = f"{bits.dtype} of shape {bits.shape}"
            raise ValueError(f"initial must give {self.n_bits} bools a point, got {found}")
        return start, bits

    def _draw(
        self, S: NormalisedAffinity, features: Floats, random: np.random.RandomState
    ) -> tuple[Bits, Bits] | None:
        """Draw a hyperplane whose bit has two sides after the graph step too.

        Return the bit before and after that step, or None where no hyperplane was found.
        """
        for _ in range(_REDRAWS):
            drawn = features @ random.standard_normal((features.shape[1], 1)) >= 0
            target = to_bits(regularised_scores(S, drawn, drawn, self.alpha), self.sign_of_zero)
            if not degenerate_bits(target).size:
                return drawn, target
        return None

    def _mend(
        self, k: int, targets: Bits, scores: Floats, start: Bits, draw: Callable[[], Any]
    ) -> bool:
        """Give degenerate bit k two sides in `targets`; return whether a hyperplane was drawn.

        "redraw" draws one, and splits the scores where none is found; "split" does it the other way
        round. With "keep", and where both fail, nothing is changed: the bit is then not taught.
        """
        if self.degenerate == "keep":
            return False
        split = next_best_split(scores[:, k])
        prefers_split = self.degenerate == "split" and split is not None
        drawn = None if prefers_split else draw()
        if drawn is not None:
            own_bit, target = drawn
            start[:, [k]] = own_bit  # to which later rounds may refer
            targets[:, [k]] = target
            return True
        if split is not None:
            targets[:, k] = split
        return False

    def _note(
        self, S: Any, before: Bits, targets: Bits, after: Bits, n_degenerate: int = 0
    ) -> None:
        """Add a round to the history."""
        done = Round(
            number=len(self.history_),
            flipped=int(np.sum(targets != before)),
            changed=int(np.sum(targets != after)),
            degenerate=n_degenerate,
            agreement=agreement(S, after),
            regularised=targets,
            bits=after,
        )
        self.history_.append(done)

    def _predicted(self, number: int, points: Array) -> Bits:
        """Return the bits that a round taught, for any points; round 0 is the starting hasher."""
        model = self.models_[number][1]
        if number == 0:
            return model.transform(points - self.start_mean_)
        return model.predict(self._features(points))

    def _encode(self, points: Array) -> Bits:
        """Take each bit from the last round that taught it."""
        bits = np.empty((len(points), self.n_bits), dtype=bool)
        last = np.zeros(self.n_bits, dtype=int)  # of each bit, the last round that taught it
        for number, (columns, _) in enumerate(self.models_):
            last[columns] = number
        # In ascending order: of several rounds that taught a bit the last one has the last word.
        for number in np.unique(last):
            columns, _ = self.models_[number]
            bits[:, columns] = self._predicted(number, points)
        return bits

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
        >>> grh = GRH(n_bits=4, alpha=0.8, n_iter=3, random_state=0).fit([[0.0], [1], [2], [3]], [0,
        ...     0, 1, 1])
        >>> len(list(grh.staged_transform([[0.5], [2.5]]))) == grh.n_iter_ + 1
        True
        """
        points = self._new_points(X)
        bits = np.empty((len(points), self.n_bits), dtype=bool)
        for number, (columns, _) in enumerate(self.models_):
            if columns.size:
                bits[:, columns] = self._predicted(number, points)
            yield bits.copy()


# --- the graph step -------------------------------------------------------------------------------


def to_bits(scores: Floats, sign_of_zero: int) -> Bits:
    """Take the sign of each score as a bit; sgn(0) is -1 or +1 as given."""
    return scores >= 0 if sign_of_zero == 1 else scores > 0


def regularised_scores(
    affinity: NormalisedAffinity, bits: Bits, reference: Bits, alpha: float
) -> Floats:
    """Compute alpha S D^-1 L + (1 - alpha) L_ref, the graph step before its sign is taken.

    With one class a point, S D^-1 L is the class mean v. Where L_ref is L, at alpha <= 1/2 the sign
    is always that of the point's own bit, exactly: rounding is monotone, so alpha ``|v|`` <= alpha
    cannot exceed 1 - alpha; and at 1/2 they are equal only for ``|v|`` = 1, when the whole class,
    the point included, has the same bit. For another L_ref a vote at 1/2 can be as strong as the
    reference bit, and sgn(0) decides; below 1/2 it cannot.

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
    """Return how often a point and a neighbour, drawn in proportion to the normalised affinity,
    have the same bit.

    Examples
    --------
    >>> from l2h_tutorial.affinity import same_class_affinity
    >>> agreement(same_class_affinity([0, 0, 1]), np.array([[True], [False], [True]]))
    0.6666666666666666
    """
    signs = to_signs(bits)
    # All weights of the normalised graph sum to n. The mean of sign times sign is the share that
    # agrees less the rest.
    return float(1 + np.mean(signs * (affinity @ signs))) / 2


# --- degenerate bits ------------------------------------------------------------------------------


def degenerate_bits(bits: Bits) -> Integers:
    """Return the columns on which all points agree."""
    return np.flatnonzero((bits == bits[0]).all(axis=0))


def next_best_split(scores: Floats) -> Bits | None:
    """Cut scores (n,) where that halves the points best, equal ones together.

    None where all are equal.
    """
    values, place, counts = np.unique(scores.round(12), return_inverse=True, return_counts=True)
    if len(values) == 1:
        return None
    below = np.cumsum(counts)[:-1]
    return place > abs(2 * below - len(scores)).argmin()
