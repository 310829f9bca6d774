"""Measurements repeated over methods, code lengths and seeds: in parallel if asked to, and kept as they come."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tqdm import tqdm

from ..datasets import Dataset
from ..splits import Split, disjoint_partition, held_out_partition, paper_partition, split_dataset
from .results import ResultsFile, provenance

__all__ = ["PROTOCOLS", "Trial", "run_trials"]

FIRST_SPLIT = 42  # the split of seed 0, the one that split_dataset makes unasked

Protocol = Callable[[Dataset, int], Split]


def _tutorial(dataset: Dataset, seed: int) -> Split:
    return split_dataset(dataset, random_state=FIRST_SPLIT + seed).preprocessed("l2-centre")


def _ecir2015(dataset: Dataset, seed: int) -> Split:
    return paper_partition(dataset, random_state=seed).preprocessed("centre")


def _disjoint(dataset: Dataset, seed: int) -> Split:
    return disjoint_partition(dataset, random_state=seed).preprocessed("centre")


def _held_out(dataset: Dataset, seed: int) -> Split:
    return held_out_partition(dataset, random_state=seed).preprocessed("centre")


PROTOCOLS: dict[str, Protocol] = {
    "tutorial": _tutorial,
    "ecir2015": _ecir2015,
    "disjoint": _disjoint,
    "held-out": _held_out,
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
    hashers: Mapping[str, Any],
    *,
    n_bits: Iterable[int],
    seeds: Iterable[int],
    protocol: str | Protocol = "tutorial",
    n_jobs: int = 1,
    results: str | os.PathLike[str] | None = None,
    quiet: bool | None = None,
) -> pd.DataFrame:
    """Fit every hasher at every code length on every seed's split, and measure it.

    Parameters
    ----------
    measure : callable
        Gets a :class:`Trial`; returns its rows, mappings of column to value, at least one.
    dataset : Dataset
    hashers : mapping of str to estimator
        By the name of the method. Each is cloned, and its ``n_bits`` and ``random_state`` are set, where it has them.
    n_bits, seeds : iterables of int
        A seed draws both the split and the hasher, so the spread over seeds covers both.
    protocol : str or callable, default="tutorial"
        One of ``PROTOCOLS``, or what makes a :class:`~l2h_tutorial.splits.Split` of a data set and a seed.
    n_jobs : int, default=1
        Threads, each with a trial of its own. Each calculates on one core: the matrices are small.
    results : path, optional
        A CSV file that gets every trial as soon as it is measured, with where it comes from. Trials that it holds
        are not measured again.
    quiet : bool, optional
        Whether to hide the progress bar; by default, where the output is no terminal.

    Returns
    -------
    DataFrame
        The rows of each trial, after ``method``, ``n_bits`` and ``seed``; with `results` followed by ``protocol``,
        ``data``, ``versions``, ``machine`` and ``finished``. Without, ``attrs`` has these, but for the last.

    Raises
    ------
    ValueError
        If there is no such protocol, or `results` holds results of other data or of another protocol.

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
    make_split, name = _named_protocol(protocol)
    lengths, seeds = list(n_bits), list(seeds)
    origin = {"protocol": name} | provenance(dataset)
    file = None if results is None else ResultsFile(results, ["method", "n_bits", "seed", "row"])
    if file is not None:
        file.check(protocol=name, data=origin["data"])
    kept: list[dict[str, Any]] = []
    total = len(seeds) * len(hashers) * len(lengths)
    with tqdm(total=total, desc="trials", disable=quiet, delay=2) as bar, threadpool_limits(1):
        for seed in seeds:
            cells = [(method, length, seed) for method in hashers for length in lengths]
            pending = [cell for cell in cells if file is None or _name(cell, 0) not in file]
            bar.update(len(cells) - len(pending))
            if not pending:
                continue
            work = partial(_measured, measure, hashers, make_split(dataset, seed))
            for rows in Parallel(n_jobs, prefer="threads", return_as="generator")(map(delayed(work), pending)):
                if file is not None:
                    finished = {"finished": datetime.now(UTC).isoformat(timespec="seconds")}
                    file.append(*(row | origin | finished for row in rows))
                kept += rows
                bar.update()
    if file is None:
        frame = pd.DataFrame(kept).drop(columns="row")
        frame.attrs.update(origin)
        return frame
    wanted = pd.DataFrame(
        [(method, length, seed) for seed in seeds for method in hashers for length in lengths],
        columns=["method", "n_bits", "seed"],
    )
    return wanted.merge(file.frame(), on=list(wanted.columns)).drop(columns="row")


def _measured(measure: Measure, hashers: Mapping[str, Any], split: Split, cell: tuple[str, int, int]) -> Any:
    method, length, seed = cell
    hasher = clone(hashers[method])
    known = hasher.get_params(deep=False)
    hasher.set_params(**{name: value for name, value in (("n_bits", length), ("random_state", seed)) if name in known})
    start = time.thread_time()
    hasher.fit(split.X_train, split.y_train)
    trial = Trial(method, length, seed, hasher, split, time.thread_time() - start)
    return [_name(cell, number) | dict(row) for number, row in enumerate(measure(trial))]


def _name(cell: tuple[str, int, int], row: int) -> dict[str, Any]:
    method, length, seed = cell
    return {"method": method, "n_bits": length, "seed": seed, "row": row}


def _named_protocol(protocol: str | Protocol) -> tuple[Protocol, str]:
    if callable(protocol):
        return protocol, getattr(protocol, "__name__", type(protocol).__name__)
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {', '.join(PROTOCOLS)}, or a callable, got {protocol!r}")
    return PROTOCOLS[protocol], protocol
