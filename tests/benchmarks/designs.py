"""Compare ways to find nearest vectors at equal recall: ``make measure NAME=designs``.

The vectors are drawn: clusters whose spread falls from direction to direction, as that of
embeddings does. Each way is turned up until it finds 95% of the exact neighbours of some queries,
and is then measured with other queries, on one thread and in processor time, so that other programs
disturb little. The table goes to book/results/designs.csv. Started again, the benchmark goes on
where it was.
"""

import faiss
import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from l2h_tutorial import ITQ, LSH, PCAH, Dataset, HashNeighbors
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.protocols.results import ResultsFile
from l2h_tutorial.search import exact_neighbours

from .kept import RESULTS, origin, seconds

N = 1_000_000
D = 128
K = 10
TARGET = 0.95
PER_CLUSTER = 500
N_TUNE = 500
N_TEST = 1000
N_SINGLE = 200  # test queries that are also asked one at a time


def clustered_vectors(n, d=D, seed=0):
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


class Ours:
    """`HashNeighbors`, which chooses its radius itself."""

    settings = (None,)

    def __init__(self, X, hasher):
        self.nn = HashNeighbors(hasher, target_recall=TARGET, n_neighbors=K, random_state=0).fit(X)
        self.nn.kneighbors(X[:1])  # makes the tables that the search needs

    def search(self, Q):
        return self.nn.kneighbors(Q)[1]

    def bytes(self):
        index = self.nn.table_._index
        tables = [array.nbytes for table in vars(index).get("tables", []) for array in table[2:]]
        return self.nn._fit_X.nbytes + index.words.nbytes + index.rows.nbytes + sum(tables)

    def set(self, _):
        return f"radius {self.nn.radius_}"


class Exhaustive:
    """The package's exhaustive search."""

    settings = (None,)

    def __init__(self, X):
        self.X = X

    def search(self, Q):
        return exact_neighbours(Q, self.X, K)

    def bytes(self):
        return self.X.nbytes

    def set(self, _):
        return "all rows"


class Faiss:
    """An index of faiss over unit vectors, turned up by one parameter."""

    def __init__(self, X, description, parameter, settings):
        X = X / np.linalg.norm(X, axis=1, keepdims=True)
        # by Euclidean distance, which ranks unit vectors as cosine does
        self.index = faiss.index_factory(X.shape[1], description)
        self.index.train(X)
        self.index.add(X)
        self.parameter = parameter
        self.settings = settings

    def set(self, value):
        if value is not None:
            faiss.ParameterSpace().set_index_parameter(self.index, self.parameter, value)
        return "all rows" if value is None else f"{self.parameter} {value}"

    def search(self, Q):
        return self.index.search(Q / np.linalg.norm(Q, axis=1, keepdims=True), K)[1]

    def bytes(self):
        return faiss.serialize_index(self.index).nbytes


POWERS = tuple(2**i for i in range(11))
WAYS = {
    "exhaustive": Exhaustive,
    "LSH, 64 bits": lambda X: Ours(X, LSH(64)),
    "LSH, 128 bits": lambda X: Ours(X, None),
    "PCAH, 32 bits": lambda X: Ours(X, PCAH(32)),
    "ITQ, 32 bits": lambda X: Ours(X, ITQ(32, n_iter=10)),
    "faiss flat": lambda X: Faiss(X, "Flat", "", (None,)),
    "faiss IVF": lambda X: Faiss(X, "IVF1024,Flat", "nprobe", POWERS),
    "faiss HNSW": lambda X: Faiss(X, "HNSW16,Flat", "efSearch", POWERS[3:]),
    "faiss IndexLSH, re-ranked": lambda X: Faiss(X, "LSH256r,RFlat", "k_factor_rf", POWERS),
}


def measure(make, X, tune, test, exact_tune, exact_test):
    """Turn a way up until it reaches the target recall, and time it with other queries."""
    build, way = seconds(make, X)
    for value in way.settings:
        setting = way.set(value)
        if recall_of_exact(way.search(tune), exact_tune) >= TARGET:
            break
    batch, found = seconds(way.search, test)
    single, _ = seconds(lambda: [way.search(query[None]) for query in test[:N_SINGLE]])
    return {
        "setting": setting,
        "recall": round(recall_of_exact(found, exact_test), 4),
        "build_s": round(build, 2),
        "bytes_a_row": round(way.bytes() / len(X)),
        "batch_qps": round(len(test) / batch),
        "single_qps": round(N_SINGLE / single),
    }


def main():
    everything = clustered_vectors(N + N_TUNE + N_TEST)
    X, tune, test = np.split(everything, [N, N + N_TUNE])
    dataset = Dataset("clustered vectors", X, np.zeros(N, dtype=np.int64), None, ("any",))
    measured_on = origin(dataset, "faiss-cpu")
    results = ResultsFile(RESULTS / "designs.csv", key=["way", "rows"])
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        exact_tune, exact_test = (exact_neighbours(Q, X, K) for Q in (tune, test))
        for name, make in tqdm(WAYS.items()):
            if {"way": name, "rows": N} not in results:
                found = measure(make, X, tune, test, exact_tune, exact_test)
                results.append({"way": name, "rows": N} | found | measured_on)
