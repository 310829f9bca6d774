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
    figure, grid = panels(
        len(kinds), 0.165 * len(sizes) + 0.7, across(1, 3), sharex=True, sharey=True
    )
    for axes, (kind, trials) in zip(grid, kinds, strict=True):
        of_method = trials.groupby("method")[["bytes", "recall_1", "recall_10"]]
        means = of_method.mean()
        spread = of_method.std()["recall_1"]
        for place, name in enumerate(sizes.index):
            size, plain, rescored = means.loc[name]
            colour = look(str(name))["color"]
            axes.plot([plain, rescored], [place, place], color=colour, linewidth=1.2)
            axes.errorbar(plain, place, xerr=spread[name], fmt="o", color=colour)
            axes.plot(rescored, place, "o", color=colour, markerfacecolor="white")
            axes.text(
                1.03,
                place,
                f"{size:,.0f}",
                transform=axes.get_yaxis_transform(),
                va="center",
                color=GREY,
            )
        axes.set(
            title=kind,
            xlabel="recall of the exact ten",
            xlim=(-0.03, 1.03),
            ylim=(len(sizes) - 0.4, -0.6),
        )
        axes.set_yticks(range(len(sizes)), sizes.index)
        axes.tick_params(labelbottom=True)
        axes.text(1.03, -0.85, "bytes", transform=axes.get_yaxis_transform(), color=GREY)
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
        for cell in range(len(places)):
            axes.contour(
                cells.reshape(_GRID, _GRID) == cell,
                [0.5],
                extent=(-reach, reach) * 2,
                colors=[BLUE],
            )
        # an eighth of the points show the same, in a smaller file
        axes.scatter(*points[::8].T, s=4, color=GREY, alpha=0.5)
        axes.scatter(*places.T, s=45, color=BLUE, marker="x", linewidth=2)
        show_plane(axes, reach, title=f"{title}:\n{len(places)} codes")
        hide_ticks(axes)
    return figure
