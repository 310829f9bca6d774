"""Nearest neighbours of your own vectors: hasher, mean, vectors, ids and table as one estimator."""

from .estimator import HashNeighbors

__all__ = ["HashNeighbors"]
