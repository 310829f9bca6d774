"""Hamming radius search: the ball, exact strategies that find its buckets, and the re-ranking of their rows."""

from .nearest import check_neighbours, nearest_rows, steps
from .radius import (
    BucketIndex,
    Hits,
    Plan,
    ball_size,
    build_index,
    check_radius,
    code_dtype,
    count_within,
    find,
    hamming_ball,
    object_array,
    piece_radii,
    plans,
    rows_within,
)
from .rerank import Reranker, check_ids, exact_neighbours, rerank

__all__ = [
    "BucketIndex",
    "Hits",
    "Plan",
    "Reranker",
    "ball_size",
    "build_index",
    "check_ids",
    "check_neighbours",
    "check_radius",
    "code_dtype",
    "count_within",
    "exact_neighbours",
    "find",
    "hamming_ball",
    "nearest_rows",
    "object_array",
    "piece_radii",
    "plans",
    "rerank",
    "rows_within",
    "steps",
]
