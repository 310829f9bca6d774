"""Find neighbours of your own vectors: hasher, mean, vectors, ids and table in one estimator."""

from .estimator import HashNeighbors, ScanWarning, SearchQuality

__all__ = ["HashNeighbors", "ScanWarning", "SearchQuality"]
