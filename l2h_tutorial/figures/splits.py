"""Figure of chapter 1: who is a query, who trains, who is searched."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from ..splits import Split
from .style import BLUE, GREY, ORANGE, styled


@styled
def split_diagram(split: Split) -> Figure:
    """The three parts of a split as boxes, with their sizes and what each is for."""
    figure, axes = plt.subplots(figsize=(7.2, 2.6))
    axes.set(xlim=(0, 100), ylim=(0, 30))
    axes.set_axis_off()
    parts = (
        ("queries", len(split.y_query), "what we look for;\nnever seen before", 2, 18, ORANGE),
        ("training set", len(split.y_train), "labels that a method\nmay learn from", 23, 24, BLUE),
        ("database", len(split.y_database), "what is searched; its labels\nonly judge the answers", 50, 48, GREY),
    )
    for name, size, purpose, left, width, colour in parts:
        axes.add_patch(plt.Rectangle((left, 8), width, 20, facecolor=colour, alpha=0.18, edgecolor=colour, linewidth=2))
        axes.text(left + width / 2, 22, name, ha="center", weight="bold")
        axes.text(left + width / 2, 16.5, f"{size:,} images", ha="center")
        axes.text(left + width / 2, 9.5, purpose, ha="center", fontsize=8.5)
    axes.annotate(
        "", (74, 7.5), (11, 7.5), arrowprops={"arrowstyle": "->", "connectionstyle": "arc3,rad=0.25", "color": ORANGE}
    )
    axes.text(42, 1.4, "each query is searched for in the database", ha="center", fontsize=9)
    return figure
