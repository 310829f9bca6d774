"""How all figures are drawn, and the kinds of arrays that they draw."""

import base64
import io
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import AutoLocator, EngFormatter, LogFormatter, LogLocator, MaxNLocator
from numpy.typing import NDArray

from .colours import GREY, LINE

P = ParamSpec("P")
Bits = NDArray[np.bool_]
Floats = NDArray[np.floating]
Rows = NDArray[np.int64]


_PHONE: Any = {
    "figure.figsize": (3.6, 3.6),
    "font.size": 9.5,
    "figure.titlesize": 10,
    "axes.titlesize": 10,
}
"""What is different in the drawing for a phone, which has its size there: panels stand below each other."""

_STYLE: Any = {
    "font.size": 10,
    "figure.titlesize": 10.5,
    "figure.titleweight": "bold",
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LINE,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.xmargin": 0.03,
    "axes.ymargin": 0.08,
    "grid.color": LINE,
    "grid.alpha": 0.5,
    "grid.linewidth": 0.6,
    "lines.markersize": 5,
    "legend.frameon": False,
    "figure.figsize": (7.1, 7.1),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.07,
    "image.cmap": "gray",
    "image.interpolation": "none",
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in the book's style. What is drawn for a page can be drawn `on_a_phone`, too."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        figure = _laid_out(lambda: draw(*args, **kwargs), _STYLE)
        figure.on_a_phone = lambda: _laid_out(lambda: draw(*args, **kwargs), _STYLE | _PHONE)  # type: ignore[attr-defined]
        return figure

    return drawn


def _laid_out(draw: Callable[[], Figure], style: Any) -> Figure:
    """A figure with everything in its place, which pyplot forgets: a cell shows it once, when it returns it."""
    with plt.rc_context(style):
        figure = draw()
        for axes in figure.axes:
            _few_ticks(axes)
            _say_above(axes)
        figure.draw_without_rendering()  # which lays it out
        for axes in figure.axes:
            if not (figure.legends or axes.get_legend()):
                _name_lines(axes)
    plt.close(figure)
    return figure


def _few_ticks(axes: Axes) -> None:
    """Leave numbers on the axes that a reader needs, in short figures, and no strokes."""
    axes.minorticks_off()
    axes.tick_params(length=0)
    most = max(2, round(1.6 * axes.bbox.width / axes.figure.dpi))
    for axis in (axes.xaxis, axes.yaxis):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            axis.set_major_formatter(_power)
            if (
                isinstance(axis.get_major_locator(), LogLocator)
                and np.ptp(np.log10(axis.get_view_interval())) < 2
            ):
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        elif isinstance(axis.get_major_locator(), AutoLocator):
            axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))


def _say_above(axes: Axes) -> None:
    """Write what is measured upwards above the panel, and the titles of its row above that; names of rows stay."""
    measures = axes.yaxis.label
    if measures.get_text() and measures.get_rotation():
        measures.set(rotation=0, ha="left", va="bottom")
        axes.yaxis.set_label_coords(0, 1.02)
        top = axes.get_position(original=True).y1
        for panel in (
            panel for panel in axes.figure.axes if panel.get_position(original=True).y1 == top
        ):
            panel.set_title(panel.get_title("left"), pad=21)


_FILLED = np.stack(np.meshgrid(np.linspace(-1, 1, 9), [-1, 0, 1]), axis=-1).reshape(-1, 2)
_AROUND = np.array([[x, y] for x in (-1, 0, 1) for y in (-1, 1, 0) if x or y])


def _name_lines(axes: Axes) -> None:
    """Write the name of each line in its colour beside it, where it is furthest from all other lines and names."""
    handles, names = axes.get_legend_handles_labels()
    # or error bars
    lines: list[Any] = [handle[0] if isinstance(handle, tuple) else handle for handle in handles]
    courses = [_course(line, axes) for line in lines]
    points = [
        marks.get_offset_transform().transform(marks.get_offsets()) for marks in axes.collections
    ]
    points += [_course(line, axes) for line in axes.lines if str(line.get_label()).startswith("_")]
    for i, (line, name) in enumerate(zip(lines, names, strict=True)):
        text: Any = axes.annotate(
            name, (0, 0), (0, 0), textcoords="offset points", ha="center", va="center"
        )
        half = np.array(Text.get_window_extent(text).size) / 2
        around = np.concatenate([_AROUND * (half + 6), _AROUND * (half + 20)])
        places = (courses[i][:, None] + around).reshape(-1, 2)
        others = np.concatenate([places[:0], *points, *courses[:i], *courses[i + 1 :]])
        free, off_line = _gaps(places, half, others), _gaps(places, half, courses[i])
        # the line, where it would be named
        alone = _gaps(courses[i], np.zeros(2), others).repeat(len(around))
        room = (
            np.minimum(free, 50)
            + 40 * np.minimum(free, 3)
            + 4 * np.minimum(off_line, 5)
            + np.minimum(alone, 15)
        )
        room -= 60 * (free < off_line)  # of another line it would be the name
        # close to the line, if it can be
        room -= np.tile(np.arange(len(around)) >= len(_AROUND), len(courses[i])) * 25
        inside = ((places - half >= axes.bbox.min) & (places + half <= axes.bbox.max)).all(axis=1)
        best = np.where(inside, room, -99).argmax()
        anchor = courses[i][best // len(around)]
        text.xy = axes.transData.inverted().transform(anchor)
        text.set(
            position=(places[best] - anchor) * 72 / axes.figure.dpi,
            color=line.get_color(),
            bbox=BOX,
        )
        courses.append(places[best] + half * _FILLED)


def _course(line: Any, axes: Axes) -> Floats:
    """Places along a line, in pixels, as far as the panel shows it."""
    ends = line.get_transform().transform(line.get_xydata())
    ends = ends[np.isfinite(ends).all(axis=1)]
    lengths = np.cumsum(np.linalg.norm(np.diff(ends, axis=0, prepend=ends[:1]), axis=1))
    course = np.column_stack(
        [np.interp(np.linspace(0, lengths[-1], 200), lengths, column) for column in ends.T]
    )
    low, high = axes.bbox.get_points()
    return course[((course > low - 1) & (course < high + 1)).all(axis=1)]


def _gaps(places: Floats, half: Floats, others: Floats) -> Floats:
    """How far each box, of a middle and half a size, is from the nearest of some points."""
    apart = np.maximum(np.abs(places[:, None] - others) - half, 0)
    return np.linalg.norm(apart, axis=2).min(axis=1, initial=99)


PHONE, PIXELS = "drawing for a phone", "the same in pixels"


def smaller(figure: Any, **asked: Any) -> tuple[dict[str, str], dict[str, str]]:
    """What a cell of the book keeps of a figure besides: its drawing for a phone, and that in pixels, for a card."""
    narrow = getattr(figure, "on_a_phone", lambda: figure)()
    drawing, pixels = io.StringIO(), io.BytesIO()
    narrow.savefig(drawing, format="svg")
    for text in narrow.findobj(Text):
        text.set_visible(False)  # on a card no letters could be read
    narrow.savefig(pixels, dpi=200, transparent=True)
    return {}, {PHONE: drawing.getvalue(), PIXELS: base64.b64encode(pixels.getvalue()).decode()}


def _power(value: float, place: float) -> str:
    """A power of ten in letters of one size: 0.01, 100, 10k."""
    return f"{value:g}" if value < 1000 else EngFormatter(sep="")(value)


def across(phone: Any, page: Any) -> Any:
    """What stands side by side, in the drawing that is being made: for a phone or for a page."""
    return phone if plt.rcParams["figure.figsize"][0] == _PHONE["figure.figsize"][0] else page


def panels(
    count: int, height: float, columns: int = 1, **properties: Any
) -> tuple[Figure, NDArray[Any]]:
    """A figure of so many panels, each of a height in inches, and the panels; a page shows one alone less wide."""
    rows = -(-count // columns)
    size = (min(plt.rcParams["figure.figsize"][0], 7.1 if columns > 1 else 6.0), rows * height)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, **properties)
    figure.get_layout_engine().set(w_pad=across(0.04, 0.1))
    for empty in grid.flat[count:]:
        empty.remove()
    return figure, grid.ravel()[:count]


BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.6, "pad": 0.5}
"""What lies behind letters among points."""


def write(axes: Axes, place: Any, text: str, **properties: Any) -> None:
    """Write around a place, given by its two coordinates."""
    x, y = place
    axes.text(x, y, text, ha="center", va="center", **properties)


def unit(direction: Any) -> Floats:
    """Vectors of length one: (..., 2) for directions of any shape, in radians."""
    return np.stack([np.cos(direction), np.sin(direction)], axis=-1)


def grid_of_plane(reach: float, n: int) -> Floats:
    """Places in n lines of n, (n, n, 2), as far as `reach` to each side."""
    ticks = np.linspace(-reach, reach, n)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1)


def draw_hyperplane(axes: Axes, normal: Any, **properties: Any) -> None:
    """Draw the line through the origin on which a vector stands upright."""
    x, y = normal
    axes.axline((0, 0), (-y, x), color=GREY, **properties)


def show_plane(axes: Axes, reach: float, **properties: Any) -> None:
    """Show the plane as far as `reach` to each side, to the same scale both ways."""
    ends = (-reach, reach)
    axes.set(xlim=ends, ylim=ends, aspect="equal", **properties)


def hide_ticks(axes: Axes) -> None:
    """Leave the frame of a picture, and nothing that measures."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
