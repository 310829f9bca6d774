"""Exercises of chapter 11, Beyond one table, one core, one machine."""

import math

import numpy as np

from ..search import ball_size
from .framework import Array, Compute, Exercise

# 11.1


def _memory_case(rng: np.random.Generator, i: int) -> tuple[int, int]:
    return int(rng.integers(1, 2000)) * 10**6, 8 * int(rng.integers(1, 33))


_MEMORY = Compute(
    reference=lambda n_codes, n_bits: n_codes * n_bits / 8 / 1e9,
    case=_memory_case,
    mistakes={
        "You gave each bit a byte, as an array of True and False does. Packed, a byte holds 8 of "
        "them.": (lambda n_codes, n_bits: n_codes * n_bits / 1e9),
        "You divided by powers of 1,024: those are gibibytes. A gigabyte has a thousand million "
        "bytes.": (lambda n_codes, n_bits: n_codes * n_bits / 8 / 2**30),
        "Those are bytes. The exercise asks for gigabytes.": (
            lambda n_codes, n_bits: n_codes * n_bits / 8
        ),
    },
    nudge="Start with one code: how many bytes does it take?",
)


# 11.2


def _pieces_case(rng: np.random.Generator, i: int) -> tuple[int, int, int]:
    n_pieces = int(rng.integers(2, 4 + i // 12))
    piece_bits = int(rng.integers(5, 9 + i // 4))
    return n_pieces * piece_bits, n_pieces, int(rng.integers(2, piece_bits + 1))


_PROBES = Compute(
    reference=lambda n_bits, n_pieces, radius: (
        n_pieces * ball_size(n_bits // n_pieces, radius // n_pieces)
    ),
    case=_pieces_case,
    mistakes={
        "That is one piece's table. Each of the pieces has one, and all have to be asked.": (
            lambda n_bits, n_pieces, radius: ball_size(n_bits // n_pieces, radius // n_pieces)
        ),
        "You searched each piece with the whole radius. How few of the differing bits does the "
        "best piece have?": (
            lambda n_bits, n_pieces, radius: n_pieces * ball_size(n_bits // n_pieces, radius)
        ),
        "You rounded up. Rounding down is enough: were each piece to differ in more, what would "
        "the sum be?": (
            lambda n_bits, n_pieces, radius: (
                n_pieces * ball_size(n_bits // n_pieces, math.ceil(radius / n_pieces))
            )
        ),
    },
    nudge="How many bits has a piece, and which radius is enough for it? Then count the buckets of "
    "one table.",
)


# 11.3


def _sent_case(rng: np.random.Generator, i: int) -> tuple[Array, Array, int]:
    n_partitions = int(rng.integers(2, 4 + i // 12))
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
        "Of rows at one distance you kept the order of the partitions. The smaller row number "
        "comes first, wherever it was.": (
            lambda distances, ids, k: ids.ravel()[np.argsort(distances.ravel(), kind="stable")][:k]
        ),
        "Those are the smallest row numbers. The distance decides first.": (
            lambda distances, ids, k: np.sort(ids.ravel())[:k]
        ),
        "Those are places in the joined array. Look up the row numbers there.": (_first_places),
    },
    nudge="Join all that was sent, sort by distance and then by row number, and keep k.",
)


# 11.4


def _short_case(rng: np.random.Generator, i: int) -> tuple[Array, int]:
    n_partitions = int(rng.integers(4, 7))
    n_sent = int(rng.integers(2, 4))
    distances = np.sort(rng.integers(0, 9, size=(n_partitions, n_sent)), axis=1)
    return distances, int(rng.integers(n_sent + 1, distances.size))


def _last_place(distances: Array, k: int) -> int:
    """Return the distance at place k of all that was sent."""
    return int(np.sort(distances.ravel())[k - 1])


_AGAIN = Compute(
    reference=lambda distances, k: distances[:, -1] <= _last_place(distances, k),
    case=_short_case,
    mistakes={
        "You left out partitions whose last distance equals that of place k. Their next row may be "
        "at that distance too, with a smaller row number.": (
            lambda distances, k: distances[:, -1] < _last_place(distances, k)
        ),
        "You looked at the best that each partition sent. It is the last one that tells how near "
        "its next row can be.": (lambda distances, k: distances[:, 0] <= _last_place(distances, k)),
        "The other way round: those have sent all that can win.": (
            lambda distances, k: distances[:, -1] > _last_place(distances, k)
        ),
    },
    nudge="A partition's next row is at least as far as its last one. Compare that with what place "
    "k has already.",
)


EXERCISES: tuple[Exercise, ...] = (_MEMORY, _PROBES, _MERGE, _AGAIN)
