"""Nearest neighbours of your own vectors: hasher, mean, vectors, ids and table as one estimator."""

from .estimator import HashNeighbors, ScanWarning, SearchQuality

__all__ = ["HashNeighbors", "ScanWarning", "SearchQuality"]
