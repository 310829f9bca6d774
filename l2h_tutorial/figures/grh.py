"""Figures of chapters 5 to 7: the graph, its vote, the rounds of training, and what they gain."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..datasets import Dataset
from ..grh import GRH
from .images import draw_picture
from .style import BLUE, COLOURS, GREY, LINES, MARKERS, ORANGE, styled

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]


@styled
def adjacency(dataset: Dataset, rows: NDArray[np.int64], S: NDArray[np.int64]) -> Figure:
    """An adjacency matrix with the pictures that it joins along its sides; dark cells are ones.

    Parameters
    ----------
    dataset : Dataset
    rows : (n,) int64
        Row numbers of the pictures, a dozen or so.
    S : (n, n) of 0 and 1
    """
    n = len(rows)
    figure, tiles = plt.subplots(n + 1, n + 1, figsize=(6.4, 6.4), gridspec_kw={"wspace": 0.05, "hspace": 0.05})
    tiles[0, 0].set_axis_off()
    for i in range(n):
        draw_picture(tiles[0, i + 1], dataset, int(rows[i]), small=True)
        draw_picture(tiles[i + 1, 0], dataset, int(rows[i]), small=True)
        for j in range(n):
            cell = tiles[i + 1, j + 1]
            cell.set(xticks=[], yticks=[], facecolor=BLUE if S[i, j] else "white", aspect="equal")
            cell.grid(False)
            cell.text(0.5, 0.5, str(S[i, j]), ha="center", va="center", color="white" if S[i, j] else GREY, fontsize=9)
            for spine in cell.spines.values():
                spine.set(visible=True, color="#cccccc")
    return figure


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
        right.plot(alphas, share, color=COLOURS[i], marker=MARKERS[i], linestyle=LINES[i], label=name)
    right.axvspan(0, 0.5, color=GREY, alpha=0.3)
    right.set(xlim=(0, 1.02), xlabel=r"$\alpha$", ylabel="share of bits flipped")
    right.legend(fontsize=9)
    return figure


@styled
def training_rounds(grh: GRH, points: Floats, labels: NDArray[np.int64], bit: int = 0) -> Figure:
    """One bit of GRH on 2-D points: what the graph asks for, and what the classifier can follow, round by round.

    Parameters
    ----------
    grh : GRH
        Fitted to the points.
    points : (n, 2) float
    labels : (n,) int
        Classes; each has a marker.
    bit : int
        Which bit is drawn.
    """
    rounds = grh.history_
    figure, panels = plt.subplots(
        2, len(rounds), figsize=(2.5 * len(rounds), 5), squeeze=False, sharex=True, sharey=True
    )
    reach = 1.1 * np.abs(points).max()
    ticks = np.linspace(-reach, reach, 200)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    stages = list(grh.staged_transform(grid))
    for column, (step, stage) in enumerate(zip(rounds, stages, strict=True)):
        upper, lower = panels[:, column]
        if column == 0:
            upper.set_axis_off()
            upper.text(0, 0, "each marker\nis a class;\nfilled: bit 1\nhollow: bit 0", ha="center", va="center")
        else:
            _draw_bits(upper, points, labels, step.regularised[:, bit], rounds[column - 1].bits[:, bit])
            upper.set_title(f"{column}. graph step")
        _draw_bits(lower, points, labels, step.bits[:, bit])
        lower.set_title("start: random" if column == 0 else f"{column}. classifier")
        lower.contourf(ticks, ticks, stage[:, bit].reshape(200, 200), levels=[0.5, 1.5], colors=[BLUE], alpha=0.15)
        lower.contour(ticks, ticks, stage[:, bit].reshape(200, 200), levels=[0.5], colors=["black"])
    for axes in panels.ravel():
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    return figure


def _draw_bits(axes: Axes, points: Floats, labels: NDArray[np.int64], bits: Bits, before: Bits | None = None) -> None:
    """Points as filled or hollow markers; those whose bit has just changed have a ring."""
    for label in np.unique(labels):
        for value in (True, False):
            chosen = points[(labels == label) & (bits == value)]
            colour = COLOURS[label]
            face = colour if value else "none"
            axes.scatter(
                chosen[:, 0],
                chosen[:, 1],
                s=26,
                marker=MARKERS[label],
                facecolors=face,
                edgecolors=colour,
                linewidths=1.2,
            )
    if before is not None:
        changed = points[bits != before]
        axes.scatter(changed[:, 0], changed[:, 1], s=110, facecolors="none", edgecolors=ORANGE, linewidths=1.2)


@styled
def lines_with_spread(frame: pd.DataFrame, x: str, y: str, by: str, *, xlabel: str, ylabel: str) -> Figure:
    """Means as lines with bars of one standard deviation, a line for each value of a column.

    Parameters
    ----------
    frame : DataFrame
        One row a trial.
    x, y, by : str
        Columns: across, up, and what the lines are.
    xlabel, ylabel : str
    """
    figure, axes = plt.subplots(figsize=(6.6, 4))
    for i, (name, rows) in enumerate(frame.groupby(by, sort=False)):
        group = rows.groupby(x)[y]
        mean, spread = group.mean(), group.std()
        axes.errorbar(
            mean.index,
            mean,
            yerr=spread,
            color=COLOURS[i],
            marker=MARKERS[i],
            linestyle=LINES[i],
            capsize=3,
            label=str(name),
        )
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, None))
    axes.set_xticks(sorted(frame[x].unique()))
    axes.legend(title=by, fontsize=9.5)
    return figure
