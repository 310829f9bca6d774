"""Figures of chapter 11: how a search grows."""

import pandas as pd
from matplotlib.figure import Figure

from .colours import look
from .style import across, panels, styled


@styled
def growth(by_rows: pd.DataFrame, by_radius: pd.DataFrame) -> Figure:
    """Draw the time of a query and the memory of a table, by rows and by radius.

    Parameters
    ----------
    by_rows, by_radius : DataFrame
        Rows of `l2h_tutorial.scale.measure_search`, in which ``n`` or ``radius`` differs.
    """
    figure, grid = panels(4, across(1.9, 2.4), across(1, 2))
    grid[1].sharey(grid[0])
    grid[3].sharey(grid[2])
    varied = [
        ("n", "codes", "log", by_rows),
        ("radius", "Hamming radius", "linear", by_radius),
    ]
    for i, (column, label, scale, frame) in enumerate(varied):
        times = grid[i]
        memory = grid[i + 2]
        values = frame[column]
        times.plot(values, 1e3 * frame["table_seconds"], label="HashTable", **look("", 0))
        times.plot(values, 1e3 * frame["scan_seconds"], label="plain scan", **look("", 1))
        memory.plot(values, frame["table_bytes"] / 1e6, label="HashTable", **look("", 0))
        memory.plot(values, frame["n"] * frame["n_bits"] / 8e6, label="codes alone", **look("", 2))
        times.set_ylabel("milliseconds per query")
        memory.set_ylabel("megabytes")
        for panel in (times, memory):
            panel.set(xlabel=label, xscale=scale, yscale="log")
            panel.set_xticks(values)
    return figure
