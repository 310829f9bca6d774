"""The example that chapters work by hand: eight vectors in the plane, and three lines."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..checks import Floats
from .colours import GREEN, PURPLE, Look
from .finding import draw_arrow
from .style import BOX, draw_hyperplane, grid_of_plane, panels, styled, write, write_codes

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
_BELOW_LEFT: Look = {"xytext": (-6, -8), "ha": "right", "va": "center"}
_ABOVE: Look = {"xytext": (0, 5), "ha": "center", "va": "bottom"}
_BELOW_RIGHT: Look = {"xytext": (6, -6), "ha": "center", "va": "top"}
_BESIDE = (_BELOW_RIGHT, _BELOW, _ABOVE, _LEFT, _BELOW, _BELOW, _BELOW_LEFT, _ABOVE)
"""Where the name of each vector stands, in points from the vector."""
_NAMES = np.array(
    [(0.4, -0.7), (0, -0.7), (0, 0.7), (-1.2, 0), (0, -0.7), (0, -0.7), (-1.3, -0.5), (0, 0.7)]
)
"""How far the middle of each name is from its vector, roughly."""
_LOOKS: tuple[Look, Look] = (
    {"color": GREEN, "marker": "o", "s": 45},
    {"color": PURPLE, "marker": "s", "s": 40},
)
_ARROW = 1.1  # the length of an arrow,
_PAST_ARROW = 1.6  # and how far the name of its bit is from the line
_WORD = np.array([[x, y] for x in (-0.7, 0, 0.7) for y in (-0.3, 0.3)])
"""What the name of a bit, or a code, takes around its middle."""
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
    figure, row = panels(len(lines), 2.9)
    for axes, (title, columns) in zip(row, lines.items(), strict=True):
        hyperplanes = columns[:2]
        thresholds = columns[2:].sum(axis=0)  # 0 where there is no third row
        _draw_vectors(axes, marks)
        _draw_queries(axes, queries)
        stars = np.reshape(queries, (-1, 2))
        taken = np.concatenate(
            [VECTORS, _widened(VECTORS + _NAMES), _widened(np.add(stars, (0, 0.7)))]
        )
        words = _draw_bits(axes, hyperplanes, thresholds, np.concatenate([taken, stars]))
        _write_codes(axes, hyperplanes, thresholds, np.concatenate([taken, stars, *words]))
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


def _widened(middles: Floats) -> Floats:
    """Return the two ends of words and their middles, given the middles, (3 n, 2)."""
    half = np.array([1, 0])
    return np.concatenate([middles - half, middles, middles + half])


def _draw_bits(axes: Axes, hyperplanes: Floats, thresholds: Floats, taken: Floats) -> list[Floats]:
    """Draw each line, and a named arrow from it to the side where its bit is 1.

    The arrow and the name stand where they are far from what is taken and from the other lines.
    What they take themselves is returned, an array (n, 2) for each line.
    """
    lengths = np.linalg.norm(hyperplanes, axis=0)
    normals = (hyperplanes / lengths).T
    offsets = thresholds / lengths
    arrows: list[Floats] = []
    for k, (normal, offset) in enumerate(zip(normals, offsets, strict=True)):
        draw_hyperplane(axes, normal, offset * normal, linewidth=1.5)
        along = np.array([-normal[1], normal[0]])
        feet = offset * normal + np.linspace(-5, 5, 81)[:, None] * along
        tips = feet + _ARROW * normal
        names = feet + _PAST_ARROW * normal
        places = np.concatenate([tips[:, None], names[:, None] + _WORD], axis=1)  # 81 x 7 x 2
        room = _measure_room(places, np.concatenate([taken, *arrows]))
        to_lines = np.abs(places @ np.delete(normals, k, axis=0).T - np.delete(offsets, k))
        best = np.minimum(room, to_lines.min(axis=(1, 2), initial=_ACROSS)).argmax()
        draw_arrow(axes, tips[best], feet[best])
        write(axes, names[best], f"bit {k + 1}", bbox=BOX)
        arrows.append(places[best])
    return arrows


def _measure_room(places: Floats, taken: Floats) -> Floats:
    """Return how far each group of places is from what is taken, or -1 if the panel cuts it."""
    gaps = np.linalg.norm(places[:, :, None] - taken, axis=-1).min(axis=(1, 2))
    x, y = np.moveaxis(places, -1, 0)
    inside = (np.abs(x) < _ACROSS) & (y > _LOW) & (y < _HIGH)
    return np.where(inside.all(axis=1), gaps, -1)


def _write_codes(axes: Axes, hyperplanes: Floats, thresholds: Floats, taken: Floats) -> None:
    """Write the code of each region where it is far from the lines and from what is taken."""
    grid = grid_of_plane(_ACROSS - 0.8, 40).reshape(-1, 2)
    places = grid[(grid[:, 1] > _LOW + 0.5) & (grid[:, 1] < _HIGH - 0.5)]
    bits = places @ hyperplanes >= thresholds
    write_codes(axes, places, bits, (taken[:, None] + _WORD).reshape(-1, 2))
