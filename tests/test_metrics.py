"""Measures against their definitions, on every order of the ties, and the tutorial's own loop."""

from itertools import count, permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import refusals
from seed_loop import sweep
from sklearn.exceptions import NotFittedError
from test_hashers import data

from l2h_tutorial import (
    LSH,
    Dataset,
    HashTable,
    evaluate_radius_search,
    hamming_distances,
    metrics,
    split_dataset,
)
from l2h_tutorial.metrics import mean_average_precision, precision_at_k, recall_of_exact
from l2h_tutorial.search import reranking


def drawn(seed, n, n_bits, n_queries=3, n_labels=None):
    """Draw codes with classes, or with `n_labels` indicators: the arguments of `ring_counts`."""
    random = np.random.default_rng(seed)
    query = random.random((n_queries, n_bits)) < 0.5
    database = random.random((n, n_bits)) < 0.5
    if n_labels is None:
        return query, database, random.integers(0, 3, n_queries), random.integers(0, 3, n)
    of_query = random.integers(0, 2, (n_queries, n_labels))
    return query, database, of_query, random.integers(0, 2, (n, n_labels))


def relevance(of_query, of_database):
    """Return which rows are relevant to one query."""
    if of_database.ndim == 1:
        return of_database == of_query
    return (of_database & of_query).any(axis=1)


def ap_of_order(relevant):
    places = np.flatnonzero(relevant) + 1
    return np.mean(np.arange(1, len(places) + 1) / places) if len(places) else 0.0


# Ranking


@given(
    st.integers(0, 2**16),
    st.integers(1, 40),
    st.sampled_from([1, 7, 64, 65, 200, 300]),
    st.sampled_from([None, 2, 4, 70, 300]),
)
def test_counts_are_those_of_all_pairs(seed, n, n_bits, n_labels):
    query, database, of_query, of_database = drawn(seed, n, n_bits, n_labels=n_labels)
    database[-1] = ~query[0]  # as far away as can be
    counts = metrics.ring_counts(query, database, of_query, of_database)
    for q, distances in enumerate(hamming_distances(query, database)):
        inside = distances[relevance(of_query[q], of_database)]
        np.testing.assert_array_equal(counts.rows[q], np.bincount(distances, minlength=n_bits + 1))
        np.testing.assert_array_equal(counts.relevant[q], np.bincount(inside, minlength=n_bits + 1))


@given(st.integers(0, 2**16), st.integers(1, 5), st.integers(1, 3), st.sampled_from([None, 2, 3]))
def test_average_precision_is_expected_over_ties(seed, n, n_bits, n_labels):
    query, database, of_query, of_database = arguments = drawn(seed, n, n_bits, n_labels=n_labels)
    expected = []
    for distances, labels in zip(hamming_distances(query, database), of_query, strict=True):
        rings = (
            permutations(np.flatnonzero(distances == distance)) for distance in np.unique(distances)
        )
        orders = [np.concatenate(order) for order in product(*rings)]
        relevant = relevance(labels, of_database)
        expected.append(np.mean([ap_of_order(relevant[order]) for order in orders]))
    found = metrics.average_precision(metrics.ring_counts(*arguments))
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert mean_average_precision(*arguments) == pytest.approx(np.mean(expected), abs=1e-9)


@given(st.integers(0, 2**16), st.integers(1, 40), st.integers(1, 300), st.sampled_from([None, 3]))
def test_stable_ap_takes_ties_in_the_order_of_the_database(seed, n, n_bits, n_labels):
    query, database, of_query, of_database = arguments = drawn(seed, n, n_bits, n_labels=n_labels)
    expected = []
    for distances, labels in zip(hamming_distances(query, database), of_query, strict=True):
        order = np.argsort(distances, kind="stable")
        expected.append(ap_of_order(relevance(labels, of_database)[order]))
    found = mean_average_precision(*arguments, ties="stable", per_query=True)
    np.testing.assert_allclose(found, expected, atol=1e-12)


# Lists of rows


@given(st.integers(0, 2**16), st.integers(1, 6), st.sampled_from(["k", "returned"]))
def test_precision_is_that_of_the_definition(seed, k, denominator):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, 8)
    of_query = random.integers(0, 3, 5)
    ids = [random.permutation(8)[: random.integers(0, 8)] for _ in of_query]
    ratios = []
    for rows, label in zip(ids, of_query, strict=True):
        right = sum(labels[row] == label for row in rows[:k])
        divisor = k if denominator == "k" else min(k, len(rows))
        ratios.append(right / divisor if len(rows) else np.nan)
    for empty, each in (("zero", np.nan_to_num(ratios)), ("skip", np.array(ratios))):
        options = {"k": k, "denominator": denominator, "empty": empty}
        found = precision_at_k(ids, of_query, labels, per_query=True, **options)
        np.testing.assert_allclose(found, each)
        answered = each[~np.isnan(each)]
        mean = answered.mean() if answered.size else np.nan
        found = precision_at_k(ids, of_query, labels, **options)
        assert found == pytest.approx(mean, abs=1e-12, nan_ok=True)


@given(st.integers(0, 2**16))
def test_recall_is_that_of_sets(seed):
    random = np.random.default_rng(seed)
    ids = [random.permutation(12)[: random.integers(0, 12)] for _ in range(4)]
    exact = np.stack([random.permutation(12)[:5] for _ in range(4)])
    expected = [
        len({*rows.tolist()} & {*true.tolist()}) / 5 for rows, true in zip(ids, exact, strict=True)
    ]
    np.testing.assert_allclose(recall_of_exact(ids, exact, per_query=True), expected)
    assert recall_of_exact(ids, exact) == pytest.approx(np.mean(expected))


def test_only_the_first_k_are_looked_at():
    padded = [[0, 1, 1, -1], [2, -1, -1]]
    assert precision_at_k(padded, [7, 8], [7, 8, 8], k=1) == 1


def test_paired_bootstrap_tells_a_difference_from_noise():
    random = np.random.default_rng(0)
    a = random.standard_normal(400)
    difference, low, high = metrics.paired_bootstrap(a + 0.3, 0 * a)
    assert 0 < low < difference < high
    assert difference == pytest.approx(a.mean() + 0.3)
    assert high - low == pytest.approx(2 * 1.96 * a.std() / 20, rel=0.1)  # as the normal interval
    _, low, high = metrics.paired_bootstrap(a, random.permutation(a))
    assert low < 0 < high
    # the last query is drawn as often as the first
    _, _, high = metrics.paired_bootstrap([0.0, 0.0, 1.0], [0.0, 0.0, 0.0])
    assert high == 1


# Labels

FORMS = {
    "series": pd.Series,
    "categorical": pd.Categorical,
    "objects": lambda labels: labels.astype(object),
    "nullable": lambda labels: pd.Series(
        labels, dtype="string" if labels.dtype.kind == "U" else "Int64"
    ),
    "one column": lambda labels: labels[:, None],
    "frame": lambda labels: pd.DataFrame({"y": labels}),
}


@pytest.mark.parametrize(
    "names", [np.array([0, 2, 7]), np.array(["ant", "bee", "cat"])], ids=["numbers", "text"]
)
@pytest.mark.parametrize("of_database", FORMS)
@pytest.mark.parametrize("of_query", FORMS)
def test_classes_mean_the_same_in_every_form(of_query, of_database, names):
    *bits, queries, rows = drawn(0, 40, 6)
    given = [FORMS[of_query](names[queries]), FORMS[of_database](names[rows])]
    assert mean_average_precision(*bits, *given) == mean_average_precision(*bits, queries, rows)


def test_large_numbers_are_told_apart():
    """NumPy makes floats of these two kinds of integers."""
    assert precision_at_k([[0]], [2**63], [2**63 - 1], k=1) == 0


# Refusals


BITS = np.zeros((2, 4), dtype=bool)
MISSING = [
    np.array(["a", None], dtype=object),
    [0.0, np.nan],
    pd.Series([0, None], dtype="Int64"),
    np.array(["2026-01-01", "NaT"], dtype="datetime64[ns]"),
]


def ranking(**change):
    arguments = {
        "query_bits": BITS,
        "database_bits": BITS,
        "query_labels": [0, 1],
        "database_labels": [0, 1],
    }
    return lambda: mean_average_precision(**arguments | change)


def precision(**change):
    arguments = {"ids": [np.array([0])], "query_labels": [1], "database_labels": [1, 1, 0]}
    return lambda: precision_at_k(**arguments | change)


test_refusals = refusals(
    (ranking(ties="optimistic"), r"ties must be one of \('expected', 'stable'\), got 'opt"),
    (ranking(query_labels=[1]), "query_labels must be 2, .* database_labels 2, got 1 and 2"),
    (ranking(query_labels=np.eye(2)), r"got shapes \(2, 2\) and \(2,\)"),
    (ranking(query_labels=np.eye(2), database_labels=np.eye(2) * 3), "indicators, 0 or 1"),
    (ranking(query_labels=["a", "b"]), TypeError, "of one kind, numbers or text, on both sides"),
    *[(ranking(database_labels=labels), "none of them missing") for labels in MISSING],
    (ranking(query_bits=BITS[:, :3]), "query_bits must have 4 bits a code, got 3"),
    (
        ranking(database_bits=BITS + 0),
        TypeError,
        "database_bits must be a boolean array, got dtype int",
    ),
    (precision(empty="one"), r"empty must be one of \('zero', 'skip'\), got 'one'"),
    (precision(k=0), "k must be at least 1, got 0"),
    (precision(denominator="n"), r"denominator must be one of \('k', 'returned'\), got 'n'"),
    (precision(query_labels=np.eye(2), database_labels=np.eye(2)), "one class a row"),
    (precision(ids=[[3]]), r"ids\[0\] must be rows from 0 to 2, got 3"),
    (precision(ids=[3]), TypeError, r"ids\[0\] must be .* of integers, got int.. of shape \(\)"),
    (lambda: recall_of_exact([[1]], [[1], [2]]), "each of the 1 queries, got 2"),
    (
        lambda: recall_of_exact([[1]], [[1.0]]),
        TypeError,
        r"exact_ids\[0\] must be .* of integers, got float64",
    ),
    (precision(ids=[], query_labels=[]), "at least one query"),
    (lambda: recall_of_exact([[-1]], [[1]]), r"ids\[0\] must be row numbers of at least 0, got -1"),
    (lambda: metrics.paired_bootstrap([1.0, 2.0, 3.0], [1.0, 2.0]), r"got \(3,\), \(2,\)"),
    (lambda: metrics.paired_bootstrap([1.0, np.nan], [1.0, 2.0]), "must be finite"),
)


# The sweep over radii


DATASET = Dataset("toy", *data(n=1200, n_features=12), None, tuple("abcd"))
TOY = split_dataset(DATASET, 30, 200).preprocessed("centre")


@pytest.mark.parametrize("at_a_time", [7, 128])
@pytest.mark.parametrize("empty", ["zero", "skip"])
def test_radius_search_is_the_loop_of_the_tutorial(empty, at_a_time, monkeypatch):
    monkeypatch.setattr(reranking, "_BLOCK_QUERIES", at_a_time)
    s = TOY
    radii = [0, 1, 2, 5, 12]
    lsh = LSH(12, random_state=0).fit(s.X_train)
    frame = evaluate_radius_search(lsh, s, radii, k=10, empty=empty)
    bits = [lsh.transform(s.X_query), lsh.transform(s.X_database)]
    candidates, precision = sweep(*bits, s.X_query, s.X_database, s.y_query, s.y_database, radii)
    columns = "radius precision coverage candidates scanned seconds"
    assert list(frame.columns) == columns.split()
    assert frame["radius"].tolist() == radii
    np.testing.assert_allclose(frame["candidates"], candidates.mean(axis=1))
    np.testing.assert_allclose(frame["scanned"], candidates.mean(axis=1) / len(s.X_database))
    np.testing.assert_allclose(frame["coverage"], (candidates > 0).mean(axis=1))
    assert 0 < frame["coverage"][0] < 1
    if empty == "zero":
        precision = np.nan_to_num(precision)
    np.testing.assert_allclose(frame["precision"], np.nanmean(precision, axis=1))
    assert (frame["seconds"] > 0).all()


@pytest.mark.parametrize(("n_bits", "largest"), [(1, 1), (11, 10)])
def test_radii_are_by_default_those_that_there_are_up_to_ten(n_bits, largest):
    frame = evaluate_radius_search(LSH(n_bits, random_state=0).fit(TOY.X_train), TOY)
    assert frame["radius"].tolist() == [*range(largest + 1)]


def test_radii_come_back_with_the_whole_time(monkeypatch):
    # Each interval takes two seconds: encoding, searching a ball, and once the product with all
    # rows, which all balls with many candidates share.
    clock = count(100, 2)
    for module in (metrics, reranking):
        monkeypatch.setattr(module, "perf_counter", lambda: next(clock))
    lsh = LSH(12, random_state=0).fit(TOY.X_train)
    frame = evaluate_radius_search(lsh, TOY, [5, 0, 5, 3])
    ordered = evaluate_radius_search(lsh, TOY, [0, 3, 5]).set_index("radius", drop=False)
    np.testing.assert_array_equal(frame, ordered.loc[[5, 0, 5, 3]])
    seconds = frame["seconds"] * len(TOY.X_query)
    np.testing.assert_allclose(seconds, [2 + 2 + 2, 2 + 2, 2 + 2 + 2, 2 + 6])


def radius_search(**change):
    hasher = LSH(8, random_state=0).fit(TOY.X_train)
    arguments = {"hasher": hasher, "s": TOY, "radii": [0]}
    return lambda: evaluate_radius_search(**arguments | change)


test_impossible_radius_searches_are_refused = refusals(
    (radius_search(radii=range(11)), "radius of codes of 8 bits must be from 0 to 8, got 9"),
    (radius_search(radii=[]), "radii must name at least one radius, got none"),
    (radius_search(k=971), "k must be from 1 to the 970 rows of the database, got 971"),
    (radius_search(hasher=LSH(8)), NotFittedError, "not fitted"),
    (
        radius_search(hasher=HashTable(np.eye(2) > 0)),
        TypeError,
        "a transform that makes bits, got a HashTable",
    ),
)
