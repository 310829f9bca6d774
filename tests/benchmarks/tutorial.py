"""Measure the tutorial's own search, and its repair: ``make measure NAME=tutorial SOURCE=...``.

The vectors are raw, as in the tutorial, and centred. Codes have 16 bits. Precision at 10 is
measured by `evaluate_radius_search` for the radii 0 to 10, beside that of exhaustive search. The
rows go to book/results/tutorial.csv.
"""

import os

import pandas as pd

from l2h_tutorial import LSH, evaluate_radius_search, load_dataset, precision_at_k, split_dataset
from l2h_tutorial.search import exact_neighbours

from .kept import RESULTS, origin


def figures_of(dataset):
    """Return a row for each way to prepare the vectors and each radius."""
    split = split_dataset(dataset)
    parts = []
    for vectors, how in {"raw": "none", "centred": "l2-centre"}.items():
        s = split.preprocessed(how)
        lsh = LSH(16, random_state=0).fit(s.X_train)
        frame = evaluate_radius_search(lsh, s, radii=range(11)).drop(columns="seconds")
        exact = exact_neighbours(s.X_query, s.X_database, 10)
        frame["exhaustive"] = precision_at_k(exact, s.y_query, s.y_database)
        frame.insert(0, "vectors", vectors)
        parts.append(frame.round(6))
    whole = pd.concat(parts)
    whole.insert(0, "dataset", dataset.name)
    return whole.assign(**origin(dataset))


def main():
    sets = [
        load_dataset("cifar10", source=os.environ.get("L2H_SOURCE") or None),
        load_dataset("fashion-mnist"),
    ]
    frame = pd.concat([figures_of(dataset) for dataset in sets])
    frame.to_csv(RESULTS / "tutorial.csv", index=False, lineterminator="\n")
    print(frame.iloc[:, :8].to_string(index=False))
