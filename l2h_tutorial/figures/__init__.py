"""One function a figure: each draws, returns its Figure, and prints nothing.

The modules follow the chapters. Colours are Okabe and Ito's, which the colour-blind can tell apart; wherever colour
carries meaning, a marker, a line style or a word carries it too.
"""

from .buckets import bucket_sizes, corner
from .grh import adjacency, dead_zone, graph_step, lines_with_spread, training_rounds
from .images import answers, descriptor, gallery, images_by_class
from .lsh import code_of_points, collisions, distance_estimates
from .search import amplification, hamming_cube, precision_by_cost, radius_sweep, recall_by_radius
from .splits import split_diagram

__all__ = [
    "adjacency",
    "amplification",
    "answers",
    "bucket_sizes",
    "code_of_points",
    "collisions",
    "corner",
    "dead_zone",
    "descriptor",
    "distance_estimates",
    "gallery",
    "graph_step",
    "hamming_cube",
    "images_by_class",
    "lines_with_spread",
    "precision_by_cost",
    "radius_sweep",
    "recall_by_radius",
    "split_diagram",
    "training_rounds",
]
