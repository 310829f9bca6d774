"""Hashing by principal components: their signs, or the signs after the rotation that quantises them best."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from ..checks import check_integer
from .base import CentredHasher, check_enough, check_independent, principal_components

__all__ = ["ITQ", "PCAH", "quantising_rotation"]

Floats = NDArray[np.float64]


class PCAH(CentredHasher):
    """Bit k says on which side of the training mean a vector lies along the k-th principal component.

    The first components hold most of the variance and the last hardly any, but every bit counts the same in the
    Hamming distance: longer codes can be worse.

    Parameters
    ----------
    n_bits : int, default=16
        Components, and so bits of a code; at most as many as there are linearly independent features, and fewer than
        training points.

    Attributes
    ----------
    mean_ : (n_features,) array of float64
    projections_ : (n_features, n_bits) array of float64
        A column is a principal component, of length 1.
    n_features_in_ : int

    References
    ----------
    X.-J. Wang, L. Zhang, F. Jing and W.-Y. Ma, "AnnoSearch: image auto-annotation by search", CVPR 2006; named PCAH in
    J. Wang, S. Kumar and S.-F. Chang, "Semi-supervised hashing for scalable image retrieval", CVPR 2010.

    Examples
    --------
    >>> X = np.array([[-3.0, 1.0], [-2.0, -1.0], [2.0, 1.0], [3.0, -1.0]])
    >>> PCAH(1).fit_transform(X).ravel()
    array([False, False,  True,  True])
    """

    def __init__(self, n_bits: int = 16) -> None:
        self.n_bits = n_bits

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the principal components.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If `n_bits` is not an integer from 1 to the number of linearly independent directions in which the rows of
            X differ from their mean, to rounding in float64, or `X` is not a finite two-dimensional array. Features in
            float32 that are dependent only to their own rounding are not recognised.
        """
        n_bits = check_integer(self.n_bits, "n_bits")
        centred = self._centred(X)
        check_enough(n_bits, centred)
        components = principal_components(centred, n_bits)
        check_independent(components, centred, self.mean_)
        self.projections_ = components
        self._n_features_out = n_bits
        return self


class ITQ(CentredHasher):
    r"""Iterative quantisation: principal components, turned until their signs lose as little as possible.

    With V the training points' principal components, a rotation R and bits B in {-1, +1} are sought that make the
    quantisation loss :math:`\|B - VR\|_F^2` small, from a random rotation on, by turns: for a given R the best B is
    the sign of VR; for a given B the best R comes from a singular value decomposition (the orthogonal Procrustes
    problem).

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
    losses_ : (n_iter,) array of float64
        In each iteration, the loss a point and bit before R is found anew, V being scaled to mean square 1. It never
        rises.
    n_features_in_ : int

    References
    ----------
    Y. Gong and S. Lazebnik, "Iterative quantization: a Procrustean approach to learning binary codes", CVPR 2011,
    section 2.

    Examples
    --------
    >>> X = np.array([[-3.0, 0.0], [3.0, 0.0], [0.0, 2.0], [0.0, -2.0]])  # PCAH would cut through two of the points
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
            If `n_bits` is not an integer from 1 to the smaller of n and n_features, `n_iter` not one of at least 1, or
            `X` is not a finite two-dimensional array.
        """
        n_bits, n_iter = check_integer(self.n_bits, "n_bits"), check_integer(self.n_iter, "n_iter")
        centred = self._centred(X)
        check_enough(n_bits, centred)
        components = principal_components(centred, n_bits)
        rotation, self.losses_ = quantising_rotation(centred @ components, n_iter, self.random_state)
        self.projections_ = components @ rotation
        self._n_features_out = n_bits
        return self


def quantising_rotation(V: Floats, n_iter: int, random_state: Any) -> tuple[Floats, Floats]:
    """Find a rotation R that makes ||B - VR||^2 small, B being the signs of VR.

    Parameters
    ----------
    V : (n, n_bits) array of float64
        Projections of centred points.
    n_iter : int
    random_state : int, RandomState instance or None

    Returns
    -------
    rotation : (n_bits, n_bits) array of float64
    losses : (n_iter,) array of float64
        The mean over points and bits, V being scaled to mean square 1.

    Examples
    --------
    >>> rotation, losses = quantising_rotation(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]), 20, random_state=0)
    >>> np.allclose(rotation @ rotation.T, np.eye(2)), bool((np.diff(losses) <= 0).all())
    (True, True)
    """
    V = V / (np.sqrt(np.mean(V**2)) or 1.0)  # the rotation does not depend on the scale, the loss does
    random = check_random_state(random_state)
    rotation, _, _ = np.linalg.svd(random.standard_normal((V.shape[1],) * 2))
    losses = np.empty(n_iter)
    for i in range(n_iter):
        rotated = V @ rotation
        signs = np.where(rotated >= 0, 1.0, -1.0)
        losses[i] = np.mean((signs - rotated) ** 2)
        left, _, right = np.linalg.svd(V.T @ signs)
        rotation = left @ right
    return rotation, losses
