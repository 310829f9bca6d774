"""The starting hasher of GRH, which gives the training points the bits that the graph then smooths."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags

from ..baselines import CCAITQ
from ..lsh import LSH
from .seeding import seeded

__all__ = ["STARTS", "Start"]

STARTS: dict[str, Any] = {"lsh": LSH, "cca-itq": CCAITQ}


class Start:
    """A fitted hasher, and what is subtracted from its input.

    A start that is named gets centred features, the paper's input. A hasher that is given gets the features as they
    are, so that its bits are those that it has on its own.

    Parameters
    ----------
    initial : str or hasher
        A key of ``STARTS``, or a transformer to boolean columns.
    n_bits : int
    random : RandomState
        Gives a named start its randomness, and a given one the seeds that it lacks.
    X : (n, d) array of numbers
    y : labels or None
    mean : (d,) array of float64

    Raises
    ------
    ValueError, TypeError
        If the hasher's output is not (n, n_bits) bool, or it needs y and there is none.
    """

    def __init__(self, initial: Any, n_bits: int, random: Any, X: NDArray[Any], y: Any, mean: NDArray[Any]) -> None:
        named = isinstance(initial, str)
        self.n_bits = n_bits
        self.mean = mean if named else None
        self.hasher = STARTS[initial](n_bits, random_state=random) if named else seeded(initial, random)
        if y is None:
            if isinstance(self.hasher, BaseEstimator) and get_tags(self.hasher).target_tags.required:
                raise ValueError(f"initial={initial!r} needs y, which an affinity does not give; take another start")
            self.hasher.fit(self._centred(X))
        else:
            self.hasher.fit(self._centred(X), y)
        self.predict(X[:1])  # an unusable hasher fails here, before anything slow

    def predict(self, X: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the start's bits of features as they are given to ``GRH``."""
        bits = np.asarray(self.hasher.transform(self._centred(X)))
        if bits.shape != (len(X), self.n_bits):
            raise ValueError(f"initial must give {self.n_bits} bits a point, n_bits of GRH, got shape {bits.shape}")
        if bits.dtype != np.bool_:
            raise TypeError(f"initial must give boolean columns, got dtype {bits.dtype} from {self.hasher!r}")
        return bits

    def _centred(self, X: NDArray[Any]) -> NDArray[Any]:
        return X if self.mean is None else X - self.mean
