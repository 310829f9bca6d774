"""The tutorial's experiment: search within growing Hamming radius, re-rank, and measure quality and cost."""

from collections.abc import Iterable
from time import perf_counter
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..buckets import HashTable
from ..search import check_radius, rerank
from ..splits import Split
from .candidates import coverage, precision_at_k


def evaluate_radius_search(
    hasher: Any,
    s: Split,
    radii: Iterable[int] = range(11),
    k: int = 10,
    empty: Literal["zero", "skip"] = "zero",
) -> pd.DataFrame:
    """Hash the database, search it within each radius, re-rank by cosine distance, and average over queries.

    Parameters
    ----------
    hasher : fitted transformer
        Its ``transform`` turns features into bits.
    s : Split
        Preprocessed as the hasher was trained.
    radii : iterable of int, default=range(11)
        From 0 to the number of bits.
    k : int, default=10
        Results whose labels count.
    empty : {"zero", "skip"}, default="zero"
        What a query without candidates contributes to precision, as in `precision_at_k`.

    Returns
    -------
    DataFrame, one row a radius
        - radius
        - precision : of the first k results, divided by k
        - coverage : share of queries with at least one candidate
        - candidates : mean number of candidates a query
        - scanned : the same as a share of the database
        - seconds : mean time a query of the whole search at this radius: encode, look up, re-rank; without building the
          table

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the hasher is not fitted.
    TypeError, ValueError
        If a radius is out of range, there is none, or k is larger than the database.

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
    radii = [check_radius(radius, table.n_bits) for radius in radii]
    if not radii:
        raise ValueError("radii must name at least one radius, got none")
    measured = []
    for radius in radii:
        start = perf_counter()
        ids = table.query_radius(hasher.transform(s.X_query), radius)
        nearest = rerank(s.X_query, s.X_database, ids, k)
        seconds = (perf_counter() - start) / len(s.X_query)
        candidates = float(np.mean([len(rows) for rows in ids]))
        measured.append(
            {
                "radius": radius,
                "precision": precision_at_k(nearest, s.y_query, s.y_database, k, empty=empty),
                "coverage": coverage(ids),
                "candidates": candidates,
                "scanned": candidates / table.n_rows,
                "seconds": seconds,
            }
        )
    return pd.DataFrame(measured)
