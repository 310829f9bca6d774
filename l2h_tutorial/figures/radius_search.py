"""Figures of chapter 4: the Hamming ball, and what a search finds for what it costs."""

from itertools import combinations, product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import BLUE, COLOURS, GREY, MARKERS, METHODS, STROKES, Floats, look, styled, write

CLEARLY = 1.5  # times faster: less is as good as level


@styled
def hamming_cube(radius: int = 1) -> Figure:
    """The eight codes of three bits as a cube; those within the radius of 000 are filled."""
    figure, axes = plt.subplots(figsize=(5.2, 4.4))
    corners = np.array(list(product((0, 1), repeat=3)))
    places = corners @ [(1, 0), (0, 1), (0.42, 0.32)]
    for a, b in combinations(range(8), 2):
        if np.sum(corners[a] != corners[b]) == 1:
            x, y = places[[a, b]].T
            axes.plot(x, y, color=GREY, linewidth=1.2, zorder=1)
    for code, (x, y) in zip(corners, places, strict=True):
        distance = code.sum()
        fill, edge, ink = (BLUE, BLUE, "white") if distance <= radius else ("white", GREY, "black")
        axes.scatter(x, y, s=1500, color=fill, edgecolor=edge, zorder=2)
        write(axes, (x, y), "{}{}{}".format(*code), color=ink, zorder=3)
        axes.text(x + 0.16, y - 0.13, f"distance {distance}", fontsize=8.5, color="black", zorder=3)
    axes.set(xlim=(-0.25, 1.85), ylim=(-0.25, 1.55))
    axes.set_axis_off()
    return figure


@styled
def work_map(
    lines: dict[str, pd.DataFrame],
    measure: str = "precision",
    exhaustive: float | dict[str, float] = 1.0,
    lowest: float = 0.0,
) -> Figure:
    """The map of the book: what a search finds against the share of the database it looks at, a point a radius.

    Parameters
    ----------
    lines : dict of str to DataFrame
        For each method, columns ``scanned`` and `measure`; where there are, the first ``radius`` is written and
        ``spread`` drawn as bars.
    measure : {"precision", "recall"}, default="precision"
    exhaustive : float or dict of str to float, default=1.0
        What looking at everything finds; a number, or one for each of several ways to prepare the vectors.
    lowest : float, default=0.0
        Where the axis begins.
    """
    figure, axes = plt.subplots(figsize=(6.8, 4.2))
    for i, (name, frame) in enumerate(lines.items()):
        percent = 100 * frame["scanned"]
        axes.errorbar(percent, frame[measure], yerr=frame.get("spread"), capsize=3, label=name, **look(name, i))
        if "radius" in frame:
            _write_radius(axes, frame.iloc[0], measure, (5, -12) if i % 2 == 0 else (-22, 7))
    if isinstance(exhaustive, dict):
        _draw_exhaustive(axes, exhaustive, 1.2)
    else:
        axes.axhline(exhaustive, linewidth=1.2, label="exhaustive", **METHODS["exhaustive"])
    axes.set(
        xscale="log",
        xlabel="share of the database scanned (%)",
        ylabel="precision at 10" if measure == "precision" else "recall of the exact ten",
        ylim=(lowest, None),
    )
    axes.legend(fontsize=8.5, loc="lower right")
    return figure


def _draw_exhaustive(axes: Axes, levels: dict[str, float], width: float) -> None:
    """What looking at everything finds, for each way to prepare the vectors."""
    for i, (name, level) in enumerate(levels.items()):
        colour = look(name, i)["color"]
        axes.axhline(level, color=colour, linestyle=":", linewidth=width, label=f"exhaustive, {name}")


def _write_radius(axes: Axes, point: pd.Series, measure: str, away: tuple[int, int]) -> None:
    place = (100 * point["scanned"], point[measure])
    text = f"r={point['radius']:.0f}"
    axes.annotate(text, place, xytext=away, textcoords="offset points", fontsize=8)


@styled
def crossing(times: pd.DataFrame) -> Figure:
    """Time a query against the number of vectors, one query at a time and together; where the table becomes faster.

    Parameters
    ----------
    times : DataFrame
        ``n``, ``method`` (``"looking at all"``, ``"table, radius 2"``, ...), ``queries``, ``microseconds``, ``low`` and
        ``high``.
    """
    looks = {
        "looking at all": METHODS["exhaustive"] | {"marker": "."},
        "table, radius 2": METHODS["LSH"],
        "table, radius 3": METHODS["LSH, 32 bits"],
    }
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.9), sharey=True)
    for axes, (how, part) in zip(panels, times.groupby("queries", sort=False), strict=True):
        for method, rows in part.groupby("method", sort=False):
            middle = rows["microseconds"]
            bars = [middle - rows["low"], rows["high"] - middle]
            axes.errorbar(rows["n"], middle, yerr=bars, capsize=2, label=method, **looks[str(method)])
        by_size = part.pivot(index="n", columns="method", values="microseconds")
        for height, method in enumerate(by_size.columns.drop("looking at all")):
            n = _where_the_table_is_level(by_size, method)
            if n is not None:
                axes.axvline(n, color=GREY, linewidth=1, linestyle=looks[method]["linestyle"])
                at = ("data", "axes fraction")
                place = (n, 0.03 + 0.07 * height)
                axes.annotate(f"{n:,.0f}", place, xycoords=at, xytext=(4, 0), textcoords="offset points")
        axes.set(xscale="log", yscale="log", xlabel="vectors", title=f"queries {how}")
    panels[0].set_ylabel("microseconds a query")
    panels[0].legend(fontsize=9)
    return figure


def _where_the_table_is_level(times: pd.DataFrame, method: str) -> float | None:
    """The number of vectors from which on the table stays ahead, or None where it is not clearly ahead in the end."""
    sizes = np.log(times.index)
    gap = np.log(times[method].to_numpy() / times["looking at all"].to_numpy())
    below = np.flatnonzero((gap[:-1] > 0) & (gap[1:] <= 0))
    if not below.size or gap[-1] > np.log(1 / CLEARLY):
        return None
    i = below[-1]
    share = gap[i] / (gap[i] - gap[i + 1])
    return float(np.exp(sizes[i] + share * (sizes[i + 1] - sizes[i])))


@styled
def amplification(
    similarity: Floats,
    curves: dict[str, Floats],
    measured: dict[str, tuple[Floats, Floats]],
) -> Figure:
    """Chance of becoming a candidate by cosine similarity: theory as lines, real pairs as points.

    Parameters
    ----------
    similarity : (n,) float
        Cosine similarities at which the curves are drawn.
    curves : dict of str to (n,) float
        For each choice of bits and tables, the predicted chance.
    measured : dict of str to (similarities, shares)
        For the same choices, similarities of groups of real pairs and the share that became candidates.
    """
    figure, axes = plt.subplots(figsize=(6.6, 4))
    for i, (name, curve) in enumerate(curves.items()):
        axes.plot(similarity, curve, color=COLOURS[i], linestyle=STROKES[i], label=name)
        if name in measured:
            axes.scatter(*measured[name], color=COLOURS[i], marker=MARKERS[i], s=30)
    axes.set(
        xlabel="cosine similarity of query and image",
        ylabel="chance of being a candidate",
        ylim=(-0.02, 1.02),
    )
    axes.legend(title="lines: theory; points: real pairs", fontsize=9)
    return figure
