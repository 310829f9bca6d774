"""Arguments that are counts, checked in one way and with one message."""

from typing import Any

import numpy as np


def check_integer(value: Any, name: str, low: int = 1, high: int | None = None) -> int:
    """Return `value` as an int within bounds, or say what is wrong with it.

    Parameters
    ----------
    value : int
        Python's or NumPy's. A float is none, even if it is whole, nor is a bool.
    name : str
        What to call it in messages.
    low : int, default=1
    high : int, optional
        The bounds; both are allowed.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is out of bounds.

    Examples
    --------
    >>> check_integer(np.int64(3), "k")
    3
    >>> check_integer(0, "k", high=8)
    Traceback (most recent call last):
        ...
    ValueError: k must be from 1 to 8, got 0
    """
    bounds = f"at least {low}" if high is None else f"from {low} to {high}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer {'of ' if high is None else ''}{bounds}, got {value!r}")
    if value < low or (high is not None and value > high):
        raise ValueError(f"{name} must be {bounds}, got {value}")
    return int(value)
