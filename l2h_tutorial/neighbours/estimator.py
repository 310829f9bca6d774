"""Nearest neighbours of your own vectors: hasher, mean, vectors, ids and table as one estimator.

`HashNeighbors.fit` hashes all rows, and `_smallest_radius` chooses the radius by rows that the
hasher has not seen. `_search` divides queries into blocks for the threads. `_search_block` answers
a block: a ball of codes, a larger ball for queries with too few candidates, then `Reranker`.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ..baselines import PCAH
from ..buckets import HashTable
from ..checks import check_choice, check_integer
from ..codes import pack_bits, packed_distances
from ..lsh import Estimator, in_blocks
from ..search import Reranker, check_radius, exact_neighbours

__all__ = ["HashNeighbors"]

_HELD_OUT = 256  # rows by which the radius is chosen, or a tenth of all if that is fewer
_BLOCK_QUERIES = 128  # queries that a thread takes at a time


class HashNeighbors(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Estimator):
    """Find approximate nearest neighbours: hash, look into a Hamming ball, re-rank what is found.

    The hasher sees vectors without their mean. Candidates are the rows within `radius_` bits of the
    query's code. They are ordered by the metric of the vectors as given. A query with fewer than k
    candidates gets the smallest ball that holds k.

    Parameters
    ----------
    hasher : estimator, default=None
        Whose ``transform`` makes bits. None: `PCAH` with 32 bits, or with fewer if there are fewer
        columns, or fewer than 33 rows. A hasher without a seed of its own gets one from
        `random_state`.
    radius : int or "auto", default="auto"
        ``"auto"``: the smallest radius that holds `target_recall` of the exact neighbours of rows
        which the hasher was not fitted to. Queries unlike the rows find less, and so does a search
        for more neighbours than `n_neighbors`. If there are fewer than ten rows, all are
        candidates.
    target_recall : float, default=0.95
        Above 0, at most 1.
    n_neighbors : int, default=10
    metric : {"cosine", "euclidean"}, default="cosine"
    n_jobs : int, default=None
        Threads that search, each with queries of its own. None: 1. -1: one for each processor.
    random_state : int, RandomState instance or None, default=None
        Draws the rows that are held out.

    Attributes
    ----------
    hasher_, table_ : fitted hasher and `HashTable` of all rows
    mean_ : (n_features,) array of float64
    radius_ : int
    ids_ : (n,) array
        Given to `fit`, or the row numbers.
    n_samples_fit_, n_features_in_ : int

    References
    ----------
    M. Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002; M. Norouzi,
    A. Punjani and D. J. Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 8))
    >>> names = [f"item {i}" for i in range(500)]
    >>> nn = HashNeighbors(n_neighbors=2, random_state=0).fit(X, ids=names)
    >>> distances, ids = nn.kneighbors(X[:1])
    >>> str(ids[0, 0]), bool(distances[0, 0] < 1e-9)
    ('item 0', True)
    >>> bool(nn.scanned_share(X[:20]) < 1)
    True
    """

    def __init__(
        self,
        hasher: Any = None,
        *,
        radius: Any = "auto",
        target_recall: float = 0.95,
        n_neighbors: int = 10,
        metric: str = "cosine",
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.hasher = hasher
        self.radius = radius
        self.target_recall = target_recall
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None, ids: Any = None) -> Self:
        """Fit the hasher, hash all rows, and choose the radius.

        Parameters
        ----------
        X : (n, n_features) array of numbers
            An array of float32 or float64 is kept as it is, and a memory-mapped file stays on its
            disk. Other numbers become float64.
        y : (n,) or (n, n_classes) array, optional
            For a hasher that learns from labels.
        ids : (n,) sequence, optional
            What to call the rows in results; by default their numbers.

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of range, `ids` or `y` are not one for each row, or the hasher
            refuses the rows.
        """
        check_integer(self.n_neighbors, "n_neighbors")
        check_choice(self.metric, "metric", ("cosine", "euclidean"))
        if not 0 < self.target_recall <= 1:
            raise ValueError(
                f"target_recall must be above 0 and at most 1, got {self.target_recall!r}"
            )
        self._fit_X = self._checked(X, ensure_min_samples=2)
        n = len(self._fit_X)
        self.n_samples_fit_ = n
        self._n_features_out = n
        self.ids_ = np.arange(n) if ids is None else np.asarray(ids)
        check_consistent_length(self._fit_X, self.ids_, *([] if y is None else [y]))
        random = check_random_state(self.random_state)
        hasher = self._new_hasher(random)
        n_held_out = 0
        if self.radius == "auto":
            n_bits = getattr(hasher, "n_bits", None) or 0
            n_held_out = max(0, min(_HELD_OUT, n // 10, n - n_bits - 1))
        held_out, others = np.split(random.permutation(n), [n_held_out])
        others = np.sort(others)
        labels = None if y is None else np.asarray(y)[others]
        self.mean_ = self._fit_X.mean(axis=0, dtype=np.float64)
        self.hasher_ = hasher.fit(self._centred(self._fit_X[others]), labels)
        self.table_ = HashTable(self._bits(self._fit_X))
        self.radius_ = self._smallest_radius(held_out) if self.radius == "auto" else self.radius
        check_radius(self.radius_, self.table_.n_bits)
        return self

    def _new_hasher(self, random: np.random.RandomState) -> Any:
        """Return an unfitted copy of the hasher, or the default; with a seed if it needs one."""
        if self.hasher is None:
            hasher = PCAH(min(32, self.n_features_in_, self.n_samples_fit_ - 1))
        elif hasattr(self.hasher, "transform"):
            hasher = clone(self.hasher)
        else:
            raise TypeError(
                "hasher must be an estimator whose transform makes bits, as LSH, "
                f"got {self.hasher!r}"
            )
        if hasher.get_params().get("random_state", 0) is None:
            hasher.set_params(random_state=random.randint(2**31))
        return hasher

    def _smallest_radius(self, held_out: NDArray[np.int64]) -> int:
        """Return the radius that holds `target_recall` of these rows' exact neighbours."""
        if not len(held_out):
            return self.table_.n_bits
        k = min(self.n_neighbors, self.n_samples_fit_ - 1)
        queries = self._fit_X[held_out]
        nearest = exact_neighbours(queries, self._fit_X, k + 1, self.metric)
        others = nearest != held_out[:, None]  # a row is no neighbour of itself
        # if k + 1 rows equal to it come before it, the last of these is left out instead
        others[others.all(axis=1), -1] = False
        query_words = pack_bits(self._bits(queries)).T
        neighbour_words = pack_bits(self._bits(self._fit_X[nearest[others]])).T
        distances = packed_distances(np.repeat(query_words, k, axis=1), neighbour_words)
        return int(np.quantile(distances, self.target_recall, method="inverted_cdf"))

    def _centred(self, X: NDArray[Any]) -> NDArray[Any]:
        return np.subtract(X, self.mean_, dtype=X.dtype, casting="same_kind")

    def _bits(self, X: NDArray[Any]) -> NDArray[np.bool_]:
        """Hash rows, from which the mean is subtracted one block at a time."""
        return in_blocks(lambda rows: np.asarray(self.hasher_.transform(self._centred(rows))), X)

    def kneighbors(
        self, X: ArrayLike | None = None, n_neighbors: int | None = None
    ) -> tuple[Any, Any]:
        """Find the nearest rows of each query among its candidates.

        Parameters
        ----------
        X : (n_queries, n_features) array of numbers, optional
            By default the fitted rows, none of which finds itself.
        n_neighbors : int, optional
            By default the estimator's.

        Returns
        -------
        distances : (n_queries, n_neighbors) array of float64
            Ascending: 1 - cosine, or Euclidean.
        ids : (n_queries, n_neighbors) array
            Of the type of `ids_`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` has other features than in `fit`, or there are fewer rows than neighbours.
        """
        distances, rows, _ = self._search(X, n_neighbors)
        return distances, self.ids_[rows]

    def kneighbors_graph(self, X: ArrayLike | None = None, n_neighbors: int | None = None) -> Any:
        """Find the nearest rows, and return their distances as a sparse matrix.

        Its columns are positions in the fitted `X`.

        Parameters
        ----------
        X, n_neighbors
            As in `kneighbors`.

        Returns
        -------
        (n_queries, n_samples_fit_) csr_array of float64
            In each row the nearest comes first. A distance of 0 is stored too.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As `kneighbors`.
        """
        distances, rows, _ = self._search(X, n_neighbors)
        starts = np.arange(0, rows.size + 1, rows.shape[1])
        return csr_array(
            (distances.ravel(), rows.ravel(), starts), shape=(len(rows), self.n_samples_fit_)
        )

    def transform(self, X: ArrayLike) -> Any:
        """Return the graph that scikit-learn's estimators take with ``metric="precomputed"``.

        scikit-learn's own transformer for this is `KNeighborsTransformer`.

        Parameters
        ----------
        X : (n_queries, n_features) array of numbers

        Returns
        -------
        (n_queries, n_samples_fit_) csr_array of float64
            Each row has ``n_neighbors + 1`` distances, since a fitted row is its own neighbour.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As `kneighbors`.
        """
        check_is_fitted(self)
        return self.kneighbors_graph(X, min(self.n_neighbors + 1, self.n_samples_fit_))

    def scanned_share(self, X: ArrayLike | None = None) -> float:
        """Return the mean share of the fitted rows that are a query's candidates.

        These are the rows whose vectors `kneighbors` reads.

        Parameters
        ----------
        X : (n_queries, n_features) array of numbers, optional
            As in `kneighbors`.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As `kneighbors`.
        """
        _, _, n_candidates = self._search(X, None)
        return float(n_candidates.mean() / self.n_samples_fit_)

    def _search(self, X: Any, n_neighbors: int | None) -> list[Any]:
        """Return distances and positions of the nearest, and each query's number of candidates."""
        check_is_fitted(self)
        own = X is None
        queries = self._fit_X if own else self._checked(X, reset=False)
        wanted = self.n_neighbors if n_neighbors is None else n_neighbors
        k = check_integer(
            wanted, "n_neighbors", high=self.n_samples_fit_ - own, of="fitted rows to be found"
        )
        starts = range(0, len(queries), _BLOCK_QUERIES)
        with ThreadPoolExecutor(effective_n_jobs(self.n_jobs)) as threads:
            blocks = threads.map(lambda start: self._search_block(queries, start, k, own), starts)
        return [np.concatenate(part) for part in zip(*blocks, strict=True)]

    def _search_block(
        self, queries: NDArray[Any], start: int, k: int, own: bool
    ) -> tuple[Any, Any, Any]:
        """Search for a block of queries; none finds itself if they are the fitted rows (`own`)."""
        block = queries[start : start + _BLOCK_QUERIES]
        bits = self._bits(block)
        enough = k + own
        candidates = self.table_.query_radius(bits, self.radius_)
        few = np.flatnonzero([len(rows) < enough for rows in candidates])
        if len(few):
            bit_distances, _ = self.table_.query(bits[few], enough)
            radii = bit_distances[:, -1]  # of the smallest balls that hold enough rows
            for radius in np.unique(radii):
                same = few[radii == radius]
                candidates[same] = self.table_.query_radius(bits[same], radius)
        if own:
            for i, rows in enumerate(candidates):
                candidates[i] = rows[rows != start + i]
        distances, rows = Reranker(block, self._fit_X, self.metric).nearest(candidates, k)
        return np.stack(distances), np.stack(rows), np.array([len(each) for each in candidates])
