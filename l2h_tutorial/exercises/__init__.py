"""Check what a student wrote for an exercise, and say something about it.

Numbers are ``chapter.exercise``, as in the book. Each chapter has a module that holds its exercises
in order. The module is loaded when one of them is checked.

A check needs to know what is right, so the package holds reference answers, which a student could
read. Checks are made for learning. For marks there is `grade_notebooks`: it runs the answers in a
process that has no reference.
"""

import re
from importlib import import_module
from typing import Any

from .framework import Exercise

__all__ = ["CHAPTERS", "check", "find", "require"]

_MODULES = (
    "data lsh buckets radius_search designing grh_adjacency grh_training "
    "comparison did_it_learn embeddings scaling"
)
CHAPTERS = dict(enumerate(_MODULES.split(), start=1))


def check(number: str, answer: Any = None) -> bool:
    """Check an answer, and print that it holds or a hint, but never the solution.

    Parameters
    ----------
    number : str
        Number of the exercise as the book has it, such as ``"3.2"``.
    answer : object
        What the exercise asks for: a function (the function itself, not its result), a value or an
        array. A function is called with copies of fresh random arguments.

    Returns
    -------
    bool
        Whether the answer holds. Nothing that a student passes raises: an unknown number, an answer
        of the wrong kind or a function that fails gets a sentence.

    Notes
    -----
    On Linux and macOS an answer is checked in a copy of the process, which is killed after ten
    seconds. On Windows, a function that does not end has to be interrupted.

    Examples
    --------
    >>> check("2.1", ...)
    Exercise 2.1: to do. Replace `...` with your answer, and run the cell again.
    False
    >>> check("2.1", lambda code, n_bits: (1 << n_bits) - 1 - code)
    Exercise 2.1: holds in all 24 random cases.
    True
    """
    try:
        exercise = find(number)
    except (TypeError, LookupError) as error:
        print(error.args[0])
        return False
    verdict = exercise.judge(answer)
    print(f"Exercise {number.strip()}: {verdict.text}")
    return verdict.holds


def require(number: str, answer: Any = None) -> None:
    """Check an answer for an autograder: raise if it does not hold, and else say nothing.

    Parameters
    ----------
    number : str
    answer : object
        As for `check`.

    Raises
    ------
    AssertionError
        If the answer does not hold; the message is what `check` prints.
    TypeError, LookupError
        As `find`.

    Examples
    --------
    >>> require("2.1", lambda code, n_bits: (1 << n_bits) - 1 - code)
    >>> require("2.1", ...)
    Traceback (most recent call last):
    AssertionError: Exercise 2.1: to do. Replace `...` with your answer, and
        run the cell again.
    """
    verdict = find(number).judge(answer)
    if not verdict.holds:
        raise AssertionError(f"Exercise {number.strip()}: {verdict.text}")


def find(number: str) -> Exercise:
    """Return the exercise of a number.

    Parameters
    ----------
    number : str
        Such as ``"3.2"``.

    Raises
    ------
    TypeError
        If the number is not text.
    LookupError
        If there is no such exercise; the message says which there are.

    Examples
    --------
    >>> find("2.1").names
    ['code', 'n_bits']
    """
    if not isinstance(number, str):
        raise TypeError(
            'The number of the exercise comes first, as text: exercises.check("3.2", answer).'
        )
    parts = re.fullmatch(r"\s*(\d{1,3})\.(\d{1,3})\s*", number)
    if not parts:
        raise LookupError(
            f"{number[:20]!r} is not the number of an exercise. "
            'Numbers are chapter.exercise, as in "3.2".'
        )
    chapter = int(parts[1])
    name = f"{parts[1]}.{parts[2]}"
    if chapter not in CHAPTERS:
        raise LookupError(
            f"There is no exercise {name}: "
            f"chapter {chapter} has no exercises that check themselves."
        )
    module = import_module(f"{__name__}.{CHAPTERS[chapter]}")
    known = {f"{chapter}.{i}": exercise for i, exercise in enumerate(module.EXERCISES, start=1)}
    if name not in known:
        raise LookupError(f"There is no exercise {name}: chapter {chapter} has {', '.join(known)}.")
    return known[name]
