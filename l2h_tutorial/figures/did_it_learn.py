"""The figure of chapter 9: what each control scores."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from .style import BLUE, GREY, styled


@styled
def control_scores(frame: pd.DataFrame, chance: float) -> Figure:
    """A row for each method, a small mark for each seed and a line at the mean; chance is a dotted line.

    Parameters
    ----------
    frame : DataFrame
        One row a trial, with columns ``method`` and ``map``; methods in the order in which they first come.
    chance : float
        The mAP of a random order.
    """
    methods = list(frame["method"].unique())
    figure, axes = plt.subplots(figsize=(6.8, 0.36 * len(methods) + 1.2))
    axes.scatter(frame["map"], frame["method"].map(methods.index), s=22, color=BLUE, alpha=0.7)
    for method, mean in frame.groupby("method")["map"].mean().items():
        place = methods.index(method)
        axes.plot([mean, mean], [place - 0.25, place + 0.25], color="black", linewidth=2)
    axes.axvline(chance, color=GREY, linestyle=":", label="random order")
    axes.set_yticks(range(len(methods)), methods)
    axes.set(xlabel="mAP", xlim=(0, None), ylim=(len(methods) - 0.5, -0.5))
    axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    return figure
