"""Experiments repeated over seeds, as data frames with one row a trial.

A seed draws both the split and the hasher, so the spread over seeds covers both.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd
from sklearn.base import clone
from tqdm import tqdm

from ..datasets import Dataset
from ..metrics import evaluate_radius_search, mean_average_precision
from ..splits import Preprocessing, Split, split_dataset

FIRST_SPLIT = 42  # the split of seed 0, the one that split_dataset makes unasked


class Trial(NamedTuple):
    """One fitted hasher, and what it was fitted on."""

    method: str
    n_bits: int
    seed: int
    hasher: Any
    split: Split
    fit_seconds: float


def trials(
    dataset: Dataset,
    hashers: Mapping[str, Any],
    n_bits: Iterable[int],
    seeds: Iterable[int],
    preprocessing: Preprocessing = "l2-centre",
) -> Iterator[Trial]:
    """Fit every hasher at every code length on every seed's split.

    Parameters
    ----------
    dataset : Dataset
    hashers : mapping of str to estimator
        By the name of the method. Each is cloned, and its ``n_bits`` and ``random_state`` are set.
    n_bits, seeds : iterables of int
    preprocessing : {"l2-centre", "centre", "none"}

    Yields
    ------
    Trial
    """
    lengths, seeds = list(n_bits), list(seeds)
    total = len(seeds) * len(hashers) * len(lengths)
    with tqdm(total=total, desc="trials", disable=None, delay=2) as bar:
        for seed in seeds:
            split = split_dataset(dataset, random_state=FIRST_SPLIT + seed).preprocessed(preprocessing)
            for method, hasher in hashers.items():
                for length in lengths:
                    fitted = clone(hasher).set_params(n_bits=length, random_state=seed)
                    start = time.perf_counter()
                    fitted.fit(split.X_train, split.y_train)
                    yield Trial(method, length, seed, fitted, split, time.perf_counter() - start)
                    bar.update()


def compare_ranking(
    dataset: Dataset,
    hashers: Mapping[str, Any],
    *,
    n_bits: Iterable[int] = (16, 32, 48, 64),
    seeds: Iterable[int] = range(5),
    preprocessing: Preprocessing = "l2-centre",
) -> pd.DataFrame:
    """Measure the mean average precision of Hamming ranking, and what fitting and encoding cost.

    Parameters
    ----------
    dataset, hashers, n_bits, seeds, preprocessing
        As for :func:`trials`.

    Returns
    -------
    DataFrame
        One row a trial: ``method``, ``n_bits``, ``seed``, ``map`` (tie-aware), ``fit_seconds``, and
        ``encode_seconds`` per thousand database rows.

    Examples
    --------
    >>> from l2h_tutorial import LSH, load_dataset
    >>> frame = compare_ranking(load_dataset("fashion-mnist"), {"LSH": LSH()}, n_bits=[8], seeds=[0])
    >>> frame[["method", "n_bits", "seed"]].values.tolist()
    [['LSH', 8, 0]]
    """
    rows = []
    for trial in trials(dataset, hashers, n_bits, seeds, preprocessing):
        split = trial.split
        start = time.perf_counter()
        database_bits = trial.hasher.transform(split.X_database)
        encode_seconds = 1000 * (time.perf_counter() - start) / len(database_bits)
        query_bits = trial.hasher.transform(split.X_query)
        precision = mean_average_precision(query_bits, database_bits, split.y_query, split.y_database)
        rows.append((trial.method, trial.n_bits, trial.seed, precision, trial.fit_seconds, encode_seconds))
    return pd.DataFrame(rows, columns=["method", "n_bits", "seed", "map", "fit_seconds", "encode_seconds"])


def compare_radius_search(
    dataset: Dataset,
    hashers: Mapping[str, Any],
    *,
    n_bits: int = 16,
    radii: Iterable[int] = range(11),
    k: int = 10,
    seeds: Iterable[int] = range(5),
    preprocessing: Preprocessing = "l2-centre",
) -> pd.DataFrame:
    """Measure Hamming radius search with every hasher, over seeds.

    Parameters
    ----------
    dataset, hashers, seeds, preprocessing
        As for :func:`trials`.
    n_bits : int
    radii, k
        As for :func:`~l2h_tutorial.evaluate_radius_search`.

    Returns
    -------
    DataFrame
        ``method`` and ``seed`` before the columns of :func:`~l2h_tutorial.evaluate_radius_search`.

    Examples
    --------
    >>> from l2h_tutorial import LSH, load_dataset
    >>> frame = compare_radius_search(load_dataset("fashion-mnist"), {"LSH": LSH()}, radii=[0, 1], seeds=[0])
    >>> list(frame.columns)[:4]
    ['method', 'seed', 'radius', 'precision']
    """
    radii = list(radii)
    frames = [
        evaluate_radius_search(trial.hasher, trial.split, radii=radii, k=k).assign(method=trial.method, seed=trial.seed)
        for trial in trials(dataset, hashers, [n_bits], seeds, preprocessing)
    ]
    frame = pd.concat(frames, ignore_index=True)
    return frame[["method", "seed", *frames[0].columns.drop(["method", "seed"])]]
