"""Order the candidates by their true distance in feature space: the second stage of the search.

`rerank` checks its arguments and takes a block of queries at a time. `Reranker.nearest` does the
work, in two passes. `Reranker._possible` leaves out the candidates that cannot be among the k
nearest, by a fast product of vectors and a bound on its rounding. `Reranker._distances` compares
the rest in float64, and ties are decided by row number.
"""

from functools import cached_property, partial
from time import perf_counter
from typing import Any

import numpy as np

from ..checks import Array, ArrayLike, Floats, check_finite, check_integer
from .radius import Numbers, object_array

# A block is at most so many queries, and so many products of a query and a row.
_BLOCK_QUERIES = 128
_BLOCK_PRODUCTS = 1 << 25  # 128 MB of float32
# Share of the rows, measured. If more are candidates of each query, one product with all rows is
# faster than gathering the candidates' rows. To read all rows and to square them once takes as long
# as the products of ten queries.
_MANY = 0.07
_READING = 10
# Rows that are gathered at a time, measured: many more are slower.
_GATHERED = 4096
# Between these, float32 holds the square of a length without loss.
_SMALLEST = 1e-28
_LARGEST = 1e28


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
    Cosine similarities and Euclidean distances are first computed by a product of vectors. Every
    candidate that rounding could have kept from the first k is then compared in float64, for
    Euclidean distances difference by difference. So the result does not depend on how the first
    pass was done.

    Only the rows of candidates are checked. A NaN in another row is not noticed.

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
    distances: list[Floats] = []
    nearest: list[Numbers] = []
    for start in range(0, len(query), step):
        block = slice(start, start + step)
        found = Reranker(query[block], database, metric).nearest(candidates[block], k)
        distances += found[0]
        nearest += found[1]
    if return_distance:
        return object_array(nearest), object_array(distances)
    return object_array(nearest)


def exact_neighbours(
    X_query: ArrayLike, X_database: ArrayLike, k: int, metric: str = "cosine"
) -> Numbers:
    """Find the k nearest of all database rows: the exact answer, to compare every search with.

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


def _checked(X_query: ArrayLike, X_database: ArrayLike) -> tuple[Array, Array]:
    """Return both as arrays of numbers with one width; only the queries are checked for NaN."""
    query = check_vectors(X_query, "X_query")
    database = check_vectors(X_database, "X_database")
    check_finite(query, "X_query")
    if query.shape[1] != database.shape[1]:
        widths = f"{query.shape[1]} and {database.shape[1]}"
        raise ValueError(
            f"X_query and X_database must have the same number of features, got {widths}"
        )
    return query, database


def check_vectors(X: Any, name: str) -> Array:
    """Return rows of numbers as an array, (n, d), or raise an error that says what they are."""
    if hasattr(X, "tocsr"):
        raise TypeError(f"{name} must be a dense array, got a sparse one; use X.toarray()")
    array = np.asarray(X)
    if array.ndim != 2 or not array.size:
        raise ValueError(
            f"{name} must be two-dimensional (n, n_features) and hold a row, "
            f"got shape {array.shape}"
        )
    return array if array.dtype.kind in "biuf" else array.astype(np.float64)


def queries_at_a_time(n_rows: int) -> int:
    """Return how many queries a `Reranker` takes, so that its products with all rows fit."""
    return max(1, min(_BLOCK_QUERIES, _BLOCK_PRODUCTS // n_rows))


class Reranker:
    """Prepare a few queries and a database to order several sets of candidates.

    If candidates are many, the products of the queries with all rows are computed once and serve
    every set. ``shared`` then holds the seconds that this took.
    """

    def __init__(self, query: Array, database: Array, metric: str = "cosine") -> None:
        self.shared = 0.0
        self._database = database
        # quicker than indexing, but it first copies a whole database that is not contiguous
        take = partial(database.take, axis=0)
        self._gather = take if database.flags.c_contiguous else database.__getitem__
        self._metric = metric
        self._query = query.astype(np.float64)
        self._lengths = np.sqrt(np.vecdot(self._query, self._query))
        self._dtype = np.result_type(database, np.float32)
        factors = self._query
        if metric == "cosine":
            factors = factors / _divisor(self._lengths)[:, None]
        with np.errstate(over="ignore"):
            self._factors = factors.astype(self._dtype)

    @np.errstate(over="ignore", invalid="ignore")
    def nearest(self, candidates: Any, k: int) -> tuple[list[Floats], list[Numbers]]:
        """Return, for each query, the distances and rows of its k nearest candidates."""
        n_products = len(self._database) * (len(candidates) + _READING)
        many = sum(map(len, candidates)) > _MANY * n_products
        nearest = []
        nearest_distances = []
        for i, rows in enumerate(candidates):
            if len(rows) > k and self._metric in ("cosine", "euclidean"):
                rows = self._possible(i, rows, k, many)
            distances = self._distances(i, self._gather(rows))
            order = np.lexsort((rows, distances))[: k + 1]
            twice = rows[order][1:] == rows[order][:-1]
            if twice.any():
                raise ValueError(f"ids[{i}] names row {rows[order][1:][twice][0]} twice")
            order = order[:k]
            nearest.append(rows[order])
            nearest_distances.append(distances[order])
        return nearest_distances, nearest

    def _possible(self, i: int, rows: Numbers, k: int, many: bool) -> Numbers:
        """Leave out the rows that cannot be among the k nearest, whatever rounding has done."""
        if many:
            of_all, tolerances = self._table
            estimates = of_all[i, rows]
            tolerance = tolerances[i]
        else:
            parts = np.array_split(rows, 1 + len(rows) // _GATHERED)
            found = [self._estimate(i, self._gather(part)) for part in parts]
            of_parts, tolerances = zip(*found, strict=True)
            estimates = np.concatenate(of_parts)
            tolerance = np.max(tolerances)
        bound = np.partition(estimates, k - 1)[k - 1] + tolerance
        return rows[~(estimates > bound)]  # NaN says nothing about a row, so the row stays

    @cached_property
    def _table(self) -> tuple[Array, Any]:
        """Compare all queries with all rows, (n_queries, n); a tolerance for each query."""
        start = perf_counter()
        estimates, tolerance = self._estimate(slice(None), self._database)
        self.shared = perf_counter() - start
        return estimates, np.broadcast_to(tolerance, len(estimates))

    def _estimate(self, queries: Any, vectors: Array) -> tuple[Array, Any]:
        """Return numbers that order vectors as their distances do, and how much they can be wrong.

        One vector is certainly farther than another if its number is larger by more than this
        tolerance.
        """
        vectors = vectors.astype(self._dtype, copy=False)
        products = self._factors[queries] @ vectors.T
        squares = np.vecdot(vectors, vectors)
        # A sum of d products is wrong by at most d * eps times the lengths of the two vectors. The
        # roundings before and after the sum are no more than 8 further terms. Two estimates that
        # are compared may be wrong in opposite directions, so the bound is doubled.
        rounding = 2 * (vectors.shape[1] + 8) * np.finfo(self._dtype).eps
        if self._metric == "cosine":  # both lengths are 1
            squares[~((squares > _SMALLEST) & (squares < _LARGEST))] = np.nan
            return products / -np.sqrt(squares), rounding
        largest = squares.max(initial=0)
        longest = np.sqrt(largest) if _SMALLEST < largest < _LARGEST else np.nan
        # |x|**2 / 2 - q @ x is half of |q - x|**2 - |q|**2
        return squares / 2 - products, rounding * (self._lengths[queries] + longest) * longest

    def _distances(self, i: int, vectors: Array) -> Floats:
        """Return the distances of vectors from query i, in float64."""
        if not len(vectors):
            return np.empty(0)
        check_finite(vectors, "X_database")
        q = self._query[i]
        x = vectors.astype(np.float64)
        if self._metric == "euclidean":
            return np.sqrt(((x - q) ** 2).sum(axis=1))
        if self._metric == "cosine":
            cosine = (x * q).sum(axis=1) / _divisor(self._lengths[i] * np.sqrt((x * x).sum(axis=1)))
            return (1 - cosine).clip(0, 2)  # as scikit-learn does
        # imported here, because searching a table needs no scikit-learn
        from sklearn.metrics import pairwise_distances

        return np.asarray(pairwise_distances(q[None], x, metric=self._metric)[0])


def _divisor(lengths: Any) -> Array:
    """Replace the length of a zero vector, which has no direction, by infinity."""
    return np.where(lengths > 0, lengths, np.inf)


def check_ids(ids: Any, n_queries: int, n_rows: int | None, name: str = "ids") -> list[Numbers]:
    """Return candidates as one int64 array a query, or raise an error that names the bad ones.

    `n_rows` is None if any row number is allowed.
    """
    if n_queries == 0:
        raise ValueError("there must be at least one query, got none")
    if len(ids) != n_queries:
        raise ValueError(
            f"{name} must hold one array of rows for each of the {n_queries} queries, "
            f"got {len(ids)}"
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
