"""Hamming radius search: the ball, exact strategies that find its buckets, and the re-ranking of their rows."""

from .radius import ball_size, build_index, check_radius, hamming_ball
from .rerank import Reranker, exact_neighbours, rerank

__all__ = ["Reranker", "ball_size", "build_index", "check_radius", "exact_neighbours", "hamming_ball", "rerank"]
