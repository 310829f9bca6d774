"""The second stage of the search: order the candidates by their true distance in feature space."""

from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import check_integer
from .radius import Numbers, object_array

_BLOCK_QUERIES = 128
_BLOCK_PRODUCTS = 1 << 25  # 128 MB of float32
_MANY = 0.05  # measured: beyond this share of candidates, one matrix product beats gathering their rows


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
    Cosine similarities and Euclidean distances are first computed by a product of vectors; every candidate that
    rounding could have kept from the first k is then compared in float64, for Euclidean distances difference by
    difference, so the result does not depend on how the first pass was done.

    Where 128 queries have fewer candidates than there are rows, only those rows are read and checked: a NaN in another
    is not noticed.

    Examples
    --------
    >>> database = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    >>> rerank([[2.0, 0.1]], database, [[2, 1, 0]], k=2)[0]
    array([0, 1])
    """
    query, database = _checked(X_query, X_database)
    k = check_integer(k, "k", high=len(database), of="rows of the database")
    candidates = check_ids(ids, len(query), len(database))
    step = queries_at_a_time(len(database))
    nearest: list[Numbers] = []
    for start in range(0, len(query), step):
        block, chosen = query[start : start + step], candidates[start : start + step]
        if sum(map(len, chosen)) >= len(database):
            nearest += Reranker(block, database, metric).nearest(chosen, k)
        else:
            rows = np.unique(np.concatenate(chosen))
            places = [np.searchsorted(rows, each) for each in chosen]
            found = Reranker(block, database[rows], metric).nearest(places, k)
            nearest += [rows[each] for each in found]
    return object_array(nearest)


def exact_neighbours(X_query: ArrayLike, X_database: ArrayLike, k: int, metric: str = "cosine") -> Numbers:
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
    query, database = _checked(X_query, X_database)
    everything = [np.arange(len(database))] * len(query)
    return np.stack(list(rerank(query, database, everything, k, metric)))


def _checked(X_query: ArrayLike, X_database: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Queries and a database of numbers, of one width; whether rows of the database are finite is seen when read."""
    from sklearn.utils import check_array  # only here: a table that is searched takes no scikit-learn

    query: NDArray[Any] = check_array(X_query, input_name="X_query")
    database: NDArray[Any] = check_array(X_database, ensure_all_finite=False, input_name="X_database")
    if query.shape[1] != database.shape[1]:
        widths = f"{query.shape[1]} and {database.shape[1]}"
        raise ValueError(f"X_query and X_database must have the same number of features, got {widths}")
    return query, database


def queries_at_a_time(n_rows: int) -> int:
    """Queries that a `Reranker` takes, so that their products with all rows are not too many."""
    return max(1, min(_BLOCK_QUERIES, _BLOCK_PRODUCTS // n_rows))


class Reranker:
    """A few queries and a database made ready for several sets of candidates.

    What does not depend on the candidates is computed once: the lengths of the vectors and, from when candidates are
    many, the products of the queries with all rows; in ``shared`` is then what these took, in seconds.
    """

    @np.errstate(over="ignore", invalid="ignore")
    def __init__(self, query: NDArray[Any], database: NDArray[Any], metric: str = "cosine") -> None:
        from sklearn.utils import check_array

        floats = {"dtype": [np.float64, np.float32], "input_name": "X_database", "ensure_min_samples": 0}
        self._query, self._metric, self.shared = query, metric, 0.0
        self._database: NDArray[Any] = check_array(database, **floats)
        dtype, d = self._database.dtype, self._database.shape[1]
        rounding = (d + 8) * np.finfo(dtype).eps  # of products of d terms, and a few operations more
        lengths, rows = _lengths(query), _lengths(self._database)
        self._combine: np.ufunc
        if metric == "cosine":  # the product of unit vectors
            self._factors = (query * _inverse(lengths)[:, None]).astype(dtype)
            self._of_rows, self._combine = _inverse(rows).astype(dtype), np.multiply
            self._tolerance = np.full(len(lengths), rounding)
        else:  # q @ x - |x|**2 / 2, half of |q|**2 - |q - x|**2; for metrics other than "euclidean" it is not used
            self._factors = query.astype(dtype)
            self._of_rows, self._combine = (rows**2 / 2).astype(dtype), np.subtract
            longest = rows.max(initial=0)
            self._tolerance = rounding * (lengths + longest) * longest

    def _nearness(self, queries: Any, rows: Any) -> NDArray[Any]:
        """How near some rows are to one query or to several."""
        products = self._factors[queries] @ self._database[rows].T
        return self._combine(products, self._of_rows[rows], out=products)

    @cached_property
    def _table(self) -> NDArray[Any]:
        """How near all rows are to all queries."""
        start = perf_counter()
        table = self._nearness(slice(None), slice(None))
        self.shared = perf_counter() - start
        return table

    @np.errstate(over="ignore", invalid="ignore")
    def nearest(self, candidates: Any, k: int) -> list[Numbers]:
        """Keep the k nearest candidates of each query."""
        many = sum(map(len, candidates)) > _MANY * len(self._database) * len(candidates)
        nearest = []
        for i, rows in enumerate(candidates):
            if len(rows) > k and self._metric in ("cosine", "euclidean"):
                nearness = self._table[i, rows] if many else self._nearness(i, rows)
                bound = np.partition(nearness, -k)[-k] - self._tolerance[i]
                rows = rows[~(nearness < bound)]  # where all overflows, all stay
            nearest.append(rows[np.lexsort((rows, self._distances(i, rows)))[:k]])
        return nearest

    def _distances(self, i: int, rows: Numbers) -> NDArray[Any]:
        """Distances from a query to some rows, or what orders them alike, in float64."""
        if len(rows) and self._metric not in ("cosine", "euclidean"):
            from sklearn.metrics import pairwise_distances

            return pairwise_distances(self._query[i : i + 1], self._database[rows], metric=self._metric)[0]
        q, x = self._query[i].astype(np.float64), self._database[rows].astype(np.float64)
        if self._metric == "euclidean":
            return ((x - q) ** 2).sum(axis=1)
        norms = np.sqrt((q * q).sum()) * np.sqrt((x * x).sum(axis=1))
        return -np.divide((x * q).sum(axis=1), norms, out=np.zeros(len(x)), where=norms > 0)


def _lengths(X: NDArray[Any]) -> NDArray[np.float64]:
    return np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64))


def _inverse(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """One over the lengths; 0 for a zero vector, which has no direction."""
    return np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)


def check_ids(ids: Any, n_queries: int, n_rows: int | None, name: str = "ids") -> list[Numbers]:
    """Return candidates as one int64 array a query, or say which are no rows of the database, or of any."""
    if n_queries == 0:
        raise ValueError("there must be at least one query, got none")
    if len(ids) != n_queries:
        raise ValueError(f"{name} must hold one array of rows for each of the {n_queries} queries, got {len(ids)}")
    wanted = "row numbers of at least 0" if n_rows is None else f"rows from 0 to {n_rows - 1}"
    checked = []
    for i, rows in enumerate(ids):
        array = np.asarray(rows)
        if array.size == 0:
            array = np.empty(0, dtype=np.int64)
        if array.ndim != 1 or array.dtype.kind not in "ui":
            found = f"{array.dtype} of shape {array.shape}"
            raise TypeError(f"{name}[{i}] must be a one-dimensional array of integers, got {found}")
        if array.size and not 0 <= array.min() <= array.max() < (n_rows or 2**63):
            raise ValueError(f"{name}[{i}] must be {wanted}, got {array.min()} to {array.max()}")
        checked.append(array.astype(np.int64, copy=False))
    return checked
