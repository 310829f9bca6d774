"""What the teaching guide says of the chapters, and the sums of its plans: computed when the book is built.

A page has ``{course}`` with the name of a table, and ``{plan}`` with the minutes that a lesson has and its parts, one a
line. Both are filled when all chapters have run.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence
from typing import Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from .course import Chapter, find_part, read_chapter
from .executed import executed_page
from .markdown import NotebookError

__all__ = ["chapter_pages", "connect"]

_LOGGER = logging.getLogger(__name__)
_TABLES = ("objectives", "minutes", "slides")


class _Placeholder(nodes.General, nodes.Element):
    """Where a table will stand."""


class Course(SphinxDirective):
    """A table about all chapters."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave a placeholder."""
        name = self.arguments[0]
        if name not in _TABLES:
            raise self.error(f"course has the tables {', '.join(_TABLES)}, and was asked for {name!r}")
        return [_placeholder(self, name=name)]


class Plan(SphinxDirective):
    """The plan of a lesson: its minutes, and its parts as `find_part` reads them."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Leave a placeholder."""
        lines = [line.strip() for line in self.content if line.strip()]
        return [_placeholder(self, name="plan", minutes=int(self.arguments[0]), lines=lines)]


def _placeholder(directive: SphinxDirective, **about: Any) -> _Placeholder:
    env = directive.env
    for docname in env.found_docs:  # a chapter that changes changes the guide
        env.note_dependency(str(env.doc2path(docname)))
    node = _Placeholder("", **about)
    directive.set_source_info(node)
    return node


def connect(app: Any) -> None:
    """Add the directives, and fill them when a page is written."""
    app.add_node(_Placeholder)
    app.add_directive("course", Course)
    app.add_directive("plan", Plan)
    app.connect("doctree-resolved", _fill)


def chapter_pages(env: Any) -> list[str]:
    """The pages that are numbered as chapters, in order."""
    numbers = {page: known[""] for page, known in env.toc_secnumbers.items() if known.get("")}
    return sorted(numbers, key=lambda page: numbers[page])


def _fill(app: Any, document: nodes.document, docname: str) -> None:
    placeholders = list(document.findall(_Placeholder))
    if not placeholders:
        return
    try:
        pages = {page.rpartition("/")[2]: page for page in chapter_pages(app.env)}
        chapters = {name: read_chapter(name, executed_page(app.env, page)) for name, page in pages.items()}
        for node in placeholders:
            node.replace_self(_Writer(app, docname, pages, chapters).write(node))
    except (NotebookError, ValueError, LookupError) as error:
        _LOGGER.warning("no table: %s", error.args[0], location=docname, type="l2h", subtype="guide")
        for node in document.findall(_Placeholder):
            node.parent.remove(node)


class _Writer:
    """Writes the tables of one page."""

    def __init__(self, app: Any, docname: str, pages: dict[str, str], chapters: dict[str, Chapter]) -> None:
        self.app, self.docname, self.pages, self.chapters = app, docname, pages, chapters

    def write(self, node: nodes.Element) -> nodes.Node:
        """The table that a placeholder asks for."""
        if node["name"] == "plan":
            return self.plan(node["minutes"], node["lines"])
        return {"objectives": self.objectives, "minutes": self.minutes, "slides": self.slides}[node["name"]]()

    def objectives(self) -> nodes.Node:
        """What each chapter says one will do in it, the sections that teach it, the exercises that ask for it."""
        rows = []
        for name, chapter in self.chapters.items():
            sections = [self.link(name, section.title) for section in chapter.sections if section.title != "Remember"]
            grades = list(dict.fromkeys(task.grade for task in chapter.exercises))
            of_grade = {g: ", ".join(task.number for task in chapter.exercises if task.grade == g) for g in grades}
            tasks = "; ".join(f"{grade}: {numbers}" for grade, numbers in of_grade.items())
            rows.append([[self.link(name)], _words(chapter.goal), _joined(sections), tasks or "in the chapter"])
        return _table(["chapter", "objective", "sections", "exercises"], rows)

    def minutes(self) -> nodes.Node:
        """Every section's minutes, and what they are made of."""
        rows = []
        for name, chapter in self.chapters.items():
            for section in chapter.sections:
                rows.append(
                    [
                        [self.link(name)],
                        [self.link(name, section.title)],
                        str(section.words),
                        str(section.code_lines),
                        str(section.figures),
                        f"{section.seconds:.1f}",
                        str(section.minutes),
                    ]
                )
            tasks = sum(task.minutes for task in chapter.exercises)
            rows.append(
                [[self.link(name)], "all sections", "", "", "", "", str(sum(s.minutes for s in chapter.sections))]
            )
            if tasks:
                rows.append([[self.link(name)], [self.link(name, "Exercises")], "", "", "", "", str(tasks)])
        return _table(["chapter", "section", "words", "lines of code", "figures", "seconds run", "minutes"], rows)

    def slides(self) -> nodes.Node:
        """Where each chapter's slides and notebook are."""
        rows = []
        for name in self.chapters:
            links = [
                nodes.reference("", text, refuri=posixpath.relpath(target, posixpath.dirname(self.docname)))
                for text, target in (("slides", f"slides/{name}.html"), ("notebook", f"notebooks/{name}.ipynb"))
            ]
            rows.append([[self.link(name)], *([link] for link in links)])
        return _table(["chapter", "slides", "notebook"], rows)

    def plan(self, minutes: int, lines: Iterable[str]) -> nodes.Node:
        """The parts of a lesson, their sum, and what is left of its minutes."""
        rows: list[list[Any]] = []
        total = 0
        for line in lines:
            part = find_part(line, self.chapters)
            total += part.minutes
            what: Any = part.title
            if part.chapter:
                exercises = "exercise" in part.title
                place = "Exercises" if exercises else "" if part.title == "all sections" else part.title
                what = [self.link(part.chapter), nodes.Text(": "), self.link(part.chapter, place, part.title)]
            rows.append([what, str(part.minutes)])
        rows += [["in all", str(total)], [f"left of {minutes}, for questions", str(minutes - total)]]
        return _table(["part", "minutes"], rows)

    def link(self, name: str, section: str = "", text: str = "") -> nodes.Node:
        """A link to a chapter or to a section of it."""
        address = self.app.builder.get_relative_uri(self.docname, self.pages[name])
        place = f"#{nodes.make_id(section)}" if section else ""
        words = text or section or self.chapters[name].title
        return nodes.reference("", "", *_words(words), refuri=address + place, internal=True)


def _joined(links: Sequence[nodes.Node]) -> list[nodes.Node]:
    joined = [piece for link in links for piece in (nodes.Text("; "), link)]
    return joined[1:]


def _words(markdown: str) -> list[nodes.Node]:
    """Words with formulas."""
    pieces = re.split(r"\$([^$]+)\$", markdown)
    return [nodes.math(piece, piece) if i % 2 else nodes.Text(piece) for i, piece in enumerate(pieces) if piece]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> nodes.table:
    """A table of texts and of lists of nodes."""

    def row(cells: Sequence[Any]) -> nodes.row:
        contents = [[nodes.Text(cell)] if isinstance(cell, str) else cell for cell in cells]
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *content)) for content in contents))

    group = nodes.tgroup("", *(nodes.colspec("", colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", row(head))
    group += nodes.tbody("", *(row(cells) for cells in rows))
    return nodes.table("", group, classes=["colwidths-auto"])
