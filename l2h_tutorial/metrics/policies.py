"""What a query without an answer contributes to a mean: the choice that papers make, and do not always state."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Empty = Literal["zero", "skip", "pooled"]


def mean_ratio(part: NDArray[Any], whole: NDArray[Any], *, empty: Empty = "zero", per_query: bool = False) -> Any:
    """Average the ratios part / whole over queries, of which some have nothing to divide by.

    Parameters
    ----------
    part, whole : (n_queries,) or (n_queries, m) arrays of numbers
        Of each query what was counted, and what it is a share of. A whole of 0 is an empty query.
    empty : {"zero", "skip", "pooled"}, default="zero"
        "zero": an empty query counts as 0. "skip": it is left out of the mean, which is then one over other queries
        than at another radius. "pooled": no mean over queries at all, but sum of parts / sum of wholes; empty queries
        weigh nothing, and those with many results weigh more.
    per_query : bool, default=False
        Return each query's ratio in place of the mean.

    Returns
    -------
    float or (m,) array of float64, or with `per_query` an array of the shape of `part`
        A skipped query is NaN in the array; a mean over no query is NaN.

    Raises
    ------
    ValueError
        If `empty` is not one of those named, or is "pooled" with `per_query`.

    Notes
    -----
    All three are in use for the precision of hash look-ups. "pooled" is how the code that came with Y. Weiss,
    A. Torralba and R. Fergus, "Spectral hashing", NIPS 2008, and the many evaluations made from it, compute precision
    and recall within a radius. Say which it is, and give coverage beside it.

    Examples
    --------
    >>> right, found = np.array([1, 0, 30]), np.array([2, 0, 100])
    >>> for empty in ("zero", "skip", "pooled"):
    ...     print(empty, round(mean_ratio(right, found, empty=empty), 3))
    zero 0.267
    skip 0.4
    pooled 0.304
    """
    if empty not in ("zero", "skip", "pooled"):
        raise ValueError(f'empty must be "zero", "skip" or "pooled", got {empty!r}')
    if empty == "pooled":
        if per_query:
            raise ValueError('empty="pooled" is one figure for all queries: per_query takes "zero" or "skip"')
        part, whole, empty = part.sum(axis=0, keepdims=True), whole.sum(axis=0, keepdims=True), "skip"
    undefined = 0.0 if empty == "zero" else np.nan
    ratio = np.divide(part, whole, out=np.full(np.shape(whole), undefined), where=np.asarray(whole) > 0)
    if per_query:
        return ratio
    kept = ~np.isnan(ratio)
    total, n = np.where(kept, ratio, 0).sum(axis=0), kept.sum(axis=0)
    mean = np.divide(total, n, out=np.full(np.shape(total), np.nan), where=n > 0)
    return mean if mean.ndim else float(mean)
