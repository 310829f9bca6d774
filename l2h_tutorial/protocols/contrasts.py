"""Test which differences between methods are significant when there are several tests."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import ttest_1samp

from ..checks import Floats

__all__ = ["holm", "paired_contrasts"]


def holm(p: ArrayLike) -> Floats:
    """Adjust several p-values together by Holm's method.

    If all differences below .05 are called significant, the chance that any of them is luck is at
    most .05. The smallest p-value is multiplied by their number, the next by one less, and so on.
    No adjusted value is smaller than the one before.

    Parameters
    ----------
    p : (n,) array of numbers from 0 to 1

    Returns
    -------
    (n,) array of float64
        In the order of `p`, at most 1.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979.

    Examples
    --------
    >>> holm([0.04, 0.01, 0.03])
    array([0.06, 0.03, 0.06])
    """
    order = np.argsort(p)
    steps = np.sort(p) * np.arange(len(order), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted[np.argsort(order)]


def paired_contrasts(rows: pd.DataFrame, contrasts: Iterable[tuple[str, str, str]]) -> pd.DataFrame:
    """Compare methods in pairs, split by split, on each data set.

    Parameters
    ----------
    rows : DataFrame
        ``dataset``, ``question``, ``method``, ``seed`` and ``map``, one row a split.
    contrasts : iterable of (question, method, other method)

    Returns
    -------
    DataFrame
        A row for each contrast and data set, which are the index. ``difference`` is the mean over
        the splits. ``low`` and ``high`` are the ends of its 95% interval by Student's t, for this
        row by itself. ``p`` is adjusted by Holm's method for the number of rows.

    Examples
    --------
    >>> maps = {"GRH": [0.24, 0.25, 0.27], "LSH": [0.14, 0.14, 0.16]}
    >>> rows = [
    ...     ("cifar10", "ranking", method, seed, value)
    ...     for method, values in maps.items()
    ...     for seed, value in enumerate(values)
    ... ]
    >>> kept = pd.DataFrame(rows, columns=["dataset", "question", "method", "seed", "map"])
    >>> contrasts = paired_contrasts(kept, [("ranking", "GRH", "LSH")])
    >>> contrasts.loc["ranking: GRH, less LSH", "cifar10"].round(3).tolist()
    [0.107, 0.092, 0.121, 0.001]
    """
    columns = {}
    for question, method, other in contrasts:
        name = f"{question}: {method}, less {other}"
        measured = rows[rows["question"] == question]
        for dataset, on_dataset in measured.groupby("dataset", sort=False):
            by_split = on_dataset.pivot(index="seed", columns="method", values="map")
            columns[name, dataset] = mean_and_interval(by_split[method] - by_split[other])
    table = pd.DataFrame(columns, index=["difference", "low", "high", "p"]).T
    return table.assign(p=holm(table["p"])).rename_axis(["contrast", "dataset"])


def mean_and_interval(differences: pd.Series) -> tuple[float, ...]:
    """Return the mean of differences, the ends of its 95% interval by Student's t, and p."""
    test = ttest_1samp(differences, 0)
    return differences.mean(), *test.confidence_interval(0.95), test.pvalue
