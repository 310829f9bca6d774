import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from l2h_tutorial import hamming_distances, mean_average_precision, precision_at_k
from l2h_tutorial.metrics import coverage, mean_candidates, paired_bootstrap, recall_of_exact, share_scanned

NONE = np.empty(0, dtype=np.int64)


def ap_of_order(relevant):
    places = np.flatnonzero(relevant) + 1
    return np.mean(np.arange(1, len(places) + 1) / places) if len(places) else 0.0


@given(st.integers(0, 2**16), st.integers(1, 40), st.integers(1, 80))
def test_stable_ap_takes_ties_in_the_order_of_the_database(seed, n, n_bits):
    random = np.random.default_rng(seed)
    database, query = random.random((n, n_bits)) < 0.5, random.random((1, n_bits)) < 0.5
    labels, distances = random.integers(0, 2, n), hamming_distances(query, database)[0]
    in_order = [labels[row] == 1 for _, row in sorted(zip(distances.tolist(), range(n), strict=True))]
    found = mean_average_precision(query, database, [1], labels, ties="stable")
    assert found == pytest.approx(ap_of_order(in_order), abs=1e-12)


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
    long[1, :200], long[2] = True, True  # a distance beyond a byte
    assert mean_average_precision(long[:1], long, [1], [0, 0, 1]) == pytest.approx(1 / 3)


def test_many_queries_are_evaluated_in_blocks():
    random = np.random.default_rng(0)
    database, queries = random.random((70_000, 8)) < 0.5, random.random((15, 8)) < 0.5
    labels, of_query = random.integers(0, 2, 70_000), random.integers(0, 2, 15)
    whole = mean_average_precision(queries, database, of_query, labels, per_query=True)
    assert whole.shape == (15,)
    last = mean_average_precision(queries[-1:], database, of_query[-1:], labels, per_query=True)
    np.testing.assert_array_equal(whole[-1:], last)


BITS, NO_LABEL = np.zeros((2, 4), dtype=bool), np.empty((2, 0))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"ties": "optimistic"}, ValueError, 'ties must be "expected" or "stable", got \'optimistic\''),
        ({"query_labels": [1]}, ValueError, "query_labels must hold one entry for each of the 2 codes, got 1"),
        ({"database_labels": [1]}, ValueError, "database_labels must hold one entry for each of the 2 codes, got 1"),
        ({"query_labels": np.eye(2)}, ValueError, r"got shapes \(2, 2\) and \(2,\)"),
        ({"query_labels": 1}, ValueError, r"got shapes \(\) and \(2,\)"),
        ({"query_labels": np.eye(2), "database_labels": np.eye(2, 3)}, ValueError, r"shapes \(2, 2\) and \(2, 3\)"),
        ({"query_labels": np.eye(2, 3), "database_labels": np.eye(2)}, ValueError, r"shapes \(2, 3\) and \(2, 2\)"),
        ({"query_labels": ["cat", "dog"]}, TypeError, "one kind on both sides, got <U3 and int64"),
        ({"database_labels": [0.0, np.nan]}, ValueError, "database_labels must be classes, got nan at row 1"),
        (
            {"query_labels": np.eye(2)[:, :0], "database_labels": np.eye(2)[:, :0]},
            ValueError,
            "a column for each label",
        ),
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
    assert precision_at_k(ids, of_query, labels, 3, empty="pooled") == pytest.approx(1 / 2)  # 2 + 1 of 3 + 3
    assert precision_at_k(ids, of_query, labels, 3, empty="pooled", denominator="returned") == pytest.approx(3 / 4)
    for empty, nothing in {"zero": 0, "skip": np.nan, "pooled": np.nan}.items():
        assert precision_at_k([NONE], [5], labels, empty=empty) == pytest.approx(nothing, nan_ok=True)


@given(st.integers(0, 2**16), st.integers(1, 6), st.sampled_from(["k", "returned"]))
def test_precision_is_that_of_the_definition(seed, k, denominator):
    random = np.random.default_rng(seed)
    labels, of_query = random.integers(0, 3, 8), random.integers(0, 3, 5)
    ids = [random.permutation(8)[: random.integers(0, 8)] for _ in of_query]
    right = [sum(labels[row] == label for row in rows[:k]) for rows, label in zip(ids, of_query, strict=True)]
    divisors = [len(rows) and (k if denominator == "k" else min(k, len(rows))) for rows in ids]
    ratios = [r / d for r, d in zip(right, divisors, strict=True) if d]
    expected = {
        "zero": sum(ratios) / len(ids),
        "skip": np.mean(ratios) if ratios else np.nan,
        "pooled": sum(right) / sum(divisors) if ratios else np.nan,
    }
    for empty, value in expected.items():
        found = precision_at_k(ids, of_query, labels, k, empty=empty, denominator=denominator)
        assert found == pytest.approx(value, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"k": 0}, ValueError, "k must be at least 1, got 0"),
        ({"k": 2.5}, TypeError, "k must be an integer of at least 1, got 2.5"),
        ({"empty": "drop"}, ValueError, 'empty must be "zero", "skip" or "pooled", got \'drop\''),
        ({"empty": "pooled", "per_query": True}, ValueError, 'per_query takes "zero" or "skip"'),
        ({"database_labels": []}, ValueError, "database_labels must hold at least one label, got none"),
        ({"denominator": "n"}, ValueError, 'denominator must be "k" or "returned", got \'n\''),
        ({"query_labels": [0, 1]}, ValueError, "same queries, got 1 and 2"),
        ({"query_labels": np.eye(2)}, ValueError, r"one class a row, got shapes \(2, 2\)"),
        ({"ids": [np.array([3])]}, ValueError, r"ids\[0\] must be rows from 0 to 2, got 3"),
        ({"ids": [np.array([-1])]}, ValueError, r"ids\[0\] must be rows from 0 to 2, got -1"),
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
    with pytest.raises(ValueError, match="at least one query, got none"):
        coverage([])
    assert mean_candidates(ids) == pytest.approx(4 / 3)
    assert share_scanned(ids, 10) == pytest.approx(4 / 30)
    for n_rows, message in ((-1, "1, got -1"), (0, "1, got 0"), (2, "the 3 candidates of a query, got 2")):
        with pytest.raises(ValueError, match=f"^n_rows must be at least {message}$"):
            share_scanned(ids, n_rows)


@given(st.integers(0, 2**16))
def test_recall_of_exact_is_that_of_sets(seed):
    random = np.random.default_rng(seed)
    ids = [random.permutation(12)[: random.integers(0, 12)] for _ in range(4)]
    exact = np.stack([random.permutation(12)[:5] for _ in range(4)])
    expected = [len({*rows.tolist()} & {*true.tolist()}) / 5 for rows, true in zip(ids, exact, strict=True)]
    assert recall_of_exact(ids, exact) == pytest.approx(np.mean(expected))


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


def test_one_resample_is_enough_for_an_interval_of_one_point():
    _, low, high = paired_bootstrap([1.0, 2.0, 4.0], [0.0, 0.0, 0.0], 1)
    assert 1.0 <= low == high <= 4.0


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
