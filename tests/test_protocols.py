"""Repeated experiments: what they compute, and that a table survives being killed."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from l2h_tutorial import CCAITQ, GRH, LSH, PCAH, Dataset, mean_average_precision, paper_partition, split_dataset
from l2h_tutorial.baselines import STH
from l2h_tutorial.protocols import PROTOCOLS, compare_radius_search, compare_ranking, run_trials
from l2h_tutorial.protocols.ecir2015 import beside_published, published_table1
from l2h_tutorial.protocols.results import ResultsFile, provenance
from l2h_tutorial.protocols.table1 import METHODS, _chosen, main, run_table1

KEY = ["method", "n_train", "n_bits", "partition", "n_queries"]


@pytest.fixture
def toy():
    """300 points in four classes that overlap."""
    random = np.random.default_rng(0)
    labels = np.arange(300) % 4
    features = random.normal(size=(4, 12))[labels] + random.normal(size=(300, 12))
    return Dataset("toy", features.astype(np.float32), labels, None, ("a", "b", "c", "d"))


@pytest.fixture(autouse=True)
def small_splits(monkeypatch):
    monkeypatch.setattr("l2h_tutorial.splits._DEFAULT_SIZES", (40, 60))


FEW = {"LSH": LSH(), "ITQ+CCA": CCAITQ(), "GRH": GRH(classifier="kernel-ridge", initial=CCAITQ())}
SMALL = {
    "methods": FEW,
    "n_train": (40, 80),
    "n_bits": (4, 6),
    "partitions": range(2),
    "n_query_per_class": 5,
    "tuning": {"alpha": [0.6, 1.0], "n_iter": 2, "then": {"ridge": [0.1, 1.0]}},
}

# --- over seeds ----------------------------------------------------------------------------------------------------


TWO = {"LSH": LSH(), "PCAH": PCAH()}


def first_bits(trial):
    """What tells one trial from another."""
    bits = trial.hasher.transform(trial.split.X_query)
    return [{"share": bits[:, 0].mean(), "queries": len(bits)}, {"share": bits[:, 1].mean(), "queries": -1}]


def test_every_hasher_length_and_seed_is_one_trial(toy):
    frame = run_trials(first_bits, toy, TWO, n_bits=[3, 5], seeds=[0, 1])
    expected = [(m, b, s) for s in (0, 1) for m in TWO for b in (3, 5) for _ in range(2)]
    assert list(frame[["method", "n_bits", "seed"]].itertuples(index=False, name=None)) == expected
    assert frame["queries"].tolist() == [40, -1] * 8
    assert frame.attrs == {"protocol": "tutorial"} | provenance(toy)


def test_ranking_is_the_map_of_the_trial(toy):
    frame = compare_ranking(toy, {"LSH": LSH()}, n_bits=[6], seeds=[0, 1])
    for row in frame.itertuples():
        split = split_dataset(toy, random_state=42 + row.seed).preprocessed("l2-centre")
        hasher = LSH(6, random_state=row.seed).fit(split.X_train)
        assert row.map == mean_average_precision(
            hasher.transform(split.X_query), hasher.transform(split.X_database), split.y_query, split.y_database
        )


def test_radius_search_has_a_row_a_seed_and_radius(toy):
    frame = compare_radius_search(toy, {"LSH": LSH()}, n_bits=6, radii=iter([0, 6]), seeds=[0, 1])
    assert frame[["seed", "radius"]].values.tolist() == [[0, 0], [0, 6], [1, 0], [1, 6]]
    assert (frame.loc[frame["radius"] == 6, "scanned"] == 1).all()


def test_in_parallel_and_into_a_file_the_rows_are_the_same(toy, tmp_path):
    plain = run_trials(first_bits, toy, TWO, n_bits=[3, 5], seeds=[0, 1])
    kept = run_trials(first_bits, toy, TWO, n_bits=[3, 5], seeds=[0, 1], n_jobs=2, results=tmp_path / "a.csv")
    pd.testing.assert_frame_equal(kept[plain.columns], plain)
    assert (kept["data"] == provenance(toy)["data"]).all()
    assert kept["finished"].notna().all()


def test_stopped_and_started_again_only_what_is_missing_is_measured(toy, tmp_path):
    measured = []

    def stops(trial):
        if len(measured) == 3:
            raise KeyboardInterrupt
        measured.append(trial[:3])
        return first_bits(trial)

    options = {"n_bits": [3], "seeds": [0, 1, 2], "results": tmp_path / "a.csv"}
    with pytest.raises(KeyboardInterrupt):
        run_trials(stops, toy, TWO, **options)
    first = options["results"].read_text()
    assert first.count("\n") == 1 + 3 * 2

    def goes_on(trial):
        assert trial[:3] not in measured
        return first_bits(trial)

    frame = run_trials(goes_on, toy, TWO, **options)
    assert options["results"].read_text().startswith(first)
    pd.testing.assert_frame_equal(frame.iloc[:, :5], run_trials(first_bits, toy, TWO, n_bits=[3], seeds=[0, 1, 2]))


def test_a_file_is_for_one_data_set_and_one_protocol(toy, tmp_path):
    options = {"n_bits": [3], "seeds": [0], "results": tmp_path / "a.csv"}
    run_trials(first_bits, toy, TWO, **options)
    other = replace(toy, features=toy.features + 1)
    with pytest.raises(ValueError, match=r"a.csv holds results of toy .*, not of toy .*: choose another file"):
        run_trials(first_bits, other, TWO, **options)

    def halves(dataset, seed):
        return split_dataset(dataset, 100, 100, random_state=seed)

    with pytest.raises(ValueError, match="holds results of tutorial, not of halves"):
        run_trials(first_bits, toy, TWO, protocol=halves, **options)


def test_a_refusal_does_not_quote_a_foreign_file_at_length(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"method,data\nLSH,{'[' * 9999}\n")
    with pytest.raises(ValueError, match=r"a.csv holds results of \[+, not of toy: choose another file") as refused:
        ResultsFile(path, key=["method"]).check(data="toy")
    assert len(str(refused.value)) < 500


def test_a_protocol_is_named_or_made(toy):
    with pytest.raises(ValueError, match="protocol must be one of tutorial, ecir2015, disjoint, held-out, or a callab"):
        run_trials(first_bits, toy, TWO, n_bits=[3], seeds=[0], protocol="seed")


def test_the_protocols_differ_in_what_is_searched_and_asked(fashion):
    splits = {name: make(fashion, 1) for name, make in PROTOCOLS.items()}
    searched = {name: np.isin(s.train_rows, s.database_rows).mean() for name, s in splits.items()}
    assert searched == {"tutorial": 0, "ecir2015": 1, "disjoint": 0, "held-out": 0}
    labelled = {name: np.isin(s.y_query, s.y_train).mean() for name, s in splits.items()}
    assert labelled == {"tutorial": 1, "ecir2015": 1, "disjoint": 1, "held-out": 0}
    for name, split in splits.items():
        assert len(split.y_train) == (60 if name == "tutorial" else 1000)
        seen = np.vstack([split.X_train, split.X_database]) if not searched[name] else split.X_database
        np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-5)


# --- the paper's table ---------------------------------------------------------------------------------------------


def test_every_cell_is_measured_once_and_methods_without_labels_for_the_first_number(toy, tmp_path):
    frame = run_table1(toy, tmp_path, **SMALL)
    expected = {(m, 40, b, p) for m in FEW for b in (4, 6) for p in (0, 1)}
    expected |= {(m, 80, b, p) for m in ("ITQ+CCA", "GRH") for b in (4, 6) for p in (0, 1)}
    assert sorted(frame[KEY[:4]].itertuples(index=False, name=None)) == sorted(expected)
    assert (frame["n_queries"] == 20).all()
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "table1.csv"), frame)


def test_sth_is_given_the_labels(toy, tmp_path):
    frame = run_table1(toy, tmp_path, **SMALL | {"methods": {"STH": STH(C=10.0)}, "n_bits": [3], "partitions": [0]})
    assert frame["n_train"].tolist() == [40, 80]
    for row in frame.itertuples():
        split = paper_partition(toy, row.n_train, 5, random_state=0).preprocessed("centre")
        hasher = STH(3, C=10.0, random_state=0).fit(split.X_train, split.y_train)
        bits = hasher.transform(split.X_query), hasher.transform(split.X_database)
        assert row.map == mean_average_precision(*bits, split.y_query, split.y_database)


def test_a_cell_is_what_its_row_says(toy, tmp_path):
    frame = run_table1(toy, tmp_path, **SMALL)
    for row in frame.itertuples():
        split = paper_partition(toy, row.n_train, 5, random_state=row.partition).preprocessed("centre")
        hasher = clone(FEW[row.method]).set_params(n_bits=row.n_bits, random_state=row.seed)
        if row.method == "GRH":
            hasher.set_params(initial__n_bits=row.n_bits, initial__random_state=row.seed)
        hasher.set_params(**json.loads(row.parameters))
        hasher.fit(split.X_train, split.y_train)
        bits = hasher.transform(split.X_query), hasher.transform(split.X_database)
        assert row.map == mean_average_precision(*bits, split.y_query, split.y_database)
        assert row.fit_seconds > 0
        assert row.encode_seconds > 0
        assert row.data == provenance(toy)["data"]


def test_all_is_tuned_on_the_first_partition_for_every_length_and_number_of_labels(toy, tmp_path):
    frame = run_table1(toy, tmp_path, **SMALL | {"partitions": [3, 1]})
    tuned = pd.read_csv(tmp_path / "table1-tuning.csv")
    expected = [[method, t, b, 3] for method in ("GRH", "ITQ+CCA") for t in (40, 80) for b in (4, 6)]
    assert sorted(tuned[KEY[:4]].values.tolist()) == expected
    parameters = {(row.method, row.n_train, row.n_bits): row.parameters for row in tuned.itertuples()}
    for row in frame.itertuples():
        assert row.parameters == parameters.get((row.method, row.n_train, row.n_bits), "{}")
    of_grh = tuned[tuned["method"] == "GRH"]
    for row in of_grh.itertuples():
        chosen = json.loads(row.parameters)
        assert set(chosen) == {"alpha", "n_iter", "ridge", "initial__ridge"}
        assert len(json.loads(row.trials)) == 2 * 2 + 2 * 2


def test_threads_change_nothing_but_the_times(toy, tmp_path):
    one, two = (
        run_table1(toy, tmp_path / str(n), **SMALL, n_jobs=n).sort_values(KEY, ignore_index=True) for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one[[*KEY, "map", "parameters"]], two[[*KEY, "map", "parameters"]])


@pytest.mark.parametrize("less", [{"partitions": [0]}, {"methods": {name: FEW[name] for name in ("LSH", "ITQ+CCA")}}])
def test_what_is_measured_is_not_measured_again(toy, tmp_path, monkeypatch, less):
    run_table1(toy, tmp_path, **SMALL | less)
    first = (tmp_path / "table1.csv").read_text()
    tuned = (tmp_path / "table1-tuning.csv").read_text()
    frame = run_table1(toy, tmp_path, **SMALL)
    assert (tmp_path / "table1.csv").read_text().startswith(first)
    assert (tmp_path / "table1-tuning.csv").read_text().startswith(tuned)
    for name in ("table1.csv", "table1-tuning.csv"):
        assert not pd.read_csv(tmp_path / name).duplicated(KEY).any()
    monkeypatch.setattr("l2h_tutorial.protocols.table1.paper_partition", None)  # would fail if anything were left
    pd.testing.assert_frame_equal(run_table1(toy, tmp_path, **SMALL), frame)


PROGRAM = """
import sys, time
import numpy as np
from l2h_tutorial import Dataset
from l2h_tutorial.protocols import table1
from tests.test_protocols import SMALL
labels = np.arange(300) % 4
random = np.random.default_rng(0)
features = (random.normal(size=(4, 12))[labels] + random.normal(size=(300, 12))).astype(np.float32)
measure = table1._measure
def slow(*arguments, **keywords):
    row = measure(*arguments, **keywords)
    time.sleep(0.1)
    return row
table1._measure = slow
table1.run_table1(Dataset("toy", features, labels, None, tuple("abcd")), sys.argv[1], **SMALL)
"""


def test_killed_and_started_again_it_loses_and_repeats_nothing(toy, tmp_path):
    path = tmp_path / "killed" / "table1.csv"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path.parent)])
    deadline = time.monotonic() + 120
    while not (path.exists() and path.read_text().count("\n") > 4) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    before = path.read_text()
    assert 4 < before.count("\n") < 21
    resumed = run_table1(toy, path.parent, **SMALL)
    assert path.read_text().startswith(before)
    assert not resumed.duplicated(KEY).any()
    whole = run_table1(toy, tmp_path / "whole", **SMALL)
    pd.testing.assert_frame_equal(resumed[[*KEY, "map", "parameters"]], whole[[*KEY, "map", "parameters"]])
    assert sorted(file.name for file in path.parent.iterdir()) == ["table1-tuning.csv", "table1.csv"]


def test_results_of_other_data_are_not_added_to(toy, tmp_path):
    run_table1(toy, tmp_path, **SMALL | {"methods": {"LSH": LSH()}})
    other = Dataset("toy", toy.features + 1, toy.labels, None, toy.class_names)
    with pytest.raises(ValueError, match=r"table1\.csv holds results of toy [0-9a-f]{16}, not of toy"):
        run_table1(other, tmp_path, **SMALL)


def test_the_methods_are_the_papers_rows_and_both_our_rbf_classifiers():
    assert list(METHODS)[:5] == ["LSH", "PCAH", "SH", "AGH", "ITQ+CCA"]
    assert list(METHODS)[5:9] == ["STH linear", "STH rbf", "KSH", "SDH"]
    assert len(METHODS) == 15
    ours = pd.DataFrame(
        [(m, t, b, 1.0) for m in METHODS for t in (1000, 2000) for b in (16, 32, 48, 64)],
        columns=["method", "n_train", "n_bits", "map"],
    )
    beside = beside_published(ours).set_index("method")
    missing = beside["published"].isna()
    unlabelled = {"LSH": 4, "PCAH": 4, "SH": 4, "AGH": 4}  # with 2,000 labels
    assert beside[missing].groupby("method").size().to_dict() == unlabelled | {"SDH": 8}
    assert beside.loc["GRH rbf-svm, CCA start", "published"].tolist() == (
        beside.loc["GRH kernel-ridge, CCA start", "published"].tolist()
    )


def test_the_paper_is_quoted_without_slips():
    table = published_table1()
    assert len(table) == 88
    assert table.groupby("n_train")["published"].sum().round(4).to_dict() == {1000: 10.912, 2000: 9.7633}


def test_ours_stands_beside_the_papers():
    ours = pd.DataFrame(
        {"method": "GRH linear-svm, LSH start", "n_train": 2000, "n_bits": 64, "map": [0.25, 0.27], "partition": [0, 1]}
    )
    row = beside_published(ours).iloc[0]
    assert row["map"] == pytest.approx(0.26)
    assert row["std"] == pytest.approx(0.02 / np.sqrt(2))
    assert row["partitions"] == 2
    assert row["published"] == 0.2639
    assert row["ratio"] == pytest.approx(0.26 / 0.2639)


def test_the_command_measures_and_prints(toy, tmp_path, monkeypatch, capsys):
    large = Dataset("toy", np.tile(toy.features, (2, 1)), np.tile(toy.labels, 2), None, toy.class_names)
    asked = []
    monkeypatch.setattr(
        "l2h_tutorial.protocols.table1.load_dataset", lambda *name, source: asked.append((*name, source)) or large
    )
    options = "--methods LSH PCAH --jobs 1 --n-train 40 --n-bits 6 --partitions 2"
    main(["--source", "here", "--folder", str(tmp_path), *options.split()])
    assert asked == [("cifar10", "here")]
    shown = capsys.readouterr()
    assert "LSH" in shown.out
    assert str(tmp_path / "table1.csv") in shown.out
    assert "table 1" in shown.err
    assert len(pd.read_csv(tmp_path / "table1.csv")) == 4


# --- the file ------------------------------------------------------------------------------------------------------


def test_a_row_comes_back_as_it_went(tmp_path):
    results = ResultsFile(tmp_path / "new" / "results.csv", ["name"])
    assert results.frame().empty
    results.append({"name": 'a, "b"', "value": 0.1 + 0.2, "json": '{"x": [1, 2]}'})
    results.append({"name": "c", "value": 1e-17, "json": "{}"})
    again = ResultsFile(tmp_path / "new" / "results.csv", ["name"])
    assert {"name": 'a, "b"'} in again
    assert {"name": "d"} not in again
    assert again.path.stat().st_mode & 0o044 == 0o044  # others may read it
    assert again.frame().values.tolist() == [['a, "b"', 0.1 + 0.2, '{"x": [1, 2]}'], ["c", 1e-17, "{}"]]


def test_a_row_is_refused_twice_or_with_other_columns(tmp_path):
    results = ResultsFile(tmp_path / "results.csv", ["name"])
    results.append({"name": "a", "value": 1})
    with pytest.raises(ValueError, match=r"already holds \{'name': 'a'\}"):
        results.append({"name": "a", "value": 2})
    with pytest.raises(ValueError, match=r"has the columns \['name', 'value'\], the row \['name', 'size'\]"):
        results.append({"name": "b", "size": 2})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"name,value\na,1\nb", "last row of .* is not whole"),
        (b"size,value\n1,2\n", "no column 'name'"),
        (b"name,value\na,1,2\n", "not a table of results: rows of 2 to 3 columns"),
        (b"name,value\n\xff,1\n", "results.csv is not a table of results"),
        (b'name,value\n"a,1\n', "results.csv is not a table of results"),
        (b"name,value\n" + b"x" * 140_000 + b",1\n", "results.csv is not a table of results"),
        (b"\n", "results.csv is not a table of results"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(tmp_path, text, message):
    (tmp_path / "results.csv").write_bytes(text)
    with pytest.raises(ValueError, match=message):
        ResultsFile(tmp_path / "results.csv", ["name"])


def test_an_empty_file_holds_no_results(tmp_path):
    (tmp_path / "results.csv").touch()
    results = ResultsFile(tmp_path / "results.csv", ["name"])
    assert results.frame().empty
    results.append({"name": "a"})
    assert {"name": "a"} in results


@pytest.mark.parametrize("parameters", ["", "[1", "3", "[" * 9999])
def test_damaged_parameters_are_refused(tmp_path, parameters):
    results = ResultsFile(tmp_path / "table1-tuning.csv", ["method", "n_train", "n_bits"])
    results.append({"method": "KSH", "n_train": 1000, "n_bits": 8, "parameters": parameters})
    with pytest.raises(ValueError, match=r"table1-tuning\.csv holds parameters that cannot be read"):
        _chosen(results)


def test_an_interrupted_write_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    results = ResultsFile(tmp_path / "results.csv", ["name"])
    results.append({"name": "a"})
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        results.append({"name": "b"})
    assert (tmp_path / "results.csv").read_text() == "name\na\n"
    assert {"name": "b"} not in results


def test_provenance_tells_data_versions_and_machine(toy):
    first = provenance(toy)
    changed = Dataset("toy", toy.features, toy.labels[::-1], None, toy.class_names)
    assert provenance(changed)["data"] != first["data"] == provenance(toy)["data"]
    assert f"numpy {np.__version__}" in first["versions"]
    assert f"{os.cpu_count()} cores" in first["machine"]
