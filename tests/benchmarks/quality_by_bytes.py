"""Measure what chapter 10 keeps: what vectors of images and texts are worth in so many bytes.

``make measure NAME=quality-by-bytes SOURCE=...``. Codes of every kind are searched with and without
rescoring, for the exact neighbours (by cosine of the vectors as given) and for rows of the query's
class. Three tenths of the classes are new: none of their labels is learned from. The rows go to
book/results/quality-by-bytes.csv. Started again, the benchmark goes on where it was. SOURCE
is a folder of CIFAR-10's images, which deep features need; without it, rows of CIFAR-10 are left as
they are. L2H_WORDLLAMA names a file with other vectors of the same texts, if there is one.
"""

import os
from dataclasses import dataclass, replace
from functools import partial

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from l2h_tutorial import (
    GRH,
    ITQ,
    LSH,
    bits_to_integers,
    hamming_distances,
    load_dataset,
    precision_at_k,
    rerank,
)
from l2h_tutorial.audit import FACTORS, lie_of
from l2h_tutorial.controls import ClassScores, OutputCodes
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.quantise import RaBitQ, ScalarCodes, SignCodes
from l2h_tutorial.search import exact_neighbours

from .kept import RESULTS, ResultsFile, origin, unit

SEEDS = range(5)
K = 10
N_QUERIES = 150  # of old classes, and as many of new ones
N_TRAIN = 1000
N_DATABASE = 5000
N_OTHERS = 4500  # rows that a code learns from, where it learns from none that it writes
N_MORE_OTHERS = 10_000  # about what faiss asks for


@dataclass
class Task:
    """Unit vectors, their labels, and the vectors centred on the mean of the database."""

    query: np.ndarray
    database: np.ndarray
    train: np.ndarray
    others: np.ndarray  # all rows that are neither queries nor in the database
    y_query: np.ndarray
    y_database: np.ndarray
    y_train: np.ndarray
    new: np.ndarray

    def __post_init__(self):
        self.mean = self.database.mean(axis=0)
        self.centred = {
            "query": self.query - self.mean,
            "database": self.database - self.mean,
            "train": self.train - self.mean,
            "others": self.others - self.mean,
        }


def task_of(dataset, seed):
    """Draw queries of old and new classes, training rows of old ones, and a database of both."""
    random = np.random.default_rng(seed)
    labels = dataset.labels
    n_classes = len(dataset.class_names)
    is_new = np.isin(labels, random.permutation(n_classes)[: round(0.3 * n_classes)])
    rows = random.permutation(len(dataset))
    old = rows[~is_new[rows]]
    new = rows[is_new[rows]]
    query = np.concatenate([old[:N_QUERIES], new[:N_QUERIES]])
    train = old[N_QUERIES : N_QUERIES + N_TRAIN]
    rest = rows[~np.isin(rows, np.concatenate([query, train]))][:N_DATABASE]
    # shuffled again, for the first of the rest are all of new classes: the old ones became train
    database = random.permutation(rest)
    others = rows[~np.isin(rows, np.concatenate([query, database]))]
    vectors = unit(dataset.features)
    parts = (vectors[part] for part in (query, database, train, others))
    return Task(*parts, *(labels[part] for part in (query, database, train)), is_new[query])


# Methods: each returns how many bytes a row of the database has, and the scores of the rows for
# each query, (n_queries, n).


def floats(dtype=np.float32, share=1):
    """Keep the first coordinates, one in `share` of all, as they are."""

    def method(task, seed):
        n_numbers = task.database.shape[1] // share
        rows = task.database[:, :n_numbers].astype(dtype)
        return rows.nbytes // len(rows), task.query[:, :n_numbers] @ rows.astype(np.float32).T

    return method


def coded(make):
    """Quantise by the package.

    Those that estimate products also keep each row's product with the mean.
    """

    def method(task, seed):
        quantiser = make(seed).fit(task.database)
        codes = quantiser.encode(task.database)
        scores = quantiser.scores(task.query, codes)
        if not isinstance(quantiser, SignCodes):
            scores += task.database @ quantiser.mean_.astype(np.float32)
        return codes.shape[1], scores

    return method


def signs_and_mean(task, seed):
    """Keep signs and each row's product with the mean: a part of what RaBitQ adds to signs."""
    n_bytes, scores = signs(rotate=True, asymmetric=True)(task, seed)
    return n_bytes + 4, scores + task.database @ task.mean


def stretch_alone(task, seed):
    """Keep signs and what stretches them: the other part of what RaBitQ adds to signs."""
    rabitq = RaBitQ(random_state=seed).fit(task.database)
    codes = rabitq.encode(task.database)
    return codes.shape[1] - 8, rabitq.scores(task.query, codes)


def signs(**options):
    """Keep the signs of the numbers."""
    return coded(lambda seed: SignCodes(random_state=seed, **options))


def hashed(make, labels=False):
    """Hash, and rank by Hamming distance."""

    def method(task, seed):
        X = task.centred
        hasher = make(seed)
        if labels:
            hasher.fit(X["train"], task.y_train)
        else:
            hasher.fit(X["database"])
        query = hasher.transform(X["query"])
        database = hasher.transform(X["database"])
        return database.shape[1] // 8, -hamming_distances(query, database)

    return method


def product_codes(factory, taught="database", n_taught=N_DATABASE):
    """Code by faiss's OPQ, and rank by distance from what a code stands for."""

    def method(task, seed):
        X = task.centred["database"]
        # np: without the permutation that only a search by Hamming distance needs
        index = faiss.index_factory(X.shape[1], f"{factory}np")
        # the default is 50 iterations, which take minutes
        faiss.downcast_VectorTransform(index.chain.at(0)).niter = 10
        learner = faiss.downcast_index(index.index).pq.cp
        learner.seed = seed
        learner.min_points_per_centroid = 1
        index.train(task.centred[taught][:n_taught])
        index.add(X)
        decoded = index.reconstruct_n(0, len(X))
        # half of the squared distance, without the query's own part and with the sign turned
        scores = task.centred["query"] @ decoded.T - (decoded**2).sum(axis=1) / 2
        return index.sa_code_size(), scores

    return method


def class_scores(task, seed):
    """Keep a classifier's scores in 8 bits, and rank by the chance that two rows share a class."""
    scores = ClassScores(8, random_state=seed).fit(task.centred["train"], task.y_train)
    query, database = (
        bits_to_integers(scores.transform(task.centred[part])) for part in ("query", "database")
    )
    return 1, scores.centres_[query] @ scores.centres_[database].T


METHODS = {
    "float32": floats(),
    "float16": floats(np.float16),
    "truncation to a quarter": floats(share=4),
    "int8": coded(lambda seed: ScalarCodes(8)),
    "int4": coded(lambda seed: ScalarCodes(4)),
    "RaBitQ": coded(lambda seed: RaBitQ(random_state=seed)),
    "RaBitQ, 2 bits": coded(lambda seed: RaBitQ(2, random_state=seed)),
    "RaBitQ, 3 bits": coded(lambda seed: RaBitQ(3, random_state=seed)),
    "RaBitQ, 4 bits": coded(lambda seed: RaBitQ(4, random_state=seed)),
    "signs": signs(),
    "signs, asymmetric": signs(asymmetric=True),
    "signs, rotated": signs(rotate=True),
    "signs, rotated, asymmetric": signs(rotate=True, asymmetric=True),
    "signs, uncentred": signs(centre=False),
    "signs, uncentred, asymmetric": signs(centre=False, asymmetric=True),
    "signs, uncentred, rotated": signs(centre=False, rotate=True),
    "signs, uncentred, rotated, asymmetric": signs(centre=False, rotate=True, asymmetric=True),
    "part of RaBitQ: signs and the mean": signs_and_mean,
    "part of RaBitQ: the stretch": stretch_alone,
    "LSH, 64 bits": hashed(lambda seed: LSH(64, random_state=seed)),
    "ITQ, 64 bits": hashed(lambda seed: ITQ(64, random_state=seed)),
    "GRH, 64 bits": hashed(
        lambda seed: GRH(64, classifier="kernel-ridge", random_state=seed), labels=True
    ),
    "Hadamard codewords, 64 bits": hashed(
        lambda seed: OutputCodes(
            64, codewords="hadamard", classifier="kernel-ridge", random_state=seed
        ),
        labels=True,
    ),
    "class scores, 8 bits": class_scores,
    "OPQ, 8 bytes": product_codes("OPQ8,PQ8"),
    "OPQ, 32 bytes": product_codes("OPQ32,PQ32"),
    "OPQ, 8 bytes, other rows": product_codes("OPQ8,PQ8", "others", N_OTHERS),
    "OPQ, 32 bytes, other rows": product_codes("OPQ32,PQ32", "others", N_OTHERS),
}
LARGE_METHODS = {
    "OPQ, 8 bytes, 10,000 other rows": product_codes("OPQ8,PQ8", "others", N_MORE_OTHERS),
    "OPQ, 32 bytes, 10,000 other rows": product_codes("OPQ32,PQ32", "others", N_MORE_OTHERS),
}
"""Methods for vectors of which there are enough rows."""


def methods_for(n_rows):
    """Return by name the methods for so many vectors."""
    return METHODS | (LARGE_METHODS if n_rows > N_DATABASE + 2 * N_MORE_OTHERS else {})


def measure(task, exact, method, seed):
    """Yield what a method is worth to queries of old classes, and then to queries of new ones."""
    with threadpool_limits(1):
        n_bytes, scores = method(task, seed)
        # the database is in random order, so ties are too
        ranked = np.argsort(-scores, axis=1, kind="stable")
    labels = task.y_query, task.y_database
    best = rerank(task.query, task.database, ranked[:, : 10 * K], K)
    each = {
        f"recall_{factor}": recall_of_exact(ranked[:, : K * factor], exact, per_query=True)
        for factor in FACTORS
    }
    each["precision"] = precision_at_k(ranked, *labels, K, per_query=True)
    each["precision_rescored"] = precision_at_k(best, *labels, K, per_query=True)
    is_relevant = task.y_database[ranked] == task.y_query[:, None]
    hits = np.cumsum(is_relevant, axis=1)
    precisions = hits / np.arange(1, hits.shape[1] + 1)
    each["map"] = (is_relevant * precisions).sum(axis=1) / np.maximum(hits[:, -1], 1)
    for classes, queries in (("old", ~task.new), ("new", task.new)):
        means = {name: round(float(values[queries].mean()), 4) for name, values in each.items()}
        yield {"classes": classes}, {"bytes": n_bytes} | means


def data():
    """Yield the name of every kind of vectors that is at hand, and a function that reads it."""
    yield from of_images("fashion-mnist")
    yield "docstrings, TF-IDF", partial(load_dataset, "docstrings")
    if path := os.environ.get("L2H_WORDLLAMA"):
        vectors = np.load(path).astype(np.float32)
        yield "docstrings, WordLlama", lambda: replace(load_dataset("docstrings"), features=vectors)
    if source := os.environ.get("L2H_SOURCE"):
        yield from of_images("cifar10", source)


def of_images(name, source=None):
    """Yield both kinds of features of a set of images, as `data` does."""
    for features in ("gist", "deep"):
        yield f"{name}, {features}", partial(load_dataset, name, source=source, features=features)


def main():
    file = ResultsFile(RESULTS / "quality-by-bytes.csv", ["vectors", "method", "seed", "classes"])
    for vectors, read in data():
        dataset = read()
        methods = methods_for(len(dataset))
        measured_on = origin(dataset)
        for seed in SEEDS:
            last = {"vectors": vectors, "seed": seed, "classes": "new"}
            if all(last | {"method": name} in file for name in methods):
                continue
            task = task_of(dataset, seed)
            exact = exact_neighbours(task.query, task.database, K)
            off_centre, even = np.round(lie_of(task.database), 4).tolist()
            lie = {"off_centre": off_centre, "even": even}
            for name, method in methods.items():
                cell = {"vectors": vectors, "method": name, "seed": seed}
                if cell | {"classes": "new"} in file:
                    continue
                for classes, row in measure(task, exact, method, seed):
                    if cell | classes not in file:
                        file.append(cell | classes | row | lie | measured_on)
                print(*cell.values(), flush=True)
