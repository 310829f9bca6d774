"""Table 1 of the GRH paper, as published, ours beside it, and what becomes of its claims."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp

__all__ = ["CLAIMS", "audit", "beside_published", "published_table1"]

N_BITS = (16, 32, 48, 64)

_TABLE: dict[str, dict[int, tuple[float, ...]]] = {
    "LSH": {1000: (0.1290, 0.1394, 0.1463, 0.1525)},
    "PCAH": {1000: (0.1322, 0.1291, 0.1256, 0.1234)},
    "SH": {1000: (0.1306, 0.1296, 0.1346, 0.1314)},
    "AGH": {1000: (0.1616, 0.1577, 0.1599, 0.1588)},
    "ITQ+CCA": {1000: (0.2015, 0.2130, 0.2208, 0.2237), 2000: (0.2469, 0.2610, 0.2672, 0.2664)},
    "STH linear": {1000: (0.1843, 0.1872, 0.1889, 0.1835), 2000: (0.1933, 0.2041, 0.2006, 0.2144)},
    "STH rbf": {1000: (0.2352, 0.2072, 0.2118, 0.2000), 2000: (0.2468, 0.2468, 0.2481, 0.2438)},
    "BRE": {1000: (0.1659, 0.1784, 0.1904, 0.1923), 2000: (0.1668, 0.1873, 0.1941, 0.2018)},
    "KSH": {1000: (0.2440, 0.2730, 0.2827, 0.2905), 2000: (0.2721, 0.3006, 0.3119, 0.3236)},
    "GRH linear, LSH start": {1000: (0.2195, 0.2264, 0.2475, 0.2490), 2000: (0.2342, 0.2569, 0.2554, 0.2639)},
    "GRH rbf, LSH start": {1000: (0.2848, 0.3013, 0.3129, 0.3015), 2000: (0.3191, 0.3475, 0.3542, 0.3646)},
    "GRH linear, CCA start": {1000: (0.2292, 0.2563, 0.2566, 0.2593), 2000: (0.2646, 0.2772, 0.2861, 0.2900)},
    "GRH rbf, CCA start": {1000: (0.2976, 0.3161, 0.3171, 0.3209), 2000: (0.3435, 0.3675, 0.3722, 0.3688)},
}


_LINEAR = ("GRH linear-svm, LSH start", "GRH linear-svm, CCA start")
_RBF = ("GRH rbf-svm, LSH start", "GRH rbf-svm, CCA start")

CLAIMS: list[tuple[str, str]] = [
    *((_LINEAR[0], other) for other in ("LSH", "PCAH", "SH", "AGH", "STH linear", "ITQ+CCA")),
    (_LINEAR[1], "ITQ+CCA"),
    *((_RBF[0], other) for other in ("STH rbf", "KSH, 300 centres", "KSH")),
    *((_RBF[1], other) for other in ("KSH, 300 centres", "KSH")),
    *zip(_RBF, _LINEAR, strict=True),
    (_LINEAR[1], _LINEAR[0]),
    (_RBF[1], _RBF[0]),
    *((method, method) for method in (*_LINEAR, *_RBF)),
]
"""What the paper has ahead, and of what; a method and itself: with more labels of itself with fewer."""


def published_table1() -> pd.DataFrame:
    """Mean average precision of Hamming ranking on CIFAR-10, by method, labels and bits, as the paper gives it.

    Returns
    -------
    DataFrame
        ``method``, ``n_train``, ``n_bits``, ``published``: 88 rows. Methods that use no labels are given once.

    References
    ----------
    S. Moran and V. Lavrenko, "Graph Regularised Hashing", ECIR 2015, Table 1.

    Examples
    --------
    >>> table = published_table1().set_index(["method", "n_train", "n_bits"])
    >>> float(table.loc[("GRH rbf, CCA start", 2000, 48), "published"])
    0.3722
    """
    rows = [
        (method, n_train, n_bits, value)
        for method, by_labels in _TABLE.items()
        for n_train, values in by_labels.items()
        for n_bits, value in zip(N_BITS, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["method", "n_train", "n_bits", "published"])


def beside_published(results: pd.DataFrame) -> pd.DataFrame:
    """Average results over partitions, and put the paper's figure beside each.

    Parameters
    ----------
    results : DataFrame
        Of :func:`~l2h_tutorial.protocols.table1.run_table1`: ``method``, ``n_train``, ``n_bits``, ``map``, one row a
        partition.

    Returns
    -------
    DataFrame
        ``method``, ``n_train``, ``n_bits``; ``map``, ``std`` and ``partitions``: mean, sample standard deviation and
        number; ``published``, NaN where the paper has none, and ``ratio``, ours to the paper's. Both of our rbf
        classifiers stand beside the paper's rbf, and KSH beside its KSH, however many centres its kernel has.

    Examples
    --------
    >>> ours = pd.DataFrame({"method": ["PCAH"] * 2, "n_train": 1000, "n_bits": 16, "map": [0.130, 0.134]})
    >>> beside_published(ours)[["map", "partitions", "published", "ratio"]].round(3).values.tolist()
    [[0.132, 2.0, 0.132, 0.998]]
    """
    place = ["method", "n_train", "n_bits"]
    ours = results.groupby(place, sort=False)["map"].agg(map="mean", std="std", partitions="count").reset_index()
    ours["published_as"] = [published_name(method) for method in ours["method"]]
    theirs = published_table1().rename(columns={"method": "published_as"})
    both = ours.merge(theirs, on=["published_as", "n_train", "n_bits"], how="left").drop(columns="published_as")
    return both.assign(ratio=both["map"] / both["published"])


def published_name(method: str) -> str:
    """Name the row of the paper that a method of ours stands beside; two of ours may stand beside one.

    Examples
    --------
    >>> published_name("GRH kernel-ridge, CCA start"), published_name("KSH, 300 centres")
    ('GRH rbf, CCA start', 'KSH')
    """
    for ours, theirs in (("linear-svm", "linear"), ("rbf-svm", "rbf"), ("kernel-ridge", "rbf"), (", 300 centres", "")):
        method = method.replace(ours, theirs)
    return method


def audit(results: pd.DataFrame, claims: Iterable[tuple[str, str]] = CLAIMS) -> pd.DataFrame:
    """Hold each claim of the paper against our measurements.

    A claim is that one method ranks better than another. Its difference is taken in every cell, a number of labels and
    of bits, that both we and the paper have of both methods, and averaged over cells. Ours is known for each partition,
    so that the methods are compared on the same images: a t-test over the partitions says whether it can be chance,
    after Holm's correction for as many claims as there are.

    Parameters
    ----------
    results : DataFrame
        As for :func:`beside_published`.
    claims : iterable of (str, str)
        What is ahead, and of what; by default ``CLAIMS``. Two equal names: with 2,000 labels it is ahead of itself with
        1,000.

    Returns
    -------
    DataFrame
        One row a claim: ``ahead``, ``of``; ``cells``; ``published`` and ``ours``, the mean differences; ``lowest`` and
        ``highest``, of ours over cells; ``p``, corrected; ``verdict``: "holds" if ours has the sign of the published
        one, is at least half of it, and p is below .05; "reverses" if it has the other sign and p is below .05; else
        "shrinks".

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> maps = {"LSH": [0.13, 0.14, 0.12], "AGH": [0.16, 0.18, 0.15]}
    >>> rows = [(name, 1000, 16, i, value) for name, values in maps.items() for i, value in enumerate(values)]
    >>> ours = pd.DataFrame(rows, columns=["method", "n_train", "n_bits", "partition", "map"])
    >>> audit(ours, [("AGH", "LSH")])[["published", "ours", "verdict"]].round(4).values.tolist()
    [[0.0326, 0.0333, 'holds']]
    """
    ours = results.pivot_table("map", ["method", "n_train", "n_bits"], "partition")
    published = published_table1().set_index(["method", "n_train", "n_bits"])["published"]
    rows = []
    for ahead, of in claims:
        labels = (2000, 1000) if ahead == of else (None, None)
        names = published_name(ahead), published_name(of)
        theirs = (_cells(published, names[0], labels[0]) - _cells(published, names[1], labels[1])).dropna()
        lead = (_cells(ours, ahead, labels[0]) - _cells(ours, of, labels[1])).dropna()
        cells = lead.index.intersection(theirs.index)
        each, lengths = lead.loc[cells].mean(), lead.loc[cells].mean(axis=1)
        row = {"ahead": ahead, "of": of, "cells": len(cells), "published": theirs[cells].mean(), "ours": each.mean()}
        rows.append(row | {"lowest": lengths.min(), "highest": lengths.max(), "p": ttest_1samp(each, 0).pvalue})
    table = pd.DataFrame(rows)
    order = np.argsort(table["p"])
    table.loc[order, "p"] = np.minimum(1, np.maximum.accumulate(table["p"][order] * np.arange(len(table), 0, -1)))
    share, sure = table["ours"] / table["published"], table["p"] < 0.05
    verdict = np.select([sure & (share < 0), sure & (share >= 0.5)], ["reverses", "holds"], "shrinks")
    return table.assign(verdict=verdict)


def _cells(values: Any, method: str, n_train: int | None) -> Any:
    """Take a method's cells, by labels and bits; with a number of labels these, by bits."""
    of_method = values.xs(method, level="method")
    return of_method if n_train is None else of_method.xs(n_train)
