"""Which sets of labels have one in common: kept as a matrix, or made anew where that would be too large."""

from collections.abc import Iterator
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["ManySets", "shared_labels"]

_BLOCK_VALUES = 1 << 21  # affinities between sets of labels that are made at a time, 24 MB,
_KEPT_VALUES = 1 << 24  # and kept from one product to the next, 200 MB


def shared_labels(indicator: sparse.csr_array) -> "sparse.csr_array | ManySets":
    """Return the matrix that is 1 where two sets of labels share one, and 0 elsewhere.

    Parameters
    ----------
    indicator : (n_sets, n_labels) csr_array of float64
        1 where a set has a label.

    Returns
    -------
    (n_sets, n_sets) csr_array of float64, or ManySets
        The second multiplies as the first does, without holding more than a block of rows.

    Examples
    --------
    >>> shared_labels(sparse.csr_array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])).toarray()
    array([[1., 1., 0.],
           [1., 1., 1.],
           [0., 1., 1.]])
    """
    anew = ManySets(indicator)
    entries = accumulate(block.nnz for block in anew.blocks())
    if any(total > _KEPT_VALUES for total in entries):
        return anew
    return sparse.csr_array(sparse.vstack(list(anew.blocks()), format="csr"))


class ManySets:
    """The matrix that says which sets of labels share one, made anew a block of rows at a time for each product."""

    def __init__(self, indicator: sparse.csr_array) -> None:
        self._indicator = indicator  # (n_sets, n_labels)
        self.shape = (indicator.shape[0],) * 2

    def blocks(self) -> Iterator[sparse.csr_array]:
        """Yield the rows, in order: 1 where a set has a label in common with any set, float64."""
        n = self.shape[0]
        step = max(1, _BLOCK_VALUES // n)
        for start in range(0, n, step):
            rows = self._indicator[start : start + step]
            yield sparse.csr_array((rows @ self._indicator.T > 0).astype(float))

    def __matmul__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([block @ values for block in self.blocks()])
