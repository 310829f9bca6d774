"""The book: killed while it is built, built where the home cannot be written, with a clock that goes backwards."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from test_notebooks import CONFIGURATION, HEADER

from l2h_tutorial.book import extension
from l2h_tutorial.book.executed import _seconds

CHAPTER = f"""{HEADER}# A page

```{{code-cell}} ipython3
from l2h_tutorial.book import record

record("answer", "forty-two")
```

The answer is {{glue:text}}`answer`.
"""
NEEDS_THE_CACHE = f"""{HEADER}# A page

```{{code-cell}} ipython3
import numpy as np
from l2h_tutorial.datasets import cached_gist

cached_gist(np.zeros((2, 16, 16), dtype=np.uint8)).shape
```
"""
STRICT = CONFIGURATION + 'nb_output_stderr = "error"\n'
OPTIONS = ["-b", "html", "-q", "-W", "-n", "--keep-going", ".", "_build/html"]
KILLED_AT = """
import os, signal, sys
from pathlib import Path
from sphinx.cmd.build import main

reached = []

def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith(sys.argv[1]) and "w" in (arguments[1] or "") and not reached:
        reached.append(True)
        Path(arguments[0]).write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
main(sys.argv[2:])
"""


def build(folder, start=("-m", "sphinx"), **variables):
    call = [sys.executable, *start, *OPTIONS]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, env=os.environ | variables, check=False)


def book_of(folder, page):
    for name, content in {"conf.py": STRICT, "index.md": page, "references.bib": ""}.items():
        (folder / name).write_text(content)
    return folder


def pages(folder):
    names = ("index.html", "searchindex.js", "notebooks/index.ipynb", "genindex.html", "llms.txt", "plain/index.md")
    return {name: (folder / "_build/html" / name).read_text() for name in names}


@pytest.mark.skipif(os.name == "nt", reason="kills itself by a signal")
def test_a_build_that_was_killed_is_begun_again_and_becomes_whole(tmp_path):
    book = book_of(tmp_path, CHAPTER)
    assert build(book).returncode == 0
    whole = pages(book)
    for name in ("base.ipynb", "index.html", "searchindex.js.tmp"):
        shutil.rmtree(book / ("_build" if name == "base.ipynb" else "_build/html"))
        assert build(book, ("-c", KILLED_AT, name)).returncode < 0, name
        assert any(path.read_bytes() == b"half" for path in book.rglob(name)), name
        result = build(book)
        assert result.returncode == 0, f"{name}: {result.stderr}"
        assert pages(book) == whole, name
    assert list((book / "_build").rglob("*.unfinished")) == []


def test_a_build_killed_while_it_forgets_pages_is_begun_again_too(tmp_path, monkeypatch):
    def killed(folder, ignore_errors):
        for path in set(folder.iterdir()) - {page}:
            path.unlink()
        raise KeyboardInterrupt

    app = SimpleNamespace(outdir=tmp_path / "html", doctreedir=tmp_path / ".doctrees")
    page = app.outdir / "index.html"
    app.outdir.mkdir()
    extension._start_afresh(app, None)
    page.write_text("half")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            extension._start_afresh(app, None)
    assert page.exists()
    extension._start_afresh(app, None)
    assert not page.exists()
    extension._note_the_end(app, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".doctrees", "html"]


def test_a_build_of_another_kind_beside_it_does_not_hide_that_one_was_killed(tmp_path):
    html, links = (
        SimpleNamespace(outdir=tmp_path / name, doctreedir=tmp_path / ".doctrees") for name in ("html", "links")
    )
    for app in (html, links):
        app.outdir.mkdir()
        extension._start_afresh(app, None)
    extension._note_the_end(links, None)
    (html.outdir / "index.html").write_text("half")
    extension._start_afresh(html, None)
    assert not (html.outdir / "index.html").exists()


def test_where_the_cache_cannot_be_written_the_strict_build_succeeds_all_the_same(tmp_path):
    book = book_of(tmp_path, NEEDS_THE_CACHE)
    (book / "file").write_text("in the way")
    result = build(book, L2H_DATA_HOME=str(book / "file"))
    assert result.returncode == 0, result.stderr
    assert "(2, 512)" in (book / "_build/html/index.html").read_text()


def test_where_the_home_is_read_only_the_strict_build_succeeds_all_the_same(tmp_path):
    """A home of its own, that nothing can be written to: no cache, no folder for Jupyter, IPython or Matplotlib."""
    home, read_only = tmp_path / "home", 'mount -t tmpfs none "$HOME" && mount -o remount,ro "$HOME" && exec "$@"'
    home.mkdir()
    there = ["unshare", "--map-root-user", "--mount", "sh", "-c", read_only, "sh"]
    theirs = ("L2H_", "XDG_", "JUPYTER", "MPL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    environment = kept | {"HOME": str(home)}
    if not shutil.which("unshare") or subprocess.run([*there, "true"], env=environment, check=False).returncode:
        pytest.skip("a home of its own needs unshare and the right to use it")
    assert subprocess.run([*there, "touch", str(home / "file")], env=environment, check=False).returncode
    book = book_of(tmp_path, NEEDS_THE_CACHE)
    command = [*there, sys.executable, "-m", "sphinx", *OPTIONS]
    result = subprocess.run(command, cwd=book, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "(2, 512)" in (book / "_build/html/index.html").read_text()


@pytest.mark.parametrize("seconds", [-3600, 0, 2.5])
def test_a_cell_never_takes_less_than_no_time(seconds):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = start + timedelta(seconds=seconds)
    times = {"iopub.status.busy": start.isoformat(), "iopub.status.idle": end.isoformat()}
    assert _seconds(times) == max(0, seconds)
