"""The Hamming ball: all codes within a radius of one, in the plainest form."""

from collections.abc import Iterator
from itertools import combinations
from math import comb
from typing import Any

from ..checks import check_integer


def check_radius(radius: Any, n_bits: int) -> int:
    """Return `radius` as an int from 0 to `n_bits`, or raise a `TypeError` or `ValueError` that names it.

    Examples
    --------
    >>> check_radius(2, n_bits=16)
    2
    """
    return check_integer(radius, f"the radius of codes of {n_bits} bits", low=0, high=n_bits)


def hamming_ball(code: int, n_bits: int, radius: int) -> Iterator[int]:
    """Make every code that differs from `code` in at most `radius` bits, one after the other, the nearest first.

    The readable enumeration; `HashTable.query_radius` finds the same buckets faster.

    Parameters
    ----------
    code : int
        From 0 to ``2**n_bits - 1``.
    n_bits : int
        Any length.
    radius : int
        From 0 to `n_bits`.

    Returns
    -------
    iterator of int
        `ball_size` codes: first `code`, then those one bit away from the first bit to the last, then two bits away...

    Raises
    ------
    TypeError, ValueError
        At once, if an argument is no integer or out of range.

    Examples
    --------
    >>> [f"{neighbour:03b}" for neighbour in hamming_ball(0b101, n_bits=3, radius=1)]
    ['101', '001', '111', '100']
    """
    n_bits = check_integer(n_bits, "n_bits", low=0)
    radius = check_radius(radius, n_bits)
    code = check_integer(code, f"a code of {n_bits} bits", low=0, high=(1 << n_bits) - 1)
    powers_of_two = [1 << (n_bits - 1 - position) for position in range(n_bits)]  # first bit most significant

    def neighbours() -> Iterator[int]:
        for distance in range(radius + 1):
            for flipped in combinations(powers_of_two, distance):
                yield code ^ sum(flipped)

    return neighbours()


def ball_size(n_bits: int, radius: int) -> int:
    """Count the codes within `radius` of any one code: the sum of the binomials C(n_bits, 0) to C(n_bits, radius).

    Parameters
    ----------
    n_bits : int
    radius : int
        From 0 to `n_bits`.

    Raises
    ------
    TypeError, ValueError
        If an argument is no integer or out of range.

    Examples
    --------
    >>> [ball_size(16, radius) for radius in range(4)]
    [1, 17, 137, 697]
    >>> ball_size(32, 10)
    107594213
    """
    n_bits = check_integer(n_bits, "n_bits", low=0)
    return sum(comb(n_bits, distance) for distance in range(check_radius(radius, n_bits) + 1))
