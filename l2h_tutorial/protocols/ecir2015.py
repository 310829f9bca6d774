"""Compare Table 1 of the GRH paper with our measurements, and judge its claims."""

from pathlib import Path
from typing import Any

import pandas as pd

from .contrasts import holm, mean_and_interval

COLUMNS = ["ahead", "of", "n_train", "published", "ours", "low", "high", "lowest", "highest", "p"]
_DATA = Path(__file__).parents[1] / "data" / "ecir2015"

CLAIMS = pd.read_csv(_DATA / "claims.csv")
"""Pairs of methods with their numbers of labels. The first is claimed to be ahead of the second."""

TABLE1 = pd.read_csv(_DATA / "table1.csv")
"""Table 1: ``published``, the mean average precision of Hamming ranking on CIFAR-10, by ``method``,
``n_train`` and ``n_bits``. Methods that use no labels are given once."""

# Names of the paper's rows for those of our methods that have other names.
_PUBLISHED_AS = {
    "KSH": "none",
    "KSH, 300 centres": "KSH",
    "KSH, 300 centres, gamma 0.48": "KSH",
    "ITQ+CCA, ridge 0.1": "ITQ+CCA",
}


def beside_published(results: pd.DataFrame) -> pd.DataFrame:
    """Average results over partitions, and put the paper's figure beside each.

    Parameters
    ----------
    results : DataFrame
        Rows as in ``book/results/table1.csv``, with the columns ``method``, ``n_train``,
        ``n_bits``, ``map``, one row a partition.

    Returns
    -------
    DataFrame
        ``method``, ``n_train``, ``n_bits``; ``map``, the mean over ``partitions``, their number;
        ``published``, NaN where the paper has no figure; ``ratio``, ours to the paper's. Both of
        our rbf classifiers stand beside the paper's rbf, two of our rows beside its ITQ+CCA, and
        two beside its KSH.

    Examples
    --------
    >>> maps = [0.130, 0.134]
    >>> ours = pd.DataFrame({"method": "PCAH", "n_train": 1000, "n_bits": 16, "map": maps})
    >>> beside_published(ours)[["map", "partitions", "published", "ratio"]].round(3).values.tolist()
    [[0.132, 2.0, 0.132, 0.998]]
    """
    place = ["method", "n_train", "n_bits"]
    ours = (
        results.groupby(place, sort=False)["map"].agg(map="mean", partitions="count").reset_index()
    )
    ours["published_as"] = ours["method"].map(published_name)
    theirs = TABLE1.rename(columns={"method": "published_as"})
    both = ours.merge(theirs, how="left").drop(columns="published_as")
    return both.assign(ratio=both["map"] / both["published"])


def published_name(method: str) -> str:
    """Return the paper's row that a method of ours is compared with; several may share a row.

    The paper's KSH has 300 centres. It has no row for KSH with kernels around all labelled images,
    nor for landmarks.

    Examples
    --------
    >>> published_name("GRH kernel-ridge, CCA start")
    'GRH rbf, CCA start'
    >>> published_name("KSH, 300 centres"), published_name("KSH")
    ('KSH', 'none')
    """
    for ours, theirs in (("linear-svm", "linear"), ("rbf-svm", "rbf"), ("kernel-ridge", "rbf")):
        method = method.replace(ours, theirs)
    return _PUBLISHED_AS.get(method, method)


def judge_claims(results: pd.DataFrame, *, ratio: float = 0) -> pd.DataFrame:
    """Compare each claim of the paper with our measurements, for each number of labels by itself.

    A claim, one of ``CLAIMS``, is that one method ranks better than another. The difference of the
    two is averaged over the numbers of bits. Our difference is known for each partition. So a
    t-test and a t-interval compare the methods on the same images.

    Parameters
    ----------
    results : DataFrame
        As for :func:`beside_published`.
    ratio : float, default=0
        By which `corrected_variance` widens the intervals.

    Returns
    -------
    DataFrame
        One row a claim and number of labels, if both methods were measured: ``ahead``, ``of``,
        ``n_train``; ``published`` and ``ours``, the mean differences; ``low`` and ``high``, the 95%
        interval of ours; ``lowest`` and ``highest``, our extremes over the numbers of bits; ``p``,
        adjusted by `holm` for the number of rows; ``verdict``.

        The verdict is about published differences above 0. It is "reverses" if the interval lies
        below 0, "shrinks" if it lies below half of the published difference, "larger" if it lies
        above one and a half of that, "holds" if it lies above half of it, else "undecided". All but
        "shrinks" need a p below .05.

    Examples
    --------
    >>> grh = "GRH linear-svm, LSH start"
    >>> maps = {"LSH": [0.130, 0.140, 0.120], grh: [0.201, 0.212, 0.192]}
    >>> rows = [
    ...     (method, 1000, 16, partition, value)
    ...     for method, values in maps.items()
    ...     for partition, value in enumerate(values)
    ... ]
    >>> ours = pd.DataFrame(rows, columns=["method", "n_train", "n_bits", "partition", "map"])
    >>> columns = ["published", "ours", "low", "high", "verdict"]
    >>> judge_claims(ours)[columns].round(3).values.tolist()
    [[0.09, 0.072, 0.07, 0.073, 'holds']]
    """
    place = ["method", "n_train", "n_bits"]
    ours: Any = results.pivot_table("map", place, "partition")
    published: Any = beside_published(results).set_index(place)["published"].sort_index()
    measured = set(ours.index.droplevel("n_bits"))
    rows = []
    for ahead, labels, of, other_labels in CLAIMS.itertuples(index=False):
        one = (ahead, labels)
        other = (of, other_labels)
        if one in measured and other in measured:
            claimed = (published.loc[one] - published.loc[other]).mean(skipna=False)
            # A row for each number of bits, a column for each partition.
            differences = ours.loc[one] - ours.loc[other]
            by_bits = differences.mean(axis=1)
            *interval, p = mean_and_interval(differences.mean(), ratio)
            extremes = by_bits.min(), by_bits.max()
            rows.append((ahead, of, labels, claimed, *interval, *extremes, p))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["p"] = holm(table["p"])
    return table.assign(verdict=table.apply(_verdict, axis=1))


def _verdict(claim: pd.Series) -> str:
    """Judge a claim by its interval, as a multiple of the published difference."""
    if not claim["published"] > 0:
        return ""
    low = claim["low"] / claim["published"]
    high = claim["high"] / claim["published"]
    significant = claim["p"] < 0.05
    if significant and high < 0:
        return "reverses"
    if high < 0.5:
        return "shrinks"
    if significant and low > 1.5:
        return "larger"
    if significant and low > 0.5:
        return "holds"
    return "undecided"
