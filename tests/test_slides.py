"""Slides: what is on them comes from the chapter, each fits its page, and nothing is asked of another host."""

import re

import nbformat
import pytest
from visits import SCHEMES, TOC, violations

from l2h_tutorial.book.formulas import mathml
from l2h_tutorial.book.slides import make_slides, what_to_say

CHAPTERS = [entry["file"] for part in TOC["parts"] if part["caption"] == "Chapters" for entry in part["chapters"]]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

STICKS_OUT = """() => [...document.querySelectorAll(".slide")].map((slide, index) => ({
  slide: index + 1,
  down: slide.scrollHeight - slide.clientHeight,
  right: slide.scrollWidth - slide.clientWidth,
})).filter(({down, right}) => down > 0 || right > 0)"""
SMALL_FIGURES = """() => [...document.querySelectorAll(".slide img")]
  .map((image) => image.getBoundingClientRect().height).filter((height) => height < 150)"""


def code(source, *outputs, folded=False):
    metadata = {"jupyter": {"source_hidden": True}} if folded else {}
    return nbformat.v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def result(**data):
    bundle = {kind.replace("_", "/"): text for kind, text in data.items()}
    return nbformat.v4.new_output("execute_result", bundle, metadata={"image/png": {"alt": "A small dot."}})


def slides(*cells):
    title = nbformat.v4.new_markdown_cell(
        "# 1. Sums\n\n> **To run this notebook** install.\n\n> **In this chapter**\n>\n> You will add."
    )
    made = [nbformat.v4.new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    html = make_slides(nbformat.v4.new_notebook(cells=[title, *made]), "../book/sums.html")
    return html, html.split('<section class="slide')[1:]


def test_a_section_becomes_slides_with_its_title():
    html, (first, second, third) = slides(
        "## 1.1. Two *numbers*\n\nAdd them. This is left out. A **sum** is what comes out. So:",
        code("1 + 1", result(text_plain="2")),
        "## Remember\n\n- It is $a + b$.\n- Always.",
        "## Exercises\n\nNot on slides.",
        "## Works cited\n\n- Nor this.",
    )
    assert "<h1>1. Sums</h1>" in first
    assert "You will add." in first
    assert 'href="../book/sums.html"' in first
    assert "<h2>1.1. Two <em>numbers</em></h2>" in second
    assert "<p>Add them. A <strong>sum</strong> is what comes out. So:</p>" in second
    assert '<pre class="output">2</pre>' in second
    assert f'<span class="math inline">{mathml("a + b")}</span>.' in third
    for absent in ("left out", "Not on slides", "Nor this", "To run this notebook"):
        assert absent not in html


def test_a_figure_has_its_description_and_its_caption():
    _, (_, second) = slides(
        "## One",
        code("draw()", result(image_png=PIXEL, text_plain="<Figure>"), folded=True),
        "**Figure 1.1.** A *dot*.",
    )
    assert f'<img alt="A small dot." src="data:image/png;base64,{PIXEL}">' in second
    assert "<figcaption><strong>Figure 1.1.</strong> A <em>dot</em>.</figcaption>" in second
    assert second.count("Figure 1.1") == 1
    assert "draw()" not in second


def test_what_is_long_is_continued_or_left_to_the_chapter():
    long = "\n".join(f"x{i} = {i}" for i in range(20))
    html, made = slides("## One", *[f"Sentence {i}." for i in range(30)], code(long))
    assert len(made) > 3
    assert html.count("<h2>One</h2>") == len(made) - 1
    assert "x19" not in html
    assert re.findall(r"Sentence (\d+)", html) == [str(i) for i in range(30)]


def test_a_sentence_moves_on_with_what_it_leads_to():
    fill = [f"Sentence {i}." for i in range(7)]
    _, made = slides("## One", *fill, "Look:", code("\n".join(["a = 1"] * 8)))
    assert "Look:" in made[-1]
    assert "Look:" not in made[-2]


def test_html_of_a_chapter_is_text():
    html, _ = slides("## One", "A \\<script>alert(1)\\</script> tag.", code("'<b>'", result(text_plain="'<b>'")))
    assert "<script>alert" not in html
    assert "'&lt;b&gt;'" in html


def test_the_same_notebook_makes_the_same_slides():
    assert slides("## One\n\nText.")[0] == slides("## One\n\nText.")[0]


@pytest.mark.parametrize(
    ("paragraph", "kept"),
    [
        ("One. Two. Three.", "One."),
        ("See `a. B`. Two.", "See `a. B`."),
        ("As Moran et al. say (2015). Two.", "As Moran et al. say (2015)."),
        ("**Regularise.** The bits move. More.", "**Regularise.** The bits move."),
        ("It is 0.5. It is\nhalf, so", "It is 0.5. It is half, so"),
    ],
)
def test_of_a_paragraph_a_slide_has_the_first_sentence_the_terms_and_what_leads_on(paragraph, kept):
    assert what_to_say(paragraph) == kept


def test_every_chapter_has_slides_and_nothing_else_has(site):
    built = sorted(path.stem for path in (site / "slides").glob("*.html"))
    assert built == sorted(name.rpartition("/")[2] for name in CHAPTERS)


@pytest.mark.parametrize("name", CHAPTERS)
def test_slides_hold_every_figure_and_no_solution(site, name):
    stem = name.rpartition("/")[2]
    html = (site / f"slides/{stem}.html").read_text(encoding="utf-8")
    notebook = nbformat.read(site / f"notebooks/{stem}.ipynb", as_version=4)
    figures = [o for cell in notebook.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
    assert html.count("<img ") == len(figures)
    assert "exercises.check" not in html
    assert "Solution" not in html


@pytest.mark.browser
@pytest.mark.parametrize("name", CHAPTERS)
def test_every_slide_fits_its_page(site, visit, name):
    for scheme in SCHEMES:
        tab = visit(1280, scheme)
        tab.page.set_viewport_size({"width": 1280, "height": 720})
        tab.go((site / f"slides/{name.rpartition('/')[2]}.html").as_uri())
        assert tab.page.evaluate(STICKS_OUT) == []
        assert tab.page.evaluate(SMALL_FIGURES) == []
        assert not any("$" in text for text in tab.page.locator("main p, main li").all_inner_texts())
        assert violations(tab.page) == []
        tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_the_keyboard_turns_the_pages_and_a_telephone_shows_one_long_page(site, visit):
    tab = visit(1280)
    tab.page.set_viewport_size({"width": 1280, "height": 720})
    tab.go((site / "slides/lsh.html").as_uri())
    where = "() => Math.round(window.scrollY / 720)"
    for key, slide in [("ArrowRight", 1), (" ", 2), ("ArrowLeft", 1), ("Home", 0)]:
        tab.page.keyboard.press(key)
        tab.page.wait_for_function(f"({where})() === {slide}")
    tab.page.set_viewport_size({"width": 390, "height": 800})
    tab.check_it_fits()


@pytest.mark.browser
def test_a_slide_that_does_not_fit_is_found(tmp_path, visit):
    html, _ = slides("## One\n\nText.")
    (tmp_path / "bad.html").write_text(html.replace("<p>Text.</p>", f"<p>{'Far too much to say. ' * 200}</p>"))
    tab = visit(1280)
    tab.page.set_viewport_size({"width": 1280, "height": 720})
    tab.go((tmp_path / "bad.html").as_uri())
    assert [found["slide"] for found in tab.page.evaluate(STICKS_OUT)] == [2]
