"""The assignments for nbgrader: what their source holds, and that nbgrader marks them rightly."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from small_book import read_notebook
from visits import ROOT

SOURCE = ROOT / "_build/editions/nbgrader/source"
CHAPTER = "buckets"
built = pytest.mark.skipif(not SOURCE.is_dir(), reason="the book is not built: make book")


def roles(cell):
    """Return the roles that a cell has for nbgrader."""
    settings = cell.metadata.get("nbgrader", {})
    return {role for role in ("grade", "locked", "solution") if settings.get(role)}


def test_an_exercise_is_two_cells_and_hides_its_cases(small_book):
    path = small_book / "_build/editions/nbgrader/source/chapter/chapter.ipynb"
    assignment = read_notebook(path)
    nbformat.validate(assignment)
    answer, graded = [cell for cell in assignment.cells if cell.cell_type == "code"]
    assert roles(answer) == {"solution"}
    assert roles(graded) == {"grade", "locked"}
    assert graded.metadata["nbgrader"]["points"] == 2
    assert answer.source.startswith(
        "# def length(n_scales, n_orientations, grid):\n#     ...\n### BEGIN SOLUTION\n"
    )
    assert answer.source.endswith("# secret code\n### END SOLUTION")
    visible, _, hidden = graded.source.partition("### BEGIN HIDDEN TESTS")
    assert 'exercises.require("1.1", length)' in visible
    assert 'require("1.1", length)' in hidden
    text = nbformat.writes(assignment)
    assert "How long is $x$ in the table?" in text
    assert "Put into its folder" not in text, "only the notebook is handed out"
    for secret in ("secret *idea*", "A hint for teachers", "Test yourself", "Only for teachers"):
        assert secret not in text
    namespace = {}
    for code in (answer.source, graded.source, "exercises.require = lambda *given: None"):
        exec(code, namespace)
    namespace["length"] = lambda n_scales, n_orientations, grid: 7
    with pytest.raises(AssertionError, match=r"Exercise 1\.1: not yet"):
        exec(graded.source, namespace)


def answers_in(notebook):
    """Return the sources of the cells to answer, by the exercise's name."""
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in notebook.cells
        if roles(cell) == {"solution"}
    }


def submissions(released, solved):
    """Return what four students write into the answer cells of a released notebook."""
    right = answers_in(solved)
    whole = "\n".join(cell.source for cell in solved.cells)
    asked = re.findall(r'exercises\.require\("([\d.]+)", (\w+)\)', whole)
    names = {f"answer-{number.replace('.', '-')}": name for number, name in asked}
    assert names.keys() == right.keys()
    wrong = {exercise: f"{name} = lambda *given: 7" for exercise, name in names.items()}
    replacing = (
        "from l2h_tutorial import exercises\n\n"
        "exercises.check = exercises.require = lambda *given: True\n"
    )
    return {
        "right": right,
        "blank": answers_in(released),
        "hard-coding": {
            exercise: f"_results = iter([1, 0.5] * 99)\n{name} = lambda *given: next(_results)"
            for exercise, name in names.items()
        },
        "replacing": {exercise: replacing + source for exercise, source in wrong.items()},
    }


@built
@pytest.mark.slow
@pytest.mark.index
def test_nbgrader_gives_the_marks_that_are_deserved(tmp_path):
    (wheel,) = (ROOT / "_build/wheel").glob("*/*.whl")

    def nbgrader(*arguments):
        uv = Path(sys.executable).parent / "uv"
        options = f"run --quiet --no-project --python {sys.executable} --with nbgrader --with"
        command = [uv, *options.split(), wheel, "nbgrader", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]

    name = f"{CHAPTER}/{CHAPTER}.ipynb"
    source = read_notebook(SOURCE / name)
    shutil.copytree(SOURCE / CHAPTER, tmp_path / "source" / CHAPTER)
    nbgrader("generate_assignment", CHAPTER, "--create")
    released = read_notebook(tmp_path / "release" / name)
    released_text = nbformat.writes(released)
    for secret in ("BEGIN", "HIDDEN", "for _ in range(3)"):
        assert secret not in released_text
    all_points = sum(
        cell.metadata["nbgrader"]["points"]
        for cell in source.cells
        if roles(cell) == {"grade", "locked"}
    )
    deserved = {}
    for student, answers in submissions(released, source).items():
        submission = nbformat.from_dict(released)
        for cell in submission.cells:
            if roles(cell) == {"solution"}:
                cell.source = answers[cell.metadata["nbgrader"]["grade_id"]]
        place = tmp_path / "submitted" / student / name
        place.parent.mkdir(parents=True)
        nbformat.write(submission, place)
        deserved[CHAPTER, student] = all_points if student == "right" else 0
    nbgrader("autograde", CHAPTER, "--create")
    nbgrader("generate_feedback", CHAPTER)
    nbgrader("export")
    marks = pd.read_csv(tmp_path / "grades.csv", index_col=["assignment", "student_id"])["score"]
    assert marks.to_dict() == deserved
