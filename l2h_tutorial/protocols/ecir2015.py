"""Table 1 of the GRH paper, as published, ours beside it, and what becomes of its claims."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from .contrasts import holm

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


_LINEAR, _RBF, _LANDMARKS = (
    {start: f"GRH {classifier}, {start} start" for start in ("LSH", "CCA")}
    for classifier in ("linear-svm", "rbf-svm", "rbf-landmarks")
)
_WEAK = {"ITQ+CCA": "ITQ+CCA, ridge 0.1", "KSH": "KSH, 300 centres, gamma 0.48"}

CLAIMS: list[tuple[str, str]] = [
    *((_LINEAR["LSH"], other) for other in ("LSH", "PCAH", "SH", "AGH", "STH linear")),
    *((linear, other) for linear in _LINEAR.values() for other in (_WEAK["ITQ+CCA"], "ITQ+CCA")),
    (f"{_LINEAR['CCA']}, ridge 0.1", _WEAK["ITQ+CCA"]),
    (f"{_LINEAR['CCA']}, ridge 1.0", "ITQ+CCA"),
    (_RBF["LSH"], "STH rbf"),
    *((rbf, other) for rbf in _RBF.values() for other in (_WEAK["KSH"], "KSH, 300 centres", "KSH")),
    *((landmarks, "KSH, 300 centres") for landmarks in _LANDMARKS.values()),
    *((_RBF[start], _LINEAR[start]) for start in _RBF),
    *((of_grh["CCA"], of_grh["LSH"]) for of_grh in (_LINEAR, _RBF)),
    *((method, method) for of_grh in (_LINEAR, _RBF) for method in of_grh.values()),
]
"""What is held ahead of what. A method and itself: with 2,000 labels it is ahead of itself with 1,000."""


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
        ``method``, ``n_train``, ``n_bits``; ``map`` and ``partitions``: mean and number; ``published``, NaN where the
        paper has none, and ``ratio``, ours to the paper's. Both of our rbf classifiers stand beside the paper's rbf,
        and two rows each beside its ITQ+CCA and KSH.

    Examples
    --------
    >>> ours = pd.DataFrame({"method": ["PCAH"] * 2, "n_train": 1000, "n_bits": 16, "map": [0.130, 0.134]})
    >>> beside_published(ours)[["map", "partitions", "published", "ratio"]].round(3).values.tolist()
    [[0.132, 2.0, 0.132, 0.998]]
    """
    place = ["method", "n_train", "n_bits"]
    ours = results.groupby(place, sort=False)["map"].agg(map="mean", partitions="count").reset_index()
    ours["published_as"] = [published_name(method) for method in ours["method"]]
    theirs = published_table1().rename(columns={"method": "published_as"})
    both = ours.merge(theirs, on=["published_as", "n_train", "n_bits"], how="left").drop(columns="published_as")
    return both.assign(ratio=both["map"] / both["published"])


def published_name(method: str) -> str:
    """Name the row of the paper that a method of ours stands beside; several of ours may stand beside one.

    Its KSH had 300 centres; to kernels around all labelled images, or around landmarks, it has nothing.

    Examples
    --------
    >>> published_name("GRH kernel-ridge, CCA start"), published_name("KSH, 300 centres"), published_name("KSH")
    ('GRH rbf, CCA start', 'KSH', 'none')
    """
    names = {"KSH": "none", "KSH, 300 centres": "KSH"} | {weak: name for name, weak in _WEAK.items()}
    for ours, theirs in (("linear-svm", "linear"), ("rbf-svm", "rbf"), ("kernel-ridge", "rbf")):
        method = method.replace(ours, theirs)
    return names.get(method, method)


def audit(results: pd.DataFrame, claims: Iterable[tuple[str, str]] = CLAIMS) -> pd.DataFrame:
    """Hold each claim of the paper against our measurements, for each number of labels by itself.

    A claim is that one method ranks better than another. Its difference is averaged over the numbers of bits. Ours is
    known for each partition, so that the methods are compared on the same images, by a t-test and a t-interval.

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
        One row a claim and number of labels: ``ahead``, ``of``, ``n_train``; ``published`` and ``ours``, the mean
        differences; ``low`` and ``high``, the 95% interval of ours; ``lowest`` and ``highest``, of ours over bits;
        ``p``, adjusted by `holm` for as many tests as there are rows; ``verdict``, where the published difference
        is above 0: "reverses" if the interval is below 0, "shrinks" if it is below half of the published difference,
        "larger" if it is above one and a half of that, "holds" if it is above half of it, else "undecided". All but
        "shrinks" need a p below .05.

    Examples
    --------
    >>> maps = {"LSH": [0.130, 0.140, 0.120], "AGH": [0.161, 0.172, 0.152]}
    >>> rows = [(name, 1000, 16, i, value) for name, values in maps.items() for i, value in enumerate(values)]
    >>> ours = pd.DataFrame(rows, columns=["method", "n_train", "n_bits", "partition", "map"])
    >>> audit(ours, [("AGH", "LSH")])[["published", "ours", "low", "high", "verdict"]].round(3).values.tolist()
    [[0.033, 0.032, 0.03, 0.033, 'holds']]
    """
    place = ["method", "n_train", "n_bits"]
    ours: Any = results.pivot_table("map", place, "partition")
    theirs: Any = ours.reset_index()[place].assign(method=lambda cells: cells["method"].map(published_name))
    theirs = theirs.merge(published_table1(), how="left").set_index(ours.index)["published"]
    rows = []
    for ahead, of in claims:
        for labels in [2000] if ahead == of else [1000, 2000]:
            one, other = (ahead, labels), (of, 1000 if ahead == of else labels)
            if not {one, other} <= set(ours.index.droplevel("n_bits")):
                continue
            lead, published = (table.loc[one] - table.loc[other] for table in (ours, theirs))
            each, by_bits = lead.mean(), lead.mean(axis=1)
            low, high = stats.t.interval(0.95, len(each) - 1, each.mean(), stats.sem(each))
            row = {"ahead": ahead, "of": of, "n_train": labels, "published": published.mean(skipna=False)}
            row |= {"ours": each.mean(), "low": low, "high": high, "lowest": by_bits.min(), "highest": by_bits.max()}
            rows.append(row | {"p": stats.ttest_1samp(each, 0).pvalue})
    table = pd.DataFrame(rows)
    table["p"] = holm(table["p"])
    low, high, sure = table["low"] / table["published"], table["high"] / table["published"], table["p"] < 0.05
    cases = {"": ~(table["published"] > 0), "reverses": sure & (high < 0), "shrinks": high < 0.5}
    cases |= {"larger": sure & (low > 1.5), "holds": sure & (low > 0.5)}
    return table.assign(verdict=np.select(list(cases.values()), list(cases), "undecided"))
