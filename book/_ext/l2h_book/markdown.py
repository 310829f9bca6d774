"""Pages of the book as Markdown that plain Jupyter shows.

What is written is the tree that Sphinx makes its HTML from, after it has resolved recorded numbers,
references and citations: a notebook can say nothing else than the page. A kind of node has a method
here, or the page is refused.
"""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from docutils import nodes
from sphinx.errors import SphinxError
from sphinx.locale import admonitionlabels

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

    ``notebooks`` has the notebook's file name for the address, relative to this page, of each page
    that has one. ``figure_numbers`` has the numbers of each kind of numbered thing, and
    ``number_formats`` their names ("Figure %s"). ``files_at`` is where the site has the files that
    it links to; empty if they are only beside the notebook. ``edition`` says for whom the notebook
    is, and ``preface`` is what it tells them under its title.
    """

    name: str
    section_numbers: Numbers = field(default_factory=dict)
    figure_numbers: Mapping[str, Numbers] = field(default_factory=dict)
    number_formats: Mapping[str, str] = field(default_factory=dict)
    notebooks: Mapping[str, str] = field(default_factory=dict)
    files_at: str = ""
    edition: str = "reader"
    preface: str = ""


def _fence(text: str, language: str) -> str:
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


class MarkdownWriter:
    """Writes the nodes of one page.

    ``cited`` gathers the works cited so far, by the address of their entry, ``files`` the files
    linked to.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.cited: dict[str, str] = {}
        self.files: list[str] = []

    def block(self, node: nodes.Node) -> str:
        """A paragraph, list, table, ... as Markdown, without a newline at its end."""
        return self._write("block", node)

    def blocks(self, parent: nodes.Element) -> str:
        """All blocks under a node."""
        return "\n\n".join(text for child in parent.children if (text := self.block(child)))

    def inline(self, parent: nodes.Element) -> str:
        """The words under a node, with their emphasis, links and formulas."""
        return "".join(self._write("inline", child) for child in parent.children)

    def heading(self, title: nodes.Element, level: int) -> str:
        """A title, with the number that the site gives it."""
        numbers = self.page.section_numbers
        number = numbers.get(
            f"#{title.parent['ids'][0]}", numbers.get("", ()) if level == 1 else ()
        )
        return "#" * level + " " + (f"{_dotted(number)}. " if number else "") + self.inline(title)

    def caption(self, thing: nodes.Element, caption: nodes.Element, kind: str) -> str:
        """The caption of a figure, table or listing, with its number."""
        number = self.page.figure_numbers.get(kind, {}).get(next(iter(thing["ids"]), ""))
        name = f"**{self.page.number_formats[kind] % _dotted(number)}.** " if number else ""
        return name + self.inline(caption)

    def _write(self, place: str, node: nodes.Node) -> str:
        for kind in type(node).__mro__:
            method = getattr(self, f"_{place}_{kind.__name__}", None)
            if method:
                return method(node)
        start = textwrap.shorten(node.astext(), 60, placeholder="...")
        raise NotebookError(
            f"{self.page.name}: there is no way to write a {type(node).__name__} in a notebook: {start!r}"
        )

    # --- blocks

    def _block_paragraph(self, node: nodes.Element) -> str:
        return self.inline(node)

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

    def _block_Admonition(self, node: nodes.Element) -> str:
        titled = isinstance(node[0], nodes.title)
        title = self.inline(node[0]) if titled else admonitionlabels[type(node).__name__]
        return self._quote(
            f"**{title}**\n\n" + "\n\n".join(self.block(child) for child in node.children[titled:])
        )

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
                ("- ", f"**{o['letter']}**: {self.blocks(reply)}")
                for o in options
                for reply in o.children[1:]
            ]
        )
        summary = f"Question {node['number']}, answer by answer"
        if replies and self.page.edition == "instructor":
            parts += [f"**{summary}**", replies]
        elif replies:
            parts.append(f"<details>\n<summary>{summary}</summary>\n\n{replies}\n\n</details>")
        return "\n\n".join(parts)

    def _block_hash_figure(self, node: nodes.Element) -> str:
        return self._quote(
            f"{self.blocks(nodes.Element('', *node.children[:-1]))} *(To play with, on the site.)*"
        )

    def _block_literal_block(self, node: nodes.Element) -> str:
        language = node.get("language", "")
        return _fence(
            node.astext(), {"ipython3": "python", "default": "", "none": ""}.get(language, language)
        )

    def _block_math_block(self, node: nodes.Element) -> str:
        text = node.astext().strip()
        number = self.page.figure_numbers.get("displaymath", {}).get(next(iter(node["ids"]), ""))
        return f"$$\n{text}" + (f"\n\\tag{{{_dotted(number)}}}" if number else "") + "\n$$"

    def _block_table(self, node: nodes.Element) -> str:
        rows = [[self._cell(entry) for entry in row.children] for row in node.findall(nodes.row)]
        head = rows.pop(0) if any(node.findall(nodes.thead)) else [""] * len(rows[0])
        lines = [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]]
        title = (
            self.caption(node, node[0], "table") + "\n\n"
            if isinstance(node[0], nodes.title)
            else ""
        )
        return title + "\n".join(lines)

    def _cell(self, entry: nodes.Element) -> str:
        if "morecols" in entry or "morerows" in entry or len(entry) > 1:
            raise NotebookError(
                f"{self.page.name}: a table in a notebook has one paragraph in each cell, and no cell across several; "
                f"the one that starts {entry.astext()[:40]!r} is another"
            )
        return self.blocks(entry).replace("\n", " ").replace("|", "\\|")

    def _block_raw(self, node: nodes.Element) -> str:
        return node.astext().strip() if node["format"] == "html" else ""

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
        ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
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
        if "std-term" in node["classes"]:  # a notebook has no glossary to lead to
            return f"**{self.inline(node)}**"
        return self.inline(node)

    def _inline_reference(self, node: nodes.Element) -> str:
        address = node.get("refuri", "")
        # a page without a notebook, or a place on this page: only the words
        if node.get("internal"):
            address = self.page.notebooks.get(address.partition("#")[0], "")
        return f"[{self.inline(node)}]({address})" if address else self.inline(node)

    def _inline_download_reference(self, node: nodes.Element) -> str:
        self.files.append(node["reftarget"])
        return f"[{self.inline(node)}]({self.page.files_at}{node['reftarget']})"

    _inline_raw = _block_raw
    _inline_Invisible = _block_Invisible


def _dotted(number: tuple[int, ...]) -> str:
    return ".".join(map(str, number))
