"""Two dimensions, where a hyperplane is a line: lines to move by hand, and GRH step by step."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..affinity import same_class_affinity
from ..checks import Floats, Integers
from ..codes import check_bits
from ..grh import GRH, LinearModel, agreement
from ..lsh import LSH
from .output import figure_data

_MOST_LINES = 6  # as many as the page has room for
_MOST_CLASSES = 3  # and as many markers


def line_of(normal: Floats, threshold: float = 0.0) -> list[float]:
    """Describe the line ``x @ normal == threshold`` by the direction of its normal and its distance from the origin.

    Parameters
    ----------
    normal : (2,) array of float64
        Not zero. It points to the side where the bit is 1.
    threshold : float

    Returns
    -------
    [degrees, offset]
        The normal's direction from 0 to 360, and how far along it the line is.

    Examples
    --------
    >>> line_of(np.array([0.0, 2.0]), 3.0)
    [90.0, 1.5]
    """
    degrees = float(np.degrees(np.arctan2(normal[1], normal[0]))) % 360
    return [round(degrees, 4), round(float(threshold / np.linalg.norm(normal)), 4)]


def _check_points(points: Any, labels: Any) -> tuple[Floats, Integers]:
    points, labels = np.asarray(points, dtype=np.float64), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(f"points must be finite, of shape (n, 2), got shape {points.shape}")
    if labels.shape != (len(points),):
        raise ValueError(f"labels must be one a point, of shape ({len(points)},), got shape {labels.shape}")
    if not np.isin(labels, range(_MOST_CLASSES)).all():
        raise ValueError(f"labels must be from 0 to {_MOST_CLASSES - 1}, which have markers, got {np.unique(labels)}")
    return points, labels.astype(np.int64)


class Playground:
    """Points in the plane and lines that the reader turns, drags and adds; as the last value of a cell, the page.

    A point's bit k is ``x @ normal_k >= offset_k``. With offset 0, where the lines start, that is LSH's rule.

    Parameters
    ----------
    points : (n, 2) array of float
    labels : (n,) array of int
        Classes 0, 1, 2; each has a marker.
    hyperplanes : (2, n_bits) array of float
        Normals of the lines to start with, at most six: ``hyperplanes_`` of a fitted ``LSH``.

    Raises
    ------
    ValueError
        If the shapes are others.

    Examples
    --------
    >>> Playground([[1.0, 2.0], [-1.0, 0.5]], [0, 1], np.eye(2))
    <Playground: 2 points, 2 lines>
    """

    def __init__(self, points: Any, labels: Any, hyperplanes: Any) -> None:
        self.points, self.labels = _check_points(points, labels)
        self.hyperplanes = np.asarray(hyperplanes, dtype=np.float64)
        if self.hyperplanes.shape not in {(2, lines) for lines in range(_MOST_LINES + 1)}:
            raise ValueError(f"hyperplanes must be (2, up to {_MOST_LINES}), got shape {self.hyperplanes.shape}")

    def __repr__(self) -> str:
        return f"<Playground: {len(self.points)} points, {self.hyperplanes.shape[1]} lines>"

    def _repr_html_(self) -> str:
        data = {
            "points": self.points.tolist(),
            "labels": self.labels.tolist(),
            "lines": [line_of(normal) for normal in self.hyperplanes.T],
            "most": _MOST_LINES,
        }
        return figure_data("playground", data)


class Steps:
    """GRH on points in the plane, a picture for the start and for both steps of every round.

    Parameters
    ----------
    grh : GRH
        Fitted to the points, with the linear classifier and an LSH start.
    points : (n, 2) array of float
    labels : (n,) array of int

    Attributes
    ----------
    frames : list of dict
        ``title``; ``lines`` as ``line_of`` gives them; ``bits``, for each point a string of 0 and 1; ``changed``, the
        bits that differ from the frame before, in the same form; ``agreement`` within classes, in percent.

    Raises
    ------
    ValueError
        If the estimator was fitted to something else, or its bits are not lines.

    References
    ----------
    S. Moran and V. Lavrenko, "Graph Regularised Hashing", ECIR 2015, section 3.

    Examples
    --------
    >>> points, labels = [[-2.0, 0], [-1, 1], [1, 1], [2, 0]], [0, 0, 1, 1]
    >>> steps = Steps(GRH(2, random_state=0).fit(points, labels), points, labels)
    >>> [frame["title"] for frame in steps.frames]
    ['Start', 'Round 1, regularise', 'Round 1, partition']
    """

    def __init__(self, grh: GRH, points: Any, labels: Any) -> None:
        self.points, self.labels = _check_points(points, labels)
        check_is_fitted(grh)
        rounds = grh.history_
        fitted, given = (len(rounds[0].bits), grh.n_features_in_), self.points.shape
        if fitted != given:
            raise ValueError(f"the estimator was fitted to vectors of shape {fitted}, not to these, of shape {given}")
        graph = same_class_affinity(self.labels)
        lines: list[list[float]] = [[]] * grh.n_bits
        self.frames: list[dict[str, Any]] = []
        for step, (columns, model) in zip(rounds, grh.models_, strict=True):
            before, title = step.bits, "Start"
            if step.number:
                before, title = step.regularised, f"Round {step.number}, partition"
                changed = before != rounds[step.number - 1].bits
                self._add(f"Round {step.number}, regularise", lines, before, changed, agreement(graph, before))
            self._add(title, lines, step.bits, step.bits != before, step.agreement)
            if model is not None:  # every bit of the round was degenerate, and kept
                for column, line in zip(columns, _lines_of(grh, model), strict=True):
                    lines[column] = line
            self.frames[-1]["lines"] = [*lines]

    def _add(self, title: str, lines: list[list[float]], bits: Any, changed: Any, agreed: float) -> None:
        frame = {"title": title, "lines": [*lines], "bits": _strings(bits), "changed": _strings(changed)}
        self.frames.append(frame | {"agreement": round(100 * agreed, 1)})

    def __repr__(self) -> str:
        return f"<Steps: {len(self.points)} points, {len(self.frames)} frames>"

    def _repr_html_(self) -> str:
        data = {"points": self.points.tolist(), "labels": self.labels.tolist(), "frames": self.frames}
        return figure_data("steps", data)


def _lines_of(grh: GRH, model: Any) -> list[list[float]]:
    """The lines of one model of ``GRH.models_``, on points as they were given."""
    if type(model) is LinearModel:  # of (x - mean) / scale
        normals, centre, thresholds = model.weights, grh.mean_, -grh.scale_ * model.intercepts
    elif isinstance(model, LSH):
        normals, centre, thresholds = model.hyperplanes_, grh.start_mean_, np.zeros(grh.n_bits)
    else:
        raise ValueError(f"only an LSH start and linear classifiers draw lines, not a {type(model).__name__}")
    return list(map(line_of, normals.T, thresholds + centre @ normals))


def _strings(bits: Any) -> list[str]:
    return ["".join("01"[bit] for bit in row) for row in check_bits(bits).astype(int)]
