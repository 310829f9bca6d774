"""Figures of chapter 11: how a search grows."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from .style import draw_lines, styled


@styled
def growth(by_rows: pd.DataFrame, by_bits: pd.DataFrame, by_radius: pd.DataFrame) -> Figure:
    """Time of a query and memory of a table, by rows, by bits and by radius.

    Parameters
    ----------
    by_rows, by_bits, by_radius : DataFrame
        Rows of `l2h_tutorial.scale.measure_search`, in which ``n``, ``n_bits`` or ``radius`` differs.
    """
    figure, axes = plt.subplots(2, 3, figsize=(9.4, 5.4), sharey="row")
    varied = [
        ("n", "codes", by_rows),
        ("n_bits", "bits", by_bits),
        ("radius", "Hamming radius", by_radius),
    ]
    for (above, below), (column, label, frame) in zip(axes.T, varied, strict=True):
        values = frame[column]
        table, scan = 1e3 * frame["table_seconds"], 1e3 * frame["scan_seconds"]
        draw_lines(above, values, {"HashTable": table, "plain scan": scan})
        held, codes = frame["table_bytes"] / 1e6, frame["n"] * frame["n_bits"] / 8e6
        draw_lines(below, values, {"HashTable": held, "codes alone": codes})
        below.set_xlabel(label)
        for panel in (above, below):
            panel.set_yscale("log")
            if column != "radius":
                panel.set_xscale("log", base=10 if column == "n" else 2)
            panel.set_xticks(values, [f"{value:,}" for value in values], fontsize=8.5)
            panel.set_xticks([], minor=True)
    axes[0, 0].set_ylabel("milliseconds a query")
    axes[1, 0].set_ylabel("megabytes")
    for panel in axes[:, 1:].ravel():
        panel.get_legend().remove()
    return figure
