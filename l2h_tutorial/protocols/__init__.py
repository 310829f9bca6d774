"""Experiments repeated over seeds, as data frames with one row a trial."""

from .comparison import compare_radius_search, compare_ranking
from .trials import PROTOCOLS, Trial, run_trials

__all__ = ["PROTOCOLS", "Trial", "compare_radius_search", "compare_ranking", "run_trials"]
