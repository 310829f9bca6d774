"""Figures of chapter 4: the Hamming ball, and what a search finds for what it costs."""

from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from .style import BLUE, COLOURS, GREY, MARKERS, METHODS, STROKES, draw_lines, look, styled


@styled
def hamming_cube(radius: int = 1) -> Figure:
    """The eight codes of three bits as a cube; those within the radius of 000 are filled."""
    figure, axes = plt.subplots(figsize=(5.2, 4.4))
    place = {code: np.array([code[0] + 0.42 * code[2], code[1] + 0.32 * code[2]]) for code in product((0, 1), repeat=3)}
    for a, b in ((a, b) for a in place for b in place if a < b and np.abs(np.subtract(a, b)).sum() == 1):
        axes.plot(*np.transpose([place[a], place[b]]), color=GREY, linewidth=1.2, zorder=1)
    for code, (x, y) in place.items():
        distance = sum(code)
        fill, edge, ink = (BLUE, BLUE, "white") if distance <= radius else ("white", GREY, "black")
        axes.scatter(x, y, s=1500, color=fill, edgecolor=edge, zorder=2)
        axes.text(x, y, "".join(map(str, code)), ha="center", va="center", color=ink, zorder=3)
        axes.text(x + 0.16, y - 0.13, f"distance {distance}", fontsize=8.5, color="black", zorder=3)
    axes.set(xlim=(-0.25, 1.85), ylim=(-0.25, 1.55))
    axes.set_axis_off()
    return figure


@styled
def work_map(
    lines: dict[str, pd.DataFrame], measure: str = "precision", exhaustive: float | dict[str, float] = 1.0
) -> Figure:
    """The map of the book: what a search finds against the share of the database it looks at, a point a radius.

    Parameters
    ----------
    lines : dict of str to DataFrame
        For each method, columns ``radius``, ``scanned`` and `measure`; where there is one, ``spread`` is drawn as bars.
    measure : {"precision", "recall"}, default="precision"
    exhaustive : float or dict of str to float, default=1.0
        What looking at everything finds; a number, or one for each of several ways to prepare the vectors.
    """
    figure, axes = plt.subplots(figsize=(6.8, 4.2))
    for i, (name, frame) in enumerate(lines.items()):
        percent, looks = 100 * frame["scanned"], look(name, i)
        axes.errorbar(percent, frame[measure], yerr=frame.get("spread"), capsize=3, label=name, **looks)
        first, place = frame.iloc[0], (5, -12) if i % 2 == 0 else (-22, 7)
        start = (percent.iloc[0], first[measure])
        axes.annotate(f"r={first['radius']:.0f}", start, xytext=place, textcoords="offset points", fontsize=8)
    levels = exhaustive if isinstance(exhaustive, dict) else {"": exhaustive}
    for name, level in levels.items():
        colour = look(name)["color"] if name else "black"
        label = f"exhaustive, {name}" if name else "exhaustive"
        axes.axhline(level, color=colour, linestyle=":", linewidth=1.2, label=label)
    what = "precision at 10" if measure == "precision" else "recall of the exact ten"
    axes.set(xscale="log", xlabel="share of the database scanned (%)", ylabel=what, ylim=(0, None))
    axes.legend(fontsize=8.5, loc="lower right" if measure == "precision" else "upper left")
    return figure


@styled
def crossing(times: pd.DataFrame) -> Figure:
    """Time a query against the number of vectors, one query at a time and together; where the table becomes faster.

    Parameters
    ----------
    times : DataFrame
        ``n``, ``method`` (``"looking at all"`` or ``"table"``), ``queries``, ``microseconds``, ``low`` and ``high``.
    """
    looks = {"looking at all": METHODS["exhaustive"] | {"marker": "."}, "table": METHODS["LSH"]}
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.9), sharey=True)
    for axes, (how, part) in zip(panels, times.groupby("queries", sort=False), strict=True):
        middle = {}
        for method, rows in part.groupby("method", sort=False):
            middle[method] = rows["microseconds"].to_numpy()
            bars = [middle[method] - rows["low"], rows["high"] - middle[method]]
            axes.errorbar(rows["n"], middle[method], yerr=bars, capsize=2, label=method, **looks[method])
        sizes, gap = np.log(np.unique(part["n"])), np.log(middle["table"] / middle["looking at all"])
        below = np.flatnonzero((gap[:-1] > 0) & (gap[1:] <= 0))
        if below.size:
            i = below[-1]  # from the last crossing on the table stays ahead
            n = np.exp(sizes[i] + (sizes[i + 1] - sizes[i]) * gap[i] / (gap[i] - gap[i + 1]))
            axes.axvline(n, color=GREY, linewidth=1)
            axes.annotate(
                f"{n:,.0f}", (n, 0.03), xycoords=("data", "axes fraction"), xytext=(4, 0), textcoords="offset points"
            )
        axes.set(xscale="log", yscale="log", xlabel="vectors", title=f"queries {how}")
    panels[0].set_ylabel("microseconds a query")
    panels[0].legend(fontsize=9)
    return figure


@styled
def radius_sweep(frames: dict[str, pd.DataFrame], exhaustive: dict[str, float], exhaustive_seconds: float) -> Figure:
    """Precision at 10 and time per query, for each Hamming radius, with exhaustive search beside them.

    Parameters
    ----------
    frames : dict of str to DataFrame
        For each way to hash, what ``evaluate_radius_search`` returned.
    exhaustive : dict of str to float
        For the same ways, precision at 10 of exhaustive search.
    exhaustive_seconds : float
        Its seconds per query.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6))
    first = next(iter(frames.values()))
    draw_lines(left, first["radius"], {name: frame["precision"] for name, frame in frames.items()})
    for i, (name, value) in enumerate(exhaustive.items()):
        left.axhline(value, color=look(name, i)["color"], linestyle=":", label=f"exhaustive, {name}")
    left.set(ylabel="precision at 10", ylim=(0, None))
    left.legend(fontsize=8.5)
    draw_lines(right, first["radius"], {name: 1e3 * frame["seconds"] for name, frame in frames.items()})
    right.axhline(1e3 * exhaustive_seconds, color="black", linestyle=":", label="exhaustive")
    right.set(ylabel="milliseconds a query", yscale="log")
    right.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    right.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    right.yaxis.set_minor_formatter(NullFormatter())
    right.legend(fontsize=8.5)
    for axes in (left, right):
        axes.set(xlabel="Hamming radius", xticks=first["radius"])
    return figure


@styled
def precision_by_cost(frames: dict[str, pd.DataFrame], exhaustive: dict[str, float]) -> Figure:
    """Precision at 10 against the share of the database scanned: a point a radius, the honest axis.

    A column ``spread`` is drawn as bars.
    """
    figure, axes = plt.subplots(figsize=(6.6, 4))
    for i, (name, frame) in enumerate(frames.items()):
        percent = 100 * frame["scanned"]
        axes.errorbar(percent, frame["precision"], yerr=frame.get("spread"), capsize=3, label=name, **look(name, i))
        place = (4, -12) if i % 2 == 0 else (-18, 7)  # labels of neighbouring lines go to different sides
        for radius, x, y in frame[["radius", "scanned", "precision"]].head(3).itertuples(index=False):
            axes.annotate(f"r={radius:.0f}", (100 * x, y), xytext=place, textcoords="offset points", fontsize=8)
    for i, (name, value) in enumerate(exhaustive.items()):
        axes.axhline(value, color=look(name, i)["color"], linestyle=":", linewidth=1, label=f"exhaustive, {name}")
    axes.set(xscale="log", xlabel="share of the database scanned (%)", ylabel="precision at 10", ylim=(0, None))
    axes.legend(fontsize=8.5, loc="lower right")
    return figure


@styled
def recall_by_radius(frame: pd.DataFrame) -> Figure:
    """How many of the exact ten neighbours a ball holds, beside the share of the database it holds.

    Parameters
    ----------
    frame : DataFrame
        Columns ``radius``, ``recall``, ``scanned``.
    """
    figure, axes = plt.subplots(figsize=(6.2, 3.6))
    lines = {"exact ten neighbours found": frame["recall"], "database scanned": frame["scanned"]}
    draw_lines(axes, frame["radius"], lines)
    axes.set(xlabel="Hamming radius", xticks=frame["radius"], ylabel="share", ylim=(-0.02, 1.03))
    return figure


@styled
def amplification(
    similarity: NDArray[np.floating],
    curves: dict[str, NDArray[np.floating]],
    measured: dict[str, tuple[NDArray[np.floating], NDArray[np.floating]]],
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
    axes.set(xlabel="cosine similarity of query and image", ylabel="chance of being a candidate", ylim=(-0.02, 1.02))
    axes.legend(title="lines: theory; points: real pairs", fontsize=9)
    return figure
