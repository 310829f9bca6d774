"""The frame of the pages: edges of blocks, key figures, the list of chapters, the contents."""

import re

import pytest
from visits import CHAPTERS, PAGES, TOC, box_of, text_of


@pytest.mark.parametrize("width", [768, 1440])
def test_text_code_and_figures_end_at_one_edge(read, width):
    tab = read("book/lsh", width)
    kinds = [
        ".bd-article section > :is(p, fieldset), .cell_input",
        ".bd-article section > .l2h-figure, .key-figure",
    ]
    drawings = tab.locator("figure:not(.key-figure) > a.drawing img").filter(visible=True)
    room = "(all) => all.map((one) => one.closest('figure').clientWidth - one.clientWidth)"
    assert set(drawings.evaluate_all(room)) == {0}
    edges = []
    for kind in kinds:
        ends = (
            tab.locator(kind)
            .filter(visible=True)
            .evaluate_all(
                "(all) => all.map((one) => Math.round(one.getBoundingClientRect().right))"
            )
        )
        assert max(ends) - min(ends) <= 1
        assert max(ends) > 0.9 * min(width, 1100)
        edges.append(ends[0])
    assert (edges[1] - edges[0] > 100) == (width == 1440), "there is room for figures"


def test_skip_links_stand_apart_in_a_small_box(read):
    tab = read("book/lsh")
    links = tab.locator("#pst-skip-link")
    assert links.evaluate("(one) => one.getBoundingClientRect().bottom") < 0
    tab.keyboard.press("Tab")
    assert box_of(links).y > 0
    assert box_of(links).width < 500
    first, second = map(box_of, links.locator("a").all())
    assert second.x - first.right > 10


def test_a_bar_says_your_turn_or_an_aside(site, visit):
    tab = visit(1280)
    for name in ("lsh", "comparison"):
        tab.read(f"book/{name}")
        tab.locator("#selftest-1-a").check()
        barred = tab.locator("article :not(svg *)").evaluate_all(
            """(all) => all.filter((one) => one.checkVisibility()).filter((one) => {
              const { borderLeftWidth, borderRightWidth } = getComputedStyle(one);
              return parseFloat(borderLeftWidth) > parseFloat(borderRightWidth) + 1;
            }).map((one) => one.matches("div.admonition, .guess, p:has(+ .guess)")
              || one.className || one.tagName)"""
        )
        assert set(barred) == {True}


def test_an_answer_ends_where_the_text_does(visit, site):
    """Under a figure too, which may be wider, and the contents of the page stand beside that."""
    tab = visit(1440)
    named = {"index": {2}, "lsh": {0, 1}}  # full; text and wide
    for name in ("index", "lsh", "buckets", "explorer"):
        tab.read(f"book/{name}")
        if name in named:
            assert tab.check_where_blocks_end() == named[name]
        for fold in tab.locator(".l2h-figure + details").all():
            figure = box_of(fold.locator("xpath=preceding-sibling::*[1]"))
            text = box_of(fold.locator("xpath=following-sibling::p").first)
            assert box_of(fold).x == pytest.approx(figure.x, abs=1)
            assert box_of(fold).right == pytest.approx(text.right, abs=1)
        contents = tab.locator(".bd-sidebar-secondary")
        button = tab.get_by_title("Contents of this page", exact=True)
        assert button.count() == contents.count(), "it opens nothing"
        if contents.count():
            card = box_of(tab.locator(".l2h-figure").first)
            assert 0 < box_of(contents).x - card.right < 40


def test_each_chapter_has_one_key_figure(site):
    for name in PAGES:
        page = text_of(site / f"{name}.html")
        figures = re.findall(r'<figure class="[^"]*\bkey-figure\b[^"]*" id="fig-', page)
        assert len(figures) == (name in CHAPTERS), name


def test_the_list_counts_chapters_and_each_has_a_drawing(read):
    tab = read(TOC["root"])
    counted = tab.locator("#the-chapters a").evaluate_all(
        """(all) => all
          .filter((one) => getComputedStyle(one, "::before").counterIncrement !== "none")
          .map((one) => one.getAttribute("href"))"""
    )
    assert counted == [f"{name.removeprefix('book/')}.html" for name in CHAPTERS]
    drawings = tab.locator("#the-chapters li svg.icon[aria-hidden=true]")
    shapes = drawings.evaluate_all("(all) => all.map((one) => one.innerHTML)")
    assert len(shapes) == len(set(shapes)) == len(CHAPTERS)


def test_the_contents_say_where_one_can_play(site, visit):
    tab = visit(1280)
    to_play = {name for name in PAGES if 'id="l2h-' in text_of(site / f"{name}.html")} - {
        TOC["root"]
    }
    assert {"book/explorer", "book/lsh"} <= to_play
    for here in ("book/lsh", "book/did-it-learn"):
        tab.read(here)
        links = tab.locator("#pst-primary-sidebar .bd-links a")
        marked = links.evaluate_all(
            "(all) => all.filter((one) => one.querySelector('.to-play')).map((one) => one.href)"
        )
        ends = {re.search(r"book/[\w-]+(?=\.html)", end)[0] for end in marked}
        assert ends == to_play
    tab.get_by_role("link", name="2. Locality-sensitive hashing (to play with)").wait_for()


@pytest.mark.parametrize("name", ["index", "lsh", "designing", "comparison"])
def test_paper_has_all_words_and_nothing_to_press(read, name):
    tab = read(f"book/{name}", 760)
    tab.emulate_media(media="print")
    pressed = tab.locator("article :is(.actions, .guess, button, .sd-summary-state-marker)")
    others = "(all) => all.filter((one) => !one.closest('.tile') && !one.matches('.tile')).length"
    assert pressed.filter(visible=True).evaluate_all(others) == 0
    unread = tab.locator("details.sd-dropdown p:not([hidden])").evaluate_all(
        "(all) => all.filter((one) => one.textContent.trim() && !one.checkVisibility()).length"
    )
    assert unread == 0
    assert tab.locator("details.sd-dropdown").count() > 0 or name == "index"
