"""Test which differences between methods are significant when splits overlap and tests are many."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.stats import t as student

from ..checks import ArrayLike, Floats


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


def corrected_variance(differences: ArrayLike, ratio: float) -> float:
    """Return the variance of a mean over random splits of one sample, by Nadeau and Bengio.

    Splits of one sample share images, so they differ less from one another than from splits of
    another sample. The usual variance of the mean of J differences, s² / J, is therefore too small:
    it finds differences that are not there (Dietterich). The corrected variance is

    (1 / J + ratio) s².

    The ratio is that of a split's test images to its training images. The correction supposes that
    the results of two splits have the correlation ratio / (1 + ratio), the share of the images of
    one test set that are expected in another. This is an approximation. No estimate from the splits
    alone is unbiased.

    Parameters
    ----------
    differences : (J,) array of numbers
        A difference of two methods for each split.
    ratio : float
        With 0 the variance is the usual one.

    Returns
    -------
    float

    References
    ----------
    C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52, 2003.
    T. G. Dietterich, "Approximate statistical tests for comparing supervised classification
    learning algorithms", Neural Computation 10, 1998.

    Examples
    --------
    >>> corrected_variance([0.0, 1.0, 2.0, 3.0, 4.0], 0)
    0.5
    >>> round(corrected_variance([0.0, 1.0, 2.0, 3.0, 4.0], 1000 / 3000), 3)
    1.333
    """
    variance = np.var(np.asarray(differences, dtype=float), ddof=1)
    return float(variance * (1 / np.size(differences) + ratio))


def paired_contrasts(rows: pd.DataFrame, contrasts: Iterable[tuple[str, str, str]]) -> pd.DataFrame:
    """Compare methods in pairs, split by split, on each data set.

    Parameters
    ----------
    rows : DataFrame
        ``dataset``, ``question``, ``method``, ``seed`` and ``map``, one row a split. The ratio
        for `corrected_variance` is that of ``n_queries`` to ``n_labelled``, alike in the splits of
        a question.
    contrasts : iterable of (question, method, other method)

    Returns
    -------
    DataFrame
        A row for each contrast and data set, which are the index. ``difference`` is the mean over
        the splits. ``low`` and ``high`` are the ends of its 95% interval by Student's t with the
        corrected variance, and ``p_alone`` is its p-value, both for this row by itself. ``p`` is
        adjusted by Holm's method for the number of rows. ``splits`` is their number. ``needed``
        says what the row can show: with this variance, a difference of that size is significant
        whatever the other rows are.

    Examples
    --------
    >>> maps = {"GRH": [0.24, 0.25, 0.27], "LSH": [0.14, 0.14, 0.16]}
    >>> rows = [
    ...     ("cifar10", "ranking", method, seed, value, 1000, 3000)
    ...     for method, values in maps.items()
    ...     for seed, value in enumerate(values)
    ... ]
    >>> columns = ["dataset", "question", "method", "seed", "map", "n_queries", "n_labelled"]
    >>> kept = pd.DataFrame(rows, columns=columns)
    >>> contrasts = paired_contrasts(kept, [("ranking", "GRH", "LSH")])
    >>> contrasts.loc["ranking: GRH, minus LSH", "cifar10"].round(3).tolist()
    [0.107, 0.086, 0.127, 0.002, 3.0, 0.002, 0.02]
    """
    columns = {}
    for question, method, other in contrasts:
        name = f"{question}: {method}, minus {other}"
        measured = rows[rows["question"] == question]
        for dataset, on_dataset in measured.groupby("dataset", sort=False):
            by_split = on_dataset.pivot(index="seed", columns="method", values="map")
            differences = by_split[method] - by_split[other]
            interval = mean_and_interval(differences, _ratio_of(on_dataset))
            columns[name, dataset] = (*interval, len(differences))
    table = pd.DataFrame(columns, index=["difference", "low", "high", "p_alone", "splits"]).T
    first_star = student.isf(0.025 / len(table), table["splits"] - 1)
    by_itself = student.isf(0.025, table["splits"] - 1)
    needed = (table["high"] - table["low"]) / 2 * first_star / by_itself
    table = table.assign(p=holm(table["p_alone"]), needed=needed)
    return table.rename_axis(["contrast", "dataset"])


def means_over_splits(rows: pd.DataFrame, by: list[str], measure: str = "map") -> pd.DataFrame:
    """Return the mean of a measure over splits, with its interval, for each group of rows.

    Parameters
    ----------
    rows : DataFrame
        `by`, `measure`, ``n_queries`` and ``n_labelled``, one row a split.
    by : list of str
        Columns whose values name a group.
    measure : str, default="map"

    Returns
    -------
    DataFrame
        ``mean``, ``low`` and ``high``: the ends of the 95% interval are those of
        `paired_contrasts`. A group in which a split has no value has none either.

    Examples
    --------
    >>> rows = pd.DataFrame({"method": "LSH", "map": [0.14, 0.14, 0.16]})
    >>> means_over_splits(rows.assign(n_queries=1000, n_labelled=3000), ["method"]).round(3)
             mean    low   high
    method
    LSH     0.147  0.106  0.187
    """
    found = {}
    for key, group in rows.groupby(by, sort=False):
        found[key] = mean_and_interval(group[measure], _ratio_of(group))[:3]
    return pd.DataFrame(found, index=["mean", "low", "high"]).T.rename_axis(by)


def _ratio_of(rows: pd.DataFrame) -> float:
    """Return how many images are asked for each of which a split learns."""
    first = rows.iloc[0]
    return float(first["n_queries"] / first["n_labelled"])


def mean_and_interval(
    differences: pd.Series, ratio: float = 0
) -> tuple[float, float, float, float]:
    """Return the mean of differences, the ends of its 95% interval by Student's t, and p.

    The variance is that of `corrected_variance`.
    """
    mean = differences.mean(skipna=False)
    error = np.sqrt(corrected_variance(differences, ratio))
    df = len(differences) - 1
    half = student.isf(0.025, df) * error
    return mean, mean - half, mean + half, 2 * student.sf(abs(mean) / error, df)
