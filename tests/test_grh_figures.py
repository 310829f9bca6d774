"""GRH on real images: the figures that the chapters rest on."""

import time
import tracemalloc

import numpy as np
import pytest

from l2h_tutorial import GRH, LSH, mean_average_precision, paper_partition, split_dataset

SEEDS = range(5)
CIFAR = pytest.mark.cifar10


def map_of(hasher, split):
    query_bits, database_bits = hasher.transform(split.X_query), hasher.transform(split.X_database)
    return mean_average_precision(query_bits, database_bits, split.y_query, split.y_database)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "lsh", "grh"),
    [
        ("fashion", 0.39, {"linear-svm": 0.65, "rbf-svm": 0.68, "kernel-ridge": 0.70, "rbf-landmarks": 0.68}),
        pytest.param("cifar", 0.12, {"linear-svm": 0.19, "rbf-svm": 0.22, "kernel-ridge": 0.24}, marks=CIFAR),
    ],
)
def test_16_bits_rank_far_better_than_those_of_lsh(request, name, lsh, grh):
    """On each data set's own split; chance is about .10."""
    split = split_dataset(request.getfixturevalue(name)).preprocessed("l2-centre")
    measured = [map_of(LSH(16, random_state=seed).fit(split.X_train), split) for seed in SEEDS]
    assert np.mean(measured) == pytest.approx(lsh, rel=0.12)
    for classifier, at_least in grh.items():
        hashers = [GRH(16, classifier=classifier, random_state=seed) for seed in SEEDS]
        measured = [map_of(hasher.fit(split.X_train, split.y_train), split) for hasher in hashers]
        assert np.mean(measured) >= at_least, classifier


@pytest.mark.slow
@pytest.mark.cifar10
def test_cifar_from_54_000_labels(cifar):
    """32 bits, a database that holds no training image: within 90 s and, for training, 3 GB."""
    split = paper_partition(cifar, n_train=54_000, random_state=0)
    others = np.setdiff1d(split.database_rows, split.train_rows)
    grh = GRH(32, classifier="rbf-landmarks", n_landmarks=2000, random_state=0)
    start = time.perf_counter()
    tracemalloc.start()
    grh.fit(split.X_train, split.y_train)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.perf_counter() - start < 90
    assert peak < 3e9 - split.X_train.nbytes
    query_bits, database_bits = grh.transform(split.X_query), grh.transform(cifar.features[others])
    assert mean_average_precision(query_bits, database_bits, split.y_query, cifar.labels[others]) >= 0.40
