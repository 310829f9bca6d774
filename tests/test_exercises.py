"""The exercises: a right answer holds, a mistake gets its own hint, and no answer raises."""

import ast
import contextlib
import math
import os
import re
import sys
import threading
import time
from fractions import Fraction
from importlib import import_module
from itertools import combinations, starmap
from pathlib import Path

import numpy as np
import psutil
import pytest
from visits import CHAPTERS as PAGES
from visits import cells_of, exercises_of

from l2h_tutorial.exercises import CHAPTERS, check, find, framework, require
from l2h_tutorial.exercises.framework import Compute, misfit, same

ALL = {
    f"{chapter}.{i}": exercise
    for chapter, name in CHAPTERS.items()
    for i, exercise in enumerate(import_module(f"l2h_tutorial.exercises.{name}").EXERCISES, start=1)
}
FUNCTIONS = {number: exercise for number, exercise in ALL.items() if isinstance(exercise, Compute)}
each = pytest.mark.parametrize("number", ALL)
each_function = pytest.mark.parametrize("exercise", FUNCTIONS.values(), ids=FUNCTIONS)
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


@pytest.fixture(autouse=True)
def judge_here(request, monkeypatch):
    """Judge answers in this process, which is faster, except where a test is about the copy."""
    if "in_a_copy" not in request.node.name:
        monkeypatch.setattr(framework, "judge_in_copy", lambda work: (work(), ""))


# --- as the package has them


@each
@pytest.mark.filterwarnings("error")
def test_every_mistake_meets_its_own_hint(number):
    exercise = ALL[number]
    if isinstance(exercise, Compute):
        right = exercise.reference
        mistakes = exercise.mistakes
    else:
        right = exercise.example
        mistakes = {needed.hint: needed.wrong for needed in exercise.requirements}
    assert len(mistakes) >= 3
    for seed in range(5):
        assert exercise.judge(right, seed).text.startswith("holds")
        for hint, answer in mistakes.items():
            verdict = exercise.judge(answer, seed)
            assert not verdict.holds
            assert verdict.text.startswith(f"not yet. {hint}")


def partitioned(X, row, k):
    """Keep any of the rows that tie for the last place, and not those with the lowest numbers."""
    distances = np.linalg.norm(X - X[row], axis=1)
    distances[row] = np.inf
    nearest = np.argpartition(distances, range(k))[:k]
    return nearest[np.lexsort((nearest, distances[nearest]))]


def voted_in_fractions(S, L):
    """Compute the votes exactly."""
    shares = np.array([[Fraction(1, int(degree))] for degree in S.sum(axis=1)])
    return S @ (L * shares)


def single(value):
    """Round floats to single precision."""
    return np.float32(value) if np.asarray(value).dtype.kind == "f" else value


def in_single_precision(number):
    """Return a function that computes the right result in single precision."""
    return lambda *case: find(number).reference(*map(single, case))


# Wrong answers: written out; right, but to other cases
WRONG_ANSWERS = [
    ("1.5", partitioned),
    ("2.3", lambda *case: find("2.3").reference(*case) % 180),
    ("2.4", lambda error: int((90 / error) ** 2) + 1),
    ("5.2", lambda *case: max(2, find("5.2").reference(*case))),
    ("5.3", lambda distances, wanted: int(np.quantile(distances, wanted))),
    ("6.2", lambda n, alpha: math.ceil(n / (2 * alpha))),
    ("6.2", lambda n, alpha: min(n - 1, find("6.2").reference(n, alpha))),
    ("6.3", lambda *case: min(0.9, find("6.3").reference(*case))),
    (
        "9.1",
        lambda program, y, shuffled: not np.array_equal(program(y)[-1], program(shuffled)[-1]),
    ),
    (
        "9.1",
        lambda program, y, shuffled: not np.array_equal(program(y)[:, 0], program(shuffled)[:, 0]),
    ),
    ("9.1", lambda program, y, shuffled: bool((program(y) != program(shuffled)).mean() > 0.01)),
    ("9.1", lambda program, y, shuffled: not np.array_equal(program(y), program(0 * y))),
    (
        "9.2",
        lambda codewords: round(
            (min(np.sum(a != b) for a, b in combinations(codewords, 2)) - 1) / 2
        ),
    ),
    ("10.3", lambda query, x: query @ np.sign(x) * (x @ x) / np.abs(x).sum()),
]
OTHER_CASES = [
    ("4.1", lambda n_bits, radius: (n_bits, min(radius, n_bits - 1))),
    ("4.4", lambda radius, n_pieces: (radius, max(2, n_pieces))),
    ("5.1", lambda p, n_bits, n_tables: (p, n_bits, max(2, n_tables))),
    ("5.2", lambda cosine, n_bits, wanted: (abs(cosine), n_bits, wanted)),
    ("5.2", lambda cosine, n_bits, wanted: (cosine, n_bits, np.nextafter(wanted, 1))),
    ("5.4", lambda cosines, n_bits, wanted: (cosines, n_bits, np.nextafter(wanted, 1))),
    ("5.5", lambda cosine, n_tables, wanted: (cosine, n_tables, wanted + 1e-12)),
    ("5.6", lambda near_angle, far_angle: (near_angle or 1e-4, far_angle)),
    ("10.4", lambda places, target: (places, target + 1e-9)),
]


def of_other_cases(number, change):
    return number, lambda *case: find(number).reference(*change(*case))


@pytest.mark.parametrize(
    ("number", "answer"),
    [*WRONG_ANSWERS, *starmap(of_other_cases, OTHER_CASES)],
)
def test_what_is_wrong_in_rare_cases_never_holds(number, answer):
    assert [seed for seed in range(50) if find(number).judge(answer, seed).holds] == []


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("5.7", lambda *case: np.array(find("5.7").reference(*case))),
        ("6.1", voted_in_fractions),
        ("7.4", lambda X, bit, new: find("7.4").reference(np.float32(X), bit, np.float32(new))),
        (
            "10.1",
            lambda gigabytes, d, bits, extra: int(
                gigabytes / (math.ceil(d * bits / 8) + extra) * 1e9
            ),
        ),
        *(
            (number, in_single_precision(number))
            for number in ("3.4", "6.1", "7.3", "10.2", "10.3", "10.6")
        ),
    ],
)
def test_what_is_right_in_another_way_always_holds(number, answer):
    assert [seed for seed in range(50) if not find(number).judge(answer, seed).holds] == []


@each_function
def test_a_hard_coded_answer_fails(exercise):
    cases = exercise.cases(np.random.default_rng(0))
    results = iter([exercise.reference(*case) for case in cases])
    verdict = exercise.judge(lambda *arguments: next(results), seed=1)
    assert not verdict.holds, "the results of another draw"

    def spoils(*arguments):
        result = exercise.reference(*arguments)
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument[...] = 0
        return result

    assert exercise.judge(spoils, seed=0).holds


# --- as the book has them


def test_a_chapter_s_file_has_its_name():
    modules = [Path(page).name.replace("-", "_") for page in PAGES]
    assert dict(enumerate(modules, start=1)) == CHAPTERS


@each_chapter
def test_a_chapter_asks_what_the_package_checks(chapter):
    """The build checks the form of its exercises, and what the stubs and solutions say."""
    page = exercises_of(PAGES[chapter - 1])
    numbers = re.findall(r"(?m)^```\{admonition\} Exercise (\S+) ", page)
    assert numbers == [number for number in ALL if number.startswith(f"{chapter}.")]
    for tag in ("exercise-stub", "solution"):
        for number, code in zip(numbers, cells_of(page, tag), strict=True):
            functions = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
            if isinstance(find(number), Compute):
                assert [argument.arg for argument in functions[-1].args.args] == find(number).names


# --- whatever is passed


class Hostile:
    """An object that fails at whatever is done with it."""

    def __getattr__(self, name):
        raise RuntimeError("do not touch")

    def __eq__(self, other):
        raise RuntimeError("do not compare")

    __hash__ = None


def raises(*arguments):
    raise ValueError("a message\nof two lines")


def leaves(*arguments):
    sys.exit()


HUGE = np.zeros(10_000_000)
VALUES = {
    "None": None,
    "ellipsis": ...,
    "text": "x" * 10_000,
    "number": 7,
    "huge number": 10**5000,
    "not a number": float("nan"),
    "wrong shape": np.zeros((3, 4, 5)),
    "huge array": HUGE,
    "huge list": [0] * 150_000,
    "ragged": [[1, 2], [3]],
    "objects": np.array([None, "x"], dtype=object),
    "dictionary": {"a": [1] * 999},
    "long texts": [["x" * 1000] * 20] * 20,
    "huge numbers": [10**5000] * 20,
    "hostile": Hostile(),
    "module": np,
}
NONSENSE = {
    **VALUES,
    **{f"returns {name}": lambda *arguments, value=value: value for name, value in VALUES.items()},
    "class": int,
    "raises": raises,
    "leaves": leaves,
    "no arguments": lambda: 1,
    "returns its arguments": lambda *arguments: arguments,
}


@each
def test_nonsense_gets_a_short_sentence(number, capsys):
    for name, answer in NONSENSE.items():
        assert check(number, answer) is False, name
        line = capsys.readouterr().out
        starts = (f"Exercise {number}: to do.", f"Exercise {number}: not yet. ")
        assert line.startswith(starts), name
        assert 40 < len(line) < 900, name
        assert line.count("\n") == 1, name


def right_for_some(code, n_bits):
    return (1 << n_bits) - 1 - code if code < 8 else ~code


@pytest.mark.parametrize(
    ("number", "answer", "words"),
    [
        ("2.1", ..., "to do. Replace `...` with your answer"),
        ("2.1", lambda code, n_bits: ..., "to do. Your function returns nothing yet"),
        ("2.1", 5, "the check needs the function itself, to call it with code, n_bits; it got 5."),
        (
            "2.1",
            lambda code: 1,
            "takes 1 positional argument but 2 were given. That was with code = ",
        ),
        (
            "2.1",
            lambda code, n_bits: "1",
            "Look at the form of the result: it should be a whole number, but it is '1'.",
        ),
        ("2.1", raises, "Your function raised ValueError: a message of two lines, in line "),
        ("2.1", leaves, "Your function raised SystemExit"),
        ("2.1", right_for_some, "goes on for ever to the left"),
        ("1.2", lambda query, X: (X @ query)[:, None], "it should be an array of shape ("),
        ("1.4", lambda: 1, "The check needs two things, (query, X); it got a function."),
        (
            "2.5",
            np.zeros((8, 50)),
            "it should be an array of 50 rows of 8 numbers, but it has shape (8, 50)",
        ),
        ("4.1", lambda n_bits, radius: 12345, "it gives 12345. It is wrong in 22 of 22 cases."),
    ],
)
def test_what_is_said_is_about_the_answer(number, answer, words):
    assert words.casefold() in find(number).judge(answer, seed=0).text.casefold()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("2.99", "There is no exercise 2.99: chapter 2 has 2.1, 2.2"),
        ("77.1", "There is no exercise 77.1: chapter 77 has no exercises"),
        (np.zeros(3), "The number of the exercise comes first, as text"),
        ("2." + "1" * 5000, "is not the number of an exercise"),
    ],
)
def test_a_number_that_is_none_gets_a_sentence_or_raises_it(number, words, capsys):
    assert check(number, 1) is False
    assert words in capsys.readouterr().out
    with pytest.raises((TypeError, LookupError), match=re.escape(words)):
        require(number, 1)


def test_check_prints_a_line_and_require_raises_it(capsys):
    assert check(" 4.4 ", lambda radius, n_pieces: radius // n_pieces) is True
    assert capsys.readouterr().out == "Exercise 4.4: holds in all 24 random cases.\n"
    require("4.4", lambda radius, n_pieces: radius // n_pieces)
    with pytest.raises(
        AssertionError, match=r"Exercise 4\.4: not yet\. A number of bits must be a whole number\."
    ):
        require("4.4", lambda radius, n_pieces: radius / n_pieces)
    with pytest.raises(AssertionError, match=r"Exercise 4\.4: to do\."):
        require("4.4")
    assert capsys.readouterr().out == ""


def swallows(code, n_bits):
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(0.01)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no copies of processes")
@pytest.mark.parametrize(
    ("answer", "seconds", "words"),
    [
        (swallows, 0.3, "had not finished after 0.3 seconds"),
        (lambda code, n_bits: sum(range(10**13)), 0.3, "had not finished after 0.3 seconds"),
        (lambda code, n_bits: os._exit(0), 60, "your function ended Python itself."),
    ],
)
def test_in_a_copy_nothing_outlives_its_limit(monkeypatch, answer, seconds, words):
    monkeypatch.setattr(framework, "SECONDS", seconds)
    before = set(psutil.Process().children())  # other tests started these
    assert words.casefold() in find("2.1").judge(answer).text.casefold()
    assert set(psutil.Process().children()) <= before


def test_what_an_answer_prints_is_printed_once(capsys):
    def prints(code, n_bits):
        print("seen", file=sys.stderr if code < 0 else sys.stdout)
        return (1 << n_bits) - 1 - code

    thread = threading.Thread(target=check, args=("2.1", prints))
    thread.start()
    thread.join()
    assert capsys.readouterr().out == "seen\nExercise 2.1: holds in all 24 random cases.\n"


def halves(code, n_bits):
    half = code / 2
    return half.no_such_thing


def test_an_error_keeps_its_line_and_gets_no_other_hint():
    text = find("2.1").judge(halves).text
    line = halves.__code__.co_firstlineno + 2
    assert f"no attribute 'no_such_thing', in line {line}: `return half.no_such_thing`." in text
    assert "That was with code = " in text
    assert find("2.1").nudge not in text


# --- comparing and describing


@pytest.mark.parametrize(
    ("alike", "got", "expected"),
    [
        (True, np.uint64(3), 3),
        (True, 3.0, 3),
        (True, np.array(3), 3),
        (True, 1, 1.0),
        (True, range(3), np.arange(3)),
        (True, [np.array([1]), 2], (np.array([1]), 2)),
        (True, np.True_, True),
        (False, True, 1),
        (False, 3.5, 3),
        (False, float("inf"), 3),
        (False, [1, 0], np.array([True, False])),
        (False, [1.001], np.array([1.0])),
    ],
)
def test_what_is_the_same_and_what_is_not(alike, got, expected):
    assert same(got, expected) is alike


def test_of_several_things_the_one_that_differs_is_named():
    fault = misfit((1, [1]), (1, np.arange(3)))
    assert "look at number 2 of the 2 things: it should be an array of shape (3,)" in fault
