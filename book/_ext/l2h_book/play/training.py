"""GRH on points in the plane, step by step: a frame for the start, and two for every round."""

from typing import Any

from l2h_tutorial import GRH
from l2h_tutorial.affinity import same_class_affinity
from l2h_tutorial.checks import Floats, Integers
from l2h_tutorial.figures.style import in_digits
from l2h_tutorial.grh import agreement

from .plane import hyperplanes_of, line_of
from .playable import Playable


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
                "bits": in_digits(bits).tolist(),
                "changed": in_digits(bits != before).tolist(),
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
            normals, thresholds = hyperplanes_of(grh, model)
            for column, normal, threshold in zip(columns, normals.T, thresholds, strict=True):
                lines[column] = line_of(normal, threshold)
        add(title, step.bits, before)
    return frames


def training(points: Floats, labels: Integers) -> Playable:
    """Return the steps of GRH on points of three classes, for three alphas and three starts."""
    alphas = (0.5, 0.75, 1)
    seeds = (3, 0, 1)  # the chapter's first

    def run(alpha: float, seed: int) -> list[dict[str, Any]]:
        grh = GRH(2, alpha=alpha, n_iter=3, random_state=seed).fit(points, labels)
        return frames_of(grh, labels)

    runs = [[run(alpha, seed) for seed in seeds] for alpha in alphas]
    return Playable(
        {
            "points": points.tolist(),
            "labels": labels.tolist(),
            "alphas": alphas,
            "runs": runs,
        }
    )
