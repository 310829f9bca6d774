"""The look that all figures share, and the kinds of arrays that they draw."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogFormatter
from numpy.typing import NDArray

P = ParamSpec("P")
Bits = NDArray[np.bool_]
Floats = NDArray[np.floating]
Rows = NDArray[np.int64]
Look = dict[str, Any]

WIDTH = 5.2
"""Inches across: on a phone, 358 pixels wide, letters of 9.5 points have 9 pixels still. Panels stand below each other.
"""

BLUE, ORANGE, GREEN, RED = "#0072b2", "#9a6700", "#007a55", "#b02a00"
PURPLE, SKY, GREY = "#a2508a", "#2a7f9e", "#6e6e6e"
COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, GREY)
_ON_DARK = ("#121212", "#e6e6e6", "#5aa5e0", "#ff9a70", "#2fb08a", "#d188b8", "#d09a2c", "#5fb3cf", "#9a9a9a")
DARK = dict(zip(("#ffffff", "#000000", *COLOURS), _ON_DARK, strict=True))
"""What stands for each colour on a dark page. On both pages all can be read, and red, which is GRH's, stands out."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STROKES = ("-", "--", "-.", ":", "-", "--", "-.")


def _line(colour: str, marker: str, stroke: str) -> Look:
    return {"color": colour, "marker": marker, "linestyle": stroke}


METHODS: dict[str, Look] = {
    "exhaustive search": _line("black", "", ":"),
    "exhaustive search, raw vectors": _line(ORANGE, "", ":"),
    "exhaustive search, centred vectors": _line(BLUE, "", ":"),
    "LSH, raw vectors": _line(ORANGE, "s", "--"),
    "LSH, 32 bits": _line(BLUE, "o", "--"),
    "LSH, 64 bits": _line(BLUE, "o", "-."),
    "LSH": _line(BLUE, "o", "-"),
    "LSH, radius 3": _line(BLUE, "o", "-") | {"markerfacecolor": "white"},  # beside radius 2, of one table
    "LSH, ranked": _line(BLUE, "o", ":") | {"markerfacecolor": "white"},
    "PCAH": _line(PURPLE, "v", "-."),
    "SH": _line(GREY, "X", ":"),
    "ITQ": _line(GREEN, "^", "--"),
    "AGH": _line(SKY, "P", ":"),
    "CCA-ITQ": _line(GREEN, "D", "-."),
    "STH": _line(PURPLE, "P", "--"),
    "KSH": _line(SKY, "v", "--"),
    "SDH": _line(GREY, "D", "-."),
    "GRH kernel": _line(RED, "s", "-"),
    "GRH from CCA-ITQ": _line(RED, "D", "-."),
    "GRH": _line(RED, "s", "--") | {"markerfacecolor": "white"},
    "GRH kernel, ranked": _line(RED, "o", ":"),
    "class scores": _line(GREY, "P", "-"),
    "signs": _line(SKY, "o", "-"),
    "signs, rotated": _line(SKY, "s", "--"),
    "signs, rotated, asymmetric": _line(SKY, "D", "-."),
    "RaBitQ": _line("black", "*", "-"),
    "int8": _line(PURPLE, "s", "-"),
    "int4": _line(PURPLE, "D", "--"),
    "PQ": _line(ORANGE, "v", ":"),
    "OPQ": _line(ORANGE, "^", "-"),
    "truncation": _line(RED, "X", ":"),
    "float32": _line("black", "o", ":"),
    "float16": _line("black", "s", ":"),
}
METHODS["ITQ+CCA"] = METHODS["CCA-ITQ"]  # as the paper calls it
"""One colour, marker and stroke a method, on every page. A name that is not here has the look of the longest one it
begins with."""

_STYLE: Any = {
    "font.size": 10.5,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "legend.fontsize": 10,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "figure.dpi": 110,
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.07,
    "image.cmap": "gray",
    "image.interpolation": "none",
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in the book's style, and let pyplot forget the figure, so that a cell shows it once: when it returns it."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with plt.rc_context(_STYLE):
            figure = draw(*args, **kwargs)
        for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
            if isinstance(axis.get_major_formatter(), LogFormatter):
                axis.set_major_formatter(_power)
        plt.close(figure)
        return figure

    return drawn


def _power(value: float, place: float) -> str:
    """A power of ten in letters of one size: 0.01, 100, 10k."""
    return f"{value:g}" if value < 1000 else EngFormatter(sep="")(value)


def look(name: str, i: int | None = None) -> Look:
    """Colour, marker and stroke of a method; if there is no such, of line number i: lines differ in grey too."""
    known = [method for method in METHODS if name == method or name.startswith((f"{method} ", f"{method},"))]
    if known:
        return METHODS[max(known, key=len)]
    if i is None:
        raise KeyError(f"{name!r} has no look of its own; METHODS of figures.style has {', '.join(METHODS)}")
    k = i % len(COLOURS)
    return _line(COLOURS[k], MARKERS[k], STROKES[k])


def panels(rows: int, height: float, columns: int = 1, **properties: Any) -> tuple[Figure, NDArray[Any]]:
    """A figure as wide as all are, and its panels, (rows, columns)."""
    return plt.subplots(rows, columns, figsize=(WIDTH, height), squeeze=False, **properties)


def name_ends(axes: Axes) -> None:
    """Write the name of each line beside its end, in its colour, and above the name below it; call it last."""
    axes.get_ylim()  # settles the limits
    ends = []
    for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
        line: Any = handle[0] if isinstance(handle, tuple) else handle  # of a line with error bars
        place = axes.transAxes.inverted().transform(line.get_transform().transform(line.get_xydata()[-1]))
        ends.append((place[1], name, line.get_color()))
    letter = 14 / 72 * axes.figure.dpi / axes.bbox.height  # its height, as a share of the panel's
    edge = -np.inf
    for y, name, colour in sorted(ends):
        edge = max(y, edge + letter)
        axes.text(1.03, edge, name, transform=axes.transAxes, color=colour, va="center", fontsize=10)


def name_above(figure: Figure, axes: Axes, columns: int = 2) -> None:
    """Say above a figure what the lines and marks of its panels mean."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=columns)


def tint(strength: Any) -> Floats:
    """Colours of numbers from -1 to 1: blue above 0, orange below, and weak enough for letters on them."""
    colours = np.where(np.asarray(strength)[..., None] > 0, to_rgb(BLUE), to_rgb(ORANGE))
    return np.concatenate([colours, 0.4 * np.abs(strength)[..., None]], axis=-1)


def write(axes: Axes, place: Any, text: str, **properties: Any) -> None:
    """Write around a place, given by its two coordinates."""
    x, y = place
    axes.text(x, y, text, ha="center", va="center", **properties)


def draw_hyperplane(axes: Axes, normal: Any, **properties: Any) -> None:
    """Draw the line through the origin on which a vector stands upright."""
    x, y = normal
    axes.axline((0, 0), (-y, x), color=GREY, **properties)


def draw_arrow(axes: Axes, end: Any, arrowstyle: str = "->", **properties: Any) -> None:
    """Draw an arrow from the origin."""
    axes.annotate("", end, (0, 0), arrowprops={"arrowstyle": arrowstyle, "color": "black", **properties})


def show_plane(axes: Axes, reach: float, **properties: Any) -> None:
    """Show the plane as far as `reach` to each side, to the same scale both ways."""
    ends = (-reach, reach)
    axes.set(xlim=ends, ylim=ends, aspect="equal", **properties)


def hide_ticks(axes: Axes) -> None:
    """Leave the frame of a picture, and nothing that measures."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
