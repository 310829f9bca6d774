"""Figures of chapter 2: hyperplanes, codes, and how often two images share a bit."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Wedge

from ..lsh import collision_probability
from .style import (
    BLUE,
    COLOURS,
    GREY,
    MARKERS,
    RED,
    SKY,
    Bits,
    Floats,
    draw_arrow,
    draw_hyperplane,
    show_plane,
    styled,
    write,
)


@styled
def code_of_points(points: Floats, hyperplanes: Floats, bits: Bits) -> Figure:
    """2-D points, lines through the origin, and the code that the lines give each point.

    Parameters
    ----------
    points : (n, 2) float
    hyperplanes : (2, n_bits) float
        The vector that stands upright on each line, a column each.
    bits : (n, n_bits) bool
        The code of each point.
    """
    figure, axes = plt.subplots(figsize=(5.2, 5.2))
    codes, members = np.unique(bits, axis=0, return_inverse=True)
    for i, code in enumerate(codes):
        x, y = points[members == i].T
        name = "".join("01"[bit] for bit in code.astype(int))
        axes.scatter(x, y, s=28, color=COLOURS[i % 7], marker=MARKERS[i % 7], label=name)
    reach = 1.15 * np.abs(points).max()
    for k, normal in enumerate(hyperplanes.T, start=1):
        draw_hyperplane(axes, normal, linewidth=1.5)
        upright = reach * normal / np.linalg.norm(normal)
        draw_arrow(axes, 0.4 * upright)
        write(axes, 0.47 * upright, f"bit {k}", fontsize=9)
    show_plane(axes, reach, xlabel="feature 1", ylabel="feature 2")
    axes.legend(title="code", loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@styled
def wedge(theta: float) -> Figure:
    """Two vectors at an angle, random lines through the origin, and the two wedges in which a line separates them."""
    figure, axes = plt.subplots(figsize=(5.6, 4.6))
    first = 0.3  # the direction of x
    second = first + theta
    for turn in (0, 180):
        start, end = np.degrees([first, second]) + turn
        axes.add_patch(Wedge((0, 0), 1.1, start, end, color=SKY, alpha=0.35))
    n_lines = 24
    n_between = 0
    for direction in np.random.RandomState(1).uniform(0, np.pi, n_lines):
        x, y = 1.1 * _unit(direction)
        separates = first < direction < second
        n_between += separates
        colour, stroke = (RED, "-") if separates else (GREY, ":")
        axes.plot([-x, x], [-y, y], color=colour, linestyle=stroke, linewidth=1.4)
    for name, direction in (("x", first), ("y", second)):
        draw_arrow(axes, _unit(direction), arrowstyle="-|>", linewidth=2.5)
        write(axes, 1.22 * _unit(direction), name, fontsize=14, fontweight="bold")
    write(axes, 0.45 * _unit(first + theta / 2), "θ", fontsize=14)
    expected = n_lines * theta / np.pi
    axes.set_title(f"{n_between} of {n_lines} random lines separate x and y; θ/π of them are {expected:.1f}")
    axes.set(xlim=(-1.35, 1.35), ylim=(-1.2, 1.35), aspect="equal")
    axes.set_axis_off()
    return figure


def _unit(direction: float) -> Floats:
    return np.array([np.cos(direction), np.sin(direction)])


@styled
def collisions(measured: dict[str, tuple[Floats, Floats]]) -> Figure:
    """Share of hyperplanes that leave a pair together, measured, on the line that theory predicts.

    Parameters
    ----------
    measured : dict of str to (angles, shares)
        For each kind of pair: angles in radians and shares of equal bits, (n_pairs,) each.
    """
    figure, axes = plt.subplots(figsize=(6.4, 4))
    angles = np.linspace(0, np.pi, 100)
    axes.plot(angles, collision_probability(angles), color="black", label=r"theory: $1 - \theta/\pi$")
    for i, (name, (theta, share)) in enumerate(measured.items()):
        axes.scatter(theta, share, s=22, color=COLOURS[i], marker="ox"[i], alpha=0.7, label=name)
    axes.set(
        xlabel=r"angle $\theta$ between the pair (radians)",
        ylabel="share of equal bits",
        ylim=(-0.02, 1.02),
    )
    axes.set_xticks(np.linspace(0, np.pi, 5), ["0", "π/4", "π/2", "3π/4", "π"])
    axes.legend()
    return figure


@styled
def distance_estimates(angles: Floats, estimates: dict[int, Floats]) -> Figure:
    """The angle read off a Hamming distance against the true angle, for codes of several lengths.

    Parameters
    ----------
    angles : (n_pairs,) float
        True angles, radians.
    estimates : dict of int to (n_pairs,) float
        For each code length: pi times the share of differing bits.
    """
    figure, panels = plt.subplots(1, len(estimates), figsize=(7.2, 2.9), sharex=True, sharey=True, squeeze=False)
    ends = [0, 1.05 * np.max([angles, *estimates.values()])]
    for axes, (n_bits, estimate) in zip(panels[0], estimates.items(), strict=True):
        axes.plot(ends, ends, color="black", linewidth=1)
        axes.scatter(angles, estimate, s=6, color=BLUE, alpha=0.4)
        axes.set(
            title=f"{n_bits} bits",
            xlabel="true angle",
            aspect="equal",
            xlim=ends,
            ylim=ends,
        )
    panels[0, 0].set_ylabel("angle read off the code")
    return figure
