"""What chapters 8 and 9 keep: every method tuned alike, then measured on five splits of both data sets.

``make fair-fight SOURCE=...``. Each method has twelve trials on validation queries; no row that any of the five splits
queries takes part in them. The rows go to book/results/fair-fight.csv, what tuning chose to fair-fight-tuning.csv.
Started again, it goes on where it was.
"""

import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import KMeans
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import ParameterGrid
from threadpoolctl import threadpool_limits

from l2h_tutorial import GRH, ITQ, LSH, PCAH, Dataset, SpectralHashing, load_dataset, split_dataset
from l2h_tutorial.affinity import knn_affinity, label_indicator
from l2h_tutorial.baselines import AGH, CCAITQ, KSH, SDH, STH, kernel_gamma
from l2h_tutorial.controls import ClassScores, OutputCodes, RandomCodes, hadamard_codewords
from l2h_tutorial.metrics import RingCounts, average_precision, ring_counts
from l2h_tutorial.protocols.results import ResultsFile, provenance
from l2h_tutorial.protocols.trials import configured
from l2h_tutorial.splits import held_out_partition

RESULTS = Path(__file__).parents[2] / "book" / "results"
SEEDS, N_BITS = range(5), 32
ALL = 10**9  # anchors: all labelled rows


class ExactSearch(BaseEstimator):
    """No code: rank by cosine."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X

    def average_precision(self, s):
        return precision_in_order(cosine_similarity(s.X_query, s.X_database), s)


class Chances(ClassScores):
    """Class scores as they are, not quantised."""

    def transform(self, X):
        return self.chances(X)

    def average_precision(self, s):
        return precision_in_order(self.chances(s.X_query) @ self.chances(s.X_database).T, s)


class ClassCells(Chances):
    """The same, quantised: 256 cells (8 bits) of the database, on both sides, ranked by the product of centres."""

    n_cells = 256

    def average_precision(self, s):
        query, database = self.chances(s.X_query), self.chances(s.X_database)
        cells = KMeans(self.n_cells, n_init=1, random_state=self.random_state).fit(database[:10_000])
        centres = cells.cluster_centers_
        of_query, of_database = (cells.predict(values) for values in (query, database))
        counts = np.zeros((self.n_cells, s.y_database.max() + 1), dtype=int)
        np.add.at(counts, (of_database, s.y_database), 1)
        order = np.argsort(-centres[of_query] @ centres.T, axis=1)
        relevant = np.take_along_axis(counts[:, s.y_query].T, order, axis=1)
        return average_precision(RingCounts(counts.sum(axis=1)[order], relevant))


class ClassCells4(ClassCells):
    n_cells = 16


class PredictedClass(Chances):
    """The same, reduced to the class with the highest score."""

    def average_precision(self, s):
        query, database = (x == x.max(axis=1, keepdims=True) for x in map(self.chances, (s.X_query, s.X_database)))
        return average_precision(ring_counts(query, database, s.y_query, s.y_database))


class CodewordSums(BaseEstimator):
    """Several labels without a graph: kernel ridge is taught the mean of the labels' Hadamard codewords."""

    def __init__(self, n_bits=16, ridge=0.1, gamma=2.0, random_state=None):
        self.n_bits, self.ridge, self.gamma, self.random_state = n_bits, ridge, gamma, random_state

    def fit(self, X, y):
        labels = label_indicator(y)
        codewords = np.where(hadamard_codewords(labels.shape[1], self.n_bits, self.random_state), 1.0, -1.0)
        width = kernel_gamma(X.astype(float), self.gamma)
        targets = labels @ codewords / labels.sum(axis=1, keepdims=True)
        self.model_ = KernelRidge(alpha=self.ridge, kernel="rbf", gamma=width).fit(X, targets)
        return self

    def transform(self, X):
        return self.model_.predict(X) > 0


class SmallNetwork(BaseEstimator):
    """A deep hash, but for the depth: one hidden layer and a tanh head, taught Hadamard codewords."""

    def __init__(self, n_bits=16, random_state=None):
        self.n_bits, self.random_state = n_bits, random_state

    def fit(self, X, y):
        self.scale_ = np.sqrt(X.shape[1] / np.mean(np.sum(X**2, axis=1)))
        codewords = np.where(hadamard_codewords(len(np.unique(y)), self.n_bits, self.random_state), 1.0, -1.0)
        targets = codewords[np.unique(y, return_inverse=True)[1]]
        self.head_ = small_network(X * self.scale_, targets, seed=self.random_state)
        return self

    def transform(self, X):
        return self.head_(X * self.scale_) > 0


def small_network(X, targets, n_hidden=64, rate=0.03, decay=0.01, seed=0):
    """Gradient descent with momentum on the cross-entropy of the bits."""
    random = np.random.default_rng(seed)
    W = random.normal(size=(X.shape[1], n_hidden)) * np.sqrt(2 / X.shape[1])
    V = random.normal(size=(n_hidden, targets.shape[1])) / np.sqrt(n_hidden)
    step_W, step_V = np.zeros_like(W), np.zeros_like(V)
    for _ in range(400):
        inner = np.maximum(X @ W, 0)
        error = (np.tanh(inner @ V) - targets) / len(X)
        step_W = 0.9 * step_W + X.T @ (error @ V.T * (inner > 0)) + decay * W
        step_V = 0.9 * step_V + inner.T @ error + decay * V
        W, V = W - rate * step_W, V - rate * step_V
    return lambda X: np.tanh(np.maximum(X @ W, 0) @ V)


class OfNeighbours(BaseEstimator):
    """GRH without a label: a graph of the ten nearest neighbours among 2,000 rows of the database."""

    def __init__(self, grh):
        self.grh = grh

    def fit(self, X, y=None):
        X = X[:2000]
        self.fitted_ = clone(self.grh).fit(X, affinity=knn_affinity(X, 10))
        return self

    def transform(self, X):
        return self.fitted_.transform(X)


def precision_in_order(similarity, s):
    """Average precision of each query, ranked by a similarity without ties."""
    relevant = s.y_query[:, None] == s.y_database if s.y_query.ndim == 1 else s.y_query @ s.y_database.T > 0
    each = []
    for values, hit in zip(similarity, relevant, strict=True):
        places = np.flatnonzero(hit[np.argsort(-values, kind="stable")]) + 1
        each.append(np.mean(np.arange(1, len(places) + 1) / places))
    return np.array(each)


KERNEL = {"ridge": (0.03, 0.1, 0.3), "gamma": (0.7, 1.4, 2.0, 2.8)}
SMALL_KERNEL = {"ridge": (0.03, 0.1, 0.3), "gamma": (1.4, 2.8)}
LINEAR = {"C": (0.25, 1.0, 4.0, 16.0)}
KERNEL_GRH = {"classifier": "kernel-ridge"}

METHODS = {
    "LSH": (LSH(), {}),
    "PCAH": (PCAH(), {}),
    "ITQ": (ITQ(), {}),
    "SH": (SpectralHashing(), {}),
    "AGH": (AGH(), {"n_neighbours": (2, 3, 5), "n_layers": (1, 2), "n_anchors": (100, 300)}),
    "CCA-ITQ": (CCAITQ(), {"ridge": tuple(np.geomspace(0.003, 30, 12).round(4).tolist())}),
    "STH": (STH(classifier="rbf-svm"), {"C": (1.0, 3.0, 10.0, 30.0), "gamma": (1.4, 2.0, 2.8)}),
    "KSH": (KSH(n_anchors=ALL), {"gamma": (0.5, 1.0, 2.0, 4.0), "ridge": (0.03, 0.1, 0.3)}),
    "SDH": (SDH(n_anchors=ALL), {"gamma": (0.5, 1.0, 2.0, 4.0), "ridge": (0.0003, 0.001, 0.003)}),
    "GRH linear": (GRH(n_iter=2), {"alpha": (0.8, 0.9, 1.0), **LINEAR}),
    "GRH linear from CCA-ITQ": (GRH(initial=CCAITQ()), {"initial__ridge": (0.3, 1.0, 3.0), **LINEAR}),
    "GRH kernel": (GRH(**KERNEL_GRH), {"alpha": (0.8, 1.0), **SMALL_KERNEL}),
    "GRH from CCA-ITQ": (GRH(initial=CCAITQ(), **KERNEL_GRH), {"initial__ridge": (1.0, 10.0), **SMALL_KERNEL}),
    "Hadamard codewords": (OutputCodes(codewords="hadamard", **KERNEL_GRH), KERNEL),
    "class scores": (Chances(), {"temperature": (5.0, 10.0), **SMALL_KERNEL}),
}
SAME_AS = {"class scores, 8 bits": ClassCells, "class scores, 4 bits": ClassCells4, "predicted class": PredictedClass}
UNLABELLED = (LSH, PCAH, ITQ, SpectralHashing, AGH, ExactSearch, OfNeighbours)


def tuning_split(dataset):
    """Validation queries, training rows and a database, none of them a query of the first question's five splits."""
    splits = [split_dataset(dataset, random_state=42 + seed) for seed in SEEDS]
    queried = np.concatenate([split.query_rows for split in splits])
    free = np.setdiff1d(np.arange(len(dataset)), queried)
    rest = Dataset("free rows", dataset.features[free], dataset.labels[free], None, dataset.class_names)
    s = split_dataset(rest, 1000, len(splits[0].y_train), random_state=0).preprocessed("l2-centre")
    s = replace(s, **{part: getattr(s, part)[:5000] for part in ("X_database", "y_database", "database_rows")})
    return replace(s, **{part: free[getattr(s, part)] for part in ("query_rows", "train_rows", "database_rows")})


def split_of(dataset, question, seed):
    """The split of a seed; but for the first question, 10,000 rows of a larger database are enough."""
    if question == "held-out":
        split = held_out_partition(dataset, 3, n_train=700, random_state=seed)
    else:
        split = split_dataset(dataset, random_state=42 + seed)
    s = split.preprocessed("l2-centre")
    if question == "baskets":
        return baskets(s, seed)
    return s if question == "ranking" else fewer_rows(s, 10_000)


def baskets(s, seed):
    """Two images of different classes at a time: the mean of their vectors, and both labels."""
    random, one_hot, parts = np.random.default_rng(seed), np.eye(len(s.class_names), dtype=int), {}
    for part, n in (("train", len(s.y_train)), ("query", 300), ("database", 4000)):
        X, y = getattr(s, f"X_{part}"), getattr(s, f"y_{part}")
        pairs = random.integers(len(X), size=(2, 2 * n))
        first, second = pairs[:, y[pairs[0]] != y[pairs[1]]][:, :n]
        parts[f"X_{part}"] = (X[first] + X[second]) / 2
        parts[f"y_{part}"] = one_hot[y[first]] + one_hot[y[second]]
    return replace(s, **parts)


def fewer_rows(s, n):
    """The split with n rows of its database, drawn at random."""
    rows = np.sort(np.random.default_rng(0).permutation(len(s.y_database))[:n])
    return replace(s, **{part: getattr(s, part)[rows] for part in ("X_database", "y_database", "database_rows")})


def measure(hasher, s, seed, labels=None):
    """Fit one method, on the database where it needs no labels, and rank: mean average precision and seconds."""
    hasher = configured(hasher, 1 if isinstance(hasher, ClassScores) else N_BITS, seed)  # scores keep no code here
    with threadpool_limits(1):
        start = time.thread_time()
        if isinstance(hasher, UNLABELLED):
            hasher.fit(s.X_database)
        else:
            hasher.fit(s.X_train, s.y_train if labels is None else labels)
        fitted = time.thread_time()
        database = hasher.transform(s.X_database)
        encoded = time.thread_time()
        if hasattr(hasher, "average_precision"):
            each = hasher.average_precision(s)
        else:
            each = average_precision(ring_counts(hasher.transform(s.X_query), database, s.y_query, s.y_database))
    return {
        "map": round(float(each.mean()), 5),
        "fit_seconds": round(fitted - start, 4),
        "encode_seconds": round(1000 * (encoded - fitted) / len(s.y_database), 5),
    }


def tune(dataset, name):
    """What a method is given: the best of its trials."""
    s, (hasher, grid), trials = tuning_split(dataset), METHODS[name], []
    for tried in ParameterGrid({key: list(values) for key, values in grid.items()}):
        trials.append((measure(clone(hasher).set_params(**tried), s, 0)["map"], tried))
    best = max(trials, key=lambda trial: trial[0])
    return {"trials": len(trials), "validation_map": best[0], "parameters": json.dumps(best[1])}


def contenders(question, chosen):
    """Whoever answers a question, with the parameters that tuning chose: (hasher, whether its labels are shuffled)."""
    of = {name: clone(hasher).set_params(**chosen[name]) for name, (hasher, _) in METHODS.items()}
    of |= {name: kind(**chosen["class scores"]) for name, kind in SAME_AS.items()}
    of |= {"exact cosine": ExactSearch(), "random codes": RandomCodes()}
    if question == "ranking":
        return {name: (hasher, False) for name, hasher in of.items()}
    if question == "held-out":
        of["refit"] = clone(of["GRH kernel"]).set_params(alpha=0.5)
        of["GRH kernel, alpha 0.8"] = clone(of["GRH kernel"]).set_params(alpha=0.8)
        left_out = (
            "PCAH",
            "SH",
            "AGH",
            "STH",
            "SDH",
            "KSH",
            "GRH linear",
            "GRH linear from CCA-ITQ",
            "class scores, 4 bits",
        )
        return {name: (hasher, False) for name, hasher in of.items() if name not in left_out}
    if question == "shuffled":
        return {name: (of[name], True) for name in ("GRH kernel", "GRH from CCA-ITQ", "class scores")}
    if question == "alpha":
        return {
            f"{alpha}": (clone(of["GRH kernel"]).set_params(alpha=alpha), False)
            for alpha in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
        }
    own = {name: chosen["GRH from CCA-ITQ"][name] for name in ("ridge", "gamma")}  # one classifier for all
    ridge = own | KERNEL_GRH
    start = CCAITQ(ridge=chosen["GRH from CCA-ITQ"]["initial__ridge"])
    if question == "codewords":
        of = {f"{kind} codewords": OutputCodes(codewords=kind, **ridge) for kind in ("random", "hadamard")}
        of |= {"GRH from LSH": GRH(**ridge), "GRH from CCA-ITQ": GRH(initial=start, **ridge)}
        of |= {"small network": SmallNetwork()}
    elif question == "baskets":
        of = {"CCA-ITQ": start, "codeword sums": CodewordSums(**own), "class scores": of["class scores"]}
        of |= {f"GRH from CCA-ITQ, alpha {a}": GRH(alpha=a, initial=start, **ridge) for a in (0.0, 0.8, 1.0)}
        of |= {f"GRH from LSH, alpha {a}": GRH(alpha=a, **ridge) for a in (0.0, 1.0)}
    else:  # neighbours
        of = {
            f"{name}, alpha {a}": OfNeighbours(GRH(alpha=a, initial=initial, **ridge))
            for name, initial in (("LSH", LSH()), ("ITQ", ITQ()))
            for a in (0.0, 1.0)
        }
        of |= {"LSH": LSH(), "ITQ": ITQ()}
    return {name: (hasher, False) for name, hasher in of.items()}


QUESTIONS = ("ranking", "held-out", "shuffled", "alpha", "codewords", "baskets", "neighbours")


def keep(file, cell, origin, work, *arguments):
    """Add what the work returns to the file, where it is not there."""
    if cell not in file:
        file.append(cell | work(*arguments) | origin | {"date": datetime.now(UTC).date().isoformat()})
        print(*cell.values(), flush=True)


def main():
    tuning = ResultsFile(RESULTS / "fair-fight-tuning.csv", ["dataset", "method"])
    measured = ResultsFile(RESULTS / "fair-fight.csv", ["dataset", "question", "method", "seed"])
    for dataset in (
        load_dataset("fashion-mnist"),
        load_dataset("cifar10", source=os.environ.get("L2H_SOURCE") or None),
    ):
        origin = provenance(dataset)
        for name in METHODS:
            keep(tuning, {"dataset": dataset.name, "method": name}, origin, tune, dataset, name)
        rows = tuning.frame().query("dataset == @dataset.name").set_index("method")["parameters"]
        for seed, question in product(SEEDS, QUESTIONS):
            s = split_of(dataset, question, seed)
            for name, (hasher, shuffled) in contenders(question, rows.map(json.loads)).items():
                labels = np.random.default_rng(seed).permutation(s.y_train) if shuffled else None
                cell = {"dataset": dataset.name, "question": question, "method": name, "seed": seed}
                keep(measured, cell, origin, measure, hasher, s, seed, labels)


if __name__ == "__main__":
    main()
