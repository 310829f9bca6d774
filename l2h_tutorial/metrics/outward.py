"""Re-ranking as the radius grows: what was compared within a smaller ball need not be compared again."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..search import rerank

_DENSE_SHARE = 0.03  # measured: beyond this share of candidates one matrix product beats gathering their rows
_GATHERED_ROWS = 256  # rows copied at a time when they are gathered: they stay in the processor's cache


class Directions(NamedTuple):
    """Vectors without what cosine ignores, their length: rows times `scale` have length 1, or 0 if they are zero.

    Fields
    ------
    vectors : (n, d) array of float32
    scale : (n,) array of float32
    """

    vectors: NDArray[np.float32]
    scale: NDArray[np.float32]

    @classmethod
    def of(cls, X: NDArray[Any]) -> "Directions":
        """Directions of the rows; no copy is made where they and their squared lengths fit float32.

        Parameters
        ----------
        X : (n, d) array of finite numbers

        Examples
        --------
        >>> Directions.of(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32)).scale
        array([0.2, 0. ], dtype=float32)
        >>> Directions.of(np.array([[3e-99, 4e-99]]))
        Directions(vectors=array([[0.75, 1.  ]], dtype=float32), scale=array([0.8], dtype=float32))
        """
        squared = np.einsum("ij,ij->i", X, X)
        if X.dtype != np.float32 or X[~((squared > 2.0**-80) & (squared < 2.0**80))].any():
            largest = np.abs(X).max(axis=1, keepdims=True)
            X = np.divide(X, largest, out=np.zeros(X.shape), where=largest > 0).astype(np.float32)
            squared = np.einsum("ij,ij->i", X, X)
        return cls(X, np.divide(1, np.sqrt(squared), out=np.zeros_like(squared), where=squared > 0))


class OutwardRanking:
    """The k nearest candidates of each query by cosine, for candidates that become more from call to call.

    The rows are those of `rerank`, in its order. Similarities in float32 find the few rows that rounding could have
    kept from the first k, and only these go to `rerank`. Nothing is done for a query without new candidates, and once
    many rows are candidates all similarities are computed, for good.

    Parameters
    ----------
    X_query : (n_queries, d) array of numbers
    X_database : (n, d) array of numbers
    directions : Directions
        Of the database: ``Directions.of(X_database)``.
    k : int
        From 1 to n.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> ranking = OutwardRanking(X[:1], X, Directions.of(X), k=1)
    >>> [ranking.nearest([np.array(ids)])[0] for ids in ([2], [2, 1], [2, 1, 0])]
    [array([2]), array([1]), array([0])]
    """

    def __init__(self, X_query: NDArray[Any], X_database: NDArray[Any], directions: Directions, k: int) -> None:
        self._query, self._database, self._directions, self._k = X_query, X_database, directions, k
        vectors, scale = Directions.of(X_query)
        self._unit_query = vectors * scale[:, None]
        # The similarity of unit vectors is off by at most (d + 8) roundings, and two of them are compared.
        self._tolerance = np.float32((X_query.shape[1] + 12) * np.finfo(np.float32).eps)
        self._similarities: Any = None  # of all rows, once they are worth it
        self._sizes = np.zeros(len(X_query), dtype=np.int64)
        self._bound = np.full(len(X_query), -np.inf, dtype=np.float32)  # k candidates are known to be as near as this
        self._done = np.zeros(len(X_query), dtype=bool)
        self._near: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)] * len(X_query)
        self._nearest = self._near.copy()

    def nearest(self, ids: Any) -> list[NDArray[np.int64]]:
        """Rank the candidates of each query: those of the call before, and more.

        Parameters
        ----------
        ids : (n_queries,) sequence of int64 arrays

        Returns
        -------
        list of n_queries int64 arrays
        """
        sizes = np.array([len(rows) for rows in ids])
        if self._similarities is None and sizes.sum() > _DENSE_SHARE * len(self._database) * len(sizes):
            self._similarities = self._unit_query @ self._directions.vectors.T
            self._similarities *= self._directions.scale
        growing = np.flatnonzero((sizes > self._sizes) & ~self._done)
        changed = [i for i in growing.tolist() if self._narrow(i, ids[i])]
        self._sizes = sizes
        if changed:
            rows = np.unique(np.concatenate([self._near[i] for i in changed]))
            places = [np.searchsorted(rows, self._near[i]) for i in changed]
            found = rerank(self._query[changed], self._database[rows], places, min(self._k, len(rows)))
            for i, order in zip(changed, found, strict=True):
                self._nearest[i] = rows[order]
        return self._nearest.copy()

    def _narrow(self, i: int, rows: NDArray[np.int64]) -> bool:
        """Find the rows that could be among the k nearest; say whether they are others than before."""
        if len(rows) > self._k:
            similarity = self._similarity(i, rows)
            kept = np.flatnonzero(similarity >= self._bound[i] - self._tolerance)
            rows, similarity = rows[kept], similarity[kept]
            self._bound[i] = np.partition(similarity, -self._k)[-self._k]
            rows = rows[similarity >= self._bound[i] - self._tolerance]
            if self._similarities is not None:  # no other row of the database is as near: this query is done
                self._done[i] = np.count_nonzero(self._similarities[i] >= self._bound[i] - self._tolerance) == len(rows)
        changed = not np.array_equal(rows, self._near[i])
        self._near[i] = rows
        return changed

    def _similarity(self, i: int, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        if self._similarities is not None:
            similarity: NDArray[np.float32] = self._similarities[i][rows]
            return similarity
        vectors, scale = self._directions
        pieces = (rows[start : start + _GATHERED_ROWS] for start in range(0, len(rows), _GATHERED_ROWS))
        return np.concatenate([vectors[piece] @ self._unit_query[i] for piece in pieces]) * scale[rows]
