"""What the appendix says of the paper's table, against the results that are kept, and these against new measurements.

A docstring quotes the sentence; test_lessons.py makes sure that the book still says it.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from l2h_tutorial import GRH, mean_average_precision, paper_partition
from l2h_tutorial.protocols.ecir2015 import N_BITS, audit, beside_published
from l2h_tutorial.protocols.results import provenance
from l2h_tutorial.protocols.table1 import GRIDS, METHODS, MOST_TRIALS, SCORE_BITS, TUNED_AT
from l2h_tutorial.tuning import ranking_precision

RESULTS = Path(__file__).parents[1] / "book" / "results"
BOUNDS = {"alpha": (0.0, 1.0), "n_iter": (1, np.inf), "n_layers": (1, 2), "n_neighbours": (1, np.inf)}
BOUNDS["initial__ridge"] = (0.1, 1.0)  # two values only, says the page
WITHOUT_LABELS = ["LSH", "PCAH", "SH", "AGH"]


@pytest.fixture(scope="module")
def measured():
    return pd.read_csv(RESULTS / "table1.csv")


@pytest.fixture(scope="module")
def tuned():
    return pd.read_csv(RESULTS / "table1-tuning.csv")


@pytest.fixture(scope="module")
def table(measured):
    return beside_published(measured)


@pytest.fixture(scope="module")
def at(table):
    return table.set_index(["method", "n_train", "n_bits"])["map"].sort_index()


@pytest.fixture(scope="module")
def claims(measured):
    return audit(measured).set_index(["ahead", "of"])


def trials(row):
    return pd.DataFrame(json.loads(row.trials))


# what is kept


def test_every_method_is_there_at_its_length_and_a_cell_has_all_its_partitions(table):
    """Lengths that are missing have not been measured with the rules of the appendix; `make table1` measures them."""
    assert set(table["method"]) == set(METHODS)
    assert (table["partitions"] == 5).all()
    for (method, _), rows in table.groupby(["method", "n_train"]):
        possible = SCORE_BITS if method == "class scores" else N_BITS
        assert set(rows["n_bits"]) <= set(possible)
        assert (8 if method == "class scores" else 32) in set(rows["n_bits"])
    assert set(METHODS) - set(WITHOUT_LABELS) == set(table.loc[table["n_train"] == 2000, "method"])


def test_all_was_measured_on_the_same_data_with_a_thousand_queries(measured, tuned):
    for frame in (measured, tuned):
        assert frame["data"].nunique() == 1
        assert frame["data"].iloc[0].startswith("cifar10 ")
        assert (frame["n_queries"] == 1000).all()


def test_parameters_are_those_that_the_first_partition_chose(measured, tuned):
    """At the same length, or at the one for all lengths."""
    assert (tuned["partition"] == 0).all()
    chosen = {(row.method, row.n_train, row.n_bits): row.parameters for row in tuned.itertuples()}
    for row in measured.itertuples():
        at_choice = (row.method, row.n_train, 8 if row.method == "class scores" else TUNED_AT)
        expected = chosen.get((row.method, row.n_train, row.n_bits), chosen.get(at_choice, "{}"))
        assert json.loads(row.parameters) == json.loads(expected)
        assert bool(json.loads(row.parameters)) == (row.method in GRIDS)


def test_no_method_tries_more_than_the_others_may(tuned):
    """published: "No method tries more than {glue:text}`most-trials` settings" """
    assert (tuned["trials"].map(lambda text: len(json.loads(text))) <= MOST_TRIALS).all()


def test_the_best_value_is_inside_what_was_tried_or_at_a_bound(tuned):
    """published: "the best one lies inside the values that were tried, or at a bound of what the parameter can be" """
    for row in tuned.itertuples():
        tried, chosen = trials(row), json.loads(row.parameters)
        assert row.validation_map == pytest.approx(tried["score"].max(), abs=1e-4) or "step" in tried
        for name, value in chosen.items():
            inside = tried[name].min() < value < tried[name].max()
            assert inside or value in BOUNDS.get(name, ()), (row.method, row.n_train, row.n_bits, name, value)


def test_the_choice_hardly_depends_on_the_length(tuned):
    """published: "Taking the choice of 32 bits for another length costs" """
    losses = []
    for _, rows in tuned.groupby(["method", "n_train"]):
        wanted = json.loads(rows.loc[rows["n_bits"] == 32, "parameters"].iloc[0]) if 32 in set(rows["n_bits"]) else {}
        for row in rows[(rows["n_bits"] != 32) & (rows["method"] != "class scores")].itertuples():
            tried = trials(row)
            same = tried.loc[(tried[list(wanted)] == pd.Series(wanted)).all(axis=1), "score"]
            losses += [tried["score"].max() - same.max()] if len(same) else []
    assert len(losses) > 15
    assert np.mean(losses) < 0.001
    assert max(losses) < 0.01


# the claims


@pytest.mark.parametrize("other", [*WITHOUT_LABELS, "STH linear"])
def test_linear_grh_is_far_ahead_without_labels_and_of_self_taught_hashing(claims, other):
    """published: "GRH is far ahead of all that uses no labels, and of self-taught hashing as it" """
    row = claims.loc[("GRH linear-svm, LSH start", other)]
    assert row["verdict"] == "holds"
    assert row["lowest"] > 0.02


def test_a_kernel_a_cca_start_and_more_labels_help(claims):
    """published: "A kernel is worth much" "a start from CCA is better than one from LSH, and more labels help each
    version" """
    starts, classifiers = ("LSH", "CCA"), ("linear-svm", "rbf-svm")
    pairs = [tuple(f"GRH {c}, {start} start" for c in ("rbf-svm", "linear-svm")) for start in starts]
    pairs += [tuple(f"GRH {c}, {start} start" for start in ("CCA", "LSH")) for c in classifiers]
    pairs += [(f"GRH {c}, {start} start",) * 2 for c in classifiers for start in starts]
    for pair in pairs:
        assert claims.loc[pair, "verdict"] == "holds", pair
        assert claims.loc[pair, "lowest"] > 0


def test_self_taught_hashing_with_a_kernel_is_behind_too(claims):
    assert claims.loc[("GRH rbf-svm, LSH start", "STH rbf"), "lowest"] > 0


def test_linear_grh_from_lsh_is_behind_a_regularised_cca_in_every_cell(claims, table, tuned):
    """published: "What reverses: linear GRH from LSH over ITQ+CCA." "GRH's own row is where the paper has it, or
    a little above." "with a tenth of the tuned value it is about where the paper has it"
    "Over ITQ+CCA linear GRH from LSH is behind in every cell" "in the paper it is so with 2,000 labels only" """
    row = claims.loc[("GRH linear-svm, LSH start", "ITQ+CCA")]
    assert (row["verdict"], row["cells"]) == ("reverses", 8)
    assert row["published"] > 0 > row["highest"]
    rows = table.set_index(["method", "n_train"])["published"]
    for labels, ahead in ((1000, True), (2000, False)):
        published = rows["GRH linear-svm, LSH start", labels].to_numpy() - rows["ITQ+CCA", labels].to_numpy()
        assert ((published > 0) == ahead).all()
    own = table.loc[table["method"] == "GRH linear-svm, LSH start", "ratio"]
    np.testing.assert_allclose(own, 1, atol=0.08)
    for choice in tuned[(tuned["method"] == "ITQ+CCA") & (tuned["n_train"] == 1000)].itertuples():
        by_ridge = trials(choice).set_index("ridge")["score"]
        published = table.set_index(["method", "n_train", "n_bits"]).loc[("ITQ+CCA", 1000, choice.n_bits), "published"]
        assert by_ridge.idxmax() == 1.0
        assert by_ridge[0.1] == pytest.approx(published, rel=0.05)


def test_from_cca_the_graph_adds_to_a_weakly_regularised_one_only(claims, tuned):
    """published: "what the graph adds to a well regularised CCA without a kernel is nothing" """
    row = claims.loc[("GRH linear-svm, CCA start", "ITQ+CCA")]
    assert row["verdict"] == "shrinks"
    assert abs(row["ours"]) < 0.005 < 0.02 < row["published"]
    alone, started = (
        {(row.n_train, row.n_bits): trials(row) for row in tuned[tuned["method"] == method].itertuples()}
        for method in ("ITQ+CCA", "GRH linear-svm, CCA start")
    )
    for ridge, low, high in ((0.1, 0.01, 0.06), (1.0, -0.01, 0.005)):
        for cell, tried in started.items():
            best = tried.loc[tried["initial__ridge"] == ridge, "score"].max()
            assert low < best - alone[cell].set_index("ridge").loc[ridge, "score"] < high


def test_ksh_with_all_centres_takes_most_of_the_lead_away(claims, at):
    """published: "from LSH GRH is then behind, and from CCA its lead shrinks to little" """
    assert claims.loc[("GRH rbf-svm, LSH start", "KSH"), "ours"] < -0.005
    assert claims.loc[("GRH rbf-svm, CCA start", "KSH"), "verdict"] == "shrinks"
    assert claims.loc[("GRH rbf-svm, CCA start", "KSH"), "ours"] < 0.015
    for start in ("LSH", "CCA"):
        few, all_rows = (
            claims.loc[(f"GRH rbf-svm, {start} start", name), "ours"] for name in ("KSH, 300 centres", "KSH")
        )
        assert few > all_rows + 0.01
    assert at["KSH", 2000, 32] >= 0.355


def test_at_eight_tenths_rounds_add_and_at_one_the_first_is_best(tuned):
    """published: "at $\\alpha = 0.8$ every round adds something; at $\\alpha = 1$ the first round is the best one" """
    choice = (tuned["method"] == "GRH linear-svm, LSH start") & (tuned["n_bits"] == 32) & (tuned["n_train"] == 1000)
    tried = trials(next(tuned[choice].itertuples()))
    by_round = tried[tried["step"] == 1].pivot(index="alpha", columns="n_iter", values="score")
    assert by_round.loc[0.8].is_monotonic_increasing
    assert by_round.loc[1.0].idxmax() == 1


def test_from_lsh_tuning_always_chose_one_round_and_alpha_one(tuned):
    """published: "From LSH it always did; from CCA a smaller $\\alpha$ is often a little ahead." """
    of_grh = tuned[tuned["method"].str.startswith("GRH")]
    for row in of_grh.itertuples():
        chosen, tried = json.loads(row.parameters), trials(row).query("step == 1 and n_iter == 1").set_index("alpha")
        assert chosen["n_iter"] == 1
        if "LSH" in row.method:
            assert chosen["alpha"] == 1
        else:
            assert tried.loc[1.0, "score"] > tried["score"].max() - 0.012


# too high, and what the paper could not have


def test_lsh_and_pcah_are_near_the_published_figures(table):
    """published: "LSH and PCAH, which have nothing to tune, are close" """
    rows = table[table["method"].isin(["LSH", "PCAH"])]
    assert len(rows) == 8
    np.testing.assert_allclose(rows["ratio"], 1, atol=0.05)


def test_agh_alone_is_below_its_row(table):
    """published: "AGH alone is below its row in the mean." "With 300 centres it is somewhat above the published row,
    with all labelled images far above." """
    means = table.dropna(subset="ratio").groupby("method")["ratio"].mean()
    assert means.index[means < 0.99].tolist() == ["AGH"]
    assert 1 < means["KSH, 300 centres"] < means["KSH"] - 0.05


def test_hadamard_codewords_are_between_the_two_starts_and_scores_above_all(at, table):
    """published: "between GRH by kernel ridge from LSH" "or level with the latter" "When the classes are known and"
    "a query is always of one of them, a classifier whose scores are kept ranks best" """
    for labels in (1000, 2000):
        from_lsh, from_cca = (at[f"GRH kernel-ridge, {start} start", labels, 32] for start in ("LSH", "CCA"))
        assert from_lsh < at["Hadamard kernel-ridge", labels, 32] < from_cca + 0.003
        others = table[(table["n_train"] == labels) & (table["method"] != "class scores")]
        assert at["class scores", labels, 8] > others["map"].max() + 0.02


def test_ksh_takes_many_times_as_long_to_fit_as_grh_and_is_level(measured, at):
    """published: "With 2,000 labels GRH from CCA by kernel ridge is not behind KSH on all labelled images" """
    seconds = (
        measured[(measured["n_train"] == 2000) & (measured["n_bits"] == 32)].groupby("method")["fit_seconds"].median()
    )
    assert seconds["KSH"] > 10 * seconds["GRH kernel-ridge, CCA start"]
    assert abs(at["KSH", 2000, 32] - at["GRH kernel-ridge, CCA start", 2000, 32]) < 0.01


# against new measurements


def expected_precision(rows, relevant):
    """Average precision from the rows and the relevant rows of each ring, place by place."""
    total, before, hits = 0.0, 0, 0
    for n, r in zip(rows, relevant, strict=True):
        places = np.arange(n)
        total += np.sum(r / max(n, 1) * (hits + 1 + places * (r - 1) / max(n - 1, 1)) / (before + 1 + places))
        before, hits = before + n, hits + r
    return total / hits


@pytest.mark.cifar10
def test_a_cell_written_plainly_is_the_kept_cell(cifar, measured):
    """GRH from LSH by kernel ridge at alpha 1, one round, with nothing of the package but the features."""
    row = measured.query(
        "method == 'GRH kernel-ridge, LSH start' and n_train == 1000 and n_bits == 32 and partition == 0"
    ).iloc[0]
    chosen, X, y = json.loads(row["parameters"]), cifar.features, cifar.labels
    assert (chosen["alpha"], chosen["n_iter"]) == (1, 1)
    random, query, train = np.random.RandomState(0), [], []
    for label in range(10):
        rows = random.permutation(np.flatnonzero(y == label))
        query, train = [*query, *rows[:100]], [*train, *rows[100:200]]
    database = np.setdiff1d(np.arange(len(y)), query)
    query, train = np.sort(query), np.sort(train)
    mean = X[database].mean(axis=0, dtype=np.float64)
    mean = mean + (X[train] - mean).astype(np.float32).mean(axis=0, dtype=np.float64)

    def squared(rows):
        A, B = X[rows] - mean, X[train] - mean
        return (A**2).sum(axis=1)[:, None] + (B**2).sum(axis=1) - 2 * A @ B.T

    bits = (X[train] - mean) @ np.random.RandomState(0).standard_normal((512, 32)) >= 0
    codewords = np.array([np.where(bits[y[train] == label].mean(axis=0) > 0.5, 1.0, -1.0) for label in range(10)])
    gamma = chosen["gamma"] / np.median(squared(train)[np.triu_indices(1000, 1)])
    kernel = np.exp(-gamma * squared(train))
    weights = np.linalg.solve(kernel + chosen["ridge"] * np.eye(1000), codewords[y[train]])
    blocks = np.array_split(database, 15)
    codes, searched = (
        (np.exp(-gamma * squared(query)) @ weights > 0),
        [np.exp(-gamma * squared(b)) @ weights > 0 for b in blocks],
    )
    searched, precision = np.concatenate(searched), []
    for code, label in zip(codes, y[query], strict=True):
        distances = (searched != code).sum(axis=1)
        rings = (np.bincount(distances[mask], minlength=33) for mask in (slice(None), y[database] == label))
        precision.append(expected_precision(*rings))
    assert np.mean(precision) == pytest.approx(row["map"], abs=1e-6)


@pytest.mark.cifar10
@pytest.mark.parametrize(
    "method", ["AGH", "STH linear", "SDH", "ITQ+CCA", "GRH kernel-ridge, CCA start", "class scores"]
)
def test_what_is_kept_is_what_is_measured(cifar, measured, method):
    """On another machine the last bits of a product may differ, and with them a few codes."""
    assert measured["data"].iloc[0] == provenance(cifar)["data"]
    n_bits = 8 if method == "class scores" else 32
    row = measured.query("method == @method and n_train == 1000 and n_bits == @n_bits and partition == 3").iloc[0]
    split = paper_partition(cifar, 1000, 100, random_state=3).preprocessed("centre")
    hasher = clone(METHODS[method]).set_params(n_bits=n_bits, random_state=3)
    if isinstance(hasher, GRH):
        hasher.set_params(initial__n_bits=32, initial__random_state=3)
    hasher.set_params(**json.loads(row["parameters"])).fit(split.X_train, split.y_train)
    bits = hasher.transform(split.X_query), hasher.transform(split.X_database)
    again = ranking_precision(hasher, *bits, split.y_query, split.y_database)
    assert again == pytest.approx(row["map"], abs=0.002)
    if method != "class scores":
        assert again == mean_average_precision(*bits, split.y_query, split.y_database)
