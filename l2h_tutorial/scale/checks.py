"""What several functions here are given, checked once."""

from typing import Any

import numpy as np


def check_dask(array: Any, name: str) -> Any:
    """Return a Dask array of whole rows, or say what is wrong with it.

    Parameters
    ----------
    array : (n, d) dask.array.Array
    name : str
        What to call it in messages.

    Raises
    ------
    TypeError
        If it is no Dask array.
    ValueError
        If it is not two-dimensional, is empty, or does not know how many rows its blocks have.

    Examples
    --------
    >>> import dask.array as da
    >>> check_dask(da.zeros((10, 4), chunks=(5, 2)), "X").chunks
    ((5, 5), (4,))
    """
    if not hasattr(array, "dask") or not hasattr(array, "map_blocks"):
        raise TypeError(
            f"{name} must be a Dask array, got {type(array).__name__}; dask.array.from_array(array, chunks) makes one"
        )
    if np.isnan(array.shape).any():
        raise ValueError(f"{name} does not know the rows of its blocks; call its compute_chunk_sizes() first")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must be two-dimensional with at least one row and column, got shape {array.shape}")
    return array.rechunk({1: -1})
