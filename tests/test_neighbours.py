"""The estimator finds what exhaustive search finds, and works wherever scikit-learn uses it."""

import os
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from refusals import refusals
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks
from vectors import KINDS, drawn
from visits import ROOT

from l2h_tutorial import GRH, ITQ, LSH, PCAH, HashNeighbors, HashTable, SpectralHashing
from l2h_tutorial.baselines import AGH
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.neighbours import ScanWarning
from l2h_tutorial.search import exact_neighbours


@parametrize_with_checks(
    [HashNeighbors(), HashNeighbors(LSH(8), radius=2, n_neighbors=2, metric="euclidean")]
)
def test_is_a_scikit_learn_estimator(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ScanWarning)
        check(estimator)


def clustered(seed=0, n=600):
    X, y = make_blobs(n + 50, n_features=12, centers=8, cluster_std=2.0, random_state=seed)
    return X[:n], y[:n], X[n:], y[n:]


X, Y, Q, Y_NEW = clustered()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_with_a_ball_of_everything_it_is_exhaustive_search(metric, n_jobs):
    names = np.array([f"item {i}" for i in range(len(X))])
    nn = HashNeighbors(LSH(16), radius=16, n_neighbors=7, metric=metric, n_jobs=n_jobs)
    nn.fit(X, ids=names)
    exact = NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute").fit(X)
    for queries in (Q, None):
        distances, ids = nn.kneighbors(queries)
        expected, rows = exact.kneighbors(queries)
        np.testing.assert_array_equal(ids, names[rows])
        np.testing.assert_array_equal(nn.kneighbors(queries, return_distance=False), ids)
        np.testing.assert_allclose(distances, expected, atol=1e-6)
        graph = nn.kneighbors_graph(queries)
        np.testing.assert_array_equal(graph.indices.reshape(rows.shape), rows)
        assert graph.shape == (len(rows), len(X))
    assert nn.scanned_share(Q) == 1
    assert nn.transform(Q).nnz == 8 * len(Q)


@pytest.mark.parametrize("hasher", [None, LSH(24), ITQ(8, random_state=0)])
def test_the_radius_is_the_smallest_that_reaches_the_recall(hasher):
    X, _, Q, _ = clustered(n=3000)
    exact = exact_neighbours(Q, X, 10)
    nn = HashNeighbors(hasher, random_state=0).fit(X)
    assert HashNeighbors(hasher, target_recall=0.5, random_state=0).fit(X).radius_ < nn.radius_
    ids = nn.kneighbors(Q)[1]
    assert recall_of_exact(ids, exact) > 0.9
    assert nn.scanned_share(Q) < 0.5
    # another draw would differ
    again = HashNeighbors(hasher, random_state=0).fit(X)
    np.testing.assert_array_equal(again.kneighbors(Q)[1], ids)
    distances = np.sum(nn.codes(Q)[:, None] != nn.codes(X)[exact], axis=2)
    assert (distances <= nn.radius_ - 1).mean() < 0.97
    assert (distances <= nn.radius_).mean() > 0.93


def test_a_query_without_candidates_gets_a_larger_ball():
    X, _, Q, _ = clustered(n=200)
    X[50:60] = X[0]  # eleven alike
    nn = HashNeighbors(LSH(32), radius=0, n_neighbors=20).fit(X)
    for queries, n_queries in ((None, 200), (Q, 50)):
        distances, ids = nn.kneighbors(queries)
        assert ids.shape == (n_queries, 20)
        assert (np.diff(np.sort(ids)) > 0).all(), "no row twice"
        assert (np.diff(distances) >= 0).all()
    _, ids = nn.kneighbors()
    assert (ids != np.arange(200)[:, None]).all()
    assert set(ids[0, :10]) == set(range(50, 60))


def test_with_too_few_rows_to_hold_any_out_all_are_candidates():
    X, *_ = clustered(n=5)
    nn = HashNeighbors(PCAH(3), n_neighbors=2).fit(X)
    assert nn.radius_ == 3
    with pytest.raises(ValueError, match="too few rows to hold any out: give queries"):
        nn.measure()
    assert nn.measure(X).recall == 1
    assert HashNeighbors(n_neighbors=2).fit(X).radius_ < 128  # random hyperplanes see no rows


def test_it_feeds_a_classifier_in_a_pipeline():
    for metric in ("euclidean", "cosine"):
        nn = HashNeighbors(n_neighbors=5, metric=metric, random_state=0)
        # this classifier refuses distances below zero
        pipeline = make_pipeline(nn, KNeighborsClassifier(5, metric="precomputed"))
        plain = KNeighborsClassifier(5, metric=metric).fit(X, Y).score(Q, Y_NEW)
        assert pipeline.fit(X, Y).score(Q, Y_NEW) >= plain - 0.05
    learned = HashNeighbors(GRH(8, random_state=0), random_state=0).fit(X, Y)
    assert np.mean(Y[learned.kneighbors(Q)[1]] == Y_NEW[:, None]) > 0.8


@pytest.mark.index
def test_it_is_kept_by_skops(tmp_path):
    """uv installs skops for this test, since the project does not depend on it."""
    program = """
import numpy as np, skops.io as sio
from l2h_tutorial import HashNeighbors
X = np.random.default_rng(0).normal(size=(300, 8))
nn = HashNeighbors(random_state=0).fit(X, ids=[f"item {i}" for i in range(300)])
nn.kneighbors(X)
data = sio.dumps(nn)
again = sio.loads(data, trusted=sio.get_untrusted_types(data=data))
assert (again.kneighbors(X)[1] == nn.kneighbors(X)[1]).all()
print("the same")
"""
    uv = [sys.executable, "-m", "uv", "run", "--no-project"]
    command = [*uv, "--python", sys.executable, "--with", "skops"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])}
    done = subprocess.run(
        [*command, "python", "-c", program], env=env, capture_output=True, text=True, timeout=300
    )
    assert "the same" in done.stdout, done.stderr[-2000:]


# The default hasher


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in (1, 2))])
def test_the_default_suits_all_kinds_of_vectors(kind, seed):
    """The recall of fresh queries holds, and so does what is said of the lowest recalls.

    It looks at no more than 1.3 times what others with fewer bits look at.
    """
    X, queries = drawn(kind, 2000, 500, seed)
    nn = HashNeighbors(random_state=seed).fit(X)
    found = nn.measure(queries)
    assert found.recall >= nn.target_recall - 0.02
    assert abs(found.percentile_5 - nn.measure().percentile_5) <= 0.1 + 1e-9
    assert found.scanned == nn.scanned_share(queries)
    for hasher in (LSH(64), PCAH(32)):
        other = HashNeighbors(hasher, random_state=seed).fit(X)
        assert found.scanned <= 1.3 * other.scanned_share(queries)


random = np.random.default_rng(0)
DEGENERATE = {
    "one-hot": np.eye(64)[random.integers(64, size=2000)],
    "few distinct": random.normal(size=(5, 16))[random.integers(5, size=1000)],
    "one column": random.normal(size=(300, 1)),
    "constant": np.full((300, 8), 0.1),
    "zero": np.zeros((300, 8)),
}


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("dtype", [np.float64, np.float16])
@pytest.mark.parametrize("kind", DEGENERATE)
def test_degenerate_vectors_are_searched(kind, dtype, metric):
    """What is found is as near as the exact neighbours, of which many are equally far away."""
    X = DEGENERATE[kind].astype(dtype)
    distances, ids = HashNeighbors(metric=metric, random_state=0).fit(X).kneighbors(X[:100])
    assert (np.diff(np.sort(ids)) > 0).all()
    of_all = HashNeighbors(LSH(4), radius=4, metric=metric).fit(X)
    expected, rows = of_all.kneighbors(X[:100])
    np.testing.assert_array_equal(rows, exact_neighbours(X[:100], X, 10, metric))
    assert np.mean(distances <= expected[:, -1:] + 1e-6) >= 0.9


PEAK = """
import sys
import sysconfig
import numpy as np
from l2h_tutorial import HashNeighbors
def peak():
    status = open("/proc/self/status").read()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])
HashNeighbors().fit(np.random.default_rng(0).normal(size=(300, 384)))
X = np.load(sys.argv[1], mmap_mode="r")
before = peak()
nn = HashNeighbors(random_state=0).fit(X)
assert nn._fit_X.dtype == X.dtype
print((peak() - before - nn.table_.bits.nbytes) / X.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads what Linux says of it")
@pytest.mark.parametrize("dtype", ["float32", pytest.param("float16", marks=pytest.mark.slow)])
def test_fit_takes_little_more_memory_than_the_vectors(dtype, tmp_path):
    """With a memory-mapped file the pages that are read count too."""
    file = tmp_path / "vectors.npy"
    centres = np.random.default_rng(0).normal(size=(80, 384))
    noise = np.random.default_rng(1).normal(size=(40_000, 384))
    np.save(file, (centres[np.arange(40_000) % 80] + noise).astype(dtype))
    done = subprocess.run(
        [sys.executable, "-c", PEAK, file], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) <= 1.6


# What is measured and said


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("given", [True, False])
def test_measure_is_what_exhaustive_search_says(given, metric, monkeypatch):
    """It finds exact neighbours in blocks of rows; the last has fewer than are wanted."""
    monkeypatch.setattr("l2h_tutorial.neighbours.estimator._EXACT_ROWS", 428)
    X, _, Q, _ = clustered(n=3000)
    nn = HashNeighbors(LSH(24), target_recall=0.8, metric=metric, random_state=0)
    nn.fit(X, queries=Q if given else None)
    found = nn.measure()
    queries = None
    asked = nn._query_rows
    if given:
        assert nn.measure(Q) == pytest.approx(found)
        queries = Q
        asked = range(len(Q))
    assert len(set(asked)) == (50 if given else 500)
    brute = NearestNeighbors(n_neighbors=10, metric=metric, algorithm="brute").fit(X)
    exact = brute.kneighbors(queries)[1][asked]
    recalls = recall_of_exact(nn.kneighbors(queries)[1][asked], exact, per_query=True)
    assert found.recall == pytest.approx(recalls.mean())
    assert found.percentile_5 == np.quantile(recalls, 0.05, method="inverted_cdf")
    assert found.below_half == np.mean(recalls < 0.5)
    assert found.recall >= 0.8
    assert found.percentile_5 < found.recall


@pytest.mark.parametrize("radius", ["auto", 60])
def test_a_search_that_reads_much_of_many_rows_warns_once(radius):
    rows = drawn("sphere", 10_000, 1)[0]
    nn = HashNeighbors(radius=radius, random_state=0)
    with pytest.warns(ScanWarning, match=r"reads \d\d% of the rows. HashNeighbors\(LSH\(256\)\)"):
        nn.fit(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.kneighbors(rows[:5])
        clone(nn).fit(rows[1:])
        clone(nn).set_params(radius=0).fit(rows)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_queries_unlike_the_rows_choose_the_radius(metric):
    X = drawn("separate clusters", 5000, 1)[0]
    random = np.random.default_rng(0)
    shifted = X[:1000] + 2 * random.normal(size=(1000, 128)) * X.std(axis=0)
    nn = HashNeighbors(metric=metric, random_state=0)
    assert nn.fit(X).measure(shifted[500:]).recall < 0.8
    assert nn.fit(X, queries=shifted[:500]).measure(shifted[500:]).recall >= 0.93
    assert nn.measure().recall >= 0.95


@pytest.mark.parametrize("given", [True, False])
def test_a_search_for_more_neighbours_keeps_the_recall(given):
    X, queries = drawn("overlapping clusters", 4000, 1000)
    nn = HashNeighbors(random_state=0).fit(X, queries=queries[500:] if given else None)
    fixed = HashNeighbors(radius=nn.radius_, random_state=0).fit(X)
    fresh = queries[:500]
    exact = exact_neighbours(fresh, X, 100)
    ids = nn.kneighbors(fresh, 100)[1]
    assert recall_of_exact(ids, exact) >= 0.93
    assert recall_of_exact(fixed.kneighbors(fresh, 100)[1], exact) < 0.93
    assert nn.radius_ == fixed.radius_
    np.testing.assert_array_equal(nn.kneighbors(fresh)[1], fixed.kneighbors(fresh)[1])
    np.testing.assert_array_equal(nn.transform(fresh).indices, fixed.transform(fresh).indices)
    np.testing.assert_array_equal(nn.set_params(n_neighbors=100).kneighbors(fresh)[1], ids)


# Parameters after fit


@pytest.mark.parametrize(
    "change",
    [
        {"metric": "euclidean"},
        {"radius": 3},
        {"target_recall": 0.5},
        {"hasher": PCAH(8)},
        {"hasher": None},
        {"hasher__n_bits": 9},
    ],
)
def test_what_fit_used_must_not_change(change):
    nn = HashNeighbors(LSH(8)).fit(X)
    before = nn.kneighbors(Q)[1]
    nn.set_params(n_jobs=2, n_neighbors=10, random_state=3)
    np.testing.assert_array_equal(nn.kneighbors(Q)[1], before)
    nn.set_params(**change)
    (name,) = change
    with pytest.raises(ValueError, match=f"{name} was .* in fit and is now .*: fit again"):
        nn.kneighbors(Q)
    nn.fit(X).kneighbors(Q)


# Names of rows


@pytest.mark.parametrize(
    "ids",
    [
        [1, "b", 2.5],
        pd.Series([7, 8, 9], index=["x", "y", "z"]),
        [("a", 1), ("a", 2), ("b", 1)],
        [2**80, 1, 2],
    ],
    ids=str,
)
def test_ids_keep_their_types(ids):
    nn = HashNeighbors(n_neighbors=1).fit(np.eye(3), ids=ids)
    found = nn.kneighbors(np.eye(3), return_distance=False)[:, 0].tolist()
    assert found == list(ids)
    assert [type(name) for name in found] == [type(name) for name in list(ids)]


def test_the_index_of_a_data_frame_names_its_rows():
    frame = pd.DataFrame(np.eye(3), index=["x", "y", "z"], columns=["a", "b", "c"])
    nn = HashNeighbors().fit(frame)
    assert nn.ids_.tolist() == ["x", "y", "z"]
    assert nn.fit(frame, ids=[4, 5, 6]).ids_.tolist() == [4, 5, 6]
    assert nn.fit(frame[:2]).add(frame[2:]).ids_.tolist() == ["x", "y", "z"]


def test_a_hasher_that_needs_no_labels_ignores_them():
    """A pipeline hands it the targets of a later step."""
    regressor = KNeighborsRegressor(5, metric="precomputed")
    pipeline = make_pipeline(HashNeighbors(n_neighbors=5, metric="euclidean"), regressor)
    assert pipeline.fit(X, X[:, 0]).score(Q, Q[:, 0]) > 0.5


# More rows


def test_rows_that_are_added_are_found():
    X, _, Q, _ = clustered(n=3000)
    nn = HashNeighbors(random_state=0).fit(X[:2000])
    radius = nn.radius_
    codes = nn.codes(X)
    np.testing.assert_array_equal(codes, nn.hasher_.transform(X - nn.mean_))
    assert nn.add(X[2000:2500]).add(X[2500:]) is nn
    assert nn.n_samples_fit_ == 3000
    assert nn.radius_ == radius
    np.testing.assert_array_equal(nn.table_.bits, codes)
    assert nn.kneighbors(X[2499:2501], 1)[1].tolist() == [[2499], [2500]]
    assert nn.kneighbors_graph(Q).shape == (50, 3000)


def test_rows_that_are_added_have_names_as_the_others():
    named = HashNeighbors(n_neighbors=1).fit(X[:2], ids=["a", "b"])
    with pytest.raises(ValueError, match="ids must be given, since the rows of fit have names"):
        named.add(X[2:4])
    assert named.add(X[2:4], ids=[3, 4]).ids_.tolist() == ["a", "b", 3, 4]
    half = HashNeighbors().fit(X[:20].astype(np.float16)).add(X[20:40])
    assert half._fit_X.dtype == np.float16


# Kept in a file


@pytest.mark.parametrize(
    "hasher", [None, LSH(24), PCAH(8), ITQ(8), SpectralHashing(16), AGH(8)], ids=repr
)
def test_what_is_saved_is_read_back(hasher, tmp_path):
    nn = HashNeighbors(hasher, n_neighbors=5, metric="euclidean", n_jobs=2, random_state=0)
    nn.set_params(target_recall=np.float64(0.9)).fit(X)
    nn.kneighbors(Q, 50)  # makes a radius for 50
    nn.save(tmp_path / "old" / "index.npz")
    path = (tmp_path / "old").rename(tmp_path / "new") / "index.npz"
    again = HashNeighbors.load(path)
    parameters = again.get_params()
    assert type(parameters.pop("hasher")) is type(hasher)
    assert {name: nn.get_params()[name] for name in parameters} == parameters
    for queries, k in ((Q, None), (None, None), (Q, 50), (Q, 60)):
        np.testing.assert_array_equal(again.kneighbors(queries, k), nn.kneighbors(queries, k))
    assert again.measure() == nn.measure()
    np.testing.assert_array_equal(HashTable.load(path).bits, nn.table_.bits)
    again.add(X[:30]).save(path)
    assert HashNeighbors.load(str(path)).n_samples_fit_ == 630


def test_names_of_rows_and_columns_are_read_back(tmp_path):
    frame = pd.DataFrame(np.eye(3), columns=["a", "b", "c"])
    HashNeighbors().fit(frame, ids=["x", 1, None]).save(tmp_path / "index.npz")
    again = HashNeighbors.load(tmp_path / "index.npz")
    assert again.ids_.tolist() == ["x", 1, None]
    assert again.feature_names_in_.tolist() == ["a", "b", "c"]


def test_vectors_of_a_file_stay_in_it(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    whole = tmp_path / "elsewhere" / "vectors.npy"
    np.save(whole, X.astype(np.float16))
    mapped = np.load(whole, mmap_mode="r")
    nn = HashNeighbors(random_state=0).fit(mapped, queries=Q)
    nn.save(tmp_path / "index.npz")
    again = HashNeighbors.load(tmp_path / "index.npz")
    np.testing.assert_array_equal(again.kneighbors(Q, 20)[1], nn.kneighbors(Q, 20)[1])
    again.save(tmp_path / "index2.npz")  # refers to the same file
    assert not list(tmp_path.glob("*.npy"))
    # a part of a file is written beside, and so is one in another order
    for part in (mapped[50:], mapped[::-1], mapped[:, :6]):
        HashNeighbors(random_state=0).fit(part).save(tmp_path / "part.npz")
        same = HashNeighbors.load(tmp_path / "part.npz")
        np.testing.assert_array_equal(same._fit_X, part)


def test_vectors_that_are_not_those_of_the_file_are_refused(tmp_path):
    index = tmp_path / "index.npz"
    HashNeighbors(random_state=0).fit(X).save(index)
    file = tmp_path / "index.vectors.npy"
    file.unlink()
    with pytest.raises(FileNotFoundError, match=r"vectors in .*index.vectors.npy, where no file"):
        HashNeighbors.load(index)
    for others in (X[::-1], X[:-1], X[:, 1:], X.astype(np.float32)):
        np.save(file, others)
        with pytest.raises(
            ValueError, match=r"is not a whole HashNeighbors .*index.vectors.npy|shape"
        ):
            HashNeighbors.load(index)
    HashTable(np.eye(4) > 0).save(tmp_path / "table.npz")
    with pytest.raises(ValueError, match="is not a whole HashNeighbors"):
        HashNeighbors.load(tmp_path / "table.npz")


def test_what_is_no_plain_array_is_not_saved(tmp_path):
    learned = HashNeighbors(GRH(4, random_state=0)).fit(X, Y)
    with pytest.raises(TypeError, match=r"a GRH cannot be kept as plain arrays, as .*'LSH'"):
        learned.save(tmp_path / "index.npz")
    with pytest.raises(TypeError, match="ids must be numbers and texts"):
        HashNeighbors().fit(X[:2], ids=[("a", 1), ("a", 2)]).save(tmp_path / "index.npz")
    assert not list(tmp_path.iterdir())


# What is refused


def test_a_sparse_graph_is_put_into_no_data_frame():
    with pytest.raises(AttributeError, match="set_output"):
        HashNeighbors().set_output(transform="pandas")


def search(parameters, y=None, **given):
    return lambda: HashNeighbors(**parameters).fit(X, y, **given).kneighbors(Q)


test_impossible_searches_are_refused = refusals(
    (search({"hasher": LSH(12), "radius": 13}), "must be from 0 to 12, got 13"),
    (
        search({"radius": "Auto"}),
        TypeError,
        """radius, unless it is "auto", must be an integer from 0 to 128, got 'Auto'""",
    ),
    (search({"radius": np.array([1, 2])}), TypeError, r'"auto", .*, got array\(\[1, 2\]\)'),
    (
        search({"metric": "cityblock"}),
        r"metric must be one of \('cosine', 'euclidean'\), got 'cityblock'",
    ),
    (search({"target_recall": 1.5}), "target_recall must be above 0 and at most 1, got 1.5"),
    (search({"target_recall": 0}), "target_recall must be a positive number, got 0"),
    (search({"n_neighbors": 0}), "n_neighbors must be at least 1, got 0"),
    (
        search({"n_neighbors": 601}),
        "n_neighbors must be from 1 to the 600 fitted rows to be found, got 601",
    ),
    (
        search({"hasher": 64}),
        TypeError,
        r"hasher must be an estimator whose transform makes bits, as LSH\(128\), got 64",
    ),
    (search({"hasher": LSH}), TypeError, r"must be an estimator .* got <class '.*LSH'>"),
    (search({"hasher": PCAH("8")}), TypeError, "n_bits must be an integer of at least 1, got '8'"),
    (search({}, ids=[1, 2]), r"ids must be a sequence of 600 names, .* got shape \(2,\)"),
    (search({}, ids={1, 2}), TypeError, "ids must be a sequence of 600 names, .* <class 'set'>"),
    (search({}, [1, 2]), "inconsistent numbers of samples"),
    (search({}, queries=np.eye(3)), "X has 3 features, but HashNeighbors is expecting 12"),
    (lambda: HashNeighbors().codes(np.eye(3)), "not fitted yet"),
    (lambda: HashNeighbors().add(np.eye(3)), "not fitted yet"),
    (lambda: HashNeighbors().save("index.npz"), "not fitted yet"),
)
