"""The look that all figures share."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

P = ParamSpec("P")

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, GREY = "#CC79A7", "#56B4E9", "#6e6e6e"
COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, GREY)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STROKES = ("-", "--", "-.", ":", "-", "--", "-.")

METHODS: dict[str, dict[str, str]] = {
    "exhaustive": {"color": "black", "marker": "", "linestyle": ":"},
    "raw": {"color": ORANGE, "marker": "s", "linestyle": "--"},
    "centred": {"color": BLUE, "marker": "o", "linestyle": "-"},
    "LSH, raw vectors": {"color": ORANGE, "marker": "s", "linestyle": "--"},
    "LSH, 32 bits": {"color": BLUE, "marker": "o", "linestyle": "--"},
    "LSH, 64 bits": {"color": BLUE, "marker": "o", "linestyle": "-."},
    "LSH": {"color": BLUE, "marker": "o", "linestyle": "-"},
    "PCAH": {"color": PURPLE, "marker": "v", "linestyle": "-."},
    "SH": {"color": GREY, "marker": "X", "linestyle": ":"},
    "ITQ": {"color": GREEN, "marker": "^", "linestyle": "--"},
    "AGH": {"color": SKY, "marker": "P", "linestyle": ":"},
    "CCA-ITQ": {"color": GREEN, "marker": "D", "linestyle": "-."},
    "STH": {"color": PURPLE, "marker": "P", "linestyle": "--"},
    "KSH": {"color": SKY, "marker": "v", "linestyle": "--"},
    "SDH": {"color": GREY, "marker": "D", "linestyle": "-."},
    "GRH kernel": {"color": RED, "marker": "s", "linestyle": "-"},
    "GRH": {"color": RED, "marker": "s", "linestyle": "--"},
}
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


def look(name: str, i: int = 0) -> dict[str, Any]:
    """Colour, marker and stroke of a method, or of the line with this number: lines differ in grey too."""
    known = [method for method in METHODS if name == method or name.startswith((f"{method} ", f"{method},"))]
    if known:
        return dict(METHODS[max(known, key=len)])
    k = i % len(COLOURS)
    return {"color": COLOURS[k], "marker": MARKERS[k], "linestyle": STROKES[k]}


def draw_lines(axes: Axes, x: ArrayLike, lines: Mapping[str, ArrayLike]) -> None:
    """Draw named lines, with a legend if there are several."""
    for i, (name, y) in enumerate(lines.items()):
        axes.plot(x, y, label=name, **look(name, i))
    if len(lines) > 1:
        axes.legend()
