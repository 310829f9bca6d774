"""Exercises of chapter 5, Designing a search."""

import math

import numpy as np

from ..lsh import amplified_probability
from .framework import Compute, Exercise

__all__ = ["EXERCISES"]


# 5.1


def _chance_case(rng: np.random.Generator, i: int) -> tuple[float, int, int]:
    return round(float(rng.uniform(0.5, 0.95)), 2), int(rng.integers(2, 8)), int(rng.integers(2, 9))


_CHANCE = Compute(
    reference=lambda p, n_bits, n_tables: float(amplified_probability(p, n_bits, n_tables)),
    case=_chance_case,
    mistakes={
        "The chances of the tables do not add up: two tables can both find a pair. Multiply the chances that each "
        "misses it.": (lambda p, n_bits, n_tables: n_tables * p**n_bits),
        "You exchanged the two: all bits of one table must agree, and one table is enough.": (
            lambda p, n_bits, n_tables: float(amplified_probability(p, n_tables, n_bits))
        ),
        "That is the chance that every table finds the pair. One is enough.": (
            lambda p, n_bits, n_tables: (p**n_bits) ** n_tables
        ),
    },
    nudge="What is the chance that one table misses the pair? And that all of them do?",
)


# 5.2


def _tables_case(rng: np.random.Generator, i: int) -> tuple[float, int, float]:
    return (
        round(float(rng.uniform(0.5, 0.9)), 2),
        int(rng.integers(3, 8 + i // 4)),
        round(float(rng.uniform(0.6, 0.97)), 2),
    )


def _p(cosine: float) -> float:
    return 1 - math.acos(cosine) / math.pi


def _solved(p: float, n_bits: float, wanted: float) -> float:
    """The number of tables, not rounded, from which a chance of `wanted` is reached."""
    return math.log(1 - wanted) / math.log1p(-(p**n_bits))


def _n_tables(cosine: float, n_bits: int, wanted: float) -> int:
    n_tables = max(1, math.floor(_solved(_p(cosine), n_bits, wanted)) - 1)
    while amplified_probability(_p(cosine), n_bits, n_tables) < wanted:
        n_tables += 1
    return n_tables


_TABLES = Compute(
    reference=_n_tables,
    case=_tables_case,
    mistakes={
        "You took the cosine for the chance that a bit agrees. That chance is 1 - angle / pi: take the arc cosine.": (
            lambda cosine, n_bits, wanted: math.ceil(_solved(cosine, n_bits, wanted))
        ),
        "One table too few: rounded down, or to the nearest, the chance may be missed. Round up.": (
            lambda cosine, n_bits, wanted: _n_tables(cosine, n_bits, wanted) - 1
        ),
        "The chances of the tables do not add up: two tables can both find a pair. Multiply the chances that each "
        "misses it.": (lambda cosine, n_bits, wanted: math.ceil(wanted / _p(cosine) ** n_bits)),
    },
    nudge="Start with one table, compute the chance, and add a table while the chance is below what is wanted.",
)


# 5.3


def _exponent_case(rng: np.random.Generator, i: int) -> tuple[float, float]:
    near = round(float(rng.uniform(0.1, 1.2)), 2) + 0.005  # no angle is 1, whose logarithm is 0
    return near, near + round(float(rng.uniform(0.1, 0.8)), 2)


def _agree(angle: float) -> float:
    return 1 - angle / math.pi


def _rho(near_angle: float, far_angle: float) -> float:
    return math.log(_agree(near_angle)) / math.log(_agree(far_angle))


_EXPONENT = Compute(
    reference=_rho,
    case=_exponent_case,
    mistakes={
        "Above 1 it would be slower than exhaustive search: is the quotient upside down?": (
            lambda near_angle, far_angle: _rho(far_angle, near_angle)
        ),
        "You took the logarithms of the angles. The formula has those of the probabilities that a bit agrees.": (
            lambda near_angle, far_angle: math.log(near_angle) / math.log(far_angle)
        ),
        "The logarithms are missing: the bits are multiplied, so they stand in an exponent.": (
            lambda near_angle, far_angle: _agree(near_angle) / _agree(far_angle)
        ),
    },
    nudge="Write both conditions with b in the exponent, and take logarithms. Then b falls out.",
)


EXERCISES: tuple[Exercise, ...] = (_CHANCE, _TABLES, _EXPONENT)
