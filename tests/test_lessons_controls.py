"""Every claim of chapter 9, over five seeds, on both data sets.

A docstring quotes the sentence; test_lessons.py makes sure that the book still says it. A few thousand rows of a large
database are enough to compare methods on.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestNeighbors
from test_lessons import SLOW_DATA, five_seeds

from l2h_tutorial import GRH, LSH, integers_to_bits, mean_average_precision, split_dataset
from l2h_tutorial.affinity import same_class_affinity
from l2h_tutorial.baselines import ITQ
from l2h_tutorial.controls import OneHotClassifier, OutputCodes, RandomCodes, hadamard_codewords, random_codewords
from l2h_tutorial.grh import regularised_scores
from l2h_tutorial.splits import held_out_partition

ENOUGH_ROWS = 8000
CLASSIFIERS = {"kernel": "kernel-ridge", "linear": Ridge(alpha=1)}


def ranking(query_bits, database_bits, split):
    return mean_average_precision(query_bits, database_bits, split.y_query, split.y_database)


def fewer_rows(split):
    rows = np.sort(np.random.default_rng(0).permutation(len(split.y_database))[:ENOUGH_ROWS])
    parts = ("X_database", "y_database", "database_rows")
    return replace(split, **{part: getattr(split, part)[rows] for part in parts})


class Lab:
    """One data set, as the chapter treats it; whatever several lessons need is computed once."""

    def __init__(self, dataset):
        self.dataset = dataset
        self.score = cache(self._score)
        self.split = cache(self._split)
        self.codewords = cache(self._codewords)
        self.of_codewords = cache(self._of_codewords)
        self.of_unseen = cache(self._of_unseen)
        self.told = cache(self._told)

    def _split(self, seed):
        return fewer_rows(split_dataset(self.dataset, random_state=42 + seed).preprocessed("l2-centre"))

    def shuffled(self, seed):
        return np.random.default_rng(seed).permutation(self.split(seed).y_train)

    def hasher(self, name, seed):
        ridge = {"classifier": "kernel-ridge", "random_state": seed}
        return {
            "LSH": lambda: LSH(16, random_state=seed),
            "GRH": lambda: GRH(16, **ridge),
            "GRH linear": lambda: GRH(16, random_state=seed),
            "GRH 1/2": lambda: GRH(16, alpha=0.5, **ridge),
            "random codes": lambda: RandomCodes(16, random_state=seed),
            "ITQ": lambda: ITQ(16, random_state=seed),
            "class": lambda: OneHotClassifier(**ridge),
            "class linear": lambda: OneHotClassifier(random_state=seed),
            "Hadamard": lambda: OutputCodes(16, codewords="hadamard", **ridge),
        }[name]()

    def _score(self, name, seed, shuffle=False):
        split = self.split(seed)
        hasher = self.hasher(name, seed).fit(split.X_train, self.shuffled(seed) if shuffle else split.y_train)
        return ranking(hasher.transform(split.X_query), hasher.transform(split.X_database), split)

    def scores(self, name, seeds, shuffle=False):
        """MAP, a number a seed."""
        return np.array([self.score(name, seed, shuffle) for seed in seeds])

    def mean(self, name, seeds, shuffle=False):
        return self.scores(name, seeds, shuffle).mean()

    def chance(self, seeds):
        return np.mean([(self.split(i).y_query[:, None] == self.split(i).y_database).mean() for i in seeds])

    def _codewords(self, kind, n_bits, seed):
        split = self.split(seed)
        n_classes = len(np.unique(split.y_train))
        if kind == "one-hot":
            return np.eye(n_classes, dtype=bool)
        if kind in ("random", "Hadamard"):
            return {"random": random_codewords, "Hadamard": hadamard_codewords}[kind](n_classes, n_bits, seed)
        grh = GRH(n_bits, initial=kind, classifier="kernel-ridge", random_state=seed)
        told = grh.fit(split.X_train, split.y_train).history_[1].regularised
        return np.array([told[split.y_train == label][0] for label in np.unique(split.y_train)])

    def _of_codewords(self, classifier, seed):
        """MAP by the kind of codewords and the bits: all are taught side by side."""
        kinds = [(kind, n_bits) for kind in ("random", "Hadamard", "lsh", "cca-itq") for n_bits in (16, 64)]
        kinds += [("one-hot", None), ("Hadamard", len(self.dataset.class_names))]
        split = self.split(seed)
        tables = [self.codewords(*kind, seed) for kind in kinds]
        codes = OutputCodes(
            sum(table.shape[1] for table in tables), codewords=np.hstack(tables), classifier=CLASSIFIERS[classifier]
        ).fit(split.X_train, split.y_train)
        cuts = np.cumsum([table.shape[1] for table in tables])[:-1]
        query, database = (np.split(codes.transform(X), cuts, axis=1) for X in (split.X_query, split.X_database))
        return {kind: ranking(*bits, split) for kind, *bits in zip(kinds, query, database, strict=True)}

    def by_codewords(self, classifier, seeds):
        found = [self.of_codewords(classifier, seed) for seed in seeds]
        return {kind: np.mean([values[kind] for values in found]) for kind in found[0]}

    def _of_unseen(self, name, seed):
        split = fewer_rows(held_out_partition(self.dataset, 3, n_train=700, random_state=seed))
        split = split.preprocessed("l2-centre")
        hasher = self.hasher(name, seed).fit(split.X_train, split.y_train)
        return ranking(hasher.transform(split.X_query), hasher.transform(split.X_database), split)

    def held_out(self, name, seeds):
        """MAP for queries of classes without labels, a number a seed."""
        return np.array([self.of_unseen(name, seed) for seed in seeds])

    def mistaken(self, alpha, seed, shuffle=False):
        """+1 and -1 of the training images: the sign of the vote is taken before it is mixed."""
        split = self.split(seed)
        labels = self.shuffled(seed) if shuffle else split.y_train
        own = np.where(LSH(16, random_state=seed).fit_transform(split.X_train), 1, -1)
        votes = np.where(same_class_affinity(labels) @ own >= 0, 1, -1)
        return np.where(alpha * votes + (1 - alpha) * own >= 0, 1, -1), own

    def _told(self, alpha, seed):
        """MAP of kernel ridge that was taught the mistaken bits."""
        split = self.split(seed)
        gamma = 1 / np.mean(np.sum(split.X_train**2, axis=1))
        ridge = KernelRidge(alpha=0.1, kernel="rbf", gamma=gamma).fit(split.X_train, self.mistaken(alpha, seed)[0])
        return ranking(ridge.predict(split.X_query) > 0, ridge.predict(split.X_database) > 0, split)


@pytest.fixture(scope="module", params=SLOW_DATA)
def lab(request):
    return Lab(request.getfixturevalue(request.param))


def test_shuffled_labels_end_below_lsh_and_near_chance(lab, seeds):
    """did-it-learn: "That is *below* LSH's" "So the labels did it." "Shuffled labels destroy GRH's result" """
    wrong = lab.scores("GRH", seeds, shuffle=True)
    assert (wrong < lab.scores("LSH", seeds)).all()
    assert wrong.mean() < lab.chance(seeds) + 0.02
    assert lab.mean("GRH", seeds) > lab.mean("LSH", seeds) + 0.1


def test_a_refit_gains_a_little_without_labels(lab, seeds):
    """did-it-learn: "and the labels had no say" "This is the gain of a {term}`refit`"
    "The labels' share of it is the rest" """
    gain = lab.scores("GRH 1/2", seeds) - lab.scores("LSH", seeds)
    np.testing.assert_array_equal(lab.scores("GRH 1/2", seeds, shuffle=True), lab.scores("GRH 1/2", seeds))
    assert (gain > 0).all()
    assert gain.mean() < 0.25 * (lab.mean("GRH", seeds) - lab.mean("LSH", seeds))


def test_a_refit_cuts_fewer_near_images_apart(lab, seed):
    """did-it-learn: "so that fewer near images are cut apart" """
    split = lab.split(seed)
    rows = split.X_database[:2000]
    near = NearestNeighbors(n_neighbors=2).fit(rows).kneighbors(rows, return_distance=False)[:, 1]
    apart = {}
    for name in ("LSH", "GRH 1/2"):
        bits = lab.hasher(name, seed).fit(split.X_train, split.y_train).transform(rows)
        apart[name] = np.mean(bits != bits[near])
    assert apart["GRH 1/2"] < apart["LSH"]


def test_the_mistake_has_three_settings(lab, seed):
    """did-it-learn: "Below $\\alpha = 1/2$ the image's own bit always wins, above it the vote always wins"
    "a bit is $+1$ if either says so" "at $0.6$ already all that it flips at $1$" """
    for alpha in (0.1, 0.25, 0.49):
        for shuffle in (False, True):
            bits, own = lab.mistaken(alpha, seed, shuffle)
            np.testing.assert_array_equal(bits, own)
    votes = lab.mistaken(1.0, seed)[0]
    for alpha in (0.51, 0.6):
        np.testing.assert_array_equal(lab.mistaken(alpha, seed)[0], votes)
    np.testing.assert_array_equal(lab.mistaken(0.5, seed)[0], np.maximum(own, votes))
    assert (lab.mistaken(0.75, seed)[0] != lab.mistaken(0.75, seed, shuffle=True)[0]).any()


def test_the_correct_step_answers_to_alpha(lab, seed):
    """did-it-learn: "few bits or none at $0.6$, and more and more beyond" "flips some at $1/2$" """
    mistaken, own = lab.mistaken(0.5, seed)
    graph = same_class_affinity(lab.split(seed).y_train)
    flipped = [
        np.mean((regularised_scores(graph, own > 0, own > 0, a) > 0) != (own > 0)) for a in (0.25, 0.5, 0.6, 0.8, 1)
    ]
    assert flipped[0] == flipped[1] == 0
    assert flipped[1] <= flipped[2] < flipped[3] < flipped[4]
    assert flipped[2] < 0.5 * flipped[4]
    assert np.mean(mistaken != own) > 0.02


def test_the_mistake_looks_like_learning(lab, seeds):
    """did-it-learn: "The result is above LSH, it repeats, and it looks like learning from labels."
    "shuffled labels give the same bits, and so the same number" """
    told = np.array([lab.told(0.25, seed) for seed in seeds])
    assert (told > lab.scores("LSH", seeds)).all()


def test_at_alpha_one_the_mistake_stays_unseen(lab, seed):
    """did-it-learn: "The same, but for ties" """
    told, own = lab.mistaken(1.0, seed)
    correct = regularised_scores(same_class_affinity(lab.split(seed).y_train), own > 0, own > 0, alpha=1.0)
    np.testing.assert_array_equal(told > 0, correct >= 0)


def test_random_codes_rank_as_a_random_order(lab, seeds):
    """did-it-learn: "that of a random order" """
    assert abs(lab.mean("random codes", seeds) - lab.chance(seeds)) < 0.005


@five_seeds
def test_grh_is_ahead_of_the_predicted_class_by_less_than_of_lsh(lab, seeds):
    """did-it-learn: "It is real, and it is far less than the distance to LSH"
    "Most of the way to GRH is covered by a classifier that does no hashing."
    "A plain classifier, used as a hash, comes close to GRH." """
    over = lab.scores("GRH", seeds) - lab.scores("class", seeds)
    assert (over > 0).sum() >= 4
    assert over.mean() > 0.01
    assert over.mean() < 0.35 * (lab.mean("GRH", seeds) - lab.mean("LSH", seeds))


def test_four_bits_say_what_ten_do(lab, seed):
    """did-it-learn: "The number of the predicted class has" """
    split = lab.split(seed)
    hasher = OneHotClassifier(classifier="kernel-ridge").fit(split.X_train, split.y_train)
    one_hot = [hasher.transform(X) for X in (split.X_query, split.X_database)]
    binary = [integers_to_bits(bits.argmax(axis=1), 4) for bits in one_hot]
    assert abs(ranking(*binary, split) - ranking(*one_hot, split)) < 0.03


def test_an_output_code_with_its_codewords_is_grh(lab, seed):
    """did-it-learn: "Give it GRH's own, and it *is* GRH" """
    split = lab.split(seed)
    grh = lab.hasher("GRH", seed).fit(split.X_train, split.y_train)
    codes = OutputCodes(16, codewords=lab.codewords("lsh", 16, seed), classifier="kernel-ridge")
    np.testing.assert_array_equal(
        codes.fit(split.X_train, split.y_train).transform(split.X_query), grh.transform(split.X_query)
    )


def test_codewords_that_never_saw_an_image_do_as_well_as_those_from_lsh(lab, seeds):
    """did-it-learn: "Hadamard codewords, which know nothing of the images, are ahead of GRH's from LSH at 16 bits"
    "At 64 bits every table has room enough, and less depends on it"
    "Even coin tosses are about level with LSH's majorities"
    "codewords that never saw an image do as well as those from LSH" """
    found = lab.by_codewords("kernel", seeds)
    assert found["Hadamard", 16] > found["lsh", 16] + 0.005
    assert found["Hadamard", 64] > found["lsh", 64] - 0.005
    assert np.ptp([found[kind, 64] for kind in ("random", "Hadamard", "lsh")]) < np.ptp(
        [found[kind, 16] for kind in ("random", "Hadamard", "lsh")]
    )
    for n_bits in (16, 64):
        assert abs(found["random", n_bits] - found["lsh", n_bits]) < 0.02


def test_with_a_linear_classifier_hadamard_codewords_are_not_behind(lab, seeds):
    """did-it-learn: "With a linear classifier they are not behind either." """
    found = lab.by_codewords("linear", seeds)
    for n_bits in (16, 64):
        assert found["Hadamard", n_bits] > found["lsh", n_bits] - 0.005


def test_a_start_from_cca_itq_is_level_with_hadamard_or_ahead(lab, seeds):
    """did-it-learn: "GRH is level with Hadamard or a little ahead" """
    found = lab.by_codewords("kernel", seeds)
    for n_bits in (16, 64):
        assert -0.01 < found["cca-itq", n_bits] - found["Hadamard", n_bits] < 0.03


def test_one_hot_bits_are_behind_hadamard_codewords_of_as_many(lab, seeds):
    """did-it-learn: "are behind Hadamard codewords of the same" """
    for classifier in CLASSIFIERS:
        found = lab.by_codewords(classifier, seeds)
        assert found["one-hot", None] < found["Hadamard", len(lab.dataset.class_names)] - 0.02


def test_classes_that_look_alike_get_codewords_that_are_alike(lab, seed):
    """did-it-learn: "Classes that look alike get codewords that are alike from LSH."
    "Hadamard codewords keep all classes about equally far apart."
    "They need the most bits between them, and get the fewest." """
    split = lab.split(seed)
    means = np.array([split.X_train[split.y_train == label].mean(axis=0) for label in np.unique(split.y_train)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    pairs = np.triu_indices(len(means), 1)
    angles = np.arccos((means @ means.T)[pairs])

    def apart(kind):
        codewords = lab.codewords(kind, 16, seed)
        return (codewords[:, None] != codewords).sum(axis=2)[pairs]

    assert spearmanr(angles, apart("lsh")).statistic > 0.5
    assert np.ptp(apart("Hadamard")) <= 1
    alike = int(np.argmin(angles))
    assert apart("lsh")[alike] <= np.quantile(apart("lsh"), 0.25)
    assert apart("Hadamard")[alike] >= 8


def test_without_labels_of_the_class_most_of_the_gain_is_gone(lab, seeds):
    """did-it-learn: "Without labels of the queries' classes the gain is gone, or most of it."
    "For classes without labels most of the gain is gone, or all of it: on some images GRH is behind LSH." """
    left = lab.held_out("GRH", seeds).mean() - lab.held_out("LSH", seeds).mean()
    assert left < 0.5 * (lab.mean("GRH", seeds) - lab.mean("LSH", seeds))


@five_seeds
def test_grh_keeps_more_of_an_unseen_class_than_a_classifier_and_no_less_than_hadamard(lab, seeds):
    """did-it-learn: "GRH keeps more" "GRH is level or a little ahead, by" """
    grh = lab.held_out("GRH", seeds)
    assert grh.mean() > lab.held_out("class", seeds).mean() + 0.01
    assert (grh > lab.held_out("class", seeds)).sum() >= 4
    assert grh.mean() > lab.held_out("Hadamard", seeds).mean() - 0.003
    assert lab.held_out("class", seeds).mean() > lab.chance(seeds) + 0.01


@five_seeds
def test_whether_grh_is_ahead_of_lsh_on_unseen_classes_depends_on_the_images(lab, seeds):
    """did-it-learn: "On CIFAR-10, where LSH is hardly better than a random order, the labels of other classes help"
    "On Fashion-MNIST, where it is good, they do harm"
    "What a method without labels has is then the measure" """
    grh, lsh, refit, itq = (lab.held_out(name, seeds).mean() for name in ("GRH", "LSH", "GRH 1/2", "ITQ"))
    if lab.dataset.name == "cifar10":
        assert lsh < lab.chance(seeds) + 0.03
        assert grh > lsh + 0.02
        assert grh > max(refit, itq)
    else:
        assert lsh > lab.chance(seeds) + 0.2
        assert grh < lsh - 0.04
        assert min(refit, itq) > max(grh, lab.held_out("class", seeds).mean(), lab.held_out("Hadamard", seeds).mean())


@five_seeds
def test_with_a_linear_classifier_the_distance_to_the_predicted_class_is_not_larger(lab, seeds):
    """did-it-learn: "On CIFAR-10 nothing is left of it" "differ by less than they vary from split to split" """
    over = lab.scores("GRH linear", seeds) - lab.scores("class linear", seeds)
    difference = over - (lab.scores("GRH", seeds) - lab.scores("class", seeds))
    assert (difference > 0).sum() < len(seeds)
    if lab.dataset.name == "cifar10":
        assert abs(over.mean()) < 0.01
        assert difference.mean() < 0
    else:
        assert abs(difference.mean()) < difference.std(ddof=1)


def test_half_of_the_labels_shuffled_lose_about_half(lab, seeds):
    """did-it-learn: "About half-way." """
    found = []
    for seed in seeds:
        split = lab.split(seed)
        random = np.random.default_rng(seed)
        labels = split.y_train.copy()
        rows = random.permutation(len(labels))[: len(labels) // 2]
        labels[rows] = random.permutation(labels[rows])
        grh = lab.hasher("GRH", seed).fit(split.X_train, labels)
        found.append(ranking(grh.transform(split.X_query), grh.transform(split.X_database), split))
    wrong = lab.mean("GRH", seeds, shuffle=True)
    assert 0.3 < (np.mean(found) - wrong) / (lab.mean("GRH", seeds) - wrong) < 0.7


def test_no_table_of_16_bits_keeps_ten_classes_12_apart(seed):
    """did-it-learn: "Over all pairs a table of 16 bits therefore differs in at most" """
    pairs = 45
    assert 16 * 25 / pairs < 9
    for make in (random_codewords, hadamard_codewords):
        codewords = make(10, 16, seed)
        assert (codewords[:, None] != codewords).sum() / 2 / pairs <= 16 * 25 / pairs
