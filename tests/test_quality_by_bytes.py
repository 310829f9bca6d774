"""Check the kept tables of chapter 10: they are whole, plausible, and can be measured again."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from benchmarks import bits_or_numbers, filtered_cells
from benchmarks import quality_by_bytes as benchmark
from visits import RESULTS, has_every_cell_once, rows_of

from l2h_tutorial import load_dataset
from l2h_tutorial.search import exact_neighbours

KEPT = pd.read_csv(RESULTS / "quality-by-bytes.csv")
SPENT = pd.read_csv(RESULTS / "bits-or-numbers.csv")
FILTERED = pd.read_csv(RESULTS / "filtered-cells.csv")
RECALLS = [f"recall_{factor}" for factor in benchmark.FACTORS]
KINDS = KEPT["vectors"].unique()


def drawn(seed):
    """Return a draw of clothes' deep features, and the exact neighbours of its queries."""
    task = benchmark.task_of(load_dataset("fashion-mnist", features="deep"), seed)
    return task, exact_neighbours(task.query, task.database, benchmark.K)


def differences(kept, found):
    """Return how far a kept row is from what was found."""
    return {name: abs(float(kept[name]) - value) for name, value in found.items()}


def test_the_table_has_every_cell_once():
    assert len(KINDS) == 6
    of_images = [kind for kind in KINDS if kind.startswith("cifar10")]
    expected = [
        *product(KINDS, benchmark.METHODS, benchmark.SEEDS, ["old", "new"]),
        *product(of_images, benchmark.LARGE_METHODS, benchmark.SEEDS, ["old", "new"]),
    ]
    has_every_cell_once(KEPT, ["vectors", "method", "seed", "classes"], expected)
    assert KEPT.groupby("vectors")["data"].nunique().eq(1).all()


def test_its_figures_are_possible():
    figures = KEPT[[*RECALLS, "precision", "precision_rescored", "map"]]
    assert figures.stack().between(0, 1).all()
    assert (KEPT[RECALLS].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    # the same vectors, up to rounding
    assert (rows_of(KEPT, method="float32")[RECALLS] > 0.99).all(axis=None)


LONG = "bytes", "other rows"
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
    task, exact = drawn(3)
    for classes, row in benchmark.measure(task, exact, benchmark.METHODS[method], 3):
        kept = rows_of(KEPT, vectors="fashion-mnist, deep", method=method, **classes)
        kept = kept.set_index("seed")[list(row)]
        spread = kept.max() - kept.min()
        for name, difference in differences(kept.loc[3], row).items():
            assert difference <= 0.01 + ("PQ, " in method) * spread[name], name


def test_rows_that_a_code_learns_from_are_no_others():
    task, _ = drawn(1)
    assert sum(map(len, [task.query, task.database, task.others])) == 10_000
    taught = {row.tobytes() for row in task.others}
    written = {row.tobytes() for row in task.database}
    assert not taught & written


# Bits or numbers


def test_the_table_of_numbers_and_bits_has_every_cell_once():
    expected = product(
        KINDS,
        bits_or_numbers.ORDERS,
        bits_or_numbers.SHARES,
        bits_or_numbers.CODES,
        benchmark.SEEDS,
    )
    has_every_cell_once(SPENT, ["vectors", "order", "share", "code", "seed"], expected)
    assert SPENT[[*RECALLS, "variance"]].stack().between(0, 1).all()
    assert (SPENT[RECALLS].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


@pytest.mark.parametrize("code", bits_or_numbers.CODES)
@pytest.mark.parametrize("order", bits_or_numbers.ORDERS)
def test_a_cell_of_numbers_and_bits_measured_again_is_the_same(order, code):
    found = bits_or_numbers.measure(*drawn(2), order, 4, code, 2)
    kept = rows_of(
        SPENT, vectors="fashion-mnist, deep", order=order, share=4, code=code, seed=2
    ).squeeze()
    for name, difference in differences(kept, found).items():
        assert difference <= 0.01, name


# Filters


def test_the_table_of_filters_has_every_cell_once():
    expected = product(KINDS, filtered_cells.FILTERS, filtered_cells.SHARES, benchmark.SEEDS)
    has_every_cell_once(FILTERED, ["vectors", "filter", "share", "seed"], expected)
    assert FILTERED[["before", "after", "codes"]].stack().between(0, 1).all()
    # the best hundred of a search without a filter are never more than its own ten
    assert (FILTERED["after"] <= FILTERED["before"]).all()
    # both are rounded to four places
    assert (FILTERED["after"] <= FILTERED["passing"] / benchmark.K + 1e-4).all()
    assert FILTERED["probed"].le(FILTERED["cells"]).all()
    unfiltered = rows_of(FILTERED, share=1)
    assert (unfiltered["before"] >= filtered_cells.TARGET).all()
    assert (unfiltered["before"] == unfiltered["after"]).all()


@pytest.mark.slow
def test_a_filter_measured_again_finds_the_same():
    """What faiss trains depends on the processor: cells may differ, and with them some rows."""
    query, database = filtered_cells.drawn(load_dataset("fashion-mnist", features="deep"), 0)
    index = filtered_cells.cells_of(database)
    exact = exact_neighbours(query, database, benchmark.K)
    n_probe = filtered_cells.least_cells(index, query, exact)
    for kind, share in product(filtered_cells.FILTERS, (0.5, 0.01)):
        found = filtered_cells.measure(query, database, index, n_probe, kind, share, 0)
        cell = {"vectors": "fashion-mnist, deep", "filter": kind, "share": share, "seed": 0}
        kept = rows_of(FILTERED, **cell).squeeze()
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
