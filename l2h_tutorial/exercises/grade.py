"""Grade a folder of project submissions: ``python -m l2h_tutorial.exercises.grade FOLDER``.

A submission is a file of arrays, named after its student: ``s1024.npz`` with ``student``, the name once more, and
``query`` and ``database``, the codes of the project's queries and database as bools. What a platform or a browser added
to the file's name is ignored. The name in the file counts; where another student is meant by the file's name, or two
files name one student, a sentence says so and nothing is scored: each student's data differ. Nothing in a file is
executed: pickles are refused, and sizes are read before what they are the sizes of.
"""

import math
import sys
import zipfile
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from ..files import read_header
from ..grh import GRH
from ..lsh import LSH
from ..metrics import mean_average_precision, precision_recall_by_radius, ring_counts
from .project import Project, identity, project_data
from .submissions import Program, as_roster, find_files, known_as, names_of, printable

__all__ = ["SCALE", "Refused", "grade_folder", "main", "read_codes"]


SCALE = (
    "grade: 0 for the mAP of random answers, 50 for that of random hyperplanes (mean of five seeds), 100 for that of "
    "GRH by kernel ridge, on straight lines between them; never above 100"
)
_WRITE_IT = 'np.savez("NAME.npz", student="NAME", query=..., database=...)'
_LONGEST_NAME = 400  # bytes: a hundred letters
_LEEWAY = 0.03  # no hasher of the book was further above GRH by kernel ridge
_ASK = (
    "these codes tell the class of {0:.1%} of the queries and {1:.1%} of the database, those of GRH by kernel ridge "
    "{2:.1%} and {3:.1%}: ask how they were made"
)
_BOMB = 2**24  # bytes: ten times what the longest codes take as int64


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
        If it is not such a file, it names another student, or an array is missing, is of the wrong shape or type, or
        holds anything but bits.
    """
    with _opened(path) as archive:
        student = _read_student(archive)
        if identity(student) != project.student:
            raise Refused(f"its `student` is {student!r}, and the project is that of {project.student!r}")
        query = _read_bits(archive, "query", (len(project.split.y_query), project.n_bits))
        database = _read_bits(archive, "database", (len(project.split.y_database), project.n_bits))
    return query, database


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A submitted file, for reading; whatever goes wrong with it is `Refused`."""
    if not path.is_file():
        raise Refused("there is no .npz file here")
    try:
        with zipfile.ZipFile(path) as archive:
            size, unpacked = path.stat().st_size, sum(member.file_size for member in archive.infolist())
            if unpacked > max(_BOMB, 100 * size):
                raise Refused(f"it is a zip bomb, {size:,} bytes that unpack to {unpacked:,}: nothing was unpacked")
            yield archive
    except Refused:
        raise
    except Exception as error:  # zipfile fails in many ways on damaged files
        raise Refused(f"this is not a whole .npz file ({type(error).__name__}): write it with {_WRITE_IT}") from None


def _read_student(archive: zipfile.ZipFile) -> str:
    student = str(_read_array(archive, "student", (), "Uiu"))
    if not student.strip() or not student.isprintable():
        raise Refused(f"its `student` is {ascii(student)[:60]}, which is no name")
    return student


def _read_array(archive: zipfile.ZipFile, name: str, wanted: tuple[int, ...], kinds: str) -> NDArray[Any]:
    """An array of this shape and one of these kinds, of which no more is read than it has."""
    if f"{name}.npy" not in archive.namelist():
        raise Refused(f"the array {name!r} is missing: write the file with {_WRITE_IT}")
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # zipfile bounds no other's output
        raise Refused(f"{name!r} is packed in a way that np.savez does not use: write the file with np.savez")
    with archive.open(member) as file:
        try:
            shape, in_columns, dtype = read_header(file)
        except ValueError as error:
            raise Refused(f"{name!r} holds {error}: make it an array of bools") from None
        if dtype.itemsize * math.prod(shape) > 100 * _BOMB:
            raise Refused(f"{name!r} is a bomb: it declares {dtype.itemsize * math.prod(shape):,} bytes")
        if shape != wanted:
            raise Refused(f"{name!r} should have the shape {wanted}, and has {shape}")
        if dtype.kind not in kinds or dtype.itemsize > _LONGEST_NAME:
            raise Refused(f"{name!r} should hold {'a name' if 'U' in kinds else 'bools'}, and holds {dtype}")
        n_bytes = dtype.itemsize * math.prod(wanted)
        content = file.read(n_bytes)
    if len(content) < n_bytes:
        raise Refused(f"{name!r} is cut short: write the file again")
    return np.frombuffer(content, dtype=dtype).reshape(wanted, order="F" if in_columns else "C")


def _read_bits(archive: zipfile.ZipFile, name: str, wanted: tuple[int, int]) -> NDArray[np.bool_]:
    values = _read_array(archive, name, wanted, "buif")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise Refused(f"{name!r} holds NaN or infinite values: a code is made of bits")
    if not np.isin(values, (0, 1)).all():
        raise Refused(f"{name!r} holds values other than 0 and 1, such as {values[~np.isin(values, (0, 1))][0]}")
    return values.astype(bool)


def grade_folder(folder: Path, *, course: str = "", students: Mapping[str, str] | Iterable[str] = ()) -> pd.DataFrame:
    """Compute again what the codes in a folder are worth.

    Parameters
    ----------
    folder : Path
        With an ``.npz`` file for each student, or a folder for each; other files are left alone.
    course : str
        As for `project_data`.
    students : mapping of str to str, or iterable of str
        Who is in the course, by number, if need be with the names that a platform uses: others are refused, and those
        without a file get a row that says so. Without it, a file has to be named after its student.

    Returns
    -------
    DataFrame, one row a file or missing student
        n_bits and radius of the project; map, precision and coverage within the radius (an empty ball counts as 0), of
        the submitted codes; lsh_map and lsh_sd, of random hyperplanes with as many bits, mean and standard deviation of
        five seeds; grh_map, of GRH by kernel ridge; the grade, by `SCALE`; and a remark.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    """
    roster = as_roster(students)
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
        rows.append(row | ({"remark": fault} if fault else _marked(path, project_data(owner, course=course))))
    missing = roster.keys() - {row["student"] for row in rows}
    rows += [{"student": student, "remark": "no file was submitted under this name"} for student in missing]
    columns = ["student", "file", "n_bits", "radius", "map", "precision", "coverage", "lsh_map", "lsh_sd", "grh_map"]
    table = pd.DataFrame(rows, columns=[*columns, "grade", "remark"])
    return table.sort_values(["student", "file"], ignore_index=True)


def _owner(path: Path, folder: Path) -> tuple[str, str]:
    """The student whom a file names and nothing; of a file that cannot be read its own name, and what is wrong."""
    try:
        with _opened(path) as archive:
            return identity(_read_student(archive)), ""
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

    within: Any = precision_recall_by_radius(ring_counts(query, database, s.y_query, s.y_database)).loc[project.radius]
    lsh = [score(encoded(LSH(project.n_bits, random_state=seed))) for seed in range(5)]
    grh = encoded(GRH(project.n_bits, classifier="kernel-ridge", random_state=0))
    row |= {"map": score((query, database)), "precision": within["precision"], "coverage": within["coverage"]}
    row |= {"lsh_map": np.mean(lsh), "lsh_sd": np.std(lsh, ddof=1), "grh_map": score(grh)}
    random = 1 / len(project.class_names)
    row["grade"] = round(float(np.interp(row["map"], [random, row["lsh_map"], row["grh_map"]], [0, 50, 100])), 1)
    told, usual = _classes_told(project, query, database), _classes_told(project, *grh)
    suspicious = max(ours - theirs for ours, theirs in zip(told, usual, strict=True)) > _LEEWAY
    return row | {"remark": _ASK.format(*told, *usual) if suspicious else ""}


def _classes_told(project: Project, *codes: NDArray[np.bool_]) -> list[float]:
    """The shares of queries and of database rows whose code is nearest to the mean code of their own class."""
    labels = project.split.y_query, project.split.y_database
    means = np.array([codes[1][labels[1] == label].mean(axis=0) for label in range(len(project.class_names))])
    nearest = [np.abs(bits[:, None] - means).sum(axis=2).argmin(axis=1) for bits in codes]
    return [float(np.mean(found == own)) for found, own in zip(nearest, labels, strict=True)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the folder that is named on the command line, and write the table beside the submissions."""

    def mark(options: Namespace, roster: Mapping[str, str]) -> pd.DataFrame:
        table = grade_folder(options.folder, course=options.course, students=roster)
        print(SCALE)
        return table

    program = Program("grade", "Project", ".npz", mark)
    program.parser.add_argument("--course", default="", help="the course's name, if project_data was given one")
    return program.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
