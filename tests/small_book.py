"""A small book with one of everything, built by Sphinx with the book's own extension."""

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
EDITIONS = {"reader": "html/notebooks", "student": "editions/student", "instructor": "editions/instructor"}

EXERCISE = """```{admonition} Exercise 1.1 (core, compute)
:class: exercise
How long is $x$?
```

```{code-cell} ipython3
:tags: [exercise-stub]
def length(n_scales, n_orientations, grid):
    ...

exercises.check("1.1", length);
```

```{dropdown} Solution 1.1
A secret *idea*.
```

```{code-cell} ipython3
:tags: [solution]
def length(n_scales, n_orientations, grid):
    return n_scales * n_orientations * grid**2  # secret code

exercises.check("1.1", length);
```

```{admonition} Teaching note 1.1 (7 minutes)
:class: instructor
After: First.

A hint for teachers.
```
"""
QUESTION = """```{selftest}
What has $x$ in *common* with [the next page](other.md)?

- [ ] Nothing: `x = 1`.

  A wrong *explanation*, {math}`y`.
- [x] A letter.

  A right explanation.

  - In two parts.
```
"""
SECOND = "```{selftest}\nAgain?\n\n- [x] Yes.\n\n  Because.\n- [ ] No.\n\n  Since.\n```\n"
DOT = (b"GIF89a" + bytes([1, 0, 1, 0, 0, 0, 0]) + b";").hex()
CHAPTER = f"""{HEADER}# A chapter

```{{admonition}} In this chapter
:class: note
You will add $a + b$. You need: [](other.md) and [](words.md). Time: {{minutes}}`here`.
```

## First

```{{code-cell}} ipython3
:tags: [remove-input]
from l2h_tutorial import exercises
```

```{{code-cell}} ipython3
:tags: [remove-cell]
from l2h_tutorial.book import record

record("answer", "forty-two")
```

Read [the table](results/table.csv). The answer is {{glue:text}}`answer`, in {{numref}}`fig-dot` and {{eq}}`eq-one`
{{cite:p}}`gauss1801,noether1918`.

```{{code-cell}} ipython3
---
tags: [hide-input]
mystnb:
  image:
    alt: A dot.
  figure:
    name: fig-dot
    caption: |
      A dot for {{glue:text}}`answer`.
---
from IPython.display import Image

Image(bytes.fromhex("{DOT}"), format="gif")
```

```{{code-cell}} ipython3
:tags: [remove-input]
from l2h_tutorial.explore import Playground

Playground([[1.0, 2.0], [-1.0, 0.5]], [0, 1], [[1.0], [0.0]])
```

## More

{"word " * 400}

$$
1 = 1
$$ (eq-one)

:::{{dropdown}} Answers
{{cite:t}}`noether1918` says {{math}}`x`.
:::

```{{admonition}} To teachers
:class: teachers
Only for teachers.
```

## Exercises

{EXERCISE}

## Test yourself

{QUESTION}
{SECOND}
"""
BOOK = {
    "index.md": "# Welcome\n\nGet {{ wheel }}.\n\n```{toctree}\n:numbered:\nchapter\nother\n```\n\n"
    "```{toctree}\nwords\n```\n",
    "words.md": "# Words\n\n```{chapters}\nchapter\n```\n\n"
    "```{plan} 20\nchapter: First; exercise 1.1\n3: A break.\nchapter: More\n```\n\n```{bibliography}\n:all:\n```\n",
    "other.md": f"{HEADER}# Another chapter\n\nNothing yet.\n",
    "references.bib": "@misc{gauss1801, author={Gauss, Carl}, title={Numbers}, year={1801}}\n"
    "@misc{noether1918, author={Noether, Emmy}, title={Symmetry}, year={1918}}\n",
    "chapter.md": CHAPTER,
    "results/table.csv": "n_bits\n16\n",
}


def build(folder, files, start=("-m", "sphinx"), within=(), **variables):
    """Write a book of these files, by name, and build it strictly; what Sphinx said, and whether it was content."""
    for name, content in ({"conf.py": CONFIGURATION, "references.bib": ""} | files).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    tools = os.pathsep.join(filter(None, [str(TOOLS), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": tools} | variables
    command = [*within, sys.executable, *start, *OPTIONS]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def book_of(**chapters):
    """The files of a book of numbered chapters."""
    listed = "\n".join(chapters)
    files = {f"{name}.md": f"{HEADER}# Chapter {name}\n\n{text}" for name, text in chapters.items()}
    return {"index.md": f"# Welcome\n\n```{{toctree}}\n:numbered:\n{listed}\n```\n"} | files


def notebook(folder, edition="reader", name="chapter"):
    """One of the notebooks of a book that was built."""
    return nbformat.read(folder / "_build" / EDITIONS[edition] / f"{name}.ipynb", as_version=4)


def markdown_of(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def cell_with(notebook, text):
    (cell,) = (cell for cell in notebook.cells if cell.cell_type == "code" and text in cell.source)
    return cell
