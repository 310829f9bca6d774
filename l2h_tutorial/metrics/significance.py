"""Whether one method beats another on the same queries, or by chance."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from ..checks import check_integer


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, n_resamples: int = 2000, random_state: Any = 0
) -> tuple[float, float, float]:
    """Mean difference of two methods over the same queries, with a 95% percentile interval.

    Parameters
    ----------
    a, b : (n_queries,) arrays of numbers
        A measure of each query under either method, in the same order of queries.
    n_resamples : int, default=2000
        How often the queries are drawn anew, with replacement.
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    difference, low, high : float
        The mean of ``a - b``, and the ends of the interval. If it holds 0, the queries do not tell the methods apart.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not one-dimensional, of one length, not empty and finite, or `n_resamples` is not an integer
        of at least 1.

    References
    ----------
    B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> paired_bootstrap([0.5, 0.6, 0.7], [0.4, 0.5, 0.6]) == (0.1, 0.1, 0.1)
    False
    >>> [round(value, 3) for value in paired_bootstrap([0.5, 0.6, 0.7], [0.4, 0.5, 0.6])]
    [0.1, 0.1, 0.1]
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape or not first.size:
        raise ValueError(
            f"a and b must hold one number for each of the same queries, got {first.shape}, {second.shape}"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("a and b must be finite: leave out queries that either method skips (NaN)")
    n_resamples = check_integer(n_resamples, "n_resamples")
    difference = first - second
    random = check_random_state(random_state)
    means = [difference[random.randint(len(difference), size=len(difference))].mean() for _ in range(n_resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(difference.mean()), float(low), float(high)
