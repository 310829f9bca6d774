"""Figures of chapter 7: the rounds of training, and what they gain."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from ..grh import GRH
from .style import BLUE, GREEN, GREY, MARKERS, PURPLE, RED, Bits, Floats, Rows, look, show_plane, styled, write

_CELLS = 300  # grid points across a panel of the plane
_RIM = 18  # of them along each side, where the codes of regions are written
_CODES = ("00", "01", "10", "11")
_OF_CODE = (GREEN, RED, PURPLE, BLUE)
_HALVES = ("none", "right", "left", "full")  # what of a marker is filled: the left half is the first bit


@styled
def training_rounds(grh: GRH, points: Floats, labels: Rows) -> Figure:
    """Two bits of GRH on 2-D points: what the graph asks for, and how the boundaries follow, round by round.

    The colour of a point is its code; the tint behind it is the code of its place, between the two boundaries. Where
    they differ, the graph asks for what the classifiers do not give. Boundaries are black, those of the round before
    are grey; the first bit's are solid, the second's dashed.

    Parameters
    ----------
    grh : GRH
        Fitted to the points, with two bits.
    points : (n, 2) float
    labels : (n,) int
        Classes, from 0 to 6; each has a marker.

    Raises
    ------
    ValueError
        If the hasher has not two bits.
    """
    if grh.n_bits != 2:
        raise ValueError(f"grh must have 2 bits, for there is a colour for each of their 4 codes; it has {grh.n_bits}")
    rounds = grh.history_
    figure, panels = plt.subplots(2, len(rounds), figsize=(2.3 * len(rounds), 5.0), squeeze=False)
    reach = 1.1 * np.abs(points).max()
    ticks = np.linspace(-reach, reach, _CELLS)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    stages = [stage.reshape(_CELLS, _CELLS, 2) for stage in grh.staged_transform(grid)]
    for axes in panels.ravel():
        show_plane(axes, reach, xticks=[], yticks=[])
        axes.grid(False)
    _explain(panels[0, 0], reach)
    for column, (step, stage) in enumerate(zip(rounds, stages, strict=True)):
        upper, lower = panels[:, column]
        lower.set_title("start: random lines")
        if column:
            before = stages[column - 1]
            _draw_regions(upper, ticks, before)
            _draw_points(upper, points, labels, step.regularised)
            changed = (step.regularised != rounds[column - 1].bits).any(axis=1)
            _draw_rings(upper, points[changed])
            upper.set_title(f"{column}. the graph asks")
            _draw_boundaries(lower, ticks, before, GREY, 1.0)
            lower.set_title(f"{column}. the lines follow")
        _draw_regions(lower, ticks, stage)
        _draw_points(lower, points, labels, step.bits)
    return figure


def _numbers(bits: Bits) -> Rows:
    """Codes of two bits as numbers from 0 to 3."""
    return 2 * bits[..., 0].astype(np.int64) + bits[..., 1]


def _draw_regions(axes: Axes, ticks: Floats, stage: Bits) -> None:
    """Tint the plane by code, write the codes where they are, and draw the boundaries."""
    codes = _numbers(stage)
    edges = (ticks[0], ticks[-1]) * 2
    axes.imshow(
        codes,
        extent=edges,
        origin="lower",
        cmap=ListedColormap(_OF_CODE),
        vmin=0,
        vmax=3,
        alpha=0.22,
    )
    rim = np.ones_like(codes, dtype=bool)
    rim[_RIM:-_RIM, _RIM:-_RIM] = False
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.2}
    for number in np.unique(codes[rim]):
        rows, columns = np.nonzero((codes == number) & rim)
        places = np.column_stack([ticks[columns], ticks[rows]])
        middle = np.linalg.norm(places - places.mean(axis=0), axis=1).argmin()
        write(axes, 0.93 * places[middle], _CODES[number], fontsize=9, weight="bold", bbox=box)
    _draw_boundaries(axes, ticks, stage, "black", 1.6)


def _draw_boundaries(axes: Axes, ticks: Floats, stage: Bits, colour: str, width: float) -> None:
    """The lines at which a bit changes: solid for the first, dashed for the second."""
    for k, line in enumerate(("-", "--")):
        bit = stage[..., k].astype(float)
        if np.ptp(bit):
            axes.contour(ticks, ticks, bit, levels=[0.5], colors=[colour], linestyles=[line], linewidths=[width])


def _draw_points(axes: Axes, points: Floats, labels: Rows, bits: Bits) -> None:
    """Points in the colour of their code, filled on the sides of its ones."""
    for (x, y), label, number in zip(points, labels, _numbers(bits), strict=True):
        axes.plot(
            x,
            y,
            marker=MARKERS[label],
            markersize=5.5,
            markeredgewidth=1.1,
            color=_OF_CODE[number],
            markerfacecoloralt="white",
            fillstyle=_HALVES[number],
        )


def _draw_rings(axes: Axes, places: Floats) -> None:
    """Around points whose code has just changed."""
    axes.scatter(places[:, 0], places[:, 1], s=95, facecolors="none", edgecolors="black", linewidths=1.1)


def _explain(axes: Axes, reach: float) -> None:
    """Say what colours, halves and rings mean, in the panel that has nothing to show."""
    axes.set_axis_off()
    bits = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=bool)
    places = reach * np.array([[-0.8, 0.8 - 0.3 * row] for row in range(5)])
    _draw_points(axes, places[:4], np.zeros(4, dtype=int), bits)
    _draw_rings(axes, places[4:])
    meanings = [*(f"code {_CODES[number]}" for number in _numbers(bits)), "just changed"]
    for y, meaning in zip(places[:, 1], meanings, strict=True):
        axes.text(-0.6 * reach, y, meaning, va="center", fontsize=10)
    axes.text(-0.9 * reach, -0.75 * reach, "a shape is a class,\nhere a circle for any", va="center", fontsize=10)


@styled
def lines_with_spread(
    frame: pd.DataFrame, x: str, y: str, by: str, *, xlabel: str, ylabel: str, logx: bool = False
) -> Figure:
    """Means as lines with bars of one standard deviation, a line for each value of a column.

    Parameters
    ----------
    frame : DataFrame
        One row a trial.
    x, y, by : str
        Columns: across, up, and what the lines are.
    xlabel, ylabel : str
    logx : bool
        Whether the axis across is logarithmic.
    """
    figure, axes = plt.subplots(figsize=(6.6, 4))
    for i, (name, rows) in enumerate(frame.groupby(by, sort=False)):
        group = rows.groupby(x)[y]
        mean = group.mean()
        axes.errorbar(mean.index, mean, yerr=group.std(), capsize=3, label=str(name), **look(str(name), i))
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, None))
    ticks = sorted(frame[x].unique())
    if logx:
        axes.set_xscale("log")
        axes.minorticks_off()
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.legend(title=by, fontsize=9.5)
    return figure
