"""What a chapter asks of those who learn from it: its goal, its sections with their minutes, its exercises."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

__all__ = ["Chapter", "Part", "Section", "Task", "find_part", "read_chapter"]

WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 6
FIGURES_A_MINUTE = 1
NOT_TAUGHT = ("Exercises", "Test yourself", "Further reading")  # exercises have minutes of their own

_OPENING = (
    r"(?s)```\{admonition\} In this chapter\n:class: note\n(?P<goal>.*?)\s*You\s+need:.*?Time: (?P<stated>\d+) minutes"
)
_TASK = r"(?m)^```\{admonition\} Exercise (\d+\.\d+) \((\S+), (\S+)\)$"
_NOTE = r"(?m)^```\{admonition\} Teaching note (\d+\.\d+) \((\d+) minutes\)$"
_NOT_READ = [
    r"(?s)<!--.*?-->",
    r"(?m)^\s*(`{3,}|:{3,}).*$",  # the fences of directives
    r"(?m)^\s*:[\w-]+:.*$",  # and their options
    r"\{[\w:.-]+\}(?=`)",  # the names of roles
    r"(?<=\])\([^)\s]*\)",  # where links lead
]


@dataclass(frozen=True)
class Section:
    """A section of a chapter: what there is to read in it, and how many seconds its cells ran.

    Examples
    --------
    >>> Section("One bit", words=400, code_lines=6, figures=1, seconds=30.0).minutes
    5
    """

    title: str
    words: int
    code_lines: int
    figures: int
    seconds: float

    @property
    def minutes(self) -> int:
        """Reading, at 200 words, 6 lines of code or one figure a minute, and running; in whole minutes, rounded up."""
        reading = self.words / WORDS_A_MINUTE + self.code_lines / CODE_LINES_A_MINUTE + self.figures / FIGURES_A_MINUTE
        return math.ceil(reading + self.seconds / 60)


@dataclass(frozen=True)
class Task:
    """An exercise, with the minutes that its teaching note gives it."""

    number: str
    grade: str
    kind: str
    minutes: int


@dataclass(frozen=True)
class Chapter:
    """A chapter: its name (of its file), title, what it says one will do in it, its stated minutes, and its parts."""

    name: str
    title: str
    goal: str
    stated: int
    sections: tuple[Section, ...]
    exercises: tuple[Task, ...]


@dataclass(frozen=True)
class Part:
    """A part of a lesson: the chapter and section, or the exercises, and the minutes that they take."""

    chapter: str
    title: str
    minutes: int


def read_chapter(name: str, executed: NotebookNode) -> Chapter:
    """Read a chapter's source, executed with the times of its cells.

    Parameters
    ----------
    name : str
    executed : NotebookNode
        Cells of Markdown as the source has them; ``metadata.seconds`` has how long each cell of code ran.

    Raises
    ------
    ValueError
        If the chapter does not open with what one will do in it and its time, an exercise has no teaching note with its
        minutes, or it was executed and no times were kept.
    """
    markdown = "\n\n".join(cell.source for cell in executed.cells if cell.cell_type == "markdown")
    opening = re.search(_OPENING, markdown)
    heading = re.search(r"(?m)^# (.+)$", markdown)
    if not opening or not heading:
        raise ValueError(f"{name}: it should open with a title, 'In this chapter', 'You need:' and 'Time: 30 minutes'")
    minutes = dict(re.findall(_NOTE, markdown))
    tasks = re.findall(_TASK, markdown)
    without = [number for number, _, _ in tasks if number not in minutes]
    if without:
        raise ValueError(f"{name}: no teaching note says how many minutes exercise {', '.join(without)} takes")
    return Chapter(
        name=name,
        title=heading[1],
        goal=" ".join(opening["goal"].split()),
        stated=int(opening["stated"]),
        sections=tuple(section for section in _sections(name, executed) if section.title not in NOT_TAUGHT),
        exercises=tuple(Task(number, grade, kind, int(minutes[number])) for number, grade, kind in tasks),
    )


def find_part(line: str, chapters: Mapping[str, Chapter]) -> Part:
    """Find what a line of a plan names.

    Parameters
    ----------
    line : str
        ``lsh: One hyperplane, one bit`` (a section), ``lsh: all sections``, ``lsh: exercise 2.6``,
        ``lsh: warm-up exercises`` (those of a grade, as many as there are), or ``10 minutes: Vote.``, which is in no
        chapter.
    chapters : mapping of str to Chapter

    Raises
    ------
    LookupError
        If there is no such chapter, section or exercise; the message says which there are.
    """
    if own := re.fullmatch(r"(\d+) minutes: (.+)", line.strip()):
        return Part("", own[2], int(own[1]))
    name, _, rest = (piece.strip() for piece in line.partition(":"))
    if name not in chapters:
        raise LookupError(f"{line!r}: there is no chapter {name!r}, but {', '.join(chapters)}")
    chapter = chapters[name]
    if rest == "all sections":
        return Part(name, rest, sum(section.minutes for section in chapter.sections))
    if graded := re.fullmatch(r"(warm-up|core|stretch) exercises", rest):
        return Part(name, rest, sum(task.minutes for task in chapter.exercises if task.grade == graded[1]))
    known = {section.title: section.minutes for section in chapter.sections}
    known |= {f"exercise {task.number}": task.minutes for task in chapter.exercises}
    if rest not in known:
        raise LookupError(f"{line!r}: chapter {name} has no {rest!r}, but {', '.join(known)}")
    return Part(name, rest, known[rest])


def _sections(name: str, executed: NotebookNode) -> list[Section]:
    """The sections of the second level; what stands before the first belongs to it."""
    texts: dict[str, list[str]] = {}
    code: dict[str, list[tuple[NotebookNode, float]]] = {}
    if "seconds" not in executed.metadata:
        raise ValueError(f"{name}: executed without keeping times; remove _build/.jupyter_cache and build again")
    seconds = iter(executed.metadata["seconds"])
    title = ""
    for cell in executed.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                title = line[3:].strip() if line.startswith("## ") else title
                texts.setdefault(title, []).append(line)
        elif cell.cell_type == "code":
            code.setdefault(title, []).append((cell, next(seconds)))
    opening = texts.pop("", [])
    first = next(iter(texts))
    texts[first] = opening + texts[first]
    return [
        Section(
            title,
            words=_words("\n".join(lines)),
            code_lines=sum(len(cell.source.splitlines()) for cell, _ in code.get(title, []) if not _is_hidden(cell)),
            figures=sum("figure" in cell.metadata.get("mystnb", {}) for cell, _ in code.get(title, [])),
            seconds=sum(ran for _, ran in code.get(title, [])),
        )
        for title, lines in texts.items()
    ]


def _is_hidden(cell: NotebookNode) -> bool:
    return bool({"remove-cell", "remove-input", "hide-input"} & set(cell.metadata.get("tags", [])))


def _words(markdown: str) -> int:
    for pattern in _NOT_READ:
        markdown = re.sub(pattern, " ", markdown)
    return len(re.findall(r"\w+(?:[-'\N{RIGHT SINGLE QUOTATION MARK}]\w+)*", markdown))
