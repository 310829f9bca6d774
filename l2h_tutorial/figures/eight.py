"""The example that chapters work by hand: eight vectors in the plane, and three lines."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..checks import Floats
from .colours import GREEN, PURPLE, Look
from .finding import draw_bits
from .style import BOX, across, grid_of_plane, panels, styled, write_codes

NAMES = ("sneaker", "sandal", "slipper", "boot", "shirt", "blouse", "jumper", "coat")
"""Four shoes, then four tops. The boot is the outlier: it lies nearer to the tops."""

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
"""The class of each vector, (8,): 0 for a shoe, 1 for a top."""

VECTORS = np.array([(5, -1), (5, 1), (4, 2), (-2, -4), (-2, -1), (-5, 1), (-3, 0), (-2, 2)])
"""Two features of each, (8, 2). Their mean is the origin."""

LINES = np.array([(1, -3), (-3, 1), (1, 2)]).T
"""The vectors that are perpendicular to three lines through the origin, (2, 3)."""


def dot_by_hand(w: Sequence[int], x: Sequence[int]) -> str:
    """Write a dot product of whole numbers out, as one does by hand.

    Examples
    --------
    >>> print(dot_by_hand((1, -3), (5, -1)).replace("\N{MINUS SIGN}", "-"))
    1 · 5 + (-3) · (-1) = 8
    """
    terms = [" · ".join(_factor(n) for n in pair) for pair in zip(w, x, strict=True)]
    written = f"{' + '.join(terms)} = {np.dot(w, x)}"
    return written.replace("-", "\N{MINUS SIGN}")


def _factor(n: int) -> str:
    """Write a whole number as a factor, in parentheses if it is negative."""
    return f"({n})" if n < 0 else f"{n}"


_OUTLIER = "boot"
_BELOW: Look = {"xytext": (0, -6), "ha": "center", "va": "top"}
_LEFT: Look = {"xytext": (-7, 0), "ha": "right", "va": "center"}
_BELOW_LEFT: Look = {"xytext": (9, -6), "ha": "right", "va": "top"}
_ABOVE: Look = {"xytext": (0, 5), "ha": "center", "va": "bottom"}
_BESIDE = (_BELOW, _BELOW, _ABOVE, _LEFT, _BELOW, _BELOW, _BELOW_LEFT, _ABOVE)
"""Where the name of each vector stands, in points from the vector."""
_NAMES = np.array([(0, -1), (0, -1), (0, 1), (-2, 0), (0, -1), (0, -1), (-1, -1), (0, 1)])
"""How far the middle of each name is from its vector, roughly."""
_LOOKS: tuple[Look, Look] = (
    {"color": GREEN, "marker": "o", "s": 45},
    {"color": PURPLE, "marker": "s", "s": 40},
)
_ARROWS = 4.5  # twice as far as the names of the bits
_ACROSS = 6.8  # how far the drawing reaches to both sides,
_LOW = -5.8  # below
_HIGH = 4.4  # and above


@styled
def eight_vectors(
    lines: Mapping[str, Floats],
    marks: Sequence[Any] = ("",) * 8,
    queries: Sequence[Sequence[float]] = (),
) -> Figure:
    """Draw the eight vectors, lines, and the code of each region between the lines.

    Shoes are circles and tops are squares. The outlier, the boot, is hollow. Queries are stars.

    Parameters
    ----------
    lines : dict of str to (2, n_bits) or (3, n_bits) array
        For each panel, by its title, a column a line: the vector that is perpendicular to it and,
        if it misses the origin, the dot product with that vector on the line.
    marks : sequence of str or numbers, optional
        For each vector what stands after its name.
    queries : sequence of pairs of numbers, optional
        New vectors, which are numbered from 1.
    """
    figure, row = panels(len(lines), 2.9, across(1, len(lines)))
    for axes, (title, columns) in zip(row, lines.items(), strict=True):
        hyperplanes = columns[:2]
        thresholds = columns[2:].sum(axis=0)  # 0 where there is no third row
        _draw_vectors(axes, marks)
        _draw_queries(axes, queries)
        words = draw_bits(axes, hyperplanes, _ARROWS, thresholds)
        taken = np.concatenate([words, np.reshape(queries, (-1, 2))])
        _write_codes(axes, hyperplanes, thresholds, taken)
        axes.set_title(title)
    return figure


def _draw_vectors(axes: Axes, marks: Sequence[Any]) -> None:
    """Draw a marker for each vector, and beside it the name and the mark."""
    for i, (name, mark) in enumerate(zip(NAMES, marks, strict=True)):
        look = _LOOKS[LABELS[i]]
        fill = "white" if name == _OUTLIER else look["color"]
        axes.scatter(*VECTORS[i], **look, facecolor=fill, linewidth=1.8, zorder=3)
        axes.annotate(
            f"{name} {mark}".strip(),
            VECTORS[i],
            textcoords="offset points",
            color=look["color"],
            bbox=BOX,
            **_BESIDE[i],
        )
    axes.set(xlim=(-_ACROSS, _ACROSS), ylim=(_LOW, _HIGH), aspect="equal")
    axes.set(xlabel="feature 1", ylabel="feature 2")
    axes.set(xticks=range(-6, 7, 2), yticks=range(-4, 5, 2))


def _draw_queries(axes: Axes, queries: Sequence[Sequence[float]]) -> None:
    """Draw a star for each query, and above it its number."""
    for number, (x, y) in enumerate(queries, 1):
        axes.scatter(x, y, marker="*", s=90, color="black", zorder=3)
        name = f"query {number}"
        axes.annotate(name, (x, y), textcoords="offset points", bbox=BOX, **_ABOVE)


def _write_codes(axes: Axes, hyperplanes: Floats, thresholds: Floats, others: Floats) -> None:
    """Write the code of each region where it is far from vectors, names, lines and the others."""
    grid = grid_of_plane(_ACROSS - 0.8, 40).reshape(-1, 2)
    places = grid[(grid[:, 1] > _LOW + 0.5) & (grid[:, 1] < _HIGH - 0.5)]
    bits = places @ hyperplanes >= thresholds
    codes = ["".join("01"[bit] for bit in row) for row in bits.astype(int)]
    words = np.concatenate([VECTORS + _NAMES, others])
    half = np.array([1, 0])  # of a word's width
    taken = [VECTORS, words - half, words, words + half]
    write_codes(axes, places, np.array(codes), np.concatenate(taken))
