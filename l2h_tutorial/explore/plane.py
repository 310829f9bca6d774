"""Figures in the plane, where a hyperplane is a line that the reader moves."""

from typing import Any

import numpy as np

from ..checks import Floats
from .output import figure_data, sprite_sheet

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


class Playground:
    """Points in the plane, and lines that the reader turns, drags and adds.

    A cell whose last value is a playground shows it. A point's bit k is ``x @ normal_k >=
    offset_k``. At the start all offsets are 0, and that is LSH's rule.

    Parameters
    ----------
    points : (n, 2) array of float
    labels : (n,) array of int
        Classes 0, 1, 2, each with a marker of its own.
    hyperplanes : (2, n_bits) array of float
        Normals of the first lines, at most six: ``hyperplanes_`` of a fitted ``LSH``.

    Examples
    --------
    >>> page = Playground([[1.0, 2.0], [-1.0, 0.5]], [0, 1], np.eye(2))._repr_html_()
    >>> "l2h-playground-data" in page
    True
    """

    def __init__(self, points: Any, labels: Any, hyperplanes: Any) -> None:
        self.points = np.asarray(points, dtype=float)
        self.labels = np.asarray(labels)
        self.hyperplanes = np.asarray(hyperplanes, dtype=float)

    def _repr_html_(self) -> str:
        data = {
            "points": self.points.tolist(),
            "labels": self.labels.tolist(),
            "lines": [line_of(normal) for normal in self.hyperplanes.T],
            "most": _MOST_LINES,
        }
        return figure_data("playground", data)


def turning_cover(dataset: Any, rows: Any, points: Any, hyperplanes: Any, query: int) -> str:
    """Write the figure of the book's first page: pictures in the plane, and lines to turn.

    Parameters
    ----------
    dataset : Dataset
        With images.
    rows : (n,) array of int
        The pictures.
    points : (n, 2) array of float
        Where each picture is.
    hyperplanes : (2, n_bits) array of float
        Normals of the lines at the start.
    query : int
        The position in `rows` of the picture that is framed.

    Returns
    -------
    str
        HTML as `figure_data` writes it.

    Examples
    --------
    >>> from l2h_tutorial import load_dataset
    >>> dataset = load_dataset("fashion-mnist")
    >>> html = turning_cover(dataset, np.arange(2), np.eye(2), np.eye(2), query=1)
    >>> "l2h-cover-data" in html
    True
    """
    data = {
        "points": np.round(points, 4).tolist(),
        "names": [dataset.class_names[label] for label in dataset.labels[rows]],
        "angles": [round(line_of(normal)[0]) for normal in hyperplanes.T],
        "query": query,
    }
    return figure_data("cover", data | sprite_sheet(dataset, rows))
