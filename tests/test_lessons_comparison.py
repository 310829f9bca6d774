"""What chapter 8 and the appendix on being fooled claim, on both data sets over five splits.

A docstring quotes the sentence; test_lessons.py makes sure that the book still says it. What is
said of the kept measurements is checked against them, and they against new ones; the traps and the
map are measured here.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from benchmarks import fair_fight
from limits import thin
from scipy.stats import ttest_1samp
from test_lessons_grh import score
from visits import RESULTS

from l2h_tutorial import GRH, LSH, HashTable, figures, rerank, split_dataset
from l2h_tutorial.affinity import same_class_affinity
from l2h_tutorial.baselines import CCAITQ, ITQ, KSH
from l2h_tutorial.controls import ClassScores
from l2h_tutorial.metrics import evaluate_radius_search, mean_average_precision, precision_at_k
from l2h_tutorial.protocols.contrasts import paired_contrasts
from l2h_tutorial.search import exact_neighbours

KEPT = pd.read_csv(RESULTS / "fair-fight.csv")
TUNED = pd.read_csv(RESULTS / "fair-fight-tuning.csv")
NAMES = ("fashion-mnist", "cifar10")
WITHOUT = ["LSH", "PCAH", "ITQ", "SH", "AGH"]
WITH = [
    "CCA-ITQ",
    "STH",
    "KSH",
    "SDH",
    "GRH linear",
    "GRH linear from CCA-ITQ",
    "GRH kernel",
    "GRH from CCA-ITQ",
]
WITH += ["Hadamard codewords"]
FEW = ["CCA-ITQ", "KSH", "SDH", "GRH kernel", "GRH from CCA-ITQ", "Hadamard codewords"]
both = pytest.mark.parametrize("name", NAMES)


def by_split(question, name):
    """MAP, a row a split on which every method was measured, and a column a method."""
    rows = KEPT[(KEPT.question == question) & (KEPT.dataset == name)]
    return rows.pivot(index="seed", columns="method", values="map").dropna()


def parameters(name):
    return fair_fight.chosen_parameters(TUNED, name)


def lead(question, name, a, b):
    """Mean difference over the splits, the ends of its interval of 95 percent, and the p-value."""
    each = by_split(question, name)[a] - by_split(question, name)[b]
    test = ttest_1samp(each, 0)
    return each.mean(), *test.confidence_interval(0.95), test.pvalue


def split_of(dataset, seed):
    return thin(split_dataset(dataset, random_state=42 + seed)).preprocessed("l2-centre")


def codes(hasher, split):
    hasher.fit(split.X_train, split.y_train)
    return hasher.transform(split.X_query), hasher.transform(split.X_database)


# what is kept


@both
def test_five_splits_were_measured_with_what_tuning_chose(name):
    """comparison: "the standard deviation over five splits" "for each question by itself" """
    tuned = TUNED[TUNED.dataset == name].set_index("question")
    for question, of in fair_fight.QUESTIONS.items():
        assert set(tuned.method[[question]]) == {
            method for method, (_, values) in of.items() if values
        }
        if question != "map":
            assert set(by_split(question, name)) == set(of)
            assert len(by_split(question, name)) == 5


def test_all_climb_from_their_defaults():
    """comparison: "It starts from its defaults" """
    for of in fair_fight.QUESTIONS.values():
        for hasher, ladders in of.values():
            for name, values in ladders.items():
                assert values[len(values) // 2] == pytest.approx(hasher.get_params()[name])


def test_no_query_of_any_split_was_tuned_on(dataset):
    """comparison: "No image that this chapter or the next queries takes part in it." """
    for unseen in (False, True):
        s = fair_fight.tuning_split(dataset, unseen)
        used = np.concatenate([s.query_rows, s.train_rows, s.database_rows])
        assert not np.isin(split_of(dataset, 0).query_rows, used).any()
        for question, seed in product(fair_fight.QUESTIONS, fair_fight.SEEDS):
            assert not np.isin(fair_fight.drawn(dataset, question, seed).query_rows, used).any()


QUICK = [
    ("ranking", "CCA-ITQ"),
    ("50 labels", "class scores"),
    ("shuffled", "GRH from CCA-ITQ"),
    ("held-out", "ITQ"),
]
SLOW = [
    ("ranking", "KSH"),
    ("ranking", "class scores, 8 bits"),
    ("ranking", "small network"),
    ("held-out", "KSH"),
]
SLOW += [("alpha", "0.8"), ("neighbours", "ITQ, alpha 1"), ("baskets", "GRH from CCA-ITQ, alpha 1")]


@pytest.mark.parametrize(
    ("question", "method"),
    [*QUICK, *(pytest.param(*cell, marks=pytest.mark.slow) for cell in SLOW)],
)
def test_what_is_kept_is_what_is_measured(dataset, question, method, seed):
    """On another machine the last bits of a product may differ, and with them a few codes."""
    hasher = fair_fight.contenders(question, parameters(dataset.name))[method]
    found = fair_fight.measure(dataset, question, hasher, seed)
    assert found["map"] == pytest.approx(
        by_split(question, dataset.name).loc[seed, method], abs=0.005
    )


# the map


@pytest.fixture(scope="module")
def lines(dataset, seeds):
    """Precision at 10 of each method, a line a seed.

    At the first look, and at the share of GRH's first look.
    """
    chosen = parameters(dataset.name)
    found = []
    for seed in seeds:
        s = split_of(dataset, seed)
        start = {
            "initial": CCAITQ(16, random_state=seed),
            "classifier": "kernel-ridge",
            "random_state": seed,
        }
        hashers = {
            "LSH": LSH(16, random_state=seed).fit(s.X_database),
            "ITQ": ITQ(16, random_state=seed).fit(s.X_database),
            "CCA-ITQ": CCAITQ(16, random_state=seed)
            .set_params(**chosen["map", "CCA-ITQ"])
            .fit(s.X_train, s.y_train),
            "GRH": GRH(16, **start)
            .set_params(**chosen["map", "GRH from CCA-ITQ"])
            .fit(s.X_train, s.y_train),
        }
        sweeps = {
            name: evaluate_radius_search(hasher, s, range(7)) for name, hasher in hashers.items()
        }
        scores = ClassScores(1, **chosen["ranking", "class scores"]).fit(s.X_train, s.y_train)
        database = scores.chances(s.X_database)
        likely = np.argsort(-scores.chances(s.X_query) @ database.T, axis=1)
        first = sweeps["GRH"].scanned.iloc[0]
        shares = (0.01, first, 0.35)
        best = [
            rerank(s.X_query, s.X_database, list(likely[:, : int(share * len(database))]), 10)
            for share in shares
        ]
        one_percent, as_many, a_third = (
            precision_at_k(ids, s.y_query, s.y_database) for ids in best
        )
        wide = sweeps["GRH"].iloc[2]
        shares = first, wide.scanned, wide.scanned + len(s.y_train) / len(s.y_database), 0.01
        level, as_wide, costly, small = (
            figures.read_map(sweeps, "precision", [share]).iloc[0] for share in shares
        )
        exhaustive = precision_at_k(
            exact_neighbours(s.X_query, s.X_database, k=10), s.y_query, s.y_database
        )
        found.append(
            {f"first {name}": sweep.precision.iloc[0] for name, sweep in sweeps.items()}
            | {f"scanned {name}": sweep.scanned.iloc[0] for name, sweep in sweeps.items()}
            | {f"level {name}": level[name] for name in sweeps}
            | {"class 1%": one_percent, "class level": as_many, "class 35%": a_third}
            | {"exhaustive": exhaustive, "wide GRH": wide.precision, "wide LSH": as_wide["LSH"]}
            | {"encoded LSH": costly["LSH"]}
            | {f"small {name}": small[name] for name in sweeps}
        )
    return pd.DataFrame(found).mean()


def test_for_as_many_candidates_most_of_the_lead_is_gone(lines, dataset):
    """comparison: "most of the lead is gone" "GRH's first look is not a small one"
    "GRH's first look is worth little more than LSH's" """
    assert lines["level GRH"] < lines["exhaustive"]
    assert lines["scanned LSH"] <= lines["scanned ITQ"] + 0.0005
    assert lines["first GRH"] > lines["first LSH"] + 0.1
    assert lines["level GRH"] - lines["level LSH"] < 0.5 * (lines["first GRH"] - lines["first LSH"])
    smallest = max(lines["scanned LSH"], lines["scanned ITQ"])
    assert lines["scanned GRH"] > 2 * smallest
    assert lines["scanned CCA-ITQ"] > smallest
    assert abs(lines["level GRH"] - lines["level ITQ"]) < 0.06


def test_the_next_rings_bring_some_of_the_lead_back(lines):
    """comparison: "The next rings bring some of it back." "LSH, allowed as many, has"
    "some rings further it can pass exhaustive search" """
    assert lines["wide GRH"] > max(
        lines["exhaustive"] + 0.005, lines["wide LSH"] + 0.02, lines["encoded LSH"] + 0.01
    )
    assert lines["wide LSH"] < lines["exhaustive"]


def test_with_one_percent_it_depends_on_the_buckets(lines, dataset):
    """comparison: "where other buckets are larger, as on Fashion-MNIST; where they are not, as on
    CIFAR-10"
    """
    others = lines[["small ITQ", "small CCA-ITQ", "small GRH"]]
    if dataset.name == "fashion-mnist":
        assert others.isna().all()
    else:
        assert others.max() > lines["small LSH"] + 0.02


def test_the_classifier_is_ahead_on_the_map(lines, dataset):
    """comparison: "Where little is compared in full, the classifier is ahead of all codes"
    "On Fashion-MNIST its line *falls* from there" """
    assert lines["class 1%"] > max(
        lines["first GRH"], lines["level GRH"], lines["level ITQ"], lines["level LSH"]
    )
    assert lines["class level"] > max(lines["level GRH"], lines["level ITQ"], lines["level LSH"])
    if dataset.name == "fashion-mnist":
        assert lines["class 35%"] < lines["class level"] <= lines["class 1%"] + 0.005


# the whole ranking


@both
def test_each_method_with_labels_is_ahead_of_each_without(name):
    """comparison: "Each method with labels ranks better than each without, and than the exact
    cosine."
    """
    scores = by_split("ranking", name).mean()
    assert scores[WITH].min() > max(scores[WITHOUT].max(), scores["exact cosine"]) + 0.02


@both
def test_a_byte_of_the_classifier_ranks_better_than_every_code(name):
    """comparison: "ranks better than every code of 32 bits" "about as well as GRH from CCA-ITQ" "is
    true of most of them and the bare predicted class" "ahead of every code of 32 bits, in a quarter
    of the space" "with twenty labels a class or a hundred" "is ahead of every code, of KSH" traps:
    "A byte of the classifier's scores ranks better" """
    for question, codes in ("ranking", WITH), ("200 labels", FEW):
        splits = by_split(question, name)
        for method in codes:
            assert (splits["class scores, 8 bits"] > splits[method] + 0.01).all()
    scores = by_split("ranking", name).mean()
    assert scores["predicted class"] < scores["GRH from CCA-ITQ"]
    half_a_byte = lead("ranking", name, "class scores, 4 bits", "GRH from CCA-ITQ")
    assert max(map(abs, half_a_byte[1:3])) < 0.02


def test_with_twenty_labels_the_order_behind_the_byte_changes():
    """comparison: "has no lead over KSH any more, and the predicted class falls below the
    cosine"
    """
    gain, low, high, _ = lead("200 labels", "cifar10", "GRH from CCA-ITQ", "KSH")
    assert low < 0 < high < 0.005
    assert gain < 0.001
    assert lead("200 labels", "cifar10", "predicted class", "exact cosine")[2] < 0


@both
def test_five_labels_a_class_are_worth_much_or_nothing(name):
    """comparison: "even so few are worth far more than none" "they are not"
    "SDH and the bare predicted class have lower means than ITQ on both data sets"
    "ahead of all codes on one data set, no better than the cosine on the other"
    "With five, look whether the cosine is not as good." "With five a class KSH will do." """
    scores = by_split("50 labels", name).mean()
    assert max(scores["SDH"], scores["predicted class"]) < scores["ITQ"]
    assert scores["class scores, 8 bits"] > scores[FEW].max()
    assert scores["KSH"] > scores[FEW].max() - 0.01
    gain = scores["class scores, 8 bits"] - scores["exact cosine"]
    assert gain > 0.05 if name == "fashion-mnist" else abs(gain) < 0.01


def asked(page):
    """The contrasts that a page asks."""
    cells = (RESULTS.parent / f"{page}.md").read_text(encoding="utf-8").split("```")
    (cell,) = [cell for cell in cells if cell.startswith("{code-cell}") and "asked = [" in cell]
    names = {"kept": KEPT, "paired_contrasts": paired_contrasts, "figures": figures}
    exec(cell.partition("\n")[2], names)
    return names["asked"]


def standing(contrasts):
    """For each contrast: the sign on Fashion-MNIST and on CIFAR-10 where it stands among these,
    else 0.
    """
    tests = paired_contrasts(KEPT, contrasts)
    signs = pd.Series(
        np.where(tests.p < 0.05, np.sign(tests.difference), 0), index=tests.index
    ).astype(int)
    rows = signs.unstack("dataset").loc[tests.index.unique("contrast"), list(NAMES)]
    return [tuple(row) for row in rows.values.tolist()]


def test_which_contrasts_stand():
    """comparison: "the start counts" "Graph and kernel *together* add" "ahead of the cosine too"
    "which does not stand" "on Fashion-MNIST they are not told apart" "nowhere told from GRH"
    "hardly told from KSH, and fitted in a fraction of the time" "hardly told from KSH, and fitted
    in a fraction of a" "ahead of ITQ on both data sets, of CCA-ITQ on one, not told from GRH" "of
    CCA-ITQ on CIFAR-10 alone" "is not shown ahead of it, and takes longer to fit" "the cosine is
    ahead on one data set, not told apart on the other" """
    exact, own, start, ksh, linear, half, *byte, cosine, few_cca, few_itq, few_own = standing(
        asked("comparison")
    )
    assert exact == own == ksh == few_cca == (0, 1)
    assert start == few_itq == (1, 1)
    assert byte == [(1, 1), (1, 1), (1, 0)]
    assert (linear, half, cosine, few_own) == ((0, 0), (0, 0), (1, 0), (0, 0))
    fit = KEPT[KEPT.question == "ranking"].groupby(["method", "dataset"])["fit_seconds"].median()
    assert (fit["GRH linear from CCA-ITQ"] > 2 * fit["CCA-ITQ"]).all()


def test_which_stars_would_fall_if_both_chapters_asked_together():
    """comparison: "one star falls: GRH less KSH on CIFAR-10"
    did-it-learn: "two stars on Fashion-MNIST would fall" """
    pages = asked("comparison"), asked("did-it-learn")
    every = [*pages[0], *pages[1]]
    pairs = zip(
        every, [row for page in pages for row in standing(page)], standing(every), strict=True
    )
    assert {contrast: alone for contrast, alone, joined in pairs if alone != joined} == {
        ("ranking", "GRH from CCA-ITQ", "KSH"): (0, 1),
        ("ranking", "GRH kernel", "Hadamard codewords"): (-1, 0),
        ("held-out", "GRH from CCA-ITQ", "ITQ"): (-1, 0),
    }


@both
def test_tuned_with_labels_other_codes_can_rank_above_itq(name):
    """comparison: "can rank above ITQ, tuned *with* labels" """
    assert lead("neighbours", name, "ITQ, alpha 1", "ITQ")[1] > 0
    assert (lead("ranking", name, "AGH", "ITQ")[0] > 0) == (name == "fashion-mnist")


@both
def test_ksh_takes_far_longer_to_fit(name):
    """comparison: "KSH learns bit after bit" "and fitted in a fraction of the time" """
    rows = KEPT[(KEPT.question == "ranking") & (KEPT.dataset == name)]
    fit = rows.groupby("method")["fit_seconds"].median()
    assert fit["KSH"] > 5 * fit["GRH from CCA-ITQ"]
    encode = rows.groupby("method")["encode_seconds"].median()
    assert encode["GRH from CCA-ITQ"] > 5 * encode["CCA-ITQ"]


# how to be fooled


def test_a_file_sorted_by_class_favours_the_first_class(dataset, seed):
    """traps: "Eight random bits know nothing of the file" """
    split = split_of(dataset, seed)
    order = np.argsort(split.y_database, kind="stable")

    def of_class(bits, label, ties):
        asked = split.y_query == label
        labels = split.y_query[asked], split.y_database[order]
        return mean_average_precision(bits[0][asked], bits[1][order], *labels, ties=ties)

    bits = codes(LSH(8, random_state=seed), split)
    first = split.y_database.min()
    last = split.y_database.max()
    assert of_class(bits, first, "stable") > of_class(bits, first, "expected")
    assert of_class(bits, last, "stable") < of_class(bits, last, "expected")


def test_dropping_the_unanswered_and_a_kind_denominator_flatter(dataset, seeds):
    """traps: "At 64 bits most balls of radius 4 hold little or nothing."
    "that a hash table is more precise than exhaustive search" """
    averages = []
    for seed in seeds:
        split = split_of(dataset, seed)
        query_bits, bits = codes(LSH(64, random_state=seed), split)
        found = HashTable(bits).query_radius(query_bits, 4)
        assert np.median([len(rows) for rows in found]) < 10
        ids = rerank(split.X_query, split.X_database, found, k=10)
        exhaustive = exact_neighbours(split.X_query, split.X_database, k=10)
        rules = {"empty": "skip", "denominator": "returned"}, {"empty": "skip"}, {}
        averages.append(
            [precision_at_k(ids, split.y_query, split.y_database, k=10, **rule) for rule in rules]
            + [precision_at_k(exhaustive, split.y_query, split.y_database, k=10)]
        )
    kind, dropped, fair, exact = np.nanmean(averages, axis=0)
    assert kind > exact > fair
    assert kind > dropped > fair


def test_the_best_of_twenty_does_the_work_of_more_bits(dataset, seeds):
    """traps: "do the work of another's twenty" "either way the longer code is ahead again" """
    found = []
    for split_seed in seeds:
        split = split_of(dataset, split_seed)
        hashers = [
            [LSH(n_bits, random_state=i).fit(split.X_train) for i in range(20)]
            for n_bits in (16, 20)
        ]
        draws = [[score(hasher, split) for hasher in of_length] for of_length in hashers]
        found.append([*np.max(draws, axis=1), *np.mean(draws, axis=1)])
    best_16, best_20, mean_16, mean_20 = np.mean(found, axis=0)
    assert best_20 > best_16 > mean_20 > mean_16


def test_a_query_in_the_database_finds_itself(dataset):
    """traps: "that the nearest image always has the right class" """
    split = split_of(dataset, 0)
    asked = split.X_database[:500]
    labels = (split.y_database[:500], split.y_database)
    nearest = exact_neighbours(asked, split.X_database, k=2)
    assert precision_at_k(nearest[:, :1], *labels, k=1) == 1
    assert precision_at_k(nearest[:, 1:], *labels, k=1) < 0.95


def test_with_few_anchors_ksh_seems_to_be_behind(dataset, seed):
    """traps: "that GRH is ahead" "now KSH is" """
    split = split_of(dataset, seed)
    hashers = (
        GRH(32, classifier="kernel-ridge", random_state=seed),
        KSH(32, n_anchors=50, random_state=seed),
    )
    grh, ksh = (score(hasher.fit(split.X_train, split.y_train), split) for hasher in hashers)
    assert grh > ksh + 0.005
    assert lead("ranking", dataset.name, "KSH", "GRH kernel")[0] > 0.005


def test_the_mistake_has_three_settings(dataset, seed):
    """traps: "above one half the vote always wins" "all that it has at 1"
    "no bit was flipped, and the gain is that of a classifier refitted to LSH's own bits"
    did-it-learn: "The same, but for ties" """
    split = split_of(dataset, seed)
    own = np.where(LSH(16, random_state=seed).fit_transform(split.X_train), 1, -1)
    shuffled = np.random.default_rng(seed).permutation(split.y_train)

    def signs(values):
        return np.where(values >= 0, 1, -1)

    def correct(alpha, y=split.y_train):
        return signs(alpha * (same_class_affinity(y) @ own) + (1 - alpha) * own)

    def mistaken(alpha, y=split.y_train):
        return signs(alpha * signs(same_class_affinity(y) @ own) + (1 - alpha) * own)

    for unmoved in (mistaken(0.25), mistaken(0.25, shuffled), correct(0.25)):
        np.testing.assert_array_equal(unmoved, own)
    np.testing.assert_array_equal(mistaken(0.6), mistaken(1.0))
    np.testing.assert_array_equal(mistaken(1.0), correct(1.0))
    assert np.mean(correct(0.6) != own) < 0.5 * np.mean(mistaken(0.6) != own)
