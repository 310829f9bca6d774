"""Experiments repeated over seeds, as data frames with one row a trial."""

from .trials import compare_ranking

__all__ = ["compare_ranking"]
