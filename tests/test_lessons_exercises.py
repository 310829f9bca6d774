"""What the exercises say of the data, on both data sets; test_lessons.py makes sure that they say it."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid
from test_lessons_grh import score

from l2h_tutorial import (
    CCAITQ,
    GRH,
    LSH,
    HashTable,
    mean_average_precision,
    precision_at_k,
    split_dataset,
)
from l2h_tutorial.baselines import KSH
from l2h_tutorial.controls import RandomCodes
from l2h_tutorial.exercises import find


def test_the_mean_of_a_class_is_nearer_to_the_middle_than_the_origin_is(dataset):
    """buckets: "the mean of any class is nearer to the middle of the images than the origin was" """
    for X in (
        dataset.features,
        dataset.features / np.linalg.norm(dataset.features, axis=1, keepdims=True),
    ):
        middle = X.mean(axis=0)
        for label in np.unique(dataset.labels):
            of_class = X[dataset.labels == label].mean(axis=0)
            assert np.linalg.norm(of_class - middle) < 0.95 * np.linalg.norm(middle)


def test_real_tables_are_above_the_bound(centred, seed):
    """buckets: "Real tables are above this bound, centred ones too." """
    sizes = HashTable(
        LSH(14, random_state=seed).fit_transform(centred.X_database)
    ).bucket_sizes.astype(float)
    fewest = find("3.2").right_answer()(len(centred.X_database), 14)
    assert np.sum(sizes**2) / np.sum(sizes) > 2 * fewest


def test_at_a_radius_of_four_nearly_every_query_has_candidates(centred, seed):
    """radius-search: "Nearly all queries have candidates at a radius of 4 already." """
    lsh = LSH(16, random_state=seed).fit(centred.X_train)
    table = HashTable(lsh.transform(centred.X_database))
    counts = table.query_radius(lsh.transform(centred.X_query), 4, count_only=True)
    assert np.mean(counts > 0) > 0.97


def fitted_score(hasher, split, train=slice(None), of=slice(None)):
    """MAP of some queries after training on some of the training images."""
    hasher.fit(split.X_train[train], split.y_train[train])
    return score(hasher, replace(split, X_query=split.X_query[of], y_query=split.y_query[of]))


def learners(seed):
    """Methods that use labels."""
    methods = CCAITQ(16), KSH(16), GRH(16), GRH(16, classifier="kernel-ridge")
    return [method.set_params(random_state=seed) for method in methods]


def test_in_the_dead_zone_a_little_is_left_and_labels_have_no_part_in_it(centred, seeds):
    """grh-training: "the graph flips nothing, so the classifiers are taught LSH's own bits"
    "Shuffle the labels, and all is the same to the last bit."
    traps: "mAP rises from"
    did-it-learn: "where no image is outvoted" """
    gains = []
    for seed in seeds:
        settings = {"alpha": 0.4}, {"alpha": 0.25, "classifier": "kernel-ridge"}, {"alpha": 0.5}
        for grh in (GRH(16, random_state=seed, **options) for options in settings):
            gains.append(
                fitted_score(grh, centred) - fitted_score(LSH(16, random_state=seed), centred)
            )
            codes = grh.transform(centred.X_query)
            shuffled = np.random.default_rng(seed).permutation(centred.y_train)
            assert np.array_equal(
                grh.fit(centred.X_train, shuffled).transform(centred.X_query), codes
            )
    assert np.mean(np.reshape(gains, (-1, 3)), axis=0).min() > 0.002


@pytest.mark.slow
def test_more_landmarks_rank_better(dataset, seeds):
    """implementing: "mAP rises with each step. But an image is encoded by its kernel with every landmark" """
    many = split_dataset(dataset, query_size=500, train_size=0.8).preprocessed("l2-centre")
    grh = GRH(32, classifier="rbf-landmarks")
    few, some, lots = (
        np.mean(
            [fitted_score(grh.set_params(n_landmarks=n, random_state=seed), many) for seed in seeds]
        )
        for n in (100, 300, 1000)
    )
    assert few + 0.01 < some
    assert some + 0.01 < lots


def test_the_nearer_mean_ranks_worse_than_the_linear_svm(centred, seed):
    """grh-training: "It trains in no time, and ranks worse than the linear SVM" """
    means = fitted_score(GRH(16, classifier=NearestCentroid(), random_state=seed), centred)
    assert means < fitted_score(GRH(16, random_state=seed), centred) - 0.01


def test_longer_codes_offer_cheaper_searches_that_answer_less(centred, seed):
    """comparison: "Sixty-four bits make smaller buckets, so cheaper searches exist; and more of
    those buckets" "coverage at radius 0 falls" "For random hyperplanes the step is far larger" """
    shrunk = []
    for hasher in (
        GRH(64, classifier="kernel-ridge", random_state=seed),
        LSH(64, random_state=seed),
    ):
        hasher.fit(centred.X_train, centred.y_train)
        query_bits, bits = hasher.transform(centred.X_query), hasher.transform(centred.X_database)
        long, short = (
            HashTable(bits[:, :n]).query_radius(query_bits[:, :n], 0, count_only=True)
            for n in (64, 16)
        )
        assert np.mean(long > 0) < np.mean(short > 0)
        shrunk.append(long.mean() / short.mean())
    assert shrunk[0] < 0.95
    assert shrunk[1] < shrunk[0] / 2


def test_with_half_of_the_training_images_lsh_loses_nothing_and_learners_lose(centred, seeds):
    """comparison: "so its codes are the same to the last bit. The methods that use labels lose some" """
    half, losses = slice(None, None, 2), []
    for seed in seeds:
        whole, part = (
            LSH(16, random_state=seed).fit(centred.X_train[rows]) for rows in (slice(None), half)
        )
        assert np.array_equal(whole.transform(centred.X_query), part.transform(centred.X_query))
        losses.append(
            [fitted_score(m, centred) - fitted_score(m, centred, half) for m in learners(seed)]
        )
    assert np.mean(losses, axis=0).min() > 0.003


def test_without_its_labels_a_class_is_ranked_worse_by_learners(centred, seeds):
    """comparison: "Their hyperplanes had no reason to keep that class together" """
    losses = []
    for seed in seeds:
        label = 2 * seed
        rest, asked = centred.y_train != label, centred.y_query == label
        both = [
            (fitted_score(m, centred, of=asked), fitted_score(m, centred, rest, asked))
            for m in learners(seed)
        ]
        losses.append([taught - untaught for taught, untaught in both])
    assert np.mean(losses, axis=0).min() > 0.02


def test_a_query_in_the_database_is_the_first_answer_of_random_codes(centred, seed):
    """did-it-learn: "and a query that is also in the database finds itself at distance 0"
    "Look at mAP too: it hardly notices" """
    X, y = centred.X_database[:300], centred.y_database
    codes = RandomCodes(64, random_state=seed).fit(centred.X_train)
    bits = codes.transform(centred.X_database)
    _, first = HashTable(bits).query(codes.transform(X), 1)
    assert precision_at_k(first, y[:300], y, k=1) > 0.99
    found = mean_average_precision(bits[:300], bits, y[:300], y)
    assert found - np.mean(y[:300, None] == y) < 0.02


def test_of_half_shuffled_labels_a_linear_svm_keeps_more_of_its_gain(centred, seeds):
    """did-it-learn: "A linear SVM, which cannot follow each of them, keeps more of its gain." "About half-way." """
    kept = {"linear-svm": [], "kernel-ridge": []}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        true, half = centred.y_train, centred.y_train.copy()
        rows = rng.permutation(len(half))[: len(half) // 2]
        half[rows] = rng.permutation(half[rows])
        splits = [
            replace(centred, y_train=labels) for labels in (true, half, rng.permutation(true))
        ]
        for classifier, shares in kept.items():
            best, found, worst = (
                fitted_score(GRH(16, classifier=classifier, random_state=seed), s) for s in splits
            )
            shares.append((found - worst) / (best - worst))
    assert np.mean(kept["linear-svm"]) > np.mean(kept["kernel-ridge"]) + 0.05
    assert 0.3 < np.mean(kept["kernel-ridge"]) < 0.7
