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
from sklearn.utils import get_tags
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tqdm import tqdm

from ..baselines import AGH, CCAITQ, KSH, PCAH, SDH, STH, SpectralHashing
from ..controls import ClassScores, OutputCodes
from ..datasets import Dataset, load_dataset
from ..grh import GRH
from ..lsh import LSH
from ..splits import Split, paper_partition
from ..tuning import Grid, Validation, climb, tune_as_published, validation_set
from .ecir2015 import N_BITS, beside_published
from .results import ResultsFile, provenance
from .trials import configured, ranking

__all__ = ["GRIDS", "METHODS", "MOST_TRIALS", "SCORE_BITS", "run_table1"]

CLASSIFIERS = ("linear-svm", "rbf-svm", "kernel-ridge", "rbf-landmarks")
FROM_LSH = {f"GRH {name}, LSH start": GRH(classifier=name) for name in CLASSIFIERS}
FROM_CCA = {f"GRH {name}, CCA start": GRH(classifier=name, initial=CCAITQ(ridge=0.1)) for name in CLASSIFIERS}
TUNED_START = "GRH linear-svm, CCA start, ridge 1.0"  # the ridge that ITQ+CCA by itself is tuned to

METHODS: dict[str, Any] = {
    "LSH": LSH(),
    "PCAH": PCAH(),
    "SH": SpectralHashing(),
    "AGH": AGH(),
    "ITQ+CCA, ridge 0.1": CCAITQ(ridge=0.1),
    "ITQ+CCA": CCAITQ(),
    "STH linear": STH(),
    "STH rbf": STH(classifier="rbf-svm"),
    "KSH, 300 centres, gamma 0.48": KSH(n_anchors=300, gamma=0.48),
    "KSH, 300 centres": KSH(n_anchors=300),
    "KSH": KSH(),
    "SDH": SDH(),
    "Hadamard kernel-ridge": OutputCodes(codewords="hadamard", classifier="kernel-ridge"),
    "class scores": ClassScores(),
    **FROM_LSH,
    **FROM_CCA,
    TUNED_START: GRH(initial=CCAITQ(ridge=1.0)),
}

GAMMAS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
OF_RIDGE: Grid = {"gamma": GAMMAS, "ridge": STRENGTHS}
OF_CLASSIFIER: dict[str, Grid] = {
    "linear-svm": {"C": (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)},
    "rbf-svm": {"C": (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0), "gamma": GAMMAS},
    "kernel-ridge": OF_RIDGE,
    "rbf-landmarks": OF_RIDGE,
}

GRIDS: dict[str, Grid] = {
    "AGH": {"n_neighbours": (1, 2, 3, 5, 8), "n_layers": (1, 2)},
    "ITQ+CCA": {"ridge": STRENGTHS},
    "STH linear": {"C": STRENGTHS},
    "STH rbf": {"C": STRENGTHS, "gamma": GAMMAS},
    **dict.fromkeys(("KSH, 300 centres", "KSH", "SDH", "Hadamard kernel-ridge"), OF_RIDGE),
    "class scores": {"temperature": (1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0), **OF_RIDGE},
    **{name: OF_CLASSIFIER[grh.classifier] for name, grh in FROM_LSH.items()},
    TUNED_START: OF_CLASSIFIER["linear-svm"],
    **{name: {"initial__ridge": STRENGTHS, **OF_CLASSIFIER[grh.classifier]} for name, grh in FROM_CCA.items()},
}
"""The values of each parameter that is tuned; GRH's alpha and number of rounds come first, as in its paper. A new
method is a line in METHODS, and one here if it has parameters."""

MOST_TRIALS = 55
"""Settings that are tried of any method."""

SCORE_BITS = (4, 8, 16)
"""Lengths of quantised class scores."""

DRAWN = ("KSH, 300 centres", "SDH", "Hadamard kernel-ridge", *FROM_LSH, "GRH rbf-landmarks, CCA start")
"""What starts from bits, codewords or centres drawn at random: of every setting three draws count, in the mean."""

Cell = dict[str, Any]
KEY = ["method", "n_train", "n_bits", "partition", "n_queries"]


def run_table1(
    dataset: Dataset,
    folder: str | Path,
    *,
    methods: Mapping[str, Any] = METHODS,
    grids: Mapping[str, Grid] = GRIDS,
    n_train: Iterable[int] = (1000, 2000),
    n_bits: Iterable[int] = N_BITS,
    partitions: Iterable[int] = range(5),
    n_query_per_class: int = 100,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Measure every method as the ECIR 2015 paper does, and keep the results.

    A partition is drawn by :func:`~l2h_tutorial.paper_partition` with its number as seed, which also is the hasher's
    ``random_state``; features are centred. Parameters are chosen on validation queries of the first partition, for each
    number of labels and of bits by itself, by :func:`~l2h_tutorial.tuning.climb`; before that GRH's alpha and rounds by
    :func:`~l2h_tutorial.tuning.tune_as_published`. Methods that use no labels are measured for the first number of
    labels only.

    Parameters
    ----------
    dataset : Dataset
    folder : path
        Of ``table1.csv``, and of ``table1-tuning.csv`` for what tuning chose. What they hold already is not measured
        again.
    methods : mapping of str to estimator
    grids : mapping of str to grid
        Of the methods that are tuned.
    n_train, n_bits, partitions : iterables of int
        Quantised class scores have lengths of their own, ``SCORE_BITS``.
    n_query_per_class : int, default=100
        Of the test queries, and of the validation queries.
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
        If the folder holds results of other data, or those of a method's first partition without what was tuned on it.

    References
    ----------
    S. Moran and V. Lavrenko, "Graph Regularised Hashing", ECIR 2015, section 4 and Table 1.
    """
    origin = provenance(dataset)
    tuned, measured = (ResultsFile(Path(folder) / name, KEY) for name in ("table1-tuning.csv", "table1.csv"))
    for file in (tuned, measured):
        file.check_data(origin["data"])
    n_train, n_bits, partitions = list(n_train), list(n_bits), list(partitions)
    n_queries = n_query_per_class * len(np.unique(dataset.labels))
    lengths = {name: SCORE_BITS if isinstance(hasher, ClassScores) else n_bits for name, hasher in methods.items()}
    wanted = []
    for labels, partition in product(n_train, partitions):
        asked = [name for name in methods if labels == n_train[0] or _uses_labels(methods[name])]
        places = [(name, labels, length, partition, n_queries) for name in asked for length in lengths[name]]
        cells = [dict(zip(KEY, place, strict=True)) for place in places]
        wanted += cells
        if all(cell in measured for cell in cells):
            continue
        split = paper_partition(dataset, labels, n_query_per_class, partition).preprocessed("centre")
        if partition == partitions[0]:
            validation = validation_set(split, n_query_per_class, random_state=partition)
            to_tune = [cell for cell in cells if cell["method"] in grids and cell not in measured]
            _add(tuned, to_tune, partial(_tune, methods, grids, validation), origin, n_jobs)
        rows = tuned.frame().to_dict("records")
        chosen = {(row["method"], row["n_train"], row["n_bits"]): row["parameters"] for row in rows}
        for cell in cells:
            place = cell["method"], labels, cell["n_bits"]
            if cell["method"] in grids and place not in chosen:
                raise ValueError(f"{tuned.path} has no choice for {place}: take its rows out of {measured.path}")
        _add(measured, cells, partial(_measure, methods, split, chosen), origin, n_jobs)
    return measured.frame().merge(pd.DataFrame(wanted), on=KEY)


def _uses_labels(hasher: Any) -> bool:
    """Whether more labels make another measurement; self-taught hashing uses them if there are any."""
    return isinstance(hasher, STH) or bool(get_tags(hasher).target_tags.required)


def _add(file: ResultsFile, cells: list[Cell], work: Callable[[Cell], Cell], origin: Cell, n_jobs: int) -> None:
    """Do the work of those cells that are not in the file, and keep each result as it comes."""
    missing = [cell for cell in cells if cell not in file]
    with threadpool_limits(1):
        rows = Parallel(n_jobs, prefer="threads", return_as="generator_unordered")(map(delayed(work), missing))
        for row in tqdm(rows, file.path.stem, total=len(missing), disable=None):
            file.append(row | origin | {"finished": datetime.now(UTC).isoformat(timespec="seconds")})


def _tune(methods: Mapping[str, Any], grids: Mapping[str, Grid], validation: Validation, cell: Cell) -> Cell:
    """Choose the parameters of one cell."""
    start, method = time.thread_time(), cell["method"]
    hasher, ladders = configured(methods[method], cell["n_bits"], cell["partition"]), grids[method]
    n_draws, first = 3 if method in DRAWN else 1, pd.DataFrame()
    if isinstance(hasher, GRH):
        rounds = tune_as_published(hasher, validation, then={}, n_draws=n_draws)
        first, ladders = rounds.trials, {name: [value] for name, value in rounds.parameters.items()} | dict(ladders)
    tuned = climb(hasher, validation, ladders, n_draws=n_draws)
    trials = pd.concat([first, tuned.trials.assign(step=2)] if len(first) else [tuned.trials], ignore_index=True)
    return cell | {
        "validation_map": tuned.score,
        "parameters": json.dumps(tuned.parameters),
        "seconds": time.thread_time() - start,
        "trials": trials.round(4).to_json(orient="records"),
    }


def _measure(methods: Mapping[str, Any], split: Split, chosen: Mapping[Any, str], cell: Cell) -> Cell:
    """Fit the hasher of one cell with the parameters chosen for it, encode, and rank."""
    parameters = chosen.get((cell["method"], cell["n_train"], cell["n_bits"]), "{}")
    hasher = clone(methods[cell["method"]]).set_params(**json.loads(parameters))
    measured = ranking(configured(hasher, cell["n_bits"], cell["partition"]), split)
    return cell | {
        "map": measured["map"],
        "seed": cell["partition"],
        "fit_seconds": measured["fit_seconds"],
        "encode_seconds": measured["encode_seconds"] * len(split.y_database) / 1000,
        "parameters": parameters,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run Table 1 of the GRH paper (ECIR 2015) again. A run that was stopped goes on where it was."""
    parser = argparse.ArgumentParser(prog="python -m l2h_tutorial.protocols.table1", description=main.__doc__)
    parser.add_argument("--source", help="where CIFAR-10 is, as for load_dataset; default: the cache, or a download")
    parser.add_argument("--folder", default="book/results", help="of the results (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="measurements at a time (default: 2)")
    chosen = parser.parse_args(arguments)
    dataset = load_dataset("cifar10", source=chosen.source)
    frame = run_table1(dataset, chosen.folder, n_jobs=chosen.jobs)
    print(beside_published(frame).round(4).to_string(index=False))
    tuning = pd.read_csv(Path(chosen.folder) / "table1-tuning.csv")["seconds"].sum()
    minutes = (tuning + frame["fit_seconds"].sum() + frame["encode_seconds"].sum()) / 60
    print(f"tuning, fitting and encoding took {minutes:.0f} minutes of processor time, on two cores half of that")
    print(f"all measurements: {Path(chosen.folder) / 'table1.csv'}")


if __name__ == "__main__":
    main()
