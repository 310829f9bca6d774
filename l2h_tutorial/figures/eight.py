"""The example that chapters work by hand: eight vectors in the plane, and three lines."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..checks import Floats
from .colours import GREEN, PURPLE, Look
from .finding import draw_arrow
from .style import BOX, draw_hyperplane, gaps, grid_of_plane, panels, styled, write, write_codes

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
_NAMES = np.array(
    [
        (0.4, -0.7),
        (0, -0.7),
        (1.4, 0.6),
        (-1.1, -1.0),
        (-1, -0.8),
        (0, -0.7),
        (-1.5, -0.7),
        (0, 0.7),
    ]
)
"""How far the middle of each name is from its vector."""
_LOOKS: tuple[Look, Look] = (
    {"color": GREEN, "marker": "o", "s": 45},
    {"color": PURPLE, "marker": "s", "s": 40},
)
_ABOVE = (0, 0.7)  # where the number of a query is
_ARROW = 1.1  # the length of an arrow,
_PAST_ARROW = 1.6  # and how far the name of its bit is from the line
_WORD = np.array([0.7, 0.3])
"""Half the width and half the height of the name of a bit, or of a code."""
_ACROSS = 6.8  # how far the drawing reaches to both sides,
_LOW = -5.8  # below
_HIGH = 4.4  # and above


@styled
def eight_vectors(
    lines: Floats, marks: Sequence[Any] = ("",) * 8, queries: Sequence[Sequence[float]] = ()
) -> Figure:
    """Draw the eight vectors, lines, and the code of each region between the lines.

    Shoes are circles and tops are squares. The outlier, the boot, is hollow. Queries are stars.

    Parameters
    ----------
    lines : (2, n_bits) or (3, n_bits) array
        A column a line: the vector that is perpendicular to it and, if it misses the origin, the
        dot product with that vector on the line.
    marks : sequence of str or numbers, optional
        For each vector what stands after its name.
    queries : sequence of pairs of numbers, optional
        New vectors, which are numbered from 1.
    """
    figure, (axes,) = panels(1, 2.9)
    _draw_vectors(axes, marks)
    stars = np.reshape(queries, (-1, 2))
    for number, star in enumerate(stars, 1):
        axes.scatter(*star, marker="*", s=90, color="black", zorder=3)
        write(axes, star + _ABOVE, f"query {number}", bbox=BOX)
    words = np.concatenate([VECTORS + _NAMES, stars + _ABOVE])
    beside = np.array([1, 0])
    taken = np.concatenate([VECTORS, stars, words - beside, words, words + beside])
    lengths = np.linalg.norm(lines[:2], axis=0)
    normals = (lines[:2] / lengths).T
    offsets = lines[2:].sum(axis=0) / lengths  # 0 where there is no third row
    plane = grid_of_plane(6, 60).reshape(-1, 2)
    plane = plane[(plane[:, 1] > _LOW + 0.5) & (plane[:, 1] < _HIGH - 0.5)]
    # names and codes stand on places of the plane that are far from what is taken and from lines
    beyond = plane @ normals.T - offsets  # how far each place is on the side of the ones
    for k, normal in enumerate(normals):
        draw_hyperplane(axes, normal, offsets[k] * normal, linewidth=1.5)
        near_others = (np.abs(np.delete(beyond, k, axis=1)) < 0.2).any(axis=1)
        candidates = np.flatnonzero(np.abs(beyond[:, k] - _PAST_ARROW) < 0.15)
        room = gaps(plane[candidates], np.concatenate([taken, plane[near_others]]), _WORD)
        best = candidates[room.argmax()]
        name = plane[best]
        foot = name - beyond[best, k] * normal
        draw_arrow(axes, foot + _ARROW * normal, foot)
        write(axes, name, f"bit {k + 1}", bbox=BOX)
        taken = np.concatenate([taken, name + _WORD * [[-1, 0], [0, 0], [1, 0]]])
    write_codes(axes, plane, beyond >= 0, taken, _WORD)
    return figure


def _draw_vectors(axes: Axes, marks: Sequence[Any]) -> None:
    """Draw a marker for each vector, and beside it the name and the mark."""
    for i, (name, mark) in enumerate(zip(NAMES, marks, strict=True)):
        look = _LOOKS[LABELS[i]]
        fill = "white" if name == _OUTLIER else look["color"]
        axes.scatter(*VECTORS[i], **look, facecolor=fill, linewidth=1.8, zorder=3)
        place = VECTORS[i] + _NAMES[i]
        write(axes, place, f"{name} {mark}".strip(), color=look["color"], bbox=BOX)
    axes.set(
        xlim=(-_ACROSS, _ACROSS),
        ylim=(_LOW, _HIGH),
        aspect="equal",
        xlabel="feature 1",
        ylabel="feature 2",
        xticks=range(-6, 7, 2),
        yticks=range(-4, 5, 2),
    )
