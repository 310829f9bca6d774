"""Anchor graph hashing: neighbours of neighbours, through a few anchors, and the smoothest functions among them."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state

from ..checks import check_integer
from .base import CentredHasher, with_settled_signs

__all__ = ["AGH", "anchor_weights", "second_thresholds"]

Floats = NDArray[np.float64]

_KMEANS_ITER = 10  # anchors need only be spread over the data; the paper stops early too


class AGH(CentredHasher):
    r"""Anchor graph hashing: cut the data where their neighbourhood graph is thin, in time linear in their number.

    Every point is joined with its nearest few of some anchors, the centres of k-means, with weights Z whose rows sum to
    1. The graph of the points, :math:`A = Z \Lambda^{-1} Z^T` with :math:`\Lambda` the sums of the columns of Z,
    is never built. The codes sought make :math:`\sum_{ij} A_{ij} \|b_i - b_j\|^2` small, with balanced and uncorrelated
    bits. Without the demand that bits be -1 or +1 they are the eigenvectors of A with the largest eigenvalues after the
    first, which is constant; and these are Z P, with P from a matrix as small as the number of anchors. So Z P
    encodes new points too.

    With one layer a bit is the sign of an eigenvector. With two, half as many eigenvectors are used, and each gives a
    second bit, which cuts both sides of the first again, at the two thresholds that disturb the graph least.

    Parameters
    ----------
    n_bits : int, default=16
        Bits of a code. With one layer at most one fewer than there are anchors; with two, twice that.
    n_anchors : int, default=300
        Centres of k-means; where there are no more different training points, these.
    n_neighbours : int, default=3
        Anchors that a point is joined with; all where there are fewer.
    n_layers : {1, 2}, default=1
    random_state : int, RandomState instance or None, default=None
        Starts k-means.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    anchors_ : (n_anchors, n_features) array of float64
        Less the mean.
    bandwidth_ : float
        Of the weights exp(-(distance / bandwidth)^2): the mean distance of a training point from the farthest anchor
        that it is joined with.
    projections_ : (n_anchors, n_vectors) array of float64
        P.
    eigenvalues_ : (n_vectors,) array of float64
        The largest first.
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
            If a parameter is out of its range, there are fewer eigenvectors than the bits need, or `X` is not a finite
            two-dimensional array.
        """
        n_bits, n_anchors = check_integer(self.n_bits, "n_bits"), check_integer(self.n_anchors, "n_anchors")
        check_integer(self.n_neighbours, "n_neighbours")
        if self.n_layers not in (1, 2):
            raise ValueError(f"n_layers must be 1 or 2, got {self.n_layers!r}")
        centred = self._centred(X)
        self.anchors_ = find_anchors(centred, n_anchors, check_random_state(self.random_state))
        possible = self.n_layers * (len(self.anchors_) - 1)
        if n_bits > possible:
            raise ValueError(
                f"n_bits must be at most {possible}, {self.n_layers} for each anchor after the first; "
                f"got {n_bits} with {len(self.anchors_)} anchors"
            )
        distances, nearest = self._nearest(centred)
        self.bandwidth_ = float(distances.max(axis=1).mean()) or 1.0
        weights = anchor_weights(distances, nearest, len(self.anchors_), self.bandwidth_)
        self.projections_, self.eigenvalues_ = graph_eigenvectors(weights, -(-n_bits // self.n_layers))
        if self.n_layers == 2:
            twice = self.projections_[:, : n_bits // 2]
            self.thresholds_ = second_thresholds(weights, weights @ twice)
        self._n_features_out = n_bits
        return self

    def _nearest(self, centred: Floats) -> tuple[Floats, NDArray[np.intp]]:
        """Return the distances of the nearest anchors of each point, and which they are."""
        search = NearestNeighbors(n_neighbors=min(self.n_neighbours, len(self.anchors_)), algorithm="brute")
        found: tuple[Floats, NDArray[np.intp]] = search.fit(self.anchors_).kneighbors(centred)
        return found

    def _scores(self, centred: Floats) -> Floats:
        weights = anchor_weights(*self._nearest(centred), len(self.anchors_), self.bandwidth_)
        vectors: Floats = weights @ self.projections_
        if self.n_layers == 1:
            return vectors
        upper, lower = self.thresholds_
        twice = vectors[:, : len(upper)]
        return np.hstack([vectors, np.where(twice >= 0, twice - upper, lower - twice)])


def find_anchors(centred: Floats, n_anchors: int, random: np.random.RandomState) -> Floats:
    """Return the centres of k-means, or the different points where they are no more: (n_anchors, d) float64."""
    different = np.unique(centred, axis=0)
    if len(different) <= n_anchors:
        return different
    kmeans = KMeans(n_anchors, n_init=1, max_iter=_KMEANS_ITER, random_state=random)
    anchors: Floats = kmeans.fit(centred).cluster_centers_
    return anchors


def anchor_weights(distances: Floats, nearest: NDArray[np.intp], n_anchors: int, bandwidth: float) -> sparse.csr_array:
    """Weigh the nearest anchors of each point by a Gaussian of their distance; the weights of a point sum to 1.

    Parameters
    ----------
    distances : (n, n_neighbours) array of float64
    nearest : (n, n_neighbours) array of int
        Which anchors they are.
    n_anchors : int
    bandwidth : float

    Returns
    -------
    (n, n_anchors) csr_array of float64

    Examples
    --------
    >>> anchor_weights(np.sqrt([[0.0, np.log(3)]]), np.array([[2, 0]]), n_anchors=3, bandwidth=1.0).toarray()
    array([[0.25, 0.  , 0.75]])
    """
    squared = (distances / bandwidth) ** 2
    # Less the smallest, which the sum divides out again: a far point would else have only weights rounded to 0.
    gaussian = np.exp(squared.min(axis=1, keepdims=True) - squared)
    shares = gaussian / gaussian.sum(axis=1, keepdims=True)
    n, n_neighbours = nearest.shape
    starts = np.arange(n + 1) * n_neighbours
    return sparse.csr_array((shares.ravel(), nearest.ravel(), starts), shape=(n, n_anchors))


def graph_eigenvectors(weights: sparse.csr_array, n_vectors: int) -> tuple[Floats, Floats]:
    """Find P such that Z P are eigenvectors of the anchor graph Z L^-1 Z^T, after the constant one.

    Parameters
    ----------
    weights : (n, n_anchors) csr_array of float64
        Z; L holds the sums of its columns.
    n_vectors : int

    Returns
    -------
    projections : (n_anchors, n_vectors) array of float64
        P.
    eigenvalues : (n_vectors,) array of float64
        The largest first.

    Examples
    --------
    >>> weights = sparse.csr_array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    >>> projections, eigenvalues = graph_eigenvectors(weights, 1)
    >>> eigenvalues.round(2), (weights @ projections).ravel() > 0
    (array([0.64]), array([ True,  True, False, False]))
    """
    scaled, scale, mass = _normalised(weights)
    constant = np.sqrt(mass / mass.sum())
    # What is left has the same eigenvectors, the constant one last: also where the graph falls into several parts.
    values, vectors = np.linalg.eigh((scaled.T @ scaled).toarray() - np.outer(constant, constant))
    chosen = with_settled_signs(vectors[:, ::-1][:, :n_vectors])
    return scale[:, None] * chosen, values[::-1][:n_vectors]


def second_thresholds(weights: sparse.csr_array, vectors: Floats) -> Floats:
    """Find where to cut the two sides of each eigenvector again, so that neighbours in the graph are parted least.

    A vector y is folded to u = y - upper where y >= 0, and lower - y elsewhere. Of all pairs of thresholds with which u
    sums to 0, the pair is chosen that makes u^T (I - A) u smallest, A being the anchor graph.

    Parameters
    ----------
    weights : (n, n_anchors) csr_array of float64
        Z, from which A = Z L^-1 Z^T.
    vectors : (n, n_vectors) array of float64

    Returns
    -------
    (2, n_vectors) array of float64
        Upper and lower.

    Examples
    --------
    >>> y = np.array([[4.0], [2.0], [-1.0], [-3.0], [-5.0]])
    >>> second_thresholds(sparse.eye_array(5, format="csr"), y).ravel()  # every point alone
    array([ 3., -3.])
    """
    scaled, _, _ = _normalised(weights)
    above = vectors >= 0
    n_above, n_below = np.maximum(above.sum(axis=0), 1), np.maximum((~above).sum(axis=0), 1)
    # One pair that makes the sum 0 has each side sum to 0; from it upper and lower can move along one direction only.
    upper, lower = (vectors * above).sum(axis=0) / n_above, (vectors * ~above).sum(axis=0) / n_below
    folded = np.where(above, vectors - upper, lower - vectors)
    direction = np.where(above, 1 / n_above, -1 / n_below)
    moved = direction - scaled @ (scaled.T @ direction)
    curvature = (moved * direction).sum(axis=0)
    step = (moved * folded).sum(axis=0) / np.where(curvature > 1e-12, curvature, np.inf)
    return np.array([upper + step / n_above, lower + step / n_below])


def _normalised(weights: sparse.csr_array) -> tuple[sparse.csr_array, Floats, Floats]:
    """Return Z L^-1/2, the diagonal of L^-1/2, and that of L."""
    mass = weights.sum(axis=0)
    scale = 1 / np.sqrt(np.where(mass > 0, mass, 1.0))  # an anchor may be nobody's
    return sparse.csr_array(weights.multiply(scale)), scale, mass
