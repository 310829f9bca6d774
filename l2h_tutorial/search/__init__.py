"""Search by hash codes, then by vectors.

`radius` finds the rows within a Hamming ball, or those nearest in Hamming distance. `reranking`
orders what was found by the true distance of the vectors.
"""

from .radius import ball_size, check_radius, hamming_ball
from .reranking import Reranker, exact_neighbours, rerank

__all__ = [
    "Reranker",
    "ball_size",
    "check_radius",
    "exact_neighbours",
    "hamming_ball",
    "rerank",
]
