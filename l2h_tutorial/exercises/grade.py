"""Grade a folder of project submissions: ``python -m l2h_tutorial.exercises.grade FOLDER``.

A submission is a file of arrays, named after its student: ``s1024.npz`` with ``student``, the name
once more, and ``query`` and ``database``, the codes of the project's queries and database as bools.
What a platform or a browser added to the file's name is ignored. The name in the file counts; where
another student is meant by the file's name, or two files name one student, a sentence says so and
nothing is scored: each student's data differ. Nothing in a file is executed: pickles are refused,
and sizes are read before what they are the sizes of.
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
    "grade: 0 for the mAP of random answers, 50 for that of random hyperplanes (mean of five seeds), 100 for that of "
    "GRH by kernel ridge, on straight lines between them; never above 100"
)
_WRITE_IT = 'np.savez("NAME.npz", student="NAME", query=..., database=...)'
_LEEWAY = 0.03  # no hasher of the book was further above GRH by kernel ridge
_ASK = (
    "these codes tell the class of {0:.1%} of the queries and {1:.1%} of the database, those of GRH by kernel ridge "
    "{2:.1%} and {3:.1%}: ask how they were made"
)
_MOST = 2**24  # bytes of an array: ten times what the longest codes take as int64


class Refused(ValueError):
    """A submission that cannot be graded; the message says why, to the student."""


def read_codes(path: Path, project: Project) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Read the codes of queries and database from a submitted file.

    Parameters
    ----------
    path : Path
        An ``.npz`` file, from anywhere.
    project : Project
        Of the student after whom the file is named.

    Returns
    -------
    (n_query, n_bits) and (n_database, n_bits) arrays of bool

    Raises
    ------
    Refused
        If it is not such a file, it names another student, or an array is missing, is of the wrong
        shape or type, or holds anything but bits.
    """
    shapes = {"query": (len(project.split.y_query), project.n_bits)}
    shapes["database"] = (len(project.split.y_database), project.n_bits)
    student, arrays = _student(path), _read(path, *shapes)
    if identity(student) != project.student:
        raise Refused(
            f"its `student` is {student!r}, and the project is that of {project.student!r}"
        )
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise Refused(f"{name!r} should have the shape {shape}, and has {arrays[name].shape}")
        if arrays[name].dtype.kind not in "buif":
            raise Refused(f"{name!r} should hold bools, and holds {arrays[name].dtype}")
        if wrong := arrays[name][~np.isin(arrays[name], (0, 1))][:1].tolist():
            raise Refused(f"{name!r} holds values other than 0 and 1, such as {wrong[0]}")
    return arrays["query"].astype(bool), arrays["database"].astype(bool)


def _read(path: Path, *names: str) -> dict[str, NDArray[Any]]:
    """Arrays of a submitted file; whatever is wrong with it is `Refused`."""
    if not path.is_file():
        raise Refused("there is no .npz file here")
    try:
        arrays = read_arrays(path, names, most=_MOST)
    except (OSError, ValueError) as error:
        said = str(error).replace(str(path), "this").rstrip(".")
        raise Refused(f"{said}: write it with {_WRITE_IT}") from None
    for name in names:
        if name not in arrays:
            raise Refused(f"the array {name!r} is missing: write the file with {_WRITE_IT}")
    return arrays


def _student(path: Path) -> str:
    """The name in a submitted file."""
    student = _read(path, "student")["student"]
    name = str(student)
    if (
        student.shape
        or student.dtype.kind not in "Uiu"
        or not name.strip()
        or not name.isprintable()
    ):
        raise Refused(f"its `student` is {ascii(name)[:60]}, which is no name")
    return name


def grade_folder(
    folder: Path, *, course: str = "", students: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Compute again what the codes in a folder are worth.

    Parameters
    ----------
    folder : Path
        With an ``.npz`` file for each student, or a folder for each; other files are left alone.
    course : str
        As for `project_data`.
    students : mapping of str to str, optional
        Who is in the course, by number, with the names that a platform uses or an empty text, as
        `read_roster` reads them: others are refused, and those without a file get a row that says
        so. Without it, a file has to be named after its student.

    Returns
    -------
    DataFrame, one row a file or missing student
        n_bits and radius of the project; map, precision and coverage within the radius (an empty
        ball counts as 0), of the submitted codes; lsh_map and lsh_sd, of random hyperplanes with as
        many bits, mean and standard deviation of five seeds; grh_map, of GRH by kernel ridge; the
        grade, by `SCALE`; and a remark.

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
        if not fault and times[owner] > 1:
            fault = f"{times[owner]} files name this student, so none of them counts: leave one"
        row = {"student": owner, "file": printable(path.relative_to(folder).as_posix())}
        rows.append(
            row
            | ({"remark": fault} if fault else _marked(path, project_data(owner, course=course)))
        )
    missing = roster.keys() - {row["student"] for row in rows}
    rows += [
        {"student": student, "remark": "no file was submitted under this name"}
        for student in missing
    ]
    columns = [
        "student",
        "file",
        "n_bits",
        "radius",
        "map",
        "precision",
        "coverage",
        "lsh_map",
        "lsh_sd",
        "grh_map",
    ]
    table = pd.DataFrame(rows, columns=[*columns, "grade", "remark"])
    return table.sort_values(["student", "file"], ignore_index=True)


def _owner(path: Path, folder: Path) -> tuple[str, str]:
    """The student whom a file names and nothing; of a file that cannot be read its own name, and what is wrong."""
    try:
        return identity(_student(path)), ""
    except Refused as refused:
        return printable((names_of(path, folder) or [path.name])[-1]), str(refused)


def _doubt(owner: str, names: list[str], known: Mapping[str, str], *, listed: bool) -> str:
    """What speaks against a file's being its student's."""
    if listed and owner not in known.values():
        return f"{owner!r} is not on the list of students"
    if {known[name] for name in names if name in known} - {owner} or not (listed or owner in names):
        return (
            f"the file is named {' and '.join(map(repr, names))}, and its `student` is {owner!r}: each student's data "
            "differ, so it is not clear whose codes these are"
        )
    return ""


def _marked(path: Path, project: Project) -> dict[str, Any]:
    """A row's figures, grade and remark."""
    row: dict[str, Any] = {"n_bits": project.n_bits, "radius": project.radius}
    try:
        query, database = read_codes(path, project)
    except Refused as refused:
        return row | {"remark": str(refused)}
    s = project.split.preprocessed("centre")

    def encoded(hasher: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        hasher.fit(s.X_train, s.y_train)
        return hasher.transform(s.X_query), hasher.transform(s.X_database)

    def score(codes: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> float:
        return mean_average_precision(*codes, s.y_query, s.y_database)

    rings = ring_counts(query, database, s.y_query, s.y_database)
    found, right = (of_ring[:, : project.radius + 1].sum(axis=1) for of_ring in rings)
    lsh = [score(encoded(LSH(project.n_bits, random_state=seed))) for seed in range(5)]
    grh = encoded(GRH(project.n_bits, classifier="kernel-ridge", random_state=0))
    row |= {
        "map": score((query, database)),
        "precision": mean_ratio(right, found),
        "coverage": np.mean(found > 0),
    }
    row |= {"lsh_map": np.mean(lsh), "lsh_sd": np.std(lsh, ddof=1), "grh_map": score(grh)}
    random = 1 / len(project.class_names)
    row["grade"] = round(
        float(np.interp(row["map"], [random, row["lsh_map"], row["grh_map"]], [0, 50, 100])), 1
    )
    told, usual = _classes_told(project, query, database), _classes_told(project, *grh)
    suspicious = max(ours - theirs for ours, theirs in zip(told, usual, strict=True)) > _LEEWAY
    return row | {"remark": _ASK.format(*told, *usual) if suspicious else ""}


def _classes_told(project: Project, *codes: NDArray[np.bool_]) -> list[float]:
    """The shares of queries and of database rows whose code is nearest to the mean code of their own class."""
    labels = project.split.y_query, project.split.y_database
    means = np.array(
        [codes[1][labels[1] == label].mean(axis=0) for label in range(len(project.class_names))]
    )
    nearest = [np.abs(bits[:, None] - means).sum(axis=2).argmin(axis=1) for bits in codes]
    return [float(np.mean(found == own)) for found, own in zip(nearest, labels, strict=True)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the folder that is named on the command line, and write the table beside the submissions."""

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
