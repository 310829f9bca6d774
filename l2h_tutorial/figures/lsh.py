"""Figures of chapter 2: hyperplanes, codes, and how often two images share a bit."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..lsh import collision_probability
from .style import BLUE, COLOURS, GREY, MARKERS, RED, styled


@styled
def code_of_points(points: NDArray[np.floating], hyperplanes: NDArray[np.floating], bits: NDArray[np.bool_]) -> Figure:
    """2-D points, lines through the origin, and the code that the lines give each point.

    Parameters
    ----------
    points : (n, 2) float
    hyperplanes : (2, n_bits) float
        Normal vectors, a column each.
    bits : (n, n_bits) bool
        The code of each point.
    """
    figure, axes = plt.subplots(figsize=(5.2, 5.2))
    codes, members = np.unique(bits, axis=0, return_inverse=True)
    for i, code in enumerate(codes):
        chosen = points[members == i]
        text = "".join("1" if bit else "0" for bit in code)
        axes.scatter(chosen[:, 0], chosen[:, 1], s=28, color=COLOURS[i % 7], marker=MARKERS[i % 7], label=text)
    reach = 1.15 * np.abs(points).max()
    for k, normal in enumerate(hyperplanes.T):
        unit = normal / np.linalg.norm(normal)
        along = np.array([-unit[1], unit[0]])
        axes.plot(*np.outer([-1, 1], along).T * reach, color=GREY, linewidth=1.5)
        axes.annotate("", unit * reach * 0.4, (0, 0), arrowprops={"arrowstyle": "->", "color": "black"})
        x, y = unit * reach * 0.47
        axes.text(x, y, f"bit {k + 1}", ha="center", va="center", fontsize=9)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="feature 1", ylabel="feature 2")
    axes.legend(title="code", loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@styled
def collisions(measured: dict[str, tuple[NDArray[np.floating], NDArray[np.floating]]]) -> Figure:
    """Share of hyperplanes that leave a pair together, measured, on the line that theory predicts.

    Parameters
    ----------
    measured : dict of str to (angles, shares)
        For each kind of pair: angles in radians and shares of equal bits, (n_pairs,) each.
    """
    figure, axes = plt.subplots(figsize=(6.4, 4))
    angles = np.linspace(0, np.pi, 100)
    axes.plot(angles, collision_probability(angles), color="black", label=r"theory: $1 - \theta/\pi$")
    for (name, (theta, share)), colour, marker in zip(measured.items(), (BLUE, RED), ("o", "x"), strict=False):
        axes.scatter(theta, share, s=22, color=colour, marker=marker, alpha=0.7, label=name)
    axes.set(xlabel=r"angle $\theta$ between the pair (radians)", ylabel="share of equal bits", ylim=(-0.02, 1.02))
    axes.set_xticks([0, np.pi / 4, np.pi / 2, 3 * np.pi / 4, np.pi], ["0", "π/4", "π/2", "3π/4", "π"])
    axes.legend()
    return figure


@styled
def distance_estimates(angles: NDArray[np.floating], estimates: dict[int, NDArray[np.floating]]) -> Figure:
    """The angle read off a Hamming distance against the true angle, for codes of several lengths.

    Parameters
    ----------
    angles : (n_pairs,) float
        True angles, radians.
    estimates : dict of int to (n_pairs,) float
        For each code length: pi times the share of differing bits.
    """
    figure, panels = plt.subplots(1, len(estimates), figsize=(7.2, 2.9), sharex=True, sharey=True)
    low, high = 0.0, float(max(angles.max(), *(e.max() for e in estimates.values()))) * 1.05
    for axes, (n_bits, estimate) in zip(np.atleast_1d(panels), estimates.items(), strict=True):
        axes.plot([low, high], [low, high], color="black", linewidth=1)
        axes.scatter(angles, estimate, s=6, color=BLUE, alpha=0.4)
        axes.set(title=f"{n_bits} bits", xlabel="true angle", aspect="equal", xlim=(low, high), ylim=(low, high))
    np.atleast_1d(panels)[0].set_ylabel("angle read off the code")
    return figure
