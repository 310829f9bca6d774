"""The tutorial's experiment: search within growing Hamming radius, re-rank, and measure quality and cost."""

from collections.abc import Iterable
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from ..buckets import HashTable
from ..checks import check_integer
from ..search import Reranker, check_radius
from ..splits import Split
from .candidates import Empty, precision_at_k

_LARGEST_RADIUS = 10  # unless radii are named
_BLOCK_QUERIES = 128  # queries searched at a time: as many as a `Reranker` keeps the similarities of


def evaluate_radius_search(
    hasher: Any,
    s: Split,
    radii: Iterable[int] | None = None,
    k: int = 10,
    empty: Empty = "zero",
) -> pd.DataFrame:
    """Hash the database, search it within each radius, re-rank by cosine distance, and average over queries.

    Parameters
    ----------
    hasher : fitted transformer
        Its ``transform`` turns features into bits.
    s : Split
        Preprocessed as the hasher was trained.
    radii : iterable of int, optional
        Each from 0 to the number of bits. By default 0, 1, ..., 10, as far as there are bits.
    k : int, default=10
        Results whose labels count.
    empty : {"zero", "skip", "pooled"}, default="zero"
        What a query without candidates contributes to precision, as in `precision_at_k`.

    Returns
    -------
    DataFrame, one row a radius
        - radius
        - precision : of the first k results, divided by k
        - coverage : share of queries with at least one candidate
        - candidates : mean number of candidates a query
        - scanned : the same as a share of the database
        - seconds : mean time a query of the whole search at this radius: encode, look up, re-rank; without preparing
          the database. The search goes outwards, by the radii named: re-ranking within the smaller ones is part of it,
          and is not done again.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the hasher is not fitted.
    TypeError, ValueError
        If a radius is out of range, there is none, or k is below 1 or larger than the database.

    Examples
    --------
    >>> from l2h_tutorial import LSH, Split
    >>> X, y, rows = np.eye(4, dtype=np.float32), np.array([0, 0, 1, 1]), np.arange(4)
    >>> s = Split(X, y, X, y, X, y, rows, rows, rows, class_names=("a", "b"))
    >>> frame = evaluate_radius_search(LSH(8, random_state=0).fit(s.X_train), s, radii=[0, 8], k=2)
    >>> frame[["radius", "coverage", "candidates", "scanned"]]
       radius  coverage  candidates  scanned
    0       0       1.0         1.0     0.25
    1       8       1.0         4.0     1.00
    """
    table = HashTable(hasher.transform(s.X_database))
    if radii is None:
        radii = range(min(_LARGEST_RADIUS, table.n_bits) + 1)
    radii = [check_radius(radius, table.n_bits) for radius in radii]
    if not radii:
        raise ValueError("radii must name at least one radius, got none")
    k = check_integer(k, "k", high=table.n_rows, of="rows of the database")
    outwards = sorted(set(radii))
    seconds = dict.fromkeys(outwards, 0.0)
    sizes: dict[int, list[int]] = {radius: [] for radius in outwards}
    nearest: dict[int, list[Any]] = {radius: [] for radius in outwards}
    for first in range(0, len(s.X_query), _BLOCK_QUERIES):
        X = s.X_query[first : first + _BLOCK_QUERIES]
        reranker = Reranker(X, s.X_database)
        start = perf_counter()
        bits = hasher.transform(X)
        spent = perf_counter() - start  # on encoding, and on re-ranking within this radius and the smaller ones
        for radius in outwards:
            start = perf_counter()
            ids = table.query_radius(bits, radius)
            found = perf_counter()
            nearest[radius] += list(reranker.nearest(ids, k))
            end = perf_counter()
            spent += end - found
            seconds[radius] += spent + found - start
            sizes[radius] += [len(rows) for rows in ids]
    return pd.DataFrame(
        {
            "radius": radius,
            "precision": precision_at_k(nearest[radius], s.y_query, s.y_database, k, empty=empty),
            "coverage": np.mean(np.array(sizes[radius]) > 0),
            "candidates": np.mean(sizes[radius]),
            "scanned": np.mean(sizes[radius]) / table.n_rows,
            "seconds": seconds[radius] / len(s.X_query),
        }
        for radius in radii
    )
