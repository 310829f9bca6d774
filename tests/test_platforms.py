"""The same results on every platform: numbers from first principles, worker processes, encodings, names of files.

The oracles below compute what the package must give with Python's integers and fractions, from the published
definitions. So they hold on any processor, operating system and version, and no number is stored here. What the
package draws at random it draws from `numpy.random.RandomState`, whose streams NumPy has frozen for good (NEP 19).
"""

import itertools
import math
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from visits import ROOT

from l2h_tutorial import GRH, LSH, PCAH, HashTable, bits_to_integers, mean_average_precision, rerank
from l2h_tutorial.scale import from_faiss, to_faiss

# Codes


def mersenne_twister(seed):
    """32-bit numbers without end (Matsumoto and Nishimura, 1998; the initialisation of 2002)."""
    words = [seed]
    for i in range(1, 624):
        words.append((1812433253 * (words[-1] ^ words[-1] >> 30) + i) & 0xFFFFFFFF)
    while True:
        for i in range(624):
            mixed = words[i] & 0x80000000 | words[(i + 1) % 624] & 0x7FFFFFFF
            words[i] = words[(i + 397) % 624] ^ mixed >> 1 ^ (0x9908B0DF if mixed & 1 else 0)
        for word in words:
            word ^= word >> 11
            word ^= word << 7 & 0x9D2C5680
            word ^= word << 15 & 0xEFC60000
            yield word ^ word >> 18


def standard_normal(seed):
    """Standard normal numbers without end, by the polar method (Marsaglia, 1964), the second of two first."""
    words = mersenne_twister(seed)
    while True:
        x, y = (((next(words) >> 5) * 2**26 + (next(words) >> 6)) / 2**53 * 2 - 1 for _ in range(2))
        if 0 < (square := x * x + y * y) < 1:
            factor = math.sqrt(-2 * math.log(square) / square)
            yield from (factor * y, factor * x)


@pytest.fixture(scope="module")
def points():
    """Integers, which are exact in any arithmetic: five classes of 12, apart from each other."""
    random = np.random.RandomState(1)
    middle = random.permutation(np.eye(5, 6, dtype=int) * 40)
    return np.repeat(middle, 12, axis=0) + random.randint(-3, 4, size=(60, 6)), np.repeat(np.arange(5), 12)


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_lsh_has_the_codes_of_exact_arithmetic(points, seed):
    X, _ = points
    lsh = LSH(16, random_state=seed).fit(X)
    drawn = np.array(list(itertools.islice(standard_normal(seed), 6 * 16))).reshape(6, 16)
    np.testing.assert_allclose(lsh.hyperplanes_, drawn, rtol=1e-13, atol=0)  # the logarithm may differ in its last bits
    exact = np.array(X.astype(object)) @ np.vectorize(Fraction, otypes=[object])(drawn)
    assert abs(exact).min() > 1e-9, "no point is so near a hyperplane that rounding decides"
    np.testing.assert_array_equal(lsh.transform(X), exact > 0)
    as_numbers = [int("".join("01"[int(bit)] for bit in row), 2) for row in exact > 0]
    assert bits_to_integers(lsh.transform(X)).tolist() == as_numbers


def test_pcah_finds_axes_that_are_known():
    """Points on orthogonal axes of different lengths: their components are the axes, in order of length.

    Each axis has one value that is the largest by far: it is the one that settles the sign, so no rounding does.
    """
    axes = np.array([[1, 2, 3, 5], [2, -1, 5, -3], [-3, 5, 1, -2], [5, 3, -2, -1]])
    lengths = np.array([7, 5, 3, 2])
    X = np.concatenate([axes * lengths[:, None], -axes * lengths[:, None]])
    Q = np.array([[3, 1, -4, 1], [-5, 9, 2, 6], [8, -9, 7, 9]])
    np.testing.assert_array_equal(PCAH(4).fit(X).transform(Q), Q @ axes.T >= 0)


def test_grh_gives_a_class_the_bits_of_its_majority(points):
    """With alpha = 1 a class votes, in integers; classes this far apart are then learned without a fault."""
    X, y = points
    grh = GRH(8, random_state=0, degenerate="keep").fit(X, y)
    drawn = np.array(list(itertools.islice(standard_normal(0), 6 * 8))).reshape(6, 8)
    exact = np.array((len(X) * X - X.sum(axis=0)).astype(object)) @ np.vectorize(Fraction, otypes=[object])(drawn)
    votes = np.stack([2 * (exact[y == label] > 0).sum(axis=0) > 12 for label in y])
    learned = (votes != votes[0]).any(axis=0)
    assert learned.sum() >= 4
    np.testing.assert_array_equal(grh.transform(X)[:, learned], votes[:, learned])


# Measures


def expected_precision(distances, relevant):
    """The mean over all orders that the distances allow of the average precision, as a fraction."""
    total, orders = Fraction(0), 0
    for order in itertools.permutations(range(len(distances))):
        if all(distances[a] <= distances[b] for a, b in itertools.pairwise(order)):
            hits = [place for place, row in enumerate(order, start=1) if relevant[row]]
            total += sum((Fraction(i, place) for i, place in enumerate(hits, start=1)), Fraction(0)) / max(1, len(hits))
            orders += 1
    return total / orders


@pytest.mark.parametrize("seed", range(5))
def test_mean_average_precision_is_that_of_fractions(seed):
    random = np.random.RandomState(seed)
    database, queries = random.rand(7, 4) < 0.5, random.rand(3, 4) < 0.5
    y, y_query = random.randint(2, size=7), np.array([0, 1, 1])
    y[:2] = 0, 1
    exact = [
        expected_precision([sum(a != b for a, b in zip(query, row, strict=True)) for row in database], y == label)
        for query, label in zip(queries, y_query, strict=True)
    ]
    found = mean_average_precision(queries, database, y_query, y)
    assert found == pytest.approx(float(sum(exact) / 3), rel=1e-13)


def test_the_nearest_by_cosine_are_those_of_fractions(points):
    X, _ = points
    query = X[7].tolist()

    def cosine(row):  # squared, with its sign: a fraction
        product = sum(a * b for a, b in zip(query, row, strict=True))
        return Fraction(product * abs(product), sum(b * b for b in row))

    order = sorted(range(len(X)), key=lambda row: (-cosine(X[row].tolist()), row))
    assert rerank(X[7:8], X, [np.arange(60)], 10)[0].tolist() == order[:10]


# Byte order, of files that come from elsewhere


def test_a_table_saved_with_the_other_byte_order_is_the_same(tmp_path):
    bits = np.random.RandomState(0).rand(50, 70) < 0.5
    table = HashTable(bits)
    table.save(tmp_path / "table.npz")
    with np.load(tmp_path / "table.npz") as saved:
        turned = {name: value.astype(value.dtype.newbyteorder("S")) for name, value in saved.items()}
    np.savez(tmp_path / "turned.npz", **turned)
    loaded = HashTable.load(tmp_path / "turned.npz")
    np.testing.assert_array_equal(np.stack(loaded.query(bits, 3)), np.stack(table.query(bits, 3)))
    np.testing.assert_array_equal(from_faiss(to_faiss(loaded), 70).query(bits, 3), table.query(bits, 3))


# Worker processes, started as Windows and macOS start them

SPAWNED = """
import multiprocessing, sys
import numpy as np
from l2h_tutorial import GRH, LSH, HashTable
from l2h_tutorial.scale import DistributedHashTable, local_client

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    import dask.array as da
    X = np.random.RandomState(0).standard_normal((200, 6))
    hashers = [LSH(8, random_state=0).fit(X), GRH(8, random_state=0).fit(X, np.arange(200) % 3)]
    codes = [hasher.transform(X) for hasher in hashers]
    table = HashTable(codes[0])
    with multiprocessing.Pool(1) as pool:
        for hasher, bits in zip(hashers, codes):
            assert np.array_equal(pool.apply(hasher.transform, (X,)), bits)
        assert np.array_equal(pool.apply(table.query, (codes[0], 5)), table.query(codes[0], 5))
    with local_client(1) as client:
        spread = DistributedHashTable(da.from_array(codes[0], chunks=(80, 8)), client=client)
        assert np.array_equal(spread.query(codes[0], 5), table.query(codes[0], 5))
    print("the same")
"""


def python(*arguments, **environment):
    known = os.environ | environment
    return subprocess.run(
        [sys.executable, *arguments], env=known, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_spawned_processes_give_the_same_answers(tmp_path):
    program = tmp_path / "spawned.py"
    program.write_text(SPAWNED, encoding="utf-8")
    said = python(program, PYTHONPATH=os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    assert said.stdout == "the same\n", said.stderr


# Text, in the encoding that we name and not in the machine's

USED = """
import pathlib, sys, warnings
warnings.filterwarnings("error", category=EncodingWarning, module="l2h_tutorial|__main__")
import numpy as np
import l2h_tutorial
from l2h_tutorial import LSH, Dataset, HashTable, exercises
from l2h_tutorial.explore import Playground
from l2h_tutorial.protocols import compare_ranking
from l2h_tutorial.protocols.results import ResultsFile

folder = pathlib.Path(sys.argv[1])
everything = [getattr(l2h_tutorial, name) for name in l2h_tutorial.__all__]
X = np.random.RandomState(0).standard_normal((1600, 8)).astype(np.float32)
dataset = Dataset("toy", X, np.arange(1600) % 3, None, ("é", "ß", "猫"))
for n_bits in (4, 8):  # the second reads what the first wrote
    frame = compare_ranking(dataset, {"é": LSH(random_state=0)}, n_bits=[n_bits], seeds=[0])
    ResultsFile(folder / "table.csv", ["method", "n_bits"]).append(frame.iloc[0].to_dict())
table = HashTable(X > 0)
table.save(folder / "table.npz")
HashTable.load(folder / "table.npz")
Playground(np.arange(16.0).reshape(8, 2), np.arange(8) % 2, np.eye(2))._repr_html_()
exercises.check("2.3", lambda a, b: 0)
"""


def test_no_text_is_read_or_written_in_the_encoding_of_the_machine(tmp_path):
    said = python("-X", "warn_default_encoding", "-c", USED, str(tmp_path), L2H_DATA_HOME=str(tmp_path / "cache"))
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

RESERVED = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


def unportable(paths):
    """Paths that Windows cannot write, or that it and macOS take for one another."""
    paths = [Path(path) for path in paths]
    seen = {}
    for path in paths:
        seen.setdefault(str(path).casefold(), set()).add(path)
    clashing = [path for group in seen.values() if len(group) > 1 for path in group]
    return sorted({path for path in paths if any(map(RESERVED.search, path.parts))} | set(clashing))


def files_under(folder, left_out=()):
    return [
        path.relative_to(folder)
        for path in folder.rglob("*")
        if not set(path.relative_to(folder).parts) & set(left_out)
    ]


def test_unportable_names_are_seen():
    bad = ["a/12:30.png", "a/aux.md", "con", "a./b", "A/x", "a/X"]
    assert unportable([*bad, "a/auxiliary.md", "a/b", ".git"]) == sorted(map(Path, bad))


def test_the_files_of_the_project_can_be_had_on_every_system():
    names = files_under(ROOT, left_out={".venv", "_build", ".git", "__pycache__", ".hypothesis", ".mypy_cache"})
    assert len(names) > 100
    assert unportable(names) == []


@pytest.mark.parametrize("built", ["html", "editions"])
def test_the_files_of_the_site_can_be_had_on_every_system(site, built):
    assert unportable(files_under(site.parent / built)) == []
