"""Table 1 of the GRH paper, as published, ours beside it, and what becomes of its claims."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from .contrasts import holm, mean_and_interval

__all__ = ["CLAIMS", "PUBLISHED", "audit", "beside_published"]

N_BITS = (16, 32, 48, 64)
COLUMNS = ["ahead", "of", "n_train", "published", "ours", "low", "high", "lowest", "highest", "p"]
_DATA = Path(__file__).parents[1] / "data" / "ecir2015"

CLAIMS: list[tuple[str, str]] = list(
    pd.read_csv(_DATA / "claims.csv").itertuples(index=False, name=None)
)
"""What is held ahead of what. A method and itself.

With 2,000 labels it is ahead of itself with 1,000.
"""

PUBLISHED = pd.read_csv(_DATA / "table1.csv")
"""Table 1: mean average precision of Hamming ranking on CIFAR-10, ``published``, by ``method``,
``n_train`` and ``n_bits``. Methods that use no labels are given once."""

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
        Of :func:`~l2h_tutorial.protocols.table1.run_table1`: ``method``, ``n_train``, ``n_bits``,
        ``map``, one row a partition.

    Returns
    -------
    DataFrame
        ``method``, ``n_train``, ``n_bits``; ``map`` and ``partitions``: mean and number;
        ``published``, NaN where the paper has none, and ``ratio``, ours to the paper's. Both of our
        rbf classifiers stand beside the paper's rbf, and two rows each beside its ITQ+CCA and KSH.

    Examples
    --------
    >>> ours = pd.DataFrame({"method": ["PCAH"] * 2, "n_train": 1000, "n_bits": 16, "map": [0.130,
    ...     0.134]})
    >>> beside_published(ours)[["map", "partitions", "published", "ratio"]].round(3).values.tolist()
    [[0.132, 2.0, 0.132, 0.998]]
    """
    place = ["method", "n_train", "n_bits"]
    ours = (
        results.groupby(place, sort=False)["map"].agg(map="mean", partitions="count").reset_index()
    )
    ours["published_as"] = ours["method"].map(published_name)
    theirs = PUBLISHED.rename(columns={"method": "published_as"})
    both = ours.merge(theirs, how="left").drop(columns="published_as")
    return both.assign(ratio=both["map"] / both["published"])


def published_name(method: str) -> str:
    """Name the row of the paper that a method of ours stands beside; several of ours may stand
    beside one.

    Its KSH had 300 centres; to kernels around all labelled images, or around landmarks, it has
    nothing.

    Examples
    --------
    >>> names = ("GRH kernel-ridge, CCA start", "KSH, 300 centres", "KSH")
    >>> [published_name(ours) for ours in names]
    ['GRH rbf, CCA start', 'KSH', 'none']
    """
    for ours, theirs in (("linear-svm", "linear"), ("rbf-svm", "rbf"), ("kernel-ridge", "rbf")):
        method = method.replace(ours, theirs)
    return _PUBLISHED_AS.get(method, method)


def audit(results: pd.DataFrame, claims: Iterable[tuple[str, str]] = CLAIMS) -> pd.DataFrame:
    """Hold each claim of the paper against our measurements, for each number of labels by itself.

    A claim is that one method ranks better than another. Its difference is averaged over the
    numbers of bits. Ours is known for each partition, so that the methods are compared on the same
    images, by a t-test and a t-interval.

    Parameters
    ----------
    results : DataFrame
        As for :func:`beside_published`.
    claims : iterable of (str, str)
        What is ahead, and of what; by default ``CLAIMS``. Two equal names: with 2,000 labels it is
        ahead of itself with 1,000.

    Returns
    -------
    DataFrame
        One row a claim and number of labels: ``ahead``, ``of``, ``n_train``; ``published`` and
        ``ours``, the mean differences; ``low`` and ``high``, the 95% interval of ours; ``lowest``
        and ``highest``, of ours over bits; ``p``, adjusted by `holm` for as many tests as there are
        rows; ``verdict``, where the published difference is above 0: "reverses" if the interval is
        below 0, "shrinks" if it is below half of the published difference, "larger" if it is above
        one and a half of that, "holds" if it is above half of it, else "undecided". All but
        "shrinks" need a p below .05.

    Examples
    --------
    >>> maps = {"LSH": [0.130, 0.140, 0.120], "AGH": [0.161, 0.172, 0.152]}
    >>> rows = [(name, 1000, 16, i, value) for name, values in maps.items() for i,
    ...     value in enumerate(values)]
    >>> ours = pd.DataFrame(rows, columns=["method", "n_train", "n_bits", "partition", "map"])
    >>> audit(ours, [("AGH", "LSH")])[["published", "ours", "low", "high",
    ...     "verdict"]].round(3).values.tolist()
    [[0.033, 0.032, 0.03, 0.033, 'holds']]
    """
    place = ["method", "n_train", "n_bits"]
    ours: Any = results.pivot_table("map", place, "partition")
    published: Any = beside_published(results).set_index(place)["published"].sort_index()
    measured = set(ours.index.droplevel("n_bits"))
    rows = []
    for ahead, of in claims:
        for labels in [2000] if ahead == of else [1000, 2000]:
            one = (ahead, labels)
            other = (of, 1000 if ahead == of else labels)
            if one in measured and other in measured:
                lead = (published.loc[one] - published.loc[other]).mean(skipna=False)
                # a row for each number of bits, a column a partition
                differences = ours.loc[one] - ours.loc[other]
                by_bits = differences.mean(axis=1)
                *interval, p = mean_and_interval(differences.mean())
                rows.append((ahead, of, labels, lead, *interval, by_bits.min(), by_bits.max(), p))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["p"] = holm(table["p"])
    return table.assign(verdict=table.apply(_verdict, axis=1))


def _verdict(claim: pd.Series) -> str:
    """What becomes of a claim, by its interval as a multiple of the published difference."""
    if not claim["published"] > 0:
        return ""
    low = claim["low"] / claim["published"]
    high = claim["high"] / claim["published"]
    sure = claim["p"] < 0.05
    if sure and high < 0:
        return "reverses"
    if high < 0.5:
        return "shrinks"
    if sure and low > 1.5:
        return "larger"
    if sure and low > 0.5:
        return "holds"
    return "undecided"
