"""Measures that follow from the rows counted ring by ring, against their definitions on every order of the ties."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, precision_score, recall_score

from l2h_tutorial import hamming_distances, mean_average_precision
from l2h_tutorial.metrics import (
    RingCounts,
    average_precision,
    expected_search_length,
    expected_seconds,
    mean_ratio,
    ndcg,
    precision_recall_by_radius,
    precision_within_radius,
    recall_within_radius,
    ring_counts,
    rings,
)
from l2h_tutorial.search import ball_size


def drawn(seed, n, n_bits, n_queries=3, n_labels=None):
    """Random codes with classes, or with `n_labels` indicators: arguments of `ring_counts`."""
    random = np.random.default_rng(seed)
    bits = random.random((n_queries, n_bits)) < 0.5, random.random((n, n_bits)) < 0.5
    if n_labels is None:
        return *bits, random.integers(0, 3, n_queries), random.integers(0, 3, n)
    return *bits, random.integers(0, 2, (n_queries, n_labels)), random.integers(0, 2, (n, n_labels))


def grades_of(of_query, of_database):
    """Labels in common of one query and all rows."""
    return (of_database == of_query).astype(int) if of_database.ndim == 1 else of_database @ of_query


def orders_of(distances):
    """Every order of the rows that a ranking by distance could be: any order of each ring, one ring after the other."""
    in_rings = (permutations(np.flatnonzero(distances == distance)) for distance in np.unique(distances))
    return [np.concatenate(order) for order in product(*in_rings)]


@st.composite
def small_rankings(draw):
    n_labels = draw(st.sampled_from([None, 2, 3]))
    return drawn(draw(st.integers(0, 2**16)), draw(st.integers(1, 5)), draw(st.integers(1, 3)), n_labels=n_labels)


def expected_by_brute_force(arguments, measure):
    """Mean of a measure of the grades in order, over all orders inside the rings: one value a query."""
    query, database, of_query, of_database = arguments
    values = []
    for distances, labels in zip(hamming_distances(query, database), of_query, strict=True):
        grades = grades_of(labels, of_database)
        values.append(np.mean([measure(grades[order]) for order in orders_of(distances)]))
    return values


# Counting


@given(
    st.integers(0, 2**16),
    st.integers(1, 40),
    st.sampled_from([1, 7, 64, 65, 200, 300]),
    st.sampled_from([None, 2, 4, 70, 300]),
    st.integers(1, 41),
)
def test_counts_are_those_of_all_pairs(seed, n, n_bits, n_labels, block):
    query, database, of_query, of_database = drawn(seed, n, n_bits, n_labels=n_labels)
    database[-1] = ~query[0]  # as far away as can be
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rings, "_BLOCK_ROWS", block)
        counts = ring_counts(query, database, of_query, of_database)
    distances = hamming_distances(query, database)
    assert counts.by_grade.dtype == np.int64
    assert (counts.n_rows, counts.n_bits) == (n, n_bits)
    for q, labels in enumerate(of_query):
        grades = grades_of(labels, of_database)
        expected = np.zeros(counts.by_grade.shape[1:], dtype=int)
        np.add.at(expected, (grades, distances[q]), 1)
        np.testing.assert_array_equal(counts.by_grade[q], expected)
        np.testing.assert_array_equal(counts.rows[q], np.bincount(distances[q], minlength=n_bits + 1))
        np.testing.assert_array_equal(counts.relevant[q], np.bincount(distances[q][grades > 0], minlength=n_bits + 1))


def test_classes_may_be_named():
    query, database, of_query, of_database = drawn(0, 30, 5)
    names = np.array(["bird", "cat", "dog"])
    by_name = ring_counts(query, database, names[of_query], names[of_database])
    np.testing.assert_array_equal(by_name.by_grade, ring_counts(query, database, of_query, of_database).by_grade)
    unknown = ring_counts(query, database, ["cow"] * 3, names[of_database])
    assert unknown.relevant.sum() == 0


def test_classes_are_one_hot_indicators():
    query, database, of_query, of_database = drawn(0, 30, 5)
    one_hot = np.eye(3, dtype=bool)
    by_class, by_label = (
        ring_counts(query, database, *labels).by_grade
        for labels in ((of_query, of_database), (one_hot[of_query], one_hot[of_database]))
    )
    np.testing.assert_array_equal(by_class, by_label)


# Ranking


def ap_of_order(grades):
    places = np.flatnonzero(grades) + 1
    return np.mean(np.arange(1, len(places) + 1) / places) if len(places) else 0.0


@given(small_rankings())
def test_average_precision_is_expected_over_all_orders(arguments):
    expected = expected_by_brute_force(arguments, ap_of_order)
    np.testing.assert_allclose(average_precision(ring_counts(*arguments)), expected, atol=1e-9)
    assert mean_average_precision(*arguments) == pytest.approx(np.mean(expected), abs=1e-9)


@given(small_rankings(), st.sampled_from([None, 1, 2, 4, 9]), st.sampled_from(["exponential", "linear"]))
def test_ndcg_is_expected_over_all_orders(arguments, k, gain):
    def of_order(grades):
        def dcg(gains):
            return sum(g / np.log2(place + 2) for place, g in enumerate(gains[:k]))

        gains = 2.0**grades - 1 if gain == "exponential" else grades
        best = dcg(np.sort(gains)[::-1])
        return dcg(gains) / best if best else 0.0

    found = ndcg(ring_counts(*arguments), k, gain=gain, per_query=True)
    np.testing.assert_allclose(found, expected_by_brute_force(arguments, of_order), atol=1e-9)
    assert ndcg(ring_counts(*arguments), k, gain=gain) == pytest.approx(found.mean())


@pytest.mark.parametrize("n_labels", [None, 6])
@pytest.mark.parametrize("k", [None, 1, 10, 500])
def test_ndcg_is_that_of_scikit_learn(n_labels, k):
    """Which averages over ties too."""
    query, database, of_query, of_database = drawn(0, 300, 8, n_queries=20, n_labels=n_labels)
    gains = np.array([2.0 ** grades_of(labels, of_database) - 1 for labels in of_query])
    expected = ndcg_score(gains, -hamming_distances(query, database), k=k)
    assert ndcg(ring_counts(query, database, of_query, of_database), k) == pytest.approx(expected, abs=1e-12)


@given(small_rankings(), st.integers(1, 4))
def test_search_length_is_expected_over_all_orders(arguments, wanted):
    def of_order(grades):
        places = np.flatnonzero(grades)
        return places[wanted - 1] - (wanted - 1) if len(places) >= wanted else np.inf

    expected = expected_by_brute_force(arguments, of_order)
    found = expected_search_length(ring_counts(*arguments), wanted, per_query=True)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert expected_search_length(ring_counts(*arguments), wanted) == pytest.approx(np.mean(expected))


# Within a radius


@settings(max_examples=30)
@given(st.integers(0, 2**16), st.integers(0, 4), st.sampled_from([None, 2]))
def test_precision_and_recall_within_a_radius_are_those_of_scikit_learn(seed, radius, n_labels):
    query, database, of_query, of_database = drawn(seed, 6, 4, n_queries=4, n_labels=n_labels)
    counts = ring_counts(query, database, of_query, of_database)
    relevant = np.array([grades_of(labels, of_database) > 0 for labels in of_query])
    inside = hamming_distances(query, database) <= radius
    for ours, theirs in ((precision_within_radius, precision_score), (recall_within_radius, recall_score)):
        each = np.array([theirs(r, i, zero_division=np.nan) for r, i in zip(relevant, inside, strict=True)])
        expected = {
            "zero": np.nan_to_num(each).mean(),
            "skip": each[~np.isnan(each)].mean() if not np.isnan(each).all() else np.nan,
            "pooled": theirs(relevant.ravel(), inside.ravel(), zero_division=np.nan),
        }
        for empty, value in expected.items():
            assert ours(counts, radius, empty=empty) == pytest.approx(value, abs=1e-12, nan_ok=True)
        np.testing.assert_allclose(ours(counts, radius, empty="skip", per_query=True), each)
        np.testing.assert_allclose(ours(counts, radius, per_query=True), np.nan_to_num(each))


@pytest.mark.parametrize("empty", ["zero", "skip", "pooled"])
def test_the_curve_has_a_point_for_each_radius(empty):
    counts = ring_counts(*drawn(1, 5, 6, n_queries=7))
    frame = precision_recall_by_radius(counts, empty=empty)
    assert list(frame.columns) == ["radius", "precision", "recall", "coverage", "candidates", "scanned"]
    assert frame["radius"].tolist() == list(range(7))
    for radius, row in frame.set_index("radius").iterrows():
        assert row.precision == pytest.approx(precision_within_radius(counts, radius, empty=empty), nan_ok=True)
        assert row.recall == pytest.approx(recall_within_radius(counts, radius, empty=empty), nan_ok=True)
        found = counts.rows[:, : radius + 1].sum(axis=1)
        assert (row.coverage, row.candidates) == pytest.approx(((found > 0).mean(), found.mean()))
        assert row.scanned == pytest.approx(found.mean() / 5)
    assert frame["coverage"][0] < 1  # or the policies would not differ
    assert frame["scanned"][6] == 1


def test_time_is_that_of_probes_and_candidates():
    counts = ring_counts(*drawn(0, 400, 9))
    for radius in range(10):
        probes, candidates = min(ball_size(9, radius), 400), counts.rows[:, : radius + 1].sum() / 3
        assert expected_seconds(counts, radius, per_probe=2, per_candidate=3) == pytest.approx(
            2 * probes + 3 * candidates
        )


# Edges


def test_one_item():
    bits = np.array([[True, False]])
    same, other = ring_counts(bits, bits, [1], [1]), ring_counts(bits, bits, [1], [0])
    for counts, value in ((same, 1), (other, 0)):
        assert average_precision(counts).tolist() == [value]
        assert ndcg(counts) == value
        assert precision_within_radius(counts, 0) == value
        assert recall_within_radius(counts, 0) == value
    assert expected_search_length(same) == 0


def test_all_ties():
    """Every order is as likely: precision is the share of relevant rows wherever one looks."""
    bits = np.zeros((5, 3), dtype=bool)
    counts = ring_counts(bits[:1], bits, [1], [1, 1, 0, 0, 0])
    assert [precision_within_radius(counts, radius) for radius in range(4)] == pytest.approx([0.4] * 4)
    assert expected_search_length(counts) == pytest.approx(3 / 3)  # two relevant rows cut three others into three parts
    assert ndcg(counts, 1) == pytest.approx(0.4)
    everything = ring_counts(bits[:1], bits, [1], np.ones(5))
    assert average_precision(everything) == pytest.approx(1)
    assert ndcg(everything) == pytest.approx(1)


@pytest.mark.parametrize("labels", [([1], [0, 0]), ([[1, 0]], [[0, 1], [0, 0]]), ([[0, 0]], [[0, 1], [1, 1]])])
def test_a_query_without_relevant_rows(labels):
    counts = ring_counts(np.ones((1, 4), dtype=bool), np.ones((2, 4), dtype=bool), *labels)
    assert counts.relevant.sum() == 0
    assert average_precision(counts) == 0
    assert ndcg(counts) == 0
    assert precision_within_radius(counts, 4) == 0
    assert recall_within_radius(counts, 4) == 0
    assert np.isnan(recall_within_radius(counts, 4, empty="skip"))
    assert np.isnan(recall_within_radius(counts, 4, empty="pooled"))
    assert expected_search_length(counts) == np.inf


def test_policies_of_empty_queries():
    part, whole = np.array([[1, 0], [0, 0], [30, 0]]), np.array([[2, 0], [0, 0], [100, 0]])
    np.testing.assert_allclose(mean_ratio(part, whole), [0.8 / 3, 0])
    np.testing.assert_allclose(mean_ratio(part, whole, empty="skip"), [0.4, np.nan])
    np.testing.assert_allclose(mean_ratio(part, whole, empty="pooled"), [31 / 102, np.nan])
    np.testing.assert_allclose(mean_ratio(part[:, 0], whole[:, 0], empty="skip", per_query=True), [0.5, np.nan, 0.3])


COUNTS = RingCounts(np.array([[[0, 1, 3], [1, 1, 0]]]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ring_counts(np.ones((1, 3), bool), np.ones((0, 3), bool), [1], []), ValueError, "at least one code"),
        (lambda: ring_counts(np.ones((0, 3), bool), np.ones((1, 3), bool), [], [1]), ValueError, "at least one code"),
        (lambda: ring_counts(np.ones((1, 3), bool), np.ones((1, 3), bool), [1], [1, 2]), ValueError, "1 codes, got 2"),
        (lambda: ndcg(COUNTS, 0), ValueError, "k must be at least 1, got 0"),
        (lambda: ndcg(COUNTS, 1.5), TypeError, "k must be an integer of at least 1, got 1.5"),
        (lambda: ndcg(COUNTS, gain="log"), ValueError, 'gain must be "exponential" or "linear", got \'log\''),
        (lambda: expected_search_length(COUNTS, 0), ValueError, "wanted must be at least 1, got 0"),
        (lambda: expected_search_length(COUNTS, True), TypeError, "wanted must be an integer"),
        (
            lambda: precision_within_radius(COUNTS, 3),
            ValueError,
            "radius of codes of 2 bits must be from 0 to 2, got 3",
        ),
        (lambda: recall_within_radius(COUNTS, -1), ValueError, "from 0 to 2, got -1"),
        (lambda: precision_within_radius(COUNTS, 1, empty="one"), ValueError, '"skip" or "pooled", got \'one\''),
        (lambda: recall_within_radius(COUNTS, 1, empty="pooled", per_query=True), ValueError, "one figure for all"),
        (lambda: precision_recall_by_radius(COUNTS, empty="drop"), ValueError, "got 'drop'"),
        (lambda: expected_seconds(COUNTS, 3, per_probe=1, per_candidate=1), ValueError, "from 0 to 2, got 3"),
        (lambda: expected_seconds(COUNTS, 1, per_probe=-1, per_candidate=1), ValueError, "per_probe must be a time"),
        (lambda: expected_seconds(COUNTS, 1, per_probe=1, per_candidate=np.nan), ValueError, "0 or more, got nan"),
    ],
)
def test_impossible_measures_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
