"""Check what chapter 8 and the appendix on being fooled claim, on both data sets.

A docstring quotes the sentence, and test_lessons.py makes sure that the book still says it. Claims
about kept measurements are checked against them, and the kept measurements against new ones. The
traps are measured here, over five splits.
"""

import re
from ast import literal_eval
from collections import namedtuple
from fractions import Fraction
from itertools import combinations, product

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
from l2h_tutorial.protocols.contrasts import (
    holm,
    mean_and_interval,
    means_over_splits,
    paired_contrasts,
)
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


def medians_of_ranking(name, column):
    """Return by method the median of a column over the splits of the ranking."""
    return rows_of(KEPT, question="ranking", dataset=name).groupby("method")[column].median()


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
    is tuned separately for each number of labels and, in the figure, for each length" comparison:
    "One rule finds the settings of all methods." did-it-learn: "so we do this for ten triples" """
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
    chosen = parameters(name)
    assert set(lines.method) == set(fair_fight_map.contenders_on_the_map(chosen))
    assert set(lines.groupby("method").size()) == {n_splits}
    codes = fair_fight_percent.contenders(chosen)
    for method in ("CCA-ITQ", "GRH from CCA-ITQ", "KSH"):
        settings = codes[f"{method}, 32 bits"].get_params()
        assert chosen["ranking", method].items() <= settings.items()


def test_all_climb_from_their_defaults():
    """measured: "try every change of one parameter by one step, keep the best change" "Both
    versions of GRH from CCA-ITQ run one round" "On Fashion-MNIST GRH had {glue:text}`trials-grh-f`
    trials, the byte {glue:text}`trials-byte-f` and KSH {glue:text}`trials-ksh-f`." "LSH, PCAH and
    ITQ have nothing to tune." comparison: "Only GRH's weight $\\alpha$ of the votes is fixed at 1
    instead of tuned." """
    trials = TUNED[TUNED.question == "ranking"].set_index(["dataset", "method"])["trials"]
    for name in NAMES:
        assert trials[name, "GRH from CCA-ITQ"] > 2 * trials[name, "KSH"]
    for method in ("GRH from CCA-ITQ", "GRH linear from CCA-ITQ"):
        held, ladders = fair_fight.METHODS[method]
        assert set(ladders) < {"initial__ridge", "gamma", "ridge", "C"}
        assert held.alpha == 1
        assert held.n_iter == 1
    assert not any(fair_fight.METHODS[method][1] for method in ("LSH", "PCAH", "ITQ"))
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
    for part in ("query", "train", "database"):
        assert np.isin(getattr(whole, f"{part}_rows"), tuned).all()
    assert not np.isin(split_of(dataset, 0).query_rows, tuned).any()
    # other questions have the splits of the ranking; lessons use the first five of the map
    splits = {
        question: fair_fight.seeds_of(dataset, question) for question in ("ranking", "held-out")
    }
    for question, seeds in (splits | {"map": range(5)}).items():
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
    """measured: "tuning would choose 1 on CIFAR-10 as well, and the votes are worth
    {glue:text}`alpha-gain-c` of mean average precision" "On Fashion-MNIST tuning would choose
    {glue:text}`best-alpha-f`, with which GRH has no votes" "That would raise GRH's mAP by
    {glue:text}`alpha-cost-f`. KSH would still be ahead of GRH, by" comparison: "This costs GRH
    {glue:text}`alpha-cost-f` of mAP on Fashion-MNIST and nothing on CIFAR-10." """
    by_alpha = TUNED[(TUNED.question == "alpha") & TUNED.method.str.endswith(" from CCA-ITQ")]
    scores = by_alpha.pivot(index="method", columns="dataset", values="validation_map")
    assert len(scores) == 4
    assert scores.idxmax().tolist() == ["1.0 from CCA-ITQ", "0.5 from CCA-ITQ"]
    assert scores.columns.tolist() == ["cifar10", "fashion-mnist"]
    without_votes = {name: by_split("alpha", name)["0.5 from CCA-ITQ"] for name in NAMES}
    above = by_split("ranking", "fashion-mnist")["KSH"] - without_votes["fashion-mnist"]
    assert 0.001 < above.mean() < 0.003
    for name, least, most in (("fashion-mnist", -0.002, 0), ("cifar10", 0.018, 0.02)):
        gain = by_split("ranking", name)["GRH from CCA-ITQ"] - without_votes[name]
        assert least < gain.mean() < most


def beyond_as_many(name, method, other):
    """Return by split what the first look of one code finds beyond another for as many images."""
    beyond = []
    for _, rows in rows_of(LOOKS, dataset=name).groupby("seed"):
        lines = rows.sort_values("look").set_index("method")[["scanned", "precision"]]
        own = lines.loc[method].iloc[0]
        level = figures.read_map({other: lines.loc[other]}, "precision", [own.scanned])
        beyond.append(own.precision - level.iloc[0, 0])
    return pd.Series(beyond)


@both
def test_at_equal_shares_grh_is_ahead_of_lsh_in_one_case(name):
    """comparison: "The bucket finds more in only one case of four: by" "On Fashion-MNIST more bits
    do not divide these much" "For LSH, which knows no classes, that is only about a tenth." "so it
    puts them into a few codewords" "Learning without labels can make buckets large too, only less
    so" "A learned bucket can be far larger than a random one, most of all if it was learned from
    labels." "so {glue:text}`lead-part` of the lead came from the number of images." """
    is_fashion = name == "fashion-mnist"
    short, long = (f"GRH from CCA-ITQ, {n_bits} bits" for n_bits in (16, 32))
    lines = lines_of_the_map(name)
    buckets = {method: line.iloc[0] for method, line in lines.items()}
    scanned = pd.Series({method: bucket.scanned for method, bucket in buckets.items()})
    grh = buckets[short]
    lsh = buckets["LSH, 16 bits"]
    over_lsh = beyond_as_many(name, short, "LSH, 16 bits")
    if is_fashion:
        assert -0.005 < over_lsh.mean() < 0
        assert scanned["ITQ, 16 bits"] > 8 * lsh.scanned
        assert scanned[long] / grh.scanned > 0.9
        assert 0.09 < scanned["LSH, 32 bits"] / lsh.scanned < 0.11
    else:
        assert (over_lsh > 0.03).all()
    assert (beyond_as_many(name, long, "LSH, 32 bits") < -0.01).all()
    for method in (short, long):
        assert (beyond_as_many(name, method, "PCAH, 32 bits") < 0).all()
    assert grh.precision > lsh.precision + 0.1
    # the page says "all" or "most", by what LSH finds at the share of GRH's bucket
    at_share = read(name, grh.scanned)["LSH, 16 bits"]
    assert (at_share >= grh.precision) == is_fashion
    assert over_lsh.mean() < 0.5 * (grh.precision - lsh.precision)
    assert grh.precision < lines["exact cosine"].precision[0]
    assert grh.scanned > 10 * lsh.scanned
    assert lsh.scanned < scanned["ITQ, 16 bits"] < grh.scanned / 2
    for n_bits in (16, 32):
        assert scanned[f"CCA-ITQ, {n_bits} bits"] > 10 * scanned[f"LSH, {n_bits} bits"]


@both
def test_the_classifier_is_ahead_on_the_map(name):
    """comparison: "where the line of the class scores *falls*: the more is scanned, the more the
    cosine decides." "it scans more than ten times the classifier's one percent, and yet it
    {glue:text}`pcah-verdict` the classifier." "Without it, the ten images with the largest inner
    products have a precision of {glue:text}`scores-alone`." "On the left of the figure the class
    scores are above every code." "on every split, the byte finds more with one percent than the
    exact cosine does" measured: "wherever at least half a percent is scanned, 32 bits of PCAH find
    more than 16" """
    lines = lines_of_the_map(name)
    scores = lines["class scores"]
    pcah = lines["PCAH, 32 bits"]
    (of_one_percent,) = scores.precision[scores.scanned == 0.01]
    assert of_one_percent > pcah.precision.max() + 0.01
    for look in scores[scores.scanned <= 0.06].itertuples():
        others = read(name, look.scanned).drop(["class scores", "exact cosine"])
        assert look.precision > others.max() + 0.01
    assert (np.diff(scores.precision) < 0).all()
    assert (np.diff(pcah.precision) > 0).all()
    assert 0.1 < pcah.scanned[12] < 0.12
    for share in (0.005, 0.01, 0.02, 0.05, 0.1):
        found = read(name, share)
        assert found["PCAH, 32 bits"] > found["PCAH, 16 bits"]
    cosine = rows_of(LOOKS, dataset=name, method="exact cosine").set_index("seed").precision
    byte = rows_of(CHEAP, dataset=name, method="class scores, 8 bits").set_index("seed")["map"]
    assert (byte > cosine[byte.index]).all()


@both
def test_learned_codes_begin_further_right_and_pass_the_cosine(name):
    """comparison: "At larger radii GRH's mean is above the exact cosine" "each in a band that is
    its [95 percent]{.definition} interval, corrected for shared images." "One percent of its
    ranking finds more than the exact cosine on every split." """
    lines = lines_of_the_map(name)
    exact = lines["exact cosine"].precision[0]
    looks = rows_of(LOOKS, dataset=name).assign(n_labelled=1000)
    for method, n_bits in product(("CCA-ITQ", "GRH from CCA-ITQ"), (16, 32)):
        line = lines[f"{method}, {n_bits} bits"]
        assert line.scanned.iloc[0] > lines["PCAH, 32 bits"].scanned.iloc[0]
        assert line.precision.max() > exact
        if name == "fashion-mnist" and n_bits == 16:
            of_line = rows_of(looks, method=f"{method}, {n_bits} bits")
            bands = means_over_splits(of_line, ["look"], "precision")
            above = bands[bands["mean"] > exact]
            # at one radius the band of CCA-ITQ ends just above the line
            assert (above.low < exact + 0.002).all()
    if name == "cifar10":
        cosine = rows_of(looks, method="exact cosine").set_index("seed").precision
        code = "GRH from CCA-ITQ, 16 bits"
        ranked = rows_of(IN_BUDGET, dataset=name, method=code).set_index("seed").precision
        assert len(ranked) == 20
        assert (ranked > cosine[ranked.index]).all()
    sizes = LOOKS[["n_queries", "n_labelled"]].drop_duplicates()
    assert sizes.to_numpy().tolist() == [[1000, 3000]]
    one = rows_of(looks, method="PCAH, 32 bits", look=4)
    band = means_over_splits(one, ["method"], "precision").iloc[0]
    _, low, high, _ = mean_and_interval(one.precision, 1)
    assert (band.low, band.high) == pytest.approx((low, high))


def test_a_bucket_of_grh_loses_images_and_queries(dataset, seed):
    """comparison: "A bucket holds a single codeword, so it loses all images of the right class
    with a different codeword. If the query's own codeword is wrong, it loses most of the class."
    "GRH's code leaves out such an image more often than a near image of the right class." """
    split = split_of(dataset, seed)
    is_right = split.y_query[:, None] == split.y_database
    nearest = exact_neighbours(split.X_query, split.X_database, k=10)
    near_is_right = np.take_along_axis(is_right, nearest, axis=1)
    start = CCAITQ(16, random_state=seed)
    grh = GRH(16, initial=start, classifier="kernel-ridge", random_state=seed)
    of_start, of_grh = (hamming_distances(*codes_of(each, split)) for each in (start, grh))
    for distances in (of_start, of_grh):
        is_left_out = np.take_along_axis(distances, nearest, axis=1) > 2
        assert is_left_out[~near_is_right].mean() > is_left_out[near_is_right].mean() + 0.03
    is_met = of_grh == 0
    n_right = (is_met & is_right).sum(axis=1)
    lost = 1 - n_right / is_right.sum(axis=1)
    assert lost.mean() > 0.2
    is_wrong = n_right / np.maximum(is_met.sum(axis=1), 1) < 0.2
    assert is_wrong.mean() > 0.04
    assert lost[is_wrong].mean() > 0.9


def test_a_ranking_gains_where_a_bucket_has_fewer_than_ten(dataset, seed):
    """comparison: "Nearly all of the gain comes from queries that have fewer than ten images in
    their bucket." "On Fashion-MNIST most queries have more than 50 images in their bucket, and lose
    next to nothing if they look at only 50." "All images of a bucket tie, so these 50 are a random
    part of it." "on average, more than four in five images of such a bucket have the query's
    class." "How can fewer images give more right answers?" """
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
    assert gains[few].mean() > 0.2
    assert abs(gains[~few].mean()) < 0.03
    many = in_bucket > 50
    assert np.take_along_axis(is_met, percent, 1)[many].all()
    assert abs(gains[many].mean()) < 0.03
    same_class = part.y_query[:, None] == part.y_database
    purity = (same_class & is_met).sum(axis=1)[many] / in_bucket[many]
    if dataset.name == "fashion-mnist":  # the page speaks of one split of it
        assert purity.mean() > 0.85
        assert many.mean() > 0.7


@both
def test_codes_that_are_ranked_change_the_picture(name):
    """comparison: "on every split, KSH, GRH and CCA-ITQ find more than LSH, PCAH and ITQ. But on
    Fashion-MNIST the intervals of KSH minus PCAH and minus ITQ include zero." "On CIFAR-10 the byte
    finds more than each of the eleven hash codes in the table. It leads KSH, the best of the
    eleven, by {glue:text}`byte-lead-c`. On Fashion-MNIST it finds more than the other ten, and we
    cannot tell whether more than KSH: the lead is {glue:text}`byte-lead-f`, with an interval from"
    "both above LSH, every split" "a byte of class scores then finds the most of the codes tried."
    "one percent: KSH on both" "above all hash codes, every split" "If few vectors may be compared
    in full, rank the codes and re-rank what the budget allows" "Both codes find more if they are
    ranked." "one percent of GRH's ranking even finds more than its whole bucket, which is much
    larger." "GRH's bucket holds less than one percent, but the ranking does not win only because it
    scans more: within radius 1 GRH scans {glue:text}`grh-wider-c` percent" "When both codes are
    ranked, GRH is ahead of LSH on both data sets, by {glue:text}`ranked-lead-f` on Fashion-MNIST
    and" "the byte finds more with one percent than the exact cosine does with the whole database"
    measured: "With one percent re-ranked, GRH finds no more than CCA-ITQ on Fashion-MNIST, from
    whose codes it started." "ITQ finds more than PCAH on CIFAR-10, and PCAH more than ITQ on
    Fashion-MNIST. Each lead is on all splits, without a star." "CCA-ITQ, which is above the codes
    without labels on every split." "No radius scans exactly the share that we ask for, so precision
    at a share is interpolated between the two nearest radii, by the logarithm of the share." """
    is_fashion = name == "fashion-mnist"
    found = (
        rows_of(CHEAP, dataset=name).pivot(index="seed", columns="method", values="map").dropna()
    )
    without = found[found.columns[found.columns.str.match("LSH|PCAH|ITQ")]]
    assert set(without.columns.str.partition(",").get_level_values(0)) == {"LSH", "PCAH", "ITQ"}
    taught = found[found.columns[found.columns.str.match("CCA|GRH|KSH")]]
    assert (taught.min(axis=1) > without.max(axis=1)).all()
    byte = found["class scores, 8 bits"]
    hash_codes = found[[*taught, *without]]
    assert hash_codes.shape[1] == 11
    lines = lines_of_the_map(name)
    assert byte.mean() > lines["exact cosine"].precision[0] + 0.03
    assert (byte > hash_codes.max(axis=1)).all()
    means = found.mean()
    assert means[[*hash_codes]].idxmax() == "KSH, 32 bits"
    for n_bits in (16, 32):
        over_start = means[f"GRH from CCA-ITQ, {n_bits} bits"] - means[f"CCA-ITQ, {n_bits} bits"]
        assert (over_start < 0) == is_fashion
    over_ksh = lead("1% ranked", name, "class scores, 8 bits", "KSH, 32 bits")
    assert (over_ksh.low > 0.02) == (not is_fashion)
    assert (over_ksh.low < 0 < over_ksh.mean) == is_fashion
    for code in ("PCAH, 32 bits", "ITQ, 32 bits"):
        of_ksh = lead("1% ranked", name, "KSH, 32 bits", code)
        assert (of_ksh.low < 0 < of_ksh.mean) == is_fashion
    assert set(without["PCAH, 32 bits"] > without["ITQ, 32 bits"]) == {is_fashion}
    ranked = without.mean().drop("LSH, 32 bits")
    assert ranked.idxmax() == ("PCAH, 32 bits" if is_fashion else "ITQ, 32 bits")
    # a line that does not reach down to one percent begins with a bucket that holds more
    at_one_percent = read(name, 0.01)
    codes = found.columns.intersection(at_one_percent.index).drop("class scores")
    assert len(codes) == 10
    assert not np.isclose(lines["LSH, 16 bits"].scanned, 0.01, atol=0.0005).any()
    for code in codes:
        bucket = lines[code].iloc[0]
        assert means[code] > bucket.precision + 0.03
        assert bucket.scanned > 0.01 or means[code] > at_one_percent[code]
    if not is_fashion:
        grh = lines["GRH from CCA-ITQ, 16 bits"]
        assert grh.scanned[0] < 0.01 < 0.02 < grh.scanned[1]
        assert grh.precision[1] < means["GRH from CCA-ITQ, 16 bits"] - 0.02
    assert (without[["PCAH, 32 bits", "ITQ, 32 bits"]].min(axis=1) > without["LSH, 32 bits"]).all()


@both
def test_who_is_ahead_depends_on_how_the_codes_are_used(name):
    """comparison: "Each row begins with the highest mean. All hash codes have 32 bits. The
    classifier keeps ten floats per image in the second row, and one byte in the third and fourth."
    "KSH was measured only as a ranking." "GRH is first in the first row because its bucket is the
    largest, and last in the second, where all codes scan the same share." """
    lines = lines_of_the_map(name)
    assert not any("KSH" in code for code in lines)
    grh = "GRH from CCA-ITQ, 32 bits"
    codes = [code for code in lines if code.endswith("32 bits")]
    assert len(codes) == 5
    own = pd.DataFrame({code: lines[code].iloc[0] for code in codes}).T
    assert own.idxmax().tolist() == [grh, grh]
    level = read(name, own.scanned[grh])
    assert level[codes].idxmin() == grh
    assert level["class scores"] > level[codes].max()
    byte = "class scores, 8 bits"
    in_percent = rows_of(IN_BUDGET, dataset=name).groupby("method").precision.mean()
    ranking = by_split("ranking", name).mean()
    assert in_percent.idxmax() == byte
    assert ranking[byte] > ranking[["GRH from CCA-ITQ", "CCA-ITQ", "KSH", *WITHOUT]].max()


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
    Fashion-MNIST, but ranks below ITQ on CIFAR-10." "With one percent re-ranked, PCAH with 32 bits
    finds more on Fashion-MNIST than LSH and ITQ do. Over the whole ranking it comes last of all
    hash codes there." "Of the four versions of GRH, the last had the highest mAP on the validation
    images of both data sets." """
    scores = by_split("ranking", name).mean()
    labelled = [*WITH, *scores.index[scores.index.str.match("class scores|predicted")]]
    assert len(labelled) == len(WITH) + 5
    versions = [method for method in WITH if method.startswith("GRH")]
    assert len(versions) == 4
    assert scores[versions].idxmax() == "GRH from CCA-ITQ"
    tuned = rows_of(TUNED, dataset=name, question="ranking").set_index("method")
    assert tuned.validation_map[versions].idxmax() == "GRH from CCA-ITQ"
    without = scores[[*WITHOUT, "exact cosine"]]
    assert scores[labelled].min() > without.max() + 0.02
    if name == "fashion-mnist":
        assert without.idxmax() == "AGH"
        assert scores[WITHOUT + WITH].idxmin() == "PCAH"
        found = rows_of(CHEAP, dataset=name).groupby("method")["map"].mean()
        assert found[found.index.str.match("LSH|PCAH|ITQ")].idxmax() == "PCAH, 32 bits"
    else:
        assert scores["AGH"] < scores["ITQ"] < scores["exact cosine"]


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
    "and that of KSH, the best hash code there, is" "above all hash codes, every split" "the byte
    ranks better than the hash codes of 32 bits, with twenty labels per class or a hundred" "With
    twenty labels per class the byte is still first in the mAP table, on both data sets." measured:
    "Even four bits of class scores come close to GRH's 32: they are a little behind on
    Fashion-MNIST, and a little ahead on CIFAR-10." "That is not enough: on Fashion-MNIST it ranks
    below every hash code that learned from labels" "Its mAP on Fashion-MNIST is
    {glue:text}`map-labelled-f`, and it still ranks above every hash code." "On CIFAR-10 GRH is the
    best hash code in the whole ranking." index: "On both data sets of this book, ranking by that
    byte beat every learned code of 32 bits." "and that of the best learned code is
    {glue:text}`best-code-f`" traps: "A byte of the classifier's scores has" "if its cells are found
    among labelled images alone" """
    for question, codes in ("ranking", WITH), ("200 labels", FEW):
        splits = by_split(question, name)
        for method in codes:
            assert (splits["class scores, 8 bits"] > splits[method] + 0.01).all()
    splits = by_split("ranking", name)
    means = splits.mean()
    best = {"fashion-mnist": "KSH", "cifar10": "GRH from CCA-ITQ"}[name]
    assert means[WITH].idxmax() == best
    assert means.drop("class scores").idxmax() == "class scores, 8 bits"
    labelled = "class scores, 8 bits, labelled cells"
    assert (splits[labelled] > splits[WITH].max(axis=1) + 0.01).all()
    assert means[labelled] > means[best] + 0.02
    assert 0 < means["class scores, 8 bits"] - means[labelled] < 0.005
    four = splits["class scores, 4 bits"] - splits["GRH from CCA-ITQ"]
    assert abs(four.mean()) < 0.007
    assert (four > 0).sum() == {"fashion-mnist": 0, "cifar10": len(four) - 1}[name]
    if name == "fashion-mnist":
        assert means[WITH].min() > means["predicted class"] + 0.02


@both
def test_five_labels_a_class_are_worth_much_or_nothing(name):
    """comparison: "the byte and the cosine have nearly the same mean" "With five, the gain depends
    on the data: the byte has an mAP of {glue:text}`few-byte-f` on Fashion-MNIST, and the cosine
    {glue:text}`few-cosine-f`." "With five labels per class, check whether the exact cosine does as
    well as the byte." measured: "The cosine ranks higher on CIFAR-10 than all codes compared by
    Hamming distance" "KSH is above CCA-ITQ on all splits of CIFAR-10. On Fashion-MNIST it is open,
    and KSH is below CCA-ITQ in the mean." """
    splits = by_split("50 labels", name)
    scores = splits.mean()
    assert scores["class scores, 8 bits"] > scores[FEW].max()
    assert scores["KSH"] > scores[FEW].max() - 0.01
    gain = scores["class scores, 8 bits"] - scores["exact cosine"]
    if name == "fashion-mnist":
        assert gain > 0.05
        assert lead("50 labels", name, "class scores, 8 bits", "exact cosine").low < 0
        assert (splits["class scores, 8 bits"] > splits["exact cosine"]).all()
        assert 0 < (splits["KSH"] > splits["CCA-ITQ"]).mean() < 1
    else:
        assert abs(gain) < 0.01
        assert 0 < (splits["class scores, 8 bits"] > splits["exact cosine"]).mean() < 1
        assert (splits["KSH"] > splits["CCA-ITQ"]).all()
        assert scores["KSH"] == scores[FEW].max()
        assert scores["KSH"] < scores["exact cosine"] - 0.003


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
    """measured: "A method with more parameters tries more settings." "With *labelled cells*, too,
    the byte of class scores ranks significantly above KSH on CIFAR-10." "The size that this takes
    differs from row to row" "GRH ranks above KSH on all splits of CIFAR-10 and below it on all
    splits of Fashion-MNIST, without a star." "On CIFAR-10 these leads have a star: the cosine's
    over ITQ, those of PCAH and ITQ over LSH, the byte's over KSH and over GRH, and GRH's over
    CCA-ITQ and over GRH from LSH." "Each
    lead is on all splits, without a star." "{glue:text}`stars-c` have a star on CIFAR-10 and
    {glue:text}`stars-f` on Fashion-MNIST" "On Fashion-MNIST the only star is that of the byte over
    GRH, in the whole ranking with a hundred labels per class." "the interval of the cosine's lead
    ends below {glue:text}`cosine-high-f`" "Most of its lead over CCA-ITQ there comes from the
    kernel, which CCA-ITQ lacks: GRH *without votes* has an mAP of {glue:text}`map-refit-c`." "Take
    CCA-ITQ. Linear GRH takes longer to fit than CCA-ITQ" "Linear GRH takes longer to fit than
    CCA-ITQ, and their mAP differs little: both ends of both intervals lie within
    {glue:text}`linear-most` of zero." "So a missing star never says that two methods are equal."
    comparison: "With five labels per class, check whether the exact cosine does as well as the
    byte." "cosine above ITQ, every split" "both above LSH, every split" "above all hash codes,
    every split" "Here the factor is more than twenty, so our difference has no star." """
    signs = significant(asked("measured"))
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
    assert {
        ("ranking", "GRH from CCA-ITQ", "KSH"),
        ("ranking", "GRH linear from CCA-ITQ", "CCA-ITQ"),
        ("50 labels", "class scores, 8 bits", "exact cosine"),
        ("50 labels", "KSH", "CCA-ITQ"),
        ("1% ranked", "PCAH, 32 bits", "ITQ, 32 bits"),
    } < set(signs)
    for question, name in product(("ranking", "200 labels"), NAMES):
        splits = by_split(question, name)
        hash_codes = splits[["KSH", "GRH from CCA-ITQ"]]
        assert (splits["class scores, 8 bits"] > hash_codes.max(axis=1)).all()
    for name, sign in zip(NAMES, (-1, 1), strict=True):
        splits = by_split("ranking", name)
        assert (splits["exact cosine"] > splits["ITQ"]).all()
        assert (splits["GRH from CCA-ITQ"] > splits["CCA-ITQ"]).all()
        assert (sign * (splits["GRH from CCA-ITQ"] - splits["KSH"]) > 0).all()
    tests = paired_contrasts(MEASURED, asked("measured"))
    without_star = tests.loc["50 labels: class scores, 8 bits, minus KSH", "fashion-mnist"]
    assert 0 < without_star.difference < without_star.needed
    assert lead("50 labels", "fashion-mnist", "KSH", "CCA-ITQ").mean < -0.003
    assert lead("ranking", "fashion-mnist", "GRH from CCA-ITQ", "KSH").mean < -0.003
    cosine = lead("ranking", "fashion-mnist", "exact cosine", "ITQ")
    # rounded up, the page shows .005, and .008 for linear GRH
    assert 0.004 < cosine.high < 0.005
    linear = [lead("ranking", name, "GRH linear from CCA-ITQ", "CCA-ITQ") for name in NAMES]
    assert 0.007 < max(max(-each.low, each.high) for each in linear) < 0.008
    of_cifar10 = by_split("ranking", "cifar10").mean()
    without_votes = by_split("alpha", "cifar10")["0.5 from CCA-ITQ"].mean()
    lead_over_start = of_cifar10["GRH from CCA-ITQ"] - of_cifar10["CCA-ITQ"]
    assert 0.6 * lead_over_start < without_votes - of_cifar10["CCA-ITQ"] < 0.8 * lead_over_start
    for name in NAMES:
        fit = medians_of_ranking(name, "fit_seconds")
        assert fit["GRH linear from CCA-ITQ"] > 2 * fit["CCA-ITQ"]
        trials = rows_of(TUNED, question="ranking", dataset=name).set_index("method")["trials"]
        assert trials["class scores, 8 bits"] > trials["KSH"]


def test_one_percent_of_a_split_is_fifty_images(dataset):
    """measured: "the running text of chapter 8 mainly follows six of the ten" "Ten classes give
    CCA-ITQ only nine directions. With 32 bits, each hyperplane mixes these nine" "because
    Fashion-MNIST has only 10,000 images here, and its splits share more of them" "CIFAR-10 has
    60,000 images, so two splits share less, and there even our ratio may be too cautious."
    comparison: "five of Fashion-MNIST and twenty of CIFAR-10. Each split has a database of 5,000
    images" "by cosine, here 50 candidates for ten answers" "In our small database these 1,000
    comparisons are more work than the search itself, which compares only 50 vectors." "because some
    queries have far more images within it than others" """
    n_measured = len(fair_fight.split_of(dataset, "ranking", 0).y_database)
    assert n_measured == 5000
    assert len(split_dataset(dataset).y_database) > n_measured
    methods = IN_BUDGET.method[IN_BUDGET.method != "class scores, 8 bits"].str.partition(",")[0]
    assert set(methods) == {"LSH", "PCAH", "ITQ", "CCA-ITQ", "GRH from CCA-ITQ", "KSH"}
    split = split_of(dataset, 0)
    query_bits, bits = codes_of(CCAITQ(16, random_state=0), split)
    few, many = np.percentile((hamming_distances(query_bits, bits) <= 1).sum(axis=1), [10, 90])
    assert many > 10 * few
    learned = CCAITQ(32, random_state=0).fit(split.X_train[:1000], split.y_train[:1000])
    assert np.count_nonzero(learned.correlations_) == 9
    assert np.linalg.matrix_rank(learned.projections_) == 9
    assert learned.projections_.shape[1] == 32
    labelled = [fair_fight.drawn(dataset, "ranking", seed).train_rows for seed in range(5)]
    shared = [np.isin(*pair).mean() for pair in combinations(labelled, 2)]
    assert np.mean(shared) == pytest.approx(3000 / len(dataset), abs=0.02)


def test_holm_multiplies_the_p_value_of_the_example():
    """measured: "it is raised to [0.06]{.definition} as well." "If the splits were independent, one
    of two equal methods would be ahead on all five in 2 of 32 cases." "we test
    {glue:text}`asked-each` comparisons on each of two data sets" "The example of chapter 8 is
    number {glue:text}`worked-rank`, so its factor is {glue:text}`worked-times`, and" """
    n_winners = [len(set(case)) for case in product("AB", repeat=5)]
    assert (n_winners.count(1), len(n_winners)) == (2, 32)
    assert holm([0.01, 0.03, 0.04]) == pytest.approx([0.03, 0.06, 0.06])
    assert len(asked("measured")) == 19
    p_values = {}
    for (question, method, other), name in product(asked("measured"), NAMES):
        rows = rows_of(MEASURED, question=question, dataset=name)
        maps = rows.pivot(index="seed", columns="method", values="map")
        n_labels = fair_fight.N_LABELS.get(question, 1000)
        *_, p = mean_and_interval(maps[method] - maps[other], 1000 / n_labels)
        p_values[question, method, other, name] = p
    example = p_values["ranking", "GRH from CCA-ITQ", "GRH kernel", "fashion-mnist"]
    times = sum(p >= example for p in p_values.values())
    tests = paired_contrasts(MEASURED, asked("measured"))
    raised = tests.p["ranking: GRH from CCA-ITQ, minus GRH kernel", "fashion-mnist"]
    assert raised == pytest.approx(times * example)
    assert times > 20
    assert round(times * round(example, 5), 2) == round(raised, 2)


def test_the_interval_by_hand_is_that_of_the_package():
    """measured: "From the rounded ones the p-value would come out a little smaller." "In the
    example of chapter 8, the interval is {glue:text}`wider-f` times as wide as for independent
    splits, and still it excludes zero." comparison: "so the standard error is $s \\sqrt{1/5 + 1}$,
    which is" "{glue:text}`worked-root` = {glue:text}`worked-error`." "{glue:text}`worked-error` =
    {glue:text}`worked-reach`." "The mean lies {glue:text}`worked-mean` / {glue:text}`worked-error`
    = {glue:text}`worked-ratio` standard errors from zero." """
    maps = by_split("ranking", "fashion-mnist")
    differences = maps["GRH from CCA-ITQ"] - maps["GRH kernel"]
    assert len(differences) == 5
    mean, low, high, p = mean_and_interval(differences, 1000 / 1000)
    rounded = round(mean, 4)
    error = round(round(differences.std(), 4) * round((1 / 5 + 1) ** 0.5, 3), 4)
    half = round(round(student.isf(0.025, 4), 3) * error, 4)
    by_hand = np.array([rounded - half, rounded + half])
    assert by_hand.round(3).tolist() == np.round([low, high], 3).tolist()
    assert low > 0
    assert round(rounded / error, 2) == round(mean / ((6 / 5) ** 0.5 * differences.std()), 2)
    # what the page shows of the five differences has the same mean and spread
    shown = differences.round(3)
    *_, of_shown = mean_and_interval(shown, 1)
    assert 0 < p - of_shown < 0.001
    assert round(shown.mean(), 4) == rounded
    assert round(shown.std(), 4) == round(differences.std(), 4)


@both
def test_the_splits_share_images_and_what_that_hides(name):
    """measured: "take their queries and their labelled images from the same 10,000" "With a hundred
    labels per class, a true difference of mAP of about {glue:text}`needed-f` on Fashion-MNIST, or
    {glue:text}`needed-c` on CIFAR-10, would be missed about half of the time. These two sizes are
    medians over the comparisons." "the mean of five differences must lie {glue:text}`star-at-five`
    standard errors from zero" "With five labels per class, even {glue:text}`needed-five-f` on
    Fashion-MNIST, or {glue:text}`needed-five-c` on CIFAR-10, would be missed about half of the
    time." did-it-learn: "A difference without a star was tested too, and it may be large all the
    same." """
    n_splits, large = {"fashion-mnist": (5, 0.04), "cifar10": (20, 0.018)}[name]
    rows = KEPT[(KEPT.dataset == name) & (KEPT.question != "held-out")]
    assert set(rows.n_queries) == {1000}
    assert set(rows.n_labelled) == {3000}
    tests = paired_contrasts(MEASURED, asked("measured")).xs(name, level="dataset")
    needed = tests[tests.index.str.match("ranking")].needed.median()
    assert large / 2 < needed < large
    assert 3 * needed < tests[tests.index.str.match("50 labels")].needed.median() < 12 * needed
    tests = paired_contrasts(MEASURED, asked("did-it-learn")).xs(name, level="dataset")
    of_maps = tests[~tests.index.str.match("held-out")]
    needed = of_maps.needed.median()
    assert large / 2 < needed < 1.2 * large, "more comparisons take larger differences"
    is_large = of_maps.difference.abs() > needed
    assert (of_maps.p[is_large] < 0.05).mean() > 0.5
    # what is observed if the true difference is the one that takes a star when it is observed
    first_star = student.isf(0.025 / (2 * len(asked("measured"))), n_splits - 1)
    assert round(first_star, 1) == {5: 8.0, 20: 3.8}[n_splits]
    assert 0.4 < noncentral.cdf(first_star, n_splits - 1, first_star) < 0.6


def stars(page, ratio=None):
    """Return the contrasts with a star, if test and training images of a split have this ratio."""
    rows = MEASURED.copy()
    if ratio:
        rows.loc[rows.question != "held-out", ["n_queries", "n_labelled"]] = ratio, 1
    tests = paired_contrasts(rows, asked(page))
    return set(tests.index[tests.p < 0.05])


def test_a_smaller_ratio_shows_more():
    """measured: "Our ratios give {glue:text}`stars-all` stars in all, a ratio of 1/3 would give"
    "Each result averages three draws from the pool, so with a hundred labels per class one could
    count all its 3,000 images as learned from. The ratio is then 1/3." "The ratio 1/9 counts only
    shared queries. If two splits of Fashion-MNIST draw their queries from the same 10,000 images,
    they share the part $\\rho = 1/10$ of them" "We keep the strictest, whose stars are all stars at
    the other two as well." """
    assert set(KEPT.n_labelled[KEPT.question == "ranking"]) == {3000}
    assert Fraction(1000, 10_000) / (1 - Fraction(1000, 10_000)) == Fraction(1, 9)
    for page in ("measured", "did-it-learn"):
        assert stars(page) < stars(page, 1 / 3) < stars(page, 1 / 9)


def test_each_row_has_the_ratio_of_its_labels():
    """measured: "Of its leads over hash codes, only those over KSH and GRH were tested." "With
    twenty labels per class, with five and at one percent, labelled cells were not measured" "PCAH
    and ITQ learn from the 5,000 images of the database, and LSH and the exact cosine from none.
    Between two of these four methods we take the ratio 1, which is cautious, because 1,000/5,000
    would be smaller." "Means only: GRH above KSH on CIFAR-10, and below it on Fashion-MNIST, each
    only just." "With five or twenty labels per class, re-ranking one percent was not measured."
    comparison: "With a hundred labels per class this ratio is 1,000/1,000 = 1, with twenty it is
    1,000/200 = 5, and with five it is 1,000/50 = 20." """
    page = (RESULTS.parent / "measured.md").read_text(encoding="utf-8")
    (few_labels,) = re.findall(r"few_labels = (\{.*\})", page)
    questions = ("200 labels", "50 labels")
    assert literal_eval(few_labels) == {each: fair_fight.N_LABELS[each] for each in questions}
    assert "ranking" not in fair_fight.N_LABELS
    for question, ratio in {"ranking": 1, "1% ranked": 1, "200 labels": 5, "50 labels": 20}.items():
        rows = rows_of(MEASURED, question=question)
        assert set(rows.n_queries / rows.n_labelled) == {ratio}
    byte = "class scores, 8 bits"
    opponents = {other for _, method, other in asked("measured") if method == byte}
    assert opponents == {"KSH", "KSH, 32 bits", "GRH from CCA-ITQ", "exact cosine"}
    of_twenty = [each for each in asked("measured") if each[0] == "200 labels"]
    assert of_twenty == [("200 labels", byte, "KSH")]
    for name, best in (("fashion-mnist", "KSH"), ("cifar10", "GRH from CCA-ITQ")):
        ordered = by_split("200 labels", name)[FEW].mean().sort_values().index
        assert ordered[-1] == best
        assert set(ordered[-2:]) == {"GRH from CCA-ITQ", "KSH"}
    assert "question" not in IN_BUDGET
    assert set(rows_of(KEPT, method=f"{byte}, labelled cells").question) == {"ranking"}
    assert not IN_BUDGET.method.str.contains("labelled cells").any()


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
    $0.56 + 0.02 + 0.01 = 0.59$. With $(0.1, 0.8, 0.1)$ the first image has only $0.17$." """
    first = np.array([0.8, 0.1, 0.1])
    assert first @ [0.7, 0.2, 0.1] == pytest.approx(0.59)
    assert first @ [0.1, 0.8, 0.1] == pytest.approx(0.17)
    on_the_page = names_of_cell("comparison", r"centres = np\.array\(")
    centres = on_the_page["centres"]
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
    losses = {}
    for degrees in range(90):  # further rotations only exchange the axes and their signs
        cosine = np.cos(np.radians(degrees))
        sine = np.sin(np.radians(degrees))
        rotated = images @ [[cosine, sine], [-sine, cosine]]
        losses[degrees] = np.sum((rotated - np.where(rotated > 0, 1, -1)) ** 2)
    assert min(losses, key=losses.get) == 45
    signs = ITQ(2, random_state=0).fit(images.astype(float)).transform(images)
    assert signs[0].tolist() == signs[1].tolist() == (~signs[2]).tolist() == (~signs[3]).tolist()


def test_the_average_precision_of_right_wrong_right():
    """comparison: "so it is (1/1 + 2/3)/2 = 5/6" "The mean of the two orders is (5/6 + 1)/2 =
    11/12." grh-training: "For a ranking that is right, wrong, right, the precisions at ranks 1
    and 3 are 1 and 2/3, and their mean is 5/6." """
    query = np.zeros((1, 3), dtype=bool)
    apart = np.tri(3, dtype=bool)  # at distances 1, 2 and 3
    wrong_last = apart[[0, 2, 1]]
    tied = apart[[0, 1, 1]]
    for rows, expected in ((apart, 5 / 6), (wrong_last, 1), (tied, 11 / 12)):
        found = mean_average_precision(query, rows, np.array([1]), np.array([1, 0, 1]))
        assert found == pytest.approx(expected)


@both
def test_kernels_of_all_methods_take_as_long(name):
    """comparison: "A kernel is cheap next to GIST." "GRH, KSH and the classifier
    compare an image with every labelled image before they can encode it." "A byte of class scores
    adds 1 to that, a code of 32 bits adds 4, and ten floats add 40." "Two costs are left out and
    [priced later](what-it-costs): reading the codes, and encoding the query." measured: "Of the
    methods with a kernel only KSH takes far longer than GRH" "GRH is fitted in a fraction of KSH's
    time" """
    encode, fit = (medians_of_ranking(name, f"{work}_seconds") for work in ("encode", "fit"))
    kernels = encode[["GRH from CCA-ITQ", "KSH", "class scores", "class scores, 8 bits"]]
    assert kernels.max() < 1.3 * kernels.min()
    assert encode["GRH from CCA-ITQ"] > 5 * encode["CCA-ITQ"]
    # GIST is measured where the page is built; chapter 11 has about .7 ms an image
    milliseconds = 1000 * kernels.max() / 5000
    assert milliseconds < 0.1 * 0.7
    assert fit["KSH"] > 5 * fit["GRH from CCA-ITQ"]
    with_kernel = ["SDH", "STH", "GRH kernel", "Hadamard codewords", "class scores, 8 bits"]
    assert fit["KSH"] > 2 * fit[with_kernel].max()
    # a percent of a vector: the page shows 20.5 bytes
    assert load_dataset("fashion-mnist").features[0].nbytes / 100 == pytest.approx(20.48)


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


def test_a_query_in_the_database_finds_itself(dataset):
    """traps: "that the nearest image always has the right class" "without it some queries have
    a nearest image of another class" """
    split = split_of(dataset, 0)
    asked = split.X_database[:500]
    labels = (split.y_database[:500], split.y_database)
    nearest = exact_neighbours(asked, split.X_database, k=2)
    assert precision_at_k(nearest[:, :1], *labels, k=1) == 1
    assert precision_at_k(nearest[:, 1:], *labels, k=1) < 0.95


def test_the_mistake_has_three_settings(dataset, seed):
    """traps: "above one half, the vote always wins" "all that it has at $\\alpha = 1$" "no bit was
    flipped. The gain is that of a classifier refitted to LSH's own bits." measured: "because up to
    one half an image's own bit always wins" did-it-learn: "The same, up to ties: with all the
    weight on the vote" """
    split = split_of(dataset, seed)
    own = np.where(LSH(16, random_state=seed).fit_transform(split.X_train), 1, -1)
    shuffled = np.random.default_rng(seed).permutation(split.y_train)

    def signs(values):
        return np.where(values >= 0, 1, -1)

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
    the end." "The numbers are GRH's precision at 10 minus that of its best opponent" """
    shown = fair_fight_figure(LOOKS, name).data
    assert shown["datasets"][shown["start"]] == name
    rounds = [dict(ranking) for ranking in shown["rankings"][shown["start"]]]
    order = [list(ranking) for ranking in rounds]
    is_first = [names[0].startswith("GRH") for names in order]
    assert is_first == [True, False, False, False]
    assert order[1][0] == "PCAH, 16 bits"
    behind = rounds[1]["PCAH, 16 bits"] - rounds[1]["GRH from CCA-ITQ, 16 bits"]
    assert 0.004 < behind < {"fashion-mnist": 0.04, "cifar10": 0.008}[name]
    lines = lines_of_the_map(name)
    share = lines["GRH from CCA-ITQ, 16 bits"].scanned[0]
    assert not np.isclose(lines["PCAH, 16 bits"].scanned, share, rtol=1e-6).any()
    assert order[2][0] == "PCAH, 32 bits"
    assert order[3][:2] == ["class scores", "PCAH, 32 bits"]
    assert {"CCA-ITQ, 16 bits", "CCA-ITQ, 32 bits"} < set(order[3])
