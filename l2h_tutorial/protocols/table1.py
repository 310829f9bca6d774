"""Run Table 1 of the GRH paper again.

Every finished measurement is kept at once. A run that was stopped goes on where it was.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.utils import get_tags
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ..baselines import AGH, CCAITQ, KSH, PCAH, SDH, STH, SpectralHashing
from ..checks import with_progress
from ..controls import ClassScores, OutputCodes
from ..datasets import Dataset
from ..grh import GRH
from ..lsh import LSH
from ..splits import Split, paper_partition
from ..tuning import Grid, Tuned, Validation, climb, tune_as_published, validation_set
from .ecir2015 import N_BITS
from .results import ResultsFile, provenance
from .trials import configured, ranking

GAMMAS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
OF_RIDGE: Grid = {"gamma": GAMMAS, "ridge": STRENGTHS}
OF_LINEAR: Grid = {"C": (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)}
OF_RBF: Grid = {"C": (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0), "gamma": GAMMAS}
GRH_GRIDS = {
    "linear-svm": OF_LINEAR,
    "rbf-svm": OF_RBF,
    "kernel-ridge": OF_RIDGE,
    "rbf-landmarks": OF_RIDGE,
}

METHODS: dict[str, tuple[Any, Grid]] = {
    "LSH": (LSH(), {}),
    "PCAH": (PCAH(), {}),
    "SH": (SpectralHashing(), {}),
    "AGH": (AGH(), {"n_neighbours": (1, 2, 3, 5, 8), "n_layers": (1, 2)}),
    "ITQ+CCA, ridge 0.1": (CCAITQ(ridge=0.1), {}),
    "ITQ+CCA": (CCAITQ(), {"ridge": STRENGTHS}),
    "STH linear": (STH(), {"C": STRENGTHS}),
    "STH rbf": (STH(classifier="rbf-svm"), {"C": STRENGTHS, "gamma": GAMMAS}),
    "KSH, 300 centres, gamma 0.48": (KSH(n_anchors=300, gamma=0.48), {}),
    "KSH, 300 centres": (KSH(n_anchors=300), OF_RIDGE),
    "KSH": (KSH(), OF_RIDGE),
    "SDH": (SDH(), OF_RIDGE),
    "Hadamard kernel-ridge": (
        OutputCodes(codewords="hadamard", classifier="kernel-ridge"),
        OF_RIDGE,
    ),
    "class scores": (
        ClassScores(),
        {"temperature": (1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0), **OF_RIDGE},
    ),
}
for name, grid in GRH_GRIDS.items():
    METHODS[f"GRH {name}, LSH start"] = GRH(classifier=name), grid
    from_cca = GRH(classifier=name, initial=CCAITQ(ridge=0.1))
    METHODS[f"GRH {name}, CCA start"] = from_cca, {"initial__ridge": (0.0003, *STRENGTHS), **grid}
for ridge in (0.1, 1.0):
    from_cca = GRH(initial=CCAITQ(ridge=ridge))
    METHODS[f"GRH linear-svm, CCA start, ridge {ridge}"] = from_cca, OF_LINEAR
"""By name: the hasher, and the values of each parameter that is tuned."""

DRAWN = (
    "KSH, 300 centres",
    "SDH",
    "Hadamard",
    "GRH rbf-landmarks",
    *(f"GRH {name}, LSH" for name in GRH_GRIDS),
)
"""Beginnings of the names of methods that start from random bits, codewords or centres. Every
setting of these is scored by the mean of three draws."""

SCORE_BITS = (4, 8, 16)
"""Lengths of quantised class scores."""

Cell = dict[str, Any]
KEY = ["method", "n_train", "n_bits", "partition", "n_queries"]


def run_table1(
    dataset: Dataset,
    folder: str | Path,
    *,
    methods: Mapping[str, tuple[Any, Grid]] = METHODS,
    n_train: Sequence[int] = (1000, 2000),
    n_bits: Sequence[int] = N_BITS,
    partitions: Sequence[int] = range(5),
    n_query_per_class: int = 100,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Measure every method as the ECIR 2015 paper does, and keep the results.

    A partition is drawn by :func:`~l2h_tutorial.splits.paper_partition`, with its number as seed.
    The number is also the hasher's ``random_state``. Features are centred.

    Parameters are chosen on validation queries of the first partition, for each number of labels
    and of bits by itself, by :func:`~l2h_tutorial.tuning.climb`. For GRH,
    :func:`~l2h_tutorial.tuning.tune_as_published` chooses alpha and the rounds before that. Methods
    that use no labels are measured for the first number of labels only.

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
        cells: list[Cell] = []
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
        rows: Any = tuned.frame().itertuples()
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
        _add(measured, _measure, work, origin, n_jobs)
    return measured.frame()


def _add(
    file: ResultsFile, measure: Callable[..., Cell], work: list[Any], origin: Cell, n_jobs: int
) -> None:
    """Measure the cells that are not in the file, and add each result as it comes.

    Each piece of work holds the arguments of `measure`, the cell first.
    """
    missing = [arguments for arguments in work if arguments[0] not in file]
    with threadpool_limits(1):
        calls = (delayed(measure)(*arguments) for arguments in missing)
        rows = Parallel(n_jobs, prefer="threads", return_as="generator_unordered")(calls)
        for row in with_progress(rows, file.path.stem, len(missing)):
            finished = datetime.now(UTC).isoformat(timespec="seconds")
            file.append(row | origin | {"finished": finished})


def _tune(cell: Cell, hasher: Any, ladders: Grid, validation: Validation) -> Cell:
    """Choose the parameters of one cell."""
    start = time.thread_time()
    hasher = configured(hasher, cell["n_bits"], cell["partition"])
    tune: Callable[..., Tuned] = climb
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


def _measure(cell: Cell, hasher: Any, parameters: str, split: Split) -> Cell:
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
