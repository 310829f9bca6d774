"""Hashing by directions: principal components, these rotated or cut into stripes, or those that
labels single out.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh, orthogonal_procrustes
from sklearn.utils import check_consistent_length, check_random_state

from ..affinity import label_indicator
from ..checks import Floats, Integers, check_integer
from ..lsh import Hasher

# coordinates of an eigenvector that differ by a smaller share of the largest are taken for equal
_ROUNDING = 1e-6


class PCAH(Hasher):
    """Bit k says on which side of the training mean a vector lies along the k-th principal
    component.

    The first components hold most of the variance and the last hardly any, but every bit counts the
    same in the Hamming distance: longer codes can be worse.

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
        # Along components in which points vary by no more than rounding a bit would be noise.
        singular = np.linalg.svd(centred @ self.projections_, compute_uv=False)
        largest = max(singular[0], np.linalg.norm(self.mean_))
        rounding = np.finfo(float).eps * max(centred.shape) * largest
        independent = min(len(centred) - 1, np.sum(singular > rounding))
        check_integer(self.n_bits, "n_bits", high=independent, of="independent directions of X")
        return self


class ITQ(Hasher):
    r"""Iterative quantisation: principal components, turned until their signs lose as little as
    possible.

    With V the training points' principal components, a rotation R and bits B in {-1, +1} are sought
    that make the quantisation loss :math:`\|B - VR\|_F^2` small, from a random rotation on, by
    turns: for a given R the best B is the sign of VR; for a given B the best R comes from a
    singular value decomposition (the orthogonal Procrustes problem).

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
    >>> # PCAH would cut through two of the points
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
            If `n_bits` is not an integer from 1 to the smaller of n and n_features, `n_iter` not
            one of at least 1, or `X` is not a finite two-dimensional array.
        """
        centred = self._centred(X)
        check_integer(self.n_bits, "n_bits", high=min(centred.shape), of="rows or columns of X")
        components = principal_components(centred, self.n_bits)
        self.projections_ = components @ quantising_rotation(
            centred @ components, self.n_iter, self.random_state
        )
        return self


def quantising_rotation(V: Floats, n_iter: int, random_state: Any) -> Floats:
    """Find a rotation R that makes ||B - VR||^2 small, B being the signs of VR."""
    random = check_random_state(random_state)
    b = V.shape[1]
    rotation, _, _ = np.linalg.svd(random.standard_normal((b, b)))
    for _ in range(n_iter):
        rotation, _ = orthogonal_procrustes(V, signs(V @ rotation))
    return rotation


class SpectralHashing(Hasher):
    r"""Bits that are balanced, uncorrelated, and rarely differ between near neighbours, if the data
    fill a box.

    Codes that minimise :math:`\sum_{ij} W_{ij} \|b_i - b_j\|^2`, where W is the affinity of points
    i and j, subject to balanced and uncorrelated bits, are hard to find. Without the demand that
    they be -1 or +1 they are eigenvectors of the graph's Laplacian; and for points spread evenly
    over a box, eigenfunctions that are known: along a side from a to b, :math:`\sin(\pi/2 + m \pi
    (x - a) / (b - a))` for m = 1, 2, ..., with an eigenvalue that grows with m / (b - a). The box
    is that of the training points' principal components. Long sides are cut several times, into
    ever shorter stripes, before short ones are cut at all.

    Parameters
    ----------
    n_bits : int, default=16
        Eigenfunctions with the smallest eigenvalues, and so bits of a code. The principal
        components are as many, or as many as there are features or training points.

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
    >>> # halves of the long side, then its quarters
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
        place = (centred @ self.projections_ - self.lowest_)[:, self.components_]
        sides = (self.highest_ - self.lowest_)[self.components_]
        return np.sin(np.pi / 2 + np.pi * self.modes_ * place / sides)


def smoothest_modes(sides: Floats, n_modes: int) -> tuple[Integers, Integers]:
    """Choose the eigenfunctions of a box with the smallest m / length.

    The side and the m of each.
    """
    if not sides.max() > 0:
        raise ValueError(
            "X must hold at least two different rows for spectral hashing, got one row over and "
            "over"
        )
    long = np.flatnonzero(sides > 1e-9 * sides.max())  # what is shorter is rounding
    modes = np.arange(1, n_modes + 1)
    frequency = modes / sides[long, None]
    order = np.argsort(frequency, axis=None, kind="stable")[:n_modes]
    side, place = np.unravel_index(order, frequency.shape)
    return long[side], modes[place]


class CCAITQ(Hasher):
    r"""Supervised iterative quantisation: canonical correlation analysis takes the place of
    principal components.

    Between features X and a 0/1 indicator Y of the labels, both centred, directions w are sought
    that maximise the correlation, regularised by r: the eigenvectors of

    .. math:: X^T Y (Y^T Y)^+ Y^T X \, w = \rho^2 (X^T X + r I) \, w

    The n_bits first, each weighted by its correlation :math:`\rho`, are rotated as in :class:`ITQ`.
    C classes give only C - 1 directions with a correlation above 0; the rotation spreads these over
    all bits.

    Parameters
    ----------
    n_bits : int, default=16
        Directions, and so bits of a code; at most as many as there are features or training points.
    ridge : float, default=0.3
        The regulariser r, as a multiple of the features' mean variance. It decides the result more
        than anything else: where there are few labels for many features, a small one fits noise. On
        validation queries of 1,000 labelled images 0.1 or less is best for Fashion-MNIST and 1 for
        CIFAR-10; the default lies between and loses little on either.
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
    The eigenvectors are those of the generalised problem, w^T (X^T X + r I) w = 1. Scaled to unit
    length instead, as M. Borga's program has them, they rank better with a small r and worse with
    the best.

    Classes become the columns of a dense indicator, whose singular vectors are found: with C of
    them ``fit`` takes O(n C) memory, a few arrays of this size, and O(n C min(n, C)) time. So it
    does with C labels.

    References
    ----------
    Y. Gong and S. Lazebnik, "Iterative quantization: a Procrustean approach to learning binary
    codes", CVPR 2011, section 3.

    Examples
    --------
    >>> # PCAH would choose the second feature
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
        self.projections_ = weighted @ quantising_rotation(
            centred @ weighted, self.n_iter, self.random_state
        )
        return self


def canonical_directions(
    centred: Floats, labels: Floats, n_directions: int, ridge: float
) -> tuple[Floats, Floats]:
    """Find the directions in which features and labels are most correlated, and these
    correlations.
    """
    of_labels = labels - labels.mean(axis=0)
    left, singular, _ = np.linalg.svd(of_labels, full_matrices=False)
    # The projection on the span of the labels is left @ left.T, without the directions that
    # centring emptied.
    basis = left[:, singular > 1e-9 * np.sqrt(labels.size)]
    n, d = centred.shape
    scale = np.sqrt(np.mean(centred**2)) or 1.0
    points = centred / scale
    within = points.T @ points / n + ridge * np.eye(d)
    shared = points.T @ basis
    squared, directions = eigh(
        shared @ shared.T / n, within, subset_by_index=[d - n_directions, d - 1]
    )
    correlations = np.sqrt(np.clip(squared[::-1], 0, 1))
    correlations[basis.shape[1] :] = 0  # rounding, but for which there is no correlation left
    if (
        n_directions == d
    ):  # LAPACK finds all of them in another way, where rounding decides the signs
        directions = with_settled_signs(directions)
    return directions[:, ::-1], correlations


def checked_labels(y: Any, points: Floats) -> Floats:
    """Return labels as an (n, n_labels) indicator, or say why nothing can be learned from them."""
    labels = label_indicator(y)
    check_consistent_length(points, labels)
    if (labels == labels[0]).all():
        raise ValueError("y must hold at least two classes, or sets of labels, got one class only")
    return labels


def principal_components(centred: Floats, n_components: int) -> Floats:
    """Find the orthogonal directions along which features vary most, as unit columns, the largest
    variance first.
    """
    n, d = centred.shape
    if n >= d:  # the smaller of the two matrices has the same spectrum
        _, vectors = np.linalg.eigh(centred.T @ centred)
        vectors = vectors[:, ::-1]
    else:
        vectors = np.linalg.svd(centred, full_matrices=False)[2].T
    return with_settled_signs(vectors[:, :n_components])


def with_settled_signs(vectors: Floats) -> Floats:
    """Turn each column so that its largest coordinate is positive: an eigenvector may come with
    either sign.

    Of coordinates as large but for rounding the first one decides, so that the sign is the same on
    every machine.

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
