"""Figures of chapter 4: the Hamming ball, and what a search finds for what it costs."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import BLUE, GREY, look, styled, write

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
def work_map(lines: Mapping[str, pd.DataFrame], measure: str, exhaustive: Mapping[str, float]) -> Figure:
    """The map of the book: what a search finds against the share of the database it looks at, a point a radius.

    Parameters
    ----------
    lines : dict of str to DataFrame
        For each method, columns ``scanned`` and `measure`; where there are, the first ``radius`` is written and
        ``spread`` drawn as bars.
    measure : {"precision", "recall"}
    exhaustive : dict of str to float
        What exhaustive search finds, by its name; one for each of several ways to prepare the vectors.
    """
    figure, axes = plt.subplots(figsize=(6.8, 4.2))
    for i, (name, frame) in enumerate(lines.items()):
        percent = 100 * frame["scanned"]
        axes.errorbar(percent, frame[measure], yerr=frame.get("spread"), capsize=3, label=name, **look(name))
        if "radius" in frame:
            _write_radius(axes, frame.iloc[0], measure, (5, -12) if i % 2 == 0 else (-22, 7))
    for name, level in exhaustive.items():
        axes.axhline(level, linewidth=1.2, label=name, **look(name))
    axes.set(
        xscale="log",
        xlabel="share of the database scanned (%)",
        ylabel="precision at 10" if measure == "precision" else "recall of the exact ten",
        ylim=(0, None),
    )
    axes.legend(fontsize=8.5, loc="lower right")
    return figure


def read_map(lines: Mapping[str, pd.DataFrame], measure: str, shares: Sequence[float]) -> pd.DataFrame:
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
        A row a share, a column a method; NaN where even the smallest search of a method scans more, or the largest
        less.

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
        ``n``, ``method`` (``"exhaustive search"``, ``"LSH, radius 2"``, ...), ``queries``, ``microseconds``, ``low``
        and ``high``.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.9), sharey=True)
    for axes, (how, part) in zip(panels, times.groupby("queries", sort=False), strict=True):
        for method, rows in part.groupby("method", sort=False):
            middle = rows["microseconds"]
            bars = [middle - rows["low"], rows["high"] - middle]
            axes.errorbar(rows["n"], middle, yerr=bars, capsize=2, label=method, **look(str(method)))
        by_size = part.pivot(index="n", columns="method", values="microseconds")
        for method in by_size.columns.drop("exhaustive search"):
            n = where_the_table_is_level(by_size, method)
            if n is not None:
                axes.axvline(n, color=GREY, linewidth=1)
                text = f"{method.removeprefix('LSH, ')}: {n:,.0f}"
                axes.text(
                    n, 0.98, text, transform=axes.get_xaxis_transform(), rotation=90, ha="right", va="top", fontsize=9
                )
        axes.set(xscale="log", yscale="log", xlabel="vectors", title=f"queries {how}")
    panels[0].set_ylabel("microseconds a query")
    panels[0].legend(fontsize=9)
    return figure


def where_the_table_is_level(times: pd.DataFrame, method: str) -> float | None:
    """The number of vectors from which on the table stays ahead, or None where it is not clearly ahead in the end."""
    sizes = np.log(times.index)
    gap = np.log(times[method].to_numpy() / times["exhaustive search"].to_numpy())
    below = np.flatnonzero((gap[:-1] > 0) & (gap[1:] <= 0))
    if not below.size or gap[-1] > np.log(1 / CLEARLY):
        return None
    i = below[-1]
    share = gap[i] / (gap[i] - gap[i + 1])
    return float(np.exp(sizes[i] + share * (sizes[i + 1] - sizes[i])))
