"""Hash vectors, look into a Hamming ball and order what is found, in one estimator.

`HashNeighbors.fit` hashes all rows, and `_smallest_radius` chooses the radius by rows that the
hasher has not seen, or by queries of yours. `_search` divides queries into blocks for the threads.
`_search_block` answers a block: a ball of codes, a larger ball for queries with too few candidates,
then `Reranker`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from joblib import effective_n_jobs
from scipy.sparse import csr_array
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ..buckets import HashTable
from ..checks import (
    Array,
    ArrayLike,
    Bits,
    Integers,
    check_choice,
    check_integer,
    check_positive,
    on_threads,
)
from ..codes import pack_bits, packed_distances
from ..files import FilePath
from ..lsh import LSH, Estimator, in_blocks
from ..search import Reranker, exact_neighbours, rerank
from .names import joined_names, row_names
from .saved import load_fitted, save_fitted

_DEFAULT_BITS = 128
_N_QUERIES = 500  # rows by which the radius is chosen
_BLOCK_QUERIES = 128  # queries that a thread takes at a time
# An exact search in `fit` reads an eighth of the rows at a time, and at least so many.
_EXACT_ROWS = 4096
_MANY_ROWS = 10_000
_LARGE_SHARE = 0.1
_FIXED = ("hasher", "metric", "radius", "target_recall")  # must not change after `fit`


class ScanWarning(UserWarning):
    """Say that a search reads more than a tenth of the rows, so that another way may be faster.

    `HashNeighbors.fit` warns once, from 10,000 rows on.
    """


class SearchQuality(NamedTuple):
    """Say how well a search finds the exact neighbours of some queries, and how much it reads.

    Fields
    ------
    recall : float
        Mean share of a query's exact neighbours that are found.
    percentile_5 : float
        The 5th percentile of that share: one query in twenty has no higher recall.
    below_half : float
        Share of the queries of whose neighbours fewer than half are found.
    scanned : float
        Mean share of the rows that are candidates.
    """

    recall: float
    percentile_5: float
    below_half: float
    scanned: float


class HashNeighbors(  # type: ignore[call-arg]  # scikit-learn has no types
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, Estimator, auto_wrap_output_keys=None
):
    """Find approximate nearest neighbours: hash, look into a Hamming ball, re-rank what is found.

    The hasher sees vectors without their mean. Candidates are the rows within `radius_` bits of the
    query's code. They are ordered by the metric of the vectors as given. A query with fewer than k
    candidates gets the smallest ball that holds k.

    Parameters
    ----------
    hasher : estimator, default=None
        Whose ``transform`` makes bits. None: `LSH` with 128 bits, whatever the vectors are. A
        hasher without a seed of its own gets one from `random_state`.
    radius : int or "auto", default="auto"
        ``"auto"``: the smallest radius that holds `target_recall` of the exact neighbours of 500
        rows, or of the `queries` of `fit`. A hasher that learns is not fitted to these rows, which
        are at most a tenth of all. If they would be fewer than one, all rows are candidates.
    target_recall : float, default=0.95
        Above 0, at most 1. Recall is a mean: some queries get less. See `measure`.
    n_neighbors : int, default=10
    metric : {"cosine", "euclidean"}, default="cosine"
    n_jobs : int, default=None
        Threads that search, each with queries of its own. None: 1. -1: one for each processor.
    random_state : int, RandomState instance or None, default=None
        Draws the hyperplanes, and the rows by which the radius is chosen.

    Attributes
    ----------
    hasher_, table_ : fitted hasher and `HashTable` of all rows
    mean_ : (n_features,) array of float64
    radius_ : int
        For `n_neighbors` neighbours. A search for more has a radius of its own if this one was
        chosen; it is chosen when it is first needed.
    ids_ : (n,) array
        Given to `fit`, or a data frame's index, or the row numbers.
    n_samples_fit_, n_features_in_ : int

    Warns
    -----
    ScanWarning
        By `fit`, if there are 10,000 rows or more and a search reads more than a tenth of them.

    Notes
    -----
    Random hyperplanes learn nothing from the rows, so rows of any rank and any number will do. On
    most kinds of vectors, 128 of them read fewer rows than fewer hyperplanes or principal
    components do; `ITQ` with as many bits often reads still fewer. Chapter 5 has the measurements.

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

    _kinds: ClassVar = [*Estimator._kinds, np.float16]

    def __init__(
        self,
        hasher: Any = None,
        *,
        radius: int | Literal["auto"] = "auto",
        target_recall: float = 0.95,
        n_neighbors: int = 10,
        metric: Literal["cosine", "euclidean"] = "cosine",
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

    def fit(self, X: ArrayLike, y: Any = None, *, ids: Any = None, queries: Any = None) -> Self:
        """Fit the hasher, hash all rows, and choose the radius.

        Parameters
        ----------
        X : (n, n_features) array of numbers
            An array of float16, float32 or float64 is kept as it is, and a memory-mapped file stays
            on its disk. Other numbers become float64.
        y : (n,) or (n, n_classes) array, optional
            For a hasher that learns from labels; any other ignores them.
        ids : (n,) sequence, optional
            What to call the rows in results; by default a data frame's index or their numbers.
        queries : (n_queries, n_features) array of numbers, optional
            Queries like those to come, if they are not like the rows. The radius is chosen by these
            queries, or by 500 of them.

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of range, `ids` or `y` are not one for each row, or the hasher
            refuses the rows.

        Notes
        -----
        Rows are hashed and compared a block at a time, so that little memory is taken besides the
        codes. A hasher that learns is fitted to a copy of all rows that are not held out.
        """
        random = check_random_state(self.random_state)
        hasher = self._new_hasher(random)
        self._check_parameters(hasher)
        self._fit_X = self._checked(X, ensure_min_samples=2)
        n = len(self._fit_X)
        self.n_samples_fit_ = n
        self._n_features_out = n
        names = row_names(X, ids, n)
        self.ids_ = np.arange(n) if names is None else names
        if y is not None:
            check_consistent_length(self._fit_X, y)
        others = self._choose_queries(queries, hasher, random)
        self.mean_ = self._fit_X.mean(axis=0, dtype=np.float64)
        labels = None if y is None else np.asarray(y)[others]
        precision = np.result_type(self._fit_X, np.float32)
        training = self._fit_X[others].astype(precision, copy=False)
        self.hasher_ = hasher.fit(self._centred(training, out=training), labels)
        self.table_ = HashTable(self._bits(self._fit_X))
        self._fitted_with = self._fixed_parameters()
        self._radii: dict[int, int] = {}  # by number of neighbours, if they are chosen
        if self.radius == "auto":
            self.radius_ = self._smallest_radius(self.n_neighbors)
            self._radii[self.n_neighbors] = self.radius_
        else:
            self.radius_ = self.radius
        if n >= _MANY_ROWS:
            self._warn_of_a_large_share()
        return self

    def _new_hasher(self, random: np.random.RandomState) -> Any:
        """Return an unfitted copy of the hasher, or the default; with a seed if it needs one."""
        if self.hasher is None:
            hasher = LSH(_DEFAULT_BITS)
        elif hasattr(self.hasher, "transform") and not isinstance(self.hasher, type):
            hasher = clone(self.hasher)
        else:
            raise TypeError(
                "hasher must be an estimator whose transform makes bits, as LSH(128), "
                f"got {self.hasher!r}"
            )
        if hasher.get_params().get("random_state", 0) is None:
            hasher.set_params(random_state=random.randint(2**31))
        return hasher

    def _check_parameters(self, hasher: Any) -> None:
        """Check all parameters, and the number of bits that limits the radius."""
        n_bits = getattr(hasher, "n_bits", None)
        if n_bits is not None:
            check_integer(n_bits, "n_bits")
        if not isinstance(self.radius, str) or self.radius != "auto":
            check_integer(self.radius, 'radius, unless it is "auto",', 0, n_bits)
        if check_positive(self.target_recall, "target_recall") > 1:
            raise ValueError(
                f"target_recall must be above 0 and at most 1, got {self.target_recall!r}"
            )
        check_integer(self.n_neighbors, "n_neighbors")
        check_choice(self.metric, "metric", ("cosine", "euclidean"))

    def _fixed_parameters(self) -> dict[str, Any]:
        """Return the parameters that must not change after `fit`, those of the hasher too."""
        own = {name: getattr(self, name) for name in _FIXED}
        of_hasher = self.hasher.get_params() if hasattr(self.hasher, "get_params") else {}
        return own | {f"hasher__{name}": value for name, value in of_hasher.items()}

    def _choose_queries(self, queries: Any, hasher: Any, random: np.random.RandomState) -> Integers:
        """Choose the queries that choose the radius; return the rows that the hasher may see."""
        n = self.n_samples_fit_
        order = random.permutation(n)
        n_queries = min(n, _N_QUERIES)
        others = order
        if isinstance(hasher, LSH):
            others = order[:1]  # it learns nothing from rows but how many features they have
        elif self.radius == "auto" and queries is None:
            n_bits = getattr(hasher, "n_bits", None) or 0
            n_queries = max(0, min(n_queries, n // 10, n - n_bits - 1))
            others = order[n_queries:]
        self._query_rows = order[:n_queries]
        self._queries = None
        if queries is not None:
            given = self._checked(queries, reset=False)
            self._queries = given[random.permutation(len(given))[:_N_QUERIES]]
        return np.sort(others)

    def _chosen_queries(self) -> tuple[Array, Integers | None]:
        """Return the queries that choose the radius, and which rows they are, if they are rows."""
        if self._queries is not None:
            return self._queries, None
        return self._fit_X[self._query_rows], self._query_rows

    def _smallest_radius(self, k: int) -> int:
        """Return the radius that holds `target_recall` of k exact neighbours of some queries."""
        queries, own = self._chosen_queries()
        if not len(queries):
            return self.table_.n_bits
        nearest = self._exact(queries, own, min(k, self.n_samples_fit_ - (own is not None)))
        query_words = pack_bits(self._bits(queries))
        neighbour_words = in_blocks(
            lambda rows: pack_bits(self._bits(self._fit_X[rows])), nearest.ravel()
        )
        each = np.repeat(query_words, nearest.shape[1], axis=0)
        distances = packed_distances(each.T, neighbour_words.T)
        return int(np.quantile(distances, self.target_recall, method="inverted_cdf"))

    def _exact(self, queries: Array, own: Integers | None, k: int) -> Integers:
        """Find the k exact neighbours of queries, a block of the rows at a time.

        `own` are the queries' rows, if they are rows, each of which is no neighbour of itself.
        """
        wanted = k + (own is not None)
        size = max(_EXACT_ROWS, self.n_samples_fit_ // 8)
        nearest_of_blocks = []
        for rows in gen_batches(self.n_samples_fit_, size):
            block = self._fit_X[rows]
            nearest = exact_neighbours(queries, block, min(wanted, len(block)), self.metric)
            nearest_of_blocks.append(rows.start + nearest)
        candidates = np.hstack(nearest_of_blocks)
        nearest = np.stack(list(rerank(queries, self._fit_X, candidates, wanted, self.metric)))
        if own is None:
            return nearest
        others = nearest != own[:, None]
        # if k + 1 rows equal to it come before it, the last of these is left out instead
        others[others.all(axis=1), -1] = False
        return nearest[others].reshape(len(queries), k)

    def _warn_of_a_large_share(self) -> None:
        """Warn if the candidates of a hundred queries are more than a tenth of the rows."""
        queries, _ = self._chosen_queries()
        bits = self._bits(queries[:100])
        counts = self.table_.query_radius(bits, self.radius_, count_only=True)
        share = counts.mean() / self.n_samples_fit_
        if share > _LARGE_SHARE:
            n_bits = max(_DEFAULT_BITS, 2 * self.table_.n_bits)
            warnings.warn(
                f"a search reads {share:.0%} of the rows. HashNeighbors(LSH({n_bits})) may read "
                "fewer. If not, use an index of faiss, HNSW or IVF, or exhaustive search, "
                "l2h_tutorial.search.exact_neighbours, which misses nothing",
                ScanWarning,
                stacklevel=3,
            )

    def _centred(self, X: Array, out: Array | None = None) -> Array:
        """Subtract the mean, in single precision if vectors are in half."""
        precision = np.result_type(X, np.float32)
        return np.subtract(X, self.mean_, out=out, dtype=precision, casting="same_kind")

    def _bits(self, X: Array) -> Bits:
        """Hash rows, from which the mean is subtracted one block at a time."""
        return in_blocks(lambda block: np.asarray(self.hasher_.transform(self._centred(block))), X)

    def codes(self, X: ArrayLike) -> Bits:
        """Hash vectors as `fit` hashed the rows: without the mean.

        Parameters
        ----------
        X : (n, n_features) array of numbers

        Returns
        -------
        (n, n_bits) array of bool
            Codes that `table_` can be searched for. Those of the rows are ``table_.bits``.

        Raises
        ------
        sklearn.exceptions.NotFittedError, ValueError
            As `kneighbors`.
        """
        return self._bits(self._new_points(X))

    def kneighbors(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> Any:
        """Find the nearest rows of each query among its candidates.

        Parameters
        ----------
        X : (n_queries, n_features) array of numbers, optional
            By default the fitted rows, none of which finds itself.
        n_neighbors : int, optional
            By default the estimator's.
        return_distance : bool, default=True
            Return the distances too.

        Returns
        -------
        distances : (n_queries, n_neighbors) array of float64
            Ascending: 1 - cosine, or Euclidean. Only with `return_distance`.
        ids : (n_queries, n_neighbors) array
            Of the type of `ids_`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` has other features than in `fit`, there are fewer rows than neighbours, or a
            parameter other than `n_neighbors` and `n_jobs` was changed after `fit`.
        """
        distances, rows, _ = self._search(X, n_neighbors)
        ids = self.ids_[rows]
        return (distances, ids) if return_distance else ids

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

        scikit-learn's own transformer for this is `KNeighborsTransformer`. The graph is sparse, so
        there is no ``set_output``.

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

    def measure(self, X: ArrayLike | None = None) -> SearchQuality:
        """Compare the search with exhaustive search: recall, its lowest values, what is scanned.

        Parameters
        ----------
        X : (n_queries, n_features) array of numbers, optional
            By default the queries or rows by which `fit` chose the radius.

        Returns
        -------
        SearchQuality

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As `kneighbors`, or if there were too few rows to choose the radius by.

        Examples
        --------
        >>> X = np.random.default_rng(0).normal(size=(500, 8))
        >>> nn = HashNeighbors(random_state=0).fit(X)
        >>> bool(nn.measure().recall >= 0.95)
        True
        """
        check_is_fitted(self)
        if X is None:
            queries, own = self._chosen_queries()
            if not len(queries):
                raise ValueError("there were too few rows to hold any out: give queries")
        else:
            queries = self._new_points(X)
            own = None
        found, n_candidates = self._answer(queries, own, self.n_neighbors)[1:]
        exact = self._exact(queries, own, self.n_neighbors)
        recalls = (found[:, :, None] == exact[:, None]).any(axis=2).mean(axis=1)
        return SearchQuality(
            recall=float(recalls.mean()),
            percentile_5=float(np.quantile(recalls, 0.05, method="inverted_cdf")),
            below_half=float(np.mean(recalls < 0.5)),
            scanned=float(n_candidates.mean() / self.n_samples_fit_),
        )

    def add(self, X: ArrayLike, ids: Any = None) -> Self:
        """Add rows. Mean, hasher and radius stay, so that all codes do.

        All vectors are copied, so add many at a time. Vectors of a memory-mapped file are then in
        memory. Where the new rows are of another kind than the old ones, or as many, fit anew.

        Parameters
        ----------
        X : (m, n_features) array of numbers
            They get the precision of the fitted vectors.
        ids : (m,) sequence, optional
            As in `fit`; rows whose names are numbers from 0 are numbered on.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` has other features than in `fit`, `ids` are not one for each row, or they are
            missing where the fitted rows have names.

        Examples
        --------
        >>> X = np.random.default_rng(0).normal(size=(500, 8))
        >>> nn = HashNeighbors(random_state=0).fit(X[:400])
        >>> nn.add(X[400:]).kneighbors(X[450:451], 1, return_distance=False)
        array([[450]])
        """
        check_is_fitted(self)
        new = self._checked(X, reset=False).astype(self._fit_X.dtype, copy=False)
        n = self.n_samples_fit_
        names = row_names(X, ids, len(new))
        if names is None:
            if not np.array_equal(self.ids_, np.arange(n)):
                raise ValueError("ids must be given, since the rows of fit have names")
            names = np.arange(n, n + len(new))
        self.table_ = self.table_.extended(self._bits(new))
        self._fit_X = np.concatenate([self._fit_X, new])
        self.ids_ = joined_names(self.ids_, names)
        self.n_samples_fit_ = len(self._fit_X)
        self._n_features_out = self.n_samples_fit_
        return self

    def _search(self, X: Any, n_neighbors: int | None) -> list[Any]:
        """Answer queries, or all fitted rows if there are none."""
        check_is_fitted(self)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        if X is None:
            return self._answer(self._fit_X, np.arange(self.n_samples_fit_), k)
        return self._answer(self._new_points(X), None, k)

    def _answer(self, queries: Array, own: Integers | None, n_neighbors: int) -> list[Any]:
        """Return distances and positions of the nearest, and each query's number of candidates.

        `own` are the queries' rows, if they are rows, each of which is not found by itself.
        """
        self._check_unchanged()
        k = check_integer(
            n_neighbors,
            "n_neighbors",
            high=self.n_samples_fit_ - (own is not None),
            of="fitted rows to be found",
        )
        radius = self._radius(k)
        blocks = list(gen_batches(len(queries), _BLOCK_QUERIES))

        def answer(block: slice) -> tuple[Any, Any, Any]:
            return self._search_block(
                queries[block], None if own is None else own[block], k, radius
            )

        n_threads = min(effective_n_jobs(self.n_jobs), len(blocks))
        answers = on_threads(n_threads, answer, blocks)
        return [np.concatenate(part) for part in zip(*answers, strict=True)]

    def _check_unchanged(self) -> None:
        """Refuse to search if a parameter was changed that `fit` has used."""
        now = self._fixed_parameters()
        for name in now | self._fitted_with:
            before: Any = self._fitted_with.get(name)
            value: Any = now.get(name)
            # an estimator is compared by its own parameters, which are among these
            same = type(value) is type(before)
            if value is not before and not hasattr(value, "get_params"):
                same = np.array_equal(value, before)
            if not same:
                raise ValueError(
                    f"{name} was {before!r} in fit and is now {value!r}: fit again, or set it back"
                )

    def _radius(self, k: int) -> int:
        """Return the radius for k neighbours; one that was chosen for fewer would find too few."""
        # `transform` asks for one more than the estimator's number: the row itself
        if not self._radii or k <= min(self._radii) + 1:
            return self.radius_
        if k not in self._radii:
            self._radii[k] = self._smallest_radius(k)
        return self._radii[k]

    def _search_block(
        self, queries: Array, own: Integers | None, k: int, radius: int
    ) -> tuple[Any, Any, Any]:
        """Search for a block of queries; if they are rows, none finds its `own`."""
        bits = self._bits(queries)
        enough = k + (own is not None)
        candidates = self.table_.query_radius(bits, radius)
        few = np.flatnonzero([len(rows) < enough for rows in candidates])
        if len(few):
            bit_distances, _ = self.table_.query(bits[few], enough)
            radii = bit_distances[:, -1]  # of the smallest balls that hold enough rows
            for larger in np.unique(radii):
                same = few[radii == larger]
                candidates[same] = self.table_.query_radius(bits[same], larger)
        if own is not None:
            for i, rows in enumerate(candidates):
                candidates[i] = rows[rows != own[i]]
        distances, rows = Reranker(queries, self._fit_X, self.metric).nearest(candidates, k)
        return np.stack(distances), np.stack(rows), np.array([len(each) for each in candidates])

    def save(self, path: FilePath) -> None:
        """Write all but the vectors to one `.npz` file, which gets its name when it is whole.

        `HashTable.load` can read the table in it. The vectors stay in the `.npy` file that they are
        memory-mapped from. If there is none, they are written beside, as ``NAME.vectors.npy``.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        OSError
            If a file cannot be written. No half-written file stays.
        TypeError
            If the hasher or the ids are of a kind that cannot be kept as plain arrays.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> X = np.random.default_rng(0).normal(size=(500, 8))
        >>> nn = HashNeighbors(random_state=0).fit(X)
        >>> with TemporaryDirectory() as folder:
        ...     nn.save(f"{folder}/index.npz")
        ...     again = HashNeighbors.load(f"{folder}/index.npz")
        >>> again.kneighbors(X[7:8], 1, return_distance=False)
        array([[7]])
        """
        check_is_fitted(self)
        self._check_unchanged()
        save_fitted(self, Path(path))

    @classmethod
    def load(cls, path: FilePath) -> Self:
        """Read what `save` wrote, with the vectors memory-mapped from their file.

        Nothing in the files is trusted, and nothing in them is executed.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        FileNotFoundError
            If there is no such file, or no file of the vectors where they were.
        ValueError
            If it is no whole, consistent file, or if the vectors are others.
        """
        nn = cls()
        load_fitted(nn, Path(path))
        return nn
