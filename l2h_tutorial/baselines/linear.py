"""Hash by directions: principal components, or those that correlate most with labels.

PCAH takes the signs of principal components, ITQ rotates them first, and spectral hashing cuts them
into stripes. CCA-ITQ rotates the directions that correlate most with the labels.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh, orthogonal_procrustes
from sklearn.utils import check_consistent_length, check_random_state

from ..affinity import label_indicator
from ..checks import Floats, Integers, check_integer
from ..lsh import Hasher

# Coordinates of an eigenvector count as equal if they differ by a smaller share of the largest.
_ROUNDING = 1e-6


class PCAH(Hasher):
    """Hash by signs of principal components: bit k is the vector's side of the mean along the k-th.

    The first components hold most of the variance and the last hardly any. But every bit counts the
    same in the Hamming distance, so longer codes can be worse.

    Parameters
    ----------
    n_bits : int, default=16
        Components, and so bits of a code; at most as many as there are linearly independent
        features, and fewer than training points.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    projections_ : (n_features, n_bits) array of float64
        A column is a principal component, of length 1.
    n_features_in_ : int

    References
    ----------
    X.-J. Wang, L. Zhang, F. Jing and W.-Y. Ma, "AnnoSearch: image auto-annotation by search", CVPR
    2006; named PCAH in J. Wang, S. Kumar and S.-F. Chang, "Semi-supervised hashing for scalable
    image retrieval", CVPR 2010.

    Examples
    --------
    >>> X = np.array([[-3.0, 1.0], [-2.0, -1.0], [2.0, 1.0], [3.0, -1.0]])
    >>> PCAH(1).fit_transform(X).ravel()
    array([False, False,  True,  True])
    """

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the principal components.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If `n_bits` is not an integer from 1 to the number of linearly independent directions in
            which the rows of X differ from their mean, to rounding in float64, or `X` is not a
            finite two-dimensional array. Features in float32 that are dependent only to their own
            rounding are not recognised.
        """
        centred = self._centred(X)
        self.projections_ = principal_components(centred, self.n_bits)
        # A bit would be noise along a component in which points vary by no more than rounding.
        singular = np.linalg.svd(centred @ self.projections_, compute_uv=False)
        largest = max(singular[0], np.linalg.norm(self.mean_))
        rounding = np.finfo(float).eps * max(centred.shape) * largest
        independent = min(len(centred) - 1, np.sum(singular > rounding))
        check_integer(self.n_bits, "n_bits", high=independent, of="independent directions of X")
        return self


class ITQ(Hasher):
    r"""Hash by iterative quantisation: rotate principal components until their signs lose little.

    V holds the training points' principal components. ITQ seeks a rotation R and bits B in {-1, +1}
    that make the quantisation loss :math:`\|B - VR\|_F^2` small. It starts with a random rotation
    and finds B and R in turn. For a given R the best B is the sign of VR. For a given B the best R
    comes from a singular value decomposition (the orthogonal Procrustes problem).

    Parameters
    ----------
    n_bits : int, default=16
        Components, and so bits of a code; at most as many as there are features or training points.
    n_iter : int, default=50
        How often B and R are found in turn.
    random_state : int, RandomState instance or None, default=None
        Draws the first rotation.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    projections_ : (n_features, n_bits) array of float64
        The principal components times R.
    n_features_in_ : int

    References
    ----------
    Y. Gong and S. Lazebnik, "Iterative quantization: a Procrustean approach to learning binary
    codes", CVPR 2011, section 2.

    Examples
    --------
    >>> # PCAH would cut through two of these points:
    >>> X = np.array([[-3.0, 0.0], [3.0, 0.0], [0.0, 2.0], [0.0, -2.0]])
    >>> itq = ITQ(2, random_state=0).fit(X)
    >>> len(np.unique(itq.transform(X), axis=0))
    4
    """

    def __init__(self, n_bits: int = 16, *, n_iter: int = 50, random_state: Any = None) -> None:
        self.n_bits = n_bits
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the principal components and the rotation.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If `n_bits` is not an integer from 1 to the smaller of n and n_features, `n_iter` is not
            an integer of at least 1, or `X` is not a finite two-dimensional array.
        """
        centred = self._centred(X)
        check_integer(self.n_bits, "n_bits", high=min(centred.shape), of="rows or columns of X")
        components = principal_components(centred, self.n_bits)
        projected = centred @ components
        rotation = quantising_rotation(projected, self.n_iter, self.random_state)
        self.projections_ = components @ rotation
        return self


def quantising_rotation(V: Floats, n_iter: int, random_state: Any) -> Floats:
    """Find a rotation R that makes ||B - VR||^2 small, where B holds the signs of VR."""
    n_bits = V.shape[1]
    gaussian = check_random_state(random_state).standard_normal((n_bits, n_bits))
    rotation, _, _ = np.linalg.svd(gaussian)
    for _ in range(n_iter):
        rotation, _ = orthogonal_procrustes(V, signs(V @ rotation))
    return rotation


class SpectralHashing(Hasher):
    r"""Hash by the smoothest functions on a box: its sides are cut into stripes, the longest first.

    Good codes minimise :math:`\sum_{ij} W_{ij} \|b_i - b_j\|^2`, where W is the affinity of points
    i and j, with balanced and uncorrelated bits. Such codes are hard to find. If values other than
    -1 and +1 are allowed, they are eigenvectors of the graph's Laplacian.

    For points that are spread evenly over a box, these become eigenfunctions that are known: along
    a side from a to b, :math:`\sin(\pi/2 + m \pi (x - a) / (b - a))` for m = 1, 2, ..., with an
    eigenvalue that grows with m / (b - a). The box is that of the training points' principal
    components. Long sides are cut several times, into ever shorter stripes, before short ones are
    cut at all.

    Parameters
    ----------
    n_bits : int, default=16
        Eigenfunctions with the smallest eigenvalues, and so bits of a code. There are as many
        principal components, or fewer where there are fewer features or training points.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    projections_ : (n_features, n_components) array of float64
        A column is a principal component.
    lowest_, highest_ : (n_components,) arrays of float64
        The box: the smallest and largest value of each component on the training points.
    components_, modes_ : (n_bits,) arrays of int64
        For each bit, the component and the m of its eigenfunction, the smoothest first.
    n_features_in_ : int

    References
    ----------
    Y. Weiss, A. Torralba and R. Fergus, "Spectral hashing", NIPS 2008, sections 2 and 3.

    Examples
    --------
    >>> X = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [3.0, 1.0]])
    >>> # First halves of the long side, then its quarters:
    >>> SpectralHashing(2).fit_transform(X).astype(int)
    array([[1, 1],
           [1, 0],
           [0, 0],
           [0, 1]])
    """

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the principal components, their box, and its smoothest eigenfunctions.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If `n_bits` is not an integer of at least 1, or `X` is not a finite two-dimensional
            array with at least two different rows.
        """
        centred = self._centred(X)
        self.projections_ = principal_components(centred, min(self.n_bits, *centred.shape))
        projected = centred @ self.projections_
        self.lowest_ = projected.min(axis=0)
        self.highest_ = projected.max(axis=0)
        self.components_, self.modes_ = smoothest_modes(self.highest_ - self.lowest_, self.n_bits)
        return self

    def _scores(self, centred: Floats) -> Floats:
        positions = (centred @ self.projections_ - self.lowest_)[:, self.components_]
        sides = (self.highest_ - self.lowest_)[self.components_]
        return np.sin(np.pi / 2 + np.pi * self.modes_ * positions / sides)


def smoothest_modes(sides: Floats, n_modes: int) -> tuple[Integers, Integers]:
    """Return the side and the m of the eigenfunctions with the smallest m / length of the side."""
    if not sides.max() > 0:
        raise ValueError(
            "X must hold at least two different rows for spectral hashing, "
            "got one row over and over"
        )
    long_sides = np.flatnonzero(sides > 1e-9 * sides.max())  # a shorter side is rounding
    modes = np.arange(1, n_modes + 1)
    frequencies = modes / sides[long_sides, None]
    order = np.argsort(frequencies, axis=None, kind="stable")[:n_modes]
    rows, columns = np.unravel_index(order, frequencies.shape)
    return long_sides[rows], modes[columns]


class CCAITQ(Hasher):
    r"""Hash as ITQ does, but by directions that correlate with the labels (canonical correlation).

    Features X and a 0/1 indicator Y of the labels are centred. CCA-ITQ seeks directions w of the
    features whose correlation with the labels, regularised by r, is largest. They are the
    eigenvectors of

    .. math:: X^T Y (Y^T Y)^+ Y^T X \, w = \rho^2 (X^T X + r I) \, w

    The first n_bits of them, each weighted by its correlation :math:`\rho`, are rotated as in
    :class:`ITQ`. C classes give only C - 1 directions with a correlation above 0. The rotation
    spreads these over all bits.

    Parameters
    ----------
    n_bits : int, default=16
        Directions, and so bits of a code; at most as many as there are features or training points.
    ridge : float, default=0.3
        The regulariser r, as a multiple of the features' mean variance. It decides the result more
        than anything else. With few labels for many features, a small one fits noise. With 1,000
        labelled images, validation queries prefer 0.1 or less on Fashion-MNIST and 1 on CIFAR-10.
        The default lies between and loses little on either.
    n_iter : int, default=50
        Iterations of the search for the rotation.
    random_state : int, RandomState instance or None, default=None
        Draws the first rotation.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    projections_ : (n_features, n_bits) array of float64
        The weighted directions times the rotation.
    correlations_ : (n_bits,) array of float64
        The regularised correlation of each direction, the largest first.
    n_features_in_ : int

    Notes
    -----
    The eigenvectors are scaled so that w^T (X^T X + r I) w = 1. Scaled to unit length instead, as
    in M. Borga's program, they rank better with a small r and worse with the best r.

    With C classes or labels ``fit`` takes O(n C) memory, for a few arrays of this size, and
    O(n C min(n, C)) time: it finds the singular vectors of a dense indicator.

    References
    ----------
    Y. Gong and S. Lazebnik, "Iterative quantization: a Procrustean approach to learning binary
    codes", CVPR 2011, section 3.

    Examples
    --------
    >>> # PCAH would choose the second feature, which varies more:
    >>> X = np.array([[-1.0, 9.0], [-1.0, -9.0], [1.0, 8.0], [1.0, -8.0]])
    >>> CCAITQ(1, random_state=0).fit(X, ["a", "a", "b", "b"]).projections_.round(3)[1]
    array([0.])
    """

    _needs_labels = True

    def __init__(
        self,
        n_bits: int = 16,
        *,
        ridge: float = 0.3,
        n_iter: int = 50,
        random_state: Any = None,
    ) -> None:
        self.n_bits = n_bits
        self.ridge = ridge
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any) -> Self:
        """Find the directions and the rotation.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : (n,) array of classes, or (n, n_labels) 0/1 indicator, dense or sparse

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of its range, `X` is not a finite two-dimensional array, or `y` is
            missing, of another length, neither classes nor an indicator, or the same for all
            points.
        """
        centred = self._centred(X, y)
        check_integer(self.n_bits, "n_bits", high=min(centred.shape), of="rows or columns of X")
        labels = checked_labels(y, centred)
        directions, self.correlations_ = canonical_directions(
            centred, labels, self.n_bits, self.ridge
        )
        weighted = directions * self.correlations_
        rotation = quantising_rotation(centred @ weighted, self.n_iter, self.random_state)
        self.projections_ = weighted @ rotation
        return self


def canonical_directions(
    centred: Floats, labels: Floats, n_directions: int, ridge: float
) -> tuple[Floats, Floats]:
    """Find the directions in which features and labels correlate most, and the correlations."""
    centred_labels = labels - labels.mean(axis=0)
    left_vectors, singular, _ = np.linalg.svd(centred_labels, full_matrices=False)
    # basis @ basis.T projects on the span of the centred labels. Centring leaves nothing but
    # rounding in some directions; these are dropped.
    basis = left_vectors[:, singular > 1e-9 * np.sqrt(labels.size)]
    n, d = centred.shape
    scale = np.sqrt(np.mean(centred**2)) or 1.0
    points = centred / scale
    within = points.T @ points / n + ridge * np.eye(d)
    shared = points.T @ basis
    squared, directions = eigh(
        shared @ shared.T / n, within, subset_by_index=[d - n_directions, d - 1]
    )
    correlations = np.sqrt(np.clip(squared[::-1], 0, 1))
    correlations[basis.shape[1] :] = 0  # there are no more correlations, only rounding
    if n_directions == d:
        # LAPACK finds all directions in another way than some, by which rounding decides the signs.
        directions = with_settled_signs(directions)
    return directions[:, ::-1], correlations


def checked_labels(y: Any, points: Floats) -> Floats:
    """Return labels as an (n, n_labels) indicator, or refuse those that teach nothing."""
    labels = label_indicator(y)
    check_consistent_length(points, labels)
    if (labels == labels[0]).all():
        raise ValueError("y must hold at least two classes, or sets of labels, got one class only")
    return labels


def principal_components(centred: Floats, n_components: int) -> Floats:
    """Return the unit directions of largest variance as columns, the largest first."""
    n, d = centred.shape
    if n >= d:  # decompose the smaller matrix: both ways give the same directions
        _, vectors = np.linalg.eigh(centred.T @ centred)
        vectors = vectors[:, ::-1]
    else:
        vectors = np.linalg.svd(centred, full_matrices=False)[2].T
    return with_settled_signs(vectors[:, :n_components])


def with_settled_signs(vectors: Floats) -> Floats:
    """Flip columns so that the largest coordinate of each is positive.

    An eigenvector may come with either sign. Among coordinates that are equally large up to
    rounding, the first one decides, so that the sign is the same on every machine.

    Examples
    --------
    >>> with_settled_signs(np.array([[0.6, -0.5], [-0.8, 0.5 + 1e-16]]))
    array([[-0.6,  0.5],
           [ 0.8, -0.5]])
    """
    sizes = abs(vectors)
    largest = (sizes >= (1 - _ROUNDING) * sizes.max(axis=0)).argmax(axis=0)
    return vectors * signs(vectors[largest, range(len(largest))])


def signs(values: Floats) -> Floats:
    """Write +1 for 0 and more, -1 for less."""
    return np.where(values >= 0, 1.0, -1.0)
