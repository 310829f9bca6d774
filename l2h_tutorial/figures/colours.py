"""The colours of all figures, and the one look of each method; what is drawn in them is a matter of `style`."""

from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

Look = dict[str, Any]

BLUE, ORANGE, GREEN, RED = "#0072b2", "#9a6700", "#007a55", "#b02a00"
PURPLE, SKY, GREY = "#a2508a", "#2a7f9e", "#6e6e6e"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, GREY)
LINE = "#b8b8b8"
_INKS = (
    "#e6e6e6",
    "#5c5c5c",
    "#5aa5e0",
    "#d09a2c",
    "#2fb08a",
    "#d188b8",
    "#5fb3cf",
    "#ff9a70",
    "#9a9a9a",
)
DARK = {"#ffffff": "#121212"} | dict(zip(("#000000", LINE, *COLOURS), _INKS, strict=True))
"""What stands for each colour on a dark page. On both pages all can be read, and red, which is GRH's, stands out."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STROKES = ("-", "--", "-.", ":", "-", "--", "-.")


def _line(colour: str, marker: str, stroke: str) -> Look:
    return {"color": colour, "marker": marker, "linestyle": stroke}


_STRONG: Look = {"linewidth": 2.4, "zorder": 3}  # what the book is about lies on top

METHODS: dict[str, Look] = {
    "exhaustive search": _line("black", "", ":"),
    "exhaustive, raw vectors": _line(ORANGE, "", ":"),
    "exhaustive, centred vectors": _line(BLUE, "", ":"),
    "LSH, raw vectors": _line(ORANGE, "s", "--"),
    "LSH, 32 bits": _line(SKY, "P", "--"),
    "LSH, 64 bits": _line(PURPLE, "D", "-."),
    "LSH": _line(BLUE, "o", "-"),
    "LSH, radius 3": _line(PURPLE, "o", "-") | {"markerfacecolor": "white"},
    "LSH, ranked": _line(BLUE, "o", ":") | {"markerfacecolor": "white"},
    "ITQ": _line(GREEN, "^", "--"),
    "CCA-ITQ": _line(GREEN, "D", "-."),
    "GRH kernel": _line(RED, "s", "-") | _STRONG,
    "GRH from CCA-ITQ": _line(RED, "D", "-.") | _STRONG,
    "GRH": _line(RED, "s", "--") | _STRONG | {"markerfacecolor": "white"},
    "GRH kernel, ranked": _line(RED, "o", ":") | _STRONG,
    "class scores": _line(GREY, "P", "-"),
    "signs": _line(SKY, "o", "-"),
    "signs, rotated": _line(SKY, "s", "--"),
    "RaBitQ": _line("black", "*", "-"),
    "int8": _line(PURPLE, "s", "-"),
    "int4": _line(PURPLE, "D", "--"),
    "PQ": _line(ORANGE, "v", ":"),
    "OPQ": _line(ORANGE, "^", "-"),
    "truncation": _line(GREY, "v", ":"),
    "float32": _line("black", "o", ":"),
    "float16": _line("black", "s", ":"),
}
"""One colour, marker and stroke a method, on every page. A name that is not here has the look of
the longest one it begins with."""


def look(name: str, i: int | None = None) -> Look:
    """Colour, marker and stroke of a method; if there is no such, of line number i: lines differ in grey too."""
    known = [
        method
        for method in METHODS
        if name == method or name.startswith((f"{method} ", f"{method},"))
    ]
    if known:
        return METHODS[max(known, key=len)]
    if i is None:
        raise KeyError(
            f"{name!r} has no look of its own; METHODS of figures.colours has {', '.join(METHODS)}"
        )
    k = i % len(COLOURS)
    return _line(COLOURS[k], MARKERS[k], STROKES[k])


def tint(strength: Any) -> NDArray[np.floating]:
    """Colours of numbers from -1 to 1: blue above 0, orange below, and weak enough for letters on them."""
    colours = np.where(np.asarray(strength)[..., None] > 0, to_rgb(BLUE), to_rgb(ORANGE))
    return np.concatenate([colours, 0.4 * np.abs(strength)[..., None]], axis=-1)
