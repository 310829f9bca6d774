"""Figures of chapter 8: methods side by side."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from .style import GREY, look, styled
from .tables import Table, table


@styled
def beside_published(table: pd.DataFrame) -> Figure:
    """Mean average precision by code length, ours and the paper's, a panel for each number of labels.

    Parameters
    ----------
    table : DataFrame
        ``method``, ``n_train``, ``n_bits``, ``map``, ``std`` (of ours, drawn as bars) and ``published``, as
        :func:`~l2h_tutorial.protocols.ecir2015.beside_published` gives them.
    """
    panels = list(table.groupby("n_train"))
    figure, row = plt.subplots(1, len(panels), figsize=(4.2 * len(panels), 4.6), sharey=True, squeeze=False)
    hollow = {"linestyle": ":", "markerfacecolor": "white"}
    for axes, (n_train, rows) in zip(row[0], panels, strict=True):
        for name, line in rows.sort_values("n_bits").groupby("method", sort=False):
            own = look(str(name)) | {"linestyle": "-"}
            axes.errorbar(line["n_bits"], line["map"], yerr=line["std"], capsize=3, label=name, **own)
            axes.plot(line["n_bits"], line["published"], **(own | hollow))
        axes.plot([], [], color=GREY, marker="o", label="the paper's figure", **hollow)
        axes.set(xlabel="bits", title=f"{n_train:,} labels")
        axes.set_xticks(sorted(table["n_bits"].unique()))
    first = row[0, 0]
    first.set(ylabel="mAP", ylim=(0, None))  # shared, so only when everything is drawn
    handles, labels = first.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
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
    wide = cells.unstack("dataset").loc[rows["method"].unique(), rows["dataset"].unique()]
    return table(wide.rename_axis(index=None, columns=None))


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
    wide = cells.unstack("dataset").loc[contrasts.index.unique("contrast"), contrasts.index.unique("dataset")]
    return table(wide.rename_axis(index=None, columns=None))
