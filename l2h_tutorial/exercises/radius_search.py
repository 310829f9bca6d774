"""Exercises of chapter 4, Hamming radius search."""

import math
from collections.abc import Sequence

import numpy as np

from ..search import ball_size
from .framework import Array, Case, Compute, Generator

# 4.1


def _ball_case(rng: Generator, i: int) -> Case:
    n_bits = int(rng.integers(4, 8 + i))
    edges = {0: 0, 1: 1, 2: n_bits}
    return n_bits, edges.get(i, rng.integers(2, min(n_bits - 1, 8)))


_BALL = Compute(
    reference=ball_size,
    case=_ball_case,
    mistakes={
        "Your radius is one too small. The ball of radius r includes the codes that differ in "
        "exactly r bits.": (lambda n_bits, radius: ball_size(n_bits, radius - 1) if radius else 0),
        "You counted only the codes at distance r exactly. The ball holds the nearer codes as "
        "well.": math.comb,
        "The code itself is missing. It differs from itself in 0 bits, so it is in the ball.": (
            lambda *case: ball_size(*case) - 1
        ),
    },
    nudge="List the codes in the ball of radius 1 around 101, as the chapter does, and count them.",
)


# 4.2


def _search_case(rng: Generator, i: int) -> Case:
    n_bits = 4 + i // 2
    query, *codes = rng.integers(0, 1 << n_bits, size=10 + i)
    if i % 8 == 0:  # the query is among the codes
        query = codes[-1]
    return query, np.array(codes), i % 4 * (1 + i // 12)


def _distances(query: int, codes: Array) -> Array:
    return np.bitwise_count(codes ^ query).astype(int)


def _nearest_first(query: int, codes: Array, radius: int) -> Array:
    """Return the rows within the radius, by distance and then by number."""
    distances = _distances(query, codes)
    rows = np.flatnonzero(distances <= radius)
    return rows[distances[rows].argsort(kind="stable")]


_SEARCH = Compute(
    reference=lambda query, codes, radius: np.flatnonzero(_distances(query, codes) <= radius),
    case=_search_case,
    mistakes={
        "Rows at distance `radius` exactly are missing. They belong to the ball.": (
            lambda query, codes, radius: np.flatnonzero(_distances(query, codes) < radius)
        ),
        "Those are the rows at distance `radius` exactly. Nearer rows lie in the ball as well.": (
            lambda query, codes, radius: np.flatnonzero(_distances(query, codes) == radius)
        ),
        "You subtracted the codes as numbers. 7 and 8 are neighbours as numbers, but as codes of "
        "four bits they differ in every bit.": (
            lambda query, codes, radius: np.flatnonzero(np.abs(codes - query) <= radius)
        ),
        "You compared the exclusive or itself with the radius. Count its ones first.": (
            lambda query, codes, radius: np.flatnonzero(codes ^ query <= radius)
        ),
        "Those are the codes in the ball. The exercise asks for their row numbers, which are their "
        "places in the array.": (
            lambda query, codes, radius: codes[_distances(query, codes) <= radius]
        ),
        "You returned True or False for each row. The exercise asks for the row numbers.": (
            lambda query, codes, radius: _distances(query, codes) <= radius
        ),
        "You found the right rows, but their order is wrong. Sort them by number.": _nearest_first,
    },
    nudge="If the query is 0, a code's distance is the number of its ones. What are the distances "
    "of the codes 0 and 3 if the query is 1?",
)


# 4.3


def _answers_case(rng: Generator, i: int) -> Case:
    k = rng.integers(2, 5)
    lengths = rng.permutation([0, k - 1, k, k + 2, *rng.integers(0, k + 3, size=i // 6)])
    return [(rng.random(length) < 0.5).tolist() for length in lengths], k


def _mean(values: Sequence[float]) -> float:
    """Return the mean, or 0 of nothing."""
    return float(np.mean(values)) if values else 0.0


_EMPTY_AS_ZERO = Compute(
    reference=lambda answers, k: _mean([sum(answer[:k]) / k for answer in answers]),
    case=_answers_case,
    mistakes={
        "You divided by the number of answers that came back. In this book, three right answers "
        "of three are 3/10 at k = 10.": (
            lambda answers, k: _mean([_mean(answer[:k]) for answer in answers])
        ),
        "You left out the queries without answers. In this book they count as zero.": (
            lambda answers, k: _mean([sum(answer[:k]) / k for answer in answers if answer])
        ),
        "You counted right answers beyond the first k.": (
            lambda answers, k: _mean([sum(answer) / k for answer in answers])
        ),
    },
    nudge="Take one query at a time. How many of its first k answers are right, divided by k?",
)


# 4.4


_PIECES = Compute(
    reference=lambda radius, n_pieces: radius // n_pieces,
    case=lambda rng, i: (rng.integers(1 + 2 * i), 1 + i % 6),
    mistakes={
        "That many are certain, but a smaller number is too. If every piece differed in that many "
        "bits or more, in how many bits would the whole codes "
        "differ?": (lambda radius, n_pieces: math.ceil(radius / n_pieces)),
        "That many are certain, but it saves nothing. All the pieces together differ in at most "
        "`radius` bits.": (lambda radius, n_pieces: radius),
        "A number of bits must be a whole number. Round down, and say why that is allowed.": (
            lambda radius, n_pieces: radius / n_pieces
        ),
    },
    nudge="Spread `radius` differing bits over the pieces as evenly as you can. How many does the "
    "piece with the fewest have?",
)


EXERCISES = (_BALL, _SEARCH, _EMPTY_AS_ZERO, _PIECES)
