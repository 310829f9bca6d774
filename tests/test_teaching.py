"""The teaching guide: minutes that are computed, plans that fit, and nothing named that is not
there.
"""

import re

import jupytext
import pytest
from small_book import BOOK, book_of, build
from visits import CHAPTERS, ROOT

from l2h_book.guide import read_chapter

GUIDE = (ROOT / "book/teaching.md").read_text(encoding="utf-8")
PLANS = dict(
    re.findall(
        r"(?ms)^### (One lecture|A half-day workshop|A four-week module)\n(.*?)(?=^##)", GUIDE
    )
)


@pytest.fixture(scope="module")
def chapters():
    return {
        page.removeprefix("book/"): read_chapter(jupytext.read(ROOT / f"{page}.md"))
        for page in CHAPTERS
    }


def test_a_plan_has_what_its_exercises_need(chapters):
    """The build has added its minutes up, and refused what is not there or does not fit."""
    exercises = {number: name for name, chapter in chapters.items() for number in chapter.exercises}
    assert set(exercises) == {number for chapter in chapters.values() for number in chapter.after}
    assert len(PLANS) == 3
    for plan, text in PLANS.items():
        had: set[tuple[str, str]] = set()
        for name, named in re.findall(r"(?m)^([a-z-]+): (.+)$", text):
            needed = re.search(
                r"(?s)You\s+need:(.*?)Time:", (ROOT / f"book/{name}.md").read_text(encoding="utf-8")
            )[1]
            needed = set(re.findall(r"\]\(([\w-]+)\.md\)", needed)) & set(chapters)
            assert needed <= {chapter for chapter, _ in had}, f"{plan}: {name}"
            for part in named.split("; "):
                number = part.removeprefix("exercise ")
                for before in chapters[name].after.get(number, []) if number in exercises else []:
                    home = exercises.get(before.removeprefix("exercise "), name)
                    assert before.startswith("exercise ") or before in chapters[home].sections, (
                        number
                    )
                    assert (home, before) in had, f"{plan}: exercise {number} comes after {before}"
                had |= {
                    (name, one)
                    for one in (chapters[name].sections if part == "all sections" else [part])
                }
    assert "Count what was looked at" in PLANS["One lecture"], "the map"


def test_the_hours_that_are_promised_are_those_of_the_chapters(chapters):
    reading = sum(sum(chapter.sections.values()) for chapter in chapters.values()) / 60
    exercises = (
        sum(minutes for chapter in chapters.values() for _, minutes in chapter.exercises.values())
        / 60
    )
    for path in ("README.md", "book/how-to-use.md"):
        text = " ".join((ROOT / path).read_text(encoding="utf-8").split())
        assert "about six hours of reading and ten and a half of exercises" in text, path
        assert "teaching.md)" in text, path
    assert 5.5 <= reading <= 6.5
    assert 10 <= exercises <= 11


FAULTS = {
    "the plan takes 15 minutes of 10": ("20", "10"),
    "chapter has no 'Firsts'; it has": ("First;", "Firsts;"),
}


def test_a_plan_adds_up_and_links_to_its_sequence(small_book, tmp_path):
    page = (small_book / "_build/html/words.html").read_text(encoding="utf-8")
    assert 'href="chapter.html?present=chapter/first,chapter/exercises,chapter/more"' in page
    assert "15 of 20" in page
    words = "".join(BOOK["words.md"].replace(*change) for change in FAULTS.values())
    result = build(tmp_path, BOOK | {"words.md": words})
    assert [fault for fault in FAULTS if fault not in result.stderr] == []
    assert result.returncode != 0


def test_the_table_of_chapters_is_filled_when_the_book_is_built(small_book, tmp_path):
    page = (small_book / "_build/html/words.html").read_text(encoding="utf-8")
    words = " ".join(re.sub("<[^>]+>", " ", page).split())
    row = r"First \(2\); More \(3\) 1\.1 \(core, 7\) 5 min read · \d+ s run · 7 min exercises"
    assert re.search(row, words)
    result = build(
        tmp_path, book_of(other="") | {"words.md": "# Words\n\n```{chapters}\nother nowhere\n```\n"}
    )
    assert result.returncode != 0
    assert "other: a chapter should open with 'In this chapter'" in result.stderr
