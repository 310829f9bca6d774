"""Which differences between methods are more than luck, when several are asked about at once."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import ttest_1samp

from ..checks import Floats

__all__ = ["holm", "paired_contrasts"]


def holm(p: ArrayLike) -> Floats:
    """Adjust p-values for their number, so that even one of those below .05 is luck with a chance
    of .05 at most.

    The smallest is multiplied by their number, the next by one less, and so on; none falls below
    the one before.

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
        A row for each contrast and data set, which are its index: the mean ``difference`` over the
        splits, ``low`` and ``high``, its interval of 95 percent by Student's t, each by itself, and
        ``p``, adjusted by Holm for as many rows as there are.

    Examples
    --------
    >>> maps = {"GRH": [0.24, 0.25, 0.27], "LSH": [0.14, 0.14, 0.16]}
    >>> rows = [("cifar10", "ranking", name, i, value) for name in maps for i,
    ...     value in enumerate(maps[name])]
    >>> kept = pd.DataFrame(rows, columns=["dataset", "question", "method", "seed", "map"])
    >>> paired_contrasts(kept, [("ranking", "GRH", "LSH")]).loc["ranking: GRH, less LSH",
    ...     "cifar10"].round(3).tolist()
    [0.107, 0.092, 0.121, 0.001]
    """
    found = {}
    for question, method, other in contrasts:
        asked = rows[rows["question"] == question]
        for dataset, of_data in asked.groupby("dataset", sort=False):
            by_split = of_data.pivot(index="seed", columns="method", values="map")
            name = f"{question}: {method}, less {other}"
            found[name, dataset] = mean_and_interval(by_split[method] - by_split[other])
    table = pd.DataFrame(found, index=["difference", "low", "high", "p"]).T
    return table.assign(p=holm(table["p"])).rename_axis(["contrast", "dataset"])


def mean_and_interval(differences: pd.Series) -> tuple[float, ...]:
    """Give the mean of some differences, the ends of its interval of 95 percent by Student's t, and
    the p-value.
    """
    test = ttest_1samp(differences, 0)
    return differences.mean(), *test.confidence_interval(0.95), test.pvalue
