"""The teaching guide's table of the chapters, computed when the book is built: objectives, minutes, exercises.

A page has the directive ``chapters`` with the names of chapters, a table's rows.
"""

import math
import re
from typing import NamedTuple

from docutils import nodes
from nbformat import NotebookNode
from sphinx.util.docutils import SphinxDirective

from .execution import executed_page
from .markdown import NotebookError

__all__ = ["Chapter", "Chapters", "read_chapter"]

WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 6
NOT_TAUGHT = ("Exercises", "Test yourself", "Further reading")  # exercises have minutes of their own

_GOAL = r"(?s)```\{admonition\} In this chapter\n:class: note\n(.*?)\s*You\s+need:"
_TASK = r"(?m)^```\{admonition\} Exercise (\d+\.\d+) \((\S+), \S+\)$"
_NOTE = r"(?m)^```\{admonition\} Teaching note (\d+\.\d+) \((\d+) minutes\)$"
_NOT_READ = [
    r"(?s)<!--.*?-->",
    r"(?m)^\s*(`{3,}|:{3,}).*$",  # the fences of directives
    r"(?m)^\s*:[\w-]+:.*$",  # and their options
    r"\{[\w:.-]+\}(?=`)",  # the names of roles
    r"(?<=\])\([^)\s]*\)",  # where links lead
]


class Chapter(NamedTuple):
    """What a chapter asks of those who learn from it.

    ``sections`` has the minutes of reading of each section that teaches, ``exercises`` the grade and the minutes of
    each exercise by its number, and ``seconds`` is how long the cells ran.
    """

    goal: str
    sections: dict[str, int]
    exercises: dict[str, tuple[str, int]]
    seconds: float


def read_chapter(executed: NotebookNode) -> Chapter:
    """Read a chapter's source: 200 words, six lines of code or one figure a minute, a section in whole minutes."""
    markdown = "\n\n".join(cell.source for cell in executed.cells if cell.cell_type == "markdown")
    goal = re.search(_GOAL, markdown)
    if not goal:
        raise ValueError("a chapter should open with 'In this chapter' and 'You need:'")
    minutes: dict[str, float] = {}
    title = ""
    for cell in executed.cells:
        if cell.cell_type == "markdown":
            for piece in re.split(r"(?m)^(?=## )", cell.source):
                title = piece[3:].partition("\n")[0].strip() if piece.startswith("## ") else title
                minutes[title] = minutes.get(title, 0) + _count_words(piece) / WORDS_A_MINUTE
        else:
            hidden = {"remove-cell", "remove-input", "hide-input"} & set(cell.metadata.get("tags", []))
            lines = 0 if hidden else len(cell.source.splitlines())
            figures = "figure" in cell.metadata.get("mystnb", {})
            minutes[title] += lines / CODE_LINES_A_MINUTE + figures
    opening = minutes.pop("")  # belongs to the first section
    minutes[next(iter(minutes))] += opening
    of_note = dict(re.findall(_NOTE, markdown))
    return Chapter(
        goal=" ".join(goal[1].split()),
        sections={title: math.ceil(exact) for title, exact in minutes.items() if title not in NOT_TAUGHT},
        exercises={number: (grade, int(of_note[number])) for number, grade in re.findall(_TASK, markdown)},
        seconds=executed.metadata.get("seconds", 0.0),
    )


class Chapters(SphinxDirective):
    """A table of chapters: what each lets one do, its sections with their minutes, and its exercises."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Write the table as Markdown, and have it parsed."""
        lines = ["| chapter | objective | sections (minutes) | in all | exercises |", "|---|---|---|---|---|"]
        for name in " ".join(self.content).split():
            docname, _ = self.env.relfn2path(f"{name}.md")
            self.env.note_dependency(docname)  # a chapter that changes changes the guide
            try:
                chapter = read_chapter(executed_page(self.env, docname.removesuffix(".md")))
            except (NotebookError, ValueError, OSError) as error:
                raise self.error(f"{name}: {error}") from error
            lines.append(_row(name, chapter))
        parsed = nodes.Element()
        self.state.nested_parse(lines, self.content_offset, parsed)
        return parsed.children


def _row(name: str, chapter: Chapter) -> str:
    sections = "; ".join(f"{title} ({minutes})" for title, minutes in chapter.sections.items())
    grades = dict.fromkeys(grade for grade, _ in chapter.exercises.values())
    of_grade = {grade: [f"{n} ({m})" for n, (own, m) in chapter.exercises.items() if own == grade] for grade in grades}
    exercises = "; ".join(f"{grade}: {', '.join(numbers)}" for grade, numbers in of_grade.items())
    running = f"{sum(chapter.sections.values())}, and {chapter.seconds:.0f} seconds of running"
    return f"| []({name}.md) | {chapter.goal} | {sections} | {running} | {exercises} |"


def _count_words(markdown: str) -> int:
    for pattern in _NOT_READ:
        markdown = re.sub(pattern, " ", markdown)
    return len(re.findall(r"\w+(?:[-'\N{RIGHT SINGLE QUOTATION MARK}]\w+)*", markdown))
