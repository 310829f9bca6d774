"""The second stage of the search: order the candidates by their true distance in feature space."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import pairwise_distances
from sklearn.utils import check_array

from ..checks import check_integer
from .hits import object_array

_BLOCK_QUERIES = 128  # queries compared with all rows at a time,
_BLOCK_SIMILARITIES = 1 << 25  # or fewer, so that the similarity matrix stays within 128 MB of float32
_GATHERED_ROWS = 256  # rows copied at a time when they are gathered
_DENSE_SHARE = 0.1  # measured: beyond this share of candidates, one matrix product beats gathering their rows
_CHUNK = 32  # similarities that are represented by their maximum
_FEW_SHARE = 0.1  # measured: of fewer candidates than this share of the database, their rows are taken out first
_DENSE_SHARE_OTHER = 0.5  # the same for metrics that are not computed by a product
_EUCLIDEAN = ("euclidean", "l2", "nan_euclidean", "sqeuclidean")  # which order rows in the same way


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
    Cosine similarities are first computed in float32, Euclidean distances by a product of vectors around their mean;
    every candidate that rounding could have kept from the first k is then compared in float64, for Euclidean distances
    difference by difference, so the result does not depend on how the first pass was done. Euclidean distances whose
    squares overflow count as equal.

    Where candidates of 128 queries in a row are few beside an array of many rows, only their rows are read and checked:
    a NaN in another row is not noticed. Otherwise Euclidean distances take a copy of the database in float64.

    Examples
    --------
    >>> database = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    >>> rerank([[2.0, 0.1]], database, [[2, 1, 0]], k=2)[0]
    array([0, 1])
    """
    query = _check_features(X_query, "X_query")
    if isinstance(X_database, np.ndarray) and X_database.ndim == 2:
        database: NDArray[Any] = X_database  # to be checked below, where it is known which rows are needed
    else:
        database = _check_features(X_database, "X_database")
    if query.shape[1] != database.shape[1]:
        widths = f"{query.shape[1]} and {database.shape[1]}"
        raise ValueError(f"X_query and X_database must have the same number of features, got {widths}")
    k = check_integer(k, "k", high=len(database), of="rows of the database")
    candidates = check_ids(ids, len(query), len(database))
    nearest, many = object_array(candidates), list[int]()
    for start in range(0, len(query), _BLOCK_QUERIES):
        run = slice(start, start + _BLOCK_QUERIES)
        if sum(map(len, candidates[run])) >= _FEW_SHARE * len(database):
            many += range(len(query))[run]
        elif len(rows := np.unique(np.concatenate(candidates[run]))):
            places = [np.searchsorted(rows, each) for each in candidates[run]]
            found = _nearest(query[run], _check_features(database[rows], "X_database"), places, k, metric)
            nearest[run] = object_array([rows[each] for each in found])
    if many:  # all at once, for what is made of the whole database is made once
        of_many = [candidates[i] for i in many]
        nearest[many] = _nearest(query[many], _check_features(database, "X_database"), of_many, k, metric)
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
    query, database = _check_features(X_query, "X_query"), _check_features(X_database, "X_database")
    everything = np.arange(len(database))
    return np.stack(rerank(query, database, [everything] * len(query), k, metric).tolist())


class _Products(NamedTuple):
    """Vectors that say by their products how near they are: ``combine(query @ row, of_row)`` is larger for nearer ones.

    Fields
    ------
    query, database : arrays of float32 or float64, of the shapes of the features
    combine : ufunc
    of_row : (n,) array, of the same type
    tolerance : (n_queries,) array
        By how much the difference of two such values may be off.
    """

    query: NDArray[Any]
    database: NDArray[Any]
    combine: np.ufunc
    of_row: NDArray[Any]
    tolerance: NDArray[Any]


def _cosine_products(query: NDArray[Any], database: NDArray[Any]) -> _Products:
    fast = np.float32 if _fits_float32(query) and _fits_float32(database) else np.float64
    fast_query, fast_database = query.astype(fast, copy=False), database.astype(fast, copy=False)
    unit_query = fast_query * _inverse_norms(fast_query)[:, None]
    # The similarity of unit vectors is off by at most (d + 4) roundings, and two of them are compared.
    tolerance = np.full(len(query), (query.shape[1] + 8) * np.finfo(fast).eps)
    return _Products(unit_query, fast_database, np.multiply, _inverse_norms(fast_database), tolerance)


@np.errstate(over="ignore", invalid="ignore")
def _euclidean_products(query: NDArray[Any], database: NDArray[Any]) -> _Products:
    """Half of ``|q|**2 - |q - x|**2`` is ``q @ x - |x|**2 / 2`` wherever the origin is; around the mean, x is short."""
    origin = database.mean(axis=0, dtype=np.float64)
    q, x = query - origin, database - origin
    squared = np.einsum("ij,ij->i", x, x)
    longest = np.sqrt(squared.max())
    lengths = np.sqrt(np.einsum("ij,ij->i", q, q))
    # Each is off by at most (d + 6) roundings of |q| |x| + |x|**2, those of the new origin among them.
    tolerance = (query.shape[1] + 8) * np.finfo(np.float64).eps * (lengths + longest) * longest
    return _Products(q, x, np.subtract, squared / 2, tolerance)


def _nearest(
    query: NDArray[Any], database: NDArray[Any], candidates: list[NDArray[np.int64]], k: int, metric: str
) -> NDArray[np.object_]:
    if metric == "cosine":
        return _nearest_by_products(
            _cosine_products(query, database), _cosine_distances, query, database, candidates, k
        )
    if metric in _EUCLIDEAN:
        products = _euclidean_products(query, database)
        return _nearest_by_products(products, _squared_distances, query, database, candidates, k)
    nearest = np.empty(len(query), dtype=object)
    for block, dense in _blocks(candidates, len(database), _DENSE_SHARE_OTHER):
        table = pairwise_distances(query[block], database, metric=metric) if dense else None
        for i in range(block.start, block.stop):
            rows = nearest[i] = candidates[i]
            if len(rows):
                if table is None:
                    distances = pairwise_distances(query[i : i + 1], database[rows], metric=metric)[0]
                else:
                    distances = table[i - block.start][rows]
                nearest[i] = _first(rows, distances, k)
    return nearest


@np.errstate(over="ignore", invalid="ignore")
def _nearest_by_products(
    products: _Products,
    distances: Callable[[NDArray[Any], NDArray[Any]], NDArray[np.float64]],
    query: NDArray[Any],
    database: NDArray[Any],
    candidates: list[NDArray[np.int64]],
    k: int,
) -> NDArray[np.object_]:
    nearest = np.empty(len(query), dtype=object)
    for block, dense in _blocks(candidates, len(database), _DENSE_SHARE):
        table = products.query[block] @ products.database.T if dense else None
        for i in range(block.start, block.stop):
            rows = candidates[i]
            if len(rows) > k:
                if table is None:
                    nearness = _dot(products.database, rows, products.query[i])
                else:
                    nearness = table[i - block.start][rows]
                products.combine(nearness, products.of_row[rows], out=nearness)
                rows = rows[~(nearness < _bound(nearness, k) - products.tolerance[i])]  # where all overflows, all stay
            nearest[i] = _first(rows, distances(query[i], database[rows]), k)
    return nearest


def _blocks(candidates: list[NDArray[np.int64]], n_rows: int, dense_share: float) -> Iterator[tuple[slice, bool]]:
    """Runs of queries, and whether they have so many candidates that they are best compared with all rows."""
    step = max(1, min(_BLOCK_QUERIES, _BLOCK_SIMILARITIES // n_rows))
    for start in range(0, len(candidates), step):
        block = slice(start, min(start + step, len(candidates)))
        sizes = [len(rows) for rows in candidates[block]]
        yield block, sum(sizes) > dense_share * n_rows * len(sizes)


def _first(rows: NDArray[np.int64], distances: NDArray[Any], k: int) -> NDArray[np.int64]:
    """The k nearest rows, the nearest first, those at the same distance by number."""
    if len(rows) > k:
        near = ~(distances > np.partition(distances, k - 1)[k - 1])
        rows, distances = rows[near], distances[near]
    return rows[np.lexsort((rows, distances))[:k]]


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


def _cosine_distances(query: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
    """Less the cosine similarities, which order rows as the distances do and keep more digits."""
    q, x = query.astype(np.float64), rows.astype(np.float64)
    norms = np.sqrt((q * q).sum()) * np.sqrt((x * x).sum(axis=1))
    return -np.divide((x * q).sum(axis=1), norms, out=np.zeros(len(x)), where=norms > 0)


def _squared_distances(query: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
    differences = rows.astype(np.float64) - query.astype(np.float64)
    squared: NDArray[np.float64] = (differences * differences).sum(axis=1)
    return squared


def _check_features(X: ArrayLike, name: str) -> NDArray[Any]:
    checked: NDArray[Any] = check_array(X, dtype=[np.float64, np.float32], input_name=name)
    return checked


def check_ids(ids: Any, n_queries: int, n_rows: int | None) -> list[NDArray[np.int64]]:
    """Return candidates as one int64 array a query, or say which are no rows of the database, or of any."""
    limit, wanted = np.iinfo(np.int64).max, "row numbers of at least 0"
    if n_rows is not None:
        limit, wanted = n_rows, f"rows from 0 to {n_rows - 1}"
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
        if array.size and (array.min() < 0 or array.max() >= limit):
            outside = array[(array < 0) | (array >= limit)][0]
            raise ValueError(f"ids[{i}] must be {wanted}, got {outside}")
        checked.append(array.astype(np.int64, copy=False))
    return checked
