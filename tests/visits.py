"""What tests share: the book's files, rows of tables, and a tab that reaches no other host."""

import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build/html"
RESULTS = ROOT / "book/results"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(entry["file"] for part in TOC["parts"] for entry in part["chapters"])]
CHAPTERS = [
    entry["file"] for part in TOC["parts"] if part.get("numbered") for entry in part["chapters"]
]
PAGES += ["genindex", "search", "404"]
REFERENCE = sorted(f"book/api/{path.stem}" for path in ROOT.glob("book/api/*.*"))
QUICK = ("book/index", "book/lsh", "book/embeddings")  # the pages that `make test` looks at
# the files in _static that are ours, without the fonts
OURS = {path.name for path in (ROOT / "book/_static").iterdir()}
WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
CHROMIUM = os.environ.get("L2H_CHROMIUM") or shutil.which("chromium")
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", *QUIET]
ELSEWHERE = re.compile(r"^(?!file:|data:|blob:|about:|http://127\.0\.0\.1[:/])")
UNRENDERED = ["{glue", "{numref", "{eq", "{cite", "{doc", "{ref", "{eval", "np.float64("]
UNRENDERED += ["```", ":::", "$$", "\\(", "\\["]

# Returns elements that reach past the right edge of the screen and are not in an area that scrolls
WIDER_THAN_THE_SCREEN = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => element && element !== document.body && (
    getComputedStyle(element).overflowX !== "visible" || scrolls(element.parentElement));
  if (document.documentElement.scrollWidth <= width) return [];
  return ["the page"].concat([...document.querySelectorAll("main *")]
    .filter((element) => element.getBoundingClientRect().right > width)
    .filter((element) => !scrolls(element.parentElement))
    .slice(0, 5)
    .map(({ tagName, className, textContent }) =>
      `${tagName}.${className}: ${textContent.slice(0, 60)}`));
}"""
# Returns formulas that are cut: an element around them that clips leaves less than the pixel by
# which strokes may reach out of their box
CUT_FORMULAS = """() => [...document.querySelectorAll("article math")].filter((formula) => {
  const box = formula.getBoundingClientRect();
  let around = formula.parentElement;
  for (; around.tagName !== "ARTICLE"; around = around.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(around);
    const limit = around.getBoundingClientRect();
    const above = box.top < limit.top + 0.9;
    const below = box.bottom > limit.bottom - 0.9;
    if (overflowY !== "visible" && (above || below)) return true;
    // an area that scrolls shows the beginning first
    const after = overflowX === "hidden" && box.right > limit.right;
    if (overflowX !== "visible" && (after || box.left < limit.left - 0.9)) return true;
  }
  return false;
}).filter((formula) => formula.checkVisibility()).map((formula) => formula.textContent)"""
# Returns the named widths, and how far blocks reach to the right: what stands in an article
# and its sections, and boxes in it that can be seen. A section in columns is one block.
EDGES = """() => {
  const article = document.querySelector("article.bd-article");
  const { paddingLeft } = getComputedStyle(article);
  const start = article.getBoundingClientRect().left + parseFloat(paddingLeft);
  const look = getComputedStyle(document.documentElement);
  const pixels = (name) => parseFloat(look.getPropertyValue(name)) * parseFloat(look.fontSize);
  const blocks = [];
  const collect = (around) => {
    for (const one of around.children) {
      const { display, columnCount } = getComputedStyle(one);
      const plain = display !== "grid" && columnCount === "auto";
      if (one.matches("section") && plain) collect(one);
      else if (one.matches("section")) blocks.push(one);
      else blocks.push(one, ...one.querySelectorAll(".cell_input, a.drawing"));
    }
  };
  collect(article);
  const shown = blocks.filter((one) => one.checkVisibility() && one.offsetWidth > 1
    && !one.parentElement.closest("details, figcaption"));
  return {
    named: ["--text", "--wide", "--full"].map(pixels).map((one, i, all) => one || all[0]),
    ends: shown.map((one) => ({
      what: `${one.tagName}.${one.className}: ${one.textContent.trim().slice(0, 30)}`,
      end: one.getBoundingClientRect().right - start,
    })),
  };
}"""
TINY = """(all) => all.filter((one) => {
  const { width, height } = one.getBoundingClientRect();
  return width < 4 || height < 4;
}).map((one) => one.textContent)"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Of texts with the same letters and the same backgrounds, marks one
LOOKS = """() => {
  const looks = new Set();
  const backgrounds = new Map([[null, ""]]);
  const behind = (one) => {
    if (!backgrounds.has(one)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(one);
      const own = [backgroundColor, backgroundImage, opacity].join();
      const seen = own === "rgba(0, 0, 0, 0),none,1" ? "" : `;${own}`;
      backgrounds.set(one, seen + behind(one.parentElement));
    }
    return backgrounds.get(one);
  };
  for (const one of document.querySelectorAll("body *")) {
    const texts = [...one.childNodes].filter((node) => node.nodeName === "#text");
    let isNew = one.checkVisibility() && texts.some((text) => text.data.trim());
    if (isNew) {
      const { color, fontSize, fontWeight } = getComputedStyle(one);
      const look = [color, fontSize, fontWeight, behind(one)].join();
      isNew = !looks.has(look);
      looks.add(look);
    }
    one.toggleAttribute("data-look", isNew);
  }
}"""
AXE = """async ([tags, onlyContrast]) => {
  const rules = { "color-contrast": { enabled: false },
    "label-content-name-mismatch": { enabled: true } };
  // it fetches no style sheet, and does not list the rules that are kept
  const quiet = { preload: false, resultTypes: ["violations"] };
  const seen = await axe.run("[data-look]", { runOnly: ["color-contrast"], ...quiet });
  if (onlyContrast) return seen.violations;
  const found = await axe.run({ runOnly: { type: "tag", values: tags }, rules, ...quiet });
  return found.violations.concat(seen.violations);
}"""
IMAGES = """() => [...document.querySelectorAll("article img")].map((image) => ({
  alt: image.getAttribute("alt"), src: image.src,
  loaded: image.complete && image.naturalWidth > 0}))"""


def text_of(path):
    return path.read_text(encoding="utf-8")


def exercises_of(page):
    """Return the source of a chapter's exercises."""
    source = text_of(ROOT / f"{page}.md")
    return re.search(r"(?ms)^## Exercises\n(.*?)^## ", source)[1]


def cells_of(source, tag=None):
    """Return the code of the cells in a source, of all or of those with a tag."""
    found = re.findall(
        r"(?ms)^```\{code-cell\} ipython3\n(:tags: \[([\w-]+)\]\n)?(.*?)^```", source
    )
    return [code for _, tagged, code in found if tag in (None, tagged)]


def rows_of(frame, **columns):
    """Return the rows of a table that have these values in these columns."""
    for column, value in columns.items():
        frame = frame[frame[column] == value]
    return frame


def has_every_cell_once(table, keys, cells):
    """Check that a table has one whole row for each of these cells, and no others."""
    assert sorted(table[keys].itertuples(index=False, name=None)) == sorted(cells)
    assert table.notna().all(axis=None)


class Visit:
    """A tab of a fresh profile, and what went wrong in it; asked for more, it asks its page."""

    def __init__(self, browser, width, scheme="light", **options):
        viewport = {"width": width, "height": 900}
        # what the worker of the site asks for would be counted twice
        options = {"service_workers": "block"} | options
        self.context = browser.new_context(viewport=viewport, color_scheme=scheme, **options)
        self.left = []  # addresses elsewhere that the page asked for
        self.errors = []
        self.files = set()
        self.context.route(ELSEWHERE, lambda route: route.abort())
        self.page = self.context.new_page()
        self.page.on(
            "request",
            lambda request: self.left.append(request.url) if ELSEWHERE.match(request.url) else None,
        )
        self.page.on("request", lambda request: self.files.add(unquote(urlsplit(request.url).path)))
        self.page.on(
            "console", lambda said: self.errors.append(said.text) if said.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("requestfailed", self.missed)
        self.page.on(
            "response",
            lambda response: self.errors.append(response.url) if response.status >= 400 else None,
        )

    def __getattr__(self, name):
        return getattr(self.page, name)

    def missed(self, request):
        if request.failure != "net::ERR_ABORTED":  # a page that is left asks no more
            self.errors.append(f"not loaded: {request.url}")

    def go(self, url):
        self.page.goto(url, wait_until="load")
        self.page.evaluate("() => document.fonts.ready.then(() => true)")

    def read(self, name):
        """Open a page of the site, from its file."""
        self.go((SITE / f"{name}.html").as_uri())

    def show_in(self, scheme):
        """Show the page in a light or a dark scheme."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_selector(f"html[data-theme={scheme}]", state="attached")

    def click(self, button):
        self.page.get_by_role("button", name=button).click()

    def weight(self):
        """Return the bytes of the files that a page asked for, without those of the theme."""
        files = list(map(Path, self.files))
        fonts = {path for path in files if path.match("_static/*.woff2")}
        ours = fonts | {path for path in files if "_static" not in path.parts or path.name in OURS}
        return sum(path.stat().st_size for path in ours if path.is_file())

    def check_nothing_went_wrong(self):
        self.check_it_fits()
        assert self.left == [], "the page asked another host"
        assert self.errors == []

    def check_it_is_rendered(self):
        page = self.page
        assert page.locator("main h1:visible").count() == 1
        text = page.locator(".bd-article-container, article").first.inner_text(timeout=5000)
        assert [raw for raw in UNRENDERED if raw in text] == []
        formulas = page.locator("article .math")
        assert formulas.locator("> math").count() == formulas.count()
        assert page.locator("article math:visible").evaluate_all(TINY) == []
        if page.locator("math:visible").count():
            assert page.evaluate("() => document.fonts.check('16px Formulas')")
        for image in page.evaluate(IMAGES):
            assert image["loaded"], image["src"]
            assert len(image["alt"] or "") >= 20, image["src"]
            assert not re.search(r"\.(png|svg|jpe?g)$|[0-9a-f]{16}", image["alt"]), (
                f"a file name: {image['alt']}"
            )

    def check_it_fits(self):
        assert self.page.evaluate(WIDER_THAN_THE_SCREEN) == [], self.page.viewport_size

    def check_where_blocks_end(self, but=()):
        """Check that blocks end at the widths that have a name, and return which of the three.

        `but` are beginnings of the tag, class and text of blocks that are left out.
        """
        measured = self.page.evaluate(EDGES)
        assert measured["ends"]
        seen = set()
        for block in measured["ends"]:
            if block["what"].startswith(but):
                continue
            near = [one for one in measured["named"] if abs(one - block["end"]) <= 1]
            assert near, f"{self.page.viewport_size}: {block}"
            seen.add(measured["named"].index(near[0]))
        return seen

    def check_no_formula_is_cut(self):
        assert self.page.evaluate(CUT_FORMULAS) == []


def box_of(element):
    """Return where an element is on the screen, and how large."""
    box = element.bounding_box()
    return SimpleNamespace(**box, right=box["x"] + box["width"], bottom=box["y"] + box["height"])


def boxes_of(elements):
    """Return where all elements of a locator are on the screen, and how large."""
    found = elements.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().toJSON())")
    assert all(box["width"] or box["height"] for box in found), "one cannot be seen"
    return [SimpleNamespace(**box) for box in found]


def sampled(names, quick=QUICK):
    """Return the values of a parameter, those that are not quick marked slow."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


def violations(page, only_contrast=False):
    """Return the rules that axe-core finds broken on a page at rest, and where.

    Contrast is slow to check, so of texts that look alike one is checked.
    """
    # colours fade in when the page opens
    page.evaluate("() => document.getAnimations().forEach((one) => one.finish())")
    page.evaluate(LOOKS)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(pytest.importorskip("axe_playwright_python.sync_playwright").Axe().axe_script)
    found = page.evaluate(AXE, [TAGS, only_contrast])
    return [f"{rule['id']}: {node['target'][0]}" for rule in found for node in rule["nodes"]]
