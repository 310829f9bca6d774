"""Grade a folder of project submissions: ``python -m l2h_tutorial.exercises.grade FOLDER``.

A submission is a file of arrays, named after its student: ``s1024.npz`` with ``student``, the name once more, and
``query`` and ``database``, the codes of the project's queries and database as bools. A file under another name than the
one in it is refused: its codes belong to another project. Nothing in it is executed: pickles are refused, and sizes are
read before what they are the sizes of.
"""

import argparse
import io
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..files import read_arrays, whole_file
from ..lsh import LSH
from ..metrics import mean_average_precision, mean_ratio, ring_counts
from .project import Project, project_data

__all__ = ["Refused", "grade_folder", "main", "read_codes"]


_WRITE_IT = 'np.savez("NAME.npz", student="NAME", query=..., database=...)'


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
    split, n_bits = project.split, project.n_bits
    shapes = {"student": (), "query": (len(split.y_query), n_bits), "database": (len(split.y_database), n_bits)}
    try:
        arrays = read_arrays(path, shapes, most=8 * math.prod(shapes["database"]) + 1000)  # eight bytes a bit
    except (OSError, ValueError) as error:
        said = str(error).replace(str(path), path.name).rstrip(".")
        raise Refused(f"{said}: write it with {_WRITE_IT}") from None
    for name, shape in shapes.items():
        if name not in arrays:
            raise Refused(f"the array {name!r} is missing: write the file with {_WRITE_IT}")
        if arrays[name].shape != shape:
            raise Refused(f"{name!r} should have the shape {shape}, and has {arrays[name].shape}")
    student = str(arrays["student"]).strip()
    if student.casefold() != project.student:
        raise Refused(
            f"the file is named {path.stem!r}, and its `student` is {student[:40]!r}: each student's data "
            "differ, so codes are graded under the name that they were made for"
        )
    return _checked_bits("query", arrays["query"]), _checked_bits("database", arrays["database"])


def _checked_bits(name: str, values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind not in "buif":
        raise Refused(f"{name!r} should hold bools, and holds {values.dtype}")
    if not np.isin(values, (0, 1)).all():
        raise Refused(f"{name!r} holds values other than 0 and 1, such as {values[~np.isin(values, (0, 1))][0]}")
    return values.astype(bool)


def grade_folder(folder: Path, *, course: str = "", students: Sequence[str] = ()) -> pd.DataFrame:
    """Compute again what the codes in a folder are worth.

    Parameters
    ----------
    folder : Path
        With an ``.npz`` file for each student; other files are left alone.
    course : str
        As for `project_data`.
    students : sequence of str
        Who should have submitted: those without a file get a row that says so.

    Returns
    -------
    DataFrame, one row a file or missing student
        n_bits and radius of the project; map, precision and coverage within the radius (an empty ball counts as 0), of
        the submitted codes; lsh_map, of random hyperplanes with as many bits; and a remark.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"there is no folder {str(folder)!r}")
    files = [(path.stem.strip().casefold(), path) for path in sorted(folder.glob("*.npz")) if path.is_file()]
    without = {student.strip().casefold() for student in students} - {name for name, _ in files}
    rows: list[dict[str, Any]] = []
    for name, path in sorted([*files, *((name, None) for name in without)], key=lambda submission: submission[0]):
        if not name:
            continue
        project = project_data(name, course=course)
        row: dict[str, Any] = {"student": name, "n_bits": project.n_bits, "radius": project.radius}
        try:
            if path is None:
                raise Refused("no file was submitted")
            row |= _measure(project, *read_codes(path, project))
        except Refused as refused:
            row["remark"] = str(refused)
        rows.append(row)
    columns = ["student", "n_bits", "radius", "map", "precision", "coverage", "lsh_map", "remark"]
    return pd.DataFrame(rows, columns=columns)


def _measure(project: Project, query: NDArray[np.bool_], database: NDArray[np.bool_]) -> dict[str, Any]:
    split = project.split
    labels = split.y_query, split.y_database
    rings = ring_counts(query, database, *labels)
    found, right = (of_ring[:, : project.radius + 1].sum(axis=1) for of_ring in rings)
    centred = split.preprocessed("centre")
    lsh = LSH(project.n_bits, random_state=0).fit(centred.X_train)
    start = mean_average_precision(lsh.transform(centred.X_query), lsh.transform(centred.X_database), *labels)
    return {
        "map": mean_average_precision(query, database, *labels),
        "precision": mean_ratio(right, found),
        "coverage": float((found > 0).mean()),
        "lsh_map": start,
        "remark": _suspicion(project, query),
    }


def _suspicion(project: Project, query: NDArray[np.bool_]) -> str:
    """No method that sees images gives every query of a class one code, and every class another."""
    codes = {tuple(code) for code in query.tolist()}
    pairs = {(tuple(code), label) for code, label in zip(query.tolist(), project.split.y_query.tolist(), strict=True)}
    if len(codes) == len(pairs) == len(project.class_names):
        return "the queries' codes are their labels under another name: ask how they were made"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the folder that is named on the command line, and write the table beside the submissions."""
    parser = argparse.ArgumentParser(prog="python -m l2h_tutorial.exercises.grade", description="Grade projects.")
    parser.add_argument("folder", type=Path, help="has one .npz file for each student")
    parser.add_argument("--course", default="", help="the course's name, if project_data was given one")
    parser.add_argument("--students", type=Path, help="a text file with a student on each line")
    options = parser.parse_args(arguments)
    try:
        students = options.students.read_text(encoding="utf-8").splitlines() if options.students else []
        table = grade_folder(options.folder, course=options.course, students=students)
    except (OSError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return 1
    target = options.folder / "grades.csv"
    with whole_file(target) as file:
        table.to_csv(file, index=False, float_format="%.4f", lineterminator="\n")
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console may not know every letter of a name; the file has them
        sys.stdout.reconfigure(errors="backslashreplace")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep=""))
    print(f"\nAlso in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
