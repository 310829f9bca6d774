"""GRH on all the labels of CIFAR-10: how good, how soon, and in what memory."""

import time
import tracemalloc

import numpy as np
import pytest

from l2h_tutorial import GRH, mean_average_precision, paper_partition


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
