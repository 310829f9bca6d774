"""Answers of every sort, compared without a traceback and described without filling the page."""

from collections.abc import Callable, Sized
from numbers import Real
from typing import Any

import numpy as np

__all__ = ["describe", "misfit", "same"]

_FEW = 24  # items that are shown; of more, only the number
_MANY = 100_000  # items of a list that are looked at


def describe(value: Any) -> str:
    """Say what a value is, in a few words however large it is.

    Examples
    --------
    >>> describe(np.array([[1, 2], [3, 4]]))
    '[[1, 2], [3, 4]]'
    >>> describe(np.zeros((1000, 512)))
    'an array of shape (1000, 512)'
    """
    if isinstance(value, np.ndarray):
        if value.size > _FEW or value.dtype == object:
            return f"an array of shape {value.shape}"
        return describe(value.tolist())
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if value is None or isinstance(value, bool | int | np.integer | np.bool_):
        return f"{value}" if value is None or abs(int(value)) < 10**40 else "a number of more than 40 digits"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:37]}...")
    if isinstance(value, list | tuple | set):
        inside = [] if len(value) > _FEW else [describe(item) for item in value]
        if len(value) > _FEW or sum(map(len, inside)) > 200:
            return f"a {type(value).__name__} of {len(value)} items"
        around = {tuple: "({})", set: "{{{}}}"}.get(type(value), "[{}]")
        return around.format(", ".join(inside))
    return "a function" if callable(value) else f"an object of type {type(value).__name__}"


def misfit(got: Any, expected: Any) -> str | None:
    """Say in what form an answer should come, if it comes in another than `expected`; None if the form is right.

    Parameters
    ----------
    got : object
        Anything.
    expected : bool, int, float, set, tuple or array
        A value of the right form.

    Examples
    --------
    >>> misfit(np.zeros((2, 3)), np.zeros((3, 2)))
    'it should be an array of shape (3, 2), and is one of shape (2, 3): rows and columns are swapped.'
    >>> misfit(3, 4)
    """
    if isinstance(expected, tuple):
        return _misfit_tuple(got, expected)
    if isinstance(expected, np.ndarray):
        return _misfit_array(got, expected)
    if isinstance(got, np.ndarray) and got.ndim == 0:
        got = got[()]
    if isinstance(expected, bool | np.bool_):
        return None if isinstance(got, bool | np.bool_) else f"it should be True or False, and is {describe(got)}."
    whole = isinstance(expected, int | np.integer)
    a_number = "a whole number" if whole else "a number"
    if isinstance(got, bool | np.bool_) or not isinstance(got, Real):
        return f"it should be {a_number}, and is {describe(got)}."
    if got != got:
        return f"it should be {a_number}, and is NaN: was something divided by zero?"
    if whole and not isinstance(got, int | np.integer) and not float(got).is_integer():
        return f"it should be {a_number}, and is {describe(got)}."
    return None


def same(got: Any, expected: Any) -> bool:
    """Whether an answer is the expected one: of the same form, whole numbers equal, others to about six digits.

    Examples
    --------
    >>> same([0.5, 1 / 3], np.array([0.5, 0.3333333])), same((1, 2), (2, 1))
    (True, False)
    """
    if misfit(got, expected):
        return False
    if isinstance(expected, tuple):
        return all(same(ours, theirs) for ours, theirs in zip(got, expected, strict=True))
    if isinstance(expected, np.ndarray):
        ours = np.asarray(got)
        exact = expected.dtype.kind != "f" and ours.dtype.kind != "f"
        return bool(np.array_equal(ours, expected) if exact else np.allclose(ours, expected, rtol=1e-6, atol=1e-9))
    if isinstance(expected, float):
        return bool(np.isclose(float(got), expected, rtol=1e-6, atol=1e-9))
    return bool(int(got) == int(expected))


def _misfit_tuple(got: Any, expected: tuple[Any, ...]) -> str | None:
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        of = f" of {len(got)}" if isinstance(got, tuple | list) else ""
        return f"it should be a tuple of {len(expected)} things, and is {describe(got)}{of and ', one' + of}."
    for position, (ours, theirs) in enumerate(zip(got, expected, strict=True)):
        problem = misfit(ours, theirs)
        if problem:
            return f"of the {len(expected)} things, look at number {position + 1}: {problem}"
    return None


def _misfit_array(got: Any, expected: np.ndarray) -> str | None:
    should = f"it should be an array of shape {expected.shape}"
    if isinstance(got, str | set | dict) or not (isinstance(got, Sized) or hasattr(got, "__array__")):
        return f"{should}, and is {describe(got)}."
    if not isinstance(got, np.ndarray):
        if isinstance(got, Sized) and len(got) > _MANY:
            return f"{should}, and is {describe(got)}."
        got = _quietly(np.asarray, got)
    if got is None or got.dtype.kind not in "biuf":
        return f"{should} of numbers, and is something else: are all its rows of one length?"
    if got.shape != expected.shape:
        swapped = got.ndim == 2 and got.shape == expected.shape[::-1]
        why = ": rows and columns are swapped" if swapped else ""
        return f"{should}, and is one of shape {got.shape}{why}."
    if (got.dtype == bool) != (expected.dtype == bool):
        return f"{should} of {'True and False' if expected.dtype == bool else 'numbers'}, and is one of {got.dtype}."
    if got.dtype.kind == "f" and np.isnan(got).any():
        return f"{should}, and holds NaN: was something divided by zero?"
    return None


def _quietly(function: Callable[[Any], Any], value: Any) -> Any:
    """The function's result, or None if it fails: lists of unequal lengths, objects that refuse to be arrays."""
    try:
        return function(value)
    except Exception:
        return None
