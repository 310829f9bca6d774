"""Three editions of a chapter from one source: the reader's, the student's, the instructor's.

An exercise is five pieces in a row: its task, a stub cell with its check, the solution in words and
as a cell, and a teaching note. Readers get all but the note, students the task and the stub,
instructors everything. Of a self-test, students get the question and the answers without the
replies.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from docutils import nodes
from nbformat import NotebookNode

from .markdown import NotebookError, Page
from .selftest import selftest_reply

EDITIONS = ("reader", "student", "instructor")
GRADES = ("warm-up", "core", "stretch")
KINDS = ("predict", "explain", "compute", "break", "extend")

_PIECES = {  # in order: what each is in the source, and the pattern of its title
    "task": ("a box", rf"Exercise NUMBER \(({'|'.join(GRADES)}), ({'|'.join(KINDS)})\)"),
    "stub": ("a cell tagged exercise-stub", ""),
    "solution": ("a dropdown", "Solution NUMBER"),
    "code": ("a cell tagged solution", ""),
    "note": ("a box of class instructor", r"Teaching note NUMBER \((\d+) minutes\)"),
}
_LEFT_OUT = {
    "reader": ["note"],
    "student": ["note", "solution", "code"],
    "nbgrader": ["note", "solution"],
}
# what the check of a piece must have printed when the page was built
_SAYS = {"stub": "to do.", "code": "holds"}


@dataclass(frozen=True)
class Exercise:
    """An exercise of a chapter; ``pieces`` has the node of each of its five pieces."""

    number: str
    grade: str
    kind: str
    minutes: int
    pieces: dict[str, Any]


def find_exercises(page: Page, document: nodes.document, executed: NotebookNode) -> list[Exercise]:
    """Find the exercises of a page, and check that each is whole and does what it should.

    Raises NotebookError, with the page and the exercise, if a piece is missing, misplaced or
    misnumbered. It does so too if, as the page was executed, the check of a stub did not say that
    the exercise is to do, or that of a solution that it holds.
    """
    groups: list[list[tuple[str, str, Any]]] = []
    for piece in _pieces(document):
        if piece[0] == "task" or not groups:
            groups.append([])
        groups[-1].append(piece)
    chapter = ".".join(map(str, page.section_numbers.get("", ())))
    return [
        _exercise(page.name, f"{chapter}.{position}", group, executed)
        for position, group in enumerate(groups, start=1)
    ]


def make_edition(
    name: str, page: Page, document: nodes.document, executed: NotebookNode
) -> tuple[Page, nodes.document, NotebookNode]:
    """Return the page, its tree and its cells in one edition; the arguments stay as they are.

    A fourth edition, "nbgrader", has each stub and the code of each solution, for
    `make_assignment`.
    """
    document = document.deepcopy()
    cells = list(executed.cells)
    exercises = find_exercises(page, document, executed)
    if name != "instructor":
        _remove_for_teachers(document)
    for exercise in exercises:
        for piece in _LEFT_OUT.get(name, []):
            _remove(exercise.pieces[piece])
        if name == "instructor":
            _unfold(exercise.pieces["solution"])
            index = exercise.pieces["code"]["cell_index"]
            cells[index] = NotebookNode(cells[index], metadata={})
    if name == "student":
        for reply in list(document.findall(selftest_reply)):
            _remove(reply)
    page = replace(page, edition=name, preface=_preface(name, exercises))
    return page, document, NotebookNode(executed, cells=cells)


def prepare_page(document: nodes.document) -> None:
    """Prepare a tree for the site, for readers: the code of a solution is folded with its words."""
    _remove_for_teachers(document)
    for role, _, node in list(_pieces(document)):
        if role == "note":
            _remove(node)
        elif role == "solution":
            words = node
        elif role == "stub":
            node[:] = [child for child in node.children if "cell_output" not in child["classes"]]
        elif role == "code":
            _remove(node)
            words.children[1].append(node)


def _pieces(document: nodes.document) -> Iterator[tuple[str, str, Any]]:
    """Yield role, title and node of each piece of an exercise in a tree."""
    for node in document.findall(nodes.Element):
        classes = node.get("classes", [])
        if isinstance(node, nodes.admonition) and "instructor" in classes:
            yield "note", _title(node), node
        elif isinstance(node, nodes.admonition) and _title(node).startswith("Exercise "):
            yield "task", _title(node), node
        elif type(node).__name__ == "dropdown_main" and _title(node).startswith("Solution"):
            yield "solution", _title(node), node
        elif "tag_exercise-stub" in classes:
            yield "stub", "", node
        elif "tag_solution" in classes:
            yield "code", "", node


def _exercise(
    page: str, number: str, group: list[tuple[str, str, Any]], executed: NotebookNode
) -> Exercise:
    """Return an exercise, after checking its pieces."""
    roles = [role for role, _, _ in group]
    if roles != list(_PIECES):
        wanted = ", ".join(f"{role} ({what})" for role, (what, _) in _PIECES.items())
        raise NotebookError(
            f"{page}: exercise {number} has the pieces {', '.join(roles)}; "
            f"in order, it needs {wanted}"
        )
    details: list[str] = []
    for role, title, node in group:
        pattern = _PIECES[role][1].replace("NUMBER", re.escape(number))
        match = re.fullmatch(pattern, title)
        if not match:
            raise NotebookError(
                f"{page}: the {role} of exercise {number} has the title {title!r}, "
                f"not like {pattern}"
            )
        details += match.groups()
        if role in _SAYS:
            outputs = executed.cells[node["cell_index"]].outputs
            last = "".join(output.get("text", "") for output in outputs).strip().rpartition("\n")[2]
            if not last.startswith(f"Exercise {number}: {_SAYS[role]}"):
                raise NotebookError(
                    f"{page}: exercise {number}'s check should say {_SAYS[role]!r} of its {role}, "
                    f"and said {last!r}"
                )
    grade, kind, minutes = details
    return Exercise(number, grade, kind, int(minutes), {role: node for role, _, node in group})


def _title(node: nodes.Element) -> str:
    """Return the title of an admonition or a dropdown as text."""
    words = [
        part.astext()
        for part in node[0].findall(nodes.inline)
        if "sd-summary-text" in part["classes"]
    ]
    return " ".join((words[0] if words else node[0].astext()).split())


def _remove_for_teachers(document: nodes.document) -> None:
    """Remove the boxes of class teachers."""
    for box in list(document.findall(nodes.admonition)):
        if "teachers" in box["classes"]:
            _remove(box)


def _remove(node: Any) -> None:
    node.parent.remove(node)


def _unfold(dropdown: Any) -> None:
    """Replace a dropdown by a box with the same title and content."""
    admonition = nodes.admonition(
        "", nodes.title("", _title(dropdown)), *dropdown.children[1].children
    )
    dropdown.parent.replace(dropdown, admonition)


def _preface(name: str, exercises: list[Exercise]) -> str:
    """Return what an edition says under a chapter's title."""
    if not exercises or name == "reader":
        return ""
    if name == "nbgrader":
        return (
            "> **Assignment.** Write your answers where it says so. "
            "The cell below each of them tests it. This notebook reads no other file. If Python "
            "does not find `l2h_tutorial`, ask your teacher for this book's package."
        )
    if name == "student":
        return (
            "> **Student edition.** Write your answers to the exercises into their cells, in place "
            "of `...`, and run the cells: the check says what it makes of your answer."
        )
    total = sum(exercise.minutes for exercise in exercises)
    return (
        "> **Instructor's edition.** Solutions are open, and a teaching note follows each: "
        f"{total} minutes in all."
    )
