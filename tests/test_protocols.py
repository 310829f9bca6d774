"""Repeated experiments: what they compute, and that a run that was stopped goes on."""

import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from benchmarks import table1
from benchmarks.kept import ResultsFile, provenance
from benchmarks.table1 import run_table1
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t, ttest_rel

from l2h_tutorial import CCAITQ, GRH, LSH, Dataset
from l2h_tutorial.baselines import STH
from l2h_tutorial.controls import ClassScores
from l2h_tutorial.protocols.contrasts import holm, means_over_splits, paired_contrasts
from l2h_tutorial.protocols.ecir2015 import TABLE1, beside_published, judge_claims

KEY = ["method", "n_train", "n_bits", "partition", "n_queries"]
KEPT = [*KEY, "map", "parameters"]  # what two runs have in common, apart from the times


@pytest.fixture(scope="module")
def toy():
    """300 points in four classes that overlap."""
    random = np.random.default_rng(0)
    labels = np.arange(300) % 4
    features = random.normal(size=(4, 12))[labels] + random.normal(size=(300, 12))
    return Dataset("toy", features.astype(np.float32), labels, None, ("a", "b", "c", "d"))


# The paper's table

FEW = {
    "LSH": (LSH(), {}),
    "ITQ+CCA": (CCAITQ(), {"ridge": [0.01, 0.1, 1.0]}),
    "GRH": (GRH(classifier="kernel-ridge", initial=CCAITQ()), {"ridge": [0.1, 1.0]}),
    "STH": (STH(C=10.0), {}),
    "scores": (ClassScores(), {}),
}
SMALL = {
    "methods": FEW,
    "n_train": (40, 80),
    "n_bits": (4, 6),
    "partitions": (3, 1),
    "n_query_per_class": 5,
}


@pytest.fixture(scope="module")
def whole(toy, tmp_path_factory):
    """A small table, and the folder that keeps it."""
    folder = tmp_path_factory.mktemp("whole")
    return run_table1(toy, folder, **SMALL), folder


def test_every_cell_is_measured_once(whole):
    """Class scores have lengths and a ranking of their own, and self-taught hashing is given the
    labels.
    """
    frame, folder = whole
    expected = []
    for method in FEW:
        for n_bits in (4, 8, 16) if method == "scores" else (4, 6):
            for n_train in (40,) if method == "LSH" else (40, 80):  # LSH uses no labels
                expected += [(method, n_train, n_bits, partition) for partition in (3, 1)]
    assert sorted(frame[KEY[:4]].itertuples(index=False, name=None)) == sorted(expected)
    columns = [*KEY, "map", "seed", "fit_seconds", "encode_seconds", "parameters"]
    assert list(frame) == [*columns, "data", "versions", "machine", "finished"]
    tuned = pd.read_csv(folder / "table1-tuning.csv")
    of_tuned = [cell for cell in expected if cell[0] in ("GRH", "ITQ+CCA") and cell[3] == 3]
    assert sorted(tuned[KEY[:4]].itertuples(index=False, name=None)) == sorted(of_tuned)
    chosen = tuned.set_index(KEY[:3])["parameters"].to_dict()
    for row in frame.itertuples():
        assert row.parameters == chosen.get((row.method, row.n_train, row.n_bits), "{}")


def test_nothing_is_measured_twice_nor_changed_by_threads(toy, whole, tmp_path, monkeypatch):
    few = {name: FEW[name] for name in ("LSH", "ITQ+CCA")}
    run_table1(toy, tmp_path, **SMALL | {"partitions": [3], "methods": few})
    before = {file: file.read_text() for file in tmp_path.iterdir()}
    assert len(before) == 2
    frame = run_table1(toy, tmp_path, **SMALL, n_jobs=2)
    for file, text in before.items():
        assert file.read_text().startswith(text)
    found, expected = (each.sort_values(KEY, ignore_index=True)[KEPT] for each in (frame, whole[0]))
    pd.testing.assert_frame_equal(found, expected)
    monkeypatch.setattr(table1, "paper_partition", None)  # would fail if anything were left
    pd.testing.assert_frame_equal(run_table1(toy, tmp_path, **SMALL), frame)


def test_a_missing_choice_is_an_error(toy, whole, tmp_path):
    """As when the row of the first partition is there, but what was tuned on it has gone."""
    kept, tuned = (pd.read_csv(whole[1] / name) for name in ("table1.csv", "table1-tuning.csv"))
    kept[kept["partition"] == 3].to_csv(tmp_path / "table1.csv", index=False)
    tuned[tuned["method"] == "GRH"].to_csv(tmp_path / "table1-tuning.csv", index=False)
    with pytest.raises(ValueError, match=r"has no choice for \('ITQ\+CCA', 40, 4\): take its rows"):
        run_table1(toy, tmp_path, **SMALL)
    assert set(pd.read_csv(tmp_path / "table1.csv")["partition"]) == {3}


def test_the_paper_is_quoted_without_slips():
    assert len(TABLE1) == 88
    sums = TABLE1.groupby("n_train")["published"].sum().round(4).to_dict()
    assert sums == {1000: 10.912, 2000: 9.7633}
    cell = {"method": "GRH linear-svm, LSH start", "n_train": 2000, "n_bits": 64}
    row = beside_published(pd.DataFrame(cell | {"map": [0.25, 0.27]})).iloc[0]
    found = row[["map", "partitions", "published", "ratio"]].tolist()
    assert found == pytest.approx([0.26, 2, 0.2639, 0.26 / 0.2639])


def made_up(leads, noise=0.001):
    """Five partitions in which each method has a lead, give or take the noise."""
    random = np.random.default_rng(0).normal(scale=noise, size=(len(leads), 5))
    return pd.DataFrame(
        [
            (method, 1000, n_bits, partition, lead + random[i, partition])
            for i, (method, lead) in enumerate(leads.items())
            for n_bits in (16, 32, 48, 64)
            for partition in range(5)
        ],
        columns=["method", "n_train", "n_bits", "partition", "map"],
    )


@pytest.mark.parametrize(
    ("lead", "noise", "verdict"),
    [
        (0.16, 0.001, "larger"),
        (0.09, 0.001, "holds"),
        (0.09, 0.1, "undecided"),
        (0.047, 0.001, "undecided"),
        (0.02, 0.001, "shrinks"),
        (0.0, 0.001, "shrinks"),
        (-0.02, 0.001, "reverses"),
    ],
)
def test_the_interval_decides_what_becomes_of_a_claim(lead, noise, verdict):
    """The paper has linear GRH .0938 ahead of LSH, half of which is .0469."""
    results = made_up({"LSH": 0, "GRH linear-svm, LSH start": lead}, noise)
    (row,) = judge_claims(results).itertuples()
    assert (row.n_train, row.published) == (1000, pytest.approx(0.0938, abs=1e-4))
    assert row.low < row.ours < row.high
    assert row.verdict == verdict


def test_the_interval_of_a_claim_is_the_paired_one():
    few = made_up({"GRH linear-svm, LSH start": 0.1})
    many = made_up({"GRH linear-svm, LSH start": 0.13}, noise=0.002).assign(n_train=2000)
    (row,) = judge_claims(pd.concat([few, many])).itertuples()
    of_many, of_few = (each.groupby("partition")["map"].mean() for each in (many, few))
    interval = ttest_rel(of_many, of_few).confidence_interval(0.95)
    assert row.n_train == 2000
    assert row.ours == pytest.approx(np.mean(of_many - of_few))
    assert (row.low, row.high) == pytest.approx(tuple(interval))
    published = (
        TABLE1.query("method == 'GRH linear, LSH start'").groupby("n_train")["published"].mean()
    )
    assert row.published == pytest.approx(published[2000] - published[1000])


# The file


def test_a_row_comes_back_as_it_went(tmp_path, monkeypatch):
    """Also if the program is stopped as it writes the next one."""

    def interrupted(self, file, **options):
        file.write(b"half")
        raise KeyboardInterrupt

    path = tmp_path / "results.csv"
    results = ResultsFile(path, ["name"])
    assert results.frame().empty
    row = {"name": 'a, "b"', "value": 0.1 + 0.2, "json": '{"x": [1, 2]}'}
    results.append(row)
    kept = path.read_bytes()
    assert b"\r" not in kept
    monkeypatch.setattr(pd.DataFrame, "to_csv", interrupted)
    with pytest.raises(KeyboardInterrupt):
        results.append(row | {"name": "d"})
    assert path.read_bytes() == kept
    again = ResultsFile(path, ["name"])
    assert row in again
    assert {"name": "d"} not in again
    pd.testing.assert_frame_equal(again.frame(), pd.DataFrame([row]), rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            b"size,value\n1,2\n",
            r"is not a table of results with the columns \['name'\].*Move it away",
        ),
        (b"", "No columns"),
        (b"name,value\na,1\nb,2,3\n", "Expected 2 fields in line 3, saw 3"),
        (b"name,value\n\xff,1\n", "can't decode"),
        (b'name,value\n"a,1\n', "EOF inside string"),
        (b"name,data\na,other\n", "holds results of other, not of toy: choose another file"),
        (b"name,value\nb,1\n", r"has the columns \['name', 'value'\], the row \['name'\]"),
    ],
)
def test_what_is_damaged_or_foreign_is_refused(tmp_path, text, words):
    path = tmp_path / "results.csv"
    path.write_bytes(text)

    def use():
        results = ResultsFile(path, ["name"])
        results.check_data("toy")
        results.append({"name": "a"})

    with pytest.raises(ValueError, match=f"{path.name}.*{words}"):
        use()
    assert path.read_bytes() == text


def test_provenance_tells_data_versions_and_machine(toy):
    first = provenance(toy)
    changed = replace(toy, labels=toy.labels[::-1])
    assert provenance(changed)["data"] != first["data"] == provenance(toy)["data"]
    assert f"numpy {np.__version__}" in first["versions"]
    assert f"{os.cpu_count()} cores" in first["machine"]
    two = Dataset("toy", np.zeros((2, 1), dtype=np.float32), np.arange(2), None, ("cat", "dog"))
    assert provenance(two)["data"] == "toy 85526ba79728a470", "kept files name data so"


# Contrasts


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.2))
def test_holm_rejects_what_its_steps_reject(p, level):
    """From the smallest on, as long as each is at most the level divided by how many are left."""
    adjusted = holm(p)
    rejected = np.zeros(len(p), dtype=bool)
    for left, k in zip(range(len(p), 0, -1), np.argsort(p, kind="stable"), strict=True):
        if p[k] * left > level:
            break
        rejected[k] = True
    np.testing.assert_array_equal(adjusted <= level, rejected)


def measured_at_random():
    """Three methods on five splits of two data sets, 1,000 queries to 3,000 labelled images."""
    random = np.random.default_rng(0)
    rows = [
        {"dataset": data, "method": name, "seed": seed, "map": random.random()}
        for data in ("b", "a")
        for seed in random.permutation(5)
        for name in ("LSH", "GRH", "ITQ")
    ]
    return pd.DataFrame(rows).assign(question="ranking", n_queries=1000, n_labelled=3000)


PAIRS = [("ranking", "GRH", "LSH"), ("ranking", "ITQ", "LSH")]


def test_contrasts_are_paired_by_split_and_corrected_together():
    """An interval is the usual one, made wider by the correction for splits that overlap."""
    kept = measured_at_random()
    found = paired_contrasts(kept, PAIRS)
    names = [f"ranking: {name}, minus LSH" for name in ("GRH", "ITQ")]
    assert found.index.tolist() == [(name, data) for name in names for data in ("b", "a")]
    wider = np.sqrt((1 / 5 + 1 / 3) / (1 / 5))
    p = []
    for (contrast, data), row in found.iterrows():
        maps = kept[kept.dataset == data].pivot(index="seed", columns="method", values="map")
        test = ttest_rel(maps[contrast[9:12]], maps["LSH"])
        mean = (maps[contrast[9:12]] - maps["LSH"]).mean()
        usual = np.array(test.confidence_interval(0.95))
        assert row["difference"] == pytest.approx(mean)
        assert row[["low", "high"]].tolist() == pytest.approx(mean + (usual - mean) * wider)
        p.append(2 * t.sf(abs(test.statistic) / wider, 4))
    np.testing.assert_allclose(found["p"], holm(p))


def test_a_mean_has_the_interval_of_a_difference_from_nothing():
    kept = measured_at_random()
    nothing = kept.assign(map=kept["map"].where(kept.method != "LSH", 0))
    found = means_over_splits(kept, ["method", "dataset"])
    expected = paired_contrasts(nothing, PAIRS)
    for name in ("GRH", "ITQ"):
        wanted = expected.loc[f"ranking: {name}, minus LSH", ["difference", "low", "high"]]
        np.testing.assert_allclose(found.loc[name].loc[wanted.index], wanted)
    kept.loc[0, "map"] = np.nan
    assert means_over_splits(kept, ["method", "dataset"]).isna().sum().tolist() == [1, 1, 1]


def test_a_difference_as_large_as_needed_is_just_significant():
    kept = measured_at_random()
    found = paired_contrasts(kept, PAIRS)
    for (contrast, data), row in found.iterrows():
        moved = (kept.dataset == data) & (kept.method == contrast[9:12])
        larger = kept.assign(map=kept["map"] + moved * (row["needed"] - row["difference"]))
        again = paired_contrasts(larger, PAIRS).loc[(contrast, data)]
        assert again["difference"] == pytest.approx(row["needed"])
        assert again["p"] == pytest.approx(0.05)
