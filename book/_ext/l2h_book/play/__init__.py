"""Figures to play with: what each computes, and beside it the scripts and styles that show it.

The directive ``hash-figure`` (``directive.py``) puts one on a page. The page's kernel makes it, by
its name in `FIGURES`, and gets a `Playable`.
"""

from .chapters import (
    ball,
    cube,
    dead_zone,
    fair_fight,
    falling_lines,
    off_centre,
    rescoring,
    s_curve,
    sliding,
)
from .cover import cover
from .explorer import Explorer
from .plane import playground
from .training import training

FIGURES = {
    "ball": ball,
    "cover": cover,
    "cube": cube,
    "dead-zone": dead_zone,
    "explorer": Explorer,
    "fair-fight": fair_fight,
    "falling-lines": falling_lines,
    "off-centre": off_centre,
    "playground": playground,
    "rescoring": rescoring,
    "s-curve": s_curve,
    "sliding": sliding,
    "training": training,
}

TITLES = {
    "ball": "A ball that grows around a query's code",
    "cube": "Eight codes as the corners of a cube",
    "dead-zone": "The weight of a class, and which bits flip",
    "fair-fight": "An unfair comparison, repaired in steps",
    "falling-lines": "Lines that fall on two vectors",
    "off-centre": "A cloud off the origin, and its buckets",
    "rescoring": "How many candidates to score again",
    "s-curve": "Chance of a candidate, by similarity",
    "sliding": "A picture that slides",
    "training": "Training, step by step",
}
