from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from seed_loop import sweep
from sklearn.exceptions import NotFittedError
from sklearn.metrics import average_precision_score

from l2h_tutorial import (
    LSH,
    Dataset,
    evaluate_radius_search,
    hamming_distances,
    mean_average_precision,
    precision_at_k,
    split_dataset,
)
from l2h_tutorial.metrics import coverage, paired_bootstrap, recall_of_exact

NONE = np.empty(0, dtype=np.int64)


def ap_of_order(relevant):
    places = np.flatnonzero(relevant) + 1
    return np.mean(np.arange(1, len(places) + 1) / places) if len(places) else 0.0


@given(st.data())
def test_expected_ap_is_the_mean_over_all_orders_of_ties(data):
    n, n_bits = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3))
    database = data.draw(hnp.arrays(bool, (n, n_bits)))
    labels = data.draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1)))
    query = np.zeros((1, n_bits), dtype=bool)
    distances = hamming_distances(query, database)[0]
    orders = [list(order) for order in permutations(range(n)) if (np.diff(distances[list(order)]) >= 0).all()]
    expected = np.mean([ap_of_order(labels[order] == 1) for order in orders])
    assert mean_average_precision(query, database, [1], labels) == pytest.approx(expected, abs=1e-9)
    stable = ap_of_order(labels[np.argsort(distances, kind="stable")] == 1)
    assert mean_average_precision(query, database, [1], labels, ties="stable") == pytest.approx(stable, abs=1e-12)


@pytest.mark.parametrize("ties", ["expected", "stable"])
def test_ap_without_ties_is_that_of_scikit_learn(ties):
    n = 64
    database = np.tril(np.ones((n, n), dtype=bool))  # row i is at distance i + 1 from zero
    queries = np.zeros((3, n), dtype=bool)
    labels = np.random.default_rng(0).integers(0, 3, n)
    found = mean_average_precision(queries, database, [0, 1, 2], labels, ties=ties, per_query=True)
    expected = [average_precision_score(labels == c, -np.arange(n)) for c in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_expected_ap_is_the_mean_of_stable_ap_over_shuffled_databases():
    random = np.random.default_rng(0)
    database, queries = random.random((400, 6)) < 0.5, random.random((5, 6)) < 0.5
    labels, query_labels = random.integers(0, 3, 400), random.integers(0, 3, 5)
    stable = []
    for _ in range(300):
        order = random.permutation(400)
        stable.append(mean_average_precision(queries, database[order], query_labels, labels[order], ties="stable"))
    expected = mean_average_precision(queries, database, query_labels, labels)
    assert expected == pytest.approx(np.mean(stable), abs=4 * np.std(stable) / np.sqrt(300))


@given(st.integers(0, 2**16), st.sampled_from(["expected", "stable"]))
def test_indicator_labels_count_one_common_label(seed, ties):
    random = np.random.default_rng(seed)
    database, query = random.random((20, 4)) < 0.5, random.random((2, 4)) < 0.5
    many, of_query = random.integers(0, 2, (20, 3)), random.integers(0, 2, (2, 3))
    found = mean_average_precision(query, database, of_query, many, ties=ties, per_query=True)
    for i in range(2):
        common = ((many & of_query[i]) > 0).any(axis=1).astype(int)
        assert found[i] == mean_average_precision(query[i : i + 1], database, [1], common, ties=ties)
    one_hot, classes = np.eye(3, dtype=int), random.integers(0, 3, 20)
    by_class = mean_average_precision(query, database, [0, 2], classes, ties=ties)
    assert by_class == mean_average_precision(query, database, one_hot[[0, 2]], one_hot[classes], ties=ties)


def test_ap_at_the_edges():
    same = np.zeros((7, 3), dtype=bool)
    assert mean_average_precision(same[:1], same, [1], np.zeros(7)) == 0  # nothing relevant
    assert mean_average_precision(same[:1], same, [0], np.zeros(7)) == pytest.approx(1)  # all relevant, all tied
    assert mean_average_precision(same[:1], same[:1], [0], [0]) == 1
    long = np.zeros((3, 300), dtype=bool)
    long[1, :260], long[2] = True, True  # distances beyond a byte
    assert mean_average_precision(long[:1], long, [1], [0, 0, 1]) == pytest.approx(1 / 3)


def test_many_queries_are_evaluated_in_blocks():
    random = np.random.default_rng(0)
    database, queries = random.random((70_000, 8)) < 0.5, random.random((150, 8)) < 0.5
    labels, of_query = random.integers(0, 2, 70_000), random.integers(0, 2, 150)
    whole = mean_average_precision(queries, database, of_query, labels, per_query=True)
    assert whole.shape == (150,)
    last = mean_average_precision(queries[-1:], database, of_query[-1:], labels, per_query=True)
    np.testing.assert_array_equal(whole[-1:], last)


BITS = np.zeros((2, 4), dtype=bool)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"ties": "optimistic"}, ValueError, 'ties must be "expected" or "stable", got \'optimistic\''),
        ({"query_labels": [1]}, ValueError, "query_labels must hold one entry for each of the 2 codes, got 1"),
        ({"database_labels": [1]}, ValueError, "database_labels must hold one entry for each of the 2 codes, got 1"),
        ({"query_labels": np.eye(2)}, ValueError, r"got shapes \(2, 2\) and \(2,\)"),
        ({"query_labels": np.eye(2), "database_labels": np.eye(2) * 3}, ValueError, "must be 0 or 1, got 3.0"),
        ({"query_bits": BITS[:, :3]}, ValueError, "query_bits must have 4 bits a code, got 3"),
        ({"database_bits": BITS[:0]}, ValueError, "database_bits must hold at least one code"),
        ({"database_bits": BITS + 0}, TypeError, "database_bits must be a boolean array, got dtype int64"),
    ],
)
def test_impossible_rankings_are_refused(change, error, message):
    arguments = {"query_bits": BITS, "database_bits": BITS, "query_labels": [0, 1], "database_labels": [0, 1]} | change
    with pytest.raises(error, match=message):
        mean_average_precision(**arguments)


def test_precision_under_each_policy():
    ids = [np.array([0, 1, 2, 3]), np.array([2]), NONE]
    of_query, labels = [5, 6, 5], np.array([5, 5, 6, 7])

    def values(**policy):
        return precision_at_k(ids, of_query, labels, k=3, per_query=True, **policy)

    np.testing.assert_allclose(values(), [2 / 3, 1 / 3, 0])
    np.testing.assert_allclose(values(denominator="returned"), [2 / 3, 1, 0])
    np.testing.assert_allclose(values(empty="skip"), [2 / 3, 1 / 3, np.nan])
    assert precision_at_k(ids, of_query, labels, 3) == pytest.approx(1 / 3)
    assert precision_at_k(ids, of_query, labels, 3, empty="skip") == pytest.approx(1 / 2)
    assert np.isnan(precision_at_k([NONE], [5], labels, empty="skip"))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"k": 0}, ValueError, "k must be at least 1, got 0"),
        ({"k": 2.5}, TypeError, "k must be an integer of at least 1, got 2.5"),
        ({"empty": "drop"}, ValueError, 'empty must be "zero" or "skip", got \'drop\''),
        ({"denominator": "n"}, ValueError, 'denominator must be "k" or "returned", got \'n\''),
        ({"query_labels": [0, 1]}, ValueError, "same queries, got 1 and 2"),
        ({"query_labels": np.eye(2)}, ValueError, r"one class a row, got shapes \(2, 2\)"),
        ({"ids": [np.array([3])]}, ValueError, "rows from 0 to 2 of the database labels, got 3"),
        ({"ids": [np.array([-1])]}, ValueError, "rows from 0 to 2 of the database labels, got -1"),
        ({"ids": [], "query_labels": []}, ValueError, "at least one query, got none"),
    ],
)
def test_impossible_precisions_are_refused(change, error, message):
    arguments = {"ids": [np.array([0])], "query_labels": [1], "database_labels": [1, 1, 0]} | change
    with pytest.raises(error, match=message):
        precision_at_k(**arguments)


def test_recall_and_coverage():
    ids = [np.array([9, 1, 2]), NONE, np.array([4])]
    exact = [[1, 2], [3, 4], [4, 5]]
    np.testing.assert_allclose(recall_of_exact(ids, exact, per_query=True), [1, 0, 0.5])
    assert recall_of_exact(ids, exact) == pytest.approx(0.5)
    assert coverage(ids) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match=r"\(n_queries, k\) row numbers, got shape \(2,\)"):
        recall_of_exact(ids, [1, 2])
    with pytest.raises(ValueError, match="ids and exact_ids must be of the same queries, got 3 and 2"):
        recall_of_exact(ids, exact[:2])
    with pytest.raises(ValueError, match="share of the queries, got none"):
        coverage([])


@pytest.fixture(scope="module")
def toy_split():
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 1200)
    features = (random.standard_normal((4, 12))[labels] + random.standard_normal((1200, 12))).astype(np.float32)
    return split_dataset(Dataset("toy", features, labels, None, tuple("abcd")), 30, 200).preprocessed("centre")


@pytest.mark.parametrize("empty", ["zero", "skip"])
def test_radius_search_is_the_loop_of_the_tutorial(toy_split, empty):
    s = toy_split
    lsh = LSH(12, random_state=0).fit(s.X_train)
    radii = [0, 1, 2, 5, 12]
    frame = evaluate_radius_search(lsh, s, radii, k=10, empty=empty)
    bits = lsh.transform(s.X_query), lsh.transform(s.X_database)
    candidates, precision = sweep(*bits, s.X_query, s.X_database, s.y_query, s.y_database, radii)
    assert list(frame.columns) == ["radius", "precision", "coverage", "candidates", "scanned", "seconds"]
    assert frame["radius"].tolist() == radii
    np.testing.assert_allclose(frame["candidates"], candidates.mean(axis=1))
    np.testing.assert_allclose(frame["scanned"], candidates.mean(axis=1) / len(s.X_database))
    np.testing.assert_allclose(frame["coverage"], (candidates > 0).mean(axis=1))
    assert 0 < frame["coverage"][0] < 1
    expected = np.nanmean(precision, axis=1) if empty == "skip" else np.nan_to_num(precision).mean(axis=1)
    np.testing.assert_allclose(frame["precision"], expected)
    assert (frame["seconds"] > 0).all()


def test_impossible_radius_searches_are_refused(toy_split):
    lsh = LSH(8, random_state=0).fit(toy_split.X_train)
    with pytest.raises(ValueError, match="radius of codes of 8 bits is from 0 to 8, got 9"):
        evaluate_radius_search(lsh, toy_split)
    with pytest.raises(ValueError, match="radii must name at least one radius, got none"):
        evaluate_radius_search(lsh, toy_split, radii=[])
    with pytest.raises(ValueError, match="k must be from 1 to the 970 rows of the database, got 971"):
        evaluate_radius_search(lsh, toy_split, radii=[0], k=971)
    with pytest.raises(NotFittedError):
        evaluate_radius_search(LSH(8), toy_split, radii=[0])


def test_paired_bootstrap_tells_a_difference_from_noise():
    random = np.random.default_rng(0)
    a = random.random(200)
    difference, low, high = paired_bootstrap(a + 0.1 + 0.05 * random.standard_normal(200), a)
    assert 0 < low < difference < high < 0.2
    difference, low, high = paired_bootstrap(a, random.permutation(a))
    assert low < 0 < high
    assert difference == pytest.approx(0)
    assert paired_bootstrap(a, a[::-1], random_state=3) == paired_bootstrap(a, a[::-1], random_state=3)


def test_paired_bootstrap_interval_has_the_width_of_the_normal_one():
    random = np.random.default_rng(0)
    a, b = random.standard_normal(400), np.zeros(400)
    _, low, high = paired_bootstrap(a, b)
    assert high - low == pytest.approx(2 * 1.96 * a.std() / 20, rel=0.1)


@pytest.mark.parametrize(
    ("a", "b", "n_resamples", "message"),
    [
        ([1.0], [1.0, 2.0], 10, r"got \(1,\), \(2,\)"),
        ([], [], 10, "each of the same queries"),
        ([1.0, np.nan], [1.0, 2.0], 10, "must be finite"),
        ([1.0], [1.0], 0, "n_resamples must be at least 1, got 0"),
    ],
)
def test_impossible_comparisons_are_refused(a, b, n_resamples, message):
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(a, b, n_resamples)
