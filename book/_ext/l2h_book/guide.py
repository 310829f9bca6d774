"""Objectives, minutes, exercises and plans of the teaching guide, computed as the book is built.

The directive ``chapters`` lists chapters, which become the rows of a table. The role ``minutes``
says how long a chapter takes. The directive ``plan`` is given the minutes that there are. A row of
it names a chapter with sections and exercises, or has minutes of its own::

    ```{plan} 50
    lsh: One hyperplane, one bit; exercise 2.1
    5: Vote: how full will the fullest bucket be?
    buckets: all sections
    ```
"""

import math
import re
from typing import Any, NamedTuple

from docutils import nodes
from nbformat import NotebookNode
from sphinx.addnodes import pending_xref
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective, SphinxRole

from .execution import executed_page
from .play.directive import figures_made_by

WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 6
# exercises have minutes of their own
NOT_TAUGHT = ("Exercises", "Test yourself", "Further reading")

_GOAL = r"(?s)```\{admonition\} In this chapter\n:class: note\n(.*?)\s*You\s+need:"
_TASK = r"(?m)^```\{admonition\} Exercise (\d+\.\d+) \((\S+), \S+\)$"
_NOTE = (
    r"(?m)^```\{admonition\} Teaching note (\d+\.\d+) \((\d+) minutes\)\n"
    r":class: instructor\nAfter: (.*?)\.?$"
)
_HIDDEN = {"remove-cell", "remove-input", "hide-input", "hide-cell"}
_NOT_READ = [
    r"(?s)<!--.*?-->",
    r"(?ms)^(`{3,})\{admonition\} To teachers$.*?^\1$",
    r"(?m)^\s*(`{3,}|:{3,}).*$",  # the fences of directives
    r"(?m)^\s*:[\w-]+:.*$",  # and their options
    r"\{[\w:.-]+\}(?=`)",  # the names of roles
    r"(?<=\])\([^)\s]*\)",  # where links lead
]


class Chapter(NamedTuple):
    """What a chapter asks of those who learn from it.

    ``sections`` has the minutes of reading of each section that teaches, ``exercises`` the grade
    and the minutes of each exercise by its number, ``after`` the sections and exercises that each
    comes after, ``seconds`` is how long the cells ran, and ``figures`` names those to play with.
    """

    goal: str
    sections: dict[str, int]
    exercises: dict[str, tuple[str, int]]
    after: dict[str, list[str]]
    seconds: float
    figures: list[str]

    def minutes(self) -> str:
        """Return in words what it takes to read, to run and to exercise."""
        reading = sum(self.sections.values())
        exercises = sum(minutes for _, minutes in self.exercises.values())
        return f"{reading} min read · {self.seconds:.0f} s run · {exercises} min exercises"


def read_chapter(executed: NotebookNode) -> Chapter:
    """Read a chapter's source: a minute is 200 words, six lines of code or one figure."""
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
            hidden = not _HIDDEN.isdisjoint(cell.metadata.get("tags", []))
            lines = 0 if hidden else len(cell.source.splitlines())
            figures = int("figure" in cell.metadata.get("mystnb", {}))
            minutes[title] += lines / CODE_LINES_A_MINUTE + figures
    opening = minutes.pop("")  # belongs to the first section
    minutes[next(iter(minutes))] += opening
    notes = {
        number: (int(length), after.split("; "))
        for number, length, after in re.findall(_NOTE, markdown)
    }
    return Chapter(
        goal=" ".join(goal[1].split()),
        sections={
            title: math.ceil(exact) for title, exact in minutes.items() if title not in NOT_TAUGHT
        },
        exercises={
            number: (grade, notes[number][0]) for number, grade in re.findall(_TASK, markdown)
        },
        after={number: after for number, (_, after) in notes.items()},
        seconds=executed.metadata.get("seconds", 0.0),
        figures=[name for cell in executed.cells for name in figures_made_by(cell.source)],
    )


class Chapters(SphinxDirective):
    """A table of chapters: the objective of each, its sections and exercises with their minutes."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Write the table as Markdown, and have it parsed."""
        head = "{.stack}\n| chapter | objective | sections (minutes) | exercises (minutes) |"
        rows = [_row(name, _chapter(self, name)) for name in " ".join(self.content).split()]
        return self.parse_text_to_nodes("\n".join([head, "|---|---|---|---|", *rows]))


class Minutes(SphinxRole):
    """Says what a chapter takes to read, to run and to exercise; ``here`` is the page itself.

    On another page it also leads to the chapter's first figure to play with.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the words."""
        is_here = self.text == "here"
        name = self.env.docname.rpartition("/")[2] if is_here else self.text
        chapter = _chapter(self, name)
        words: list[nodes.Node] = [nodes.Text(chapter.minutes())]
        if chapter.figures and not is_here:
            link = pending_xref(
                refdomain="std", reftype="ref", reftarget=chapter.figures[0], refexplicit=True
            )
            link["refdoc"] = self.env.docname
            text = "a figure to play with"
            if len(chapter.figures) > 1:
                text = f"{len(chapter.figures)} figures to play with"
            link += nodes.inline("", text)
            words += [nodes.Text(" · "), link]
        return words, []


class Plan(SphinxDirective):
    """A plan as a table with the sum of its minutes, and a link that presents its sections."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the table; an error says what a chapter does not have, or that time is short."""
        (available,) = self.arguments
        lines = ["| chapter | sections and exercises | minutes |", "|---|---|--:|"]
        shown: list[str] = []
        seconds = 0.0
        in_all = 0
        for row in self.content:
            name, _, parts = row.partition(": ")
            link = ""
            if name.isdigit():
                minutes = int(name)
            else:
                chapter = _chapter(self, name)
                minutes, places = self._minutes_and_places(name, chapter, parts.split("; "))
                shown += places
                seconds += chapter.seconds
                link = f"[]({name}.md)"
            in_all += minutes
            lines.append(f"| {link} | {parts} | {minutes} |")
        if in_all > int(available):
            raise self.error(f"the plan takes {in_all} minutes of {available}")
        sequence = ",".join(dict.fromkeys(shown))
        here = f"{self.env.docname.rpartition('/')[2]}/{self.state_machine.node['ids'][0]}"
        address = f"{sequence.partition('/')[0]}.html?present={sequence}&amp;from={here}"
        said = f'<a href="{address}">View as slides</a>; its chapters run for {seconds:.0f} seconds'
        lines.append(f"| in all | {said} | {in_all} of {available} |")
        return self.parse_text_to_nodes("\n".join(lines))

    def _minutes_and_places(
        self, name: str, chapter: Chapter, parts: list[str]
    ) -> tuple[int, list[str]]:
        """Return how long parts of a chapter take, and where they are: chapter and section."""
        known = {f"exercise {number}": length for number, (_, length) in chapter.exercises.items()}
        known |= chapter.sections | {"all sections": sum(chapter.sections.values())}
        minutes = 0
        titles: list[str] = []
        for part in parts:
            if part not in known:
                raise self.error(f"{name} has no {part!r}; it has {', '.join(known)}")
            minutes += known[part]
            if part == "all sections":
                titles += chapter.sections
            else:
                titles.append("exercises" if part.startswith("exercise ") else part)
        return minutes, [f"{name}/{nodes.make_id(title)}" for title in titles]


def _chapter(place: Any, name: str) -> Chapter:
    """Read a chapter for a directive or a role of a page beside it, which then depends on it."""
    docname = place.env.relfn2path(f"{name}.md")[0].removesuffix(".md")
    place.env.note_dependency(f"{docname}.md")
    try:
        return read_chapter(executed_page(place.env, docname))
    except (KeyError, ValueError, OSError) as error:
        raise ExtensionError(f"{name}: {error}") from error


def _row(name: str, chapter: Chapter) -> str:
    """Write a chapter's row in the table of chapters."""
    sections = "; ".join(f"{title} ({minutes})" for title, minutes in chapter.sections.items())
    exercises = "; ".join(
        f"{number} ({grade}, {minutes})" for number, (grade, minutes) in chapter.exercises.items()
    )
    return f"| []({name}.md): {chapter.minutes()} | {chapter.goal} | {sections} | {exercises} |"


def _count_words(markdown: str) -> int:
    for pattern in _NOT_READ:
        markdown = re.sub(pattern, " ", markdown)
    return len(re.findall(r"\w+(?:[-'\N{RIGHT SINGLE QUOTATION MARK}]\w+)*", markdown))
