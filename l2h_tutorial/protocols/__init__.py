"""Experiments repeated over seeds, as data frames with one row a trial."""

from .trials import Trial, compare_ranking

__all__ = ["Trial", "compare_ranking"]
