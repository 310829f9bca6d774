"""Hamming radius search: the ball, exact strategies that find its buckets, and the re-ranking of their rows."""

from .ball import ball_size, check_radius, hamming_ball
from .choice import Plan, find, plans
from .enumeration import enumerate_ball
from .hits import Hits, gather_rows
from .index import BucketIndex, build_index
from .nearest import nearest_rows
from .pieces import multi_index
from .rerank import exact_neighbours, rerank
from .scan import scan_buckets

__all__ = [
    "BucketIndex",
    "Hits",
    "Plan",
    "ball_size",
    "build_index",
    "check_radius",
    "enumerate_ball",
    "exact_neighbours",
    "find",
    "gather_rows",
    "hamming_ball",
    "multi_index",
    "nearest_rows",
    "plans",
    "rerank",
    "scan_buckets",
]
