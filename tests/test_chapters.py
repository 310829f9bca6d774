"""Check the chapters as they are written.

No result is typed by hand, every figure is described, and every chapter has the same form.
"""

import re

import jupytext
import pytest
from visits import ROOT, TOC, text_of

OF_PART = [
    (part, ROOT / f"{entry['file']}.md") for part in TOC["parts"] for entry in part["chapters"]
]
PAGES = [ROOT / f"{TOC['root']}.md", *(page for _, page in OF_PART)]
NOTEBOOKS = [page for page in PAGES if "{code-cell}" in text_of(page)]
CHAPTERS = [page for part, page in OF_PART if part.get("numbered")]

TEXT_DIRECTIVES = {
    "admonition",
    "note",
    "tip",
    "warning",
    "important",
    "dropdown",
    "glossary",
    "selftest",
}
LONGEST_CELL = 16  # lines
LONGEST_LINE = 84  # columns
MOST_SECTIONS = 8  # that teach, in a chapter
MOST_VISIBLE_CELLS = 25  # whose code is seen, in a chapter


def named(pages):
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.stem)


# What is prose, and what in it is a result


NOT_PROSE = [
    r"(?s)<!--.*?-->",
    r"(?m)^%.*$",  # comments
    r"(?s)\$\$.*?\$\$(\s*\([\w-]+\))?",
    r"\$[^$\n]+(\n[^$\n]+)?\$",  # maths
    r"(\{[\w:.-]+\})?(?<!`)(`+)(?!`)(?s:.+?)(?<!`)\2(?!`)",  # code spans and roles
    r"\[[^\]]*\]\{[^}]*\.definition[^}]*\}",  # marked as a definition
    r"\]\([^)\s]*\)",
    r"https?://\S+",  # where links lead
    r"\b(Python|CC BY|version|chapter|section|[Ee]xercise|Solution|Teaching note) \d+(\.\d+)*",
]
RESULTS = [
    r"(?<![\w.,])[-+\u2212]?\d*\.\d+\b(?!\.\d)",  # a decimal
    r"(?<![\w.,])\d[\d,.]*\s?(%|percent\b|per cent\b|\u2030)",
    r"(?<![\w.,])\d[\d,.]*\s(times|fold)\b",
    r"(?<![\w.,])\d[\d,.]*\s?(ms|\u00b5s|microseconds?|milliseconds?|seconds?)\b",
]
INTEGER = r"(?<![\w.,/])(\d{1,3}(?:,\d{3})+|\d{4,})(?![\w/]|[.,]\d)"


def is_round(number):
    """Say whether people choose such a number: a multiple of 100, a power of two, or a year."""
    return number % 100 == 0 or number & (number - 1) == 0 or 1900 <= number < 2100


def typed_results(text):
    """Find results that were typed into prose by hand, where code should have recorded them."""
    for pattern in NOT_PROSE:
        text = re.sub(pattern, " \N{MIDDLE DOT} ", text)
    found = [match for pattern in RESULTS for match in re.finditer(pattern, text)]
    for match in re.finditer(INTEGER, text):
        if not is_round(int(match[1].replace(",", ""))):
            found.append(match)
    messages = []
    for match in found:
        context = text[max(0, match.start() - 40) : match.end() + 40]
        messages.append(f"{match[0].strip()!r} in: {' '.join(context.split())}")
    return messages


def prose_of(markdown):
    """Return Markdown without what nobody reads as a sentence: code, and options of directives."""
    kept = []
    open_fences = []  # the fence, and whether its content is prose
    for line in markdown.splitlines():
        fence = re.match(r"\s*(`{3,}|:{3,})\s*(?:\{([\w:-]+)\})?(.*)$", line)
        if open_fences and line.strip() == open_fences[-1][0]:
            open_fences.pop()
        elif not all(is_prose for _, is_prose in open_fences):
            continue
        elif fence:
            is_prose = fence[2] in TEXT_DIRECTIVES
            open_fences.append((fence[1], is_prose))
            kept.append(fence[3] if is_prose else "")
        elif not open_fences or not re.match(r"\s*:[\w-]+:", line):
            kept.append(line)
    return "\n".join(kept)


def code_cells(page):
    return [cell for cell in jupytext.read(page).cells if cell.cell_type == "code"]


def figure_of(cell):
    """Return what a cell says about its figure: name, caption, alt and width."""
    mystnb = cell.metadata.get("mystnb", {})
    image = {key: str(value) for key, value in mystnb.get("image", {}).items()}
    return mystnb.get("figure", {}) | image


def read(page):
    """Return all that a page says: its text, its captions and its alt texts."""
    text = re.sub(r"(?s)\A---\n.*?\n---\n", "", text_of(page))
    figures = [figure_of(cell) for cell in code_cells(page)]
    said = [figure.get(name, "") for figure in figures for name in ("caption", "alt")]
    return "\n\n".join([prose_of(text), *said])


# The rule against typed results is itself tested, or a hole in it would go unseen


@pytest.mark.parametrize(
    "planted",
    [
        "Exhaustive search reaches 0.82.",
        "It rises by +0.02, to 0.84.",
        "The largest bucket holds 42 percent of the images.",
        "That is 8.2 times as many.",
        "The search took 12 ms.",
        "A query meets 28,822 of them.",
        "```{admonition} Note\n:class: note\nIt holds 42 percent.\n```",
        "```{dropdown} Answers\n1. About 0.82.\n```",
        "```{selftest}\nWhy?\n\n- [x] It is 0.82.\n\n  So it is.\n```",
        "A span [0.5]{.other} that is not a definition.",
        "an angle $\\theta$ of 0.3, or $\\pi$ more",
    ],
)
def test_a_planted_result_is_found(planted):
    assert typed_results(prose_of(planted)), planted


@pytest.mark.parametrize(
    "honest",
    [
        "Gabor filters at 4 scales and 8 orientations, in a 4 x 4 grid, give 512 numbers.",
        "2,000 hyperplanes, 10,000 images, 65,536 codes.",
        "Precision is {glue:text}`exhaustive`, {glue:text}`share-0.5` percent.",
        "Where $|v| > 0.25$, and\n\n$$\np = 0.5\n$$ (eq-half)\n\nholds.",
        "You need Python 3.11; the text is CC BY 4.0; see chapter 3.",
        "Find [90 percent]{.definition} of them.",
        "```python\nx = 0.82\n```",
        "```{literalinclude} ../l2h_tutorial/lsh.py\n:lines: 1-20\n```",
        "[the paper](https://example.org/1234.5678)",
        "3/10 here, and 1/2 there; radius 0 to 10; time: 25 minutes; 90 degrees.",
        "% a comment: 0.82",
    ],
)
def test_honest_text_is_not_found(honest):
    assert typed_results(prose_of(honest)) == []


@named(PAGES)
def test_no_result_is_typed_by_hand(page):
    """Record it: ``record("name", f"{value:.2f}")``. Mark a chosen one: ``[0.8]{.definition}``."""
    assert typed_results(read(page)) == []


# Recorded numbers


@named(PAGES)
def test_numbers_are_shown_only_as_recorded_text(page):
    text = text_of(page)
    assert "{eval}" not in text
    assert re.findall(r"\{glue(?!:text\}`[\w.-]+`)[^}]*\}.{0,30}", text) == []
    assert not re.search(r"\bglue\(", text), "record() is the way"


# Figures


def draws(cell):
    """Say whether a cell calls a function of `figures` that draws."""
    drawing = r"\bfigures\.(?!table\b|read_map\b|\w+_table\b)|\.picture\("
    return re.search(drawing, cell.source) is not None


@named([page for page in NOTEBOOKS if any(draws(cell) for cell in code_cells(page))])
def test_every_figure_has_a_name_alt_text_and_caption(page):
    for cell in code_cells(page):
        figure = figure_of(cell)
        if not draws(cell):
            assert not figure, f"a figure's metadata on a cell that draws none: {cell.source[:80]}"
            continue
        name = figure.get("name", "")
        alt = figure.get("alt", "")
        caption = figure.get("caption", "").strip()
        where = name or cell.source.splitlines()[-1]
        assert re.fullmatch(r"fig-[a-z0-9-]+", name), f"{where}: a figure is named fig-..."
        assert len(alt) >= 40, f"{where}: the alt text says what a sighted reader sees"
        assert caption.endswith("."), f"{where}: the caption is a sentence"
        assert len(caption.split()) >= 6, f"{where}: the caption states the answer"
        assert caption != alt, f"{where}: the caption says what it means, the alt text what is seen"


# Code


@named(NOTEBOOKS)
def test_cells_are_short(page):
    for cell in code_cells(page):
        tags = cell.metadata.get("tags", [])
        if "remove-cell" in tags or "remove-input" in tags:
            continue
        lines = cell.source.splitlines()
        is_repeated = lines[0].startswith("# the lines so far")  # of earlier chapters, folded
        assert len(lines) <= LONGEST_CELL or is_repeated, f"{len(lines)} lines: {lines[0]}"
        assert max(map(len, lines)) <= LONGEST_LINE, f"wider than a page: {max(lines, key=len)}"


@named(NOTEBOOKS)
def test_cells_hold_no_hidden_failures(page):
    tags = {tag for cell in code_cells(page) for tag in cell.metadata.get("tags", [])}
    known = {"remove-cell", "remove-input", "hide-input", "hide-cell", "exercise-stub", "solution"}
    assert tags <= known, "no cell may be skipped, or be allowed to fail"


# Form


def test_every_page_is_in_the_table_of_contents():
    chapters = [chapter for part in TOC["parts"] for chapter in part["chapters"]]
    sections = [section for chapter in chapters for section in chapter.get("sections", ())]
    listed = [*PAGES, *(ROOT / f"{section['file']}.md" for section in sections)]
    assert sorted((ROOT / "book").rglob("*.md")) == sorted(listed)


@named(CHAPTERS)
def test_a_chapter_has_its_fixed_parts_in_order(page):
    text = text_of(page)
    headings = re.findall(r"(?m)^## (.+)$", prose_of(text))
    assert headings[-4:] == ["Remember", "Exercises", "Test yourself", "Further reading"]
    body = text.split("---\n", 2)[2].lstrip()
    question = r"(?:(?!```).+\n)*\n?"
    assert re.match(rf"# .+\n\n{question}```\{{admonition\}} In this chapter\n:class: note\n", body)
    opening = " ".join(body.split("```")[1].split())
    assert "You will" in opening
    assert "You need:" in opening
    assert "Time: {minutes}`here`." in opening


@named(CHAPTERS)
def test_a_chapter_has_one_argument_and_the_size_of_one(page):
    main_text = text_of(page).partition("\n## Exercises")[0]
    assert len(re.findall(r"(?m)^## ", main_text)) <= MOST_SECTIONS
    cells = re.findall(r"(?ms)^```\{code-cell\}.*?^```$", main_text)
    visible = [cell for cell in cells if not re.search(r"tags:.*(remove|hide)-", cell)]
    assert len(visible) <= MOST_VISIBLE_CELLS


@named(CHAPTERS)
def test_further_reading_cites_the_literature(page):
    assert "{cite:" in text_of(page).split("## Further reading")[1]


def test_the_glossary_is_sorted():
    block = re.search(r"(?s)```\{glossary\}\n(.*?)```", text_of(ROOT / "book/glossary.md"))[1]
    terms = [entry.partition("\n")[0].casefold() for entry in block.strip().split("\n\n")]
    assert terms == sorted(terms)


def test_every_reference_says_where_it_is():
    references = text_of(ROOT / "book/references.bib").split("\n@")
    for entry in references:
        assert re.search(r"(?m)^\s+(doi|url)\s+= ", entry), entry
