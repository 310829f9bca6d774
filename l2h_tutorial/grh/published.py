"""The three official versions of Graph Regularised Hashing, as settings of one estimator.

Where the thesis is silent (the sign of 0) it follows the paper, and none of the three says what happens to a bit on
which all points agree. What else differs, the grids that were searched and the rule to stop, belongs to tuning and
not to the estimator.
"""

from typing import Any

__all__ = ["PUBLISHED", "published_settings"]

PUBLISHED: dict[str, dict[str, Any]] = {
    # Moran and Lavrenko, "Graph Regularised Hashing", ECIR 2015
    "paper": {
        "reference": "previous",
        "sign_of_zero": -1,
        "fit_intercept": True,
        "loss": "hinge",
        "class_weight": None,
    },
    # Moran, "Learning to Hash for Large Scale Image Retrieval", University of Edinburgh, 2016, chapter 7
    "thesis": {
        "reference": "initial",
        "sign_of_zero": -1,
        "fit_intercept": False,
        "loss": "hinge",
        "class_weight": None,
    },
    # the Matlab program that the authors published in 2015
    "matlab": {
        "reference": "initial",
        "sign_of_zero": 1,
        "fit_intercept": False,
        "loss": "squared_hinge",
        "class_weight": "ceiling",
    },
}


def published_settings(version: str) -> dict[str, Any]:
    """Return a copy of the parameters that make :class:`~l2h_tutorial.GRH` one of the published versions.

    Raises
    ------
    ValueError
        If there is no such version.

    Examples
    --------
    >>> published_settings("thesis")["reference"]
    'initial'
    """
    if version not in PUBLISHED:
        raise ValueError(f"version must be one of {tuple(PUBLISHED)}, got {version!r}")
    return dict(PUBLISHED[version])
