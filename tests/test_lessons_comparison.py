"""Check what chapter 8 and the appendix on being fooled claim, on both data sets.

A docstring quotes the sentence, and test_lessons.py makes sure that the book still says it. Claims
about kept measurements are checked against them, and the kept measurements against new ones. The
traps and the map are measured here, over five splits.
"""

from collections import namedtuple
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
from l2h_tutorial.baselines import CCAITQ, ITQ
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
    "Hadamard codewords",
]
FEW = ["CCA-ITQ", "KSH", "SDH", "GRH kernel", "GRH from CCA-ITQ", "Hadamard codewords"]
both = pytest.mark.parametrize("name", NAMES)
Lead = namedtuple("Lead", ["mean", "low", "high"])


def by_split(question, name):
    """Return the MAP: a row for each split that has every method, and a column for each method."""
    rows = KEPT[(KEPT.question == question) & (KEPT.dataset == name)]
    return rows.pivot(index="seed", columns="method", values="map").dropna()


def parameters(name):
    return fair_fight.chosen_parameters(TUNED, name)


def lead(question, name, a, b):
    """Return by how much a is ahead of b in the mean over the splits, with a 95% interval."""
    splits = by_split(question, name)
    leads = splits[a] - splits[b]
    interval = ttest_1samp(leads, 0).confidence_interval(0.95)
    return Lead(leads.mean(), interval.low, interval.high)


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
    for question, methods in fair_fight.QUESTIONS.items():
        with_parameters = {method for method, (_, values) in methods.items() if values}
        assert set(tuned.method[[question]]) == with_parameters
        if question != "map":
            splits = by_split(question, name)
            assert set(splits) == set(methods)
            assert len(splits) == 5


def test_all_climb_from_their_defaults():
    """comparison: "It starts from its defaults" """
    for methods in fair_fight.QUESTIONS.values():
        for hasher, ladders in methods.values():
            for name, values in ladders.items():
                assert values[len(values) // 2] == pytest.approx(hasher.get_params()[name])


def test_no_query_of_any_split_was_tuned_on(dataset):
    """comparison: "No image that this chapter or the next queries takes part in it." """
    for unseen in (False, True):
        s = fair_fight.tuning_split(dataset, unseen)
        used = np.concatenate([s.query_rows, s.train_rows, s.database_rows])
        assert not np.isin(split_of(dataset, 0).query_rows, used).any()
        for question, seed in product(fair_fight.QUESTIONS, fair_fight.SEEDS):
            queried = fair_fight.drawn(dataset, question, seed).query_rows
            assert not np.isin(queried, used).any(), question


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
    ("alpha", "0.8"),
    ("neighbours", "ITQ, alpha 1"),
    ("baskets", "GRH from CCA-ITQ, alpha 1"),
]


@pytest.mark.parametrize(
    ("question", "method"),
    [*QUICK, *(pytest.param(*cell, marks=pytest.mark.slow) for cell in SLOW)],
)
def test_what_is_kept_is_what_is_measured(dataset, question, method, seed):
    """On another machine the last bits of a product may differ, and with them a few codes.

    More of them differ where one bit decides what the next ones learn, as in KSH, and where there
    is nothing to learn but noise: .012 was seen between two kernels of one processor.
    """
    hasher = fair_fight.contenders(question, parameters(dataset.name))[method]
    found = fair_fight.measure(dataset, question, hasher, seed)
    kept = by_split(question, dataset.name).loc[seed, method]
    is_fragile = method == "KSH" or question == "shuffled"
    assert found["map"] == pytest.approx(kept, abs=0.02 if is_fragile else 0.005)


# the map


def hashers_of_the_map(split, chosen, seed):
    """Fit the four hashers of the map, those that read labels as tuning chose for it."""
    cca = CCAITQ(16, random_state=seed).set_params(**chosen["map", "CCA-ITQ"])
    start = CCAITQ(16, random_state=seed)
    grh = GRH(16, initial=start, classifier="kernel-ridge", random_state=seed)
    grh.set_params(**chosen["map", "GRH from CCA-ITQ"])
    return {
        "LSH": LSH(16, random_state=seed).fit(split.X_database),
        "ITQ": ITQ(16, random_state=seed).fit(split.X_database),
        "CCA-ITQ": cca.fit(split.X_train, split.y_train),
        "GRH": grh.fit(split.X_train, split.y_train),
    }


def points_of_the_map(split, chosen, seed):
    """Return by name what the map shows: precision at 10, and shares of the database scanned."""
    hashers = hashers_of_the_map(split, chosen, seed)
    sweeps = {
        name: evaluate_radius_search(hasher, split, range(7)) for name, hasher in hashers.items()
    }
    scores = ClassScores(1, **chosen["ranking", "class scores"]).fit(split.X_train, split.y_train)
    same_class = scores.chances(split.X_query) @ scores.chances(split.X_database).T
    likely = np.argsort(-same_class, axis=1)

    def precision(ids):
        return precision_at_k(ids, split.y_query, split.y_database)

    def by_class_scores(share):
        candidates = list(likely[:, : int(share * len(split.X_database))])
        return precision(rerank(split.X_query, split.X_database, candidates, 10))

    def by_hashers(share):
        return figures.read_map(sweeps, "precision", [share]).iloc[0]

    first = sweeps["GRH"].scanned.iloc[0]
    wide = sweeps["GRH"].iloc[2]
    encoding = len(split.y_train) / len(split.y_database)  # a query is compared with these too
    points = {
        "class 1%": by_class_scores(0.01),
        "class level": by_class_scores(first),
        "class 35%": by_class_scores(0.35),
        "exhaustive": precision(exact_neighbours(split.X_query, split.X_database, k=10)),
        "wide GRH": wide.precision,
        "wide LSH": by_hashers(wide.scanned)["LSH"],
        "encoded LSH": by_hashers(wide.scanned + encoding)["LSH"],
    }
    for name, sweep in sweeps.items():
        points[f"first {name}"] = sweep.precision.iloc[0]
        points[f"scanned {name}"] = sweep.scanned.iloc[0]
        points[f"level {name}"] = by_hashers(first)[name]
        points[f"small {name}"] = by_hashers(0.01)[name]
    return points


@pytest.fixture(scope="module")
def lines(dataset, seeds):
    """Return the points of the map, each a mean over the seeds."""
    chosen = parameters(dataset.name)
    points = [points_of_the_map(split_of(dataset, seed), chosen, seed) for seed in seeds]
    return pd.DataFrame(points).mean()


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
    assert -0.02 < half_a_byte.low < half_a_byte.high < 0.02


def test_with_twenty_labels_the_order_behind_the_byte_changes():
    """comparison: "has no lead over KSH any more, and the predicted class falls below the
    cosine"
    """
    over_ksh = lead("200 labels", "cifar10", "GRH from CCA-ITQ", "KSH")
    assert over_ksh.low < 0 < over_ksh.high < 0.005
    assert over_ksh.mean < 0.001
    assert lead("200 labels", "cifar10", "predicted class", "exact cosine").high < 0


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
    if name == "fashion-mnist":
        assert gain > 0.05
    else:
        assert abs(gain) < 0.01


def asked(page):
    """Run the cell of a page that lists its contrasts, and return them."""
    cells = (RESULTS.parent / f"{page}.md").read_text(encoding="utf-8").split("```")
    (cell,) = [cell for cell in cells if cell.startswith("{code-cell}") and "asked = [" in cell]
    names = {"kept": KEPT, "paired_contrasts": paired_contrasts, "figures": figures}
    exec(cell.partition("\n")[2], names)
    return names["asked"]


def standing(contrasts):
    """Return by contrast its sign on Fashion-MNIST and on CIFAR-10, or 0 where it does not stand.

    The p-values are adjusted for as many contrasts as are given.
    """
    tests = paired_contrasts(KEPT, contrasts)
    signs = np.sign(tests.difference).where(tests.p < 0.05, 0).astype(int)
    rows = signs.unstack("dataset").loc[tests.index.unique("contrast"), list(NAMES)]
    return dict(zip(contrasts, rows.itertuples(index=False, name=None), strict=True))


def test_which_contrasts_stand():
    """comparison: "the start counts" "Graph and kernel *together* add" "ahead of the cosine too"
    "which does not stand" "on Fashion-MNIST they are not told apart" "nowhere told from GRH"
    "hardly told from KSH, and fitted in a fraction of the time" "hardly told from KSH, and fitted
    in a fraction of a" "ahead of ITQ on both data sets, of CCA-ITQ on one, not told from GRH" "of
    CCA-ITQ on CIFAR-10 alone" "is not shown ahead of it, and takes longer to fit" "the cosine is
    ahead on one data set, not told apart on the other" """
    assert standing(asked("comparison")) == {
        ("ranking", "exact cosine", "ITQ"): (0, 1),
        ("ranking", "GRH from CCA-ITQ", "CCA-ITQ"): (0, 1),
        ("ranking", "GRH from CCA-ITQ", "GRH kernel"): (1, 1),
        ("ranking", "GRH from CCA-ITQ", "KSH"): (0, 1),
        ("ranking", "GRH linear from CCA-ITQ", "CCA-ITQ"): (0, 0),
        ("ranking", "class scores, 4 bits", "GRH from CCA-ITQ"): (0, 0),
        ("ranking", "class scores, 8 bits", "KSH"): (1, 1),
        ("200 labels", "class scores, 8 bits", "KSH"): (1, 1),
        ("50 labels", "class scores, 8 bits", "KSH"): (1, 0),
        ("50 labels", "class scores, 8 bits", "exact cosine"): (1, 0),
        ("50 labels", "KSH", "CCA-ITQ"): (0, 1),
        ("50 labels", "KSH", "ITQ"): (1, 1),
        ("50 labels", "KSH", "GRH from CCA-ITQ"): (0, 0),
    }
    fit = KEPT[KEPT.question == "ranking"].groupby(["method", "dataset"])["fit_seconds"].median()
    assert (fit["GRH linear from CCA-ITQ"] > 2 * fit["CCA-ITQ"]).all()


def test_which_stars_would_fall_if_both_chapters_asked_together():
    """comparison: "one star falls: GRH less KSH on CIFAR-10"
    did-it-learn: "two stars on Fashion-MNIST would fall" """
    first = asked("comparison")
    second = asked("did-it-learn")
    alone = standing(first) | standing(second)
    together = standing([*first, *second])
    assert {each: sign for each, sign in alone.items() if sign != together[each]} == {
        ("ranking", "GRH from CCA-ITQ", "KSH"): (0, 1),
        ("ranking", "GRH kernel", "Hadamard codewords"): (-1, 0),
        ("held-out", "GRH from CCA-ITQ", "ITQ"): (-1, 0),
    }


@both
def test_tuned_with_labels_other_codes_can_rank_above_itq(name):
    """comparison: "can rank above ITQ, tuned *with* labels" """
    assert lead("neighbours", name, "ITQ, alpha 1", "ITQ").low > 0
    agh_is_ahead = lead("ranking", name, "AGH", "ITQ").mean > 0
    assert agh_is_ahead == (name == "fashion-mnist")


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

    query_bits, bits = codes(LSH(8, random_state=seed), split)

    def of_class(label, ties):
        asked = split.y_query == label
        labels = split.y_query[asked], split.y_database[order]
        return mean_average_precision(query_bits[asked], bits[order], *labels, ties=ties)

    first = split.y_database.min()
    last = split.y_database.max()
    assert of_class(first, "stable") > of_class(first, "expected")
    assert of_class(last, "stable") < of_class(last, "expected")


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
        labels = split.y_query, split.y_database
        kind = precision_at_k(ids, *labels, k=10, empty="skip", denominator="returned")
        dropped = precision_at_k(ids, *labels, k=10, empty="skip")
        fair = precision_at_k(ids, *labels, k=10)
        exact = precision_at_k(exhaustive, *labels, k=10)
        averages.append([kind, dropped, fair, exact])
    kind, dropped, fair, exact = np.nanmean(averages, axis=0)
    assert kind > exact > fair
    assert kind > dropped > fair


def test_the_best_of_twenty_does_the_work_of_more_bits(dataset, seeds):
    """traps: "do the work of another's twenty" "either way the longer code is ahead again" """
    found = []
    for split_seed in seeds:
        split = split_of(dataset, split_seed)
        draws = {16: [], 20: []}
        for n_bits, draw in product(draws, range(20)):
            lsh = LSH(n_bits, random_state=draw).fit(split.X_train)
            draws[n_bits].append(score(lsh, split))
        best = [max(scores) for scores in draws.values()]
        found.append([*best, *map(np.mean, draws.values())])
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
