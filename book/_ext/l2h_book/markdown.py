"""Pages of the book as Markdown that plain Jupyter shows.

The source is the tree from which Sphinx makes its HTML, after it has resolved recorded numbers,
references and citations. So a notebook says the same as its page. Each kind of node has a method
here. A page with a node of another kind is refused.
"""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urljoin

from docutils import nodes
from sphinx.errors import SphinxError

from .selftest import selftest_option

Numbers = Mapping[str, tuple[int, ...]]

_SPECIAL = re.compile(r"[\\`*\[\]<$]|(?<!\w)_|_(?!\w)")
_BLOCK_START = re.compile(r"(?m)^([ \t]*)(?:([-+#=](?=[\s#=-]|$)|>)|(\d+)(?=[.)](?:\s|$)))")


class NotebookError(SphinxError):
    """A page cannot be written as a notebook; the message says which and why. It ends the build."""

    category = "No notebook"


@dataclass(frozen=True)
class Page:
    """What Sphinx knows about a page beside its tree.

    ``notebooks`` has the file name of each page's notebook, by the page's address relative to this
    one. ``figure_numbers`` has the numbers of each kind of numbered thing, and ``number_formats``
    their names ("Figure %s"). ``files_at`` is the address of the files to which the page links, or
    empty if they are only beside the notebook; ``address`` is the page's own, or empty if it has
    none. ``edition`` says for whom the notebook is, and ``preface`` is what it tells them under its
    title.
    """

    name: str
    section_numbers: Numbers = field(default_factory=dict)
    figure_numbers: Mapping[str, Numbers] = field(default_factory=dict)
    number_formats: Mapping[str, str] = field(default_factory=dict)
    notebooks: Mapping[str, str] = field(default_factory=dict)
    files_at: str = ""
    address: str = ""
    edition: str = "reader"
    preface: str = ""


def _ticks(text: str, least: int) -> str:
    """Return a row of backticks that is longer than any in a text."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _fence(text: str, language: str) -> str:
    ticks = _ticks(text, 3)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


class MarkdownWriter:
    """Writes the nodes of one page.

    ``cited`` gathers the works that are cited, by the address of their entry, and ``files`` the
    files to which the page links.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.cited: dict[str, str] = {}
        self.files: list[str] = []

    def block(self, node: nodes.Node) -> str:
        """Write a paragraph, list, table, ..., without a newline at its end."""
        return self._write("block", node)

    def blocks(self, parent: nodes.Element) -> str:
        """Write all blocks under a node."""
        return "\n\n".join(text for child in parent.children if (text := self.block(child)))

    def inline(self, parent: nodes.Element) -> str:
        """Write the words under a node, with their emphasis, links and formulas."""
        return "".join(self._write("inline", child) for child in parent.children)

    def heading(self, title: nodes.Element, level: int) -> str:
        """Write a title, with the number that the site gives it."""
        numbers = self.page.section_numbers
        of_page = numbers.get("", ()) if level == 1 else ()
        number = numbers.get(f"#{title.parent['ids'][0]}", of_page)
        numbered = f"{_dotted(number)}. " if number else ""
        return f"{'#' * level} {numbered}{self.inline(title)}"

    def caption(self, caption: nodes.Element, kind: str) -> str:
        """Write the caption of a figure, table or listing, with its number."""
        numbers = self.page.figure_numbers.get(kind, {})
        number = numbers.get(next(iter(caption.parent["ids"]), ""))
        name = f"**{self.page.number_formats[kind] % _dotted(number)}.** " if number else ""
        return name + self.inline(caption)

    def _write(self, place: str, node: nodes.Node) -> str:
        for kind in type(node).__mro__:
            method = getattr(self, f"_{place}_{kind.__name__}", None)
            if method:
                return method(node)
        start = textwrap.shorten(node.astext(), 60, placeholder="...")
        raise NotebookError(
            f"{self.page.name}: there is no way to write a {type(node).__name__} "
            f"in a notebook: {start!r}"
        )

    # --- blocks

    def _block_paragraph(self, node: nodes.Element) -> str:
        return self.inline(node)

    def _block_caption(self, node: nodes.Element) -> str:
        return self.caption(node, "figure")

    def _block_bullet_list(self, node: nodes.Element) -> str:
        return self._list([("- ", self.blocks(item)) for item in node.children])

    def _block_enumerated_list(self, node: nodes.Element) -> str:
        numbers = count(node.get("start", 1))
        return self._list([(f"{next(numbers)}. ", self.blocks(item)) for item in node.children])

    def _list(self, items: list[tuple[str, str]]) -> str:
        written = [
            mark + textwrap.indent(text, " " * len(mark))[len(mark) :] for mark, text in items
        ]
        return ("\n\n" if any("\n\n" in text for text in written) else "\n").join(written)

    def _block_admonition(self, node: nodes.Element) -> str:
        blocks = [self.block(child) for child in node.children[1:]]
        return self._quote("\n\n".join([f"**{self.inline(node[0])}**", *blocks]))

    def _quote(self, text: str) -> str:
        return "\n".join(f"> {line}".rstrip() for line in text.splitlines())

    def _block_dropdown_main(self, node: nodes.Element) -> str:
        title, body = node.children
        words = [
            self.inline(part)
            for part in title.findall(nodes.inline)
            if "sd-summary-text" in part["classes"]
        ]
        return (
            f"<details>\n<summary>{''.join(words)}</summary>\n\n{self.blocks(body)}\n\n</details>"
        )

    def _block_selftest(self, node: nodes.Element) -> str:
        options = list(node.findall(selftest_option))
        question = [child for child in node.children[1:] if child not in options]
        parts = [
            f"**Question {node['number']}.** {self.inline(node[0])}",
            *map(self.block, question),
        ]
        parts.append(
            "\n".join(f"- **{option['letter']}**: {self.inline(option[0])}" for option in options)
        )
        replies = self._list(
            [
                ("- ", f"**{option['letter']}**: {self.blocks(reply)}")
                for option in options
                for reply in option.children[1:]
            ]
        )
        summary = f"Question {node['number']}, answer by answer"
        if replies and self.page.edition == "instructor":
            parts += [f"**{summary}**", replies]
        elif replies:
            parts.append(f"<details>\n<summary>{summary}</summary>\n\n{replies}\n\n</details>")
        return "\n\n".join(parts)

    def _block_hash_figure(self, node: nodes.Element) -> str:
        there = f"{self.page.address}#{node['name']}"
        page = "this page of the book's site"
        link = f"[{page}]({there})" if self.page.address else page
        return self._quote(f"{self.blocks(node)} The figure to play with is on {link}.")

    def _block_literal_block(self, node: nodes.Element) -> str:
        language = node.get("language", "")
        names = {"ipython3": "python", "default": "", "none": ""}
        return _fence(node.astext(), names.get(language, language))

    def _block_math_block(self, node: nodes.Element) -> str:
        text = node.astext().strip()
        number = self.page.figure_numbers.get("displaymath", {}).get(next(iter(node["ids"]), ""))
        tag = f"\n\\tag{{{_dotted(number)}}}" if number else ""
        return f"$$\n{text}{tag}\n$$"

    def _block_table(self, node: nodes.Element) -> str:
        rows = [[self._cell(entry) for entry in row.children] for row in node.findall(nodes.row)]
        rows.insert(1, ["---"] * len(rows[0]))
        lines = [f"| {' | '.join(row)} |" for row in rows]
        table = "\n".join(lines)
        if isinstance(node[0], nodes.title):
            return f"{self.caption(node[0], 'table')}\n\n{table}"
        return table

    def _cell(self, entry: nodes.Element) -> str:
        if "morecols" in entry or "morerows" in entry or len(entry) > 1:
            raise NotebookError(
                f"{self.page.name}: a table in a notebook has one paragraph in each cell, and no "
                f"cell across several; the one that starts {entry.astext()[:40]!r} is another"
            )
        return self.blocks(entry).replace("\n", " ").replace("|", "\\|")

    def _block_Invisible(self, node: nodes.Element) -> str:
        return ""

    # --- words

    def _inline_Text(self, node: nodes.Text) -> str:
        text = _SPECIAL.sub(r"\\\g<0>", node.astext())
        return _BLOCK_START.sub(lambda start: f"{start[1]}{start[3] or ''}\\{start[2] or ''}", text)

    def _inline_emphasis(self, node: nodes.Element) -> str:
        return f"*{self.inline(node)}*"

    def _inline_strong(self, node: nodes.Element) -> str:
        return f"**{self.inline(node)}**"

    def _inline_literal(self, node: nodes.Element) -> str:
        text = node.astext()
        ticks = _ticks(text, 1)
        space = " " if text.startswith("`") or text.endswith("`") else ""
        return ticks + space + text + space + ticks

    def _inline_math(self, node: nodes.Element) -> str:
        return f"${' '.join(node.astext().split())}$"

    def _inline_inline(self, node: nodes.Element) -> str:
        if "bibtex-citation" in node["classes"]:
            for reference in node.findall(nodes.reference):
                self.cited[reference["refuri"]] = " ".join(reference["reftitle"].split())
            parts = ["; " if child.astext() == ", " else child.astext() for child in node.children]
            return "".join(parts).replace("[", "(").replace("]", ")")
        if "std-term" in node["classes"]:  # a notebook has no glossary
            return f"**{self.inline(node)}**"
        return self.inline(node)

    def _inline_reference(self, node: nodes.Element) -> str:
        address = node.get("refuri", "")
        # a link to a page without a notebook, or to a place on this page, becomes words
        if node.get("internal"):
            notebook = self.page.notebooks.get(address.partition("#")[0], "")
            # students get a notebook alone: only the site has the others
            if self.page.edition in ("student", "nbgrader"):
                site = self.page.address
                notebook = urljoin(site, address) if notebook and site else ""
            address = notebook
        return f"[{self.inline(node)}]({address})" if address else self.inline(node)

    def _inline_download_reference(self, node: nodes.Element) -> str:
        if self.page.edition == "nbgrader" and not self.page.files_at:
            return self.inline(node)
        self.files.append(node["reftarget"])
        return f"[{self.inline(node)}]({self.page.files_at}{node['reftarget']})"

    _inline_Invisible = _block_Invisible


def _dotted(number: tuple[int, ...]) -> str:
    return ".".join(map(str, number))
