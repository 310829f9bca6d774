"""Results do not depend on the layout of values, text and file names not on the system."""

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
from visits import ROOT, text_of

from l2h_tutorial import HashTable, affinity, mean_average_precision, rerank
from l2h_tutorial.codes import bits_to_integers, hamming_distances, pack_bits

# The layouts that values can have. All values are small integers, which every type holds exactly.


def strided(values):
    """Copy the values into every second row and third column of a larger array."""
    wide = np.zeros(np.multiply(values.shape, (2, 3)), dtype=values.dtype)
    view = wide[::2, ::3]
    view[...] = values
    return view


def backwards(values):
    """Return a view with negative strides."""
    return np.flip(np.flip(values).copy())


def read_only(values):
    copy = strided(values)
    copy.flags.writeable = False
    return copy


def frame(values):
    """Make a frame, whose columns have names, and whose rows have numbers that are no places."""
    return pd.DataFrame(values).add_prefix("column ").set_index(-np.arange(len(values)))


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "backwards": backwards,
    "read-only, strided": read_only,
    "list": np.ndarray.tolist,
    "frame": frame,
}
TYPES = {
    kind: functools.partial(np.ndarray.astype, dtype=kind)
    for kind in ("float32", ">f8", ">f4", "int8", ">i4")
}

random = np.random.RandomState(3)
y = np.arange(60) % 4
y_new = np.arange(9) % 4
centres = random.randint(-8, 9, size=(4, 6))
X = centres[y] + random.randint(-5, 6, size=(60, 6))
Q = centres[y_new] + random.randint(-5, 6, size=(9, 6))
BITS = random.rand(60, 20) < 0.5
NEW_BITS = random.rand(9, 20) < 0.5
IDS = np.argsort(random.rand(9, 60), axis=1)[:, :12]


def searched(bits, new):
    table = HashTable(bits)
    ids, distances = table.query_radius(new, 3, return_distance=True, sort_results=True)
    return [*ids, *distances, *table.query(new, 5), table.extended(new).bucket_sizes]


def hashed(hasher, vectors, queries):
    return [hasher.fit(vectors, y).transform(vectors), hasher.transform(queries)]


OF_VECTORS = {f"{hasher!r:.40}": functools.partial(hashed, hasher) for hasher in HASHERS}
OF_VECTORS |= {
    "rerank, cosine": lambda vectors, queries: rerank(queries, vectors, IDS, 5),
    "rerank, euclidean": lambda vectors, queries: rerank(queries, vectors, IDS, 5, "euclidean"),
    "knn_affinity": lambda vectors, _: [affinity.knn_affinity(vectors, 4).toarray()],
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
            pytest.param(call, (BITS, NEW_BITS), LAYOUTS, id=f"bits: {name}")
            for name, call in OF_BITS.items()
        ),
    ],
)
def test_the_layout_of_the_values_changes_no_bit(function, values, forms):
    """Try byte orders, types, strides, read-only arrays, lists and data frames."""
    plain = [each.astype(float) if each.dtype.kind == "i" else each for each in values]
    expected = function(*plain)
    for name, form in forms.items():
        found = function(*map(form, values))
        for one, expected_one in zip(found, expected, strict=True):
            assert np.asarray(one).dtype == np.asarray(expected_one).dtype, name
            np.testing.assert_array_equal(one, expected_one, err_msg=name)


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


# Text is read and written in the encoding that the code names, whatever the machine's is

USED = """
import pathlib, sys, warnings
warnings.filterwarnings("error", category=EncodingWarning, module="l2h_tutorial|__main__")
import numpy as np
import l2h_tutorial
from l2h_tutorial import HashTable, exercises

folder = pathlib.Path(sys.argv[1])
everything = [getattr(l2h_tutorial, name) for name in l2h_tutorial.__all__]
X = np.random.RandomState(0).standard_normal((1600, 8)).astype(np.float32)
table = HashTable(X > 0)
table.save(folder / "table.npz")
HashTable.load(folder / "table.npz")
exercises.check("2.3", lambda a, b: 0)
"""


def test_no_text_depends_on_the_machines_encoding(tmp_path):
    program = ("-X", "warn_default_encoding", "-c", USED, str(tmp_path))
    done = python(*program, L2H_DATA_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr


def test_a_console_that_lacks_letters_is_no_obstacle(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("josé 猫\nada\n", encoding="utf-8")
    grade = ("-m", "l2h_tutorial.exercises.grade", str(tmp_path), "--students", str(names))
    done = python(*grade, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "ada" in done.stdout
    assert "josé 猫" in text_of(tmp_path / "grades.csv")


# Names of files, on systems that do not tell A from a, and that reserve a few names

RESERVED = re.compile(
    r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE
)


@pytest.mark.parametrize("folder", ["", "_build/html", "_build/editions"])
def test_every_system_can_have_all_files(folder):
    if not (ROOT / folder).is_dir():
        pytest.skip("run `make book` first")
    left_out = {".venv", "_build", ".git", "__pycache__", ".hypothesis", ".mypy_cache"}
    paths = [path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*")]
    names = [str(path) for path in paths if not left_out & set(path.parts)]
    assert len(names) > 20
    reserved = [name for name in names if any(RESERVED.search(part) for part in Path(name).parts)]
    assert reserved == []
    assert len({name.casefold() for name in names}) == len(names)
