"""Exercises of chapter 2, Locality-sensitive hashing."""

import math

import numpy as np

from ..codes import bits_to_integers, integers_to_bits
from ..lsh import LSH
from .framework import Array, Case, Compute, Construct, Generator, Requirement, numbers, unit

# 2.1


def _code_case(rng: Generator, i: int) -> Case:
    n_bits = 3 + i
    n_codes = 2**n_bits
    edges = {0: 0, 1: n_codes - 1}  # no bit set, then all
    return edges.get(i, rng.integers(n_codes)), n_bits


_OPPOSITE = Compute(
    reference=lambda code, n_bits: bits_to_integers(~integers_to_bits(code, n_bits)),
    case=_code_case,
    mistakes={
        "A code is a string of bits written as a number, so it is never negative. Minus the number "
        "is not a code.": (lambda code, n_bits: -code),
        "To Python, a number goes on for ever to the left, and ~ flips all these bits, so the "
        "result is negative. Flip only the last n_bits bits.": (lambda code, n_bits: ~code),
        "Off by one: the largest code of n_bits bits is not 2**n_bits.": (
            lambda code, n_bits: (1 << n_bits) - code
        ),
    },
    nudge="Write the code as n_bits zeros and ones, with the zeros on the left, and ask of each "
    "bit whether it changes.",
)


# 2.2


_WEDGES = Compute(
    reference=lambda n_lines: 2 * n_lines,
    case=lambda rng, i: (1 if i == 0 else rng.integers(2, 3 + i),),
    mistakes={
        "That is how many codes the bits can spell. Three lines through the origin make six "
        "wedges, and every wedge has one code.": (lambda n_lines: 2**n_lines),
        "A line goes on beyond the origin, so it cuts two wedges, one opposite the other.": (
            lambda n_lines: n_lines + 1
        ),
        "That is right for lines that cross each other in different places. These lines all pass "
        "through the origin.": (lambda n_lines: 1 + n_lines * (n_lines + 1) // 2),
    },
    nudge="Draw one line, then two, then three, and count the wedges each time.",
)


# 2.3


def _pair_case(rng: Generator, i: int) -> Case:
    a_bits, b_bits = rng.random((2, 4 + i)) < 0.5
    edges = {0: a_bits, 1: ~a_bits}  # codes that agree everywhere, then nowhere
    return a_bits, edges.get(i, b_bits)


def _degrees(a_bits: Array, b_bits: Array) -> float:
    return 180.0 * (a_bits != b_bits).mean()


_ANGLE = Compute(
    reference=_degrees,
    case=_pair_case,
    mistakes={
        "Those are radians. The exercise asks for degrees.": (
            lambda *case: math.radians(_degrees(*case))
        ),
        "The angle grows with the number of bits that differ, from 0 to 180 degrees.": (
            lambda *case: 180 - _degrees(*case)
        ),
        "You took the share for a cosine. The probability of a differing bit is the angle itself, "
        "divided by pi.": (lambda *case: math.degrees(math.acos(1 - _degrees(*case) / 90))),
        "That is the number of bits that differ. What share of all bits is it, and at which angle "
        "do all bits differ?": (lambda a_bits, b_bits: (a_bits != b_bits).sum()),
    },
    nudge="If two codes agree in every bit, the estimate is 0 degrees. If they differ in every "
    "bit, it is 180 degrees.",
)


# 2.4


def _error_case(rng: Generator, i: int) -> Case:
    if i % 4 == 1:  # the number of bits comes out whole
        return (rng.choice([90, 22.5, 10, 9, 6, 5, 4.5]),)
    least, most = {0: (3, 30), 2: (1, 2), 3: (90, 150)}[i % 4]
    return (round(rng.uniform(least, most), 1) + 0.03,)


def _bits_for(error: float, at_right_angle: float = 90.0) -> float:
    """Return how many bits bring the error down from `at_right_angle`, that of a single bit."""
    return (at_right_angle / error) ** 2


_ENOUGH_BITS = Compute(
    reference=lambda error: math.ceil(_bits_for(error)),
    case=_error_case,
    mistakes={
        "Half the error takes four times the bits. In your function it takes only twice as many.": (
            lambda error: math.ceil(90 / error)
        ),
        "If you round down, or to the nearest number, the error may be too large. Round up.": (
            lambda error: math.floor(_bits_for(error))
        ),
        "If the number comes out whole, as for 9 degrees, your answer is one too many. Rounding up "
        "is not adding one.": (lambda error: math.floor(_bits_for(error)) + 1),
        "Your answer is four times too large. What is the square root of p (1 - p) if p is 1/2?": (
            lambda error: math.ceil(_bits_for(error, 180))
        ),
        "Nearly right, but a number of bits is whole. Which way must you round, so that the error "
        "is not too large?": _bits_for,
    },
    nudge="Write down the standard deviation of the angle in degrees, for b bits at a right angle. "
    "Set it equal to the error, and solve for b.",
)


# 2.5


def _n_codes(X: Array) -> float:
    """Return how many codes of 16 bits the rows have: the median over 21 draws of hyperplanes."""
    draws = [bits_to_integers(LSH(16).fit_transform(X)) for _ in range(21)]
    return np.median([len(np.unique(codes)) for codes in draws])


_BREAK = Construct(
    read=lambda answer: numbers(
        answer, "an array of 50 rows of 8 numbers", lambda X: X.shape == (50, 8)
    ),
    requirements=(
        Requirement(
            lambda X: X.any(axis=1).all(),
            "A row of zeros lies on every hyperplane and has no direction.",
            np.zeros((50, 8)),
        ),
        Requirement(
            lambda X: len(np.unique(unit(X).round(9), axis=0)) == 50,
            "Two of your rows point in exactly the same direction, so of course they share a code. "
            "Give all 50 rows different directions.",
            np.outer(np.arange(1, 51), np.ones(8)),
        ),
        Requirement(
            lambda X: _n_codes(X) <= 3,
            "For most draws of 16 hyperplanes your rows have more than three codes. Where should "
            "the points lie, so that hardly any line through the origin passes between them?",
            np.random.default_rng(0).normal(size=(50, 8)),
        ),
    ),
    example=np.random.default_rng(1).normal(size=(50, 8)) + 1000,
)


# 2.6


def _none_and_one(theta: float, n_bits: int) -> tuple[float, float]:
    """Return the chance that none of n_bits bits differs, and the chance that exactly one does."""
    p = 1 - theta / math.pi
    return p**n_bits, n_bits * (1 - p) * p ** (n_bits - 1)


_AT_MOST_ONE = Compute(
    reference=lambda theta, n_bits: sum(_none_and_one(theta, n_bits)),
    case=lambda rng, i: (round(rng.uniform(0.2, 2.8), 2), 1 + i % 7),
    mistakes={
        "That is the chance that no bit differs. Add the chance that exactly one does.": (
            lambda *case: _none_and_one(*case)[0]
        ),
        "That is the chance that exactly one bit differs. At most one includes none.": (
            lambda *case: _none_and_one(*case)[1]
        ),
        "You counted only one particular bit. Any of the n_bits bits can be the one that differs. "
        "How many ways is that?": (
            lambda theta, n_bits: np.dot(_none_and_one(theta, n_bits), (1, 1 / n_bits))
        ),
    },
    nudge="For two bits, list the four outcomes, from same-same to differs-differs, and the chance "
    "of each.",
)


EXERCISES = (_OPPOSITE, _WEDGES, _ANGLE, _ENOUGH_BITS, _BREAK, _AT_MOST_ONE)
