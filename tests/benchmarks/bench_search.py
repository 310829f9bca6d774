"""Search against its alternatives, side by side in one run on one thread: ``python -m tests.benchmarks.bench_search``.

Data: the bundled images, or whatever L2H_DATASET and L2H_SOURCE name.
"""

import os
import platform
from functools import partial
from statistics import geometric_mean, median
from time import perf_counter

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from l2h_tutorial import LSH, HashTable, evaluate_radius_search, load_dataset, mean_average_precision, split_dataset
from tests.seed_loop import sweep

N_QUERIES = 120


def milliseconds(function, repeats=5):
    """Median time of a call after one to warm up."""
    function()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        function()
        times.append(perf_counter() - start)
    return 1000 * median(times)


def numpy_scan(query_codes, codes, radius):
    return [np.flatnonzero(np.bitwise_count(codes ^ code) <= radius) for code in query_codes]


def faiss_indexes(bits, radius):
    packed, n_bits = np.packbits(bits, axis=1), bits.shape[1]
    flat, by_hash = faiss.IndexBinaryFlat(n_bits), faiss.IndexBinaryHash(n_bits, min(n_bits, 16))
    by_hash.nflip = min(radius, 16)  # fewer flips would miss rows without a word
    flat.add(packed)
    by_hash.add(packed)
    return flat, by_hash


def bench_query_radius(splits):
    print(f"\nquery_radius: ms for all {N_QUERIES} queries\n")
    columns = ("ours", "NumPy", "flat", "hash")
    print(
        f"{'features':<10}{'bits':>5}{'r':>3}{'found':>9}{''.join(f'{c:>9}' for c in columns)}{'ours/best faiss':>17}"
    )
    ratios = []
    for name, s in splits.items():
        for n_bits in (16, 32, 64):
            lsh = LSH(n_bits, random_state=0).fit(s.X_train)
            bits, queries = lsh.transform(s.X_database), lsh.transform(s.X_query[:N_QUERIES])
            table = HashTable(bits)
            dtype = f"u{n_bits // 8}"
            codes, query_codes = (np.packbits(b, axis=1).view(dtype).ravel() for b in (bits, queries))
            packed = np.packbits(queries, axis=1)
            for radius in (0, 2, 4, 8):
                found = table.query_radius(queries, radius, count_only=True).mean()
                ours = milliseconds(partial(table.query_radius, queries, radius))
                scan = milliseconds(partial(numpy_scan, query_codes, codes, radius))
                flat_index, hash_index = faiss_indexes(bits, radius)
                flat = milliseconds(partial(flat_index.range_search, packed, radius + 1))
                # Flipping up to 8 of 16 bits visits 39,203 buckets a query: far behind, and slow to wait for.
                by_hash = milliseconds(partial(hash_index.range_search, packed, radius + 1)) if radius < 8 else np.inf
                ratios.append(ours / min(flat, by_hash))
                print(
                    f"{name:<10}{n_bits:>5}{radius:>3}{found:>9.0f}{ours:>9.2f}{scan:>9.2f}{flat:>9.2f}{by_hash:>9.2f}"
                    f"{ratios[-1]:>17.2f}"
                )
            if n_bits == 64:
                ours = milliseconds(partial(table.query, queries, 10))
                flat = milliseconds(partial(flat_index.search, packed, 10))
                print(f"{name:<10}   64  query(k=10)   {ours:>11.2f}{'':>9}{flat:>9.2f}{'':>9}{ours / flat:>17.2f}")
    print(f"geometric mean of query_radius over the best faiss index: {geometric_mean(ratios):.2f}")


def bench_sweep(s, n_loop=3):
    print("\nradius sweep 0..10 with re-ranking and precision@10, 16 bits: ms a query\n")
    lsh = LSH(16, random_state=0).fit(s.X_train)
    query = slice(n_loop)
    start = perf_counter()
    bits = lsh.transform(s.X_query[query]), lsh.transform(s.X_database)
    sweep(*bits, s.X_query[query], s.X_database, s.y_query[query], s.y_database, list(range(11)))
    loop = 1000 * (perf_counter() - start) / n_loop
    ours = milliseconds(partial(evaluate_radius_search, lsh, s), repeats=3) / len(s.X_query)
    print(f"the tutorial's loop {loop:.0f}, ours {ours:.2f}: {loop / ours:.0f} times faster")


def stable_sort_ap(query_words, words, of_query, labels):
    for word, label in zip(query_words, of_query, strict=True):
        order = np.argsort(np.bitwise_count(words ^ word).astype(np.int64), kind="stable")
        places = np.flatnonzero(labels[order] == label) + 1
        np.mean(np.arange(1, len(places) + 1) / places)


def bench_average_precision(s):
    print("\nmean average precision, 64 bits: ms for all queries\n")
    lsh = LSH(64, random_state=0).fit(s.X_train)
    queries, bits = lsh.transform(s.X_query), lsh.transform(s.X_database)
    words = [np.packbits(b, axis=1).view("u8").ravel() for b in (queries, bits)]
    by_sort = milliseconds(partial(stable_sort_ap, *words, s.y_query, s.y_database), repeats=3)
    ours = milliseconds(partial(mean_average_precision, queries, bits, s.y_query, s.y_database), repeats=3)
    print(f"stable sort {by_sort:.0f}, ours {ours:.0f}: {by_sort / ours:.1f} times faster")


def main():
    dataset = load_dataset()
    split = split_dataset(dataset)
    print(f"{dataset!r}\n{platform.platform()}, {platform.machine()}, {os.cpu_count()} cores, one thread")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, faiss {faiss.__version__}")
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        splits = {"raw": split, "l2-centre": split.preprocessed("l2-centre")}
        bench_query_radius(splits)
        bench_sweep(splits["raw"])
        bench_average_precision(splits["l2-centre"])


if __name__ == "__main__":
    main()
