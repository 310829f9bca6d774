"""The kept table of quality by bytes: whole, plausible, and what is measured again."""

import numpy as np
import pandas as pd
import pytest
from benchmarks import quality_by_bytes as benchmark
from visits import RESULTS

from l2h_tutorial import load_dataset
from l2h_tutorial.search import exact_neighbours

KEPT = pd.read_csv(RESULTS / "quality-by-bytes.csv")
RECALLS = [f"recall_{factor}" for factor in benchmark.FACTORS]
VECTORS = {
    "cifar10, gist": 512,
    "cifar10, deep": 256,
    "fashion-mnist, gist": 512,
    "fashion-mnist, deep": 256,
    "docstrings, TF-IDF": 256,
    "docstrings, WordLlama": 256,
}


def test_the_table_has_every_cell_once():
    """Of CIFAR-10 too, where it has been measured."""
    keys = KEPT[["vectors", "method", "seed", "classes"]]
    assert not keys.duplicated().any()
    vectors = set(VECTORS) | set(KEPT["vectors"])
    expected = pd.MultiIndex.from_product([vectors, benchmark.METHODS, benchmark.SEEDS, ["old", "new"]])
    assert set(keys.itertuples(index=False, name=None)) == set(expected)
    assert KEPT.notna().all(axis=None)
    assert KEPT.groupby("vectors")["data"].nunique().eq(1).all()


def test_its_figures_are_possible():
    figures = KEPT[[*RECALLS, "precision", "precision_rescored", "map"]]
    assert figures.stack().between(0, 1).all()
    assert (KEPT[RECALLS].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert (KEPT.query("method == 'float32'")[RECALLS] > 0.99).all(axis=None)  # equal vectors but for rounding
    bytes_of = KEPT.groupby(["vectors", "method"])["bytes"].unique().map(list).unstack()
    for vectors, d in VECTORS.items():
        found = bytes_of.loc[vectors].map(lambda each: each[0]).to_dict()
        own = {"float32": 4 * d, "float16": 2 * d, "truncation to a quarter": d, "int8": d + 4, "int4": d // 2 + 4}
        own |= {"RaBitQ": d // 8 + 12, "class scores, 8 bits": 1}
        own |= {f"{name}, 64 bits": 8 for name in ("GRH", "Hadamard codewords", "small network")}
        own |= {name: d // 8 for name in found if name.startswith("signs")}
        own |= {name: int(name.split()[1]) for name in found if "PQ, " in name}
        own |= {name: int(name.split()[1]) // 8 for name in found if name.startswith(("LSH", "ITQ"))}
        assert found == own


@pytest.mark.parametrize("method", ["int8", "signs", "RaBitQ", "PQ, 8 bytes", "GRH, 64 bits", "class scores, 8 bits"])
def test_a_cell_measured_again_is_the_same(method):
    task = benchmark.task_of(load_dataset("fashion-mnist", features="deep"), 3)
    exact = exact_neighbours(task.query, task.database, benchmark.K)
    for classes, row in benchmark.measure(task, exact, benchmark.METHODS[method], 3):
        cell = {"vectors": "fashion-mnist, deep", "method": method, "seed": 3} | classes
        kept = KEPT.loc[(KEPT[list(cell)] == pd.Series(cell)).all(axis=1), list(row)]
        np.testing.assert_allclose(kept.to_numpy(dtype=float), [list(row.values())], atol=0.01)


def test_what_is_measured_is_what_it_says():
    """By ranking one query by hand."""
    dataset = load_dataset("fashion-mnist", features="deep")
    task = benchmark.task_of(dataset, 0)
    assert len(np.unique(task.y_train)) == 7
    assert set(task.y_query[task.new]).isdisjoint(task.y_train)
    assert set(np.unique(task.y_database)) == set(range(10))
    first = np.isin(task.y_database[:100], task.y_train).mean()  # rows that tie are in random order
    assert first == pytest.approx(np.isin(task.y_database, task.y_train).mean(), abs=0.15)
    one_of_each = [0, -1]
    task.query, task.y_query, task.new = (part[one_of_each] for part in (task.query, task.y_query, task.new))
    exact = exact_neighbours(task.query, task.database, benchmark.K)
    scores = np.random.default_rng(0).random((2, len(task.database)))
    *_, (classes, row) = benchmark.measure(task, exact, lambda task, seed: (7, scores), 0)
    order = np.argsort(-scores[1])
    relevant = task.y_database[order] == task.y_query[1]
    assert (classes, row["bytes"]) == ({"classes": "new"}, 7)
    assert row["map"] == pytest.approx(np.mean((np.cumsum(relevant) / np.arange(1, 5001))[relevant]), abs=1e-4)
