"""The same results however the values are laid out; encodings and names of files that every system has."""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_hashers import HASHERS
from visits import ROOT

from l2h_tutorial import HashTable, affinity, mean_average_precision, rerank
from l2h_tutorial.codes import bits_to_integers, hamming_distances, pack_bits

# How the values can come. All are small integers, which every type holds exactly.


def apart(values):
    """Every second row and third column of a larger array."""
    wide = np.zeros(
        [size * step for size, step in zip(values.shape, (2, 3), strict=False)], dtype=values.dtype
    )
    view = wide[tuple(slice(None, None, step) for step in (2, 3)[: values.ndim])]
    view[...] = values
    return view


def backwards(values):
    """A view with negative strides."""
    turned = (slice(None, None, -1),) * values.ndim
    return values[turned].copy()[turned]


def read_only(values):
    copy = apart(values)
    copy.flags.writeable = False
    return copy


def frame(values):
    """With names of columns and rows that are not the numbers of the rows."""
    index = [f"row {i}" for i in range(len(values), 0, -1)]
    if values.ndim == 1:
        return pd.Series(values, index=index, name="values")
    return pd.DataFrame(
        values, index=index, columns=[f"column {j}" for j in range(values.shape[1])]
    )


LAYOUTS = {"Fortran": np.asfortranarray, "backwards": backwards, "read-only, apart": read_only}
LAYOUTS |= {"list": np.ndarray.tolist, "frame": frame}
TYPES = {
    kind: functools.partial(np.ndarray.astype, dtype=kind)
    for kind in ("float32", ">f8", ">f4", "int8", ">i4")
}

random = np.random.RandomState(3)
y, y_new = np.arange(60) % 4, np.arange(9) % 4
middle = random.randint(-8, 9, size=(4, 6))
X, Q = (middle[rows] + random.randint(-5, 6, size=(len(rows), 6)) for rows in (y, y_new))
BITS, NEW = random.rand(60, 20) < 0.5, random.rand(9, 20) < 0.5
IDS = np.argsort(random.rand(9, 60), axis=1)[:, :12]


def searched(bits, new):
    table = HashTable(bits)
    found = table.query_radius(new, 3, return_distance=True, sort_results=True)
    return [*found[0], *found[1], *table.query(new, 5), table.extended(new).bucket_sizes]


OF_VECTORS = {
    f"{each!r:.40}": lambda X, Q, h=each: [h.fit(X, y).transform(X), h.transform(Q)]
    for each in HASHERS
}
OF_VECTORS |= {
    "rerank, cosine": lambda X, Q: rerank(Q, X, IDS, 5),
    "rerank, euclidean": lambda X, Q: rerank(Q, X, IDS, 5, metric="euclidean"),
    "knn_affinity": lambda X, Q: [affinity.knn_affinity(X, 4).toarray()],
}
OF_BITS = {
    "HashTable": searched,
    "pack_bits": lambda bits, new: [pack_bits(bits)],
    "bits_to_integers": lambda bits, new: [bits_to_integers(bits)],
    "hamming_distances": lambda bits, new: [hamming_distances(new, bits)],
    "mean_average_precision": lambda bits, new: [mean_average_precision(new, bits, y_new, y)],
}


@pytest.mark.parametrize(
    ("function", "values", "forms"),
    [
        *(
            pytest.param(call, (X, Q), TYPES | LAYOUTS, id=f"vectors: {name}")
            for name, call in OF_VECTORS.items()
        ),
        *(
            pytest.param(call, (BITS, NEW), LAYOUTS, id=f"bits: {name}")
            for name, call in OF_BITS.items()
        ),
    ],
)
def test_the_layout_of_the_values_changes_no_bit(function, values, forms):
    """Byte order, type, strides, read-only, list or data frame."""
    expected = function(
        *(value.astype(float) if value is X or value is Q else value for value in values)
    )
    for name, form in forms.items():
        found = function(*map(form, values))
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            assert np.asarray(a).dtype == np.asarray(b).dtype, name
            np.testing.assert_array_equal(a, b, err_msg=name)


def python(*arguments, **environment):
    options = {
        "cwd": ROOT,
        "capture_output": True,
        "text": True,
        "encoding": "utf-8",
        "timeout": 300,
    }
    return subprocess.run(
        [sys.executable, *arguments], env=os.environ | environment, check=False, **options
    )


# Text, in the encoding that we name and not in the machine's

USED = """
import pathlib, sys, warnings
warnings.filterwarnings("error", category=EncodingWarning, module="l2h_tutorial|__main__")
import numpy as np
import l2h_tutorial
from l2h_tutorial import HashTable, exercises
from l2h_tutorial.explore import Playground
from l2h_tutorial.protocols.results import ResultsFile

folder = pathlib.Path(sys.argv[1])
everything = [getattr(l2h_tutorial, name) for name in l2h_tutorial.__all__]
X = np.random.RandomState(0).standard_normal((1600, 8)).astype(np.float32)
for n_bits in (4, 8):  # the second reads what the first wrote
    ResultsFile(folder / "table.csv", ["method", "n_bits"]).append({"method": "é 猫", "n_bits": n_bits, "map": 0.5})
table = HashTable(X > 0)
table.save(folder / "table.npz")
HashTable.load(folder / "table.npz")
Playground(np.arange(16.0).reshape(8, 2), np.arange(8) % 2, np.eye(2))._repr_html_()
exercises.check("2.3", lambda a, b: 0)
"""


def test_no_text_is_read_or_written_in_the_encoding_of_the_machine(tmp_path):
    said = python(
        "-X",
        "warn_default_encoding",
        "-c",
        USED,
        str(tmp_path),
        L2H_DATA_HOME=str(tmp_path / "cache"),
    )
    assert said.returncode == 0, said.stderr
    assert b"\r" not in (tmp_path / "table.csv").read_bytes()


def test_a_console_that_lacks_letters_is_no_obstacle(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("josé 猫\nada\n", encoding="utf-8")
    grade = ("-m", "l2h_tutorial.exercises.grade", str(tmp_path), "--students", str(names))
    said = python(*grade, PYTHONIOENCODING="ascii")
    assert said.returncode == 0, said.stderr
    assert "ada" in said.stdout
    assert "josé 猫" in (tmp_path / "grades.csv").read_text(encoding="utf-8")


# Names of files, on systems that do not tell A from a and keep some names to themselves

RESERVED = re.compile(
    r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE
)


@pytest.mark.parametrize("folder", ["", "_build/html", "_build/editions"])
def test_the_files_of_the_project_and_of_the_site_can_be_had_on_every_system(folder):
    if not (ROOT / folder).is_dir():
        pytest.skip("run `make book` first")
    left_out = {".venv", "_build", ".git", "__pycache__", ".hypothesis", ".mypy_cache"}
    paths = [path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*")]
    names = [str(path) for path in paths if not left_out & set(path.parts)]
    assert len(names) > 20
    assert [name for name in names if any(map(RESERVED.search, Path(name).parts))] == []
    assert len({name.casefold() for name in names}) == len(names)
