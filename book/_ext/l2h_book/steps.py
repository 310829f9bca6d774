"""GRH on points in the plane: a picture for the start and for both steps of every round."""

from typing import Any

import numpy as np

from l2h_tutorial import GRH, LSH
from l2h_tutorial.affinity import same_class_affinity
from l2h_tutorial.explore.plane import line_of
from l2h_tutorial.grh import agreement


def frames_of(grh: GRH, labels: Any) -> list[dict[str, Any]]:
    """Return what each step did of an estimator that was fitted to points in the plane, from LSH,
    by linear machines.

    A frame has a ``title``; ``lines`` as ``line_of`` gives them; ``bits``, for each point a string
    of 0 and 1; ``changed``, the bits that differ from the frame before; ``agreement`` of each bit
    within classes, in percent.
    """
    graph, frames = same_class_affinity(labels), []
    lines: list[list[float]] = [[]] * grh.n_bits

    def add(title: str, bits: Any, changed: Any) -> None:
        agreed = [round(100 * agreement(graph, bits[:, [k]]), 1) for k in range(grh.n_bits)]
        bits, changed = _strings(bits), _strings(changed)
        frames.append(
            {
                "title": title,
                "lines": [*lines],
                "bits": bits,
                "changed": changed,
                "agreement": agreed,
            }
        )

    for step, (columns, model) in zip(grh.history_, grh.models_, strict=True):
        before, title = step.bits, "Start"
        if step.number:
            before, title = step.regularised, f"Round {step.number}, partition"
            add(
                f"Round {step.number}, regularise",
                before,
                before != grh.history_[step.number - 1].bits,
            )
        if model is not None:  # every bit of the round was degenerate, and kept
            for column, line in zip(columns, _lines_of(grh, model), strict=True):
                lines[column] = line
        add(title, step.bits, step.bits != before)
    return frames


def _lines_of(grh: GRH, model: Any) -> list[list[float]]:
    """The lines of one model of ``GRH.models_``, on points as they were given."""
    if isinstance(model, LSH):
        normals, centre, thresholds = model.hyperplanes_, grh.start_mean_, np.zeros(grh.n_bits)
    else:  # of (x - mean) / scale
        normals, centre, thresholds = model.weights, grh.mean_, -grh.scale_ * model.intercepts
    return list(map(line_of, normals.T, thresholds + centre @ normals))


def _strings(bits: Any) -> list[str]:
    return ["".join("01"[bit] for bit in row) for row in np.asarray(bits).astype(int)]
