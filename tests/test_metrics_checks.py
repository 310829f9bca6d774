"""Labels and row numbers in whatever form they come: read in one way by all measures, or refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2h_tutorial import GRH, mean_average_precision, precision_at_k
from l2h_tutorial.metrics import coverage, mean_candidates, recall_of_exact, ring_counts, share_scanned

RNG = np.random.default_rng(0)
QUERY, DATABASE = RNG.random((5, 6)) < 0.5, RNG.random((40, 6)) < 0.5
OF_QUERY, OF_DATABASE = RNG.integers(0, 3, 5), RNG.integers(0, 3, 40)
IDS = [RNG.permutation(40)[:4] for _ in QUERY]
NAMES = np.array(["ant", "bee", "cat"])


def in_columns(labels):
    return np.asarray(labels)[:, None]


def as_objects(labels):
    return np.asarray(labels).astype(object)


def as_nullable(labels):
    return pd.Series(labels, dtype="string" if np.asarray(labels).dtype.kind == "U" else "Int64")


FORMS = [np.asarray, list, pd.Series, pd.Categorical, as_objects, as_nullable]
FORMS += [in_columns, lambda labels: pd.DataFrame({"y": labels}), lambda labels: in_columns(as_objects(labels))]


def measures(of_query, of_database):
    counts = ring_counts(QUERY, DATABASE, of_query, of_database)
    return [
        mean_average_precision(QUERY, DATABASE, of_query, of_database),
        mean_average_precision(QUERY, DATABASE, of_query, of_database, ties="stable"),
        precision_at_k(IDS, of_query, of_database, k=3),
        counts.by_grade.tolist(),
    ]


@pytest.mark.parametrize("names", [np.arange(3), np.array([0, 2, 7]), NAMES], ids=["places", "numbers", "text"])
@pytest.mark.parametrize("database_form", range(len(FORMS)))
@pytest.mark.parametrize("query_form", range(len(FORMS)))
def test_classes_mean_the_same_in_every_form(query_form, database_form, names):
    found = measures(FORMS[query_form](names[OF_QUERY]), FORMS[database_form](names[OF_DATABASE]))
    assert found == measures(OF_QUERY, OF_DATABASE)


def test_one_column_is_classes_as_it_is_to_fit():
    X, y = RNG.normal(size=(40, 6)), RNG.integers(0, 2, 40)
    with pytest.warns(match="column-vector y was passed"):
        by_column = GRH(4, random_state=0).fit(X, y[:, None])
    np.testing.assert_array_equal(by_column.transform(X), GRH(4, random_state=0).fit(X, y).transform(X))
    assert measures(y[:5, None], y[:, None]) == measures(y[:5], y)


MISSING = [None, np.nan, pd.NA, pd.NaT]


@pytest.mark.parametrize("missing", MISSING, ids=str)
@pytest.mark.parametrize("measure", [0, 1, 2])
@pytest.mark.parametrize("label", ["a", 1])
def test_a_missing_class_is_refused(label, missing, measure):
    call = [
        lambda *labels: mean_average_precision(QUERY[:2], DATABASE[:3], *labels),
        lambda *labels: mean_average_precision(QUERY[:2], DATABASE[:3], *labels, ties="stable"),
        lambda *labels: precision_at_k([[0], [1]], *labels),
    ][measure]
    for query, database in (([label, missing], [label] * 3), ([label] * 2, [label, missing, label])):
        with pytest.raises(ValueError, match=r"_labels must be classes, got .* at row 1"):
            call(np.array(query, dtype=object), np.array(database, dtype=object))


@pytest.mark.parametrize(
    ("query", "database"),
    [
        ([1, 2, 1], ["1", "2", "1"]),
        ([1, 2, 1], pd.Series(["1", "2", "1"])),
        (np.array([1, 2, 1], dtype=object), ["1", "2", "1"]),
        ([b"1", b"2", b"1"], ["1", "2", "1"]),
        (np.array(["1", 2, "1"], dtype=object), ["1", "2", "1"]),
        (["1", "2", "1"], np.array([(1,), 2, "1"], dtype=object)),
    ],
)
def test_classes_of_two_kinds_are_refused(query, database):
    for call in (
        lambda *labels: mean_average_precision(QUERY[:3], DATABASE[:3], *labels),
        lambda *labels: mean_average_precision(QUERY[:3], DATABASE[:3], *labels, ties="stable"),
        lambda *labels: precision_at_k([[0], [1], [0]], *labels, k=1),
    ):
        with pytest.raises(TypeError, match="of one kind"):
            call(query, database)


def fits(value, dtype):
    if dtype is np.float64:
        return int(float(value)) == int(value)
    return np.iinfo(dtype).min <= value <= np.iinfo(dtype).max


edges = st.sampled_from([0, 2**53, 2**63, 2**64]).flatmap(lambda edge: st.integers(edge - 2, edge + 2))


@given(st.lists(edges, min_size=1, max_size=5), st.sampled_from([None, 0.5]))
def test_numbers_as_objects_are_told_apart_or_refused(values, fraction):
    values = values if fraction is None else [fraction, *values]
    labels = np.array(values, dtype=object)
    held = [np.float64] if fraction else [np.int64, np.uint64]
    if any(all(fits(value, dtype) for value in values) for dtype in held):
        found = [precision_at_k([[row]] * len(labels), labels, labels, k=1) for row in range(len(labels))]
        assert found == [np.mean([value == values[row] for value in values]) for row in range(len(labels))]
    else:
        with pytest.raises(TypeError, match="must be numbers that one NumPy type holds"):
            precision_at_k([[0]] * len(labels), labels, labels, k=1)


@pytest.mark.parametrize(
    "values",
    [
        [2**63, 2**63 + 1, -1],
        [np.uint64(2**63), np.uint64(2**63 + 1), np.int64(-1)],
        [2**64, 2**64 + 1, 0],
        [2**53, 2**53 + 1, 0.5],
        [np.uint64(2**53), np.uint64(2**53 + 1), 0.5],
        [2**64, 2**64 + 1, 0.5],
        [10**400, 0.5],
    ],
)
def test_numbers_that_no_type_holds_are_refused(values):
    with pytest.raises(TypeError, match="database_labels must be numbers that one NumPy type holds"):
        precision_at_k([[1]], [1], np.array(values, dtype=object), k=1)


def test_whole_numbers_among_fractions_are_classes():
    labels = np.array([2**53, 1, 0.5], dtype=object)
    assert [precision_at_k([[row]], labels[:1], labels, k=1) for row in range(3)] == [1, 0, 0]


# Row numbers

ROWS = [
    (
        "a flat list",
        [1, 2],
        TypeError,
        r"ids\[0\] must be .* of integers, got int64 of shape \(\)",
    ),
    ("floats", [[1.0], [2.0]], TypeError, r"ids\[0\] must be .* integers, got float64"),
    ("masks", [[True, False], [False, True]], TypeError, r"ids\[0\] must be .* integers, got bool"),
    ("padding", [[1, 2], [3, -1]], ValueError, r"ids\[1\] must be ROWS, got -1"),
]


@pytest.mark.parametrize(("ids", "error", "message"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
@pytest.mark.parametrize(
    ("call", "rows"),
    [
        (lambda ids: precision_at_k(ids, [7, 7], [7, 7, 8, 8]), "rows from 0 to 3"),
        (lambda ids: recall_of_exact(ids, [[1], [2]]), "row numbers of at least 0"),
        (coverage, "row numbers of at least 0"),
        (mean_candidates, "row numbers of at least 0"),
        (lambda ids: share_scanned(ids, 4), "row numbers of at least 0"),
    ],
)
def test_what_is_no_row_number_is_refused(call, rows, ids, error, message):
    message = message.replace("ROWS", rows)
    with pytest.raises(error, match=message):
        call(ids)
    with pytest.raises(error, match=message):
        call(np.array(ids))


def test_a_row_number_beyond_int64_is_not_taken_for_another():
    with pytest.raises(ValueError, match=r"ids\[0\] must be row numbers .*, got 18446744073709551615"):
        recall_of_exact(np.array([[2**64 - 1]], dtype=np.uint64), [[1]])


@pytest.mark.parametrize(
    ("exact", "error", "message"),
    [
        ([[1.0, 2.0]], TypeError, "exact_ids must be integers, got float64"),
        ([[True, False]], TypeError, "exact_ids must be integers, got bool"),
        ([[5, -1]], ValueError, "exact_ids must be row numbers, got -1"),
        ([[5, 6, 5]], ValueError, r"exact_ids\[0\] must hold each row once, got row 5 again"),
    ],
)
def test_impossible_exact_neighbours_are_refused(exact, error, message):
    with pytest.raises(error, match=message):
        recall_of_exact([[1, 5]], exact)


@given(st.lists(st.lists(st.integers(0, 3), max_size=5), min_size=1, max_size=4), st.integers(1, 5))
def test_a_row_counts_once(ids, k):
    """Repeats among the first k are refused; later ones are ignored with the rest."""
    labels = np.zeros(4)
    if all(len({*rows[:k]}) == len(rows[:k]) for rows in ids):
        assert precision_at_k(ids, np.zeros(len(ids)), labels, k) <= 1
    else:
        first = next(i for i, rows in enumerate(ids) if len({*rows[:k]}) < len(rows[:k]))
        with pytest.raises(ValueError, match=rf"ids\[{first}\] must hold each row once, got row \d again"):
            precision_at_k(ids, np.zeros(len(ids)), labels, k)


def test_only_the_first_k_are_looked_at():
    padded = [[0, 1, -1, -1], [2, -1, -1]]
    assert precision_at_k(padded, [7, 8], [7, 8, 8], k=1) == 1
    with pytest.raises(ValueError, match=r"ids\[1\] must be rows from 0 to 2, got -1"):
        precision_at_k(padded, [7, 8], [7, 8, 8], k=2)
