"""Self-taught hashing: codes of the training points from a graph, then one classifier a bit that is taught them."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import check_random_state

from ..checks import check_integer, check_positive
from .anchors import kernel_gamma
from .base import CentredHasher, with_settled_signs
from .labels import label_sets, required_labels

__all__ = ["STH", "halved", "neighbour_graph", "smooth_vectors"]

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

CLASSIFIERS = ("linear-svm", "rbf-svm")


class STH(CentredHasher):
    r"""Self-taught hashing: codes of the training points from the Laplacian of a graph, and a classifier for each bit.

    First the training points get codes. With W the adjacency of a graph of these points, D its degrees and L = D - W,
    the smoothest functions on the graph are sought, after the constant one:

    .. math:: \min_V \; \mathrm{tr}(V^T L V) \quad \text{subject to} \quad V^T D V = I, \; V^T D \mathbf{1} = 0

    They are eigenvectors of :math:`L v = \lambda D v`. A bit says whether a point has more than the median of one.
    Then, as new points have no place in the graph, a support vector machine is taught each bit from the features.

    ``fit(X)`` joins each point with its nearest neighbours, as in the paper. ``fit(X, y)`` joins it with its nearest
    neighbours among the points that share a label with it, which makes the method supervised. With C classes the graph
    then falls into C parts or more, and C - 1 functions or more are perfectly smooth, and equally so: those that are
    the same within each part. Any basis of them will do, and one is drawn at random. Functions after these mostly tell
    a few points of one class from all others, which the classifiers hardly learn.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code, fewer than training points.
    classifier : {"linear-svm", "rbf-svm"}, default="linear-svm"
        Without and with a Gaussian kernel.
    C : float, default=1.0
        Inverse strength of the regularisation of the support vector machines. They see the features less their mean,
        divided by one number, after which the mean squared norm of the training points is 1.
    gamma : float, default=2.0
        Of the kernel exp(-gamma squared distance), in units of 1 / the median squared distance of training points.
    n_neighbours : int, default=25
        Neighbours of each point in the graph; all that there are to choose from where these are fewer.
    random_state : int, RandomState instance or None, default=None
        Draws what the eigenproblem leaves open, then seeds the linear support vector machines.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    codes_ : (n, n_bits) array of bool
        The codes of the training points, which the classifiers are taught.
    coefficients_ : (n_features, n_bits) or (n_support, n_bits) array of float64
        Of the features, or of the kernels around the support vectors.
    intercepts_ : (n_bits,) array of float64
    support_vectors_ : (n_support, n_features) array of float64
        Of "rbf-svm": the training points, less the mean, that have a coefficient in any bit.
    gamma_ : float
        Of "rbf-svm": of the kernel, in the units of the features.
    n_features_in_ : int

    Notes
    -----
    Labels are a dense indicator: with C classes or labels ``fit(X, y)`` takes O(n C) memory, and O(n C) time for each
    class, or different set of labels, to find the points that share a label with it.

    References
    ----------
    D. Zhang, J. Wang, D. Cai and J. Lu, "Self-taught hashing for fast similarity search", SIGIR 2010.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0], [9.0]])
    >>> STH(1, n_neighbours=2, random_state=0).fit_transform(X).ravel()
    array([False, False, False,  True,  True,  True])
    >>> STH(1, classifier="rbf-svm", gamma=9, random_state=0).fit_transform(X, list("abbbaa")).ravel()
    array([False,  True,  True,  True, False, False])
    """

    def __init__(
        self,
        n_bits: int = 16,
        *,
        classifier: str = "linear-svm",
        C: float = 1.0,
        gamma: float = 2.0,
        n_neighbours: int = 25,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.classifier = classifier
        self.C = C
        self.gamma = gamma
        self.n_neighbours = n_neighbours
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the codes of the training points, and teach the classifiers.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : (n,) array of classes, or (n, n_labels) 0/1 indicator, dense or sparse, optional
            Without, points are neighbours whatever their labels.

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of its range, `X` is not a finite two-dimensional array, or `y` is of another length,
            neither classes nor an indicator, the same for all points, or leaves a point without a label.
        """
        n_bits, n_neighbours = check_integer(self.n_bits, "n_bits"), check_integer(self.n_neighbours, "n_neighbours")
        C, gamma = check_positive(self.C, "C"), check_positive(self.gamma, "gamma")
        if self.classifier not in CLASSIFIERS:
            raise ValueError(f"classifier must be one of {CLASSIFIERS}, got {self.classifier!r}")
        centred = self._centred(X)
        n = len(centred)
        if n_bits >= n:
            raise ValueError(f"n_bits must be at most {n - 1}, fewer than n_samples = {n}; got {n_bits}")
        random = check_random_state(self.random_state)
        labels = np.ones((n, 1)) if y is None else required_labels(y, centred, self)
        self.codes_ = halved(smooth_vectors(neighbour_graph(centred, labels, n_neighbours), n_bits, random))
        if self.classifier == "linear-svm":
            self._teach_linear(centred, C, random.randint(2**31 - 1))
        else:
            self._teach_gaussian(centred, C, kernel_gamma(centred, gamma))
        self._n_features_out = n_bits
        return self

    def _teach_linear(self, centred: Floats, C: float, seed: int) -> None:
        scale = float(np.linalg.norm(centred) / np.sqrt(len(centred))) or 1.0
        svm = LinearSVC(C=C, loss="hinge", dual=True, max_iter=10_000, random_state=seed)
        fitted = [(svm.fit(centred / scale, bit).coef_[0] / scale, svm.intercept_[0]) for bit in self.codes_.T]
        self.coefficients_ = np.column_stack([weights for weights, _ in fitted])
        self.intercepts_ = np.array([intercept for _, intercept in fitted])

    def _teach_gaussian(self, centred: Floats, C: float, gamma: float) -> None:
        kernel = rbf_kernel(centred, gamma=gamma)
        svm = SVC(C=C, kernel="precomputed")
        weights = np.zeros(self.codes_.shape)
        self.intercepts_ = np.empty(self.codes_.shape[1])
        for k, bit in enumerate(self.codes_.T):
            svm.fit(kernel, bit)
            weights[svm.support_, k] = svm.dual_coef_[0]
            self.intercepts_[k] = svm.intercept_[0]
        support = weights.any(axis=1)
        self.support_vectors_, self.coefficients_, self.gamma_ = centred[support], weights[support], gamma

    def _scores(self, centred: Floats) -> Floats:
        if self.classifier == "rbf-svm":
            centred = rbf_kernel(centred, self.support_vectors_, gamma=self.gamma_)
        scores: Floats = centred @ self.coefficients_ + self.intercepts_
        return scores


def neighbour_graph(points: Floats, labels: Floats, n_neighbours: int) -> sparse.csr_array:
    """Join each point with its nearest neighbours among the points with which it has a label in common.

    Parameters
    ----------
    points : (n, d) array of float64
    labels : (n, n_labels) array of float64
        0 or 1.
    n_neighbours : int
        All such points where they are fewer.

    Returns
    -------
    (n, n) csr_array of float64
        1 / (1 + squared distance / the mean of all) where either point is among the other's neighbours, or the points
        are one; else 0. The paper has the cosine, which is for features that are never negative.

    Examples
    --------
    >>> points, labels = np.array([[0.0], [0], [3], [5]]), np.array([[1.0, 0], [0, 1], [1, 0], [1, 0]])
    >>> neighbour_graph(points, labels, 1).toarray().round(2)
    array([[1.  , 0.  , 0.21, 0.  ],
           [0.  , 1.  , 0.  , 0.  ],
           [0.21, 0.  , 1.  , 0.38],
           [0.  , 0.  , 0.38, 1.  ]])
    """
    sets, groups = label_sets(labels)
    rows, columns, distances = [], [], []
    for number, labels_of_set in enumerate(sets):
        members, sharing = np.flatnonzero(groups == number), np.flatnonzero(labels @ labels_of_set)
        search = NearestNeighbors(n_neighbors=min(n_neighbours + 1, len(sharing)), algorithm="brute")  # + itself
        far, nearest = search.fit(points[sharing]).kneighbors(points[members])
        rows.append(np.repeat(members, nearest.shape[1]))
        columns.append(sharing[nearest].ravel())
        distances.append(far.ravel())
    squared = np.concatenate(distances) ** 2
    weights = 1 / (1 + squared / (squared.mean() or 1.0))
    n = len(points)
    directed = sparse.csr_array((weights, (np.concatenate(rows), np.concatenate(columns))), shape=(n, n))
    return sparse.csr_array(directed.maximum(directed.T).maximum(sparse.eye_array(n, format="csr")))


def smooth_vectors(graph: sparse.csr_array, n_vectors: int, random: np.random.RandomState) -> Floats:
    """Find the smoothest functions on a graph after the constant one.

    Parameters
    ----------
    graph : (n, n) csr_array of float64
        W, symmetric, with each point joined to itself.
    n_vectors : int
        Fewer than n.
    random : RandomState

    Returns
    -------
    (n, n_vectors) array of float64
        Eigenvectors v of L v = lambda D v, the smallest lambda first, with v^T D v = 1. First come those with
        lambda = 0, the same within each part of the graph that has no edge to another: a basis drawn at random.

    Examples
    --------
    >>> points, labels = np.array([[0.0], [1.0], [3.0], [4.0]]), np.ones((4, 1))
    >>> graph = neighbour_graph(points, labels, n_neighbours=1)  # 0 with 1 and 3 with 4
    >>> vector = smooth_vectors(graph, 1, np.random.RandomState(0)).ravel()
    >>> (vector / vector[0]).round(2)
    array([ 1.,  1., -1., -1.])
    """
    n = graph.shape[0]
    root = np.sqrt(np.asarray(graph.sum(axis=1)).ravel())
    n_parts, parts = connected_components(graph, directed=False)
    of_parts = np.where(parts[:, None] == np.arange(n_parts), root[:, None], 0.0)
    lengths = np.linalg.norm(of_parts, axis=0)
    of_parts /= lengths
    drawn = np.linalg.qr(np.column_stack([lengths, random.standard_normal((n_parts, n_parts - 1))]))[0]
    vectors = of_parts @ drawn[:, 1:]  # orthogonal to the constant function, whose coordinates the lengths are
    missing = n_vectors - vectors.shape[1]
    if missing > 0:
        # D^-1/2 W D^-1/2 has the eigenvalues 1 - lambda, more than -1; those of the functions found so far become -1.
        normalised = graph / root[:, None] / root
        if 4 * missing < n:
            product = LinearOperator(
                (n, n), lambda v: normalised @ v - 2 * of_parts @ (of_parts.T @ v), dtype=np.float64
            )
            _, others = eigsh(product, missing, which="LA", v0=random.standard_normal(n))
        else:
            _, others = np.linalg.eigh(normalised.toarray() - 2 * of_parts @ of_parts.T)
        vectors = np.column_stack([vectors, with_settled_signs(others[:, ::-1][:, :missing])])
    return vectors[:, :n_vectors] / root[:, None]


def halved(vectors: Floats) -> Bits:
    """Cut each column at its median.

    Parameters
    ----------
    vectors : (n, n_vectors) array of float64

    Returns
    -------
    (n, n_vectors) array of bool
        True above the median. Points at the median, within rounding, are all True where that makes more equal halves.

    Examples
    --------
    >>> halved(np.array([[3.0, 1.0], [1.0, 2.0], [2.0, 2.0], [4.0, 2.0]])).astype(int).T
    array([[1, 0, 0, 1],
           [0, 1, 1, 1]])
    """
    # Points with the same place in the graph have the same value, but for rounding, and belong on the same side.
    largest = np.abs(vectors).max(axis=0)
    vectors = (vectors / np.where(largest > 0, largest, 1.0)).round(9)
    median = np.median(vectors, axis=0)
    above, from_median = vectors > median, vectors >= median
    nearer = np.abs(from_median.mean(axis=0) - 0.5) < np.abs(above.mean(axis=0) - 0.5)
    return np.where(nearer, from_median, above)
