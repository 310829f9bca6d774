"""The recipes of the appendix on databases give the package's answers, as they stand on the page.

Each recipe stores 20,000 real vectors, every one of them twice, so that there are ties of all
kinds.
"""

import os
import re
from functools import partial

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
        names = {
            "np": np,
            "pd": pd,
            "HashNeighbors": HashNeighbors,
            "X": self.X,
            "nn": self.nn,
            "bits": self.nn.table_.bits,
        }
        names |= {"query": self.queries[0], "code": self.codes[0]}
        names |= {"n_bits": self.codes.shape[1], "n_dims": self.X.shape[1]}
        for code in cells_of(SECTIONS["The codes"])[1:]:  # the first one reads the page's rows
            exec(code, names)
        return names

    def recipe(self, section, **others):
        """Run a section's first two cells, with other values for some names; return all names."""
        names = self.names()
        names |= others
        for code in cells_of(SECTIONS[section])[:2]:
            exec(code, names)
        return names

    def check_neighbours(self, search, k=K):
        """Compare what a recipe answers with the package, for all queries; return the ids."""
        given = zip(self.queries, self.codes, strict=True)
        found = [[row for row, _ in search(query, code, k)] for query, code in given]
        _, expected = self.nn.kneighbors(self.queries, k)
        assert same_ranking(found, expected, self.cosines)
        return found

    def check(self, names):
        """Compare a recipe's functions with the package, for all queries."""
        for i, code in enumerate(self.codes):
            nearest = np.array(names["nearest"](code, 100))
            np.testing.assert_array_equal(nearest[:, 0], self.ids[i])
            np.testing.assert_array_equal(nearest[:, 1], self.distances[i])
        assert_twins_in_order(self.check_neighbours(names["neighbours"]))
        with pytest.raises(Exception, match=r"length|size|dimension"):
            names["nearest"](self.codes[0, :64], K)


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


def test_queries_are_near_and_far(lab):
    within = lab.nn.table_.query_radius(lab.codes, lab.nn.radius_, count_only=True)
    assert within[:N_QUERIES].min() > K > within[N_QUERIES:].min()


@pytest.mark.parametrize("section", ["DuckDB", "SQLite"])
def test_a_database_in_the_process_answers_so_too(lab, section):
    names = lab.recipe(section)
    assert list(names["compare"](lab.queries[0], lab.codes[0]).values()) == [True, True]
    lab.check(names)


@pytest.mark.parametrize("section", ["DuckDB", "SQLite"])
def test_an_empty_table_has_no_neighbours(lab, section):
    names = lab.recipe(section)
    (names["duck"] if section == "DuckDB" else names["lite"]).execute("DELETE FROM items")
    assert names["neighbours"](lab.queries[0], lab.codes[0], K) == []


@pytest.mark.parametrize("section", ["DuckDB", "SQLite"])
def test_rows_without_a_cosine_come_last(lab, section):
    """databases: "which sorts NULL first unless you write `NULLS LAST`" "DuckDB does the same." """
    X = lab.X[:20].copy()
    X[0] = 0
    names = lab.recipe(section, X=X, bits=lab.nn.table_.bits[:20])
    found = names["reranked"](lab.queries[0], lab.codes[0], 128, 20)
    assert found[-1][0] == 0
    distances = np.array([distance for _, distance in found], dtype=float)
    np.testing.assert_array_equal(np.isnan(distances), [False] * 19 + [True])


def test_duckdb_s_table_takes_codes_of_one_length(lab):
    """databases: "Without the `CHECK`, a single code of another length could get in" """
    names = lab.recipe("DuckDB")
    with pytest.raises(names["duckdb"].ConstraintException, match="bit_length"):
        names["duck"].execute("INSERT INTO items (id, bits) VALUES (-1, '0101'::BIT)")


@pytest.mark.parametrize("section", ["DuckDB", "SQLite"])
def test_ids_of_one_s_own(lab, section):
    """databases: "`nn.kneighbors` returns ids too"
    "But `nn.table_.query` still returns row numbers"
    """
    names = lab.names()
    ids = 5_000_000_000 + 3 * np.arange(len(lab.X))
    names["ids"] = ids
    names["nn"] = HashNeighbors(n_neighbors=K, random_state=0).fit(lab.X, ids=ids)
    for code in cells_of(SECTIONS[section])[:2]:
        own = code.replace('"id": range(len(X))', '"id": ids').replace("(i, ", "(int(ids[i]), ")
        exec(own, names)
    _, rows = names["nn"].table_.query(lab.codes[:1], K)
    found = names["nearest"](lab.codes[0], K)
    assert [row for row, _ in found] == ids[rows[0]].tolist()
    _, by_cosine = names["nn"].kneighbors(lab.queries[:1])
    found = names["neighbours"](lab.queries[0], lab.codes[0], K)
    assert found[0][0] == by_cosine[0, 0]


def test_the_radius_of_a_fit_is_not_for_more_neighbours(lab):
    """databases: "If you need fifty neighbours, fit with `n_neighbors=50`"
    "the codes stay the same, and the radius grows"
    """
    names = lab.recipe("DuckDB")
    with pytest.raises(ValueError, match="k <= 10, got k=50"):
        names["neighbours"](lab.queries[0], lab.codes[0], 50)
    names["nn"] = HashNeighbors(n_neighbors=50, random_state=0).fit(lab.X)
    np.testing.assert_array_equal(names["nn"].table_.bits, lab.nn.table_.bits)
    assert names["nn"].radius_ > lab.nn.radius_
    lab.check_neighbours(names["neighbours"], 50)


def test_sqlite_s_own_bits_differ_at_zero(lab):
    """databases: "sets a bit only above zero" """
    names = lab.recipe("SQLite")
    exec(cells_of(SECTIONS["SQLite"])[-1], names)
    assert names["theirs"] == "[0,1,0,0,0,0,0,0]"


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


def test_postgresql_answers_as_the_package(postgres, lab):
    lab.check(postgres)


def test_postgresql_s_own_bits_differ_at_zero(postgres):
    """databases: "pgvector's `binary_quantize` does the same" """
    theirs = postgres["server"].execute("SELECT binary_quantize('[0, 1, -1]'::vector)")
    assert theirs.fetchone() == ("010",)


def test_an_index_makes_the_same_statement_inexact(with_index, lab):
    """databases: "The statement is the same, but its answer is no longer exact"
    "If you ask for more candidates than that, you get fewer than you asked for"
    "pgvector allows at most 1,000"
    """
    server = with_index["server"]
    nearest = with_index["nearest"]
    server.execute("SET hnsw.ef_search = 20")
    counts = [len(nearest(code, 100)) for code in lab.codes[:N_QUERIES]]
    assert 20 < max(counts) < 100, "codes count, and every one of them has two rows"
    exact = [with_index["exactly"](nearest, code, 100) for code in lab.codes]
    np.testing.assert_array_equal([[row for row, _ in each] for each in exact], lab.ids)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="1001"):
        server.execute("SET hnsw.ef_search = 1001")


def test_re_ranking_what_the_index_finds(with_index, lab):
    """databases: "HNSW index visits a part of the rows" """
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


# A table of one's own

N_OWN = 2000
SEARCH = next(code for code in re.findall(SHOWN, SECTIONS["PostgreSQL"]) if "def nearest" in code)
EXACTLY = next(code for code in re.findall(SHOWN, PAGE) if "def exactly" in code)


@pytest.fixture
def own(postgres, lab):
    """Run what the page shows for vectors that are in a table already, and return its names."""
    names = lab.names()
    del names["n_bits"], names["n_dims"], names["bits"], names["X"], names["nn"]
    server = postgres["server"]
    names["server"] = server
    names["Q"] = lab.queries[:N_QUERIES]
    server.execute("CREATE TABLE documents (id bigint PRIMARY KEY, vector vector(512))")
    try:
        with server.cursor().copy("COPY documents FROM STDIN") as copy:
            for i in range(N_OWN):
                copy.write_row((i, str(lab.X[i].tolist())))
            copy.write_row((-1, None))  # its vector is still to come
        exec(SEARCH.replace("items", "documents"), names)
        exec(EXACTLY, names)
        for code in re.findall(SHOWN, SECTIONS["Your own table"]):
            code = code.replace("fetchmany(5000)", "fetchmany(700)")  # several blocks and batches
            exec(code.replace("10_000", "700"), names)
        yield names
    finally:
        server.execute("DROP TABLE documents")


def ids_of(names, query):
    """Return the ids that the recipe finds for a query."""
    code = names["nn"].codes(query[None])[0]
    return [row for row, _ in names["neighbours"](query, code, K)]


def test_a_column_of_codes_is_added_to_a_table(own, lab):
    """databases: "The cursor sends a block of rows at a time, in binary form."
    "A row whose vector is still to come (`NULL`) is left out."
    """
    assert own["ids"] == list(range(N_OWN))
    np.testing.assert_array_equal(own["X"], lab.X[:N_OWN])
    found = [ids_of(own, query) for query in lab.queries]
    _, expected = own["nn"].kneighbors(lab.queries)
    assert same_ranking(found, expected, lab.cosines[:, :N_OWN])


def test_longer_codes_are_stored_and_scan_less(own):
    """databases: "Longer codes take more bytes, and usually scan fewer rows" """
    stored = own["server"].execute("SELECT DISTINCT length(bits) FROM documents WHERE id >= 0")
    assert stored.fetchall() == [(256,)]
    assert own["longer"].scanned < own["shorter"].scanned


def test_a_changed_vector_needs_a_new_code(own, lab):
    """databases: "A changed vector needs a new code, in the same statement."
    "and queries near the new vector miss it"
    "`store` changes a row, and inserts it if there is none with this `id`."
    """
    other = -lab.X[3]  # as far from the old one as can be
    given = {"id": 3, "vector": str(other.tolist())}
    own["server"].execute("UPDATE documents SET vector = %(vector)s WHERE id = %(id)s", given)
    assert 3 not in ids_of(own, other)
    own["store"](3, other)
    assert ids_of(own, other)[0] == 3
    own["store"](N_OWN, other)
    assert ids_of(own, other)[:2] == [3, N_OWN]
    own["remove"](3)
    assert ids_of(own, other)[0] == N_OWN


def test_a_vector_without_a_code_is_missed_or_refused(own, lab):
    """databases: "`nearest` and `reranked` miss a row without a code."
    "From then on, an `INSERT` of a vector without a code fails"
    """
    server = own["server"]
    query = lab.X[3]
    assert ids_of(own, query)[0] == 3
    with pytest.raises(psycopg.errors.CheckViolation, match="coded"):
        server.execute("UPDATE documents SET bits = NULL WHERE id = 3")
    server.execute("ALTER TABLE documents DROP CONSTRAINT coded")
    server.execute("UPDATE documents SET bits = NULL WHERE id = 3 OR id >= 5")
    assert sorted(ids_of(own, query)) == [0, 1, 2, 4]


def test_what_is_no_vector_is_refused_or_comes_last(own, lab):
    """databases: "`nn.codes` refuses such a vector, and so does pgvector."
    "PostgreSQL calls it NaN, and sorts it last."
    """
    own["store"](0, np.zeros(512))
    (code,) = own["nn"].codes(lab.queries[:1])
    row, distance = own["reranked"](lab.queries[0], code, own["n_bits"], N_OWN)[-1]
    assert row == 0
    assert np.isnan(distance)
    with pytest.raises(ValueError, match="NaN"):
        own["nn"].codes(np.full((1, 512), np.nan))
    with pytest.raises(psycopg.Error, match="NaN"):
        own["server"].execute("SELECT '[NaN]'::vector")


@pytest.fixture
def own_with_index(own):
    """Make an index on the vectors of that table, with so few edges that it misses many rows."""
    server = own["server"]
    server.execute("""
        CREATE INDEX ON documents USING hnsw (vector vector_cosine_ops)
        WITH (m = 2, ef_construction = 4)""")
    server.execute("ANALYZE documents")
    server.execute("SET hnsw.ef_search = 20")
    server.execute("SET cpu_operator_cost = 0.1")  # with so few rows PostgreSQL would scan
    yield own
    server.execute("RESET cpu_operator_cost")
    server.execute("RESET hnsw.ef_search")


def test_an_index_on_vectors_makes_re_ranking_inexact(own_with_index, lab):
    """databases: "PostgreSQL may then take rows from that index and keep those within the radius."
    "You may get `k` rows that are not the nearest ones, and no error says so."
    "`reranked` needs `exactly` as soon as there is an index on the vectors"
    """
    names = own_with_index
    queries = lab.queries[:N_QUERIES]
    codes = names["nn"].codes(queries)
    _, expected = names["nn"].kneighbors(queries)
    cosines = lab.cosines[:N_QUERIES, :N_OWN]

    def answers(search):
        given = zip(queries, codes, strict=True)
        return [[row for row, _ in search(query, code, K)] for query, code in given]

    found = answers(names["neighbours"])
    full = [i for i in range(N_QUERIES) if len(found[i]) == K]
    assert any(set(found[i]) != set(expected[i]) for i in full)
    exact = answers(partial(names["exactly"], names["neighbours"]))
    assert same_ranking(exact, expected, cosines)


def test_the_recall_is_that_of_the_package(own_with_index, lab):
    """databases: "Compare its answers with the exact ones, for some hundred queries `Q`."
    "`neighbours` and `exact` may both miss rows unless they are called by `exactly`"
    """
    queries = lab.queries[:N_QUERIES]
    measured = own_with_index["nn"].measure(queries)
    assert measured.recall < 1
    a_tie = 1 / (K * N_QUERIES)
    neighbours = own_with_index["neighbours"]
    exactly = own_with_index["exactly"]
    found = own_with_index["recall"](partial(exactly, neighbours), queries)
    assert found == pytest.approx(measured.recall, abs=1.1 * a_tie)
    assert own_with_index["recall"](neighbours, queries) < measured.recall - 2 * a_tie


def test_a_plan_from_before_leaves_exact_answers_exact(own_with_index, lab):
    """databases: "a plan that it made before, when index scans were allowed" """
    names = own_with_index

    def ten_nearest(query):  # with the number in its text, so that one plan serves all queries
        statement = """
            SELECT id FROM documents ORDER BY vector <=> %(query)s::vector, id LIMIT 10"""
        found = names["server"].execute(statement, {"query": str(query.tolist())})
        return [row for (row,) in found.fetchall()]

    cosines = lab.cosines[:, :N_OWN]
    expected = np.argsort(-cosines, axis=1, kind="stable")[:, :10]
    found = [ten_nearest(query) for query in lab.queries]
    assert not same_ranking(found, expected, cosines)
    exact = [names["exactly"](ten_nearest, query) for query in lab.queries]
    assert same_ranking(exact, expected, cosines)
