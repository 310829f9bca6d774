"""The book: with flaws, killed while it is built, and built where the home cannot be written."""

import os
import re
import shutil
import subprocess

import pytest
from small_book import BOOK, HEADER, build
from visits import text_of

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
from l2h_tutorial.datasets import cached_features

cached_features(np.zeros((2, 16, 16), dtype=np.uint8)).shape
```
"""
KILLED_AT = """
import os, signal, sys
from pathlib import Path
from sphinx.cmd.build import main

reached = []

def hook(event, arguments):
    if event != "open" or reached:
        return
    path, mode, *_ = arguments
    if str(path).endswith(sys.argv[1]) and "w" in (mode or ""):
        reached.append(True)
        Path(path).write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
main(sys.argv[2:])
"""


GOOD = "Why?\n\n- [x] So.\n\n  Yes.\n- [ ] Not so.\n\n  No.\n"
NO_ANSWERS = "a question in a paragraph and, at its end, a list of answers"
# self-tests, and what the build says of them
QUESTIONS = {
    "": NO_ANSWERS,
    "Why?\n": NO_ANSWERS,
    f"{GOOD}\nMore.\n": NO_ANSWERS,
    GOOD.replace("[ ] ", ""): "an answer of a self-test starts with [x] or [ ]",
    GOOD.replace("\n\n  No.\n", "\n"): "an explanation, in a paragraph under it: '[ ] Not so.'",
    GOOD.replace("[ ]", "[x]"): "this one has 2, 2 of them right",
    GOOD.replace("[x]", "[ ]"): "this one has 2, 0 of them right",
}
# words of the small book's plans, the wrong ones that take their place, and what the build says
PLANS = [
    ("} 20", "} 10", "the plan takes 15 minutes of 10"),
    ("First;", "Firsts;", "chapter has no 'Firsts'; it has"),
    ("}\nchapter", "}\nother", "other: a chapter should open with 'In this chapter'"),
]


@pytest.mark.slow
def test_each_flaw_of_a_page_is_named(tmp_path):
    flaws = {
        f"flaw-{i}.md": f"# Flaw\n\n```{{selftest}}\n{question}\n```\n"
        for i, question in enumerate(QUESTIONS)
    }
    plans = "".join(BOOK["words.md"].replace(right, wrong) for right, wrong, _ in PLANS)
    result = build(tmp_path, BOOK | flaws | {"words.md": plans})
    assert result.returncode != 0
    said = [re.escape(words) for *_, words in PLANS]
    said += [
        f"{name}:.*{re.escape(words)}"
        for name, words in zip(flaws, QUESTIONS.values(), strict=True)
    ]
    assert [words for words in said if not re.search(words, result.stderr)] == []


def pages(folder):
    names = (
        "index.html",
        "searchindex.js",
        "notebooks/index.ipynb",
        "genindex.html",
        "llms.txt",
        "plain/index.md",
    )
    return {name: text_of(folder / "_build/html" / name) for name in names}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills itself by a signal")
def test_a_killed_build_is_begun_again_and_becomes_whole(tmp_path):
    assert build(tmp_path, {"index.md": CHAPTER}).returncode == 0
    whole = pages(tmp_path)
    for name in ("base.ipynb", "index.html", "searchindex.js.tmp"):
        shutil.rmtree(tmp_path / ("_build" if name == "base.ipynb" else "_build/html"))
        assert build(tmp_path, {}, ("-c", KILLED_AT, name)).returncode < 0, name
        assert any(path.read_bytes() == b"half" for path in tmp_path.rglob(name)), name
        result = build(tmp_path, {})
        assert result.returncode == 0, f"{name}: {result.stderr}"
        assert pages(tmp_path) == whole, name
    assert list((tmp_path / "_build").rglob("*.unfinished")) == []


@pytest.mark.slow
def test_a_strict_build_succeeds_with_a_read_only_home(tmp_path, monkeypatch):
    """Nothing can be written to the home: no cache, no folder of Jupyter, IPython or Matplotlib."""
    for name in os.environ:
        if name.startswith(("L2H_", "XDG_", "JUPYTER", "MPL")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    read_only = 'mount -t tmpfs none "$HOME" && mount -o remount,ro "$HOME" && exec "$@"'
    monkeypatch.setenv("HOME", str(home))
    there = ["unshare", "--map-root-user", "--mount", "sh", "-c", read_only, "sh"]
    if not shutil.which("unshare") or subprocess.run([*there, "true"], check=False).returncode:
        pytest.skip("a home of its own needs unshare and the right to use it")
    assert subprocess.run([*there, "touch", str(home / "file")], check=False).returncode
    result = build(tmp_path, {"index.md": NEEDS_THE_CACHE}, within=there)
    assert result.returncode == 0, result.stderr
    assert "(2, 512)" in text_of(tmp_path / "_build/html/index.html")
