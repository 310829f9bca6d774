"""Figures of chapter 7: methods side by side."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from .style import COLOURS, GREY, MARKERS, look, styled


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
    looks = {name: (COLOURS[i % 7], MARKERS[i % 7]) for i, name in enumerate(table["method"].unique())}
    for axes, (n_train, rows) in zip(row[0], panels, strict=True):
        for name, line in rows.sort_values("n_bits").groupby("method", sort=False):
            colour, marker = looks[name]
            axes.errorbar(
                line["n_bits"], line["map"], yerr=line["std"], color=colour, marker=marker, capsize=3, label=name
            )
            axes.plot(line["n_bits"], line["published"], color=colour, marker=marker, mfc="white", linestyle=":")
        axes.plot([], [], color=GREY, marker="o", mfc="white", linestyle=":", label="the paper's figure")
        axes.set(xlabel="bits", title=f"{n_train:,} labels")
        axes.set_xticks(sorted(table["n_bits"].unique()))
    row[0, 0].set(ylabel="mAP", ylim=(0, None))  # shared, so only when everything is drawn
    handles, labels = row[0, 0].get_legend_handles_labels()
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
        mean, spread = by_radius[["precision", "recall"]].mean(), by_radius["precision"].std().fillna(0)
        low, high = mean["precision"] - spread, mean["precision"] + spread
        axes.plot(mean["recall"], mean["precision"], label=str(name), markersize=4, **look(str(name), i))
        axes.fill_between(mean["recall"], low, high, color=look(str(name), i)["color"], alpha=0.15, linewidth=0)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend(fontsize=9)
    return figure
