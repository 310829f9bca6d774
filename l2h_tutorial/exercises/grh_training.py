"""Exercises of chapter 7, Training GRH."""

from typing import Any

import numpy as np

from .framework import Array, Case, Compute, Construct, Generator, Requirement, Trouble, describe

# 7.1


def _ranking_case(rng: Generator, i: int) -> Case:
    relevant = rng.random(rng.integers(3, 6 + i // 3)) < 0.5
    relevant[rng.integers(1, len(relevant))] = True
    return (relevant,)


def _precisions(relevant: Array, missed: int = 0) -> Array:
    """Return the precision at each rank, if some of the relevant images are not counted."""
    return (np.cumsum(relevant) - missed) / np.arange(1, len(relevant) + 1)


_AVERAGE_PRECISION = Compute(
    reference=lambda relevant: _precisions(relevant)[relevant].mean(),
    case=_ranking_case,
    mistakes={
        "You averaged the precision over all ranks. Only the ranks with a relevant image count.": (
            lambda relevant: _precisions(relevant).mean()
        ),
        "You divided by the length of the ranking. Divide by the number of relevant images.": (
            lambda relevant: _precisions(relevant)[relevant].sum() / len(relevant)
        ),
        "You counted the relevant images before each rank. The image at the rank itself counts "
        "too.": (lambda relevant: _precisions(relevant, missed=1)[relevant].mean()),
    },
    nudge="Write down a ranking of three images, such as right, wrong, right, and the precision "
    "at ranks 1 and 3.",
)


# 7.2


def _read_four_answers(answer: Any) -> Any:
    """Return the four truth values of an answer."""
    several = isinstance(answer, tuple | list) and len(answer) == 4
    if not several or not all(isinstance(value, bool | np.bool_) for value in answer):
        raise Trouble(
            "the check needs four answers, each `True` or `False`, in the order of the changes; "
            f"it got {describe(answer)}."
        )
    return answer


_CAN_CHANGE = Construct(
    read=_read_four_answers,
    requirements=(
        Requirement(
            lambda can_change: not can_change[0],
            "Change 1: the graph only asks whether two images have the same label. Which pairs of "
            "images have the same label once the classes are renamed?",
            (True, False, True, False),
        ),
        Requirement(
            lambda can_change: not can_change[1],
            "Change 2: which bits does the vote flip at 0.5, and which at 0.3? Look for the dead "
            "zone in chapter 6.",
            (False, True, True, False),
        ),
        Requirement(
            lambda can_change: can_change[2],
            "Change 3: at alpha = 1 the classifiers are taught the majorities of the classes. Does "
            "a class have the same majorities when other images belong to it?",
            (False, False, False, False),
        ),
        Requirement(
            lambda can_change: not can_change[3],
            "Change 4: the first vote made every class unanimous, and the classifiers kept it so. "
            "Whose bits can the second vote flip?",
            (False, False, True, True),
        ),
    ),
    example=(False, False, True, False),
)


# 7.3


def _kernel_case(rng: Generator, i: int) -> Case:
    n = rng.integers(3, 5 + i // 8)
    X = 2 * rng.normal(size=(n + 2, 3))
    kernel = np.exp(-np.sum((X[:, None] - X) ** 2, axis=2) / 4)
    bits = rng.choice([-1, 1], size=(n, 4))
    return kernel[:n, :n], kernel[n:, :n], bits, round(rng.uniform(0.1, 1), 2)


def _ridge_scores(K: Array, k: Array, L: Array, ridge: float) -> Array:
    return k @ np.linalg.solve(K + ridge * np.eye(len(K)), L)


_RIDGE = Compute(
    reference=_ridge_scores,
    case=_kernel_case,
    mistakes={
        "You added the ridge to every entry of K. Which entries of ridge * I are not zero?": (
            lambda kernel, new_kernel, L, ridge: new_kernel @ np.linalg.solve(kernel + ridge, L)
        ),
        "You divided entry by entry. That is not the inverse of a matrix: solve the system.": (
            lambda kernel, new_kernel, L, ridge: (
                new_kernel @ ((1 / (kernel + ridge * np.eye(len(kernel)))) @ L)
            )
        ),
        "You returned the signs. The exercise asks for the scores before the sign is taken.": (
            lambda *case: np.sign(_ridge_scores(*case))
        ),
    },
    nudge="Check the shapes: A has a row for each training image and a column for each bit.",
)


# 7.4


def _mean_case(rng: Generator, i: int) -> Case:
    """Draw vectors with bit 0 and bit 1, and new vectors, one of them halfway between the means.

    All numbers are whole, and each bit has 1, 2 or 4 vectors, so means and ties are exact.
    """
    bit = rng.permutation(np.repeat([False, True], rng.choice([1, 2, 4], size=2, replace=False)))
    X = np.round(rng.normal((4, 2), 2, size=(len(bit), 2)))
    new = np.round(rng.normal((4, 2), 2, size=(7, 2)))
    X[bit] += 1
    new[i % 7] = _class_means(X, bit).mean(axis=0)
    return X, bit, new


def _class_means(bits: Array, y: Array) -> Array:
    """Return the mean of each class, in the order of the labels."""
    return np.array([bits[y == label].mean(axis=0) for label in np.unique(y)])


def _normal(X: Array, bit: Array) -> Array:
    """Return the vector from the mean of the zeros to the mean of the ones."""
    return np.diff(_class_means(X, bit), axis=0)[0]


def _nearest_mean(X: Array, bit: Array, new: Array) -> Array:
    to_zeros, to_ones = np.sum((new - _class_means(X, bit)[:, None]) ** 2, axis=2)
    return to_ones < to_zeros


_NEAREST_MEAN = Compute(
    reference=_nearest_mean,
    case=_mean_case,
    mistakes={
        "You exchanged the two sides: a vector nearer to the mean of the ones gets `True`.": (
            lambda *case: ~_nearest_mean(*case)
        ),
        "You compared dot products with the two means. Dot products favour the longer mean, and "
        "distances do not.": (lambda X, bit, new: new @ _normal(X, bit) > 0),
        "Your hyperplane passes through the mean of all vectors. If one side has more vectors, "
        "that is not halfway between the two means.": (
            lambda X, bit, new: (new - X.mean(axis=0)) @ _normal(X, bit) > 0
        ),
    },
    nudge="Draw a few points of both kinds and mark the two means. Which mean is nearer to a new "
    "point? A point halfway gets `False`.",
)


EXERCISES = (_AVERAGE_PRECISION, _CAN_CHANGE, _RIDGE, _NEAREST_MEAN)
