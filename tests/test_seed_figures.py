"""The figures of the tutorial, on its own data: CIFAR-10, GIST, 16 bits, seed 0."""

import numpy as np
import pytest

from l2h_tutorial import LSH, HashTable, evaluate_radius_search, precision_at_k, split_dataset
from l2h_tutorial.search import exact_neighbours

pytestmark = pytest.mark.cifar10


@pytest.fixture(scope="module")
def split(cifar):
    return split_dataset(cifar)


def radius_two(s, empty):
    lsh = LSH(16, random_state=0).fit(s.X_train)
    return evaluate_radius_search(lsh, s, radii=[2], empty=empty).iloc[0]


def test_split_has_the_sizes_of_the_tutorial(split):
    assert (len(split.X_query), len(split.X_train), len(split.X_database)) == (120, 1198, 58682)


def test_raw_buckets_of_all_images_are_as_full_as_in_the_tutorial(cifar):
    table = HashTable(LSH(16, random_state=0).fit(cifar.features).transform(cifar.features))
    assert table.n_rows == 60_000
    assert 45 < table.bucket_sizes.mean() < 65


def test_raw_search_within_radius_two_scans_half_the_database(split):
    found = radius_two(split.preprocessed("none"), "skip")
    assert found["precision"] == pytest.approx(0.426, abs=0.02)
    assert found["candidates"] == pytest.approx(28_822, rel=0.02)
    assert found["scanned"] == pytest.approx(0.49, abs=0.01)


def test_raw_exhaustive_search_is_hardly_better(split):
    nearest = exact_neighbours(split.X_query, split.X_database, 10)
    assert precision_at_k(nearest, split.y_query, split.y_database) == pytest.approx(0.429, abs=0.005)


def test_centred_search_within_radius_two_scans_little(split):
    s = split.preprocessed("l2-centre")
    table = HashTable(LSH(16, random_state=0).fit(s.X_train).transform(s.X_database))
    assert round(table.bucket_sizes.mean(), 1) == 2.0
    found = radius_two(s, "skip")
    assert found["precision"] == pytest.approx(0.298, abs=0.03)
    assert found["candidates"] == pytest.approx(224, rel=0.05)
    assert np.isclose(found["scanned"], found["candidates"] / 58_682)
