"""Grade a folder of project submissions: ``python -m l2h_tutorial.exercises.grade FOLDER``.

A submission is a file of arrays that is named after its student, such as ``s1024.npz``. It holds
``student``, the name once more, and ``query`` and ``database``, the codes of the project's queries
and database as bools. What a platform or a browser added to the file's name is ignored.

Each student's data differ, so it has to be clear whose codes a file holds. The name in the file
counts. If the file's name means another student, or two files name one student, the table says so
and nothing is scored.

Nothing in a file is executed. Pickles are refused, and an array's size is read before the array.
"""

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from ..files import read_arrays
from ..grh import GRH
from ..lsh import LSH
from ..metrics import mean_average_precision, mean_ratio, ring_counts
from .project import Project, identity, project_data
from .submissions import Program, find_files, known_as, names_of, printable

__all__ = ["SCALE", "Refused", "grade_folder", "main", "read_codes"]

SCALE = (
    "grade: 0 for the mAP of random answers, 50 for that of random hyperplanes "
    "(mean of five seeds), 100 for that of GRH by kernel ridge, on straight lines between them; "
    "never above 100"
)
_WRITE_IT = 'np.savez("NAME.npz", student="NAME", query=..., database=...)'
# Codes are suspicious if the share of images whose class they tell is larger than that of GRH by
# kernel ridge by more than this. Measured: no hasher of the book was further above it.
_LEEWAY = 0.03
_ASK = (
    "these codes tell the class of {0:.1%} of the queries and {1:.1%} of the database, "
    "those of GRH by kernel ridge {2:.1%} and {3:.1%}: ask how they were made"
)
_MOST = 2**24  # bytes of an array: ten times what the longest codes take as int64

_Codes = tuple[NDArray[np.bool_], NDArray[np.bool_]]  # of queries and database


class Refused(ValueError):
    """Tell the student why a submission cannot be graded."""


def read_codes(path: Path, project: Project) -> _Codes:
    """Read the codes of queries and database from a submitted file.

    Parameters
    ----------
    path : Path
        An ``.npz`` file, from anywhere.
    project : Project
        The project of the student after whom the file is named.

    Returns
    -------
    (n_query, n_bits) and (n_database, n_bits) arrays of bool

    Raises
    ------
    Refused
        If the file is no ``.npz`` file or names another student, or if an array is missing, has the
        wrong shape or type, or holds anything but bits.
    """
    shapes = {"query": (len(project.split.y_query), project.n_bits)}
    shapes["database"] = (len(project.split.y_database), project.n_bits)
    student = _student(path)
    arrays = _read(path, *shapes)
    if identity(student) != project.student:
        raise Refused(
            f"its `student` is {student!r}, and the project is that of {project.student!r}"
        )
    for name, shape in shapes.items():
        bits = arrays[name]
        if bits.shape != shape:
            raise Refused(f"{name!r} should have the shape {shape}, and has {bits.shape}")
        if bits.dtype.kind not in "buif":
            raise Refused(f"{name!r} should hold bools, and holds {bits.dtype}")
        wrong = bits[~np.isin(bits, (0, 1))].tolist()
        if wrong:
            raise Refused(f"{name!r} holds values other than 0 and 1, such as {wrong[0]}")
    return arrays["query"].astype(bool), arrays["database"].astype(bool)


def _read(path: Path, *names: str) -> dict[str, NDArray[Any]]:
    """Read arrays of a submitted file; raise `Refused` if anything is wrong with the file."""
    if not path.is_file():
        raise Refused("there is no .npz file here")
    try:
        arrays = read_arrays(path, names, most=_MOST)
    except (OSError, ValueError) as error:
        reason = str(error).replace(str(path), "this").rstrip(".")
        raise Refused(f"{reason}: write it with {_WRITE_IT}") from None
    for name in names:
        if name not in arrays:
            raise Refused(f"the array {name!r} is missing: write the file with {_WRITE_IT}")
    return arrays


def _student(path: Path) -> str:
    """Read the student's name in a submitted file."""
    student = _read(path, "student")["student"]
    name = str(student)
    one_name = student.shape == () and student.dtype.kind in "Uiu"
    if not one_name or not name.strip() or not name.isprintable():
        raise Refused(f"its `student` is {ascii(name)[:60]}, which is no name")
    return name


def grade_folder(
    folder: Path, *, course: str = "", students: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Measure the codes in a folder, and grade them.

    Parameters
    ----------
    folder : Path
        Has an ``.npz`` file for each student, or a folder for each. Other files are ignored.
    course : str
        As for `project_data`.
    students : mapping of str to str, optional
        Who is in the course, as `read_roster` returns it: by a student's number, the name that a
        platform uses, or an empty text. Other students are refused, and a student without a file
        gets a row that says so. Without this list, a file has to be named after its student.

    Returns
    -------
    DataFrame, one row a file or missing student
        - ``n_bits`` and ``radius`` of the project;
        - ``map``, ``precision`` and ``coverage`` of the submitted codes, the last two within the
          radius, where an empty ball has precision 0;
        - ``lsh_map`` and ``lsh_sd``, the mean and standard deviation of mAP over five draws of
          random hyperplanes with as many bits;
        - ``grh_map``, the mAP of GRH by kernel ridge;
        - ``grade``, by `SCALE`, and ``remark``.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    """
    roster = students or {}
    files = [(path, *_owner(path, folder)) for path in find_files(folder, ".npz")]
    known = known_as(roster or {owner: "" for _, owner, fault in files if not fault})
    files = [
        (path, owner, fault or _doubt(owner, names_of(path, folder), known, listed=bool(roster)))
        for path, owner, fault in files
    ]
    times = Counter(owner for _, owner, fault in files if not fault)
    rows: list[dict[str, Any]] = []
    for path, owner, fault in tqdm(files, desc="submissions", disable=None, delay=2):
        row = {"student": owner, "file": printable(path.relative_to(folder).as_posix())}
        if fault:
            row["remark"] = fault
        elif times[owner] > 1:
            row["remark"] = (
                f"{times[owner]} files name this student, so none of them counts: leave one"
            )
        else:
            row |= _marked(path, project_data(owner, course=course))
        rows.append(row)
    for student in roster.keys() - {row["student"] for row in rows}:
        rows.append({"student": student, "remark": "no file was submitted under this name"})
    columns = ["student", "file", "n_bits", "radius", "map", "precision", "coverage"]
    columns += ["lsh_map", "lsh_sd", "grh_map", "grade", "remark"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["student", "file"], ignore_index=True)


def _owner(path: Path, folder: Path) -> tuple[str, str]:
    """Return the student whom a file names, and what is wrong with the file, or an empty text.

    If the file cannot be read, its own name stands for the student.
    """
    try:
        return identity(_student(path)), ""
    except Refused as refused:
        names = names_of(path, folder) or [path.name]
        return printable(names[-1]), str(refused)


def _doubt(owner: str, names: list[str], known: Mapping[str, str], *, listed: bool) -> str:
    """Say why a file may not belong to the student whom it names, or return an empty text."""
    if listed and owner not in known.values():
        return f"{owner!r} is not on the list of students"
    others = {known[name] for name in names if name in known} - {owner}
    if others or not (listed or owner in names):
        return (
            f"the file is named {' and '.join(map(repr, names))}, and its `student` is {owner!r}: "
            "each student's data differ, so it is not clear whose codes these are"
        )
    return ""


def _marked(path: Path, project: Project) -> dict[str, Any]:
    """Return a row's measures, grade and remark."""
    row: dict[str, Any] = {"n_bits": project.n_bits, "radius": project.radius}
    try:
        codes = read_codes(path, project)
    except Refused as refused:
        return row | {"remark": str(refused)}
    s = project.split.preprocessed("centre")

    def encoded(hasher: Any) -> _Codes:
        hasher.fit(s.X_train, s.y_train)
        return hasher.transform(s.X_query), hasher.transform(s.X_database)

    def score(codes: _Codes) -> float:
        return mean_average_precision(*codes, s.y_query, s.y_database)

    rings = ring_counts(*codes, s.y_query, s.y_database)
    found, relevant = (counts[:, : project.radius + 1].sum(axis=1) for counts in rings)
    lsh = [score(encoded(LSH(project.n_bits, random_state=seed))) for seed in range(5)]
    grh = encoded(GRH(project.n_bits, classifier="kernel-ridge", random_state=0))
    row["map"] = score(codes)
    row["precision"] = mean_ratio(relevant, found)
    row["coverage"] = np.mean(found > 0)
    row["lsh_map"] = np.mean(lsh)
    row["lsh_sd"] = np.std(lsh, ddof=1)
    row["grh_map"] = score(grh)
    random = 1 / len(project.class_names)
    grade = np.interp(row["map"], [random, row["lsh_map"], row["grh_map"]], [0, 50, 100])
    row["grade"] = round(float(grade), 1)
    shares = _recognised(project, codes)
    grh_shares = _recognised(project, grh)
    suspicious = max(np.subtract(shares, grh_shares)) > _LEEWAY
    return row | {"remark": _ASK.format(*shares, *grh_shares) if suspicious else ""}


def _recognised(project: Project, codes: _Codes) -> list[float]:
    """Return the shares of queries and of database rows whose class their codes tell.

    A code tells its class if no class has a nearer mean code.
    """
    _, database = codes
    y = project.split.y_database
    means = np.array(
        [database[y == label].mean(axis=0) for label in range(len(project.class_names))]
    )
    shares = []
    for bits, labels in zip(codes, (project.split.y_query, y), strict=True):
        nearest = np.abs(bits[:, None] - means).sum(axis=2).argmin(axis=1)
        shares.append(float(np.mean(nearest == labels)))
    return shares


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the folder named on the command line, and write the tables beside the submissions."""

    def mark(options: Namespace, roster: Mapping[str, str]) -> pd.DataFrame:
        table = grade_folder(options.folder, course=options.course, students=roster)
        print(SCALE)
        return table

    program = Program("grade", "Project", ".npz", mark)
    program.parser.add_argument(
        "--course", default="", help="the course's name, if project_data was given one"
    )
    return program.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
