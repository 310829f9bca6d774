"""The plane, where a hyperplane is a line: one to play with, and what others draw of it."""

from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from l2h_tutorial import GRH, LSH, hamming_distances
from l2h_tutorial.checks import Floats, Integers
from l2h_tutorial.figures.colours import BLUE, GREEN, PURPLE
from l2h_tutorial.figures.finding import draw_bits
from l2h_tutorial.figures.style import (
    grid_of_plane,
    hide_ticks,
    panels,
    show_plane,
    styled,
    write_codes,
)
from l2h_tutorial.lsh import Hasher
from l2h_tutorial.machines import LinearModel

from .playable import Playable

_MOST_LINES = 6  # for more the page has no room
_QUERY = (2.5, 0.0)  # where it covers no point
_RADIUS = 1  # how far it looks at the start
_OF_CLASS = ((GREEN, "o"), (PURPLE, "s"), ("black", "^"))


def line_of(normal: Floats, threshold: float = 0.0) -> list[float]:
    """Describe the line ``x @ normal == threshold`` by its normal's direction and its offset.

    Parameters
    ----------
    normal : (2,) array of float64
        Not zero. It points to the side where the bit is 1.
    threshold : float

    Returns
    -------
    [degrees, offset]
        The normal's direction, from 0 to 360, and how far along it the line is from the origin.

    Examples
    --------
    >>> line_of(np.array([0.0, 2.0]), 3.0)
    [90.0, 1.5]
    """
    degrees = float(np.degrees(np.arctan2(normal[1], normal[0]))) % 360
    return [round(degrees, 4), round(float(threshold / np.linalg.norm(normal)), 4)]


def hyperplanes_of(hasher: Any, model: Any = None) -> tuple[Any, Any]:
    """Return normals and thresholds of bits ``x @ normal >= threshold``; of other bits, None.

    Of a GRH they are those of one of its ``models_``, or of the last.
    """
    if isinstance(hasher, GRH):
        model = model or hasher.models_[-1][1]
        if isinstance(model, LSH):
            return model.hyperplanes_, hasher.start_mean_ @ model.hyperplanes_
        if type(model) is LinearModel:  # it was fitted to (x - mean) / scale
            return model.weights, hasher.mean_ @ model.weights - hasher.scale_ * model.intercepts
    elif isinstance(hasher, LSH):
        return hasher.hyperplanes_, np.zeros(hasher.n_bits)
    elif hasattr(hasher, "projections_") and type(hasher)._scores is Hasher._scores:
        return hasher.projections_, hasher.mean_ @ hasher.projections_
    return None, None


def playground(points: Floats, labels: Integers, hyperplanes: Floats) -> Playable:
    """Return points of three classes, and lines that the reader turns, drags and adds.

    A point's bit k is ``x @ normal_k >= offset_k``. At the start all offsets are 0, and that is
    LSH's rule; the normals are the columns of ``hyperplanes``. The picture shows the start.
    """
    shown = {
        "points": points.tolist(),
        "labels": labels.tolist(),
        "lines": [line_of(normal) for normal in hyperplanes.T],
        "query": _QUERY,
        "radius": _RADIUS,
        "most": _MOST_LINES,
    }
    return Playable(shown, partial(_picture, points, labels, hyperplanes))


@styled
def _picture(points: Floats, labels: Integers, hyperplanes: Floats) -> Figure:
    """Draw the start as the script does: what a mark and a shade mean, they mean there too."""
    figure, (axes,) = panels(1, 4.2)
    reach = np.ceil(2.2 * np.abs(points).max()) / 2
    plane = grid_of_plane(reach, 300)
    distances = _to_the_query(plane.reshape(-1, 2), hyperplanes).reshape(300, 300)
    for alpha, region in ((0.25, distances == 0), (0.09, (distances > 0) & (distances <= _RADIUS))):
        extent = (-reach, reach) * 2
        axes.contourf(region, [0.5, 1.5], extent=extent, colors=[BLUE], alpha=alpha)
    inside = _to_the_query(points, hyperplanes) <= _RADIUS
    for label, (colour, marker) in enumerate(_OF_CLASS):
        for found in (True, False):
            at = points[(labels == label) & (inside == found)]
            fill = colour if found else "none"
            axes.scatter(*at.T, s=24, marker=marker, edgecolor=colour, facecolor=fill)
    axes.scatter(*_QUERY, s=150, marker="*", edgecolor="black", facecolor="#f0e442")
    draw_bits(axes, hyperplanes, reach)
    places = grid_of_plane(0.9 * reach, 60).reshape(-1, 2)
    taken = np.concatenate([points, [_QUERY]])
    write_codes(axes, places, places @ hyperplanes >= 0, taken, (0.5, 0.25))
    show_plane(axes, reach)
    hide_ticks(axes)
    return figure


def _to_the_query(places: Floats, hyperplanes: Floats) -> Integers:
    """Return in how many bits the code of each place differs from the query's."""
    query = np.array([_QUERY]) @ hyperplanes >= 0
    return hamming_distances(query, places @ hyperplanes >= 0)[0]
