"""Figures of chapter 10: what is found for how many bytes, and which vectors share a code."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..checks import Floats
from .colours import BLUE, GREY, look
from .style import across, grid_of_plane, hide_ticks, panels, show_plane, styled

_GRID = 160  # places of the plane whose codes are compared, to each side


@styled
def byte_map(kept: pd.DataFrame) -> Figure:
    """Draw the recall of the exact ten of each method, a row each, from many bytes to few.

    There is a panel for each kind of vectors. A filled mark is the recall without rescoring, a
    hollow one that with the best hundred rescored. Bars are one standard deviation.

    Parameters
    ----------
    kept : DataFrame
        One row a trial, with ``vectors``, ``method``, ``bytes`` an item, ``recall_1`` without
        rescoring, and ``recall_10`` with the best hundred rescored.
    """
    sizes = kept.groupby("method")["bytes"].mean().sort_values(ascending=False, kind="stable")
    kinds = list(kept.groupby("vectors", sort=False))
    figure, grid = panels(len(kinds), 0.165 * len(sizes) + 0.7, across(1, 3), sharey=True)
    for axes, (kind, trials) in zip(grid, kinds, strict=True):
        marks = trials.groupby("method").agg(
            {"bytes": "mean", "recall_1": ["mean", "std"], "recall_10": "mean"}
        )
        for place, name in enumerate(sizes.index):
            size, plain, spread, rescored = marks.loc[name]
            colour = look(name)["color"]
            axes.plot(
                [plain, rescored],
                [place, place],
                "o-",
                color=colour,
                linewidth=1.2,
                markevery=[1],
                markerfacecolor="white",
            )
            axes.errorbar(plain, place, xerr=spread, fmt="o", color=colour)
            axes.text(1.06, place, f"{size:,.0f}", va="center", color=GREY)
        axes.set(
            title=kind,
            xlim=(-0.03, 1.03),
            ylim=(len(sizes) - 0.4, -0.6),
        )
        axes.set_yticks(range(len(sizes)), sizes.index)
        axes.text(1.06, -0.85, "bytes", color=GREY)
    figure.supxlabel("recall of the exact ten")
    return figure


@styled
def cells_of_codes(points: Floats, codes: Mapping[str, Callable[[Floats], Floats]]) -> Figure:
    """Draw the cells of the plane that have one code, and the place that each code stands for.

    Parameters
    ----------
    points : (n, 2) float
    codes : dict of str to function
        For each panel, by its title: takes points (m, 2) to the places (m, 2) that their codes
        stand for.
    """
    reach = 1.05 * np.abs(points).max()
    grid = grid_of_plane(reach, _GRID)
    figure, row = panels(len(codes), across(2.9, 2.3))
    for axes, (title, stands_for) in zip(row, codes.items(), strict=True):
        places, cells = np.unique(stands_for(grid.reshape(-1, 2)), axis=0, return_inverse=True)
        for cell in np.unique(cells):
            contour = axes.contour(*grid.T, cell == cells.reshape(_GRID, _GRID).T, [0.5])
            contour.remove()
            # an edge is drawn by its bends alone, in a smaller file
            for edge in filter(len, contour.allsegs[0]):
                bends = np.diff(edge, n=2, axis=0).round(9).any(axis=1)
                axes.plot(*edge[np.r_[True, bends, True]].T, color=BLUE, linewidth=1.2)
        # an eighth of the points show the same, in a smaller file
        axes.scatter(*points[::8].T, s=4, color=GREY)
        axes.scatter(*places.T, s=45, color=BLUE, marker="x")
        show_plane(axes, reach, title=f"{title}:\n{len(places)} codes")
        hide_ticks(axes)
    return figure
