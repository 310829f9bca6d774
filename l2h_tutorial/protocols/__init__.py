"""Experiments repeated over seeds, as data frames with one row a trial.

The paper's own experiment is :mod:`l2h_tutorial.protocols.table1`, which is also a command.
"""

from .comparison import FIRST_SPLIT, Trial, compare_radius_search, compare_ranking, trials

__all__ = ["FIRST_SPLIT", "Trial", "compare_radius_search", "compare_ranking", "trials"]
