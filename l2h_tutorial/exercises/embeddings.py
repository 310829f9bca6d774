"""Exercises of chapter 10, Embeddings and bytes."""

import math

import numpy as np

from .framework import Array, Case, Compute, Construct, Generator, Requirement, numbers

# 10.1


def _room_case(rng: Generator, i: int) -> Case:
    """Draw codes that fill whole bytes, or do not.

    An item takes a multiple of 3 bytes, and the room does not: so the last item never just fits.
    """
    gigabytes = 3 * rng.integers(1, 20) + 2
    extra = 3 * rng.integers(1, 10)
    return gigabytes, 24 * rng.integers(1, 60) - i % 2, rng.choice([1, 2, 4]), extra


def _room(gigabytes: float, d: int, bits: int, extra: int) -> int:
    """Return how many items fit."""
    code_bytes = math.ceil(d * bits / 8)
    return int(gigabytes * 1e9 // (code_bytes + extra))


_ROOM = Compute(
    reference=_room,
    case=_room_case,
    mistakes={
        "An item has whole bytes: what is left of the last one is lost. Round up before you "
        "divide.": (
            lambda gigabytes, d, bits, extra: int(gigabytes * 1e9 // (d * bits / 8 + extra))
        ),
        "You left out the bytes that are kept besides the code.": (
            lambda gigabytes, d, bits, extra: _room(gigabytes, d, bits, 0)
        ),
        "You counted in powers of 1,024: those are gibibytes. A gigabyte has a thousand million "
        "bytes.": (lambda gigabytes, d, bits, extra: _room(gigabytes * 1.024**3, d, bits, extra)),
    },
    nudge="How many whole bytes does one item take, code and extra together? Then see how often "
    "that fits.",
)


# 10.2


def _signs_case(rng: Generator, i: int) -> Case:
    d = rng.integers(2, 4 + i // 4)
    return rng.normal(size=d).round(1) + 0.05, rng.random((3, d)) < 0.5


_ASYMMETRIC = Compute(
    reference=lambda query, bits: np.where(bits, 1, -1) @ query,
    case=_signs_case,
    mistakes={
        "A bit that is not set stands for -1: the order is the same, not the values.": (
            lambda query, bits: bits @ query
        ),
        "You took the query's signs. Here it keeps its floats.": (
            lambda query, bits: np.where(bits, 1, -1) @ _signs_of(query)
        ),
        "The other way round: a bit that is set is a +1.": (
            lambda query, bits: np.where(bits, -1, 1) @ query
        ),
    },
    nudge="Which vector does a code stand for? Take its inner product with the query.",
)


# 10.3


def _signs_of(x: Array) -> Array:
    return np.where(x >= 0, 1.0, -1.0)


def _estimate_case(rng: Generator, i: int) -> Case:
    d = rng.integers(2, 4 + i // 4)
    x = rng.normal(size=d).round(2) + 0.005
    if i % 4 == 1:
        x[0] *= 0  # a zero, sometimes -0.0: the sign of both is +1
    return rng.normal(size=d).round(2), x


def _estimate(q: Array, x: Array) -> float:
    return q @ _signs_of(x) * (x @ x) / np.abs(x).sum()


_ESTIMATE = Compute(
    reference=_estimate,
    case=_estimate_case,
    mistakes={
        "You made the signs as long as x. Their projection on x is then shorter than x, so the "
        "estimate is low.": (
            lambda query, x: query @ _signs_of(x) * np.linalg.norm(x) / np.sqrt(len(x))
        ),
        "You took the multiple of the signs that is nearest to x. It is shorter than x, so the "
        "estimate is low.": (lambda query, x: query @ _signs_of(x) * np.abs(x).sum() / len(x)),
        "That is the exact product: x itself is not kept.": (lambda query, x: query @ x),
    },
    nudge="Write r = a * s, the signs s with +1 for a zero. With which a is r's projection on x "
    "just x, r @ x = x @ x?",
)


# 10.4


def _places_case(rng: Generator, i: int) -> Case:
    """Draw the places of neighbours, up to 1, 2 or 12 times k, and the share to reach.

    Their number is a power of two, so that shares are exact. In some cases the share is just met.
    """
    k = rng.choice([2, 4])
    n_queries = 4 * 2 ** (i // 8)
    n_candidates = (1, 2, 12)[i % 3] * k
    places = np.stack([rng.permutation(n_candidates)[:k] for _ in range(n_queries)])
    wanted = rng.integers(places.size // 2, places.size)
    if i % 6 == 2:
        steps = np.sort(places // k, axis=None)
        return places, np.mean(steps <= steps[wanted // 2])
    return places, wanted / places.size


def _first(places: Array, target: float, step: int) -> int:
    """Return after how many steps of `step` candidates the share is found."""
    return next(n for n in range(1, places.max() + 2) if np.mean(places < n * step) >= target)


_FACTOR = Compute(
    reference=lambda places, target: _first(places, target, places.shape[1]),
    case=_places_case,
    mistakes={
        "That is a number of candidates. A factor is a multiple of k.": (
            lambda places, target: _first(places, target, 1)
        ),
        "You asked every query for its share. It is the mean over all queries that has to reach "
        "the target.": (
            lambda places, target: max(_first(row[None], target, len(row)) for row in places)
        ),
        "You went on until all neighbours were found.": (
            lambda places, target: _first(places, 1.0, places.shape[1])
        ),
    },
    nudge="For factor 1, which share of all places is below k? Raise the factor while the share is "
    "too small.",
)


# 10.5


def _n_codes(X: Array) -> int:
    return len(np.unique(X >= 0, axis=0))


_IN_A_CORNER = 1 + np.random.default_rng(0).random((64, 9))

_CORNER = Construct(
    read=lambda answer: numbers(
        answer, "an array of vectors, one a row", lambda X: X.ndim == 2 and min(X.shape) > 1
    ),
    requirements=(
        Requirement(
            lambda X: _n_codes(X) == 1,
            "As they are, some of the vectors have different signs. Put all of them into one "
            "corner.",
            np.eye(16) - 0.5,
        ),
        Requirement(
            lambda X: _n_codes(X - X.mean(axis=0)) >= 16,
            "Around their mean they have fewer than 16 codes. How far may they lie from one "
            "another?",
            np.ones((16, 4)),
        ),
        Requirement(
            lambda X: X.shape[1] < 8,
            "That holds. Now do it with fewer than 8 numbers.",
            _IN_A_CORNER,
        ),
    ),
    example=_IN_A_CORNER[:, :7],
)


# 10.6


def _tables_case(rng: Generator, i: int) -> Case:
    n_pieces = rng.integers(2, 5)
    n_centres = rng.integers(3, 6)
    width = rng.integers(2, 4)
    query = rng.normal(size=n_pieces * width)
    codes = rng.integers(n_centres, size=(5, n_pieces))
    return query, codes, rng.normal(size=(n_pieces, n_centres, width))


def _decoded(codes: Array, centres: Array) -> Array:
    """Return the vector that each code stands for: the centres of its pieces, joined."""
    return centres[np.arange(len(centres)), codes].reshape(len(codes), -1)


_LOOK_UP = Compute(
    reference=lambda query, codes, centres: _decoded(codes, centres) @ query,
    case=_tables_case,
    mistakes={
        "You used the first piece's centres for all pieces. Each piece has centres of its own.": (
            lambda query, codes, centres: centres[0, codes].reshape(len(codes), -1) @ query
        ),
        "You used the first piece of the query for all pieces.": (
            lambda query, codes, centres: (
                _decoded(codes, centres) @ np.tile(query[: centres.shape[2]], len(centres))
            )
        ),
        "Those are squared distances. The exercise asks for inner products.": (
            lambda query, codes, centres: ((query - _decoded(codes, centres)) ** 2).sum(axis=1)
        ),
    },
    nudge="Cut the query into as many pieces as there are books of centres, and look each row's "
    "centres up.",
)


EXERCISES = (_ROOM, _ASYMMETRIC, _ESTIMATE, _FACTOR, _CORNER, _LOOK_UP)
