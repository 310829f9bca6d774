"""Hamming radius search: the ball, exact strategies that find its buckets, and the re-ranking of their rows."""

from .nearest import nearest_rows, steps
from .radius import (
    CodeIndex,
    Plan,
    ball_size,
    build_index,
    check_radius,
    count_within,
    hamming_ball,
    object_array,
    piece_radii,
    plans,
    rows_within,
)
from .rerank import Reranker, check_ids, exact_neighbours, rerank

__all__ = ["CodeIndex", "Plan", "Reranker", "ball_size", "build_index", "check_ids"]
__all__ += ["check_radius", "count_within", "exact_neighbours", "hamming_ball", "nearest_rows"]
__all__ += ["object_array", "piece_radii", "plans", "rerank", "rows_within", "steps"]
