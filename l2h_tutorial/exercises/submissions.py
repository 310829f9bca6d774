"""Read what students hand in, as course platforms give it back, and write tables for gradebooks.

Canvas puts ``lovelaceada_4821_99213_`` before a file's name and ``-1`` behind it. Moodle makes a
folder ``Ada Lovelace_4821_assignsubmission_file_`` for each student. Browsers add `` (1)``. All of
this is removed to find out whose a file is.
"""

import csv
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import whole_file
from .project import identity

if TYPE_CHECKING:
    import pandas as pd

_CANVAS = re.compile(r"([^_]+)_(?:late_)?\d+_\d+_(.+?)(?:-\d+)?", re.IGNORECASE)
_MOODLE = re.compile(r"(.+)_\d+_assignsubmission_[a-z]+_?(.*)", re.IGNORECASE)
_BROWSER = re.compile(r"(?: ?\(\d+\)| ?- copy| copy(?: \d+)?)+$", re.IGNORECASE)


def find_files(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield the submissions in a folder and in its students' folders, in order.

    A student's folder that has no submission is yielded itself.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"there is no folder {str(folder)!r}")
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__MACOSX")):
            continue
        is_folder = entry.is_dir()
        inside = sorted(entry.rglob("*")) if is_folder and not entry.is_symlink() else [entry]
        files = [
            path
            for path in inside
            if path.suffix.lower() == suffix and not path.name.startswith(".")
        ]
        yield from files
        if is_folder and not files:
            yield entry


def names_of(path: Path, folder: Path) -> list[str]:
    """Return the names that a submission goes by.

    The first is that of its student on the platform, where it is known, and the last is its own.

    Examples
    --------
    >>> canvas = "lovelaceada_LATE_4821_99213_s1030-2.npz"
    >>> for name in ("s1030 (1).npz", canvas, "Ada L_4821_assignsubmission_file_"):
    ...     names_of(Path(name), Path())
    ['s1030']
    ['lovelaceada', 's1030']
    ['ada l']
    """
    *folders, file_name = path.relative_to(folder).parts
    names: list[str] = []
    for part in (*folders[:1], file_name.removesuffix(path.suffix)):
        match = _MOODLE.fullmatch(part) or _CANVAS.fullmatch(part)
        names += match.groups() if match else [part]
    identities = [identity(_BROWSER.sub("", name)) for name in names]
    return list(dict.fromkeys(filter(None, identities)))


def read_roster(path: Path) -> dict[str, str]:
    """Read a class list, a text or CSV file: a student's number a line, and perhaps the name."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    return {identity(row[0]): row[1] if len(row) > 1 else "" for row in rows if row and row[0]}


def known_as(roster: Mapping[str, str]) -> dict[str, str]:
    """Return the student behind each name in use: the number, the name, and Canvas' form of it."""
    known: dict[str, str] = {}
    for student, name in roster.items():
        first, _, last = identity(name).rpartition(" ")
        canvas_name = re.sub(r"\W", "", last + first)
        known |= {identity(name): student, canvas_name: student}
    return known | {student: student for student in roster}


def printable(text: str) -> str:
    """Replace what cannot be shown, such as a terminal's commands or halves of letters, by "?"."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def parser_of(name: str, suffix: str) -> ArgumentParser:
    """Return what reads the command line of a program that grades."""
    parser = ArgumentParser(prog=f"python -m l2h_tutorial.exercises.{name}")
    parser.add_argument(
        "folder", type=Path, help=f"has {suffix} files of students, or a folder for each"
    )
    parser.add_argument(
        "--students", type=Path, help="a text file, a student a line: number or number,name"
    )
    return parser


def run(
    parser: ArgumentParser,
    arguments: Sequence[str] | None,
    column: str,
    mark: Callable[[Namespace, Mapping[str, str]], Any],
) -> int:
    """Grade from the command line, and return 0, or print an error and return 1."""
    options = parser.parse_args(arguments)
    try:
        roster = read_roster(options.students) if options.students else {}
        write_tables(mark(options, roster), options.folder, roster, column)
    except (OSError, ValueError, LookupError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _cell(value: object) -> object:
    """Return a table's cell so that a spreadsheet takes what looks like a formula for text."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def write_tables(
    table: "pd.DataFrame", folder: Path, roster: Mapping[str, str], column: str
) -> None:
    """Print the marks, and write them beside the submissions, for Canvas and Moodle too."""
    import pandas as pd

    marked = table[table["grade"].notna()]
    students = marked["student"]
    canvas = {
        "Student": [roster.get(student) or student for student in students],
        "ID": "",
        "SIS User ID": students,
        "SIS Login ID": "",
        "Section": "",
        column: marked["grade"],
    }
    moodle = {
        "ID number": table["student"],
        "Grade": table["grade"],
        "Feedback comments": table["remark"],
    }
    tables = {"grades": table, "canvas": pd.DataFrame(canvas), "moodle": pd.DataFrame(moodle)}
    for name, rows in tables.items():
        with whole_file(folder / f"{name}.csv") as file:
            rows.map(_cell).to_csv(file, index=False, float_format="%.4g", lineterminator="\n")
    # a console may not know every letter of a name; the file has them
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    shown = table.drop(columns="remark")
    print(shown.to_string(index=False, float_format=lambda value: f"{value:.4g}", na_rep=""))
    for student, remark in zip(table["student"], table["remark"].fillna(""), strict=True):
        if remark:
            print(f"\n{student}: {remark}")
    print(
        f"\nAlso in {folder / 'grades.csv'}; "
        "canvas.csv and moodle.csv beside it are for their gradebooks."
    )
