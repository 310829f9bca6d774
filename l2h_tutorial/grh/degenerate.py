"""Bits on which all training points agree after the graph step: one class only, so no classifier can be taught."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["RULES", "degenerate_bits", "next_best_split", "redraw"]

RULES = ("redraw", "split", "keep")

_REDRAWS = 100


def degenerate_bits(bits: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the columns on which all points agree.

    Examples
    --------
    >>> degenerate_bits(np.array([[True, True], [True, False]]))
    array([0])
    """
    return np.flatnonzero(bits.all(axis=0) | ~bits.any(axis=0))


def next_best_split(scores: NDArray[np.float64]) -> NDArray[np.bool_] | None:
    """Cut one column of scores where it halves the points best, when cutting it at zero leaves one side empty.

    Points with equal scores, such as a whole class at alpha = 1, stay together.

    Parameters
    ----------
    scores : (n,) array of float64

    Returns
    -------
    (n,) array of bool, or None where all scores are equal

    Examples
    --------
    >>> next_best_split(np.array([0.2, 0.9, 0.2, 0.8]))
    array([False,  True, False,  True])
    """
    values, place, counts = np.unique(np.round(scores, 12), return_inverse=True, return_counts=True)
    if len(values) == 1:
        return None
    below = np.cumsum(counts)[:-1]
    cut = np.abs(2 * below - len(scores)).argmin()
    return place.ravel() > cut


def redraw(
    features: NDArray[np.float64],
    regularise: Callable[[NDArray[np.bool_]], NDArray[np.bool_]],
    random: np.random.RandomState,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Start one bit again from a random hyperplane through the mean, until the graph step leaves it two sides.

    Parameters
    ----------
    features : (n, d) array of float64
        Centred.
    regularise : callable
        The graph step: (n, 1) array of bool to (n, 1) array of bool.
    random : RandomState

    Returns
    -------
    drawn, regularised : (n,) arrays of bool, or None after 100 hyperplanes in vain
    """
    for _ in range(_REDRAWS):
        drawn = features @ random.standard_normal((features.shape[1], 1)) >= 0
        regularised = regularise(drawn)
        if not degenerate_bits(regularised).size:
            return drawn[:, 0], regularised[:, 0]
    return None
