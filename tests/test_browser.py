"""The built site in a real browser without any other host, and under axe-core; its links."""

import re
from html import unescape
from urllib.parse import unquote, urlsplit

import pytest
from visits import (
    CHAPTERS,
    PAGES,
    QUICK,
    REFERENCE,
    ROOT,
    SCHEMES,
    TOC,
    WIDTHS,
    sampled,
    text_of,
    violations,
)

LETTERS = ("text", "text-bold", "text-italic", "sans", "heading")
BESIDE = {"book/explorer": ("H1.", "P.: To search")}  # blocks that share a line
MOST_BYTES = {"book/explorer": 700e3}  # which has codes

# What names a fold, what else would name it, and the number of its cell's figure
FOLDS = """(all) => all.map((fold) => {
  const number = fold.closest("div.cell").querySelector(".caption-number");
  return [fold.innerText.trim(), fold.getAttribute("aria-label"),
    number?.innerText.trim().toLowerCase() ?? ""];
})"""

# In the browser


@pytest.mark.parametrize("name", sampled(PAGES))
def test_page_from_a_file(read, name):
    """A page is opened as a file, in a window that is made narrower and narrower.

    axe-core checks it against WCAG 2.2 AA when narrow, and a few pages when wide too: there only
    the frame differs, which all pages share. It checks contrast at both widths: every other page is
    light when wide and dark when narrow, the pages between the other way round.
    """
    tab = read(name)
    odd = PAGES.index(name) % 2
    schemes = (SCHEMES[odd], SCHEMES[1 - odd], "light")
    for width, scheme in zip((*WIDTHS, 320), schemes, strict=True):
        tab.set_viewport_size({"width": width, "height": 900})
        tab.show_in(scheme)
        tab.check_it_is_rendered()
        tab.check_no_formula_is_cut()
        tab.check_nothing_went_wrong()
        if width in WIDTHS:
            assert violations(tab, only_contrast=width > 390 and name not in QUICK) == []
        if width == 390:
            assert tab.locator("div.math[tabindex]").all_inner_texts() == [], "it is too wide"
        if width == WIDTHS[0]:  # later the page has also asked for the drawings for phones
            assert tab.weight() < MOST_BYTES.get(name, 600e3)
            if name != "search":  # it is one list
                for full in (width, 1600):
                    tab.set_viewport_size({"width": full, "height": 900})
                    tab.check_where_blocks_end(BESIDE.get(name, ()))
    if name in CHAPTERS:
        check_folded_cells_say_what_is_in_them(tab)
        check_every_prediction_takes_a_guess(tab, text_of(ROOT / f"{name}.md"))


def check_folded_cells_say_what_is_in_them(tab):
    """Check that a fold's name is what is seen; a figure's code is named by the figure."""
    folds = tab.locator("div.cell details.hide > summary").evaluate_all(FOLDS)
    assert folds
    for seen, label, figure in folds:
        assert label is None
        assert re.match(r"(Code|What it says|Table|Check|The package)\b", seen)
        assert seen.endswith(figure)


def check_every_prediction_takes_a_guess(tab, source):
    answers = len(re.findall(r"(?m)^`{3,}\{dropdown\} Answer$", source))
    assert tab.locator(".guess").count() == source.count("*Predict.*")
    assert tab.locator("details .guessed").count() == answers


# Adds up how far a page's parts are pushed about while it comes, as browsers measure it
SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifts += shift.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("name", sampled([*PAGES, REFERENCE[0]]))
def test_a_page_stays_where_it_is_while_it_comes(site, address, visit, name):
    """On one of three visits: on a busy machine the letters can come late.

    A page with something to play with is opened on a desk too, since scripts fill it. Pages of the
    reference come alike, so one of them is enough.
    """
    for width in WIDTHS if 'id="l2h-' in text_of(site / f"{name}.html") else WIDTHS[1:]:
        pushed = []
        while not pushed or (min(pushed) >= 0.1 and len(pushed) < 3):
            tab = visit(width)
            tab.add_init_script(SHIFTS)
            tab.go(f"{address}/{name}.html")
            tab.wait_for_timeout(300)
            pushed.append(tab.evaluate("shifts"))
        assert min(pushed) < 0.1


def test_on_a_phone_the_contents_close_once_a_section_is_picked(read):
    tab = read("book/lsh", 390, has_touch=True)
    drawer = tab.locator("#pst-secondary-sidebar-modal")
    for i in (2, 3):
        tab.get_by_title("Contents of this page").last.tap()
        drawer.locator("a[href^='#']").nth(i).tap()
        drawer.wait_for(state="hidden")
        assert tab.locator(":target").bounding_box()["y"] < 450
    tab.check_nothing_went_wrong()


def test_the_contents_mark_the_section_that_is_read(read):
    tab = read("book/did-it-learn")
    marked = tab.locator("#pst-page-toc-nav a[aria-current]")
    sections = tab.locator("article > section > section")
    for place in (4, 1, -1, 5, 0):  # far jumps, down and up
        sections.nth(place).evaluate(
            "(one) => scrollBy(0, one.getBoundingClientRect().bottom - 300)"
        )
        heading = sections.nth(place).locator("h2, h3").last.inner_text().removesuffix("#").strip()
        marked.filter(has_text=heading).wait_for()
        assert marked.count() == 1


def test_an_empty_search_says_what_to_do(address, visit):
    tab = visit(1280)
    for query in ("", "?q="):
        tab.go(f"{address}/search.html{query}")
        assert "Type a word" in tab.locator("#search-results").inner_text()
    for width in (1280, 390):
        tab = visit(width)
        tab.go(f"{address}/book/lsh.html")
        tab.get_by_role("link", name="Search").first.click()
        tab.get_by_role("dialog").get_by_role("button", name="Search").click()
        tab.wait_for_url("**/search.html?q=")


def test_nothing_lies_on_the_text_of_a_phone(read):
    tab = read("book/lsh", 390)
    tab.mouse.wheel(0, 3000)
    tab.wait_for_timeout(300)
    tab.mouse.wheel(0, -600)
    tab.wait_for_timeout(300)
    covering = tab.evaluate(
        """() => [...document.body.querySelectorAll("*")].filter((one) => {
          const { position, visibility, opacity } = getComputedStyle(one);
          const box = one.getBoundingClientRect();
          return position === "fixed" && visibility === "visible" && Number(opacity) > 0
            && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
        }).map((one) => one.id || one.className)"""
    )
    assert covering == []


def test_a_chapter_is_printed_without_furniture(read):
    tab = read("book/lsh", 760)
    tab.emulate_media(media="print")
    titles = tab.locator("h1:visible")
    assert titles.count() == 1
    assert titles.evaluate("(title) => title.closest('article') !== null")
    assert tab.locator("article details:visible > summary", has_text="Code").count() == 0
    assert tab.locator("#l2h-falling-lines svg.chart .curve").count() > 0, "no empty box"
    scrolls = "(all) => all.filter((one) => getComputedStyle(one).overflowX !== 'visible').length"
    assert tab.locator("article :is(table, .cell_output, .output)").evaluate_all(scrolls) == 0


def test_a_dark_page_is_printed_light(read):
    tab = read("book/lsh", 760, "dark")
    html = tab.locator("html")
    for event, theme in (("beforeprint", "light"), ("afterprint", "dark")):
        tab.evaluate(f"window.dispatchEvent(new Event('{event}'))")
        assert html.get_attribute("data-theme") == theme


def test_a_figure_is_printed_whole_and_says_where_it_is(read):
    tab = read("book/radius-search", 760)
    tab.emulate_media(media="print")
    for card in tab.locator(".l2h-figure").all():
        breaks = "(one) => getComputedStyle(one).breakInside"
        assert card.locator(".hash-figure").evaluate(breaks) == "avoid"
        place = f"book/radius-search.html#{card.get_attribute('id')}"
        assert card.locator(".at:visible").inner_text().endswith(place)
    assert tab.locator(".l2h-figure + details .sd-card-text").first.is_visible()
    assert tab.locator(".selftest-reply:visible").count() == 0, "they stand at the end"


def test_paper_has_solutions_and_answers_at_its_end(read):
    tab = read("book/lsh", 760)
    summaries = tab.locator("#exercises > :is(.exercise, details)")
    order = "(all) => all.map((one) => one.textContent.trim().split(' ')[0])"
    on_screen = summaries.evaluate_all(order)
    assert on_screen[:3] == ["Exercise", "Solution", "Exercise"]
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert set(summaries.evaluate_all(order)) == {"Exercise"}
    titles = tab.locator(".answers > h2")
    assert titles.all_inner_texts() == ["Solutions", "Answers"]
    tab.emulate_media(media="print")
    solutions = tab.locator(".answers:not(:last-of-type) > details").filter(visible=True)
    assert solutions.count() == on_screen.count("Solution")
    answers = tab.locator(".answers:last-of-type > :is(details, .selftest-reply)")
    answers = answers.filter(visible=True)
    asked = tab.locator("fieldset.selftest, .guess").count()
    assert answers.count() == asked > 5
    tab.emulate_media(media="screen")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert summaries.evaluate_all(order) == on_screen
    assert answers.count() == 0


def test_a_finger_can_press_what_a_chapter_has(read):
    tab = read("book/lsh", 390, has_touch=True, is_mobile=True)
    pressed = tab.locator(
        ".bd-header-article button, article details > summary, .live-offer button, .copybtn"
    )
    boxes = [one.bounding_box() for one in pressed.filter(visible=True).all()]
    assert min(box["height"] for box in boxes) >= 44
    assert min(box["width"] for box in boxes) >= 44


def test_a_chapter_leads_from_the_contents_to_its_figure(site, read):
    tab = read(TOC["root"])
    marks = tab.locator("#the-chapters a", has_text="to play with")
    ends = marks.evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    card = re.compile(r'class="l2h-figure" id="([\w-]+)"')
    found = {name: card.search(text_of(site / f"{name}.html")) for name in CHAPTERS}
    figures = {
        f"{name.removeprefix('book/')}.html#{first[1]}" for name, first in found.items() if first
    }
    assert len(figures) >= 6
    assert set(ends) == figures


@pytest.mark.slow
def test_the_reference_fits_a_phone(site, visit):
    tab = visit(320)
    for path in sorted((site / "book/api").glob("*.html")):
        tab.go(path.as_uri())
        tab.check_it_fits()
        assert violations(tab) == [], path.stem


def test_the_address_without_a_page_leads_to_the_welcome(address, visit):
    tab = visit(1280)
    # go() would ask the page something, and this page leaves at any moment
    tab.goto(f"{address}/")
    tab.wait_for_url(f"**/{TOC['root']}.html")
    tab.check_nothing_went_wrong()


def test_search_finds_without_a_network(address, visit):
    tab = visit(1280)
    tab.go(f"{address}/{PAGES[0]}.html")
    tab.locator("article p a").first.focus()
    tab.keyboard.press("Control+k")
    tab.keyboard.type("ampl")  # at once
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.closest('article') !== null")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("amplification hyperplanes\n")
    tab.wait_for_url("**/search.html?q=amplification+hyperplanes")
    hit = tab.locator("#search-results li a").first
    hit.wait_for(timeout=20_000)
    hit.click()
    tab.wait_for_url("**/book/*.html*")
    assert "hyperplane" in tab.locator("article").first.inner_text()
    tab.check_nothing_went_wrong()


def test_the_search_lists_places_while_one_types(address, visit):
    tab = visit(390, "dark")
    tab.go(f"{address}/book/lsh.html")
    tab.get_by_role("link", name="Search").first.click()
    tab.keyboard.type("zeppelin")
    tab.get_by_text("No heading has this").wait_for()
    tab.locator(".ask input").fill("hamming b")
    tab.locator(".ask a").first.wait_for()
    first = tab.locator(".ask a").first.inner_text()
    assert first == "4. Hamming radius search > The Hamming ball"
    for key in ("ArrowDown", "Enter"):
        tab.keyboard.press(key)
    tab.wait_for_url("**/book/radius-search.html#the-hamming-ball")
    tab.check_nothing_went_wrong()


def test_what_was_opened_opens_without_a_network(address, visit):
    tab = visit(390, service_workers="allow")
    pages = [f"{address}/book/index.html", f"{address}/book/lsh.html"]
    tab.go(pages[0])
    tab.wait_for_function("() => navigator.serviceWorker.controller")
    tab.wait_for_function("() => caches.match(document.querySelector('article img').currentSrc)")
    tab.wait_for_function("() => caches.match(location.href)")
    tab.go(pages[1])
    tab.wait_for_load_state("networkidle")
    tab.context.set_offline(True)
    for page in pages:
        tab.go(page)
        assert tab.locator("article h1").is_visible()
        assert tab.locator("article img").first.evaluate("(one) => one.naturalWidth") > 100
    tab.check_nothing_went_wrong()
    tab.goto(f"{address}/book/buckets.html")
    assert "has not opened this page before" in tab.locator("body").inner_text()
    tab.get_by_role("link", name="Locality-sensitive hashing").click()
    tab.wait_for_url(pages[1])


def found_pages(tab):
    """Return the pages that a search has found, names of the package left out."""
    summary = tab.locator(".search-summary", has_text="Search finished")
    summary.wait_for(timeout=20_000)
    links = tab.locator("#search-results li:not(:has(> span)) > a")
    return links.evaluate_all("(all) => all.map((one) => one.pathname)")


def test_a_search_shows_each_page_once_in_whole_words(address, visit):
    tab = visit(1280)
    tab.go(f"{address}/search.html?q=Hamming radius")  # a title and a heading of one page
    pages = found_pages(tab)
    assert len(pages) == len(set(pages)) > 3
    tab.go(f"{address}/search.html?q=hyperplane of a")
    pages = found_pages(tab)
    assert len(pages) == len(set(pages)) > 3
    tab.locator("#search-results .context").nth(3).wait_for()
    marked = tab.locator("#search-results mark").all_inner_texts()
    assert set(map(str.lower, marked)) <= {"hyperplane", "hyperplanes", "hyperplanes_"}
    assert marked
    tab.check_nothing_went_wrong()


def test_a_result_leads_to_its_section_and_marks_words_once(address, visit):
    tab = visit(1280)
    tab.go(f"{address}/search.html?q=recall")
    found_pages(tab)
    titles = tab.locator("#search-results li > a")
    titles.filter(has_text="Glossary > recall").wait_for()
    assert titles.first.inner_text() == "Glossary > recall"
    only_said = tab.locator("#search-results li", has_text="In an explanation of its self-test")
    only_said.first.wait_for()
    titles.filter(has_text="4.3. What it finds").click()
    tab.wait_for_url("**/book/radius-search.html#what-it-finds")
    tab.wait_for_function("() => CSS.highlights.get('searched')?.size > 3")
    assert tab.evaluate(
        """() => [...CSS.highlights.get("searched")].every((range) => {
          const { parentElement } = range.startContainer;
          return parentElement.closest("article") && !parentElement.closest("h1");
        })"""
    )
    tab.click("Hide marks")
    assert tab.evaluate("() => CSS.highlights.size") == 0
    tab.go(f"{address}/search.html?q=recall")
    found_pages(tab)
    tab.go(f"{address}/book/lsh.html")  # by its own address
    tab.wait_for_timeout(200)
    assert tab.get_by_role("button", name="Hide marks").count() == 0
    assert tab.evaluate("() => CSS.highlights.size") == 0
    tab.check_nothing_went_wrong()


def test_a_mark_is_shown_and_nonsense_leads_to_the_glossary(address, visit):
    tab = visit(1280)
    tab.go(f"{address}/book/lsh.html?highlight=hyperplane")
    tab.wait_for_function(
        """() => {
          const [first] = CSS.highlights.get("searched") ?? [];
          const { top, bottom } = first?.getBoundingClientRect() ?? {};
          return scrollY > 0 && top > 0 && bottom < innerHeight;
        }"""
    )
    tab.go(f"{address}/search.html?q=xqzjwvkp")
    tab.get_by_role("link", name="glossary", exact=True).click()
    tab.wait_for_url("**/book/glossary.html")
    tab.check_nothing_went_wrong()


def test_results_come_while_one_types(address, visit):
    tab = visit(1280)
    tab.go(f"{address}/search.html?q=")
    tab.locator("main input[type=search]").press_sequentially("recall", delay=350)
    tab.locator("#search-results li > a", has_text="Glossary > recall").wait_for()
    tab.locator("main input[type=search]").fill("hyperplne")
    tab.get_by_text("Nothing found").wait_for()
    for key in ("ArrowDown", "Enter"):  # to the word that was meant, and on
        tab.keyboard.press(key)
    tab.locator("#search-results li > a", has_text="Glossary > hyperplane").wait_for()
    tab.locator("main input[type=search]").fill("")
    tab.get_by_text("Type a word").wait_for()
    tab.locator("main input[type=search]").blur()
    tab.keyboard.press("Control+k")
    assert tab.evaluate("document.activeElement.type") == "search"
    tab.keyboard.type("recall")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/book/*.html*")


def test_site_search_finds_explanations_first(address, visit):
    tab = visit(1280)
    for query, reference in {"LSH": False, "GRH": False, "HashTable": True}.items():
        tab.go(f"{address}/search.html?q={query}")
        hit = tab.locator("#search-results li a").first
        hit.wait_for(timeout=20_000)
        assert ("/book/api/" in hit.evaluate("(one) => one.href")) == reference, query


def test_a_guess_stands_beside_the_answer(read):
    """By keyboard, from a file; it is there when the page is opened again."""
    tab = read("book/buckets")
    keyboard = tab.keyboard
    field = tab.get_by_role("textbox", name="Your guess", exact=True).first
    asked = field.evaluate("(one) => one.getAttribute('aria-describedby')")
    assert tab.locator(f"#{asked}").inner_text().startswith("Predict. How many buckets")
    answer = tab.locator("details.sd-dropdown", has_text="Answer").first
    field.focus()
    keyboard.type("six <b>buckets</b>")
    for key in ("Tab", "Enter"):
        keyboard.press(key)
    words = answer.inner_text()
    assert words.index("You guessed: six <b>buckets</b>") < words.index("Five.")
    for width, scheme in zip(WIDTHS, SCHEMES, strict=True):
        tab.set_viewport_size({"width": width, "height": 900})
        tab.show_in(scheme)
        tab.check_nothing_went_wrong()
        assert violations(tab) == []
    tab.reload()
    assert field.input_value() == "six <b>buckets</b>"
    assert tab.locator(".guess").first.get_by_role("button").inner_text() == "✓ Kept"
    assert answer.locator(".guessed").inner_text() == ""  # folded again
    field.fill("")
    answer.locator("summary").click()
    assert "You guessed" not in answer.inner_text()


def test_a_guess_about_a_figure_is_acknowledged(read):
    tab = read("book/buckets", 1440, "dark")
    figure = tab.locator(".l2h-figure .guess").first
    field = figure.locator("textarea")
    kept = "Kept. Now try it, then open the answer below."
    for guess, said in (("", "Write a guess first."), ("two", kept)):
        field.fill(guess)
        figure.get_by_role("button", name="Keep my guess").click()
        assert figure.get_by_role("status").inner_text() == said
    below = tab.locator(".l2h-figure:has(.guess) + details").first
    assert not below.evaluate("(one) => one.open"), "the figure answers first"
    field.fill("three")
    assert figure.get_by_role("button").inner_text() == "Keep my guess"
    tab.check_nothing_went_wrong()


def test_a_chosen_answer_is_acknowledged(read):
    tab = read("book/buckets", 1440, "dark")
    progress = tab.locator(".selftest-progress")
    assert progress.count() == 0
    asked = tab.locator("fieldset.selftest").count()
    mark = "(one) => getComputedStyle(one, '::before').content"
    for question, kind in ((1, "right"), (2, "wrong"), (2, "right")):
        chosen = tab.locator(f"#question-{question} .selftest-{kind} input").first
        chosen.check()
        assert chosen.evaluate(mark) == ('"\u2713"' if kind == "right" else '"\u2717"')
        wrong = f" Not right yet: question {question}." if kind == "wrong" else ""
        left = [f"question {number}" for number in range(question + 1, asked + 1)]
        assert progress.inner_text() == (
            f"Answered: {question} of {asked}, 1 right at the first try."
            f"{wrong} Not answered: {', '.join(left)}."
        )
        assert progress.locator("xpath=..").get_attribute("id") == f"question-{question}"
    tab.check_nothing_went_wrong()
    assert violations(tab) == []
    progress.get_by_role("link").first.click()
    assert urlsplit(tab.url).fragment == "question-3"
    for question in range(asked):
        tab.locator(".selftest-right input").nth(question).check()
    assert progress.get_by_role("link").count() == 0


@pytest.mark.slow
def test_what_is_done_is_listed_and_forgotten(site, visit):
    tab = visit(1280)
    welcome = (site / f"{TOC['root']}.html").as_uri()
    line = tab.locator("li:has(a[href='buckets.html']) > .done")
    forget = tab.get_by_role("button", name="Forget all that I did in this book")
    tab.go(welcome)
    assert tab.locator(".done").count() == 0
    tab.read("book/buckets")
    asked = tab.locator("fieldset.selftest").count()
    guesses = tab.locator(".guess")
    guesses.first.locator("textarea").fill("one")
    tab.locator("#selftest-2-b").check()
    tab.reload()
    assert tab.locator(".selftest-option > input:checked").evaluate_all(
        "(all) => all.map((one) => one.id)"
    ) == ["selftest-2-b"]
    expected = f"Done: 1 of {guesses.count()} guesses, 1 of {asked} questions"
    tab.get_by_role("link", name=f"3. Buckets (to play with) {expected}").wait_for()
    tab.go(welcome)
    assert line.inner_text() == expected
    assert tab.locator("li > .done").count() == 1
    for scheme in SCHEMES:
        tab.show_in(scheme)
        assert violations(tab) == []
    forget.focus()
    tab.once("dialog", lambda asked: asked.dismiss())
    tab.keyboard.press("Enter")
    assert line.inner_text() == expected
    tab.once("dialog", lambda asked: asked.accept())
    tab.keyboard.press("Enter")
    assert tab.locator(".done").all_inner_texts() == ["It is forgotten."]
    assert tab.evaluate("localStorage.getItem('learning-to-hash')") is None
    tab.read("book/buckets")
    assert guesses.first.locator("textarea").input_value() == ""
    assert tab.locator(".selftest-option > input:checked").count() == 0
    tab.check_nothing_went_wrong()


def test_the_checks_themselves_can_fail(tmp_path, visit):
    (tmp_path / "bad.html").write_text(
        "<html><body><main><h1>Bad</h1><article><img src='cells.png' alt='3f2a9c0d1e4b5a67.png'>"
        "<p style='width: 900px; color: #ddd'>{glue:text}`mean`</p>"
        "<p style='height: 5px; overflow: hidden'><math><mi>b</mi></math></p><button></button>"
        "</article></main>"
        "<script src='https://example.org/x.js'></script><script>nothing.there()</script></body></html>"
    )
    tab = visit(390)
    tab.go((tmp_path / "bad.html").as_uri())
    checks = (
        tab.check_it_is_rendered,
        tab.check_it_fits,
        tab.check_no_formula_is_cut,
        tab.check_nothing_went_wrong,
    )
    for check in checks:
        with pytest.raises(AssertionError):
            check()
    assert {found.partition(":")[0] for found in violations(tab)} >= {
        "button-name",
        "color-contrast",
    }
    assert tab.left == ["https://example.org/x.js"]
    assert any("nothing is not defined" in error for error in tab.errors)


# In the files


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_needs_few_bytes_before_its_text_shows(site, name):
    """What waits: the style sheets and scripts before the text, its letters, and its beginning."""
    page = text_of(site / f"{name}.html")
    beginning = page[: page.index("</p>", page.index("<article"))]
    needed = re.findall(r'<script(?![^>]*\bdefer\b)[^>]* src="([^"?]+)', beginning)
    needed += re.findall(r'<link\b[^>]*href="([^"?]+)[^>]*rel="stylesheet"', beginning)
    needed += re.findall(r'<link rel="stylesheet"[^>]*href="([^"?]+)', beginning)
    files = {(site / name).parent / path for path in needed}
    # a style sheet of the theme asks for another one
    files |= {site / "_static/basic.css"}
    files |= {site / f"_static/{letters}.woff2" for letters in LETTERS}
    assert len(files) > 20
    assert len(beginning.encode()) + sum(path.stat().st_size for path in files) < 300e3


def test_every_local_link_leads_somewhere(site):
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    pages = {path.resolve(): unescape(text_of(path)) for path in pages}
    places = {
        path: set(re.findall(r'\b(?:id|name)="([^"]+)"', page)) for path, page in pages.items()
    }
    lost = []
    for path, page in pages.items():
        for link in re.findall(r'\b(?:href|src)="([^"]+)"', page):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment).split("?")[0]  # a figure to play with has a state
            if not target.exists() or (place and target in pages and place not in places[target]):
                lost.append(f"{path.name}: {link}")
    assert lost == []
