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
from ..tuning import SECOND_STEP, Grid, Validation, climb, tune_as_published, validation_set
from .ecir2015 import N_BITS, beside_published
from .results import ResultsFile, provenance
from .trials import configured, fit_trial, ranking

__all__ = ["GRIDS", "METHODS", "MOST_TRIALS", "SCORE_BITS", "TUNED_AT", "TUNED_AT_EACH", "run_table1"]

CLASSIFIERS = ("linear-svm", "rbf-svm", "kernel-ridge")
FROM_LSH = {f"GRH {name}, LSH start": GRH(classifier=name) for name in CLASSIFIERS}
FROM_CCA = {f"GRH {name}, CCA start": GRH(classifier=name, initial=CCAITQ(ridge=0.1)) for name in CLASSIFIERS}
START_RIDGES = {"initial__ridge": (0.1, 1.0)}  # of the second step; the first has the 0.1 from above
OF_GRH = FROM_LSH | FROM_CCA

METHODS: dict[str, Any] = {
    "LSH": LSH(),
    "PCAH": PCAH(),
    "SH": SpectralHashing(),
    "AGH": AGH(),
    "ITQ+CCA": CCAITQ(),
    "STH linear": STH(),
    "STH rbf": STH(classifier="rbf-svm"),
    "KSH, 300 centres": KSH(n_anchors=300),
    "KSH": KSH(),
    "SDH": SDH(),
    "Hadamard kernel-ridge": OutputCodes(codewords="hadamard", classifier="kernel-ridge"),
    "class scores": ClassScores(),
    **OF_GRH,
}

GAMMAS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

GRIDS: dict[str, Grid] = {
    "AGH": {"n_neighbours": (1, 2, 3, 5, 8), "n_layers": (1, 2)},
    "ITQ+CCA": {"ridge": STRENGTHS},
    "STH linear": {"C": STRENGTHS},
    "STH rbf": {"C": STRENGTHS, "gamma": GAMMAS},
    "KSH, 300 centres": {"gamma": GAMMAS, "ridge": STRENGTHS},
    "KSH": {"gamma": GAMMAS, "ridge": STRENGTHS},
    "SDH": {"gamma": GAMMAS, "ridge": STRENGTHS},
    "Hadamard kernel-ridge": {"gamma": GAMMAS, "ridge": STRENGTHS},
    "class scores": {"temperature": (1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0), "gamma": GAMMAS, "ridge": STRENGTHS},
    **{name: SECOND_STEP[grh.classifier] for name, grh in FROM_LSH.items()},
    **{name: START_RIDGES | SECOND_STEP[grh.classifier] for name, grh in FROM_CCA.items()},
}
"""What is tuned: GRH in two steps on a grid, after alpha and the number of rounds, as in its paper; the others by
climbing. A new method is a line in METHODS, and one here if it has parameters."""

MOST_TRIALS = 55
"""Settings that are tried of any method."""

TUNED_AT = 32
"""Bits at which other methods are tuned, for all lengths."""

SCORE_BITS = (4, 8, 16)
"""Lengths of quantised class scores, which are tuned at 8."""

TUNED_AT_EACH = ("AGH", "ITQ+CCA", "STH linear", *OF_GRH)
"""What is tuned at each length by itself, which is cheap or GRH; and it tells how little the choice depends on it."""

DRAWN = ("SDH", "Hadamard kernel-ridge", *FROM_LSH)
"""What starts from random bits or codewords: every setting is tried with three draws of them, and the mean counts."""

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
    tuned_at: int = TUNED_AT,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Measure every method as the ECIR 2015 paper does, and keep the results.

    A partition is drawn by :func:`~l2h_tutorial.paper_partition` with its number as seed, which also is the hasher's
    ``random_state``; features are centred. Parameters are chosen on validation queries of the first partition, for each
    number of labels: GRH's by :func:`~l2h_tutorial.tuning.tune_as_published`, the others' by
    :func:`~l2h_tutorial.tuning.climb`. Methods that use no labels are measured for the first number of labels only.

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
    tuned_at : int, default=32
        Bits at which a method is tuned, unless ``TUNED_AT_EACH`` names it.
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
    origin = provenance(dataset)
    tuned, measured = (ResultsFile(Path(folder) / name, KEY) for name in ("table1-tuning.csv", "table1.csv"))
    for file in (tuned, measured):
        file.check_data(origin["data"])
    n_train, n_bits, partitions = list(n_train), list(n_bits), list(partitions)
    n_queries = n_query_per_class * len(np.unique(dataset.labels))
    scores = [name for name, hasher in methods.items() if isinstance(hasher, ClassScores)]
    lengths = dict.fromkeys(methods, n_bits) | {name: list(SCORE_BITS) for name in scores}
    choice_at = dict.fromkeys(methods, tuned_at) | dict.fromkeys(scores, 8)
    to_tune = {name: lengths[name] if name in TUNED_AT_EACH else [choice_at[name]] for name in methods if name in grids}
    wanted, parameters = [], {}
    for labels, partition in product(n_train, partitions):
        asked = [name for name in methods if labels == n_train[0] or _uses_labels(methods[name])]
        cells = _cells(asked, lengths, labels, partition, n_queries)
        wanted += cells
        if all(cell in measured for cell in cells):
            continue
        split = paper_partition(dataset, labels, n_query_per_class, partition).preprocessed("centre")
        if partition == partitions[0]:
            validation = validation_set(split, n_query_per_class, random_state=partition)
            choices = _cells(asked, to_tune, labels, partition, n_queries)
            _add(tuned, choices, partial(_tune, methods, grids, validation), origin, n_jobs)
        rows = tuned.frame().to_dict("records")
        choice = {(row["method"], row["n_train"], row["n_bits"]): row["parameters"] for row in rows}
        for cell in cells:
            name, length = cell["method"], cell["n_bits"]
            at_length = choice.get((name, labels, length), choice.get((name, labels, choice_at[name]), "{}"))
            parameters[name, labels, length] = at_length
        _add(measured, cells, partial(_measure, methods, split, parameters), origin, n_jobs)
    return measured.frame().merge(pd.DataFrame(wanted), on=KEY)


def _cells(
    names: list[str], lengths: Mapping[str, list[int]], labels: int, partition: int, n_queries: int
) -> list[Cell]:
    """Name the measurements of some methods at each of their lengths."""
    places = [(name, labels, length, partition, n_queries) for name in names for length in lengths.get(name, [])]
    return [dict(zip(KEY, place, strict=True)) for place in places]


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
    hasher = configured(methods[method], cell["n_bits"], cell["partition"])
    n_draws = 3 if method in DRAWN else 1
    if isinstance(hasher, GRH):
        tuned = tune_as_published(hasher, validation, then=grids[method], n_draws=n_draws)
    else:
        tuned = climb(hasher, validation, grids[method], n_draws=n_draws)
    return cell | {
        "validation_map": tuned.score,
        "parameters": json.dumps(tuned.parameters),
        "seconds": time.thread_time() - start,
        "trials": tuned.trials.round(4).to_json(orient="records"),
    }


def _measure(methods: Mapping[str, Any], split: Split, chosen: Mapping[Any, str], cell: Cell) -> Cell:
    """Fit the hasher of one cell with the parameters chosen for it, encode, and rank."""
    parameters = chosen[cell["method"], cell["n_train"], cell["n_bits"]]
    hasher = clone(methods[cell["method"]]).set_params(**json.loads(parameters))
    measured = ranking(fit_trial(cell["method"], hasher, cell["n_bits"], cell["partition"], split))
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
