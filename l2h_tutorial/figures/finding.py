"""Figures of part I: pictures, hyperplanes, buckets, the Hamming ball, candidates."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Wedge
from matplotlib.ticker import MaxNLocator

from ..checks import Bits, Floats, Integers
from ..codes import integers_to_bits
from ..datasets import Dataset
from ..lsh import collision_probability
from ..splits import Split
from .colours import BLUE, COLOURS, GREEN, GREY, MARKERS, ORANGE, SKY, STROKES, look
from .style import (
    BOX,
    across,
    draw_hyperplane,
    hide_ticks,
    in_digits,
    panels,
    show_plane,
    styled,
    unit,
    write,
)

# --- chapter 1: pictures, what a descriptor keeps of one, and who searches for what ---------------


def draw_picture(axes: Axes, dataset: Dataset, row: int) -> None:
    """Show one picture, or a tile with the number of its class if the data set has no pictures."""
    axes.set_axis_on()
    axes.spines[:].set(visible=True, linewidth=0.6)
    hide_ticks(axes)
    if dataset.images is not None:
        axes.imshow(dataset.images[row], vmin=0, vmax=255)
        return
    label = dataset.labels[row]
    axes.axvspan(0, 1, color=COLOURS[label % 7], alpha=0.2)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    write(axes, (0.5, 0.5), str(label))


def _class_of(dataset: Dataset, row: int, width: int = 99, before: str = "") -> str:
    """Return the name of a picture's class, in at most three lines of `width` letters."""
    name = before + dataset.class_names[dataset.labels[row]].replace("/", "/ ")
    name = re.sub(rf"(\w{{{width - 2}}})\w\w+", r"\1.", name)  # shortens words that do not fit
    return fill(name, width, max_lines=3, placeholder="…").replace("/ ", "/")


def _groups_of_tiles(titles: Sequence[str], groups: Iterable[Any], beside: int = 0) -> Figure:
    """Return a figure of up to eight empty tiles for each titled group, `beside` columns before."""
    columns = across(4, 8) + beside
    side = plt.rcParams["figure.figsize"][0] / columns
    lines = [max(1, -(-len(group[:8]) // (columns - beside))) for group in groups]
    heights = [line * (side + 0.16) + 0.3 + 0.16 * beside for line in lines]
    figure = plt.figure(figsize=(side * columns, sum(heights)))
    strips = figure.subfigures(len(titles), 1, squeeze=False, height_ratios=heights).flat
    for strip, line, title in zip(strips, lines, titles, strict=True):
        strip.suptitle(title, x=0.01, ha="left")
        for tile in strip.subplots(line, columns).flat:
            tile.set_axis_off()
    return figure


@styled
def gallery(dataset: Dataset, groups: dict[str, Sequence[int] | Integers]) -> Figure:
    """Draw pictures in titled groups of up to eight, each with the name of its class.

    Parameters
    ----------
    dataset : Dataset
        One without pictures is shown as tiles.
    groups : dict of str to row numbers
        For each group, by its title, the pictures.

    Returns
    -------
    Figure
    """
    figure = _groups_of_tiles(list(groups), groups.values())
    for strip, members in zip(figure.subfigs, groups.values(), strict=True):
        for tile, row in zip(strip.axes, members, strict=False):
            draw_picture(tile, dataset, row)
            tile.set_xlabel(_class_of(dataset, row, 13))
    return figure


@styled
def answers(
    dataset: Dataset,
    queries: Sequence[int] | Integers,
    found: Sequence[Integers],
    *,
    titles: Sequence[str] | None = None,
) -> Figure:
    """Draw queries, and beside each up to eight images found for it, marked as right or wrong.

    An image of the query's class has a solid blue frame and a tick. An image of another class has a
    dashed orange frame, a cross and the name of its class.

    Parameters
    ----------
    dataset : Dataset
        One without pictures is shown as tiles.
    queries : sequence of int
        Row numbers of the queries.
    found : sequence of row numbers
        For each query, the images found.
    titles : sequence of str, optional
        The title of each group of images; by default the query's class.

    Returns
    -------
    Figure
    """
    above = titles or [_class_of(dataset, query, before="query: ") for query in queries]
    figure = _groups_of_tiles(above, found, beside=1)
    for i, (strip, query, rows) in enumerate(zip(figure.subfigs, queries, found, strict=True)):
        tiles = np.array(strip.axes, dtype=object).reshape(-1, across(5, 9))
        shown = list(zip(tiles[:, 1:].flat, rows, strict=False))
        if i == 0 or query != queries[i - 1]:
            shown.insert(0, (tiles[0, 0], query))
        for tile, row in shown:
            colour, line, mark = _verdict(dataset, row, query)
            draw_picture(tile, dataset, row)
            tile.spines[:].set(visible=True, color=colour, linestyle=line, linewidth=2)
            if row != query and tile in tiles[0]:
                mark += "\n"  # the query's has two lines
            tile.set_xlabel(mark, color=colour)
    return figure


def _verdict(dataset: Dataset, row: int, query: int) -> tuple[str, str, str]:
    """Return the colour and the line of a picture's frame, and the text below it."""
    if row == query:
        return GREY, "-", "query:\n" + _class_of(dataset, query, 13)
    if dataset.labels[row] == dataset.labels[query]:
        return BLUE, "-", "\N{CHECK MARK}"
    return ORANGE, "--", _class_of(dataset, row, 13, before="\N{MULTIPLICATION SIGN} ")


@styled
def images_by_class(dataset: Dataset) -> Figure:
    """Draw the first pictures of every class, one row a class."""
    n_shown = across(5, 6)
    figure, tiles = panels(len(dataset.class_names) * n_shown, across(0.62, 0.68), n_shown)
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02)
    for label, name in enumerate(dataset.class_names):
        rows = np.flatnonzero(dataset.labels == label).tolist()
        line = tiles[label * n_shown :][:n_shown]
        for tile in line:
            tile.set_axis_off()
        for tile, row in zip(line, rows, strict=False):
            draw_picture(tile, dataset, row)
        line[0].set_ylabel(fill(name, 12), rotation=0, ha="right", va="center")
    return figure


@styled
def descriptor(dataset: Dataset, row: int) -> Figure:
    """Draw a picture beside its GIST descriptor: 4 scales, 8 orientations, 4 x 4 mean responses."""
    figure = plt.figure(figsize=(plt.rcParams["figure.figsize"][0], across(3.7, 2.9)))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02)
    parts = across({"nrows": 2, "height_ratios": (1, 1.6)}, {"ncols": 2, "width_ratios": (1, 3)})
    before, after = figure.subfigures(**parts)
    picture = before.subplots()
    draw_picture(picture, dataset, row)
    picture.set(title=_class_of(dataset, row))
    tiles = after.subplots(4, 8)
    scales = dataset.features[row].reshape(4, 8, 4, 4)
    for line, responses, name in zip(
        tiles, scales, ("finest", "fine", "coarse", "coarsest"), strict=True
    ):
        for tile, response in zip(line, responses, strict=True):
            tile.imshow(response, vmin=0, vmax=responses.max(), cmap="viridis")
            hide_ticks(tile)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    # the edges to which each filter responds most
    for tile, edge in zip(tiles[0, ::2], ("|", "\\", "—", "/"), strict=True):
        tile.set_title(edge, loc="center")
    after.suptitle("8 orientations, at 4 scales", x=0.01, ha="left")
    return figure


@styled
def split_diagram(split: Split) -> Figure:
    """Draw the three parts of a split as boxes, with their sizes and what each is for."""
    figure, (axes,) = panels(1, 2.4)
    axes.set(xlim=(0, 100), ylim=(0, 30))
    axes.set_axis_off()
    parts = [
        (16, GREEN, "queries", split.y_query, "what we look for;\nnever seen before"),
        (50, BLUE, "training set", split.y_train, "labels a method\nlearns from"),
        (84, GREY, "database", split.y_database, "what is searched; its\nlabels only judge"),
    ]
    for middle, colour, name, labels, purpose in parts:
        axes.add_patch(
            plt.Rectangle((middle - 16, 8), 32, 21, color=colour, alpha=0.18, linewidth=2)
        )
        write(axes, (middle, 25), name, weight="bold")
        write(axes, (middle, 19.5), f"{len(labels):,} images")
        write(axes, (middle, 12.5), purpose)
    draw_arrow(axes, (82, 7.5), (14, 7.5), connectionstyle="arc3,rad=0.1", color=GREEN)
    write(axes, (48, 2.5), "each query is searched for in the database")
    return figure


# --- chapter 2: hyperplanes, codes, and how often two images share a bit --------------------------


def draw_arrow(axes: Axes, end: Any, start: Any = (0, 0), **properties: Any) -> None:
    """Draw an arrow, from the origin if nothing else is said."""
    arrow = {"arrowstyle": "->", "color": "black"} | properties
    axes.annotate("", end, start, arrowprops=arrow)


def draw_bits(axes: Axes, hyperplanes: Floats, reach: float) -> None:
    """Draw lines through the origin, and from each a named arrow to the side where its bit is 1."""
    directions = (hyperplanes / np.linalg.norm(hyperplanes, axis=0)).T
    for k, direction in enumerate(directions, 1):
        draw_hyperplane(axes, direction, linewidth=1.5)
        draw_arrow(axes, 0.4 * reach * direction)
        write(axes, 0.49 * reach * direction, f"bit {k}", bbox=BOX)


@styled
def code_of_points(points: Floats, hyperplanes: Floats, bits: Bits) -> Figure:
    """Draw points in the plane, lines through the origin, and the code of each point.

    Parameters
    ----------
    points : (n, 2) float
    hyperplanes : (2, n_bits) float
        A vector perpendicular to each line, a column each.
    bits : (n, n_bits) bool
        The code of each point.
    """
    figure, (axes,) = panels(1, 4.2)
    codes, members = np.unique(bits, axis=0, return_inverse=True)
    reach = 1.15 * np.abs(points).max()
    around = unit(np.linspace(0, 2 * np.pi, 720))
    for i, name in enumerate(in_digits(codes)):
        colour = COLOURS[i % 7]
        axes.scatter(*points[members == i].T, s=24, color=colour, marker=MARKERS[i % 7])
        middle = around[((around @ hyperplanes > 0) == codes[i]).all(axis=1)].mean(axis=0)
        place = 0.9 * reach * middle / np.abs(middle).max()
        write(axes, place, name, color=colour, weight="bold", bbox=BOX)
    draw_bits(axes, hyperplanes, reach)
    show_plane(axes, reach, xlabel="feature 1", ylabel="feature 2")
    return figure


@styled
def wedge(theta: float) -> Figure:
    """Draw two vectors, random lines, and the two wedges in which a line separates the vectors."""
    figure, (axes,) = panels(1, 4.4)
    n_lines = 24
    first = 0.3  # the direction of x
    second = first + theta
    for turn in (0, 180):
        start, end = np.degrees([first, second]) + turn
        axes.add_patch(
            Wedge((0, 0), 1.1, start, end, lw=1.5, facecolor=to_rgba(SKY, 0.35), edgecolor=SKY)
        )
    directions = np.random.RandomState(1).uniform(0, np.pi, n_lines)
    between = (first < directions) & (directions < second)
    for (x, y), separates in zip(1.1 * unit(directions), between, strict=True):
        colour, stroke = (ORANGE, "-") if separates else (GREY, ":")
        axes.plot([-x, x], [-y, y], color=colour, linestyle=stroke, linewidth=1.4)
    for name, direction in (("x", first), ("y", second)):
        draw_arrow(axes, unit(direction), arrowstyle="-|>", linewidth=2.5)
        write(axes, 1.22 * unit(direction), name, fontsize=14, fontweight="bold")
    write(axes, 0.45 * unit(first + theta / 2), "θ", fontsize=14)
    axes.set(
        xlim=(-1.35, 1.35),
        ylim=(-1.2, 1.35),
        aspect="equal",
        title=f"{between.sum()} of {n_lines} random lines separate x and y;\n"
        f"θ/π predicts {n_lines * theta / np.pi:.1f}",
    )
    axes.set_axis_off()
    return figure


def _mark_degrees(axis: Axis, end: float = np.pi) -> None:
    """Write degrees along an axis of radians, as far as `end`."""
    degrees = 45 * np.arange(np.degrees(end) // 45 + 1)
    axis.set_ticks(np.radians(degrees), [f"{each:.0f}°" for each in degrees])


@styled
def collisions(measured: dict[str, tuple[Floats, Floats]]) -> Figure:
    """Draw the share of hyperplanes that do not separate a pair: measured, and the theory's line.

    Parameters
    ----------
    measured : dict of str to (angles, shares)
        For each kind of pair: angles in radians and shares of equal bits, (n_pairs,) each.
    """
    figure, (axes,) = panels(1, 3.6)
    angles = np.linspace(0, np.pi, 100)
    axes.plot(
        angles, collision_probability(angles), color="black", label=r"theory: $1 - \theta/\pi$"
    )
    for i, (name, (theta, share)) in enumerate(measured.items()):
        axes.scatter(theta, share, s=15, color=COLOURS[i], marker="ox"[i], alpha=0.7, label=name)
    axes.set(
        xlabel=r"angle $\theta$ between the pair",
        ylabel="share of equal bits",
        ylim=(-0.02, 1.02),
    )
    _mark_degrees(axes.xaxis)
    axes.legend(loc="lower left")
    return figure


@styled
def distance_estimates(angles: Floats, estimates: dict[int, Floats]) -> Figure:
    """Draw the angle read off a Hamming distance against the true angle, by length of code.

    Parameters
    ----------
    angles : (n_pairs,) float
        True angles, radians.
    estimates : dict of int to (n_pairs,) float
        For each code length: pi times the share of differing bits.
    """
    figure, row = panels(len(estimates), across(3.1, 2.6), sharey=True)
    ends = [0, 1.05 * np.max([angles, *estimates.values()])]
    for axes, (n_bits, estimate) in zip(row, estimates.items(), strict=True):
        axes.plot(ends, ends, color="black", linewidth=1)
        # a third of the pairs shows the same, in a smaller file
        axes.scatter(angles[::3], estimate[::3], s=8, color=BLUE, alpha=0.5)
        axes.set(title=f"{n_bits} bits", xlabel="true angle", aspect="equal", xlim=ends, ylim=ends)
        _mark_degrees(axes.xaxis, ends[1])
        _mark_degrees(axes.yaxis, ends[1])
    row[0].set_ylabel("angle read off the code")
    return figure


# --- chapter 3: how images fall into buckets, and why the raw ones pile up ------------------------


@styled
def corner(angles: dict[str, Floats], balance: dict[str, Floats]) -> Figure:
    """Draw what centring changes: the angles of random pairs, and how evenly each bit splits.

    Parameters
    ----------
    angles : dict of str to (n_pairs,) float
        Radians, for each way to prepare the vectors.
    balance : dict of str to (n_bits,) float
        For each way, the share of images on the smaller side of each hyperplane, between 0 and 0.5.
    """
    figure, (above, below) = panels(2, 2.9)
    edges = np.linspace(0, np.pi, 60)
    for (name, values), hatch in zip(angles.items(), ("//", None), strict=False):
        colour = look(f"LSH, {name}")["color"]
        above.hist(
            values, bins=edges, density=True, alpha=0.55, color=colour, hatch=hatch, label=name
        )
    above.axvline(np.pi / 2, color="black", linestyle=":")
    above.set(xlabel="angle between two images", yticks=[], title="angles of random pairs")
    _mark_degrees(above.xaxis)
    for name, values in balance.items():
        below.plot(
            np.arange(1, len(values) + 1), np.sort(values), label=name, **look(f"LSH, {name}")
        )
    below.axhline(0.5, color="black", linestyle=":")
    below.annotate(
        "an even split", (1, 0.5), textcoords="offset points", xytext=(0, -4), va="top", bbox=BOX
    )
    below.set(
        xlabel="rank of the hyperplane",
        ylabel="share on the smaller side",
        ylim=(-0.02, 0.53),
        title="balance of each bit",
    )
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    above.legend(loc="upper right")
    return figure


# --- chapter 4: the Hamming ball, and what a search finds for what it costs -----------------------

CLEARLY = 1.5  # a method is clearly faster if it is so many times as fast


@styled
def hamming_cube(radius: int, middle: int) -> Figure:
    """Draw the eight codes of three bits as a cube, and fill those within the radius of `middle`.

    Beside each code stands in how many bits it differs from `middle`.
    """
    figure, (axes,) = panels(1, 4.2)
    corners = integers_to_bits(np.arange(8), 3)
    places = corners @ [(1, 0), (0, 1), (0.42, 0.32)]
    distances = np.sum(corners != corners[middle], axis=1)
    for a, b in combinations(range(8), 2):
        if np.sum(corners[a] != corners[b]) == 1:
            axes.plot(*places[[a, b]].T, color=GREY, linewidth=1.2, zorder=1)
    for name, (x, y), distance in zip(in_digits(corners), places, distances, strict=True):
        inside = distance <= radius
        fill = BLUE if inside else "white"
        edge = BLUE if inside else GREY
        ink = "white" if inside else "black"
        axes.scatter(x, y, s=1500, color=fill, edgecolor=edge, zorder=2)
        write(axes, (x, y), name, color=ink, zorder=3)
        axes.text(x + 0.14, y - 0.15, "1 bit" if distance == 1 else f"{distance} bits", zorder=3)
    axes.set(xlim=(-0.25, 1.95), ylim=(-0.25, 1.55))
    axes.set_axis_off()
    return figure


@styled
def work_map(
    lines: Mapping[str, pd.DataFrame],
    measure: str,
    exhaustive: Mapping[str, float],
    lowest: float = 0.0,
) -> Figure:
    """Draw the map of the book: what a search finds by the share of the database it looks at.

    A method is a line with a point for each radius.

    Parameters
    ----------
    lines : dict of str to DataFrame
        For each method, columns ``scanned`` and `measure`. If there are columns ``low`` and
        ``high``, the band between them is shaded.
    measure : {"precision", "recall"}
    exhaustive : dict of str to float
        What exhaustive search finds, by the name of the line, which says how the vectors were
        prepared.
    lowest : float, default=0.0
        Where the axis begins.
    """
    figure, (axes,) = panels(1, 4.4)
    for name, frame in lines.items():
        axes.plot(100 * frame["scanned"], frame[measure], label=name, **look(name))
        if "low" in frame:
            axes.fill_between(
                100 * frame["scanned"],
                frame["low"],
                frame["high"],
                color=look(name)["color"],
                alpha=0.15,
                linewidth=0,
            )
    for name, level in exhaustive.items():
        axes.axhline(level, linewidth=1.2, label=name, **look(name))
    top = axes.dataLim.y1
    top += 0.1 * (top - lowest)
    axes.set(
        xscale="log",
        xlabel="share of the database scanned (%)",
        ylim=(lowest, top),
        ylabel="precision at 10" if measure == "precision" else "recall of the exact ten",
    )
    return figure


def read_map(
    lines: Mapping[str, pd.DataFrame], measure: str, shares: Sequence[float]
) -> pd.DataFrame:
    """Read the map at some shares of the database, on the lines between its points.

    Parameters
    ----------
    lines, measure
        As `work_map` draws them.
    shares : sequence of float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        A row a share, a column a method. NaN where the smallest search of a method scans more than
        the share, or the largest scans less.

    Examples
    --------
    >>> line = pd.DataFrame({"scanned": [0.01, 0.1], "recall": [0.5, 0.7]})
    >>> read_map({"LSH": line}, "recall", (0.001, 0.1))
          LSH
    0.1%  NaN
    10%   0.7
    """
    read = {}
    for name, frame in lines.items():
        points = frame[frame["scanned"] > 0]
        places = np.log(points["scanned"])
        read[name] = np.interp(np.log(shares), places, points[measure], left=np.nan, right=np.nan)
    return pd.DataFrame(read, index=[f"{100 * share:g}%" for share in shares])


@styled
def crossing(times: pd.DataFrame) -> Figure:
    """Draw the time a query takes by the number of vectors, and where the table becomes faster.

    One panel has queries that come one at a time, the other queries that come together.

    Parameters
    ----------
    times : DataFrame
        ``n``, ``method`` (``"exhaustive search"``, ``"LSH, radius 2"``, ...), ``queries``,
        ``microseconds``, ``low`` and ``high``.
    """
    figure, row = panels(2, 3.3, sharey=True)
    for axes, (how, part) in zip(row, times.groupby("queries", sort=False), strict=True):
        for method, rows in part.groupby("method", sort=False):
            middle = rows["microseconds"]
            bars = [middle - rows["low"], rows["high"] - middle]
            axes.errorbar(
                rows["n"], middle, yerr=bars, capsize=2, label=method, **look(str(method))
            )
        by_size = part.pivot(index="n", columns="method", values="microseconds")
        for i, method in enumerate(by_size.columns.drop("exhaustive search")):
            n = where_the_table_is_level(by_size, method)
            if n is not None:
                axes.axvline(n, color=GREY, linewidth=1, zorder=0)
                axes.text(
                    n,
                    0.1 * i,
                    f" from {n:,.0f}",
                    transform=axes.get_xaxis_transform(),
                    va="bottom",
                    bbox=BOX,
                )
        axes.set(xscale="log", yscale="log", xlabel="vectors", title=f"queries {how}")
    row[0].set_ylabel("microseconds per query")
    figure.legend(
        *row[0].get_legend_handles_labels(),
        loc="outside upper left",
        ncols=across(2, 3),
        columnspacing=1,
    )
    return figure


def where_the_table_is_level(times: pd.DataFrame, method: str) -> float | None:
    """Return the number of vectors from which the table stays ahead; None if not clearly so."""
    sizes = np.log(times.index)
    ratios = np.log(times[method].to_numpy() / times["exhaustive search"].to_numpy())
    crossings = np.flatnonzero((ratios[:-1] > 0) & (ratios[1:] <= 0))
    if not crossings.size or ratios[-1] > np.log(1 / CLEARLY):
        return None
    i = crossings[-1]
    return np.exp(np.interp(0, -ratios[i : i + 2], sizes[i : i + 2]))


# --- chapter 5: what becomes a candidate ----------------------------------------------------------


@styled
def amplification(
    similarity: Floats, curves: dict[str, Floats], measured: dict[str, tuple[Floats, Floats]]
) -> Figure:
    """Draw the chance of being a candidate by cosine similarity: theory as lines, pairs as points.

    Parameters
    ----------
    similarity : (n,) float
        Cosine similarities at which the curves are drawn.
    curves : dict of str to (n,) float
        For each choice of bits and tables, the predicted chance.
    measured : dict of str to (similarities, shares)
        For the same choices, similarities of groups of real pairs and the share that became
        candidates.
    """
    figure, (axes,) = panels(1, 3.8)
    for i, (name, curve) in enumerate(curves.items()):
        axes.plot(similarity, curve, color=COLOURS[i], linestyle=STROKES[i], label=name)
        if name in measured:
            axes.scatter(*measured[name], color=COLOURS[i], marker=MARKERS[i], s=30)
    axes.set(
        xlabel="cosine similarity of query and image",
        ylabel="chance of being a candidate",
        ylim=(-0.02, 1.02),
        title="lines: theory; points: real pairs",
    )
    axes.legend(loc="upper left")
    return figure
