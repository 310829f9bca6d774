"""Grade the exercises of a folder of notebooks: ``python -m l2h_tutorial.exercises.grade_notebooks
FOLDER``.

A notebook's cells, from its heading *Exercises* on, run in a process of their own that knows no
right result (see `answering`), after what the cells before define and import: it gets cases that
were drawn from a secret seed, and gives back what the student's functions make of them, which is
judged here. On Linux the process is shut off: no network, nothing to write but a small folder that
goes with it, neither exercises nor other submissions to read; when its time is over, all that it
started ends with it. Where the system does not allow that, nothing is run, unless ``--unwalled``
says that the notebooks are trusted: then only time, memory and the size of files have limits, and
on Windows only time.
"""

import json
import os
import pickle
import re
import secrets
import signal
import subprocess
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile, gettempdir
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from . import answering, find
from .framework import Compute, Exercise, Verdict
from .submissions import Program, find_files, known_as, names_of, printable

__all__ = ["grade_notebooks", "main"]

_ANSWERED = re.compile(r"""(?:check|require)\(\s*["']\s*(\d+\.\d+)""")
_EXERCISES = re.compile(r"(?m)^#+ [\d. ]*Exercises\s*$")
_LARGEST = 2**26  # bytes of a notebook
# Two folders hidden, a small one to write in, the rest read-only, and no way back. Arguments: the
# folders, a command.
_WALLS = """set -e
mount -t tmpfs none "$1"; mount -t tmpfs none "$2"; mount -t tmpfs -o size=16m none "$3"
while read -r _ _ _ _ at _; do
  [ "$at" = "$3" ] || for also in "" ,nosuid,nodev ,nosuid,nodev,noexec; do
    mount -o "remount,bind,ro$also" "$at" 2>/dev/null && break
  done || case "$at" in /proc*|/sys*|/dev*) ;; *) exit 1;; esac
done </proc/self/mountinfo
cd "$3"; shift 3; unshare --user --mount "$@"; exit """
_WALLED = [
    "unshare",
    "--user",
    "--map-root-user",
    "--net",
    "--pid",
    "--ipc",
    "--mount",
    "--mount-proc",
]
_WALLED += ["--fork", "--kill-child", "sh", "-c"]  # when the first process ends, all do


def grade_notebooks(
    folder: Path,
    *,
    exercises: Sequence[str] = (),
    students: Mapping[str, str] | None = None,
    seconds: float = 60.0,
    walled: bool = True,
) -> pd.DataFrame:
    """Run the notebooks of a folder, and mark the exercises in them.

    Parameters
    ----------
    folder : Path
        With notebooks named after their students, or a folder of notebooks for each.
    exercises : sequence of str
        Numbers of those that count; by default those that the notebooks of at least half of the
        students have.
    students : mapping of str to str, optional
        Who is in the course, as for `grade_folder`.
    seconds : float
        What a notebook may take; one that takes longer in a function is run again without that
        exercise.
    walled : bool, default=True
        Whether notebooks are shut off from network and files.

    Returns
    -------
    DataFrame, one row a student
        A column for each exercise, 1 or 0; the grade, the percentage of exercises that hold; and a
        remark that says what the others are. An exercise whose answer is no plain data, as a hasher
        is not, is left to a person.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    OSError
        If the system does not allow the walls.
    """
    for needed in (sys.prefix, sys.base_prefix, __file__, gettempdir()):
        if Path(needed).resolve().is_relative_to(folder.resolve()):
            raise ValueError(
                f"{str(folder)!r} also holds {needed}: give the notebooks a folder of their own"
            )
    if walled and (
        sys.platform != "linux"
        or subprocess.run([*_WALLED, "true"], capture_output=True).returncode
    ):
        raise OSError("this system does not shut off what is run (unshare): see --unwalled")
    roster = students or {}
    known = known_as(roster)
    notebooks: dict[str, list[tuple[Path, str, list[tuple[bool, str]], list[str]]]] = {
        student: [] for student in roster
    }
    for path in find_files(folder, ".ipynb"):
        names = names_of(path, folder) or [path.name]
        owner = next((known[name] for name in names if name in known), printable(names[0]))
        notebooks.setdefault(owner, []).append((path, names[-1], *_read(path)))
    times = Counter(
        number
        for files in notebooks.values()
        for number in {n for *_, numbers in files for n in numbers}
    )
    usual = [number for number in times if 2 * times[number] >= sum(map(bool, notebooks.values()))]
    chosen = {
        number: find(number)
        for number in sorted(exercises or usual, key=lambda number: [*map(int, number.split("."))])
    }
    counted = {
        number: exercise for number, exercise in chosen.items() if not _for_a_person(exercise)
    }
    rng = np.random.default_rng(secrets.randbits(128))
    cases = {
        number: exercise.cases(rng)
        for number, exercise in counted.items()
        if isinstance(exercise, Compute)
    }
    rows = []
    for owner, files in tqdm(sorted(notebooks.items()), desc="students", disable=None, delay=2):
        row = {"student": owner, "file": ", ".join(printable(path.name) for path, *_ in files)}
        fault = "" if not roster or owner in roster else "not on the list of students"
        fault = fault or ("" if files else "no notebook was submitted")
        if len({name for _, name, *_ in files}) < len(files):
            fault = fault or "two notebooks have one name, so none counts: leave one"
        if fault:
            rows.append(row | {"remark": fault})
            continue
        verdicts: dict[str, Verdict] = {}
        for _, _, cells, numbers in files:
            asked = [number for number in counted if number in numbers and number not in verdicts]
            verdicts |= _verdicts(
                cells, {n: counted[n] for n in asked}, cases, seconds, folder if walled else None
            )
        rows.append(row | _marks(counted, verdicts))
    return pd.DataFrame(rows, columns=["student", "file", *counted, "grade", "remark"])


def _known(number: str) -> bool:
    with suppress(LookupError):
        return bool(find(number))
    return False


def _for_a_person(exercise: Exercise) -> bool:
    """Whether the answer is a thing that has to be looked at where it was made."""
    return not isinstance(exercise, Compute) and "other" in str(
        answering.encode(exercise.right_answer())
    )


def _read(path: Path) -> tuple[list[tuple[bool, str]], list[str]]:
    """A notebook's code, whether of the exercises, without commands to Jupyter, and the numbers of those in it."""
    try:
        if path.stat().st_size > _LARGEST:
            return [], []
        cells = json.loads(path.read_bytes())["cells"]
        sources = ["".join(cell["source"]) for cell in cells]
        starts = [
            i
            for i, cell in enumerate(cells)
            if cell["cell_type"] != "code" and _EXERCISES.search(sources[i])
        ]
        start = (starts or [0])[0]
        code = [
            (i >= start, re.sub("(?m)^[%!].*$", "", sources[i]))
            for i, cell in enumerate(cells)
            if cell["cell_type"] == "code"
        ]
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return [], []
    return code, list(
        filter(_known, _ANSWERED.findall("\n".join(source for asked, source in code if asked)))
    )


def _marks(counted: Mapping[str, Exercise], verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    """A row's points, grade and remark."""
    points = {number: int(number in verdicts and verdicts[number].holds) for number in counted}
    said = [
        f"{number}: {verdicts[number].text}"
        for number in counted
        if number in verdicts and not points[number]
    ]
    missing = ", ".join(number for number in counted if number not in verdicts)
    remark = " ".join([*said, f"Not there: {missing}."][: len(said) + bool(missing)])
    grade = round(100 * sum(points.values()) / len(points), 1) if points else 0.0
    return {**points, "grade": grade, "remark": printable(remark)}


def _verdicts(
    cells: list[tuple[bool, str]],
    exercises: Mapping[str, Exercise],
    cases: Mapping[str, list[tuple[Any, ...]]],
    seconds: float,
    hidden: Path | None,
) -> dict[str, Verdict]:
    """What a notebook's answers are worth; one that ends the process, or does not end, costs itself only."""
    verdicts: dict[str, Verdict] = {}
    pending = list(exercises)
    while pending:
        job = {"cells": cells, "cases": {number: cases.get(number) for number in pending}}
        lines, over = _run(pickle.dumps(job), seconds, hidden)
        what = (
            f"had not finished after {seconds:g} seconds"
            if over
            else "ended the process that ran it"
        )
        if not lines:
            return {number: Verdict(False, f"not yet. A cell {what}.") for number in exercises}
        for line in lines[1:]:
            number = line.get("number")
            if number in pending:
                pending.remove(number)
                verdicts[number] = _verdict(
                    exercises[number], cases.get(number), line, lines[0].get("fault")
                )
        if pending:
            verdicts[pending.pop(0)] = Verdict(False, f"not yet. Your function {what}.")
    return verdicts


def _verdict(exercise: Exercise, cases: Any, line: Mapping[str, Any], fault: Any) -> Verdict:
    if "trouble" in line:
        return Verdict(False, f"not yet. {line['trouble']}")
    try:
        answer = answering.decode(line["answer"])
        if answer is None and fault:
            return Verdict(False, f"no answer: {fault}")
        if isinstance(exercise, Compute) and isinstance(answer, list) and len(answer) == len(cases):
            return exercise.verdict(cases, answer)
    except Exception as error:  # it may have written anything
        return Verdict(False, f"not yet. Your answer cannot be read ({type(error).__name__}).")
    return exercise.judge(answer)


def _run(job: bytes, seconds: float, hidden: Path | None) -> tuple[list[dict[str, Any]], bool]:
    """Run a job in a process of its own; the lines that it wrote, and whether it took too long."""
    package = Path(__file__).parent
    program = (package / "answering.py").read_text(encoding="utf-8")
    with TemporaryDirectory() as scratch, TemporaryFile() as output:
        command = [sys.executable, "-I", "-c", f"{program}\n\nmain()\n"]
        if hidden:
            command = [
                *_WALLED,
                _WALLS,
                "walls",
                str(package),
                str(hidden.resolve()),
                scratch,
                *command,
            ]
        few = {
            name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ
        }
        few |= {
            "HOME": scratch,
            "TMPDIR": scratch,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        settings: Any = {
            "cwd": scratch,
            "env": few,
            "start_new_session": True,
            "stderr": subprocess.DEVNULL,
        }
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, **settings)
        over = False
        try:
            process.communicate(job, timeout=seconds)
        except subprocess.TimeoutExpired:
            over = True
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
            process.wait()
        output.seek(0)
        lines = []
        with suppress(ValueError, RecursionError):
            lines = [
                line
                for line in map(json.loads, output.read(_LARGEST).splitlines())
                if isinstance(line, dict)
            ]
    return lines, over


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the folder that is named on the command line, and write the table beside the notebooks."""

    def mark(options: Namespace, roster: Mapping[str, str]) -> pd.DataFrame:
        chosen = [number.strip() for number in options.exercises.split(",") if number.strip()]
        settings = {"students": roster, "seconds": options.seconds, "walled": not options.unwalled}
        return grade_notebooks(options.folder, exercises=chosen, **settings)

    program = Program("grade_notebooks", "Exercises", ".ipynb", mark)
    program.parser.add_argument(
        "--exercises", default="", help="those that count: 3.1,3.2; else what most have"
    )
    program.parser.add_argument(
        "--seconds", type=float, default=60.0, help="what a notebook may take (60)"
    )
    program.parser.add_argument(
        "--unwalled", action="store_true", help="run notebooks that you trust without walls"
    )
    return program.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
