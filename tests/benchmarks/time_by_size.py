"""Time a query against the number of vectors: ``make measure NAME=time-by-size``.

It takes some minutes and 6 GB. Exhaustive search and a table of 16 bits answer queries one at a
time and all together, on one thread, for several draws of hyperplanes. The functions are those of
chapter 4, as its page shows them. Vectors are drawn to be like the bundled images' GIST: a Gaussian
for each class, with its mean and covariance, scaled to unit length and centred. The rows go to
book/results/time-by-size.csv.
"""

from time import perf_counter
from types import SimpleNamespace

import jupytext
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from l2h_tutorial import LSH, HashTable, load_dataset, rerank
from l2h_tutorial.metrics import recall_of_exact

from .kept import RESULTS, origin, unit

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
N_BITS = 16
RADII = (2, 3)
K = 10
N_QUERIES = 100
DRAWS = 3  # of hyperplanes
# how the cells of chapter 4 begin that write its functions
CELLS = ("# the lines so far", "from itertools", "def search(", "def nearest_of_each(")


def chapter():
    """Run the cells of chapter 4 that write its functions, and return these."""
    lines = {"np": np}
    for cell in jupytext.read(RESULTS.parent / "radius-search.md").cells:
        if cell.cell_type == "code" and cell.source.startswith(CELLS):
            exec(cell.source, lines)  # of our own page
    return SimpleNamespace(**lines)


def like_images(n, random):
    """Draw n unit vectors like those of the bundled images, from a Gaussian for each class."""
    dataset = load_dataset("fashion-mnist")
    images = unit(dataset.features)
    labels = random.integers(len(dataset.class_names), size=n)
    vectors = np.empty((n, images.shape[1]), dtype=np.float32)
    for label in range(len(dataset.class_names)):
        of_class = images[dataset.labels == label]
        _, spread, directions = np.linalg.svd(of_class - of_class.mean(axis=0), full_matrices=False)
        scaled = (spread[:, None] * directions / np.sqrt(len(of_class))).astype(np.float32)
        rows = np.flatnonzero(labels == label)
        for start in range(0, len(rows), 10_000):
            block = rows[start : start + 10_000]
            normal = random.standard_normal((len(block), len(scaled)), dtype=np.float32)
            vectors[block] = normal @ scaled
            vectors[block] += of_class.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)  # in place: unit() would copy them
    return vectors


def microseconds(answer, questions):
    """Time the answer to each question, after a first one to warm up."""
    answer(questions[0])
    times = []
    for question in questions:
        start = perf_counter()
        answer(question)
        times.append(1e6 * (perf_counter() - start))
    return times


def together(answer, Q, repeats=5):
    """Time several answers to all queries at once, in microseconds a query."""
    return [time / len(Q) for time in microseconds(answer, [Q] * repeats)]


def measure(X, Q, lines):
    """Return times by method and way of asking, and by method recall and the share looked at.

    The times are of all draws, the recall of the exact neighbours and the share are means.
    """

    def exhaustive(query):
        return lines.nearest(query, X, K)

    def all_exhaustive(queries):
        return lines.nearest_of_each(queries, X, K)

    exact = all_exhaustive(Q)
    spent = {
        ("exhaustive search", "one at a time"): microseconds(exhaustive, Q),
        ("exhaustive search", "together"): together(all_exhaustive, Q),
    }
    found = {"exhaustive search": [(1.0, 1.0)]}
    for seed in range(DRAWS):
        lsh = LSH(N_BITS, random_state=seed).fit(X[:10])
        hash_table = HashTable(lsh.transform(X))
        table = {code: rows.tolist() for code, rows in hash_table.items()}
        for radius in RADII:

            def alone(query, radius=radius, table=table, lsh=lsh):
                return lines.search(query, X, table, lsh.hyperplanes_, radius, K)

            def in_batches(queries, radius=radius, hash_table=hash_table, lsh=lsh):
                candidates = hash_table.query_radius(lsh.transform(queries), radius)
                return rerank(queries, X, candidates, K)

            ids = hash_table.query_radius(lsh.transform(Q), radius)
            method = f"LSH, radius {radius}"
            scanned = np.mean([len(rows) for rows in ids]) / len(X)
            found.setdefault(method, []).append((recall_of_exact(ids, exact), scanned))
            spent.setdefault((method, "one at a time"), []).extend(microseconds(alone, Q))
            spent.setdefault((method, "together"), []).extend(together(in_batches, Q))
    return spent, {method: np.mean(each, axis=0) for method, each in found.items()}


def main():
    random = np.random.default_rng(0)
    rows = []
    lines = chapter()
    measured = origin(load_dataset("fashion-mnist"))
    with threadpool_limits(1):
        vectors = like_images(max(SIZES) + N_QUERIES, random)
        vectors -= vectors.mean(axis=0)
        vectors = lines.unit(vectors)
        queries = vectors[:N_QUERIES]
        database = vectors[N_QUERIES:]
        for n in tqdm(SIZES, desc="sizes"):
            times, found = measure(database[:n], queries, lines)
            for (method, how), spent in times.items():
                low, middle, high = np.quantile(spent, (0.25, 0.5, 0.75)).round(1)
                recall, scanned = found[method].round(4)
                row = {
                    "n": n,
                    "method": method,
                    "queries": how,
                    "microseconds": middle,
                    "low": low,
                    "high": high,
                    "recall": recall,
                    "scanned": scanned,
                    "draws": DRAWS,
                }
                rows.append(row | measured)
    frame = pd.DataFrame(rows).sort_values(["n", "queries"], kind="stable")
    frame.to_csv(RESULTS / "time-by-size.csv", index=False, lineterminator="\n")
    print(frame.iloc[:, :8].to_string(index=False))
