"""Measures against the plain way to them, side by side, one thread: ``python -m tests.benchmarks.bench_metrics``.

Data: the bundled images, or whatever L2H_DATASET and L2H_SOURCE name.
"""

import os
import platform
from functools import partial
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from l2h_tutorial import LSH, evaluate_radius_search, load_dataset, mean_average_precision, split_dataset
from tests.benchmarks.bench_search import milliseconds
from tests.seed_loop import sweep

N_QUERIES, N_ROWS, N_BITS = 1000, 59_000, 64
N_LOOP = 3  # queries for which one waits when a plain loop does the work


def stable_sort(query_codes, codes, of_query, labels):
    """Mean average precision by a stable sort of int64 distances, query by query."""
    each = []
    for code, label in zip(query_codes, of_query, strict=True):
        order = np.argsort(np.bitwise_count(codes ^ code).astype(np.int64), kind="stable")
        places = np.flatnonzero(labels[order] == label) + 1
        each.append(np.mean(np.arange(1, len(places) + 1) / places))
    return np.mean(each)


def report(what, time, value, slowest):
    print(f"{what:<40} {time:8.0f} ms   {value:.6f}   {slowest / time:5.1f} times faster")


def bench_ranking(dataset):
    """Rows are drawn from the data set, repeatedly if it has too few; their codes are those of LSH, centred."""
    print(f"\n{N_QUERIES:,} queries, {N_ROWS:,} rows, {N_BITS} bits\n")
    random = np.random.default_rng(0)
    rows = random.choice(len(dataset.labels), N_QUERIES + N_ROWS, replace=len(dataset.labels) < N_QUERIES + N_ROWS)
    features = dataset.features - dataset.features.mean(axis=0)
    bits, classes = LSH(N_BITS, random_state=0).fit_transform(features)[rows], dataset.labels[rows]
    codes = np.packbits(bits, axis=1).view("u8").ravel()
    query, database = slice(N_QUERIES), slice(N_QUERIES, None)
    plain = partial(stable_sort, codes[query], codes[database], classes[query], classes[database])
    ours = partial(mean_average_precision, bits[query], bits[database], classes[query], classes[database])
    by_sort, by_rings = milliseconds(plain, repeats=3), milliseconds(ours, repeats=5)
    radix = milliseconds(partial(ours, ties="stable"), repeats=3)
    report("average precision, stable sort of int64", by_sort, plain(), by_sort)
    report("average precision, ours, ties stable", radix, ours(ties="stable"), by_sort)
    report("average precision, ours, ties expected", by_rings, ours(), by_sort)


def bench_sweep(split):
    print("\nradius sweep 0..10 with re-ranking and precision@10, 16 bits: ms a query\n")
    for method in ("none", "l2-centre"):
        s = split.preprocessed(method)
        lsh, query = LSH(16, random_state=0).fit(s.X_train), slice(N_LOOP)
        start = perf_counter()
        bits = lsh.transform(s.X_query[query]), lsh.transform(s.X_database)
        sweep(*bits, s.X_query[query], s.X_database, s.y_query[query], s.y_database, list(range(11)))
        loop = 1000 * (perf_counter() - start) / N_LOOP
        ours = milliseconds(partial(evaluate_radius_search, lsh, s), repeats=3) / len(s.X_query)
        print(f"{method:<10} the tutorial's loop {loop:.0f}, ours {ours:.2f}: {loop / ours:.0f} times faster")


def main():
    dataset = load_dataset()
    print(f"{dataset!r}\n{platform.platform()}, {platform.machine()}, {os.cpu_count()} cores, one thread")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}")
    with threadpool_limits(1):
        bench_ranking(dataset)
        bench_sweep(split_dataset(dataset))


if __name__ == "__main__":
    main()
