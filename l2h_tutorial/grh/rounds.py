"""The rounds of GRH: the graph step, the classifiers, and the record of what both did."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..affinity import NormalisedAffinity
from .degenerate import degenerate_bits, next_best_split, redraw

__all__ = ["Round", "Training", "agreement", "regularised_scores", "signs_to_bits", "to_signs"]

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

# Scores are zero up to rounding below this. The mean of n bits is a multiple of 1 / n, so unless it is zero it is
# far larger, and no other score is mistaken for zero.
_ZERO = 1e-12


@dataclass(frozen=True, eq=False)
class Round:
    """What one round of training did; round 0 is the start.

    Attributes
    ----------
    number : int
        0 for the start, then 1, 2, ...
    flipped : int
        Bits of training points that the graph step changed.
    changed : int
        Bits that the classifiers then predicted otherwise than they were taught.
    degenerate : int
        Columns on which all points agreed after the graph step (see the parameter `degenerate` of `GRH`).
    agreement : float
        At the end of the round, how often a point and a random neighbour in the graph have the same bit.
    objective : float
        At the end of the round, the mean of bit * score, where scores are alpha S D^-1 L + (1 - alpha) L_ref. The
        graph step makes it as large as it can be; what the classifiers cannot follow is lost. At the start, the
        scores are those of the first round.
    regularised, bits : (n_training, n_bits) arrays of bool
        The bits after the graph step, which the classifiers are taught, and what they predict: the end of the round.
    """

    number: int
    flipped: int
    changed: int
    degenerate: int
    agreement: float
    objective: float
    regularised: Bits = field(repr=False)
    bits: Bits = field(repr=False)


def to_signs(bits: Bits) -> Floats:
    """Write bits as +1 and -1.

    Examples
    --------
    >>> to_signs(np.array([True, False]))
    array([ 1., -1.])
    """
    return np.where(bits, 1.0, -1.0)


def signs_to_bits(scores: Floats, sign_of_zero: int) -> Bits:
    """Take the sign of each score as a bit; sgn(0) is -1 or +1 as given.

    Examples
    --------
    >>> signs_to_bits(np.array([-1.0, 0.0, 1.0]), sign_of_zero=-1)
    array([False, False,  True])
    """
    return scores >= 0 if sign_of_zero == 1 else scores > 0


def regularised_scores(affinity: NormalisedAffinity, bits: Bits, reference: Bits, alpha: float) -> Floats:
    """Compute alpha S D^-1 L + (1 - alpha) L_ref, the graph step before its sign is taken.

    With one class a point, S D^-1 L is the class mean v. Where L_ref is L, at alpha <= 1/2 the sign is always that of
    the point's own bit, exactly: rounding is monotone, so alpha |v| <= alpha cannot exceed 1 - alpha; and at 1/2 they
    are equal only for |v| = 1, when the whole class, the point included, has the same bit.

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
    S. Moran and V. Lavrenko, "Graph Regularised Hashing", ECIR 2015, section 3 (the regularisation step).

    Examples
    --------
    >>> from l2h_tutorial.affinity import same_class_affinity
    >>> bits = np.array([[True], [False], [False]])
    >>> regularised_scores(same_class_affinity([0, 0, 0]), bits, bits, alpha=0.9).round(2).ravel()
    array([-0.2, -0.4, -0.4])
    """
    scores: Floats = alpha * (affinity @ to_signs(bits)) + (1 - alpha) * to_signs(reference)
    scores[np.abs(scores) < _ZERO] = 0
    return scores


def agreement(affinity: NormalisedAffinity, bits: Bits) -> float:
    """Return how often a point and a neighbour, drawn in proportion to the normalised affinity, have the same bit.

    Examples
    --------
    >>> from l2h_tutorial.affinity import same_class_affinity
    >>> agreement(same_class_affinity([0, 0, 1]), np.array([[True], [False], [True]]))
    0.6666666666666666
    """
    signs = to_signs(bits)
    weights = np.sum(affinity @ np.ones(len(signs)))
    # The mean over pairs of sign times sign is the share that agrees less the share that does not.
    return float(1 + np.sum(signs * (affinity @ signs)) / (weights * signs.shape[1])) / 2


class Training:
    """Rounds from given bits on, until `n_iter` of them or until one would repeat the one before.

    Parameters
    ----------
    grh : GRH
        Its parameters alpha, reference, sign_of_zero, degenerate and n_iter are read.
    affinity : NormalisedAffinity of n points
    features : (n, d) array of float64
        Standardised.
    classifier : maker of :mod:`l2h_tutorial.grh.partition`
    random : RandomState

    Attributes
    ----------
    history : list of Round
    models : list of (columns, model)
        For each round, the bits it taught and their model.
    converged : bool
    """

    def __init__(self, grh: Any, affinity: NormalisedAffinity, features: Floats, classifier: Any, random: Any) -> None:
        self.grh = grh
        self.affinity = affinity
        self.features = features
        self.classifier = classifier
        self.random = random
        self.models: list[tuple[NDArray[np.intp], Any]] = []
        self.converged = False

    def run(self, bits: Bits) -> None:
        """Train from the bits of the starting hasher."""
        self.initial = bits.copy()
        objective = float(np.mean(to_signs(bits) * self._scores(bits, bits)))
        self.history = [Round(0, 0, 0, 0, agreement(self.affinity, bits), objective, bits, bits)]
        for number in range(1, self.grh.n_iter + 1):
            if not self._round(number):
                self.converged = True
                return

    def _round(self, number: int) -> bool:
        """Do both steps, or return False when they would repeat the last round's."""
        before = self.history[-1].bits
        reference = self.initial if self.grh.reference == "initial" else before
        scores = self._scores(before, reference)
        targets = signs_to_bits(scores, self.grh.sign_of_zero)
        degenerate = degenerate_bits(targets)
        kept = [k for k in degenerate if not self._rescue(targets, scores, k)]
        targets[:, kept] = before[:, kept]
        columns = np.setdiff1d(np.arange(targets.shape[1]), kept)
        same_columns = bool(self.models) and np.array_equal(columns, self.models[-1][0])
        if same_columns and np.array_equal(targets, self.history[-1].regularised):
            return False
        bits = before.copy()
        model = None
        if columns.size:
            model, bits[:, columns] = self.classifier.fit(targets[:, columns])
        self.models.append((columns, model))
        self.history.append(
            Round(
                number,
                flipped=int(np.sum(targets != before)),
                changed=int(np.sum(bits != targets)),
                degenerate=len(degenerate),
                agreement=agreement(self.affinity, bits),
                objective=float(np.mean(to_signs(bits) * scores)),
                regularised=targets,
                bits=bits,
            )
        )
        return True

    def _scores(self, bits: Bits, reference: Bits) -> Floats:
        return regularised_scores(self.affinity, bits, reference, self.grh.alpha)

    def _rescue(self, targets: Bits, scores: Floats, k: int) -> bool:
        """Give degenerate bit k two sides in `targets`, or return False where it is to be kept."""
        ways = {"redraw": (self._redraw, self._split), "split": (self._split, self._redraw), "keep": ()}
        return any(way(targets, scores, k) for way in ways[self.grh.degenerate])

    def _split(self, targets: Bits, scores: Floats, k: int) -> bool:
        split = next_best_split(scores[:, k])
        if split is not None:
            targets[:, k] = split
        return split is not None

    def _redraw(self, targets: Bits, scores: Floats, k: int) -> bool:
        redrawn = redraw(self.features, self._regularise, self.random)
        if redrawn is not None:
            # The bit starts afresh: what it was at the start must not hold it back in later rounds.
            self.initial[:, k], targets[:, k] = redrawn
        return redrawn is not None

    def _regularise(self, bits: Bits) -> Bits:
        return signs_to_bits(self._scores(bits, bits), self.grh.sign_of_zero)
