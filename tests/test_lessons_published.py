"""What chapter 8 says of the paper's table, against the results that are kept, and these against a new measurement."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from l2h_tutorial import GRH, mean_average_precision, paper_partition
from l2h_tutorial.protocols.ecir2015 import N_BITS, beside_published, published_table1
from l2h_tutorial.protocols.results import provenance
from l2h_tutorial.protocols.table1 import METHODS

RESULTS = Path(__file__).parents[1] / "book" / "results"


@pytest.fixture(scope="module")
def measured():
    return pd.read_csv(RESULTS / "table1.csv")


@pytest.fixture(scope="module")
def tuned():
    return pd.read_csv(RESULTS / "table1-tuning.csv")


@pytest.fixture(scope="module")
def table(measured):
    return beside_published(measured)


def test_every_method_is_there_with_five_partitions_at_every_length(table):
    assert set(table["method"]) == set(METHODS)
    assert (table["partitions"] == 5).all()
    for _, rows in table.groupby(["method", "n_train"]):
        assert sorted(rows["n_bits"]) == list(N_BITS)
    supervised = {name for name in METHODS if name.startswith(("GRH", "ITQ+CCA", "STH", "KSH", "SDH"))}
    assert supervised <= set(table.loc[table["n_train"] == 2000, "method"])


def test_all_was_measured_on_the_same_data_with_a_thousand_queries(measured, tuned):
    for frame in (measured, tuned):
        assert frame["data"].nunique() == 1
        assert frame["data"].iloc[0].startswith("cifar10 ")
        assert (frame["n_queries"] == 1000).all()


def test_parameters_are_those_that_the_first_partition_chose(measured, tuned):
    place = ["method", "n_train", "n_bits"]
    both = measured.merge(tuned[[*place, "parameters"]], on=place, suffixes=("", "_tuned"))
    assert len(both) >= 5 * 48
    assert (both["parameters"] == both["parameters_tuned"]).all()
    assert (tuned["partition"] == 0).all()


def test_grh_reaches_the_published_figures(table):
    """Of 32 cells 27 at or above the paper's, none more than 2 percent below.

    The aim was 28. What is missing is .0001 in one cell: an RBF SVM from LSH at 16 bits with 2,000 labels.
    """
    grh = table[table["method"].str.startswith("GRH")]
    row = grh["method"].str.replace("rbf-svm|kernel-ridge", "rbf", regex=True)
    best = grh.assign(row=row).groupby(["row", "n_train", "n_bits"])["ratio"].max()
    published = published_table1()
    assert len(best) == published["method"].str.startswith("GRH").sum() == 32
    assert (best >= 1).sum() >= 27
    assert best.min() >= 0.98


def test_lsh_and_pcah_are_near_the_published_figures(table):
    """Of the table: 'LSH and PCAH, which have no labels and nothing to tune, are within'."""
    rows = table[table["method"].isin(["LSH", "PCAH"])]
    assert len(rows) == 8
    np.testing.assert_allclose(rows["ratio"], 1, atol=0.05)


def test_the_other_methods_are_near_the_published_figures_or_above(table):
    """All that the paper gives but BRE: SH, AGH, ITQ+CCA, STH, KSH, no more than 12 percent below in any cell."""
    published = published_table1()
    named = published[~published["method"].str.contains("GRH|BRE")]
    found = table.merge(named[["method", "n_train", "n_bits"]])
    assert len(found) == len(named) == 48
    assert (found["ratio"] >= 0.88).all()


def test_what_is_below_is_below_by_less_than_its_spread(table):
    """Of the table: 'for AGH and once for linear STH, it is by less than its own spread over the partitions'."""
    others = table[~table["method"].str.startswith("GRH")].dropna(subset="ratio")
    below = others[others["ratio"] < 1]
    assert below["method"].value_counts().to_dict() == {"AGH": 4, "STH linear": 1}
    assert (below["published"] - below["map"] < below["std"]).all()


def test_tuning_tried_what_is_said_of_agh(tuned):
    """Of the table: 'one layer and two with 2 to 5 of 300'."""
    tried = pd.DataFrame(json.loads(tuned.loc[tuned["method"] == "AGH", "trials"].iloc[0]))
    assert set(tried["n_layers"]) == {1, 2}
    assert (tried["n_neighbours"].min(), tried["n_neighbours"].max()) == (2, 5)
    assert METHODS["AGH"].n_anchors == 300


def test_bits_after_the_first_add_nothing_to_sth(table):
    """Of the table: 'bits after those first ones add nothing, and with a Gaussian kernel they cost a little'."""
    means = table.set_index(["method", "n_train", "n_bits"])["map"].unstack()
    gain = (means[64] - means[16]).unstack()
    assert (gain.loc["STH linear"].abs() < 0.001).all()
    assert gain.loc["STH rbf"].between(-0.03, -0.003).all()


def test_sdh_is_ahead_of_ksh_with_long_codes(table):
    """Of the table: 'the claim holds here for long codes', 'no larger than what the partitions differ by'."""
    cells = table.set_index(["method", "n_train", "n_bits"]).sort_index()
    lead = cells.loc["SDH", "map"] - cells.loc["KSH", "map"]
    spread = cells.loc["SDH", "std"]
    assert (lead.unstack()[64] > 2 * spread.unstack()[64]).all()
    assert (lead.unstack()[16].abs() < spread.unstack()[16]).all()


def test_kernel_ridge_reaches_the_rbf_rows(table):
    """Within .01 or above at every length."""
    ridge = table[table["method"].str.contains("kernel-ridge")]
    assert (ridge["map"] >= ridge["published"] - 0.01).all()


def test_at_eight_tenths_rounds_add_and_at_one_the_first_is_best(tuned):
    """Of the table: 'every round adds something', 'the first round is the best one'."""
    choice = (tuned["method"] == "GRH linear-svm, LSH start") & (tuned["n_bits"] == 32) & (tuned["n_train"] == 1000)
    tried = pd.DataFrame(json.loads(tuned.loc[choice, "trials"].iloc[0]))
    by_round = tried[tried["step"] == 1].pivot(index="alpha", columns="n_iter", values="score")
    assert by_round.loc[0.8].is_monotonic_increasing
    assert by_round.loc[1.0].idxmax() == 1


@pytest.mark.cifar10
@pytest.mark.parametrize(
    "method",
    ["LSH", "AGH", "STH linear", "KSH", "SDH", "ITQ+CCA", "GRH kernel-ridge, LSH start", "GRH kernel-ridge, CCA start"],
)
def test_what_is_kept_is_what_is_measured(cifar, measured, method):
    """On another machine the last bits of a product may differ, and with them a few codes."""
    assert measured["data"].iloc[0] == provenance(cifar)["data"]
    row = measured.query("method == @method and n_train == 1000 and n_bits == 32 and partition == 3").iloc[0]
    split = paper_partition(cifar, 1000, 100, random_state=3).preprocessed("centre")
    hasher = clone(METHODS[method]).set_params(n_bits=32, random_state=3)
    if isinstance(METHODS[method], GRH) and "CCA" in method:
        hasher.set_params(initial__n_bits=32, initial__random_state=3)
    hasher.set_params(**json.loads(row["parameters"])).fit(split.X_train, split.y_train)
    bits = hasher.transform(split.X_query), hasher.transform(split.X_database)
    again = mean_average_precision(*bits, split.y_query, split.y_database)
    assert again == pytest.approx(row["map"], abs=0.002)
