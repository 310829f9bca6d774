"""Figures of chapter 1: pictures, what a descriptor keeps of one, and who searches for what."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..datasets import Dataset
from ..splits import Split
from .style import BLUE, GREY, ORANGE, RED, Rows, hide_ticks, styled, write

IN_A_ROW = 8  # pictures


def draw_picture(axes: Axes, dataset: Dataset, row: int, *, small: bool = False) -> None:
    """Show one picture, or a tile with its class (its number, if small) where the data set came without pictures."""
    axes.set_axis_on()
    hide_ticks(axes)
    if dataset.images is not None:
        axes.imshow(dataset.images[row], interpolation="nearest", vmin=0, vmax=255)
        return
    label = int(dataset.labels[row])
    axes.set_facecolor(plt.get_cmap("Pastel1")(label % 9))
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    name = str(label) if small else dataset.class_names[label]
    write(axes, (0.5, 0.5), name, fontsize=min(9, 65 / len(name)))  # as wide as the tile at most


def _class_of(dataset: Dataset, row: int) -> str:
    return dataset.class_names[dataset.labels[row]]


def _frame(axes: Axes, colour: str, line: str, width: float) -> None:
    for spine in axes.spines.values():
        spine.set(visible=True, color=colour, linestyle=line, linewidth=width)


def _rows_of_tiles(titles: Sequence[str], columns: int = IN_A_ROW) -> tuple[Figure, list[NDArray[np.object_]]]:
    """Empty tiles, a titled row each."""
    figure = plt.figure(figsize=(0.95 * columns, 1.6 * len(titles)))
    rows = []
    strips = figure.subfigures(len(titles), 1, squeeze=False).ravel()
    for strip, title in zip(strips, titles, strict=True):
        strip.suptitle(title, fontsize=10, x=0.01, ha="left")
        tiles = strip.subplots(1, columns, squeeze=False)[0]
        for tile in tiles:
            tile.set_axis_off()
        rows.append(tiles)
    return figure, rows


@styled
def gallery(dataset: Dataset, groups: dict[str, Sequence[int] | Rows]) -> Figure:
    """Pictures in titled rows of up to eight, each with the name of its class.

    Parameters
    ----------
    dataset : Dataset
        Where the pictures are. One that came without pictures is shown as tiles with class names.
    groups : dict of str to row numbers
        A row of pictures each.

    Returns
    -------
    Figure
    """
    figure, tiles = _rows_of_tiles(list(groups))
    for row_of_tiles, members in zip(tiles, groups.values(), strict=True):
        for tile, row in zip(row_of_tiles, members, strict=False):
            draw_picture(tile, dataset, row)
            tile.set_xlabel(_class_of(dataset, row), fontsize=8)
    return figure


@styled
def answers(
    dataset: Dataset,
    queries: Sequence[int] | Rows,
    found: Sequence[Rows],
    *,
    titles: Sequence[str] | None = None,
) -> Figure:
    """Queries, each followed by up to eight images found for it, with right and wrong told apart.

    An image of the query's class has a solid blue frame and a tick, another a dashed red frame and a cross.

    Parameters
    ----------
    dataset : Dataset
        Where the pictures are. One that came without pictures is shown as tiles with class names.
    queries : sequence of int
        Row numbers of the queries.
    found : sequence of row numbers
        For each query the images found.
    titles : sequence of str, optional
        A line above each row.

    Returns
    -------
    Figure
    """
    figure, tiles = _rows_of_tiles(titles or [""] * len(queries), 1 + IN_A_ROW)
    for (first, *rest), query, rows in zip(tiles, queries, found, strict=True):
        draw_picture(first, dataset, query)
        _frame(first, GREY, "-", 3)
        first.set_xlabel("query", fontsize=8)
        for tile, row in zip(rest, rows, strict=False):
            colour, line, mark = RED, "--", "\N{MULTIPLICATION SIGN}"
            if dataset.labels[row] == dataset.labels[query]:
                colour, line, mark = BLUE, "-", "\N{CHECK MARK}"
            draw_picture(tile, dataset, row)
            _frame(tile, colour, line, 2)
            tile.set_xlabel(f"{mark} {_class_of(dataset, row)}", fontsize=8, color=colour)
    return figure


@styled
def images_by_class(dataset: Dataset) -> Figure:
    """The first pictures of every class, one row a class."""
    n_classes = len(dataset.class_names)
    figure, tiles = plt.subplots(n_classes, IN_A_ROW, figsize=(0.8 * IN_A_ROW + 1.2, 0.8 * n_classes))
    for label, name in enumerate(dataset.class_names):
        rows = np.flatnonzero(dataset.labels == label)[:IN_A_ROW]
        for tile in tiles[label]:
            tile.set_axis_off()
        for tile, row in zip(tiles[label], rows, strict=False):
            draw_picture(tile, dataset, row)
        tiles[label, 0].set_ylabel(name, rotation=0, ha="right", va="center")
    return figure


@styled
def descriptor(dataset: Dataset, row: int) -> Figure:
    """One picture beside its GIST descriptor: 4 scales x 8 orientations, each a 4 x 4 grid of mean responses."""
    figure = plt.figure(figsize=(7.2, 3.2))
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1, 2.4))[0]
    picture = left.subplots()
    draw_picture(picture, dataset, row)
    picture.set_title(_class_of(dataset, row))
    tiles = right.subplots(4, 8)
    scales = dataset.features[row].reshape(4, 8, 4, 4)
    names = ["finest", "fine", "coarse", "coarsest"]
    for line, responses, name in zip(tiles, scales, names, strict=True):
        for tile, response in zip(line, responses, strict=True):
            tile.imshow(response, vmin=0, vmax=responses.max(), cmap="viridis")
            hide_ticks(tile)
        line[0].set_ylabel(name, fontsize=9)
    edges = ["|", "\\", "—", "/"]  # how an edge lies that answers most
    for tile, edge in zip(tiles[0, ::2], edges, strict=True):
        tile.set_title(edge, fontsize=11)
    right.suptitle("8 orientations, at 4 scales", fontsize=10)
    return figure


@styled
def split_diagram(split: Split) -> Figure:
    """The three parts of a split as boxes, with their sizes and what each is for."""
    figure, axes = plt.subplots(figsize=(7.2, 2.6))
    axes.set(xlim=(0, 100), ylim=(0, 30))
    axes.set_axis_off()
    parts = [
        (2, 18, ORANGE, "queries", split.y_query, "what we look for;\nnever seen before"),
        (23, 24, BLUE, "training set", split.y_train, "labels that a method\nmay learn from"),
        (50, 48, GREY, "database", split.y_database, "what is searched; its labels\nonly judge the answers"),
    ]
    for left, width, colour, name, labels, purpose in parts:
        box = plt.Rectangle((left, 8), width, 20, facecolor=colour, edgecolor=colour, alpha=0.18, linewidth=2)
        axes.add_patch(box)
        middle = left + width / 2
        axes.text(middle, 22, name, ha="center", weight="bold")
        axes.text(middle, 16.5, f"{len(labels):,} images", ha="center")
        axes.text(middle, 9.5, purpose, ha="center", fontsize=8.5)
    arrow = {"arrowstyle": "->", "connectionstyle": "arc3,rad=0.25", "color": ORANGE}
    axes.annotate("", (74, 7.5), (11, 7.5), arrowprops=arrow)
    axes.text(42, 1.4, "each query is searched for in the database", ha="center", fontsize=9)
    return figure
