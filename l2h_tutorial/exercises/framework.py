"""What an exercise is: a reference to compare with, and the mistakes that people make, each with its hint.

A hint is never only a sentence. A :class:`Mistake` carries the wrong answer that it is about, so that the check can
recognise it, and a test can feed it and see its hint.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .compare import describe, misfit, same
from .running import Trouble, call, check_parameters, time_limit

__all__ = ["Choose", "Compute", "Construct", "Exercise", "Mistake", "Requirement", "Verdict"]

N_CASES = 24
SECONDS = 10.0


class Verdict(NamedTuple):
    """What a check found: whether the answer holds, and what to say about it."""

    holds: bool
    text: str


TO_DO = Verdict(False, "to do. Write your answer in place of `...`, and run the cell again.")
EMPTY = Verdict(False, "to do. Your function returns nothing yet: write its body, and `return` the result.")


def _not_yet(text: str) -> Verdict:
    return Verdict(False, f"not yet. {text[0].upper()}{text[1:]}")


@dataclass(frozen=True, kw_only=True)
class Exercise(ABC):
    """A numbered exercise; its kinds are `Compute`, `Construct` and `Choose`.

    Parameters
    ----------
    number : str
        Chapter and exercise, ``"3.2"``.
    """

    number: str

    def judge(self, answer: Any, seed: int | None = None) -> Verdict:
        """Look at an answer, and never raise.

        Parameters
        ----------
        answer : object
            Anything.
        seed : int, optional
            Draws the cases; fresh ones by default.
        """
        if _unanswered(answer):
            return TO_DO
        try:
            return self._judge(answer, np.random.default_rng(seed))
        except Trouble as trouble:
            return _not_yet(str(trouble))
        except Exception as error:  # an object that cannot be looked at, such as one whose comparison fails
            return _not_yet(f"your answer is {describe(answer)}, which cannot be read here ({type(error).__name__}).")

    @abstractmethod
    def _judge(self, answer: Any, rng: np.random.Generator) -> Verdict: ...

    @abstractmethod
    def right_answer(self) -> Any:
        """An answer that holds."""

    @abstractmethod
    def wrong_answers(self) -> list[tuple[Any, str]]:
        """Each answer that is recognised as wrong, with its hint."""


def _unanswered(answer: Any) -> bool:
    return answer is None or answer is ... or (isinstance(answer, tuple) and any(item is ... for item in answer))


@dataclass(frozen=True)
class Mistake:
    """A typical mistake: its hint, and a function that makes it, with the arguments of the exercise's reference."""

    hint: str
    wrong: Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Compute(Exercise):
    """The student writes a function, which has to agree with a reference on fresh random cases.

    An answer shows a mistake if it is the mistake's result in *every* case in which it is wrong.

    Parameters
    ----------
    reference : callable
        Computes the right result. The names of its parameters are those that messages use.
    case : callable
        Draws the arguments of case i from a generator: ``case(rng, i)``. The first cases should be the smallest, for
        the first that fails is shown.
    mistakes : tuple of Mistake
    nudge : str
        What to look at when no mistake is recognised.
    """

    reference: Callable[..., Any]
    case: Callable[[np.random.Generator, int], tuple[Any, ...]]
    mistakes: tuple[Mistake, ...]
    nudge: str

    @property
    def names(self) -> list[str]:
        """Names of the function's parameters."""
        return list(inspect.signature(self.reference).parameters)

    def _judge(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if not callable(answer):
            return _not_yet(
                f"the check needs the function itself, to call it with {', '.join(self.names)}; it got "
                f"{describe(answer)}. "
                "Pass the function's name, without parentheses behind it."
            )
        check_parameters(answer, self.names)
        cases = [self.case(rng, i) for i in range(N_CASES)]
        results: list[Any] = []
        try:
            with time_limit(SECONDS):
                for case in cases:
                    results.append(call(answer, case))
        except Trouble as trouble:
            return _not_yet(f"{trouble} That was with {self._said(cases[len(results)])}. {self.nudge}")
        if all(result is None or result is ... for result in results):
            return EMPTY
        expected = [self.reference(*case) for case in cases]
        failed = [i for i in range(N_CASES) if not same(results[i], expected[i])]
        if not failed:
            return Verdict(True, f"holds, on {N_CASES} fresh random cases.")
        first = failed[0]
        seen = f"With {self._said(cases[first])} it gives {describe(results[first])}."
        for mistake in self.mistakes:
            if all(same(results[i], mistake.wrong(*cases[i])) for i in failed):
                return _not_yet(f"{mistake.hint} {seen}")
        form = misfit(results[first], expected[first])
        if form:
            return _not_yet(f"look at the form of the result: {form} {seen} {self.nudge}")
        often = f"It is wrong in {len(failed)} of {N_CASES} cases."
        return _not_yet(f"{seen} {often} {self.nudge}")

    def _said(self, case: tuple[Any, ...]) -> str:
        return ", ".join(f"{name} = {describe(value)}" for name, value in zip(self.names, case, strict=True))

    def right_answer(self) -> Any:
        """The reference."""
        return self.reference

    def wrong_answers(self) -> list[tuple[Any, str]]:
        """Each mistake's function, with its hint."""
        return [(mistake.wrong, mistake.hint) for mistake in self.mistakes]


@dataclass(frozen=True)
class Requirement:
    """What a thing that a student makes must satisfy, the hint if it does not, and a thing that does not."""

    holds: Callable[[Any], bool]
    hint: str
    wrong: Any


@dataclass(frozen=True, kw_only=True)
class Construct(Exercise):
    """The student makes something, an example or a counterexample, that must satisfy requirements in turn.

    Parameters
    ----------
    read : callable
        Takes the answer and returns what the requirements look at, or raises a `Trouble` that says what was expected.
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
            return _not_yet("the check needs the thing itself, and it got a function: call it, and pass the result.")
        thing = self.read(answer)
        for requirement in self.requirements:
            if not requirement.holds(thing):
                return _not_yet(requirement.hint)
        return Verdict(True, "holds: it satisfies all that was asked.")

    def right_answer(self) -> Any:
        """The example."""
        return self.example

    def wrong_answers(self) -> list[tuple[Any, str]]:
        """For each requirement a thing that violates it, with the hint."""
        return [(requirement.wrong, requirement.hint) for requirement in self.requirements]


@dataclass(frozen=True, kw_only=True)
class Choose(Exercise):
    """The student chooses one of several statements by its letter.

    Parameters
    ----------
    right : str
        The letter of the statement that is true.
    hints : mapping of str to str
        For the letter of every other statement, what speaks against it.
    """

    right: str
    hints: Mapping[str, str]

    def _judge(self, answer: Any, rng: np.random.Generator) -> Verdict:
        letters = sorted([self.right, *self.hints])
        letter = answer.strip().strip("().").casefold() if isinstance(answer, str) else ""
        if letter == self.right:
            return Verdict(True, "holds. Say in your own words why, then compare with the solution.")
        if letter in self.hints:
            return _not_yet(self.hints[letter])
        choices = ", ".join(f'"{letter}"' for letter in letters)
        return _not_yet(f"answer with one letter, as text: {choices}. You gave {describe(answer)}.")

    def right_answer(self) -> Any:
        """The letter."""
        return self.right

    def wrong_answers(self) -> list[tuple[Any, str]]:
        """The other letters, with their hints."""
        return list(self.hints.items())
