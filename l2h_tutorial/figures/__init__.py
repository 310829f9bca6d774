"""One function a figure: each draws, returns its Figure, and prints nothing; one for every table, one to read the map.

The modules follow the chapters. Colours are Okabe and Ito's, which the colour-blind can tell apart; wherever colour
carries meaning, a marker, a line style or a word carries it too.
"""

from .buckets import corner
from .comparison import contrast_table, spread_table, verdicts
from .cover import cover
from .data import answers, descriptor, gallery, images_by_class, split_diagram
from .designing import amplification, collision_curves
from .did_it_learn import control_scores
from .grh_adjacency import adjacency, dead_zone, graph_step
from .grh_training import lines_with_spread, training_rounds
from .lsh import code_of_points, collisions, distance_estimates, wedge
from .radius_search import crossing, hamming_cube, read_map, work_map
from .scaling import found_by_nflip, growth
from .tables import table

__all__ = [
    "adjacency",
    "amplification",
    "answers",
    "code_of_points",
    "collision_curves",
    "collisions",
    "contrast_table",
    "control_scores",
    "corner",
    "cover",
    "crossing",
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
    "read_map",
    "split_diagram",
    "spread_table",
    "table",
    "training_rounds",
    "verdicts",
    "wedge",
    "work_map",
]
