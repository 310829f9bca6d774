"""Mean average precision of the ranking by Hamming distance, ties included."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..codes import check_bits, pack_bits, word_distances

_BLOCK = 1 << 22  # distances held at a time


def mean_average_precision(
    query_bits: ArrayLike,
    database_bits: ArrayLike,
    query_labels: ArrayLike,
    database_labels: ArrayLike,
    ties: Literal["expected", "stable"] = "expected",
    per_query: bool = False,
) -> Any:
    """Average precision of ranking the whole database by Hamming distance, averaged over queries.

    Parameters
    ----------
    query_bits : (n_queries, n_bits) array of bool
    database_bits : (n, n_bits) array of bool
    query_labels, database_labels : (n_queries,) and (n,) arrays of classes, or (n_queries, c) and (n, c) indicators
        A row is relevant to a query if it has the same class or, for 0/1 indicators, at least one label in common.
    ties : {"expected", "stable"}, default="expected"
        Rows at the same distance form a ring. "expected": the mean over all orders inside the rings. "stable": rings in
        database order, as published figures that come from a stable sort.
    per_query : bool, default=False
        Return each query's average precision in place of the mean.

    Returns
    -------
    float, or with `per_query` (n_queries,) array of float64
        A query without any relevant row has average precision 0.

    Raises
    ------
    TypeError, ValueError
        If bits are not boolean and of one width, labels do not match them, or `ties` is not one of those named.

    Notes
    -----
    Take a ring of n rows, r of them relevant, behind N rows of which R are relevant. The row at place i of the ring is
    relevant with probability r / n, and then (i - 1)(r - 1)/(n - 1) of those before it in the ring are expected to be.
    Its precision is therefore (R + 1 + (i - 1) b) / (N + i) with b = (r - 1)/(n - 1), and the sum over the ring is
    r / n * (n b + (R + 1 - b (N + 1)) (H(N + n) - H(N))), H being the harmonic numbers: counts suffice, without a sort.

    References
    ----------
    F. McSherry and M. Najork, "Computing information retrieval performance measures efficiently in the presence of tied
    scores", ECIR 2008, section 2.4. K. He, F. Cakir, S. A. Bargal and S. Sclaroff, "Hashing as tie-aware learning to
    rank", CVPR 2018, section 3.

    Examples
    --------
    >>> query, database = np.array([[True, True]]), np.array([[True, False], [False, True], [False, False]])
    >>> mean_average_precision(query, database, [1], [1, 0, 0])  # first or second, with equal probability
    0.75
    >>> mean_average_precision(query, database, [1], [1, 0, 0], ties="stable")
    1.0
    """
    if ties not in ("expected", "stable"):
        raise ValueError(f'ties must be "expected" or "stable", got {ties!r}')
    query, database = check_bits(query_bits, name="query_bits"), check_bits(database_bits, name="database_bits")
    check_bits(query, database.shape[1], name="query_bits")
    of_query, of_database = _check_labels(query_labels, database_labels, len(query), len(database))
    query_words, database_words = pack_bits(query), pack_bits(database)
    step = max(1, _BLOCK // len(database))
    pieces = []
    for start in range(0, len(query), step):
        distances = word_distances(query_words[start : start + step], database_words)
        relevant = _relevance(of_query[start : start + step], of_database)
        if ties == "expected":
            pieces.append(_expected(distances, relevant, query.shape[1]))
        else:
            pieces.append(np.array([_stable(d, r) for d, r in zip(distances, relevant, strict=True)]))
    average_precision = np.concatenate(pieces)
    return average_precision if per_query else float(average_precision.mean())


def _expected(distances: NDArray[Any], relevant: NDArray[np.bool_], n_bits: int) -> NDArray[np.float64]:
    n_rings = n_bits + 1
    in_ring = np.array([np.bincount(d, minlength=n_rings) for d in distances])
    hits = np.array([np.bincount(d[r], minlength=n_rings) for d, r in zip(distances, relevant, strict=True)])
    before, hits_before = np.cumsum(in_ring, axis=1) - in_ring, np.cumsum(hits, axis=1) - hits
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, distances.shape[1] + 1))])
    slope = (hits - 1) / np.maximum(in_ring - 1, 1)
    precision = in_ring * slope + (hits_before + 1 - slope * (before + 1)) * (
        harmonic[before + in_ring] - harmonic[before]
    )
    total = (hits / np.maximum(in_ring, 1) * precision).sum(axis=1)
    return total / np.maximum(hits.sum(axis=1), 1)


def _stable(distances: NDArray[Any], relevant: NDArray[np.bool_]) -> float:
    places = np.flatnonzero(relevant[np.argsort(distances, kind="stable")]) + 1
    return float((np.arange(1, len(places) + 1) / places).mean()) if len(places) else 0.0


def _relevance(query_labels: NDArray[Any], database_labels: NDArray[Any]) -> NDArray[np.bool_]:
    if query_labels.ndim == 1:
        return query_labels[:, None] == database_labels
    return query_labels.astype(np.float32) @ database_labels.astype(np.float32).T > 0


def _check_labels(
    query_labels: ArrayLike, database_labels: ArrayLike, n_queries: int, n_rows: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    query, database = np.asarray(query_labels), np.asarray(database_labels)
    if query.ndim not in (1, 2) or query.ndim != database.ndim or query.shape[1:] != database.shape[1:]:
        raise ValueError(
            "labels must be classes, (n_queries,) and (n,), or indicators, (n_queries, c) and (n, c), "
            f"got shapes {query.shape} and {database.shape}"
        )
    for name, labels, n in (("query_labels", query, n_queries), ("database_labels", database, n_rows)):
        if len(labels) != n:
            raise ValueError(f"{name} must hold one entry for each of the {n} codes, got {len(labels)}")
        if labels.ndim == 2 and not np.isin(labels, (0, 1)).all():
            raise ValueError(f"{name} as indicators must be 0 or 1, got {labels[~np.isin(labels, (0, 1))][0]}")
    return query, database
