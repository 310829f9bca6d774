"""Check the kept table of quality by bytes: it is whole, plausible, and can be measured again."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from benchmarks import quality_by_bytes as benchmark
from visits import RESULTS

from l2h_tutorial import load_dataset
from l2h_tutorial.search import exact_neighbours

KEPT = pd.read_csv(RESULTS / "quality-by-bytes.csv")
RECALLS = [f"recall_{factor}" for factor in benchmark.FACTORS]


def test_the_table_has_every_cell_once():
    keys = KEPT[["vectors", "method", "seed", "classes"]]
    assert not keys.duplicated().any()
    vectors = KEPT["vectors"].unique()
    assert len(vectors) == 6
    expected = product(vectors, benchmark.METHODS, benchmark.SEEDS, ["old", "new"])
    assert set(keys.itertuples(index=False, name=None)) == set(expected)
    assert KEPT.notna().all(axis=None)
    assert KEPT.groupby("vectors")["data"].nunique().eq(1).all()


def test_its_figures_are_possible():
    figures = KEPT[[*RECALLS, "precision", "precision_rescored", "map"]]
    assert figures.stack().between(0, 1).all()
    assert (KEPT[RECALLS].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    # the same vectors, up to rounding
    assert (KEPT.query("method == 'float32'")[RECALLS] > 0.99).all(axis=None)


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name == "OPQ, 32 bytes"))
        for name in benchmark.METHODS
    ],
)
def test_a_cell_measured_again_is_the_same(method):
    """What faiss trains depends on the processor: it is compared with the spread over all seeds."""
    task = benchmark.task_of(load_dataset("fashion-mnist", features="deep"), 3)
    exact = exact_neighbours(task.query, task.database, benchmark.K)
    for classes, row in benchmark.measure(task, exact, benchmark.METHODS[method], 3):
        cell = {"vectors": "fashion-mnist, deep", "method": method} | classes
        is_cell = (KEPT[list(cell)] == pd.Series(cell)).all(axis=1)
        kept = KEPT[is_cell].set_index("seed")[list(row)]
        tolerance = np.full(len(row), 0.01)
        if "PQ, " in method:
            tolerance += (kept.max() - kept.min()).to_numpy(dtype=float)
        difference = kept.loc[3].to_numpy(dtype=float) - list(row.values())
        assert (np.abs(difference) <= tolerance).all(), dict(zip(row, difference, strict=True))
