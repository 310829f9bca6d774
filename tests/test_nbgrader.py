"""The assignments for nbgrader: what their source holds, and that nbgrader itself gives the marks that are deserved."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from visits import ROOT

SOURCE = ROOT / "_build/editions/nbgrader/source"
CHAPTERS = ("lsh", "buckets")
built = pytest.mark.skipif(not SOURCE.is_dir(), reason="the book is not built: make book")


def roles(cell):
    """What nbgrader does with a cell."""
    known = cell.metadata.get("nbgrader", {})
    return {role for role in ("grade", "locked", "solution") if known.get(role)}


def test_an_exercise_is_a_cell_to_answer_and_one_that_is_graded_and_hides_its_cases(small_book):
    path = small_book / "_build/editions/nbgrader/source/chapter/chapter.ipynb"
    assignment = nbformat.read(path, as_version=4)
    nbformat.validate(assignment)
    answer, graded = [cell for cell in assignment.cells if cell.cell_type == "code"]
    assert (roles(answer), roles(graded)) == ({"solution"}, {"grade", "locked"})
    assert graded.metadata["nbgrader"]["points"] == 2
    assert answer.source.startswith(
        "# def length(n_scales, n_orientations, grid):\n#     ...\n### BEGIN SOLUTION\n"
    )
    assert answer.source.endswith("# secret code\n### END SOLUTION")
    seen, _, hidden = graded.source.partition("### BEGIN HIDDEN TESTS")
    assert 'exercises.require("1.1", length)' in seen
    assert 'require("1.1", length)' in hidden
    whole = nbformat.writes(assignment)
    assert "How long is $x$?" in whole
    for kept in ("secret *idea*", "A hint for teachers", "Test yourself", "Only for teachers"):
        assert kept not in whole
    space = {}
    for code in (answer.source, graded.source, "exercises.require = lambda *given: None"):
        exec(code, space)
    space["length"] = lambda n_scales, n_orientations, grid: 7
    with pytest.raises(AssertionError, match=r"Exercise 1\.1: not yet"):
        exec(graded.source, space)


def answers_in(notebook):
    """The sources of the cells to answer, by the exercise's name."""
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in notebook.cells
        if roles(cell) == {"solution"}
    }


def submissions(released, solved):
    """What five students make of a released notebook: of its answer cells the new sources."""
    right, blank = answers_in(solved), answers_in(released)
    names = {name: _name(source) for name, source in right.items()}
    replaced = "from l2h_tutorial import exercises\n\nexercises.check = exercises.require = lambda *given: True\n"
    nothing = {name: f"{names[name]} = lambda *given: 7" for name in right}
    return {
        "right": right,
        "wrong": nothing,
        "blank": blank,
        "hard-coding": {
            name: f"_said = iter([1, 0.5] * 99)\n{names[name]} = lambda *given: next(_said)"
            for name in right
        },
        "replacing": {name: replaced + source for name, source in nothing.items()},
    }


def _name(solution):
    """What a solution defines: the last name at the margin."""
    lines = [
        line
        for line in solution.splitlines()
        if line[:1].isalpha() and (line.startswith("def ") or " = " in line)
    ]
    return lines[-1].removeprefix("def ").partition("(")[0].partition(" = ")[0]


@built
@pytest.mark.slow
@pytest.mark.index
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nbgrader_gives_the_marks_that_are_deserved(tmp_path, chapter):
    (wheel,) = (ROOT / "_build/wheel").glob("*/*.whl")

    def nbgrader(*arguments):
        with_it = ["--with", "nbgrader", "--with", wheel, "nbgrader", *arguments]
        command = [
            Path(sys.executable).parent / "uv",
            "run",
            "--quiet",
            "--no-project",
            "--python",
            sys.executable,
        ]
        done = subprocess.run([*command, *with_it], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]

    source = nbformat.read(SOURCE / chapter / f"{chapter}.ipynb", as_version=4)
    (tmp_path / "source" / chapter).mkdir(parents=True)
    nbformat.write(source, tmp_path / "source" / chapter / f"{chapter}.ipynb")
    nbgrader("generate_assignment", chapter, "--create")
    released = nbformat.read(tmp_path / "release" / chapter / f"{chapter}.ipynb", as_version=4)
    assert not [
        text
        for text in ("BEGIN", "HIDDEN", "for _ in range(3)")
        if text in nbformat.writes(released)
    ]
    whole = sum(
        cell.metadata["nbgrader"]["points"]
        for cell in source.cells
        if roles(cell) == {"grade", "locked"}
    )
    deserved = {}
    for student, answers in submissions(released, source).items():
        mine = nbformat.from_dict(released)
        for cell in mine.cells:
            if roles(cell) == {"solution"}:
                cell.source = answers[cell.metadata["nbgrader"]["grade_id"]]
        # as students hand in, for nbgrader to collect
        place = tmp_path / "downloaded" / chapter / "archive" / f"{student}-{chapter}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(mine, place)
        deserved[chapter, student] = whole if student == "right" else 0
    pattern = r".*/(?P<student_id>[a-z-]+)-(?P<file_id>" + chapter + r")\.ipynb"
    nbgrader("zip_collect", chapter, f"--FileNameCollectorPlugin.named_regexp={pattern}")
    nbgrader("autograde", chapter, "--create")
    nbgrader("export")
    marks = pd.read_csv(tmp_path / "grades.csv", index_col=["assignment", "student_id"])["score"]
    assert marks.to_dict() == deserved
