"""Tables of codewords, one a class: at random, as far apart as can be, or nothing but the number of the class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard
from sklearn.utils import check_random_state

__all__ = ["check_codewords", "class_numbers", "hadamard_codewords", "random_codewords"]

Bits = NDArray[np.bool_]


def random_codewords(n_classes: int, n_bits: int, random_state: Any = None) -> Bits:
    """Toss a coin for each class and bit, and once more for a bit that is the same for all classes.

    Parameters
    ----------
    n_classes : int
        At least 2.
    n_bits : int
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    (n_classes, n_bits) array of bool

    Examples
    --------
    >>> random_codewords(10, 16, random_state=0).shape
    (10, 16)
    """
    random = check_random_state(random_state)
    codewords: Bits = random.random_sample((n_classes, n_bits)) < 0.5
    while (constant := _constant(codewords)).any():
        codewords[:, constant] = random.random_sample((n_classes, constant.sum())) < 0.5
    return codewords


def hadamard_codewords(n_classes: int, n_bits: int, random_state: Any = None) -> Bits:
    """Take codewords from the rows of a Hadamard matrix, any two of which differ in half of the columns.

    With m the smallest power of two that is not below the number of classes, every m - 1 bits are the columns of the
    matrix of order m, but for the constant first one, in random order, and its rows are given to the classes at random.
    So any two codewords differ in m / 2 of every whole m - 1 bits, which is as far apart as so many codewords can all
    be; what remains of `n_bits` is a part of one more such block.

    Parameters
    ----------
    n_classes : int
        At least 2.
    n_bits : int
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    (n_classes, n_bits) array of bool

    References
    ----------
    M. Plotkin, "Binary codes with specified minimum distance", IRE Transactions on Information Theory 6, 1960.

    Examples
    --------
    >>> codewords = hadamard_codewords(10, 15, random_state=0)
    >>> set((codewords[:, None] != codewords).sum(axis=2)[np.triu_indices(10, 1)].tolist())
    {8}
    """
    random = check_random_state(random_state)
    order = 1 << (n_classes - 1).bit_length()
    matrix = hadamard(order) > 0
    blocks = []
    for _ in range(-(-n_bits // (order - 1))):
        rows = random.permutation(order)[:n_classes]
        block = matrix[rows][:, 1 + random.permutation(order - 1)]
        blocks.append(block)
    codewords: Bits = np.hstack(blocks)[:, :n_bits]
    return codewords


def class_numbers(n_classes: int, n_bits: int | None) -> Bits:
    """Write the classes one-hot, or number them from 0 on in binary.

    Parameters
    ----------
    n_classes : int
    n_bits : int or None
        None: one-hot.

    Returns
    -------
    (n_classes, n_bits) array of bool
        The most significant bit first.

    Raises
    ------
    ValueError
        If the bits are too few to tell the classes apart.

    Examples
    --------
    >>> class_numbers(3, 2).astype(int).tolist()
    [[0, 0], [0, 1], [1, 0]]
    """
    if n_bits is None:
        return np.eye(n_classes, dtype=np.bool_)
    needed = (n_classes - 1).bit_length()
    if n_bits < needed:
        raise ValueError(f"n_bits must be at least {needed} to number {n_classes} classes, got {n_bits}")
    places = np.arange(n_bits - 1, -1, -1)
    numbers: Bits = np.array([[number >> int(place) & 1 for place in places] for number in range(n_classes)]) > 0
    return numbers


def check_codewords(codewords: Any, n_classes: int, n_bits: int) -> Bits:
    """Return a table of codewords as it is, or refuse it.

    Raises
    ------
    TypeError, ValueError
        If it is not boolean, not of shape (n_classes, n_bits), or has a bit that is the same for all classes.

    Examples
    --------
    >>> check_codewords([[True, False], [True, True]], 2, 2)
    Traceback (most recent call last):
        ...
    ValueError: codewords leave nothing to learn for bit 0, which is the same for all classes
    """
    table = np.asarray(codewords)
    if table.dtype != np.bool_:
        raise TypeError(f"codewords must be boolean, got {table.dtype}")
    if table.shape != (n_classes, n_bits):
        raise ValueError(
            f"codewords must have a row for each class and a column for each bit, ({n_classes}, {n_bits}); "
            f"their shape is {table.shape}"
        )
    constant = np.flatnonzero(_constant(table))
    if constant.size:
        raise ValueError(f"codewords leave nothing to learn for bit {constant[0]}, which is the same for all classes")
    return table


def _constant(codewords: Bits) -> NDArray[np.bool_]:
    return np.asarray(codewords.all(axis=0) == codewords.any(axis=0))
