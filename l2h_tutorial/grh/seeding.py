"""Seeds for what is given to GRH without one, so that its ``random_state`` decides all that is drawn."""

from typing import Any

import numpy as np
from sklearn.base import clone

__all__ = ["seeded"]


def seeded(estimator: Any, random: np.random.RandomState) -> Any:
    """Clone an estimator, with a seed wherever it was given none: same ``random_state``, same bits.

    Parameters
    ----------
    estimator : scikit-learn estimator
        Each ``random_state`` that is None gets a seed, in order of the names, also those of the estimators within it.
    random : RandomState
        Draws the seeds, and nothing where none is missing.

    Returns
    -------
    estimator
        Not fitted.

    Examples
    --------
    >>> from l2h_tutorial import LSH
    >>> seeded(LSH(8), np.random.RandomState(0))
    LSH(n_bits=8, random_state=209652396)
    >>> seeded(LSH(8, random_state=1), np.random.RandomState(0))
    LSH(n_bits=8, random_state=1)
    """
    copy = clone(estimator)
    for name, value in sorted(estimator.get_params().items()):
        if value is None and (name == "random_state" or name.endswith("__random_state")):
            copy.set_params(**{name: int(random.randint(2**31 - 1))})
    return copy
