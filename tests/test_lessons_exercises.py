"""Check on both data sets what the exercises say of the data; test_lessons.py finds the words."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid
from test_grh import Nearest
from test_lessons import codes_of
from test_lessons_grh import fitted_score, shuffled

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


def test_real_tables_are_above_the_bound(centred, seed):
    """buckets: "In real tables, stored queries have more candidates than this bound." """
    bits = LSH(14, random_state=seed).fit_transform(centred.X_database)
    sizes = HashTable(bits).bucket_sizes.astype(float)
    bound = find("3.2").reference(len(centred.X_database), 14)
    assert np.sum(sizes**2) / np.sum(sizes) > 2 * bound


def test_at_a_radius_of_four_nearly_every_query_has_candidates(centred, seed):
    """radius-search: "Nearly all queries have candidates at a radius of 4 already." """
    query_bits, bits = codes_of(LSH(16, random_state=seed), centred)
    counts = HashTable(bits).query_radius(query_bits, 4, count_only=True)
    assert np.mean(counts > 0) > 0.97


def test_labels_have_no_part_in_the_dead_zone(centred, seeds):
    """grh-training: "the graph flips nothing, so the classifiers are taught LSH's own bits"
    "Shuffle the labels, and all is the same to the last bit." traps: "There, mAP rises from
    {glue:text}`sign-lsh`" did-it-learn: "where a vote never outweighs an image's own bit" """
    settings = [{"alpha": 0.4}, {"alpha": 0.25, "classifier": "kernel-ridge"}, {"alpha": 0.5}]
    gains = []
    for seed in seeds:
        lsh_score = fitted_score(LSH(16, random_state=seed), centred)
        without_truth = replace(centred, y_train=shuffled(centred, seed))
        for options in settings:
            grh = GRH(16, random_state=seed, **options)
            gains.append(fitted_score(grh, centred) - lsh_score)
            codes, _ = codes_of(grh, centred)
            of_shuffled, _ = codes_of(grh, without_truth)
            np.testing.assert_array_equal(of_shuffled, codes)
    assert np.mean(np.reshape(gains, (-1, 3)), axis=0).min() > 0.002


@pytest.mark.slow
def test_more_landmarks_rank_better(dataset, seeds):
    """implementing: "mAP rises with each step (on both data sets, not shown). But an image is
    encoded by its kernel with every landmark" """
    many = split_dataset(dataset, query_size=500, train_size=0.8).preprocessed("l2-centre")
    means = []
    for n_landmarks in (100, 300, 1000):
        grh = GRH(32, classifier="rbf-landmarks", n_landmarks=n_landmarks)
        scores = [fitted_score(grh.set_params(random_state=seed), many) for seed in seeds]
        means.append(np.mean(scores))
    assert np.diff(means).min() > 0.01


def test_only_other_majorities_can_change_the_codes(centred, seed):
    """grh-training: "Only the third change can. The graph asks whether two labels are equal"
    "A second round changes nothing here" """
    y = centred.y_train
    renamed = np.random.default_rng(seed).permutation(10)[y]

    def codes(y, **settings):
        grh = GRH(4, classifier=Nearest(), random_state=seed, **settings)
        return grh.fit(centred.X_train, y).transform(centred.X_query[:100])

    pairs = [
        (codes(y), codes(renamed)),
        (codes(y, alpha=0.5), codes(y, alpha=0.3)),
        (codes(y), codes(shuffled(centred, seed))),
        (codes(y), codes(y, n_iter=2)),
    ]
    changed = tuple(not np.array_equal(before, after) for before, after in pairs)
    assert changed == find("7.2").example == (False, False, True, False)


def test_the_nearer_mean_ranks_worse_than_the_linear_svm(centred, seed):
    """grh-training: "It trains in no time, and ranks worse than the linear SVM" """
    by_means = fitted_score(GRH(16, classifier=NearestCentroid(), random_state=seed), centred)
    by_svm = fitted_score(GRH(16, random_state=seed), centred)
    assert by_means < by_svm - 0.01


def test_longer_codes_offer_cheaper_searches_that_answer_less(centred, seed):
    """comparison: "Sixty-four bits make smaller buckets, so cheaper searches exist; and more of
    those buckets" "coverage at radius 0 falls" "The step is far smaller than for random
    hyperplanes" """

    def cost_of_long_codes(hasher):
        """Return what 64 bits look at, as a share of what 16 bits look at."""
        query_bits, bits = codes_of(hasher, centred)
        short, long = (
            HashTable(bits[:, :n]).query_radius(query_bits[:, :n], 0, count_only=True)
            for n in (16, 64)
        )
        assert np.mean(long > 0) < np.mean(short > 0)
        return long.mean() / short.mean()

    of_grh = cost_of_long_codes(GRH(64, classifier="kernel-ridge", random_state=seed))
    of_lsh = cost_of_long_codes(LSH(64, random_state=seed))
    assert of_grh < 0.95
    assert of_lsh < of_grh / 2


def test_with_half_of_the_images_only_learners_lose(centred, seeds):
    """comparison: "so its codes are the same to the last bit. The methods that use labels lose
    some" """
    half = replace(centred, X_train=centred.X_train[::2], y_train=centred.y_train[::2])
    losses = []
    for seed in seeds:
        lsh = LSH(16, random_state=seed)
        for whole, of_half in zip(codes_of(lsh, centred), codes_of(lsh, half), strict=True):
            np.testing.assert_array_equal(whole, of_half)
        taught = [CCAITQ(16), KSH(16), GRH(16), GRH(16, classifier="kernel-ridge")]
        for method in taught:
            method.set_params(random_state=seed)
            losses.append(fitted_score(method, centred) - fitted_score(method, half))
    assert np.reshape(losses, (-1, 4)).mean(axis=0).min() > 0.003


def test_a_query_in_the_database_is_its_first_answer(centred, seed):
    """did-it-learn: "and a query that is also in the database finds itself at distance 0"
    "Look at mAP too: it hardly notices" """
    asked = replace(centred, X_query=centred.X_database[:300])
    y = centred.y_database
    query_bits, bits = codes_of(RandomCodes(64, random_state=seed), asked)
    _, first = HashTable(bits).query(query_bits, 1)
    assert precision_at_k(first, y[:300], y, k=1) > 0.99
    found = mean_average_precision(query_bits, bits, y[:300], y)
    assert found - np.mean(y[:300, None] == y) < 0.02


def codewords_taught(grh, y):
    """Return the code that a fitted GRH's first round taught to each class."""
    _, first_of_class = np.unique(y, return_index=True)
    return grh.history_[1].regularised[first_of_class]


def test_with_half_shuffled_labels_a_linear_svm_keeps_more(centred, seeds):
    """did-it-learn: "Kernel ridge follows most of these wrong bits on its training images. A linear
    SVM follows fewer of them, and keeps more of its gain." "About half-way, as we measured for this
    question. Most bits of the codewords stay as they were." "so nine in twenty of
    all images are taught another class's codeword" """
    remaining_gains = {"linear-svm": [], "kernel-ridge": []}
    y = centred.y_train
    for seed in seeds:
        rng = np.random.default_rng(seed)
        half_shuffled = y.copy()
        rows = rng.permutation(len(y))[: len(y) // 2]
        half_shuffled[rows] = rng.permutation(half_shuffled[rows])
        assert 0.4 < (half_shuffled != y).mean() < 0.5
        without_truth = replace(centred, y_train=rng.permutation(y))
        for classifier, gains in remaining_gains.items():
            grh = GRH(16, classifier=classifier, random_state=seed)
            worst = fitted_score(grh, without_truth)
            best = fitted_score(grh, centred)
            codewords = codewords_taught(grh, y)
            with_half = fitted_score(grh, replace(centred, y_train=half_shuffled))
            gains.append((with_half - worst) / (best - worst))
            of_half = codewords_taught(grh, half_shuffled)
            assert (of_half != codewords).mean() < 0.3
            is_wrong = of_half[half_shuffled] != of_half[y]
            follows = grh.transform(centred.X_train) == of_half[half_shuffled]
            share = follows[is_wrong].mean()
            assert share > 0.7 if classifier == "kernel-ridge" else share < 0.5
    of_svm, of_ridge = map(np.mean, remaining_gains.values())
    assert of_svm > of_ridge + 0.05
    assert 0.3 < of_ridge < 0.7
