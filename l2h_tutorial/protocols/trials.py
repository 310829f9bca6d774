"""Hashers fitted and measured over code lengths and seeds."""

import time
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

import pandas as pd
from sklearn.base import clone
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tqdm import tqdm

from ..datasets import Dataset
from ..metrics import evaluate_radius_search
from ..splits import Split, disjoint_partition, held_out_partition, paper_partition, split_dataset
from ..tuning import ranking_precision
from .ecir2015 import N_BITS

__all__ = ["PROTOCOLS", "Trial", "compare_radius_search", "compare_ranking", "run_trials"]

FIRST_SPLIT = 42  # the split of seed 0, the one that split_dataset makes unasked

Hashers = Mapping[str, Any]
Numbers = Iterable[int]
Protocol = Callable[[Dataset, int], Split]

PROTOCOLS: dict[str, Protocol] = {
    "tutorial": lambda data, seed: split_dataset(data, random_state=FIRST_SPLIT + seed).preprocessed("l2-centre"),
    "ecir2015": lambda data, seed: paper_partition(data, random_state=seed).preprocessed("centre"),
    "disjoint": lambda data, seed: disjoint_partition(data, random_state=seed).preprocessed("centre"),
    "held-out": lambda data, seed: held_out_partition(data, random_state=seed).preprocessed("centre"),
}
"""By name, what makes the split of a seed. "tutorial": the book's own, normalised and centred. "ecir2015": 1,000
labelled rows that are ranked too, centred. "disjoint": the same without them in the database. "held-out": queries of
three classes without a label."""


class Trial(NamedTuple):
    """One fitted hasher, and what it was fitted on."""

    method: str
    n_bits: int
    seed: int
    hasher: Any
    split: Split
    fit_seconds: float


Measure = Callable[[Trial], Iterable[Mapping[str, Any]]]


def run_trials(
    measure: Measure,
    dataset: Dataset,
    hashers: Hashers,
    *,
    n_bits: Numbers,
    seeds: Numbers,
    protocol: Any = "tutorial",
) -> pd.DataFrame:
    """Fit every hasher at every code length on every seed's split, and measure it.

    Parameters
    ----------
    measure : callable
        Gets a :class:`Trial`; returns its rows, mappings of column to value, at least one.
    dataset : Dataset
    hashers : mapping of str to estimator
        By the name of the method. Each is cloned, and its ``n_bits`` and ``random_state`` are set where it has them,
        and where estimators that are its parameters have them.
    n_bits, seeds : iterables of int
        A seed draws both the split and the hasher, so the spread over seeds covers both.
    protocol : str or callable, default="tutorial"
        One of ``PROTOCOLS``, or what makes a :class:`~l2h_tutorial.splits.Split` of a data set and a seed.

    Returns
    -------
    DataFrame
        The rows of each trial, after ``method``, ``n_bits`` and ``seed``. All is computed on one core: the matrices
        are small, and times can be compared.

    Raises
    ------
    ValueError
        If there is no such protocol.

    Examples
    --------
    >>> from l2h_tutorial import LSH, load_dataset
    >>> def bits_set(trial):
    ...     return [{"share": trial.hasher.transform(trial.split.X_query).mean().round(1)}]
    >>> run_trials(bits_set, load_dataset("fashion-mnist"), {"LSH": LSH()}, n_bits=[8, 16], seeds=[0])
      method  n_bits  seed  share
    0    LSH       8     0    0.5
    1    LSH      16     0    0.5
    """
    make_split = protocol if callable(protocol) else PROTOCOLS.get(protocol)
    if make_split is None:
        raise ValueError(f"protocol must be one of {', '.join(PROTOCOLS)}, or a callable, got {protocol!r}")
    cells, rows = list(product(hashers, n_bits)), []
    with threadpool_limits(1):
        for seed in tqdm(list(seeds), "seeds", disable=None, delay=2):
            split = make_split(dataset, seed)
            for method, length in cells:
                trial = fit_trial(method, hashers[method], length, seed, split)
                rows += [{"method": method, "n_bits": length, "seed": seed, **row} for row in measure(trial)]
    return pd.DataFrame(rows)


def configured(hasher: Any, n_bits: int, seed: int) -> Any:
    """Return a copy with these bits and this seed, also of the estimators that are its parameters."""
    copy, values = clone(hasher), {"n_bits": n_bits, "random_state": seed}
    ends = {name: name.split("__")[-1] for name in copy.get_params()}
    return copy.set_params(**{name: values[end] for name, end in ends.items() if end in values})


def fit_trial(method: str, hasher: Any, n_bits: int, seed: int, split: Split) -> Trial:
    """Fit a copy of the hasher, with the bits and the seed of the trial."""
    copy = configured(hasher, n_bits, seed)
    start = time.thread_time()
    copy.fit(split.X_train, split.y_train)
    return Trial(method, n_bits, seed, copy, split, time.thread_time() - start)


def compare_ranking(
    dataset: Dataset, hashers: Hashers, *, n_bits: Numbers = N_BITS, seeds: Numbers = range(5), **options: Any
) -> pd.DataFrame:
    """Measure the mean average precision of Hamming ranking, and what fitting and encoding cost.

    Parameters
    ----------
    dataset, hashers, n_bits, seeds
        As for :func:`run_trials`.
    **options
        ``protocol`` of :func:`run_trials`.

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
    return run_trials(ranking, dataset, hashers, n_bits=n_bits, seeds=seeds, **options)


def ranking(trial: Trial) -> list[dict[str, float]]:
    """Measure one trial of :func:`compare_ranking`."""
    split = trial.split
    start = time.thread_time()
    database_bits = trial.hasher.transform(split.X_database)
    encode_seconds = 1000 * (time.thread_time() - start) / len(database_bits)
    query_bits = trial.hasher.transform(split.X_query)
    precision = ranking_precision(trial.hasher, query_bits, database_bits, split.y_query, split.y_database)
    return [{"map": precision, "fit_seconds": trial.fit_seconds, "encode_seconds": encode_seconds}]


def compare_radius_search(
    dataset: Dataset,
    hashers: Hashers,
    *,
    n_bits: int = 16,
    radii: Numbers = range(11),
    k: int = 10,
    seeds: Numbers = range(5),
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
        ``protocol`` of :func:`run_trials`.

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
    radii = list(radii)

    def sweep(trial: Trial) -> list[Any]:
        return evaluate_radius_search(trial.hasher, trial.split, radii, k).to_dict("records")

    return run_trials(sweep, dataset, hashers, n_bits=[n_bits], seeds=seeds, **options)
