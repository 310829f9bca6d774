"""Graded relevance: rows that share more labels with the query should come first."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..checks import check_integer
from .rings import RingCounts


def ndcg(
    counts: RingCounts,
    k: int | None = None,
    *,
    gain: Literal["exponential", "linear"] = "exponential",
    per_query: bool = False,
) -> Any:
    """Normalised discounted cumulative gain of ranking by Hamming distance, expected over ties, averaged over queries.

    Parameters
    ----------
    counts : RingCounts
        Its grades, the number of labels in common, are the relevance. With one class a row relevance is 0 or 1.
    k : int, optional
        Count only the first k places. All by default.
    gain : {"exponential", "linear"}, default="exponential"
        What a row of grade g is worth: 2**g - 1, or g.
    per_query : bool, default=False
        Return each query's value in place of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        From 0 to 1. A query without any relevant row has 0.

    Raises
    ------
    TypeError, ValueError
        If k is not an integer of at least 1, or `gain` is not one of those named.

    Notes
    -----
    The place i is worth D(i) = 1 / log2(i + 1) up to k, and 0 beyond. DCG is the sum over places of gain times D. Over
    all orders of a ring each of its n rows is at each of its places equally often, so a ring behind N rows contributes
    (sum of its gains) / n * (D(N + 1) + ... + D(N + n)). The best order, by falling grade, has rings without ties in
    gain: the same formula over grades gives its DCG, by which the expected DCG is divided.

    References
    ----------
    K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002. F. McSherry
    and M. Najork, "Computing information retrieval performance measures efficiently in the presence of tied scores",
    ECIR 2008. K. He, F. Cakir, S. A. Bargal and S. Sclaroff, "Hashing as tie-aware learning to rank", CVPR 2018, who
    take the number of common labels as the grade, and the exponential gain.

    Examples
    --------
    >>> rings = np.array([[[0, 1, 0], [1, 1, 0], [0, 1, 0]]])  # rows of grade 0, 1 and 2 at the distances 0, 1 and 2
    >>> round(ndcg(RingCounts(rings)), 4)
    0.7461
    >>> round(ndcg(RingCounts(rings), k=1), 4)  # a row of grade 1 is first, where one of grade 2 could be
    0.3333
    """
    places = counts.n_rows if k is None else check_integer(k, "k")
    if gain not in ("exponential", "linear"):
        raise ValueError(f'gain must be "exponential" or "linear", got {gain!r}')
    grades = np.arange(counts.by_grade.shape[1], dtype=np.float64)
    gains = 2**grades - 1 if gain == "exponential" else grades
    discount = 1 / np.log2(np.arange(2, counts.n_rows + 2))
    discount[places:] = 0
    discounted = np.concatenate([[0.0], np.cumsum(discount)])
    in_rings = np.einsum("qgd,g->qd", counts.by_grade, gains)
    found = _expected_dcg(counts.rows, in_rings, discounted)
    of_grade = counts.by_grade.sum(axis=2)[:, ::-1]  # the best order: one ring a grade, the highest first
    best = _expected_dcg(of_grade, of_grade * gains[::-1], discounted)
    each = np.divide(found, best, out=np.zeros(len(found)), where=best > 0)
    return each if per_query else float(each.mean())


def _expected_dcg(
    in_ring: NDArray[np.int64], gains: NDArray[np.float64], discounted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum over rings of the mean gain in the ring times the discounts of its places."""
    last = np.cumsum(in_ring, axis=1)
    return np.asarray((gains / np.maximum(in_ring, 1) * (discounted[last] - discounted[last - in_ring])).sum(axis=1))
