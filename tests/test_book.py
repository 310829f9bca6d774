"""The book: recorded numbers, the key of the execution cache, and builds of a book of one page."""

import io
import os
import platform
import re
import shutil
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from small_book import HEADER, book_of, build
from visits import ROOT, text_of

from l2h_book import execution
from l2h_book.execution import execution_key
from l2h_book.former import NOTICE
from l2h_book.pictures import both_themes
from l2h_tutorial import LSH
from l2h_tutorial.book import record, shipped
from l2h_tutorial.search import Reranker

# Numbers in prose


@pytest.mark.parametrize("value", [0.5, 3, None, b"0.5", ["0.5"]])
def test_record_refuses_what_is_not_text(value):
    with pytest.raises(TypeError, match=rf"'mean-size' was given a {type(value).__name__}"):
        record("mean-size", value)


def test_a_recorded_number_has_a_minus_sign(monkeypatch):
    kept = []
    monkeypatch.setattr("IPython.get_ipython", lambda: "a kernel")
    monkeypatch.setattr("myst_nb.glue", lambda name, text, display: kept.append(text))
    for text in ("-0.1", "+0.010", "-0.000", "+0.0 n.t."):
        record("difference", text)
    assert kept == ["\N{MINUS SIGN}0.1", "+0.010", "0.000", "0.0 n.t."]


def test_shipped_shows_a_function_without_documentation():
    code = shipped(LSH._encode, Reranker.nearest)
    assert repr(code).startswith(
        "def _encode(self, points: Array) -> Bits:\n    return points @ self.hyperplanes_"
    )
    assert '"""' not in repr(code)
    assert "\n\n@np.errstate" in repr(code), "with its decorator, after an empty line"
    assert code._repr_markdown_() == f"```python\n{code!r}\n```"


def test_a_drawing_keeps_every_mark_and_has_photographs_as_jpeg():
    figure, panels = plt.subplots(1, 3)
    photograph = np.random.default_rng(0).random((40, 40, 3))
    drawn = io.StringIO()
    for panel, picture in zip(
        panels, (photograph, photograph[..., 0], photograph[:2, :2].round()), strict=True
    ):
        panel.imshow(picture, cmap="gray")
    figure.savefig(drawn, format="svg")
    plt.close(figure)
    svg = both_themes(drawn.getvalue())
    assert re.findall(r"data:image/(\w+);", svg) == ["jpeg", "png", "png"]
    names = re.findall(r' id="([^"]+)"', svg)
    assert {*re.findall(r'(?:href="#|url\(#)([^")]+)', svg)} <= {*names}
    assert len(names) == len({*names})


# The key of the execution cache


@pytest.fixture
def copy(tmp_path):
    """Return a folder with copies of the package and of the book's tools."""
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in ("l2h_tutorial", "book/_ext", "book/results"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    return tmp_path


@pytest.fixture
def key(copy, monkeypatch):
    """Return the function that gives the key of the copy, which may pretend other versions."""
    monkeypatch.setattr(execution, "PACKAGE", copy / "l2h_tutorial")
    monkeypatch.setattr(execution, "BOOK", copy / "book")
    monkeypatch.setattr(execution, "TOOLS", copy / "book/_ext/l2h_book")
    monkeypatch.syspath_prepend(copy)
    assert re.fullmatch("[0-9a-f]{64}", execution_key())
    return execution_key


DATA = "l2h_tutorial/data/fashion-mnist"
FILES = [
    "l2h_tutorial/__init__.py",
    "l2h_tutorial/lsh.py",
    "l2h_tutorial/book.py",
    f"{DATA}/t10k-labels-idx1-ubyte.gz",
    "book/results/table1.csv",
    "book/_ext/l2h_book/play/plane.py",
]


def test_the_key_follows_all_that_a_chapter_runs(copy, key, monkeypatch):
    """That it follows nothing else is seen below, where a page does not run without need."""
    keys = [key()]
    for name in FILES:
        (copy / name).write_bytes(b"\n")
        keys.append(key())
    (copy / DATA / "LICENSE").rename(copy / DATA / "LICENCE")
    keys.append(key())
    for package in ("numpy", "scikit-learn", "matplotlib"):
        folder = copy / f"{package.replace('-', '_')}-99.0.dist-info"
        folder.mkdir()
        said = f"Metadata-Version: 2.1\nName: {package}\nVersion: 99.0\n"
        (folder / "METADATA").write_text(said)
        keys.append(key())
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
    keys.append(key())
    assert len({*keys}) == len(keys)


def test_key_changes_with_the_images(monkeypatch, tmp_path):
    keys = [execution_key()]
    monkeypatch.setenv("L2H_DATASET", "cifar10")
    keys.append(execution_key())
    image = tmp_path / "source/cat/1.png"
    image.parent.mkdir(parents=True)
    for source in (tmp_path / "source", image):
        monkeypatch.setenv("L2H_SOURCE", str(source))
        for content in (b"one", b"another"):
            image.write_bytes(content)
            keys.append(execution_key())
            assert execution_key() == keys[-1]
    assert len(set(keys)) == len(keys)


# Real builds


@pytest.fixture
def make_book(copy):
    """Return a function that builds a copy of the project, whose book is one page, by `make book`.

    It writes the page, and returns it as it is built, or else what the build printed. The cell of
    the page leaves a mark in the file `runs` whenever it runs. Nothing is installed, and the copy
    of the package comes before the installed one.
    """
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    for name in ("Makefile", "_config.yml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("book/_static", "book/_templates"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "book/references.bib", copy / "book")
    (copy / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    (copy / ".venv").symlink_to(sys.prefix)
    source = copy / "book/index.md"
    built = copy / "_build/html/book/index.html"
    environment = os.environ | {"PYTHONPATH": str(copy)}
    command = ["make", "-o", ".venv/installed", "book"]

    def make(code, text=""):
        cell = f"open({str(copy / 'runs')!r}, 'a').write('x');\n{code}"
        page = f"{HEADER}# A page\n\n```{{code-cell}} ipython3\n{cell}\n```\n\n{text}\n"
        if not source.exists() or text_of(source) != page:
            source.write_text(page, encoding="utf-8")
        before = built.exists()
        made = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
        page = text_of(built) if built.exists() else ""
        if made.returncode == 0:
            assert NOTICE not in page
            return page
        assert built.exists() == before, (
            "the former site stays, and half a page of a failed build does not"
        )
        assert (NOTICE in page) == before, "a former page could be taken for a new one"
        return made.stdout + made.stderr

    return make


GRUMBLE = "import warnings\nwarnings.warn('a library grumbles')"
MISSING = "{glue:text}`never-recorded` {numref}`fig-no`"
# in a cell and in the text, and what the build says about them
FLAWS = (GRUMBLE, MISSING)
COMPLAINTS = ["stderr was found", "WARNING.*never-recorded", "WARNING.*fig-no"]


@pytest.mark.slow
def test_flaws_fail_every_build_until_they_are_mended(copy, make_book):
    for _ in range(2):  # a second strict build must not pass on what the first has left
        said = make_book(*FLAWS)
        assert [complaint for complaint in COMPLAINTS if not re.search(complaint, said)] == []
    good = make_book("print(6 * 7)")
    assert "42" in good
    for flaws in (["1 / 0"], FLAWS):
        make_book(*flaws)
        former = text_of(copy / "_build/html/book/index.html")
        assert former.replace(f"\n{NOTICE}", "") == good
    assert make_book("print(6 * 7)") == good


@pytest.mark.slow
def test_pages_follow_the_package_and_nothing_runs_without_need(copy, make_book):
    module = copy / "l2h_tutorial/size.py"
    module.write_text("SIZE = 4\n")
    code = (
        "from l2h_tutorial.book import record\n"
        "from l2h_tutorial.size import SIZE\n"
        "record('size', f'{SIZE} codes')"
    )
    page = (code, "The ball holds {glue:text}`size`.")
    first = make_book(*page)
    assert first.count(">4 codes<") == 1, "in the sentence, and not under the cell that records it"
    assert make_book(*page) == first
    assert (copy / "runs").read_text() == "x", "nothing has changed, and the chapter ran again"
    module.write_text("SIZE = 1004\n")
    assert "1004 codes" in make_book(*page)
    assert (copy / "runs").read_text() == "xx"


# waits for the other page to begin
FAILS = """```{code-cell} ipython3
import time
from pathlib import Path

import numpy as np

while not Path("ran").exists():
    time.sleep(0.05)
rows = np.arange(3000).reshape(30, 100)
assert np.array_equal(rows, rows + 1)
```
"""
GOES_ON = """```{code-cell} ipython3
import time

open("ran", "a").write("x")
time.sleep(300)
open("ended", "a").write("x")
```
"""


@pytest.mark.slow
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core executes one page at a time")
def test_a_failing_cell_ends_the_build_at_once(tmp_path):
    """Pages are executed side by side: one that would go on for minutes is stopped.

    Later builds run only what had not run.
    """
    failed = build(tmp_path, book_of(a=FAILS, b=GOES_ON))
    assert not (tmp_path / "ended").exists(), "the other page was waited for"
    assert failed.returncode == 1
    said = (failed.stdout + failed.stderr).strip()
    assert len(said.splitlines()) <= 25
    for part in (
        "a.md: code cell 1, near line",
        "array_equal(rows, rows + 1)",
        "rows: array([[",
        "rows + 1: array([[",
    ):
        assert part in said
    whole = book_of(a=FAILS.replace(", rows + 1", ", rows"), b=GOES_ON.replace("300", "0"))
    assert build(tmp_path, whole).returncode == 0
    runs = (tmp_path / "ran").read_text()
    assert build(tmp_path, book_of(a=FAILS, b=GOES_ON.replace("300", "0"))).returncode == 1
    assert build(tmp_path, whole).returncode == 0
    assert (tmp_path / "ran").read_text() == runs, "a page that had run ran again"
