"""The package's part in the book: recorded numbers, the key of the execution cache, and real builds of a tiny book."""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_notebooks import build_book

from l2h_tutorial.book import execution_key, record

ROOT = Path(__file__).parents[1]
HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""


# Numbers in prose


def test_record_does_nothing_in_plain_python(capsys):
    record("mean-size", "57.7")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("value", [0.5, 3, None, b"0.5", ["0.5"]])
def test_record_refuses_what_is_not_text(value):
    with pytest.raises(TypeError, match=rf"'mean-size' was given a {type(value).__name__}"):
        record("mean-size", value)


def run(code, **environment):
    """What a fresh Python prints."""
    result = subprocess.run(
        [sys.executable, "-P", "-c", code], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_record_glues_in_a_notebook():
    shown = run(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from IPython.utils.capture import capture_output\n"
        "shell = InteractiveShell.instance()\n"
        "with capture_output() as captured:\n"
        '    shell.run_cell(\'from l2h_tutorial.book import record; record("mean-size", "57.7")\')\n'
        "(output,) = captured.outputs\n"
        "print(output.metadata['scrapbook']['name'], output.data)"
    )
    assert shown.startswith("mean-size ")
    assert "57.7" in shown
    assert "application/papermill.record/text/plain" in shown, "kept for a sentence, not shown under the cell"


def test_record_works_in_a_notebook_without_myst_nb(tmp_path):
    (tmp_path / "myst_nb.py").write_text("raise ImportError('not installed')\n")
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.instance()\n"
        "from l2h_tutorial.book import record\n"
        "record('mean-size', '57.7')"
    )
    assert run(code, PYTHONPATH=str(tmp_path)) == ""


# The key of the execution cache


@pytest.fixture
def copy(tmp_path):
    """A copy of the package, which Python takes in place of the one installed."""
    shutil.copytree(ROOT / "l2h_tutorial", tmp_path / "l2h_tutorial", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def key_of(copy, **environment):
    code = "import l2h_tutorial.book as b; print(b.__file__, b.execution_key())"
    file, key = run(code, PYTHONPATH=str(copy), **environment).rsplit(maxsplit=1)
    assert Path(file).is_relative_to(copy)
    return key


def test_key_is_a_name_for_a_folder():
    assert re.fullmatch("[0-9a-f]{64}", execution_key())


def test_key_stays_when_nothing_that_a_chapter_runs_has_changed(copy):
    before = key_of(copy)
    (copy / "l2h_tutorial/lsh.py").touch()
    (copy / "l2h_tutorial/__pycache__").mkdir(exist_ok=True)
    (copy / "l2h_tutorial/__pycache__/lsh.cpython-311.pyc").write_bytes(b"other")
    (copy / "README.md").write_text("other")
    assert key_of(copy, SOME_OTHER_VARIABLE="1") == before


@pytest.mark.parametrize(
    "name",
    ["__init__.py", "lsh.py", "search/radius.py", "book/numbers.py", "data/fashion-mnist/t10k-labels-idx1-ubyte.gz"],
)
def test_key_changes_with_the_package_and_its_data(copy, name):
    before = key_of(copy)
    with (copy / "l2h_tutorial" / name).open("ab") as file:
        file.write(b"\n")
    assert key_of(copy) != before


def test_key_changes_with_the_name_of_a_file(copy):
    before = key_of(copy)
    (copy / "l2h_tutorial/data/fashion-mnist/LICENSE").rename(copy / "l2h_tutorial/data/fashion-mnist/LICENCE")
    assert key_of(copy) != before


@pytest.mark.parametrize("package", ["numpy", "scikit-learn", "matplotlib", "pillow"])
def test_key_changes_with_the_version_of_a_dependency(copy, package):
    before = key_of(copy)
    metadata = copy / f"{package.replace('-', '_')}-99.0.dist-info/METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 99.0\n")
    assert key_of(copy) != before


def test_key_stays_with_the_version_of_a_stranger(copy):
    before = key_of(copy)
    (copy / "stranger-99.0.dist-info").mkdir()
    (copy / "stranger-99.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 99.0\n")
    assert key_of(copy) == before


def test_key_changes_with_python(monkeypatch):
    before = execution_key()
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
    assert execution_key() != before


def test_key_changes_with_the_images(monkeypatch, tmp_path):
    keys = [execution_key()]
    monkeypatch.setenv("L2H_DATASET", "cifar10")
    keys.append(execution_key())
    folder = tmp_path / "source"
    (folder / "cat").mkdir(parents=True)
    monkeypatch.setenv("L2H_SOURCE", str(folder))
    keys.append(execution_key())
    (folder / "cat/1.png").write_bytes(b"one")
    keys.append(execution_key())
    assert execution_key() == keys[-1]
    (folder / "cat/1.png").write_bytes(b"another")
    keys.append(execution_key())
    monkeypatch.setenv("L2H_SOURCE", str(folder / "cat/1.png"))
    keys.append(execution_key())
    (folder / "cat/1.png").write_bytes(b"a third, longer")
    keys.append(execution_key())
    assert len(set(keys)) == len(keys)


# Real builds


class Project:
    """A copy of the project with a book of one page, built by the project's own Makefile and configuration."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("Makefile", "_config.yml", "pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, folder)
        shutil.copytree(ROOT / "book/_static", folder / "book/_static")
        shutil.copy(ROOT / "book/references.bib", folder / "book")
        (folder / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
        (folder / ".venv").symlink_to(sys.prefix)
        self.runs = folder / "runs"

    @property
    def page(self):
        return (self.folder / "_build/html/book/index.html").read_text(encoding="utf-8")

    def write(self, code, text=""):
        """Write the page; its cell leaves a mark whenever it runs."""
        mark = "import os\nwith open(os.environ['RUNS'], 'a') as file:\n    file.write('x')\n"
        cell = f"```{{code-cell}} ipython3\n{mark}{code}\n```\n"
        (self.folder / "book/index.md").write_text(f"{HEADER}# A page\n\n{cell}\n{text}\n", encoding="utf-8")

    def make_book(self):
        """Run the recipe of `make book` (installation left out), with the copy of the package before the installed."""
        environment = os.environ | {"PYTHONPATH": str(self.folder), "RUNS": str(self.runs)}
        return subprocess.run(
            ["make", "-o", ".venv/installed", "book"],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def built(self):
        result = self.make_book()
        assert result.returncode == 0, result.stdout + result.stderr
        return result

    def times_run(self):
        return len(self.runs.read_text())


@pytest.fixture
def project(copy):
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    return Project(copy)


@pytest.mark.slow
def test_a_broken_chapter_fails_the_build_every_time_until_it_is_mended(project):
    project.write("1 / 0")
    for _ in range(2):  # a second strict build would pass on what the first has left
        result = project.make_book()
        assert result.returncode != 0
        assert "ZeroDivisionError" in result.stdout + result.stderr
        assert not (project.folder / "_build/html").exists(), "a page of a failed build could be taken for a good one"
    project.write("print(6 * 7)")
    project.built()
    assert "42" in project.page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "text", "complaint"),
    [
        ("", "The mean is {glue:text}`never-recorded`.", "never-recorded"),
        ("import warnings\nwarnings.warn('a library grumbles')", "", "stderr was found"),
        ("", "See {numref}`fig-that-is-not`.", "fig-that-is-not"),
    ],
    ids=["number-not-recorded", "warning", "figure-that-is-not"],
)
def test_a_flaw_on_a_page_fails_the_build(project, code, text, complaint):
    project.write(code, text)
    result = project.make_book()
    assert result.returncode != 0
    assert complaint in result.stdout + result.stderr


@pytest.mark.slow
def test_pages_follow_the_package_and_nothing_runs_without_need(project):
    code = (
        "from l2h_tutorial.book import record\n"
        "from l2h_tutorial.search import ball_size\n"
        "record('size', f'{ball_size(3, 1)} codes')"
    )
    project.write(code, "The ball holds {glue:text}`size`.")
    project.built()
    first = project.page
    assert "4 codes" in first
    assert project.times_run() == 1

    project.built()
    assert project.times_run() == 1, "nothing has changed, and the chapter ran again"
    assert project.page == first

    module = project.folder / "l2h_tutorial/search/radius.py"
    source = module.read_text(encoding="utf-8")
    module.write_text(re.sub(r"(?m)^    return sum\((.*)$", r"    return 1000 + sum(\1", source), encoding="utf-8")
    assert module.read_text(encoding="utf-8") != source, "ball_size is no longer a sum: edit this test"
    project.built()
    assert project.times_run() == 2
    assert "1004 codes" in project.page


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core executes one page at a time")
def test_pages_are_executed_side_by_side(tmp_path):
    """Each of two pages waits until the other has begun."""
    meet = f"""{HEADER}# Page MINE

```{{code-cell}} ipython3
import time
from pathlib import Path

Path("MINE").touch()
deadline = time.monotonic() + 60
while not Path("OTHER").exists():
    assert time.monotonic() < deadline
    time.sleep(0.05)
"met"
```
"""
    ends = {"a.md": ("left", "right"), "b.md": ("right", "left")}
    pages = {name: meet.replace("MINE", mine).replace("OTHER", other) for name, (mine, other) in ends.items()}
    welcome = {"index.md": "# Both\n\n```{toctree}\na\nb\n```\n", "references.bib": ""}
    built = build_book(tmp_path, welcome | pages)
    assert built.returncode == 0, built.stderr
    assert "met" in (tmp_path / "_build/html/a.html").read_text()
