"""How good a search is, and what it costs."""

from .average_precision import average_precision, mean_average_precision
from .candidates import coverage, mean_candidates, precision_at_k, recall_of_exact, share_scanned
from .cost import expected_search_length, expected_seconds
from .graded import ndcg
from .policies import mean_ratio
from .radius_search import evaluate_radius_search
from .rings import RingCounts, ring_counts
from .significance import paired_bootstrap
from .within_radius import precision_recall_by_radius, precision_within_radius, recall_within_radius

__all__ = [
    "RingCounts",
    "average_precision",
    "coverage",
    "evaluate_radius_search",
    "expected_search_length",
    "expected_seconds",
    "mean_average_precision",
    "mean_candidates",
    "mean_ratio",
    "ndcg",
    "paired_bootstrap",
    "precision_at_k",
    "precision_recall_by_radius",
    "precision_within_radius",
    "recall_of_exact",
    "recall_within_radius",
    "ring_counts",
    "share_scanned",
]
