"""Exercises of chapter 1, Images to vectors."""

from typing import Any

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

# 1.1


_LENGTH = Compute(
    reference=lambda n_scales, n_orientations, grid: n_scales * n_orientations * grid * grid,
    case=lambda rng, i: (1 + i // 2, rng.integers(1, 5 + i), 1 + i % 7),
    mistakes={
        "A grid has rows and columns, so a grid of 4 x 4 has 16 cells, not 4.": (
            lambda n_scales, n_orientations, grid: n_scales * n_orientations * grid
        ),
        "Every scale is combined with every orientation, so the number of pairs is not their "
        "sum.": (lambda n_scales, n_orientations, grid: (n_scales + n_orientations) * grid * grid),
        "That is the number of filters. The response of each filter is then cut into cells, and "
        "each cell gives one number.": (
            lambda n_scales, n_orientations, grid: n_scales * n_orientations
        ),
    },
    nudge="First count the filters, then the numbers that each filter gives. The book's GIST has "
    "4 scales, 8 orientations and a grid of 4 x 4, and that makes 512.",
)


# 1.2


def _signed(rng: Generator, shape: tuple[int, ...]) -> Array:
    """Draw whole numbers from -9 to 9 without 0."""
    return rng.integers(1, 10, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def _cosine_case(rng: Generator, i: int) -> Case:
    d = int(rng.integers(2, 4 + i // 6))
    return _signed(rng, (d,)), _signed(rng, (d + 1 + i // 8, d))


def _cosines(query: Array, X: Array) -> Array:
    return unit(X) @ unit(query, None)


_COSINE = Compute(
    reference=_cosines,
    case=_cosine_case,
    mistakes={
        "Those are dot products. They grow with the lengths of the vectors, but cosines do not.": (
            lambda query, X: X @ query
        ),
        "Wrong axis: you took the lengths of the columns of X, but an image is a row.": (
            lambda query, X: unit(X, 0) @ unit(query, None)
        ),
        "You divided all of X by one number, but each row has a length of its own. Pass `axis` to "
        "the norm.": (lambda query, X: unit(X, None) @ unit(query, None)),
    },
    nudge="Draw two vectors of two numbers, compute the cosine of the angle between them by hand, "
    "and compare it with your function's result.",
)


# 1.3


_FLATTERED = Compute(
    reference=lambda precision, k: (1 + (k - 1) * precision) / k,
    case=lambda rng, i: (round(rng.uniform(0.05, 0.95), 3), 1 + i),
    mistakes={
        "The query is now its own first answer, so the precision changes.": (
            lambda precision, k: precision
        ),
        "The query itself is a right answer too, because it has its own label.": (
            lambda precision, k: (k - 1) * precision / k
        ),
        "There are still only k answers. The query takes a place, so one of the images that were "
        "found before drops out.": (lambda precision, k: precision + 1 / k),
        "You counted k + 1 answers. The query is the first of k answers.": (
            lambda precision, k: (1 + k * precision) / (k + 1)
        ),
    },
    nudge="Take k = 2: the first answer is the query, and the second is right in a share "
    "`precision` of the cases.",
)


# 1.4


def _read_query_and_rows(answer: Any) -> tuple[Array, Array]:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Trouble(f"the check needs two things, (query, X); it got {describe(answer)}.")
    query, X = (numbers(part, "arrays of numbers") for part in answer)
    if query.shape != (2,) or X.shape != (2, 2):
        raise Trouble(
            "the query should have 2 numbers and X shape (2, 2); "
            f"they have {query.shape} and {X.shape}."
        )
    return query, X


def _both_distances(thing: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return the distances of both rows from the query: negative cosines, then Euclidean ones."""
    query, X = thing
    return -_cosines(query, X), np.linalg.norm(X - query, axis=1)


_DISAGREE = Construct(
    read=_read_query_and_rows,
    requirements=(
        Requirement(
            lambda thing: all((part >= 0).all() for part in thing),
            "One of your numbers is negative, but no GIST value is.",
            ([1, 1], [[1, -1], [2, 2]]),
        ),
        Requirement(
            lambda thing: thing[0].any() and thing[1].any(axis=1).all(),
            "A vector of zeros has no direction, so it makes no angle with any vector.",
            ([1, 1], [[0, 0], [2, 2]]),
        ),
        Requirement(
            lambda thing: all(
                abs(first - second) > 1e-9 for first, second in _both_distances(thing)
            ),
            "By one of the measures both rows are equally near to the query. Move one of the rows.",
            ([1, 1], [[1, 2], [2, 1]]),
        ),
        Requirement(
            lambda thing: len({distances.argmin() for distances in _both_distances(thing)}) == 2,
            "Both measures prefer the same row. The cosine ignores something that the Euclidean "
            "distance sees. Give the row with the right direction too much of it.",
            ([1, 1], [[1, 1.1], [5, 1]]),
        ),
    ),
    example=([1, 1], [[9, 9], [1, 2]]),
)


# 1.5


def _others_case(rng: Generator, i: int) -> Case:
    n_rows = rng.integers(5, 8) + 2 * i
    highest = 4 if i % 4 else 20  # few values, so that rows tie
    X = rng.integers(0, highest, size=(n_rows, 2)).astype(float)
    row = rng.integers(1, len(X))
    if i % 2:
        X[rng.integers(row)] = X[row]  # the same picture twice
    return X, row, rng.integers(2, 4) + i // 4


def _by_distance(X: Array, row: int) -> Array:
    """Return all rows by their distance to one, ties by number."""
    return np.argsort(np.linalg.norm(X - X[row], axis=1), kind="stable")


def _others(X: Array, row: int, k: int) -> Array:
    order = _by_distance(X, row)
    return order[order != row][:k]


_OTHERS = Compute(
    reference=_others,
    case=_others_case,
    mistakes={
        "Your function returns the query itself, which must not be among its answers.": (
            lambda vectors, row, k: _by_distance(vectors, row)[:k]
        ),
        "You left out whatever came first, and it was another image, because X holds the same "
        "vector twice. Leave out the query's own row, wherever it stands.": (
            lambda vectors, row, k: _by_distance(vectors, row)[1 : k + 1]
        ),
        "You return one row too few. First leave out the query's own row, and then take k rows.": (
            lambda *case: _others(*case)[:-1]
        ),
    },
    nudge="Compute all distances to the query, sort the row numbers by distance with a stable "
    "sort, and look for the query's own row in the result.",
)


EXERCISES = (_LENGTH, _COSINE, _FLATTERED, _DISAGREE, _OTHERS)
