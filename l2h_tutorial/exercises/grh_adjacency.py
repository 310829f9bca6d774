"""Exercises of chapter 6, From labels to a graph."""

from collections.abc import Callable

import numpy as np

from ..affinity import graph_affinity
from .framework import Array, Case, Compute, Generator

# 6.1


def _graph_case(rng: Generator, i: int) -> Case:
    n = 4 + i // 8
    joined = np.triu(rng.random((n, n)) < 0.5, 1)
    joined[0, 1:3] = True  # degrees differ: the first image has two neighbours,
    joined[1, 2] = False  # and these are not joined
    S = (joined | joined.T).astype(int) + np.eye(n, dtype=int)
    return S, rng.choice([-1, 1], size=(n, 3))


def _votes(S: Array, L: Array) -> Array:
    return graph_affinity(S) @ L.astype(float)


_VOTE = Compute(
    reference=_votes,
    case=_graph_case,
    mistakes={
        "You divided each sum by the degree of the image that receives the votes, which is D^-1 S "
        "L. In S D^-1 L each voter divides its own bit by its own "
        "degree.": (lambda graph, L: graph @ L / graph.sum(axis=1, keepdims=True)),
        "You returned the sums of the votes. Divide by the degrees.": (
            lambda graph, L: (graph @ L).astype(float)
        ),
        "You divided by the number of all images. A degree is an image's number of neighbours.": (
            lambda graph, L: graph @ L / len(graph)
        ),
    },
    nudge="Take three images. The first is a neighbour of both others, which are not neighbours of "
    "each other. Work out one vote by hand.",
)


# 6.2


def _majority_case(rng: Generator, i: int) -> Case:
    if i % 4 == 1:  # some number of votes makes the mixture zero, exactly so in floats
        return 3 * rng.integers(2, 5 + i // 3), 0.75
    if i % 4 == 2:  # no number below n is enough
        return rng.integers(5, 13), rng.integers(51, 53) / 100
    while True:
        n = rng.integers(5, 12 + i)
        percent = rng.integers(52, 96)
        if n * (100 - percent) % percent:  # no number of votes makes the mixture zero
            return n, percent / 100


def _smallest(n: int, is_enough: Callable[[int], bool]) -> int:
    """Return the smallest number of images below n that is enough, or n if none is."""
    return next((m for m in range(n) if is_enough(m)), n)


def _majority(n: int, alpha: float) -> int:
    """Return how many of n votes have to be +1 to outvote an image's own bit of -1."""
    return _smallest(n, lambda m: alpha * (2 * m - n) / n > 1 - alpha)


_MAJORITY = Compute(
    reference=_majority,
    case=_majority_case,
    mistakes={
        "A bare majority is not enough: the image's own bit opposes it, with weight 1 - alpha.": (
            lambda n, alpha: n // 2 + 1
        ),
        "You took the share of images with +1 for the vote. The other images say -1, and the vote "
        "is the mean of all the +1 and "
        "-1.": (lambda n, alpha: _smallest(n, lambda m: alpha * m / n > 1 - alpha)),
        "With your number the mixture can be exactly zero, as for six images at an alpha of 3/4. "
        "What is sgn(0) in this chapter?": (
            lambda n, alpha: _smallest(n, lambda m: alpha * (2 * m - n) / n >= 1 - alpha)
        ),
    },
    nudge="Write down the mixture for an image whose own bit is -1. How many images with +1 make "
    "it positive?",
)


# 6.3


def _threshold(vote: float) -> float:
    """Return the alpha at which a vote and an image's own bit are in balance."""
    return 1 / (1 + vote)


_MANY_LABELS = Compute(
    reference=lambda m: _threshold(m / 2 - 1 / (m + 1)),
    case=lambda rng, i: (rng.integers(1, 2 + 2 * i),),
    mistakes={
        "You divided by the degree of the image with many labels. In S D^-1 each voter divides by "
        "its own degree.": (lambda m: _threshold((m - 1) / (m + 1))),
        "The image with many labels votes on itself too, with its own bit.": (
            lambda m: _threshold(m / 2)
        ),
        "Each of the other images has two neighbours: itself and the image with many labels. So "
        "its vote is divided by two.": (lambda m: _threshold(m - 1 / (m + 1))),
    },
    nudge="How many neighbours does each voter have? Add up the votes, and call the sum v. Then "
    "solve alpha v = 1 - alpha.",
)


EXERCISES = (_VOTE, _MAJORITY, _MANY_LABELS)
