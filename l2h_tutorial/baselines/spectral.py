"""Spectral hashing: the smoothest functions on a box around the data, cut at zero."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import check_integer
from .base import CentredHasher, principal_components

__all__ = ["SpectralHashing", "smoothest_modes"]

Floats = NDArray[np.float64]


class SpectralHashing(CentredHasher):
    r"""Bits that are balanced, uncorrelated, and rarely differ between near neighbours, if the data fill a box.

    Codes that minimise :math:`\sum_{ij} W_{ij} \|b_i - b_j\|^2`, where W is the affinity of points i and j, subject to
    balanced and uncorrelated bits, are hard to find. Without the demand that they be -1 or +1 they are eigenvectors of
    the graph's Laplacian; and for points spread evenly over a box, eigenfunctions that are known: along a side from a
    to b, :math:`\sin(\pi/2 + m \pi (x - a) / (b - a))` for m = 1, 2, ..., with an eigenvalue that grows with
    m / (b - a). The box is that of the training points' principal components. Long sides are cut several times, into
    ever shorter stripes, before short ones are cut at all.

    Parameters
    ----------
    n_bits : int, default=16
        Eigenfunctions with the smallest eigenvalues, and so bits of a code. The principal components are as many, or as
        many as there are features or training points.

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
    >>> SpectralHashing(2).fit_transform(X).astype(int)  # halves of the long side, then its quarters
    array([[1, 1],
           [1, 0],
           [0, 0],
           [0, 1]])
    """

    def __init__(self, n_bits: int = 16) -> None:
        self.n_bits = n_bits

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the principal components, their box, and its smoothest eigenfunctions.

        Parameters
        ----------
        X : (n, n_features) array of numbers
        y : ignored

        Raises
        ------
        TypeError, ValueError
            If `n_bits` is not an integer of at least 1, or `X` is not a finite two-dimensional array with at least two
            different rows.
        """
        n_bits = check_integer(self.n_bits, "n_bits")
        centred = self._centred(X)
        self.projections_ = principal_components(centred, min(n_bits, *centred.shape))
        projected = centred @ self.projections_
        self.lowest_, self.highest_ = projected.min(axis=0), projected.max(axis=0)
        self.components_, self.modes_ = smoothest_modes(self.highest_ - self.lowest_, n_bits)
        self._n_features_out = n_bits
        return self

    def _scores(self, centred: Floats) -> Floats:
        place = (centred @ self.projections_ - self.lowest_)[:, self.components_]
        sides = (self.highest_ - self.lowest_)[self.components_]
        waves: Floats = np.sin(np.pi / 2 + np.pi * self.modes_ * place / sides)
        return waves


def smoothest_modes(sides: Floats, n_modes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose the eigenfunctions of a box with the smallest eigenvalues, along one side each.

    Parameters
    ----------
    sides : (n_components,) array of float64
        Lengths. A side without length has no eigenfunction.
    n_modes : int

    Returns
    -------
    component, mode : (n_modes,) arrays of int64
        The side and m of each, in order of m / length.

    Raises
    ------
    ValueError
        If no side has a length.

    Examples
    --------
    >>> component, mode = smoothest_modes(np.array([5.0, 2.0]), 4)
    >>> component.tolist(), mode.tolist()
    ([0, 0, 1, 0], [1, 2, 1, 3])
    """
    if not sides.max() > 0:
        raise ValueError("X must hold at least two different rows for spectral hashing, got one row over and over")
    long = np.flatnonzero(sides > 1e-9 * sides.max())  # what is shorter is rounding
    modes = np.arange(1, n_modes + 1)
    frequency = modes / sides[long, None]
    order = np.argsort(frequency, axis=None, kind="stable")[:n_modes]
    side, place = np.unravel_index(order, frequency.shape)
    return long[side], modes[place]
