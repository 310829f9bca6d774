"""The cells of a page, in a file beside it, for what runs them in the reader's browser."""

import ast
import hashlib
import json
from pathlib import Path
from typing import Any

from docutils import nodes
from nbformat import NotebookNode

from .disk import replace_file

_SHARED = {"rng", "random"}  # a draw from one of them changes the draws of later cells


def is_code(node: nodes.Node) -> bool:
    """Say whether a node of a page's tree is a code cell with its outputs."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def first_comment(code: str) -> str:
    """Return the comment in a cell's first line, or nothing.

    Examples
    --------
    >>> first_comment("# sizes of buckets\\nsizes = table.bucket_sizes")
    'sizes of buckets'
    """
    line = code.partition("\n")[0]
    return line.removeprefix("# ") if line.startswith("# ") else ""


def write_cells(page: Path, document: nodes.document, executed: NotebookNode) -> None:
    """Name the cells that a page shows, and write all that these need into files beside it.

    ``PAGE.cells.json`` has a list of cells in their order; ``PAGE.solutions.json`` has the
    solutions of its exercises. A cell has its ``id`` on the page, ``source``, ``tags``, the
    ``seconds`` that it took, the SHA-256 of its source, and ``shown``, whether the page shows
    anything of it. Cells that nobody sees and no other cell needs are left out.
    """
    shown = set()
    for node in document.findall(is_code):
        shown.add(node["cell_index"])
        node["ids"].append(f"cell-{node['cell_index']}")
    seconds = executed.metadata.get("cell_seconds", {})
    wanted: set[str] = set()
    told: dict[str, list[Any]] = {"cells": [], "solutions": []}
    for index, cell in reversed(list(enumerate(executed.cells))):
        stored, loaded = _names(cell.source) if cell.cell_type == "code" else (set(), set())
        if index in shown or stored & wanted:
            tags = cell.metadata.get("tags", [])
            kind = "solutions" if "solution" in tags else "cells"
            told[kind].append(
                {
                    "id": f"cell-{index}",
                    "source": cell.source,
                    "tags": tags,
                    "seconds": round(seconds.get(str(index), 0.0), 1),
                    "hash": hashlib.sha256(cell.source.encode()).hexdigest(),
                    "shown": index in shown,
                }
            )
            if kind == "cells":
                wanted |= loaded
    for name, found in told.items():
        text = json.dumps(found[::-1], ensure_ascii=False, separators=(",", ":"))
        replace_file(page.with_suffix(f".{name}.json"), text.encode())


def _names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell gives a value, or draws from, and those that it reads.

    Examples
    --------
    >>> _names("a = b + rng.normal()") == ({"a", "rng"}, {"b", "rng"})
    True
    """
    stored: set[str] = set()
    loaded: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (loaded if isinstance(node.ctx, ast.Load) else stored).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            stored.add(node.name)
        elif isinstance(node, ast.alias):
            stored.add((node.asname or node.name).partition(".")[0])
    return stored | (loaded & _SHARED), loaded
