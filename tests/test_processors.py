"""The same on every machine: bits, Hamming distances, and rankings by floats."""

import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
from older_machine import older_environment
from sklearn.base import clone
from visits import ROOT

from l2h_tutorial import CCAITQ, GRH, ITQ, LSH, PCAH, HashNeighbors, HashTable, hamming_distances
from l2h_tutorial.linalg import with_settled_signs
from l2h_tutorial.metrics import same_ranking
from l2h_tutorial.quantise import RaBitQ, ScalarCodes, SignCodes
from l2h_tutorial.search import exact_neighbours, rerank

K = 10


def with_ties(seed, n=1500, n_queries=40, d=16):
    """Draw rows with few bits, some of them twice: many are at one Hamming distance."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n, d)).astype(np.float32)
    rows[n // 2 :: 3] = rows[: len(rows[n // 2 :: 3])]
    return rows, random.normal(size=(n_queries, d)).astype(np.float32)


def by_distance_and_number(distances, k):
    """Rank rows by an integer distance, equal ones by number, with NumPy's stable sort."""
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


# Integers decide


@pytest.mark.parametrize("seed", range(50))
def test_sign_codes_are_ranked_by_hamming_distance_and_number(seed):
    rows, queries = with_ties(seed)
    signs = SignCodes(rotate=seed % 2 == 1, random_state=0).fit(rows)
    codes = signs.encode(rows)
    bits, own = (np.unpackbits(signs.encode(X), axis=1).astype(bool) for X in (rows, queries))
    distances = hamming_distances(own, bits)
    _, found = signs.search(queries, codes, K)
    np.testing.assert_array_equal(found, by_distance_and_number(distances, K))
    _, rescored = signs.search(queries, codes, K, rescore=rows, factor=3)
    candidates = by_distance_and_number(distances, 3 * K)
    products = (rows.astype(float)[candidates] * queries[:, None]).sum(axis=2)
    order = np.lexsort((candidates, -products))[:, :K]
    np.testing.assert_array_equal(rescored, np.take_along_axis(candidates, order, axis=1))


def test_the_sign_of_a_column_is_decided_by_no_rounding():
    """Of two coordinates of one size the first decides, whichever rounding makes larger."""
    column = np.array([[0.5], [-0.5], [0.5], [-0.5]])
    for rounding in (0, 1e-15, -1e-15):
        moved = column + rounding * np.array([[1.0], [-1.0], [-1.0], [1.0]])
        for sign in (1, -1):
            assert (with_settled_signs(sign * moved)[0] > 0).all()


@pytest.mark.parametrize("n_bits", [5, 12])
@pytest.mark.parametrize("hasher", [PCAH(), ITQ(random_state=0), CCAITQ(random_state=0)], ids=repr)
def test_rounding_of_the_features_turns_no_column(hasher, n_bits):
    """With as many bits as features LAPACK takes another way to the directions of CCA."""
    random = np.random.default_rng(0)
    labels = np.arange(200) % 20
    X = random.normal(size=(200, 12)) + 2 * random.normal(size=(20, 12))[labels]
    bits = clone(hasher).set_params(n_bits=n_bits).fit(X, labels).transform(X)
    for _ in range(20):
        moved = X * (1 + 1e-15 * random.normal(size=X.shape))
        again = clone(hasher).set_params(n_bits=n_bits).fit(moved, labels).transform(X)
        assert (again != bits).mean() < 1e-3


# One machine and another


def results():
    """Compute what must not depend on the machine: values, bits, and rankings with their scores."""
    rows, queries = with_ties(0, d=48)
    labels = (rows[:, 0] > 0) + 2 * (rows[:, 1] > 0)
    given = np.random.default_rng(1).random((len(rows), 24)) < 0.5
    own = np.random.default_rng(2).random((len(queries), 24)) < 0.5
    table = HashTable(given)
    values = {
        "query": table.query(own, K),
        "query_radius": [np.sort(ids) for ids in table.query_radius(own, 6)],
    }
    products = queries.astype(float) @ rows.T.astype(float)
    lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(rows, axis=1)
    distances = np.linalg.norm(queries[:, None].astype(float) - rows, axis=2)
    scores = {"cosine": products / lengths, "euclidean": distances}
    reranked = np.stack(list(rerank(queries, rows, table.query(own, 200)[1], K)))
    rankings = {"rerank": (reranked, scores["cosine"])}
    for metric in scores:
        exact = exact_neighbours(queries, rows, K, metric)
        nearest = HashNeighbors(LSH(24), metric=metric, random_state=0).fit(rows)
        values[f"radius, {metric}"] = nearest.radius_
        rankings[f"exact, {metric}"] = exact, scores[metric]
        rankings[f"nearest, {metric}"] = nearest.kneighbors(queries)[1], scores[metric]
    bits = {}
    drawn = [kind(24, random_state=0) for kind in (LSH, ITQ, CCAITQ)]
    for hasher in (PCAH(24), *drawn, GRH(24, classifier="kernel-ridge", random_state=0)):
        bits[f"{hasher!r}"] = hasher.fit(rows, labels).transform(rows)
    signs = SignCodes(), SignCodes(asymmetric=True)
    for quantiser in (RaBitQ(random_state=0), ScalarCodes(8), ScalarCodes(4), *signs):
        codes = quantiser.fit(rows).encode(rows)
        bits[f"{quantiser!r}"] = codes
        estimates = quantiser.scores(queries, codes).astype(float)
        if quantiser not in signs:
            estimates += rows @ quantiser.mean_
        found = quantiser.search(queries, codes, K)[1]
        rankings[f"{quantiser!r}"] = found, estimates
        rescored = quantiser.search(queries, codes, K, rescore=rows)[1]
        rankings[f"{quantiser!r}, rescored"] = rescored, products
    values["signs"], _ = rankings["SignCodes()"]
    return values, bits, rankings


DUMP = """
import pickle, sys
from test_processors import results
pickle.dump(results(), sys.stdout.buffer)
"""


@pytest.fixture(scope="module")
def here_and_there():
    """Return the results of this machine, and those of an older one, which is another process."""
    command = [sys.executable, "-c", DUMP]
    environment = older_environment() | {"PYTHONPATH": f"{ROOT / 'tests'}"}
    there = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
    assert there.returncode == 0, there.stderr.decode()
    return results(), pickle.loads(there.stdout)


def test_what_follows_from_given_bits_is_the_same_everywhere(here_and_there):
    (here, *_), (there, *_) = here_and_there
    np.testing.assert_equal(here, there)


def test_bits_differ_by_the_rounding_of_a_hyperplane_at_most(here_and_there):
    (_, here, _), (_, there, _) = here_and_there
    for name, bits in here.items():
        differ = bits != there[name]
        assert differ.mean() < 1e-4, f"{name}: {differ.sum()} of {differ.size}"


def test_rankings_by_floats_differ_by_equal_scores_at_most(here_and_there):
    (*_, here), (*_, there) = here_and_there
    for name, (rows, scores) in here.items():
        assert same_ranking(rows, there[name][0], scores), name


# One Python and another


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize(
    ("minor", "refused", "said"),
    [(10, True, "3.11 or newer is needed"), (14, False, ""), (15, False, "is newer than those")],
)
def test_make_refuses_an_old_python_and_warns_of_a_new_one(tmp_path, minor, refused, said):
    """Before anything is installed, which the stand-in for Python would mark."""
    python = tmp_path / "python"
    check = f"import sys; sys.version_info = (3, {minor}, 0); exec(sys.argv[1])"
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -m ] && touch {tmp_path / "installs"} && exit 1\n'
        f"exec {sys.executable} -c '{check}' \"$2\"\n"
    )
    python.chmod(0o755)
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    command = ["make", ".venv/installed", f"PYTHON={python}"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said in made.stdout + made.stderr
    assert (tmp_path / "installs").exists() != refused
