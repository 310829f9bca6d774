"""The audit of vectors whose answer is known, and its intervals against the truth."""

import numpy as np
import pandas as pd
import pytest
from refusals import refusals
from sklearn.base import clone

from l2h_tutorial import rerank
from l2h_tutorial.audit import FACTORS, METHODS, audit, found_among, recall_interval
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.quantise import ScalarCodes
from l2h_tutorial.search import exact_neighbours


def clusters(seed=0, n=2000, d=48):
    random = np.random.default_rng(seed)
    return 2 * random.normal(size=(40, d))[random.integers(40, size=n)] + random.normal(size=(n, d))


def isotropic(n=2000, d=48):
    return np.random.default_rng(0).normal(size=(n, d))


def recall(found, method, factor=1):
    return found.table.set_index(["method", "factor"])["recall"][method, factor]


@pytest.mark.parametrize("seed", range(3))
def test_vectors_off_centre_should_be_centred(seed):
    found = audit(clusters(seed) + 6, random_state=seed)
    assert 0.8 < found.off_centre < 1
    assert "Centre: the mean holds" in found.advice
    assert "A rotation is not worth it" in found.advice
    assert recall(found, "signs") > 2 * recall(found, "signs, uncentred")
    assert "uncentred" not in found.advice.split("For a recall of 0.95, take ")[1]


@pytest.mark.parametrize("seed", range(3))
def test_vectors_of_unequal_coordinates_should_be_rotated(seed):
    found = audit(clusters(seed) * np.geomspace(0.02, 1, 48), random_state=seed)
    assert found.even < 0.4
    assert "Centring does not matter" in found.advice
    assert "Rotate: the variances are" in found.advice
    assert recall(found, "signs, rotated") > recall(found, "signs") + 0.1


def test_the_advice_is_the_cheapest_that_reaches_the_target():
    X = isotropic()
    for target in (0.3, 0.9, 0.99):
        found = audit(X, target_recall=target, random_state=0)
        table = found.table
        enough = table[(table["low"] >= target) & (table["rescored"] <= 0.1)]
        first = enough.sort_values(["bytes", "factor"], kind="stable").iloc[0]
        code = f"{first['method']} ({first['bytes']} bytes per vector)"
        assert f"For a recall of {target:g}, take {code} with" in found.advice
    assert found.off_centre < 0.01
    assert found.even > 0.98
    of_most = audit(
        np.repeat(X[:20], 10, axis=0) + 1e-9 * isotropic()[:200],
        k=5,
        target_recall=0.9999,
        random_state=0,
    )
    assert "Nothing here surely reaches a recall of 0.9999 with at most 10%" in of_most.advice


def test_the_advice_rescores_a_tenth_unless_asked():
    """Of 900 rows, 300 would make fewer bytes do: then the vectors are half read all the same."""
    X = isotropic(1000)
    sparing = audit(X, random_state=0)
    generous = audit(X, random_state=0, most_rescored=1.0)
    pd.testing.assert_frame_equal(sparing.table, generous.table)
    assert set(sparing.table["rescored"]) == {0, *(f * 10 / 900 for f in FACTORS[1:4]), 1 / 3}
    assert "signs" in generous.advice.split("For a recall of 0.95, take ")[1]
    advice = sparing.advice.split("For a recall of 0.95, take ")[1]
    assert "signs" not in advice
    method = advice.split(" (")[0]
    rows = sparing.table[sparing.table.method == method].set_index("factor")
    row = rows.loc[int(advice.split(" rescored")[0].split()[-1]) // 10]
    assert row["rescored"] <= 0.1
    assert f"{row['rescored']:.1%} of the rows" in advice
    assert f"One query in twenty finds {row['percentile_5']:.0%} or less" in advice
    assert f"{row['below_half']:.1%} of the queries find less than half" in advice


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_queries_and_metric_are_those_that_are_given(metric):
    """The recalls are those of a search that is written out, with queries from elsewhere."""
    X = clusters(n=1000) * np.random.default_rng(1).uniform(0.8, 1.2, size=(1000, 1)) + 2
    queries = 1.5 * clusters(seed=3, n=200)
    table = audit(X, queries=queries, metric=metric, random_state=0).table
    exact = exact_neighbours(queries, X, 10, metric)
    rows = X
    asked = queries
    if metric == "cosine":
        rows = X / np.linalg.norm(X, axis=1, keepdims=True)
        asked = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    else:
        rows = X - X.mean(axis=0)
        asked = queries - X.mean(axis=0)
    int8 = ScalarCodes().fit(rows)
    candidates = int8.search(asked, int8.encode(rows), 40)[1]
    nearest = np.stack(list(rerank(queries, X, candidates, 10, metric)))
    recalls = recall_of_exact(nearest, exact, per_query=True)
    found = table.set_index(["method", "factor"]).loc[("int8", 4)]
    assert found["recall"] == pytest.approx(recalls.mean(), abs=0.002)
    assert found["percentile_5"] == pytest.approx(np.sort(recalls)[9], abs=0.11)
    assert found["below_half"] == pytest.approx(np.mean(recalls < 0.5), abs=0.02)


def test_the_table_has_every_method_and_factor():
    table = audit(isotropic(), random_state=0).table
    assert table[["method", "factor"]].to_numpy().tolist() == [
        [name, f] for name in METHODS for f in FACTORS
    ]
    assert table.groupby("method")["bytes"].first().to_dict() == {
        **{name: 6 for name in METHODS if name.startswith("signs")},
        "RaBitQ": 6 + 8 + 4,
        "int4": 24 + 4,
        "int8": 48 + 4,
    }
    assert (table["low"] <= table["recall"]).all()
    assert (table["recall"] <= table["high"]).all()
    assert table.groupby("method")["recall"].is_monotonic_increasing.all()
    pd.testing.assert_frame_equal(audit(isotropic(), random_state=0).table, table)


@pytest.mark.parametrize("method", METHODS)
def test_recall_is_what_is_found_among_the_candidates(method):
    X = clusters(n=600) + 1
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    queries = X[:50]
    database = X[50:]
    exact = exact_neighbours(queries, database, 10)
    n_bytes, found = found_among(clone(METHODS[method]), queries, database, exact, [1, 4], seed=3)
    assert n_bytes < 8 * 48
    quantiser = clone(METHODS[method])
    if quantiser.rotate:
        quantiser.set_params(random_state=3)
    codes = quantiser.fit(database).encode(database)
    plain, rescored = (
        recall_of_exact(quantiser.search(queries, codes, 10, **how)[1], exact, per_query=True)
        for how in ({}, {"rescore": database, "factor": 4})
    )
    # of a query, one may be tied but for rounding
    np.testing.assert_allclose(found, [plain, rescored], atol=0.101)
    np.testing.assert_allclose(found.mean(axis=1), [plain.mean(), rescored.mean()], atol=0.01)


@pytest.mark.parametrize("chance", [0.02, 0.5, 0.97, 0.999])
@pytest.mark.parametrize("together", [1, 10])
def test_the_interval_covers_the_truth(chance, together):
    """Ten neighbours of a query that are found each by itself, or all or none."""
    random = np.random.default_rng(0)
    trials = np.repeat(random.random((1000, 300, 10 // together)) < chance, together, axis=2).mean(
        axis=2
    )
    intervals = np.array([recall_interval(trial) for trial in trials])
    covered = (intervals[:, 1] <= chance) & (chance <= intervals[:, 2])
    assert covered.mean() >= 0.93


def test_one_miss_less_does_not_widen_the_interval():
    lows = [
        recall_interval([1.0] * (300 - misses) + [0.9] * misses, k=10)[1] for misses in (2, 1, 0)
    ]
    assert lows == sorted(lows)


def test_the_audits_intervals_cover_what_new_queries_find():
    """Vectors of one population, drawn anew for each of 40 audits.

    The truth is what all of them find in the mean.
    """
    centres = np.random.default_rng(99).normal(size=(40, 12))

    def drawn(seed):
        random = np.random.default_rng(seed)
        noise = random.normal(size=(600, 12))
        return (2 * centres[random.integers(40, size=600)] + noise) * np.geomspace(0.3, 1, 12) + 0.5

    tables = [audit(drawn(seed), random_state=seed).table for seed in range(40)]
    low, found, high = (
        np.array([table[side] for table in tables]) for side in ("low", "recall", "high")
    )
    truth = found.mean(axis=0)
    assert ((low <= truth + 1e-12) & (truth <= high + 1e-12)).mean(axis=0).min() >= 0.85


def test_the_figure_has_a_line_a_method_and_one_for_the_target():
    (axes,) = audit(isotropic(300), random_state=0).figure().axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert [label.rsplit(",", 1)[0] for label in sorted(labels)] == sorted([*METHODS, "wanted"])


test_what_is_refused = refusals(
    (lambda: audit([[1.0, np.nan]] * 100), "Input X contains NaN"),
    (lambda: audit(isotropic(99), 10), "k must be from 1 to the 9 tenths of the rows, got 10"),
    (lambda: audit(isotropic(100), 10, 1.0), "target_recall must be above 0 and below 1, got 1.0"),
    (lambda: audit(isotropic(100), 10, "1"), TypeError, "target_recall must be a positive number"),
    (lambda: audit(isotropic(100), metric="ip"), r"one of \('cosine', 'euclidean'\), got 'ip'"),
    (lambda: audit(isotropic(100), most_rescored=0), "most_rescored must be a positive number"),
    (lambda: audit(isotropic(100), queries=[[1.0]]), "same number of features, got 1 and 48"),
)
