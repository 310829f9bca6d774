"""What the teaching guide says of the chapters, computed when the book is built: objectives,
minutes, exercises, plans.

The directive ``chapters`` has the names of chapters, a table's rows. The role ``minutes`` says what
a chapter takes. A plan has the minutes that there are; a row a chapter with sections and exercises;
rows with minutes of their own::

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
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective, SphinxRole

from .execution import executed_page

WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 6
# exercises have minutes of their own
NOT_TAUGHT = ("Exercises", "Test yourself", "Further reading")

_GOAL = r"(?s)```\{admonition\} In this chapter\n:class: note\n(.*?)\s*You\s+need:"
_TASK = r"(?m)^```\{admonition\} Exercise (\d+\.\d+) \((\S+), \S+\)$"
_NOTE = r"(?m)^```\{admonition\} Teaching note (\d+\.\d+) \((\d+) minutes\)\n:class: instructor\nAfter: (.*)\.$"
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
    comes after, and ``seconds`` is how long the cells ran.
    """

    goal: str
    sections: dict[str, int]
    exercises: dict[str, tuple[str, int]]
    after: dict[str, list[str]]
    seconds: float

    def minutes(self) -> str:
        """What it takes, in words."""
        reading, exercises = (
            sum(self.sections.values()),
            sum(minutes for _, minutes in self.exercises.values()),
        )
        return f"{reading} min read · {self.seconds:.0f} s run · {exercises} min exercises"


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
            hidden = {"remove-cell", "remove-input", "hide-input"} & set(
                cell.metadata.get("tags", [])
            )
            lines = 0 if hidden else len(cell.source.splitlines())
            figures = "figure" in cell.metadata.get("mystnb", {})
            minutes[title] += lines / CODE_LINES_A_MINUTE + figures
    opening = minutes.pop("")  # belongs to the first section
    minutes[next(iter(minutes))] += opening
    notes = {
        number: (int(minutes), after.split("; "))
        for number, minutes, after in re.findall(_NOTE, markdown)
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
    )


class Chapters(SphinxDirective):
    """A table of chapters: what each lets one do, its sections with their minutes, and its exercises."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Write the table as Markdown, and have it parsed."""
        head = (
            "{.stack}\n| chapter | objective | sections (minutes) | exercises (minutes) | in all |"
        )
        rows = [_row(name, _chapter(self, name)) for name in " ".join(self.content).split()]
        return self.parse_text_to_nodes("\n".join([head, "|---|---|---|---|---|", *rows]))


class Minutes(SphinxRole):
    """What a chapter takes to read, to run and to exercise; ``here`` is the page that says it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the words."""
        name = self.env.docname.rpartition("/")[2] if self.text == "here" else self.text
        return [nodes.Text(_chapter(self, name).minutes())], []


class Plan(SphinxDirective):
    """A plan as a table that adds up, and a link that presents its sections one after the other."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Add up; an error says what is not there, or that it does not fit."""
        lines, shown, seconds, in_all = (
            ["| chapter | sections and exercises | minutes |", "|---|---|--:|"],
            [],
            0.0,
            0,
        )
        for line in self.content:
            name, _, named = line.partition(": ")
            minutes, link = (int(name), "") if name.isdigit() else (0, f"[]({name}.md)")
            for part in named.split("; ") if link else []:
                chapter = _chapter(self, name)
                known = {
                    f"exercise {number}": length
                    for number, (_, length) in chapter.exercises.items()
                }
                known |= chapter.sections | {"all sections": sum(chapter.sections.values())}
                if part not in known:
                    raise self.error(f"{name} has no {part!r}; it has {', '.join(known)}")
                minutes += known[part]
                sections = list(chapter.sections) if part == "all sections" else [part]
                places = [
                    "exercises" if part[:9] == "exercise " else nodes.make_id(title)
                    for title in sections
                ]
                shown += [f"{name}/{place}" for place in places]
            in_all, seconds = in_all + minutes, seconds + (chapter.seconds if link else 0)
            lines.append(f"| {link} | {named} | {minutes} |")
        if in_all > int(self.arguments[0]):
            raise self.error(f"the plan takes {in_all} minutes of {self.arguments[0]}")
        sequence = ",".join(dict.fromkeys(shown))
        start = f'<a href="{sequence.partition("/")[0]}.html?present={sequence}">Present it, section by section</a>'
        lines.append(
            f"| in all | {start}; its chapters run for {seconds:.0f} seconds | {in_all} of {self.arguments[0]} |"
        )
        return self.parse_text_to_nodes("\n".join(lines))


def _chapter(place: Any, name: str) -> Chapter:
    """Read a chapter for a directive or a role of a page beside it, which changes when the chapter does."""
    docname = place.env.relfn2path(f"{name}.md")[0].removesuffix(".md")
    place.env.note_dependency(f"{docname}.md")
    try:
        return read_chapter(executed_page(place.env, docname))
    except (KeyError, ValueError, OSError) as error:
        raise ExtensionError(f"{name}: {error}") from error


def _row(name: str, chapter: Chapter) -> str:
    sections = "; ".join(f"{title} ({minutes})" for title, minutes in chapter.sections.items())
    exercises = "; ".join(
        f"{number} ({grade}, {minutes})" for number, (grade, minutes) in chapter.exercises.items()
    )
    return f"| []({name}.md) | {chapter.goal} | {sections} | {exercises} | {chapter.minutes()} |"


def _count_words(markdown: str) -> int:
    for pattern in _NOT_READ:
        markdown = re.sub(pattern, " ", markdown)
    return len(re.findall(r"\w+(?:[-'\N{RIGHT SINGLE QUOTATION MARK}]\w+)*", markdown))
