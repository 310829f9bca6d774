"""Exercises of chapter 3, Buckets."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .framework import (
    Array,
    Case,
    Compute,
    Construct,
    Generator,
    Requirement,
    Trouble,
    describe,
    numbers,
    unit,
)

# 3.1

_RAW_BITS = (16, 32)  # of the rows of Fashion-MNIST in the chapter's last table
_CENTRED_BITS = (7, 16)
_FAIR_PAIRS = ((16, 7), (32, 16))


class _Comparison(NamedTuple):
    """Two rows of the chapter's table, and why they may be compared."""

    raw_bits: float
    centred_bits: float
    reason: str


def _read_comparison(answer: Any) -> _Comparison:
    """Return two numbers of bits and a letter, or raise a `Trouble`."""
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise Trouble(
            "it should be a tuple of two numbers of bits and a letter, such as (48, 12, 'c'), "
            f"and is {describe(answer)}."
        )
    *bits, reason = answer
    raw_bits, centred_bits = numbers(bits, "two numbers of bits, without quotes")
    letter = str(reason).strip().lower()
    if letter not in ("a", "b", "c"):
        raise Trouble(f"the reason should be 'a', 'b' or 'c', but it is {describe(reason)}.")
    return _Comparison(raw_bits, centred_bits, letter)


_FAIR = Construct(
    read=_read_comparison,
    requirements=(
        Requirement(
            lambda rows: rows.raw_bits in _RAW_BITS and rows.centred_bits in _CENTRED_BITS,
            "The table has no such rows for Fashion-MNIST. Give the bits of a raw row first, and "
            "then the bits of a centred row.",
            (24, 12, "b"),
        ),
        Requirement(
            lambda rows: rows.raw_bits != rows.centred_bits,
            "These are the colleague's rows. Look at the candidates: the raw queries have ten "
            "times as many, so they find more because they look at more.",
            (16, 16, "a"),
        ),
        Requirement(
            lambda rows: (rows.raw_bits, rows.centred_bits) in _FAIR_PAIRS,
            "One of these two searches looks at far more images than the other. What does a search "
            "pay, and in which rows is the price about the same?",
            (32, 7, "b"),
        ),
        Requirement(
            lambda rows: rows.reason == "b",
            "The rows are right, but not for this reason. Which of the table's columns is about "
            "the same in both rows?",
            (16, 7, "c"),
        ),
    ),
    example=(16, 7, "b"),
)


# 3.2


def _spread_case(rng: Generator, i: int) -> Case:
    n_bits = 1 + i % 7
    n_codes = 2**n_bits
    if i % 2:  # every bucket gets as many images
        return (1 + i // 2 * rng.integers(1, 4)) * n_codes, n_bits
    return rng.integers(1, n_codes + 1), n_bits


_FEWEST = Compute(
    reference=lambda n_images, n_bits: max(1.0, n_images / 2**n_bits),
    case=_spread_case,
    mistakes={
        "You returned less than one candidate. If there are more codes than images, most buckets "
        "are empty. But this bucket is the stored query's own: which image is in it for certain?": (
            lambda n_images, n_bits: n_images / 2**n_bits
        ),
        "You returned no candidate at all. The bucket is the stored query's own: which image is in "
        "it for certain?": (lambda n_images, n_bits: n_images // 2**n_bits),
        "That is one too many. The stored query is one of the images, so it is counted already.": (
            lambda n_images, n_bits: n_images / 2**n_bits + 1
        ),
        "A code of b bits has 2**b possible values, not 2b.": (
            lambda n_images, n_bits: max(1.0, n_images / (2 * n_bits))
        ),
    },
    nudge="How many buckets can there be? Deal the images out to them one by one, like cards.",
)


# 3.3


def _counts(database_codes: Array, query_codes: Array) -> Array:
    """Return for each query how many images of the database have its code."""
    return (query_codes[:, None] == database_codes).sum(axis=1)


def _mean_without_empty(database_codes: Array, query_codes: Array) -> float:
    counts = _counts(database_codes, query_codes)
    return counts[counts > 0].mean() if counts.any() else 0.0


_CANDIDATES = Compute(
    reference=lambda database_codes, query_codes: _counts(database_codes, query_codes).mean(),
    case=lambda rng, i: (rng.integers(0, 4, size=6 + i), rng.integers(0, 6, size=4 + i // 2)),
    mistakes={
        "You left out the queries whose bucket is empty. They have 0 candidates, and they count "
        "too.": _mean_without_empty,
        "That is the mean size of the buckets, in which every bucket counts once. Here every query "
        "counts once.": (
            lambda database_codes, query_codes: len(database_codes) / len(np.unique(database_codes))
        ),
        "You counted several queries with the same code only once. Each of them searches, so each "
        "of them counts.": (
            lambda database_codes, query_codes: _counts(
                database_codes, np.unique(query_codes)
            ).mean()
        ),
    },
    nudge="For every query count the images with its code, and take the mean of these counts.",
)


# 3.4


def _prepare_case(rng: Generator, i: int) -> Case:
    d = rng.integers(2, 4 + i // 8)
    database = rng.integers(1, 10, size=(d + 2, d)).astype(float)
    queries = rng.integers(1, 10, size=(d + 1, d)).astype(float)
    return database, queries


_PREPARE = Compute(
    reference=lambda database, queries: unit(queries) - unit(database).mean(axis=0),
    case=_prepare_case,
    mistakes={
        "You subtracted the mean of the queries. But the queries have not arrived yet when the "
        "table is built.": (lambda database, queries: unit(queries) - unit(queries).mean(axis=0)),
        "Wrong axis: from each vector you subtracted the mean of its own numbers. The mean image "
        "has one number for each column, the mean over the rows.": (
            lambda database, queries: unit(queries) - unit(queries).mean(axis=1, keepdims=True)
        ),
        "You scaled the queries, but subtracted the mean of vectors that were not scaled.": (
            lambda database, queries: unit(queries) - database.mean(axis=0)
        ),
        "You divided a whole array by one length. Every row is a vector with its own length.": (
            lambda database, queries: unit(queries, None) - unit(database, None).mean(axis=0)
        ),
        "The queries have length one, but they are not centred yet.": (
            lambda database, queries: unit(queries)
        ),
    },
    nudge="Try it with the same single row, [[3, 4]], as database and as queries. Scaled, both are "
    "[[0.6, 0.8]], so nothing is left after centring.",
)


# 3.5


_MISLEAD = Construct(
    read=lambda answer: numbers(
        answer, "a list of sizes, one for each bucket", lambda X: X.ndim == 1 and X.size > 0
    ),
    requirements=(
        Requirement(
            lambda sizes: ((sizes == np.floor(sizes)) & (sizes >= 1)).all(),
            "Every size must be a whole number, at least 1: a table has no empty buckets.",
            [0, 0, 5],
        ),
        Requirement(
            lambda sizes: sizes.mean() <= 2,
            "The mean size is more than 2. Which buckets bring the mean down, and hold hardly any "
            "images?",
            [60, 60],
        ),
        Requirement(
            lambda sizes: (sizes**2).sum() / sizes.sum() >= 50,
            "The mean size is small enough, but a stored query has fewer than 50 candidates "
            "on average. Where must many images be, so that many queries land there?",
            [2, 2, 2],
        ),
    ),
    example=[300, *[1] * 400],
)


# 3.6


def _lay_out(codes: Array) -> tuple[Array, Array, Array]:
    """Return the codes that occur, where each one's rows start and end, and the rows by code."""
    values, counts = np.unique(codes, return_counts=True)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return values, offsets, np.argsort(codes, kind="stable")


def _with_offsets(change: Callable[[Array], Array]) -> Callable[[Array], tuple[Array, ...]]:
    """Return a function that lays codes out and makes a mistake in the offsets."""

    def mistaken(codes: Array) -> tuple[Array, ...]:
        values, offsets, rows = _lay_out(codes)
        return values, change(offsets), rows

    return mistaken


_LAY_OUT = Compute(
    reference=_lay_out,
    case=lambda rng, i: (rng.integers(0, 5, size=6 + i) * 2 + 3,),
    mistakes={
        "The offsets lack the 0 at the start: the first bucket begins at 0.": (
            _with_offsets(lambda offsets: offsets[1:])
        ),
        "The offsets lack the end of the last bucket. There must be one more offset than there are "
        "buckets.": (_with_offsets(lambda offsets: offsets[:-1])),
        "The second array has the sizes of the buckets. An offset is where a bucket starts: the "
        "sum of the sizes before it.": (_with_offsets(np.diff)),
    },
    nudge="The rows of bucket i must be rows[offsets[i]:offsets[i + 1]]. Try it with codes [5, 3, "
    "5].",
)


EXERCISES = (_FAIR, _FEWEST, _CANDIDATES, _PREPARE, _MISLEAD, _LAY_OUT)
