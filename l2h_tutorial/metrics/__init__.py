"""How good a search is, and what it costs."""

from .candidates import coverage, mean_candidates, mean_ratio, paired_bootstrap, precision_at_k, recall_of_exact
from .radius_search import evaluate_radius_search
from .ranking import (
    RingCounts,
    average_precision,
    mean_average_precision,
    precision_recall_by_radius,
    precision_within_radius,
    ring_counts,
)

__all__ = [
    "RingCounts",
    "average_precision",
    "coverage",
    "evaluate_radius_search",
    "mean_average_precision",
    "mean_candidates",
    "mean_ratio",
    "paired_bootstrap",
    "precision_at_k",
    "precision_recall_by_radius",
    "precision_within_radius",
    "recall_of_exact",
    "ring_counts",
]
