"""Measure what chapters 8 and 9 keep: all methods, tuned alike, on both data sets.

``make measure NAME=fair-fight SOURCE=...``. The bundled images have five splits and CIFAR-10 has
twenty; queries of held-out classes have ten triples of classes on both. For each question each
contender climbs from its defaults to where no single step is better, on validation queries; for
held-out classes it does so for each triple, on three triples of the other classes. Rows that tuning
sees are queried by no split. Labelled images and starts are drawn three times, in tuning and on
each split, and the mean counts. The rows go to book/results/fair-fight.csv, and what tuning chose
goes to fair-fight-tuning.csv. Started again, the benchmark goes on where it was.
"""

import json
import os
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from l2h_tutorial import GRH, ITQ, LSH, PCAH, Dataset, SpectralHashing, load_dataset, split_dataset
from l2h_tutorial import mean_average_precision as by_hamming_distance
from l2h_tutorial.affinity import knn_affinity, label_indicator
from l2h_tutorial.baselines import AGH, CCAITQ, KSH, SDH, STH
from l2h_tutorial.controls import ClassScores, OutputCodes, RandomCodes, hadamard_codewords
from l2h_tutorial.machines import cluster_centres, kernel_gamma
from l2h_tutorial.splits import held_out_classes, held_out_partition
from l2h_tutorial.tuning import Validation, climb

from .kept import RESULTS, ResultsFile, keep, origin, ranking

SPLITS = {"fashion-mnist": range(5), "cifar10": range(20)}
TRIPLES = range(10)
N_DRAWS = 3
N_TUNING = 2000  # rows of the database in tuning


# --- contenders that are not in the package -------------------------------------------------------

# their parameters are fields, as scikit-learn wants them: kept as they are given
contender = dataclass(eq=False, repr=False)


class ExactSearch(BaseEstimator):
    """Rank by the exact cosine, without a code."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X

    def mean_average_precision(self, query, database, *labels):
        return precision_in_order(cosine_similarity(query, database), *labels)


class Chances(ClassScores):
    """Class scores as they are, not quantised."""

    def transform(self, X):
        return self.chances(X)

    def mean_average_precision(self, query, database, *labels):
        return precision_in_order(query @ database.T, *labels)


class ClassCells(ClassScores):
    """Class scores in few bits: the number of the nearest of 2**n_bits centres.

    The centres are found among all images of the database, which need no label.
    """

    def fit(self, X, y, images):
        n_bits = self.n_bits
        self.n_bits = 1  # two centres, which are soon replaced
        super().fit(X, y)
        self.n_bits = n_bits
        self._n_features_out = n_bits
        self.centres_ = cluster_centres(self.chances(images), 2**n_bits, self.random_state)
        return self


class PredictedClass(ClassScores):
    """Class scores, of which only the name of the highest is kept."""

    mean_average_precision = staticmethod(by_hamming_distance)

    def transform(self, X):
        chances = self.chances(X)
        return chances == chances.max(axis=1, keepdims=True)


@contender
class CodewordSums(BaseEstimator):
    """Several labels without a graph: kernel ridge learns the mean of their Hadamard codewords."""

    n_bits: int = 16
    ridge: float = 0.1
    gamma: float = 2.0
    random_state: Any = None

    def fit(self, X, y):
        labels = label_indicator(y)
        codewords = signs_of_classes(labels.shape[1], self.n_bits, self.random_state)
        width = kernel_gamma(X.astype(float), self.gamma)
        targets = labels @ codewords / labels.sum(axis=1, keepdims=True)
        self.model_ = KernelRidge(alpha=self.ridge, kernel="rbf", gamma=width).fit(X, targets)
        return self

    def transform(self, X):
        return self.model_.predict(X) > 0


@contender
class KindCodewords(BaseEstimator):
    """Several labels without a graph: kernel ridge learns one codeword for each set of labels.

    Hadamard codewords are equally far apart on average, whatever the sets. "hashed" codewords are
    the signs of random projections of the sets, so that sets with a common label have similar ones.
    """

    n_bits: int = 16
    codewords: str = "hadamard"
    ridge: float = 0.1
    gamma: float = 2.0
    random_state: Any = None

    def fit(self, X, y):
        kinds, kind_of_row = np.unique(label_indicator(y), axis=0, return_inverse=True)
        codewords = self.codewords
        if codewords == "hashed":
            random = np.random.default_rng(self.random_state)
            directions = random.normal(size=(kinds.shape[1], self.n_bits))
            codewords = (kinds - kinds.mean(axis=0)) @ directions > 0
        self.model_ = OutputCodes(
            self.n_bits,
            codewords=codewords,
            classifier="kernel-ridge",
            ridge=self.ridge,
            gamma=self.gamma,
            random_state=self.random_state,
        )
        self.model_.fit(X, kind_of_row.ravel())
        return self

    def transform(self, X):
        return self.model_.transform(X)


@contender
class SmallNetwork(BaseEstimator):
    """A deep hash without the depth: one hidden layer and a tanh head learn Hadamard codewords."""

    n_bits: int = 16
    rate: float = 0.01
    decay: float = 0.03
    random_state: Any = None

    def fit(self, X, y):
        self.scale_ = np.sqrt(X.shape[1] / np.mean(np.sum(X**2, axis=1)))
        labels, classes = np.unique(y, return_inverse=True)
        codewords = signs_of_classes(len(labels), self.n_bits, self.random_state)
        targets = codewords[classes]
        self.head_ = small_network(
            X * self.scale_, targets, self.rate, self.decay, self.random_state
        )
        return self

    def transform(self, X):
        return self.head_(X * self.scale_) > 0


def signs_of_classes(n_classes, n_bits, seed):
    """Return the Hadamard codewords of the classes as signs, 1.0 and -1.0."""
    return np.where(hadamard_codewords(n_classes, n_bits, seed), 1.0, -1.0)


def small_network(X, targets, rate, decay, seed=0):
    """Learn features and bits together by descending the gradient of the bits' cross-entropy."""
    random = np.random.default_rng(seed)
    W = random.normal(size=(X.shape[1], 64)) * np.sqrt(2 / X.shape[1])
    V = random.normal(size=(64, targets.shape[1])) / np.sqrt(64)
    step_W = np.zeros_like(W)
    step_V = np.zeros_like(V)
    for _ in range(200):
        inner = np.maximum(X @ W, 0)
        error = (np.tanh(inner @ V) - targets) / len(X)
        step_W = 0.9 * step_W + X.T @ (error @ V.T * (inner > 0)) + decay * W
        step_V = 0.9 * step_V + inner.T @ error + decay * V
        W = W - rate * step_W
        V = V - rate * step_V
    return lambda X: np.tanh(np.maximum(X @ W, 0) @ V)


@contender
class OfNeighbours(BaseEstimator):
    """GRH without a label: a graph of the ten nearest neighbours among 1,000 images."""

    grh: GRH

    def fit(self, X, y=None):
        rows = np.random.default_rng(self.grh.random_state).permutation(len(X))[:1000]
        self.grh.fit(X[rows], affinity=knn_affinity(X[rows], 10))
        return self

    def transform(self, X):
        return self.grh.transform(X)


@contender
class Taught(BaseEstimator):
    """A contender that is taught `n_labels` random images, as many of each class."""

    hasher: Any
    n_labels: int
    images: Any
    random_state: Any = None

    def fit(self, X, y):
        order = np.random.default_rng(self.random_state).permutation(len(X))
        classes = y[order] if y.ndim == 1 else np.zeros(len(y))  # several labels: any images
        labels = np.unique(classes)
        per_class = self.n_labels // len(labels)
        rows = np.concatenate([order[classes == label][:per_class] for label in labels])
        if isinstance(self.hasher, ClassCells):
            self.hasher.fit(X[rows], y[rows], self.images)
        else:
            self.hasher.fit(X[rows], y[rows])
        return self

    def transform(self, X):
        return self.hasher.transform(X)

    def mean_average_precision(self, *codes_and_labels):
        measure = getattr(self.hasher, "mean_average_precision", by_hamming_distance)
        return measure(*codes_and_labels)


class TaughtOthers(Taught):
    """A contender that is taught all classes but three, and asked about these three.

    The seed says which three. In this way each draw of a trial asks about other classes.
    """

    def fit(self, X, y):
        self.left_out_ = held_out_classes(np.unique(y), 3, self.random_state)
        is_taught = ~np.isin(y, self.left_out_)
        return super().fit(X[is_taught], y[is_taught])

    def mean_average_precision(self, query, database, of_query, of_database):
        is_asked = np.isin(of_query, self.left_out_)
        asked = (query[is_asked], database, of_query[is_asked], of_database)
        return super().mean_average_precision(*asked)


def precision_in_order(similarity, of_query, of_database):
    """Return the mean average precision of the ranking by a similarity without ties."""
    if of_query.ndim == 1:
        is_relevant = of_query[:, None] == of_database
    else:
        is_relevant = of_query @ of_database.T > 0
    hits = np.take_along_axis(is_relevant, np.argsort(-similarity, axis=1), axis=1)
    precisions = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    pairs = zip(precisions, hits, strict=True)
    return float(np.mean([precision[hit].mean() for precision, hit in pairs]))


# --- who is asked what ----------------------------------------------------------------------------

# by parameter, the factor from one value to the next
STEPS = {
    "gamma": 2,
    "temperature": 2,
    "ridge": 10**0.5,
    "C": 10**0.5,
    "alpha": 10**0.5,  # of scikit-learn's ridge regression
    "rate": 10**0.5,
    "decay": 10**0.5,
}


def climbs(hasher, *names, **values):
    """Return the hasher, and by parameter the values that it climbs through.

    A parameter that is only named has its default and nine steps to either side of it.
    """
    start = hasher.get_params()
    ladders = {}
    for name in names:
        factors = STEPS[name.split("__")[-1]] ** np.arange(-9, 10.0)
        ladders[name] = [float(f"{start[name] * factor:.2g}") for factor in factors]
    return hasher, ladders | values


def kernel_grh(n_bits=32, **parameters):
    return GRH(n_bits, classifier="kernel-ridge", **parameters)


def from_lsh(**parameters):
    return climbs(kernel_grh(**parameters), *KERNEL)


def of_neighbours(**parameters):
    return climbs(OfNeighbours(kernel_grh(**parameters)), "grh__gamma")


def from_cca(n_bits=32, **parameters):
    grh = kernel_grh(n_bits, initial=CCAITQ(n_bits), **parameters)
    return climbs(grh, "initial__ridge", *KERNEL)


KERNEL = ("gamma", "ridge")
SCORES = ("temperature", "gamma", "ridge")
ALPHA = (0.9, 1.0)
OF_AGH = {"n_neighbours": (1, 2, 3, 5, 8), "n_layers": (2, 1)}

METHODS = {
    "LSH": climbs(LSH(32)),
    "PCAH": climbs(PCAH(32)),
    "ITQ": climbs(ITQ(32)),
    "SH": climbs(SpectralHashing(32)),
    "AGH": climbs(AGH(32), **OF_AGH),
    "CCA-ITQ": climbs(CCAITQ(32), "ridge"),
    "STH": climbs(STH(32, classifier="rbf-svm"), "C", "gamma"),
    "KSH": climbs(KSH(32), *KERNEL),
    "SDH": climbs(SDH(32), *KERNEL),
    "GRH linear": climbs(GRH(32, n_iter=2), "C", alpha=ALPHA),
    "GRH linear from CCA-ITQ": climbs(GRH(32, initial=CCAITQ(32)), "initial__ridge", "C"),
    "GRH kernel": climbs(kernel_grh(), *KERNEL, alpha=ALPHA),
    "GRH from CCA-ITQ": from_cca(),
    "Hadamard codewords": climbs(
        OutputCodes(32, codewords="hadamard", classifier="kernel-ridge"), *KERNEL
    ),
    "random codewords": climbs(
        OutputCodes(32, codewords="random", classifier="kernel-ridge"), *KERNEL
    ),
    "small network": climbs(SmallNetwork(32), "rate", "decay"),
    "class scores": climbs(Chances(1), *SCORES),
    "class scores, 8 bits": climbs(ClassCells(8), *SCORES),
    "class scores, 4 bits": climbs(ClassCells(4), *SCORES),
    "class scores, 8 bits, labelled cells": climbs(ClassScores(8), *SCORES),
    "predicted class": climbs(PredictedClass(1), *KERNEL),
    "exact cosine": climbs(ExactSearch()),
    "random codes": climbs(RandomCodes(32)),
}
"""By name, the hasher and the values of its parameters.

Class scores that rank without a code do not use their one bit.
"""

UNLABELLED = (LSH, PCAH, ITQ, SpectralHashing, AGH, ExactSearch, RandomCodes, OfNeighbours)


def methods(*names):
    return {name: METHODS[name] for name in names}


def with_alphas(label, make, alphas, **parameters):
    """Make a contender with each alpha, which its label shows."""
    return {label.format(alpha): make(alpha=alpha, **parameters) for alpha in alphas}


FEW = methods(
    "ITQ",
    "exact cosine",
    "CCA-ITQ",
    "KSH",
    "SDH",
    "GRH kernel",
    "GRH from CCA-ITQ",
    "Hadamard codewords",
    "class scores",
    "class scores, 8 bits",
    "predicted class",
)
UNSEEN = methods("LSH") | FEW | methods("random codes")
EVERY_ALPHA = (0.5, 0.8, 0.9, 1.0)
QUESTIONS = {
    "ranking": METHODS,
    "50 labels": FEW,
    "200 labels": FEW,
    "held-out": UNSEEN
    | with_alphas("GRH kernel, alpha {}", from_lsh, (0.5, 0.8))
    # in a pipeline, which is no hasher without labels, it gets the labelled images alone
    | {"ITQ, labelled images": climbs(make_pipeline(ITQ(32)))},
    "shuffled": methods("GRH kernel", "GRH from CCA-ITQ")
    | with_alphas("GRH from CCA-ITQ, alpha {}", from_cca, (0.5,)),
    "alpha": methods("CCA-ITQ")
    | with_alphas("{}", from_lsh, EVERY_ALPHA)
    | with_alphas("{} from CCA-ITQ", from_cca, EVERY_ALPHA),
    # on the splits of the ranking, one predictor more for the targets of GRH from CCA-ITQ
    "predictor": {
        "GRH linear ridge from CCA-ITQ": climbs(
            GRH(32, initial=CCAITQ(32), classifier=Ridge()), "initial__ridge", "classifier__alpha"
        )
    },
    "neighbours": methods("LSH", "ITQ")
    | with_alphas("LSH, alpha {}", of_neighbours, (0, 1), initial=LSH(32))
    | with_alphas("ITQ, alpha {}", of_neighbours, (0, 1), initial=ITQ(32)),
    "baskets": methods("CCA-ITQ", "class scores")
    | {
        "codeword sums": climbs(CodewordSums(32), *KERNEL),
        "Hadamard codewords of kinds": climbs(KindCodewords(32), *KERNEL),
        "hashed codewords of kinds": climbs(KindCodewords(32, "hashed"), *KERNEL),
    }
    | with_alphas("GRH from LSH, alpha {}", from_lsh, (0, 1))
    | with_alphas("GRH from CCA-ITQ, alpha {}", from_cca, (0, 1)),
    "map": {"CCA-ITQ": climbs(CCAITQ(16), "ridge"), "GRH from CCA-ITQ": from_cca(16)},
}
"""By question and name, the hasher and the values of its parameters.

Methods are only tuned for the map: fair_fight_map measures it.
"""

N_LABELS = {"50 labels": 50, "200 labels": 200, "held-out": 700}  # of other questions 1,000
N_LABELS_WITHOUT_THREE = 400  # 100 of each class, as for the question "held-out"


# --- the splits -----------------------------------------------------------------------------------


def seeds_of(dataset, question):
    """Return the numbers of a question's splits; of held-out classes, those of the triples."""
    return TRIPLES if question == "held-out" else SPLITS[dataset.name]


def drawn(dataset, question, seed):
    """Draw the split of a seed, with three times the labelled images that one draw teaches.

    Tuning sees rows that the first five splits do not query. Other splits keep off these rows.
    """
    if question == "held-out":
        return off_the_tuning_rows(dataset, held_out_partition, 3, n_train=2100, random_state=seed)
    if question == "map":
        return split_dataset(dataset, random_state=42 + seed)
    if seed < 5:
        return split_dataset(dataset, 1000, 3000, random_state=42 + seed)
    return off_the_tuning_rows(dataset, split_dataset, 1000, 3000, random_state=42 + seed)


def part_of(dataset, rows, name):
    """Return some rows of a data set as a data set of its own."""
    features = dataset.features[rows]
    return Dataset(name, features, dataset.labels[rows], None, dataset.class_names)


def off_the_tuning_rows(dataset, divide, *sizes, **options):
    """Draw queries and labelled images that tuning has not seen; all others are the database."""
    rows = np.setdiff1d(np.arange(len(dataset)), tuning_rows(dataset))
    split = divide(part_of(dataset, rows, dataset.name), *sizes, **options)
    query = rows[split.query_rows]
    train = rows[split.train_rows]
    database = np.setdiff1d(np.arange(len(dataset)), np.concatenate([query, train]))
    return replace(
        split,
        query_rows=query,
        train_rows=train,
        database_rows=database,
        X_database=dataset.features[database],
        y_database=dataset.labels[database],
    )


@lru_cache(2)
def tuning_split(dataset):
    """Divide rows that the first five splits do not query, five of random classes among them."""
    queried = []
    for seed in range(5):
        queried += [drawn(dataset, question, seed).query_rows for question in ("map", "ranking")]
        at_random = np.random.RandomState(seed)
        split = held_out_partition(dataset, 3, n_train=2100, random_state=at_random)
        queried.append(split.query_rows)
    rows = np.setdiff1d(np.arange(len(dataset)), np.concatenate(queried))
    return divided(dataset, rows, 600, 1800)


@lru_cache(2)
def tuning_rows(dataset):
    """Return the rows that tuning sees."""
    s = prepared(tuning_split(dataset), "ranking", 0, N_TUNING)
    return np.sort(np.concatenate([s.query_rows, s.train_rows, s.database_rows]))


def tuning_split_without(dataset, left_out):
    """Divide the rows that tuning sees, but for those of some classes."""
    rows = tuning_rows(dataset)
    return divided(dataset, rows[~np.isin(dataset.labels[rows], left_out)], 700, 840)


def divided(dataset, rows, n_query, n_train):
    """Divide some rows of a data set."""
    part = part_of(dataset, rows, "rows for tuning")
    split = split_dataset(part, n_query, n_train, random_state=0)
    names = ("query_rows", "train_rows", "database_rows")
    return replace(split, **{name: rows[getattr(split, name)] for name in names})


def prepared(split, question, seed, n_items):
    """Return the split as a question asks it, with n_items rows of its database."""
    rows = np.random.default_rng(seed).permutation(len(split.y_database))[:n_items]
    parts = {
        name: getattr(split, name)[rows] for name in ("X_database", "y_database", "database_rows")
    }
    s = replace(split, **parts).preprocessed("l2-centre")
    if question == "shuffled":
        s = replace(s, y_train=np.random.default_rng(seed).permutation(s.y_train))
    if question == "baskets":
        s = baskets(s, seed)
    return s


def baskets(s, seed):
    """Put two images of different classes in a basket: the mean of their vectors, both labels."""
    random = np.random.default_rng(seed)
    one_hot = np.eye(len(s.class_names), dtype=int)
    parts = {}
    for part in ("train", "query", "database"):
        X = getattr(s, f"X_{part}")
        y = getattr(s, f"y_{part}")
        pairs = random.integers(len(X), size=(2, 2 * len(X)))
        differ = y[pairs[0]] != y[pairs[1]]
        first, second = pairs[:, differ][:, : len(X)]
        parts[f"X_{part}"] = (X[first] + X[second]) / 2
        parts[f"y_{part}"] = one_hot[y[first]] + one_hot[y[second]]
    return replace(s, **parts)


@lru_cache(1)
def split_of(dataset, question, seed):
    return prepared(drawn(dataset, question, seed), question, seed, 5000)


def lesson(question, hasher, s):
    """Return the learner, the prefix of its parameters' names, and the split that it is taught.

    Without labels it learns from the whole database, else from some labelled images.
    """
    if isinstance(hasher, UNLABELLED):
        return hasher, "", replace(s, X_train=s.X_database, y_train=s.y_database)
    return Taught(hasher, N_LABELS.get(question, 1000), s.X_database), "hasher__", s


# --- tuning and measuring -------------------------------------------------------------------------


def tune(dataset, question, name, triple):
    """Return the parameters to which a method climbed, and in how many trials."""
    hasher, values = QUESTIONS[question][name]
    split = tuning_split(dataset)
    if question == "held-out":
        left_out = held_out_classes(np.unique(dataset.labels), 3, triple)
        split = tuning_split_without(dataset, left_out)
    hasher, prefix, s = lesson(question, hasher, prepared(split, question, 0, N_TUNING))
    if question == "held-out":
        hasher = TaughtOthers(hasher.hasher, N_LABELS_WITHOUT_THREE, hasher.images)
    start = time.thread_time()
    ladders = {prefix + name: steps for name, steps in values.items()}
    found = climb(hasher, Validation(s, s), ladders, n_draws=N_DRAWS)
    chosen = {name.removeprefix(prefix): value for name, value in found.parameters.items()}
    return {
        "trials": len(found.trials),
        "validation_map": round(found.score, 5),
        "parameters": json.dumps(chosen),
        "seconds": round(time.thread_time() - start, 1),
    }


def learners(question, hasher, s, seed):
    """Make three copies of a contender, each with its own seed for labelled images and starts."""
    hasher, _, s = lesson(question, hasher, s)
    starts = [name for name in hasher.get_params() if name.endswith("random_state")]
    first = 15 * (seed // 5) + seed % 5  # no two splits share a seed
    for draw in range(N_DRAWS):
        yield clone(hasher).set_params(**dict.fromkeys(starts, first + 5 * draw)), s


def measure(dataset, question, hasher, seed):
    """Return means over draws of the mean average precision and of the processor seconds."""
    s = split_of(dataset, question, seed)
    draws = [ranking(learner, part) for learner, part in learners(question, hasher, s, seed)]
    means = {key: round(float(np.mean([draw[key] for draw in draws])), 5) for key in draws[0]}
    return {"n_queries": len(s.y_query), "n_labelled": len(s.y_train)} | means


def contenders(question, chosen, asked_as):
    """Return the methods that a question is asked, with what tuning chose for it."""
    return {
        name: clone(hasher).set_params(**chosen.get((asked_as, name), {}))
        for name, (hasher, _) in QUESTIONS[question].items()
    }


def chosen_parameters(tuning, name):
    """Return what tuning chose on one data set, by question and method."""
    rows = tuning[tuning["dataset"] == name].set_index(["question", "method"])["parameters"]
    return rows.map(json.loads).to_dict()


# --- keeping --------------------------------------------------------------------------------------


def keep_choices(dataset, measured_on):
    """Tune what has not been tuned, and return all choices."""
    file = ResultsFile(RESULTS / "fair-fight-tuning.csv", ["dataset", "question", "method"])
    for question, asked in QUESTIONS.items():
        triples = TRIPLES if question == "held-out" else [None]
        for triple, (name, (_, values)) in product(triples, asked.items()):
            asked_as = asked_with(question, triple)
            cell = {"dataset": dataset.name, "question": asked_as, "method": name}
            if values:
                keep(file, cell, measured_on, tune, dataset, question, name, triple)
    return chosen_parameters(file.frame(), dataset.name)


def keep_rankings(dataset, measured_on, chosen):
    """Measure the methods on the splits of each question."""
    file = ResultsFile(RESULTS / "fair-fight.csv", ["dataset", "question", "method", "seed"])
    for question in QUESTIONS:
        seeds = () if question == "map" else seeds_of(dataset, question)
        for seed in seeds:
            hashers = contenders(question, chosen, asked_with(question, seed))
            for name, hasher in hashers.items():
                cell = {"dataset": dataset.name, "question": question, "method": name, "seed": seed}
                keep(file, cell, measured_on, measure, dataset, question, hasher, seed)


def asked_with(question, seed):
    """Return the question under which tuning is kept: of held-out classes, each triple's own."""
    return f"{question} {seed}" if question == "held-out" else question


def tuned():
    """Yield both data sets, where results come from, and what tuning chose there."""
    source = os.environ.get("L2H_SOURCE") or None
    for dataset in load_dataset("fashion-mnist"), load_dataset("cifar10", source=source):
        measured_on = origin(dataset)
        yield dataset, measured_on, keep_choices(dataset, measured_on)


@threadpool_limits.wrap(limits=1)
def main():
    for dataset, measured_on, chosen in tuned():
        keep_rankings(dataset, measured_on, chosen)
