"""A chapter's exercises as an assignment, the source of `nbgrader generate_assignment`.

Each exercise has two cells. The first is for the answer, with the solution between the marks that
nbgrader removes. The second is graded: it raises an error if the answer does not hold. When
nbgrader grades, it adds the lines that are hidden from students. They load the checks afresh, so
that a notebook that has replaced them gains nothing.
"""

import re

import nbformat
from nbformat import NotebookNode

from .editions import GRADES, Exercise

_EXERCISES = re.compile(r"(?m)## [\d.]* ?Exercises$")
_CHECK = re.compile(r'(?m)^exercises\.check\("([\d.]+)", (.+)\);?\s*\Z')
_GRADED = """# {points} of the chapter's points; more cases are tried when it is graded
from l2h_tutorial import exercises

exercises.require("{number}", {answer})
### BEGIN HIDDEN TESTS
import sys

for name in [name for name in sys.modules if name.startswith("l2h_tutorial.exercises")]:
    del sys.modules[name]
from l2h_tutorial.exercises import require

for _ in range(3):
    require("{number}", {answer})
### END HIDDEN TESTS"""


def make_assignment(notebook: NotebookNode, exercises: list[Exercise]) -> NotebookNode:
    """Return the assignment of a chapter, from a notebook with the stubs and the solutions.

    A warm-up gives one point, a core exercise two, a stretch three.
    """
    points = {exercise.number: 1 + GRADES.index(exercise.grade) for exercise in exercises}
    headings = [i for i, cell in enumerate(notebook.cells) if cell.source.startswith("## ")]
    (start,) = (i for i in headings if _EXERCISES.match(notebook.cells[i].source))
    end = next((i for i in headings if i > start), len(notebook.cells))
    cells = [notebook.cells[0]]
    stubs: dict[str, str] = {}
    for cell in notebook.cells[start:end]:
        match = _CHECK.search(cell.source) if cell.cell_type == "code" else None
        if not match:
            cells.append(cell)
            continue
        number, answer = match.groups()
        code = cell.source[: match.start()].rstrip()
        # the first cell with this check is the stub, the second the solution
        if number not in stubs:
            stubs[number] = re.sub("(?m)^", "# ", code)
            continue
        source = f"{stubs[number]}\n### BEGIN SOLUTION\n{code}\n### END SOLUTION"
        cells.append(_cell(f"answer-{number}", source, solution=True))
        source = _GRADED.format(points=points[number], number=number, answer=answer)
        roles = {"grade": True, "locked": True, "points": points[number]}
        cells.append(_cell(f"exercise-{number}", source, **roles))
    return NotebookNode(notebook, cells=cells)


def _cell(name: str, source: str, **roles: bool | int) -> NotebookNode:
    """Return a code cell with nbgrader's metadata."""
    name = name.replace(".", "-")
    kinds = {
        "schema_version": 3,
        "grade_id": name,
        "grade": False,
        "locked": False,
        "solution": False,
        "task": False,
    }
    return nbformat.v4.new_code_cell(source, id=name, metadata={"nbgrader": kinds | roles})
