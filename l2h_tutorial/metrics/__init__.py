"""How good a search is, and what it costs."""

from .average_precision import mean_average_precision
from .candidates import coverage, precision_at_k, recall_of_exact
from .radius_search import evaluate_radius_search
from .significance import paired_bootstrap

__all__ = [
    "coverage",
    "evaluate_radius_search",
    "mean_average_precision",
    "paired_bootstrap",
    "precision_at_k",
    "recall_of_exact",
]
