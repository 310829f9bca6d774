"""What a ranking costs: the rows that are looked at in vain, and a model of the time."""

from typing import Any

import numpy as np

from ..checks import check_integer
from ..search import ball_size, check_radius
from .rings import RingCounts


def expected_search_length(counts: RingCounts, wanted: int = 1, *, per_query: bool = False) -> Any:
    """Irrelevant rows that one looks at before the first relevant ones are found, averaged over queries.

    Parameters
    ----------
    counts : RingCounts
    wanted : int, default=1
        Relevant rows to be found.
    per_query : bool, default=False
        Return each query's length in place of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        Infinite for a query that has fewer relevant rows than are wanted, and then so is the mean.

    Raises
    ------
    TypeError, ValueError
        If `wanted` is not an integer of at least 1.

    Notes
    -----
    Say the last row that is wanted lies in a ring of i irrelevant and r relevant rows, behind j irrelevant ones, and s
    rows are wanted from this ring. In a random order the r relevant rows cut the i others into r + 1 parts of equal
    expected length, of which s come first: j + s i / (r + 1).

    References
    ----------
    W. S. Cooper, "Expected search length: a single measure of retrieval effectiveness based on the weak ordering action
    of retrieval systems", American Documentation 19(1), 1968.

    Examples
    --------
    >>> rings = np.array([[[0, 1, 3], [1, 1, 0]]])  # irrelevant and relevant rows at the distances 0, 1 and 2
    >>> [expected_search_length(RingCounts(rings), wanted) for wanted in (1, 2, 3)]
    [0.0, 0.5, inf]
    """
    wanted = check_integer(wanted, "wanted")
    relevant, irrelevant = counts.relevant, counts.rows - counts.relevant
    found = np.cumsum(relevant, axis=1)
    query, last = np.arange(len(found)), (found >= wanted).argmax(axis=1)
    r, i = relevant[query, last], irrelevant[query, last]
    before = np.cumsum(irrelevant, axis=1)[query, last] - i
    still_wanted = wanted - (found[query, last] - r)
    length = np.where(found[:, -1] >= wanted, before + still_wanted * i / (r + 1), np.inf)
    return length if per_query else float(length.mean())


def expected_seconds(counts: RingCounts, radius: int, *, per_probe: float, per_candidate: float) -> float:
    """Model the time of a query within a Hamming radius: so much for each code looked up, and for each row found.

    Parameters
    ----------
    counts : RingCounts
    radius : int
        From 0 to the number of bits.
    per_probe : float
        Seconds to look up one code of the ball, found or not.
    per_candidate : float
        Seconds to compare one row with the query, in feature space.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If the radius is out of range, or a time is negative or not finite.

    Notes
    -----
    per_probe min(B, n) + per_candidate C, with B = C(b, 0) + ... + C(b, radius) codes in the ball, n rows in the
    database (scanning all their codes is the alternative to a larger ball) and C candidates in the mean over queries.
    It leaves out encoding and what memory does. Measure the two constants where the search will run;
    `evaluate_radius_search` measures the whole.

    References
    ----------
    A. Andoni and P. Indyk, "E2LSH 0.1 user manual", 2005, for time as hashing plus collisions. Q.-Y. Jiang, M.-W. Li
    and W.-J. Li, "On the evaluation metric for hashing", arXiv:1905.10951, for why precision alone does not do.

    Examples
    --------
    >>> rings = np.array([[[0, 1, 3], [1, 1, 0]]])  # irrelevant and relevant rows at the distances 0, 1 and 2
    >>> expected_seconds(RingCounts(rings), 1, per_probe=1.0, per_candidate=10.0)  # the ball has 3 codes, and 3 rows
    33.0
    """
    radius = check_radius(radius, counts.n_bits)
    for name, seconds in (("per_probe", per_probe), ("per_candidate", per_candidate)):
        if not (np.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"{name} must be a time in seconds, 0 or more, got {seconds}")
    probes = min(ball_size(counts.n_bits, radius), counts.n_rows)
    candidates = float(counts.rows[:, : radius + 1].sum(axis=1).mean())
    return per_probe * probes + per_candidate * candidates
