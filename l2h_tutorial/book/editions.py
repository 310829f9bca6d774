"""Three editions of a chapter from one source: the reader's, the student's, the instructor's.

An exercise is five pieces in a row: its task, a stub cell with its check, the solution in words and as a cell, and a
teaching note. Readers get all but the note, students the task and the stub, instructors everything. Of a self-test
question, students get the question and its answers without what is said to them.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from docutils import nodes
from nbformat import NotebookNode

from l2h_tutorial.book.markdown import NotebookError, Page
from l2h_tutorial.book.selftest import selftest_reply

__all__ = ["EDITIONS", "Exercise", "find_exercises", "fold_solutions", "make_edition"]

EDITIONS = ("reader", "student", "instructor")
GRADES = ("warm-up", "core", "stretch")
KINDS = ("predict", "compute", "break", "extend")

_TITLES = {
    "task": (r"Exercise (\d+\.\d+) \((\S+), (\S+)\)", "Exercise 2.3 (core, compute)"),
    "solution": (r"Solution (\d+\.\d+)", "Solution 2.3"),
    "note": (r"Teaching note (\d+\.\d+) \((\d+) minutes\)", "Teaching note 2.3 (10 minutes)"),
}
_PIECES = {
    "task": "task",
    "stub": "stub, a code cell tagged exercise-stub",
    "solution": "solution in words, a dropdown",
    "code": "solution as code, a cell tagged solution",
    "note": "teaching note, an admonition of class instructor",
}
_SAYS = {"stub": "to do.", "code": "holds"}  # what the check must have printed when the page was built


@dataclass(frozen=True)
class Exercise:
    """An exercise as its chapter has it; ``pieces`` are the nodes of its task, stub, solution, code and note."""

    number: str
    grade: str
    kind: str
    minutes: int
    pieces: dict[str, Any]


def find_exercises(page: Page, document: nodes.document, executed: NotebookNode) -> list[Exercise]:
    """Find the exercises of a page, and check that each is whole and does what it should.

    Parameters
    ----------
    page : Page
    document : nodes.document
        The page's tree, resolved.
    executed : NotebookNode
        The page's source as a notebook, with outputs.

    Raises
    ------
    NotebookError
        If a piece is missing, misplaced or misnumbered, a stub does not call its check, or, as executed, a stub's check
        did not say that it is to do or a solution's that it holds. The message names the page and the exercise.
    """
    groups: list[dict[str, tuple[re.Match[str] | None, Any]]] = []
    for role, title, node in _pieces(page, document):
        if role == "task":
            groups.append({})
        elif not groups:
            raise NotebookError(f"{page.name}: a {_PIECES[role]}, and no exercise before it")
        if role in groups[-1]:
            raise NotebookError(f"{page.name}: exercise {_number(groups[-1])} has a second {_PIECES[role]}")
        groups[-1][role] = title, node
    found = [_exercise(page, group, executed) for group in groups]
    chapter = ".".join(map(str, page.section_numbers.get("", ())))
    for position, exercise in enumerate(found, start=1):
        if exercise.number != f"{chapter}.{position}":
            raise NotebookError(
                f"{page.name}: exercise {exercise.number} stands where {chapter or '?'}.{position} should: a number is "
                "that of the chapter, and the exercise's in it, each once and in order"
            )
    return found


def make_edition(
    name: str, page: Page, document: nodes.document, executed: NotebookNode
) -> tuple[Page, nodes.document, NotebookNode]:
    """Return the page, its tree and its cells as an edition has them; the arguments stay as they are.

    Parameters
    ----------
    name : str
        One of `EDITIONS`.
    page : Page
    document : nodes.document
    executed : NotebookNode

    Raises
    ------
    NotebookError
        As `find_exercises`.
    """
    document = document.deepcopy()
    cells = list(executed.cells)
    exercises = find_exercises(page, document, executed)
    for exercise in exercises:
        pieces = exercise.pieces
        index = pieces["code"]["cell_index"]
        if name != "instructor":
            _remove(pieces["note"])
        if name == "student":
            _remove(pieces["solution"])
            _remove(pieces["code"])
            cells[index] = NotebookNode(cells[index], source="", outputs=[])
        elif name == "instructor":
            _unfold(pieces["solution"])
            cells[index] = NotebookNode(cells[index], metadata={})
    if name == "student":
        for reply in list(document.findall(selftest_reply)):
            _remove(reply)
    page = replace(page, edition=name, preface=_preface(name, exercises))
    return page, document, NotebookNode(executed, cells=cells)


def fold_solutions(document: nodes.document) -> None:
    """Prepare a tree for the site, in place: no teaching notes, and a solution's code in the fold of its words."""
    for note in list(document.findall(_is_note)):
        _remove(note)
    for code in [node for node in document.findall(nodes.container) if "tag_solution" in node["classes"]]:
        siblings = code.parent.children
        before = siblings[siblings.index(code) - 1]
        if _is_dropdown(before):
            code.parent.remove(code)
            before.children[1].append(code)


def _pieces(page: Page, document: nodes.document) -> Iterator[tuple[str, re.Match[str] | None, Any]]:
    for node in document.findall(nodes.Element):
        if isinstance(node, nodes.admonition):
            text = _title(node)
            role = "note" if _is_note(node) else "task" if text.startswith("Exercise ") else ""
        elif _is_dropdown(node):
            text = _title(node)
            role = "solution" if text.startswith("Solution") else ""
        else:
            tags = node.get("classes", []) if isinstance(node, nodes.container) else []
            role, text = ("stub" if "tag_exercise-stub" in tags else "code" if "tag_solution" in tags else ""), ""
        if not role:
            continue
        title = re.fullmatch(_TITLES[role][0], text) if role in _TITLES else None
        if role in _TITLES and not title:
            raise NotebookError(f"{page.name}: a title should be like {_TITLES[role][1]!r}, and is {text!r}")
        yield role, title, node


def _number(group: dict[str, Any]) -> str:
    return str(group["task"][0][1])


def _exercise(page: Page, group: dict[str, Any], executed: NotebookNode) -> Exercise:
    number, grade, kind = group["task"][0].groups()
    here = f"{page.name}: exercise {number}"
    if grade not in GRADES or kind not in KINDS:
        raise NotebookError(f"{here} is of grade {' or '.join(GRADES)}, and of kind {' or '.join(KINDS)}")
    for role, called in _PIECES.items():
        if role not in group:
            raise NotebookError(f"{here} has no {called}")
    if list(group) != list(_PIECES):
        raise NotebookError(f"{here} has its pieces in the order {', '.join(group)}: it should be {', '.join(_PIECES)}")
    for role in ("solution", "note"):
        if group[role][0][1] != number:
            raise NotebookError(f"{here} has a {role} numbered {group[role][0][1]}")
    for role, wanted in _SAYS.items():
        cell = executed.cells[group[role][1]["cell_index"]]
        if _checked(cell.source) != [number]:
            raise NotebookError(f'{here}: its {role} cell should end with exercises.check("{number}", ...)')
        said = "".join(output.get("text", "") for output in cell.outputs).strip().rpartition("\n")[2]
        if not said.startswith(f"Exercise {number}: {wanted}"):
            raise NotebookError(f"{here}: the check of its {role} cell should say {wanted!r}, and said {said[:200]!r}")
    minutes = int(group["note"][0][2])
    return Exercise(number, grade, kind, minutes, {role: node for role, (_, node) in group.items()})


def _checked(source: str) -> list[str]:
    """The numbers in the calls of exercises.check."""
    try:
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    except SyntaxError:  # a cell with IPython's own commands
        return []
    checks = [call for call in calls if ast.unparse(call.func) == "exercises.check" and call.args]
    return [str(getattr(call.args[0], "value", "?")) for call in checks]


def _is_note(node: nodes.Node) -> bool:
    return isinstance(node, nodes.admonition) and "instructor" in node["classes"]


def _is_dropdown(node: nodes.Node) -> bool:
    return type(node).__name__ == "dropdown_main"


def _title(node: nodes.Element) -> str:
    """The title of an admonition or a dropdown, as text."""
    words = [part.astext() for part in node[0].findall(nodes.inline) if "sd-summary-text" in part["classes"]]
    return " ".join((words[0] if words else node[0].astext()).split())


def _remove(node: Any) -> None:
    node.parent.remove(node)


def _unfold(dropdown: Any) -> None:
    admonition = nodes.admonition("", nodes.title("", _title(dropdown)), *dropdown.children[1].children)
    dropdown.parent.replace(dropdown, admonition)


def _preface(name: str, exercises: list[Exercise]) -> str:
    if not exercises or name == "reader":
        return ""
    if name == "student":
        return (
            "> **Student edition.** Write your answers to the exercises into their cells, in place of `...`, and run "
            "the cells: the check says what it makes of your answer."
        )
    rows = [f"> | {e.number} | {e.grade} | {e.kind} | {e.minutes} |" for e in exercises]
    total = sum(exercise.minutes for exercise in exercises)
    head = [
        "> **Instructor's edition.** Solutions are open, and a teaching note follows each.",
        ">",
        "> | exercise | grade | kind | minutes |",
        "> | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *rows, f"> | all | | | {total} |"])
