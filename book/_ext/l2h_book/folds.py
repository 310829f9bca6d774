"""Names of folded cells and captions of tables, from the first comment of a cell."""

from html import escape
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode

from .cells import first_comment, is_code
from .execution import executed_page

_HELD = {
    "source": "Code",
    "content": "Code and what it says",
}


def register(app: Any) -> None:
    """Let a fold say its name, once for those who see it and those who hear it."""
    app.config.nb_code_prompt_show = "{type}"  # what is folded, one of `_HELD`
    app.add_node(HideCodeCellNode, override=True, html=(_open, _close))


def name_folds(env: Any, docname: str, document: nodes.document) -> None:
    """Name each fold of a page by the figure in its cell, or else by its first comment.

    Where only a table of the cell is seen, the comment stands above the table as its caption. A
    cell that says itself what is folded (``code_prompt_show``) keeps its name.
    """
    cells = list(document.findall(is_code))
    executed = executed_page(env, docname).cells if cells else []
    for cell in cells:
        comment = first_comment(executed[cell["cell_index"]].source)
        without_code = {"tag_hide-input", "tag_remove-input"} & {*cell["classes"]}
        if comment and without_code and _caption(cell, comment):
            comment = ""
        for fold in cell.findall(HideCodeCellNode):
            held = _HELD.get(fold["prompt_show"])
            if held:
                number = _number(env, docname, cell)
                fold["prompt_show"] = name_of(held, number, comment)


def _caption(cell: nodes.Element, comment: str) -> bool:
    """Write a comment above the table that a cell shows; return whether there is one."""
    for output in cell.children:
        if "cell_output" in output["classes"] and "<table" in output.astext():
            text = (comment[0].upper() + comment[1:]).replace(
                "'", "\N{RIGHT SINGLE QUOTATION MARK}"
            )
            cell.insert(cell.index(output), nodes.paragraph("", text, classes=["table-caption"]))
            return True
    return False


def name_of(held: str, number: str, comment: str) -> str:
    """Return what a fold is called.

    Examples
    --------
    >>> name_of("Code", "2.1", "")
    'Code for figure 2.1'
    >>> name_of("Code", "", "the lines so far")
    'Code: the lines so far'
    >>> name_of("Code", "", "")
    'Code'
    """
    if number:
        return f"{held} for figure {number}"
    return f"{held}: {comment}" if comment else held


def _number(env: Any, docname: str, cell: nodes.Element) -> str:
    """Return the number of the figure that a cell draws, or nothing."""
    numbers = env.toc_fignumbers.get(docname, {}).get("figure", {})
    for figure in cell.findall(nodes.figure):
        for name in figure["ids"]:
            if name in numbers:
                return ".".join(map(str, numbers[name]))
    return ""


def _open(self: Any, node: HideCodeCellNode) -> None:
    """Open a fold, whose first line is its name."""
    classes = " ".join(node["classes"])
    name = escape(node["prompt_show"])
    self.body.append(f'<details class="admonition hide {classes}">\n')
    self.body.append(f'<summary><p class="admonition-title">{name}</p></summary>\n')


def _close(self: Any, node: HideCodeCellNode) -> None:
    """Close a fold."""
    self.body.append("</details>\n")
