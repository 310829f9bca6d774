"""The teaching guide: minutes that are computed, plans that fit, and nothing named that is not there."""

import re

import jupytext
import nbformat
import pytest
from small_book import book_of, build
from visits import CHAPTERS, ROOT

from l2h_book.guide import read_chapter

GUIDE = (ROOT / "book/teaching.md").read_text(encoding="utf-8")
PLANS = re.findall(r"(?m)^\| chapter \| sections and exercises \| minutes \|\n.*\n((?:\| .*\|\n)+)", GUIDE)


@pytest.fixture(scope="module")
def chapters():
    return {page.removeprefix("book/"): read_chapter(jupytext.read(ROOT / f"{page}.md")) for page in CHAPTERS}


def test_a_chapter_is_read():
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    opening = "```{admonition} In this chapter\n:class: note\nYou will add. You need: paper. Time: 9 minutes.\n```"
    cells = [
        markdown(f"# One\n\n{opening}\n\n## First\n\n{'word ' * 387}"),  # 400 with those of the opening, and the link
        code("a = 1\n" * 6),
        markdown("[link](somewhere/else.md) {glue:text}`it`\n\n## Last\n\nEnd.\n\n## Exercises\n\n"),
        markdown("```{admonition} Exercise 1.1 (core, predict)\n:class: exercise\nGuess.\n```"),
        code("b", metadata={"tags": ["hide-input"], "mystnb": {"figure": {"name": "fig-b"}}}),
        markdown("```{admonition} Teaching note 1.1 (7 minutes)\n:class: instructor\nWait.\n```\n"),
    ]
    chapter = read_chapter(nbformat.v4.new_notebook(cells=cells, metadata={"seconds": 2.5}))
    assert chapter == ("You will add.", {"First": 3, "Last": 1}, {"1.1": ("core", 7)}, 2.5)
    cells[1].source += "a = 1"
    assert read_chapter(nbformat.v4.new_notebook(cells=cells)).sections["First"] == 4, "in whole minutes, rounded up"


def test_the_time_that_a_chapter_states_is_near_what_it_takes(chapters):
    """Stated: a first reading, with pauses. Computed: reading alone."""
    for name, chapter in chapters.items():
        computed = sum(chapter.sections.values())
        stated = int(re.search(r"Time: (\d+) minutes", (ROOT / f"book/{name}.md").read_text(encoding="utf-8"))[1])
        assert 0.75 <= stated / computed <= 1.8, f"{name}: {stated} stated, {computed} computed"


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_names_what_there_is_says_its_minutes_and_fits(plan, chapters):
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in plan.splitlines()]
    *parts, (_, _, total) = rows
    in_all, available = map(int, total.split(" of "))
    assert sum(int(minutes) for *_, minutes in parts) == in_all
    assert 0.5 * available <= in_all <= available
    for link, named, stated in parts:
        if not link:
            continue
        chapter = chapters[re.fullmatch(r"\[\]\((.+)\.md\)", link)[1]]
        known = {f"exercise {number}": minutes for number, (_, minutes) in chapter.exercises.items()}
        known |= chapter.sections | {"all sections": sum(chapter.sections.values())}
        minutes = sum(known[name] for name in named.split("; "))
        assert abs(minutes - int(stated)) <= max(2, 0.15 * minutes), f"{named}: {minutes} minutes"


def test_the_guide_has_its_plans():
    assert len(PLANS) == 10
    for path in ("README.md", "book/how-to-use.md"):
        assert "teaching.md)" in (ROOT / path).read_text(encoding="utf-8"), path


def test_the_table_of_chapters_is_filled_when_the_book_is_built(small_book, tmp_path):
    page = (small_book / "_build/html/words.html").read_text(encoding="utf-8")
    words = " ".join(re.sub("<[^>]+>", " ", page).split())
    assert re.search(
        r"A chapter You will add .* First \(2\); More \(3\) 5, and \d+ seconds of running core: 1\.1 \(7\)", words
    )
    result = build(tmp_path, book_of(other="") | {"words.md": "# Words\n\n```{chapters}\nother nowhere\n```\n"})
    assert result.returncode != 0
    assert "other: a chapter should open with 'In this chapter'" in result.stderr


def test_the_built_guide_names_every_exercise(site, chapters):
    html = (site / "book/teaching.html").read_text(encoding="utf-8")
    for chapter in chapters.values():
        for number, (grade, minutes) in chapter.exercises.items():
            assert re.search(rf"{grade}: (\d+\.\d+ \(\d+\), )*{re.escape(number)} \({minutes}\)", html), number
