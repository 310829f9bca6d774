"""Experiments repeated over seeds, as data frames with one row a trial."""

from .trials import PROTOCOLS, Trial, compare_radius_search, compare_ranking, run_trials

__all__ = ["PROTOCOLS", "Trial", "compare_radius_search", "compare_ranking", "run_trials"]
