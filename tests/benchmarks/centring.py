"""Measure what centring buys at radius 0: ``make measure NAME=centring SOURCE=...``.

Raw and centred vectors are hashed with codes of several lengths, each with ten draws of the
hyperplanes. A query looks into its own bucket alone. The rows go to book/results/centring.csv.
"""

import os

import numpy as np
import pandas as pd

from l2h_tutorial import LSH, HashTable, load_dataset, split_dataset
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.search import exact_neighbours

from .kept import RESULTS, origin

LENGTHS = {"raw": (16, 24, 32, 40, 48), "centred": (4, 5, 6, 7, 8, 10, 12, 16)}
PREPARED = {"raw": "none", "centred": "l2-centre"}


def row_of(split, n_bits, draw, nearest):
    """Return what the queries' own buckets hold, and which part of the nearest images."""
    lsh = LSH(n_bits, random_state=draw).fit(split.X_train)
    table = HashTable(lsh.transform(split.X_database))
    found = table.query_radius(lsh.transform(split.X_query), 0)
    counts = np.array([len(rows) for rows in found])
    return {
        "n_bits": n_bits,
        "draw": draw,
        "candidates": counts.mean(),
        "median": np.median(counts),
        "percentile_95": np.percentile(counts, 95),
        "empty": np.mean(counts == 0),
        "recall": recall_of_exact(found, nearest),
    }


def figures_of(dataset, draws=range(10)):
    """Return a row for each way to prepare the vectors, each length of code and each draw."""
    split = split_dataset(dataset)
    nearest = exact_neighbours(split.X_query, split.X_database, 10)
    rows = []
    for vectors, lengths in LENGTHS.items():
        prepared = split.preprocessed(PREPARED[vectors])
        for n_bits in lengths:
            for draw in draws:
                rows.append({"vectors": vectors} | row_of(prepared, n_bits, draw, nearest))
    frame = pd.DataFrame(rows).round(6)
    frame.insert(0, "dataset", dataset.name)
    return frame.assign(**origin(dataset))


def main():
    sets = [
        load_dataset("fashion-mnist"),
        load_dataset("cifar10", source=os.environ.get("L2H_SOURCE") or None),
    ]
    frame = pd.concat([figures_of(dataset) for dataset in sets])
    frame.to_csv(RESULTS / "centring.csv", index=False, lineterminator="\n")
    print(frame.groupby(["dataset", "vectors", "n_bits"]).mean(numeric_only=True).to_string())
