"""Hash by principal components.

PCAH takes their signs, ITQ rotates them first, and spectral hashing cuts them into stripes.
"""

from typing import Any, ClassVar, Self

import numpy as np

from ..cca import quantising_rotation
from ..checks import ArrayLike, Floats, Integers, check_integer
from ..linalg import principal_components
from ..lsh import Hasher


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

    _constraints: ClassVar = {"n_iter": check_integer}

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
