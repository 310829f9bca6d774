"""Find principal components, with signs that no rounding decides."""

import numpy as np

from .checks import Floats

# Coordinates of an eigenvector count as equal if they differ by a smaller share of the largest.
_ROUNDING = 1e-6


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
    coordinates = vectors[largest, range(len(largest))]
    return np.where(coordinates >= 0, vectors, -vectors)
