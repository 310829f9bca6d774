"""Measure what codes find in one percent of the database, ranked, for chapter 8.

``make measure NAME=fair-fight-percent SOURCE=...``. All codes of the database are ranked by their
distance from the query, ties at random, and the first percent is re-ranked by cosine: every method
has the same budget. A row is a split, a mean over three draws of labelled images and starts.
The rows go to book/results/fair-fight-percent.csv. Started again, the benchmark goes on where it
was.
"""

from itertools import product

import numpy as np
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from l2h_tutorial import hamming_distances, precision_at_k, rerank
from l2h_tutorial.codes import bits_to_integers
from l2h_tutorial.controls import ClassScores

from .fair_fight import METHODS, SPLITS, learners, split_of, tuned
from .fair_fight_map import contenders_on_the_map
from .kept import RESULTS, ResultsFile, keep

MORE = {"KSH, 32 bits": "KSH", "class scores, 8 bits": "class scores, 8 bits"}


def contenders(chosen):
    """Return those lines of the map that have codes, and more codes, with what tuning chose."""
    lines = contenders_on_the_map(chosen)
    hashers = {name: hasher for name, hasher in lines.items() if "bits" in name}
    for name, method in MORE.items():
        hasher = clone(METHODS[method][0])
        hashers[name] = hasher.set_params(**chosen["ranking", method])
    return hashers


def distances_of(learner, query, database):
    """Return the Hamming distances; of class scores, the places of the cells in a query's order."""
    scores = getattr(learner, "hasher", None)
    if not isinstance(scores, ClassScores):
        return hamming_distances(query, database)
    order = np.argsort(-scores.centres_ @ scores.centres_.T, axis=1, kind="stable")
    places = np.argsort(order, axis=1)
    return places[bits_to_integers(query)][:, bits_to_integers(database)]


def measure_percent(dataset, hasher, seed):
    """Return what is found in the percent with the nearest codes, a mean over draws."""
    s = split_of(dataset, "ranking", seed)
    n_candidates = len(s.y_database) // 100
    random = np.random.default_rng(seed)
    precisions = []
    for learner, part in learners("ranking", hasher, s, seed):
        learner.fit(part.X_train, part.y_train)
        bits = learner.transform(part.X_query), learner.transform(part.X_database)
        distances = distances_of(learner, *bits)
        order = np.argsort(distances + random.random(distances.shape), axis=1)
        found = rerank(part.X_query, part.X_database, list(order[:, :n_candidates]), k=10)
        precisions.append(precision_at_k(found, part.y_query, part.y_database))
    sizes = {"n_queries": len(s.y_query), "n_labelled": len(s.y_train)}
    return sizes | {"precision": round(float(np.mean(precisions)), 7)}


def keep_percent(dataset, measured_on, codes):
    """Measure the codes on the splits of the ranking."""
    file = ResultsFile(RESULTS / "fair-fight-percent.csv", ["dataset", "method", "seed"])
    for seed, (name, hasher) in product(SPLITS[dataset.name], codes.items()):
        cell = {"dataset": dataset.name, "method": name, "seed": seed}
        keep(file, cell, measured_on, measure_percent, dataset, hasher, seed)


@threadpool_limits.wrap(limits=1)
def main():
    for dataset, measured_on, chosen in tuned():
        keep_percent(dataset, measured_on, contenders(chosen))
