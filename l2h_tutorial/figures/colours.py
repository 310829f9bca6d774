"""The colours of all figures, and the one look of each method."""

from typing import Any

import numpy as np
from matplotlib.colors import to_rgb

from ..checks import Floats

Look = dict[str, Any]

# blue is what is right and a bit of 1, orange what is wrong or against it, red GRH; the other
# colours tell kinds apart. Figures to play with have the same: play/explore.css
BLUE = "#0072b2"
ORANGE = "#9a6700"
GREEN = "#007a55"
RED = "#b02a00"
PURPLE = "#a2508a"
SKY = "#2a7f9e"
GREY = "#6e6e6e"
COLOURS = (BLUE, GREEN, PURPLE, SKY, GREY, RED, ORANGE)
LINE = "#b8b8b8"
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STROKES = ("-", "--", "-.", ":", "-", "--", "-.")


def _line(colour: str, marker: str, stroke: str) -> Look:
    return {"color": colour, "marker": marker, "linestyle": stroke}


_STRONG = {"linewidth": 2.4, "zorder": 3}  # what the book is about lies on top

METHODS: dict[str, Look] = {
    "exhaustive search": _line("black", "", ":"),
    "exhaustive, raw vectors": _line(GREY, "", ":"),
    "exhaustive, centred vectors": _line(BLUE, "", ":"),
    "LSH, raw vectors": _line(GREY, "s", "--"),
    "LSH, 32 bits": _line(SKY, "P", "--"),
    "LSH, 64 bits": _line(PURPLE, "D", "-."),
    "LSH": _line(BLUE, "o", "-"),
    "LSH, radius 3": _line(PURPLE, "o", "-") | {"markerfacecolor": "white"},
    "LSH, ranked": _line(BLUE, "o", ":") | {"markerfacecolor": "white"},
    "PCAH": _line(SKY, "v", "-."),
    "ITQ": _line(GREEN, "^", "--"),
    "CCA-ITQ": _line(PURPLE, "X", "-."),
    "GRH kernel": _line(RED, "s", "-") | _STRONG,
    "GRH from CCA-ITQ": _line(RED, "D", "-.") | _STRONG,
    "GRH": _line(RED, "s", "--") | _STRONG | {"markerfacecolor": "white"},
    "GRH kernel, ranked": _line(RED, "o", ":") | _STRONG,
    "class scores": _line(GREY, "P", "-"),
    "signs": _line(SKY, "o", "-"),
    "RaBitQ": _line("black", "*", "-"),
    "int8": _line(PURPLE, "s", "-"),
    "int4": _line(PURPLE, "D", "--"),
    "OPQ": _line(BLUE, "^", "-"),
    "float32": _line("black", "o", ":"),
}
"""The colour, marker and stroke that a method has on every page.

A name that is not here has the look of the longest name here with which it begins."""


def look(name: str, i: int | None = None) -> Look:
    """Return the look of a method, or of line number i if no method has that name."""
    known = [method for method in METHODS if f"{name} ".startswith((f"{method} ", f"{method},"))]
    if known:
        return METHODS[max(known, key=len)]
    if i is None:
        raise KeyError(
            f"{name!r} has no look of its own; METHODS of figures.colours has {', '.join(METHODS)}"
        )
    k = i % len(COLOURS)
    return _line(COLOURS[k], MARKERS[k], STROKES[k])


def tint(strength: Any) -> Floats:
    """Return colours of numbers from -1 to 1: blue above 0, orange below, pale behind letters."""
    colours = np.where(np.asarray(strength)[..., None] > 0, to_rgb(BLUE), to_rgb(ORANGE))
    return np.concatenate([colours, 0.4 * np.abs(strength)[..., None]], axis=-1)
