"""Grade a folder of notebooks: ``python -m l2h_tutorial.exercises.grade_notebooks FOLDER``.

A notebook's cells run in a process of their own that knows no right result (see `answering`). It
runs the cells from the heading *Exercises* on, after what the cells before define and import. It
gets cases that were drawn from a secret seed, calls the student's functions with them, and gives
back the results, which are judged here.

On Linux that process is shut off. It has no network, it can write only to a small folder that goes
with it, and it can read neither the exercises nor other submissions. When its time is over, all
that it started ends with it. Where the system does not allow that, nothing is run, unless
``--unwalled`` says that the notebooks are trusted. Then only time, memory and the size of files
have limits, and on Windows only time.
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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..checks import load_optional, with_progress
from . import answering, find
from .framework import Case, Compute, Construct, Exercise, Verdict
from .submissions import find_files, known_as, names_of, parser_of, printable, run

if TYPE_CHECKING:
    import pandas as pd

_ANSWERED = re.compile(r"""(?:check|require)\(\s*["']\s*(\d+\.\d+)""")
_EXERCISES = re.compile(r"(?m)^#+ [\d. ]*Exercises\s*$")
_MAGIC = re.compile("(?m)^[%!].*$")  # commands to Jupyter
_MOST_BYTES = 2**26  # of a notebook, and of what its process writes down
# This script hides two folders, mounts a small one to write in, makes the rest read-only, and runs
# a command that cannot undo any of it. Its arguments are the three folders and the command.
_WALLS = """set -e
mount -t tmpfs none "$1"; mount -t tmpfs none "$2"; mount -t tmpfs -o size=16m none "$3"
while read -r _ _ _ _ at _; do
  [ "$at" = "$3" ] || for also in "" ,nosuid,nodev ,nosuid,nodev,noexec; do
    mount -o "remount,bind,ro$also" "$at" 2>/dev/null && break
  done || case "$at" in /proc*|/sys*|/dev*) ;; *) exit 1;; esac
done </proc/self/mountinfo
cd "$3"; shift 3; unshare --user --mount "$@"; exit """
# the last option: when the first process ends, all do
_WALL_OPTIONS = "--user --map-root-user --net --pid --ipc --mount --mount-proc --fork --kill-child"
_WALLED = ["unshare", *_WALL_OPTIONS.split(), "sh", "-c"]

_Cells = list[tuple[bool, str]]  # whether a cell is run whole, and its source


class _Notebook(NamedTuple):
    """What a student handed in: a file, its name without what a platform added, and its content."""

    path: Path
    name: str
    cells: _Cells
    numbers: list[str]  # of the exercises in it


def grade_notebooks(
    folder: Path,
    *,
    exercises: Sequence[str] = (),
    students: Mapping[str, str] | None = None,
    seconds: float = 60.0,
    walled: bool = True,
) -> "pd.DataFrame":
    """Run the notebooks of a folder, and mark the exercises in them.

    Parameters
    ----------
    folder : Path
        A folder with notebooks named after their students, or a folder of notebooks for each.
    exercises : sequence of str
        Numbers of the exercises that count. By default, all that at least half of the students
        have in their notebooks.
    students : mapping of str to str, optional
        The students of the course, as for `grade_folder`.
    seconds : float
        Time that a notebook may take. If one of its functions takes longer, the notebook is run
        again without that exercise.
    walled : bool, default=True
        Whether notebooks are shut off from network and files.

    Returns
    -------
    DataFrame, one row a student
        Each exercise has a column of 1 or 0. ``grade`` is the percentage of exercises that hold,
        and ``remark`` says what is wrong with the others. An exercise whose answer is no plain
        data, such as a hasher, is left to a person.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    OSError
        If the system does not allow the walls.
    """
    pd = load_optional("pandas", "grade_notebooks")
    for needed in (sys.prefix, sys.base_prefix, __file__, gettempdir()):
        if Path(needed).resolve().is_relative_to(folder.resolve()):
            raise ValueError(
                f"{str(folder)!r} also holds {needed}: give the notebooks a folder of their own"
            )
    if walled and not _has_walls():
        raise OSError("this system does not shut off what is run (unshare): see --unwalled")
    roster = students or {}
    known = known_as(roster)
    notebooks: dict[str, list[_Notebook]] = {student: [] for student in roster}
    for path in find_files(folder, ".ipynb"):
        names = names_of(path, folder) or [path.name]
        owner = next((known[name] for name in names if name in known), printable(names[0]))
        notebooks.setdefault(owner, []).append(_Notebook(path, names[-1], *_read(path)))
    numbers = sorted(
        exercises or _usual(notebooks), key=lambda number: [*map(int, number.split("."))]
    )
    counted = {number: find(number) for number in numbers if not _needs_a_person(number)}
    rng = np.random.default_rng(secrets.randbits(128))
    cases = {
        number: exercise.cases(rng)
        for number, exercise in counted.items()
        if isinstance(exercise, Compute)
    }
    rows = []
    for owner, files in with_progress(sorted(notebooks.items()), "students", delay=0):
        row = {"student": owner, "file": ", ".join(printable(file.path.name) for file in files)}
        fault = _fault(owner, files, roster)
        if fault:
            rows.append(row | {"remark": fault})
            continue
        verdicts: dict[str, Verdict] = {}
        for file in files:
            unjudged = {
                number: exercise
                for number, exercise in counted.items()
                if number in file.numbers and number not in verdicts
            }
            verdicts |= _verdicts(file.cells, unjudged, cases, seconds, folder if walled else None)
        rows.append(row | _marks(counted, verdicts))
    return pd.DataFrame(rows, columns=["student", "file", *counted, "grade", "remark"])


def _has_walls() -> bool:
    """Return whether this system can shut off a process."""
    if sys.platform != "linux":
        return False
    return subprocess.run([*_WALLED, "true"], capture_output=True).returncode == 0


def _usual(notebooks: Mapping[str, list[_Notebook]]) -> list[str]:
    """Return the numbers of the exercises that at least half of the students have."""
    handed_in = [files for files in notebooks.values() if files]
    n_students = Counter[str]()
    for files in handed_in:
        n_students.update({number for file in files for number in file.numbers})
    return [number for number in n_students if 2 * n_students[number] >= len(handed_in)]


def _fault(owner: str, files: list[_Notebook], roster: Mapping[str, str]) -> str:
    """Return why a student's notebooks do not count, or an empty text."""
    if roster and owner not in roster:
        return "not on the list of students"
    if not files:
        return "no notebook was submitted"
    if len({file.name for file in files}) < len(files):
        return "two notebooks have one name, so none counts: leave one"
    return ""


def _exists(number: str) -> bool:
    """Return whether there is an exercise of this number."""
    try:
        find(number)
    except LookupError:
        return False
    return True


def _needs_a_person(number: str) -> bool:
    """Return whether the answer is no plain data, so that a person has to look at it."""
    exercise = find(number)
    if not isinstance(exercise, Construct):
        return False
    match answering.encode(exercise.example):
        case {"other": _}:
            return True
    return False


def _read(path: Path) -> tuple[_Cells, list[str]]:
    """Return a notebook's code without commands to Jupyter, and the numbers of its exercises."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return [], []
        cells = json.loads(path.read_bytes())["cells"]
        sources = ["".join(cell["source"]) for cell in cells]
        headings = (
            i
            for i, cell in enumerate(cells)
            if cell["cell_type"] != "code" and _EXERCISES.search(sources[i])
        )
        start = next(headings, 0)
        code = [
            (i >= start, _MAGIC.sub("", sources[i]))
            for i, cell in enumerate(cells)
            if cell["cell_type"] == "code"
            # the book's own answer, in a notebook from its site
            and "solution" not in cell.get("metadata", {}).get("tags", [])
        ]
    except Exception:  # the file may hold anything
        return [], []
    answers = "\n".join(source for whole, source in code if whole)
    return code, [number for number in _ANSWERED.findall(answers) if _exists(number)]


def _marks(counted: Mapping[str, Exercise], verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    """Return a row's points, grade and remark."""
    points = {number: int(number in verdicts and verdicts[number].holds) for number in counted}
    remarks = [
        f"{number}: {verdicts[number].text}"
        for number in counted
        if number in verdicts and not points[number]
    ]
    missing = [number for number in counted if number not in verdicts]
    if missing:
        remarks.append(f"Not there: {', '.join(missing)}.")
    grade = round(100 * sum(points.values()) / len(points), 1) if points else 0.0
    if remarks:
        remarks.insert(0, f"{sum(points.values())} of {len(points)} exercises hold.")
    return {**points, "grade": grade, "remark": printable(" ".join(remarks))}


def _verdicts(
    cells: _Cells,
    exercises: Mapping[str, Exercise],
    cases: Mapping[str, list[Case]],
    seconds: float,
    hidden: Path | None,
) -> dict[str, Verdict]:
    """Return the verdicts on a notebook's answers.

    If an answer ends the process or does not end itself, the notebook is run again without it.
    """
    verdicts: dict[str, Verdict] = {}
    pending = list(exercises)
    while pending:
        job = {"cells": cells, "cases": {number: cases.get(number) for number in pending}}
        lines, timed_out = _run(pickle.dumps(job), seconds, hidden)
        ending = "ended the process that ran it"
        if timed_out:
            ending = f"had not finished after {seconds:g} seconds"
        if not lines:
            return {number: Verdict(False, f"not yet. A cell {ending}.") for number in exercises}
        fault = lines[0].get("fault")
        for line in lines[1:]:
            number = line.get("number")
            if number in pending:
                pending.remove(number)
                verdicts[number] = _verdict(exercises[number], cases.get(number), line, fault)
        if pending:  # the first of these is the one that did not answer
            verdicts[pending.pop(0)] = Verdict(False, f"not yet. Your function {ending}.")
    return verdicts


def _verdict(exercise: Exercise, cases: Any, line: Mapping[str, Any], fault: Any) -> Verdict:
    """Judge one answer from the line that the process wrote about it."""
    if "trouble" in line:
        return Verdict(False, f"not yet. {line['trouble']}")
    try:
        answer = answering.decode(line["answer"])
        if answer is None and fault:
            return Verdict(False, f"no answer: {fault}")
        if isinstance(exercise, Compute) and isinstance(answer, list) and len(answer) == len(cases):
            return exercise.verdict(cases, answer)
    except Exception as error:  # the process may have written anything
        return Verdict(False, f"not yet. Your answer cannot be read ({type(error).__name__}).")
    return exercise.judge(answer)


def _run(job: bytes, seconds: float, hidden: Path | None) -> tuple[list[dict[str, Any]], bool]:
    """Run a job in a process of its own, and return the lines it wrote and whether it timed out."""
    package = Path(__file__).parent
    program = (package / "answering.py").read_text(encoding="utf-8")
    with TemporaryDirectory() as scratch, TemporaryFile() as output:
        command = [sys.executable, "-I", "-c", f"{program}\n\nmain()\n"]
        if hidden:
            folders = [str(package), str(hidden.resolve()), scratch]
            command = [*_WALLED, _WALLS, "walls", *folders, *command]
        environment = {
            name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ
        }
        environment |= {
            "HOME": scratch,
            "TMPDIR": scratch,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
            cwd=scratch,
            env=environment,
            start_new_session=True,
        )
        timed_out = False
        try:
            process.communicate(job, timeout=seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            with suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
            process.wait()
        output.seek(0)
        lines = []
        with suppress(ValueError, RecursionError):  # the process may have written anything
            values = map(json.loads, output.read(_MOST_BYTES).splitlines())
            lines = [value for value in values if isinstance(value, dict)]
    return lines, timed_out


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the folder named on the command line, and write the tables beside the notebooks."""

    def mark(options: Namespace, roster: Mapping[str, str]) -> "pd.DataFrame":
        chosen = [number.strip() for number in options.exercises.split(",") if number.strip()]
        table = grade_notebooks(
            options.folder,
            exercises=chosen,
            students=roster,
            seconds=options.seconds,
            walled=not options.unwalled,
        )
        print("grade: the percentage of the exercises in the table that hold")
        return table

    parser = parser_of("grade_notebooks", ".ipynb")
    parser.add_argument(
        "--exercises", default="", help="those that count: 3.1,3.2; else what most have"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="what a notebook may take (60)")
    parser.add_argument(
        "--unwalled", action="store_true", help="run notebooks that you trust without walls"
    )
    return run(parser, arguments, "Exercises", mark)


if __name__ == "__main__":
    sys.exit(main())
