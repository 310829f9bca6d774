"""Exercises of chapter 5, Designing a search."""

import math
from typing import Any

import numpy as np
from scipy.special import bdtr

from ..lsh import amplified_probability, collision_probability
from .framework import Array, Case, Compute, Construct, Generator, Requirement, numbers, unit

# hints of several exercises
_DO_NOT_ADD_UP = (
    "You added the chances of the tables, but two tables can find the same pair. "
    "Multiply the chances that each table misses it."
)
_NO_PROBABILITY = (
    "You took the cosine for the chance that a bit agrees. "
    "That chance is 1 - angle / pi: take the arc cosine."
)
_TOO_FEW = (
    "You have one table too few. Rounded down, or to the nearest, the share is missed. Round up."
)
_TOO_FAR = "A smaller radius is enough: the ball of radius r also holds codes at distance r."
_ENOUGH = "Your answer is right unless the share is reached exactly. Exactly the share is enough."


def _agreement(cosine: Any) -> Any:
    """Return the probability that a bit agrees for two vectors with this cosine."""
    return collision_probability(np.arccos(cosine))


def _n_tables(p: Any, n_bits: int, wanted: float) -> int:
    """Return the fewest tables that find a wanted share of pairs whose bits agree with chance p."""
    n_tables = np.arange(1, 4000)[:, None]
    found = 1 - (1 - np.atleast_1d(p) ** n_bits) ** n_tables
    return int(1 + np.argmax(found.mean(axis=1) >= wanted))


def _n_tables_for(cosines: Any, n_bits: int, wanted: float) -> int:
    """Return the fewest tables that find the wanted share of pairs with these cosines."""
    return _n_tables(_agreement(cosines), n_bits, wanted)


# mistakes of two exercises
_OF_TABLES = {
    _NO_PROBABILITY: _n_tables,
    _TOO_FEW: (lambda *case: _n_tables_for(*case) - 1),
    _ENOUGH: (lambda cosines, n_bits, wanted: _n_tables_for(cosines, n_bits, wanted + 1e-9)),
}

# 5.1


def _chance_case(rng: Generator, i: int) -> Case:
    edges = {0: 0.0, 1: 1.0}  # bits that never agree, then always
    return edges.get(i, round(rng.uniform(0.5, 0.95), 2)), 1 + i % 7, 1 + i // 3


_CHANCE = Compute(
    reference=lambda p, n_bits, n_tables: amplified_probability(p, n_bits, n_tables),
    case=_chance_case,
    mistakes={
        _DO_NOT_ADD_UP: (lambda p, n_bits, n_tables: n_tables * p**n_bits),
        "You exchanged the two: all bits of one table must agree, and one table is enough.": (
            lambda p, n_bits, n_tables: amplified_probability(p, n_tables, n_bits)
        ),
        "That is the chance that every table finds the pair. One is enough.": (
            lambda p, n_bits, n_tables: (p**n_bits) ** n_tables
        ),
    },
    nudge="What is the chance that one table misses the pair? And that all of them do?",
)


# 5.2


def _tables_case(rng: Generator, i: int) -> Case:
    most_wanted = 0.97 if i % 12 else 0.5  # with one bit, one table may be enough
    cosine, wanted = rng.uniform((0.2, 0.3), (0.9, most_wanted)).round(2).tolist()
    edges = {22: (0.0, 1, 0.5), 23: (-cosine, 3, 0.9)}  # just reached; an obtuse angle
    return edges.get(i, (cosine, 1 + i % 12, wanted))


_TABLES = Compute(
    reference=lambda cosine, n_bits, wanted: _n_tables_for(cosine, n_bits, wanted),
    case=_tables_case,
    mistakes={
        _DO_NOT_ADD_UP: (
            lambda cosine, n_bits, wanted: math.ceil(wanted / _agreement(cosine) ** n_bits)
        ),
        **_OF_TABLES,
    },
    nudge="Start with one table, compute the chance, and add a table while the chance is below "
    "what is wanted.",
)


# 5.3


def _held_out_case(rng: Generator, i: int) -> Case:
    distances = rng.integers(0, 1 + 5 * i, size=(2 + i // 6, 8))
    wanted = rng.choice([0.25, 0.5, 0.75])  # a whole number of the distances
    if i % 2:  # half a distance more: no radius reaches the share exactly
        wanted += 0.5 / distances.size
    return distances, wanted


def _radius(distances: Array, wanted: float) -> int:
    """Return the smallest radius that holds the wanted share of all distances."""
    return np.quantile(distances, wanted, method="inverted_cdf")


_RADIUS = Compute(
    reference=_radius,
    case=_held_out_case,
    mistakes={
        _ENOUGH: (
            lambda distances, wanted: np.sort(distances, axis=None)[int(wanted * distances.size)]
        ),
        "You asked that every query finds the share. Wanted is a share of all the neighbours "
        "together.": (
            lambda distances, wanted: max(_radius(of_query, wanted) for of_query in distances)
        ),
        _TOO_FAR: (lambda *case: _radius(*case) + 1),
    },
    nudge="For a radius, count the distances that are at most as large, and divide by how many "
    "there are.",
)


# 5.4


def _pairs_case(rng: Generator, i: int) -> Case:
    cosines = np.round(rng.uniform(0.3, 0.95, size=3 + i // 6), 2)
    wanted = round(rng.uniform(0.4, 0.95), 2)
    edges = {22: (np.zeros(3), 1, 0.5), 23: (-cosines, 1, 0.95)}  # just reached; obtuse angles
    return edges.get(i, (cosines, 1 + i % 4, wanted))


_RECALL = Compute(
    reference=_n_tables_for,
    case=_pairs_case,
    mistakes={
        "You took the chance at the mean similarity. The curve is bent, so the mean of the chances "
        "is another.": (
            lambda cosines, n_bits, wanted: _n_tables_for(cosines.mean(), n_bits, wanted)
        ),
        "You asked it of the least similar pair. Recall is a mean: similar pairs make up for it.": (
            lambda cosines, n_bits, wanted: _n_tables_for(cosines.min(), n_bits, wanted)
        ),
        **_OF_TABLES,
    },
    nudge="Compute the chance of each pair with one table, then with two, and look at their mean.",
)


# 5.5


def _most_bits_case(rng: Generator, i: int) -> Case:
    cosine, wanted = rng.uniform((0.6, 0.6), (0.95, 0.95)).round(2).tolist()
    edges = {22: (0.0, 1, 0.125), 23: (-cosine / 2, 40, wanted)}  # just reached; an obtuse angle
    return edges.get(i, (cosine, rng.integers(4, 12 + 2 * i), wanted))


def _most_bits(p: float, n_tables: int, wanted: float) -> float:
    """Return the most bits with which the tables still find the wanted share."""
    one_table = 1 - (1 - wanted) ** (1 / n_tables)  # the share that a single one has to find
    return float(np.floor(np.log(one_table) / np.log(p)))


_MOST_BITS = Compute(
    reference=lambda cosine, n_tables, wanted: int(
        _most_bits(_agreement(cosine), n_tables, wanted)
    ),
    case=_most_bits_case,
    mistakes={
        _NO_PROBABILITY: _most_bits,
        "One bit too many: rounded up, or to the nearest, the share may be missed. Round down.": (
            lambda cosine, n_tables, wanted: _most_bits(_agreement(cosine), n_tables, wanted) + 1
        ),
        _DO_NOT_ADD_UP: (
            lambda cosine, n_tables, wanted: math.floor(
                math.log(wanted / n_tables) / math.log(_agreement(cosine))
            )
        ),
        "You asked one table to find the share. All of them together have to.": (
            lambda cosine, n_tables, wanted: _most_bits(_agreement(cosine), 1, wanted)
        ),
        _ENOUGH: (
            lambda cosine, n_tables, wanted: _most_bits(_agreement(cosine), n_tables, wanted + 1e-9)
        ),
    },
    nudge="What may one table's chance of missing a pair be, if all of them miss it with a chance "
    "of 1 - wanted?",
)


# 5.6


def _exponent_case(rng: Generator, i: int) -> Case:
    near_angle = round(rng.uniform(0.1, 1.2), 2) + 0.005  # never 1, whose logarithm is 0
    far_angle = near_angle + round(rng.uniform(0.1, 0.8), 2)
    if i == 22:  # the edge: the same direction
        return 0.0, far_angle
    return near_angle, far_angle


def _rho(near_angle: Any, far_angle: Any) -> Any:
    """Return the exponent with which the work grows."""
    return np.log(collision_probability(near_angle)) / np.log(collision_probability(far_angle))


_EXPONENT = Compute(
    reference=_rho,
    case=_exponent_case,
    mistakes={
        "Above 1 it would be slower than exhaustive search: is the quotient upside down?": (
            lambda near_angle, far_angle: _rho(far_angle, near_angle)
        ),
        "You took the logarithms of the angles. The formula has those of the probabilities that a "
        "bit agrees.": (lambda near_angle, far_angle: np.log(near_angle) / np.log(far_angle)),
        "The logarithms are missing: the bits are multiplied, so they stand in an exponent.": (
            lambda near_angle, far_angle: (
                collision_probability(near_angle) / collision_probability(far_angle)
            )
        ),
    },
    nudge="Write both conditions with b in the exponent, and take logarithms. Then b falls out.",
)


# 5.7


def _two_designs_case(rng: Generator, i: int) -> Case:
    p_near, p_far, wanted = rng.uniform((0.8, 0.5, 0.6), (0.95, 0.7, 0.95)).round(2).tolist()
    return p_near, p_far, rng.integers(4, 8 + i // 3), wanted


def _designs(p_near: float, p_far: float, n_bits: int, wanted: float) -> tuple[int, int]:
    """Return the radius and the number of tables that find the wanted share of near pairs.

    Of n bits at most r differ, each with chance q, with the chance bdtr(r, n, q).
    """
    radius = next(r for r in range(n_bits) if bdtr(r, n_bits, 1 - p_near) >= wanted)
    return radius, _n_tables(p_near, n_bits, wanted)


def _far_shares(
    p_near: float, p_far: float, n_bits: int, wanted: float, extra_radius: int = 0
) -> tuple[float, float]:
    """Return the shares of far pairs that the ball and the tables of both designs find."""
    radius, n_tables = _designs(p_near, p_far, n_bits, wanted)
    return (
        bdtr(radius + extra_radius, n_bits, 1 - p_far),
        float(amplified_probability(p_far, n_bits, n_tables)),
    )


_FAR_SHARES = Compute(
    reference=lambda p_near, p_far, n_bits, wanted: _far_shares(p_near, p_far, n_bits, wanted),
    case=_two_designs_case,
    mistakes={
        "Those are the radius and the number of tables. What share of the far pairs does each "
        "find?": _designs,
        "That is what is found of the near pairs. With that radius and those tables, what of the "
        "far ones?": (
            lambda p_near, p_far, n_bits, wanted: _far_shares(p_near, p_near, n_bits, wanted)
        ),
        "Return the two shares the other way round: first the ball, then the tables.": (
            lambda *case: _far_shares(*case)[::-1]
        ),
        _TOO_FAR: (
            lambda p_near, p_far, n_bits, wanted: _far_shares(
                p_near, p_far, n_bits, wanted, extra_radius=1
            )
        ),
    },
    nudge="Print the radius and the number of tables: what share of the near pairs does each find, "
    "and with one less? Of n_bits bits exactly i differ with the chance C(n_bits, i) (1 - p)^i "
    "p^(n_bits - i), summed over i up to r.",
)


# 5.8


def _is_zero(X: Array) -> Array:
    """Return which rows are zero, up to rounding, when they are centred."""
    largest = np.abs(X - X.mean(axis=0)).max(axis=1, initial=0)
    return largest <= 1e-9 * np.abs(X).max(initial=1e-99)


def _angles(X: Array) -> Array:
    """Return the angles between the centred rows: for each, those to the others, ascending."""
    directions = unit(X - X.mean(axis=0))
    cosines = np.clip(directions @ directions.T, -1, 1)[~np.eye(len(X), dtype=bool)]
    return np.sort(np.arccos(cosines).reshape(len(X), -1), axis=1)


def _exponents(X: Array) -> Array:
    """Return each row's exponent, for its nearest other row as near and its median one as far."""
    angles = _angles(X)
    medians = np.minimum(np.median(angles, axis=1), 3)  # at pi, the logarithm would be infinite
    return _rho(angles[:, 0], medians)


_HOPELESS = Construct(
    read=lambda answer: numbers(
        answer,
        "an array of 20 to 200 rows and at most 500 columns",
        lambda X: X.ndim == 2 and 20 <= len(X) <= 200 and X.shape[1] <= 500,
    ),
    requirements=(
        Requirement(
            lambda X: not _is_zero(X).any(),
            "One of your vectors equals the mean row. Centred, it is zero and has no direction.",
            np.outer(np.arange(-10, 11), [1, 2]),
        ),
        Requirement(
            lambda X: _angles(X)[:, 0].min() > 1e-6,
            "Once centred, two of your vectors point in the same direction, so they have the same "
            "code, and every hash finds this pair.",
            np.repeat(np.eye(10), 2, axis=0),
        ),
        Requirement(
            lambda X: _exponents(X).min() >= 0.8,
            "One of your vectors has a neighbour that is much nearer than the others, so hashing "
            "would find it. How many directions does it take for all vectors to be about as far "
            "from each other?",
            np.random.default_rng(0).normal(size=(40, 4)),
        ),
    ),
    example=np.eye(20),
)


EXERCISES = (
    _CHANCE,
    _TABLES,
    _RADIUS,
    _RECALL,
    _MOST_BITS,
    _EXPONENT,
    _FAR_SHARES,
    _HOPELESS,
)
