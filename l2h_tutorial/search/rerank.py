"""The second stage of the search: order the candidates by their true distance in feature space."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import pairwise_distances
from sklearn.utils import check_array

_BLOCK_QUERIES = 128  # queries compared with all rows at a time,
_BLOCK_SIMILARITIES = 1 << 25  # or fewer, so that the similarity matrix stays within 128 MB of float32
_GATHERED_ROWS = 256  # rows copied at a time when they are gathered
_DENSE_SHARE = 0.1  # measured: beyond this share of candidates, one matrix product beats gathering their rows
_CHUNK = 32  # similarities that are represented by their maximum


def rerank(X_query: ArrayLike, X_database: ArrayLike, ids: Any, k: int, metric: str = "cosine") -> NDArray[np.object_]:
    """Keep the k nearest candidates of each query, by their distance in feature space.

    Parameters
    ----------
    X_query : (n_queries, d) array of numbers
    X_database : (n, d) array of numbers
    ids : (n_queries,) sequence of integer arrays, or (n_queries, m) array of integers
        Candidate rows of the database for each query, each at most once, as `HashTable.query_radius` returns them.
    k : int
        From 1 to the number of database rows.
    metric : str, default="cosine"
        Any that `sklearn.metrics.pairwise_distances` knows. A zero vector has cosine similarity 0 with every vector.

    Returns
    -------
    (n_queries,) object array of int64 arrays
        At most k row numbers, the nearest first, rows at the same distance by number. No candidates: an empty array.

    Raises
    ------
    TypeError, ValueError
        If features are not finite two-dimensional numbers of one width, `ids` are not row numbers of the database for
        each query, or `k` is out of range.

    Notes
    -----
    Cosine similarities are first computed in float32; every candidate that rounding could have kept from the first k is
    then compared in float64, so the result does not depend on how the first pass was done.

    Examples
    --------
    >>> database = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    >>> rerank([[2.0, 0.1]], database, [[2, 1, 0]], k=2)[0]
    array([0, 1])
    """
    query, database = _check_features(X_query, X_database)
    k = _check_k(k, len(database))
    candidates = _check_ids(ids, len(query), len(database))
    if metric == "cosine":
        return _nearest_by_cosine(query, database, candidates, k)
    nearest = np.empty(len(query), dtype=object)
    for i, rows in enumerate(candidates):
        if len(rows):
            distances = pairwise_distances(query[i : i + 1], database[rows], metric=metric)[0]
            rows = rows[np.lexsort((rows, distances))[:k]]
        nearest[i] = rows
    return nearest


def exact_neighbours(X_query: ArrayLike, X_database: ArrayLike, k: int, metric: str = "cosine") -> NDArray[np.int64]:
    """Exhaustive search: the k nearest of all database rows, the line to compare every search with.

    Parameters
    ----------
    X_query : (n_queries, d) array of numbers
    X_database : (n, d) array of numbers
    k : int
        From 1 to n.
    metric : str, default="cosine"
        As in `rerank`.

    Returns
    -------
    (n_queries, k) array of int64
        Row numbers, the nearest first, rows at the same distance by number.

    Raises
    ------
    TypeError, ValueError
        As `rerank`.

    Examples
    --------
    >>> exact_neighbours([[2.0, 0.1]], [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], k=2)
    array([[0, 1]])
    """
    query, database = _check_features(X_query, X_database)
    everything = np.arange(len(database))
    return np.stack(rerank(query, database, [everything] * len(query), k, metric).tolist())


def _nearest_by_cosine(
    query: NDArray[Any], database: NDArray[Any], candidates: list[NDArray[np.int64]], k: int
) -> NDArray[np.object_]:
    fast = np.float32 if _fits_float32(query) and _fits_float32(database) else np.float64
    fast_query, fast_database = query.astype(fast, copy=False), database.astype(fast, copy=False)
    unit_query = fast_query * _inverse_norms(fast_query)[:, None]
    inverse_norms = _inverse_norms(fast_database)
    # The similarity of unit vectors is off by at most (d + 4) roundings, and two of them are compared.
    tolerance = (query.shape[1] + 8) * np.finfo(fast).eps
    nearest = np.empty(len(query), dtype=object)
    step = max(1, min(_BLOCK_QUERIES, _BLOCK_SIMILARITIES // len(database)))
    for start in range(0, len(query), step):
        block = range(start, min(start + step, len(query)))
        dense = sum(len(candidates[i]) for i in block) > _DENSE_SHARE * len(database) * len(block)
        product = unit_query[block.start : block.stop] @ fast_database.T if dense else None
        for i in block:
            rows = candidates[i]
            if len(rows) > k:
                similarity = _dot(fast_database, rows, unit_query[i]) if product is None else product[i - start][rows]
                similarity *= inverse_norms[rows]
                rows = rows[similarity >= _bound(similarity, k) - tolerance]
            distance = -_cosine_similarity(query[i], database[rows])
            nearest[i] = rows[np.lexsort((rows, distance))[:k]]
    return nearest


def _inverse_norms(X: NDArray[Any]) -> NDArray[Any]:
    norms = np.sqrt(np.einsum("ij,ij->i", X, X))
    return np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)


def _fits_float32(X: NDArray[Any]) -> bool:
    """Whether squared norms neither overflow nor vanish in float32; zero rows are harmless."""
    squared = np.einsum("ij,ij->i", X, X)
    small = np.flatnonzero(squared < 2.0**-80)
    return bool(squared.max() < 2.0**80) and not X[small].any()


def _dot(X: NDArray[Any], rows: NDArray[np.int64], vector: NDArray[Any]) -> NDArray[Any]:
    """``X[rows] @ vector``, gathered piece by piece into one buffer that stays in the cache."""
    product = np.empty(len(rows), dtype=X.dtype)
    buffer = np.empty((min(len(rows), _GATHERED_ROWS), X.shape[1]), dtype=X.dtype)
    for start in range(0, len(rows), _GATHERED_ROWS):
        piece = rows[start : start + _GATHERED_ROWS]
        np.take(X, piece, axis=0, out=buffer[: len(piece)], mode="clip")  # "raise" would copy through another buffer
        np.dot(buffer[: len(piece)], vector, out=product[start : start + len(piece)])
    return product


def _bound(values: NDArray[Any], k: int) -> Any:
    """A bound that the k largest values reach: the k-th largest, or of many values the k-th largest chunk maximum."""
    n_chunks = len(values) // _CHUNK
    if n_chunks > 2 * k:  # k chunks reach the bound, so k values do; maxima are quick, partitioning all is not
        values = values[: n_chunks * _CHUNK].reshape(n_chunks, _CHUNK).max(axis=1)
    return np.partition(values, -k)[-k]


def _cosine_similarity(query: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
    q, x = query.astype(np.float64), rows.astype(np.float64)
    norms = np.sqrt((q * q).sum()) * np.sqrt((x * x).sum(axis=1))
    return np.divide((x * q).sum(axis=1), norms, out=np.zeros(len(x)), where=norms > 0)


def _check_features(X_query: ArrayLike, X_database: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    query = check_array(X_query, dtype=[np.float64, np.float32], input_name="X_query")
    database = check_array(X_database, dtype=[np.float64, np.float32], input_name="X_database")
    if query.shape[1] != database.shape[1]:
        widths = f"{query.shape[1]} and {database.shape[1]}"
        raise ValueError(f"X_query and X_database must have the same number of features, got {widths}")
    return query, database


def _check_k(k: Any, n_rows: int) -> int:
    if isinstance(k, bool | np.bool_) or not isinstance(k, int | np.integer):
        raise TypeError(f"k must be an integer, got {k!r}")
    if not 1 <= k <= n_rows:
        raise ValueError(f"k must be from 1 to the {n_rows} rows of the database, got {k}")
    return int(k)


def _check_ids(ids: Any, n_queries: int, n_rows: int) -> list[NDArray[np.int64]]:
    if len(ids) != n_queries:
        raise ValueError(f"ids must hold one array of rows for each of the {n_queries} queries, got {len(ids)}")
    checked = []
    for i, rows in enumerate(ids):
        array = np.asarray(rows)
        if array.size == 0:
            array = np.empty(0, dtype=np.int64)
        if array.ndim != 1 or array.dtype.kind not in "ui":
            raise TypeError(
                f"ids[{i}] must be a one-dimensional array of integers, got {array.dtype} of shape {array.shape}"
            )
        if array.size and (array.min() < 0 or array.max() >= n_rows):
            outside = array[(array < 0) | (array >= n_rows)][0]
            raise ValueError(f"ids[{i}] must be rows from 0 to {n_rows - 1}, got {outside}")
        checked.append(array.astype(np.int64, copy=False))
    return checked
