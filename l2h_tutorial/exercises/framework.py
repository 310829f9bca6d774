"""What an exercise is: a reference to compare with, and the mistakes that people make, each with
its hint.

A hint is never only a sentence. Each stands beside the wrong answer that it is about, so that the
check can recognise it, and a test can feed it and see its hint. Whatever a student passes becomes a
value or a sentence.
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
N_CASES = 24
N_EDGES = 2
SECONDS = 10.0
_MOST_PRINTED = 10_000  # letters


class Verdict(NamedTuple):
    """What a check found: whether the answer holds, and what to say about it."""

    holds: bool
    text: str


TO_DO = Verdict(False, "to do. Write your answer in place of `...`, and run the cell again.")
EMPTY = Verdict(
    False, "to do. Your function returns nothing yet: write its body, and `return` the result."
)


def _not_yet(text: str) -> Verdict:
    return Verdict(False, f"not yet. {text[0].upper()}{text[1:]}")


class Exercise(ABC):
    """A `Compute` or a `Construct`."""

    def judge(self, answer: Any, seed: int | None = None) -> Verdict:
        """Look at an answer, and never raise; what the answer's first call prints is printed, once.

        On Linux and macOS it runs in a copy of the process, which is killed when its time is over,
        whatever it does.

        Parameters
        ----------
        answer : object
            Anything.
        seed : int, optional
            Draws the cases; fresh ones by default.
        """
        if (
            answer is None
            or answer is ...
            or (isinstance(answer, tuple) and any(item is ... for item in answer))
        ):
            return TO_DO
        verdict, printed = apart(
            lambda: self._looked_at(answer, np.random.default_rng(seed)), SECONDS
        )
        print(printed, end="")
        return verdict

    def _looked_at(self, answer: Any, rng: np.random.Generator) -> Verdict:
        try:
            return self._judge(answer, rng)
        except Trouble as trouble:
            return _not_yet(str(trouble))
        # an object that cannot be looked at, such as one whose comparison fails
        except Exception as error:
            return _not_yet(
                f"your answer is {describe(answer)}, which cannot be read here ({type(error).__name__})."
            )

    @abstractmethod
    def _judge(self, answer: Any, rng: np.random.Generator) -> Verdict: ...

    @abstractmethod
    def right_answer(self) -> Any:
        """An answer that holds."""


@dataclass(frozen=True, kw_only=True)
class Compute(Exercise):
    """The student writes a function, which has to agree with a reference on fresh random cases.

    An answer shows a mistake if it is the mistake's result in *every* case in which it is wrong.

    Parameters
    ----------
    reference : callable
        Computes the right result. The names of its parameters are those that messages use.
    case : callable
        Draws the arguments of case i from a generator: ``case(rng, i)``. The first cases should be
        the smallest, for the first that fails is shown. The last `N_EDGES` may be at an edge, where
        a mistake might never end: they are tried when all others hold.
    mistakes : mapping of str to callable
        A typical mistake's hint, and a function that makes it, with the arguments of the reference.
    nudge : str
        What to look at when no mistake is recognised.
    """

    reference: Callable[..., Any]
    case: Callable[[np.random.Generator, int], tuple[Any, ...]]
    mistakes: Mapping[str, Callable[..., Any]]
    nudge: str

    @property
    def names(self) -> list[str]:
        """Names of the function's parameters."""
        return list(inspect.signature(self.reference).parameters)

    def _judge(self, answer: Any, rng: np.random.Generator) -> Verdict:
        self._check_callable(answer)
        cases = self.cases(rng)
        results: list[Any] = []
        for case in cases:
            if (
                len(results) == N_CASES - N_EDGES
                and not (so_far := self.verdict(cases, results)).holds
            ):
                return so_far
            said = io.StringIO() if results else sys.stdout
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                try:
                    results.append(call(answer, case))
                except Trouble as trouble:
                    return _not_yet(f"{trouble} That was with {self._said(case)}.")
        return self.verdict(cases, results)

    def cases(self, rng: np.random.Generator) -> list[tuple[Any, ...]]:
        """Draw arguments for the function."""
        return [self.case(rng, i) for i in range(N_CASES)]

    def verdict(self, cases: list[tuple[Any, ...]], results: list[Any]) -> Verdict:
        """Say what a function's results on cases are worth."""
        if all(result is None or result is ... for result in results):
            return EMPTY
        expected = [self.reference(*case) for case in cases[: len(results)]]
        failed = [i for i in range(len(results)) if not same(results[i], expected[i])]
        if not failed:
            return Verdict(True, f"holds, on {N_CASES} fresh random cases.")
        first = failed[0]
        seen = f"With {self._said(cases[first])} it gives {describe(results[first])}."
        with np.errstate(all="ignore"):
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
        """A sentence about anything but a function that takes as many arguments as the reference."""
        wanted = ", ".join(self.names)
        if not callable(answer):
            raise Trouble(
                f"the check needs the function itself, to call it with {wanted}; it got {describe(answer)}. "
                "Pass the function's name, without parentheses behind it."
            )
        try:
            inspect.signature(answer).bind(*self.names)
        except TypeError:
            number = f"{len(self.names)} argument{'s' * (len(self.names) > 1)}"
            raise Trouble(f"your function should take {number}: {wanted}.") from None
        except ValueError:
            pass  # some functions written in C have no signature; the call will tell

    def _said(self, case: tuple[Any, ...]) -> str:
        return ", ".join(
            f"{name} = {describe(value)}" for name, value in zip(self.names, case, strict=True)
        )

    def right_answer(self) -> Any:
        """The reference."""
        return self.reference


@dataclass(frozen=True)
class Requirement:
    """What a thing that a student makes must satisfy, the hint if it does not, and a thing that does not."""

    holds: Callable[[Any], bool]
    hint: str
    wrong: Any


@dataclass(frozen=True, kw_only=True)
class Construct(Exercise):
    """The student makes something, an example or a counterexample, that must satisfy requirements
    in turn.

    Parameters
    ----------
    read : callable
        Takes the answer and returns what the requirements look at, or raises a `Trouble` that says
        what was expected.
    requirements : tuple of Requirement
        Each may rely on those before it.
    example : object
        A thing that satisfies all.
    """

    read: Callable[[Any], Any]
    requirements: tuple[Requirement, ...]
    example: Any

    def _judge(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if callable(answer):
            return _not_yet(
                "the check needs the thing itself, and it got a function: call it, and pass the result."
            )
        thing = self.read(answer)
        for requirement in self.requirements:
            if not requirement.holds(thing):
                return _not_yet(requirement.hint)
        return Verdict(True, "holds: it satisfies all that was asked.")

    def right_answer(self) -> Any:
        """The example."""
        return self.example


def numbers(answer: Any, what: str, fits: Callable[[Array], bool] = lambda values: True) -> Array:
    """An answer as an array of numbers that fits; `what` it should be is said where it is none, or does not."""
    try:
        values = _real(answer).astype(np.float64)
    except (TypeError, ValueError):
        raise Trouble(f"it should be {what}, and is {describe(answer)}.") from None
    if not np.isfinite(values).all():
        raise Trouble("all numbers should be finite.")
    if not fits(values):
        raise Trouble(f"it should be {what}, and has shape {values.shape}.")
    return values


def apart(work: Callable[[], Verdict], seconds: float) -> tuple[Verdict, str]:
    """Do some work in a copy of this process, and end that when the time is over; the verdict, and
    what was printed.

    Where processes cannot be copied, on Windows, it is done here, and only an interrupt ends it.
    """
    printed = io.StringIO()
    if not hasattr(os, "fork"):
        with contextlib.redirect_stdout(printed):
            return work(), printed.getvalue()
    reads, writes = os.pipe()
    with warnings.catch_warnings():
        # of threads, which the copy does not have or need
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
            with os.fdopen(writes, "w", encoding="utf-8") as file:
                print(message, file=file)
        finally:
            os._exit(0)
    os.close(writes)
    data, end = b"", time.monotonic() + seconds
    try:
        while (
            not data.endswith(b"\n")
            and select.select([reads], [], [], max(0, end - time.monotonic()))[0]
        ):
            data += (part := os.read(reads, 2**16))
            if not part:
                return _not_yet("your function ended Python itself."), ""
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reads)
    if not data.endswith(b"\n"):
        never = "though the cases are small. Does a loop never end?"
        return _not_yet(f"your function had not finished after {seconds:g} seconds, {never}"), ""
    holds, text, said = json.loads(data)
    return Verdict(holds, text), said


# Values of every sort, described and compared

_FEW = 24  # items that are shown; of more, only the number


def describe(value: Any) -> str:
    """Say what a value is, in a few words however large it is.

    Examples
    --------
    >>> describe(np.array([[1, 2], [3, 4]])), describe(np.zeros((1000, 512)))
    ('[[1, 2], [3, 4]]', 'an array of shape (1000, 512)')
    """
    if isinstance(value, np.ndarray):
        if value.size > _FEW or value.dtype == object:
            return f"an array of shape {value.shape}"
        return describe(value.tolist())
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if value is None or isinstance(value, bool | int | np.integer | np.bool_):
        return (
            f"{value}"
            if value is None or abs(int(value)) < 10**40
            else "a number of more than 40 digits"
        )
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
    """Say in what form an answer should come, if it comes in another than `expected`; None if the
    form is right.

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
        return (
            None
            if isinstance(got, bool | np.bool_)
            else f"it should be True or False, and is {describe(got)}."
        )
    a_number = "a whole number" if isinstance(expected, int | np.integer) else "a number"
    if isinstance(got, bool | np.bool_) or not isinstance(got, Real):
        return f"it should be {a_number}, and is {describe(got)}."
    if got != got:
        return f"it should be {a_number}, and is NaN: was something divided by zero?"
    if (
        isinstance(expected, int | np.integer)
        and not isinstance(got, int | np.integer)
        and not float(got).is_integer()
    ):
        return f"it should be {a_number}, and is {describe(got)}."
    return None


def _real(values: Any) -> Array:
    """An array of numbers, fractions too, or an error."""
    array = np.asarray(values)
    array = array.astype(float) if array.dtype == object else array
    if array.dtype.kind not in "biuf":
        raise TypeError("no numbers")
    return array


def _misfit_tuple(got: Any, expected: tuple[Any, ...]) -> str | None:
    several = isinstance(got, tuple | list) or (isinstance(got, np.ndarray) and got.ndim > 0)
    if not several or len(got) != len(expected):
        of = f" of {len(got)}" if several else ""
        return f"it should be a tuple of {len(expected)} things, and is {describe(got)}{of and ', one' + of}."
    for position, (ours, theirs) in enumerate(zip(got, expected, strict=True), start=1):
        problem = misfit(ours, theirs)
        if problem:
            return f"of the {len(expected)} things, look at number {position}: {problem}"
    return None


def _misfit_array(got: Any, expected: np.ndarray) -> str | None:
    should = f"it should be an array of shape {expected.shape}"
    if isinstance(got, str | set | dict) or not (
        isinstance(got, Sized) or hasattr(got, "__array__")
    ):
        return f"{should}, and is {describe(got)}."
    try:
        got = _real(got)
    except Exception:  # lists of unequal lengths, objects that refuse to be arrays
        return f"{should} of numbers, and is something else: are all its rows of one length?"
    if got.shape != expected.shape:
        swapped = got.ndim == 2 and got.shape == expected.shape[::-1]
        return f"{should}, and is one of shape {got.shape}{': rows and columns are swapped' * swapped}."
    if (got.dtype == bool) != (expected.dtype == bool):
        return f"{should} of {'True and False' if expected.dtype == bool else 'numbers'}, and is one of {got.dtype}."
    if got.dtype.kind == "f" and np.isnan(got).any():
        return f"{should}, and holds NaN: was something divided by zero?"
    return None


def same(got: Any, expected: Any) -> bool:
    """Whether an answer is the expected one: of the same form, whole numbers equal, others to about
    five digits.

    That is what single precision keeps of numbers of the order of one, whatever cancels.

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
        relative = 1e-5 if expected.dtype.kind == "f" else 0
        return bool(np.allclose(_real(got), expected, rtol=relative, atol=1e-5))
    if isinstance(expected, float):
        return bool(np.isclose(float(got), expected, rtol=1e-5, atol=1e-5))
    return bool(int(got) == int(expected))
