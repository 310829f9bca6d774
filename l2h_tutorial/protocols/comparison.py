"""Methods compared by ranking and by radius search, over seeds."""

import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from ..datasets import Dataset
from ..metrics import evaluate_radius_search, mean_average_precision
from .trials import Trial, run_trials

__all__ = ["compare_radius_search", "compare_ranking"]


def compare_ranking(
    dataset: Dataset,
    hashers: Mapping[str, Any],
    *,
    n_bits: Iterable[int] = (16, 32, 48, 64),
    seeds: Iterable[int] = range(5),
    **options: Any,
) -> pd.DataFrame:
    """Measure the mean average precision of Hamming ranking, and what fitting and encoding cost.

    Parameters
    ----------
    dataset, hashers, n_bits, seeds
        As for :func:`run_trials`.
    **options
        ``protocol``, ``n_jobs``, ``results`` and ``quiet`` of :func:`run_trials`.

    Returns
    -------
    DataFrame
        One row a trial: ``method``, ``n_bits``, ``seed``, ``map`` (tie-aware), ``fit_seconds``, and
        ``encode_seconds`` per thousand database rows: processor seconds, so that other programs do not count.

    Examples
    --------
    >>> from l2h_tutorial import LSH, load_dataset
    >>> frame = compare_ranking(load_dataset("fashion-mnist"), {"LSH": LSH()}, n_bits=[8], seeds=[0])
    >>> frame[["method", "n_bits", "seed"]].values.tolist()
    [['LSH', 8, 0]]
    """
    return run_trials(_ranking, dataset, hashers, n_bits=n_bits, seeds=seeds, **options)


def _ranking(trial: Trial) -> list[dict[str, float]]:
    split = trial.split
    start = time.thread_time()
    database_bits = trial.hasher.transform(split.X_database)
    encode_seconds = 1000 * (time.thread_time() - start) / len(database_bits)
    query_bits = trial.hasher.transform(split.X_query)
    precision = mean_average_precision(query_bits, database_bits, split.y_query, split.y_database)
    return [{"map": precision, "fit_seconds": trial.fit_seconds, "encode_seconds": encode_seconds}]


def compare_radius_search(
    dataset: Dataset,
    hashers: Mapping[str, Any],
    *,
    n_bits: int = 16,
    radii: Iterable[int] = range(11),
    k: int = 10,
    seeds: Iterable[int] = range(5),
    **options: Any,
) -> pd.DataFrame:
    """Measure Hamming radius search with every hasher, over seeds.

    Parameters
    ----------
    dataset, hashers, seeds
        As for :func:`run_trials`.
    n_bits : int
    radii, k
        As for :func:`~l2h_tutorial.evaluate_radius_search`.
    **options
        ``protocol``, ``n_jobs``, ``results`` and ``quiet`` of :func:`run_trials`.

    Returns
    -------
    DataFrame
        ``method``, ``n_bits`` and ``seed`` before the columns of :func:`~l2h_tutorial.evaluate_radius_search`.

    Examples
    --------
    >>> from l2h_tutorial import LSH, load_dataset
    >>> frame = compare_radius_search(load_dataset("fashion-mnist"), {"LSH": LSH()}, radii=[0, 1], seeds=[0])
    >>> list(frame.columns)[:5]
    ['method', 'n_bits', 'seed', 'radius', 'precision']
    """
    measure = partial(_radius_search, radii=list(radii), k=k)
    return run_trials(measure, dataset, hashers, n_bits=[n_bits], seeds=seeds, **options)


def _radius_search(trial: Trial, radii: list[int], k: int) -> Iterator[dict[str, Any]]:
    frame = evaluate_radius_search(trial.hasher, trial.split, radii=radii, k=k)
    yield from ({str(name): value for name, value in row.items()} for row in frame.to_dict("records"))
