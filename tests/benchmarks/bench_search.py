"""Hamming search against others, side by side in one run: ``python -m tests.benchmarks.bench_search``.

Data: the bundled images, or whatever L2H_DATASET and L2H_SOURCE name. One thread; medians of interleaved calls, after
one to warm up, in processor time, so that other programs on the machine disturb little. The table goes to
book/results/bench-search.csv too; with ``--quick`` the millions of codes, and the file, are left out.
"""

import sys
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import geometric_mean, median
from time import perf_counter, process_time

import faiss
import numpy as np
import pandas as pd
from sklearn.neighbors import BallTree
from threadpoolctl import threadpool_limits

from l2h_tutorial import LSH, HashTable, load_dataset, split_dataset
from l2h_tutorial.protocols.results import provenance
from l2h_tutorial.scale import resampled_codes
from l2h_tutorial.search import ball_size
from tests.seed_loop import build_dictionary, rows_at_distance

N_QUERIES, K = 120, 10
N_SLOW = 3  # queries for which one waits when others take seconds
PATIENCE = 2.0  # seconds: what takes longer is called once more, not five times
RESULTS = Path(__file__).parents[2] / "book" / "results" / "bench-search.csv"


def milliseconds(function, repeats=5):
    """Median time of a call after one to warm up."""
    function()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        function()
        times.append(perf_counter() - start)
    return 1000 * median(times)


def side_by_side(calls, repeats=5):
    """Median processor time in ms of each call, taken in turns, after one round to warm up."""
    times = {name: [] for name in calls}
    slow = set()
    for turn in range(repeats + 1):
        for name, call in calls.items():
            if name in slow and times[name]:
                continue
            start = process_time()
            call()
            spent = process_time() - start
            if turn:
                times[name].append(1000 * spent)
            elif spent > PATIENCE:
                slow.add(name)
    return {name: median(of_call) for name, of_call in times.items()}


def numpy_scan(query_codes, codes, radius):
    return [np.flatnonzero(np.bitwise_count(codes ^ code) <= radius) for code in query_codes]


def tutorial_loop(dictionary, queries, radius):
    for code in queries:
        for distance in range(radius + 1):
            rows_at_distance(dictionary, code, distance)


def with_nflip(index, nflip, packed, radius):
    index.nflip = nflip
    return index.range_search(packed, radius + 1)  # faiss excludes its radius


class Competitors:
    """Indexes of the same codes. A hash index is asked only where it is complete and the wait is bearable."""

    def __init__(self, bits, queries):
        self.n, self.n_bits = bits.shape
        self.queries, self.packed = queries, np.packbits(queries, axis=1)
        packed = np.packbits(bits, axis=1)
        self.codes, self.query_codes = (p.view(f"u{self.n_bits // 8}").ravel() for p in (packed, self.packed))
        self.flat = faiss.IndexBinaryFlat(self.n_bits)
        piece = 16 if self.n < 1e6 else 21  # about the logarithm of the rows
        self.hashes = {"faiss hash": faiss.IndexBinaryHash(self.n_bits, min(self.n_bits, 16 if self.n < 1e6 else 24))}
        if self.n_bits > piece:
            self.hashes["faiss multi-hash"] = faiss.IndexBinaryMultiHash(self.n_bits, self.n_bits // piece, piece)
        for index in (self.flat, *self.hashes.values()):
            index.add(packed)
        self.small = self.n < 1e5
        if self.small:
            self.dictionary = build_dictionary(bits)
            self.tree = BallTree(bits, metric="hamming")

    def radius_calls(self, radius):
        calls = {"faiss flat": partial(self.flat.range_search, self.packed, radius + 1)}
        for name, index in self.hashes.items():
            nflip = min(radius // getattr(index, "nhash", 1), index.b)
            if ball_size(index.b, nflip) < 20_000:
                calls[name] = partial(with_nflip, index, nflip, self.packed, radius)
        calls["NumPy scan"] = partial(numpy_scan, self.query_codes, self.codes, radius)
        return calls

    def slow_calls(self, radius):
        few = self.queries[:N_SLOW]
        tree = partial(self.tree.query_radius, few, (radius + 0.5) / self.n_bits)
        calls = {"scikit-learn BallTree": tree}
        if ball_size(self.n_bits, radius) < 3000:
            calls["the tutorial's loop"] = partial(tutorial_loop, self.dictionary, few, radius)
        return calls

    def nearest_calls(self):
        return {"faiss flat": partial(self.flat.search, self.packed, K)}


def measure(name, bits, queries, radii, record):
    """Time all searches of these codes and hand a row for each to `record`."""
    start = process_time()
    table = HashTable(bits)
    built = process_time() - start
    others = Competitors(bits, queries)
    place = {"codes": name, "rows": len(bits), "bits": bits.shape[1]}
    for radius in radii:
        start = process_time()
        found = table.query_radius(queries, radius, count_only=True)
        first = process_time() - start
        assert np.array_equal(found, np.diff(others.flat.range_search(others.packed, radius + 1)[0].astype(int)))
        calls = {"ours": partial(table.query_radius, queries, radius)} | others.radius_calls(radius)
        times = side_by_side(calls)
        if others.small:  # the slow ones, with few queries
            for name, call in others.slow_calls(radius).items():
                times[name] = len(queries) / N_SLOW * side_by_side({name: call}, repeats=1)[name]
        chosen = table.explain(radius)[0]["strategy"]
        record(place | {"search": "radius", "r": radius, "k": 0}, times, found.mean(), chosen, built, first)
    calls = {"ours": partial(table.query, queries, K)} | others.nearest_calls()
    chosen = table.explain(k=K)[0]["strategy"]
    record(place | {"search": "nearest", "r": -1, "k": K}, side_by_side(calls, repeats=3), K, chosen, built, 0.0)


class Table:
    """Prints a line for a search and keeps a row for each method."""

    def __init__(self, origin):
        self.origin, self.rows = origin, []

    def record(self, place, times, found, chosen, built, first):
        best = min(time for name, time in times.items() if name.startswith("faiss"))
        wanted = f"r={place['r']}" if place["search"] == "radius" else f"k={place['k']}"
        print(
            f"{place['codes']:<12}{place['rows']:>11,}{place['bits']:>4}{wanted:>6}{found:>10.1f}{chosen:>14}"
            + "".join(f"  {name} {time:.2f}" for name, time in times.items())
            + f"  ours/best faiss {times['ours'] / best:.2f}",
            flush=True,
        )
        own = {"found": round(found, 2), "chosen": chosen, "build_ms": round(1000 * built, 1)}
        own["first_ms"] = round(1000 * first, 1)
        for name, time in times.items():
            self.rows.append(place | {"method": name, "ms": round(time, 4)} | own | self.origin)

    def summary(self):
        """Geometric mean and largest of our time over that of the best faiss index; below 1 ms nobody waits."""
        frame = pd.DataFrame(self.rows)
        cell = ["codes", "rows", "bits", "search", "r"]
        best = frame[frame.method.str.startswith("faiss")].groupby(cell)["ms"].min()
        ours = frame[frame.method == "ours"].set_index(cell)[["ms"]]
        ours["ratio"] = ours.ms / best
        print("\nours over the best faiss index\n")
        for (search, rows), part in ours.groupby(level=["search", "rows"]):
            slow = part[part.ms >= 1].ratio.max()
            print(f"{search:<8}{rows:>11,} rows: geometric mean {geometric_mean(part.ratio):.2f}, most {slow:.2f}")
        return frame


def uniform_codes(n, random):
    return np.unpackbits(random.integers(0, 256, (n, 8), dtype=np.uint8), axis=1).view(np.bool_)


def near_codes(bits, random):
    """Queries: codes of the database with none to six bits flipped."""
    queries = bits[random.integers(len(bits), size=N_QUERIES)].copy()
    for query in queries:
        query[random.choice(bits.shape[1], random.integers(7), replace=False)] ^= True
    return queries


def main(quick=False):
    dataset = load_dataset()
    split = split_dataset(dataset)
    origin = provenance(dataset)
    origin["versions"] += f", faiss-cpu {version('faiss-cpu')}"
    origin["date"] = datetime.now(UTC).date().isoformat()
    print(f"{dataset!r}\n{origin['machine']}, one thread\n{origin['versions']}\n\nms for all {N_QUERIES} queries\n")
    table, random = Table(origin), np.random.default_rng(0)
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        centred = split.preprocessed("l2-centre")
        for name, s in {"raw": split, "centred": centred}.items():
            for n_bits in (16, 32, 64):
                lsh = LSH(n_bits, random_state=0).fit(s.X_train)
                bits, queries = lsh.transform(s.X_database), lsh.transform(s.X_query[:N_QUERIES])
                measure(name, bits, queries, (0, 2, 4, 8), table.record)
        for n in () if quick else (1_000_000, 10_000_000):
            for name in ("uniform", "like images"):
                many = uniform_codes(n, random) if name == "uniform" else resampled_codes(bits, n)
                measure(name, many, near_codes(many, random), (2, 4, 8), table.record)
                del many
        frame = table.summary()
    if not quick:
        frame.to_csv(RESULTS, index=False, lineterminator="\n")
        print(f"\n{len(frame)} rows: {RESULTS}")


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
