"""Choosing parameters on validation queries, with scikit-learn's own model selection.

:func:`validation_set` takes queries for validation out of a split's database, never out of its test queries, and gives
what ``GridSearchCV`` needs: rows, labels, a splitter and a scorer. :func:`tune_as_published` is two such searches in
the order of the GRH paper; :func:`tune_on_grid` is one, for any other hasher.
"""

from .published import SECOND_STEP, Tuned, rounds_by_validation, tune_as_published, tune_on_grid
from .validation import RetrievalScorer, Validation, validation_set

__all__ = [
    "SECOND_STEP",
    "RetrievalScorer",
    "Tuned",
    "Validation",
    "rounds_by_validation",
    "tune_as_published",
    "tune_on_grid",
    "validation_set",
]
