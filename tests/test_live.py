"""Pages that run in the reader's browser, where `make live` has added what runs them."""

import json
import re
import shutil
from urllib.parse import urlsplit

import numpy as np
import pytest
from firefox import Firefox
from visits import (
    ARGUMENTS,
    CHAPTERS,
    CHROMIUM,
    ROOT,
    SCHEMES,
    SITE,
    Visit,
    box_of,
    text_of,
    violations,
)

from l2h_tutorial.exercises.grade_notebooks import grade_notebooks

READY = 120_000  # milliseconds that Python may take on a busy machine
CHAPTER = "book/lsh"
OWN = "#cell-3"  # a cell of chapter 2 to write into
FIGURE = "#cell-5"  # its first figure
# What each cell of a page shows as text, by the cell's id
SHOWN = """() => Object.fromEntries(
  [...document.querySelectorAll("div.cell[id^=cell-]:not(.tag_solution)")].map((cell) => [
    cell.id,
    [...cell.querySelectorAll(".cell_output pre, .cell_output tr")].map(
      (part) => part.textContent),
  ]))"""
# Pictures of outputs that did not load
BROKEN = """() => [...document.querySelectorAll(".cell_output img")]
  .filter((one) => !one.complete || !one.naturalWidth).map((one) => one.closest(".cell").id)"""
TYPES = re.compile(r",\s+dtype=int(32|64)")
FLOATS = re.compile(r"-?\d+\.\d*(?:e[-+]?\d+)?")
TIMES = re.compile(r"seconds|microsecond|millisecond|perf_counter|\bms\b|timeit")
CANNOT = json.loads(text_of(ROOT / "live/cannot.json"))


def cells_of(page, kind="cells"):
    """Return what the build wrote of a page's cells."""
    return json.loads(text_of(SITE / f"{page}.{kind}.json"))


def cannot_run(name):
    """Return the sources of a page's cells that are said not to run in a browser."""
    starts = [cell["starts"] for cell in CANNOT if cell["page"] == name]
    return [cell["source"] for cell in cells_of(name) if cell["source"].splitlines()[0] in starts]


def place_of(area):
    """Return the selector of the cell around a text area."""
    name = area.evaluate("(one) => one.closest('div.cell').id")
    return f"#{name}"


def alike(was, now):
    """Say whether two outputs have the same words and integers, and floats that are close."""
    texts = ["".join(TYPES.sub("", text).split()) for text in (was, now)]
    if FLOATS.sub("#", texts[0]) != FLOATS.sub("#", texts[1]):
        return False
    floats = [[float(number) for number in FLOATS.findall(text)] for text in texts]
    return np.allclose(*floats, rtol=1e-6, atol=1e-6)


class Running(Visit):
    """A page of the site, whose Python is started by its button."""

    def __init__(self, browser, address, name=CHAPTER, width=1280, *, press=True, **options):
        super().__init__(browser, width, **options)
        self.set_default_timeout(READY)
        self.go(f"{address}/{name}.html")
        self.at_first = set(self.files)
        self.shown = self.evaluate(SHOWN)
        self.offer = self.locator(".live-offer").first
        self.bar = self.locator(".live-bar")
        if press:
            self.offer.get_by_role("button").click()

    def rests(self):
        """Wait until Python is there and does nothing: then the bar goes."""
        self.wait_for_selector(".live-bar[hidden]", state="attached")

    def wait(self, words):
        """Wait until the bar says something."""
        self.bar.get_by_text(words).wait_for()

    def verdict(self, cell):
        """Return what a cell says beside its buttons."""
        return self.locator(f"{cell} .live-row [role=status]")

    def says(self, cell, words):
        """Wait until a cell says something."""
        self.verdict(cell).get_by_text(words).wait_for()

    def runs(self, cell):
        """Return how often a cell has run."""
        return int(self.locator(cell).get_attribute("data-runs") or 0)

    def wait_for_runs(self, cell, times):
        self.wait_for_selector(f"{cell}[data-runs='{times}']", state="attached")

    def run(self, cell, code=None):
        """Run a cell, as it is or with other code, and return what it shows as text."""
        area = self.locator(f"{cell} textarea")
        before = self.runs(cell)
        if code is not None:
            area.fill(code)
            area.click()  # which fails where something lies on it
        area.press("Control+Enter")
        self.wait_for_runs(cell, before + 1)
        shows = self.locator(f"{cell} .cell_output")
        return shows.inner_text() if shows.count() else ""


@pytest.fixture(scope="module")
def live(site):
    if not (site / "live/there.js").is_file():
        pytest.skip("run `make live` first: _build/html has no live/")


@pytest.fixture
def start(live, browser, address):
    """Return a function that opens a page and starts its Python."""
    opened = []

    def begin(*arguments, **options):
        opened.append(Running(browser, address, *arguments, **options))
        return opened[-1]

    yield begin
    for each in opened:
        each.context.close()


@pytest.fixture(scope="module")
def chapter(live, browser, address):
    """Chapter 2 with Python; the tests share it, so each sets its cells itself."""
    running = Running(browser, address)
    running.rests()
    yield running
    running.context.close()


# In the browser


def test_nothing_of_python_comes_before_the_click(chapter):
    assert [path for path in chapter.at_first if path.endswith((".bin", ".json"))] == []
    assert any(path.endswith(".bin") for path in chapter.files)
    assert chapter.left == []


def test_the_button_says_what_comes(start):
    running = start(press=False)
    offer = running.offer
    says = int(re.search(r"(\d+)\sMB once", offer.inner_text())[1])
    button = offer.get_by_role("button")
    assert button.inner_text() == "Run this page in your browser"
    described = "(one) => document.getElementById(one.getAttribute('aria-describedby')).textContent"
    assert "MB" in button.evaluate(described)
    button.click()
    running.wait(re.compile(rf"^\d+ of {says} MB$"))
    offer.get_by_text("Python is ready").wait_for()
    came = [SITE / path.lstrip("/") for path in running.files if path.endswith(".bin")]
    assert says == round(sum(path.stat().st_size for path in came) / 1e6)
    assert not running.bar.is_visible(), "nothing runs"
    offer.get_by_role("link", name="To the next cell").click()
    assert running.locator(":target textarea").first.is_visible()
    told = [one.inner_text() for one in running.get_by_role("status").all()]
    assert len([words for words in told if "Python is ready" in words]) == 1


def test_the_pressed_button_says_what_goes_on(chapter):
    """It is disabled meanwhile, keeps the focus, and the verdict stands at the cell alone."""
    chapter.rests()
    fold = chapter.locator(f"{FIGURE} details")
    fold.evaluate("(one) => (one.open = true)")
    runs = chapter.runs(FIGURE)
    chapter.locator(f"{OWN} textarea").fill("import time\ntime.sleep(2)")
    run = chapter.locator(f"{FIGURE} .live-row").get_by_role("button", name="Run")
    run.click()
    chapter.says(FIGURE, "Running the cells above that this one needs")
    assert re.search(r"\d+ of \d+$", chapter.locator(f"{FIGURE} .live-row").inner_text())
    assert not run.is_enabled()
    run.press("Enter")  # which asks for nothing more
    assert chapter.locator(".live-bar [role=status]").inner_text() == "", "it is said twice"
    chapter.says(FIGURE, "Done.")
    chapter.rests()
    assert run.is_enabled()
    assert run.evaluate("(one) => one === document.activeElement")
    assert chapter.runs(FIGURE) == runs + 1
    chapter.locator(FIGURE).get_by_role("button", name="Reset").click()
    assert chapter.verdict(FIGURE).inner_text() == ""
    fold.evaluate("(one) => (one.open = false)")


def test_a_cell_of_ones_own_runs(chapter):
    code = (
        "import numpy as np\nfrom l2h_tutorial import LSH, HashTable\n"
        "X = np.random.default_rng(0).normal(size=(100, 4))\n"
        "int(HashTable(LSH(8).fit(X).transform(X)).bucket_sizes.sum())"
    )
    assert chapter.run(OWN, code).strip() == "100"
    check = "from l2h_tutorial import exercises\nexercises.check('2.1', None)"
    assert not re.search(r"False$", chapter.run(OWN, check)), "the hint says it"


def test_the_caret_stands_where_its_letter_is_seen(chapter):
    area = chapter.locator(f"{OWN} textarea")
    area.fill(f"a = 1\nb = {list(range(90))}\nfor i in b:\n    print(i)  # {'far ' * 60}")
    off = area.evaluate(
        """(area) => {
          area.scrollIntoView({block: "center"});
          const shown = area.parentElement.querySelector("pre");
          const texts = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
          const off = [];
          for (let at = 0, node; (node = texts.nextNode()); at += node.length)
            for (const { index } of node.data.matchAll(/\\S/g)) {
              const range = new Range();
              range.setStart(node, index);
              range.setEnd(node, index + 1);
              const { left, top, height } = range.getBoundingClientRect();
              const { offset } = document.caretPositionFromPoint(left + 1, top + height / 2);
              if (offset !== at + index) off.push([offset, at + index]);
            }
          return off;
        }"""
    )
    assert off == []


def test_what_is_run_too_early_waits_for_python(start):
    running = start()
    figure = running.locator(FIGURE)
    figure.locator("summary").click()
    figure.get_by_role("button", name="Run", exact=True).click()  # with those above
    running.locator(f"{OWN} textarea").press("Control+Enter")
    assert "Python is starting" in figure.locator(".live-row").inner_text()
    for cell, times in ((FIGURE, 1), (OWN, 2)):  # the figure needs the other
        running.wait_for_runs(cell, times)
    running.rests()
    assert running.verdict(FIGURE).inner_text() == "Done."
    assert figure.locator(".cell_output img").evaluate("(one) => one.src.length") > 1000
    assert running.locator(".traceback").all_inner_texts() == []


def test_what_lies_between_an_edit_and_a_cell_runs_again(start):
    running = start()
    running.rests()
    areas = running.locator("div.cell textarea:visible")
    first, second, third = (place_of(areas.nth(i)) for i in range(3))
    codes = [areas.nth(i).input_value() for i in range(3)]
    running.run(first, f"{codes[0]}\nprint(a := 1)")
    running.run(second, f"{codes[1]}\nprint(b := a + 1)")
    assert running.run(third, f"{codes[2]}\nprint('b is', b)").split()[-1] == "2"
    old = "(one) => one.matches('.live-old')"
    running.locator(f"{first} textarea").fill(f"{codes[0]}\nprint(a := 5)")
    assert running.locator(first).evaluate(old)
    assert running.run(third).split()[-1] == "6"
    assert not running.locator(first).evaluate(old)


def test_an_edit_while_a_cell_runs_counts(chapter):
    area = chapter.locator(f"{OWN} textarea")
    runs = chapter.runs(OWN)
    area.fill("import time\ntime.sleep(2)\nprint('old')")
    area.press("Control+Enter")
    chapter.wait("Running")
    area.fill("print('new')")
    chapter.wait_for_runs(OWN, runs + 1)
    chapter.rests()
    ran = f"livePage.cells.find((one) => one.told.id === '{OWN[1:]}').ran"
    assert not chapter.evaluate(ran)


def test_an_error_is_shown_and_python_goes_on(chapter):
    said = chapter.run(OWN, "1 / 0")
    assert "ZeroDivisionError: division by zero" in said
    number = int(re.search(r"<cell (\d+) of \d+>", said)[1])
    label = chapter.locator(f"{OWN} textarea").get_attribute("aria-label")
    assert label.startswith(f"Code of cell {number} of ")
    chapter.says(OWN, "The cell ended with an error.")
    chapter.rests()
    said = chapter.run(OWN, "print('hello'")
    assert "SyntaxError" in said
    assert "ast.py" not in said
    assert chapter.run(OWN, "1 + 1").strip() == "2"


@pytest.mark.parametrize("options", [{}, {"has_touch": True, "is_mobile": True}])
def test_a_page_stays_where_its_button_was_pressed(start, options):
    """Its cells take a click or a tap then."""
    tab = start(width=390 if options else 1280, press=False, **options)
    offer = tab.locator("#exercises .live-offer button")
    offer.evaluate("(one) => one.scrollIntoView({ block: 'center', behavior: 'instant' })")
    heading = tab.locator("#exercises > h2")
    place = box_of(heading).y
    offer.evaluate("(one) => one.focus({ preventScroll: true })")
    tab.keyboard.press("Enter")
    area = tab.locator("#exercises .tag_exercise-stub textarea").first
    area.wait_for()
    tab.wait_for_timeout(200)
    assert abs(box_of(heading).y - place) < 40
    (area.tap if options else area.click)()
    assert area.evaluate("(one) => one === document.activeElement")


def test_reset_can_be_taken_back(chapter):
    cell = chapter.locator(OWN)
    area = cell.locator("textarea")
    for _ in range(2):
        chapter.run(OWN, "1 / 0")
        cell.get_by_role("button", name="Reset").click()
        assert "1 / 0" not in area.input_value()
        assert chapter.evaluate(SHOWN)[OWN[1:]] == chapter.shown[OWN[1:]]
    area.press("Control+Z")
    assert area.input_value() == "1 / 0"


def test_an_edited_figure_is_drawn(chapter):
    chapter.run(OWN, "1 + 1")
    area = chapter.locator(f"{FIGURE} textarea")
    image = chapter.locator(f"{FIGURE} img")
    recorded = image.get_attribute("src")
    chapter.locator(f"{FIGURE} summary").click()
    chapter.run(FIGURE, area.input_value().replace("n_bits=3", "n_bits=5"))
    drawn = image.get_attribute("src")
    assert drawn != recorded
    assert drawn.startswith("data:image/svg")
    assert image.evaluate("(one) => one.naturalWidth") > 100
    assert chapter.locator(f"{FIGURE} figcaption").is_visible()


@pytest.mark.parametrize("loop", ["while True: pass", "while True: print('x')"])
def test_an_endless_loop_is_stopped(chapter, loop):
    chapter.run(OWN, "kept = 1")
    fetched = len(chapter.files)
    area = chapter.locator(f"{OWN} textarea")
    area.fill(loop)
    area.press("Control+Enter")
    chapter.wait("Running")
    if "print" in loop:
        chapter.locator(OWN).get_by_text("More is not shown").wait_for()
        assert len(chapter.locator(OWN).inner_text()) < 250_000
    chapter.click("Stop")
    chapter.says(OWN, "Stopped. What the cells had made is gone")
    chapter.rests()
    run = chapter.locator(OWN).get_by_role("button", name="Run")
    assert run.evaluate("(one) => one === document.activeElement"), "Stop, which had it, is gone"
    assert "NameError" in chapter.run(OWN, "kept")
    assert len(chapter.files) == fetched, "the program was fetched again"


def test_answers_are_checked_kept_and_graded(chapter, tmp_path):
    stubs = [cell for cell in cells_of(CHAPTER) if "exercise-stub" in cell["tags"]]
    solutions = cells_of(CHAPTER, "solutions")
    wrong = stubs[0]["source"].replace("...", "return ~code")
    first = f"#{stubs[0]['id']}"
    said = chapter.verdict(first)
    chapter.run(first, f"({wrong}")
    said.get_by_text("✗ Python cannot read line 1: ").wait_for()
    chapter.run(first, "1 / 0")
    said.get_by_text("✗ Not yet. Your code ended with an error.").wait_for()
    chapter.run(first, wrong)
    said.get_by_text("✗ Not yet. ").wait_for()
    assert len(said.inner_text()) > 40, "with the reason"
    second = f"#{stubs[1]['id']}"
    assert chapter.run(second, solutions[1]["source"]) == ""
    chapter.says(second, "✓ Right. It holds in all ")
    with chapter.expect_download() as download:
        chapter.click("Download my answers")
    assert chapter.get_by_text("Saved as lsh-answers.ipynb").is_visible()
    download.value.save_as(tmp_path / "s1.ipynb")
    again = chapter.context.new_page()
    again.goto(chapter.url)
    offer = again.locator("#exercises .live-offer")
    assert "Your answers that this browser has kept: 2." in offer.inner_text()
    kept = again.locator(f"#{stubs[1]['id']} .cell_input pre").inner_text()
    assert "Exercise 2.2 (✓ right" in text_of(tmp_path / "s1.ipynb")
    assert kept.strip() == solutions[1]["source"].strip(), "it stands in its cell"
    again.close()
    marks = grade_notebooks(tmp_path, exercises=["2.1", "2.2", "2.3"], walled=False)
    assert marks.loc[0, ["2.1", "2.2", "2.3"]].tolist() == [0, 1, 0]


def test_what_could_not_be_fetched_is_tried_again(start):
    running = start()
    running.rests()
    cell = next(f"#{one['id']}" for one in cells_of(CHAPTER) if "load_dataset" in one["source"])
    running.route("**/*.bin", lambda route: route.abort())
    assert "could not be fetched" in running.run(cell)
    running.unroute("**/*.bin")
    assert "could not be fetched" not in running.run(cell)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_running_page_can_be_read_by_all(chapter, scheme):
    chapter.run(OWN, "1 + 1")
    chapter.locator(f"{FIGURE} details").evaluate("(one) => (one.open = true)")
    chapter.run(FIGURE)
    assert "ZeroDivisionError" in chapter.run(OWN, "1 / 0")
    chapter.show_in(scheme)
    assert violations(chapter) == []


def test_a_machine_with_too_little_memory_says_so(live, browser, address):
    """The browser itself refuses: it may give a program four megabytes here."""
    small = browser.browser_type.launch(
        executable_path=CHROMIUM,
        args=[*ARGUMENTS, "--js-flags=--wasm-max-mem-pages=64"],
    )
    running = Running(small, address)
    running.wait("not enough memory")
    assert running.get_by_role("button", name="Try again").is_visible()
    assert running.locator(f"{FIGURE} img").count() == 1
    running.check_nothing_went_wrong()
    small.close()


@pytest.mark.parametrize(
    "lack",
    [
        "delete window.DecompressionStream",
        "WebAssembly.validate = (program) => !program.includes(0x1f)",  # exceptions
        "WebAssembly.validate = (program) => !program.includes(0xfd)",  # 128 bits
    ],
)
def test_too_old_a_browser_says_so(live, visit, address, lack):
    tab = visit(390)
    tab.add_init_script(lack)
    tab.go(f"{address}/{CHAPTER}.html")
    offer = tab.locator(".live-offer")
    assert offer.all_inner_texts() == [
        "Your browser is too old to run this page, which reads on as before."
    ]
    assert offer.locator("button").count() == 0
    assert [path for path in tab.files if "/live/" in path] == []
    tab.check_nothing_went_wrong()


def test_without_a_connection_the_page_reads_on(start):
    running = start(press=False)
    button = running.offer.get_by_role("button")
    running.context.set_offline(True)
    button.click()
    said = "What runs this page could not be fetched: are you online?"
    running.offer.get_by_text(said).wait_for()
    assert running.locator("div.cell textarea").count() == 0
    assert running.locator(f"{FIGURE} img").is_visible()
    running.check_it_fits()
    running.context.set_offline(False)
    button.click()
    running.bar.wait_for()


def test_a_solution_opens_after_a_try_or_when_asked_twice(chapter):
    title = chapter.locator("#exercises summary", has_text="Solution 2.5")
    title.click()
    is_open = "(title) => title.parentElement.open"
    assert not title.evaluate(is_open)
    title.click()
    assert title.evaluate(is_open)


def test_ones_own_vectors_are_audited_on_a_phone(start, tmp_path):
    vectors = np.random.default_rng(0).normal(size=(6000, 16)).astype(np.float32)
    running = start("book/embeddings", 390, has_touch=True)
    running.rests()
    box = running.locator(".live-vectors")

    def give(name, values):
        np.save(tmp_path / name, values)
        box.locator("input").set_input_files(tmp_path / name)

    give("mine.npy", vectors)
    running.wait_for_runs(".live-vectors", 1)
    assert "mine.npy: 5000 of 6000 rows" in box.inner_text()
    assert "RaBitQ" in box.locator("table").inner_text()
    give("one.npy", vectors[0])
    box.get_by_text("needs one row for each vector").wait_for()
    assert box.locator("table").count() == 0  # what an earlier file gave would pass for this one's
    vectors[3, 2] = np.nan
    give("lacking.npy", vectors[:100])
    box.get_by_text("These vectors cannot be audited. Input").wait_for()
    assert "Traceback" not in box.inner_text()
    run = running.get_by_role("button", name="Run", exact=True).first
    assert box_of(run).height >= 44, "a finger can press it"
    running.check_nothing_went_wrong()


def test_a_page_that_ran_runs_without_a_network(start):
    running = start(service_workers="allow")
    running.rests()
    running.wait_for_function("() => navigator.serviceWorker.controller")
    for offline in (False, True):
        running.context.set_offline(offline)
        running.reload()
        running.offer.get_by_role("button").click()
        running.locator(f"{OWN} textarea").fill("6 * 7")
        running.locator(f"{OWN} textarea").press("Control+Enter")
        running.locator(f"{OWN} .cell_output").get_by_text("42", exact=True).wait_for()


@pytest.mark.browser
@pytest.mark.slow
def test_firefox_runs_a_page_too(live, address, tmp_path):
    path = shutil.which("firefox-esr")
    if not path:
        pytest.skip("install firefox-esr")
    tab = Firefox(path, tmp_path)
    bar = "document.querySelector('.live-bar')"

    def run(code):
        """Write over what the first cell to write into holds, and run it."""
        tab.ask(
            f"""(() => {{
              document.querySelector("{OWN} textarea").select();
              document.execCommand("insertText", false, "{code}");
              document.querySelector("{OWN} .live-row button").click();
            }})()"""
        )

    def outputs(cell):
        return tab.ask(f"document.querySelector('{cell} .cell_output')?.textContent") or ""

    try:
        tab.go(f"{address}/{CHAPTER}.html")
        tab.ask("document.querySelector('.live-offer button').click()")
        tab.wait(f"{bar}?.hidden")
        run("1 / 0")
        tab.wait(f"document.querySelector('{OWN}').dataset.runs === '1'")
        assert "ZeroDivisionError: division by zero" in outputs(OWN)
        run("while True: pass")
        tab.wait(f"!{bar}.hidden && {bar}.textContent.includes('Running')")
        tab.ask("document.querySelector('.live-bar > button').click()")
        tab.wait(f"{bar}.hidden")
        run("3 * 37")
        tab.wait(f"document.querySelector('{OWN}').dataset.runs === '3'")
        assert outputs(OWN).strip() == "111"
        drawn = f"document.querySelector('{FIGURE} .cell_output img')"
        tab.ask(f"[...document.querySelectorAll('{FIGURE} button')][0].click()")
        tab.wait(f"{drawn}.src.startsWith('data:image/svg') && {drawn}.naturalWidth > 100")
    finally:
        tab.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAPTERS)
def test_cells_show_what_the_page_shows(start, name):
    """Every cell but those that cannot run ends well, and shows the same numbers and words.

    Then every solution of the chapter holds.
    """
    cells = {cell["id"]: cell for cell in cells_of(name)}
    running = start(name)
    running.rests()
    running.set_default_timeout(5 * READY)
    running.locator("div.cell > details").evaluate_all(
        "(all) => all.map((one) => (one.open = true))"
    )
    drawn = running.locator(".cell_output img").count()
    stubs = running.locator(".tag_exercise-stub textarea")
    last = running.locator("div.cell:not(#exercises div.cell) textarea").last
    if stubs.count():  # the last one runs the cells of the exercises, and the other those before
        running.run(place_of(stubs.last))
    running.run(place_of(last))
    assert running.locator(".traceback").all_inner_texts() == []
    assert running.locator(".cell_output img").count() == drawn
    assert running.evaluate(BROKEN) == []
    now = running.evaluate(SHOWN)
    other = {
        place: (was, now[place])
        for place, was in running.shown.items()
        if "exercise-stub" not in cells[place]["tags"]
        and not TIMES.search(cells[place]["source"] + " ".join(was))
        and not alike(" ".join(was), " ".join(now[place]))
    }
    places = [cell["id"] for cell in cells.values() if "exercise-stub" in cell["tags"]]
    solved = []
    for place, solution in zip(places, cells_of(name, "solutions"), strict=True):
        running.run(f"#{place}", solution["source"])
        solved.append(running.verdict(f"#{place}").inner_text())
    said = [running.run(place_of(last), source) for source in cannot_run(name)]
    assert other == {}
    assert [words for words in solved if "✓ Right. It holds" not in words] == []
    assert [words for words in said if "Error" not in words] == [], "it can run now"


# In the files


def test_a_page_has_its_cells_beside_it(site):
    for name in CHAPTERS:
        page = text_of(site / f"{name}.html")
        cells = cells_of(name)
        assert len({cell["hash"] for cell in cells}) == len(cells)
        for cell in cells:
            assert (f'id="{cell["id"]}"' in page) == cell["shown"]
            assert "solution" not in cell["tags"]
        numbers = re.findall(r"Solution (\d+\.\d+)</span>", page)
        assert len(cells_of(name, "solutions")) == len(numbers)


def test_what_cannot_run_is_on_its_page(site):
    for cell in CANNOT:
        starts = [one["source"].splitlines()[0] for one in cells_of(cell["page"])]
        assert starts.count(cell["starts"]) == 1


def test_the_pages_know_nothing_of_python(site):
    """With `live/` and without it the pages have the same bytes: they name only one script."""
    for name in CHAPTERS:
        page = text_of(site / f"{name}.html")
        assert "live/" not in page
        assert page.count("live.js") == 1
        assert urlsplit(re.search(r'src="([^"]*live\.js[^"]*)"', page)[1]).netloc == ""
