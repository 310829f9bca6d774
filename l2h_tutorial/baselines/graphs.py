"""Hash by the smoothest functions on a graph: of anchors (AGH), or of neighbours (STH)."""

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, eigsh
from scipy.special import softmax
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import check_random_state

from ..affinity import checked_labels, label_sets
from ..checks import ArrayLike, Bits, Floats, check_integer, check_positive, one_of
from ..linalg import with_settled_signs
from ..lsh import Hasher
from ..machines import KernelModel, LinearModel, cluster_centres, gaussian_kernel, svm_weights

# Iterations of k-means for the anchors: they need only be spread over the data, and the paper stops
# early too.
_KMEANS_ITER = 10


class AGH(Hasher):
    r"""Hash by an anchor graph: cut the data where the graph is thin, in linear time.

    The anchors are the centres of k-means. Every point is joined with its nearest few anchors, with
    weights Z whose rows sum to 1. The graph of the points is :math:`A = Z \Lambda^{-1} Z^T`, where
    :math:`\Lambda` holds the sums of the columns of Z; it is never built.

    Good codes make :math:`\sum_{ij} A_{ij} \|b_i - b_j\|^2` small, with balanced and uncorrelated
    bits. If values other than -1 and +1 are allowed, they are the eigenvectors of A with the
    largest eigenvalues after the first, which is constant. These eigenvectors are Z P, where P
    comes from a matrix with a row and a column for each anchor. So Z P encodes new points too.

    With one layer a bit is the sign of an eigenvector. With two layers half as many eigenvectors
    are used. Each gives a second bit, which cuts both sides of the first again, at the two
    thresholds that disturb the graph least.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code. With one layer at most one fewer than there are anchors; with two, twice as
        many.
    n_anchors : int, default=300
        Centres of k-means. With no more different training points than this, each one is an anchor.
    n_neighbours : int, default=3
        Anchors that a point is joined with; all where there are fewer.
    n_layers : {1, 2}, default=1
    random_state : int, RandomState instance or None, default=None
        Starts k-means.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    anchors_ : (n_anchors, n_features) array of float64
        The anchors minus the mean.
    bandwidth_ : float
        Bandwidth of the weights exp(-(distance / bandwidth)^2): the mean distance of a training
        point from the farthest anchor that it is joined with.
    projections_ : (n_anchors, n_vectors) array of float64
        P.
    thresholds_ : (2, n_bits // 2) array of float64
        With two layers, where the second bits cut the upper and the lower side of an eigenvector.
    n_features_in_ : int

    References
    ----------
    W. Liu, J. Wang, S. Kumar and S.-F. Chang, "Hashing with graphs", ICML 2011.

    Examples
    --------
    >>> X = np.array([[0.0, 0], [1, 0], [0, 1], [9, 9], [8, 9], [9, 8]])
    >>> bits = AGH(1, random_state=0).fit_transform(X).ravel()
    >>> bits == bits[0]
    array([ True,  True,  True, False, False, False])
    """

    _constraints: ClassVar = {
        "n_anchors": check_integer,
        "n_neighbours": check_integer,
        "n_layers": one_of(1, 2),
    }

    def __init__(
        self,
        n_bits: int = 16,
        *,
        n_anchors: int = 300,
        n_neighbours: int = 3,
        n_layers: int = 1,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.n_anchors = n_anchors
        self.n_neighbours = n_neighbours
        self.n_layers = n_layers
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the anchors, the eigenvectors of their graph, and the thresholds.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of its range, there are fewer eigenvectors than the bits need, or
            `X` is not a finite two-dimensional array.
        """
        centred = self._centred(X)
        self.anchors_ = np.unique(centred, axis=0)
        if len(self.anchors_) > self.n_anchors:
            self.anchors_ = cluster_centres(
                centred, self.n_anchors, self.random_state, max_iter=_KMEANS_ITER
            )
        n_anchors = len(self.anchors_)
        possible = self.n_layers * (n_anchors - 1)
        check_integer(
            self.n_bits, "n_bits", high=possible, of=f"bits that {n_anchors} anchors can give"
        )
        weights, self.bandwidth_ = anchor_weights(centred, self.anchors_, self.n_neighbours)
        # Z P are the eigenvectors of Z L^-1 Z^T if L^1/2 P are those of the small matrix
        # L^-1/2 Z^T Z L^-1/2.
        mass = weights.sum(axis=0)
        scale = 1 / np.sqrt(np.where(mass > 0, mass, 1.0))  # an anchor may have no points
        scaled = sparse.csr_array(weights.multiply(scale))
        # Subtract the constant eigenvector, so that it comes last, also where the graph falls into
        # several parts.
        constant = np.sqrt(mass / mass.sum())
        others = (scaled.T @ scaled).toarray() - np.outer(constant, constant)
        n_vectors = -(-self.n_bits // self.n_layers)
        _, vectors = np.linalg.eigh(others)
        self.projections_ = scale[:, None] * with_settled_signs(vectors[:, ::-1][:, :n_vectors])
        if self.n_layers == 2:
            cut_twice = weights @ self.projections_[:, : self.n_bits // 2]
            self.thresholds_ = second_thresholds(scaled, cut_twice)
        return self

    def _scores(self, centred: Floats) -> Floats:
        weights, _ = anchor_weights(centred, self.anchors_, self.n_neighbours, self.bandwidth_)
        vectors = weights @ self.projections_
        if self.n_layers == 1:
            return vectors
        upper, lower = self.thresholds_
        cut_twice = vectors[:, : len(upper)]
        second = np.where(cut_twice >= 0, cut_twice - upper, lower - cut_twice)
        return np.hstack([vectors, second])


def anchor_weights(
    points: Floats, anchors: Floats, n_neighbours: int, bandwidth: float | None = None
) -> tuple[sparse.csr_array, float]:
    """Return Gaussian weights of each point's nearest anchors, and their bandwidth.

    The weights of a point sum to 1.
    """
    k = min(n_neighbours, len(anchors))
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(anchors)
    weights = sparse.csr_array(search.kneighbors_graph(points, mode="distance"))
    distances = weights.data.reshape(-1, k)
    bandwidth = bandwidth or float(distances.max(axis=1).mean()) or 1.0
    # A softmax, because the Gaussians of a far point may all be rounded to 0.
    weights.data = softmax(-((distances / bandwidth) ** 2), axis=1).ravel()
    return weights, bandwidth


def second_thresholds(scaled: sparse.csr_array, vectors: Floats) -> Floats:
    """Return where to cut the two sides of each eigenvector so that few neighbours are separated.

    A vector y is folded to u = y - upper where y >= 0, and lower - y elsewhere. Of all pairs of
    thresholds for which u sums to 0, the pair is chosen that makes u^T (I - A) u smallest. A, the
    graph, is `scaled` times its transpose.
    """
    above = vectors >= 0
    sizes = np.maximum([above.sum(axis=0), (~above).sum(axis=0)], 1)
    # The mean of each side is one such pair: then each side of u sums to 0. From there the pair can
    # move along one direction only.
    upper = vectors.clip(0).sum(axis=0) / sizes[0]
    lower = vectors.clip(None, 0).sum(axis=0) / sizes[1]
    folded = np.where(above, vectors - upper, lower - vectors)
    direction = np.where(above, 1 / sizes[0], -1 / sizes[1])
    moved = direction - scaled @ (scaled.T @ direction)
    curvature = (moved * direction).sum(axis=0)
    step = (moved * folded).sum(axis=0) / np.where(curvature > 1e-12, curvature, np.inf)
    return np.array([upper, lower]) + step / sizes


class STH(Hasher):
    r"""Hash by self-taught hashing: take codes from a graph, and teach them to classifiers.

    First the training points get codes. W is the adjacency of a graph of these points, D holds its
    degrees, and L = D - W. The codes come from the smoothest functions on the graph after the
    constant one:

    .. math::
        \min_V \; \mathrm{tr}(V^T L V) \quad \text{subject to} \quad
        V^T D V = I, \; V^T D \mathbf{1} = 0

    They are eigenvectors of :math:`L v = \lambda D v`. A bit says whether a point is above the
    median of one of them. New points have no place in the graph. So for each bit a support vector
    machine learns the codes from the features.

    ``fit(X)`` joins each point with its nearest neighbours, as in the paper. ``fit(X, y)`` joins it
    with its nearest neighbours among the points that share a label with it, which makes the method
    supervised. With C classes the graph then falls into C parts or more. Functions that are
    constant within each part are perfectly smooth, and there are C - 1 or more of them. Any basis
    of them will do, and one is drawn at random. Functions after these mostly tell a few points of
    one class from all others, which the classifiers hardly learn.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code, fewer than training points.
    classifier : {"linear-svm", "rbf-svm"}, default="linear-svm"
        Support vector machines without or with a Gaussian kernel.
    C : float, default=1.0
        Inverse strength of the regularisation of the support vector machines. They see the centred
        features, divided by one number, after which the mean squared norm of the training points is
        1.
    gamma : float, default=2.0
        Width of the kernel exp(-gamma squared distance), in units of 1 / the median squared
        distance of training points.
    n_neighbours : int, default=25
        Neighbours of each point in the graph; all possible ones where there are fewer.
    random_state : int, RandomState instance or None, default=None
        Draws the basis of the perfectly smooth functions, and where the search for eigenvectors
        starts. Then seeds the linear support vector machines.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    codes_ : (n, n_bits) array of bool
        The codes of the training points, which the classifiers are taught.
    scale_ : float
        For "linear-svm" only: what the centred features are divided by.
    model_ : object
        Scores the bits of centred features: with ``weights`` of the features, or of the kernels
        around the training points that are a support vector of any bit, and ``intercepts``.
    n_features_in_ : int

    Notes
    -----
    Labels are a dense indicator: with C classes or labels ``fit(X, y)`` takes O(n C) memory, and
    O(n C) time for each class, or different set of labels, to find the points that share a label
    with it.

    References
    ----------
    D. Zhang, J. Wang, D. Cai and J. Lu, "Self-taught hashing for fast similarity search", SIGIR
    2010.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0], [9.0]])
    >>> STH(1, n_neighbours=2, random_state=0).fit_transform(X).ravel()
    array([False, False, False,  True,  True,  True])
    >>> supervised = STH(1, classifier="rbf-svm", gamma=9, random_state=0)
    >>> supervised.fit_transform(X, list("abbbaa")).ravel()
    array([False,  True,  True,  True, False, False])
    """

    _constraints: ClassVar = {
        "classifier": one_of("linear-svm", "rbf-svm"),
        "C": check_positive,
        "gamma": check_positive,
        "n_neighbours": check_integer,
    }

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
            Without it, points are neighbours whatever their labels.

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of its range, `X` is not a finite two-dimensional array, or `y` is
            of another length, neither classes nor an indicator, the same for all points, or leaves
            a point without a label.
        """
        centred = self._centred(X)
        n = len(centred)
        check_integer(self.n_bits, "n_bits", high=n - 1, of="training points but one")
        random = check_random_state(self.random_state)
        labels = np.ones((n, 1)) if y is None else checked_labels(y, centred)
        graph = neighbour_graph(centred, labels, self.n_neighbours)
        self.codes_ = halved(smooth_vectors(graph, self.n_bits, random))
        if self.classifier == "linear-svm":
            svm = LinearSVC(
                C=self.C, loss="hinge", max_iter=10_000, random_state=random.randint(2**31 - 1)
            )
            weights, intercepts = svm_weights(svm, self._standardised(centred), self.codes_)
            self.model_ = LinearModel(weights / self.scale_, intercepts)
        else:
            svm = SVC(C=self.C, kernel="precomputed")
            kernel, gamma = gaussian_kernel(centred, self.gamma)
            weights, intercepts = svm_weights(svm, kernel, self.codes_)
            support = weights.any(axis=1)
            self.model_ = KernelModel(weights[support], intercepts, centred[support], gamma)
        return self

    def _scores(self, centred: Floats) -> Floats:
        return self.model_.scores(centred)


def neighbour_graph(points: Floats, labels: Floats, n_neighbours: int) -> sparse.csr_array:
    """Join each point with its nearest neighbours among the points that share a label with it.

    An edge weighs 1 / (1 + squared distance / the mean of all). The paper has the cosine, which is
    for features that are never negative.
    """
    sets, groups = label_sets(labels)
    rows = []
    columns = []
    distances = []
    for group, labels_of_group in enumerate(sets):
        members = np.flatnonzero(groups == group)
        candidates = np.flatnonzero(labels @ labels_of_group)
        k = min(n_neighbours + 1, len(candidates))  # the point itself is one of them
        search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points[candidates])
        group_distances, nearest = search.kneighbors(points[members])
        rows.append(np.repeat(members, k))
        columns.append(candidates[nearest].ravel())
        distances.append(group_distances.ravel())
    squared = np.concatenate(distances) ** 2
    weights = 1 / (1 + squared / (squared.mean() or 1.0))
    places = np.concatenate(rows), np.concatenate(columns)
    directed = sparse.csr_array((weights, places), shape=(len(points), len(points)))
    return sparse.csr_array(directed.maximum(directed.T).maximum(sparse.eye_array(len(points))))


def smooth_vectors(
    graph: sparse.csr_array, n_vectors: int, random: np.random.RandomState
) -> Floats:
    """Return the smoothest functions on a graph after the constant one, smoothest first.

    They are eigenvectors v of L v = lambda D v. Those with lambda = 0 are constant within each part
    of the graph that has no edge to another. Of these a basis is drawn at random.
    """
    n = graph.shape[0]
    root = np.sqrt(np.asarray(graph.sum(axis=1)).ravel())
    n_parts, parts = connected_components(graph, directed=False)
    indicators = np.where(parts[:, None] == np.arange(n_parts), root[:, None], 0.0)
    lengths = np.linalg.norm(indicators, axis=0)
    indicators /= lengths
    others = random.standard_normal((n_parts, n_parts - 1))
    # The lengths are the coordinates of the constant function; the basis without its first column
    # is orthogonal to it.
    basis, _ = np.linalg.qr(np.column_stack([lengths, others]))
    vectors = indicators @ basis[:, 1:]
    n_missing = n_vectors - vectors.shape[1]
    if n_missing > 0:
        # D^-1/2 W D^-1/2 has the eigenvalues 1 - lambda, which are above -1. Lower those of the
        # functions found so far to -1, so that they come last.
        normalised = graph / root[:, None] / root

        def without_found(v: Floats) -> Floats:
            return normalised @ v - 2 * indicators @ (indicators.T @ v)

        if 4 * n_missing < n:
            product = LinearOperator((n, n), without_found, dtype=float)
            _, smooth = eigsh(product, n_missing, which="LA", v0=random.standard_normal(n))
        else:
            _, smooth = np.linalg.eigh(normalised.toarray() - 2 * indicators @ indicators.T)
        vectors = np.hstack([vectors, with_settled_signs(smooth[:, ::-1][:, :n_missing])])
    return vectors[:, :n_vectors] / root[:, None]


def halved(vectors: Floats) -> Bits:
    """Cut each column at its median; points at the median go where the halves become more equal."""
    # Points with the same neighbours have the same value up to rounding, and belong on one side.
    largest = abs(vectors).max(axis=0)
    vectors = (vectors / np.where(largest > 0, largest, 1.0)).round(9)
    median = np.median(vectors, axis=0)
    above = vectors > median
    not_below = vectors >= median
    more_below = above.sum(axis=0) + not_below.sum(axis=0) < len(vectors)
    return np.where(more_below, not_below, above)
