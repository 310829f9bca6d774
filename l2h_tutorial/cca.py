"""Hash by the directions of the features that correlate most with labels: CCA-ITQ."""

from typing import Any, ClassVar, Self

import numpy as np
from scipy.linalg import eigh, orth, orthogonal_procrustes
from sklearn.utils import check_random_state

from .affinity import checked_labels
from .checks import ArrayLike, Floats, check_integer, check_positive
from .linalg import with_settled_signs
from .lsh import Hasher, to_signs


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
    _constraints: ClassVar = {"ridge": check_positive, "n_iter": check_integer}

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
    # basis @ basis.T projects on the span of the centred labels. Centring leaves nothing but
    # rounding in some directions; these are dropped.
    basis = orth(centred_labels, rcond=1e-9)
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


def quantising_rotation(V: Floats, n_iter: int, random_state: Any) -> Floats:
    """Find a rotation R that makes ||B - VR||^2 small, where B holds the signs of VR."""
    n_bits = V.shape[1]
    gaussian = check_random_state(random_state).standard_normal((n_bits, n_bits))
    rotation, _, _ = np.linalg.svd(gaussian)
    for _ in range(n_iter):
        rotation, _ = orthogonal_procrustes(V, to_signs(V @ rotation >= 0))
    return rotation
