"""Search: rows within a Hamming ball or nearest in Hamming distance (`radius`), re-ranked by vectors (`rerank`)."""

from .radius import ball_size, build_index, check_radius, hamming_ball
from .rerank import Reranker, exact_neighbours, rerank

__all__ = [
    "Reranker",
    "ball_size",
    "build_index",
    "check_radius",
    "exact_neighbours",
    "hamming_ball",
    "rerank",
]
