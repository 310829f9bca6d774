"""Which sets of labels have one in common: kept as a matrix, or made anew where that would be too large."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["ManySets", "shared_labels"]

_BLOCK_VALUES = 1 << 21  # affinities between sets of labels that are held at a time, 24 MB


def shared_labels(indicator: sparse.csr_array) -> "sparse.csr_array | ManySets":
    """Return the matrix that is 1 where two sets of labels share one, and 0 elsewhere.

    Parameters
    ----------
    indicator : (n_sets, n_labels) csr_array of float64
        1 where a set has a label.

    Returns
    -------
    (n_sets, n_sets) csr_array of float64, or ManySets

    Examples
    --------
    >>> shared_labels(sparse.csr_array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])).toarray()
    array([[1., 1., 0.],
           [1., 1., 1.],
           [0., 1., 1.]])
    """
    few = indicator.shape[0] ** 2 <= _BLOCK_VALUES
    return _sharing(indicator, slice(None)) if few else ManySets(indicator)


class ManySets:
    """The matrix that says which sets of labels share one, made anew a block of rows at a time for each product."""

    def __init__(self, indicator: sparse.csr_array) -> None:
        self._indicator = indicator  # (n_sets, n_labels)
        self.shape = (indicator.shape[0],) * 2

    def __matmul__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        n = self.shape[0]
        step = max(1, _BLOCK_VALUES // n)
        blocks = (_sharing(self._indicator, slice(start, start + step)) for start in range(0, n, step))
        return np.concatenate([block @ values for block in blocks])


def _sharing(indicator: sparse.csr_array, rows: slice) -> sparse.csr_array:
    """Return 1 where a set of `rows` has a label in common with any set, as csr_array of float64."""
    return sparse.csr_array((indicator[rows] @ indicator.T > 0).astype(float))
