"""The style of all figures, what several of them draw, and the kinds of arrays that they draw."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import AutoLocator, EngFormatter, LogFormatter, MaxNLocator

from ..checks import Array, Bits, Floats
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


_GAP = 6  # pixels from a line, or from the edge of the panel, to the box of its name
_NEARER = 8  # so many times nearer to its own line is near enough: other lines do not matter
_STEPS = 40  # places along each piece of a line
_SIDES = np.array([[x, y] for x in (-1, 0, 1) for y in (-1, 1, 0)])
"""Nine places of a box whose middle is the origin, and directions from a line to its name."""


def _name_lines(axes: Axes) -> None:
    """Write the name of each line beside it, in its colour, far from other lines and names."""
    taken = [_course(line, axes) for line in axes.lines]
    for i, line in enumerate(axes.lines):
        name = str(line.get_label())
        if name.startswith("_"):
            continue  # Matplotlib's own name for a line without one
        text = axes.text(0, 0, name, ha="center", va="center", color=line.get_color(), bbox=BOX)
        half = np.array(text.get_window_extent().size) / 2
        places = (taken[i][:, None] + (half + _GAP) * _SIDES).reshape(-1, 2)
        others = np.concatenate([axes.bbox.corners(), *taken[:i], *taken[i + 1 :]])
        room = np.minimum(gaps(places, others, half), _NEARER * gaps(places, taken[i], half))
        panel = axes.bbox.padded(-_GAP)
        inside = (places - half >= panel.min) & (places + half <= panel.max)
        place = places[np.where(inside.all(axis=1), room, -1).argmax()]
        text.set(position=axes.transAxes.inverted().transform(place), transform=axes.transAxes)
        taken.append(place + half * _SIDES)


def _course(line: Line2D, axes: Axes) -> Floats:
    """Return places along a line, in pixels, as far as the panel shows it."""
    path = line.get_transform().transform_path(line.get_path())
    places = np.asarray(path.interpolated(_STEPS).vertices)
    low, high = axes.bbox.get_points()
    return places[((places > low - 1) & (places < high + 1)).all(axis=1)]


def gaps(middles: Floats, points: Floats, half: Any = 0) -> Floats:
    """Return how far each box, given by its middle and half its size, is from the nearest point."""
    apart = np.maximum(np.abs(middles[:, None] - points) - half, 0)
    return np.linalg.norm(apart, axis=2).min(axis=1)


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


def in_digits(bits: Bits) -> Array:
    """Return the code of each row as a text of zeros and ones."""
    return np.array(["".join(row) for row in np.where(bits, "1", "0")])


def write_codes(axes: Axes, places: Floats, bits: Bits, taken: Floats, half: Any = 0) -> None:
    """Write each code into its region, far from what is taken and from other regions.

    The region of a code is all of the places, (n, 2), that have its bits. `half` is half the size
    of a code.
    """
    codes = in_digits(bits)
    for code in np.unique(codes):
        inside = places[codes == code]
        others = np.concatenate([taken, places[codes != code]])
        place = inside[gaps(inside, others, half).argmax()]
        write(axes, place, code, weight="bold", bbox=BOX)


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
