"""Figures of chapter 5: what becomes a candidate."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from .style import COLOURS, MARKERS, STROKES, Floats, styled


@styled
def amplification(
    similarity: Floats,
    curves: dict[str, Floats],
    measured: dict[str, tuple[Floats, Floats]],
) -> Figure:
    """Chance of becoming a candidate by cosine similarity: theory as lines, real pairs as points.

    Parameters
    ----------
    similarity : (n,) float
        Cosine similarities at which the curves are drawn.
    curves : dict of str to (n,) float
        For each choice of bits and tables, the predicted chance.
    measured : dict of str to (similarities, shares)
        For the same choices, similarities of groups of real pairs and the share that became candidates.
    """
    figure, axes = plt.subplots(figsize=(6.6, 4))
    for i, (name, curve) in enumerate(curves.items()):
        axes.plot(similarity, curve, color=COLOURS[i], linestyle=STROKES[i], label=name)
        if name in measured:
            axes.scatter(*measured[name], color=COLOURS[i], marker=MARKERS[i], s=30)
    axes.set(
        xlabel="cosine similarity of query and image",
        ylabel="chance of being a candidate",
        ylim=(-0.02, 1.02),
    )
    axes.legend(title="lines: theory; points: real pairs", fontsize=9)
    return figure


@styled
def collision_curves(panels: dict[str, tuple[Floats, Floats, Floats, Floats]]) -> Figure:
    """Chance that a hash agrees, by similarity or distance: theory as a line, random hashes as points, a panel each.

    Parameters
    ----------
    panels : dict of str to (x, curve, x measured, share measured)
        By the label of the x-axis.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(6.6, 3), sharey=True)
    for each, (label, (x, curve, at, share)) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        each.plot(x, curve, color=COLOURS[0], label="theory")
        each.scatter(at, share, color=COLOURS[1], marker=MARKERS[1], s=30, label="random hashes")
        each.set(xlabel=label, ylim=(-0.02, 1.02))
    np.atleast_1d(axes)[0].set(ylabel="share of hashes that agree")
    np.atleast_1d(axes)[0].legend(fontsize=9)
    return figure
