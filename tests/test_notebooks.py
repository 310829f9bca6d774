"""Exported notebooks: how a page is written, what is refused, what the site offers, and that it runs elsewhere."""

import html
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from nbformat import NotebookNode

from l2h_book import wheel
from l2h_book.files import package_files
from l2h_book.markdown import MarkdownWriter, NotebookError, Page
from l2h_book.notebooks import make_notebook
from l2h_book.wheel import build_wheel

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build/html"
RAW_MYST = re.compile(r"\{[\w:+.-]+\}`|```\{|:::|\{\{|^\([\w-]+\)=$", re.MULTILINE)
HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""


def markdown_of(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def cell_with(notebook: NotebookNode, text: str) -> NotebookNode:
    (cell,) = (cell for cell in notebook.cells if text in cell.source)
    return cell


# --- how a page is written


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("some *stressed*, **strong** and ``code`` words", "some *stressed*, **strong** and `code` words"),
        ("``a`b``", "``a`b``"),
        (
            "a \\*star\\*, snake_case, _edge, 5 < 6, [x] and $3",
            "a \\*star\\*, snake_case, \\_edge, 5 \\< 6, \\[x\\] and \\$3",
        ),
        ("a year\n1986. And\n\\- a minus", "a year\n1986\\. And\n\\- a minus"),
        (":math:`p^2`", "$p^2$"),
        (".. math:: a &= b \\\\ c &= d", "$$\n\\begin{split}\na &= b \\\\ c &= d\n\\end{split}\n$$"),
        ("`a site <https://example.org/>`__", "[a site](https://example.org/)"),
        ("- one\n- two", "- one\n- two"),
        ("1. one\n\n   more\n2. two", "1. one\n\n   more\n\n2. two"),
        ("1. one\n\n   - inner\n\n     text", "1. one\n\n   - inner\n\n     text"),
        ("term\n  meaning", "- **term**: meaning"),
        (".. note:: Count.", "> **Note**\n>\n> Count."),
        (".. admonition:: Why\n\n   One.\n\n   Two.", "> **Why**\n>\n> One.\n>\n> Two."),
        (".. code-block:: python\n\n   x = 1\n\n   y = 2", "```python\nx = 1\n\ny = 2\n```"),
        ("::\n\n   ```\n   x\n   ```", "````\n```\nx\n```\n````"),
        ("=== ===\na   b\n=== ===\n1|2 3\n=== ===", "| a | b |\n| --- | --- |\n| 1\\|2 | 3 |"),
        (".. raw:: html\n\n   <b>x</b>", "<b>x</b>"),
        (".. a comment", ""),
    ],
)
def test_a_page_is_written_as_markdown_that_jupyter_knows(source, expected):
    tree = publish_doctree(source, settings_overrides={"report_level": 5})
    code = next(iter(tree.findall(nodes.literal_block)), None)
    if code is not None and "code" in code["classes"]:
        code["language"] = code["classes"][1]  # as Sphinx names it
    assert MarkdownWriter(Page("page")).blocks(tree) == expected


def test_what_cannot_be_written_is_named_with_its_page():
    tree = publish_doctree(".. image:: picture.png\n   :alt: a picture")
    with pytest.raises(NotebookError, match="book/lsh: there is no way to write a image in a notebook"):
        MarkdownWriter(Page("book/lsh")).blocks(tree)


def test_a_table_that_markdown_has_no_form_for_is_refused():
    tree = publish_doctree("+---+---+\n| wide  |\n+---+---+\n| a | b |\n+---+---+")
    with pytest.raises(NotebookError, match=r"book/lsh: a table .* starts 'wide'"):
        MarkdownWriter(Page("book/lsh")).blocks(tree)


# --- cells


def page_with(*outputs: dict, tags: tuple[str, ...] = ()) -> tuple[nodes.document, NotebookNode]:
    """A page of one cell: its tree, and its source with outputs."""
    tree = publish_doctree("")
    tree += nodes.container("", nb_element="cell_code", cell_index=0)
    cell = nbformat.v4.new_code_cell("1 + 1", metadata={"tags": list(tags)})
    cell.outputs = [nbformat.from_dict(output) for output in outputs]
    return tree, nbformat.v4.new_notebook(cells=[cell], metadata={"source_map": [1]})


def shown(text: str) -> dict:
    return {"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": text}, "metadata": {"x": 1}}


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (shown("np.float64(0.5)"), "np.float64"),
        ({"output_type": "stream", "name": "stdout", "text": "[np.float64(0.5)]"}, "np.float64"),
        ({"output_type": "stream", "name": "stderr", "text": "Deprecated!\n"}, "a warning, 'Deprecated!'"),
        ({"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []}, "KeyError"),
    ],
)
def test_an_output_that_no_reader_should_see_is_refused(output, problem):
    with pytest.raises(NotebookError, match=re.escape(problem)) as raised:
        make_notebook(Page("book/lsh"), *page_with(output), "package.whl")
    assert "book/lsh: " in str(raised.value)
    assert "'1 + 1'" in str(raised.value)


@pytest.mark.parametrize(
    ("tag", "metadata", "n_outputs"),
    [
        ("hide-input", {"jupyter": {"source_hidden": True}}, 1),
        ("remove-input", {"jupyter": {"source_hidden": True}}, 1),
        ("remove-cell", {"jupyter": {"source_hidden": True}}, 0),
        ("remove-output", {}, 0),
        ("hide-output", {"jupyter": {"outputs_hidden": True}}, 1),
        ("other", {}, 1),
    ],
)
def test_a_cell_is_folded_in_jupyter_as_it_is_on_the_page(tag, metadata, n_outputs):
    cell = make_notebook(Page("page"), *page_with(shown("2"), tags=(tag,)), "package.whl").cells[1]
    assert cell.metadata == metadata
    assert len(cell.outputs) == n_outputs


def test_what_a_cell_printed_in_two_pieces_is_once_in_every_edition():
    pieces = [{"output_type": "stream", "name": "stdout", "text": text} for text in ("one\n", "two\n")]
    tree, executed = page_with(*pieces)
    for _ in ("reader", "student"):
        cell = make_notebook(Page("page"), tree, executed, "package.whl").cells[1]
        assert [output.text for output in cell.outputs] == ["one\ntwo\n"]


def test_a_page_that_starts_with_code_still_says_first_how_to_run_it():
    notebook = make_notebook(Page("page"), *page_with(shown("2")), "package-1.0.whl")
    assert notebook.cells[0].source.startswith("> **To run this notebook**")
    assert "`pip install ./package-1.0.whl`" in notebook.cells[0].source
    assert "Fashion-MNIST" in notebook.cells[0].source
    assert notebook.cells[1].source == "1 + 1"


def test_the_first_cell_names_the_data_that_the_book_was_built_from(monkeypatch):
    monkeypatch.setenv("L2H_DATASET", "cifar10")
    notebook = make_notebook(Page("page"), *page_with(), "package.whl")
    assert "`L2H_DATASET=cifar10`" in notebook.cells[0].source


# --- a small book

CONFIGURATION = """
extensions = ["myst_nb", "sphinx_design", "sphinxcontrib.bibtex", "l2h_book"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence", "substitution"]
nb_execution_mode = "cache"
numfig = True
numfig_format = {"figure": "Figure %s"}
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"
html_theme = "basic"
exclude_patterns = ["_build"]
"""

GOOD = {
    "index.md": "# Welcome\n\nGet {{ wheel }}.\n\n```{toctree}\n:numbered:\nchapter\nother\n```\n\n"
    "```{toctree}\nplain\n```\n",
    "plain.md": "# Words\n\n```{bibliography}\n:all:\n```\n",
    "other.md": f"{HEADER}# Another chapter\n\nNothing yet.\n",
    "references.bib": "@misc{gauss1801, author={Gauss, Carl}, title={Numbers}, year={1801}}\n"
    "@misc{noether1918, author={Noether, Emmy}, title={Symmetry}, year={1918}}\n",
    "chapter.md": f"""{HEADER}# A chapter

```{{admonition}} In this chapter
Read [](other.md) and [](plain.md).
```

```{{code-cell}} ipython3
:tags: [remove-cell]
from l2h_tutorial.book import record

record("answer", "forty-two")
```

Read [the table](results/table.csv).

The answer is {{glue:text}}`answer`, in {{numref}}`fig-dot` and {{eq}}`eq-one` {{cite:p}}`gauss1801,noether1918`.

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

Image(bytes.fromhex("{(b"GIF89a" + bytes([1, 0, 1, 0, 0, 0, 0]) + b";").hex()}"), format="gif")
```

## More

$$
1 = 1
$$ (eq-one)

:::{{dropdown}} Answers
{{cite:t}}`noether1918` says {{math}}`x`.
:::

```{{literalinclude}} code.py
:pyobject: double
:language: python
```
""",
    "code.py": "def double(x):\n    return 2 * x\n",
    "results/table.csv": "n_bits\n16\n",
}

BROKEN = {
    "index.md": "# Welcome\n\n```{toctree}\nglue\nreference\ndirective\nfootnote\n```\n",
    "references.bib": "",
    "glue.md": f"{HEADER}# One\n\nThere are {{glue:text}}`no-such-number`.\n",
    "reference.md": f"{HEADER}# Two\n\nSee {{numref}}`no-such-figure`.\n",
    "directive.md": f"{HEADER}# Three\n\n```{{no-such-directive}}\n```\n",
    "footnote.md": f"{HEADER}# Four\n\nA word.[^1]\n\n[^1]: And a note.\n",
}


def build_book(folder: Path, files: dict[str, str]) -> subprocess.CompletedProcess:
    folder.joinpath("conf.py").write_text(CONFIGURATION)
    for name, content in files.items():
        folder.joinpath(name).parent.mkdir(exist_ok=True)
        folder.joinpath(name).write_text(content)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "-n", "--keep-going", ".", "_build/html"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    result = build_book(folder, GOOD)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def chapter(small_book):
    return nbformat.read(small_book / "_build/html/notebooks/chapter.ipynb", as_version=4)


def test_numbers_references_and_citations_are_resolved(chapter):
    text = markdown_of(chapter)
    assert not RAW_MYST.search(text)
    assert "The answer is forty-two, in Figure 1.1 and (1.1) (Gauss, 1801; Noether, 1918)." in text
    assert "**Figure 1.1.** A dot for forty-two." in text
    assert "$$\n1 = 1\n\\tag{1.1}\n$$" in text
    assert "Noether (1918) says $x$." in text
    assert text.endswith("## Works cited\n\n- Carl Gauss. Numbers. 1801.\n- Emmy Noether. Symmetry. 1918.")


def test_chapters_are_linked_as_notebooks_and_other_pages_only_named(chapter):
    assert "Read [Another chapter](other.ipynb) and Words." in markdown_of(chapter)


def test_a_file_that_a_page_links_to_lies_beside_its_notebook(small_book, chapter):
    assert "Read [the table](results/table.csv)." in markdown_of(chapter)
    assert "It also reads `results/table.csv`" in chapter.cells[0].source
    copy = small_book / "_build/html/notebooks/results/table.csv"
    assert copy.read_text() == (small_book / "results/table.csv").read_text()


def test_titles_have_the_numbers_of_the_site_and_start_cells(chapter):
    assert [cell.source.splitlines()[0] for cell in chapter.cells if cell.source.startswith("#")] == [
        "# 1. A chapter",
        "## 1.1. More",
        "## Works cited",
    ]


def test_dropdowns_and_included_source_are_kept(chapter):
    text = markdown_of(chapter)
    assert "<details>\n<summary>Answers</summary>\n\nNoether" in text
    assert "```python\ndef double(x):\n    return 2 * x\n```" in text


def test_a_cell_that_the_page_leaves_out_stays_in_its_place(chapter):
    kinds = [cell.cell_type for cell in chapter.cells]
    assert kinds == ["markdown", "code", "markdown", "code", "markdown", "markdown", "markdown"]
    hidden = cell_with(chapter, "record(")
    assert hidden.metadata == {"jupyter": {"source_hidden": True}}
    assert hidden.outputs == []  # the recorded text is in the sentence


def test_a_figure_keeps_its_description(chapter):
    (output,) = cell_with(chapter, "Image(").outputs
    assert output.metadata == {"image/gif": {"alt": "A dot."}}


def test_a_page_offers_its_notebook_and_only_a_notebook_does(small_book):
    link = (
        '<p class="notebook-link"><a href="notebooks/chapter.ipynb" download>Download this page as a notebook</a></p>'
    )
    assert link in (small_book / "_build/html/chapter.html").read_text()
    assert "notebook-link" not in (small_book / "_build/html/plain.html").read_text()
    assert sorted(path.name for path in (small_book / "_build/html/notebooks").glob("*.ipynb")) == [
        "chapter.ipynb",
        "other.ipynb",
    ]


def test_building_again_writes_the_same_notebooks_and_forgets_pages_that_are_gone(small_book):
    notebooks = small_book / "_build/html/notebooks"
    before = {path: path.read_bytes() for path in notebooks.rglob("*") if path.is_file()}
    (notebooks / "chapter.ipynb").unlink()
    (notebooks / "renamed-since.ipynb").write_text("{}")
    (notebooks / "results/older.csv").write_text("")
    assert build_book(small_book, GOOD).returncode == 0
    assert {path: path.read_bytes() for path in notebooks.rglob("*") if path.is_file()} == before


def test_a_broken_chapter_fails_the_strict_build_and_is_named(tmp_path):
    result = build_book(tmp_path, BROKEN)
    assert result.returncode == 1
    for page, cause in [
        ("glue.md", "no-such-number"),
        ("reference.md", "no-such-figure"),
        ("directive.md", "no-such-directive"),
        ("footnote.md", "no way to write a footnote_reference"),
    ]:
        assert any(page in line and cause in line for line in result.stderr.splitlines()), result.stderr


# --- the wheel


def test_the_wheel_has_every_file_of_the_package(tmp_path):
    built = build_wheel(tmp_path)
    assert re.fullmatch(r"l2h_tutorial-[\d.]+-py3-none-any\.whl", built.name)
    inside = zipfile.ZipFile(built).namelist()
    ours = [path.relative_to(ROOT).as_posix() for path in package_files()]
    assert sorted(name for name in inside if ".dist-info/" not in name) == sorted(ours)
    assert any(name.endswith("images-idx3-ubyte.gz") for name in inside)


def test_an_unchanged_package_is_not_built_again(tmp_path, monkeypatch):
    built = build_wheel(tmp_path)
    content = built.read_bytes()
    monkeypatch.setattr(subprocess, "run", lambda *args, **keywords: pytest.fail("built again"))
    assert build_wheel(tmp_path) == built
    assert built.read_bytes() == content


def test_a_wheel_without_a_checkout_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(wheel, "PACKAGE", tmp_path / "l2h_tutorial")
    with pytest.raises(RuntimeError, match=r"has no pyproject\.toml, README\.md, LICENSE: .*pip install -e \."):
        build_wheel(tmp_path / "store")


# --- the site that was built

NOTEBOOKS = sorted((SITE / "notebooks").glob("*.ipynb"))
built = pytest.mark.skipif(not NOTEBOOKS, reason="the book is not built: make book")


@pytest.fixture(params=NOTEBOOKS or [None], ids=lambda path: path.stem if path else "none")
def exported(request):
    """One of the site's notebooks, and the page that it was made from."""
    return nbformat.read(request.param, as_version=4), (SITE / f"book/{request.param.stem}.html").read_text()


@built
def test_every_chapter_has_a_notebook():
    chapters = {page.stem for page in (ROOT / "book").glob("*.md") if "\nkernelspec:" in page.read_text()}
    in_order = set(re.findall(r"book/([\w-]+)", (ROOT / "_toc.yml").read_text()))
    assert {path.stem for path in NOTEBOOKS} == chapters & in_order


@built
def test_no_directive_or_role_is_left(exported):
    assert not RAW_MYST.findall(markdown_of(exported[0]))


@built
def test_no_output_is_missing_and_none_is_a_smudge(exported):
    notebook, page = exported
    nbformat.validate(notebook)
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert len(outputs) == len(re.findall(r'<div class="cell_output\b', page))
    text = json.dumps(outputs)
    assert "np.float64(" not in text
    assert '"stderr"' not in text
    assert str(ROOT) not in nbformat.writes(notebook)


@built
def test_every_number_of_the_page_is_in_the_notebook(exported):
    notebook, page = exported
    text = markdown_of(notebook)
    for number in re.findall(r'<span class="pasted-text">([^<]+)</span>', page):
        assert html.unescape(number) in text
    for caption in re.findall(r'<span class="caption-number">([^<]+?)\s*</span>', page):
        assert f"**{caption}.** " in text


@built
def test_every_link_to_a_notebook_leads_to_one(exported):
    notebook, page = exported
    for name in re.findall(r"\]\(([\w-]+\.ipynb)\)", markdown_of(notebook)):
        assert (SITE / "notebooks" / name).exists()
    (offered,) = re.findall(r'<p class="notebook-link"><a href="([^"]+)" download>', page)
    assert (SITE / "book" / offered).exists()


@built
def test_the_site_offers_the_wheel_that_the_notebooks_name(exported):
    (package,) = (SITE / "notebooks").glob("*.whl")
    assert f"`{package.name}`" in exported[0].cells[0].source
    assert f'href="../notebooks/{package.name}"' in (SITE / "book/how-to-use.html").read_text()


RUN_ALL = """
import importlib.util, sys
from pathlib import Path
import l2h_tutorial, nbformat
from nbclient import NotebookClient

assert Path(l2h_tutorial.__file__).is_relative_to(sys.prefix), l2h_tutorial.__file__
assert not importlib.util.find_spec("myst_nb") and not importlib.util.find_spec("sphinx")
for path in map(Path, sys.argv[1:]):
    exported = nbformat.read(path, as_version=4)
    beside = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(nbformat.read(path, as_version=4), timeout=900, kernel_name="python3", resources=beside)
    run = client.execute()
    for before, after in zip(exported.cells, run.cells, strict=True):
        assert not before.get("outputs") or after.outputs, f"{path.stem}: no output from {before.source!r}"
        printed = [output.text for output in after.get("outputs", []) if output.get("name") == "stderr"]
        assert not printed, f"{path.stem}: {printed}"
    print("ran", path.stem)
"""


@built
@pytest.mark.slow
@pytest.mark.index
def test_the_notebooks_run_where_only_the_package_and_jupyter_are(tmp_path, suite_cache):
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (package,) = (SITE / "notebooks").glob("*.whl")
    # a reader's machine: nothing of this repository, neither its folder nor its settings
    variables = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }
    scale = [path for path in NOTEBOOKS if "[scale]" in nbformat.read(path, as_version=4).cells[0].source]
    assert [path.stem for path in scale] == ["scaling"]
    plain = [path for path in NOTEBOOKS if path not in scale]
    for paths, needed in ((plain, [package, "nbclient", "ipykernel"]), (scale, [f"{package}[scale]"])):
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *needed]
        subprocess.run(install, cwd=tmp_path, env=variables, check=True)
        result = subprocess.run(
            [python, "-c", RUN_ALL, *paths], cwd=tmp_path, env=variables, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr[-3000:]
        assert result.stdout.split() == [word for path in paths for word in ("ran", path.stem)]


@built
def test_a_term_of_the_glossary_is_bold_where_it_is_defined():
    (chapter,) = (path for path in NOTEBOOKS if path.stem == "lsh")
    assert "A **hyperplane** through the origin" in markdown_of(nbformat.read(chapter, as_version=4))
