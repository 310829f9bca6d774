"""The directive ``hash-figure``, by which every figure to play with comes to its page.

    ```{hash-figure} falling-lines
    :still: fig-wedge

    What share of random lines will pass between two vectors at 60 degrees? Guess, then drop some.
    ```

The content asks for a prediction. ``still`` names the page's figure on the same subject, for those
without scripts; a notebook has that figure, and a link to the page. A link in the prose sets the
figure to what a reader sees in it: ``{set-figure}`a right angle <falling-lines?theta=90>` ``. A
link from another page leads to it by its name: ``{ref}`lines that fall <falling-lines>` ``.

The page's kernel computes the figure, in a cell that is put before the directive and that nobody
sees. ``given``, the first option, says what of the page the figure is made from. Later cells of the
page have the figure as ``hash_figure``, and may record its numbers and draw its picture.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import ReferenceRole, SphinxDirective

from ..disk import replace_file
from ..execution import executed_page
from ..styles import compact, compact_script, used_rules, words_of
from . import TITLES

_DIRECTIVE = re.compile(r"(?m)^```\{hash-figure\} (\S+)$(?:\n:given: (.*)$)?")
_CODE = """import l2h_book.play

hash_figure = l2h_book.play.FIGURES["{name}"]({given})
hash_figure"""
_MADE = re.compile(r'(?m)^hash_figure = l2h_book\.play\.FIGURES\["(.*?)"\]')
_FOLDER = Path(__file__).parent
_OF_A_PAGE = {"explorer", "playground"}  # they have their markup in a file
_PLANE = ("cover", "falling-lines", "off-centre", "playground", "training")
# names that are of the theme, of the boxes around figures, or put together by scripts
_STYLED = words_of(
    "bd-article hash-figure l2h-figure l2h-whole class-0 class-1 class-2 code-00 code-01 code-10"
)
_HELD = re.compile(r'"data:\w+/(png|jpeg|javascript);base64,([\w+/=]+)"')


class hash_figure(nodes.General, nodes.Element):
    """A figure to play with; its children ask for a prediction and, last, say its title."""


class HashFigure(SphinxDirective):
    """Puts a figure to play with on a page."""

    has_content = True
    required_arguments = 1
    option_spec = {"given": str, "still": str}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return the figure's node."""
        (name,) = self.arguments
        code = _CODE.format(name=name, given=self.options.get("given", ""))
        figure = hash_figure("", *self.parse_content_to_nodes(), name=name, code=code)
        if "still" in self.options:
            still = (
                f"*Without scripts:* {{numref}}`{self.options['still']}` is on the same subject."
            )
            figure += self.parse_text_to_nodes(still)
            figure[-1]["classes"].append("still")
        if len(figure) > 0:  # a page that is a figure needs no place in itself
            figure["names"].append(name)
            self.state.document.note_explicit_target(figure)
            figure += nodes.caption("", f"{TITLES[name]}.")
        return [figure]


class SetFigure(ReferenceRole):
    """A link that sets the page's figure."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, which stays on the page; a notebook shows its words."""
        return [nodes.reference("", self.title, refuri=f"#{self.target}", internal=True)], []


def register(app: Any) -> None:
    """Make the directive and the role known, and what becomes of them as a page is built."""
    app.add_directive("hash-figure", HashFigure)
    app.add_role("set-figure", SetFigure())
    app.add_enumerable_node(hash_figure, "figure", html=(_open, _close))
    app.connect("source-read", _add_cells)
    app.connect("html-page-context", _put_beside)


def _add_cells(app: Any, docname: str, source: list[str]) -> None:
    """Put before each figure of a page the cell that computes it."""
    source[0] = with_cells(source[0])


def with_cells(source: str) -> str:
    """Return a page's source with a cell before each figure to play with, which computes it.

    Examples
    --------
    >>> fence = "`" * 3
    >>> source = f"{fence}{{hash-figure}} ball\\n:given: 1, 2\\n{fence}"
    >>> print(with_cells(source).replace(fence, "---"))
    ---{code-cell} ipython3
    :tags: [remove-cell]
    import l2h_book.play
    <BLANKLINE>
    hash_figure = l2h_book.play.FIGURES["ball"](1, 2)
    hash_figure
    ---
    ---{hash-figure} ball
    :given: 1, 2
    ---
    """

    def add_cell(directive: re.Match[str]) -> str:
        code = _CODE.format(name=directive[1], given=directive[2] or "")
        return f"```{{code-cell}} ipython3\n:tags: [remove-cell]\n{code}\n```\n{directive[0]}"

    return _DIRECTIVE.sub(add_cell, source)


def figures_made_by(source: str) -> list[str]:
    """Return the names of the figures to play with that a cell computes.

    Examples
    --------
    >>> figures_made_by('import l2h_book.play\\n\\nhash_figure = l2h_book.play.FIGURES["ball"](1)')
    ['ball']
    """
    return _MADE.findall(source)


def bring_to_life(env: Any, docname: str, document: nodes.document) -> None:
    """Put the data of its figures to play with into a page's tree, and scripts and styles once."""
    figures = list(document.findall(hash_figure))
    names = [figure["name"] for figure in figures]
    markups = []
    for figure in figures:
        cells = executed_page(env, docname).cells
        cell = next(cell for cell in cells if cell.source == figure["code"])
        markups.append(_markup(figure["name"], cell.outputs[-1].data["text/html"]))
    scripts = f"<script>\n{script_of(names)}\n</script>"
    styles = _styles([*markups, scripts])
    for figure, markup in zip(figures, markups, strict=True):
        first = styles if figure is figures[0] else ""
        last = scripts if figure is figures[-1] else ""
        figure.insert(-1, nodes.raw("", f"{first}\n{markup}\n{last}", format="html"))


def playable(name: str, data: str) -> str:
    """Return the HTML of a figure to play with, alone on a page, whose data are given as JSON."""
    parts = [_markup(name, data), f"<script>\n{script_of([name])}\n</script>"]
    return "\n".join([_styles(parts), *parts])


def _styles(parts: list[str]) -> str:
    """Return the rules of the style sheet whose classes occur in markup and scripts."""
    words = _STYLED | words_of("\n".join(parts))
    return f"<div>\n<style>\n{used_rules(_read('explore.css'), words)}\n</style>\n</div>"


def _markup(name: str, data: str) -> str:
    """Return a figure's element and its data; most scripts fill the element themselves."""
    if name in _OF_A_PAGE:
        markup = _read(f"{name}.html").rstrip()
    else:
        markup = f'<div class="l2h hash-figure" id="l2h-{name}" hidden></div>'
    return f'{markup}\n<script type="application/json" id="l2h-{name}-data">{data}</script>'


def script_of(names: list[str]) -> str:
    """Return the script of a page that has the named figures.

    What they share stands before them. All run in one function, and each figure's in a block of its
    own, so that they define no global names. In strict mode, functions stay in their block too.
    """
    shared = ["common"]
    if "explorer" in names:
        shared += ["gist", "vectors", "race", "paper", "story"]
    if not {*names}.isdisjoint(_PLANE):
        shared.append("plane")
    if names != ["playground"]:
        shared.append("figure")
    if not _OF_A_PAGE.issuperset(names):
        shared.append("chart")
    blocks = [_read(f"{script}.js") for script in shared]
    blocks += [f"{{\n{_read(f'{name}.js')}}}" for name in names]
    code = "\n".join(blocks)
    return f'(() => {{\n"use strict";\n{code}}})();'


def _open(self: Any, node: hash_figure) -> None:
    """Open a box around a figure and its words; a figure without words needs none."""
    name = node["name"]
    box = '"l2h-whole"'
    if len(node) > 1:
        box = f'"l2h-figure" id="{name}"'
    self.body.append(f"<div class={box}>\n")


def _close(self: Any, node: hash_figure) -> None:
    self.body.append("</div>\n")


def _put_beside(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any
) -> None:
    """Move what data addresses hold into files, which a browser loads when they are needed."""

    def put(held: re.Match[str]) -> str:
        content = base64.b64decode(held[2])
        suffix = held[1].replace("javascript", "js")
        name = f"_images/{hashlib.sha256(content).hexdigest()[:24]}.{suffix}"
        replace_file(Path(app.outdir, name), content)
        return f'"{context["pathto"](name, 1)}"'

    if "body" in context:
        context["body"] = _HELD.sub(put, context["body"])


def _read(name: str) -> str:
    """Return a file of this folder, without needless spaces, and a script without comments.

    Pages are lighter for that.
    """
    text = (_FOLDER / name).read_text(encoding="utf-8")
    if name.endswith(".css"):
        return compact(text)
    return re.sub(r"(?<=[{(\[,;])\n+", "", compact_script(text))
