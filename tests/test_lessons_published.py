"""Check the appendix on the paper's table against kept results, and these against new ones.

A docstring quotes the sentence, and test_lessons.py makes sure that the book still says it.
"""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from benchmarks.kept import provenance
from benchmarks.table1 import N_BITS, SCORE_BITS, measure_cell
from test_lessons_grh import fitted_score
from visits import RESULTS, rows_of

from l2h_tutorial import GRH, paper_partition, split_dataset
from l2h_tutorial.protocols.ecir2015 import beside_published, judge_claims
from l2h_tutorial.protocols.table1 import METHODS

# values beyond which a parameter cannot go, or need not
BOUNDS = {"alpha": (1.0,), "n_iter": (1, np.inf), "n_layers": (1, 2), "n_neighbours": (1, np.inf)}
AT_32_BITS = ("GRH rbf-landmarks", "GRH linear-svm, CCA start, ridge")
SHARED = ("KSH", "STH rbf")  # with 2,000 labels, says the page
WITHOUT_LABELS = ["LSH", "PCAH", "SH", "AGH"]
MEASURED = pd.read_csv(RESULTS / "table1.csv")
TUNED = pd.read_csv(RESULTS / "table1-tuning.csv")
TABLE = beside_published(MEASURED)
AT = TABLE.set_index(["method", "n_train", "n_bits"])["map"].sort_index()
CLAIMS = judge_claims(MEASURED).set_index(["ahead", "of", "n_train"])
CAUTIOUS = judge_claims(MEASURED, ratio=1 / 3).set_index(["ahead", "of", "n_train"])


def trials(row):
    return pd.DataFrame(json.loads(row.trials))


# what is kept


def test_every_method_has_its_lengths_and_partitions():
    """Methods with one length here are for one question."""
    assert (TABLE["partitions"] == 5).all()
    assert set(TABLE["method"]) == set(METHODS)
    assert MEASURED["data"].nunique() == 1
    assert (MEASURED["n_queries"] == 1000).all()
    for method, rows in TABLE.groupby("method"):
        all_lengths = SCORE_BITS if method == "class scores" else N_BITS
        for _, lengths in rows.groupby("n_train")["n_bits"]:
            if not (method.startswith(AT_32_BITS) and set(lengths) == {32}):
                assert set(lengths) == set(all_lengths), method
        all_labels = {1000} if method in WITHOUT_LABELS else {1000, 2000}
        assert set(rows["n_train"]) == all_labels, method


def test_parameters_are_chosen_on_the_first_partition():
    """published: "The choice is made for each number of labels and of bits by itself." "At all
    lengths they have what was chosen at 32 bits." """
    assert (TUNED["partition"] == 0).all()
    chosen = TUNED.set_index(["method", "n_train", "n_bits"])["parameters"]
    for row in MEASURED.itertuples():
        length = 32 if row.n_train == 2000 and row.method in SHARED else row.n_bits
        has_choice = METHODS[row.method][1]
        expected = chosen[row.method, row.n_train, length] if has_choice else "{}"
        assert json.loads(row.parameters) == json.loads(expected), row[1:5]


def test_the_best_value_is_inside_what_was_tried_or_at_a_bound():
    """published: "The best setting lies inside the values that were tried, or at a bound of
    what the parameter can be." "linear GRH from a well regularised CCA chose an $\\alpha$ of
    [0.6]{.definition}, the lowest value tried" """
    others = set()
    for row in TUNED.itertuples():
        tried = trials(row)
        chosen = json.loads(row.parameters)
        last = tried[tried["step"] == 2] if "step" in tried else tried
        climbed = {name: chosen[name] for name in METHODS[row.method][1]}
        assert rows_of(last, **climbed)["score"].max() == last["score"].max(), row[1:4]
        for name, value in chosen.items():
            is_inside = tried[name].min() < value < tried[name].max()
            if not is_inside and value not in BOUNDS.get(name, ()):
                others.add((row.method, name, value))
    assert others == {("GRH linear-svm, CCA start, ridge 1.0", "alpha", 0.6)}


# the claims

LSH_LINEAR, CCA_LINEAR = (f"GRH linear-svm, {start} start" for start in ("LSH", "CCA"))
LSH_RBF, CCA_RBF = (f"GRH rbf-svm, {start} start" for start in ("LSH", "CCA"))
WEAK = ["ITQ+CCA, ridge 0.1", "KSH, 300 centres, gamma 0.48"]
NOT_HELD = {
    (LSH_LINEAR, "STH linear", 2000): "undecided",
    (LSH_RBF, "STH rbf", 2000): "undecided",
    (LSH_LINEAR, LSH_LINEAR, 2000): "undecided",
    (CCA_LINEAR, CCA_LINEAR, 2000): "undecided",
    (LSH_LINEAR, "ITQ+CCA", 1000): "reverses",
    (CCA_LINEAR, "ITQ+CCA", 1000): "shrinks",
    (CCA_LINEAR, "ITQ+CCA", 2000): "shrinks",
    (LSH_RBF, "KSH, 300 centres", 1000): "undecided",
    (LSH_RBF, "KSH, 300 centres", 2000): "undecided",
}


def test_every_claim_has_its_verdict():
    """published: "*holds* and *shrinks* are statements about single rows" "Where the paper itself
    is not ahead, or has no such row" "Linear GRH is ahead of methods without labels by about as
    much as published." "With 2,000 labels, the interval is too wide to say that more than half of
    the lead is left." "A kernel, a start from CCA and more labels help every version." "the verdict
    is undecided. Its rows with the first thousand labels are already a little above the paper's."
    "and both claims hold." "With 1,000 labels the claim of GRH
    from LSH then **reverses**, in every cell" "With 2,000 labels, GRH from LSH is behind in the
    paper itself." "The claim of GRH from CCA **shrinks**" "Against opponents as the paper probably
    had them, its claims over ITQ+CCA and KSH all hold." """
    verdicts = CLAIMS["verdict"]
    is_claimed = CLAIMS["published"] > 0
    assert (verdicts[~is_claimed] == "").all()
    is_exception = is_claimed & (verdicts != "holds")
    assert verdicts[is_exception].to_dict() == NOT_HELD
    assert CLAIMS.loc[(LSH_LINEAR, "ITQ+CCA", 1000), "highest"] < 0
    assert not is_claimed[LSH_LINEAR, "ITQ+CCA", 2000]


def test_a_third_for_overlap_changes_some_verdicts():
    """published: "The reversal over ITQ+CCA would be no more than *shrinks*, and the other
    changed claims, which hold, would be undecided." """
    is_weak = CLAIMS.index.isin(WEAK, level="of")
    before = CLAIMS["verdict"]
    changed = (before != CAUTIOUS["verdict"]) & ~is_weak
    pairs = set(zip(before[changed], CAUTIOUS["verdict"][changed], strict=True))
    assert pairs == {("reverses", "shrinks"), ("holds", "undecided")}


@pytest.mark.parametrize("weak", WEAK)
def test_the_weak_rows_are_where_the_paper_has_them(weak):
    """published: "ITQ+CCA is where the paper has it" "width, KSH is where the paper has it" """
    ratio = rows_of(TABLE, method=weak)["ratio"]
    assert len(ratio) == 8
    np.testing.assert_allclose(ratio, 1, atol=0.04)


def test_grh_repairs_only_a_weak_cca():
    """published: "So the graph and the linear classifier together make up for a weak ridge, and to
    a well regularised CCA they add nothing." "the ridge of its start itself, it chooses a weak one"
    "and arrives at about the same mAP as tuned ITQ+CCA" "Tuning takes ten times that ridge" """
    for labels, least in ((1000, 0.03), (2000, 0.01)):
        over_weak = CLAIMS.loc[(f"{CCA_LINEAR}, ridge 0.1", WEAK[0], labels)]
        assert over_weak["low"] > least
        over_regularised = CLAIMS.loc[(f"{CCA_LINEAR}, ridge 1.0", "ITQ+CCA", labels)]
        assert over_regularised["ours"] < 0
        assert over_regularised["high"] < 0.006
        difference = AT[CCA_LINEAR, labels] - AT["ITQ+CCA", labels]
        assert difference[list(N_BITS)].abs().max() <= 0.005
    parameters = rows_of(TUNED, method=CCA_LINEAR)["parameters"].map(json.loads)
    assert max(chosen["initial__ridge"] for chosen in parameters) < 1.0
    parameters = rows_of(TUNED, method="ITQ+CCA")["parameters"].map(json.loads)
    assert {chosen["ridge"] for chosen in parameters} == {1.0}


def test_ksh_with_all_centres_takes_most_of_the_lead_away():
    """published: "Then GRH from LSH falls behind KSH" "which is largest with 16 bits" "With
    2,000 labels, KSH was tuned at 32 bits alone, where the lead is" "Only one of these eight
    differences, {glue:text}`LSH-ksh-many`, passes the limit" "over KSH on all images have intervals
    above zero" "Both of our mean leads are less than half as large. But with 1,000 labels, the
    interval includes half of the published lead once it is corrected for shared images" """
    for labels in (1000, 2000):
        assert CLAIMS.loc[(LSH_RBF, "KSH", labels), "ours"] < 0
        from_cca = CLAIMS.loc[(CCA_RBF, "KSH", labels)]
        half = CLAIMS.loc[(CCA_RBF, "KSH, 300 centres", labels), "published"] / 2
        assert 0 < from_cca["low"] < from_cca["ours"] < half
        assert from_cca["p"] < 0.06
        corrected = CAUTIOUS.loc[(CCA_RBF, "KSH", labels)]
        assert (corrected["high"] > half) == (labels == 1000)
        lead = AT[CCA_RBF, labels] - AT["KSH", labels]
        assert lead.idxmax() == 16
    assert set(rows_of(TUNED, method="KSH", n_train=2000)["n_bits"]) == {32}
    p_values = CLAIMS["p"][CLAIMS["p"] < 0.05]
    passed = [claim for claim in p_values.index if claim[1] == "KSH" or "landmarks" in claim[0]]
    assert passed == [(LSH_RBF, "KSH", 2000)]


def test_with_300_kernels_each_grh_is_not_ahead_of_ksh():
    """published: "Then GRH from LSH is behind KSH" "GRH from CCA is level with KSH" """
    over_ksh = CLAIMS.xs("KSH, 300 centres", level="of")
    for labels in (1000, 2000):
        assert over_ksh.loc[("GRH rbf-landmarks, LSH start", labels), "high"] < -0.005
        assert abs(over_ksh.loc[("GRH rbf-landmarks, CCA start", labels), "ours"]) < 0.005


def test_at_eight_tenths_more_rounds_add():
    """published: "At $\\alpha = 0.8$ every further round adds something, at $\\alpha = 0.9$ only
    the second does, and at $\\alpha = 1$ the first round is the best one. But here the first round
    at $\\alpha = 1$ is the best of all" """
    (row,) = TUNED.query("method == @LSH_LINEAR and n_bits == 32 and n_train == 1000").itertuples()
    tried = trials(row)
    by_round = tried[tried["step"] == 1].pivot(index="alpha", columns="n_iter", values="score")
    assert by_round.loc[0.8].is_monotonic_increasing
    assert by_round.loc[0.9].idxmax() == 2
    assert by_round.loc[1.0, 1] == by_round.to_numpy().max()


def test_from_lsh_tuning_always_chose_one_round_and_alpha_one():
    """published: "None of our cells chose a second round." "From LSH it always chose both." """
    of_grh = TUNED[TUNED["method"].str.startswith("GRH")]
    chosen = pd.DataFrame(of_grh["parameters"].map(json.loads).tolist())
    from_lsh = of_grh["method"].str.contains("LSH").to_numpy()
    assert (chosen["n_iter"] == 1).all()
    assert (chosen["alpha"][from_lsh] == 1).all()


# too high, and what the paper could not have


def test_lsh_and_pcah_are_near_the_published_figures():
    """published: "LSH and PCAH, which have nothing to tune, are close" "AGH is the only method
    that is more than one percent below its published rows on average." """
    rows = TABLE[TABLE["method"].isin(["LSH", "PCAH"])]
    np.testing.assert_allclose(rows["ratio"], 1, atol=0.05)
    means = TABLE.dropna(subset="ratio").groupby("method")["ratio"].mean()
    assert means.index[means < 0.99].tolist() == ["AGH"]


def test_hadamard_codewords_are_between_the_two_starts():
    """published: "between GRH by kernel ridge from LSH" "When the classes are known and a query
    is always of one of them, a classifier whose scores are kept ranks best" "With 2,000 labels,
    GRH from CCA by kernel ridge is not behind KSH on all labelled images" """
    for labels in (1000, 2000):
        from_lsh, from_cca = (
            AT[f"GRH kernel-ridge, {start} start", labels, 32] for start in ("LSH", "CCA")
        )
        assert from_lsh < AT["Hadamard kernel-ridge", labels, 32] < from_cca
        others = TABLE[(TABLE["n_train"] == labels) & (TABLE["method"] != "class scores")]
        assert AT["class scores", labels, 8] > others["map"].max() + 0.02
    assert abs(AT["KSH", 2000, 32] - AT["GRH kernel-ridge, CCA start", 2000, 32]) < 0.01


@pytest.mark.cifar10
def test_partitions_share_a_sixtieth_of_their_queries(cifar):
    """published: "share about a sixtieth of their queries and of 1,000 labelled images" """
    partitions = [paper_partition(cifar, 1000, 100, random_state=seed) for seed in range(5)]
    for name in ("query_rows", "train_rows"):
        rows = [getattr(partition, name) for partition in partitions]
        shared = [len(np.intersect1d(*pair)) / 1000 for pair in combinations(rows, 2)]
        assert np.mean(shared) == pytest.approx(1 / 60, rel=0.25)


# implementing GRH


@pytest.mark.slow
def test_only_another_c_exceeds_its_spread_on_both_data_sets(dataset):
    """implementing: "Only another $C$ exceeds its spread on both data sets of this book: it helps
    on Fashion-MNIST and harms on CIFAR-10." "Of the five changes, those larger than their own
    spread" """
    split = split_dataset(dataset).preprocessed("centre")

    def scores(**change):
        grh = GRH.as_published("paper", n_bits=16, alpha=0.8, n_iter=2, **change)
        return np.array([fitted_score(grh.set_params(random_state=i), split) for i in range(5)])

    as_in_paper = scores()
    changes = {
        "reference": {"reference": "initial"},
        "bias": {"fit_intercept": False},
        "loss": {"loss": "squared_hinge"},
        "weights": {"class_weight": "ceiling"},
        "C": {"C": 4.0},
    }
    costs = {name: scores(**change) - as_in_paper for name, change in changes.items()}
    exceed = {name for name, cost in costs.items() if abs(cost.mean()) > cost.std(ddof=1)}
    if dataset.name == "fashion-mnist":
        assert exceed == {"weights", "C"}
        assert costs["C"].mean() > 0
    else:
        assert exceed == {"C"}
        assert costs["C"].mean() < 0


# against new measurements


SLOW = ["LSH", "AGH", "STH linear", "SDH", "ITQ+CCA", "class scores", "GRH kernel-ridge, CCA start"]


@pytest.mark.cifar10
@pytest.mark.parametrize(
    "method",
    ["GRH kernel-ridge, LSH start", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)],
)
def test_a_cell_of_the_kept_table_is_measured_again(cifar, method):
    """On another machine the last bits of a product may differ, and with them a few codes."""
    assert MEASURED["data"].iloc[0] == provenance(cifar)["data"]
    cells = MEASURED.query("method == @method and n_train == 1000 and partition == 3")
    row = cells.set_index("n_bits", drop=False).loc[8 if method == "class scores" else 32]
    split = paper_partition(cifar, 1000, 100, random_state=3).preprocessed("centre")
    again = measure_cell(row.to_dict(), METHODS[method][0], row["parameters"], split)
    assert again["map"] == pytest.approx(row["map"], abs=0.002)
