"""Run a student's notebook in a process that knows no right result, and write down its answers.

The process runs the student's cells, then calls their functions on the cases that it is given. Only
the process that starts it knows the right results. Here `l2h_tutorial.exercises` is replaced by a
module whose `check` and `require` note what they are given. The output is plain data, one line for
each exercise.
"""

import ast
import contextlib
import copy
import json
import os
import pickle
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelProgram", "Trouble", "call", "decode", "encode"]

_KINDS = {"b": np.bool_, "i": np.int64, "u": np.uint64, "f": np.float64}  # as arrays are sent
_DEFINITION = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
_MOST = 100_000  # values in an answer
# bytes of memory, bytes of a file, number of processes, bytes of a core dump
_LIMITS = {"AS": 2**31, "FSIZE": 2**24, "NPROC": 64, "CORE": 0}


@dataclass(frozen=True, eq=False)
class LabelProgram:
    """Compute codes from labels.

    The functions of exercise 9.1 are called with such a program, so this process has to know it.
    """

    own: NDArray[np.bool_]
    of_class: NDArray[np.bool_]

    def __call__(self, labels: NDArray[Any]) -> NDArray[np.bool_]:
        return self.own & self.of_class[labels]


class Trouble(Exception):
    """Say, in a sentence for the student, why an answer cannot be judged."""


def call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a function with copies of the arguments; turn an error or an exit into a `Trouble`."""
    try:
        return function(*copy.deepcopy(arguments))
    except (Exception, SystemExit) as error:
        raise Trouble(f"your function raised {raised(error)}") from None


def raised(error: BaseException) -> str:
    """Describe an error, with the line of the student's code that led to it."""
    message = " ".join(str(error).split())
    described = type(error).__name__
    if message:
        described += f": {message[:150]}"
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the caller's
    if not frames or "site-packages" in frames[0].filename:
        return f"{described}."
    last = [frame for frame in frames if frame.filename == frames[0].filename][-1]
    code = f": `{last.line[:80]}`" if last.line else ""
    return f"{described}, in line {last.lineno}{code}."


def encode(value: Any) -> Any:
    """Return a result as plain data, which `decode` reads.

    Of a value that can be no right answer, only the name of its type is written.

    Examples
    --------
    >>> encode((np.arange(3), [np.True_]))
    {'tuple': [{'array': [0, 1, 2], 'kind': 'i', 'shape': (3,)}, {'list': [True]}]}
    >>> encode(range)
    {'other': 'type'}
    >>> decode(encode((np.arange(3), 1.5)))
    (array([0, 1, 2]), 1.5)
    """
    if value is ...:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int) and abs(value) < 10**1000:
        return value
    if isinstance(value, list | tuple) and len(value) <= _MOST:
        return {type(value).__name__: [encode(item) for item in value]}
    if isinstance(value, np.ndarray | range) or hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.kind in _KINDS and array.size <= _MOST:
            return {"array": array.ravel().tolist(), "kind": array.dtype.kind, "shape": array.shape}
    return {"other": type(value).__name__}


def decode(data: Any) -> Any:
    """Return the value that `encode` was given."""
    match data:
        case {"list": items}:
            return [decode(item) for item in items]
        case {"tuple": items}:
            return tuple(decode(item) for item in items)
        case {"array": values, "kind": kind, "shape": shape}:
            return np.array(values, dtype=_KINDS[kind]).reshape(shape)
        case {"other": name}:
            return type(name, (), {})()
    return data


def main() -> None:
    """Read a job from the standard input, and write a line for each of its exercises.

    The job is a pickle of the cells to run and of each exercise's cases. An exercise that asks for
    no function has None instead of cases.
    """
    sys.modules["l2h_tutorial.exercises.answering"] = sys.modules["__main__"]
    job = pickle.load(sys.stdin.buffer)
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):  # input, output and errors of the student's code
        os.dup2(nowhere, stream)
    with contextlib.suppress(ImportError):  # Windows has no such module
        import resource

        for name, most in _LIMITS.items():
            with contextlib.suppress(OSError, ValueError):  # macOS does not limit memory
                resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))

    def say(**line: Any) -> None:
        print(json.dumps(line), file=lines, flush=True)

    answers, fault = run_cells(job["cells"])
    say(fault=fault)
    for number, cases in job["cases"].items():
        try:
            answer = answers.get(number)
            if cases is not None and callable(answer):
                answer = [call(answer, case) for case in cases]
            say(number=number, answer=encode(answer))
        except Trouble as trouble:
            say(number=number, trouble=str(trouble))
        except Exception as error:
            say(number=number, trouble=f"your answer cannot be read ({type(error).__name__}).")


def run_cells(cells: list[tuple[bool, str]]) -> tuple[dict[str, Any], str]:
    """Run cells in order; return the last answer to each exercise, and the first error.

    A cell comes with whether it belongs to the exercises. Of a cell that does not, only imports and
    definitions are run.
    """
    import l2h_tutorial.checks  # the smallest module, which imports the package itself

    answers: dict[str, Any] = {}

    def note(number: object, answer: Any = None) -> None:
        answers[str(number).strip()] = answer

    exercises: Any = ModuleType("l2h_tutorial.exercises")
    exercises.check = exercises.require = note
    sys.modules["l2h_tutorial.exercises"] = l2h_tutorial.exercises = exercises
    namespace: dict[str, Any] = {"__name__": "__main__"}
    fault = ""
    n_before = sum(not of_exercises for of_exercises, _ in cells)
    # the first cell of the exercises is cell 1
    for place, (of_exercises, cell) in enumerate(cells, start=1 - n_before):
        name = f"cell {place}"
        try:
            code: Any = compile(cell, name, "exec", ast.PyCF_ONLY_AST)
            if not of_exercises:
                code.body = [part for part in code.body if isinstance(part, _DEFINITION)]
            exec(compile(code, name, "exec"), namespace)
        except BaseException as error:
            if of_exercises and not fault:
                fault = f"{name} raised {raised(error)}"
    return answers, fault
