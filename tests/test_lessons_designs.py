"""Check what chapter 5 says of when not to hash: each line of advice is derived from the table.

The advice names ways. A function here derives these ways from the kept table. A cell of the table
is measured again.
"""

import re

import pandas as pd
import pytest
from benchmarks import designs as benchmark
from visits import RESULTS, ROOT, has_every_cell_once, rows_of

from l2h_tutorial import load_dataset
from l2h_tutorial.search import exact_neighbours

KEPT = pd.read_csv(RESULTS / "designs.csv")
CHAPTER = (ROOT / "book" / "designing.md").read_text(encoding="utf-8")
DRAWN = "clusters, drawn"
MANY = 10_000
WARNED = 0.1  # `fit` warns of a larger share
EXACT = ["exact_neighbours", "flat"]
ENOUGH = 0.945  # of the recall, to be called first
TIE = 1.2


def short(way):
    """Return what the chapter calls a way."""
    return way.removeprefix("faiss, ")


def by_way(column):
    """Return a column of the table with a row for each kind and size, and a column for each way."""
    rows = KEPT.pivot(index=["kind", "rows"], columns="way", values=column)
    return rows.rename(columns=short)


def of_real(column):
    """Return the rows of `by_way` that are of real vectors."""
    return by_way(column).drop(DRAWN)


def many(by_size):
    """Return the rows of many vectors."""
    return by_size[by_size.index.get_level_values("rows") >= MANY]


def times_the_quickest():
    """Return how many times as long as the quickest way each way takes for a query."""
    times = of_real("p50_ms")
    quickest = times.where(of_real("recall") >= ENOUGH).min(axis=1)
    return times.div(quickest, axis=0)


# What the table recommends: each function returns the names of ways.


def for_few_vectors():
    """The exact ways that are nowhere much slower than hashing."""
    times = of_real("p50_ms")
    few = times.drop(many(times).index)
    return {way for way in EXACT if (few[way] < 1.3 * few["HashNeighbors()"]).all()}


def for_quick_answers():
    """The one that is least behind the quickest where it is furthest behind."""
    return {times_the_quickest().max().idxmin()}


def for_large_vectors():
    """The one that compares fewest rows in full where it compares most."""
    scanned = of_real("scanned").drop(columns=EXACT)
    compared = scanned.mul(scanned.index.get_level_values("rows"), axis=0)
    return {compared.max().idxmin()}


def for_many_builds():
    """The one that builds soonest in every row, and the one that mostly does among the others."""
    build = by_way("build_s").drop(columns="exact_neighbours")
    soonest = set(build.idxmin(axis=1))
    others = build.drop(columns=list(soonest)).idxmin(axis=1)
    return soonest | set(others.mode())


def without_faiss():
    """Both of the package's ways, if one is ahead in all rows of few vectors, one in the others."""
    times = by_way("p50_ms")
    gain = times["exact_neighbours"] / times["HashNeighbors()"]
    are_few = gain.index.get_level_values("rows") < 7900
    is_divided = (gain[are_few] < 1).all() and (gain[~are_few] > 1).all()
    return {"exact_neighbours", "HashNeighbors()"} if is_divided else set()


ADVICE = {
    "Few vectors, or few queries": for_few_vectors,
    "All other cases": for_quick_answers,
    "The vectors do not fit into memory": for_large_vectors,
    "You rebuild the index often": for_many_builds,
    "No faiss available": without_faiss,
}


def recommended(lead):
    """Return the ways that the first sentence of a line of advice names."""
    (line,) = re.findall(rf"(?m)^- \*\*{re.escape(lead)}\*\*:? ?(.*)$", CHAPTER)
    names = sorted({short(way) for way in KEPT.way}, key=len, reverse=True)
    return set(re.findall("|".join(map(re.escape, names)), line.split(". ")[0]))


def test_every_line_of_advice_but_one_is_derived_from_the_table():
    """The other one, near-duplicates, is about a join of codes, of which bench-search.csv tells."""
    advice = CHAPTER.split("first line that fits:")[1].split("\n\n")[1]
    leads = re.findall(r"(?m)^- \*\*([^*]+)\*\*", advice)
    assert set(leads) == {*ADVICE, "You want near-duplicates"}


@pytest.mark.parametrize("lead", ADVICE)
def test_a_line_of_advice_follows_from_the_table(lead):
    assert recommended(lead) == ADVICE[lead]() != set()


def test_the_table_is_whole_and_its_figures_agree():
    """designing: "Six of the data sets are real, and one is synthetic (*clusters, drawn*)." "We
    tuned each index of faiss until it reached" """
    sizes = KEPT.groupby("kind").rows.unique()
    assert len(sizes.drop(DRAWN)) == 6
    expected = [
        (kind, n, way) for kind, rows in sizes.items() for n in rows for way in benchmark.WAYS
    ]
    # whether a size is known or not, the row says what the data were and who measured
    has_every_cell_once(KEPT, ["kind", "rows", "way"], expected)
    assert all(large // small == 4 for small, large in sizes)
    assert KEPT.groupby("kind")["data"].nunique().eq(1).all()
    is_exact = KEPT.way.map(short).isin(EXACT)
    assert (KEPT[is_exact].recall > 0.999).all()
    assert (KEPT[is_exact].scanned == 1).all()
    assert KEPT[~is_exact].recall.between(0.93, 1).all()
    assert KEPT[~is_exact].scanned.between(0, 0.7).all()


def test_hashing_is_first_nowhere_and_flat_is_ahead_of_it():
    """designing: "Which method is first depends on the vectors." "`HashNeighbors()` is never first,
    with 128 bits or with 256." "Hashing is clearly ahead of the flat index only if the set is large
    and hashing scans a small share of it." measured: "ms and is quicker than the first" """
    times = by_way("p50_ms")
    enough = times.where(by_way("recall") >= ENOUGH)
    behind = times.div(enough.min(axis=1), axis=0)
    alone = behind.drop(DRAWN)[(behind.drop(DRAWN) < TIE).sum(axis=1) == 1]
    assert {"HNSW", "IVF-RaBitQ"} <= set(alone.idxmin(axis=1))
    assert behind[["HashNeighbors()", "HashNeighbors(LSH(256))"]].min(axis=None) > 4
    assert behind["IVF-RaBitQ"]["CIFAR-10, deep"].iloc[-1] < 1
    largest = times.groupby("kind").tail(1)
    flat = largest["flat"] / largest["HashNeighbors()"]
    read = by_way("scanned")["HashNeighbors()"].loc[flat.index]
    is_few_of_many = (read < 0.04) & (read.index.get_level_values("rows") > MANY)
    assert set(flat[is_few_of_many].index.droplevel("rows")) == {DRAWN, "CIFAR-10, deep"}
    assert flat[is_few_of_many].min() > 2
    assert flat[~is_few_of_many].max() < 1.25


def test_codes_are_not_slow_until_a_scan_is_long():
    """measured: "**Comparing all codes is not slow up to {glue" "But a scan grows with the rows"
    "Why is `HashNeighbors()` slower than IndexLSH?" """
    behind = times_the_quickest()
    assert behind["IndexLSH"].max() < 3.5
    assert (behind["HashNeighbors()"] > 1.5 * behind["IndexLSH"]).all()
    drawn = by_way("p50_ms").loc[DRAWN]
    scan = drawn["IndexLSH"] / drawn["IVF"]
    assert scan.min() > 4
    assert scan.iloc[1] > 1.5 * scan.iloc[0]


def test_longer_codes_are_faster_where_there_are_many_vectors():
    """designing: "With more than [10,000]{.definition} real vectors, a query with 256 bits takes"
    "a single query was also faster with `LSH(256)` than with `LSH(128)`"
    """
    times = of_real("p50_ms")
    longer = times["HashNeighbors(LSH(256))"] / times["HashNeighbors()"]
    assert (many(longer) < 0.95).all()


def test_hnsw_is_quick_late_and_large():
    """designing: "On real vectors it takes at most {glue" "But its graph takes long to build"
    "Try IVF-RaBitQ as well, because it is ahead on CIFAR-10's GIST." "HNSW is a good first choice"
    "Of all indexes, flat is always the quickest to build." measured: "it takes longest to build,
    and the most memory" """
    behind = times_the_quickest()
    assert behind["HNSW"].max() < 2 < behind.drop(columns="HNSW").max().min()
    photos = behind.loc["CIFAR-10, GIST"]
    assert (TIE * photos["IVF-RaBitQ"] < photos["HNSW"]).all()
    for column in ("build_s", "bytes_a_row"):
        assert (many(of_real(column)).idxmax(axis=1) == "HNSW").all()
    build = by_way("build_s").drop(columns="exact_neighbours")
    assert (build.idxmin(axis=1) == "flat").all()


def test_codes_in_cells_compare_the_fewest_rows():
    """designing: "It compares the fewest rows in full, but we ran nothing from a disk."
    measured: "No way compares fewer rows in full than IVF-RaBitQ, whatever the vectors." """
    scanned = by_way("scanned")
    assert (scanned["IVF-RaBitQ"] == scanned.min(axis=1)).all()


def test_drawn_clusters_would_have_misled_us():
    """measured: "The drawn clusters alone would have misled us." "is first in both sizes" """
    read = by_way("scanned")["HashNeighbors()"]
    assert read[DRAWN].max() < 0.01 < 0.03 < read.drop(DRAWN).min()
    assert (by_way("p50_ms").loc[DRAWN].idxmin(axis=1) == "IVF").all()


def test_where_a_search_reads_much_other_ways_are_faster():
    """So say the warning and the README."""
    read = many(by_way("scanned")["HashNeighbors()"])
    warned = read.index[read > WARNED]
    assert len(warned)
    times = by_way("p50_ms").loc[warned]
    for way in ("HashNeighbors(LSH(256))", "IVF", "HNSW"):
        assert (times[way] < 0.9 * times["HashNeighbors()"]).all(), way
    assert (times["exact_neighbours"] < 2 * times["HashNeighbors()"]).all()
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert "reads more than a tenth of them. Then try longer codes, or another way" in readme


@pytest.fixture(scope="module")
def few_rows():
    """The fewer of Fashion-MNIST's deep features, queries to test with, and what is exact."""
    dataset = load_dataset("fashion-mnist", features="deep")
    _, test, rows = benchmark.parts_of(dataset)
    n, _ = benchmark.sizes_of(dataset)
    return rows[:n], test, exact_neighbours(test, rows[:n], 10)


@pytest.mark.parametrize("name", benchmark.WAYS)
def test_a_cell_measured_again_is_the_same(few_rows, name):
    """With the setting that was kept. What faiss trains depends on the processor."""
    X, test, exact = few_rows
    cell = rows_of(KEPT, kind="Fashion-MNIST, deep", way=name, rows=len(X))
    kept = cell.squeeze()
    way = benchmark.WAYS[name](X)
    numbers = re.findall(r"(\w+) (\d+)", kept["setting"])
    assert way.set({parameter: int(value) for parameter, value in numbers}) == kept["setting"]
    recall = benchmark.recall_of_each(way.search(test), exact).mean()
    assert recall == pytest.approx(kept["recall"], abs=0.015)
    assert way.scanned(test) == pytest.approx(kept["scanned"], rel=0.2)
    assert way.bytes() / len(X) == pytest.approx(kept["bytes_a_row"], rel=0.02)
