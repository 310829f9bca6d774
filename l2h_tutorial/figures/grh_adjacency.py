"""Figures of chapter 5: the graph of who should share a code, its vote, and when the vote can change a bit."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray

from ..datasets import Dataset
from .data import draw_picture
from .style import BLUE, GREY, RED, look, styled

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

_NODE = 0.34  # width of a picture in the graph, where a class has a circle of radius 0.42 around its centre


@styled
def adjacency(dataset: Dataset, rows: NDArray[np.int64], S: NDArray[np.int64]) -> Figure:
    """A graph of pictures, and beside it the adjacency matrix that says the same.

    Pictures of one class lie together. An edge between two classes is dashed red, one inside a class is solid blue; a
    loop joins a picture to itself.

    Parameters
    ----------
    dataset : Dataset
    rows : (n,) int64
        Row numbers of the pictures, a dozen or so.
    S : (n, n) of 0 and 1
        Symmetric.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 4.2))
    _draw_graph(left, dataset, rows, S)
    _draw_matrix(right, dataset, rows, S)
    return figure


def _draw_graph(axes: Axes, dataset: Dataset, rows: NDArray[np.int64], S: NDArray[np.int64]) -> None:
    labels = dataset.labels[rows]
    classes = np.unique(labels)
    turns = np.pi / 2 + 2 * np.pi * np.arange(len(classes)) / len(classes)
    middles = np.column_stack([np.cos(turns), np.sin(turns)])
    places, outward = np.empty((len(rows), 2)), np.empty((len(rows), 2))
    for label, middle in zip(classes, middles, strict=True):
        members = np.flatnonzero(labels == label)
        around = np.pi / 4 + 2 * np.pi * np.arange(len(members)) / len(members)
        outward[members] = np.column_stack([np.cos(around), np.sin(around)])
        places[members] = middle + 0.42 * outward[members]
        name = dataset.class_names[int(label)]
        side = 0.8 if middle[1] > 0 else -0.8
        axes.text(middle[0], middle[1] + side, name, ha="center", va="center", fontsize=9.5)
    for i, j in np.argwhere(np.triu(S)):
        same = labels[i] == labels[j]
        colour, line = (BLUE, "-") if same else (RED, "--")
        if i == j:
            loop = places[i] + 0.24 * outward[i]
            axes.add_patch(Circle(tuple(loop), 0.1, fill=False, color=BLUE, linewidth=1.4))
        else:
            axes.plot(*places[[i, j]].T, color=colour, linestyle=line, linewidth=1.6)
    for row, (x, y) in zip(rows, places, strict=True):
        tile = axes.inset_axes((x - _NODE / 2, y - _NODE / 2, _NODE, _NODE), transform=axes.transData)
        draw_picture(tile, dataset, int(row), small=True)
    axes.set(xlim=(-1.75, 1.75), ylim=(-1.55, 1.95), aspect="equal")
    axes.set_axis_off()


def _draw_matrix(axes: Axes, dataset: Dataset, rows: NDArray[np.int64], S: NDArray[np.int64]) -> None:
    axes.imshow(np.where(S > 0, 1.0, 0.0), cmap="Blues", vmin=0, vmax=1.4)
    for (i, j), value in np.ndenumerate(S):
        axes.text(j, i, str(value), ha="center", va="center", color="white" if value else GREY, fontsize=8.5)
    for i, row in enumerate(rows):
        for x, y in ((i, -1.1), (-1.1, i)):
            tile = axes.inset_axes((x - 0.45, y - 0.45, 0.9, 0.9), transform=axes.transData)
            draw_picture(tile, dataset, int(row), small=True)
    axes.set(xlim=(-1.7, len(rows) - 0.5), ylim=(len(rows) - 0.5, -1.7))
    axes.set_axis_off()


@styled
def graph_step(before: Bits, votes: Floats, after: Bits, labels: Sequence[str]) -> Figure:
    """Three tables side by side, a row a picture and a column a bit: its bits, its neighbours' vote, its new bits.

    Parameters
    ----------
    before, after : (n, n_bits) bool
    votes : (n, n_bits) float
        Between -1 and 1.
    labels : (n,) of str
        The class of each picture.
    """
    figure, panels = plt.subplots(1, 3, figsize=(7.6, 0.34 * len(labels) + 1), sharey=True)
    tables = (
        ("bits before", np.where(before, 1.0, -1.0), "{:+.0f}"),
        ("vote of the class", votes, "{:+.2f}"),
        ("bits after", np.where(after, 1.0, -1.0), "{:+.0f}"),
    )
    changed = before != after
    for axes, (title, values, form) in zip(panels, tables, strict=True):
        axes.imshow(values, cmap="PuOr", vmin=-1.6, vmax=1.6, aspect="auto")
        for (i, k), value in np.ndenumerate(values):
            flipped = title == "bits after" and changed[i, k]
            text = form.format(value) + ("*" if flipped else "")
            axes.text(k, i, text, ha="center", va="center", fontsize=9, weight="bold" if flipped else "normal")
        axes.grid(False)
        axes.set_title(title)
        axes.set_xticks(range(values.shape[1]), [f"bit {k + 1}" for k in range(values.shape[1])])
    panels[0].set_yticks(range(len(labels)), labels)
    return figure


@styled
def dead_zone(alphas: Floats, flipped: dict[str, Floats]) -> Figure:
    """Where the graph can flip a bit at all, and how many bits it flips on real images, by alpha.

    Parameters
    ----------
    alphas : (n,) float
    flipped : dict of str to (n,) float
        For each kind of labels, the share of all bits that the graph step flips.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.5))
    alpha = np.linspace(0.5, 1, 100)
    threshold = (1 - alpha) / alpha
    left.plot(alpha, threshold, color="black")
    left.fill_between(alpha, threshold, 1, color=BLUE, alpha=0.3)
    left.axvspan(0, 0.5, color=GREY, alpha=0.3)
    left.text(0.25, 0.5, "no bit\ncan flip", ha="center", va="center")
    left.text(0.84, 0.65, "a bit against\nits class flips", ha="center", va="center", fontsize=9.5)
    left.set(xlim=(0, 1), ylim=(0, 1), xlabel=r"$\alpha$", ylabel="strength of the class's vote, $|v|$")
    for i, (name, share) in enumerate(flipped.items()):
        right.plot(alphas, share, label=name, **look(name, i))
    right.axvspan(0, 0.5, color=GREY, alpha=0.3)
    right.set(xlim=(0, 1.02), xlabel=r"$\alpha$", ylabel="share of bits flipped")
    right.legend(fontsize=9)
    return figure
