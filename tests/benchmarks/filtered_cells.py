"""Measure what chapter 10 keeps of filters: only some of the rows may be found.

``make measure NAME=filtered-cells SOURCE=...``. The rows go to book/results/filtered-cells.csv.
Started again, the benchmark goes on where it was. Sources are those of `quality_by_bytes`.

An inverted file of faiss holds the vectors themselves, so that only its cells lose neighbours. It
looks into as many cells as find 95% of the exact neighbours without a filter. Rows pass the filter
at random, or because they lie at one end of the first principal component, the crowded one, as
where a filter says something of what the vectors say. "Before": rows that do not pass are left out
while the cells are searched. "After": they are struck from the best hundred of an unfiltered
search. "Codes": RaBitQ's codes of all rows that pass are scanned, and the best hundred rescored.
"""

import faiss
import numpy as np
from scipy.stats import skew
from threadpoolctl import threadpool_limits

from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.quantise import RaBitQ
from l2h_tutorial.search import exact_neighbours

from .kept import RESULTS, ResultsFile, keep, origin, unit
from .quality_by_bytes import SEEDS, K, data

N_QUERIES = 300
N_ROWS = 40_000
N_CANDIDATES = 100
TARGET = 0.95
SHARES = (1.0, 0.5, 0.1, 0.01)  # of the rows that pass
FILTERS = ("at random", "at one end")


def drawn(dataset, seed):
    """Draw queries and rows of length 1."""
    rows = np.random.default_rng(seed).permutation(len(dataset))[: N_QUERIES + N_ROWS]
    vectors = unit(dataset.features[rows]).astype(np.float32)
    return vectors[:N_QUERIES], vectors[N_QUERIES:]


def passing(database, kind, share, seed):
    """Return the numbers of the rows that pass a filter, in order."""
    if kind == "at random":
        order = np.random.default_rng(seed).permutation(len(database))
    else:
        centred = database - database.mean(axis=0)
        _, components = np.linalg.eigh(centred.T @ centred)
        places = centred @ components[:, -1]
        # a component may point either way: begin at the end where the rows are crowded
        if skew(places) < 0:
            places = -places
        order = np.argsort(places, kind="stable")
    return np.sort(order[: round(share * len(database))])


def cells_of(database):
    """Return an inverted file with about as many cells as the root of the number of rows."""
    n_cells = 2 ** round(np.log2(np.sqrt(len(database))))
    index = faiss.index_factory(database.shape[1], f"IVF{n_cells},Flat")
    index.train(database)
    index.add(database)
    return index


def searched(index, query, n_probe, k, rows=None):
    """Return the nearest rows in the n_probe cells nearest to each query, of `rows` if given.

    Where there are fewer than k, fewer are returned.
    """
    options = faiss.SearchParametersIVF(nprobe=n_probe)
    if rows is not None:
        options.sel = faiss.IDSelectorBatch(rows)
    found = index.search(query, k, params=options)[1]
    return [ids[ids >= 0] for ids in found]


def least_cells(index, query, exact, rows=None):
    """Return how many cells, a power of two, find the share TARGET of the exact neighbours."""
    n_probe = 1
    while n_probe < index.nlist:
        found = searched(index, query, n_probe, exact.shape[1], rows)
        if recall_of_exact(found, exact) >= TARGET:
            break
        n_probe *= 2
    return n_probe


def by_codes(query, database, rows, seed):
    """Scan RaBitQ's codes of the rows that pass, and rescore the best hundred."""
    rabitq = RaBitQ(random_state=seed).fit(database)
    few = database[rows]
    _, places = rabitq.search(
        query, rabitq.encode(few), min(K, len(rows)), rescore=few, factor=N_CANDIDATES // K
    )
    return rows[places]


def measure(query, database, index, n_probe, kind, share, seed):
    """Return what a filter leaves of the recall of the exact neighbours that pass it."""
    rows = passing(database, kind, share, seed)
    exact = rows[exact_neighbours(query, database[rows], K)]
    candidates = searched(index, query, n_probe, N_CANDIDATES)
    passed = [ids[np.isin(ids, rows)] for ids in candidates]
    found = {
        "before": recall_of_exact(searched(index, query, n_probe, K, rows), exact),
        "after": recall_of_exact([ids[:K] for ids in passed], exact),
        "codes": recall_of_exact(by_codes(query, database, rows, seed), exact),
        "passing": np.mean([len(ids) for ids in passed]),
    }
    rounded = {name: round(float(value), 4) for name, value in found.items()}
    needed = least_cells(index, query, exact, rows)
    return {"rows": len(rows), "cells": index.nlist, "probed": n_probe, "needed": needed} | rounded


@threadpool_limits.wrap(limits=1)
def main():
    key = ["vectors", "filter", "share", "seed"]
    file = ResultsFile(RESULTS / "filtered-cells.csv", key)
    faiss.omp_set_num_threads(1)
    for vectors, read in data():
        dataset = read()
        measured_on = origin(dataset, "faiss-cpu")
        for seed in SEEDS:
            cells = [
                dict(zip(key, (vectors, kind, share, seed), strict=True))
                for kind in FILTERS
                for share in SHARES
            ]
            if all(cell in file for cell in cells):
                continue
            query, database = drawn(dataset, seed)
            index = cells_of(database)
            n_probe = least_cells(index, query, exact_neighbours(query, database, K))
            for cell in cells:
                arguments = (query, database, index, n_probe, cell["filter"], cell["share"], seed)
                keep(file, cell, measured_on, measure, *arguments)
