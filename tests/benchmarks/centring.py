"""Measure what centring buys at radius 0: ``make measure NAME=centring SOURCE=...``.

Raw and centred vectors are hashed with codes of several lengths, each with ten draws of the
hyperplanes. A query looks into its own bucket alone. The rows go to book/results/centring.csv.
Started again, the benchmark goes on where it was.
"""

import os
from itertools import product

import numpy as np
from threadpoolctl import threadpool_limits

from l2h_tutorial import LSH, HashTable, load_dataset, split_dataset
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.search import exact_neighbours

from .kept import RESULTS, ResultsFile, keep, origin

LENGTHS = {"raw": (16, 24, 32, 40, 48), "centred": (4, 5, 6, 7, 8, 10, 12, 16)}
PREPARED = {"raw": "none", "centred": "l2-centre"}


def cells_of(dataset, draws=range(10)):
    """Yield the cells of the table, each with its split and the nearest images of the queries."""
    split = split_dataset(dataset)
    nearest = exact_neighbours(split.X_query, split.X_database, 10)
    for vectors, lengths in LENGTHS.items():
        prepared = split.preprocessed(PREPARED[vectors])
        for n_bits, draw in product(lengths, draws):
            cell = {"dataset": dataset.name, "vectors": vectors, "n_bits": n_bits, "draw": draw}
            yield cell, prepared, nearest


def measure(split, nearest, n_bits, draw):
    """Return what the queries' own buckets hold, and which part of the nearest images."""
    lsh = LSH(n_bits, random_state=draw).fit(split.X_train)
    table = HashTable(lsh.transform(split.X_database))
    found = table.query_radius(lsh.transform(split.X_query), 0)
    counts = np.array([len(rows) for rows in found])
    measured = {
        "candidates": counts.mean(),
        "median": np.median(counts),
        "percentile_95": np.percentile(counts, 95),
        "empty": np.mean(counts == 0),
        "recall": recall_of_exact(found, nearest),
    }
    return {name: round(float(value), 6) for name, value in measured.items()}


@threadpool_limits.wrap(limits=1)
def main():
    source = os.environ.get("L2H_SOURCE") or None
    key = ["dataset", "vectors", "n_bits", "draw"]
    file = ResultsFile(RESULTS / "centring.csv", key)
    for dataset in load_dataset("fashion-mnist"), load_dataset("cifar10", source=source):
        measured_on = origin(dataset)
        for cell, split, nearest in cells_of(dataset):
            keep(file, cell, measured_on, measure, split, nearest, cell["n_bits"], cell["draw"])
