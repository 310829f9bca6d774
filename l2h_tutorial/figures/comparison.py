"""Figures of chapter 8: methods side by side."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .style import BLUE, GREEN, GREY, ORANGE, RED, styled
from .tables import Table, table

_VERDICTS: dict[str, dict[str, Any]] = {
    "larger": {"color": GREEN, "marker": "^"},
    "holds": {"color": BLUE, "marker": "o"},
    "undecided": {"color": BLUE, "marker": "o", "markerfacecolor": "white"},
    "shrinks": {"color": ORANGE, "marker": "v"},
    "reverses": {"color": RED, "marker": "s"},
    "": {"color": GREY, "marker": "x"},
}


@styled
def verdicts(claims: pd.DataFrame) -> Figure:
    """Differences between methods, ours with its interval and the paper's, a panel for each number of labels.

    Parameters
    ----------
    claims : DataFrame
        ``ahead``, ``of``, ``n_train``, ``published``, ``ours``, ``low``, ``high`` and ``verdict``, as
        :func:`~l2h_tutorial.protocols.ecir2015.audit` gives them. A verdict is told by colour and marker; one that is
        undecided is hollow.
    """
    names = (claims["ahead"] + " over " + claims["of"]).drop_duplicates()
    panels = list(claims.groupby("n_train"))
    size = (3.6 + 2.6 * len(panels), 1.4 + 0.26 * len(names))
    figure, row = plt.subplots(1, len(panels), figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, (n_train, rows) in zip(row[0], panels, strict=True):
        places = -pd.Series(range(len(names)), index=names)[rows["ahead"] + " over " + rows["of"]].to_numpy()
        axes.axvline(0, color="black", linewidth=0.8)
        axes.plot(rows["published"], places, "|", color="black", markersize=12, label="published")
        for name, style in _VERDICTS.items():
            chosen = (rows["verdict"] == name).to_numpy()
            ends = abs(rows[["low", "high"]].sub(rows["ours"], axis=0)[chosen].to_numpy().T)
            label = name or "no claim of the paper"
            axes.errorbar(rows["ours"][chosen], places[chosen], xerr=ends, linestyle="", label=label, **style)
        axes.set(title=f"{n_train:,} labels", xlabel="difference of mAP")
    row[0, 0].set_yticks(-np.arange(len(names)), names, fontsize=8)
    handles, labels = row[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    return figure


def spread_table(rows: pd.DataFrame) -> Table:
    """Mean average precision of each method, and its spread over the splits, a column for each data set.

    Parameters
    ----------
    rows : DataFrame
        ``method``, ``dataset`` and ``map``, one row a split; methods and data sets in the order in which they first
        come.

    Returns
    -------
    Table
        Mean and sample standard deviation; of one split no spread.

    Examples
    --------
    >>> spread_table(pd.DataFrame({"method": "LSH", "dataset": "cifar10", "map": [0.13, 0.15]}))
               cifar10
    LSH  0.140 ± 0.014
    """
    scores = rows.groupby(["method", "dataset"], sort=False)["map"].agg(["mean", "std"])
    spread = scores["std"].map(" ± {:.3f}".format, na_action="ignore").fillna("")
    cells = scores["mean"].map("{:.3f}".format) + spread
    return _by_dataset(cells)


def contrast_table(contrasts: pd.DataFrame) -> Table:
    """Differences, and behind each its interval and, where its adjusted p-value is below .05, a star.

    Parameters
    ----------
    contrasts : DataFrame
        As :func:`~l2h_tutorial.protocols.contrasts.paired_contrasts` gives it.

    Returns
    -------
    Table
        A column for each data set.

    Examples
    --------
    >>> names = pd.MultiIndex.from_tuples([("GRH, less LSH", "cifar10")], names=["contrast", "dataset"])
    >>> contrast_table(pd.DataFrame({"difference": 0.107, "low": 0.092, "high": 0.121, "p": 0.01}, index=names))
                                         cifar10
    GRH, less LSH  +0.107 (+0.092 to +0.121) *
    """
    cells = contrasts["difference"].map("{:+.3f}".format) + contrasts["low"].map(" ({:+.3f} to".format)
    cells += contrasts["high"].map(" {:+.3f})".format) + contrasts["p"].map(lambda p: " *" if p < 0.05 else "  ")
    return _by_dataset(cells)


def _by_dataset(cells: pd.Series) -> Table:
    """Texts by name and data set as a table, in their order."""
    names, datasets = (cells.index.unique(level) for level in (0, 1))
    return table(cells.unstack().loc[names, datasets].rename_axis(index=None, columns=None))
