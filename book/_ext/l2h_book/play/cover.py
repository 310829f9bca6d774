"""The idea of the book in one picture, without a word, and the same to play with."""

from functools import partial
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Rectangle

from l2h_tutorial import LSH
from l2h_tutorial.checks import Bits, Floats
from l2h_tutorial.datasets import Dataset
from l2h_tutorial.figures.colours import COLOURS, GREY, Look
from l2h_tutorial.figures.style import (
    across,
    draw_hyperplane,
    gaps,
    grid_of_plane,
    show_plane,
    styled,
    write,
)

from .plane import line_of
from .playable import Playable, sprite_sheet

_SHOWN = 6  # pictures of a bucket
_BIT = 0.55  # from the box of one bit to the next
_PICTURE = 0.9  # from one picture in a bucket to the next


def cover(dataset: Dataset, rows: Any, points: Floats, lines: LSH, query: int) -> Playable:
    """Return pictures in the plane and lines to turn; its picture has the buckets too.

    Parameters
    ----------
    dataset : Dataset
        In its picture, grey squares stand for pictures that it lacks.
    rows : (n,) int
        Which pictures.
    points : (n, 2) float
        Where each lies in the plane.
    lines : LSH
        Fitted to the points.
    query : int
        Which of the pictures asks; it is framed.
    """
    shown = {
        "points": np.round(points, 4).tolist(),
        "names": [dataset.class_names[label] for label in dataset.labels[rows]],
        "angles": [round(line_of(normal)[0]) for normal in lines.hyperplanes_.T],
        "query": query,
    }
    picture = partial(_picture, dataset, rows, points, lines, query)
    return Playable(shown | sprite_sheet(dataset, rows), picture)


@styled
def _picture(dataset: Dataset, rows: Any, points: Floats, lines: LSH, query: int) -> Figure:
    """Draw pictures in the plane, the lines that cut it, and the buckets that they fall into."""
    figure, (plane, buckets) = plt.subplots(
        *across((2, 1), (1, 2)), figsize=across((5, 9.2), (10, 4.6))
    )
    bits = lines.transform(points)
    codes, members = np.unique(bits, axis=0, return_inverse=True)
    n_codes, n_bits = codes.shape
    query_first = [query, *(i for i in range(len(rows)) if i != query)]
    _draw_plane(plane, points, lines.hyperplanes_, codes)
    for i in reversed(query_first):  # what is put last lies on top
        colour = COLOURS[members[i] % 7]
        _put(plane, dataset, rows[i], points[i], colour, asks=i == query, zoom=0.75)
    trays = n_bits * _BIT + 0.3  # where they begin, on the right of the codes
    for k, code in enumerate(codes):
        y = n_codes - 1 - k
        colour = COLOURS[k % 7]
        _draw_bucket(buckets, code, y, trays, colour, asked=k == members[query])
        inside = [i for i in query_first if members[i] == k]
        for column, i in enumerate(inside[:_SHOWN]):
            place = (trays + 0.5 + _PICTURE * column, y)
            _put(buckets, dataset, rows[i], place, colour, asks=i == query, zoom=0.9)
    for b in range(n_bits):
        write(buckets, (b * _BIT + 0.22, n_codes - 0.55), str(b + 1), fontsize=19)
    buckets.set(xlim=(-0.6, trays + _SHOWN * _PICTURE + 0.3), ylim=(-0.6, n_codes - 0.25))
    buckets.axis("off")
    arrow = {
        "arrowstyle": "-|>",
        "shrinkA": 16,
        "shrinkB": 0,
        "mutation_scale": 10,
        "linewidth": 2.5,
    }
    code = (-0.1, n_codes - 1 - members[query])
    buckets.annotate(
        "", code, points[query], textcoords=plane.transData, arrowprops=arrow
    ).set_in_layout(False)
    figure.draw_without_rendering()  # now all axes have their places
    tip = plane.transData.inverted().transform(buckets.transData.transform(code))
    on_arrow = np.linspace(points[query], tip, 50)
    _number_lines(plane, np.concatenate([points, on_arrow]), lines.hyperplanes_)
    return figure


def _draw_bucket(axes: Axes, code: Bits, y: float, tray: float, colour: str, asked: bool) -> None:
    """Draw a code as boxes, and an empty tray; that of the query is darker and framed."""
    for b, bit in enumerate(code):
        fill = "black" if bit else "white"
        axes.add_patch(
            Rectangle((b * _BIT, y - 0.22), 0.45, 0.45, facecolor=fill, edgecolor="black")
        )
    shade: Look = {"alpha": 0.45, "linewidth": 1} if asked else {"alpha": 0.15, "linewidth": 0}
    width = _SHOWN * _PICTURE + 0.1
    axes.add_patch(
        Rectangle((tray, y - 0.42), width, 0.84, facecolor=colour, edgecolor="black", **shade)
    )


def _draw_plane(axes: Axes, points: Floats, hyperplanes: Floats, codes: Bits) -> None:
    """Tint the region of each code, and draw the lines."""
    reach = 1.12 * np.abs(points).max()
    inside = grid_of_plane(reach, 300) @ hyperplanes >= 0
    for k, code in enumerate(codes):
        region = (inside == code).all(axis=-1)
        axes.contourf(
            region, [0.5, 1.5], extent=(-reach, reach) * 2, colors=[COLOURS[k % 7]], alpha=0.2
        )
    for normal in hyperplanes.T:
        draw_hyperplane(axes, normal, linewidth=2)
    show_plane(axes, reach)
    axes.axis("off")


def _number_lines(axes: Axes, taken: Floats, hyperplanes: Floats) -> None:
    """Write each line's number on it, where most room is left; the lines meet at the origin."""
    box = {"facecolor": "white", "edgecolor": GREY}
    rim = 0.93 * axes.get_xlim()[1]
    to_rim = np.linspace(0.55, 1, 10)
    along = np.concatenate([to_rim, -to_rim])[:, None]
    for k, (x, y) in enumerate(hyperplanes.T, start=1):
        places = rim * along * np.array([-y, x]) / max(abs(x), abs(y))
        write(axes, places[gaps(places, taken).argmax()], str(k), fontsize=19, bbox=box)


def _put(
    axes: Axes, dataset: Dataset, row: int, place: Any, colour: str, asks: bool, zoom: float
) -> None:
    """Show one picture at a place, in a frame; the query's is black and thick."""
    picture = np.full((28, 28), 0.5) if dataset.images is None else dataset.images[row]
    image = OffsetImage(picture, zoom=zoom * 28 / len(picture), cmap="gray")
    colour, width = ("black", 3.5) if asks else (colour, 1.2)
    frame = {"edgecolor": colour, "linewidth": width}
    box = AnnotationBbox(image, place, pad=0.08, bboxprops=frame)
    axes.add_artist(box)
