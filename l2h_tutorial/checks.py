"""Check arguments, always in the same way and with the same message; name the kinds of arrays.

The search needs NumPy, SciPy, scikit-learn, joblib and threadpoolctl only. What else a function
needs, such as pandas for a data frame, comes with an extra of this package, and is imported here.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike as ArrayLike
from numpy.typing import NDArray

Array = NDArray[Any]
Bits = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Codes = NDArray[np.uint64]
Distances = NDArray[np.int32]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Objects = NDArray[np.object_]
Singles = NDArray[np.float32]


def check_integer(
    value: Any, name: str, low: int = 1, high: int | None = None, of: str = ""
) -> int:
    """Return `value` as an int within bounds, or raise an error that says what is wrong.

    Parameters
    ----------
    value : int
        Python's or NumPy's. A float is refused even if it is whole, and so is a bool.
    name : str
        What to call it in messages.
    low : int, default=1
    high : int, optional
        The bounds; both are allowed.
    of : str, optional
        What `high` counts, for messages.

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
    if high is None:
        bounds = f"at least {low}"
    elif high < low:
        bounds = f"at most {most}"
    else:
        bounds = f"from {low} to {most}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        of_bounds = f"of {bounds}" if high is None else bounds
        raise TypeError(f"{name} must be an integer {of_bounds}, got {value!r}")
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


def one_of(*choices: Any) -> Callable[[Any, str], None]:
    """Return `check_choice` for these choices."""
    return partial(check_choice, choices=choices)


def check_positive(value: Any, name: str) -> float:
    """Return `value` as a positive float, or raise an error that names the parameter.

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


def check_named(value: Any, name: str, names: Collection[str], method: str) -> None:
    """Raise an error that names the parameter, unless it is a known name or an estimator.

    Examples
    --------
    >>> check_named(3, "initial", ["lsh"], "transform")
    Traceback (most recent call last):
        ...
    TypeError: initial must be one of ('lsh',), or an estimator with fit and transform, got 3
    """
    if isinstance(value, str):
        check_choice(value, name, names)
    elif isinstance(value, type) or not hasattr(value, method):
        expected = f"one of {tuple(names)}, or an estimator with fit and {method}"
        raise TypeError(f"{name} must be {expected}, got {value!r}")


def check_finite(X: Array, name: str) -> None:
    """Refuse vectors with NaN or infinity."""
    if not np.isfinite(X).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")


def is_as_checked(X: Any, estimator: Any) -> bool:
    """Say whether `X` is a finite array, as a fitted estimator takes it without a conversion.

    scikit-learn's checks of one query take longer than to hash it.

    Examples
    --------
    >>> from l2h_tutorial import LSH
    >>> lsh = LSH(8).fit(np.eye(2))
    >>> is_as_checked(np.eye(2), lsh), is_as_checked([[1, 0]], lsh)
    (True, False)
    """
    if type(X) is not np.ndarray or X.dtype not in (np.float64, np.float32):
        return False
    if X.ndim != 2 or not len(X) or X.shape[1] != estimator.n_features_in_:
        return False
    if hasattr(estimator, "feature_names_in_"):
        return False  # scikit-learn warns that names are missing
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(X.sum()))


def load_optional(module: str, user: str, extra: str = "notebooks") -> Any:
    """Import a module that may be missing, or raise an error that says how to install it.

    Parameters
    ----------
    module : str
    user : str
        Name of what the reader called and what needs the module, for the message.
    extra : str, default="notebooks"
        Extra of this package that installs the module.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If the module cannot be imported.

    Examples
    --------
    >>> load_optional("no_such", "audit")
    Traceback (most recent call last):
        ...
    ImportError: audit needs no_such: pip install "l2h-tutorial[notebooks]"
    """
    try:
        return import_module(module)
    except ImportError as error:
        how = f'pip install "l2h-tutorial[{extra}]"'
        raise ImportError(f"{user} needs {module}: {how}") from error


def with_progress(
    items: Iterable[Any], name: str = "bits", total: int | None = None, delay: float = 2
) -> Any:
    """Iterate over items, with a progress bar on a terminal after a few seconds.

    Without a terminal or without tqdm there is no bar.

    Parameters
    ----------
    items : iterable
    name : str, default="bits"
        What the bar is called.
    total : int, optional
        Number of items, where `items` has no length.
    delay : float, default=2
        Seconds before the bar, which then waits for the next item; 0 shows it at once.

    Returns
    -------
    iterable over the same items

    Examples
    --------
    >>> list(with_progress("ab"))
    ['a', 'b']
    """
    # tqdm would begin a thread even for a bar that it does not show; a program with windows alone
    # has no stderr
    if sys.stderr is None or not sys.stderr.isatty():
        return items
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    return tqdm(items, name, total, delay=delay, leave=False)


def on_threads(n_threads: int, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Yield what `work` returns for each item, in their order, from `n_threads` threads.

    One is the thread that asks: to begin another takes longer than to answer a query, and in a
    browser there is no other.

    Examples
    --------
    >>> list(on_threads(2, abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    if n_threads == 1:
        yield from map(work, items)
    else:
        with ThreadPoolExecutor(n_threads) as threads:
            yield from threads.map(work, items)
