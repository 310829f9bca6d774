"""Exercises of chapter 11, Beyond one table, one core, one machine."""

import math

import numpy as np

from ..search import ball_size
from .framework import Array, Case, Compute, Construct, Generator, Requirement, numbers

# 11.1

_VECTORS_GB = 10**9 * 512 * 4 / 1e9
_CODES_GB = 10**9 * 128 / 8 / 1e9
_SCAN_SECONDS = 10**9 / 250e6


def _is_close(estimate: float, right: float) -> bool:
    """Say whether an estimate is at most double or at least half of what is right."""
    return right / 2 <= estimate <= 2 * right


_ESTIMATES = Construct(
    read=lambda answer: numbers(
        answer,
        "three numbers: gigabytes of the vectors, gigabytes of the codes, seconds",
        lambda estimates: estimates.shape == (3,),
    ),
    requirements=(
        Requirement(
            lambda estimates: not _is_close(estimates[0], _VECTORS_GB / 4),
            "Vectors: you gave each number one byte. It takes four.",
            (_VECTORS_GB / 4, _CODES_GB, _SCAN_SECONDS),
        ),
        Requirement(
            lambda estimates: _is_close(estimates[0], _VECTORS_GB),
            "Vectors: start with one vector. How many bytes do its 512 numbers take?",
            (_VECTORS_GB / 1000, _CODES_GB, _SCAN_SECONDS),
        ),
        Requirement(
            lambda estimates: not _is_close(estimates[1], 8 * _CODES_GB),
            "Codes: you gave each bit a byte, as an array of True and False does. Packed, a byte "
            "holds 8 bits.",
            (_VECTORS_GB, 8 * _CODES_GB, _SCAN_SECONDS),
        ),
        Requirement(
            lambda estimates: _is_close(estimates[1], _CODES_GB),
            "Codes: start with one code. How many bytes do its 128 bits take?",
            (_VECTORS_GB, _CODES_GB / 8, _SCAN_SECONDS),
        ),
        Requirement(
            lambda estimates: _is_close(estimates[2], _SCAN_SECONDS),
            "Scan: how many times do 250 million codes go into a billion?",
            (_VECTORS_GB, _CODES_GB, 1000 * _SCAN_SECONDS),
        ),
    ),
    example=(_VECTORS_GB, _CODES_GB, _SCAN_SECONDS),
)


# 11.2


def _pieces_case(rng: Generator, i: int) -> Case:
    n_pieces = rng.integers(2, 4 + i // 12)
    piece_bits = rng.integers(5, 9 + i // 4)
    return n_pieces * piece_bits, n_pieces, rng.integers(2, piece_bits + 1)


_PROBES = Compute(
    reference=lambda n_bits, n_pieces, radius: (
        n_pieces * ball_size(n_bits // n_pieces, radius // n_pieces)
    ),
    case=_pieces_case,
    mistakes={
        "You counted the buckets of one table. Each piece has a table, and all are searched.": (
            lambda n_bits, n_pieces, radius: ball_size(n_bits // n_pieces, radius // n_pieces)
        ),
        "You searched each piece within the whole radius. How many of the differing bits can the "
        "piece with the fewest have?": (
            lambda n_bits, n_pieces, radius: n_pieces * ball_size(n_bits // n_pieces, radius)
        ),
        "You rounded up. Rounding down is enough: if every piece differed in more bits than that, "
        "in how many would the codes differ?": (
            lambda n_bits, n_pieces, radius: (
                n_pieces * ball_size(n_bits // n_pieces, math.ceil(radius / n_pieces))
            )
        ),
    },
    nudge="How many bits does a piece have, and which radius is enough for it? Then count the "
    "buckets of one table.",
)


# 11.3


def _sent_case(rng: Generator, i: int) -> Case:
    n_partitions = rng.integers(2, 4 + i // 12)
    k = 2 + i**2
    ids = rng.permutation(n_partitions * k).reshape(n_partitions, k)
    distances = rng.integers(0, 5, size=ids.shape)
    order = np.lexsort((ids, distances))
    return np.take_along_axis(distances, order, 1), np.take_along_axis(ids, order, 1), k


def _first_places(distances: Array, ids: Array, k: int) -> Array:
    """Return the places in the joined array of the k best, by distance and then by row number."""
    return np.lexsort((ids.ravel(), distances.ravel()))[:k]


_MERGE = Compute(
    reference=lambda distances, ids, k: ids.ravel()[_first_places(distances, ids, k)],
    case=_sent_case,
    mistakes={
        "If distances are equal, you kept the order of the partitions. The smaller id comes first, "
        "whichever partition sent it.": (
            lambda distances, ids, k: ids.ravel()[np.argsort(distances.ravel(), kind="stable")][:k]
        ),
        "You returned the smallest ids. The distance decides first.": (
            lambda distances, ids, k: np.sort(ids.ravel())[:k]
        ),
        "You returned places in the joined array. Look up the ids at these places.": (
            _first_places
        ),
    },
    nudge="Join everything that was sent, sort by distance and then by id, and keep k.",
)


# 11.4


def _short_case(rng: Generator, i: int) -> Case:
    n_partitions = rng.integers(4, 7)
    n_sent = rng.integers(2, 4)
    distances = np.sort(rng.integers(0, 9, size=(n_partitions, n_sent)), axis=1)
    return distances, rng.integers(n_sent + 1, distances.size)


def _last_place(distances: Array, k: int) -> int:
    """Return the distance at place k of all that was sent."""
    return np.sort(distances.ravel())[k - 1]


_AGAIN = Compute(
    reference=lambda distances, k: distances[:, -1] <= _last_place(distances, k),
    case=_short_case,
    mistakes={
        "You left out partitions whose last distance equals the k-th smallest. Their next row may "
        "be at that distance too, with a smaller id.": (
            lambda distances, k: distances[:, -1] < _last_place(distances, k)
        ),
        "You looked at the nearest row of each partition. The last row tells how near the next one "
        "can be.": (lambda distances, k: distances[:, 0] <= _last_place(distances, k)),
        "You exchanged the two sides: these partitions have already sent every row that can win.": (
            lambda distances, k: distances[:, -1] > _last_place(distances, k)
        ),
    },
    nudge="A partition's next row is at least as far as its last one. Compare that with the k-th "
    "smallest distance of all.",
)


EXERCISES = (_ESTIMATES, _PROBES, _MERGE, _AGAIN)
