"""Hamming radius search: the ball, exact strategies that find its buckets, and the re-ranking of their rows."""

from .ball import ball_size, check_radius, hamming_ball
from .rerank import exact_neighbours, rerank
from .strategies import BucketIndex, Hits, choose_strategy, enumerate_ball, gather_rows, scan_buckets, scan_rows

__all__ = [
    "BucketIndex",
    "Hits",
    "ball_size",
    "check_radius",
    "choose_strategy",
    "enumerate_ball",
    "exact_neighbours",
    "gather_rows",
    "hamming_ball",
    "rerank",
    "scan_buckets",
    "scan_rows",
]
