"""Check what chapter 8 and the appendix on being fooled claim, on both data sets.

A docstring quotes the sentence, and test_lessons.py makes sure that the book still says it. Claims
about kept measurements are checked against them, and the kept measurements against new ones. The
traps are measured here, over five splits.
"""

import re
from ast import literal_eval
from collections import namedtuple
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from benchmarks import fair_fight, fair_fight_map, fair_fight_percent
from limits import thin
from scipy.stats import nct as noncentral
from scipy.stats import t as student
from test_lessons import both, codes_of
from test_lessons_grh import score
from visits import RESULTS, cells_of, rows_of

from l2h_book.play.chapters import fair_fight as fair_fight_figure
from l2h_tutorial import (
    GRH,
    ITQ,
    LSH,
    PCAH,
    HashTable,
    figures,
    hamming_distances,
    load_dataset,
    rerank,
    split_dataset,
)
from l2h_tutorial.affinity import same_class_affinity
from l2h_tutorial.baselines import CCAITQ
from l2h_tutorial.controls import OutputCodes
from l2h_tutorial.metrics import mean_average_precision, precision_at_k
from l2h_tutorial.protocols.contrasts import mean_and_interval, paired_contrasts
from l2h_tutorial.search import exact_neighbours

KEPT = pd.read_csv(RESULTS / "fair-fight.csv")
LOOKS = pd.read_csv(RESULTS / "fair-fight-map.csv")
IN_BUDGET = pd.read_csv(RESULTS / "fair-fight-percent.csv")
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
Lead = namedtuple("Lead", ["mean", "low", "high"])


def by_split(question, name):
    """Return the MAP: a row for each split that has every method, and a column for each method."""
    rows = rows_of(KEPT, question=question, dataset=name)
    return rows.pivot(index="seed", columns="method", values="map").dropna()


def learned_from(rows):
    """Return the rows with what a method learns from as their size, where the files have the pool.

    With classes held out, the sizes are counted in classes: three asked, seven taught.
    """
    counted = rows.astype({"n_queries": float, "n_labelled": float})
    n_labels = counted.question.map(fair_fight.N_LABELS)
    counted["n_labelled"] = n_labels.fillna(1000)
    counted.loc[rows.question == "held-out", ["n_queries", "n_labelled"]] = 3, 7
    return counted


def at_one_percent():
    """Return what each method finds on each split if one percent of the database is re-ranked."""
    scores = rows_of(LOOKS, method="class scores", scanned=0.01)
    found = pd.concat([IN_BUDGET, scores]).rename(columns={"precision": "map"})
    return found.assign(question="1% ranked", n_labelled=1000)


def on_the_splits_of_the_ranking():
    """Return the rows of GRH with shuffled labels, without votes and with one predictor more."""
    shuffled = learned_from(KEPT[KEPT.question == "shuffled"])
    shuffled["method"] += ", shuffled"
    without_votes = KEPT[(KEPT.question == "alpha") & (KEPT.method == "0.5")]
    others = pd.concat([without_votes, KEPT[KEPT.question == "predictor"]])
    return pd.concat([shuffled, learned_from(others)]).assign(question="ranking")


CHEAP = at_one_percent()
MEASURED = pd.concat([learned_from(KEPT), CHEAP, on_the_splits_of_the_ranking()])


def parameters(name):
    return fair_fight.chosen_parameters(TUNED, name)


def lead(question, name, a, b):
    """Return by how much a is ahead of b in the mean over the splits, with a 95% interval."""
    rows = MEASURED[MEASURED.dataset == name]
    (row,) = paired_contrasts(rows, [(question, a, b)]).itertuples()
    return Lead(row.difference, row.low, row.high)


def split_of(dataset, seed):
    return thin(split_dataset(dataset, random_state=42 + seed)).preprocessed("l2-centre")


# what is kept


@both
def test_all_splits_were_measured_with_what_tuning_chose(name):
    """measured: "Fashion-MNIST is split five times and CIFAR-10 twenty times, because" "Each method
    is tuned separately for each number of labels and for each length" comparison: "One rule finds
    the settings of all methods." did-it-learn: "so we do this for ten triples" """
    n_splits = {"fashion-mnist": 5, "cifar10": 20}[name]
    tuned = rows_of(TUNED, dataset=name).set_index("question")
    for question, methods in fair_fight.QUESTIONS.items():
        with_parameters = {method for method, (_, values) in methods.items() if values}
        triples = range(10) if question == "held-out" else [0]
        for triple in triples:
            asked_as = fair_fight.asked_with(question, triple)
            assert set(tuned.method[[asked_as]]) == with_parameters
        if question != "map":
            splits = by_split(question, name)
            assert set(splits) == set(methods)
            assert len(splits) == (10 if question == "held-out" else n_splits)
    lines = rows_of(LOOKS, dataset=name, look=0)
    assert set(lines.method) == set(fair_fight_map.contenders_on_the_map(parameters(name)))
    assert set(lines.groupby("method").size()) == {n_splits}


def test_all_climb_from_their_defaults():
    """measured: "try every change of one parameter by one step, keep the best change" "Both
    versions of GRH from CCA-ITQ run one round" comparison: "Only GRH's weight $\\alpha$ of the
    votes is fixed at 1 instead of tuned." """
    for method in ("GRH from CCA-ITQ", "GRH linear from CCA-ITQ"):
        held, ladders = fair_fight.METHODS[method]
        assert "alpha" not in ladders
        assert held.alpha == 1
        assert held.n_iter == 1
    for methods in fair_fight.QUESTIONS.values():
        for hasher, ladders in methods.values():
            for name, values in ladders.items():
                assert values[len(values) // 2] == pytest.approx(hasher.get_params()[name])


def test_no_query_of_any_split_was_tuned_on(dataset):
    """measured: "No query used in chapter 8 or chapter 9 was used for tuning, but images of the
    pools and databases were." "Each split draws 1,000 queries, a pool of 3,000 labelled images, and
    a database of 5,000 others, so no labelled image is searched. Methods that use labels learn from
    1,000 images of the pool" "The settings were tuned with 600 validation queries on a database of
    2,000 images, and all these 2,600 images had labels." comparison: "the settings were tuned on
    2,600 validation images, and these needed labels too" """
    tuned = fair_fight.tuning_rows(dataset)
    measured = fair_fight.split_of(dataset, "ranking", 0)
    rows = [getattr(measured, f"{part}_rows") for part in ("query", "train", "database")]
    assert [len(part) for part in rows] == [1000, 3000, 5000]
    assert len(np.unique(np.concatenate(rows))) == 9000
    assert all(np.isin(part, tuned).any() for part in rows[1:])
    taught = fair_fight.lesson("ranking", CCAITQ(8), measured)[0]
    assert taught.n_labels == 1000
    whole = fair_fight.prepared(fair_fight.tuning_split(dataset), "ranking", 0, fair_fight.N_TUNING)
    assert len(whole.query_rows) == 600
    assert len(whole.database_rows) == 2000
    # other questions have the splits of the ranking; lessons use the first five of the map
    for question in ("ranking", "held-out", "map"):
        seeds = range(5) if question == "map" else fair_fight.seeds_of(dataset, question)
        for seed in seeds:
            queried = fair_fight.drawn(dataset, question, seed).query_rows
            assert not np.isin(queried, tuned).any(), question


def test_a_triple_is_tuned_for_on_the_other_seven_classes(dataset):
    """did-it-learn: "Each class is in three of the triples, and no two triples share two classes"
    "three of the seven other classes played the new ones, three times over" """
    triples = []
    rows = fair_fight.tuning_rows(dataset)
    for seed in fair_fight.TRIPLES:
        split = fair_fight.drawn(dataset, "held-out", seed)
        triple = np.unique(split.y_query)
        triples.append(triple)
        others = np.setdiff1d(np.arange(10), triple)
        np.testing.assert_array_equal(np.unique(split.y_train), others)
        tuned = fair_fight.tuning_split_without(dataset, triple)
        for part in ("query", "train", "database"):
            np.testing.assert_array_equal(np.unique(getattr(tuned, f"y_{part}")), others)
            assert np.isin(getattr(tuned, f"{part}_rows"), rows).all()
    assert np.bincount(np.concatenate(triples)).tolist() == [3] * 10
    assert max(len(np.intersect1d(*pair)) for pair in combinations(triples, 2)) == 1


def test_a_trial_teaches_four_of_seven_classes_and_asks_three():
    labels = np.repeat(np.arange(7), 30)
    X = np.random.default_rng(0).normal(size=(210, 4)) + 5 * np.eye(7)[labels, :4]
    learner = fair_fight.TaughtOthers(OutputCodes(8), 40, X, random_state=2).fit(X, labels)
    assert learner.hasher.classes_.tolist() == [0, 1, 4, 6]
    bits = learner.transform(X)
    asked = np.isin(labels, [2, 3, 5])
    expected = mean_average_precision(bits[asked], bits, labels[asked], labels)
    assert learner.mean_average_precision(bits, bits, labels, labels) == expected


QUICK = [
    ("ranking", "CCA-ITQ"),
    ("50 labels", "class scores"),
    ("shuffled", "GRH from CCA-ITQ"),
    ("held-out", "ITQ"),
    ("held-out", "ITQ, labelled images"),
    ("held-out", "CCA-ITQ"),
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
    ("question", "method", "seed"),
    [
        *((*cell, 0) for cell in QUICK),
        *(pytest.param(*cell, 4, marks=pytest.mark.slow) for cell in SLOW),
    ],
)
def test_what_is_kept_is_what_is_measured(dataset, question, method, seed):
    """On one split for each.

    On another machine the last bits of a product may differ, and with them a few codes.

    More of them differ where one bit decides what the next ones learn, as in KSH, and where there
    is nothing to learn but noise: .012 was seen between two kernels of one processor.
    """
    asked_as = fair_fight.asked_with(question, seed)
    hasher = fair_fight.contenders(question, parameters(dataset.name), asked_as)[method]
    found = fair_fight.measure(dataset, question, hasher, seed)
    kept = by_split(question, dataset.name).loc[seed, method]
    is_fragile = method == "KSH" or question == "shuffled"
    assert found["map"] == pytest.approx(kept, abs=0.02 if is_fragile else 0.005)


# the map


@pytest.mark.parametrize(
    ("method", "seed"),
    [
        ("PCAH, 32 bits", 0),
        pytest.param("CCA-ITQ, 16 bits", 4, marks=pytest.mark.slow),
        pytest.param("class scores", 4, marks=pytest.mark.slow),
    ],
)
def test_a_line_that_is_kept_is_what_is_measured(dataset, method, seed):
    hasher = fair_fight_map.contenders_on_the_map(parameters(dataset.name))[method]
    found = pd.DataFrame(fair_fight_map.measure_line(dataset, hasher, seed))
    kept = rows_of(LOOKS, dataset=dataset.name, method=method, seed=seed).sort_values("look")
    np.testing.assert_allclose(found.scanned, kept.scanned, atol=0.001)
    np.testing.assert_allclose(found.precision, kept.precision, atol=0.005)


def lines_of_the_map(name):
    """Return by method its looks: scanned and precision, means over the splits."""
    means = rows_of(LOOKS, dataset=name).groupby(["method", "look"])[["scanned", "precision"]]
    table = means.mean()
    return {method: table.loc[method] for method in table.index.unique("method")}


def read(name, share):
    """Return by method the precision of a look at this share, a mean over the splits."""
    return figures.read_map(lines_of_the_map(name), "precision", [share]).iloc[0]


def test_with_alpha_tuned_ksh_is_still_above_grh():
    """measured: "Of the values [0.5]{.definition}, [0.8]{.definition}, [0.9]{.definition} and 1,
    tuning would choose 1 on CIFAR-10 as well." "On Fashion-MNIST tuning would choose
    {glue:text}`best-alpha-f`, with which GRH has no votes" "KSH would still be ahead of GRH."
    comparison: "This costs GRH {glue:text}`alpha-cost-f` of mAP on Fashion-MNIST and nothing on
    CIFAR-10." """
    assert fair_fight.EVERY_ALPHA == (0.5, 0.8, 0.9, 1)
    by_alpha = TUNED[(TUNED.question == "alpha") & TUNED.method.str.endswith(" from CCA-ITQ")]
    scores = by_alpha.pivot(index="dataset", columns="method", values="validation_map")
    assert scores.idxmax(axis=1)[list(NAMES)].tolist() == ["0.5 from CCA-ITQ", "1.0 from CCA-ITQ"]
    without_votes = by_split("alpha", "fashion-mnist")["0.5 from CCA-ITQ"].mean()
    means = by_split("ranking", "fashion-mnist").mean()
    assert means["GRH from CCA-ITQ"] < without_votes < means["KSH"]


@both
def test_learned_buckets_are_large(name):
    """comparison: "A learned bucket can be far larger than a random one, most of all if it was
    learned from labels." "so {glue:text}`lead-part` of the lead came from the number of" """
    lines = lines_of_the_map(name)
    grh = lines["GRH from CCA-ITQ, 16 bits"].iloc[0]
    lsh = lines["LSH, 16 bits"].iloc[0]
    assert grh.scanned > 10 * lsh.scanned
    assert lsh.scanned < lines["ITQ, 16 bits"].scanned.iloc[0] < grh.scanned / 2
    # the page says "all" or "most", by what LSH finds at the share of GRH's bucket
    remaining_lead = grh.precision - read(name, grh.scanned)["LSH, 16 bits"]
    assert remaining_lead < 0.5 * (grh.precision - lsh.precision)


@both
def test_the_classifier_is_ahead_on_the_map(name):
    """comparison: "where the line of the class scores *falls*: the more is scanned, the more the
    cosine decides." "it scans more than ten times the classifier's one percent, and yet it
    {glue:text}`pcah-verdict` the classifier." "On the left of the figure the class scores are above
    every code." "On every split it finds more with one percent than CCA-ITQ, which has no kernel,
    and more than the exact cosine with the whole database." "That of GRH with 16 bits begins
    further right and passes the dotted line." "At larger radii GRH's mean is above the exact
    cosine" """
    lines = lines_of_the_map(name)
    scores = lines["class scores"]
    pcah = lines["PCAH, 32 bits"]
    grh = lines["GRH from CCA-ITQ, 16 bits"]
    (of_one_percent,) = scores.precision[scores.scanned == 0.01]
    assert pcah.scanned[12] > 0.1
    assert of_one_percent > pcah.precision[12] + 0.01
    for look in scores[scores.scanned <= 0.06].itertuples():
        others = read(name, look.scanned).drop(["class scores", "exact cosine"])
        assert look.precision > others.max() + 0.01
    assert (np.diff(scores.precision) < 0).all()
    assert grh.scanned[0] > pcah.scanned[0]
    assert grh.precision.max() > lines["exact cosine"].precision[0]
    cosine = rows_of(LOOKS, dataset=name, method="exact cosine").set_index("seed").precision
    byte = rows_of(CHEAP, dataset=name, method="class scores, 8 bits").set_index("seed")["map"]
    assert (byte > cosine[byte.index]).all()
    cca = rows_of(CHEAP, dataset=name, method="CCA-ITQ, 32 bits").set_index("seed")["map"]
    assert (byte > cca[byte.index]).all()


def test_grh_leaves_out_near_images_of_another_class(dataset, seed):
    """comparison: "GRH's code leaves out such an image more often than a near image of the right
    class." """
    split = split_of(dataset, seed)
    grh = GRH(16, initial=CCAITQ(16), classifier="kernel-ridge", random_state=seed)
    nearest = exact_neighbours(split.X_query, split.X_database, k=10)
    is_right = split.y_query[:, None] == split.y_database[nearest]
    distances = hamming_distances(*codes_of(grh, split))
    is_left_out = np.take_along_axis(distances, nearest, axis=1) > 2
    assert is_left_out[~is_right].mean() > is_left_out[is_right].mean() + 0.03


def test_a_ranking_gains_where_a_bucket_has_fewer_than_ten(dataset, seed):
    """comparison: "Nearly all of the gain comes from queries that have fewer than ten images in
    their bucket." "Queries with more than 50 images in their bucket lose next to nothing if they
    look at only 50 of them." "because some queries have far more images within it than others" """
    split = fair_fight.split_of(dataset, "ranking", seed)
    hasher = fair_fight_percent.contenders(parameters(dataset.name))["GRH from CCA-ITQ, 16 bits"]
    learner, part = next(iter(fair_fight.learners("ranking", hasher, split, seed)))
    distances = hamming_distances(*codes_of(learner, part))
    is_met = distances == 0
    in_bucket = is_met.sum(axis=1)
    shuffled = distances + np.random.default_rng(seed).random(distances.shape)
    percent = np.argsort(shuffled, axis=1)[:, : distances.shape[1] // 100]

    def right(candidates):
        answers = rerank(part.X_query, part.X_database, list(candidates), k=10)
        labels = part.y_query, part.y_database
        return precision_at_k(answers, *labels, per_query=True)

    gains = right(percent) - right([np.flatnonzero(row) for row in is_met])
    few = in_bucket < 10
    assert gains[few].sum() > 0.8 * gains.sum() > 0
    assert abs(gains[in_bucket > 50].mean()) < 0.03
    small, large = np.percentile(in_bucket, [10, 90])
    assert large > 10 * small


@both
def test_codes_that_are_ranked_change_the_picture(name):
    """comparison: "on every split, KSH, GRH and CCA-ITQ find more than LSH, PCAH and ITQ. But on
    Fashion-MNIST the intervals of KSH minus PCAH and minus ITQ include zero." "On CIFAR-10 the byte
    finds more than each of the eleven hash codes in the table. It leads KSH, the best of the
    eleven, by {glue:text}`byte-lead-c`. On Fashion-MNIST it finds more than the other ten, and we
    cannot tell whether more than KSH: the lead is {glue:text}`byte-lead-f`, with an
    [interval](real-differences) from" "On Fashion-MNIST its lead over KSH is uncertain." "both
    above LSH, every split" "a byte of class scores then finds more than the other codes that we
    tried." "one
    percent: KSH on both" "above all hash codes, every split" "If few vectors may be compared in
    full, rank the codes and re-rank what the budget allows" "Both codes find more if they are
    ranked." "one percent of GRH's ranking even finds more than its whole bucket, which is much
    larger." "within radius 1 GRH scans {glue:text}`grh-wider-c` percent, and its precision is only"
    "When both codes are ranked, GRH is ahead of LSH on both data sets" """
    is_fashion = name == "fashion-mnist"
    found = rows_of(CHEAP, dataset=name).pivot(index="seed", columns="method", values="map")
    without = found.filter(regex="^(LSH|PCAH|ITQ)")
    taught = found.filter(regex="^(CCA|GRH|KSH)")
    assert without.shape[1] + taught.shape[1] == 11
    assert (taught.min(axis=1) > without.max(axis=1)).all()
    assert taught.mean().idxmax() == "KSH, 32 bits"
    assert (found["class scores, 8 bits"] > taught.max(axis=1)).all()
    over_ksh = lead("1% ranked", name, "class scores, 8 bits", "KSH, 32 bits")
    assert (over_ksh.low < 0) == is_fashion
    for code in ("PCAH, 32 bits", "ITQ, 32 bits"):
        assert (without[code] > without["LSH, 32 bits"]).all()
        assert (lead("1% ranked", name, "KSH, 32 bits", code).low < 0) == is_fashion
    means = found.mean()
    grh = "GRH from CCA-ITQ, 16 bits"
    looks = lines_of_the_map(name)[grh]
    assert means["LSH, 16 bits"] > read(name, 0.01)["LSH, 16 bits"]
    assert means[grh] > looks.precision[0] + 0.03
    assert (looks.scanned[0] > 0.02) == is_fashion
    if not is_fashion:
        assert looks.scanned[0] < 0.01 < 0.02 < looks.scanned[1]
        assert looks.precision[1] < means[grh] - 0.02


@both
def test_who_is_ahead_depends_on_how_the_codes_are_used(name):
    """comparison: "GRH is first in the first row because its bucket is the largest, and last in the
    second, where all codes scan the same share." """
    lines = lines_of_the_map(name)
    grh = "GRH from CCA-ITQ, 32 bits"
    codes = [code for code in lines if code.endswith("32 bits")]
    own = pd.DataFrame({code: lines[code].iloc[0] for code in codes}).T
    assert own.idxmax().tolist() == [grh, grh]
    assert read(name, own.scanned[grh])[codes].idxmin() == grh


@pytest.mark.parametrize(
    "method",
    [
        "PCAH, 32 bits",
        "class scores, 8 bits",
        pytest.param("KSH, 32 bits", marks=pytest.mark.slow),
        pytest.param("GRH from CCA-ITQ, 16 bits", marks=pytest.mark.slow),
    ],
)
def test_a_budget_that_is_kept_is_what_is_measured(dataset, method):
    """comparison: "Sort all codes by their Hamming distance from the query, breaking ties at
    random" """
    codes = fair_fight_percent.contenders(parameters(dataset.name))
    found = fair_fight_percent.measure_percent(dataset, codes[method], 0)
    (kept,) = rows_of(IN_BUDGET, dataset=dataset.name, method=method, seed=0).precision
    assert found["precision"] == pytest.approx(kept, abs=0.005)


# the whole ranking


@both
def test_each_method_with_labels_is_ahead_of_each_without(name):
    """comparison: "with a hundred per class, every labelled method ranks higher than every
    unlabelled one, including the exact cosine." measured: "AGH has the highest mean on
    Fashion-MNIST, but ranks below ITQ on CIFAR-10." "Of the four versions of GRH, the last had the
    highest mean average precision (mAP) on the validation images of both data sets." """
    scores = by_split("ranking", name).mean()
    labelled = [*WITH, *scores.index[scores.index.str.match("class scores|predicted")]]
    without = scores[[*WITHOUT, "exact cosine"]]
    assert scores[labelled].min() > without.max() + 0.02
    if name == "fashion-mnist":
        assert without.idxmax() == "AGH"
    else:
        assert scores["AGH"] < scores["ITQ"]
    tuned = rows_of(TUNED, dataset=name, question="ranking").set_index("method")
    assert tuned.validation_map.filter(like="GRH").idxmax() == "GRH from CCA-ITQ"


def test_the_later_bits_of_pcah_know_neighbours_not_classes(seed):
    """measured: "its first eight bits separate the classes. The other 24 bits hardly do, but they
    pick out a query's nearest images." "the eight alone rank better than all 32" """
    split = split_of(load_dataset("fashion-mnist"), seed)
    pcah = PCAH(32).fit(split.X_database)
    bits = pcah.transform(split.X_query), pcah.transform(split.X_database)
    labels = (split.y_query, split.y_database)
    same = labels[0][:, None] == labels[1]
    nearest = exact_neighbours(split.X_query, split.X_database, k=len(split.X_database) // 100)
    for part, least, most in ((slice(0, 8), 0.15, 1), (slice(8, 32), 0, 0.04)):
        pair = [of_part[:, part] for of_part in bits]
        equal = 1 - hamming_distances(*pair) / pair[0].shape[1]
        others = equal[~same].mean()
        assert least < equal[same].mean() - others < most
        assert np.take_along_axis(equal, nearest, axis=1).mean() - others > 0.1
    eight = mean_average_precision(*(of_part[:, :8] for of_part in bits), *labels)
    assert eight > mean_average_precision(*bits, *labels) + 0.05


@both
def test_a_byte_of_the_classifier_ranks_better_than_every_code(name):
    """comparison: "With a hundred labels per class the byte is ahead of every hash code measured."
    "and that of KSH, the best hash code there, is" "whole ranking: each ahead on one data set"
    "above all hash codes, every split" "the byte ranks better than the hash codes of 32 bits, with
    twenty labels per class or a hundred" "With twenty labels per class the byte is still first in
    the mAP table, on both data sets." measured: "In the whole ranking this byte still comes before
    every hash code." index: "On both data sets of this book, ranking by that byte beat every
    learned code of 32 bits." "and that of the best learned code is {glue:text}`best-code-f`" traps:
    "has {glue:text}`uninvited-byte`" "if these cells are found among labelled images alone" """
    byte = "class scores, 8 bits"
    for question, others in ("ranking", WITH), ("200 labels", [*FEW, "ITQ", "exact cosine"]):
        splits = by_split(question, name)
        assert (splits[byte] > splits[others].max(axis=1) + 0.01).all()
    splits = by_split("ranking", name)
    best = {"fashion-mnist": "KSH", "cifar10": "GRH from CCA-ITQ"}[name]
    assert splits[WITH].mean().idxmax() == best
    assert (splits[f"{byte}, labelled cells"] > splits[WITH].max(axis=1) + 0.01).all()


@both
def test_five_labels_a_class_are_worth_much_or_nothing(name):
    """comparison: "On CIFAR-10 both have {glue:text}`few-byte-c`." "With five, the gain depends on
    the data: the byte has an mAP of {glue:text}`few-byte-f` on Fashion-MNIST, and the cosine
    {glue:text}`few-cosine-f`." "With five labels per class, check whether the exact cosine does as
    well as the byte." """
    scores = by_split("50 labels", name).mean()
    gain = scores["class scores, 8 bits"] - scores["exact cosine"]
    if name == "fashion-mnist":
        assert gain > 0.05
    else:
        assert abs(gain) < 0.01


def names_of_asked(page):
    """Run the cells of a page that list its contrasts, and return what they define."""
    return names_of_cell(page, r"(?m)^asked \+?= \[")


def asked(page):
    """Return the contrasts that a page lists."""
    return names_of_asked(page)["asked"]


def names_of_cell(page, piece):
    """Run the cells of a page that have this piece of code, and return what they define."""
    names = {"np": np}
    for cell in cells_of((RESULTS.parent / f"{page}.md").read_text(encoding="utf-8")):
        if re.search(piece, cell):
            exec(cell.rpartition("---\n")[2], names)
    return names


def significant(contrasts):
    """Return by contrast its sign on Fashion-MNIST and on CIFAR-10, or 0 without significance.

    The p-values are adjusted for as many contrasts as are given.
    """
    tests = paired_contrasts(MEASURED, contrasts)
    signs = np.sign(tests.difference).where(tests.p < 0.05, 0).astype(int)
    rows = signs.unstack("dataset").loc[tests.index.unique("contrast"), list(NAMES)]
    return dict(zip(contrasts, rows.itertuples(index=False, name=None), strict=True))


def test_which_contrasts_are_significant():
    """measured: "With *labelled cells*, too, the byte of class scores ranks significantly above KSH
    on CIFAR-10." "GRH ranks above KSH on all splits of CIFAR-10 and below it on all splits of
    Fashion-MNIST, without a star." "On CIFAR-10 these leads have a star: the cosine's over ITQ,
    those of PCAH and ITQ over LSH, the byte's over KSH and over GRH, and GRH's over CCA-ITQ and
    over GRH from LSH." "{glue:text}`stars-c` have a star on CIFAR-10 and {glue:text}`stars-f` on
    Fashion-MNIST" "On Fashion-MNIST the only star is that of the byte over GRH, in the whole
    ranking with a hundred labels per class." "The example of chapter 8 is number
    {glue:text}`worked-rank`, so its factor is {glue:text}`worked-times`, and" comparison: "cosine
    above ITQ, every split" "Here the factor is more than twenty, so our difference has no" """
    signs = significant(asked("measured"))
    assert ("ranking", "GRH from CCA-ITQ", "KSH") in signs
    assert {contrast: of_both for contrast, of_both in signs.items() if any(of_both)} == {
        ("ranking", "exact cosine", "ITQ"): (0, 1),
        ("ranking", "GRH from CCA-ITQ", "CCA-ITQ"): (0, 1),
        ("ranking", "GRH from CCA-ITQ", "GRH kernel"): (0, 1),
        ("ranking", "class scores, 8 bits", "KSH"): (0, 1),
        ("ranking", "class scores, 8 bits, labelled cells", "KSH"): (0, 1),
        ("200 labels", "class scores, 8 bits", "KSH"): (0, 1),
        ("1% ranked", "PCAH, 32 bits", "LSH, 32 bits"): (0, 1),
        ("1% ranked", "ITQ, 32 bits", "LSH, 32 bits"): (0, 1),
        ("1% ranked", "class scores, 8 bits", "KSH, 32 bits"): (0, 1),
        ("ranking", "class scores, 8 bits", "GRH from CCA-ITQ"): (1, 1),
    }
    for name, sign in zip(NAMES, (-1, 1), strict=True):
        splits = by_split("ranking", name)
        assert (splits["exact cosine"] > splits["ITQ"]).all()
        assert (sign * (splits["GRH from CCA-ITQ"] - splits["KSH"]) > 0).all()
    tests = paired_contrasts(MEASURED, asked("measured"))
    example = tests.loc["ranking: GRH from CCA-ITQ, minus GRH kernel", "fashion-mnist"]
    assert example.p > 20 * example.p_alone


def test_the_interval_by_hand_is_that_of_the_package():
    """comparison: "so the standard error is $s \\sqrt{1/5 + 1}$, which is"
    "{glue:text}`worked-root` = {glue:text}`worked-error`." "{glue:text}`worked-error` =
    {glue:text}`worked-reach`." "to {glue:text}`worked-high`, and excludes zero." """
    maps = by_split("ranking", "fashion-mnist")
    differences = maps["GRH from CCA-ITQ"] - maps["GRH kernel"]
    mean, low, high, _ = mean_and_interval(differences, 1000 / 1000)
    error = round(round(differences.std(), 4) * round((1 / 5 + 1) ** 0.5, 3), 4)
    reach = round(round(student.isf(0.025, 4), 3) * error, 4)
    by_hand = np.array([round(mean, 4) - reach, round(mean, 4) + reach])
    assert by_hand.round(3).tolist() == np.round([low, high], 3).tolist()
    assert low > 0


@pytest.mark.parametrize("n_splits", [5, 20])
def test_what_just_takes_a_star_is_missed_half_of_the_time(n_splits):
    """measured: "By chance, about half of such measurements come out smaller, and then the star is
    missed." "the mean of five differences must lie {glue:text}`star-at-five` standard errors from
    zero" did-it-learn: "A difference without a star was tested too, and it may be large all the
    same." """
    first_star = student.isf(0.025 / (2 * len(asked("measured"))), n_splits - 1)
    assert 0.4 < noncentral.cdf(first_star, n_splits - 1, first_star) < 0.6


def test_a_smaller_ratio_shows_more():
    """measured: "We keep the strictest ratios, whose stars are all stars at the other two as
    well." """
    stars = []
    for rows in (MEASURED, *(MEASURED.assign(n_queries=1, n_labelled=each) for each in (3, 9))):
        tests = paired_contrasts(rows, asked("measured"))
        stars.append(set(tests.index[tests.p < 0.05]))
    assert stars[0] < stars[1] < stars[2]


def test_each_row_has_the_ratio_of_its_labels():
    """comparison: "With a hundred labels per class this ratio is 1,000/1,000 = 1." measured: "With
    a hundred labels per class this ratio is 1, with twenty it is 1,000/200 = 5, and with five it is
    1,000/50 = 20." "Between two of these four methods we take the ratio 1" """
    page = (RESULTS.parent / "measured.md").read_text(encoding="utf-8")
    (few_labels,) = re.findall(r"few_labels = (\{.*\})", page)
    questions = ("200 labels", "50 labels")
    assert literal_eval(few_labels) == {each: fair_fight.N_LABELS[each] for each in questions}
    for question, ratio in {"ranking": 1, "1% ranked": 1, "200 labels": 5, "50 labels": 20}.items():
        rows = rows_of(MEASURED, question=question)
        assert set(rows.n_queries / rows.n_labelled) == {ratio}


def test_which_stars_would_fall_if_both_chapters_asked_together():
    """did-it-learn: "If the comparisons of chapter 8 were counted as well, one of the
    {glue:text}`stars` stars would be lost: that of LSH with classifier over senseless votes, on
    CIFAR-10." """
    first = asked("measured")
    second = asked("did-it-learn")
    together = list(dict.fromkeys([*first, *second]))  # two are asked in both
    alone = significant(first) | significant(second)
    lost = {("ranking", "0.5", "GRH kernel, shuffled"): (0, 0)}
    assert alone[("ranking", "0.5", "GRH kernel, shuffled")] == (0, 1)
    assert significant(together) == alone | lost


def test_the_byte_of_the_example_by_hand():
    """comparison: "Image A is nearer to the centre of cell 1 than to that of cell 0, because $0.1^2
    + 0.1^2$ is less than $0.2^2 + 0.2^2$. So its inner product is $0.8 \\cdot 0.5 + 0.1 \\cdot 0.4
    + 0.1 \\cdot 0.1 = 0.45$, and it comes before image B." comparison: "have the inner product
    $0.56 + 0.02 + 0.01 = 0.59$. The probabilities $(0.8, 0.1, 0.1)$ and
    $(0.1, 0.8, 0.1)$ have only $0.17$." """
    on_the_page = names_of_cell("comparison", r"centres = np\.array\(")
    centres = on_the_page["centres"]
    assert centres[0] @ on_the_page["probabilities"]["query"] == pytest.approx(0.59)
    squared = np.sum((centres - on_the_page["probabilities"]["A"]) ** 2, axis=1)
    assert squared[:2] == pytest.approx([0.2**2 + 0.2**2, 0.1**2 + 0.1**2])
    assert on_the_page["cells"] == {"query": 0, "A": 1, "B": 2}
    assert centres @ centres[0] == pytest.approx([0.66, 0.45, 0.17])


def test_itq_looks_for_the_rotation_of_the_example():
    """comparison: "The four images are then at $(4, 6)$, $(6, 4)$, $(-6, -4)$ and $(-4, -6)$. Close
    images now agree in both signs, and far ones in none." "ITQ looks for the rotation after which
    the coordinates lie nearest to $+1$ and $-1$, and for these four images it is this one." """
    images = np.array([[5, 1], [5, -1], [-5, 1], [-5, -1]])
    turned = np.stack([images @ [1, -1], images @ [1, 1]], axis=1)
    assert turned.tolist() == [[4, 6], [6, 4], [-6, -4], [-4, -6]]
    itq = ITQ(2, random_state=0).fit(images.astype(float))
    np.testing.assert_allclose(np.abs(itq.projections_), np.sin(np.pi / 4))


@both
def test_a_kernel_is_cheap_next_to_gist(name):
    """comparison: "A kernel is cheap next to GIST." measured: "GRH is fitted in a fraction of KSH's
    time" """
    rows = rows_of(KEPT, question="ranking", dataset=name).groupby("method")
    milliseconds = 1000 * rows.encode_seconds.median()["class scores"] / 5000
    # GIST is measured where the page is built; chapter 11 has about .7 ms an image
    assert milliseconds < 0.1 * 0.7
    fit = rows.fit_seconds.median()
    assert fit["KSH"] > 5 * fit["GRH from CCA-ITQ"]


# how to be fooled


def test_a_file_sorted_by_class_favours_the_first_class(dataset, seed):
    """traps: "But eight random bits know nothing of the order of the file." """
    split = split_of(dataset, seed)
    order = np.argsort(split.y_database, kind="stable")
    query_bits, bits = codes_of(LSH(8, random_state=seed), split)

    def gain(label):
        """Return what its place in the sorted file adds to the mAP of a class."""
        asked = split.y_query == label
        labels = split.y_query[asked], split.y_database[order]
        stable, expected = (
            mean_average_precision(query_bits[asked], bits[order], *labels, ties=ties)
            for ties in ("stable", "expected")
        )
        return stable - expected

    assert gain(split.y_database.min()) > 0 > gain(split.y_database.max())


def test_dropping_the_unanswered_and_a_kind_denominator_flatter(dataset, seeds):
    """traps: "With 64 bits, most balls of radius 4 hold few images or none." "that a hash table
    is more precise than exhaustive search" """
    averages = []
    for seed in seeds:
        split = split_of(dataset, seed)
        query_bits, bits = codes_of(LSH(64, random_state=seed), split)
        found = HashTable(bits).query_radius(query_bits, 4)
        assert np.median([len(rows) for rows in found]) < 10
        ids = rerank(split.X_query, split.X_database, found, k=10)
        exhaustive = exact_neighbours(split.X_query, split.X_database, k=10)
        labels = split.y_query, split.y_database
        kind = precision_at_k(ids, *labels, empty="skip", denominator="returned")
        dropped = precision_at_k(ids, *labels, empty="skip")
        averages.append([kind, dropped, *(precision_at_k(x, *labels) for x in (ids, exhaustive))])
    kind, dropped, fair, exact = np.nanmean(averages, axis=0)
    assert kind > exact > fair
    assert kind > dropped > fair


def test_the_best_of_twenty_does_the_work_of_more_bits(dataset, seeds):
    """traps: "do the work of another method's 20" "Either way, the longer code is ahead again." """
    found = []
    for split_seed in seeds:
        split = split_of(dataset, split_seed)
        for n_bits in (16, 20):
            draws = [LSH(n_bits, random_state=draw).fit(split.X_train) for draw in range(20)]
            found.append([score(lsh, split) for lsh in draws])
    scores = np.reshape(found, (len(seeds), 2, 20))
    best_16, best_20 = scores.max(axis=2).mean(axis=0)
    mean_16, mean_20 = scores.mean(axis=(0, 2))
    assert best_20 > best_16 > mean_20 > mean_16


def test_the_mistake_has_three_settings(dataset, seed):
    """traps: "above one half, the vote always wins" "all that it has at $\\alpha = 1$" "no bit was
    flipped. The correct version flips none either. The gain is that of a classifier refitted to
    LSH's own bits." measured: "because up to one half an image's own bit always wins"
    did-it-learn: "The same, up to ties: with all the weight on the vote" """
    split = split_of(dataset, seed)
    own = np.where(LSH(16, random_state=seed).fit_transform(split.X_train), 1, -1)
    shuffled = np.random.default_rng(seed).permutation(split.y_train)

    def signs(values):
        return np.where(values > 0, 1, -1)

    def correct(alpha):
        return signs(alpha * (same_class_affinity(split.y_train) @ own) + (1 - alpha) * own)

    def mistaken(alpha, y=split.y_train):
        return signs(alpha * signs(same_class_affinity(y) @ own) + (1 - alpha) * own)

    for unmoved in (mistaken(0.25), mistaken(0.25, shuffled), correct(0.25), correct(0.5)):
        np.testing.assert_array_equal(unmoved, own)
    np.testing.assert_array_equal(mistaken(0.6), mistaken(1.0))
    np.testing.assert_array_equal(mistaken(1.0), correct(1.0))
    assert np.mean(correct(0.6) != own) < 0.5 * np.mean(mistaken(0.6) != own)


@both
def test_the_win_is_gone_after_the_first_rule(name):
    """comparison: "As soon as the shares are equal, GRH's bucket no longer finds the most." "After
    the first step, PCAH with 16 bits finds more than GRH. The plain classifier finds the most in
    the end." """
    shown = fair_fight_figure(LOOKS, name).data
    assert shown["datasets"][shown["start"]] == name
    first = [ranking[0][0] for ranking in shown["rankings"][shown["start"]]]
    assert first == ["GRH from CCA-ITQ, 16 bits", "PCAH, 16 bits", "PCAH, 32 bits", "class scores"]
