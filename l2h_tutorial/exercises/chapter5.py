"""Exercises of chapter 5, From labels to a graph."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..affinity import graph_affinity
from .framework import Choose, Compute, Exercise, Mistake

__all__ = ["EXERCISES"]

Array = NDArray[Any]


# 5.1 and 5.2

_TWICE = Choose(
    number="5.1",
    right="b",
    hints={
        "a": "What does a class look like after the first run? Take one with seven images at +1 and three at -1.",
        "c": "Who would vote to undo it? After the first run, look for two images of one class that disagree.",
        "d": "The labels come into the step only as classes. Does it matter to a vote whether the class makes sense?",
    },
)


def _majority_case(rng: np.random.Generator, i: int) -> tuple[int, float]:
    while True:
        n, percent = int(rng.integers(5, 12 + i)), int(rng.integers(52, 96))
        if n * (100 - percent) % percent:  # a vote that leaves the mixture at exactly zero would be a tie
            return n, percent / 100


def _smallest(n: int, enough: Any) -> int:
    """The smallest number of images below n that is enough, or n."""
    return next((m for m in range(n // 2 + 1, n) if enough(m)), n)


def _majority(n: int, alpha: float) -> int:
    return _smallest(n, lambda m: alpha * (2 * m - n) / n > 1 - alpha)


_MAJORITY = Compute(
    number="5.2",
    reference=_majority,
    case=_majority_case,
    mistakes=(
        Mistake(
            "A bare majority does not do: the image's own bit speaks against it, with weight 1 - alpha.",
            lambda n, alpha: n // 2 + 1,
        ),
        Mistake(
            "You took the share of images with +1 for the vote. The others say -1, and count: the vote is a mean of "
            "+1 and -1.",
            lambda n, alpha: _smallest(n, lambda m: alpha * m / n > 1 - alpha),
        ),
        Mistake(
            "You compared the bare vote with 1 - alpha. The vote has a weight too.",
            lambda n, alpha: _smallest(n, lambda m: (2 * m - n) / n > 1 - alpha),
        ),
        Mistake("One too few: with so many the bit stays.", lambda n, alpha: _majority(n, alpha) - 1),
        Mistake("One too many: is a smaller number enough?", lambda n, alpha: _majority(n, alpha) + 1),
        Mistake(
            "You swapped alpha and 1 - alpha: alpha is the weight of the vote.",
            lambda n, alpha: _smallest(n, lambda m: (1 - alpha) * (2 * m - n) / n > alpha),
        ),
    ),
    nudge="Write the mixture for an image whose own bit is -1, and ask from which m on it is above zero.",
)


# 5.3


def _graph_case(rng: np.random.Generator, i: int) -> tuple[Array, Array]:
    n = 4 + i // 8
    joined = np.triu(rng.random((n, n)) < 0.5, 1)
    joined[0, 1], joined[0, 2], joined[1, 2] = True, True, False  # degrees differ
    S = (joined | joined.T).astype(int) + np.eye(n, dtype=int)
    return S, rng.choice([-1, 1], size=(n, 3))


def _degrees(S: Array) -> Array:
    return S.sum(axis=1, keepdims=True)


_VOTE = Compute(
    number="5.3",
    reference=lambda S, L: np.asarray(graph_affinity(S) @ L.astype(float)),
    case=_graph_case,
    mistakes=(
        Mistake(
            "You divided each sum by the degree of the image that is voted on: that is D^-1 S L. In S D^-1 L each "
            "voter divides its own bit by its own degree.",
            lambda S, L: S @ L / _degrees(S),
        ),
        Mistake("Those are sums of votes. Divide by the degrees.", lambda S, L: (S @ L).astype(float)),
        Mistake(
            "You divided by the number of all images. A degree is the number of neighbours.",
            lambda S, L: S @ L / len(S),
        ),
        Mistake(
            "You multiplied by the degrees. The exercise asks for the inverse of D.",
            lambda S, L: S @ (_degrees(S) * L) * 1.0,
        ),
        Mistake("You divided twice: S D^-1 has one division.", lambda S, L: S @ (L / _degrees(S)) / _degrees(S)),
        Mistake(
            "Those are the signs of the votes. The exercise asks for the votes.",
            lambda S, L: np.sign(S @ (L / _degrees(S))),
        ),
        Mistake(
            "That is L with each row divided by its degree. Now let the neighbours add up.",
            lambda S, L: L / _degrees(S),
        ),
    ),
    nudge="Take the graph of three images in which the first joins both others, and work out one vote by hand.",
)


# 5.4 and 5.5

_OWN_CLASS = Choose(
    number="5.4",
    right="c",
    hints={
        "a": "An image without neighbours still has one: every image joins itself. What is the mean of one bit?",
        "b": "Does anything in the formula ask for two images in a class? Work out S and D for three images of three "
        "classes.",
        "d": "Images whose class is theirs alone never hear of the others. Who could bring them to one code?",
    },
)

_NO_DIAGONAL = Choose(
    number="5.5",
    right="b",
    hints={
        "a": "The image no longer votes, but its own bit still has the weight 1 - alpha in the mixture.",
        "c": "Take a class in which all but one agree. How large is the vote on that one, with the diagonal and "
        "without it?",
        "d": "Without its own vote the image hears the others more clearly, not less.",
    },
)


# 5.6


def _threshold(vote: float) -> float:
    return 1 / (1 + vote)


_MANY_LABELS = Compute(
    number="5.6",
    reference=lambda m: _threshold(m / 2 - 1 / (m + 1)),
    case=lambda rng, i: (int(rng.integers(2, 6 + 2 * i)),),
    mistakes=(
        Mistake(
            "You divided by the degree of the image with many labels. In S D^-1 every voter divides by its own degree.",
            lambda m: _threshold((m - 1) / (m + 1)),
        ),
        Mistake("The image votes on itself too, with its own bit.", lambda m: _threshold(m / 2)),
        Mistake(
            "Each of the others has two neighbours: itself and the image with many labels. Its vote is divided by "
            "both.",
            lambda m: _threshold(m - 1 / (m + 1)),
        ),
        Mistake(
            "The image's own vote is divided by its own degree, which is not m.", lambda m: _threshold(m / 2 - 1 / m)
        ),
        Mistake(
            "That is the vote. From which alpha on does it outweigh the image's own bit?", lambda m: m / 2 - 1 / (m + 1)
        ),
        Mistake("The own bit's weight is 1 - alpha, not 1.", lambda m: 1 / (m / 2 - 1 / (m + 1))),
    ),
    nudge="How many neighbours has each voter? Add up their votes, then solve alpha v = 1 - alpha.",
)


EXERCISES: tuple[Exercise, ...] = (_TWICE, _MAJORITY, _VOTE, _OWN_CLASS, _NO_DIAGONAL, _MANY_LABELS)
