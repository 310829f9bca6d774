"""Figures of chapter 6: the graph of who should share a code, its vote, and when the vote can change a bit."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from ..datasets import Dataset
from .data import draw_picture
from .style import BLUE, GREY, RED, Bits, Floats, Rows, look, styled, write

_NODE = 0.34  # width of a picture in the graph, where a class has a circle of radius 0.42 around its centre


@styled
def adjacency(dataset: Dataset, rows: Rows, S: Rows) -> Figure:
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


def _draw_graph(axes: Axes, dataset: Dataset, rows: Rows, S: Rows) -> None:
    labels = dataset.labels[rows]
    classes = np.unique(labels)
    places = np.empty((len(rows), 2))
    outward = np.empty((len(rows), 2))
    for label, middle in zip(classes, _circle(len(classes), np.pi / 2), strict=True):
        members = np.flatnonzero(labels == label)
        outward[members] = _circle(len(members), np.pi / 4)
        places[members] = middle + 0.42 * outward[members]
        x, y = middle
        write(axes, (x, y + (0.8 if y > 0 else -0.8)), dataset.class_names[label], fontsize=9.5)
    for i, j in np.argwhere(np.triu(S)):
        colour, line = (BLUE, "-") if labels[i] == labels[j] else (RED, "--")
        if i == j:
            loop = Circle(places[i] + 0.24 * outward[i], 0.1, fill=False, color=BLUE, linewidth=1.4)
            axes.add_patch(loop)
        else:
            x, y = places[[i, j]].T
            axes.plot(x, y, color=colour, linestyle=line, linewidth=1.6)
    for row, place in zip(rows, places, strict=True):
        _draw_node(axes, dataset, row, place, _NODE)
    axes.set(xlim=(-1.75, 1.75), ylim=(-1.55, 1.95), aspect="equal")
    axes.set_axis_off()


def _circle(n: int, start: float) -> Floats:
    """Places on the unit circle, evenly apart."""
    turns = start + 2 * np.pi * np.arange(n) / n
    return np.column_stack([np.cos(turns), np.sin(turns)])


def _draw_node(axes: Axes, dataset: Dataset, row: int, place: Any, width: float) -> None:
    """A picture around a place."""
    corner = np.subtract(place, width / 2)
    tile = axes.inset_axes((*corner, width, width), transform=axes.transData)
    draw_picture(tile, dataset, row, small=True)


def _draw_matrix(axes: Axes, dataset: Dataset, rows: Rows, S: Rows) -> None:
    axes.imshow(S > 0, cmap="Blues", vmin=0, vmax=1.4)
    for (i, j), value in np.ndenumerate(S):
        write(axes, (j, i), str(value), color="white" if value else GREY, fontsize=8.5)
    for i, row in enumerate(rows):
        _draw_node(axes, dataset, row, (i, -1.1), 0.9)
        _draw_node(axes, dataset, row, (-1.1, i), 0.9)
    end = len(rows) - 0.5
    axes.set(xlim=(-1.7, end), ylim=(end, -1.7))
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
    n, n_bits = before.shape
    figure, panels = plt.subplots(1, 3, figsize=(7.6, 0.34 * n + 1), sharey=True)
    nothing = np.zeros_like(before)
    tables = [
        ("bits before", 2.0 * before - 1, "+.0f", nothing),
        ("vote of the class", votes, "+.2f", nothing),
        ("bits after", 2.0 * after - 1, "+.0f", before != after),
    ]
    for axes, (title, values, form, flipped) in zip(panels, tables, strict=True):
        axes.imshow(values, cmap="PuOr", vmin=-1.6, vmax=1.6, aspect="auto")
        for (i, k), value in np.ndenumerate(values):
            star, weight = ("*", "bold") if flipped[i, k] else ("", "normal")
            write(axes, (k, i), f"{value:{form}}{star}", fontsize=9, weight=weight)
        axes.grid(False)
        axes.set_title(title)
        axes.set_xticks(range(n_bits), [f"bit {k + 1}" for k in range(n_bits)])
    panels[0].set_yticks(range(n), labels)
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
    write(left, (0.25, 0.5), "no bit\ncan flip")
    write(left, (0.84, 0.65), "a bit against\nits class flips", fontsize=9.5)
    write(left, (0.65, 0.2), "too weak:\nit stays", fontsize=9.5)
    left.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel=r"$\alpha$",
        ylabel="strength of the class's vote, $|v|$",
    )
    for i, (name, share) in enumerate(flipped.items()):
        right.plot(alphas, share, label=name, **look(name, i))
    right.axvspan(0, 0.5, color=GREY, alpha=0.3)
    right.set(xlim=(0, 1.02), xlabel=r"$\alpha$", ylabel="share of bits flipped")
    right.legend(fontsize=9, loc="upper left")
    return figure
