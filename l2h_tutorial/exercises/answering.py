"""Run a student's cells, then their functions on given cases, and write down the results.

This is the program of a process of its own. The process that starts it knows the right results;
this one knows none: of `l2h_tutorial.exercises` it has only a `check` and a `require` that note
what they are given. It writes plain data, a line for each exercise.
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
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KINDS = {"b": np.bool_, "i": np.int64, "u": np.uint64, "f": np.float64}
_DEFINITION = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
_MOST_VALUES = 100_000  # of an answer
# bytes of memory, bytes of a file, processes, bytes of a core dump
_LIMITS = {"AS": 2**31, "FSIZE": 2**24, "NPROC": 64, "CORE": 0}


def codes_for_labels(
    own: NDArray[Any], of_class: NDArray[Any], labels: NDArray[Any]
) -> NDArray[Any]:
    """Give codes for labels: with the first two arguments set, the program of exercise 9.1.

    A code holds the bits that the image's own bits and those of its class have in common. The
    function is here, and not with its exercise, because this process has no exercises.
    """
    return own & of_class[labels]


class Trouble(Exception):
    """Say why an answer cannot be judged. The message is a sentence for its author."""


def call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a function with copies of the arguments, and turn an error or an exit into `Trouble`."""
    try:
        return function(*copy.deepcopy(arguments))
    except (Exception, SystemExit) as error:
        raise Trouble(f"your function raised {raised(error)}") from None


def raised(error: BaseException) -> str:
    """Describe an error in words, with the line of the student's code that led to it."""
    description = type(error).__name__
    words = " ".join(str(error).split())
    if words:
        description += f": {words[:150]}"
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the caller's
    if not frames or "site-packages" in frames[0].filename:
        return f"{description}."
    last = [frame for frame in frames if frame.filename == frames[0].filename][-1]
    source = f": `{last.line[:80]}`" if last.line else ""
    return f"{description}, in line {last.lineno}{source}."


def encode(value: Any) -> Any:
    """Return a result as plain data, which `decode` reads.

    Of a thing that cannot be a right result, only the name of its type is kept. The keys of a dict
    become texts.

    Examples
    --------
    >>> encode((np.arange(3), [np.True_], range))
    {'tuple': [{'array': [0, 1, 2], 'kind': 'i', 'shape': (3,)},
               {'list': [True]}, {'other': 'type'}]}
    >>> decode(encode((np.arange(3), {"A": 1.5})))
    (array([0, 1, 2]), {'A': 1.5})
    """
    if value is None or value is ...:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float | str):
        return value
    if isinstance(value, int) and abs(value) < 10**1000:
        return value
    if isinstance(value, list | tuple) and len(value) <= _MOST_VALUES:
        return {type(value).__name__: [encode(item) for item in value]}
    if isinstance(value, dict) and len(value) <= _MOST_VALUES:
        return {"dict": {str(key): encode(item) for key, item in value.items()}}
    if isinstance(value, range) or hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.kind in _KINDS and array.size <= _MOST_VALUES:
            return {"array": array.ravel().tolist(), "kind": array.dtype.kind, "shape": array.shape}
    return {"other": type(value).__name__}


def decode(data: Any) -> Any:
    """Return what `encode` was given."""
    match data:
        case {"list": items}:
            return [decode(item) for item in items]
        case {"tuple": items}:
            return tuple(decode(item) for item in items)
        case {"dict": dict(items)}:
            return {key: decode(item) for key, item in items.items()}
        case {"array": values, "kind": kind, "shape": shape}:
            return np.array(values, dtype=_KINDS[kind]).reshape(shape)
        case {"other": name}:
            return type(name, (), {})()
    return data


def main() -> None:
    """Do the job on the standard input: a pickle of cells to run and of each exercise's cases."""
    # the job names a function of this module, which is not there by its name
    sys.modules["l2h_tutorial.exercises.answering"] = sys.modules["__main__"]
    job = pickle.load(sys.stdin.buffer)
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    with contextlib.suppress(ImportError):  # on Windows
        import resource

        for name, limit in _LIMITS.items():
            with contextlib.suppress(OSError, ValueError):  # macOS has no limit of memory
                resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))

    def write(**line: Any) -> None:
        print(json.dumps(line), file=lines, flush=True)

    answers, fault = run_cells(job["cells"])
    write(fault=fault)
    for number, cases in job["cases"].items():
        try:
            answer = answers.get(number)
            if cases is not None and callable(answer):
                answer = [call(answer, case) for case in cases]
            write(number=number, answer=encode(answer))
        except Trouble as trouble:
            write(number=number, trouble=str(trouble))
        except Exception as error:
            write(number=number, trouble=f"your answer cannot be read ({type(error).__name__}).")


def run_cells(cells: list[tuple[bool, str]]) -> tuple[dict[str, Any], str]:
    """Run the cells in order, and return the last answer to each exercise and the first error.

    Of a cell that is not run whole, only imports and definitions run, and its errors do not count.
    """
    import l2h_tutorial.checks  # loads the package by its lightest module

    answers: dict[str, Any] = {}

    def note(number: object, answer: Any = None) -> None:
        answers[str(number).strip()] = answer

    exercises: Any = ModuleType("l2h_tutorial.exercises")
    exercises.check = exercises.require = note
    sys.modules["l2h_tutorial.exercises"] = l2h_tutorial.exercises = exercises
    namespace: dict[str, Any] = {"__name__": "__main__"}
    fault = ""
    n_before = sum(not whole for whole, _ in cells)
    for place, (whole, source) in enumerate(cells, start=1 - n_before):  # the first whole one is 1
        name = f"cell {place}"
        try:
            tree: Any = compile(source, name, "exec", ast.PyCF_ONLY_AST)
            tree.body = [part for part in tree.body if whole or isinstance(part, _DEFINITION)]
            exec(compile(tree, name, "exec"), namespace)
        except BaseException as error:
            if whole and not fault:
                fault = f"{name} raised {raised(error)}"
    return answers, fault
