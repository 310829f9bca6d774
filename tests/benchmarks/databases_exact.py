"""Compare codes in a database with exact vectors in it: ``make measure NAME=databases-exact``.

SOURCE names a file of CIFAR-10's descriptors, and L2H_POSTGRES the folder of the socket of a
PostgreSQL server with pgvector. Without SOURCE only the drawn vectors are measured.

The drawn vectors are those of the benchmark `databases`; the real ones are descriptors of images,
without mirror images. Codes are the default of `HashNeighbors`: 128 bits. The ways of searching are
those of the benchmark `databases` with a hundred candidates, and beside them

- all vectors compared with the query, without codes,
- all rows within the radius of `HashNeighbors`, re-ranked, as in the book's appendix,
- a thousand candidates from the index on codes, with the widest search that pgvector allows, and
- pgvector's index on the vectors themselves, with an ef_search of 100.

Exact vectors and codes within the radius read many vectors. In PostgreSQL they have a table that
keeps vectors in its rows.

A query goes through all ways in turn before the next query. The table goes to
book/results/databases-exact.csv. It takes some minutes and 2 GB.
"""

from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import duckdb
import numpy as np
import sqlite_vec
from threadpoolctl import threadpool_limits

from l2h_tutorial import HashNeighbors, load_dataset
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.search import exact_neighbours

from .databases import (
    N_QUERIES,
    K,
    Way,
    as_bytes,
    as_text,
    connect,
    in_duckdb,
    in_postgresql,
    in_sqlite,
    kinds_of_vectors,
    new_database,
    side_by_side,
    versions_of_the_server,
)
from .kept import RESULTS, ResultsFile, origin

WIDEST = 1000  # the largest ef_search that pgvector allows
WAYS = (
    "exact vectors",
    "100 nearest codes",
    "codes within the radius",
    "HNSW on codes, 100 candidates",
    "HNSW on codes, 1,000 candidates",
    "HNSW on vectors",
)
# by name, how the benchmark `databases` calls the search of the nearest codes
SCANS = {"PostgreSQL": "PostgreSQL, scan", "DuckDB": "DuckDB", "SQLite": "SQLite"}


def exact_and_radius(ask, hamming, cosine, radius, table="items"):
    """Return the search by vectors alone, and the search within the radius, of one database.

    `ask` answers a statement for a query and its code; `hamming` and `cosine` are the distances.
    """
    exact = f"SELECT id FROM {table} ORDER BY {cosine}, id LIMIT {K}"
    nearest = f"SELECT {hamming} AS distance FROM items ORDER BY distance, id LIMIT {K}"

    def reranked(query, code, radius):
        statement = f"""
            SELECT id FROM {table} WHERE {hamming} <= {radius} ORDER BY {cosine}, id LIMIT {K}"""
        return ask(statement, query, code)

    def within_radius(query, code):
        found = reranked(query, code, radius)
        if len(found) < K:
            last_distance = ask(nearest, query, code)[-1][0]
            found = reranked(query, code, int(last_distance))
        return found

    return partial(ask, exact), within_radius


def more_of_duckdb(folder, radius, n_features):
    server = duckdb.connect(folder / "items.duckdb", config={"threads": 1})

    def ask(statement, query, code):
        given = {"code": as_text(code), "query": query.tolist()}
        used = {name: value for name, value in given.items() if f"${name}" in statement}
        return server.execute(statement, used).fetchall()

    hamming = "bit_count(xor(bits, $code::BIT))"
    cosine = f"array_cosine_distance(vector, $query::FLOAT[{n_features}])"
    exact, within = exact_and_radius(ask, hamming, cosine, radius)
    return {f"DuckDB, {WAYS[0]}": Way(exact, 0), f"DuckDB, {WAYS[2]}": Way(within, 0)}


def more_of_sqlite(folder, radius):
    server = apsw.Connection(str(folder / "items.sqlite"))
    server.enable_load_extension(True)
    server.load_extension(sqlite_vec.loadable_path())

    def ask(statement, query, code):
        given = {"code": as_bytes(code), "query": query.tobytes()}
        return server.execute(statement, given).fetchall()

    hamming = "vec_distance_hamming(vec_bit(bits), vec_bit(:code))"
    exact, within = exact_and_radius(ask, hamming, "vec_distance_cosine(vector, :query)", radius)
    return {f"SQLite, {WAYS[0]}": Way(exact, 0), f"SQLite, {WAYS[2]}": Way(within, 0)}


def more_of_postgresql(database, radius, n_bits, n_features):
    builder = connect(database)
    # vectors of more than 2 kB are else kept outside the rows, which helps a scan of codes alone
    builder.execute(
        f"CREATE TABLE in_rows "
        f"(id bigint, bits bit({n_bits}), vector vector({n_features}) STORAGE PLAIN)"
    )
    builder.execute("INSERT INTO in_rows SELECT id, bits, vector FROM items")
    builder.execute("VACUUM ANALYZE in_rows")
    builder.execute("SET maintenance_work_mem = '1GB'")
    builder.execute("CREATE INDEX items_vectors ON items USING hnsw (vector vector_cosine_ops)")
    on_codes, on_vectors = (
        builder.execute("SELECT pg_relation_size(%s)", [name]).fetchone()[0]
        for name in ("items_hnsw", "items_vectors")
    )
    hamming = f"bits <~> %(code)s::bit({n_bits})"
    cosine = "vector <=> %(query)s::vector"

    def asking(**options):
        """Return the function that asks a server with these settings, and its process."""
        server = connect(database)
        for name, value in {"max_parallel_workers_per_gather": "0", **options}.items():
            server.execute("SELECT set_config(%s, %s, false)", [name, value])

        def ask(statement, query, code):
            given = {"code": as_text(code), "query": str(query.tolist())}
            return server.execute(statement, given).fetchall()

        return ask, server.info.backend_pid

    ask, scans = asking(enable_indexscan="off")
    exact, within = exact_and_radius(ask, hamming, cosine, radius, table="in_rows")
    ways = {
        f"PostgreSQL, {WAYS[0]}": Way(exact, 0, scans),
        f"PostgreSQL, {WAYS[2]}": Way(within, 0, scans),
    }
    ask, process = asking(**{"hnsw.ef_search": str(WIDEST)})
    statement = f"""
        WITH candidates AS MATERIALIZED (
            SELECT id, vector FROM items ORDER BY {hamming} LIMIT {WIDEST})
        SELECT id FROM candidates ORDER BY {cosine}, id LIMIT {K}"""
    ways[f"PostgreSQL, {WAYS[4]}"] = Way(partial(ask, statement), on_codes, process)
    statement = f"SELECT id FROM items ORDER BY {cosine} LIMIT {K}"
    ask, process = asking(**{"hnsw.ef_search": "100"})
    ways[f"PostgreSQL, {WAYS[5]}"] = Way(partial(ask, statement), on_vectors, process)
    return ways, on_codes


def measure(X, queries):
    """Yield the name of each way, and what was measured of it."""
    exact = exact_neighbours(queries, X, K)
    nn = HashNeighbors(n_neighbors=K, random_state=0).fit(X)
    bits = nn.table_.bits
    n_bits = bits.shape[1]
    with TemporaryDirectory() as name, new_database() as database:
        folder = Path(name)
        by_codes = in_duckdb(X, bits, folder) | in_sqlite(X, bits, folder)
        by_codes |= in_postgresql(X, bits, database)
        more, on_codes = more_of_postgresql(database, nn.radius_, n_bits, X.shape[1])
        ways = {
            f"{name}, {WAYS[1]}": by_codes[way]._replace(n_bytes=0) for name, way in SCANS.items()
        }
        graph = by_codes["PostgreSQL, HNSW, ef_search 100"]
        ways[f"PostgreSQL, {WAYS[3]}"] = graph._replace(n_bytes=on_codes)
        ways |= more
        ways |= more_of_duckdb(folder, nn.radius_, X.shape[1])
        ways |= more_of_sqlite(folder, nn.radius_)
        times, found = side_by_side(ways, queries, nn.codes(queries))
    for database, way in product(SCANS, WAYS):
        name = f"{database}, {way}"
        if name not in ways:
            continue
        yield (
            {"database": database, "way": way},
            {
                "recall": round(recall_of_exact(found[name], exact), 4),
                "p50_ms": round(float(np.median(times[name])), 3),
                "index_bytes": round(ways[name].n_bytes / len(X), 1),
                "in_radius": round(float(nn.scanned_share(queries)), 4),
            },
        )


def real_vectors(source):
    """Return a data set of images, queries, and rows: descriptors of the other images."""
    dataset = load_dataset("cifar10", source=source)
    order = np.random.default_rng(0).permutation(len(dataset))
    queries, rows = (
        dataset.features[each].astype(np.float32) for each in np.split(order, [N_QUERIES])
    )
    return dataset, queries, rows


def main():
    server = versions_of_the_server()
    results = ResultsFile(RESULTS / "databases-exact.csv", key=["kind", "database", "way"])
    with threadpool_limits(1):
        for kind, read in kinds_of_vectors(real_vectors).items():
            last = {"kind": kind, "database": "SQLite", "way": WAYS[2]}
            if last in results:
                continue
            dataset, queries, X = read()
            measured_on = origin(dataset, "duckdb", "apsw", "sqlite-vec")
            measured_on["versions"] += server
            size = {"rows": len(X), "features": X.shape[1]}
            for way, found in measure(X, queries):
                print(kind, *way.values(), *found.values(), flush=True)
                results.append({"kind": kind} | way | size | found | measured_on)
