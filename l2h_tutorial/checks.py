"""Arguments: the kinds of arrays, and counts and positive numbers, checked in one way and with one message."""

from collections.abc import Collection
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Bits = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Singles = NDArray[np.float32]


def check_integer(
    value: Any, name: str, low: int = 1, high: int | None = None, of: str = ""
) -> int:
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
    of : str, optional
        What there are `high` of, for messages.

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
    most = f"the {high} {of}" if of else high
    bounds = (
        f"at least {low}"
        if high is None
        else f"at most {most}"
        if high < low
        else f"from {low} to {most}"
    )
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(
            f"{name} must be an integer {'of ' if high is None else ''}{bounds}, got {value!r}"
        )
    if value < low or (high is not None and value > high):
        raise ValueError(f"{name} must be {bounds}, got {value}")
    return int(value)


def check_choice(value: Any, name: str, choices: Collection[Any]) -> None:
    """Raise a `ValueError` that names the parameter, unless it is one of the choices.

    Examples
    --------
    >>> check_choice("mean", "ties", ("expected", "stable"))
    Traceback (most recent call last):
        ...
    ValueError: ties must be one of ('expected', 'stable'), got 'mean'
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {tuple(choices)}, got {value!r}")


def check_positive(value: Any, name: str) -> float:
    """Return `value` as a positive float, or raise a `TypeError` or `ValueError` that names the
    parameter.

    Examples
    --------
    >>> check_positive(-1.0, "gamma")
    Traceback (most recent call last):
        ...
    ValueError: gamma must be a positive number, got -1.0
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a positive number, got {value!r}")
    if not 0 < float(value) < np.inf:
        raise ValueError(f"{name} must be a positive number, got {value!r}")
    return float(value)
