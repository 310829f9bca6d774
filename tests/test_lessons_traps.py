"""Check what the appendix on being fooled claims of rivals, of splits and of protocols.

A docstring quotes the sentence, and test_lessons.py makes sure that the book still says it. (The
other traps are in test_lessons_comparison.py.) The kept table of protocols is whole, and can be
measured again.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from benchmarks import deep_hash
from sklearn.model_selection import ParameterGrid
from test_lessons import both, three_seeds
from test_lessons_comparison import parameters, split_of
from test_lessons_grh import fitted_score
from visits import RESULTS, cells_of, has_every_cell_once, rows_of, text_of

from l2h_tutorial import GRH, figures, load_dataset
from l2h_tutorial.baselines import KSH
from l2h_tutorial.protocols.contrasts import mean_and_interval

HEADS = pd.read_csv(RESULTS / "deep-hash.csv")
TAUGHT = ["small network", "Hadamard codewords", "GRH from CCA-ITQ", "CCA-ITQ"]
BYTE = "class scores, 8 bits"
ALONE, WITH, APART = deep_hash.OLD_CLASSES


# rivals as they came


@pytest.mark.slow
@three_seeds
def test_more_anchors_alone_turn_the_order(dataset, seed):
    """traps: "and give GRH a kernel around each labelled image. With neither method tuned, GRH
    is ahead." "Without any tuning, more anchors alone bring KSH to" "So the number of kernels
    reverses the order by itself." "The best of nine settings gives KSH" """
    split = split_of(dataset, seed)

    def score_with(hasher, **settings):
        return fitted_score(hasher.set_params(random_state=seed, **settings), split)

    rival = GRH(32, classifier="kernel-ridge")
    few_anchors = KSH(32, n_anchors=50)
    grh = score_with(rival)
    assert score_with(few_anchors) < grh - 0.005
    assert grh < score_with(KSH(32))
    grid = ParameterGrid({"gamma": [0.25, 1, 4], "ridge": [0.001, 0.01, 0.1]})
    best = max(score_with(few_anchors, **settings) for settings in grid)
    assert best < score_with(rival, **parameters(dataset.name)["ranking", "GRH kernel"])


# splits that share their images


@three_seeds
def test_intervals_over_splits_that_share_images_are_too_narrow(dataset, seed):
    """traps: "So more splits of the same images make the mistake *worse*" "the five results
    agree more than five fresh samples would" "The second term does not shrink with $m$" "With
    twenty splits, the corrected interval is wider than it needs to be here." "But they would
    still share training images and answers" """
    _, section = text_of(RESULTS.parent / "traps.md").split("## Splits that share their images")
    names = {"np": np, "pd": pd, "figures": figures, "ds": dataset}
    for cell in cells_of(section)[:4]:
        exec(cell.replace("default_rng(0)", f"default_rng({seed})"), names)
    naive = names["misses"].loc["as if independent"]
    corrected = names["misses"].loc["corrected"]
    assert naive["20 splits"] > naive["5 splits"] + 5
    assert naive["20 splits"] > 15
    assert corrected.max() <= 8
    assert corrected["20 splits"] < 5


# a figure from another protocol


def means(name, measure="map"):
    """Return means over the draws: a row for each method, a column for each protocol."""
    rows = rows_of(HEADS, dataset=name)
    return rows.pivot_table(index="method", columns="protocol", values=measure)


def lead(name, protocol, measure, a, b):
    """Return by how much a is ahead of b on each draw."""
    rows = rows_of(HEADS, dataset=name, protocol=protocol)
    draws = rows.pivot(index="seed", columns="method", values=measure)
    return draws[a] - draws[b]


def test_the_table_of_heads_has_every_cell_once():
    protocols = (*deep_hash.OLD_CLASSES, deep_hash.NEW_CLASSES)
    cells = product(deep_hash.SIZES, protocols, deep_hash.METHODS, deep_hash.SEEDS)
    has_every_cell_once(HEADS, ["dataset", "protocol", "method", "seed"], cells)
    assert HEADS.groupby("dataset")[["data", "top"]].nunique().eq(1).all(axis=None)


def test_classes_left_out_are_others_for_every_seed():
    """traps: "heads are taught without three of the classes" """
    dataset = load_dataset("fashion-mnist", features="deep")
    triples = []
    for seed in deep_hash.SEEDS:
        draw = deep_hash.drawn(dataset, seed, are_new=True)
        asked = set(dataset.labels[draw.query])
        assert len(asked) == 3
        assert not asked & set(dataset.labels[draw.train])
        assert not set(draw.others) & {*draw.query, *draw.train}
        triples.append(frozenset(asked))
    assert len(set(triples)) == 5


@pytest.mark.slow
@pytest.mark.parametrize("method", deep_hash.METHODS)
@pytest.mark.parametrize("are_new", [False, True])
def test_a_head_measured_again_is_the_same(method, are_new):
    dataset = load_dataset("fashion-mnist", features="deep")
    draw = deep_hash.drawn(dataset, 2, are_new)
    for protocol, found in deep_hash.measure(draw, deep_hash.METHODS[method], 2, 150, are_new):
        cell = {"dataset": "fashion-mnist", "method": method, "seed": 2}
        kept = rows_of(HEADS, protocol=protocol["protocol"], **cell).squeeze()
        assert found["map"] == pytest.approx(kept["map"], abs=0.01)
        assert found["map_top"] == pytest.approx(kept["map_top"], abs=0.02)


def test_precision_of_the_first_rows_is_as_papers_have_it():
    similarity = np.array([3, 2, 1, 0])
    is_relevant = np.array([False, True, False, True])
    whole = (1 / 2 + 2 / 4) / 2
    assert deep_hash.precisions(similarity, is_relevant, 2) == pytest.approx((whole, 1 / 2))
    assert deep_hash.precisions(similarity, is_relevant, 1)[1] == 0


@both
def test_labelled_images_flatter_what_was_taught(name):
    """traps: "The very same codes of GRH reach" "Codes of labelled images are right because they
    were taught" "by either measure, no method moves by more than one place between" "GRH leads
    CCA-ITQ by {glue:text}`head-lead-alone` among the labelled images" """
    table = means(name)
    taught = table.loc[[*TAUGHT, BYTE]]
    assert (taught[ALONE] > taught[WITH] + 0.005).all()
    assert (taught[WITH] > taught[APART] + 0.001).all()
    untaught = table.loc[["ITQ", "exact cosine"]]
    assert (untaught[ALONE] - untaught[APART]).abs().max() < 0.01
    lead_over_start = table.loc["GRH from CCA-ITQ"] - table.loc["CCA-ITQ"]
    assert 0 < lead_over_start[APART] < lead_over_start[ALONE] / 3
    for measure in ("map", "map_top"):
        places = means(name, measure).rank()
        assert (places[WITH] - places[APART]).abs().max() <= 1


@both
def test_the_end_of_the_ranking_counts(name):
    """traps: "The exact cosine, which is no hash at all, reaches" "But over the first part we
    cannot tell which of the two is better." "among the heads for labelled classes, the byte of
    class scores is first by either measure" """
    whole, first = (means(name, measure)[APART] for measure in ("map", "map_top"))
    assert first["exact cosine"] > whole["exact cosine"] + 0.15
    assert whole.idxmax() == first.idxmax() == BYTE
    ahead = lead(name, APART, "map_top", "Hadamard codewords", "GRH from CCA-ITQ")
    mean, low, _, _ = mean_and_interval(ahead)
    assert low < 0 < mean


def test_the_end_of_a_ranking_can_change_the_winner():
    """traps: "ITQ and the exact cosine are level" "Over the first part, the cosine is ahead of
    ITQ by" """
    new = ("fashion-mnist", deep_hash.NEW_CLASSES)
    mean, low, high, _ = mean_and_interval(lead(*new, "map", "ITQ", "exact cosine"))
    assert abs(mean) < 0.005
    assert low < 0 < high
    over_itq = lead(*new, "map_top", "exact cosine", "ITQ")
    assert (over_itq > 0).all()
    assert mean_and_interval(over_itq)[1] > 0.01
    for measure, best in (("map", "ITQ"), ("map_top", "exact cosine")):
        assert means("fashion-mnist", measure)[deep_hash.NEW_CLASSES].idxmax() == best


@both
def test_new_classes_turn_the_order_round(name):
    """traps: "New classes also reverse the order of the methods." "the byte of class scores
    ranks first" "less than every head that was taught" "more than any head that was taught" """
    table = means(name)
    for column in deep_hash.OLD_CLASSES:
        assert table[column].idxmax() == BYTE
        assert table.loc["ITQ", column] < table.loc[TAUGHT, column].min() - 0.05
    new = table[deep_hash.NEW_CLASSES]
    assert new["ITQ"] > new[[*TAUGHT, BYTE]].max() + 0.01
    assert new.rank()[BYTE] <= 2
