"""Measure what chapter 10 keeps of one question: fewer bits a number, or fewer numbers?

``make measure NAME=bits-or-numbers SOURCE=...``. The rows go to book/results/bits-or-numbers.csv.
Started again, the benchmark goes on where it was. Draws and sources are those of
`quality_by_bytes`.

Vectors are centred. Their numbers are in the order in which they came, or they are principal
components, the most telling first, learned from rows that are not written. The first numbers are
kept, a code writes each in some bits, and a code's four bytes for the product with the mean have
that of the whole vector. So the score estimates the cosine of the whole vectors.
"""

from itertools import product

import numpy as np
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from l2h_tutorial.audit import FACTORS
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.quantise import RaBitQ
from l2h_tutorial.search import exact_neighbours

from .kept import RESULTS, ResultsFile, keep, origin
from .quality_by_bytes import N_OTHERS, SEEDS, K, data, task_of

ORDERS = ("as given", "by variance")
SHARES = (1, 2, 4)  # one number in so many is kept
CODES = {
    "4 bits, RaBitQ": lambda seed: RaBitQ(4, random_state=seed),
    "2 bits, RaBitQ": lambda seed: RaBitQ(2, random_state=seed),
    "1 bit, RaBitQ": lambda seed: RaBitQ(random_state=seed),
}


def in_order(task, order):
    """Return centred queries and database, the numbers in one of the orders."""
    query = task.centred["query"]
    database = task.centred["database"]
    if order == "as given":
        return query, database
    taught = task.centred["others"][:N_OTHERS]
    turn = PCA(svd_solver="covariance_eigh").fit(taught).components_.T
    return query @ turn, database @ turn


def measure(task, exact, order, share, code, seed):
    """Return what is kept of a vector, and the recall of the exact neighbours."""
    query, database = in_order(task, order)
    n_numbers = database.shape[1] // share
    with threadpool_limits(1):
        quantiser = CODES[code](seed).fit(database[:, :n_numbers])
        codes = quantiser.encode(database[:, :n_numbers])
        scores = quantiser.scores(query[:, :n_numbers], codes) + task.database @ task.mean
        ranked = np.argsort(-scores, axis=1, kind="stable")
    recalls = {
        f"recall_{factor}": round(recall_of_exact(ranked[:, : K * factor], exact), 4)
        for factor in FACTORS
    }
    variances = database.var(axis=0, dtype=float)
    kept = {
        "numbers": n_numbers,
        "variance": round(float(variances[:n_numbers].sum() / variances.sum()), 4),
        "bytes": codes.shape[1],
    }
    return kept | recalls


def main():
    key = ["vectors", "order", "share", "code", "seed"]
    file = ResultsFile(RESULTS / "bits-or-numbers.csv", key)
    for vectors, read in data():
        dataset = read()
        measured_on = origin(dataset)
        for seed in SEEDS:
            task = task_of(dataset, seed)
            exact = exact_neighbours(task.query, task.database, K)
            for order, share, code in product(ORDERS, SHARES, CODES):
                cell = dict(zip(key, (vectors, order, share, code, seed), strict=True))
                keep(file, cell, measured_on, measure, task, exact, order, share, code, seed)
