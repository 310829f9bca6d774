"""Measure what the codes of chapter 8's map find in one percent of the database, ranked.

``make measure NAME=fair-fight-percent SOURCE=...``. All codes of the database are ranked by their
Hamming distance from the query, ties at random, and the first percent is re-ranked by cosine: every
method has the same budget. A row is a split, a mean over three draws of labelled images and starts.
The rows go to book/results/fair-fight-percent.csv. Started again, the benchmark goes on where it
was.
"""

from itertools import product

import numpy as np
from threadpoolctl import threadpool_limits

from l2h_tutorial import hamming_distances, precision_at_k, rerank
from l2h_tutorial.protocols.results import ResultsFile

from .fair_fight import SPLITS, keep, learners, split_of, tuned
from .fair_fight_map import contenders_on_the_map
from .kept import RESULTS


def codes_on_the_map(chosen):
    """Return those lines of the map that have codes."""
    lines = contenders_on_the_map(chosen)
    return {name: hasher for name, hasher in lines.items() if "bits" in name}


def measure_percent(dataset, hasher, seed):
    """Return what is found in the percent with the nearest codes, a mean over draws."""
    s = split_of(dataset, "ranking", seed)
    n_candidates = len(s.y_database) // 100
    random = np.random.default_rng(seed)
    precisions = []
    for learner, part in learners("ranking", hasher, s, seed):
        learner.fit(part.X_train, part.y_train)
        bits = learner.transform(part.X_query), learner.transform(part.X_database)
        distances = hamming_distances(*bits)
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
        keep_percent(dataset, measured_on, codes_on_the_map(chosen))
