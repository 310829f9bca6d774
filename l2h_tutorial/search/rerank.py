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
# measured: beyond this share of candidates, one matrix product beats gathering their rows
_MANY = 0.05
_SAFE = 1e-28, 1e28  # squares of lengths that float32 holds without loss


def rerank(
    X_query: ArrayLike,
    X_database: ArrayLike,
    ids: Any,
    k: int,
    metric: str = "cosine",
    *,
    return_distance: bool = False,
) -> Any:
    """Keep the k nearest candidates of each query, by their distance in feature space.

    Parameters
    ----------
    X_query : (n_queries, d) array of numbers
    X_database : (n, d) array of numbers
    ids : (n_queries,) sequence of integer arrays, or (n_queries, m) array of integers
        Candidate rows of the database for each query, each at most once, as
        `HashTable.query_radius` returns them.
    k : int
        From 1 to the number of database rows.
    metric : str, default="cosine"
        Any that `sklearn.metrics.pairwise_distances` knows. A zero vector has cosine similarity 0
        with every vector.
    return_distance : bool, default=False
        Return the distances too.

    Returns
    -------
    ids : (n_queries,) object array of int64 arrays
        At most k row numbers, the nearest first, rows at the same distance by number. No
        candidates: an empty array.
    distances : (n_queries,) object array of float64 arrays
        Only with `return_distance`, in the order of `ids`: scikit-learn's, so 1 - cosine or the
        Euclidean distance.

    Raises
    ------
    TypeError, ValueError
        If features are not finite two-dimensional numbers of one width, `ids` are not row numbers
        of the database for each query, one of the k nearest is named twice, or `k` is out of range.

    Notes
    -----
    Cosine similarities and Euclidean distances are first computed by a product of vectors; every
    candidate that rounding could have kept from the first k is then compared in float64, for
    Euclidean distances difference by difference, so the result does not depend on how the first
    pass was done.

    Of few candidates only their rows are read and checked: a NaN in another is not noticed.

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
    distances: list[NDArray[np.float64]] = []
    for start in range(0, len(query), step):
        block = slice(start, start + step)
        found, far = Reranker(query[block], database, metric).nearest(candidates[block], k)
        nearest, distances = nearest + found, distances + far
    return (
        (object_array(nearest), object_array(distances))
        if return_distance
        else object_array(nearest)
    )


def exact_neighbours(
    X_query: ArrayLike, X_database: ArrayLike, k: int, metric: str = "cosine"
) -> Numbers:
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
    query, database = check_vectors(X_query, "X_query"), check_vectors(X_database, "X_database")
    check_finite(query, "X_query")
    if query.shape[1] != database.shape[1]:
        widths = f"{query.shape[1]} and {database.shape[1]}"
        raise ValueError(
            f"X_query and X_database must have the same number of features, got {widths}"
        )
    return query, database


def check_vectors(X: Any, name: str) -> NDArray[Any]:
    """Return rows of numbers as an array, (n, d), or say what they are instead."""
    if hasattr(X, "tocsr"):
        raise TypeError(f"{name} must be a dense array, got a sparse one; use X.toarray()")
    array = np.asarray(X)
    if array.ndim != 2 or not array.size:
        raise ValueError(
            f"{name} must be two-dimensional (n, n_features) and hold a row, got shape {array.shape}"
        )
    return array if array.dtype.kind in "biuf" else array.astype(np.float64)


def check_finite(X: NDArray[Any], name: str) -> None:
    """Refuse vectors with NaN or infinity."""
    if not np.isfinite(X).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")


def queries_at_a_time(n_rows: int) -> int:
    """Queries that a `Reranker` takes, so that their products with all rows are not too many."""
    return max(1, min(_BLOCK_QUERIES, _BLOCK_PRODUCTS // n_rows))


class Reranker:
    """A few queries and a database made ready for several sets of candidates.

    From when candidates are many, the products of the queries with all rows are computed once, and
    serve every set; in ``shared`` is then what these took, in seconds.
    """

    def __init__(self, query: NDArray[Any], database: NDArray[Any], metric: str = "cosine") -> None:
        self._query, self._database, self._metric, self.shared = (
            query.astype(np.float64),
            database,
            metric,
            0.0,
        )
        self._dtype = np.result_type(database, np.float32)
        self._lengths = np.sqrt(np.vecdot(self._query, self._query))
        factors = (
            self._query / _divisor(self._lengths)[:, None] if metric == "cosine" else self._query
        )
        with np.errstate(over="ignore"):
            self._factors = factors.astype(self._dtype)

    def _away(self, queries: Any, vectors: NDArray[Any]) -> tuple[NDArray[Any], Any]:
        """How far vectors are from one query or several, but for a constant, and how wrong rounding may make that."""
        vectors = vectors.astype(self._dtype, copy=False)
        products, squares = self._factors[queries] @ vectors.T, np.vecdot(vectors, vectors)
        # of sums of d terms, and a few more
        rounding = 2 * (vectors.shape[1] + 8) * np.finfo(self._dtype).eps
        # the product of unit vectors; of which length, NaN says, cannot be told
        if self._metric == "cosine":
            squares[~((squares > _SAFE[0]) & (squares < _SAFE[1]))] = np.nan
            return products / -np.sqrt(squares), rounding
        largest = squares.max(initial=0)
        longest = np.sqrt(largest) if _SAFE[0] < largest < _SAFE[1] else np.nan
        # |x|**2 / 2 - q @ x is half of |q - x|**2 - |q|**2
        return squares / 2 - products, rounding * (self._lengths[queries] + longest) * longest

    @cached_property
    def _table(self) -> tuple[NDArray[Any], Any]:
        """How far all rows are from all queries."""
        start = perf_counter()
        away, rounding = self._away(slice(None), self._database)
        self.shared = perf_counter() - start
        return away, np.broadcast_to(rounding, len(away))

    @np.errstate(over="ignore", invalid="ignore")
    def nearest(self, candidates: Any, k: int) -> tuple[list[Numbers], list[NDArray[np.float64]]]:
        """Keep the k nearest candidates of each query, and their distances."""
        many = sum(map(len, candidates)) > _MANY * len(self._database) * len(candidates)
        nearest, distances = [], []
        for i, rows in enumerate(candidates):
            if len(rows) > k and self._metric in ("cosine", "euclidean"):
                if many:
                    away, rounding = self._table[0][i, rows], self._table[1][i]
                else:
                    away, rounding = self._away(i, self._database.take(rows, axis=0))
                bound = np.partition(away, k - 1)[k - 1] + rounding
                rows = rows[~(away > bound)]  # those stay of which NaN says nothing
            away = self._distances(i, self._database.take(rows, axis=0))
            order = np.lexsort((rows, away))[: k + 1]
            twice = rows[order][1:] == rows[order][:-1]
            if twice.any():
                raise ValueError(f"ids[{i}] names row {rows[order][1:][twice][0]} twice")
            order = order[:k]
            nearest.append(rows[order])
            distances.append(away[order])
        return nearest, distances

    def _distances(self, i: int, vectors: NDArray[Any]) -> NDArray[np.float64]:
        """Distances of vectors from a query, in float64."""
        if not len(vectors):
            return np.empty(0)
        check_finite(vectors, "X_database")
        q, x = self._query[i], vectors.astype(np.float64)
        if self._metric == "euclidean":
            return np.sqrt(((x - q) ** 2).sum(axis=1))
        if self._metric == "cosine":
            cosine = (x * q).sum(axis=1) / _divisor(self._lengths[i] * np.sqrt((x * x).sum(axis=1)))
            return (1 - cosine).clip(0, 2)  # as scikit-learn has it
        # only here: a table that is searched takes no scikit-learn
        from sklearn.metrics import pairwise_distances

        return np.asarray(pairwise_distances(q[None], x, metric=self._metric)[0])


def _divisor(lengths: Any) -> NDArray[Any]:
    """The lengths; infinity for a zero vector, which has no direction."""
    return np.where(lengths > 0, lengths, np.inf)


def check_ids(ids: Any, n_queries: int, n_rows: int | None, name: str = "ids") -> list[Numbers]:
    """Return candidates as one int64 array a query, or say which are no rows of the database, or of any."""
    if n_queries == 0:
        raise ValueError("there must be at least one query, got none")
    if len(ids) != n_queries:
        raise ValueError(
            f"{name} must hold one array of rows for each of the {n_queries} queries, got {len(ids)}"
        )
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
