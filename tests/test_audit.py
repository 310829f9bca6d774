"""The audit of vectors whose answer is known, and intervals of recall against the truth."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from refusals import refusals
from sklearn.preprocessing import normalize

from l2h_tutorial import rerank
from l2h_tutorial.audit import FACTORS, METHODS, audit, recall_interval
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.quantise import ScalarCodes
from l2h_tutorial.search import exact_neighbours


def clusters(seed=0, n=2000, d=48):
    random = np.random.default_rng(seed)
    return 2 * random.normal(size=(40, d))[random.integers(40, size=n)] + random.normal(size=(n, d))


def isotropic(n=2000, d=48):
    return np.random.default_rng(0).normal(size=(n, d))


def by_method(found, factor=1):
    """Return the rows of the table with a factor of rescoring, by method."""
    return found.table[found.table.factor == factor].set_index("method")


def advised(found):
    """Return what the advice says to take."""
    return found.advice.split("take ")[1]


@pytest.mark.parametrize("seed", range(3))
def test_vectors_off_centre_should_be_centred(seed):
    found = audit(clusters(seed) + 6, random_state=seed)
    recall = by_method(found).recall
    assert 0.8 < found.off_centre < 1
    assert "Centre: the mean holds" in found.advice
    assert "A rotation is not worth it" in found.advice
    assert recall["signs"] > 2 * recall["signs, uncentred"]
    assert "uncentred" not in advised(found)


@pytest.mark.parametrize("seed", range(3))
def test_vectors_of_unequal_coordinates_should_be_rotated(seed):
    found = audit(clusters(seed) * np.geomspace(0.02, 1, 48), random_state=seed)
    recall = by_method(found).recall
    assert found.even < 0.4
    assert "Centring does not matter" in found.advice
    assert "Rotate: the variances are" in found.advice
    assert recall["signs, rotated"] > recall["signs"] + 0.1


def test_the_advice_is_the_cheapest_that_reaches_the_target():
    X = isotropic()
    for target in (0.3, 0.9, 0.99):
        found = audit(X, target_recall=target, random_state=0)
        table = found.table
        enough = table[(table["low"] >= target) & (table["rescored"] <= 0.1)]
        first = enough.sort_values(["bytes", "factor"], kind="stable").iloc[0]
        code = f"{first['method']} ({first['bytes']} bytes per vector)"
        assert f"For a recall of {target:g}, take {code} with" in found.advice
        assert f"One query in twenty finds {first['percentile_5']:.0%} or less" in found.advice
        assert f"{first['below_half']:.1%} of the queries find less than half" in found.advice
    assert f"best {first['factor'] * 10} rescored ({first['rescored']:.1%} of the" in found.advice
    assert found.off_centre < 0.01
    assert found.even > 0.98
    repeated = np.repeat(X[:20], 10, axis=0) + 1e-9 * isotropic()[:200]
    of_most = audit(repeated, k=5, target_recall=0.9999, random_state=0)
    assert "Nothing here surely reaches a recall of 0.9999 with at most 10%" in of_most.advice


def test_the_advice_rescores_a_tenth_unless_asked():
    """Of 900 rows, 300 would make fewer bytes do: then the vectors are half read all the same."""
    X = isotropic(1000)
    sparing = audit(X, random_state=0)
    generous = audit(X, random_state=0, most_rescored=1.0)
    pd.testing.assert_frame_equal(sparing.table, generous.table)
    assert set(sparing.table["rescored"]) == {0, *(f * 10 / 900 for f in FACTORS[1:4]), 1 / 3}
    assert "signs" in advised(generous)
    assert "signs" not in advised(sparing)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("factor", [1, 4])
def test_queries_and_metric_are_those_that_are_given(metric, factor):
    """The recalls are those of a search that is written out, with queries from elsewhere."""
    X = clusters(n=1000) * np.random.default_rng(1).uniform(0.8, 1.2, size=(1000, 1)) + 2
    queries = 1.5 * clusters(seed=3, n=200)
    found = by_method(audit(X, queries=queries, metric=metric, random_state=0), factor).loc["int8"]
    if metric == "cosine":
        rows = normalize(X)
        asked = normalize(queries)
    else:
        rows = X - X.mean(axis=0)
        asked = queries - X.mean(axis=0)
    int8 = ScalarCodes().fit(rows)
    candidates = int8.search(asked, int8.encode(rows), 10 * factor)[1]
    nearest = rerank(queries, X, candidates, 10, metric)
    exact = exact_neighbours(queries, X, 10, metric)
    recalls = recall_of_exact(nearest, exact, per_query=True)
    assert found["recall"] == pytest.approx(recalls.mean(), abs=0.002)
    assert found["percentile_5"] == pytest.approx(np.sort(recalls)[9], abs=0.11)
    assert found["below_half"] == pytest.approx(np.mean(recalls < 0.5), abs=0.02)


def test_the_table_has_every_method_and_factor():
    table = audit(isotropic(), random_state=0).table
    assert list(zip(table.method, table.factor, strict=True)) == list(product(METHODS, FACTORS))
    sizes = table.groupby("method")["bytes"].first()
    assert sizes["signs"] == 6
    assert sizes["RaBitQ"] == 6 + 8 + 4
    assert table["recall"].between(table["low"], table["high"]).all()
    assert table.groupby("method")["recall"].is_monotonic_increasing.all()
    pd.testing.assert_frame_equal(audit(isotropic(), random_state=0).table, table)


@pytest.mark.parametrize("chance", [0.02, 0.5, 0.97, 0.999])
@pytest.mark.parametrize("together", [1, 10])
def test_the_interval_covers_the_truth(chance, together):
    """Ten neighbours of a query that are found each by itself, or all or none."""
    random = np.random.default_rng(0)
    is_found = random.random((1000, 300, 10 // together)) < chance
    intervals = np.array([recall_interval(trial) for trial in is_found.mean(axis=2)])
    covered = (intervals[:, 1] <= chance) & (chance <= intervals[:, 2])
    assert covered.mean() >= 0.93


def test_one_miss_less_does_not_widen_the_interval():
    lows = [
        recall_interval([1.0] * (300 - misses) + [0.9] * misses, k=10)[1] for misses in (2, 1, 0)
    ]
    assert lows == sorted(lows)


def test_the_figure_has_a_line_a_method_and_one_for_the_target():
    (axes,) = audit(isotropic(300), random_state=0).figure().axes
    labels = [text.get_text().rsplit(",", 1)[0] for text in axes.get_legend().get_texts()]
    assert sorted(labels) == sorted([*METHODS, "wanted"])


test_what_is_refused = refusals(
    (lambda: audit(isotropic(99), 10), "k must be from 1 to the 9 tenths of the rows, got 10"),
    (lambda: audit(isotropic(100), 10, 1.0), "target_recall must be above 0 and below 1, got 1.0"),
    (lambda: audit(isotropic(100), metric="ip"), r"one of \('cosine', 'euclidean'\), got 'ip'"),
    (lambda: audit(isotropic(100), most_rescored=0), "most_rescored must be a positive number"),
    (lambda: audit(isotropic(100), queries=[[1.0]]), "same number of features, got 1 and 48"),
)
