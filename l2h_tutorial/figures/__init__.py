"""One function a figure: each draws, returns its Figure, and prints nothing.

The modules follow the chapters. Colours are Okabe and Ito's, which the colour-blind can tell apart; wherever colour
carries meaning, a marker, a line style or a word carries it too.
"""

from .buckets import bucket_sizes, corner
from .comparison import beside_published, precision_recall
from .controls import codeword_distances, control_scores
from .cover import cover
from .grh import lines_with_spread, training_rounds
from .grh_graph import adjacency, dead_zone, graph_step
from .images import answers, descriptor, gallery, images_by_class
from .lsh import code_of_points, collisions, distance_estimates
from .scaling import found_by_nflip, growth
from .search import amplification, hamming_cube, precision_by_cost, radius_sweep, recall_by_radius
from .splits import split_diagram

__all__ = [
    "adjacency",
    "amplification",
    "answers",
    "beside_published",
    "bucket_sizes",
    "code_of_points",
    "codeword_distances",
    "collisions",
    "control_scores",
    "corner",
    "cover",
    "dead_zone",
    "descriptor",
    "distance_estimates",
    "found_by_nflip",
    "gallery",
    "graph_step",
    "growth",
    "hamming_cube",
    "images_by_class",
    "lines_with_spread",
    "precision_by_cost",
    "precision_recall",
    "radius_sweep",
    "recall_by_radius",
    "split_diagram",
    "training_rounds",
]
