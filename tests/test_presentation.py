"""Presentation mode: every section by keyboard alone, a plan's sequence, a teacher's notes."""

import re

import pytest
from visits import CHAPTERS, ROOT, violations

pytestmark = pytest.mark.browser
SHOWN = """() => [...document.querySelectorAll("article > section > section")]
  .filter((one) => one.checkVisibility()).length"""
PLACE = "() => [scrollY, document.documentElement.scrollHeight - innerHeight]"


@pytest.fixture
def present(visit, site):
    """Return a function that opens a page in presentation mode, in a projector's window."""

    def start(page, query="?present", folder=site / "book"):
        tab = visit(1280)
        tab.page.set_viewport_size({"width": 1280, "height": 720})
        tab.go(f"{(folder / f'{page}.html').as_uri()}{query}")
        return tab

    return start


def press(tab, *keys):
    for key in keys:
        tab.page.keyboard.press(key)


def reveal(tab):
    """Press the second key until nothing waits, and return how often."""
    times = 0
    show = tab.page.locator("#l2h-presenting button", has_text="Show (Space)")
    while show.count():
        press(tab, "Space")
        times += 1
        assert times < 40
    return times


def show_next(tab):
    """Press the second key until more is shown: it first scrolls what is longer than the screen."""
    show = tab.page.locator("#l2h-presenting button").nth(1)
    before = show.inner_text()
    for _ in range(20):
        press(tab, "Space")
        if show.inner_text() != before:
            return
    pytest.fail("the second key shows nothing")


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS[::2])
def test_every_section_can_be_presented_by_keyboard(present, chapter):
    titles = re.findall(r"(?m)^## (.+)$", (ROOT / f"{chapter}.md").read_text(encoding="utf-8"))
    tab = present(chapter.removeprefix("book/"))
    revealed = 0
    for at, title in enumerate(["", *titles]):
        heading = tab.page.locator(":focus")
        assert title in heading.inner_text()
        assert tab.page.evaluate(SHOWN) == (at > 0)
        revealed += reveal(tab)
        assert tab.page.locator(".l2h-shown details:not([open]) .guessed").count() == 0
        assert tab.page.locator("article .l2h-later").count() == 0
        tab.check_it_fits()
        tab.check_no_formula_is_cut()
        for screen in range(20):  # to its end, and then on
            top, below = tab.page.evaluate(PLACE)
            if title == titles[-1] and top >= below - 4:
                break
            press(tab, "PageDown")
            if top >= below - 4:
                break
            assert tab.page.evaluate(PLACE)[0] > top, f"{title}: stuck on screen {screen}"
        else:
            pytest.fail(f"{title} has no end")
    assert violations(tab.page) == []  # once: a test of its own asks the whole page
    assert revealed > 8
    press(tab, *["ArrowLeft"] * 2, "Escape")
    tab.page.wait_for_function("() => !location.search")
    assert "Exercises" in tab.page.locator(":target > h2").inner_text()


def test_outputs_wait_for_the_second_key(present):
    tab = present("buckets", "?present=buckets/the-table")
    output = tab.page.locator("#the-table .cell_output").first
    assert not output.is_visible()
    show_next(tab)
    assert output.is_visible()
    tab = present("buckets", "?present=buckets/exercises,buckets/test-yourself")
    solution = tab.page.locator("details:has(.tag_solution)").first
    assert solution.get_attribute("open") is None
    show_next(tab)
    assert solution.get_attribute("open") is not None
    press(tab, "ArrowRight")
    show_next(tab)
    assert tab.page.locator(".selftest-reply:visible").first.inner_text().startswith("Right.")


def test_a_figure_to_play_with_is_alive_and_keeps_its_keys(present):
    tab = present("lsh", "?present=lsh/what-the-code-promises,lsh/remember")
    figure = tab.page.locator(".hash-figure").first
    reveal(tab)
    address = tab.page.url
    slider = figure.locator("input[type=range]").first
    before = slider.input_value()
    slider.focus()
    press(tab, "ArrowRight")
    assert slider.input_value() != before
    assert tab.page.url.partition("#")[0] == address.partition("#")[0], (
        "the arrow has left the section"
    )
    heading = tab.page.locator(":focus")
    for _ in range(12):
        press(tab, "PageDown")
        if heading.inner_text().endswith("Remember"):
            break
    assert heading.inner_text().endswith("Remember")


def test_one_key_shows_all_that_waits_and_then_goes_on(present):
    tab = present("buckets", "?present=buckets/the-table,buckets/remember")
    waiting = tab.page.locator("#the-table .l2h-later")
    heading = tab.page.locator(":focus")
    assert waiting.count()
    for _ in range(40):
        before = waiting.count()
        press(tab, "PageDown")
        if heading.inner_text().endswith("Remember"):
            break
    assert heading.inner_text().endswith("Remember")
    assert before == 0, "it went on with something not shown"


def test_a_sequence_goes_from_page_to_page_and_back_by_one_link(present):
    plan = "?present=lsh/the-code-of-one-image,buckets/the-table,buckets"
    tab = present("lsh", f"{plan}&from=teaching/one-lecture")
    press(tab, "ArrowRight")
    tab.page.wait_for_url(re.compile("/buckets.html.*at=1$"))
    assert tab.page.locator(":focus").inner_text().endswith("The table")
    press(tab, "ArrowRight", "ArrowRight")
    assert tab.page.locator(":focus").inner_text().endswith("Buckets")
    press(tab, "ArrowLeft", "ArrowLeft")
    tab.page.wait_for_url(re.compile("/lsh.html.*at=0$"))
    assert tab.page.locator(":focus").inner_text().endswith("The code of one image")
    press(tab, "Escape")
    tab.page.wait_for_url(re.compile("/teaching.html#one-lecture$"))


def test_only_teachers_pages_have_notes(present, site):
    folder = site.parent / "editions/teachers/book"
    assert "l2h-notes" not in (site / "book/buckets.html").read_text(encoding="utf-8")
    tab = present("buckets", "?present=buckets/the-table,buckets/exercises,lsh", folder)
    tab.page.evaluate("() => document.fonts.ready")
    press(tab, "ArrowRight")
    notes = tab.page.locator("#l2h-presenting button", has_text="Notes")
    assert tab.page.locator(".l2h-notes:visible").count() == 0, "a class reads the projector"
    with tab.page.expect_popup() as opened:
        notes.focus()
        press(tab, "Enter")
    assert "Teaching note 3.1 (10 minutes)" in opened.value.locator("body").inner_text()
    press(tab, "ArrowRight")
    tab.page.wait_for_url(re.compile("/editions/teachers/book/lsh.html.*at=2$"))
    tab.check_nothing_went_wrong()
