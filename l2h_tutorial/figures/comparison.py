"""Figures of chapter 8: methods side by side."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from .style import GREY, look, styled


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


@styled
def precision_recall(curves: pd.DataFrame) -> Figure:
    """Precision against recall, a line a method with a point a radius, and the spread over seeds as a band.

    Parameters
    ----------
    curves : DataFrame
        ``method``, ``seed``, ``radius``, ``precision`` and ``recall``, one row a trial and radius.
    """
    figure, axes = plt.subplots(figsize=(6.6, 4.4))
    for i, (name, rows) in enumerate(curves.groupby("method", sort=False)):
        by_radius = rows.groupby("radius")
        recall = by_radius["recall"].mean()
        precision = by_radius["precision"].mean()
        spread = by_radius["precision"].std().fillna(0)
        line = look(str(name), i)
        axes.plot(recall, precision, label=str(name), markersize=4, **line)
        band = (precision - spread, precision + spread)
        axes.fill_between(recall, *band, color=line["color"], alpha=0.15, linewidth=0)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend(fontsize=9)
    return figure
