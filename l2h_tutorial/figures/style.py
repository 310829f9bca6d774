"""The look that all figures share, and the kinds of arrays that they draw."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

P = ParamSpec("P")
Bits = NDArray[np.bool_]
Floats = NDArray[np.floating]
Rows = NDArray[np.int64]
Look = dict[str, Any]

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, GREY = "#CC79A7", "#56B4E9", "#6e6e6e"
COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, GREY)
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
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "figure.dpi": 110,
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    "image.cmap": "gray",
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in the book's style, and let pyplot forget the figure, so that a cell shows it once: when it returns it."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with plt.rc_context(_STYLE):
            figure = draw(*args, **kwargs)
        plt.close(figure)
        return figure

    return drawn


def look(name: str, i: int | None = None) -> Look:
    """Colour, marker and stroke of a method; if there is no such, of line number i: lines differ in grey too."""
    known = [method for method in METHODS if name == method or name.startswith((f"{method} ", f"{method},"))]
    if known:
        return METHODS[max(known, key=len)]
    if i is None:
        raise KeyError(f"{name!r} has no look of its own; METHODS of figures.style has {', '.join(METHODS)}")
    k = i % len(COLOURS)
    return _line(COLOURS[k], MARKERS[k], STROKES[k])


def draw_lines(axes: Axes, x: ArrayLike, lines: Mapping[str, ArrayLike]) -> None:
    """Draw named lines, with a legend if there are several."""
    for i, (name, y) in enumerate(lines.items()):
        axes.plot(x, y, label=name, **look(name, i))
    if len(lines) > 1:
        axes.legend()


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
