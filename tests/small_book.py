"""Build a small book that has one of everything, by Sphinx with the book's own extension."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat

HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""
CONFIGURATION = """
extensions = ["myst_nb", "sphinx_design", "sphinxcontrib.bibtex", "l2h_book"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence", "substitution"]
nb_execution_mode = "cache"
nb_output_stderr = "error"
numfig = True
numfig_format = {"figure": "Figure %s"}
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"
html_theme = "basic"
html_static_path = []
exclude_patterns = ["_build"]
"""
TOOLS = Path(__file__).parents[1] / "book/_ext"
OPTIONS = ["-b", "html", "-q", "-W", "-n", "--keep-going", ".", "_build/html"]
EDITIONS = {
    "reader": "html/notebooks",
    "student": "editions/student",
    "instructor": "editions/instructor",
}

CHAPTER = Path(__file__).with_name("chapter.md").read_text(encoding="utf-8")
BOOK = {
    "index.md": "# Welcome\n\nGet {{ notebooks }}.\n\n"
    "```{toctree}\n:numbered:\nchapter\nother\n```\n\n"
    "```{toctree}\nwords\n```\n",
    "words.md": "# Words\n\n```{chapters}\nchapter\n```\n\n"
    "```{plan} 20\nchapter: First; exercise 1.1\n3: A break.\nchapter: More\n```\n\n"
    "```{bibliography}\n:all:\n```\n",
    "other.md": f"{HEADER}# Another chapter\n\nNothing yet.\n",
    "references.bib": "@misc{gauss1801, author={Gauss, Carl}, title={Numbers}, year={1801}}\n"
    "@misc{noether1918, author={Noether, Emmy}, title={Symmetry}, year={1918}}\n",
    "chapter.md": CHAPTER,
    "results/table.csv": "n_bits\n16\n",
}


def build(folder, files, start=("-m", "sphinx"), within=(), **variables):
    """Write the files of a book, build it strictly, and return Sphinx's finished process."""
    defaults = {"conf.py": CONFIGURATION, "references.bib": ""}
    for name, content in (defaults | files).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    tools = os.pathsep.join(filter(None, [str(TOOLS), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": tools} | variables
    command = [*within, sys.executable, *start, *OPTIONS]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def book_of(**chapters):
    """Return the files of a book with these numbered chapters."""
    names = "\n".join(chapters)
    files = {f"{name}.md": f"{HEADER}# Chapter {name}\n\n{text}" for name, text in chapters.items()}
    return {"index.md": f"# Welcome\n\n```{{toctree}}\n:numbered:\n{names}\n```\n"} | files


def read_notebook(path):
    return nbformat.read(path, as_version=4)


def notebook(folder, edition="reader", name="chapter"):
    """Read one of the notebooks of a book that was built."""
    return read_notebook(folder / "_build" / EDITIONS[edition] / f"{name}.ipynb")


def markdown_of(notebook):
    """Return the text of all Markdown cells."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def cell_with(notebook, text):
    """Return the only code cell that holds a text."""
    (cell,) = (cell for cell in notebook.cells if cell.cell_type == "code" and text in cell.source)
    return cell
