"""Compare hashers for `HashNeighbors`' default: ``make measure NAME=default-hashers``.

Five kinds of vectors are drawn three times; of four real data sets other rows become queries each
time. For each hasher the radius is chosen for a recall of 95%, and fresh queries say what share of
the rows is then read. The table goes to book/results/default-hashers.csv. Started again, the
benchmark goes on where it was.
"""

import warnings

import numpy as np
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from l2h_tutorial import ITQ, LSH, PCAH, Dataset, HashNeighbors, load_dataset
from l2h_tutorial.neighbours import ScanWarning

from ..vectors import KINDS, drawn
from .kept import RESULTS, ResultsFile, keep, origin, seconds

N = 10_000
N_QUERIES = 500
SEEDS = range(3)
HASHERS = {
    f"{type(hasher).__name__}, {hasher.n_bits} bits": hasher
    for hasher in (
        PCAH(32),
        PCAH(64),
        ITQ(64, n_iter=20),
        ITQ(128, n_iter=20),
        LSH(64),
        LSH(96),
        LSH(128),
        LSH(256),
    )
}
REAL = {
    "Fashion-MNIST, GIST": ("fashion-mnist", "gist"),
    "Fashion-MNIST, deep": ("fashion-mnist", "deep"),
    "docstrings": ("docstrings", None),
}


def vectors_of(kind, seed):
    """Return rows and queries of a kind that is drawn, or of a real data set."""
    if kind in KINDS:
        return drawn(kind, N, N_QUERIES, seed)
    name, features = REAL[kind]
    vectors = load_dataset(name, **({"features": features} if features else {})).features
    order = np.random.default_rng(seed).permutation(len(vectors))
    return vectors[order[N_QUERIES:]], vectors[order[:N_QUERIES]]


def measure(hasher, X, queries, seed):
    """Fit to the rows, and ask the queries; without a result where there are too few directions."""
    nn = HashNeighbors(clone(hasher), target_recall=0.95, random_state=seed)
    size = {"rows": len(X), "features": X.shape[1]}
    try:
        fit_s, _ = seconds(nn.fit, X)
    except ValueError:
        return size | dict.fromkeys(("radius", "recall", "percentile_5", "scanned", "fit_s"), "")
    found = nn.measure(queries)
    return size | {
        "radius": nn.radius_,
        "recall": round(found.recall, 4),
        "percentile_5": round(found.percentile_5, 2),
        "scanned": round(found.scanned, 5),
        "fit_s": round(fit_s, 2),
    }


def main():
    warnings.simplefilter("ignore", ScanWarning)
    results = ResultsFile(RESULTS / "default-hashers.csv", key=["kind", "hasher", "seed"])
    with threadpool_limits(1):
        for kind in (*KINDS, *REAL):
            for seed in SEEDS:
                X, queries = vectors_of(kind, seed)
                dataset = Dataset(kind, X, np.zeros(len(X), dtype=np.int64), None, ("any",))
                measured_on = origin(dataset)
                for name, hasher in HASHERS.items():
                    cell = {"kind": kind, "hasher": name, "seed": seed}
                    keep(results, cell, measured_on, measure, hasher, X, queries, seed)
