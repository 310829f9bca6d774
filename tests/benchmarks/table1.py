"""Measure the GRH paper's Table 1: ``make measure NAME=table1 SOURCE=...``.

CIFAR-10 under the protocol of the paper, by `run_table1`. The rows go to book/results/table1.csv,
and what tuning tried to table1-tuning.csv. Every finished measurement is kept at once, and a run
that was stopped goes on where it was.
"""

import json
import os
import time
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.utils import get_tags
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from l2h_tutorial import GRH, load_dataset, paper_partition
from l2h_tutorial.baselines import STH
from l2h_tutorial.controls import ClassScores
from l2h_tutorial.protocols.ecir2015 import beside_published
from l2h_tutorial.protocols.table1 import GRH_GRIDS, METHODS
from l2h_tutorial.tuning import climb, set_everywhere, tune_as_published, validation_set

from .kept import RESULTS, ResultsFile, provenance, ranking

KEY = ["method", "n_train", "n_bits", "partition", "n_queries"]
DRAWN = (
    "KSH, 300 centres",
    "SDH",
    "Hadamard",
    "GRH rbf-landmarks",
    *(f"GRH {name}, LSH" for name in GRH_GRIDS),
)
"""Beginnings of the names of methods that start from random bits, codewords or centres. Every
setting of these is scored by the mean of three draws."""
N_BITS = (16, 32, 48, 64)
SCORE_BITS = (4, 8, 16)
"""Lengths of quantised class scores."""


def run_table1(
    dataset,
    folder,
    *,
    methods=METHODS,
    n_train=(1000, 2000),
    n_bits=N_BITS,
    partitions=range(5),
    n_query_per_class=100,
    n_jobs=1,
):
    """Measure every method as the ECIR 2015 paper does, and keep the results.

    A partition is drawn by `paper_partition`, with its number as seed. The number is also the
    hasher's ``random_state``. Features are centred.

    Parameters are chosen on validation queries of the first partition, for each number of labels
    and of bits by itself, by `climb`. For GRH, `tune_as_published` chooses alpha and the rounds
    before that. Methods that use no labels are measured for the first number of labels only.

    Parameters
    ----------
    dataset : Dataset
    folder : path
        Holds the results in ``table1.csv``, and what tuning chose in ``table1-tuning.csv``. Rows
        that are in these files are not measured again.
    methods : mapping of str to (estimator, grid)
        A method with an empty grid is not tuned.
    n_train, n_bits, partitions : sequences of int
        Quantised class scores have the lengths ``SCORE_BITS`` instead of `n_bits`.
    n_query_per_class : int, default=100
        Test queries of each class, and as many validation queries.
    n_jobs : int, default=1
        Measurements at a time, each on one core. Times are processor times.

    Returns
    -------
    DataFrame
        All rows of ``table1.csv``: ``method``, ``n_train``, ``n_bits``, ``partition``,
        ``n_queries``, ``map`` (tie-aware), ``seed``, ``fit_seconds``, ``encode_seconds`` (of the
        whole database), ``parameters`` (JSON), ``data``, ``versions``, ``machine``, ``finished``.

    Raises
    ------
    ValueError
        If the folder holds results of other data, or measurements of the first partition without
        what was chosen on it.

    References
    ----------
    S. Moran and V. Lavrenko, "Graph Regularised Hashing", ECIR 2015, section 4 and Table 1.
    """
    origin = provenance(dataset)
    tuned = ResultsFile(Path(folder) / "table1-tuning.csv", KEY)
    measured = ResultsFile(Path(folder) / "table1.csv", KEY)
    for file in (tuned, measured):
        file.check_data(origin["data"])
    n_queries = n_query_per_class * len(np.unique(dataset.labels))
    for labels, partition in product(n_train, partitions):
        cells = []
        for name, (hasher, _) in methods.items():
            # Self-taught hashing does not require labels, but uses them.
            uses_labels = isinstance(hasher, STH) or get_tags(hasher).target_tags.required
            lengths = SCORE_BITS if isinstance(hasher, ClassScores) else n_bits
            if uses_labels or labels == n_train[0]:
                for length in lengths:
                    values = name, labels, length, partition, n_queries
                    cells.append(dict(zip(KEY, values, strict=True)))
        missing = [cell for cell in cells if cell not in measured]
        if not missing:
            continue
        split = paper_partition(dataset, labels, n_query_per_class, partition)
        split = split.preprocessed("centre")
        if partition == partitions[0]:
            validation = validation_set(split, n_query_per_class, random_state=partition)
            to_tune = []
            for cell in missing:
                hasher, grid = methods[cell["method"]]
                if grid:
                    to_tune.append((cell, hasher, grid, validation))
            _add(tuned, _tune, to_tune, origin, n_jobs)
        rows = tuned.frame().itertuples()
        chosen = {(row.method, row.n_train, row.n_bits): row.parameters for row in rows}
        work = []
        for cell in missing:
            hasher, grid = methods[cell["method"]]
            place = cell["method"], labels, cell["n_bits"]
            if grid and place not in chosen:
                raise ValueError(
                    f"{tuned.path} has no choice for {place}: take its rows out of {measured.path}"
                )
            work.append((cell, hasher, chosen.get(place, "{}"), split))
        _add(measured, measure_cell, work, origin, n_jobs)
    return measured.frame()


def _add(file, measure, work, origin, n_jobs):
    """Measure the cells that are not in the file, and add each result as it comes.

    Each piece of work holds the arguments of `measure`, the cell first.
    """
    missing = [arguments for arguments in work if arguments[0] not in file]
    with threadpool_limits(1):
        calls = (delayed(measure)(*arguments) for arguments in missing)
        rows = Parallel(n_jobs, prefer="threads", return_as="generator_unordered")(calls)
        for row in tqdm(rows, file.path.stem, len(missing)):
            finished = datetime.now(UTC).isoformat(timespec="seconds")
            file.append(row | origin | {"finished": finished})


def configured(hasher, n_bits, seed):
    """Return a copy with these bits and this seed, in the hasher and all estimators inside it."""
    hasher = set_everywhere(clone(hasher), "n_bits", n_bits)
    return set_everywhere(hasher, "random_state", seed)


def _tune(cell, hasher, ladders, validation):
    """Choose the parameters of one cell."""
    start = time.thread_time()
    hasher = configured(hasher, cell["n_bits"], cell["partition"])
    tune = climb
    if isinstance(hasher, GRH):
        tune = partial(tune_as_published, search=climb)
    n_draws = 3 if cell["method"].startswith(DRAWN) else 1
    tuned = tune(hasher, validation, ladders, n_draws=n_draws)
    return cell | {
        "validation_map": tuned.score,
        "parameters": json.dumps(tuned.parameters),
        "seconds": time.thread_time() - start,
        "trials": tuned.trials.round(4).to_json(orient="records"),
    }


def measure_cell(cell, hasher, parameters, split):
    """Fit the hasher of one cell with the parameters chosen for it, encode, and rank."""
    hasher = configured(hasher, cell["n_bits"], cell["partition"])
    hasher.set_params(**json.loads(parameters))
    measured = ranking(hasher, split)
    return cell | {
        "map": measured.pop("map"),
        "seed": cell["partition"],
        **measured,
        "parameters": parameters,
    }


def main():
    dataset = load_dataset("cifar10", source=os.environ.get("L2H_SOURCE") or None)
    rows = run_table1(dataset, RESULTS, n_jobs=2)
    print(beside_published(rows).round(4).to_string(index=False))
