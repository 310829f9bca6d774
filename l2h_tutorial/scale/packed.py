"""Packed codes and back: the words of `pack_bits`, and the bits that a table holds."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..buckets import HashTable
from ..checks import check_integer
from ..codes import WORD_BITS


def unpack_bits(words: ArrayLike, n_bits: int) -> NDArray[np.bool_]:
    """Write packed codes as rows of bits: the inverse of `l2h_tutorial.pack_bits`.

    Parameters
    ----------
    words : (n, ceil(n_bits / 64)) array of uint64
        The first word is the most significant and carries the padding, which must be zero.
    n_bits : int

    Returns
    -------
    (n, n_bits) array of bool

    Raises
    ------
    TypeError
        If `words` are not uint64, or `n_bits` is not an integer.
    ValueError
        If the shape does not fit `n_bits`, or a code has more bits than that.

    Examples
    --------
    >>> unpack_bits(np.array([[5]], dtype=np.uint64), 3)
    array([[ True, False,  True]])
    """
    n_bits = check_integer(n_bits, "n_bits")
    array = np.asarray(words)
    if array.dtype.newbyteorder("=") != np.uint64:  # a file from elsewhere may have the bytes in the other order
        raise TypeError(f"words must be uint64 as pack_bits makes them, got dtype {array.dtype}")
    n_words = -(-n_bits // WORD_BITS)
    if array.ndim != 2 or array.shape[1] != n_words:
        raise ValueError(f"codes of {n_bits} bits are packed as (n, {n_words}) words, got shape {array.shape}")
    padding = n_words * WORD_BITS - n_bits
    if padding and (array[:, 0] >> np.uint64(WORD_BITS - padding)).any():
        raise ValueError(f"a packed code has more than {n_bits} bits")
    big_endian = array.astype(">u8", order="C").view(np.uint8)  # unpackbits reads the first byte first
    return np.unpackbits(big_endian, axis=1)[:, padding:].view(np.bool_)


def bits_of(table_or_bits: HashTable | ArrayLike) -> Any:
    """Bits of all rows of a table, in the order of row numbers; anything else is returned as it is.

    Parameters
    ----------
    table_or_bits : HashTable, or anything

    Returns
    -------
    (n_rows, n_bits) array of bool for a table

    Examples
    --------
    >>> bits = np.array([[True, False], [False, True], [True, False]])
    >>> bool((bits_of(HashTable(bits)) == bits).all())
    True
    """
    if not isinstance(table_or_bits, HashTable):
        return table_or_bits
    table = table_or_bits
    n_bytes = -(-table.n_bits // 8)
    packed = np.empty((table.n_rows, n_bytes), dtype=np.uint8)
    if table.n_bits <= WORD_BITS:
        everything = table.query_radius(np.zeros((1, table.n_bits), dtype=bool), table.n_bits)[0]  # by bucket code
        codes = table.bucket_codes.astype(">u8")[:, None].view(np.uint8)[:, -n_bytes:]
        packed[everything] = np.repeat(codes, table.bucket_sizes, axis=0)
    else:
        for code, rows in table.items():
            packed[rows] = np.frombuffer(code.to_bytes(n_bytes, "big"), dtype=np.uint8)
    return np.unpackbits(packed, axis=1)[:, n_bytes * 8 - table.n_bits :].view(np.bool_)
