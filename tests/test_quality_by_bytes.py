"""Check the kept tables of chapter 10: they are whole, plausible, and can be measured again."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from benchmarks import bits_or_numbers, filtered_cells
from benchmarks import quality_by_bytes as benchmark
from visits import RESULTS

from l2h_tutorial import load_dataset
from l2h_tutorial.search import exact_neighbours

KEPT = pd.read_csv(RESULTS / "quality-by-bytes.csv")
SPENT = pd.read_csv(RESULTS / "bits-or-numbers.csv")
FILTERED = pd.read_csv(RESULTS / "filtered-cells.csv")
RECALLS = [f"recall_{factor}" for factor in benchmark.FACTORS]


def test_the_table_has_every_cell_once():
    keys = KEPT[["vectors", "method", "seed", "classes"]]
    assert not keys.duplicated().any()
    vectors = KEPT["vectors"].unique()
    assert len(vectors) == 6
    of_images = [kind for kind in vectors if kind.startswith("cifar10")]
    expected = {
        *product(vectors, benchmark.METHODS, benchmark.SEEDS, ["old", "new"]),
        *product(of_images, benchmark.LARGE_METHODS, benchmark.SEEDS, ["old", "new"]),
    }
    assert set(keys.itertuples(index=False, name=None)) == expected
    assert KEPT.notna().all(axis=None)
    assert KEPT.groupby("vectors")["data"].nunique().eq(1).all()


def test_its_figures_are_possible():
    figures = KEPT[[*RECALLS, "precision", "precision_rescored", "map"]]
    assert figures.stack().between(0, 1).all()
    assert (KEPT[RECALLS].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    # the same vectors, up to rounding
    assert (KEPT.query("method == 'float32'")[RECALLS] > 0.99).all(axis=None)


LONG = "OPQ, 8 bytes", "other rows", "PQ, 32 bytes", "ITQ, 256 bits"
"""Ends of the names of methods that take some ten seconds each."""


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(name, marks=[pytest.mark.slow] * name.endswith(LONG))
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


def test_rows_that_a_code_learns_from_are_no_others():
    task = benchmark.task_of(load_dataset("fashion-mnist", features="deep"), 1)
    parts = [task.query, task.database, task.others]
    assert sum(map(len, parts)) == 10_000
    taught = {row.tobytes() for row in task.others}
    written = {row.tobytes() for row in task.database}
    assert not taught & written


# Bits or numbers


def test_the_table_of_numbers_and_bits_has_every_cell_once():
    keys = SPENT[["vectors", "order", "share", "code", "seed"]]
    assert not keys.duplicated().any()
    kinds = KEPT["vectors"].unique()
    expected = product(
        kinds,
        bits_or_numbers.ORDERS,
        bits_or_numbers.SHARES,
        bits_or_numbers.CODES,
        benchmark.SEEDS,
    )
    assert set(keys.itertuples(index=False, name=None)) == set(expected)
    assert SPENT.notna().all(axis=None)
    assert SPENT[[*RECALLS, "variance"]].stack().between(0, 1).all()
    assert (SPENT[RECALLS].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


def test_all_numbers_are_as_in_the_other_table():
    """RaBitQ of all numbers turns them anyway, so it does not matter in which order they are."""
    whole = SPENT[SPENT["share"] == 1].groupby(["order", "code", "vectors"])["recall_1"].mean()
    others = KEPT.groupby(["method", "vectors"])["recall_1"].mean()
    names = {"8 bits": "int8", "4 bits": "int4", "1 bit, RaBitQ": "RaBitQ"}
    names |= {f"{n} bits, RaBitQ": f"RaBitQ, {n} bits" for n in (2, 4)}
    for code, method in names.items():
        difference = whole["as given", code] - others[method]
        assert difference.abs().max() < 0.02, code
        if "RaBitQ" in code:
            difference = whole["by variance", code] - others[method]
            assert difference.abs().max() < 0.03, code


@pytest.mark.parametrize("code", bits_or_numbers.CODES)
@pytest.mark.parametrize("order", bits_or_numbers.ORDERS)
def test_a_cell_of_numbers_and_bits_measured_again_is_the_same(order, code):
    task = benchmark.task_of(load_dataset("fashion-mnist", features="deep"), 2)
    exact = exact_neighbours(task.query, task.database, benchmark.K)
    found = bits_or_numbers.measure(task, exact, order, 4, code, 2)
    cell = {"vectors": "fashion-mnist, deep", "order": order, "share": 4, "code": code, "seed": 2}
    (kept,) = SPENT[(SPENT[list(cell)] == pd.Series(cell)).all(axis=1)][list(found)].to_numpy()
    difference = kept.astype(float) - list(found.values())
    assert (np.abs(difference) <= 0.01).all(), dict(zip(found, difference, strict=True))


# Filters


def test_the_table_of_filters_has_every_cell_once():
    keys = FILTERED[["vectors", "filter", "share", "seed"]]
    assert not keys.duplicated().any()
    kinds = KEPT["vectors"].unique()
    expected = product(kinds, filtered_cells.FILTERS, filtered_cells.SHARES, benchmark.SEEDS)
    assert set(keys.itertuples(index=False, name=None)) == set(expected)
    assert FILTERED.notna().all(axis=None)
    assert FILTERED[["before", "after", "codes"]].stack().between(0, 1).all()
    # the best hundred of a search without a filter are never more than its own ten
    assert (FILTERED["after"] <= FILTERED["before"]).all()
    # both are rounded to four places
    assert (FILTERED["after"] <= FILTERED["passing"] / benchmark.K + 1e-4).all()
    assert FILTERED["probed"].le(FILTERED["cells"]).all()
    unfiltered = FILTERED[FILTERED["share"] == 1]
    assert (unfiltered["before"] >= filtered_cells.TARGET).all()
    assert (unfiltered["before"] == unfiltered["after"]).all()


@pytest.mark.slow
def test_a_filter_measured_again_finds_the_same():
    """What faiss trains depends on the processor: cells may differ, and with them some rows."""
    query, database = filtered_cells.drawn(load_dataset("fashion-mnist", features="deep"), 0)
    index = filtered_cells.cells_of(database)
    n_probe = filtered_cells.least_cells(
        index, query, exact_neighbours(query, database, benchmark.K)
    )
    for kind, share in product(filtered_cells.FILTERS, (0.5, 0.01)):
        found = filtered_cells.measure(query, database, index, n_probe, kind, share, 0)
        cell = {"vectors": "fashion-mnist, deep", "filter": kind, "share": share, "seed": 0}
        (kept,) = FILTERED[(FILTERED[list(cell)] == pd.Series(cell)).all(axis=1)].to_dict("records")
        for column in ("before", "after", "codes"):
            assert found[column] == pytest.approx(kept[column], abs=0.06), column


def test_a_filtered_search_finds_only_rows_that_pass():
    random = np.random.default_rng(0)
    database = random.normal(size=(500, 8)).astype(np.float32)
    index = filtered_cells.cells_of(database)
    rows = filtered_cells.passing(database, "at one end", 0.1, 0)
    found = filtered_cells.searched(index, database[:20], index.nlist, 10, rows)
    distances = ((database[:20, None] - database[rows]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(found, rows[np.argsort(distances, axis=1)[:, :10]])
    in_few_cells = filtered_cells.searched(index, database[:20], 1, 10, rows)
    assert all(set(ids) <= set(rows) for ids in in_few_cells)
