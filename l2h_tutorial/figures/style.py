"""The style of all figures, what several of them draw, and the kinds of arrays that they draw."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import AutoLocator, EngFormatter, LogFormatter, MaxNLocator

from ..checks import Array, Bits, Floats, Objects
from .colours import GREY, LINE

P = ParamSpec("P")


_PHONE: Any = {
    "figure.figsize": (3.6, 3.6),
    "font.size": 9.5,
    "figure.titlesize": 10,
    "axes.titlesize": 10,
}
"""What a drawing for a phone changes: it is shown in its own size, with its panels stacked."""

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
    """Draw in the book's style. The figure's `on_a_phone` draws it once more, for a phone."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        again = partial(draw, *args, **kwargs)
        figure = _laid_out(again, _STYLE)
        figure.on_a_phone = partial(_laid_out, again, _STYLE | _PHONE)  # type: ignore[attr-defined]
        return figure

    return drawn


def _laid_out(draw: Callable[[], Figure], style: Any) -> Figure:
    """Draw a figure and lay it out. Pyplot forgets it, so a cell that returns it shows it once."""
    with plt.rc_context(style):
        figure = draw()
        for axes in figure.axes:
            _thin_ticks(axes)
            _move_label_above(axes)
        figure.draw_without_rendering()  # this lays it out
        for axes in figure.axes:
            if not (figure.legends or axes.get_legend()):
                _name_lines(axes)
    plt.close(figure)
    return figure


_TICKS_AN_INCH = 1.6  # along the wider side of a panel


def _thin_ticks(axes: Axes) -> None:
    """Leave only a few numbers on both axes, written short, and no strokes beside them."""
    axes.minorticks_off()
    axes.tick_params(length=0)
    most = max(2, round(_TICKS_AN_INCH * axes.bbox.width / axes.figure.dpi))
    for axis in (axes.xaxis, axes.yaxis):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            axis.set_major_formatter(_power)
        elif isinstance(axis.get_major_locator(), AutoLocator):
            axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))


def _move_label_above(axes: Axes) -> None:
    """Move the label of the y-axis above its panel, and the titles of that row above the label."""
    label = axes.yaxis.label
    if not (label.get_text() and label.get_rotation()):
        return  # a label that is not rotated names a row of tiles
    label.set(rotation=0, ha="left", va="bottom")
    axes.yaxis.set_label_coords(0, 1.02)
    top = axes.get_position(original=True).y1
    for panel in axes.figure.axes:
        if panel.get_position(original=True).y1 == top:
            panel.set_title(panel.get_title("left"), pad=21)


# The name of a line is written in a box beside it. Each place for that box gets points, and the
# place with most points wins. Distances are in pixels; all numbers were chosen by eye.
_CLOSE = 6  # from a line to the box of its name,
_FAR = 20  # or this, where that leaves more room
_FAR_COSTS = 25
_ROOM = 50  # a point for each pixel to the nearest other thing, up to this
_CLEAR = 3  # so few pixels hardly separate two things:
_CLEAR_EARNS = 40  # each of them is worth this many points more
_OFF_LINE = 5  # what a box should leave free between itself and its own line
_OFF_LINE_EARNS = 4  # points for each of these pixels
_ALONE = 15  # a point for each pixel from the line to another, where it is named, up to this
_MISTAKABLE_COSTS = 60  # where another line is nearer than its own
_OUTSIDE = -99  # points of a box that is not wholly in the panel
_NOTHING_NEAR = 99  # the distance to the nearest of no things

_COURSE = 200  # places along a line
_SIDES = np.array([[x, y] for x in (-1, 0, 1) for y in (-1, 1, 0) if x or y])
"""Eight directions from a place of a line to the box of its name."""
_FILLED = np.stack(np.meshgrid(np.linspace(-1, 1, 9), [-1, 0, 1]), axis=-1).reshape(-1, 2)
"""Points all over a box whose sides are two long and whose middle is the origin."""


def _name_lines(axes: Axes) -> None:
    """Write the name of each line beside it, in its colour, far from other lines and names."""
    handles, names = axes.get_legend_handles_labels()
    # the handle of error bars is a tuple that begins with their line
    lines: list[Any] = [handle[0] if isinstance(handle, tuple) else handle for handle in handles]
    taken = [_course(line, axes) for line in lines]
    points = [
        marks.get_offset_transform().transform(marks.get_offsets()) for marks in axes.collections
    ]
    points += [_course(line, axes) for line in axes.lines if str(line.get_label()).startswith("_")]
    for i, (line, name) in enumerate(zip(lines, names, strict=True)):
        text: Any = axes.annotate(
            name, (0, 0), (0, 0), textcoords="offset points", ha="center", va="center"
        )
        half = np.array(Text.get_window_extent(text).size) / 2
        others = np.concatenate([np.empty((0, 2)), *points, *taken[:i], *taken[i + 1 :]])
        anchor, place = _place_name(axes, taken[i], half, others)
        text.xy = axes.transData.inverted().transform(anchor)
        text.set(
            position=(place - anchor) * 72 / axes.figure.dpi,
            color=line.get_color(),
            bbox=BOX,
        )
        taken.append(place + half * _FILLED)


def _place_name(axes: Axes, course: Floats, half: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Return the place of a line that is named, and the middle of the box with the name."""
    around = np.concatenate([_SIDES * (half + gap) for gap in (_CLOSE, _FAR)])
    places = (course[:, None] + around).reshape(-1, 2)
    to_others = _gaps(places, half, others)
    to_line = _gaps(places, half, course)
    between = _gaps(course, np.zeros(2), others).repeat(len(around))
    points = np.minimum(to_others, _ROOM)
    points += _CLEAR_EARNS * np.minimum(to_others, _CLEAR)
    points += _OFF_LINE_EARNS * np.minimum(to_line, _OFF_LINE)
    points += np.minimum(between, _ALONE)
    points -= _MISTAKABLE_COSTS * (to_others < to_line)
    points -= np.tile(np.repeat([0, _FAR_COSTS], len(_SIDES)), len(course))
    inside = (places - half >= axes.bbox.min) & (places + half <= axes.bbox.max)
    best = np.where(inside.all(axis=1), points, _OUTSIDE).argmax()
    return course[best // len(around)], places[best]


def _course(line: Any, axes: Axes) -> Floats:
    """Return places along a line, in pixels, as far as the panel shows it."""
    ends = line.get_transform().transform(line.get_xydata())
    ends = ends[np.isfinite(ends).all(axis=1)]
    lengths = np.cumsum(np.linalg.norm(np.diff(ends, axis=0, prepend=ends[:1]), axis=1))
    steps = np.linspace(0, lengths[-1], _COURSE)
    course = np.column_stack([np.interp(steps, lengths, column) for column in ends.T])
    low, high = axes.bbox.get_points()
    return course[((course > low - 1) & (course < high + 1)).all(axis=1)]


def _gaps(middles: Floats, half: Floats, points: Floats) -> Floats:
    """Return how far each box, given by its middle and half its size, is from the nearest point."""
    gaps = np.maximum(np.abs(middles[:, None] - points) - half, 0)
    return np.linalg.norm(gaps, axis=2).min(axis=1, initial=_NOTHING_NEAR)


def _power(value: float, place: float) -> str:
    """Write a power of ten in letters of one size: 0.01, 100, 10k."""
    return f"{value:g}" if value < 1000 else EngFormatter(sep="")(value)


def across(phone: Any, page: Any) -> Any:
    """Return the one of two things that belongs to the drawing that is being made."""
    return phone if plt.rcParams["figure.figsize"][0] == _PHONE["figure.figsize"][0] else page


_ONE_PANEL = 6.0  # inches: a panel alone is not as wide as the page


def panels(
    count: int, height: float, columns: int | None = None, **properties: Any
) -> tuple[Figure, Array]:
    """Return a figure of `count` panels, and the panels, each `height` inches high.

    If nothing is said of columns, panels stand side by side on a page and are stacked on a phone.
    """
    columns = columns or across(1, count)
    rows = -(-count // columns)
    widest = _STYLE["figure.figsize"][0] if columns > 1 else _ONE_PANEL
    width = min(plt.rcParams["figure.figsize"][0], widest)
    size = (width, rows * height)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, **properties)
    figure.get_layout_engine().set(w_pad=across(0.04, 0.1))
    for empty in grid.flat[count:]:
        empty.remove()
    return figure, grid.ravel()[:count]


BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.6, "pad": 0.5}
"""What lies behind letters that stand among points."""


def write(axes: Axes, place: Any, text: str, **properties: Any) -> None:
    """Write a text with its middle at a place, which is given by its two coordinates."""
    x, y = place
    axes.text(x, y, text, ha="center", va="center", **properties)


def in_digits(bits: Bits) -> Objects:
    """Return the code of each row as a text of zeros and ones."""
    return np.array(["".join(row) for row in np.where(bits, "1", "0")])


def write_codes(axes: Axes, places: Floats, bits: Bits, taken: Floats) -> None:
    """Write each code into its region, far from what is taken and from other regions.

    The region of a code is all of the places, (n, 2), that have its bits.
    """
    codes = in_digits(bits)
    for code in np.unique(codes):
        inside = places[codes == code]
        others = np.concatenate([taken, places[codes != code]])
        gaps = np.linalg.norm(inside[:, None] - others, axis=-1).min(axis=1)
        write(axes, inside[gaps.argmax()], code, weight="bold", bbox=BOX)


def unit(direction: Any) -> Floats:
    """Return vectors of length one, (..., 2), for directions of any shape, in radians."""
    return np.stack([np.cos(direction), np.sin(direction)], axis=-1)


def grid_of_plane(reach: float, n: int) -> Floats:
    """Return places in n lines of n, (n, n, 2), as far as `reach` to each side."""
    ticks = np.linspace(-reach, reach, n)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1)


def draw_hyperplane(axes: Axes, normal: Any, through: Any = (0.0, 0.0), **properties: Any) -> None:
    """Draw the line through a place, else through the origin, that is perpendicular to a vector."""
    x, y = normal
    axes.axline(through, np.add(through, (-y, x)), color=GREY, **properties)


def show_plane(axes: Axes, reach: float, **properties: Any) -> None:
    """Show the plane as far as `reach` to each side, to the same scale both ways."""
    ends = (-reach, reach)
    axes.set(xlim=ends, ylim=ends, aspect="equal", **properties)


def hide_ticks(axes: Axes) -> None:
    """Leave the frame of a picture, and nothing that measures."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
