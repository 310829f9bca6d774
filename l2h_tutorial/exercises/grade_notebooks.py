"""Grade the exercises of a folder of notebooks.

Run it as ``python -m l2h_tutorial.exercises.grade_notebooks FOLDER``.

Each notebook runs in a process of its own that knows no right result (see `answering`). The process
runs the cells from the heading *Exercises* on. Of the cells before, it runs imports and definitions
only. It calls the student's functions on cases that were drawn from a secret seed. The results come
back here and are judged here.

On Linux the process is shut off. It has no network, and it can write only to a small folder that is
removed afterwards. It can read neither the exercises nor other submissions. When its time is over,
all that it started ends with it. A system that does not allow this runs no notebook, unless
``--unwalled`` says that the notebooks are trusted. Then only time, memory and the size of files are
limited, and on Windows only time.
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
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from . import answering, find
from .framework import Compute, Exercise, Verdict
from .submissions import Program, find_files, known_as, names_of, printable

__all__ = ["grade_notebooks", "main"]

_ANSWERED = re.compile(r"""(?:check|require)\(\s*["']\s*(\d+\.\d+)""")
_EXERCISES = re.compile(r"(?m)^#+ [\d. ]*Exercises\s*$")
_LARGEST = 2**26  # bytes of a notebook, and of what its process writes
# A shell script that takes two folders to hide, a folder to write in, and a command. It hides the
# two, makes all but the third read-only, and runs the command where mounts cannot be undone.
_WALLS = """set -e
mount -t tmpfs none "$1"; mount -t tmpfs none "$2"; mount -t tmpfs -o size=16m none "$3"
while read -r _ _ _ _ at _; do
  [ "$at" = "$3" ] || for also in "" ,nosuid,nodev ,nosuid,nodev,noexec; do
    mount -o "remount,bind,ro$also" "$at" 2>/dev/null && break
  done || case "$at" in /proc*|/sys*|/dev*) ;; *) exit 1;; esac
done </proc/self/mountinfo
cd "$3"; shift 3; unshare --user --mount "$@"; exit """
_WALLED = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--ipc"]
_WALLED += ["--mount", "--mount-proc"]
_WALLED += ["--fork", "--kill-child", "sh", "-c"]  # when the first process ends, all do


class _Notebook(NamedTuple):
    """Hold what counts of a submitted notebook."""

    path: Path
    name: str  # without what a platform added
    cells: list[tuple[bool, str]]  # whether a cell belongs to the exercises, and its code
    numbers: list[str]  # of the exercises that it answers


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
        Has notebooks named after their students, or a folder of notebooks for each student.
    exercises : sequence of str
        Numbers of the exercises that count. By default an exercise counts if at least half of the
        students who handed in a notebook answer it.
    students : mapping of str to str, optional
        Who is in the course, as for `grade_folder`.
    seconds : float
        Time for a notebook. If a function takes longer, the notebook is run again without that
        exercise.
    walled : bool, default=True
        Whether notebooks are shut off from network and files.

    Returns
    -------
    DataFrame, one row a student
        A column for each exercise, 1 or 0. The grade is the percentage of exercises that hold, and
        the remark says what is wrong with the others. An exercise whose answer is not plain data,
        such as a hasher, has no column: a person has to mark it.

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
    notebooks = _notebooks_by_student(folder, roster)
    chosen = sorted(
        exercises or _usual(notebooks), key=lambda number: [*map(int, number.split("."))]
    )
    counted = {number: find(number) for number in chosen}
    counted = {n: exercise for n, exercise in counted.items() if not _for_a_person(exercise)}
    rng = np.random.default_rng(secrets.randbits(128))
    cases = {
        number: exercise.cases(rng)
        for number, exercise in counted.items()
        if isinstance(exercise, Compute)
    }
    rows = []
    for owner, files in tqdm(sorted(notebooks.items()), desc="students", disable=None, delay=2):
        row = {"student": owner, "file": ", ".join(printable(file.path.name) for file in files)}
        fault = _fault(owner, files, roster)
        if fault:
            rows.append(row | {"remark": fault})
            continue
        verdicts: dict[str, Verdict] = {}
        for file in files:
            pending = {
                number: exercise
                for number, exercise in counted.items()
                if number in file.numbers and number not in verdicts
            }
            verdicts |= _verdicts(file.cells, pending, cases, seconds, folder if walled else None)
        rows.append(row | _marks(counted, verdicts))
    return pd.DataFrame(rows, columns=["student", "file", *counted, "grade", "remark"])


def _notebooks_by_student(folder: Path, roster: Mapping[str, str]) -> dict[str, list[_Notebook]]:
    """Read all notebooks of a folder; a student of the roster without a notebook has none."""
    notebooks: dict[str, list[_Notebook]] = {student: [] for student in roster}
    known = known_as(roster)
    for path in find_files(folder, ".ipynb"):
        names = names_of(path, folder) or [path.name]
        students = [known[name] for name in names if name in known]
        owner = students[0] if students else printable(names[0])
        notebooks.setdefault(owner, []).append(_Notebook(path, names[-1], *_read(path)))
    return notebooks


def _usual(notebooks: Mapping[str, list[_Notebook]]) -> list[str]:
    """Return the exercises that at least half of the students with a notebook answer."""
    times: Counter[str] = Counter()
    for files in notebooks.values():
        times.update({number for file in files for number in file.numbers})
    n_students = sum(map(bool, notebooks.values()))
    return [number for number in times if 2 * times[number] >= n_students]


def _fault(owner: str, files: list[_Notebook], roster: Mapping[str, str]) -> str:
    """Say why a student's notebooks cannot be graded, or return an empty text."""
    if roster and owner not in roster:
        return "not on the list of students"
    if not files:
        return "no notebook was submitted"
    if len({file.name for file in files}) < len(files):
        return "two notebooks have one name, so none counts: leave one"
    return ""


def _known(number: str) -> bool:
    """Return whether there is an exercise of this number."""
    with suppress(LookupError):
        return bool(find(number))
    return False


def _for_a_person(exercise: Exercise) -> bool:
    """Return whether the answer is an object that cannot be sent between processes as data."""
    if isinstance(exercise, Compute):
        return False
    encoded = answering.encode(exercise.right_answer())
    return isinstance(encoded, dict) and "other" in encoded


def _read(path: Path) -> tuple[list[tuple[bool, str]], list[str]]:
    """Read the cells of a notebook, without commands to Jupyter, and the exercises it answers."""
    try:
        if path.stat().st_size > _LARGEST:
            return [], []
        cells = json.loads(path.read_bytes())["cells"]
        sources = ["".join(cell["source"]) for cell in cells]
        headings = [
            i
            for i, cell in enumerate(cells)
            if cell["cell_type"] != "code" and _EXERCISES.search(sources[i])
        ]
        start = headings[0] if headings else 0
        code = [
            (i >= start, re.sub("(?m)^[%!].*$", "", sources[i]))
            for i, cell in enumerate(cells)
            if cell["cell_type"] == "code"
        ]
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return [], []
    answers = "\n".join(source for of_exercises, source in code if of_exercises)
    return code, [number for number in _ANSWERED.findall(answers) if _known(number)]


def _marks(counted: Mapping[str, Exercise], verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    """Return a row's points, grade and remark."""
    points = dict.fromkeys(counted, 0)
    remarks = []
    missing = []
    for number in counted:
        verdict = verdicts.get(number)
        if verdict is None:
            missing.append(number)
        elif verdict.holds:
            points[number] = 1
        else:
            remarks.append(f"{number}: {verdict.text}")
    if missing:
        remarks.append(f"Not there: {', '.join(missing)}.")
    grade = round(100 * sum(points.values()) / len(points), 1) if points else 0.0
    return {**points, "grade": grade, "remark": printable(" ".join(remarks))}


def _verdicts(
    cells: list[tuple[bool, str]],
    exercises: Mapping[str, Exercise],
    cases: Mapping[str, list[tuple[Any, ...]]],
    seconds: float,
    hidden: Path | None,
) -> dict[str, Verdict]:
    """Judge a notebook's answers.

    An answer that ends the process, or never ends, is not judged again: the others are.
    """
    verdicts: dict[str, Verdict] = {}
    pending = list(exercises)
    while pending:
        job = {"cells": cells, "cases": {number: cases.get(number) for number in pending}}
        lines, too_long = _run(pickle.dumps(job), seconds, hidden)
        what = "ended the process that ran it"
        if too_long:
            what = f"had not finished after {seconds:g} seconds"
        if not lines:
            return {number: Verdict(False, f"not yet. A cell {what}.") for number in exercises}
        first, *answers = lines
        for line in answers:
            number = line.get("number")
            if number in pending:
                pending.remove(number)
                verdicts[number] = _verdict(
                    exercises[number], cases.get(number), line, first.get("fault")
                )
        if pending:  # the process came to its end at the first of these
            verdicts[pending.pop(0)] = Verdict(False, f"not yet. Your function {what}.")
    return verdicts


def _verdict(exercise: Exercise, cases: Any, line: Mapping[str, Any], fault: Any) -> Verdict:
    """Judge the answer in a line that a process wrote; anything may stand in the line."""
    if "trouble" in line:
        return Verdict(False, f"not yet. {line['trouble']}")
    try:
        answer = answering.decode(line["answer"])
        if answer is None and fault:
            return Verdict(False, f"no answer: {fault}")
        if isinstance(exercise, Compute) and isinstance(answer, list) and len(answer) == len(cases):
            return exercise.verdict(cases, answer)
    except Exception as error:
        return Verdict(False, f"not yet. Your answer cannot be read ({type(error).__name__}).")
    return exercise.judge(answer)


def _run(job: bytes, seconds: float, hidden: Path | None) -> tuple[list[dict[str, Any]], bool]:
    """Run a job in its own process; return the lines it wrote, and whether it took too long."""
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
        too_long = False
        try:
            process.communicate(job, timeout=seconds)
        except subprocess.TimeoutExpired:
            too_long = True
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
            process.wait()
        output.seek(0)
        lines = []
        with suppress(ValueError, RecursionError):
            written = [json.loads(line) for line in output.read(_LARGEST).splitlines()]
            lines = [line for line in written if isinstance(line, dict)]
    return lines, too_long


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the folder named on the command line, and write the tables beside the notebooks."""

    def mark(options: Namespace, roster: Mapping[str, str]) -> pd.DataFrame:
        chosen = [number.strip() for number in options.exercises.split(",") if number.strip()]
        return grade_notebooks(
            options.folder,
            exercises=chosen,
            students=roster,
            seconds=options.seconds,
            walled=not options.unwalled,
        )

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
