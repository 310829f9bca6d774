"""Define what an exercise is: how an answer is judged, and which hint a mistake gets.

An exercise holds a right answer and the mistakes that people make. Each hint stands beside the
wrong answer that it is about. The check recognises a mistake by computing it, and a test feeds each
mistake to the check and expects its hint. Nothing that a student passes raises an error: the
student reads a sentence about it.
"""

import contextlib
import inspect
import io
import json
import os
import select
import signal
import sys
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .answering import Trouble, call

__all__ = ["Compute", "Construct", "Exercise", "Requirement", "Trouble", "Verdict"]

Array = NDArray[Any]
N_CASES = 24  # random cases that a function is tried on
N_EDGES = 2  # the last of these cases, which may be at an edge
SECONDS = 10.0  # time for judging one answer
_MOST_PRINTED = 10_000  # characters of a student's output that are shown


class Verdict(NamedTuple):
    """Say whether an answer holds, and what to tell the student about it."""

    holds: bool
    text: str


TO_DO = Verdict(False, "to do. Write your answer in place of `...`, and run the cell again.")
EMPTY = Verdict(
    False, "to do. Your function returns nothing yet: write its body, and `return` the result."
)


def _not_yet(text: str) -> Verdict:
    return Verdict(False, f"not yet. {text[0].upper()}{text[1:]}")


class Exercise(ABC):
    """Judge answers: the base of `Compute` and `Construct`."""

    def judge(self, answer: Any, seed: int | None = None) -> Verdict:
        """Judge an answer, and never raise.

        The answer's function is called many times. What its first call prints is printed here. On
        Linux and macOS the answer runs in a copy of this process, which is killed after `SECONDS`.

        Parameters
        ----------
        answer : object
            Anything.
        seed : int, optional
            Draws the cases; fresh ones by default.
        """
        items = answer if isinstance(answer, tuple) else (answer,)
        if answer is None or any(item is ... for item in items):
            return TO_DO
        rng = np.random.default_rng(seed)
        verdict, printed = run_in_a_copy(lambda: self._judge_safely(answer, rng), SECONDS)
        print(printed, end="")
        return verdict

    def _judge_safely(self, answer: Any, rng: np.random.Generator) -> Verdict:
        """Turn whatever goes wrong with an answer into a verdict."""
        try:
            return self._judge(answer, rng)
        except Trouble as trouble:
            return _not_yet(str(trouble))
        # an object that cannot be looked at, such as one whose comparison fails
        except Exception as error:
            return _not_yet(
                f"your answer is {describe(answer)}, which cannot be read here "
                f"({type(error).__name__})."
            )

    @abstractmethod
    def _judge(self, answer: Any, rng: np.random.Generator) -> Verdict: ...

    @abstractmethod
    def right_answer(self) -> Any:
        """Return an answer that holds."""


@dataclass(frozen=True, kw_only=True)
class Compute(Exercise):
    """Ask for a function, which has to agree with a reference on fresh random cases.

    A mistake is recognised if it explains *every* wrong result: wherever the student's function is
    wrong, the mistake gives the same result.

    Parameters
    ----------
    reference : callable
        Computes the right result. Messages use the names of its parameters.
    case : callable
        Draws the arguments of case i from a generator: ``case(rng, i)``. The first cases should be
        the smallest, because the student is shown the first that fails. The last `N_EDGES` may be
        at an edge, where a wrong function might never end. They are tried only if all others hold.
    mistakes : mapping of str to callable
        The hint for a typical mistake, and a function that makes the mistake. The function takes
        the arguments of the reference.
    nudge : str
        The hint when no mistake is recognised.
    """

    reference: Callable[..., Any]
    case: Callable[[np.random.Generator, int], tuple[Any, ...]]
    mistakes: Mapping[str, Callable[..., Any]]
    nudge: str

    @property
    def names(self) -> list[str]:
        """Return the names of the function's parameters."""
        return list(inspect.signature(self.reference).parameters)

    def _judge(self, answer: Any, rng: np.random.Generator) -> Verdict:
        self._check_callable(answer)
        cases = self.cases(rng)
        results: list[Any] = []
        for case in cases:
            if len(results) == N_CASES - N_EDGES:
                before_edges = self.verdict(cases, results)
                if not before_edges.holds:
                    return before_edges
            output = io.StringIO() if results else sys.stdout
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                try:
                    results.append(call(answer, case))
                except Trouble as trouble:
                    return _not_yet(f"{trouble} That was with {self._named(case)}.")
        return self.verdict(cases, results)

    def cases(self, rng: np.random.Generator) -> list[tuple[Any, ...]]:
        """Draw the arguments of each case."""
        return [self.case(rng, i) for i in range(N_CASES)]

    def verdict(self, cases: list[tuple[Any, ...]], results: list[Any]) -> Verdict:
        """Judge a function's results on the first of the cases, or on all."""
        if all(result is None or result is ... for result in results):
            return EMPTY
        expected = [self.reference(*case) for case in cases[: len(results)]]
        failed = [i for i in range(len(results)) if not same(results[i], expected[i])]
        if not failed:
            return Verdict(True, f"holds, on {N_CASES} fresh random cases.")
        first = failed[0]
        seen = f"With {self._named(cases[first])} it gives {describe(results[first])}."
        with np.errstate(all="ignore"):  # a mistake may divide by zero
            for hint, wrong in self.mistakes.items():
                if all(same(results[i], wrong(*cases[i])) for i in failed):
                    return _not_yet(f"{hint} {seen}")
        form = misfit(results[first], expected[first])
        if form:
            return _not_yet(f"look at the form of the result: {form} {seen} {self.nudge}")
        return _not_yet(
            f"{seen} It is wrong in {len(failed)} of {len(results)} cases. {self.nudge}"
        )

    def _check_callable(self, answer: Any) -> None:
        """Refuse all but a function that takes as many arguments as the reference."""
        wanted = ", ".join(self.names)
        if not callable(answer):
            raise Trouble(
                f"the check needs the function itself, to call it with {wanted}; "
                f"it got {describe(answer)}. "
                "Pass the function's name, without parentheses behind it."
            )
        try:
            inspect.signature(answer).bind(*self.names)
        except TypeError:
            number = f"{len(self.names)} argument{'s' * (len(self.names) > 1)}"
            raise Trouble(f"your function should take {number}: {wanted}.") from None
        except ValueError:
            pass  # some functions written in C have no signature; the call will tell

    def _named(self, case: tuple[Any, ...]) -> str:
        """Return the arguments of a case, each with its name."""
        return ", ".join(
            f"{name} = {describe(value)}" for name, value in zip(self.names, case, strict=True)
        )

    def right_answer(self) -> Any:
        """Return the reference."""
        return self.reference


@dataclass(frozen=True)
class Requirement:
    """A condition on a student's thing, the hint if it fails, and a thing for which it fails."""

    holds: Callable[[Any], bool]
    hint: str
    wrong: Any


@dataclass(frozen=True, kw_only=True)
class Construct(Exercise):
    """Ask for a thing, such as a counterexample, that satisfies several requirements.

    Parameters
    ----------
    read : callable
        Takes the answer and returns what the requirements look at. Raises a `Trouble` that says
        what was expected if the answer cannot be read.
    requirements : tuple of Requirement
        Checked in order, so each may rely on those before it.
    example : object
        A thing that satisfies all requirements.
    """

    read: Callable[[Any], Any]
    requirements: tuple[Requirement, ...]
    example: Any

    def _judge(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if callable(answer):
            return _not_yet(
                "the check needs the thing itself, and it got a function: "
                "call it, and pass the result."
            )
        thing = self.read(answer)
        for requirement in self.requirements:
            if not requirement.holds(thing):
                return _not_yet(requirement.hint)
        return Verdict(True, "holds: it satisfies all that was asked.")

    def right_answer(self) -> Any:
        """Return the example."""
        return self.example


def numbers(answer: Any, what: str, fits: Callable[[Array], bool] = lambda values: True) -> Array:
    """Return an answer as an array of numbers, or raise a `Trouble` that says what it should be."""
    try:
        values = _real(answer).astype(np.float64)
    except (TypeError, ValueError):
        raise Trouble(f"it should be {what}, and is {describe(answer)}.") from None
    if not np.isfinite(values).all():
        raise Trouble("all numbers should be finite.")
    if not fits(values):
        raise Trouble(f"it should be {what}, and has shape {values.shape}.")
    return values


def run_in_a_copy(work: Callable[[], Verdict], seconds: float) -> tuple[Verdict, str]:
    """Run `work` in a copy of this process, and return its verdict and what it printed.

    The copy is killed when the time is over. On Windows, where a process cannot be copied, the work
    runs in this process without a limit.
    """
    printed = io.StringIO()
    if not hasattr(os, "fork"):
        with contextlib.redirect_stdout(printed):
            return work(), printed.getvalue()
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        # Python warns of threads, which the copy does not have or need
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            with (
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(printed),
                threadpool_limits(1),
            ):
                verdict = work()
            message = json.dumps([*verdict, printed.getvalue()[:_MOST_PRINTED]])
            with os.fdopen(write_end, "w", encoding="utf-8") as file:
                print(message, file=file)
        finally:
            os._exit(0)
    os.close(writes)
    data = b""
    end = time.monotonic() + seconds
    try:
        while not data.endswith(b"\n"):
            remaining = max(0, end - time.monotonic())
            ready, _, _ = select.select([reads], [], [], remaining)
            if not ready:
                return _not_yet(
                    f"your function had not finished after {seconds:g} seconds, "
                    "though the cases are small. Does a loop never end?"
                ), ""
            part = os.read(reads, 2**16)
            if not part:
                return _not_yet("your function ended Python itself."), ""
            data += part
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reads)
    holds, text, printed = json.loads(data)
    return Verdict(holds, text), printed


# Describe and compare values of every kind

_MOST_SHOWN = 24  # items of a list or array; of a longer one only the length is shown


def describe(value: Any) -> str:
    """Say in a few words what a value is, however large it is.

    Examples
    --------
    >>> describe(np.array([[1, 2], [3, 4]])), describe(np.zeros((1000, 512)))
    ('[[1, 2], [3, 4]]', 'an array of shape (1000, 512)')
    """
    if isinstance(value, np.ndarray):
        if value.size > _MOST_SHOWN or value.dtype == object:
            return f"an array of shape {value.shape}"
        return describe(value.tolist())
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if value is None:
        return "None"
    if isinstance(value, bool | int | np.integer | np.bool_):
        return f"{value}" if abs(int(value)) < 10**40 else "a number of more than 40 digits"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:37]}...")
    if isinstance(value, list | tuple | set):
        long = f"a {type(value).__name__} of {len(value)} items"
        if len(value) > _MOST_SHOWN:
            return long
        items = [describe(item) for item in value]
        if sum(map(len, items)) > 200:
            return long
        brackets = {tuple: "({})", set: "{{{}}}"}.get(type(value), "[{}]")
        return brackets.format(", ".join(items))
    return "a function" if callable(value) else f"an object of type {type(value).__name__}"


def misfit(got: Any, expected: Any) -> str | None:
    """Say what is wrong with the form of an answer; return None if `expected` has the same form.

    Examples
    --------
    >>> print(misfit(np.zeros((2, 3)), np.zeros((3, 2))))
    it should be an array of shape (3, 2), and is one of shape (2, 3): rows and columns are swapped.
    >>> misfit(3, 4)
    """
    if isinstance(expected, tuple):
        return _misfit_tuple(got, expected)
    if isinstance(expected, np.ndarray):
        return _misfit_array(got, expected)
    if isinstance(got, np.ndarray) and got.ndim == 0:
        got = got[()]
    is_bool = isinstance(got, bool | np.bool_)
    if isinstance(expected, bool | np.bool_):
        return None if is_bool else f"it should be True or False, and is {describe(got)}."
    whole = isinstance(expected, int | np.integer)
    a_number = "a whole number" if whole else "a number"
    if is_bool or not isinstance(got, Real):
        return f"it should be {a_number}, and is {describe(got)}."
    if got != got:
        return f"it should be {a_number}, and is NaN: was something divided by zero?"
    if whole and not isinstance(got, int | np.integer) and not float(got).is_integer():
        return f"it should be {a_number}, and is {describe(got)}."
    return None


def _real(values: Any) -> Array:
    """Return an array of numbers, or raise; objects such as fractions become floats."""
    array = np.asarray(values)
    array = array.astype(float) if array.dtype == object else array
    if array.dtype.kind not in "biuf":
        raise TypeError("no numbers")
    return array


def _misfit_tuple(got: Any, expected: tuple[Any, ...]) -> str | None:
    should = f"it should be a tuple of {len(expected)} things, and is"
    has_items = isinstance(got, tuple | list) or (isinstance(got, np.ndarray) and got.ndim > 0)
    if not has_items:
        return f"{should} {describe(got)}."
    if len(got) != len(expected):
        return f"{should} {describe(got)}, one of {len(got)}."
    for position, (got_item, expected_item) in enumerate(zip(got, expected, strict=True), start=1):
        problem = misfit(got_item, expected_item)
        if problem:
            return f"of the {len(expected)} things, look at number {position}: {problem}"
    return None


def _misfit_array(got: Any, expected: np.ndarray) -> str | None:
    should = f"it should be an array of shape {expected.shape}"
    like_an_array = isinstance(got, Sized) or hasattr(got, "__array__")
    if isinstance(got, str | set | dict) or not like_an_array:
        return f"{should}, and is {describe(got)}."
    try:
        got = _real(got)
    except Exception:  # lists of unequal lengths, objects that refuse to be arrays
        return f"{should} of numbers, and is something else: are all its rows of one length?"
    if got.shape != expected.shape:
        swapped = got.ndim == 2 and got.shape == expected.shape[::-1]
        guess = ": rows and columns are swapped" if swapped else ""
        return f"{should}, and is one of shape {got.shape}{guess}."
    if (got.dtype == bool) != (expected.dtype == bool):
        values = "True and False" if expected.dtype == bool else "numbers"
        return f"{should} of {values}, and is one of {got.dtype}."
    if got.dtype.kind == "f" and np.isnan(got).any():
        return f"{should}, and holds NaN: was something divided by zero?"
    return None


def same(got: Any, expected: Any) -> bool:
    """Return whether an answer equals the expected one in form and values.

    Whole numbers have to be equal. Others have to agree to about five digits. Single precision
    keeps as many of numbers near one, even after some cancellation.

    Examples
    --------
    >>> same([0.5, 1 / 3], np.array([0.5, 0.3333333])), same((1, 2), (2, 1))
    (True, False)
    """
    if misfit(got, expected):
        return False
    if isinstance(expected, tuple):
        return all(map(same, got, expected))
    if isinstance(expected, np.ndarray):
        relative = 1e-5 if expected.dtype.kind == "f" else 0
        return bool(np.allclose(_real(got), expected, rtol=relative, atol=1e-5))
    if isinstance(expected, float):
        return bool(np.isclose(float(got), expected, rtol=1e-5, atol=1e-5))
    return bool(int(got) == int(expected))
