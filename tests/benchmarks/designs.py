"""Compare ways to find nearest vectors at equal recall: ``make measure NAME=designs SOURCE=...``.

Seven kinds of vectors, each in two sizes: all rows and a quarter of them. Six kinds are real, and
the seventh is drawn. SOURCE names a folder of CIFAR-10's images, and L2H_WORDLLAMA the file that
`wordllama_vectors` writes. Kinds whose files are missing are left as they are.

Every way answers by cosine, on one thread. `HashNeighbors` is taken as it ships, with the default
of 128 bits and with 256: it chooses its radius by rows of its own. Every other way is turned up, in
steps of a half or a third, until it finds 95% of the exact ten neighbours of 500 queries. What is
kept is measured with 500 other queries, in processor time, so that other programs disturb little.

The indexes of faiss get the care that their makers advise. They hold unit vectors. IVF has
4 sqrt(n) cells. HNSW has 32 links a node and a construction with `efConstruction` 100. RaBitQ is
rotated, keeps residuals of its cell, and rescores 2, 4, 8 or 16 times ten candidates, whichever
answers soonest. IndexLSH has a bit a feature, 256 at least; its bits are rotated, and cut at their
medians.

The share scanned is that of the rows whose vectors are compared in full. Where codes are compared
first, the codes are not counted. The table goes to book/results/designs.csv. Started again, the
benchmark goes on where it was. It takes ten to twenty minutes and 2 GB.
"""

import os
import warnings
from functools import partial

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from l2h_tutorial import LSH, Dataset, HashNeighbors, load_dataset
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.neighbours import ScanWarning
from l2h_tutorial.search import exact_neighbours

from .kept import RESULTS, ResultsFile, keep, origin, seconds, unit
from .wordllama_vectors import words_beside

K = 10
TARGET = 0.95
N_TUNE = 500
N_TEST = 500
N_DRAWN = 400_000
PER_CLUSTER = 500
NAMES = {"gist": "GIST", "deep": "deep"}
LADDER = [1, *(step * 2**i for i in range(13) for step in (2, 3))]


def clustered_vectors(n, d=128, seed=0):
    """Draw (n, d) float32 vectors around random centres, one for every 500 vectors.

    Direction i has a standard deviation of (1 + i / 8)^-1/2.
    """
    rng = np.random.default_rng(seed)
    deviation = (1 + np.arange(d, dtype=np.float32) / 8) ** -0.5
    centres = rng.standard_normal((max(1, n // PER_CLUSTER), d), dtype=np.float32) * deviation
    X = centres[rng.integers(len(centres), size=n)]
    for start in range(0, n, 1 << 14):
        block = X[start : start + (1 << 14)]
        block += 0.5 * deviation * rng.standard_normal(block.shape, dtype=np.float32)
    return X


class Hashing:
    """`HashNeighbors` as it ships, with its default hasher or another."""

    ladders = ([None],)

    def __init__(self, X, hasher=None):
        self.nn = HashNeighbors(hasher, target_recall=TARGET, n_neighbors=K, random_state=0).fit(X)
        self.nn.kneighbors(X[:1])  # makes the tables that the search needs

    def set(self, _):
        return f"radius {self.nn.radius_}"

    def search(self, Q):
        return self.nn.kneighbors(Q)[1]

    def scanned(self, Q):
        return self.nn.scanned_share(Q)

    def bytes(self):
        index = self.nn.table_._index
        tables = [part for part in vars(index).get("tables", ()) if isinstance(part, np.ndarray)]
        arrays = [self.nn._fit_X, self.nn.hasher_.hyperplanes_, index.words, index.rows, *tables]
        return sum(array.nbytes for array in arrays)


class Exact:
    """The package's exhaustive search."""

    ladders = ([None],)

    def __init__(self, X):
        self.X = X

    def set(self, _):
        return "all rows"

    def search(self, Q):
        return exact_neighbours(Q, self.X, K)

    def scanned(self, Q):
        return 1.0

    def bytes(self):
        return self.X.nbytes


class Faiss:
    """An index of faiss over unit vectors, by Euclidean distance, which orders them as cosine does.

    A setting is a dictionary of the index's parameters.
    """

    def __init__(self, X, description, ladders, **built_with):
        self.index = faiss.index_factory(X.shape[1], description)
        self.ladders = ladders
        self._set(built_with)
        X = unit(X)
        self.index.train(X)
        self.index.add(X)

    def _set(self, parameters):
        """Give the index its parameters."""
        for name, value in parameters.items():
            faiss.ParameterSpace().set_index_parameter(self.index, name, value)

    def set(self, setting):
        self._set(setting)
        return ", ".join(f"{name} {value}" for name, value in setting.items()) or "all rows"

    def search(self, Q):
        return self.index.search(unit(Q), K)[1]

    def scanned(self, Q):
        n = self.index.ntotal
        if isinstance(self.index, faiss.IndexRefineFlat):
            return min(1.0, K * self.index.k_factor / n)
        if isinstance(self.index, faiss.IndexFlat):
            return 1.0
        counters = (faiss.cvar.indexIVF_stats, faiss.cvar.hnsw_stats)
        for counter in counters:
            counter.reset()
        self.search(Q)
        return sum(counter.ndis for counter in counters) / len(Q) / n

    def bytes(self):
        return faiss.serialize_index(self.index).nbytes


def steps(name, largest, **fixed):
    """Return the settings of a ladder: one parameter goes up to `largest`, others are fixed."""
    values = [value for value in LADDER if value < largest]
    return [fixed | {name: value} for value in [*values, largest]]


def in_cells(X, rest, **fixed):
    """Return the description of an index of 4 sqrt(n) cells, and the ladder of cells probed."""
    n_cells = round(4 * len(X) ** 0.5)
    return f"IVF{n_cells},{rest}", steps("nprobe", n_cells, **fixed)


def flat(X):
    """Index all rows as they are."""
    return Faiss(X, "Flat", ([{}],))


def ivf(X):
    """Index rows in cells."""
    description, ladder = in_cells(X, "Flat")
    return Faiss(X, description, [ladder])


def hnsw(X):
    """Index rows as nodes of a graph."""
    ladder = [setting for setting in steps("efSearch", 4096) if setting["efSearch"] >= K]
    return Faiss(X, "HNSW32,Flat", [ladder], efConstruction=100)


def ivf_rabitq(X):
    """Index codes of a bit a number in cells, and rescore the best in full."""
    ladders = []
    for factor in (2, 4, 8, 16):
        description, ladder = in_cells(X, "RaBitQ,RFlat", k_factor_rf=factor)
        ladders.append(ladder)
    return Faiss(X, f"RR,{description}", ladders)


def index_lsh(X):
    """Index sign bits, compare all of them, and rescore the best in full."""
    n_bits = max(256, X.shape[1])
    return Faiss(X, f"LSH{n_bits}rt,RFlat", [steps("k_factor_rf", len(X) // K)])


WAYS = {
    "HashNeighbors()": Hashing,
    "HashNeighbors(LSH(256))": partial(Hashing, hasher=LSH(256)),
    "exact_neighbours": Exact,
    "faiss, flat": flat,
    "faiss, IVF": ivf,
    "faiss, HNSW": hnsw,
    "faiss, IVF-RaBitQ": ivf_rabitq,
    "faiss, IndexLSH": index_lsh,
}


def recall_of_each(found, exact):
    """Return the recall of each query. faiss fills up with -1 where it finds fewer than ten."""
    ids = [rows[rows >= 0] for rows in found]
    return recall_of_exact(ids, exact, per_query=True)


def each_alone(way, queries):
    """Ask queries one at a time, and return the milliseconds of each."""
    return [1000 * seconds(way.search, query[None])[0] for query in queries]


def turn_up(way, tune, exact):
    """Return the first setting of a ladder that reaches the recall; of several, the quickest."""
    reached = []
    for ladder in way.ladders:
        for setting in ladder:
            way.set(setting)
            recall = recall_of_each(way.search(tune), exact).mean()
            if recall >= TARGET:
                break
        spent = np.median(each_alone(way, tune[:100])) if len(way.ladders) > 1 else 0
        reached.append((recall < TARGET, spent, len(reached), setting))
    return min(reached, key=lambda found: found[:3])[-1]


def measure(make, X, tune, test, exact_tune, exact_test):
    """Build a way, turn it up, and measure it with other queries."""
    build, way = seconds(make, X)
    setting = way.set(turn_up(way, tune, exact_tune))
    batch, found = seconds(way.search, test)
    single = each_alone(way, test)
    recall = recall_of_each(found, exact_test)
    return {
        "features": X.shape[1],
        "setting": setting,
        "recall": round(float(recall.mean()), 4),
        "percentile_5": round(float(np.percentile(recall, 5)), 2),
        "scanned": round(float(way.scanned(test)), 5),
        "p50_ms": round(float(np.median(single)), 4),
        "p99_ms": round(float(np.percentile(single, 99)), 4),
        "batch_qps": round(len(test) / batch),
        "build_s": round(build, 3),
        "bytes_a_row": round(way.bytes() / len(X)),
    }


def unlabelled(name, X):
    """Return vectors without labels as a data set."""
    return Dataset(name, X, np.zeros(len(X), dtype=np.int64), None, ("any",))


def read_words(path):
    """Return WordLlama's vectors of words, and of pieces of words."""
    return unlabelled("words", np.load(path))


def draw_clusters():
    """Draw rows around centres, and the queries."""
    return unlabelled("clusters", clustered_vectors(N_DRAWN + N_TUNE + N_TEST))


def data():
    """Yield the name of every kind of vectors that is at hand, and a function that reads it."""
    for features in ("gist", "deep"):
        read = partial(load_dataset, "fashion-mnist", features=features)
        yield f"Fashion-MNIST, {NAMES[features]}", read
    yield "docstrings", partial(load_dataset, "docstrings")
    if path := os.environ.get("L2H_WORDLLAMA"):
        yield "words", partial(read_words, words_beside(path))
    if source := os.environ.get("L2H_SOURCE"):
        for features in ("gist", "deep"):
            read = partial(load_dataset, "cifar10", source=source, features=features)
            yield f"CIFAR-10, {NAMES[features]}", read
    yield "clusters, drawn", draw_clusters


def parts_of(dataset):
    """Divide a data set in random order: queries to tune with, queries to test with, all rows."""
    order = np.random.default_rng(0).permutation(len(dataset))
    return np.split(dataset.features[order], [N_TUNE, N_TUNE + N_TEST])


def sizes_of(dataset):
    """Return the numbers of rows: a part of them, and all."""
    n = len(dataset) - N_TUNE - N_TEST
    return n // 4, n


def main():
    warnings.simplefilter("ignore", ScanWarning)
    results = ResultsFile(RESULTS / "designs.csv", key=["kind", "rows", "way"])
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        for kind, read in data():
            dataset = read()
            measured_on = origin(dataset, "faiss-cpu")
            tune, test, rows = parts_of(dataset)
            for n in sizes_of(dataset):
                X = rows[:n]
                cells = {name: {"kind": kind, "rows": n, "way": name} for name in WAYS}
                if all(cell in results for cell in cells.values()):
                    continue
                exact = [exact_neighbours(Q, X, K) for Q in (tune, test)]
                for name, cell in cells.items():
                    keep(results, cell, measured_on, measure, WAYS[name], X, tune, test, *exact)
