"""The frames of GRH on points in the plane: one for the start, two for every round."""

from typing import Any

import numpy as np

from l2h_tutorial import GRH, LSH
from l2h_tutorial.affinity import same_class_affinity
from l2h_tutorial.explore.plane import line_of
from l2h_tutorial.grh import agreement


def frames_of(grh: GRH, labels: Any) -> list[dict[str, Any]]:
    """Return what each step of GRH did to points in the plane, from LSH and with linear machines.

    A frame has a ``title``, and ``lines`` as ``line_of`` gives them. Its ``bits`` are a string of 0
    and 1 for each point; ``changed`` marks those that differ from the frame before. Its
    ``agreement`` is that of each bit within classes, in percent.
    """
    graph = same_class_affinity(labels)
    frames: list[dict[str, Any]] = []
    lines: list[list[float]] = [[]] * grh.n_bits

    def add(title: str, bits: Any, before: Any) -> None:
        agreed = [round(100 * agreement(graph, bits[:, [k]]), 1) for k in range(grh.n_bits)]
        frames.append(
            {
                "title": title,
                "lines": [*lines],
                "bits": _strings(bits),
                "changed": _strings(bits != before),
                "agreement": agreed,
            }
        )

    for step, (columns, model) in zip(grh.history_, grh.models_, strict=True):
        title = "Start"
        before = step.bits
        if step.number:
            title = f"Round {step.number}, partition"
            before = step.regularised
            last = grh.history_[step.number - 1].bits
            add(f"Round {step.number}, regularise", step.regularised, last)
        if model is not None:  # else every bit of the round was degenerate, and the lines stay
            for column, line in zip(columns, _lines_of(grh, model), strict=True):
                lines[column] = line
        add(title, step.bits, before)
    return frames


def _lines_of(grh: GRH, model: Any) -> list[list[float]]:
    """Return the lines of one of ``GRH.models_``, for points as they were given."""
    if isinstance(model, LSH):
        normals = model.hyperplanes_
        thresholds = np.zeros(grh.n_bits) + grh.start_mean_ @ normals
    else:  # it was fitted to (x - mean) / scale
        normals = model.weights
        thresholds = -grh.scale_ * model.intercepts + grh.mean_ @ normals
    return list(map(line_of, normals.T, thresholds))


def _strings(bits: Any) -> list[str]:
    return ["".join("01"[bit] for bit in row) for row in np.asarray(bits).astype(int)]
