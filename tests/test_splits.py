import dataclasses

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from l2h_tutorial import Dataset, paper_partition, split_dataset
from l2h_tutorial.splits import disjoint_partition, held_out_partition


def data_set(name="toy", n=3000, n_classes=10, seed=0):
    random = np.random.default_rng(seed)
    features = random.random((n, 5)).astype(np.float32)
    labels = random.permutation(np.arange(n) % n_classes).astype(np.int64)
    return Dataset(name, features, labels, None, tuple(f"class {c}" for c in range(n_classes)))


def assert_consistent(split, dataset):
    for part in ("query", "train", "database"):
        rows = getattr(split, f"{part}_rows")
        assert getattr(split, f"X_{part}").dtype == np.float32
        np.testing.assert_array_equal(getattr(split, f"X_{part}"), dataset.features[rows])
        np.testing.assert_array_equal(getattr(split, f"y_{part}"), dataset.labels[rows])
        assert len(np.unique(rows)) == len(rows)
    assert split.class_names == tuple(dataset.class_names)


def test_cifar10_is_split_by_the_two_draws_of_the_tutorial():
    dataset = data_set("cifar10", n=6000)
    split = split_dataset(dataset)
    rest_X, query_X, rest_y, query_y = train_test_split(
        dataset.features, dataset.labels, test_size=0.002, random_state=42
    )
    database_X, train_X, database_y, train_y = train_test_split(rest_X, rest_y, test_size=0.02, random_state=42)
    for part, X, y in (("query", query_X, query_y), ("train", train_X, train_y), ("database", database_X, database_y)):
        np.testing.assert_array_equal(getattr(split, f"X_{part}"), X)
        np.testing.assert_array_equal(getattr(split, f"y_{part}"), y)
    assert_consistent(split, dataset)


def test_other_data_sets_are_split_by_class():
    dataset = data_set()
    split = split_dataset(dataset)
    assert np.bincount(split.y_query).tolist() == [50] * 10
    assert np.bincount(split.y_train).tolist() == [100] * 10
    assert np.bincount(split.y_database).tolist() == [150] * 10
    assert_consistent(split, dataset)


@pytest.mark.parametrize("name", ["cifar10", "toy"])
@pytest.mark.parametrize(
    ("query_size", "train_size", "expected"),
    [(20, 30, (20, 30)), (0.1, 0.5, (300, 1350)), (np.int64(15), 0.01, (15, 30))],
)
def test_sizes_are_rows_or_shares(name, query_size, train_size, expected):
    dataset = data_set(name)
    split = split_dataset(dataset, query_size, train_size, random_state=1)
    assert (len(split.X_query), len(split.X_train)) == expected
    everything = np.concatenate([split.query_rows, split.train_rows, split.database_rows])
    np.testing.assert_array_equal(np.sort(everything), np.arange(3000))
    assert_consistent(split, dataset)


def test_the_seed_decides():
    a, b, c = (split_dataset(data_set(), random_state=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(a.query_rows, b.query_rows)
    assert (a.query_rows != c.query_rows).any()


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ({"query_size": 0}, ValueError, "query_size must be from 1 to 2999, to leave at least one .*, got 0"),
        ({"query_size": 3000}, ValueError, "query_size must be from 1 to 2999, .*, got 3000"),
        (
            {"query_size": 2995},
            ValueError,
            "query_size must leave and draw .* each of the 10 classes, got 2995 of 3000",
        ),
        ({"query_size": 9}, ValueError, "query_size must leave and draw at least one row of each of the 10 classes"),
        ({"train_size": 9}, ValueError, "train_size must leave and draw at least one row of each of the 10 classes"),
        ({"train_size": 2500}, ValueError, "train_size must be from 1 to 2499, .*, got 2500"),
        ({"query_size": -0.5}, ValueError, "query_size as a share must be between 0 and 1, got -0.5"),
        ({"query_size": 1.0}, ValueError, "query_size as a share must be between 0 and 1, got 1.0"),
        ({"query_size": 0.9999}, ValueError, "query_size must leave at least one of the 3000 rows, got 0.9999"),
        ({"query_size": float("nan")}, ValueError, "query_size as a share must be between 0 and 1, got nan"),
        ({"train_size": "many"}, TypeError, "train_size must be a number of rows .* got 'many'"),
        ({"train_size": True}, TypeError, "train_size must be a number of rows .* got True"),
    ],
)
def test_impossible_sizes_are_refused(sizes, error, message):
    with pytest.raises(error, match=message):
        split_dataset(data_set(), **sizes)


def test_a_class_too_small_for_a_stratified_draw_is_named():
    dataset = data_set(n=400)
    labels = np.where(dataset.labels == 3, 4, dataset.labels)
    labels[0] = 3
    with pytest.raises(ValueError, match="two rows of every class, class 3 has one left"):
        split_dataset(dataclasses.replace(dataset, labels=labels), 50, 50)


def test_paper_partition_trains_inside_the_database():
    dataset = data_set()
    split = paper_partition(dataset, n_train=203, n_query_per_class=20)
    assert np.bincount(split.y_query).tolist() == [20] * 10
    assert np.bincount(split.y_train).tolist() == [21] * 3 + [20] * 7
    np.testing.assert_array_equal(np.setdiff1d(np.arange(3000), split.query_rows), split.database_rows)
    assert np.isin(split.train_rows, split.database_rows).all()
    assert_consistent(split, dataset)
    again = paper_partition(dataset, 203, 20, random_state=np.random.RandomState(0))
    np.testing.assert_array_equal(again.train_rows, split.train_rows)
    assert (paper_partition(dataset, 203, 20, random_state=1).query_rows != split.query_rows).any()


@pytest.mark.parametrize(
    ("numbers", "error", "message"),
    [
        ({"n_train": 9}, ValueError, "n_train must hold each of the 10 classes at least once, got 9"),
        ({"n_train": 0}, ValueError, "n_train must be at least 1, got 0"),
        ({"n_train": 0.5}, TypeError, "n_train must be an integer of at least 1, got 0.5"),
        ({"n_query_per_class": 0}, ValueError, "n_query_per_class must be at least 1, got 0"),
        ({"n_query_per_class": 250}, ValueError, "class 0 has 300 rows, too few for 250 queries and 100 to train"),
    ],
)
def test_impossible_partitions_are_refused(numbers, error, message):
    with pytest.raises(error, match=message):
        paper_partition(data_set(), **numbers)


def test_the_disjoint_partition_is_the_papers_without_the_training_rows_in_the_database():
    dataset = data_set()
    split, paper = (make(dataset, 203, 20, random_state=7) for make in (disjoint_partition, paper_partition))
    np.testing.assert_array_equal(split.query_rows, paper.query_rows)
    np.testing.assert_array_equal(split.train_rows, paper.train_rows)
    np.testing.assert_array_equal(split.database_rows, np.setdiff1d(paper.database_rows, paper.train_rows))
    assert_consistent(split, dataset)


def test_a_database_must_be_left():
    with pytest.raises(ValueError, match="no row of 3000 is left for the database; take fewer to train or to query"):
        disjoint_partition(data_set(), 2000, 100)


@pytest.mark.parametrize("held_out", [1, 4, [3], [7, 0, 7], np.array([1, 2])])
def test_classes_that_are_held_out_are_queried_and_never_trained_on(held_out):
    dataset = data_set()
    split = held_out_partition(dataset, held_out, n_train=203, n_query_per_class=20)
    queried = np.unique(split.y_query)
    if isinstance(held_out, int):
        assert len(queried) == held_out
    else:
        assert set(queried) == set(held_out)
    assert set(np.unique(split.y_train)) == set(range(10)) - set(queried)
    assert set(np.bincount(split.y_query)) <= {0, 20}
    assert len(split.y_train) == 203
    trained = np.bincount(split.y_train, minlength=10)[np.unique(split.y_train)]
    assert np.ptp(trained) <= 1
    everything = np.concatenate([split.query_rows, split.train_rows, split.database_rows])
    np.testing.assert_array_equal(np.sort(everything), np.arange(3000))
    assert set(np.unique(split.y_database)) == set(range(10))
    assert_consistent(split, dataset)


def test_the_seed_draws_the_classes_that_are_held_out():
    dataset = data_set()
    a, b = (held_out_partition(dataset, 3, random_state=seed) for seed in (5, 5))
    np.testing.assert_array_equal(a.query_rows, b.query_rows)
    np.testing.assert_array_equal(a.train_rows, b.train_rows)
    drawn = {tuple(np.unique(held_out_partition(dataset, 3, random_state=seed).y_query)) for seed in range(30)}
    assert len(drawn) > 10
    assert {label for labels in drawn for label in labels} == set(range(10))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"held_out": 0}, ValueError, "held_out must be at least 1, got 0"),
        ({"held_out": 9}, ValueError, "held_out must leave two of the 10 classes to train on, got 9"),
        ({"held_out": range(9)}, ValueError, "held_out must leave two of the 10 classes to train on"),
        ({"held_out": [3, 11]}, ValueError, r"held_out must name classes among \[0, 1, .*, 9\], got \[3, 11\]"),
        ({"held_out": []}, ValueError, r"held_out must name classes among .*, got \[\]"),
        ({"held_out": "cat"}, TypeError, "held_out must be an integer of at least 1, got 'cat'"),
        ({"n_train": 6}, ValueError, "n_train must hold each of the 7 classes at least once, got 6"),
        ({"n_query_per_class": 301}, ValueError, "has 300 rows, too few for 301 queries and 0 to train"),
        ({"n_query_per_class": 1.0}, TypeError, "n_query_per_class must be an integer of at least 1, got 1.0"),
    ],
)
def test_impossible_classes_are_not_held_out(arguments, error, message):
    with pytest.raises(error, match=message):
        held_out_partition(data_set(), **arguments)


def partitions():
    return [split_dataset(data_set(), 100, 500), paper_partition(data_set(), 500, 10)]


@pytest.mark.parametrize("split", partitions(), ids=["disjoint", "overlapping"])
def test_centring_uses_each_row_but_the_queries_once(split):
    rows = np.union1d(split.train_rows, split.database_rows)
    features = data_set().features.astype(float)
    centred = split.preprocessed("centre")
    np.testing.assert_allclose(centred.X_query, split.X_query - features[rows].mean(axis=0), atol=1e-6)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    scaled = split.preprocessed("l2-centre")
    for part in ("query", "train", "database"):
        expected = unit[getattr(split, f"{part}_rows")] - unit[rows].mean(axis=0)
        assert getattr(scaled, f"X_{part}").dtype == np.float32
        np.testing.assert_allclose(getattr(scaled, f"X_{part}"), expected, atol=1e-6)
    np.testing.assert_array_equal(scaled.y_query, split.y_query)
    np.testing.assert_array_equal(scaled.train_rows, split.train_rows)


@pytest.mark.parametrize("method", ["none", "centre", "l2-centre"])
def test_queries_never_enter_the_statistics(method):
    split = split_dataset(data_set(), 100, 500)
    other = dataclasses.replace(split, X_query=split.X_query + 100)
    np.testing.assert_array_equal(split.preprocessed(method).X_database, other.preprocessed(method).X_database)
    np.testing.assert_array_equal(split.preprocessed(method).X_train, other.preprocessed(method).X_train)


def test_preprocessing_leaves_the_original_and_zero_rows_alone():
    dataset = data_set(n=300)
    dataset.features[:] = np.where(np.arange(300)[:, None] % 7 == 0, 0, dataset.features)
    split = split_dataset(dataset, 50, 50)
    before = split.X_query.copy()
    assert np.isfinite(split.preprocessed("l2-centre").X_query).all()
    np.testing.assert_array_equal(split.preprocessed().X_query, before)
    np.testing.assert_array_equal(split.X_query, before)


def test_unknown_preprocessing_is_refused():
    with pytest.raises(ValueError, match='"none", "centre" or "l2-centre", got \'whiten\''):
        split_dataset(data_set()).preprocessed("whiten")


def test_repr_gives_the_sizes():
    split = split_dataset(data_set())
    assert repr(split) == "<Split: 500 queries, 1,000 training, 1,500 database rows, 5 features>"
