"""Table 1 of the GRH paper, run again: ``python -m l2h_tutorial.protocols.table1 --source CIFAR-10``.

Every finished measurement is kept at once. Started again, the program goes on where it was, whatever ended it.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tqdm import tqdm

from ..baselines import AGH, CCAITQ, KSH, PCAH, SDH, STH, SpectralHashing
from ..datasets import Dataset, load_dataset
from ..grh import GRH
from ..lsh import LSH
from ..splits import Split, paper_partition
from ..tuning import SECOND_STEP, Validation, tune_as_published, tune_on_grid, validation_set
from .ecir2015 import N_BITS, beside_published
from .results import ResultsFile, provenance
from .trials import configured, fit_trial, ranking

__all__ = ["GRIDS", "METHODS", "run_table1"]

METHODS: dict[str, Any] = {
    "LSH": LSH(),
    "PCAH": PCAH(),
    "SH": SpectralHashing(),
    "AGH": AGH(),
    "ITQ+CCA": CCAITQ(),
    "STH linear": STH(),
    "STH rbf": STH(classifier="rbf-svm"),
    "KSH": KSH(),
    "SDH": SDH(),
} | {
    f"GRH {classifier}, {start} start": GRH(classifier=classifier, initial=initial)
    for start, initial in (("LSH", "lsh"), ("CCA", CCAITQ()))
    for classifier in ("linear-svm", "rbf-svm", "kernel-ridge")
}

GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "AGH": {"n_neighbours": (2, 3, 5), "n_layers": (1, 2)},
    "ITQ+CCA": {"ridge": (0.1, 0.3, 1.0, 3.0)},
    "STH linear": {"C": (0.03, 0.1, 0.3, 1.0)},
    "STH rbf": {"C": (1.0, 3.0, 10.0), "gamma": (2.0, 2.8, 4.0)},
    "KSH": {"gamma": (1.4, 2.0, 2.8), "ridge": (0.03, 0.1, 0.3)},
    "SDH": {"gamma": (1.4, 2.0, 2.8), "ridge": (0.003, 0.01, 0.03)},
}
"""What is tuned of the methods besides GRH. A new method is a line in METHODS, and one here if it has parameters."""

START_RIDGES = (0.1, 1.0)
"""Of a CCA start, tuned with the classifier."""

UNSUPERVISED = (LSH, PCAH, SpectralHashing, AGH)
"""With these, more labels make no other measurement."""

Cell = dict[str, Any]


def run_table1(
    dataset: Dataset,
    folder: str | Path,
    *,
    methods: Mapping[str, Any] = METHODS,
    n_train: Iterable[int] = (1000, 2000),
    n_bits: Iterable[int] = N_BITS,
    partitions: Iterable[int] = range(5),
    n_query_per_class: int = 100,
    tuning: Mapping[str, Any] | None = None,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Measure every method as the ECIR 2015 paper does, and keep the results.

    A partition is drawn by :func:`~l2h_tutorial.paper_partition` with its number as seed, which also is the hasher's
    ``random_state``; features are centred. On validation queries of the first partition, for each number of labels and
    bits, GRH is tuned by :func:`~l2h_tutorial.tuning.tune_as_published`, and what ``GRIDS`` names on its grid.
    Methods that use no labels are measured for the first number of labels only.

    Parameters
    ----------
    dataset : Dataset
    folder : path
        Of ``table1.csv``, and of ``table1-tuning.csv`` for what tuning chose. What they hold already is not measured
        again.
    methods : mapping of str to estimator
    n_train, n_bits, partitions : iterables of int
    n_query_per_class : int, default=100
        Of the test queries, and of the validation queries.
    tuning : mapping, optional
        Passed on to ``tune_as_published``: ``alpha``, ``n_iter``, ``then``, and ``n_draws`` for random starts.
    n_jobs : int, default=1
        Threads, each with a measurement of its own; all calculate on one core each. Times are processor times.

    Returns
    -------
    DataFrame
        Of all rows of ``table1.csv`` that were asked for: ``method``, ``n_train``, ``n_bits``, ``partition``,
        ``n_queries``, ``map`` (tie-aware), ``seed``, ``fit_seconds``, ``encode_seconds`` (of the whole database),
        ``parameters`` (JSON), ``data``, ``versions``, ``machine``, ``finished``.

    Raises
    ------
    ValueError
        If the folder holds results of other data.

    References
    ----------
    S. Moran and V. Lavrenko, "Graph Regularised Hashing", ECIR 2015, section 4 and Table 1.
    """
    key = ["method", "n_train", "n_bits", "partition", "n_queries"]
    origin = provenance(dataset)
    tuned, measured = (ResultsFile(Path(folder) / name, key) for name in ("table1-tuning.csv", "table1.csv"))
    for file in (tuned, measured):
        file.check_data(origin["data"])
    n_train, n_bits, partitions = list(n_train), list(n_bits), list(partitions)
    n_queries = n_query_per_class * len(np.unique(dataset.labels))
    wanted = []
    for labels, partition in product(n_train, partitions):
        cells = [
            dict(zip(key, (method, labels, length, partition, n_queries), strict=True))
            for method, length in product(methods, n_bits)
            if labels == n_train[0] or not isinstance(methods[method], UNSUPERVISED)
        ]
        wanted += cells
        if all(cell in measured for cell in cells):
            continue
        split = paper_partition(dataset, labels, n_query_per_class, partition).preprocessed("centre")
        if partition == partitions[0]:
            validation = validation_set(split, n_query_per_class, random_state=partition)
            to_tune = [cell for cell in cells if cell["method"] in GRIDS or isinstance(methods[cell["method"]], GRH)]
            _add(tuned, to_tune, partial(_tune, methods, validation, dict(tuning or {})), origin, n_jobs)
        choices = tuned.frame().to_dict("records")
        chosen = {tuple(row[name] for name in key[:3]): json.loads(row["parameters"]) for row in choices}
        _add(measured, cells, partial(_measure, methods, split, chosen), origin, n_jobs)
    return measured.frame().merge(pd.DataFrame(wanted), on=key)


def _add(file: ResultsFile, cells: list[Cell], work: Callable[[Cell], Cell], origin: Cell, n_jobs: int) -> None:
    """Do the work of those cells that are not in the file, and keep each result as it comes."""
    missing = [cell for cell in cells if cell not in file]
    with threadpool_limits(1):
        rows = Parallel(n_jobs, prefer="threads", return_as="generator_unordered")(map(delayed(work), missing))
        for row in tqdm(rows, file.path.stem, total=len(missing), disable=None):
            file.append(row | origin | {"finished": datetime.now(UTC).isoformat(timespec="seconds")})


def _tune(methods: Mapping[str, Any], validation: Validation, options: dict[str, Any], cell: Cell) -> Cell:
    """Choose the parameters of one cell."""
    start = time.thread_time()
    hasher = configured(methods[cell["method"]], cell["n_bits"], cell["partition"])
    if not isinstance(hasher, GRH):
        tuned = tune_on_grid(hasher, validation, GRIDS[cell["method"]])
    else:
        if isinstance(hasher.initial, CCAITQ):  # its directions are not random, only their rotation is: one draw
            then = options.get("then", SECOND_STEP[hasher.classifier]) | {"initial__ridge": START_RIDGES}
            options = options | {"n_draws": 1, "then": then}
        tuned = tune_as_published(hasher, validation, **options)
    return cell | {
        "validation_map": tuned.score,
        "parameters": json.dumps(tuned.parameters),
        "seconds": time.thread_time() - start,
        "trials": tuned.trials.round(4).to_json(orient="records"),
    }


def _measure(methods: Mapping[str, Any], split: Split, chosen: Mapping[Any, dict[str, Any]], cell: Cell) -> Cell:
    """Fit the hasher of one cell with the parameters chosen for it, encode, and rank."""
    parameters = chosen.get((cell["method"], cell["n_train"], cell["n_bits"]), {})
    hasher = clone(methods[cell["method"]]).set_params(**parameters)
    (measured,) = ranking(fit_trial(cell["method"], hasher, cell["n_bits"], cell["partition"], split))
    return cell | {
        "map": measured["map"],
        "seed": cell["partition"],
        "fit_seconds": measured["fit_seconds"],
        "encode_seconds": measured["encode_seconds"] * len(split.y_database) / 1000,
        "parameters": json.dumps(parameters),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run Table 1 of the GRH paper (ECIR 2015) again. A run that was stopped goes on where it was."""
    parser = argparse.ArgumentParser(prog="python -m l2h_tutorial.protocols.table1", description=main.__doc__)
    parser.add_argument("--source", help="where CIFAR-10 is, as for load_dataset; default: the cache, or a download")
    parser.add_argument("--folder", default="book/results", help="of the results (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="measurements at a time (default: 2)")
    chosen = parser.parse_args(arguments)
    dataset = load_dataset("cifar10", source=chosen.source)
    frame = run_table1(dataset, chosen.folder, tuning={"n_draws": 3}, n_jobs=chosen.jobs)
    print(beside_published(frame).round(4).to_string(index=False))
    print(f"all measurements: {Path(chosen.folder) / 'table1.csv'}")


if __name__ == "__main__":
    main()
