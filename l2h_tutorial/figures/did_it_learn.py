"""Figures of chapter 9: what each control scores, and which classes have codewords that are alike."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .style import BLUE, COLOURS, GREY, MARKERS, RED, Floats, styled


@styled
def control_scores(frame: pd.DataFrame, chance: float) -> Figure:
    """A row for each method, a small mark for each seed and a line at the mean; chance is a dotted line.

    Parameters
    ----------
    frame : DataFrame
        One row a trial, with columns ``method`` and ``map``; methods in the order in which they first come. With a
        column ``n_bits`` of several values, each has a colour and a marker.
    chance : float
        The mAP of a random order.
    """
    methods = list(frame["method"].unique())
    groups = frame.groupby("n_bits") if "n_bits" in frame else [(None, frame)]
    figure, axes = plt.subplots(figsize=(6.8, 0.42 * len(methods) + 1.2))
    for i, (n_bits, rows) in enumerate(groups):
        label = None if n_bits is None else str(n_bits) + " bits"
        lift = 0.22 * (i - (len(groups) - 1) / 2)
        places = lift + rows["method"].map(methods.index)
        axes.scatter(
            rows["map"],
            places,
            s=22,
            color=COLOURS[i],
            marker=MARKERS[i],
            alpha=0.7,
            label=label,
        )
        for method, mean in rows.groupby("method")["map"].mean().items():
            place = methods.index(method) + lift
            axes.plot([mean, mean], [place - 0.14, place + 0.14], color="black", linewidth=2)
    axes.axvline(chance, color=GREY, linestyle=":", label="random order")
    axes.set_yticks(range(len(methods)), methods)
    axes.set(xlabel="mAP", xlim=(0, None), ylim=(len(methods) - 0.5, -0.5))
    axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@styled
def codeword_distances(angles: Floats, distances: Mapping[str, Floats], pairs: Sequence[str]) -> Figure:
    """Hamming distance of two classes' codewords by the angle between the classes' means, a panel for each set.

    Parameters
    ----------
    angles : (n_pairs,) array of float
        In degrees.
    distances : mapping of str to (n_pairs,) array
        By the name of the set of codewords.
    pairs : (n_pairs,) of str
        The two classes; the pair at the smallest angle is named in the figure.
    """
    n_panels = len(distances)
    figure, panels = plt.subplots(1, n_panels, figsize=(3.4 * n_panels, 3.4), sharey=True, squeeze=False)
    alike = int(np.argmin(angles))
    for axes, (name, values) in zip(panels[0], distances.items(), strict=True):
        axes.scatter(angles, values, s=26, color=BLUE, alpha=0.7)
        axes.scatter(angles[alike], values[alike], s=70, color=RED, marker="D", label=pairs[alike])
        axes.set(
            title=name,
            xlabel="angle between class means (degrees)",
            xlim=(0, None),
            ylim=(0, None),
        )
    first = panels[0, 0]
    first.set_ylabel("bits that differ")
    first.legend(fontsize=9, loc="upper left")
    return figure
