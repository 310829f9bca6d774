"""The chapters as they are written.

No result typed by hand, every figure described, every chapter of one form.
"""

import re
from pathlib import Path
from typing import Any

import jupytext
import pytest
from visits import ROOT, TOC

OF_PART = [
    (part, ROOT / f"{entry['file']}.md") for part in TOC["parts"] for entry in part["chapters"]
]
PAGES = [ROOT / f"{TOC['root']}.md", *(page for _, page in OF_PART)]
NOTEBOOKS = [page for page in PAGES if "{code-cell}" in page.read_text(encoding="utf-8")]
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
LONGEST_CELL = 16
LONGEST_LINE = 84
MOST = {"sections": 8, "visible cells": 25}  # of a chapter's main text


def named(pages: list[Path]) -> Any:
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


def is_round(number: int) -> bool:
    """A number that people choose: a multiple of 100, a power of two; or a year."""
    return number % 100 == 0 or number & (number - 1) == 0 or 1900 <= number < 2100


def typed_results(text: str) -> list[str]:
    """Find results that were typed into prose by hand, where code should have recorded them."""
    for pattern in NOT_PROSE:
        text = re.sub(pattern, " \N{MIDDLE DOT} ", text)
    found = [match for pattern in RESULTS for match in re.finditer(pattern, text)]
    found += [
        match
        for match in re.finditer(INTEGER, text)
        if not is_round(int(match[1].replace(",", "")))
    ]
    around = [
        (match[0].strip(), text[max(0, match.start() - 40) : match.end() + 40]) for match in found
    ]
    return [f"{result!r} in: {' '.join(context.split())}" for result, context in around]


def prose_of(markdown: str) -> str:
    """Markdown without what a reader does not read as a sentence.

    Code blocks, and the options of directives.
    """
    kept: list[str] = []
    open_fences: list[tuple[str, bool]] = []  # the fence, and whether its content is prose
    for line in markdown.splitlines():
        fence = re.match(r"\s*(`{3,}|:{3,})\s*(?:\{([\w:-]+)\})?(.*)$", line)
        if (
            fence
            and open_fences
            and fence[1] == open_fences[-1][0]
            and not fence[2]
            and not fence[3].strip()
        ):
            open_fences.pop()
        elif fence and all(prose for _, prose in open_fences):
            open_fences.append((fence[1], fence[2] in TEXT_DIRECTIVES))
            kept.append(fence[3] if open_fences[-1][1] else "")
        elif all(prose for _, prose in open_fences) and not (
            open_fences and re.match(r"\s*:[\w-]+:", line)
        ):
            kept.append(line)
    return "\n".join(kept)


def cells(page: Path) -> list[Any]:
    return list(jupytext.read(page).cells)


def code_cells(page: Path) -> list[Any]:
    return [cell for cell in cells(page) if cell.cell_type == "code"]


def figure_of(cell: Any) -> dict[str, str]:
    """What a cell says of its figure: name, caption, alt."""
    mystnb = cell.metadata.get("mystnb", {})
    return {
        **mystnb.get("figure", {}),
        **{key: str(value) for key, value in mystnb.get("image", {}).items()},
    }


def read(page: Path) -> str:
    """All that a page says: its text, its captions and its alt texts."""
    if page not in NOTEBOOKS:
        return prose_of(page.read_text(encoding="utf-8"))
    pieces = []
    for cell in cells(page):
        said = figure_of(cell)
        markdown = cell.cell_type == "markdown"
        pieces += (
            [prose_of(cell.source)] if markdown else [said.get("caption", ""), said.get("alt", "")]
        )
    return "\n\n".join(pieces)


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
    """Record it: ``record("name", f"{value:.2f}")``; a number that is chosen, not measured:
    ``[0.8]{.definition}``.
    """
    assert typed_results(read(page)) == []


# Recorded numbers


@named(PAGES)
def test_numbers_are_shown_only_as_recorded_text(page):
    text = page.read_text(encoding="utf-8")
    assert "{eval}" not in text
    assert re.findall(r"\{glue(?!:text\}`[\w.-]+`)[^}]*\}.{0,30}", text) == []
    assert not re.search(r"\bglue\(", text), "record() is the way"


# Figures


def draws(cell: Any) -> bool:
    return (
        re.search(r"\bfigures\.(?!table\b|read_map\b|spread_table\b|contrast_table\b)", cell.source)
        is not None
    )


@named([page for page in NOTEBOOKS if any(draws(cell) for cell in code_cells(page))])
def test_every_figure_has_a_name_alt_text_and_caption(page):
    for cell in code_cells(page):
        said = figure_of(cell)
        if not draws(cell):
            assert not said, f"a figure's metadata on a cell that draws none: {cell.source[:80]}"
            continue
        where = said.get("name") or cell.source.splitlines()[-1]
        assert re.fullmatch(r"fig-[a-z0-9-]+", said.get("name", "")), (
            f"{where}: a figure is named fig-..."
        )
        assert len(said.get("alt", "")) >= 40, (
            f"{where}: the alt text says what a sighted reader sees"
        )
        caption = said.get("caption", "").strip()
        assert caption.endswith("."), f"{where}: the caption is a sentence"
        assert len(caption.split()) >= 6, f"{where}: the caption states the answer"
        assert caption != said["alt"], (
            f"{where}: the caption says what it means, the alt text what is seen"
        )


# Code


@named(NOTEBOOKS)
def test_cells_are_short(page):
    for cell in code_cells(page):
        tags = cell.metadata.get("tags", [])
        if "remove-cell" in tags or "remove-input" in tags:
            continue
        lines = cell.source.splitlines()
        repeated = lines[0].startswith("# the lines so far")  # of earlier chapters, folded
        assert len(lines) <= LONGEST_CELL or repeated, f"{len(lines)} lines: {lines[0]}"
        assert max(map(len, lines)) <= LONGEST_LINE, f"wider than a page: {max(lines, key=len)}"


@named(NOTEBOOKS)
def test_cells_hold_no_hidden_failures(page):
    tags = {tag for cell in code_cells(page) for tag in cell.metadata.get("tags", [])}
    known = {"remove-cell", "remove-input", "hide-input", "exercise-stub", "solution"}
    assert tags <= known, "no cell may be skipped, or be allowed to fail"


# Form


def test_every_page_is_in_the_table_of_contents():
    entries = [
        entry
        for part in TOC["parts"]
        for entry in part["chapters"]
        for entry in entry.get("sections", ())
    ]
    assert sorted((ROOT / "book").rglob("*.md")) == sorted(
        [*PAGES, *(ROOT / f"{each['file']}.md" for each in entries)]
    )


@named(CHAPTERS)
def test_a_chapter_has_its_fixed_parts_in_order(page):
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"(?m)^## (.+)$", prose_of(text))
    assert headings[-4:] == ["Remember", "Exercises", "Test yourself", "Further reading"]
    body = text.split("---\n", 2)[2].lstrip()
    assert re.match(r"# .+\n\n```\{admonition\} In this chapter\n:class: note\n", body)
    opening = " ".join(body.split("```")[1].split())
    assert "You will" in opening
    assert "You need:" in opening
    assert "Time: {minutes}`here`." in opening


def size_of(page):
    """Count what stands before the exercises: sections that teach, cells whose code is seen."""
    before = page.read_text(encoding="utf-8").partition("\n## Exercises")[0]
    hidden = re.compile(r"tags:.*(remove|hide)-")
    cells = re.findall(r"(?ms)^```\{code-cell\}.*?^```$", before)
    return {
        "sections": len(re.findall(r"(?m)^## ", before)),
        "visible cells": sum(not hidden.search(cell) for cell in cells),
    }


@named(CHAPTERS)
def test_a_chapter_has_one_argument_and_the_size_of_one(page):
    assert {what: n for what, n in size_of(page).items() if n > MOST[what]} == {}


@named(CHAPTERS)
def test_further_reading_cites_the_literature(page):
    assert "{cite:" in page.read_text(encoding="utf-8").split("## Further reading")[1]


def test_the_glossary_is_sorted_and_each_term_is_used():
    text = (ROOT / "book/glossary.md").read_text(encoding="utf-8")
    block = re.search(r"(?s)```\{glossary\}\n(.*?)```", text)[1]
    entries = [entry.split("\n  ")[0].split("\n") for entry in block.strip().split("\n\n")]
    assert entries == sorted(entries, key=lambda entry: entry[0].casefold())
    said = " ".join(
        "\n".join(read(page) for page in PAGES if page.stem != "glossary").casefold().split()
    )

    def is_said(term):
        # precision at 10
        return re.search(re.sub(r"\\ k$", r" \\w+", re.escape(term.casefold())), said)

    assert [entry for entry in entries if not any(map(is_said, entry))] == []


def test_every_reference_says_where_it_is():
    references = (ROOT / "book/references.bib").read_text(encoding="utf-8").split("\n@")
    assert [
        entry.split(",")[0]
        for entry in references
        if not re.search(r"(?m)^\s+(doi|url)\s+= ", entry)
    ] == []
