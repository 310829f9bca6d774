"""The recipes of the appendix on databases give the package's answers, as they stand on the page.

Each recipe stores 20,000 real vectors, every one of them twice, so that there are ties of all
kinds.
"""

import os
import re

import numpy as np
import pandas as pd
import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from visits import ROOT, cells_of

from l2h_tutorial import HashNeighbors
from l2h_tutorial.metrics import same_ranking

PAGE = (ROOT / "book/databases.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", PAGE))
SHOWN = r"(?ms)^```python\n(.*?)^```"  # what the page shows and does not run
K = 10
N_QUERIES = 30


class Lab:
    """Rows with ties, queries near to them and far from all of them, and the package's answers."""

    def __init__(self, features):
        random = np.random.default_rng(0)
        self.X = np.tile(features[:10_000].astype(np.float32), (2, 1))
        near = self.X[random.integers(len(self.X), size=N_QUERIES)]
        near = near + 0.02 * random.standard_normal(near.shape, dtype=np.float32)
        # some have fewer than ten rows within the radius
        far = random.standard_normal((N_QUERIES, near.shape[1]), dtype=np.float32)
        self.queries = np.vstack([near, far])
        self.nn = HashNeighbors(n_neighbors=K, random_state=0).fit(self.X)
        self.codes = self.nn.codes(self.queries)
        self.distances, self.ids = self.nn.table_.query(self.codes, 100)
        lengths = np.linalg.norm(self.X, axis=1)
        self.cosines = self.queries @ self.X.T / lengths

    def names(self):
        """Return the names that the recipes use, with these rows in place of the page's."""
        names = {"np": np, "pd": pd, "X": self.X, "nn": self.nn, "bits": self.nn.table_.bits}
        names |= {"query": self.queries[0], "code": self.codes[0]}
        for code in cells_of(SECTIONS["The codes"])[1:]:  # the first one reads the page's rows
            exec(code, names)
        return names

    def check(self, names):
        """Compare a recipe's two functions with the package, for all queries."""
        found = []
        for i, code in enumerate(self.codes):
            nearest = np.array(names["nearest"](code, 100))
            np.testing.assert_array_equal(nearest[:, 0], self.ids[i])
            np.testing.assert_array_equal(nearest[:, 1], self.distances[i])
            names["code"] = code
            radius = names["radius_for"](K)
            reranked = names["reranked"](self.queries[i], code, radius, K)
            found.append([row for row, _ in reranked])
            cosines = self.cosines[i, found[-1]] / np.linalg.norm(self.queries[i])
            np.testing.assert_allclose([1 - each for _, each in reranked], cosines, atol=1e-5)
        _, expected = self.nn.kneighbors(self.queries)
        assert same_ranking(found, expected, self.cosines)
        assert_twins_in_order(found)


def assert_twins_in_order(found):
    """Check that of two equal vectors the one with the smaller number comes first."""
    pairs = 0
    for ids in found:
        later = [row for row in ids if row - 10_000 in ids]
        pairs += len(later)
        for row in later:
            assert ids.index(row) == ids.index(row - 10_000) + 1
    assert pairs > len(found)


@pytest.fixture(scope="module")
def lab(fashion):
    return Lab(fashion.features)


def test_rows_have_ties_and_queries_are_near_and_far(lab):
    assert (np.diff(lab.distances) == 0).mean() > 0.5
    within = lab.nn.table_.query_radius(lab.codes, lab.nn.radius_, count_only=True)
    assert within[:N_QUERIES].min() > K
    assert within[N_QUERIES:].min() < K


@pytest.mark.parametrize("section", ["DuckDB", "SQLite"])
def test_a_database_in_the_process_answers_so_too(lab, section):
    names = lab.names()
    for code in cells_of(SECTIONS[section]):
        exec(code, names)
    assert list(names["compare"]().values()) == [True, True]
    lab.check(names)


def test_sqlite_s_own_bits_differ_at_zero(lab):
    """databases: "sets a bit only above zero" """
    names = lab.names()
    for code in cells_of(SECTIONS["SQLite"]):
        exec(code, names)
    assert names["theirs"] == "[0,1,0,0,0,0,0,0]"
    assert names["as_text"](names["values"] >= 0) == "11011111"


# PostgreSQL


@pytest.fixture(scope="module")
def postgres(lab):
    """Run what the page shows, in a new database, and return its names."""
    folder = os.environ["L2H_POSTGRES"]
    name = f"l2h_{os.getpid()}"
    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as own:
        own.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PGDATABASE", name)
            names = lab.names()
            for code in re.findall(SHOWN, SECTIONS["PostgreSQL"]):
                exec(code, names)
            yield names
        names["server"].close()
        own.execute(SQL("DROP DATABASE {}").format(Identifier(name)))


@pytest.fixture(scope="module")
def with_index(postgres):
    """Make the page's index too: tests that need none come first."""
    for code in re.findall(SHOWN, SECTIONS["An index in PostgreSQL"]):
        exec(code, postgres)
    postgres["server"].execute("ANALYZE items")
    return postgres


@pytest.mark.slow
@pytest.mark.postgres
def test_postgresql_answers_as_the_package(postgres, lab):
    lab.check(postgres)


@pytest.mark.slow
@pytest.mark.postgres
def test_postgresql_s_own_bits_differ_at_zero(postgres):
    """databases: "The answer is `010`, whereas our bits are `110`" """
    assert postgres["theirs"] == "010"
    assert postgres["as_text"](np.array([0, 1, -1]) >= 0) == "110"


def recall_of_codes(found, distances):
    """Return the mean share of the nearest codes found; at the last distance any will do."""
    shares = [
        sum(distance <= nearest[-1] for _, distance in each) / len(nearest)
        for each, nearest in zip(found, distances, strict=True)
    ]
    return np.mean(shares)


@pytest.mark.slow
@pytest.mark.postgres
def test_an_index_makes_the_same_statement_inexact(with_index, lab):
    """databases: "The statement is the same, but its answer is no longer exact."
    "If you ask for more candidates than that, you get fewer than you asked for"
    "Rows with equal codes count once, so there may also be a few more."
    """
    server = with_index["server"]
    nearest = with_index["nearest"]
    plan = server.execute(
        "EXPLAIN SELECT id, bits <~> %(code)s::bit(128) AS distance "
        "FROM items ORDER BY distance, id LIMIT 100",
        {"code": with_index["as_text"](lab.codes[0])},
    )
    assert "items_hnsw" in str(plan.fetchall())
    counts = {}
    recalls = {}
    for ef_search in (20, 100):
        server.execute("SELECT set_config('hnsw.ef_search', %s, false)", [str(ef_search)])
        found = [nearest(code, 100) for code in lab.codes[:N_QUERIES]]
        counts[ef_search] = [len(each) for each in found]
        recalls[ef_search] = recall_of_codes(found, lab.distances[:N_QUERIES])
    assert 20 < max(counts[20]) < 100, "codes count, and every one of them has two rows"
    assert recalls[20] < 0.5 < 0.9 < recalls[100]
    exact = [with_index["exactly"](nearest, code, 100) for code in lab.codes]
    np.testing.assert_array_equal([[row for row, _ in each] for each in exact], lab.ids)


@pytest.mark.slow
@pytest.mark.postgres
def test_re_ranking_what_the_index_finds(with_index, lab):
    """databases: "`reranked` stays exact, because no index" """
    with_index["server"].execute("SET hnsw.ef_search = 200")
    near = range(N_QUERIES)
    found = [
        [row for row, _ in with_index["approximate"](lab.queries[i], lab.codes[i], 100, K)]
        for i in near
    ]
    assert_twins_in_order(found)
    candidates = lab.ids[:N_QUERIES]
    for i in near:
        best = candidates[i][np.argsort(-lab.cosines[i, candidates[i]], kind="stable")[:K]]
        assert len(np.intersect1d(best, found[i])) > K / 2
    _, expected = lab.nn.kneighbors(lab.queries[:N_QUERIES])
    reranked = []
    for i in near:
        rows = with_index["reranked"](lab.queries[i], lab.codes[i], lab.nn.radius_, K)
        reranked.append([row for row, _ in rows])
    assert same_ranking(reranked, expected, lab.cosines[:N_QUERIES])
