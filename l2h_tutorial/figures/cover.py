"""The idea of the book in one picture, without a word."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import ConnectionPatch, Rectangle
from numpy.typing import NDArray

from ..datasets import Dataset
from .style import COLOURS, GREY, styled

_SHOWN = 6  # pictures of a bucket


@styled
def cover(
    dataset: Dataset,
    rows: NDArray[np.integer],
    points: NDArray[np.floating],
    hyperplanes: NDArray[np.floating],
    bits: NDArray[np.bool_],
    query: int = 0,
) -> Figure:
    """Pictures in the plane, the lines that cut it, and the buckets that they fall into; one of them is the query.

    Parameters
    ----------
    dataset : Dataset
        Without pictures, grey squares stand for them.
    rows : (n,) int
        Which pictures.
    points : (n, 2) float
        Where each lies in the plane.
    hyperplanes : (2, n_bits) float
        Normal vectors of the lines, a column each.
    bits : (n, n_bits) bool
        The code of each picture.
    query : int, default=0
        Which of the pictures asks.
    """
    figure, (plane, buckets) = plt.subplots(1, 2, figsize=(10, 4.6))
    codes, members = np.unique(bits, axis=0, return_inverse=True)
    _draw_plane(plane, points, hyperplanes, codes)
    for i in [*(j for j in range(len(rows)) if j != query), query]:
        _put(plane, dataset, rows[i], tuple(points[i]), COLOURS[members[i] % 7], 3.5 if i == query else 1.2, zoom=0.75)
    left = len(bits[0]) * 0.55 + 0.3
    for k, code in enumerate(codes):
        y = len(codes) - 1 - k
        asked = bool(k == members[query])
        for b, bit in enumerate(code):
            fill = "black" if bit else "white"
            buckets.add_patch(Rectangle((b * 0.55, y - 0.22), 0.45, 0.45, facecolor=fill, edgecolor="black"))
        tray = Rectangle((left, y - 0.42), _SHOWN * 0.9 + 0.1, 0.84, facecolor=COLOURS[k % 7], edgecolor="black")
        tray.set(alpha=0.45 if asked else 0.15, linewidth=int(asked))
        buckets.add_patch(tray)
        inside = [*[query] * asked, *(int(i) for i in np.flatnonzero(members == k) if i != query)]
        for place, i in enumerate(inside[:_SHOWN]):
            at = (left + 0.5 + 0.9 * place, y)
            _put(buckets, dataset, rows[i], at, COLOURS[k % 7], 3.5 if i == query else 1.2, zoom=0.9)
    for b in range(len(bits[0])):
        buckets.text(b * 0.55 + 0.22, len(codes) - 0.55, str(b + 1), ha="center", va="center", fontsize=11)
    buckets.set(xlim=(-0.6, left + _SHOWN * 0.9 + 0.3), ylim=(-0.6, len(codes) - 0.25))
    buckets.axis("off")
    ends = points[query], (-0.1, len(codes) - 1 - members[query])
    arrow = ConnectionPatch(*ends, "data", "data", axesA=plane, axesB=buckets, arrowstyle="-|>", shrinkA=16, lw=2.5)
    figure.add_artist(arrow)
    return figure


def _draw_plane(axes: Axes, points: NDArray[np.floating], hyperplanes: NDArray[np.floating], codes: NDArray) -> None:
    """Tint the region of each code, and draw the lines."""
    reach = 1.12 * np.abs(points).max()
    grid = np.linspace(-reach, reach, 300)
    x, y = np.meshgrid(grid, grid)
    inside = np.stack([x, y], axis=-1) @ hyperplanes >= 0
    for k, code in enumerate(codes):
        region = (inside == code).all(axis=-1)
        axes.contourf(x, y, region, levels=[0.5, 1.5], colors=[COLOURS[k % 7]], alpha=0.2)
    for k, normal in enumerate(hyperplanes.T, start=1):
        along = np.array([-normal[1], normal[0]]) / np.linalg.norm(normal)
        axes.plot(*np.outer([-2, 2], along).T * reach, color=GREY, linewidth=2)
        ends = np.outer([-0.93, 0.93], along * reach / np.abs(along).max())
        clear = [np.linalg.norm(points - end, axis=1).min() for end in ends]  # where no picture hides the number
        box = {"facecolor": "white", "edgecolor": GREY}
        axes.text(*ends[np.argmax(clear)], str(k), ha="center", va="center", fontsize=11, bbox=box)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.axis("off")


def _put(
    axes: Axes, dataset: Dataset, row: int, at: tuple[float, float], colour: str, frame: float, zoom: float
) -> None:
    """Show one picture at a place, in a frame."""
    picture = np.full((28, 28), 0.5) if dataset.images is None else dataset.images[row]
    box = OffsetImage(picture, zoom=zoom * 28 / len(picture), cmap="gray")
    look = {"edgecolor": "black" if frame > 2 else colour, "linewidth": frame}
    axes.add_artist(AnnotationBbox(box, at, pad=0.08, bboxprops=look))
