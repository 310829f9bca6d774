"""Slides of a chapter, made from its notebook by rules: nothing on them is written a second time.

A section becomes slides under its title. Of a paragraph they have the first sentence, those that define a term (in
bold) and one that leads over to a formula; and lists, formulas, figures with their captions, and cells of ten lines or
fewer with what they printed. Exercises and literature stay in the chapter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from .formulas import mathml

__all__ = ["make_slides", "what_to_say"]

LINES = 14.0  # of text below a slide's title
COLUMNS = 78
FIGURE = 10.5  # at least; a figure takes what the slide has left
LONGEST_CELL, LONGEST_OUTPUT = 10, 10
LEFT_OUT = ("Exercises", "Test yourself", "Further reading", "Works cited")

_FOLDER = Path(__file__).parent
_WHOLE = re.compile(r"`[^`]+`|\$[^$]+\$|\[[^\]]*\]\([^)]*\)")  # no sentence ends inside
_SENTENCE_END = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!\bal)[.?!][)\"*]*\s+(?=[A-Z(*\"])")


@dataclass
class _Item:
    """Something on a slide: its HTML, and its height in lines of text."""

    html: str
    height: float
    kind: str = "block"


@dataclass
class _Slide:
    title: str
    items: list[_Item] = field(default_factory=list)

    def room(self) -> float:
        return LINES - sum(item.height for item in self.items)


def make_slides(notebook: NotebookNode, chapter: str) -> str:
    """Write a chapter's slides as one HTML file, which needs no network.

    Styles, scripts and figures are in the file; only the font of formulas is beside it.

    Parameters
    ----------
    notebook : NotebookNode
        The chapter's notebook for readers.
    chapter : str
        Where the chapter's page is, relative to the slides.

    Returns
    -------
    str
        The same for the same arguments, to the last byte.
    """
    markdown = _markdown()
    title, opening, slides = "", "", [_Slide("")]
    left_out = False
    for kind, level, thing in _blocks(notebook, markdown):
        if kind == "heading" and level == 1:
            title = thing
        elif kind == "heading":
            if level == 2:
                left_out = re.sub(r"^[\d.]+ ", "", thing) in LEFT_OUT
            slides.append(_Slide(thing))
        elif kind == "quote":  # the other boxes stay in the chapter
            opening = opening or thing.removeprefix("**In this chapter**") * thing.startswith("**In this chapter**")
        elif not left_out:
            _put(slides, thing)
    pages = [slide for slide in slides if slide.items]
    first = (
        f'<section class="slide first">\n<h1>{markdown.renderInline(title)}</h1>\n{markdown.render(opening)}'
        f'<p class="how"><a href="{escape(chapter)}">Read the chapter</a>. Arrow keys turn the pages; print for a PDF '
        "with a slide on each page.</p>"
    )
    sections = [first, *(_section(slide, markdown) for slide in pages)]
    body = "\n".join(
        f'{section}\n<p class="place">{number} / {len(sections)}</p>\n</section>'
        for number, section in enumerate(sections, start=1)
    )
    return _document(markdown.renderInline(title), body)


def what_to_say(paragraph: str) -> str:
    r"""Keep of a paragraph, in Markdown, what a slide has.

    The first sentence, with the second if the first is no more than a name in bold; those that define a term; and a
    last one that goes on in a formula or a list.

    Examples
    --------
    >>> what_to_say("Cut the space. It is cut in two. Each half is a **half-space**. Say where $x > 0$. A point lies:")
    'Cut the space. Each half is a **half-space**. A point lies:'
    """
    text = " ".join(paragraph.split())
    covered = _WHOLE.sub(lambda found: "X" * len(found[0]), text)
    ends = [found.end() for found in _SENTENCE_END.finditer(covered)]
    sentences = [text[start:end].strip() for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    kept = [
        sentence
        for number, sentence in enumerate(sentences)
        if number == 0
        or (number == 1 and re.fullmatch(r"\*\*[^*]*\*\*", sentences[0]))
        or re.search(r"\*\*[^*]", sentence)
        or (number == len(sentences) - 1 and not re.search(r"[.?!][)\"*]*$", sentence))
    ]
    return " ".join(kept)


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    dollarmath_plugin(markdown, renderer=lambda tex, options: mathml(tex, display=options["display_mode"]))
    for rule in ("link_open", "link_close"):  # links lead to notebooks, which slides have not beside them
        markdown.add_render_rule(rule, lambda *arguments: "")
    return markdown


def _blocks(notebook: NotebookNode, markdown: MarkdownIt) -> Iterator[tuple[str, int, Any]]:
    """Headings and quotes as (kind, level, source), and all else as items for slides."""
    cells = notebook.cells
    for index, cell in enumerate(cells):
        if cell.cell_type == "code":
            following = cells[index + 1].source if index + 1 < len(cells) else ""
            for item in _code(cell, following, markdown):
                yield "item", 0, item
            continue
        lines = cell.source.splitlines()
        tokens = [token for token in markdown.parse(cell.source) if token.level == 0 and token.map]
        for token in tokens:
            start, end = token.map or (0, 0)
            source = "\n".join(lines[start:end])
            if token.type == "heading_open":
                yield "heading", int(token.tag[1]), source.lstrip("#").strip()
            elif token.type == "blockquote_open":
                yield "quote", 0, "\n".join(line.removeprefix(">").removeprefix(" ") for line in source.splitlines())
            elif token.type == "paragraph_open" and not re.match(r"\*\*Figure [\d.]+\*\*", source):
                said = what_to_say(source)
                yield "item", 0, _Item(f"<p>{markdown.renderInline(said)}</p>", _height(said) + 0.5, "text")
            elif token.type in ("bullet_list_open", "ordered_list_open"):
                for item in _list(source, token.type.startswith("ordered"), markdown):
                    yield "item", 0, item
            elif token.type.startswith("math_block"):
                rows = max(source.count("\\\\") + 1, 1)
                yield "item", 0, _Item(f"<div>{markdown.render(source)}</div>", 1.6 + 1.2 * rows)
            elif token.type == "table_open":
                yield "item", 0, _Item(markdown.render(source), 0.5 + 1.05 * (len(source.splitlines()) - 1))
            elif token.type == "fence" and len(token.content.splitlines()) <= LONGEST_CELL:
                yield "item", 0, _Item(f"<pre>{escape(token.content)}</pre>", 1 + 0.75 * len(source.splitlines()))


def _code(cell: NotebookNode, following: str, markdown: MarkdownIt) -> Iterator[_Item]:
    """A short cell, and what it put out; a figure's caption is the paragraph that follows."""
    folded = cell.metadata.get("jupyter", {})
    lines = cell.source.splitlines()
    shown = not folded.get("source_hidden") and len(lines) <= LONGEST_CELL
    code = f'<pre class="code">{_highlighted(cell.source)}</pre>' if shown else ""
    height = 0.8 + 0.75 * len(lines) if shown else 0.0
    for output in [] if folded.get("outputs_hidden") else cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            if code:
                yield _Item(code, height)
                code, height = "", 0.0
            caption = following.partition("\n\n")[0] if following.startswith("**Figure") else ""
            alt = escape(output.metadata.get("image/png", {}).get("alt", ""))
            picture = f'<img alt="{alt}" src="data:image/png;base64,{"".join(data["image/png"].split())}">'
            yield _Item(
                f"<figure>{picture}<figcaption>{markdown.renderInline(caption)}</figcaption></figure>", FIGURE, "figure"
            )
        elif "text/html" in data:
            table = data["text/html"]
            if shown and "<table" in table and table.count("<tr") <= LONGEST_OUTPUT:
                code += f'<div class="output">{re.sub(r"(?s)<style.*?</style>", "", table)}</div>'
                height += 1 + 1.05 * table.count("<tr")
        else:
            text = data.get("text/plain", output.get("text", "")).rstrip()
            rows = sum(1 + len(line) // 95 for line in text.splitlines())
            if shown and rows <= LONGEST_OUTPUT:
                code += f'<pre class="output">{escape(text)}</pre>'
                height += 0.5 + 0.75 * rows
    if code:
        yield _Item(code, height)


def _list(source: str, ordered: bool, markdown: MarkdownIt) -> Iterator[_Item]:
    items = re.split(r"(?m)^(?:[-*]|\d+[.)]) +", source)[1:]
    for number, item in enumerate(items, start=1):
        text = " ".join(item.split())
        said = text if len(text) < 3 * COLUMNS else what_to_say(text)
        mark = f"{number}." if ordered else "\N{BULLET}"
        html = f'<p class="item"><span aria-hidden="true">{mark}</span><span>{markdown.renderInline(said)}</span></p>'
        yield _Item(html, _height(said) + 0.4, "list")


def _height(text: str) -> float:
    plain = re.sub(r"\\\w+|[*`${}\\]|\]\([^)]*\)", "", text)
    return float(-(-len(plain) // COLUMNS))


def _highlighted(code: str) -> str:
    return str(highlight(code, PythonLexer(), HtmlFormatter(nowrap=True))).rstrip()


def _put(slides: list[_Slide], item: _Item) -> None:
    """Add an item to the last slide, or to a new one; a sentence stays with what it leads over to."""
    if item.height > LINES or not slides[-1].title:  # what no slide holds is left to the chapter
        return
    slide = slides[-1]
    if slide.items and slide.room() < item.height:
        new = _Slide(slide.title)
        alone = len(slide.items) == 1
        if slide.items[-1].kind == "text" and not alone and slide.items[-1].height + item.height <= LINES:
            new.items.append(slide.items.pop())
        slides.append(new)
    slides[-1].items.append(item)


def _section(slide: _Slide, markdown: MarkdownIt) -> str:
    content = "\n".join(item.html for item in slide.items)
    return f'<section class="slide">\n<h2>{markdown.renderInline(slide.title)}</h2>\n{content}'


def _document(title: str, body: str) -> str:
    styles = (_FOLDER / "slides.css").read_text(encoding="utf-8")
    script = (_FOLDER / "slides.js").read_text(encoding="utf-8")
    light = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".code")
    dark = HtmlFormatter(style="a11y-high-contrast-dark").get_style_defs(".code")
    plain = re.sub(r"<[^>]+>", "", title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{plain}: slides</title>\n<style>\n{light}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
        f"{styles}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n<script>\n{script}</script>\n"
        "</body>\n</html>\n"
    )
