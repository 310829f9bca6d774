"""A student's function, called so that whatever it does becomes a value or a sentence."""

import copy
import inspect
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Trouble", "call", "check_parameters", "time_limit"]


class Trouble(Exception):
    """What kept a function from giving a value, as a sentence for its author."""


class _OutOfTime(BaseException):
    """Not an Exception, which an `except Exception` in the function would swallow."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop what runs inside after some time, where there are alarms: in the main thread, not on Windows.

    Parameters
    ----------
    seconds : float

    Raises
    ------
    Trouble
        When time is up.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: Any) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _OutOfTime:
        raise Trouble(
            f"your function had not finished after {seconds:g} seconds, though the cases are small. Does a loop never "
            f"end?"
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def check_parameters(function: Callable[..., Any], names: list[str]) -> None:
    """Check that a function can be called with as many arguments as there are names.

    Parameters
    ----------
    function : callable
    names : list of str
        What the exercise calls the arguments.

    Raises
    ------
    Trouble
        If it cannot.
    """
    try:
        inspect.signature(function).bind(*names)
    except TypeError:
        wanted = f"{len(names)} argument{'s' * (len(names) > 1)}"
        raise Trouble(f"your function should take {wanted}: {', '.join(names)}.") from None
    except ValueError:
        pass  # some functions written in C have no signature; the call will tell


def call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a function with copies of the arguments.

    Parameters
    ----------
    function : callable
    arguments : tuple

    Returns
    -------
    object
        What the function returned.

    Raises
    ------
    Trouble
        If it raises, or leaves Python.

    Examples
    --------
    >>> call(lambda a: a + 1, (2,))
    3
    """
    try:
        return function(*copy.deepcopy(arguments))
    except (Exception, SystemExit) as error:
        words = " ".join(str(error).split())
        said = f"{type(error).__name__}: {words[:150]}" if words else type(error).__name__
        raise Trouble(f"your function raised {said}.") from None
