"""Hashers fitted and measured over code lengths and seeds."""

import time
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import pandas as pd
from sklearn.base import clone
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tqdm import tqdm

from ..datasets import Dataset
from ..splits import Split, split_dataset
from ..tuning import ranking_precision
from .ecir2015 import N_BITS

__all__ = ["compare_ranking"]

FIRST_SPLIT = 42  # the split of seed 0, the one that split_dataset makes unasked


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
        ``encode_seconds`` of the whole database: processor seconds of one core, so that other programs do not count.

    Examples
    --------
    >>> from l2h_tutorial import LSH, load_dataset
    >>> frame = compare_ranking(load_dataset("fashion-mnist"), {"LSH": LSH()}, n_bits=[8], seeds=[0])
    >>> frame[["method", "n_bits", "seed"]].values.tolist()
    [['LSH', 8, 0]]
    """
    lengths, rows = list(n_bits), []
    with threadpool_limits(1):
        for seed in tqdm(list(seeds), "seeds", disable=None, delay=2):
            split = split_dataset(dataset, random_state=FIRST_SPLIT + seed).preprocessed("l2-centre")
            for method, length in product(hashers, lengths):
                measured = ranking(configured(hashers[method], length, seed), split)
                rows.append({"method": method, "n_bits": length, "seed": seed} | measured)
    return pd.DataFrame(rows)


def configured(hasher: Any, n_bits: int, seed: int) -> Any:
    """Return a copy with these bits and this seed, also of the estimators that are its parameters."""
    copy, values = clone(hasher), {"n_bits": n_bits, "random_state": seed}
    ends = {name: name.split("__")[-1] for name in copy.get_params()}
    return copy.set_params(**{name: values[end] for name, end in ends.items() if end in values})


def ranking(hasher: Any, split: Split) -> dict[str, float]:
    """Fit a hasher, encode the database, and rank it; seconds are the processor's."""
    start = time.thread_time()
    hasher.fit(split.X_train, split.y_train)
    fitted = time.thread_time()
    database_bits = hasher.transform(split.X_database)
    encoded = time.thread_time()
    return {
        "map": ranking_precision(hasher, database_bits, split),
        "fit_seconds": fitted - start,
        "encode_seconds": encoded - fitted,
    }
