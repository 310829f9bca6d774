"""Figures of part II: the graph, the rounds of training, and methods side by side."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from ..checks import Bits, Floats, Integers
from ..datasets import Dataset
from ..grh import GRH
from .colours import BLUE, GREEN, GREY, MARKERS, ORANGE, PURPLE, RED, Look, look, tint
from .finding import draw_picture
from .style import (
    across,
    grid_of_plane,
    hide_ticks,
    panels,
    show_plane,
    styled,
    unit,
    write,
    write_codes,
)
from .tables import Table, table

# --- chapter 6: the graph of who should share a code, its vote, and when the vote can change a bit

# sizes in the graph
_CLASS = 1.75  # from the middle of one class to that of the next
_CIRCLE = 0.46  # radius of the circle of pictures around the middle of a class
_NODE = 0.42  # width of a picture


@styled
def adjacency(dataset: Dataset, rows: Integers, S: Integers) -> Figure:
    """Draw a graph of pictures, and the adjacency matrix that says the same.

    Pictures of one class lie together. An edge between two classes is dashed orange, one inside a
    class is solid blue; a loop joins a picture to itself.

    Parameters
    ----------
    dataset : Dataset
    rows : (n,) int64
        Row numbers of the pictures, a dozen or so.
    S : (n, n) of 0 and 1
        Symmetric.
    """
    shares = across({"height_ratios": (2, 5)}, {"width_ratios": (4, 3)})
    figure, (graph, matrix) = panels(2, across(2.8, 3.2), **shares)
    _draw_graph(graph, dataset, rows, S)
    _draw_matrix(matrix, dataset, rows, S)
    return figure


def _draw_graph(axes: Axes, dataset: Dataset, rows: Integers, S: Integers) -> None:
    labels = dataset.labels[rows]
    classes = np.unique(labels)
    places = np.empty((len(rows), 2))
    outward = np.empty((len(rows), 2))
    for k, label in enumerate(classes):
        members = np.flatnonzero(labels == label)
        outward[members] = unit(3 * np.pi / 4 - 2 * np.pi * np.arange(len(members)) / len(members))
        places[members] = (_CLASS * k, 0) + _CIRCLE * outward[members]
        write(axes, (_CLASS * k, -0.82), dataset.class_names[label])
    for i, j in np.argwhere(np.triu(S)):
        colour, line = (BLUE, "-") if labels[i] == labels[j] else (ORANGE, "--")
        if i == j:
            axes.add_patch(
                Circle(places[i] + 0.32 * outward[i], 0.12, fill=False, color=BLUE, linewidth=1.4)
            )
        else:
            axes.plot(*places[[i, j]].T, color=colour, linestyle=line, linewidth=1.6)
    for row, place in zip(rows, places, strict=True):
        _draw_node(axes, dataset, row, place, _NODE)
    axes.set(xlim=(-0.85, _CLASS * (len(classes) - 1) + 0.85), ylim=(-0.95, 0.7), aspect="equal")
    axes.set_axis_off()


def _draw_node(axes: Axes, dataset: Dataset, row: int, place: Any, width: float) -> None:
    """Draw a picture with its middle at a place."""
    corner = np.subtract(place, width / 2)
    tile = axes.inset_axes((*corner, width, width), transform=axes.transData)
    draw_picture(tile, dataset, row)


def _draw_matrix(axes: Axes, dataset: Dataset, rows: Integers, S: Integers) -> None:
    axes.imshow(tint(S > 0))
    for (i, j), value in np.ndenumerate(S):
        write(axes, (j, i), str(value), color="black" if value else GREY)
    for i, row in enumerate(rows):
        _draw_node(axes, dataset, row, (i, -1.1), 0.9)
        _draw_node(axes, dataset, row, (-1.1, i), 0.9)
    end = len(rows) - 0.5
    axes.set(xlim=(-1.7, end), ylim=(end, -1.7))
    axes.set_axis_off()


@styled
def graph_step(before: Bits, votes: Floats, after: Bits, labels: Sequence[str]) -> Figure:
    """Draw the bits of pictures, their neighbours' votes, and the new bits, as three tables.

    A row is a picture, a column a bit.

    Parameters
    ----------
    before, after : (n, n_bits) bool
    votes : (n, n_bits) float
        Between -1 and 1.
    labels : (n,) of str
        The class of each picture.
    """
    n, n_bits = before.shape
    figure, row = panels(3, 0.27 * n + 0.8, 3, sharey=True)
    nothing = np.zeros_like(before)
    tables = [
        ("bits before", 2.0 * before - 1, nothing),
        ("class's vote", votes, nothing),
        ("bits after", 2.0 * after - 1, before != after),
    ]
    for axes, (title, values, flipped) in zip(row, tables, strict=True):
        axes.imshow(tint(values), aspect="auto")
        for (i, k), value in np.ndenumerate(values):
            star, weight = ("*", "bold") if flipped[i, k] else ("", "normal")
            number = f"{value:+.2g}{star}".replace("-", "\N{MINUS SIGN}").replace("0.", ".")
            write(axes, (k, i), number, weight=weight)
        axes.grid(False)
        axes.spines[:].set_visible(False)
        axes.set(title=title, xlabel="bit")
        axes.set_xticks(range(n_bits), range(1, n_bits + 1))
    row[0].set_yticks(range(n), labels)
    return figure


@styled
def dead_zone(alphas: Floats, flipped: dict[str, Floats]) -> Figure:
    """Draw where the graph can flip a bit at all, and how many bits of images it flips, by alpha.

    Parameters
    ----------
    alphas : (n,) float
    flipped : dict of str to (n,) float
        For each kind of labels, the share of all bits that the graph step flips.
    """
    figure, (above, below) = panels(2, 3.2)
    alpha = np.linspace(0.5, 1, 100)
    threshold = (1 - alpha) / alpha
    above.plot(alpha, threshold, color="black")
    above.fill_between(alpha, threshold, 1, color=BLUE, alpha=0.3)
    above.axvspan(0, 0.5, color=GREY, alpha=0.3)
    write(above, (0.25, 0.5), "no bit\ncan flip")
    write(above, (0.84, 0.65), "a bit against its\nclass flips")
    write(above, (0.65, 0.2), "too weak:\nit stays")
    above.set(
        xlim=(0, 1.02),
        ylim=(0, 1),
        xlabel=r"$\alpha$",
        ylabel="strength of the class's vote, $|v|$",
    )
    for i, (name, share) in enumerate(flipped.items()):
        below.plot(alphas, share, label=name, **look(name, i))
    below.axvspan(0, 0.5, color=GREY, alpha=0.3)
    below.set(xlim=(0, 1.02), xlabel=r"$\alpha$", ylabel="share of bits flipped")
    return figure


# --- chapter 7: the rounds of training, and what they gain ----------------------------------------

# by code: 00, 01, 10 and 11
_COLOUR_OF_CODE = (GREEN, GREY, PURPLE, BLUE)
_FILLED_HALF = ("none", "right", "left", "full")  # of a marker; the left one is the first bit


@styled
def training_rounds(grh: GRH, points: Floats, labels: Integers) -> Figure:
    """Draw, round by round, what the graph asks of two bits of GRH, and how the boundaries follow.

    The colour of a point is its code. The tint behind it is the code of its place in the plane.
    Where they differ, the graph asks for what the classifiers do not give. Boundaries are black,
    those of the round before are grey. Those of the first bit are solid, of the second dashed.

    Parameters
    ----------
    grh : GRH
        Fitted to the points, with two bits.
    points : (n, 2) float
    labels : (n,) int
        Classes, from 0 to 6; each has a marker.
    """
    rounds = grh.history_
    figure, tiles = panels(2 * len(rounds), 2.05, across(2, 4))
    reach = 1.1 * np.abs(points).max()
    grid = grid_of_plane(reach, 300)
    stages = [stage.reshape(grid.shape) for stage in grh.staged_transform(grid.reshape(-1, 2))]
    for axes in tiles.flat:
        show_plane(axes, reach)
        hide_ticks(axes)
    _explain(tiles[0])
    for i, (step, stage) in enumerate(zip(rounds, stages, strict=True)):
        asked, followed = tiles[2 * i : 2 * i + 2]
        followed.set_title("start: random lines")
        if i:
            _draw_regions(asked, grid, stages[i - 1], points)
            _draw_points(asked, points, labels, step.regularised)
            changed = (step.regularised != rounds[i - 1].bits).any(axis=1)
            _draw_rings(asked, points[changed])
            asked.set_title(f"{i}. the graph asks")
            _draw_boundaries(followed, reach, stages[i - 1], GREY, 1.0)
            followed.set_title(f"{i}. the lines follow")
        _draw_regions(followed, grid, stage, points)
        _draw_points(followed, points, labels, step.bits)
    return figure


def _draw_regions(axes: Axes, grid: Floats, stage: Bits, points: Floats) -> None:
    """Tint the plane by code, write the codes where they are, and draw the boundaries."""
    reach = grid.max()
    axes.imshow(
        stage @ [2, 1],
        extent=(-reach, reach) * 2,
        origin="lower",
        cmap=ListedColormap(_COLOUR_OF_CODE),
        vmin=0,
        vmax=3,
        alpha=0.22,
    )
    coarse = 0.9 * grid[::12, ::12].reshape(-1, 2)
    write_codes(axes, coarse, stage[::12, ::12].reshape(-1, 2), points)
    _draw_boundaries(axes, reach, stage, "black", 1.6)


def _draw_boundaries(axes: Axes, reach: float, stage: Bits, colour: str, width: float) -> None:
    """Draw the lines at which a bit changes: solid for the first, dashed for the second."""
    for k, line in enumerate(("-", "--")):
        bit = stage[..., k].astype(float)
        if np.ptp(bit):
            axes.contour(
                bit,
                levels=[0.5],
                extent=(-reach, reach) * 2,
                colors=[colour],
                linestyles=[line],
                linewidths=[width],
            )


def _draw_points(axes: Axes, points: Floats, labels: Integers, bits: Bits) -> None:
    """Draw points in the colour of their code, filled on the sides of its ones."""
    numbers = bits @ [2, 1]
    for label, number in sorted(set(zip(labels, numbers, strict=True))):
        alike = points[(labels == label) & (numbers == number)]
        axes.plot(
            *alike.T,
            linestyle="",
            color=_COLOUR_OF_CODE[number],
            marker=MARKERS[label],
            markersize=5.5,
            markeredgewidth=1.1,
            fillstyle=_FILLED_HALF[number],
            markerfacecoloralt="white",
        )


def _draw_rings(axes: Axes, places: Floats) -> None:
    """Draw rings around points whose code has just changed."""
    axes.scatter(
        places[:, 0], places[:, 1], s=95, facecolors="none", edgecolors="black", linewidths=1.1
    )


def _explain(axes: Axes) -> None:
    """Explain colours, halves and rings in the first panel, which has nothing else to show."""
    axes.set_axis_off()
    nowhere = np.full((1, 2), np.nan)
    for bits in ([1, 1], [1, 0], [0, 1], [0, 0]):
        _draw_points(axes, nowhere, np.zeros(1, dtype=int), np.array([bits]))
    _draw_rings(axes, nowhere)
    meanings = ["code 11", "code 10", "code 01", "code 00", "just changed"]
    title = "shape = class\n(here circles stand\nfor any class)"
    axes.legend([*axes.lines, *axes.collections], meanings, title=title, loc="center")


@styled
def lines_with_spread(trials: pd.DataFrame) -> Figure:
    """Draw the mean mAP of methods by the number of labels, with bars of one standard deviation.

    The axis of the labels is logarithmic.

    Parameters
    ----------
    trials : DataFrame
        One row a trial, with ``method``, ``labels`` and ``mAP``.
    """
    figure, (axes,) = panels(1, 3.7)
    for method, rows in trials.groupby("method", sort=False):
        scores = rows.groupby("labels")["mAP"].agg(["mean", "std"])
        drawn = axes.errorbar(
            scores.index, scores["mean"], yerr=scores["std"], capsize=3, **look(str(method))
        )
        drawn.lines[0].set_label(method)
    axes.set(xlabel="training labels", ylabel="mAP", ylim=(0, None), xscale="log")
    ticks = sorted(trials["labels"].unique())
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    return figure


# --- chapter 8: methods side by side --------------------------------------------------------------

_VERDICTS: dict[str, Look] = {
    "larger": {"color": GREEN, "marker": "^"},
    "holds": {"color": BLUE, "marker": "o"},
    "undecided": {"color": BLUE, "marker": "o", "markerfacecolor": "white"},
    "shrinks": {"color": ORANGE, "marker": "v"},
    "reverses": {"color": ORANGE, "marker": "s"},
    "": {"color": GREY, "marker": "x"},
}


@styled
def verdicts(claims: pd.DataFrame) -> Figure:
    """Draw differences between methods: ours with its interval, and the paper's.

    A row has a mark for each number of labels, the smallest number above.

    Parameters
    ----------
    claims : DataFrame
        ``ahead``, ``of``, ``n_train``, ``published``, ``ours``, ``low``, ``high`` and ``verdict``,
        as :func:`~l2h_tutorial.protocols.ecir2015.judge_claims` gives them. Each verdict has a
        colour and a marker; one that is undecided is hollow.
    """
    lines: list[tuple[Any, str]] = []
    for ahead, rows in claims.groupby("ahead", sort=False):
        lines += [(ahead, ""), *((ahead, of) for of in rows["of"].unique())]
    places = [lines.index(pair) for pair in zip(claims["ahead"], claims["of"], strict=True)]
    rank = claims["n_train"].rank(method="dense")
    claims = claims.assign(place=places + 0.36 * (rank - (rank.max() + 1) / 2))
    figure, (axes,) = panels(1, 0.9 + across(0.3, 0.24) * len(lines))
    axes.axvline(0, color="black", linewidth=0.8)
    axes.plot(claims["published"], claims["place"], "|", color="black", label="published")
    for verdict, style in _VERDICTS.items():
        judged = claims[claims["verdict"] == verdict]
        if len(judged):
            ours = judged["ours"]
            bars = [ours - judged["low"], judged["high"] - ours]
            label = verdict or "no claim of the paper"
            axes.errorbar(ours, judged["place"], xerr=bars, linestyle="", label=label, **style)
    numbers = ", ".join(f"{n:,}" for n in sorted(claims["n_train"].unique()))
    axes.set_title(f"labels, from above: {numbers}", loc="right")
    axes.set(xlabel="difference of mAP", ylim=(len(lines) - 0.4, -0.6))
    names = [fill(f"over {of}" if of else ahead, across(24, 99)) for ahead, of in lines]
    axes.set_yticks(range(len(lines)), names)
    for label, (_, of) in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_weight("normal" if of else "bold")
    figure.legend(loc="outside upper left", ncols=across(2, 3), columnspacing=1)
    return figure


def spread_table(rows: pd.DataFrame) -> Table:
    """Show each method's mean average precision and its spread, a column for each data set.

    Parameters
    ----------
    rows : DataFrame
        ``method``, ``dataset`` and ``map``, one row a split; methods and data sets in the order in
        which they first come.

    Returns
    -------
    Table
        Mean and sample standard deviation over the splits, if there are several. The best of each
        data set is bold.

    Examples
    --------
    >>> spread_table(pd.DataFrame({"method": "LSH", "dataset": "cifar10", "map": [0.13, 0.15]}))
    method mAP ± spread: CIFAR-10
    LSH             0.140 ± 0.014
    """
    scores = rows.groupby(["method", "dataset"], sort=False)["map"].agg(["mean", "std"])
    spread = scores["std"].map(" ± {:.3f}".format, na_action="ignore").fillna("")
    cells = scores["mean"].map("{:.3f}".format) + spread
    return _by_dataset("mAP ± spread: ", cells, best=scores["mean"])


def interval_table(means: pd.DataFrame, measure: str) -> Table:
    """Show means with their intervals, a column for each data set. The best of each is bold.

    Parameters
    ----------
    means : DataFrame
        ``mean``, ``low`` and ``high``, by name and data set, as
        :func:`~l2h_tutorial.protocols.contrasts.means_over_splits` gives them.
    measure : str
        What was measured.

    Returns
    -------
    Table

    Examples
    --------
    >>> found = pd.DataFrame({"method": ["LSH"], "dataset": "cifar10", "mean": 0.5})
    >>> interval_table(found.assign(low=0.4, high=0.6).set_index(["method", "dataset"]), "mAP")
    method         mAP: CIFAR-10
    LSH     0.500 (0.400 to 0.600)
    """
    texts = means.dropna().apply("{mean:.3f} ({low:.3f} to {high:.3f})".format_map, axis=1)
    return _by_dataset(f"{measure}: ", texts.reindex(means.index), best=means["mean"])


def contrast_table(contrasts: pd.DataFrame) -> Table:
    """Show differences with intervals, and a star where the adjusted p-value is below .05.

    Parameters
    ----------
    contrasts : DataFrame
        As :func:`~l2h_tutorial.protocols.contrasts.paired_contrasts` gives it.

    Returns
    -------
    Table
        A column for each data set.

    Examples
    --------
    >>> pair = {"contrast": ["GRH, minus LSH"], "dataset": ["cifar10"]}
    >>> found = pd.DataFrame(pair | {"difference": 0.107, "low": 0.092, "high": 0.121, "p": 0.01})
    >>> contrast_table(found.set_index(["contrast", "dataset"]))
    contrast        difference of mAP: CIFAR-10
    GRH, minus LSH  +0.107* (+0.092 to +0.121)
    """
    starred = contrasts.assign(star=np.where(contrasts["p"] < 0.05, "*", " "))
    form = "{difference:+.3f}{star} ({low:+.3f} to {high:+.3f})"
    return _by_dataset("difference of mAP: ", starred.apply(form.format_map, axis=1))


def _by_dataset(what: str, cells: pd.Series, best: pd.Series | None = None) -> Table:
    """Show texts by name and data set, in their order; the data sets are columns below `what`."""
    order = (cells.index.unique(0), cells.index.unique(1))
    wide = cells.unstack().loc[order]
    wide = wide.rename(columns={"fashion-mnist": "Fashion-MNIST", "cifar10": "CIFAR-10"})
    return table(wide.add_prefix(what), best=None if best is None else best.unstack().loc[order])


# --- chapter 9: what each control scores ----------------------------------------------------------


@styled
def control_scores(frame: pd.DataFrame, chance: float) -> Figure:
    """Draw the scores of each method, a row each: a mark for each seed and a line at the mean.

    Chance is a dotted line.

    Parameters
    ----------
    frame : DataFrame
        One row a trial, with columns ``method`` and ``map``; methods in the order in which they
        first come.
    chance : float
        The mAP of a random order.
    """
    of_method = frame.groupby("method")["map"]
    means = of_method.mean().sort_values()
    figure, (axes,) = panels(1, 0.27 * len(means) + 0.9)
    for place, (method, mean) in enumerate(means.items()):
        colour = RED if "GRH" in str(method) else BLUE
        scores = of_method.get_group(method)
        axes.scatter(scores, [place] * len(scores), s=18, color=colour, alpha=0.45)
        axes.plot([mean, mean], [place - 0.32, place + 0.32], color=colour, linewidth=2.4)
        axes.text(
            1.01,
            place,
            f"{mean:.3f}",
            transform=axes.get_yaxis_transform(),
            va="center",
            color=colour,
        )
    axes.axvline(chance, color=GREY, linestyle=":")
    axes.text(chance, len(means) - 0.6, " random order", color=GREY)
    axes.set_yticks(range(len(means)), means.index)
    for tick in axes.get_yticklabels():
        tick.set_color(RED if "GRH" in tick.get_text() else "black")
    axes.set(xlabel="mAP", xlim=(0, None), ylim=(-0.6, len(means) + 0.2))
    return figure
