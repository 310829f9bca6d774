"""Define what an exercise is: a right answer, and typical mistakes, each with its hint.

Each hint stands beside the wrong answer that it is about. So the check can recognise the mistake,
and a test can feed the mistake to the check and look for its hint. Whatever a student passes, the
check answers with a sentence and raises nothing.
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
from numpy.random import Generator
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ..checks import Array
from .answering import Trouble, call

N_CASES = 24  # cases that a function is called with
N_EDGES = 2  # of these, the last may be at an edge
SECONDS = 10.0  # that a check may take
_MOST_PRINTED = 10_000  # letters of an answer's output that are shown

Case = tuple[Any, ...]  # the arguments of one call


class Verdict(NamedTuple):
    """Hold a check's result: whether the answer holds, and the sentence that the student reads."""

    holds: bool
    text: str


TO_DO = Verdict(False, "to do. Replace `...` with your answer, and run the cell again.")
EMPTY = Verdict(
    False,
    "to do. Your function returns nothing yet. Printing is not enough: `return` the result.",
)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _not_yet(text: str) -> Verdict:
    return Verdict(False, f"not yet. {text[0].upper()}{text[1:]}")


class Exercise(ABC):
    """Judge answers: the base of `Compute` and `Construct`."""

    def judge(self, answer: Any, seed: int | None = None) -> Verdict:
        """Judge an answer without ever raising, and print what its first call prints.

        On Linux and macOS the answer runs in a copy of the process. That copy is killed when its
        time is over, whatever it does.

        Parameters
        ----------
        answer : object
            Anything.
        seed : int, optional
            Seed for drawing the cases. By default every check draws fresh ones.
        """
        if answer is None or answer is ...:
            return TO_DO
        if isinstance(answer, tuple) and any(item is ... for item in answer):
            return TO_DO
        rng = np.random.default_rng(seed)
        verdict, printed = judge_in_copy(lambda: self._judge_safely(answer, rng))
        print(printed, end="")
        return verdict

    def _judge_safely(self, answer: Any, rng: Generator) -> Verdict:
        """Turn whatever the answer raises into a verdict."""
        try:
            return self._judge(answer, rng)
        except Trouble as trouble:
            return _not_yet(str(trouble))
        # some objects cannot be read at all: comparing them fails, for instance
        except Exception as error:
            return _not_yet(
                f"your answer is {describe(answer)}, "
                f"which cannot be read here ({type(error).__name__})."
            )

    @abstractmethod
    def _judge(self, answer: Any, rng: Generator) -> Verdict: ...


@dataclass(frozen=True, kw_only=True)
class Compute(Exercise):
    """Ask for a function, which has to agree with a reference on fresh random cases.

    The check recognises a mistake if, in *every* case in which the student's function is wrong, it
    gives what the mistake gives.

    Parameters
    ----------
    reference : callable
        Computes the right result. Messages use the names of its parameters.
    case : callable
        Draws the arguments of case i from a generator: ``case(rng, i)``. The first cases should be
        the smallest, because the first case that fails is shown. The last `N_EDGES` may be at an
        edge, where a mistake might never end. They are tried only if all others hold.
    mistakes : mapping of str to callable
        For the hint of each typical mistake, a function that makes the mistake. It takes the
        arguments of the reference.
    nudge : str
        Advice for an answer that is wrong in another way.
    """

    reference: Callable[..., Any]
    case: Callable[[Generator, int], Case]
    mistakes: Mapping[str, Callable[..., Any]]
    nudge: str

    @property
    def names(self) -> list[str]:
        """Return the names of the function's parameters."""
        return list(inspect.signature(self.reference).parameters)

    def _judge(self, answer: Any, rng: Generator) -> Verdict:
        if not callable(answer):
            raise Trouble(
                f"the check needs the function itself, to call it with {', '.join(self.names)}; "
                f"it got {describe(answer)}. "
                "Pass the function's name, without parentheses behind it."
            )
        cases = self.cases(rng)
        results: list[Any] = []
        for case in cases:
            if len(results) == N_CASES - N_EDGES:
                verdict = self.verdict(cases, results)
                if not verdict.holds:
                    return verdict
            # only what the first call prints is shown
            output = io.StringIO() if results else sys.stdout
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                try:
                    results.append(call(answer, case))
                except Trouble as trouble:
                    return _not_yet(f"{trouble} That was with {self._describe_case(case)}.")
        return self.verdict(cases, results)

    def cases(self, rng: Generator) -> list[Case]:
        """Draw the arguments of all `N_CASES` cases, and make NumPy's numbers Python's own."""
        return [tuple(map(_plain, self.case(rng, i))) for i in range(N_CASES)]

    def verdict(self, cases: list[Case], results: list[Any]) -> Verdict:
        """Judge a function by its results on the first cases, or on all."""
        if all(result is None or result is ... for result in results):
            return EMPTY
        expected = [self.reference(*case) for case in cases[: len(results)]]
        failed = [i for i in range(len(results)) if not same(results[i], expected[i])]
        if not failed:
            return Verdict(True, f"holds in all {N_CASES} random cases.")
        first = failed[0]
        example = f"With {self._describe_case(cases[first])} it gives {describe(results[first])}."
        with np.errstate(all="ignore"):
            for hint, mistake in self.mistakes.items():
                if all(same(results[i], mistake(*cases[i])) for i in failed):
                    return _not_yet(f"{hint} {example}")
        form = misfit(results[first], expected[first])
        if form:
            return _not_yet(f"look at the form of the result: {form} {example} {self.nudge}")
        return _not_yet(
            f"{example} It is wrong in {len(failed)} of {len(results)} cases. {self.nudge}"
        )

    def _describe_case(self, case: Case) -> str:
        return ", ".join(
            f"{name} = {describe(value)}" for name, value in zip(self.names, case, strict=True)
        )


class Requirement(NamedTuple):
    """State a condition on an answer, the hint if it fails, and an answer for which it fails."""

    holds: Callable[[Any], bool]
    hint: str
    wrong: Any


@dataclass(frozen=True, kw_only=True)
class Construct(Exercise):
    """Ask for a thing, such as a counterexample, that has to satisfy several requirements.

    Parameters
    ----------
    read : callable
        Takes the answer and returns what the requirements look at. It raises a `Trouble` that says
        what was expected if the answer cannot be read.
    requirements : tuple of Requirement
        They are checked in order: each may rely on those before it.
    example : object
        A thing that satisfies all requirements.
    """

    read: Callable[[Any], Any]
    requirements: tuple[Requirement, ...]
    example: Any

    def _judge(self, answer: Any, rng: Generator) -> Verdict:
        thing = self.read(answer)
        for requirement in self.requirements:
            if not requirement.holds(thing):
                return _not_yet(requirement.hint)
        return Verdict(True, "holds. Your answer meets all the requirements.")


def numbers(answer: Any, what: str, fits: Callable[[Array], bool] = lambda values: True) -> Array:
    """Return an answer as an array of finite numbers, or raise a `Trouble` if it is not `what`."""
    try:
        values = _real(answer).astype(np.float64)
    except (TypeError, ValueError):
        raise Trouble(f"it should be {what}, but it is {describe(answer)}.") from None
    if not np.isfinite(values).all():
        raise Trouble("all numbers should be finite.")
    if not fits(values):
        raise Trouble(f"it should be {what}, but it has shape {values.shape}.")
    return values


def unit(X: Array, axis: int | None = 1) -> Array:
    """Return the rows of X, its columns, or X as a whole (None), divided by their length."""
    return X / np.linalg.norm(X, axis=axis, keepdims=True)


def judge_in_copy(work: Callable[[], Verdict]) -> tuple[Verdict, str]:
    """Run `work` in a copy of this process, and return its verdict and what was printed.

    The copy is killed when its time is over. Windows cannot copy processes: there the work runs in
    this process, and only an interrupt ends it early.
    """
    output = io.StringIO()
    if not hasattr(os, "fork"):
        with contextlib.redirect_stdout(output):
            return work(), output.getvalue()
    reads, writes = os.pipe()
    with warnings.catch_warnings():
        # Python warns that the copy lacks this process's other threads; the copy needs none
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            with (
                contextlib.redirect_stdout(output),
                contextlib.redirect_stderr(output),
                threadpool_limits(1),
            ):
                verdict = work()
            message = json.dumps([*verdict, output.getvalue()[:_MOST_PRINTED]])
            with os.fdopen(writes, "w", encoding="utf-8") as file:
                print(message, file=file)
        finally:
            os._exit(0)
    os.close(writes)
    data = b""
    end = time.monotonic() + SECONDS
    try:
        while not data.endswith(b"\n"):
            remaining = max(0, end - time.monotonic())
            ready, _, _ = select.select([reads], [], [], remaining)
            if not ready:
                return _not_yet(
                    f"your function had not finished after {SECONDS:g} seconds, "
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


# How values of any type are described and compared

_MOST_ITEMS = 24  # more items than these are only counted
_MOST_LETTERS = 200  # items that take more letters than these are only counted


def describe(value: Any) -> str:
    """Describe a value in a few words, however large it is.

    Examples
    --------
    >>> describe(np.array([[1, 2], [3, 4]])), describe(np.zeros((1000, 512)))
    ('[[1, 2], [3, 4]]', 'an array of shape (1000, 512)')
    """
    if isinstance(value, np.ndarray):
        if value.size > _MOST_ITEMS or value.dtype == object:
            return f"an array of shape {value.shape}"
        return describe(value.tolist())
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if value is None:
        return "None"
    if isinstance(value, int | np.integer | np.bool_):
        return f"{value}" if abs(int(value)) < 10**40 else "a number of more than 40 digits"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:37]}...")
    if isinstance(value, list | tuple):
        summary = f"a {type(value).__name__} of {len(value)} items"
        if len(value) > _MOST_ITEMS:
            return summary
        items = [describe(item) for item in value]
        if sum(map(len, items)) > _MOST_LETTERS:
            return summary
        brackets = "({})" if isinstance(value, tuple) else "[{}]"
        return brackets.format(", ".join(items))
    return "a function" if callable(value) else f"an object of type {type(value).__name__}"


def misfit(got: Any, expected: Any) -> str | None:
    """Say what is wrong with the form of an answer, or return None if it is that of `expected`.

    Examples
    --------
    >>> misfit(np.zeros(2), np.zeros(3))
    'it should be an array of shape (3,), but it has shape (2,).'
    >>> misfit(3, 4)
    """
    if isinstance(expected, tuple):
        return _misfit_tuple(got, expected)
    if isinstance(expected, np.ndarray):
        return _misfit_array(got, expected)
    if isinstance(got, np.ndarray) and got.ndim == 0:
        got = got[()]
    if isinstance(expected, bool | np.bool_):
        if isinstance(got, bool | np.bool_):
            return None
        return f"it should be True or False, but it is {describe(got)}."
    whole = isinstance(expected, int | np.integer)
    wanted = f"it should be a {'whole ' if whole else ''}number"
    if isinstance(got, bool | np.bool_) or not isinstance(got, Real):
        return f"{wanted}, but it is {describe(got)}."
    if got != got:
        return f"{wanted}, but it is NaN. Did you divide something by zero?"
    # a large int is whole, but has no float
    if whole and not isinstance(got, int | np.integer) and not float(got).is_integer():
        return f"{wanted}, but it is {describe(got)}."
    return None


def _real(values: Any) -> Array:
    """Return the values as an array of numbers, or raise an error; fractions become floats."""
    array = np.asarray(values)
    if array.dtype == object:
        array = array.astype(float)
    if array.dtype.kind not in "biuf":
        raise TypeError("no numbers")
    return array


def _misfit_tuple(got: Any, expected: tuple[Any, ...]) -> str | None:
    several = isinstance(got, tuple | list) or (isinstance(got, np.ndarray) and got.ndim > 0)
    if not several or len(got) != len(expected):
        size = f", which has {len(got)}" if several else ""
        return f"it should be a tuple of {len(expected)} things, but it is {describe(got)}{size}."
    for position, (part, expected_part) in enumerate(zip(got, expected, strict=True), start=1):
        problem = misfit(part, expected_part)
        if problem:
            return f"look at number {position} of the {len(expected)} things: {problem}"
    return None


def _misfit_array(got: Any, expected: np.ndarray) -> str | None:
    wanted = f"it should be an array of shape {expected.shape}"
    if isinstance(got, str | set | dict) or not isinstance(got, Sized):
        return f"{wanted}, but it is {describe(got)}."
    try:
        got = _real(got)
    except Exception:  # lists of unequal lengths, objects that refuse to be arrays
        return f"{wanted} of numbers, but it is something else. Are all its rows equally long?"
    if got.shape != expected.shape:
        swapped = got.ndim == 2 and got.shape == expected.shape[::-1]
        advice = ". Rows and columns are swapped" if swapped else ""
        return f"{wanted}, but it has shape {got.shape}{advice}."
    if (got.dtype == bool) != (expected.dtype == bool):
        content = "True and False" if expected.dtype == bool else "numbers"
        return f"{wanted} of {content}, but its values are of type {got.dtype}."
    if got.dtype.kind == "f" and np.isnan(got).any():
        return f"{wanted}, but it contains NaN. Did you divide something by zero?"
    return None


def same(got: Any, expected: Any) -> bool:
    """Return whether an answer has the expected form and the expected values.

    Whole numbers have to be equal, other numbers to agree to about five digits: single precision
    keeps that much of numbers of the order of one, even after cancellation.

    Examples
    --------
    >>> same([0.5, 1 / 3], np.array([0.5, 0.3333333])), same((1, 2), (2, 1))
    (True, False)
    """
    if misfit(got, expected):
        return False
    if isinstance(expected, tuple):
        return all(same(part, right) for part, right in zip(got, expected, strict=True))
    if isinstance(expected, np.ndarray | float):
        relative = 1e-5 if np.result_type(expected).kind == "f" else 0
        return np.allclose(_real(got), expected, rtol=relative, atol=1e-5)
    return int(got) == int(expected)
