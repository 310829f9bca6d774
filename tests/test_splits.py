"""Divisions of a data set: the tutorial's, against scikit-learn's own draws, and those by class."""

import dataclasses
from itertools import combinations

import numpy as np
import pytest
from refusals import refusals
from sklearn.model_selection import train_test_split
from test_hashers import data

from l2h_tutorial import Dataset, paper_partition, split_dataset
from l2h_tutorial.splits import held_out_partition


def data_set(name="toy", n=3000):
    return Dataset(name, *data(n=n, n_features=5, n_classes=10), None, tuple("abcdefghij"))


DATA = data_set()


def check(split, dataset=DATA, n_shared=0):
    """Each part holds its own rows, and each row is in one part.

    Only `n_shared` training rows are in the database too.
    """
    for part in ("query", "train", "database"):
        rows = getattr(split, f"{part}_rows")
        assert getattr(split, f"X_{part}").dtype == np.float32
        np.testing.assert_array_equal(getattr(split, f"X_{part}"), dataset.features[rows])
        np.testing.assert_array_equal(getattr(split, f"y_{part}"), dataset.labels[rows])
    everything = np.concatenate([split.query_rows, split.train_rows, split.database_rows])
    np.testing.assert_array_equal(np.unique(everything), np.arange(len(dataset)))
    assert len(everything) == len(dataset) + n_shared
    assert split.class_names == tuple(dataset.class_names)


@pytest.mark.parametrize("name", ["cifar10", "toy"])
@pytest.mark.parametrize("sizes", [(), (20, 30), (0.1, 0.5), (np.int64(15), 0.01)])
def test_a_split_is_two_draws_of_scikit_learn(name, sizes):
    dataset = data_set(name, 6000)
    split = split_dataset(dataset, *sizes, random_state=1)
    query, train = sizes or {"cifar10": (0.002, 0.02), "toy": (500, 1000)}[name]
    rows = np.arange(6000)
    classes = dataset.labels if name == "toy" else None
    others, query = train_test_split(rows, test_size=query, random_state=1, stratify=classes)
    classes = dataset.labels[others] if name == "toy" else None
    database, train = train_test_split(others, test_size=train, random_state=1, stratify=classes)
    np.testing.assert_array_equal(split.query_rows, query)
    np.testing.assert_array_equal(split.train_rows, train)
    np.testing.assert_array_equal(split.database_rows, database)
    check(split, dataset)
    assert (split_dataset(dataset, *sizes).query_rows != query).any()  # its random_state is 42


def test_the_papers_partition_trains_inside_the_database():
    split = paper_partition(DATA, 203, 20, random_state=7)
    assert np.bincount(split.y_query).tolist() == [20] * 10
    assert np.bincount(split.y_train).tolist() == [21] * 3 + [20] * 7
    check(split, n_shared=203)
    again = paper_partition(DATA, 203, 20, random_state=np.random.RandomState(7))
    np.testing.assert_array_equal(again.train_rows, split.train_rows)
    assert (paper_partition(DATA, 203, 20).query_rows != split.query_rows).any()


@pytest.mark.parametrize("held_out", [1, 4])
def test_held_out_classes_are_never_trained_on(held_out):
    split = held_out_partition(DATA, held_out, n_train=203, n_query_per_class=20)
    queried = set(split.y_query.tolist())
    trained = set(split.y_train.tolist())
    assert len(queried) == held_out
    assert trained == set(range(10)) - queried
    assert set(np.bincount(split.y_query)) <= {0, 20}
    assert np.ptp(np.bincount(split.y_train)[sorted(trained)]) <= 1
    assert len(split.y_train) == 203
    check(split)


def left_out(held_out, seed):
    return np.unique(held_out_partition(DATA, held_out, random_state=seed).y_query).tolist()


def test_ten_seeds_leave_out_ten_triples_evenly():
    """Each class is in three of them, and no pair of classes in two."""
    triples = [left_out(3, seed) for seed in range(10)]
    assert np.bincount(np.concatenate(triples)).tolist() == [3] * 10
    pairs = [pair for triple in triples for pair in combinations(triple, 2)]
    assert len(set(pairs)) == len(pairs) == 30
    assert left_out(3, 10) == triples[0]
    again = held_out_partition(DATA, 3, random_state=10)
    assert (again.query_rows != held_out_partition(DATA, 3, random_state=0).query_rows).any()


def test_without_a_number_the_classes_are_drawn_at_random():
    drawn = [left_out(3, np.random.RandomState(seed)) for seed in [*range(20), 0]]
    assert drawn[0] == drawn[-1]
    assert len(set(map(tuple, drawn))) > 8


def divided(divide, **arguments):
    return lambda: divide(DATA, **arguments)


test_what_cannot_be_divided_is_refused = refusals(
    (
        divided(split_dataset, query_size=0),
        "query_size 0 cannot be drawn from 3000 rows .*; expected a number",
    ),
    (
        divided(split_dataset, train_size=9),
        "train_size 9 .* from 2500 rows .* number of classes = 10",
    ),
    (
        divided(split_dataset, train_size="many"),
        TypeError,
        "train_size 'many' .* expected a number of rows",
    ),
    (divided(paper_partition, n_train=9), "n_train must hold each of the 10 classes .*, got 9"),
    (
        divided(paper_partition, n_query_per_class=250),
        "class 0 has 300 rows, not 250 for queries and 100 to",
    ),
    (
        divided(held_out_partition, n_train=2100, n_query_per_class=300),
        "no row of 3000 is left for the dat",
    ),
    (
        divided(held_out_partition, held_out=9),
        "held_out must be from 1 to the 8 classes but two, got 9",
    ),
    (lambda: split_dataset(DATA).preprocessed("whiten"), "'l2-centre'\\), got 'whiten'"),
)


def test_a_class_too_small_for_a_stratified_draw_is_named():
    labels = np.where(DATA.labels == 3, 4, DATA.labels)
    labels[0] = 3
    dataset = dataclasses.replace(DATA, labels=labels)
    message = r"query_size 50 .* too few are: \[3\]|least populated class"
    with pytest.raises(ValueError, match=message):
        split_dataset(dataset, 50, 50)


@pytest.mark.parametrize(
    "split",
    [split_dataset(DATA, 100, 500), paper_partition(DATA, 500, 10)],
    ids=["apart", "within"],
)
def test_centring_uses_each_row_but_the_queries_once(split):
    rows = np.union1d(split.train_rows, split.database_rows)
    features = DATA.features.astype(float)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    for method, scaled in (("none", features), ("centre", features), ("l2-centre", unit)):
        centred = split.preprocessed(method)
        mean = 0 if method == "none" else scaled[rows].mean(axis=0)
        for part in ("query", "train", "database"):
            expected = scaled[getattr(split, f"{part}_rows")] - mean
            assert getattr(centred, f"X_{part}").dtype == np.float32
            np.testing.assert_allclose(getattr(centred, f"X_{part}"), expected, atol=1e-6)
        np.testing.assert_array_equal(centred.y_query, split.y_query)
        np.testing.assert_array_equal(centred.train_rows, split.train_rows)
    # the split itself has not changed
    check(split, n_shared=500 * np.isin(split.train_rows, split.database_rows).all())


def test_a_row_of_zeros_has_no_length_and_stays():
    zeros = np.zeros((3000, 2), dtype=np.float32)
    split = split_dataset(dataclasses.replace(DATA, features=zeros), 50, 50)
    assert (split.preprocessed("l2-centre").X_query == 0).all()
