"""What GRH refuses, with the value that was wrong and the one that was expected."""

from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse

from ..affinity import NORMALISATIONS, NormalisedAffinity, check_affinity, same_class_affinity
from ..checks import check_integer, check_positive
from .degenerate import RULES
from .partition import CLASSIFIERS
from .start import STARTS

__all__ = ["check_graph", "check_parameters"]

_CHOICES: dict[str, tuple[Any, ...]] = {
    "reference": ("previous", "initial"),
    "sign_of_zero": (-1, 1),
    "normalise": NORMALISATIONS,
    "degenerate": RULES,
    "loss": ("hinge", "squared_hinge"),
    "fit_intercept": (True, False),
    "class_weight": (None, "ceiling"),
}


def check_parameters(grh: Any) -> None:
    """Check every parameter of a GRH estimator.

    Raises
    ------
    TypeError
        If a parameter is of the wrong type, or an estimator lacks a method that GRH calls.
    ValueError
        If it is of the right type and out of range, or an unknown name.
    """
    check_integer(grh.n_bits, "n_bits")
    _check_alpha(grh.alpha)
    for name in ("n_iter", "n_landmarks"):
        check_integer(getattr(grh, name), name)
    for name, choices in _CHOICES.items():
        if getattr(grh, name) not in choices:
            raise ValueError(f"{name} must be one of {choices}, got {getattr(grh, name)!r}")
    for name in ("C", "gamma", "ridge"):
        check_positive(getattr(grh, name), name)
    _check_estimator(grh, "initial", tuple(STARTS), "a hasher", ("transform",))
    _check_estimator(grh, "classifier", CLASSIFIERS, "an estimator", ("decision_function", "predict"))


def _check_alpha(alpha: Any) -> None:
    expected = "from 0 (the reference bits only) to 1 (the graph only)"
    if isinstance(alpha, bool) or not isinstance(alpha, Real):
        raise TypeError(f"alpha must be {expected}, got {alpha!r}")
    if not 0 <= float(alpha) <= 1:
        raise ValueError(f"alpha must be {expected}, got {alpha!r}")


def _check_estimator(grh: Any, name: str, names: tuple[str, ...], what: str, one_of: tuple[str, ...]) -> None:
    value = getattr(grh, name)
    expected = ", ".join(map(repr, names)) + f" or {what}"
    if isinstance(value, str):
        if value not in names:
            raise ValueError(f"{name} must be {expected}, got {value!r}")
        return
    usable = all(hasattr(value, method) for method in ("fit", "get_params")) and not isinstance(value, type)
    if not usable or not any(hasattr(value, method) for method in one_of):
        raise TypeError(f"{name} must be {expected} with fit and {' or '.join(one_of)}, got {value!r}")


def check_graph(y: Any, affinity: Any, n: int, normalise: str) -> NormalisedAffinity:
    """Make the graph over n points from labels or from an affinity matrix, whichever is given.

    Raises
    ------
    ValueError
        If both or neither are given, they are about another number of points, every point is every other's neighbour,
        or the affinity has been normalised in another way.
    """
    if affinity is not None and y is not None:
        raise ValueError("give GRH either y or affinity, got both: the labels would make a second graph")
    if affinity is None and y is None:
        raise ValueError(
            "This GRH estimator requires y to be passed, but the target y is None, and so is affinity; give one of them"
        )
    if affinity is None:
        shape = y.shape if sparse.issparse(y) else np.asarray(y).shape
        if not shape:
            raise ValueError(f"y must be an array of classes or a 0/1 indicator of labels, got {y!r}")
        length = shape[0]
        if length != n:
            raise ValueError(f"y must have one entry a row of X: X has {n} rows, y has {length}")
        graph = same_class_affinity(y, normalise=normalise)
    elif isinstance(affinity, NormalisedAffinity):
        graph = affinity
        if graph.shape != (n, n):
            raise ValueError(f"affinity must be {n} x {n}, a row and a column a point of X; its shape is {graph.shape}")
        if graph.normalise != normalise:
            raise ValueError(
                f"affinity is normalised by {graph.normalise}, but normalise={normalise!r} was asked of GRH; "
                f"give GRH normalise={graph.normalise!r}, or the affinity that is not yet normalised"
            )
    else:
        graph = NormalisedAffinity(check_affinity(affinity, n), normalise)
    if graph.joins_all:
        cause = (
            "y must hold at least two classes, got one class only"
            if affinity is None
            else "affinity joins every point with every other, equally"
        )
        raise ValueError(f"{cause}; all points would get the same code")
    return graph
