"""Measure the map of chapter 8: what a look finds, on the splits of the fair fight.

``make measure NAME=fair-fight-map SOURCE=...``. A line of the map has a row for each look, which is
a mean over three draws of labelled images and starts. Methods have the parameters that tuning chose
for their numbers of bits; what has not been tuned is tuned first. The rows go to
book/results/fair-fight-map.csv. Started again, the benchmark goes on where it was.
"""

from itertools import product

import numpy as np
import pandas as pd
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from l2h_tutorial import precision_at_k, rerank
from l2h_tutorial.metrics import evaluate_radius_search
from l2h_tutorial.tuning import set_everywhere

from .fair_fight import METHODS, N_DRAWS, SPLITS, Chances, ExactSearch, learners, split_of, tuned
from .kept import RESULTS, ResultsFile

SHARES = (0.003, 0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.2, 0.35)  # at which class scores look


def contenders_on_the_map(chosen):
    """Return the lines of the map, with what tuning chose for their numbers of bits."""
    hashers = {}
    for name, n_bits in product(("LSH", "PCAH", "ITQ", "CCA-ITQ", "GRH from CCA-ITQ"), (16, 32)):
        question = "map" if n_bits == 16 else "ranking"
        hasher = set_everywhere(clone(METHODS[name][0]), "n_bits", n_bits)
        hashers[f"{name}, {n_bits} bits"] = hasher.set_params(**chosen.get((question, name), {}))
    hashers["class scores"] = Chances(1, **chosen["ranking", "class scores"])
    hashers["exact cosine"] = ExactSearch()
    return hashers


def measure_line(dataset, hasher, seed):
    """Return a line of the map, which is a mean over draws: a row for each look."""
    s = split_of(dataset, "ranking", seed)
    draws = []
    for learner, part in learners("ranking", hasher, s, seed):
        learner.fit(part.X_train, part.y_train)
        if isinstance(hasher, Chances):
            draws.append(likeliest(learner, part, SHARES))
        elif isinstance(hasher, ExactSearch):
            draws.append(likeliest(learner, part, [1.0]))
        else:
            n_bits = learner.transform(part.X_query[:1]).shape[1]
            draws.append(evaluate_radius_search(learner, part, range(3 * n_bits // 8 + 1)))
    line = sum(draw[["scanned", "precision"]] for draw in draws) / N_DRAWS
    sizes = {"n_queries": len(s.y_query), "n_labelled": len(s.y_train)}
    return [sizes | look for look in line.round(7).to_dict("records")]


def likeliest(scores, s, shares):
    """Measure searches that re-rank the likeliest shares of the database."""
    similarity = scores.transform(s.X_query) @ scores.transform(s.X_database).T
    order = np.argsort(-similarity, axis=1)
    looks = []
    for share in shares:
        candidates = list(order[:, : int(share * len(s.y_database))])
        found = rerank(s.X_query, s.X_database, candidates, k=10)
        precision = precision_at_k(found, s.y_query, s.y_database)
        looks.append({"scanned": share, "precision": precision})
    return pd.DataFrame(looks)


def keep_map(dataset, measured_on, chosen):
    """Measure the lines of the map on the splits of the ranking."""
    file = ResultsFile(RESULTS / "fair-fight-map.csv", ["dataset", "method", "seed", "look"])
    lines = contenders_on_the_map(chosen)
    for seed, (name, hasher) in product(SPLITS[dataset.name], lines.items()):
        cell = {"dataset": dataset.name, "method": name, "seed": seed}
        if cell | {"look": 0} in file:
            continue
        looks = measure_line(dataset, hasher, seed)
        print(*cell.values(), *looks[0].values(), flush=True)
        # the first look is added last: if it is there, the line is whole
        for look in reversed(range(len(looks))):
            if cell | {"look": look} not in file:
                file.append(cell | {"look": look} | looks[look] | measured_on)


@threadpool_limits.wrap(limits=1)
def main():
    for dataset, measured_on, chosen in tuned():
        keep_map(dataset, measured_on, chosen)
