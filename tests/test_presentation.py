"""Presentation mode: every section by keyboard alone, a plan's sequence, a teacher's notes."""

import re

import pytest
from visits import CHAPTERS, ROOT, text_of, violations

SHOWN = """() => [...document.querySelectorAll("article > section > section")]
  .filter((one) => one.checkVisibility()).length"""
PLACE = "() => [scrollY, document.documentElement.scrollHeight - innerHeight]"


@pytest.fixture
def present(visit, site):
    """Return a function that opens a page in presentation mode, in a projector's window."""

    def start(page, query="?present", folder=site / "book"):
        tab = visit(1280)
        tab.set_viewport_size({"width": 1280, "height": 720})
        tab.go(f"{(folder / f'{page}.html').as_uri()}{query}")
        return tab

    return start


def press(tab, *keys):
    for key in keys:
        tab.keyboard.press(key)


def reveal(tab):
    """Press the second key until nothing waits, and return how often."""
    times = 0
    show = tab.locator("#l2h-presenting button", has_text="Show (Space)")
    while show.count():
        press(tab, "Space")
        times += 1
        assert times < 40
    return times


def show_next(tab):
    """Press the second key until more is shown: it first scrolls what is longer than the screen."""
    show = tab.locator("#l2h-presenting button").nth(1)
    before = show.inner_text()
    for _ in range(20):
        press(tab, "Space")
        if show.inner_text() != before:
            return
    pytest.fail("the second key shows nothing")


def page_down(tab, title):
    """Press the first key until a section comes, and return how much waited at the last press."""
    for _ in range(40):
        waiting = tab.locator("article .l2h-later").count()
        press(tab, "PageDown")
        if tab.locator(":focus").inner_text().endswith(title):
            return waiting
    pytest.fail(f"{title} does not come")


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS[::2])
def test_every_section_can_be_presented_by_keyboard(present, chapter):
    titles = re.findall(r"(?m)^## (.+)$", text_of(ROOT / f"{chapter}.md"))
    tab = present(chapter.removeprefix("book/"))
    revealed = 0
    for at, title in enumerate(["", *titles]):
        heading = tab.locator(":focus")
        assert title in heading.inner_text()
        assert tab.evaluate(SHOWN) == (at > 0)
        revealed += reveal(tab)
        assert tab.locator("article .l2h-later").count() == 0
        tab.check_it_fits()
        tab.check_no_formula_is_cut()
        for screen in range(20):  # to its end, and then on
            top, below = tab.evaluate(PLACE)
            if title == titles[-1] and top >= below - 4:
                break
            press(tab, "PageDown")
            if top >= below - 4:
                break
            assert tab.evaluate(PLACE)[0] > top, f"{title}: stuck on screen {screen}"
        else:
            pytest.fail(f"{title} has no end")
    assert violations(tab) == []  # once: a test of its own asks the whole page
    assert revealed > 8
    press(tab, *["ArrowLeft"] * 2, "Escape")
    tab.wait_for_function("() => !location.search")
    assert "Exercises" in tab.locator(":target > h2").inner_text()


def test_outputs_wait_for_the_second_key(present):
    tab = present("buckets", "?present=buckets/the-table")
    output = tab.locator("#the-table .cell_output").first
    assert not output.is_visible()
    show_next(tab)
    assert output.is_visible()
    tab = present("buckets", "?present=buckets/exercises,buckets/test-yourself")
    solution = tab.locator("details:has(.tag_solution)").first
    assert solution.get_attribute("open") is None
    show_next(tab)
    assert solution.get_attribute("open") is not None
    press(tab, "ArrowRight")
    show_next(tab)
    assert tab.locator(".selftest-reply:visible").first.inner_text().startswith("Right.")


def test_a_figure_to_play_with_is_alive_and_keeps_its_keys(present):
    tab = present("lsh", "?present=lsh/what-the-code-promises,lsh/remember")
    figure = tab.locator(".hash-figure").first
    reveal(tab)
    address = tab.url
    slider = figure.locator("input[type=range]").first
    before = slider.input_value()
    slider.focus()
    press(tab, "ArrowRight")
    assert slider.input_value() != before
    assert tab.url.partition("#")[0] == address.partition("#")[0], "the arrow has left the section"
    page_down(tab, "Remember")


def test_one_key_shows_all_that_waits_and_then_goes_on(present):
    tab = present("buckets", "?present=buckets/the-table,buckets/remember")
    assert tab.locator("#the-table .l2h-later").count()
    assert page_down(tab, "Remember") == 0, "it went on with something not shown"


def test_a_sequence_goes_from_page_to_page_and_back_by_one_link(present):
    plan = "?present=lsh/the-code-of-one-image,buckets/the-table,buckets"
    tab = present("lsh", f"{plan}&from=teaching/one-lecture")
    press(tab, "ArrowRight")
    tab.wait_for_url(re.compile("/buckets.html.*at=1$"))
    assert tab.locator(":focus").inner_text().endswith("The table")
    press(tab, "ArrowRight", "ArrowRight")
    assert tab.locator(":focus").inner_text().endswith("Buckets")
    press(tab, "ArrowLeft", "ArrowLeft")
    tab.wait_for_url(re.compile("/lsh.html.*at=0$"))
    assert tab.locator(":focus").inner_text().endswith("The code of one image")
    press(tab, "Escape")
    tab.wait_for_url(re.compile("/teaching.html#one-lecture$"))


def test_only_teachers_pages_have_notes(present, site):
    folder = site.parent / "editions/teachers/book"
    assert "l2h-notes" not in text_of(site / "book/buckets.html")
    tab = present("buckets", "?present=buckets/the-table,buckets/exercises,lsh", folder)
    tab.evaluate("() => document.fonts.ready")
    press(tab, "ArrowRight")
    notes = tab.locator("#l2h-presenting button", has_text="Notes")
    assert tab.locator(".l2h-notes:visible").count() == 0, "a class reads the projector"
    with tab.expect_popup() as opened:
        notes.focus()
        press(tab, "Enter")
    assert "Teaching note 3.1 (10 minutes)" in opened.value.locator("body").inner_text()
    press(tab, "ArrowRight")
    tab.wait_for_url(re.compile("/editions/teachers/book/lsh.html.*at=2$"))
    tab.check_nothing_went_wrong()
