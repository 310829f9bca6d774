"""Exercises of chapter 7, Training GRH."""

import numpy as np

from .framework import Array, Compute, Exercise

# 7.1


def _ranking_case(rng: np.random.Generator, i: int) -> tuple[Array]:
    relevant = rng.random(int(rng.integers(3, 6 + i // 3))) < 0.5
    relevant[int(rng.integers(1, len(relevant)))] = True
    return (relevant,)


def _precisions(relevant: Array) -> Array:
    """Return the precision at each rank."""
    return np.cumsum(relevant) / np.arange(1, len(relevant) + 1)


def _precisions_before(relevant: Array) -> Array:
    """Return the precisions if the image at the rank itself is not counted as found."""
    return (np.cumsum(relevant) - relevant) / np.arange(1, len(relevant) + 1)


_AVERAGE_PRECISION = Compute(
    reference=lambda relevant: float(_precisions(relevant)[relevant].mean()),
    case=_ranking_case,
    mistakes={
        "You averaged the precision over all ranks. Only the ranks at which something relevant is "
        "found count.": (lambda relevant: float(_precisions(relevant).mean())),
        "You divided by the length of the ranking. The mean is over the relevant images.": (
            lambda relevant: float(_precisions(relevant)[relevant].sum() / len(relevant))
        ),
        "You counted what was found before each relevant image. The image itself is found at its "
        "rank as well.": (lambda relevant: float(_precisions_before(relevant)[relevant].mean())),
    },
    nudge="Write down a ranking of three, say right, wrong, right, and the precision at ranks 1 "
    "and 3.",
)


# 7.2


def _classes_case(rng: np.random.Generator, i: int) -> tuple[Array, Array]:
    labels = np.sort(rng.choice(10, size=int(rng.integers(2, 4)), replace=False))
    y = rng.permutation(np.repeat(labels, rng.integers(2, 5, size=len(labels)) + i // 12))
    bits = rng.random((len(y), 4)) < 0.5
    # the first bit of the first class is tied, or nearly so
    members = np.flatnonzero(y == labels[0])
    bits[members, 0] = np.arange(len(members)) % 2 == 0
    return bits, y


def _class_means(bits: Array, y: Array) -> Array:
    """Return the mean of each class, in the order of the labels."""
    return np.array([bits[y == label].mean(axis=0) for label in np.unique(y)])


_CODEWORDS = Compute(
    reference=lambda bits, y: _class_means(bits, y) > 0.5,
    case=_classes_case,
    mistakes={
        "You gave ties a 1. Here the sign of zero is -1, so a class that is split evenly gets a "
        "0.": (lambda *case: _class_means(*case) >= 0.5),
        "That is +1 and -1. The exercise asks for True and False.": (
            lambda *case: np.where(_class_means(*case) > 0.5, 1, -1)
        ),
        "That has a row for each image. The table has a row for each class, in the order of the "
        "labels.": (
            lambda bits, y: (_class_means(bits, y) > 0.5)[np.searchsorted(np.unique(y), y)]
        ),
    },
    nudge="Take one class, write its codes below each other, and count the ones in each column.",
)


# 7.3


def _kernel_case(rng: np.random.Generator, i: int) -> tuple[Array, Array, Array, float]:
    n = int(rng.integers(3, 5 + i // 8))
    X = 2 * rng.normal(size=(n + 2, 3))
    kernel = np.exp(-np.sum((X[:, None] - X) ** 2, axis=2) / 4)
    bits = rng.choice([-1, 1], size=(n, 4))
    return kernel[:n, :n], kernel[n:, :n], bits, round(float(rng.uniform(0.1, 1)), 2)


def _with_ridge(K: Array, ridge: float) -> Array:
    return K + ridge * np.eye(len(K))


def _ridge_scores(K: Array, k: Array, L: Array, ridge: float) -> Array:
    return k @ np.linalg.solve(_with_ridge(K, ridge), L)


_RIDGE = Compute(
    reference=_ridge_scores,
    case=_kernel_case,
    mistakes={
        "You added the ridge to every entry of K. Times the identity, where does it go?": (
            lambda kernel, new_kernel, L, ridge: new_kernel @ np.linalg.solve(kernel + ridge, L)
        ),
        "You divided entry by entry. The inverse of a matrix is another thing: solve the system.": (
            lambda kernel, new_kernel, L, ridge: new_kernel @ ((1 / _with_ridge(kernel, ridge)) @ L)
        ),
        "Those are the signs. The exercise asks for the scores, before the sign is taken.": (
            lambda kernel, new_kernel, L, ridge: np.sign(
                new_kernel @ np.linalg.solve(_with_ridge(kernel, ridge), L)
            )
        ),
    },
    nudge="Check the shapes: A has a row for each training image and a column for each bit.",
)


# 7.4


def _mean_case(rng: np.random.Generator, i: int) -> tuple[Array, Array, Array]:
    """Draw vectors of zeros and of ones, and new ones, of which one is half-way between the means.

    The vectors are whole numbers, and there are 1, 2 or 4 of a kind: so means and ties are exact.
    """
    bit = rng.permutation(np.repeat([False, True], rng.choice([1, 2, 4], size=2, replace=False)))
    X = np.round(rng.normal((4, 2), 2, size=(len(bit), 2)))
    new = np.round(rng.normal((4, 2), 2, size=(7, 2)))
    X[bit] += 1
    new[i % 7] = (X[bit].mean(axis=0) + X[~bit].mean(axis=0)) / 2
    return X, bit, new


def _distances(X: Array, bit: Array, new: Array) -> Array:
    """Return squared distances of new vectors to the mean of the zeros and that of the ones."""
    return np.sum((new[:, None] - _class_means(X, bit)) ** 2, axis=2)


def _normal(X: Array, bit: Array) -> Array:
    """Return the vector from the mean of the zeros to the mean of the ones."""
    return np.diff(_class_means(X, bit), axis=0)[0]


def _nearest_mean(X: Array, bit: Array, new: Array) -> Array:
    zeros, ones = _distances(X, bit, new).T
    return np.asarray(ones < zeros)


_NEAREST_MEAN = Compute(
    reference=_nearest_mean,
    case=_mean_case,
    mistakes={
        "The other way round: a smaller distance to the ones is a vote for a 1.": (
            lambda *case: ~_nearest_mean(*case)
        ),
        "You compared dot products with the two means. They favour the longer mean; distances do "
        "not.": (lambda X, bit, new: new @ _normal(X, bit) > 0),
        "Your hyperplane goes through the mean of all images. Half-way between the two means is "
        "another place when there are more of one kind.": (
            lambda X, bit, new: (new - X.mean(axis=0)) @ _normal(X, bit) > 0
        ),
    },
    nudge="Draw a few points of both kinds, mark the two means, and ask of a new point which is "
    "nearer. Half-way is 0.",
)


EXERCISES: tuple[Exercise, ...] = (_AVERAGE_PRECISION, _CODEWORDS, _RIDGE, _NEAREST_MEAN)
