"""Write hash codes as bits, integers and machine words, and count the bits in which they differ."""

from typing import Any

import numpy as np

from .checks import Array, ArrayLike, Bits, Codes, Distances, check_integer

WORD_BITS = 64  # one machine word
# Distances computed at a time, so that what they need stays in the processor's cache.
_BLOCK = 1 << 17


def check_bits(bits: ArrayLike, n_bits: int | None = None, *, name: str = "bits") -> Bits:
    """Return `bits` as a (n, b) boolean array, or raise an error that says what is wrong.

    Parameters
    ----------
    bits : (n, b) array of bool
        One code a row. Zeros and ones as numbers are refused: they are easily confused with integer
        codes.
    n_bits : int, optional
        The width that is expected.
    name : str
        What to call the argument in messages.

    Raises
    ------
    TypeError
        If the array is not boolean.
    ValueError
        If it is not two-dimensional, is empty, or has another width than `n_bits`.

    Examples
    --------
    >>> check_bits([[True, False], [True, True]]).shape
    (2, 2)
    """
    array = np.asarray(bits)
    if array.size == 0:
        raise ValueError(
            f"{name} must hold at least one code of at least one bit, got shape {array.shape}"
        )
    if array.dtype != np.bool_:
        raise TypeError(
            f"{name} must be a boolean array, got dtype {array.dtype}; {_advice(array)}"
        )
    if array.ndim != 2:
        shape = f"got shape {array.shape}; for one code use `code[None, :]`"
        raise ValueError(f"{name} must be two-dimensional (n_codes, n_bits), {shape}")
    if n_bits is not None and array.shape[1] != n_bits:
        raise ValueError(f"{name} must have {n_bits} bits a code, got {array.shape[1]}")
    return array


def _advice(array: Array) -> str:
    """Guess what an array that is not of bits was meant to be, and say what to do with it."""
    if array.ndim < 2 and array.dtype.kind in "ui":
        return "integer codes make a table by HashTable.from_integers, and bits by integers_to_bits"
    if array.dtype.kind in "uif" and not np.isin(array, (-1, 0, 1)).all():
        return "vectors are hashed first: give what a hasher's transform returns"
    return "for signs or 0/1 use `array > 0`"


def bits_to_integers(bits: ArrayLike) -> Any:
    """Read each row of bits as an integer, the first bit being the most significant.

    Parameters
    ----------
    bits : (n, b) or (b,) array of bool
        At most 64 bits a code.

    Returns
    -------
    (n,) array of uint64, or one uint64 for a single code

    Raises
    ------
    TypeError
        If `bits` is not boolean.
    ValueError
        If there are more than 64 bits (use `pack_bits`), none at all, or another number of
        dimensions.

    Examples
    --------
    >>> bits_to_integers(np.array([[True, False, True], [False, True, True]]))
    array([5, 3], dtype=uint64)
    >>> int(bits_to_integers(np.array([True, False, True])))
    5
    """
    array = np.asarray(bits)
    single = array.ndim == 1
    array = check_bits(array[None, :] if single else array)
    if array.shape[1] > WORD_BITS:
        raise ValueError(
            f"an integer holds at most {WORD_BITS} bits, got {array.shape[1]}; "
            "pack_bits takes any length"
        )
    integers = pack_bits(array)[:, 0]
    return integers[0] if single else integers


def integers_to_bits(codes: ArrayLike, n_bits: int) -> Bits:
    """Write integers as rows of bits: the inverse of `bits_to_integers`.

    Parameters
    ----------
    codes : int or (n,) array of integers
        Each at least 0 and below ``2**n_bits``.
    n_bits : int
        From 1 to 64.

    Returns
    -------
    (n, n_bits) array of bool, or (n_bits,) for a single integer

    Raises
    ------
    TypeError
        If `codes` or `n_bits` are not integers.
    ValueError
        If `n_bits` is not from 1 to 64, or a code does not fit.

    Examples
    --------
    >>> integers_to_bits(5, 3)
    array([ True, False,  True])
    >>> integers_to_bits([1, 2], 2)
    array([[False,  True],
           [ True, False]])
    """
    return unpack_bits(check_codes(codes, n_bits)[..., None], n_bits)


def check_codes(codes: ArrayLike, n_bits: int) -> Codes:
    """Return one or (n,) integer codes as uint64; raises what `integers_to_bits` does."""
    n_bits = check_integer(n_bits, "n_bits", 1, WORD_BITS)
    array = np.asarray(codes)
    # NumPy may have made floats of large integers, so they are taken one by one
    if array.dtype.kind not in "ui":
        array = np.asarray(codes, dtype=object)
        for code in array.flat:
            check_integer(code, f"a code of {n_bits} bits", 0, (1 << n_bits) - 1)
    if array.ndim > 1:
        raise ValueError(f"codes must be one integer or one-dimensional, got shape {array.shape}")
    outside = np.asarray((array < 0) | (array > (1 << n_bits) - 1))
    if outside.any():
        raise ValueError(
            f"a code of {n_bits} bits must be from 0 to {(1 << n_bits) - 1}, "
            f"got {array[outside][0]}"
        )
    return array.astype(np.uint64)


def pack_bits(bits: ArrayLike) -> Codes:
    """Pack codes of any length into 64-bit words, as one long binary number a row.

    Parameters
    ----------
    bits : (n, b) array of bool

    Returns
    -------
    (n, ceil(b / 64)) array of uint64
        The first word is the most significant, and carries the padding. So up to 64 bits the only
        word is the integer code, and rows sort as numbers do.

    Raises
    ------
    TypeError, ValueError
        As `check_bits`.

    Examples
    --------
    >>> pack_bits(np.array([[True, False, True]]))
    array([[5]], dtype=uint64)
    >>> pack_bits(np.ones((2, 65), dtype=bool)).shape
    (2, 2)
    """
    array = check_bits(bits)
    n, n_bits = array.shape
    n_words = -(-n_bits // WORD_BITS)
    n_bytes = -(-n_bits // 8)
    if n_bits % 8:  # np.packbits fills up the last byte; a number is filled up in front
        array = np.concatenate([np.zeros((n, 8 - n_bits % 8), dtype=bool), array], axis=1)
    big_endian = np.zeros((n, n_words * 8), dtype=np.uint8)
    big_endian[:, n_words * 8 - n_bytes :] = np.packbits(array, axis=1)
    return big_endian.view(">u8").astype(np.uint64)


def words_of_bytes(octets: Array) -> Codes:
    """Read rows of bytes, (n, n_bytes), as 64-bit words, with zeros after the last byte.

    The words serve to compare rows.
    """
    n, n_bytes = octets.shape
    padded = np.zeros((n, -(-n_bytes // 8) * 8), dtype=np.uint8)
    padded[:, :n_bytes] = octets
    return padded.view(np.uint64)


def unpack_bits(words: Array, n_bits: int) -> Bits:
    """Write packed codes, (n, n_words) or (n_words,), as bits: the inverse of `pack_bits`."""
    octets = np.ascontiguousarray(words, dtype=">u8").view(np.uint8)
    return np.unpackbits(octets[..., n_bits // -8 :], axis=-1)[..., -n_bits:].view(np.bool_)


def hamming_distances(a_bits: ArrayLike, b_bits: ArrayLike) -> Distances:
    """Count the bits in which every code of one set differs from every code of another.

    Parameters
    ----------
    a_bits : (n_a, b) array of bool
    b_bits : (n_b, b) array of bool

    Returns
    -------
    (n_a, n_b) array of int32

    Raises
    ------
    TypeError, ValueError
        As `check_bits`; both sets must have the same width.

    Examples
    --------
    >>> hamming_distances(np.array([[True, True]]), np.array([[True, False], [False, False]]))
    array([[1, 2]], dtype=int32)
    """
    a = check_bits(a_bits, name="a_bits")
    b = check_bits(b_bits, a.shape[1], name="b_bits")
    return distances_of_all(pack_bits(a), pack_bits(b)).astype(np.int32)


def distances_of_all(a_words: Array, b_words: Array) -> Array:
    """Compare each packed code of one set, (n_a, n_words), with each of another, (n_b, n_words).

    Returns
    -------
    (n_a, n_b) array of uint8, or of uint16 for codes of several words
    """
    n_words = a_words.shape[1]
    distances = np.empty((len(a_words), len(b_words)), np.uint8 if n_words == 1 else np.uint16)
    columns = np.ascontiguousarray(b_words.T)[:, None]
    step = max(1, _BLOCK // len(b_words))
    for row in range(0, len(a_words), step):
        rows = a_words[row : row + step].T[:, :, None]
        for column in range(0, len(b_words), _BLOCK):
            block = slice(column, column + _BLOCK)
            packed_distances(rows, columns[:, :, block], out=distances[row : row + step, block])
    return distances


def packed_distances(a_words: Array, b_words: Array, out: Array | None = None) -> Array:
    """Count the bits in which packed codes differ: XOR leaves a one where they do.

    Parameters
    ----------
    a_words, b_words : (n_words, ...) arrays of unsigned integers
        A column is a code, as `pack_bits` packs a row; what follows the first axis is broadcast.
    out : array, optional
        Where the result is put, of the shape and type that it has.

    Returns
    -------
    (...) array of uint8, or of uint16 for codes of several words

    Examples
    --------
    >>> packed_distances(np.array([[0, 7]], dtype=np.uint64), np.array([[1]], dtype=np.uint64))
    array([1, 2], dtype=uint8)
    """
    distances = np.bitwise_count(a_words[0] ^ b_words[0], out=out)
    if len(a_words) > 1:
        distances = distances.astype(np.uint16, copy=False)
    for a, b in zip(a_words[1:], b_words[1:], strict=True):
        distances += np.bitwise_count(a ^ b)
    return distances
