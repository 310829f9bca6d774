"""A chapter's exercises as an assignment for nbgrader: what `nbgrader generate_assignment` takes as
its source.

Of each exercise there are two cells: one for the answer, with the solution between the marks that
nbgrader removes, and one that is graded. It raises where the answer does not hold; and nbgrader
adds to it, when it grades, the lines that are hidden from students. These load the checks afresh,
so that nothing that a notebook has put in their place counts.
"""

import re

import nbformat
from nbformat import NotebookNode

from .editions import GRADES, Exercise

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
    """Make the assignment of a chapter's notebook that has the stub and the solution of each of its
    exercises.

    A warm-up gives one point, a core exercise two, a stretch three.
    """
    points = {exercise.number: 1 + GRADES.index(exercise.grade) for exercise in exercises}
    headings = [i for i, cell in enumerate(notebook.cells) if re.match(r"## ", cell.source)]
    (start,) = [
        i
        for i in headings
        if re.match(r"## [\d.]* ?Exercises$", notebook.cells[i].source.partition("\n")[0])
    ]
    end = next((i for i in headings if i > start), len(notebook.cells))
    cells, stubs = [notebook.cells[0]], {}
    for cell in notebook.cells[start:end]:
        match = _CHECK.search(cell.source) if cell.cell_type == "code" else None
        if not match:
            cells.append(cell)
            continue
        number, answer = match.groups()
        code = cell.source[: match.start()].rstrip()
        if number not in stubs:
            stubs[number] = re.sub("(?m)^", "# ", code)
            continue
        source = f"{stubs[number]}\n### BEGIN SOLUTION\n{code}\n### END SOLUTION"
        cells.append(_cell(f"answer-{number}", source, solution=True))
        source = _GRADED.format(points=points[number], number=number, answer=answer)
        cells.append(
            _cell(f"exercise-{number}", source, grade=True, locked=True, points=points[number])
        )
    return NotebookNode(notebook, cells=cells)


def _cell(name: str, source: str, **roles: bool | int) -> NotebookNode:
    """A code cell with nbgrader's metadata."""
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
