"""Figures of chapter 3: how images fall into buckets, and why the raw ones pile up."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .style import Floats, look, styled


@styled
def corner(angles: dict[str, Floats], balance: dict[str, Floats]) -> Figure:
    """Two signs of a crowded corner: angles between random pairs, and how evenly each hyperplane splits the images.

    Parameters
    ----------
    angles : dict of str to (n_pairs,) float
        Radians, for each way to prepare the vectors.
    balance : dict of str to (n_bits,) float
        For each way, the share of images on the emptier side of each hyperplane, between 0 and 0.5.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.4))
    edges = np.linspace(0, np.pi, 60)
    for (name, values), hatch in zip(angles.items(), ("//", None), strict=False):
        left.hist(
            values,
            bins=edges,
            density=True,
            alpha=0.55,
            color=look(f"LSH, {name}")["color"],
            hatch=hatch,
            label=name,
        )
    left.axvline(np.pi / 2, color="black", linestyle=":")
    left.set(xlabel="angle between two images", yticks=[], title="angles of random pairs")
    left.set_xticks([0, np.pi / 2, np.pi], ["0", "π/2", "π"])
    for name, values in balance.items():
        places = np.arange(1, len(values) + 1)
        right.plot(places, np.sort(values), label=name, **look(f"LSH, {name}"))
    right.axhline(0.5, color="black", linestyle=":")
    right.set(
        xlabel="hyperplane, sorted",
        ylabel="share on the emptier side",
        title="balance of each bit",
        ylim=(-0.02, 0.53),
    )
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (left, right):
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)
    return figure
