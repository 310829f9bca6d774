"""The plane, where a hyperplane is a line: one to play with, and what others draw of it."""

from typing import Any

import numpy as np

from l2h_tutorial import GRH, LSH
from l2h_tutorial.checks import Floats, Integers
from l2h_tutorial.lsh import Hasher
from l2h_tutorial.machines import LinearModel

from .playable import Playable

_MOST_LINES = 6  # for more the page has no room


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
    LSH's rule; the normals are the columns of ``hyperplanes``.
    """
    lines = [line_of(normal) for normal in hyperplanes.T]
    return Playable(
        {"points": points.tolist(), "labels": labels.tolist(), "lines": lines, "most": _MOST_LINES}
    )
