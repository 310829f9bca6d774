"""Time Hamming search beside faiss and NumPy: ``make measure NAME=bench-search``.

The data are the bundled images, or what L2H_DATASET and L2H_SOURCE name. Calls run on one thread,
in turns, after one call to warm up. Medians are of processor time, so that other programs on the
machine disturb little. The table goes to book/results/bench-search.csv. Started again, the
benchmark goes on with the sets of codes that are missing.
"""

from copy import copy
from functools import partial
from statistics import median

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from l2h_tutorial import LSH, HashTable, load_dataset, rerank, split_dataset
from l2h_tutorial.scale import resampled_codes
from l2h_tutorial.search import ball_size

from .kept import RESULTS, ResultsFile, origin, seconds

SET = ["codes", "rows", "bits"]
N_QUERIES = 120
NEAREST = (1, 10, 100)  # neighbours
ALIKE = 4  # bits: the radius of the search for all pairs
PATIENCE = 2.0  # seconds: a call that takes longer is repeated once, not five times
DIMENSIONS = 512  # of the vectors that RaBitQ turns into codes of a bit per dimension
CENTRES = 126_000  # 4 times the root of a billion, as chapter 11 has cells
BATCH = 1000  # vectors whose nearest centres are looked for together


def side_by_side(calls, repeats=5):
    """Return the median processor time of each call in ms, in turns after a round to warm up."""
    times = {name: [] for name in calls}
    slow = set()
    for turn in range(repeats + 1):
        for name, call in calls.items():
            if name in slow and times[name]:
                continue
            spent, _ = seconds(call)
            if turn:
                times[name].append(1000 * spent)
            elif spent > PATIENCE:
                slow.add(name)
    return {name: median(of_call) for name, of_call in times.items()}


def numpy_scan(query_codes, codes, radius):
    return [np.flatnonzero(np.bitwise_count(codes ^ code) <= radius) for code in query_codes]


def with_nflip(index, nflip, packed, radius):
    index.nflip = nflip
    return index.range_search(packed, radius + 1)  # faiss excludes its radius


class Competitors:
    """Indexes of the same codes.

    A hash index is asked only where it finds all rows, and the wait is bearable.
    """

    def __init__(self, bits, queries):
        self.n, self.n_bits = bits.shape
        self.packed = np.packbits(queries, axis=1)
        packed = np.packbits(bits, axis=1)
        word = f"u{min(8, self.n_bits // 8)}"
        self.codes = packed.view(word).squeeze()
        self.query_codes = self.packed.view(word).squeeze()
        self.flat = faiss.IndexBinaryFlat(self.n_bits)
        # hashed bits are about the logarithm of the rows
        hashed = 16 if self.n < 1e6 else 24
        piece = 16 if self.n < 1e6 else 21
        self.hashes = {"faiss hash": faiss.IndexBinaryHash(self.n_bits, min(self.n_bits, hashed))}
        if self.n_bits > piece:
            multi_hash = faiss.IndexBinaryMultiHash(self.n_bits, self.n_bits // piece, piece)
            self.hashes["faiss multi-hash"] = multi_hash
        for index in (self.flat, *self.hashes.values()):
            index.add(packed)

    def with_queries(self, queries):
        """Return the same indexes with other queries, as faiss takes them."""
        other = copy(self)
        other.packed = np.packbits(queries, axis=1)
        return other

    def radius_calls(self, radius):
        calls = {"faiss flat": partial(self.flat.range_search, self.packed, radius + 1)}
        for name, index in self.hashes.items():
            nflip = min(radius // getattr(index, "nhash", 1), index.b)
            if ball_size(index.b, nflip) < 20_000:
                calls[name] = partial(with_nflip, index, nflip, self.packed, radius)
        if self.codes.ndim == 1:  # of one word
            calls["NumPy scan"] = partial(numpy_scan, self.query_codes, self.codes, radius)
        return calls

    def nearest_calls(self, k):
        return {"faiss flat": partial(self.flat.search, self.packed, k)}


def measure(name, bits, queries, record):
    """Time all searches of these codes, and hand each to `record`."""
    built, table = seconds(HashTable, bits)
    competitors = Competitors(bits, queries)
    place = {"codes": name, "rows": len(bits), "bits": bits.shape[1]}
    for radius in (2, 4, 8) if len(bits) >= 1_000_000 else (0, 2, 4, 8):
        first, found = seconds(partial(table.query_radius, queries, radius, count_only=True))
        limits, _, _ = competitors.flat.range_search(competitors.packed, radius + 1)
        assert np.array_equal(found, np.diff(limits.astype(int)))
        calls = {"ours": partial(table.query_radius, queries, radius)}
        times = side_by_side(calls | competitors.radius_calls(radius))
        chosen = table.explain(radius)[0]["strategy"]
        cell = place | {"search": "radius", "r": radius, "k": 0}
        record(cell, times, chosen, built, first)
    chosen = table.explain(k=1)[0]["strategy"]
    for k in NEAREST:
        calls = {"ours": partial(table.query, queries, k)} | competitors.nearest_calls(k)
        times = side_by_side(calls, repeats=3)
        record(place | {"search": "nearest", "r": -1, "k": k}, times, chosen, built)
    if bits.shape == (1_000_000, 64):
        times = side_by_side({"ours": partial(table.pairs_within, ALIKE)}, repeats=1)
        # faiss has to ask for each row: it is timed with a sample of them
        sample = bits[:: len(bits) // N_QUERIES][:N_QUERIES]
        calls = competitors.with_queries(sample).radius_calls(ALIKE)
        calls = {name: call for name, call in calls.items() if name.startswith("faiss")}
        for name, time in side_by_side(calls, repeats=3).items():
            times[name] = time * len(bits) / N_QUERIES
        record(place | {"search": "pairs", "r": ALIKE, "k": 0}, times, "sort", built)


def plain_rerank(queries, X, lengths, ids, k=10):
    """Re-rank as anyone would who keeps the vectors' lengths and trusts float32."""
    found = []
    for query, rows in zip(queries, ids, strict=True):
        distances = -(X[rows] @ query) / lengths[rows]
        nearest = np.argpartition(distances, k - 1)[:k]
        found.append(rows[nearest[np.argsort(distances[nearest])]])
    return found


def measure_rerank(split, record):
    """Time `rerank` with random candidates, of one query and of a hundred."""
    X = split.X_database
    random = np.random.default_rng(0)
    lengths = np.linalg.norm(X, axis=1)
    place = {"codes": "none", "rows": len(X), "bits": 0}
    for n_queries in (1, 100):
        for n in (100, 2000):
            ids = [random.choice(len(X), n, replace=False) for _ in range(n_queries)]
            queries = split.X_query[:n_queries]
            calls = {
                "ours": partial(rerank, queries, X, ids, 10),
                "plain loop": partial(plain_rerank, queries, X, lengths, ids),
            }
            times = side_by_side(calls, repeats=1000 // n_queries)
            cell = place | {"search": f"rerank {n_queries}", "r": n, "k": 10}
            record(cell, times, "rerank")


def measure_rabitq(record):
    """Time a scan of codes of one-bit RaBitQ for one query."""
    random = np.random.default_rng(0)
    vectors = random.standard_normal((50_000, DIMENSIONS), dtype=np.float32)
    index = faiss.IndexRaBitQFastScan(DIMENSIONS)
    index.train(vectors)
    for _ in range(20):  # a scan takes as long if vectors come again
        index.add(vectors)
    calls = {"faiss RaBitQ": partial(index.search, vectors[:1], 100)}
    place = {"codes": "random", "rows": index.ntotal, "bits": DIMENSIONS}
    place |= {"search": "one query", "r": -1, "k": 100}
    record(place, side_by_side(calls, repeats=15), "scan")


def measure_centres(record):
    """Time how long faiss looks for the nearest of all centres, per vector of a batch."""
    random = np.random.default_rng(0)
    index = faiss.IndexFlatL2(DIMENSIONS)
    index.add(random.standard_normal((CENTRES, DIMENSIONS), dtype=np.float32))
    vectors = random.standard_normal((BATCH, DIMENSIONS), dtype=np.float32)
    times = side_by_side({"faiss flat": partial(index.search, vectors, 1)}, repeats=15)
    place = {"codes": "centres", "rows": CENTRES, "bits": 0}
    place |= {"search": "nearest centre", "r": -1, "k": 1}
    times = {name: time / BATCH for name, time in times.items()}
    record(place, times, "scan")


def add(rows, place, times, chosen, built=0.0, first=0.0):
    """Add a row for each method that was timed, and print the times."""
    print(*place.values(), {name: round(time, 2) for name, time in times.items()}, flush=True)
    spent = {"build_ms": round(1000 * built, 1), "first_ms": round(1000 * first, 1)}
    for name, time in times.items():
        rows.append(place | {"method": name, "ms": round(time, 4), "chosen": chosen} | spent)


def uniform_codes(n, random):
    return np.unpackbits(random.integers(0, 256, (n, 8), dtype=np.uint8), axis=1).view(np.bool_)


def near_codes(bits, random):
    """Draw queries: codes of the database with none to six bits flipped."""
    queries = bits[random.integers(len(bits), size=N_QUERIES)].copy()
    for query in queries:
        query[random.choice(bits.shape[1], random.integers(7), replace=False)] ^= True
    return queries


def codes_of(split, name, n, n_bits):
    """Return the codes of a set, and its queries."""
    s = split if name == "raw" else split.preprocessed("l2-centre")
    random = np.random.default_rng(0)
    lsh = LSH(n_bits, random_state=0).fit(s.X_train)
    bits = lsh.transform(s.X_database)
    if name in ("raw", "centred"):
        return bits, lsh.transform(s.X_query[:N_QUERIES])
    bits = uniform_codes(n, random) if name == "uniform" else resampled_codes(bits, n)
    return bits, near_codes(bits, random)


def main():
    dataset = load_dataset()
    split = split_dataset(dataset)
    measured_on = origin(dataset, "faiss-cpu")
    file = ResultsFile(RESULTS / "bench-search.csv", key=[*SET, "search", "r", "k", "method"])
    file.check_data(measured_on["data"])
    kept = set(file.frame()[SET].itertuples(index=False, name=None))
    print(dataset, measured_on, sep="\n")
    print(f"ms for all {N_QUERIES} queries, or for one query or vector")
    few = len(split.database_rows)
    sets = [(name, few, n_bits) for name in ("raw", "centred") for n_bits in (16, 32, 64)]
    sets += [(name, n, 64) for n in (1_000_000, 10_000_000) for name in ("uniform", "like images")]
    sets += [("like images", 1_000_000, 256), ("none", few, 0)]
    sets += [("random", 1_000_000, DIMENSIONS), ("centres", CENTRES, 0)]
    alone = {
        "none": partial(measure_rerank, split.preprocessed("l2-centre")),
        "random": measure_rabitq,
        "centres": measure_centres,
    }
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        for name, n, n_bits in sets:
            if (name, n, n_bits) in kept:
                continue
            rows = []
            if name in alone:
                alone[name](partial(add, rows))
            else:
                bits, queries = codes_of(split, name, n, n_bits)
                measure(name, bits, queries, partial(add, rows))
            for row in rows:
                file.append(row | measured_on)
