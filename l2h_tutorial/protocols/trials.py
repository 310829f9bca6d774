"""Hashers fitted and measured over code lengths and seeds."""

import time
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

import pandas as pd
from sklearn.base import clone
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tqdm import tqdm

from ..datasets import Dataset
from ..splits import Split, split_dataset
from ..tuning import ranking_precision
from .ecir2015 import N_BITS

__all__ = ["Trial", "compare_ranking"]

FIRST_SPLIT = 42  # the split of seed 0, the one that split_dataset makes unasked


class Trial(NamedTuple):
    """One fitted hasher, and what it was fitted on."""

    method: str
    n_bits: int
    seed: int
    hasher: Any
    split: Split
    fit_seconds: float


def compare_ranking(
    dataset: Dataset,
    hashers: Mapping[str, Any],
    *,
    n_bits: Iterable[int] = N_BITS,
    seeds: Iterable[int] = range(5),
) -> pd.DataFrame:
    """Fit every hasher at every code length on every seed's split, normalised and centred, and measure its ranking.

    Parameters
    ----------
    dataset : Dataset
    hashers : mapping of str to estimator
        By the name of the method. Each is cloned, and its ``n_bits`` and ``random_state`` are set where it has them,
        and where estimators that are its parameters have them.
    n_bits, seeds : iterables of int
        A seed draws both the split and the hasher, so the spread over seeds covers both.

    Returns
    -------
    DataFrame
        One row a trial: ``method``, ``n_bits``, ``seed``, ``map`` (tie-aware), ``fit_seconds``, and
        ``encode_seconds`` per thousand database rows: processor seconds of one core, so that other programs do not
        count.

    Examples
    --------
    >>> from l2h_tutorial import LSH, load_dataset
    >>> frame = compare_ranking(load_dataset("fashion-mnist"), {"LSH": LSH()}, n_bits=[8], seeds=[0])
    >>> frame[["method", "n_bits", "seed"]].values.tolist()
    [['LSH', 8, 0]]
    """
    cells, rows = list(product(hashers, n_bits)), []
    with threadpool_limits(1):
        for seed in tqdm(list(seeds), "seeds", disable=None, delay=2):
            split = split_dataset(dataset, random_state=FIRST_SPLIT + seed).preprocessed("l2-centre")
            for method, length in cells:
                measured = ranking(fit_trial(method, hashers[method], length, seed, split))
                rows.append({"method": method, "n_bits": length, "seed": seed} | measured)
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


def ranking(trial: Trial) -> dict[str, float]:
    """Measure one trial."""
    split = trial.split
    start = time.thread_time()
    database_bits = trial.hasher.transform(split.X_database)
    encode_seconds = 1000 * (time.thread_time() - start) / len(database_bits)
    query_bits = trial.hasher.transform(split.X_query)
    precision = ranking_precision(trial.hasher, query_bits, database_bits, split.y_query, split.y_database)
    return {"map": precision, "fit_seconds": trial.fit_seconds, "encode_seconds": encode_seconds}
