"""Figures of chapter 10: what is found for how many bytes, and which vectors share a code."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .style import BLUE, GREY, Floats, look, name_above, panels, show_plane, styled, tint


@styled
def byte_map(kept: pd.DataFrame) -> Figure:
    """Recall of the exact ten by bytes an item, a panel for each kind of vectors.

    Parameters
    ----------
    kept : DataFrame
        ``vectors``, ``method``, ``bytes``, ``recall_1`` and ``recall_10``, one row a trial: recall without rescoring,
        which is filled, and with the best hundred rescored, hollow. Bars are one standard deviation.
    """
    kinds = list(kept.groupby("vectors", sort=False))
    figure, grid = panels(-(-len(kinds) // 2), 7.6, 2, sharex=True, sharey=True)
    for axes, (kind, rows) in zip(grid.flat, kinds, strict=True):
        for name, trials in rows.groupby("method", sort=False):
            style, size = look(str(name)) | {"linestyle": ""}, trials["bytes"].iloc[0]
            plain, rescored = trials["recall_1"], trials["recall_10"].mean()
            axes.plot([size, size], [plain.mean(), rescored], color=style["color"], linewidth=1, alpha=0.5)
            axes.plot(size, rescored, **style | {"markerfacecolor": "white"})
            axes.errorbar(size, plain.mean(), yerr=plain.std(), capsize=2, label=name, **style)
        axes.set(title=kind, xscale="log", ylim=(0, 1.04))
    for axes in grid[-1]:
        axes.set_xlabel("bytes an item")
    for axes in grid[:, 0]:
        axes.set_ylabel("recall of the exact ten")
    name_above(figure, grid[0, 0])
    return figure


@styled
def cells_of_codes(points: Floats, codes: Mapping[str, Callable[[Floats], Floats]]) -> Figure:
    """What several codes make of points in the plane: cells of one code, and the place that a code stands for.

    Parameters
    ----------
    points : (n, 2) float
    codes : dict of str to function
        By title, a panel each: takes points (m, 2) to the places (m, 2) that their codes stand for.
    """
    reach = 1.05 * np.abs(points).max()
    ticks = np.linspace(-reach, reach, 240)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    figure, row = panels(1, 2.1, len(codes))
    for axes, (title, stands_for) in zip(row[0], codes.items(), strict=True):
        places, cells = np.unique(stands_for(grid), axis=0, return_inverse=True)
        edges = cells.reshape(len(ticks), -1)
        seam = (np.diff(edges, axis=0, prepend=edges[:1]) != 0) | (np.diff(edges, axis=1, prepend=edges[:, :1]) != 0)
        axes.imshow(tint(seam), extent=(-reach, reach) * 2, origin="lower")
        axes.scatter(*points.T, s=4, color=GREY, alpha=0.5)
        axes.scatter(*places.T, s=45, color=BLUE, marker="x", linewidth=2)
        show_plane(axes, reach, title=f"{title}:\n{len(places)} codes", xticks=[], yticks=[])
    return figure
