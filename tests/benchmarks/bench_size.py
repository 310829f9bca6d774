"""Time a query against the number of vectors: ``python -m tests.benchmarks.bench_size``, some ten minutes, 6 GB.

Looking at all and a table of 16 bits, one query at a time (the lines that chapters 1 to 4 write) and all queries
together (the package). Vectors are drawn to be like the bundled images' GIST: a Gaussian a class, with its mean and
covariance, scaled to unit length and centred. One thread. The rows go to book/results/time-by-size.csv.
"""

from collections import defaultdict
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from l2h_tutorial import LSH, HashTable, bits_to_integers, load_dataset, rerank
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.protocols.results import provenance
from l2h_tutorial.search import exact_neighbours

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
N_BITS, RADII, K, N_QUERIES = 16, (2, 3), 10, 100
RESULTS = Path(__file__).parents[2] / "book" / "results" / "time-by-size.csv"


def like_images(n, random):
    """Draw n unit vectors as the bundled images' are distributed: a Gaussian a class."""
    dataset = load_dataset("fashion-mnist")
    unit = dataset.features / np.linalg.norm(dataset.features, axis=1, keepdims=True)
    labels = random.integers(len(dataset.class_names), size=n)
    vectors = np.empty((n, unit.shape[1]), dtype=np.float32)
    for label in range(len(dataset.class_names)):
        of_class = unit[dataset.labels == label]
        _, spread, directions = np.linalg.svd(of_class - of_class.mean(axis=0), full_matrices=False)
        scaled = (spread[:, None] * directions / np.sqrt(len(of_class))).astype(np.float32)
        rows = np.flatnonzero(labels == label)
        for start in range(0, len(rows), 10_000):
            block = rows[start : start + 10_000]
            vectors[block] = random.standard_normal((len(block), len(scaled)), dtype=np.float32) @ scaled
            vectors[block] += of_class.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def nearest(query, X):
    similarity = X @ query
    best = np.argpartition(similarity, -K)[-K:] if len(X) > K else np.arange(len(X))
    return best[np.argsort(-similarity[best])]


def search(query, X, table, hyperplanes, radius):
    bits = query @ hyperplanes >= 0
    code = int(bits @ (1 << np.arange(N_BITS)[::-1]))
    near = []
    for distance in range(radius + 1):
        for places in combinations(range(N_BITS), distance):
            near += table.get(code ^ sum(1 << place for place in places), [])
    candidates = np.array(near, dtype=int)
    return candidates[nearest(query, X[candidates])]


def one_at_a_time(answer, queries):
    """Microseconds of each query, after a first one to warm up."""
    answer(queries[0])
    times = []
    for query in queries:
        start = perf_counter()
        answer(query)
        times.append(1e6 * (perf_counter() - start))
    return times


def together(answer, repeats=5):
    """Microseconds a query of several runs over all queries, after a first one to warm up."""
    answer()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        answer()
        times.append(1e6 * (perf_counter() - start) / N_QUERIES)
    return times


def measure(X, Q):
    """Times of each method, both ways, and of each the recall of the exact neighbours and the share looked at."""
    lsh = LSH(N_BITS, random_state=0).fit(X[:10])
    bits = lsh.transform(X)
    hash_table, table = HashTable(bits), defaultdict(list)
    for row, code in enumerate(bits_to_integers(bits).tolist()):
        table[code].append(row)
    exact = exact_neighbours(Q, X, K)
    times = {
        ("looking at all", "one at a time"): one_at_a_time(lambda query: nearest(query, X), Q),
        ("looking at all", "together"): together(lambda: exact_neighbours(Q, X, K)),
    }
    found = {"looking at all": (1.0, 1.0)}
    for radius in RADII:

        def alone(query, radius=radius):
            return search(query, X, table, lsh.hyperplanes_, radius)

        def in_batches(radius=radius):
            return rerank(Q, X, hash_table.query_radius(lsh.transform(Q), radius), K)

        ids, method = hash_table.query_radius(lsh.transform(Q), radius), f"table, radius {radius}"
        found[method] = recall_of_exact(ids, exact), np.mean([len(rows) for rows in ids]) / len(X)
        times[method, "one at a time"] = one_at_a_time(alone, Q)
        times[method, "together"] = together(in_batches)
    return times, found


def main():
    random, rows = np.random.default_rng(0), []
    origin = provenance(load_dataset("fashion-mnist")) | {"date": datetime.now(UTC).date().isoformat()}
    with threadpool_limits(1):
        vectors = like_images(max(SIZES) + N_QUERIES, random)
        vectors -= vectors.mean(axis=0)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        queries, database = vectors[:N_QUERIES], vectors[N_QUERIES:]
        for n in tqdm(SIZES, desc="sizes"):
            times, found = measure(database[:n], queries)
            for (method, how), spent in times.items():
                low, middle, high = np.quantile(spent, (0.25, 0.5, 0.75)).round(1)
                place = {"n": n, "method": method, "queries": how, "microseconds": middle, "low": low, "high": high}
                recall, scanned = found[method]
                rows.append(place | {"recall": round(recall, 4), "scanned": round(scanned, 4)} | origin)
    frame = pd.DataFrame(rows).sort_values(["n", "queries"], kind="stable")
    frame.to_csv(RESULTS, index=False, lineterminator="\n")
    print(frame.iloc[:, :8].to_string(index=False))


if __name__ == "__main__":
    main()
