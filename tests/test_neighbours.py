"""The estimator finds what exhaustive search finds, and works wherever scikit-learn uses it."""

import os
import subprocess
import sys
import sysconfig

import numpy as np
import pytest
from refusals import refusals
from sklearn.datasets import make_blobs
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks
from visits import ROOT

from l2h_tutorial import GRH, ITQ, LSH, HashNeighbors
from l2h_tutorial.metrics import recall_of_exact


@parametrize_with_checks(
    [HashNeighbors(), HashNeighbors(LSH(8), radius=2, n_neighbors=2, metric="euclidean")]
)
def test_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


def clustered(seed=0, n=600):
    X, y = make_blobs(n + 50, n_features=12, centers=8, cluster_std=2.0, random_state=seed)
    return X[:n], y[:n], X[n:], y[n:]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_with_a_ball_of_everything_it_is_exhaustive_search(metric, n_jobs):
    X, _, Q, _ = clustered()
    names = np.array([f"item {i}" for i in range(len(X))])
    nn = HashNeighbors(
        LSH(16, random_state=0), radius=16, n_neighbors=7, metric=metric, n_jobs=n_jobs
    )
    nn.fit(X, ids=names)
    exact = NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute").fit(X)
    for queries in (Q, None):
        distances, ids = nn.kneighbors(queries)
        expected, rows = exact.kneighbors(queries)
        np.testing.assert_array_equal(ids, names[rows])
        np.testing.assert_allclose(distances, expected, atol=1e-6)
        graph = nn.kneighbors_graph(queries)
        np.testing.assert_array_equal(graph.indices.reshape(rows.shape), rows)
        assert graph.shape == (len(rows), len(X))
    assert nn.scanned_share(Q) == 1
    assert nn.transform(Q).nnz == 8 * len(Q)


@pytest.mark.parametrize("hasher", [None, LSH(24), ITQ(8, random_state=0)])
def test_the_radius_is_the_smallest_that_reaches_the_recall(hasher):
    X, _, Q, _ = clustered(n=3000)
    brute = NearestNeighbors(n_neighbors=10, metric="cosine", algorithm="brute").fit(X)
    _, exact = brute.kneighbors(Q)
    radii = set()
    for target in (0.5, 0.95):
        nn = HashNeighbors(hasher, target_recall=target, random_state=0).fit(X)
        radii.add(nn.radius_)
        _, ids = nn.kneighbors(Q)
        assert recall_of_exact(ids, exact) > target - 0.05
        assert nn.scanned_share(Q) < 0.5
        # another draw of LSH would differ
        again = HashNeighbors(hasher, target_recall=target, random_state=0).fit(X)
        np.testing.assert_array_equal(again.kneighbors(Q)[1], ids)
    assert len(radii) == 2
    bits = nn.hasher_.transform(Q - nn.mean_)
    exact_bits = nn.hasher_.transform((X - nn.mean_)[exact.ravel()]).reshape(*exact.shape, -1)
    distances = np.sum(bits[:, None] != exact_bits, axis=2)
    assert (distances <= nn.radius_ - 1).mean() < 0.97
    assert (distances <= nn.radius_).mean() > 0.93


def test_a_query_without_candidates_gets_a_larger_ball():
    X, _, Q, _ = clustered(n=200)
    X[50:60] = X[0]  # eleven alike
    nn = HashNeighbors(LSH(32, random_state=0), radius=0, n_neighbors=20).fit(X)
    for queries, n_queries in ((None, 200), (Q, 50)):
        distances, ids = nn.kneighbors(queries)
        assert ids.shape == (n_queries, 20)
        assert (np.diff(np.sort(ids)) > 0).all(), "no row twice"
        assert (np.diff(distances) >= 0).all()
    _, ids = nn.kneighbors()
    assert (ids != np.arange(200)[:, None]).all()
    assert set(ids[0, :10]) == set(range(50, 60))
    # too few rows to hold any out, so all are candidates
    assert HashNeighbors().fit(X[:5]).radius_ == 4


def test_it_feeds_a_classifier_in_a_pipeline():
    X, y, Q, y_new = clustered()
    for metric in ("euclidean", "cosine"):
        nn = HashNeighbors(n_neighbors=5, metric=metric, random_state=0)
        # this classifier refuses distances below zero
        pipeline = make_pipeline(nn, KNeighborsClassifier(5, metric="precomputed"))
        plain = KNeighborsClassifier(5, metric=metric).fit(X, y).score(Q, y_new)
        assert pipeline.fit(X, y).score(Q, y_new) >= plain - 0.05
    learned = HashNeighbors(GRH(8, random_state=0), random_state=0).fit(X, y)
    assert np.mean(y[learned.kneighbors(Q)[1]] == y_new[:, None]) > 0.8


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


def search(parameters, ids=None):
    X, _, Q, _ = clustered()
    return lambda: HashNeighbors(**parameters).fit(X, ids=ids).kneighbors(Q)


test_impossible_searches_are_refused = refusals(
    (search({"radius": 33}), "radius of codes of 12 bits must be from 0 to 12, got 33"),
    (
        search({"radius": "automatic"}),
        TypeError,
        "must be an integer from 0 to 12, got 'automatic'",
    ),
    (
        search({"metric": "cityblock"}),
        r"metric must be one of \('cosine', 'euclidean'\), got 'cityblock'",
    ),
    (search({"target_recall": 1.5}), "target_recall must be above 0 and at most 1, got 1.5"),
    (
        search({"n_neighbors": 601}),
        "n_neighbors must be from 1 to the 600 fitted rows to be found, got 601",
    ),
    (
        search({"hasher": 64}),
        TypeError,
        "hasher must be an estimator whose transform makes bits, as LSH, got 64",
    ),
    (search({}, [1, 2]), "inconsistent numbers of samples"),
)
