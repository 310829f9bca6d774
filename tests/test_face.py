"""Letters, figures and tables as a browser lays them out, wide and narrow, light and dark."""

import io

import pytest
from PIL import Image
from visits import CHAPTERS

DRAWINGS = """() => [...document.querySelectorAll("a.drawing img")].map((image) => ({
  shown: image.clientWidth, height: image.clientHeight,
  column: image.closest("article").clientWidth,
  ratio: image.previousElementSibling.height / image.previousElementSibling.width,
  file: image.src, drawn: image.currentSrc, link: image.closest("a").href}))"""
CELLS = """() => [...document.querySelectorAll("table.dataframe")].map((table) =>
  [...table.querySelectorAll("thead tr:last-child > *, tbody td")].map((cell) => {
    const style = getComputedStyle(cell);
    const content = document.createRange();
    content.selectNodeContents(cell);
    const edge = cell.getBoundingClientRect().right - parseFloat(style.paddingRight);
    const off = edge - content.getBoundingClientRect().right;
    const parts = [...cell.querySelectorAll("small, .whole")];
    return {
      left: cell.cellIndex === 0 || cell.className === "words",
      figures: style.fontVariantNumeric,
      broken: parts.some((part) =>
        new Set([...part.getClientRects()].map(({y}) => Math.round(y))).size > 1),
      text: cell.textContent,
      off: cell.textContent.trim() ? off : 0};
  }))"""


@pytest.mark.parametrize("name", CHAPTERS)
def test_drawings_fit_and_tables_stand_in_columns(site, visit, name):
    tab = visit(390)
    tab.go((site / f"{name}.html").as_uri())
    assert tab.locator(".highlight pre.more").count() == 0, "code wider than a phone"
    drawings = tab.evaluate(DRAWINGS)
    assert drawings, "a chapter without a figure"
    for one in drawings:
        assert 0.9 * one["column"] < one["shown"] <= one["column"]
        assert abs(one["height"] - one["ratio"] * one["shown"]) < 4, (
            "the page jumps when it is loaded"
        )
        assert one["link"] == one["file"]
        assert one["drawn"] == one["file"].replace(".svg", "-phone.svg")
    assert tab.locator("table.dataframe.more:visible").count() == 0, "its last digits fade"
    sizes = tab.locator("table.dataframe :is(th, td, small)").evaluate_all(
        "(all) => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes, default=12) >= 11.5
    table = ".cell_output:has(table.dataframe)"
    captioned = tab.locator(f".table-caption:not(:empty) + {table}").count()
    shown = tab.locator(f":is(.tag_hide-input, .tag_remove-input) > {table}").count()
    assert captioned == shown, "a cell whose table has no caption begins with no comment"
    tables = tab.evaluate(CELLS)
    assert tables or name in ("book/lsh", "book/grh-adjacency")
    for table in tables:
        for cell in table:
            assert cell["figures"] == "tabular-nums", cell["text"]
            assert not cell["broken"], cell["text"]
            if not cell["left"]:
                assert abs(cell["off"]) < 1.5, f"not at the right: {cell['text']}"
    tab.check_nothing_went_wrong()


def test_a_drawing_opens_alone_and_follows_the_theme(site, visit):
    tab = visit(390)
    tab.go((site / "book/lsh.html").as_uri())
    tab.locator("a.drawing").first.click()
    assert tab.locator("dialog.alone img").bounding_box()["width"] >= 700
    tab.keyboard.press("Escape")
    assert tab.locator("dialog.alone").count() == 0
    papers = []
    for scheme in ("light", "dark", "light"):
        tab.evaluate(f"() => {{ document.documentElement.dataset.theme = '{scheme}'; }}")
        tab.wait_for_timeout(100)
        picture = Image.open(io.BytesIO(tab.locator("a.drawing img").first.screenshot()))
        papers.append(picture.convert("RGB").getpixel((8, 8)))  # its corners are round
    assert papers[0] == papers[2] == (255, 255, 255)
    assert max(papers[1]) < 30
    tab.check_nothing_went_wrong()


def test_a_line_has_about_68_letters_in_the_books_own_face(site, visit):
    tab = visit(1280)
    tab.go((site / "book/lsh.html").as_uri())
    assert tab.evaluate(
        "() => document.fonts.check('600 18px Text') && document.fonts.check('18px Heading')"
    )
    width = tab.evaluate("() => document.querySelector('article section section > p').clientWidth")
    letter = tab.evaluate(
        """() => {
          const words = document.createElement("span");
          const place = document.querySelector("article section section > p");
          words.textContent = "the quick brown fox jumps over the lazy dog " +
            "and comes back to its bed";
          words.style.whiteSpace = "nowrap";
          place.append(words);
          return words.getBoundingClientRect().width / words.textContent.length;
        }"""
    )
    assert 62 <= width / letter <= 76
