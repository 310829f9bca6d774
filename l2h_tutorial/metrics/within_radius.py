"""Precision and recall of the Hamming ball at every radius, from the rows counted ring by ring."""

from typing import Any

import numpy as np
import pandas as pd

from ..search import check_radius
from .policies import Empty, mean_ratio
from .rings import RingCounts


def precision_within_radius(counts: RingCounts, radius: int, *, empty: Empty = "zero", per_query: bool = False) -> Any:
    """Share of the rows within a Hamming radius that are relevant, averaged over queries.

    Parameters
    ----------
    counts : RingCounts
    radius : int
        From 0 to the number of bits.
    empty : {"zero", "skip", "pooled"}, default="zero"
        What a query with nothing in its ball contributes: 0; nothing, it is left out of the mean; or nothing to a ratio
        of sums over all queries, in which large balls weigh more. See `mean_ratio`.
    per_query : bool, default=False
        Return each query's precision in place of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        Skipped queries are NaN in the array; the mean is NaN if all are skipped.

    Raises
    ------
    TypeError, ValueError
        If the radius is out of range, or `empty` is not one of those named or does not go with `per_query`.

    Notes
    -----
    With n(d) rows at distance d, r(d) of them relevant: (r(0) + ... + r(radius)) / (n(0) + ... + n(radius)). "Precision
    within Hamming radius 2" is the usual figure.

    References
    ----------
    Y. Weiss, A. Torralba and R. Fergus, "Spectral hashing", NIPS 2008. W. Liu, J. Wang, R. Ji, Y.-G. Jiang and S.-F.
    Chang, "Supervised hashing with kernels", CVPR 2012.

    Examples
    --------
    >>> rings = np.array([[[0, 1, 3], [1, 1, 0]], [[0, 2, 2], [0, 2, 0]]])
    >>> precision_within_radius(RingCounts(rings), 0)  # 1 of 1, and nothing
    0.5
    >>> precision_within_radius(RingCounts(rings), 0, empty="skip")
    1.0
    """
    inside = slice(check_radius(radius, counts.n_bits) + 1)
    found, right = counts.rows[:, inside].sum(axis=1), counts.relevant[:, inside].sum(axis=1)
    return mean_ratio(right, found, empty=empty, per_query=per_query)


def recall_within_radius(counts: RingCounts, radius: int, *, empty: Empty = "zero", per_query: bool = False) -> Any:
    """Share of the relevant rows that lie within a Hamming radius, averaged over queries.

    Parameters
    ----------
    counts : RingCounts
    radius : int
        From 0 to the number of bits.
    empty : {"zero", "skip", "pooled"}, default="zero"
        What a query without any relevant row in the database contributes, as in `precision_within_radius`. An empty
        ball needs no policy: nothing of what is relevant was found, and recall is 0.
    per_query : bool, default=False
        Return each query's recall in place of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        Skipped queries are NaN in the array; the mean is NaN if all are skipped.

    Raises
    ------
    TypeError, ValueError
        If the radius is out of range, or `empty` is not one of those named or does not go with `per_query`.

    Notes
    -----
    With r(d) relevant rows at distance d of b bits: (r(0) + ... + r(radius)) / (r(0) + ... + r(b)).

    References
    ----------
    Y. Weiss, A. Torralba and R. Fergus, "Spectral hashing", NIPS 2008.

    Examples
    --------
    >>> rings = np.array([[[0, 1, 3], [1, 1, 0]], [[0, 2, 2], [0, 2, 0]]])
    >>> recall_within_radius(RingCounts(rings), 0, per_query=True)
    array([0.5, 0. ])
    """
    inside = slice(check_radius(radius, counts.n_bits) + 1)
    right = counts.relevant[:, inside].sum(axis=1)
    return mean_ratio(right, counts.relevant.sum(axis=1), empty=empty, per_query=per_query)


def precision_recall_by_radius(counts: RingCounts, *, empty: Empty = "zero") -> pd.DataFrame:
    """The precision-recall curve of Hamming search: a point for each radius, with what it costs.

    Parameters
    ----------
    counts : RingCounts
    empty : {"zero", "skip", "pooled"}, default="zero"
        As in `precision_within_radius` and `recall_within_radius`. "pooled" is the curve of most papers.

    Returns
    -------
    DataFrame, one row a radius from 0 to the number of bits
        - radius
        - precision, recall : of the rows within the radius
        - coverage : share of queries with at least one row within the radius
        - candidates : mean number of rows within the radius
        - scanned : the same as a share of the database

    Raises
    ------
    ValueError
        If `empty` is not one of those named.

    References
    ----------
    Y. Weiss, A. Torralba and R. Fergus, "Spectral hashing", NIPS 2008.

    Examples
    --------
    >>> rings = np.array([[[0, 1, 3], [1, 1, 0]], [[0, 2, 2], [0, 2, 0]]])
    >>> precision_recall_by_radius(RingCounts(rings)).round(3)
       radius  precision  recall  coverage  candidates  scanned
    0       0      0.500    0.25       0.5         0.5    0.083
    1       1      0.583    1.00       1.0         3.5    0.583
    2       2      0.333    1.00       1.0         6.0    1.000
    """
    found, right = np.cumsum(counts.rows, axis=1), np.cumsum(counts.relevant, axis=1)
    candidates = found.mean(axis=0)
    return pd.DataFrame(
        {
            "radius": np.arange(counts.n_bits + 1),
            "precision": mean_ratio(right, found, empty=empty),
            "recall": mean_ratio(right, np.broadcast_to(right[:, -1:], right.shape), empty=empty),
            "coverage": (found > 0).mean(axis=0),
            "candidates": candidates,
            "scanned": candidates / counts.n_rows,
        }
    )
