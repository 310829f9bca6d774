"""The teaching guide: minutes that are computed, plans that fit, and nothing named that is not there."""

import re
from html.parser import HTMLParser
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml

from l2h_book.course import find_part, read_chapter

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "book/teaching.md").read_text(encoding="utf-8")
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
(PAGES,) = [part["chapters"] for part in TOC["parts"] if part["caption"] == "Chapters"]
PLANS = re.findall(r"(?ms)^```\{plan\} (\d+)\n(.*?)^```", GUIDE)


def read(path):
    """A chapter's source, as if its cells ran in no time."""
    notebook = jupytext.read(path)
    notebook.metadata["seconds"] = [0.0 for cell in notebook.cells if cell.cell_type == "code"]
    return read_chapter(path.stem, notebook)


@pytest.fixture(scope="module")
def chapters():
    return {path.stem: read(path) for path in (ROOT / f"{page['file']}.md" for page in PAGES)}


OPENING = (
    "# One\n\n```{admonition} In this chapter\n:class: note\nYou will add. You need: paper. Time: 9 minutes.\n```\n"
)


def small(seconds=(60.0, 90.0)):
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [
        markdown(f"{OPENING}\n## First\n\n{'word ' * 400}"),
        code("a = 1\n" * 6),
        markdown("Then a [link](somewhere/else.md) and {glue:text}`it`.\n\n## Exercises\n\n"),
        markdown("```{admonition} Exercise 1.1 (core, predict)\n:class: exercise\nGuess.\n```"),
        code("b", metadata={"tags": ["hide-input"], "mystnb": {"figure": {"name": "fig-b"}}}),
        markdown("```{admonition} Teaching note 1.1 (7 minutes)\n:class: instructor\nWait.\n```\n\n## Last\n\nEnd."),
    ]
    return nbformat.v4.new_notebook(cells=cells, metadata={"seconds": list(seconds)})


def test_a_chapter_is_read():
    chapter = read_chapter("one", small())
    assert (chapter.title, chapter.goal, chapter.stated) == ("One", "You will add.", 9)
    first, last = chapter.sections
    opening = 11  # One You will add You need paper Time 9 minutes First
    assert (first.title, first.words, first.code_lines) == ("First", opening + 400 + 5, 6)  # Then a link and it
    assert first.minutes == 5  # 2.1 for words, 1 for code, 1 for running
    assert (last.title, last.minutes) == ("Last", 1)
    assert [(task.number, task.grade, task.kind, task.minutes) for task in chapter.exercises] == [
        ("1.1", "core", "predict", 7)
    ]


@pytest.mark.parametrize(
    ("line", "minutes"),
    [
        ("one: First", 5),
        ("one: all sections", 6),
        ("one: exercise 1.1", 7),
        ("one: core exercises", 7),
        ("one: stretch exercises", 0),
        ("12 minutes: A break.", 12),
    ],
)
def test_a_part_has_its_minutes(line, minutes):
    assert find_part(line, {"one": read_chapter("one", small())}).minutes == minutes


@pytest.mark.parametrize("line", ["two: First", "one: Second", "one: exercise 1.2", "one: easy exercises", ""])
def test_what_is_not_there_is_named(line):
    with pytest.raises(LookupError, match=r"one|First"):
        find_part(line, {"one": read_chapter("one", small())})


def test_times_that_were_not_kept_are_not_invented():
    notebook = small()
    del notebook.metadata["seconds"]
    with pytest.raises(ValueError, match="without keeping times"):
        read_chapter("one", notebook)


def test_the_time_that_a_chapter_states_is_near_what_it_takes(chapters):
    """Stated: a first reading, with pauses. Computed: reading alone."""
    for name, chapter in chapters.items():
        computed = sum(section.minutes for section in chapter.sections)
        assert 0.75 <= chapter.stated / computed <= 1.8, f"{name}: {chapter.stated} stated, {computed} computed"


def test_plans_name_what_there_is_and_fit(chapters):
    assert len(PLANS) == 10
    for minutes, lines in PLANS:
        total = sum(find_part(line, chapters).minutes for line in lines.splitlines())
        assert 0.5 * int(minutes) <= total <= int(minutes), lines


class Tables(HTMLParser):
    """The tables of a page, as rows of texts."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.inside = [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.tables[-1][-1][-1] += data.strip("\n")


def test_in_the_built_guide_the_plans_add_up_to_the_measured_times(site):
    tables = Tables((site / "book/teaching.html").read_text(encoding="utf-8")).tables
    (minutes,) = [table[1:] for table in tables if table[0][-2:] == ["seconds run", "minutes"]]
    known = {f"{row[0]}: {row[1]}": int(row[-1]) for row in minutes}
    for title in {row[0] for row in minutes}:
        rows = [row for row in minutes if row[0] == title and row[2]]
        assert sum(int(row[-1]) for row in rows) == known[f"{title}: all sections"]
        for _, _, words, code_lines, figures, seconds, shown in rows:
            exact = int(words) / 200 + int(code_lines) / 6 + int(figures) + float(seconds) / 60
            assert -0.01 <= int(shown) - exact < 1.01
        assert sum(float(row[-2]) for row in rows) > 0, "its cells ran in no time"
    plans = [table[1:] for table in tables if table[0] == ["part", "minutes"]]
    assert len(plans) == len(PLANS)
    for (stated, _), plan in zip(PLANS, plans, strict=True):
        *parts, total, left = plan
        for part, shown in parts:
            assert known.get(part, int(shown)) == int(shown), part
        assert sum(int(shown) for _, shown in parts) == int(total[1])
        assert int(left[1]) == int(stated) - int(total[1])
        assert 0 <= int(left[1]) < int(stated)
    assert sum(part in known for plan in plans for part, _ in plan) >= 25


def test_the_guide_names_every_exercise(site, chapters):
    html = (site / "book/teaching.html").read_text(encoding="utf-8")
    for chapter in chapters.values():
        for task in chapter.exercises:
            assert re.search(rf"{task.grade}: (\d+\.\d+, )*{re.escape(task.number)}\b", html), task.number


def test_the_guide_is_linked_from_where_teachers_start():
    for path in ("README.md", "book/how-to-use.md"):
        assert "teaching.md)" in (ROOT / path).read_text(encoding="utf-8"), path


def test_the_hand_out_that_the_guide_describes_is_there(site):
    for edition in ("student", "instructor"):
        folder = site.parent / "editions" / edition
        assert (folder / "buckets.ipynb").is_file()
        assert len(list(folder.glob("*.whl"))) == 1
    assert "Teaching note 3.1" in (site.parent / "editions/instructor/buckets.ipynb").read_text(encoding="utf-8")
    assert "Solution 3.1" not in (site.parent / "editions/student/buckets.ipynb").read_text(encoding="utf-8")
