"""Draw the figures of the chapters, with one function for each, and all tables.

A function draws a figure, returns it, and prints nothing. The modules follow the parts of the book.
Colours are Okabe and Ito's, which the colour-blind can tell apart. Wherever colour carries meaning,
a marker, a line style or a word carries it too.
"""

from .. import checks

checks.load_optional("matplotlib", __name__)  # all files of this room use it

from .eight import eight_vectors
from .embeddings import byte_map, cells_of_codes
from .finding import (
    amplification,
    answers,
    code_of_points,
    collisions,
    corner,
    crossing,
    descriptor,
    distance_estimates,
    gallery,
    hamming_cube,
    images_by_class,
    read_map,
    split_diagram,
    wedge,
    work_map,
)
from .learning import (
    adjacency,
    contrast_table,
    control_scores,
    dead_zone,
    graph_step,
    interval_table,
    lines_with_spread,
    spread_table,
    training_rounds,
    verdicts,
)
from .scaling import growth
from .tables import table

__all__ = [name for name, figure in globals().items() if callable(figure)]
