"""The second stage of the search: order the candidates by their true distance in feature space."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import check_integer
from .radius import object_array

_BLOCK_QUERIES = 128  # queries compared with all rows at a time,
_BLOCK_SIMILARITIES = 1 << 25  # or fewer, so that the similarity matrix stays within 128 MB of float32
_MANY = 0.05  # measured: beyond this share of candidates, one matrix product beats gathering their rows
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
    database: Any = X_database  # an array is checked below, where it is known which rows are needed
    if not isinstance(X_database, np.ndarray) or X_database.ndim != 2:
        database = _check_features(X_database, "X_database")
    _check_widths(query, database)
    k = check_integer(k, "k", high=len(database), of="rows of the database")
    candidates = check_ids(ids, len(query), len(database))
    at_a_time = min(len(query), _BLOCK_QUERIES)
    if sum(map(len, candidates)) * at_a_time > _MANY * len(database) * len(query):
        return Reranker(query, database, metric)._nearest(candidates, k)
    nearest = object_array(candidates)
    for start in range(0, len(query), at_a_time):
        run = slice(start, start + at_a_time)
        rows = np.unique(np.concatenate(candidates[run]))
        if len(rows):
            places = [np.searchsorted(rows, each) for each in candidates[run]]
            found = Reranker(query[run], database[rows], metric)._nearest(places, k)
            nearest[run] = object_array([rows[each] for each in found])
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


class Reranker:
    """Queries and a database made ready for `rerank`, for several sets of candidates of the same queries.

    What does not depend on the candidates is computed once: the lengths of the vectors and, from when candidates are
    many, the similarities of the last 128 queries with all rows.

    Parameters
    ----------
    X_query : (n_queries, d) array of numbers
    X_database : (n, d) array of numbers
    metric : str, default="cosine"
        As in `rerank`.

    Raises
    ------
    TypeError, ValueError
        If features are not finite two-dimensional numbers of one width.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> reranker = Reranker(X[:1], X)
    >>> [reranker.nearest([ids], k=1)[0] for ids in ([2], [2, 1], [2, 1, 0])]
    [array([2]), array([1]), array([0])]
    """

    def __init__(self, X_query: ArrayLike, X_database: ArrayLike, metric: str = "cosine") -> None:
        self._query = _check_features(X_query, "X_query")
        self._database = _check_features(X_database, "X_database")
        _check_widths(self._query, self._database)
        self._metric = metric
        self._products: _Products | None = None
        if metric == "cosine":
            self._products = _cosine_products(self._query, self._database)
        elif metric in _EUCLIDEAN:
            self._products = _euclidean_products(self._query, self._database)
        self._block = max(1, min(_BLOCK_QUERIES, _BLOCK_SIMILARITIES // len(self._database)))
        self._tables: dict[int, NDArray[Any]] = {}  # how near all rows are to a block of queries, by the first of them
        self._ordered: dict[int, Any] = {}  # the contenders of each query in its last call, and their order

    def nearest(self, ids: Any, k: int) -> NDArray[np.object_]:
        """Keep the k nearest candidates of each query: what ``rerank(X_query, X_database, ids, k, metric)`` returns.

        Parameters
        ----------
        ids : (n_queries,) sequence of integer arrays, or (n_queries, m) array of integers
        k : int

        Returns
        -------
        (n_queries,) object array of int64 arrays

        Raises
        ------
        TypeError, ValueError
            If `ids` are not row numbers of the database for each query, or `k` is out of range.
        """
        k = check_integer(k, "k", high=len(self._database), of="rows of the database")
        return self._nearest(check_ids(ids, len(self._query), len(self._database)), k)

    def _nearest(self, candidates: list[NDArray[np.int64]], k: int) -> NDArray[np.object_]:
        nearest = np.empty(len(candidates), dtype=object)
        for start in range(0, len(candidates), self._block):
            block = candidates[start : start + self._block]
            many = sum(map(len, block)) > _MANY * len(self._database) * len(block)
            if many and self._products and start not in self._tables:
                self._tables = {start: self._products.nearness(slice(start, start + len(block)), slice(None))}
            for i, rows in enumerate(block, start):
                contenders = self._contenders(i, rows, k)
                if i not in self._ordered or not np.array_equal(self._ordered[i][0], contenders):
                    order = np.lexsort((contenders, self._distances(i, contenders)))
                    self._ordered[i] = contenders.copy(), contenders[order]
                nearest[i] = self._ordered[i][1][:k].copy()
        return nearest

    @np.errstate(over="ignore", invalid="ignore")
    def _contenders(self, i: int, rows: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """Candidates of a query that could be among its k nearest, as far as rounding lets the products tell."""
        if self._products is None or len(rows) <= k:
            return rows
        start = i - i % self._block
        few = start not in self._tables
        nearness = self._products.nearness(i, rows) if few else self._tables[start][i - start][rows]
        bound = np.partition(nearness, -k)[-k] - self._products.tolerance[i]
        return rows[~(nearness < bound)]  # where all overflows, all stay

    @np.errstate(over="ignore", invalid="ignore")
    def _distances(self, i: int, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Distances from a query to some rows, or what orders them alike, without the products."""
        if len(rows) and not self._products:
            from sklearn.metrics import pairwise_distances

            return pairwise_distances(self._query[i : i + 1], self._database[rows], metric=self._metric)[0]
        q, x = self._query[i].astype(np.float64), self._database[rows].astype(np.float64)
        if self._metric != "cosine":
            return ((x - q) ** 2).sum(axis=1)
        norms = np.sqrt((q * q).sum()) * np.sqrt((x * x).sum(axis=1))
        similarities = np.divide((x * q).sum(axis=1), norms, out=np.zeros(len(x)), where=norms > 0)
        return -similarities  # which keep more digits than the distances


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

    @np.errstate(over="ignore", invalid="ignore")
    def nearness(self, queries: Any, rows: Any) -> NDArray[Any]:
        """How near some rows are to one query or to several."""
        products = self.query[queries] @ self.database[rows].T
        return self.combine(products, self.of_row[rows], out=products)


def _cosine_products(query: NDArray[Any], database: NDArray[Any]) -> _Products:
    fast = np.float32 if _fits_float32(query) and _fits_float32(database) else np.float64
    query, database = query.astype(fast, copy=False), database.astype(fast, copy=False)
    unit_query = query * _inverse_lengths(query)[:, None]
    # The similarity of unit vectors is off by at most (d + 4) roundings, and two of them are compared.
    tolerance = np.full(len(query), (query.shape[1] + 8) * np.finfo(fast).eps)
    return _Products(unit_query, database, np.multiply, _inverse_lengths(database), tolerance)


@np.errstate(over="ignore", invalid="ignore")
def _euclidean_products(query: NDArray[Any], database: NDArray[Any]) -> _Products:
    """Half of ``|q|**2 - |q - x|**2`` is ``q @ x - |x|**2 / 2`` wherever the origin is; around the mean, x is short."""
    origin = database.mean(axis=0, dtype=np.float64)
    q, x = query - origin, database - origin
    squared = np.einsum("ij,ij->i", x, x)
    longest, lengths = np.sqrt(squared.max()), np.sqrt(np.einsum("ij,ij->i", q, q))
    # Each is off by at most (d + 6) roundings of |q| |x| + |x|**2, those of the new origin among them.
    tolerance = (query.shape[1] + 8) * np.finfo(np.float64).eps * (lengths + longest) * longest
    return _Products(q, x, np.subtract, squared / 2, tolerance)


def _fits_float32(X: NDArray[Any]) -> bool:
    """Whether squared lengths neither overflow nor vanish in float32; zero rows are harmless."""
    squared = np.einsum("ij,ij->i", X, X)
    return not X[~((squared > 2.0**-80) & (squared < 2.0**80))].any()


def _inverse_lengths(X: NDArray[Any]) -> NDArray[Any]:
    lengths = np.sqrt(np.einsum("ij,ij->i", X, X))
    return np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)


def _check_features(X: ArrayLike, name: str) -> NDArray[Any]:
    from sklearn.utils import check_array  # only here: a table that is searched takes no scikit-learn

    checked: NDArray[Any] = check_array(X, dtype=[np.float64, np.float32], input_name=name)
    return checked


def _check_widths(query: NDArray[Any], database: NDArray[Any]) -> None:
    if query.shape[1] != database.shape[1]:
        widths = f"{query.shape[1]} and {database.shape[1]}"
        raise ValueError(f"X_query and X_database must have the same number of features, got {widths}")


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
