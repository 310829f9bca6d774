"""The names of rows: ids that are given or those of a data frame, kept with their types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..checks import Array

_PLAIN = (int, str, np.integer, np.str_)  # ids of one of these types become an array of that type


def row_names(X: Any, ids: Any, n: int) -> Array | None:
    """Return a name for each of n rows, or None if they have no names but their numbers.

    Parameters
    ----------
    X : array or data frame
        The index of a data frame names its rows, unless it only counts them from 0.
    ids : (n,) sequence or None
        Names, which are more important than an index.
    n : int

    Raises
    ------
    TypeError, ValueError
        If `ids` are not a sequence of n names.

    Examples
    --------
    >>> row_names(np.eye(2), [1, "b"], 2)
    array([1, 'b'], dtype=object)
    """
    if ids is None and hasattr(X, "iloc") and not np.array_equal(X.index, range(n)):
        ids = X.index.to_numpy()
    if ids is None:
        return None
    if not isinstance(ids, Sequence) and not hasattr(ids, "__array__"):
        raise TypeError(f"ids must be a sequence of {n} names, one for each row, got {type(ids)}")
    names = _array_of(ids)
    if names.ndim != 1 or len(names) != n:
        raise ValueError(
            f"ids must be a sequence of {n} names, one for each row, got shape {names.shape}"
        )
    return names


def _array_of(names: Any) -> Array:
    """Return names as an array, of objects if they are of several types."""
    if hasattr(names, "__array__"):
        return np.asarray(names)
    kinds = {type(name) for name in names}
    if len(kinds) == 1 and issubclass(kinds.pop(), _PLAIN):
        return np.asarray(names)
    array = np.empty(len(names), dtype=object)
    array[:] = names
    return array


def joined_names(names: Array, more: Array) -> Array:
    """Join two arrays of names; all keep their types.

    Examples
    --------
    >>> joined_names(np.array([1, 2]), np.array(["a"]))
    array([1, 2, 'a'], dtype=object)
    """
    if names.dtype.kind != more.dtype.kind:
        names = names.astype(object)
    return np.concatenate([names, more])
