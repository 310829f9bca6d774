"""Compare databases that hold codes with faiss and the package: ``make measure NAME=databases``.

SOURCE names a folder of CIFAR-10's images, and L2H_POSTGRES the folder of the socket of a
PostgreSQL server with pgvector. Without SOURCE only the drawn vectors are measured.

There are 100,000 rows of two kinds: GIST descriptors of CIFAR-10's images and of mirror images of
them, and vectors that are drawn around centres. The mirror images of queries are left out. Codes
are those of `HashNeighbors`, by LSH with 64 and with 256 bits. Every way takes the hundred nearest
codes and re-ranks them by the cosine, but for `HashNeighbors` itself, which takes the rows within
its radius. Graphs are built as pgvector does unless told otherwise: 16 links a node, 32 at the
bottom, and 64 candidates at construction.

A query goes through all ways in turn before the next query. Every way has one thread. Times are of
the processor, so that other programs disturb little. PostgreSQL is a program of its own, and Linux
says how long it has run. The table goes to book/results/databases.csv. Started again, the
benchmark goes on with the codes that are missing. It takes half an hour and 2 GB.
"""

import os
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import NamedTuple

import apsw
import duckdb
import faiss
import numpy as np
import pandas as pd
import psycopg
import sqlite_vec
from threadpoolctl import threadpool_limits

from l2h_tutorial import LSH, HashNeighbors, gist_descriptors, load_dataset, rerank
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.search import exact_neighbours

from .designs import clustered_vectors, unlabelled
from .kept import RESULTS, ResultsFile, origin

N_ROWS = 100_000
N_QUERIES = 100
N_CANDIDATES = 100
K = 10
WARM = 5  # queries before the first that counts
EF_SEARCH = (100, 400)
LINKS = 16
EF_CONSTRUCTION = 64


class Way(NamedTuple):
    """A way to search: a function of a query and its code, and what it takes.

    Fields
    ------
    search : callable
        Returns a row for each of the nearest rows; it begins with the id.
    n_bytes : int
        On disk, the vectors included.
    process : int, optional
        The number of the server's process.
    """

    search: Callable
    n_bytes: int
    process: int | None = None

    def clock(self):
        """Return the seconds of processor time that this program and the server have taken."""
        return process_time() + (seconds_of(self.process) if self.process else 0)


def seconds_of(process):
    """Return the processor time of another process in seconds."""
    nanoseconds, *_ = Path(f"/proc/{process}/schedstat").read_text().split()
    return int(nanoseconds) / 1e9


def as_text(code):
    return "".join(np.where(code, "1", "0"))


def as_bytes(code):
    return np.packbits(code).tobytes()


# The databases, by the statements of the book's appendix


def in_duckdb(X, bits, folder):
    path = folder / "items.duckdb"
    server = duckdb.connect(path, config={"threads": 1})
    n_features = X.shape[1]
    server.execute(f"CREATE TABLE items (id BIGINT, bits BIT, vector FLOAT[{n_features}])")
    frame = pd.DataFrame({"id": range(len(X)), "vector": list(X)})
    frame["bits"] = [as_text(code) for code in bits]
    server.execute("INSERT INTO items SELECT id, bits::BIT, vector FROM frame")
    server.execute("CHECKPOINT")
    statement = f"""
        WITH candidates AS (
            SELECT * FROM items ORDER BY bit_count(xor(bits, $code::BIT)), id LIMIT {N_CANDIDATES})
        SELECT id FROM candidates
        ORDER BY array_cosine_distance(vector, $query::FLOAT[{n_features}]), id LIMIT {K}"""

    def search(query, code):
        given = {"code": as_text(code), "query": query.tolist()}
        return server.execute(statement, given).fetchall()

    return {"DuckDB": Way(search, path.stat().st_size)}


def in_sqlite(X, bits, folder):
    path = folder / "items.sqlite"
    server = apsw.Connection(str(path))
    server.enable_load_extension(True)
    server.load_extension(sqlite_vec.loadable_path())
    server.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, bits BLOB, vector BLOB)")
    items = ((i, as_bytes(bits[i]), X[i].tobytes()) for i in range(len(X)))
    with server:
        server.executemany("INSERT INTO items VALUES (?, ?, ?)", items)
    statement = f"""
        WITH candidates AS MATERIALIZED (
            SELECT * FROM items
            ORDER BY vec_distance_hamming(vec_bit(bits), vec_bit(:code)), id LIMIT {N_CANDIDATES})
        SELECT id FROM candidates ORDER BY vec_distance_cosine(vector, :query), id LIMIT {K}"""

    def search(query, code):
        given = {"code": as_bytes(code), "query": query.tobytes()}
        return server.execute(statement, given).fetchall()

    return {"SQLite": Way(search, path.stat().st_size)}


def connect(database="postgres"):
    return psycopg.connect(
        host=os.environ["L2H_POSTGRES"], user="postgres", dbname=database, autocommit=True
    )


@contextmanager
def new_database(name="l2h_measured"):
    """Make a database in PostgreSQL, yield its name, and drop it again."""
    with connect() as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
        yield name
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def in_postgresql(X, bits, database):
    n_bits = bits.shape[1]
    server = connect(database)
    server.execute("CREATE EXTENSION vector")
    server.execute(
        f"CREATE TABLE items (id bigint, bits bit({n_bits}), vector vector({X.shape[1]}))"
    )
    with server.cursor().copy("COPY items FROM STDIN") as copy:
        for i in range(len(X)):
            copy.write_row((i, as_text(bits[i]), str(X[i].tolist())))
    server.execute("ANALYZE items")
    server.execute("SET maintenance_work_mem = '512MB'")
    server.execute("CREATE INDEX items_hnsw ON items USING hnsw (bits bit_hamming_ops)")
    in_index = server.execute("SELECT pg_relation_size('items_hnsw')").fetchone()[0]
    in_all = server.execute("SELECT pg_total_relation_size('items')").fetchone()[0]
    nearest = f"bits <~> %(code)s::bit({n_bits})"
    statement = """
        WITH candidates AS MATERIALIZED (
            SELECT id, vector FROM items ORDER BY {order} LIMIT {n_candidates})
        SELECT id FROM candidates ORDER BY vector <=> %(query)s::vector, id LIMIT {k}"""
    settings = {"n_candidates": N_CANDIDATES, "k": K}

    def search(server, statement, query, code):
        given = {"code": as_text(code), "query": str(query.tolist())}
        return server.execute(statement, given).fetchall()

    def way(order, n_bytes, **options):
        own = connect(database)
        for name, value in {"max_parallel_workers_per_gather": "0", **options}.items():
            own.execute("SELECT set_config(%s, %s, false)", [name, value])
        text = statement.format(order=order, **settings)
        return Way(partial(search, own, text), n_bytes, own.info.backend_pid)

    ways = {"PostgreSQL, scan": way(f"{nearest}, id", in_all - in_index, enable_indexscan="off")}
    for ef_search in EF_SEARCH:
        options = {"hnsw.ef_search": str(ef_search)}
        name = f"PostgreSQL, HNSW, ef_search {ef_search}"
        ways[name] = way(nearest, in_all, **options)
    return ways


# The same codes in faiss and in the package


def in_faiss(X, bits):
    packed = np.packbits(bits, axis=1)
    flat = faiss.IndexBinaryFlat(bits.shape[1])
    graph = faiss.IndexBinaryHNSW(bits.shape[1], LINKS)
    graph.hnsw.efConstruction = EF_CONSTRUCTION
    ways = {}

    def search(index, ef_search, query, code):
        if ef_search:
            index.hnsw.efSearch = ef_search
        _, candidates = index.search(np.packbits(code)[None], N_CANDIDATES)
        found = candidates[candidates >= 0]
        return [(row,) for row in rerank(query[None], X, [found], K)[0]]

    for name, index, ef_searches in (("scan", flat, [0]), ("HNSW", graph, EF_SEARCH)):
        index.add(packed)
        n_bytes = faiss.serialize_index_binary(index).nbytes + X.nbytes
        for ef_search in ef_searches:
            setting = f", ef_search {ef_search}" if ef_search else ""
            ways[f"faiss, {name}{setting}"] = Way(partial(search, index, ef_search), n_bytes)
    return ways


def in_package(X, nn, folder):
    nn.save(folder / "nn.npz")
    n_bytes = sum(path.stat().st_size for path in folder.glob("nn*"))

    def by_table(query, code):
        _, candidates = nn.table_.query(code[None], N_CANDIDATES)
        return [(row,) for row in rerank(query[None], X, candidates, K)[0]]

    def by_radius(query, code):
        ids = nn.kneighbors(query[None], K, return_distance=False)
        return [(row,) for row in ids[0]]

    return {"HashTable": Way(by_table, n_bytes), "HashNeighbors": Way(by_radius, n_bytes)}


def side_by_side(ways, queries, codes):
    """Return the milliseconds and the ids of all queries, for each way."""
    times = {name: [] for name in ways}
    found = {name: [] for name in ways}
    for turn in range(-WARM, len(queries)):
        for name, way in ways.items():
            start = way.clock()
            rows = way.search(queries[turn], codes[turn])
            spent = way.clock() - start
            if turn >= 0:
                times[name].append(1000 * spent)
                found[name].append([int(row[0]) for row in rows])
    return times, found


def measure(X, queries, n_bits):
    """Yield the name of each way, and what was measured of it."""
    exact = exact_neighbours(queries, X, K)
    nn = HashNeighbors(LSH(n_bits), n_neighbors=K, random_state=0).fit(X)
    bits = nn.table_.bits
    with TemporaryDirectory() as name, new_database() as database:
        folder = Path(name)
        ways = in_duckdb(X, bits, folder) | in_sqlite(X, bits, folder)
        ways |= in_postgresql(X, bits, database)
        ways |= in_faiss(X, bits) | in_package(X, nn, folder)
        times, found = side_by_side(ways, queries, nn.codes(queries))
    for name, way in ways.items():
        yield (
            name,
            {
                "recall": round(recall_of_exact(found[name], exact), 4),
                "p50_ms": round(float(np.median(times[name])), 3),
                "p95_ms": round(float(np.percentile(times[name], 95)), 3),
                "bytes_beside": round((way.n_bytes - X.nbytes) / len(X), 1),
            },
        )


# The vectors


def real_vectors(source):
    """Return a data set of images, queries, and rows: descriptors of images and mirror images."""
    dataset = load_dataset("cifar10", source=source)
    order = np.random.default_rng(0).permutation(len(dataset))
    queries, rows = np.split(order, [N_QUERIES])
    mirrored = gist_descriptors(dataset.images[rows[: N_ROWS - len(rows)], :, ::-1])
    X = np.vstack([dataset.features[rows], mirrored]).astype(np.float32)
    return dataset, dataset.features[queries].astype(np.float32), X


def drawn_vectors():
    """Return a data set of vectors around centres, queries and rows."""
    dataset = unlabelled("clusters", clustered_vectors(N_QUERIES + N_ROWS))
    return dataset, *np.split(dataset.features, [N_QUERIES])


def versions_of_the_server():
    """Return what a row says of PostgreSQL and its extension."""
    with connect() as server:
        version = server.execute("SHOW server_version").fetchone()[0].split()[0]
        extension = server.execute(
            "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"
        ).fetchone()[0]
    return f", PostgreSQL {version}, pgvector {extension}"


def kinds_of_vectors(real):
    """Return what makes each kind of vectors, the real ones where L2H_SOURCE has their file."""
    kinds = {"clusters, drawn": drawn_vectors}
    if source := os.environ.get("L2H_SOURCE"):
        kinds["CIFAR-10, GIST"] = partial(real, source)
    return kinds


def main():
    server = versions_of_the_server()
    results = ResultsFile(RESULTS / "databases.csv", key=["kind", "bits", "way"])
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        for kind, read in kinds_of_vectors(real_vectors).items():
            last = {"kind": kind, "way": "HashNeighbors"}
            missing = [n_bits for n_bits in (64, 256) if last | {"bits": n_bits} not in results]
            if not missing:
                continue
            dataset, queries, X = read()
            measured_on = origin(dataset, "faiss-cpu", "duckdb", "apsw", "sqlite-vec")
            measured_on["versions"] += server
            for n_bits in missing:
                for way, found in measure(X, queries, n_bits):
                    cell = {"kind": kind, "bits": n_bits, "way": way}
                    print(*cell.values(), *found.values(), flush=True)
                    if cell not in results:
                        size = {"rows": len(X), "features": X.shape[1]}
                        results.append(cell | size | found | measured_on)
