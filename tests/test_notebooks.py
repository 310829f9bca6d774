"""Exported notebooks: how a page is written, what is refused, and that they run elsewhere."""

import html
import os
import re
import shlex
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from small_book import cell_with, markdown_of, notebook, read_notebook
from visits import ROOT, SITE, text_of

from l2h_book.disk import PACKAGE, files_of
from l2h_book.markdown import MarkdownWriter, NotebookError, Page
from l2h_book.notebooks import make_notebook
from l2h_book.wheel import build_wheel

RAW_MYST = re.compile(r"\{[\w:+.-]+\}`|```\{|:::|\{\{|^\([\w-]+\)=$", re.MULTILINE)


# --- how a page is written


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "some *stressed*, **strong** and ``code`` words",
            "some *stressed*, **strong** and `code` words",
        ),
        ("``a`b``", "``a`b``"),
        (
            "a \\*star\\*, snake_case, _edge, 5 < 6, [x] and $3",
            "a \\*star\\*, snake_case, \\_edge, 5 \\< 6, \\[x\\] and \\$3",
        ),
        ("a year\n1986. And\n\\- a minus", "a year\n1986\\. And\n\\- a minus"),
        (":math:`p^2`", "$p^2$"),
        (".. math:: a = b", "$$\na = b\n$$"),
        ("`a site <https://example.org/>`__", "[a site](https://example.org/)"),
        ("1. one\n\n   more\n2. two", "1. one\n\n   more\n\n2. two"),
        ("1. one\n\n   - inner\n\n     text", "1. one\n\n   - inner\n\n     text"),
        (".. admonition:: Why\n\n   One.\n\n   Two.", "> **Why**\n>\n> One.\n>\n> Two."),
        (".. code-block:: python\n\n   x = 1\n\n   y = 2", "```python\nx = 1\n\ny = 2\n```"),
        ("::\n\n   ```\n   x\n   ```", "````\n```\nx\n```\n````"),
        ("=== ===\na   b\n=== ===\n1|2 3\n=== ===", "| a | b |\n| --- | --- |\n| 1\\|2 | 3 |"),
        (".. a comment", ""),
    ],
)
def test_a_page_is_written_as_markdown_that_jupyter_knows(source, expected):
    tree = publish_doctree(source, settings_overrides={"report_level": 5})
    code = next(iter(tree.findall(nodes.literal_block)), None)
    if code is not None and "code" in code["classes"]:
        code["language"] = code["classes"][1]  # as Sphinx names it
    assert MarkdownWriter(Page("page")).blocks(tree) == expected


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("+---+---+\n| wide  |\n+---+---+\n| a | b |\n+---+---+", "a table .* starts 'wide'"),
        ("A word. [1]_\n\n.. [1] A note.", "no way to write a footnote_reference"),
    ],
)
def test_what_has_no_markdown_form_is_named(source, words):
    with pytest.raises(NotebookError, match=f"book/lsh: .*{words}"):
        MarkdownWriter(Page("book/lsh")).blocks(publish_doctree(source))


# --- cells


def page_with(*outputs, tags=()):
    """A page of one cell: its tree, and its source with outputs."""
    tree = publish_doctree("")
    tree += nodes.container("", nb_element="cell_code", cell_index=0)
    cell = nbformat.v4.new_code_cell("1 + 1", metadata={"tags": list(tags)})
    cell.outputs = [nbformat.from_dict(output) for output in outputs]
    return tree, nbformat.v4.new_notebook(cells=[cell], metadata={"source_map": [1]})


def shown(text):
    return {
        "output_type": "execute_result",
        "execution_count": 1,
        "data": {"text/plain": text},
        "metadata": {"x": 1},
    }


@pytest.mark.parametrize(
    "output",
    [
        shown("np.float64(0.5)"),
        {"output_type": "stream", "name": "stdout", "text": "[np.float64(0.5)]"},
    ],
)
def test_an_output_that_no_reader_should_see_is_refused(output):
    with pytest.raises(NotebookError, match=r"book/lsh: .*np\.float64.*'1 \+ 1'"):
        make_notebook(Page("book/lsh"), *page_with(output), "package.whl")


@pytest.mark.parametrize(
    ("tag", "metadata", "n_outputs"),
    [
        ("hide-input", {"jupyter": {"source_hidden": True}}, 1),
        ("exercise-stub", {}, 0),
        ("other", {}, 1),
    ],
)
def test_a_cell_is_folded_in_jupyter_as_it_is_on_the_page(tag, metadata, n_outputs):
    cell = make_notebook(Page("page"), *page_with(shown("2"), tags=(tag,)), "package.whl").cells[2]
    assert cell.metadata == metadata
    assert len(cell.outputs) == n_outputs


def test_printed_pieces_are_joined_in_every_edition():
    pieces = [
        {"output_type": "stream", "name": "stdout", "text": text} for text in ("one\n", "two\n")
    ]
    tree, executed = page_with(*pieces)
    for _ in ("reader", "student"):
        cell = make_notebook(Page("page"), tree, executed, "package.whl").cells[2]
        assert [output.text for output in cell.outputs] == ["one\ntwo\n"]


def test_the_first_cell_says_how_to_run_it_and_names_the_data(monkeypatch):
    first = make_notebook(Page("page"), *page_with(shown("2")), "package-1.0.whl").cells[0].source
    assert first.startswith("> **To run this notebook**")
    assert '`pip install jupyterlab "./package-1.0.whl[notebooks]"`' in first
    assert "Fashion-MNIST" in first
    monkeypatch.setenv("L2H_DATASET", "cifar10")
    first = make_notebook(Page("page"), *page_with(), "package.whl").cells[0].source
    assert "`L2H_DATASET=cifar10`" in first


# --- a small book


@pytest.fixture(scope="module")
def chapter(small_book):
    return notebook(small_book)


def test_a_page_becomes_a_notebook_that_says_the_same(chapter):
    text = markdown_of(chapter)
    assert not RAW_MYST.search(text)
    assert "The answer is forty-two, in Figure 1.1 and (1.1)\n(Gauss, 1801; Noether, 1918)." in text
    assert "**Figure 1.1.** A dot for forty-two." in text
    assert "$$\n1 = 1\n\\tag{1.1}\n$$" in text
    assert "<details>\n<summary>Answers</summary>\n\nNoether (1918) says $x$." in text
    assert "You need: [Another chapter](other.ipynb) and Words." in text, (
        "pages without a notebook are only named"
    )
    assert text.endswith(
        "## Works cited\n\n- Carl Gauss. Numbers. 1801.\n- Emmy Noether. Symmetry. 1918."
    )
    titles = re.findall(r"(?m)^#+ .*", text)
    assert titles[:3] == ["# 1. A chapter", "## 1.1. First", "## 1.2. More"]


def test_a_hand_out_has_no_link_to_another_notebook(small_book):
    assert "You need: Another chapter and Words." in markdown_of(notebook(small_book, "student"))
    teachers = markdown_of(notebook(small_book, "instructor"))
    assert "[Another chapter](other.ipynb)" in teachers, "who have all of them in one folder"


def test_cells_keep_their_place_and_their_description(chapter):
    assert [cell.cell_type for cell in chapter.cells][:6] == ["markdown", "code"] * 3
    hidden = cell_with(chapter, "import exercises")
    assert hidden.metadata == {"jupyter": {"source_hidden": True}}
    assert hidden.outputs == []
    assert "record(" not in nbformat.writes(chapter), (
        "bookkeeping: the recorded text is in the sentence"
    )
    (output,) = cell_with(chapter, "Image(").outputs
    assert output.metadata == {"image/gif": {"alt": "A dot."}}


def test_a_figure_to_play_with_is_a_sentence_in_the_notebook(small_book, chapter):
    caption = "**Figure 1.2.** A cloud off the origin, and its buckets."
    here = "The figure to play with is on this page"
    sentence = f"Figure 1.1 is on the same subject.\n>\n> {caption} {here}"
    assert f"> *Predict.* How many?\n>\n> *Without scripts:* {sentence}" in markdown_of(chapter)
    assert "hash_figure" not in nbformat.writes(chapter)
    page = text_of(small_book / "_build/html/chapter.html")
    assert re.search('id="l2h-off-centre" hidden></div>\n<script [^>]*>{"points":', page)


def test_linked_files_are_offered_beside_the_notebook(small_book, chapter):
    assert "Read [the table](results/table.csv)." in markdown_of(chapter)
    assert "[`results/table.csv`](results/table.csv), which it reads" in chapter.cells[0].source
    site = small_book / "_build/html"
    offered = re.search(r'<p class="notebook-link">.*?</p>', text_of(site / "chapter.html"))[0]
    assert re.findall(r'href="([^"]+)" download', offered) == ["notebooks/chapter.ipynb"]
    assert "notebook-link" not in text_of(site / "words.html")
    archives = {site / "notebooks": "notebooks.zip"}
    archives[small_book / "_build/editions/student"] = "chapter.zip"
    for folder, name in archives.items():
        archive = zipfile.ZipFile(folder / name)
        packed = {file.partition("/")[2]: archive.read(file) for file in archive.namelist()}
        (wheel,) = (small_book / "_build/wheel").glob("*/*.whl")
        assert packed.pop(wheel.name) == wheel.read_bytes()
        assert {"chapter.ipynb", "results/table.csv"} <= packed.keys()
        for file, content in packed.items():
            assert content == (folder / file).read_bytes(), file
    assert not list(site.rglob("*.whl"))  # it is in the archive alone


def test_what_is_missing_is_said_first_with_what_to_do(tmp_path, monkeypatch):
    tree, executed = page_with()
    executed.cells[0].source = 'open("results/table.csv")'
    first, looks, *_ = make_notebook(Page("page"), tree, executed, "package.whl").cells
    assert "`results/table.csv`](results/table.csv), which it reads" in first.source
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        AssertionError, match=r"results/table\.csv is missing\. It belongs beside this notebook"
    ):
        exec(looks.source, {})
    with pytest.raises(
        AssertionError,
        match=r'no_such is missing\. Type .*:  pip install "\./package\.whl\[notebooks\]"',
    ):
        exec(looks.source.replace("'matplotlib'", "'no_such'"), {})


def test_a_hosted_notebook_unpacks_the_archive_once(tmp_path, monkeypatch):
    """Not again when the cell or the kernel is started again: readers may have edited notebooks."""
    page = Page("page", files_at="https://example.org/notebooks/")
    first = make_notebook(page, *page_with(shown("2")), "package.whl").cells[1].source
    fetched = []

    def fetch(address, path):
        fetched.append(address)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("notebooks/package.whl", "")

    monkeypatch.setattr("urllib.request.urlretrieve", fetch)
    monkeypatch.setenv("BINDER_SERVICE_HOST", "1")
    for _ in range(2):
        monkeypatch.chdir(tmp_path)
        for _ in range(2):
            exec(first.replace("%pip", "pass  #"), {})
            assert Path.cwd() == tmp_path / "notebooks"
    assert fetched == ["https://example.org/notebooks/notebooks.zip"]


# --- the wheel


def test_the_wheel_has_the_package_and_is_built_once(tmp_path, monkeypatch):
    built = build_wheel(tmp_path)
    assert re.fullmatch(r"l2h_tutorial-[\d.]+-py3-none-any\.whl", built.name)
    inside = [name for name in zipfile.ZipFile(built).namelist() if ".dist-info/" not in name]
    assert sorted(inside) == sorted(
        path.relative_to(PACKAGE.parent).as_posix() for path in files_of(PACKAGE)
    )
    monkeypatch.setattr(subprocess, "run", lambda *args, **keywords: pytest.fail("built again"))
    assert build_wheel(tmp_path) == built


# --- the site that was built

NOTEBOOKS = sorted((SITE / "notebooks").glob("*.ipynb"))
built = pytest.mark.skipif(not NOTEBOOKS, reason="the book is not built: make book")


@built
def test_every_page_with_cells_has_a_notebook():
    written = {page.stem: text_of(page) for page in (ROOT / "book").glob("*.md")}
    chapters = {
        name
        for name, text in written.items()
        if "\nkernelspec:" in text and "\nnotebook: false" not in text
    }
    assert {path.stem for path in NOTEBOOKS} == chapters
    how_to = text_of(SITE / "book/how-to-use.html")
    assert 'href="../notebooks/notebooks.zip"' in how_to
    packed = zipfile.ZipFile(SITE / "notebooks/notebooks.zip").namelist()
    assert sum(name.endswith(".whl") for name in packed) == 1


@built
def test_no_notebook_uses_a_name_that_only_its_page_makes():
    """What a removed cell of a page makes is not in the notebook."""
    editions = (SITE.parent / "editions").rglob("*.ipynb")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821"]
    checked = subprocess.run([*ruff, *NOTEBOOKS, *editions], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_exported_notebook_has_all_of_its_page(path):
    notebook = read_notebook(path)
    page = text_of(SITE / f"book/{path.stem}.html")
    nbformat.validate(notebook)
    text = markdown_of(notebook)
    assert not RAW_MYST.findall(text)
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert len(outputs) == len(re.findall(r'<div class="cell_output\b', page))
    assert str(ROOT) not in nbformat.writes(notebook)
    for number in re.findall(r'<span class="pasted-text">([^<]+)</span>', page):
        assert html.unescape(number) in text.replace("\\*", "*")
    for caption in re.findall(r'<span class="caption-number">([^<]+?)\s*</span>', page):
        assert f"**{caption}.** " in text
    for address in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        assert (SITE / "notebooks" / address).is_file(), address


RUN_ALL = """
import importlib.util, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import l2h_tutorial, nbformat
from nbclient import NotebookClient

assert Path(l2h_tutorial.__file__).is_relative_to(sys.prefix), l2h_tutorial.__file__
assert not importlib.util.find_spec("myst_nb") and not importlib.util.find_spec("sphinx")

def run(path):
    exported = nbformat.read(path, as_version=4)
    beside = {"metadata": {"path": str(path.parent)}}
    executed = nbformat.read(path, as_version=4)
    NotebookClient(executed, timeout=900, kernel_name="python3", resources=beside).execute()
    for before, after in zip(exported.cells, executed.cells, strict=True):
        outputs = after.get("outputs", [])
        assert outputs or not before.get("outputs"), f"{path.stem}: no output: {before.source!r}"
        printed = [output.text for output in outputs if output.get("name") == "stderr"]
        assert not printed, f"{path.stem}: {printed}"
    return path.stem

with ThreadPoolExecutor(2) as pool:
    for stem in pool.map(run, map(Path, sys.argv[1:])):
        print("ran", stem)
"""


@pytest.fixture
def programs(tmp_path):
    """The folder of the programs of a new environment, with pip."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    return environment / ("Scripts" if os.name == "nt" else "bin")


def run_as_reader(command, folder):
    """Run a command without this repository's settings, and return what it printed."""
    variables = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@built
@pytest.mark.slow
@pytest.mark.index
def test_each_hand_out_runs_after_what_it_says_was_typed(tmp_path, programs, suite_cache):
    """For each line to type, one in six of the readers' notebooks, and one of the students'.

    The build runs the cells of all of them; here the place is another one. That no name is missing
    is asked of all of them, above. The bare wheel comes first, and runs the README's example.
    """
    archives = [SITE / "notebooks/notebooks.zip", SITE.parent / "editions/student/buckets.zip"]
    to_type = {}
    for archive in archives:
        zipfile.ZipFile(archive).extractall(tmp_path / archive.stem)
        for path in sorted((tmp_path / archive.stem).glob("*/*.ipynb")):
            first = read_notebook(path).cells[0].source
            (line,) = re.findall(r"There type `(pip install [^`]+)`", first)
            to_type.setdefault(line, []).append(path)
    assert len(to_type) == 4, "with no further extra, with one of two, or with three"

    def install(line, folder):
        command = [*shlex.split(line), "--quiet", "--disable-pip-version-check"]
        run_as_reader([programs / command[0], *command[1:]], folder)

    (package,) = tmp_path.glob("notebooks/*/*.whl")
    install(f"pip install ./{package.name}", package.parent)
    (code,) = re.findall(r"(?s)```python\n(.*?)```", text_of(ROOT / "README.md"))
    assert "recall 0.9" in run_as_reader([programs / "python", "-c", code], tmp_path)
    for line, paths in sorted(to_type.items(), key=lambda item: item[0].count(",")):
        install(line, paths[0].parent)
        ran = [path for i, path in enumerate(paths) if i % 6 == 0 or "buckets" in path.parts]
        printed = run_as_reader([programs / "python", "-c", RUN_ALL, *ran], tmp_path)
        assert printed.split() == [word for path in ran for word in ("ran", path.stem)]
