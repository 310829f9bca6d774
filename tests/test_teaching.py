"""Check the teaching guide: minutes are computed, plans fit, and all that is named is there."""

import re

import jupytext
import pytest
from visits import CHAPTERS, ROOT, text_of

from l2h_book.guide import read_chapter

GUIDE = text_of(ROOT / "book/teaching.md")
SECTIONS = re.findall(r"(?ms)^### ([^\n]+)\n(.*?)(?=^##|\Z)", GUIDE)
PLANS = {name: text for name, text in SECTIONS if "```{plan}" in text}


@pytest.fixture(scope="module")
def chapters():
    return {
        page.removeprefix("book/"): read_chapter(jupytext.read(ROOT / f"{page}.md"))
        for page in CHAPTERS
    }


def chapters_needed(name):
    """Return the pages that a chapter links to under "You need"."""
    text = text_of(ROOT / f"book/{name}.md")
    needs = re.search(r"(?s)You\s+need:(.*?)Time:", text)[1]
    return set(re.findall(r"\]\(([\w-]+)\.md\)", needs))


def test_a_plan_has_what_its_exercises_need(chapters):
    """The build has added its minutes up, and refused what is not there or does not fit."""
    home_of = {}
    for name, chapter in chapters.items():
        assert set(chapter.exercises) == set(chapter.after), name
        home_of |= {f"exercise {number}": name for number in chapter.exercises}
    assert len(PLANS) >= 4
    for plan, text in PLANS.items():
        done = set()
        for name, parts in re.findall(r"(?m)^([a-z-]+): (.+)$", text):
            needed = chapters_needed(name) & set(chapters)
            assert needed <= {chapter for chapter, _ in done}, f"{plan}: {name}"
            sections = chapters[name].sections
            for part in parts.split("; "):
                for before in chapters[name].after.get(part.removeprefix("exercise "), []):
                    assert before in home_of or before in sections, part
                    home = home_of.get(before, name)
                    assert (home, before) in done, f"{plan}: {part} comes after {before}"
                if part == "all sections":
                    done |= {(name, section) for section in sections}
                else:
                    done.add((name, part))


def test_lectures_have_room_for_half_as_much_again(chapters):
    for name in ("One lecture", "A double lecture", "Two lectures of 90 minutes"):
        lectures = PLANS[name].partition("Afterwards")[0]
        for available, rows in re.findall(r"(?ms)^```\{plan\} (\d+)\n(.*?)^```", lectures):
            minutes = sum(map(int, re.findall(r"(?m)^(\d+): ", rows)))
            for chapter, parts in re.findall(r"(?m)^([a-z-]+): (.+)$", rows):
                for part in parts.split("; "):
                    number = part.removeprefix("exercise ")
                    if number in chapters[chapter].exercises:
                        minutes += chapters[chapter].exercises[number][1]
                    else:
                        minutes += 1.5 * chapters[chapter].sections[part]
            assert minutes <= int(available), name


def test_the_hours_that_are_promised_are_those_of_the_chapters(chapters):
    reading = 0
    exercises = 0
    for chapter in chapters.values():
        reading += sum(chapter.sections.values())
        exercises += sum(minutes for _, minutes in chapter.exercises.values())
    for path in ("README.md", "book/how-to-use.md"):
        text = " ".join(text_of(ROOT / path).split())
        assert "about six hours of reading and ten and a half of exercises" in text, path
        assert "teaching.md)" in text, path
    assert 330 <= reading <= 390
    assert 600 <= exercises <= 660


def test_the_build_fills_plans_and_the_table_of_chapters(small_book):
    page = text_of(small_book / "_build/html/words.html")
    sequence = "chapter/first,chapter/exercises,chapter/more"
    assert f'href="chapter.html?present={sequence}&amp;from=words/words"' in page
    assert "15 of 20" in page
    words = " ".join(re.sub("<[^>]+>", " ", page).split())
    row = (
        r"A chapter ?: 5 min read · \d+ s run · 7 min exercises "
        r".*First \(2\); More \(3\) 1\.1 \(core, 7\)"
    )
    assert re.search(row, words)
