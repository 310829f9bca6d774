"""What the exercises say of the data, on both data sets; the last test makes sure that they say it."""

import sys

import numpy as np
import pytest
from test_lessons import assert_the_book_says, quoted_lessons

from l2h_tutorial import LSH, HashTable, split_dataset
from l2h_tutorial.exercises import find

SEEDS = range(5)


@pytest.fixture(scope="module", params=["fashion", pytest.param("cifar", marks=pytest.mark.cifar10)])
def dataset(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def centred(dataset):
    return split_dataset(dataset).preprocessed("l2-centre")


def test_the_mean_of_a_class_is_nearer_to_the_middle_than_the_origin_is(dataset):
    """buckets: "the mean of any class is nearer to the middle of the images than the origin was" """
    for X in (dataset.features, dataset.features / np.linalg.norm(dataset.features, axis=1, keepdims=True)):
        middle = X.mean(axis=0)
        for label in np.unique(dataset.labels):
            of_class = X[dataset.labels == label].mean(axis=0)
            assert np.linalg.norm(of_class - middle) < 0.95 * np.linalg.norm(middle)


def test_real_tables_are_above_the_bound(centred):
    """buckets: "Real tables are above this bound, centred ones too." """
    for seed in SEEDS:
        sizes = HashTable(LSH(16, random_state=seed).fit_transform(centred.X_database)).bucket_sizes.astype(float)
        fewest = find("3.2").right_answer()(len(centred.X_database), 16)
        assert np.sum(sizes**2) / np.sum(sizes) > 2 * fewest


def test_at_a_radius_of_four_nearly_every_query_has_candidates(centred):
    """The hint of exercise 4.6, c."""
    assert "Nearly all queries have candidates at a radius of 4 already." in find("4.6").hints["c"]
    for seed in SEEDS:
        lsh = LSH(16, random_state=seed).fit(centred.X_train)
        counts = HashTable(lsh.transform(centred.X_database)).query_radius(
            lsh.transform(centred.X_query), 4, count_only=True
        )
        assert np.mean(counts > 0) > 0.97


@pytest.mark.parametrize("lesson", quoted_lessons(sys.modules[__name__]), ids=lambda lesson: lesson.__name__)
def test_the_book_says_so(lesson):
    assert_the_book_says(lesson.__doc__)
