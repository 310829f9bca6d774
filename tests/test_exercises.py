"""The checks of the exercises: what is right holds, a mistake meets its own hint, and nothing that is passed raises."""

import re
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from l2h_tutorial import exercises
from l2h_tutorial.exercises import check, find, framework
from l2h_tutorial.exercises.compare import describe, misfit, same
from l2h_tutorial.exercises.framework import Choose, Compute
from l2h_tutorial.exercises.running import time_limit

FOLDER = Path(exercises.__file__).parent
NUMBERS = sorted(int(path.stem.removeprefix("chapter")) for path in FOLDER.glob("chapter*.py"))
ALL = [e for n in NUMBERS for e in import_module(f"l2h_tutorial.exercises.chapter{n}").EXERCISES]
SEEDS = range(5)
each = pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.number)
each_function = pytest.mark.parametrize(
    "exercise", [e for e in ALL if isinstance(e, Compute)], ids=lambda exercise: exercise.number
)


# --- every exercise


def test_each_chapter_has_at_least_five_numbered_in_order():
    for n in NUMBERS:
        mine = [exercise.number for exercise in ALL if exercise.number.startswith(f"{n}.")]
        assert len(mine) >= 5
        assert mine == [f"{n}.{position}" for position in range(1, len(mine) + 1)]


@each
def test_a_right_answer_holds(exercise):
    for seed in SEEDS:
        verdict = exercise.judge(exercise.right_answer(), seed)
        assert verdict.holds
        assert verdict.text.startswith("holds")


@each
@pytest.mark.filterwarnings("error")
def test_every_mistake_meets_its_own_hint(exercise):
    wrong = exercise.wrong_answers()
    assert len({hint for _, hint in wrong}) >= 2
    for seed in SEEDS:
        for answer, hint in wrong:
            verdict = exercise.judge(answer, seed)
            assert not verdict.holds
            assert verdict.text.startswith(f"not yet. {hint}")


@each
def test_a_hint_says_something_and_not_the_solution(exercise):
    said = [hint for _, hint in exercise.wrong_answers()]
    said += [exercise.nudge] if isinstance(exercise, Compute) else []
    for hint in said:
        assert len(hint.split()) >= 5
        assert hint.endswith((".", "?", "!"))
        assert "correct answer" not in hint
    if isinstance(exercise, Choose):
        assert exercise.right not in exercise.hints
        assert not any(f'"{exercise.right}"' in hint for hint in said)


@each_function
def test_an_answer_that_is_hard_coded_fails(exercise):
    """The results of one draw, given back in their order, are not those of the next."""
    rng = np.random.default_rng(0)
    results = [exercise.reference(*exercise.case(rng, i)) for i in range(framework.N_CASES)]
    calls = iter(results)
    assert not exercise.judge(lambda *arguments: next(calls), seed=1).holds


@each_function
def test_a_function_may_spoil_its_arguments(exercise):
    def spoils(*arguments):
        result = exercise.reference(*arguments)
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument[...] = 0
        return result

    assert exercise.judge(spoils, seed=0).holds


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
NONSENSE = {
    "None": None,
    "ellipsis": ...,
    "text": "forty-two",
    "empty text": "",
    "number": 7,
    "huge number": 10**5000,
    "not a number": float("nan"),
    "complex": 1j,
    "wrong shape": np.zeros((3, 4, 5)),
    "huge array": HUGE,
    "huge list": [0] * 1_000_000,
    "ragged": [[1, 2], [3]],
    "objects": np.array([None, "x"], dtype=object),
    "set": {1, 2},
    "dictionary": {"a": 1},
    "bytes": b"abc",
    "class": int,
    "module": np,
    "hostile": Hostile(),
    "pair": (1, 2),
    "raises": raises,
    "leaves": leaves,
    "no arguments": lambda: 1,
    "returns None": lambda *arguments: None,
    "returns text": lambda *arguments: "x" * 10_000,
    "returns NaN": lambda *arguments: float("nan"),
    "returns hostile": lambda *arguments: Hostile(),
    "returns huge array": lambda *arguments: HUGE,
    "returns huge list": lambda *arguments: [0] * 150_000,
    "returns huge number": lambda *arguments: 10**5000,
    "returns ragged": lambda *arguments: [[1, 2], [3]],
    "returns itself": lambda *arguments: arguments,
    "returns set": lambda *arguments: {1},
}


@each
def test_nonsense_gets_a_short_sentence(exercise, capsys):
    for name, answer in NONSENSE.items():
        assert check(exercise.number, answer) is False, name
        said = capsys.readouterr().out
        assert said.startswith((f"Exercise {exercise.number}: to do.", f"Exercise {exercise.number}: not yet. ")), name
        assert 40 < len(said) < 900, name
        assert said.count("\n") == 1, name
        assert "Traceback" not in said, name


# --- what is said


@pytest.mark.parametrize(
    ("number", "answer", "words"),
    [
        ("2.1", ..., "to do. Write your answer in place of `...`"),
        ("2.1", lambda code, n_bits: ..., "to do. Your function returns nothing yet"),
        ("2.1", 5, "the check needs the function itself, to call it with code, n_bits; it got 5."),
        ("2.1", lambda code: 1, "Your function should take 2 arguments: code, n_bits."),
        ("2.1", lambda code, n_bits: "1", "Look at the form of the result: it should be a whole number, and is '1'."),
        ("2.1", raises, "Your function raised ValueError: a message of two lines. That was with code ="),
        ("2.1", leaves, "Your function raised SystemExit"),
        ("1.2", lambda query, X: (X @ query)[:, None], "it should be an array of shape ("),
        ("1.4", 2, 'Answer with one letter, as text: "a", "b", "c", "d". You gave 2.'),
        ("1.6", lambda: 1, "The check needs the thing itself, and it got a function"),
        ("2.5", np.zeros((8, 50)), "rows and columns are swapped"),
    ],
)
def test_what_is_said_is_about_the_answer(number, answer, words):
    assert words.casefold() in find(number).judge(answer, seed=3).text.casefold()


def test_an_answer_that_is_right_here_and_wrong_there_shows_its_mistake():
    """Right for codes below eight, and `~code` beyond: wherever it is wrong it makes that mistake."""
    verdict = find("2.1").judge(lambda code, n_bits: (1 << n_bits) - 1 - code if code < 8 else ~code, seed=0)
    assert "goes on for ever to the left" in verdict.text


def test_an_unknown_mistake_is_shown_with_the_first_case_that_fails():
    verdict = find("4.1").judge(lambda n_bits, radius: 12345, seed=0)
    assert re.search(r"With n_bits = \d+, radius = \d+ it gives 12345\. It is wrong in 24 of 24 cases\.", verdict.text)


@pytest.mark.parametrize("answer", ["b", " B ", "(b)", "b."])
def test_a_letter_may_be_written_in_several_ways(answer):
    assert find("1.4").judge(answer).holds


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("2.99", "There is no exercise 2.99: chapter 2 has 2.1, 2.2"),
        ("77.1", "There is no exercise 77.1: chapter 77 has no exercises"),
        ("two", "'two' is not the number of an exercise"),
        (2.1, "The number of the exercise comes first, as text"),
        (None, "The number of the exercise comes first, as text"),
        (np.zeros(3), "The number of the exercise comes first, as text"),
        ("2." + "1" * 5000, "is not the number of an exercise"),
    ],
)
def test_a_number_that_is_none_gets_a_sentence(number, words, capsys):
    assert check(number, 1) is False
    assert words in capsys.readouterr().out


def test_check_prints_a_line_and_returns_true(capsys):
    assert check(" 4.8 ", lambda radius, n_pieces: radius // n_pieces) is True
    assert capsys.readouterr().out == "Exercise 4.8: holds, on 24 fresh random cases.\n"


def test_cases_are_fresh():
    seen = []
    find("2.1").judge(lambda code, n_bits: seen.append((code, n_bits)) or 0)
    first = list(seen)
    seen.clear()
    find("2.1").judge(lambda code, n_bits: seen.append((code, n_bits)) or 0)
    assert first != seen


def test_a_chapter_is_loaded_when_it_is_needed():
    program = (
        "import sys; from l2h_tutorial import exercises; before = set(sys.modules); exercises.check('4.1');"
        "print(*(set(sys.modules) - before)); assert 'l2h_tutorial.exercises.chapter4' not in before"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "l2h_tutorial.exercises.chapter4" in loaded
    assert "l2h_tutorial.exercises.chapter3" not in loaded


# --- endless functions

alarms = pytest.mark.skipif(sys.platform == "win32", reason="no alarms")


@alarms
def test_a_function_that_never_ends_is_stopped_even_if_it_catches_exceptions(monkeypatch):
    monkeypatch.setattr(framework, "SECONDS", 0.2)

    def endless(code, n_bits):
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue

    verdict = find("2.1").judge(endless)
    assert "had not finished after 0.2 seconds" in verdict.text


@alarms
def test_an_alarm_that_was_set_is_set_back():
    import signal

    before = signal.getsignal(signal.SIGALRM)
    with time_limit(5):
        assert signal.getsignal(signal.SIGALRM) is not before
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_in_another_thread_a_check_works_without_a_limit():
    found = []
    thread = threading.Thread(target=lambda: found.append(find("2.1").judge(find("2.1").right_answer())))
    thread.start()
    thread.join()
    assert found[0].holds


# --- comparing and describing


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 3),
        (np.uint64(3), 3),
        (3.0, 3),
        (np.array(3), 3),
        (np.float32(0.1), 0.1),
        (1, 1.0),
        ([1, 2], np.array([1, 2])),
        (range(3), np.arange(3)),
        (np.array([1.0, 2.0]), np.array([1, 2])),
        ([np.array([1]), 2], (np.array([1]), 2)),
        (np.True_, True),
    ],
)
def test_what_is_the_same(got, expected):
    assert same(got, expected)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (True, 1),
        (1, True),
        (3.5, 3),
        (float("inf"), 3),
        (3 + 0j, 3),
        ("3", 3),
        ([1, 2, 3], np.array([1, 2])),
        ([[1, 2]], np.array([1, 2])),
        ([1, 0], np.array([True, False])),
        ([True, False], np.array([1, 0])),
        ({1, 2}, np.array([1, 2])),
        ([float("nan")], np.array([1.0])),
        ([1.001], np.array([1.0])),
        ([1.5], np.array([1])),
        ((1,), (1, 2)),
        (1, (1, 2)),
    ],
)
def test_what_is_not_the_same(got, expected):
    assert not same(got, expected)


def test_a_description_is_short_whatever_it_describes():
    for thing in [*NONSENSE.values(), [["x" * 1000] * 20] * 20, [10**5000] * 20, {"a": [1] * 999}, np.zeros((9, 9))]:
        assert len(describe(thing)) < 260


def test_a_tuple_is_told_which_of_its_things_has_the_wrong_form():
    assert "look at number 2: it should be an array of shape (3,)" in misfit((1, [1]), (1, np.arange(3)))
