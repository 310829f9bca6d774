"""Exercises of chapter 1, Images to vectors."""

from typing import Any

import numpy as np

from .framework import Array, Compute, Construct, Exercise, Requirement, Trouble, describe, numbers

# 1.1


def _length_case(rng: np.random.Generator, i: int) -> tuple[int, int, int]:
    return 1 + i // 2, int(rng.integers(1, 5 + i)), 1 + i % 7


_LENGTH = Compute(
    reference=lambda n_scales, n_orientations, grid: n_scales * n_orientations * grid * grid,
    case=_length_case,
    mistakes={
        "A grid of 4 x 4 has 16 cells, not 4: a grid has rows and columns.": (
            lambda n_scales, n_orientations, grid: n_scales * n_orientations * grid
        ),
        "Every scale comes in every orientation. How many pairs of the two are there? It is not "
        "their sum.": (
            lambda n_scales, n_orientations, grid: (n_scales + n_orientations) * grid * grid
        ),
        "That is the number of filters. Each response is then cut into cells, and each cell gives "
        "a number.": (lambda n_scales, n_orientations, grid: n_scales * n_orientations),
    },
    nudge="Count first the filters, then the numbers that one filter gives. The book's GIST, with "
    "4, 8 and 4, has 512.",
)


# 1.2


def _signed(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw whole numbers from -9 to 9 without 0."""
    return rng.integers(1, 10, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def _cosine_case(rng: np.random.Generator, i: int) -> tuple[Array, Array]:
    d = int(rng.integers(2, 4 + i // 6))
    return _signed(rng, (d,)), _signed(rng, (d + 1 + i // 8, d))


def _cosines(query: Array, X: Array) -> Array:
    return (X / np.linalg.norm(X, axis=1, keepdims=True)) @ (query / np.linalg.norm(query))


_COSINE = Compute(
    reference=_cosines,
    case=_cosine_case,
    mistakes={
        "Those are dot products. They grow with the lengths of the vectors; the cosine does not.": (
            lambda query, X: X @ query
        ),
        "Wrong axis: you took the lengths of the columns of X. An image is a row.": (
            lambda query, X: (X / np.linalg.norm(X, axis=0)) @ (query / np.linalg.norm(query))
        ),
        "You divided by one number for all of X. Each row has a length of its own: say along which "
        "axis.": (lambda query, X: (X / np.linalg.norm(X)) @ (query / np.linalg.norm(query))),
    },
    nudge="Take two vectors of two numbers, draw them, and compute the cosine of the angle by "
    "hand.",
)


# 1.3


def _precision_case(rng: np.random.Generator, i: int) -> tuple[Array, Array, Array]:
    n_queries = int(rng.integers(2, 4))
    k = int(rng.integers(2, 5))
    n_rows = int(rng.integers(6, 10))
    nearest = np.stack([rng.permutation(n_rows)[:k] for _ in range(n_queries)])
    return nearest, rng.integers(0, 3, size=n_queries), rng.integers(0, 3, size=n_rows)


def _correct(nearest: Array, query_labels: Array, database_labels: Array) -> Array:
    return database_labels[nearest] == query_labels[:, None]


def _recall(nearest: Array, query_labels: Array, database_labels: Array) -> float:
    relevant = (query_labels[:, None] == database_labels).sum(axis=1)
    found = _correct(nearest, query_labels, database_labels).sum(axis=1)
    return float(np.mean(found / np.maximum(relevant, 1)))


_PRECISION = Compute(
    reference=lambda nearest, query_labels, database_labels: float(
        _correct(nearest, query_labels, database_labels).mean()
    ),
    case=_precision_case,
    mistakes={
        "You compared row numbers with labels. A row number leads to a label: "
        "database_labels[row].": (
            lambda nearest, query_labels, database_labels: float(
                (nearest == query_labels[:, None]).mean()
            )
        ),
        "That is the mean number of right answers. Precision is a share: from 0 to 1.": (
            lambda *case: float(_correct(*case).sum(axis=1).mean())
        ),
        "That is recall: you divided by how many there are to find. Precision divides by how many "
        "were returned.": (_recall),
        "That is in per cent. Precision is a share: from 0 to 1.": (
            lambda *case: 100 * float(_correct(*case).mean())
        ),
    },
    nudge="Take one query and write down the labels of its neighbours. What share of them is the "
    "query's?",
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
            "No GIST value is negative; let none of yours be.",
            ([1, 1], [[1, -1], [2, 2]]),
        ),
        Requirement(
            lambda thing: bool(thing[0].any() and thing[1].any(axis=1).all()),
            "A vector of zeros has no direction, and so no angle to anything.",
            ([1, 1], [[0, 0], [2, 2]]),
        ),
        Requirement(
            lambda thing: all(
                abs(first - second) > 1e-9 for first, second in _both_distances(thing)
            ),
            "A tie: the two rows are equally near by one of the measures. Move one of them.",
            ([1, 1], [[1, 2], [2, 1]]),
        ),
        Requirement(
            lambda thing: (
                len({int(distances.argmin()) for distances in _both_distances(thing)}) == 2
            ),
            "Both measures prefer the same row. What does the cosine ignore that the Euclidean "
            "distance sees? Give the row in the right direction too much of it.",
            ([1, 1], [[1, 1.1], [5, 1]]),
        ),
    ),
    example=([1, 1], [[9, 9], [1, 2]]),
)


# 1.5


def _others_case(rng: np.random.Generator, i: int) -> tuple[Array, int, int]:
    n_rows = int(rng.integers(5, 8)) + 2 * i
    highest = 4 if i % 4 else 20  # few values, so that rows tie
    X = rng.integers(0, highest, size=(n_rows, 2)).astype(float)
    row = int(rng.integers(1, len(X)))
    if i % 2:
        X[int(rng.integers(row))] = X[row]  # the same picture twice
    return X, row, int(rng.integers(2, 4)) + i // 4


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
        "The image itself is among its neighbours. It asks, so it cannot be an answer.": (
            lambda vectors, row, k: _by_distance(vectors, row)[:k]
        ),
        "You left out whatever came first, and it was another image: X holds the same vector "
        "twice. Leave out the row that asks, wherever it "
        "stands.": (lambda vectors, row, k: _by_distance(vectors, row)[1 : k + 1]),
        "One too few. Leave out the row that asks first, and then take k.": (
            lambda vectors, row, k: _others(vectors, row, k)[: k - 1]
        ),
    },
    nudge="Compute all distances to the row, sort the row numbers by them, the lower first at a "
    "tie, and find the row.",
)


EXERCISES: tuple[Exercise, ...] = (_LENGTH, _COSINE, _PRECISION, _DISAGREE, _OTHERS)
