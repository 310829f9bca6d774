"""Grade a folder of project submissions: ``python -m l2h_tutorial.exercises.grade FOLDER``.

A submission is a file of arrays, named after its student, such as ``s1024.npz``. It holds
``student``, the name once more, and ``query`` and ``database``, the codes of the project's queries
and database as bools. What a platform or a browser added to the file's name is ignored.

The name in the file counts, because each student's data differ. If the file is named after another
student, or two files name the same student, nothing is scored and a sentence says why. Nothing in a
file is executed: pickles are refused, and an array's size is checked before the array is read.
"""

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import Array, Bits, load_optional, with_progress
from ..files import read_arrays
from ..grh import GRH
from ..lsh import LSH
from ..metrics import mean_average_precision, mean_ratio, ring_counts
from .project import Project, identity, project_data
from .submissions import find_files, known_as, names_of, parser_of, printable, run

if TYPE_CHECKING:
    import pandas as pd

SCALE = (
    "grade: 0 for the mAP of random answers, 50 for that of random hyperplanes (mean of five "
    "seeds), 100 for that of GRH by kernel ridge, on straight lines between them; never above 100"
)
_WRITE_IT = 'np.savez("NAME.npz", student="NAME", query=..., database=...)'
# A share of rows, measured: no hasher of the book told the class of more rows than GRH by kernel
# ridge and this
_LEEWAY = 0.03
_ASK = (
    "these codes tell the class of {0:.1%} of the queries and {1:.1%} of the database, "
    "those of GRH by kernel ridge {2:.1%} and {3:.1%}: ask how they were made"
)
_MOST_BYTES = 2**24  # of an array: ten times what the longest codes take as int64
_COLUMNS = [
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
    "grade",
    "remark",
]


class Refused(ValueError):
    """Tell a student why a submission cannot be graded."""


def read_codes(path: Path, project: Project) -> tuple[Bits, Bits]:
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
        If this is no such file, if it names another student, or if an array is missing, has the
        wrong shape or type, or holds anything but bits.
    """
    shapes = {
        "query": (len(project.split.y_query), project.n_bits),
        "database": (len(project.split.y_database), project.n_bits),
    }
    student = _student(path)
    arrays = _read(path, *shapes)
    if identity(student) != project.student:
        raise Refused(
            f"its `student` is {student!r}, and the project is that of {project.student!r}"
        )
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise Refused(f"{name!r} should have the shape {shape}, and has {arrays[name].shape}")
        if arrays[name].dtype.kind not in "buif":
            raise Refused(f"{name!r} should hold bools, and holds {arrays[name].dtype}")
        wrong = arrays[name][~np.isin(arrays[name], (0, 1))]
        if wrong.size:
            raise Refused(f"{name!r} holds values other than 0 and 1, such as {wrong.item(0)}")
    return arrays["query"].astype(bool), arrays["database"].astype(bool)


def _read(path: Path, *names: str) -> dict[str, Array]:
    """Read arrays of a submitted file, and raise `Refused` whatever is wrong with it."""
    if not path.is_file():
        raise Refused("there is no .npz file here")
    try:
        arrays = read_arrays(path, names, most=_MOST_BYTES)
    except (OSError, ValueError) as error:
        fault = str(error).replace(str(path), "this").rstrip(".")
        raise Refused(f"{fault}: write it with {_WRITE_IT}") from None
    for name in names:
        if name not in arrays:
            raise Refused(f"the array {name!r} is missing: write the file with {_WRITE_IT}")
    return arrays


def _student(path: Path) -> str:
    """Return the name in a submitted file."""
    student = _read(path, "student")["student"]
    name = str(student)
    is_one_text_or_number = student.ndim == 0 and student.dtype.kind in "Uiu"
    if not is_one_text_or_number or not name.strip() or not name.isprintable():
        raise Refused(f"its `student` is {ascii(name)[:60]}, which is no name")
    return name


def grade_folder(
    folder: Path, *, course: str = "", students: Mapping[str, str] | None = None
) -> "pd.DataFrame":
    """Grade the codes in a folder of submissions.

    Parameters
    ----------
    folder : Path
        A folder with an ``.npz`` file for each student, or a folder for each. Other files are left
        alone.
    course : str
        As for `project_data`.
    students : mapping of str to str, optional
        The students of the course, by number, each with the name that the platform uses or an empty
        text, as `read_roster` reads them. Files of anybody else are refused, and students without a
        file get a row that says so. Without this list, a file has to be named after its student.

    Returns
    -------
    DataFrame, one row a file or missing student
        ``n_bits`` and ``radius`` are those of the project. ``map``, ``precision`` and ``coverage``
        measure the submitted codes, the last two within the radius, where an empty ball counts as
        0. ``lsh_map`` and ``lsh_sd`` are the mean and standard deviation over five seeds for random
        hyperplanes with as many bits. ``grh_map`` is that of GRH by kernel ridge. ``grade`` is on
        `SCALE`. ``remark`` is a sentence, or empty.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    """
    pd = load_optional("pandas", "grade_folder")
    roster = students or {}
    files = [(path, *_owner(path, folder)) for path in find_files(folder, ".npz")]
    known = known_as(roster or {owner: "" for _, owner, fault in files if not fault})
    checked = [
        (path, owner, fault or _doubt(owner, names_of(path, folder), known, listed=bool(roster)))
        for path, owner, fault in files
    ]
    n_files = Counter(owner for _, owner, fault in checked if not fault)
    rows: list[dict[str, Any]] = []
    for path, owner, fault in with_progress(checked, "submissions"):
        row = {"student": owner, "file": printable(path.relative_to(folder).as_posix())}
        if fault:
            row["remark"] = fault
        elif n_files[owner] > 1:
            row["remark"] = (
                f"{n_files[owner]} files name this student, so none of them counts: leave one"
            )
        else:
            row |= _marks(path, project_data(owner, course=course))
        rows.append(row)
    missing = roster.keys() - {row["student"] for row in rows}
    rows += [
        {"student": student, "remark": "no file was submitted under this name"}
        for student in missing
    ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.sort_values(["student", "file"], ignore_index=True)


def _owner(path: Path, folder: Path) -> tuple[str, str]:
    """Return the student whom a file names and "", or the file's own name and what is wrong."""
    try:
        return identity(_student(path)), ""
    except Refused as refused:
        return printable((names_of(path, folder) or [path.name])[-1]), str(refused)


def _doubt(owner: str, names: list[str], known: Mapping[str, str], *, listed: bool) -> str:
    """Return why a file may not be its owner's, or an empty text."""
    if listed and owner not in known.values():
        return f"{owner!r} is not on the list of students"
    others = {known[name] for name in names if name in known} - {owner}
    named_otherwise = not listed and owner not in names
    if others or named_otherwise:
        return (
            f"the file is named {' and '.join(map(repr, names))}, and its `student` is {owner!r}: "
            "each student's data differ, so it is not clear whose codes these are"
        )
    return ""


def _marks(path: Path, project: Project) -> dict[str, Any]:
    """Return a row's measures, grade and remark."""
    row: dict[str, Any] = {"n_bits": project.n_bits, "radius": project.radius}
    try:
        query, database = read_codes(path, project)
    except Refused as refused:
        return row | {"remark": str(refused)}
    s = project.split.preprocessed("centre")

    def encode(hasher: Any) -> tuple[Bits, Bits]:
        hasher.fit(s.X_train, s.y_train)
        return hasher.transform(s.X_query), hasher.transform(s.X_database)

    def score(codes: tuple[Bits, Bits]) -> float:
        return mean_average_precision(*codes, s.y_query, s.y_database)

    counts = ring_counts(query, database, s.y_query, s.y_database)
    found, relevant = (rings[:, : project.radius + 1].sum(axis=1) for rings in counts)
    lsh = [score(encode(LSH(project.n_bits, random_state=seed))) for seed in range(5)]
    grh = encode(GRH(project.n_bits, classifier="kernel-ridge", random_state=0))
    row |= {
        "map": score((query, database)),
        "precision": mean_ratio(relevant, found),
        "coverage": np.mean(found > 0),
        "lsh_map": np.mean(lsh),
        "lsh_sd": np.std(lsh, ddof=1),
        "grh_map": score(grh),
    }
    scale = [1 / len(project.class_names), row["lsh_map"], row["grh_map"]]  # random answers first
    row["grade"] = round(np.interp(row["map"], scale, [0, 50, 100]), 1)
    shares = _shares_by_class(project, query, database)
    grh_shares = _shares_by_class(project, *grh)
    lead = np.subtract(shares, grh_shares).max()
    return row | {"remark": _ASK.format(*shares, *grh_shares) if lead > _LEEWAY else ""}


def _shares_by_class(project: Project, query: Bits, database: Bits) -> list[float]:
    """Return the shares of queries and of rows whose code is nearest to their own class's mean."""
    s = project.split
    classes = range(len(project.class_names))
    means = np.array([database[s.y_database == label].mean(axis=0) for label in classes])

    def share(bits: Bits, labels: Array) -> float:
        nearest = np.abs(bits[:, None] - means).sum(axis=2).argmin(axis=1)
        return float(np.mean(nearest == labels))

    return [share(query, s.y_query), share(database, s.y_database)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the folder named on the command line, and write the tables beside the submissions."""

    def mark(options: Namespace, roster: Mapping[str, str]) -> "pd.DataFrame":
        table = grade_folder(options.folder, course=options.course, students=roster)
        print(SCALE)
        return table

    parser = parser_of("grade", ".npz")
    parser.add_argument(
        "--course", default="", help="the course's name, if project_data was given one"
    )
    return run(parser, arguments, "Project", mark)


if __name__ == "__main__":
    sys.exit(main())
