"""Every claim of chapters 5 to 7 and of the welcome page, over five seeds, on both data sets.

A test is named for its sentence and quotes it.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from l2h_tutorial import CCAITQ, GRH, LSH, HashTable, mean_average_precision, rerank, split_dataset
from l2h_tutorial.affinity import graph_affinity, same_class_affinity
from l2h_tutorial.grh.rounds import regularised_scores
from l2h_tutorial.metrics import paired_bootstrap
from l2h_tutorial.protocols import compare_radius_search, compare_ranking

SEEDS = range(5)
METHODS = {
    "LSH": LSH(),
    "GRH linear": GRH(classifier="linear-svm"),
    "GRH kernel": GRH(classifier="kernel-ridge"),
}


@pytest.fixture(
    scope="module",
    params=["fashion", pytest.param("cifar", marks=[pytest.mark.cifar10, pytest.mark.slow])],
)
def dataset(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def split(dataset):
    return split_dataset(dataset).preprocessed("l2-centre")


@pytest.fixture(scope="module")
def sweeps(dataset):
    return compare_radius_search(dataset, METHODS, seeds=SEEDS).groupby(["method", "radius"]).mean()


@pytest.fixture(scope="module")
def ranking(dataset):
    hashers = {**METHODS, "RBF SVM": GRH(classifier="rbf-svm")}
    short = compare_ranking(dataset, hashers, n_bits=[16], seeds=SEEDS)
    long = compare_ranking(dataset, METHODS, n_bits=[64], seeds=SEEDS)
    return pd.concat([short, long]).groupby(["method", "n_bits"])["map"].mean()


@pytest.fixture(scope="module")
def by_round(split):
    def scores(alpha, seed):
        grh = GRH(16, alpha=alpha, n_iter=3, random_state=seed).fit(split.X_train, split.y_train)
        stages = zip(grh.staged_transform(split.X_query), grh.staged_transform(split.X_database), strict=True)
        values = [mean_average_precision(*bits, split.y_query, split.y_database) for bits in stages]
        return values + values[-1:] * (4 - len(values))  # training that has converged stays where it is

    return {alpha: np.mean([scores(alpha, seed) for seed in SEEDS], axis=0) for alpha in (0.6, 0.8, 1.0)}


def score(hasher, split, per_query=False):
    bits = hasher.transform(split.X_query), hasher.transform(split.X_database)
    return mean_average_precision(*bits, split.y_query, split.y_database, per_query=per_query)


def shuffled(split, seed):
    return np.random.default_rng(seed).permutation(split.y_train)


def share_flipped(split, alpha, y, seed):
    bits = LSH(16, random_state=seed).fit_transform(split.X_train)
    return np.mean((regularised_scores(same_class_affinity(y), bits, bits, alpha) > 0) != bits)


# chapter 5


def test_the_vote_is_the_mean_of_the_class(split):
    """With one label an image it is the mean of the class."""
    signs = np.where(LSH(16, random_state=0).fit_transform(split.X_train), 1, -1)
    votes = same_class_affinity(split.y_train) @ signs
    for label in np.unique(split.y_train):
        members = split.y_train == label
        np.testing.assert_allclose(votes[members], np.tile(signs[members].mean(axis=0), (members.sum(), 1)))


@pytest.mark.parametrize("seed", SEEDS)
def test_up_to_one_half_no_bit_flips_and_at_one_many_do(split, seed):
    """Up to alpha one half, no vote is strong enough: the graph flips no bit, whatever the labels."""
    wrong = shuffled(split, seed)
    for alpha in np.linspace(0.1, 0.5, 5):
        assert share_flipped(split, alpha, split.y_train, seed) == 0
        assert share_flipped(split, alpha, wrong, seed) == 0
    assert share_flipped(split, 1.0, split.y_train, seed) > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffled_labels_flip_as_many_bits_or_more(split, seed):
    """With shuffled labels as many bits flip at alpha 1, or more."""
    assert share_flipped(split, 1.0, shuffled(split, seed), seed) >= share_flipped(split, 1.0, split.y_train, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_at_one_half_shuffled_labels_change_nothing_at_one_they_do(split, seed):
    """You can shuffle them, or change alpha, and the codes of the queries are the same, to the last bit."""

    def codes(alpha, y):
        grh = GRH(16, alpha=alpha, classifier="kernel-ridge", random_state=seed)
        return grh.fit(split.X_train, y).transform(split.X_query)

    wrong = shuffled(split, seed)
    half = codes(0.5, split.y_train)
    assert np.array_equal(half, codes(0.5, wrong))
    assert np.array_equal(half, codes(0.3, split.y_train))
    assert np.array_equal(half, codes(0.4, wrong))
    assert not np.array_equal(codes(1.0, split.y_train), codes(1.0, wrong))


def test_refitting_alone_can_improve_on_lsh_a_little(fashion):
    """What remains is a classifier refitted to LSH's own bits, and that can improve on LSH a little."""
    split = split_dataset(fashion).preprocessed("l2-centre")
    plain = np.mean([score(LSH(16, random_state=seed).fit(split.X_train), split) for seed in SEEDS])
    refitted = [GRH(16, alpha=0.5, random_state=seed).fit(split.X_train, split.y_train) for seed in SEEDS]
    learned = score(GRH(16, random_state=0).fit(split.X_train, split.y_train), split)
    assert plain < np.mean([score(grh, split) for grh in refitted]) < learned


def test_at_alpha_one_every_class_gets_one_codeword_and_a_second_step_changes_nothing(split):
    """At alpha = 1 every class gets one codeword; a second step flips no bit (exercise 2)."""
    grh = GRH(16, classifier="kernel-ridge", random_state=0).fit(split.X_train, split.y_train)
    after = grh.history_[1].regularised
    for label in np.unique(split.y_train):
        assert len(np.unique(after[split.y_train == label], axis=0)) == 1
    again = regularised_scores(same_class_affinity(split.y_train), after, after, alpha=1.0) > 0
    assert np.array_equal(again, after)


def test_seven_of_ten_flip_the_other_three_above_five_sevenths():
    """So (1 - alpha) / alpha < 2/5, that is alpha > 5/7 (exercise 1)."""
    bits = np.array([[True]] * 7 + [[False]] * 3)
    affinity = same_class_affinity(np.zeros(10, dtype=int))
    for alpha, flips in ((0.71, False), (0.72, True)):
        after = regularised_scores(affinity, bits, bits, alpha) > 0
        assert bool(after[7:].all()) is flips


def test_without_the_diagonal_the_dead_zone_shrinks():
    """A class that is unanimous but for one image votes |v| = 1 on it; at 1/2 the mixture is exactly zero."""
    bits = np.array([[True], [True], [True], [False]])
    affinity = graph_affinity(1 - np.eye(4))
    assert regularised_scores(affinity, bits, bits, 0.5)[3, 0] == 0
    assert regularised_scores(affinity, bits, bits, 0.49)[3, 0] < 0
    assert regularised_scores(affinity, bits, bits, 0.51)[3, 0] > 0


# chapter 6


def test_training_in_the_plane_takes_three_rounds_and_raises_agreement():
    """From the new line the next round starts; agreement within classes rises."""
    rng = np.random.default_rng(3)
    centres = np.array([[2.0, 0.4], [-1.2, 1.8], [-0.8, -2.0]])
    labels = np.repeat([0, 1, 2], 30)
    points = centres[labels] + rng.normal(scale=0.9, size=(90, 2))
    toy = GRH(n_bits=2, alpha=0.8, n_iter=3, C=10, random_state=2).fit(points, labels)
    assert [bool(step.flipped) for step in toy.history_] == [False, True, True, True]
    assert toy.history_[-1].agreement > toy.history_[0].agreement


def test_learned_codes_rank_better_than_random_ones(ranking):
    """From LSH to GRH; sixteen learned bits rank better than sixty-four random ones."""
    for method in ("GRH linear", "GRH kernel"):
        assert ranking[method, 16] > ranking["LSH", 64] + 0.03


def test_shuffled_labels_are_no_better_than_lsh(split):
    """With shuffled labels mAP is no better than LSH's."""
    grh = GRH(16, classifier="kernel-ridge")
    wrong = [
        score(clone(grh).set_params(random_state=seed).fit(split.X_train, shuffled(split, seed)), split)
        for seed in SEEDS
    ]
    plain = [score(LSH(16, random_state=seed).fit(split.X_train), split) for seed in SEEDS]
    assert np.mean(wrong) < np.mean(plain) + 0.01


def test_curved_boundaries_win_and_kernel_ridge_does_as_well_as_the_svm(ranking):
    """The curved boundaries win. Kernel ridge does as well as the SVM with the same kernel."""
    assert ranking["RBF SVM", 16] > ranking["GRH linear", 16] + 0.01
    assert ranking["GRH kernel", 16] > ranking["RBF SVM", 16] - 0.01


def test_at_alpha_one_one_round_is_nearly_all_and_smaller_alphas_rise_and_end_lower(by_round):
    """With alpha 1 one round does nearly everything. Smaller values rise more slowly and end lower."""
    assert abs(by_round[1.0][-1] - by_round[1.0][1]) < 0.01
    for alpha in (0.6, 0.8):
        assert by_round[alpha][0] < by_round[alpha][1] < by_round[alpha][-1]
    assert by_round[0.6][1] < by_round[0.8][1] < by_round[1.0][1]
    assert by_round[0.6][-1] < by_round[0.8][-1] < by_round[1.0][-1]


def test_a_start_that_knows_the_labels_ends_higher(dataset):
    """A start that knows the labels ends higher, and GRH does not fall below the start that it is given."""
    hashers = {
        "alone": CCAITQ(),
        "from LSH": GRH(classifier="kernel-ridge"),
        "from CCA-ITQ": GRH(initial="cca-itq", classifier="kernel-ridge"),
    }
    mean = compare_ranking(dataset, hashers, n_bits=[16], seeds=SEEDS).groupby("method")["map"].mean()
    assert mean["from CCA-ITQ"] > mean["from LSH"] + 0.01
    assert mean["from CCA-ITQ"] > mean["alone"] - 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_degenerate_bits_kept_are_worse_than_drawn_again(dataset, seed):
    """Kept as they were, mAP is lower than drawn again, where LSH starts on raw vectors."""
    raw = split_dataset(dataset)
    scores = {}
    for rule in ("keep", "redraw"):
        grh = GRH(16, initial=LSH(16, random_state=seed), degenerate=rule, random_state=seed)
        scores[rule] = score(grh.fit(raw.X_train, raw.y_train), raw)
        assert grh.history_[1].degenerate > 0
    assert scores["redraw"] > scores["keep"]


def test_in_one_round_at_alpha_one_the_reference_bits_do_not_come_into_play(split):
    """At alpha = 1 and with one round, the reference bits and sgn(0) hardly come into play."""

    def codes(**parameters):
        grh = GRH(16, classifier="kernel-ridge", random_state=0, **parameters)
        return grh.fit(split.X_train, split.y_train).transform(split.X_query)

    assert np.array_equal(codes(reference="previous"), codes(reference="initial"))
    assert np.mean(codes(sign_of_zero=1) != codes(sign_of_zero=-1)) < 0.1


# chapter 7 and the welcome page


def test_in_the_home_bucket_learned_codes_find_far_more(sweeps):
    """At small radii learned codes find far more of the right class; more queries find a bucket with something."""
    precision, coverage = sweeps["precision"], sweeps["coverage"]
    assert precision["GRH kernel", 0] > precision["GRH linear", 0] > precision["LSH", 0] + 0.2
    assert coverage["GRH kernel", 0] > coverage["LSH", 0] + 0.1


def test_at_large_radii_all_methods_meet(sweeps):
    """At the largest radii all lines meet, because re-ranking by cosine has the last word."""
    assert np.ptp([sweeps["precision"][method, 10] for method in METHODS]) < 0.01


def test_at_equal_cost_the_kernel_is_ahead_by_less_than_the_radius_made_it_seem(sweeps):
    """At equal cost the kernel is ahead, and straight hyperplanes less so, if at all."""

    def at_a_tenth(method):
        rows = sweeps.loc[method]
        return np.interp(np.log(0.1), np.log(rows["scanned"]), rows["precision"], left=np.nan)

    kernel, linear, random = (at_a_tenth(method) for method in ("GRH kernel", "GRH linear", "LSH"))
    assert kernel > linear
    assert kernel > random
    assert linear > random - 0.01
    by_radius = sweeps["precision"]["GRH kernel", 0] - sweeps["precision"]["LSH", 0]
    assert kernel - random < by_radius / 2


def test_learned_buckets_are_much_larger(sweeps):
    """The smallest search that LSH offers scans far less than the smallest of GRH; at one percent it is alone."""
    assert 5 * sweeps["scanned"]["LSH", 0] < sweeps["scanned"]["GRH kernel", 0]
    assert sweeps["scanned"]["LSH", 0] < 0.01 < sweeps["scanned"]["GRH kernel", 0]


def test_random_codes_gain_with_length_and_labels_beat_length(ranking):
    """Random codes gain slowly with length. More learned bits add less than the labels did."""
    assert ranking["LSH", 16] < ranking["LSH", 64]
    gained_by_length = ranking["GRH kernel", 64] - ranking["GRH kernel", 16]
    assert 0 < gained_by_length < ranking["GRH kernel", 16] - ranking["LSH", 16]


def test_the_difference_is_more_than_luck(split):
    """Zero is not plausible."""
    linear = score(GRH(16, random_state=0).fit(split.X_train, split.y_train), split, per_query=True)
    random = score(LSH(16, random_state=0).fit(split.X_train), split, per_query=True)
    assert paired_bootstrap(linear, random)[1] > 0


def test_a_bucket_holds_more_of_the_right_class_after_learning(split):
    """Of up to eight, more are of the right class with learned hyperplanes."""
    right = {}
    for name, hasher in METHODS.items():
        fitted = clone(hasher).set_params(n_bits=16, random_state=0).fit(split.X_train, split.y_train)
        table = HashTable(fitted.transform(split.X_database))
        found = rerank(split.X_query, split.X_database, table.query_radius(fitted.transform(split.X_query), 0), 8)
        labels = zip(found, split.y_query, strict=True)
        right[name] = np.mean([np.sum(split.y_database[ids] == label) for ids, label in labels])
    assert right["GRH kernel"] > right["GRH linear"] > right["LSH"] + 1


def test_a_forest_is_fitted_once_for_all_bits(split):
    """A forest takes several outputs, so it is fitted once for all bits (exercise 3)."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(n_estimators=10, random_state=0)
    grh = GRH(16, classifier=forest, random_state=0).fit(split.X_train, split.y_train)
    assert score(grh, split) > score(LSH(16, random_state=0).fit(split.X_train), split)
