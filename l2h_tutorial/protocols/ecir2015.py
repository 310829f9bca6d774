"""Table 1 of the GRH paper, as published, and ours beside it."""

import pandas as pd

__all__ = ["beside_published", "published_table1"]

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
        classifiers stand beside the paper's rbf.

    Examples
    --------
    >>> ours = pd.DataFrame({"method": ["PCAH"] * 2, "n_train": 1000, "n_bits": 16, "map": [0.130, 0.134]})
    >>> beside_published(ours)[["map", "partitions", "published", "ratio"]].round(3).values.tolist()
    [[0.132, 2.0, 0.132, 0.998]]
    """
    place = ["method", "n_train", "n_bits"]
    ours = results.groupby(place, sort=False)["map"].agg(map="mean", std="std", partitions="count").reset_index()
    linear = ours["method"].str.replace("linear-svm", "linear")
    ours["published_as"] = linear.str.replace("rbf-svm|kernel-ridge", "rbf", regex=True)  # two ways to one row
    theirs = published_table1().rename(columns={"method": "published_as"})
    both = ours.merge(theirs, on=["published_as", "n_train", "n_bits"], how="left").drop(columns="published_as")
    return both.assign(ratio=both["map"] / both["published"])
