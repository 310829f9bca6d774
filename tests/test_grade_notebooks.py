"""Notebooks for marks: each gets the points it deserves, and can neither read, write nor stay."""

import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from visits import CHAPTERS as PAGES
from visits import cells_of, exercises_of, text_of

import l2h_tutorial
from l2h_tutorial.exercises import CHAPTERS, answering, grade_notebooks
from l2h_tutorial.exercises.grade_notebooks import main

pytestmark = pytest.mark.skipif(
    not grade_notebooks._has_walls(), reason="this system does not let a user shut off a process"
)

START = "import os, sys, time\nimport numpy as np\nfrom l2h_tutorial import exercises"
RIGHT = """def opposite(code, n_bits):
    return all_ones(n_bits) - code

exercises.check('2.1', opposite);"""
WEDGES = """def wedges(lines):
    return lines + lines

exercises.check('2.2', wedges);"""
CLOUD = "exercises.check('2.5', np.random.default_rng(1).normal(size=(50, 8)) + 1000);"
PACKAGE = str(Path(l2h_tutorial.__file__).parent)
MOUNTS = "__import__('subprocess').run(['mount', '-o', 'remount,bind,rw', '/'], check=True)"
UNMOUNTS = "__import__('subprocess').run(['umount', {package!r} + '/exercises'], check=True)"
TRIES = {  # what a hostile cell tries; each must fail
    "to write over another submission": "open({folder!r} + '/right.ipynb', 'w')",
    "to read another submission": "open({folder!r} + '/right.ipynb')",
    "to write elsewhere": "open({elsewhere!r}, 'w')",
    "to remove a file": "os.remove({kept!r})",
    "to read the right answers": "open({package!r} + '/exercises/lsh.py')",
    "to import them": "__import__('l2h_tutorial.exercises.lsh')",
    "to open a connection": "__import__('socket').create_connection(('127.0.0.1', 9), 1)",
    "to undo the walls": MOUNTS,
    "to uncover what is hidden": UNMOUNTS,
    "to take much memory": "bytearray(2**32)",
    "to fill its folder": "open('big', 'wb').write(bytes(2**25))",
    "to see the processes outside": (
        "next(p for p in os.listdir('/proc') if p.isdigit() and int(p) > 50)"
    ),
}
ENDLESS = "while True:\n        try: time.sleep(1)\n        except: pass\n    return"
FORGES = """for fd in range(3, 9):
    for line in (b'{"number": "2.1"}', b'{"number": "2.1", "answer": {"list": 7}}', b"[" * 10**6):
        try: os.write(fd, line + bytes([10]))
        except OSError: pass"""
FORKS = """os.setsid()
if os.fork() == 0:
    os.setsid()
    while True:
        time.sleep(0.05)"""
# For each notebook its cells, and what each exercise deserves: 1, or a remark if that is 0
NOTEBOOKS = {
    "right": ([RIGHT, WEDGES, CLOUD], {"2.1": 1, "2.2": 1, "2.5": 1}),
    "wrong": (
        [
            "exercises.check('2.1', lambda code, n: ~code)",
            WEDGES.replace("return", "return lines +"),
            CLOUD.replace("+", "*"),
        ],
        {
            "2.1": "goes on for ever to the left",
            "2.2": "Draw one line",
            "2.5": "more than three codes",
        },
    ),
    "blank": (
        ["def opposite(code, n_bits):\n    ...\n\nexercises.check('2.1', opposite);"],
        {"2.1": "0 of 3 exercises hold. 2.1: to do. Your function returns nothing yet."},
    ),
    "printing": (
        [WEDGES.replace("return lines +", "print(...)\n    lines =")],
        {"2.2": "Printing is not enough"},
    ),
    "untouched": (
        ["exercises.check('2.5', ...);"],
        {"2.5": "to do.", "2.1": "Not there: 2.1, 2.2"},
    ),
    "replacing": (
        ["exercises.check = lambda *given: True", RIGHT.replace("- code", "+ code")],
        {"2.1": "to do."},
    ),
    "stealing": (
        [
            "from l2h_tutorial.exercises import find\n"
            "exercises.check('2.1', find('2.1').reference)",
            WEDGES,
        ],
        {"2.1": "no answer: cell 2 raised ImportError: cannot import name 'find'", "2.2": 1},
    ),
    "raising": (
        ["1 / 0", RIGHT.replace("return", "return [][0] +"), WEDGES],
        {"2.1": "in line 2", "2.2": 1},
    ),
    "with magic": (["%matplotlib inline\n!ls", RIGHT], {"2.1": 1}),
    "endless": (
        [RIGHT, WEDGES.replace("return", ENDLESS), CLOUD],
        {"2.1": 1, "2.2": "Your function had not finished after 5 seconds", "2.5": 1},
    ),
    "endless cell": (
        ["while True: pass", RIGHT],
        {"2.1": "A cell had not finished after 5 seconds"},
    ),
    "leaving": (["os._exit(0)", RIGHT], {"2.1": "A cell ended the process"}),
    "forking": ([FORKS, RIGHT], {"2.1": 1}),
    "forging": ([FORGES, RIGHT], {"2.1": "2.1: not yet."}),
}


def write(path, cells):
    """Write a notebook with these cells below its heading of exercises."""
    # only the definition of this cell is run
    before = "1 / 0\n\ndef all_ones(n_bits):\n    return (1 << n_bits) - 1"
    sources = [
        ("code", before),
        ("markdown", "## 2.7. Exercises"),
        *(("code", cell) for cell in [START, *cells]),
    ]
    notebook = {
        "cells": [
            {"cell_type": kind, "source": source.splitlines(True)} for kind, source in sources
        ]
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return the table of marks of all notebooks, by student."""
    base = tmp_path_factory.mktemp("graded")
    folder = base / "folder"
    kept = base / "kept"
    kept.touch()
    for name, (cells, _) in NOTEBOOKS.items():
        write(folder / f"{name}.ipynb", cells)
    places = {
        "folder": str(folder),
        "elsewhere": str(base / "elsewhere"),
        "kept": str(kept),
        "package": PACKAGE,
    }
    tries = [f"    lambda: {code.format(**places)}," for code in TRIES.values()]
    cell = "\n".join(
        ["failed = []", "for attempt in [", *tries, "]:", "    try: attempt(); failed.append(0)"]
    )
    write(
        folder / "hostile.ipynb",
        [
            f"{cell}\n    except BaseException: failed.append(1)",
            "exercises.check('2.2', lambda lines: failed)",
        ],
    )
    write(folder / "Ada L_7_assignsubmission_file_/lsh.ipynb", [RIGHT])
    write(folder / "Ada L_7_assignsubmission_file_/more.ipynb", [WEDGES])
    write(folder / "bee_8_1_lsh.ipynb", [RIGHT])
    write(folder / "bee_8_2_lsh-1.ipynb", [RIGHT])
    (folder / "no notebook.ipynb").write_bytes(b"[" * 100_000)
    before = {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    assert main([str(folder), "--seconds", "5", "--exercises", "2.1,2.2, 2.5"]) == 0
    assert {path: path.read_bytes() for path in folder.rglob("*.ipynb")} == before
    assert sorted(path.name for path in base.iterdir()) == ["folder", "kept"]
    table = pd.read_csv(folder / "grades.csv", index_col="student", dtype={"remark": str})
    return table.fillna({"remark": ""})


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_notebook_gets_what_it_deserves(graded, name):
    row = graded.loc[name]
    for number, deserved in NOTEBOOKS[name][1].items():
        if deserved == 1:
            assert row[number] == 1
        else:
            assert row[number] == 0
            assert deserved in row["remark"]
    assert row["grade"] == pytest.approx(100 * row["2.1":"2.5"].mean(), abs=0.1)


@pytest.mark.slow
def test_whose_notebooks_they_are(graded):
    assert graded.loc["ada l", "2.1":"2.2"].tolist() == [1, 1]
    assert graded.loc["bee", "remark"] == "two notebooks have one name, so none counts: leave one"
    assert graded.loc["no notebook", "grade"] == 0


@pytest.mark.slow
def test_hostile_notebooks_read_and_write_nothing(graded):
    failed = re.search(r"it gives \[([01, ]+)\]", graded.loc["hostile", "remark"])[1].split(", ")
    assert dict(zip(TRIES, failed, strict=True)) == dict.fromkeys(TRIES, "1")
    for _ in range(50):
        processes = [process.info for process in psutil.process_iter(["ppid", "cmdline"])]
        # the processes of tests beside this one have another parent
        ours = [process["cmdline"] for process in processes if process["ppid"] in (1, os.getpid())]
        remaining = [command for command in ours if "Run a student's cells" in str(command)]
        if not remaining:
            break
        time.sleep(0.1)
    assert not remaining


@pytest.mark.slow
def test_what_counts_is_what_most_have_and_nobody_s_inventions(tmp_path):
    for student in ("s1", "s2", "s3"):
        write(tmp_path / f"{student}.ipynb", [RIGHT])
    write(
        tmp_path / "s4.ipynb",
        [RIGHT, WEDGES, "exercises.check('9.1', 1)", "exercises.check('2.99', 1)"],
    )
    table = grade_notebooks.grade_notebooks(tmp_path)
    assert [column for column in table if column[0].isdigit()] == ["2.1"]
    assert table["grade"].tolist() == [100] * 4


def test_the_book_s_solutions_answer_for_nobody(tmp_path, site):
    """A notebook from the site has them after the cells to write into."""
    notebook = json.loads(text_of(site / "notebooks/lsh.ipynb"))
    mine, solution = (
        cell for cell in notebook["cells"] if 'exercises.check("2.1"' in "".join(cell["source"])
    )
    for student in ("empty", "right"):
        path = tmp_path / f"{student}.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        mine["source"] = solution["source"]
    table = grade_notebooks.grade_notebooks(tmp_path, exercises=["2.1"]).set_index("student")
    assert table["grade"].to_dict() == {"empty": 0, "right": 100}


@pytest.mark.slow
def test_the_book_s_solutions_get_all_points(tmp_path):
    for page, chapter in zip(PAGES, CHAPTERS, strict=True):
        part = exercises_of(page)
        cells = [code for code in cells_of(part) if code not in cells_of(part, "exercise-stub")]
        write(tmp_path / "s1" / f"{chapter}.ipynb", cells)
    (row,) = grade_notebooks.grade_notebooks(tmp_path).to_dict("records")
    assert row["remark"] == ""
    assert row["grade"] == 100
    assert {"8.1", "8.2"} <= set(row)
    assert "8.3" not in row, "a hasher is looked at by a person"


def test_without_walls_nothing_runs_unless_it_is_trusted(tmp_path, monkeypatch, capsys):
    write(tmp_path / "s1.ipynb", [RIGHT])
    monkeypatch.setattr(grade_notebooks, "_WALLED", ["false"])
    assert main([str(tmp_path)]) == 1
    assert "does not shut off what is run (unshare): see --unwalled" in capsys.readouterr().err
    (tmp_path / "list.txt").write_text("s1\ns2,Bob Bee\n")
    write(tmp_path / "s3.ipynb", [RIGHT])
    assert main([str(tmp_path), "--unwalled", "--students", str(tmp_path / "list.txt")]) == 0
    table = pd.read_csv(tmp_path / "grades.csv", index_col="student")
    assert table.loc["s1", "grade"] == 100
    assert table.loc["s2", "remark"] == "no notebook was submitted"
    assert table.loc["s3", "remark"] == "not on the list of students"
    with pytest.raises(ValueError, match="a folder of their own"):
        grade_notebooks.grade_notebooks(Path(sys.prefix).parent)


ARRAYS = [np.arange(6).reshape(2, 3), np.zeros((0, 3)), np.array([True]), np.array(2.5)]


@pytest.mark.parametrize("value", [None, 1, True, 2.5, "x", [1, (True, None)], {"A": 1.5}, *ARRAYS])
def test_answers_are_read_again_and_others_named_by_type(value):
    again = answering.decode(json.loads(json.dumps(answering.encode(value))))
    assert type(again) is type(value)
    np.testing.assert_equal(again, value)
    assert getattr(again, "dtype", None) == getattr(value, "dtype", None)
    for no_answer in ({1}, 10**2000, np.zeros(10**6), [0] * 10**6, np.array([{}])):
        assert list(answering.encode(no_answer)) == ["other"]
