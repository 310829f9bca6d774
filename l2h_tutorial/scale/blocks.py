"""Encoding in blocks: a Dask array of vectors becomes one of codes, block by block, on whichever worker is free."""

from typing import Any

import numpy as np

from ..codes import WORD_BITS, pack_bits
from .checks import check_dask


def encode(hasher: Any, X: Any, *, packed: bool = False) -> Any:
    """Hash the rows of a Dask array, block by block.

    Parameters
    ----------
    hasher : fitted transformer
        Whose ``transform`` makes bits of vectors: `LSH`, `GRH` and the others, or a pipeline that ends in one.
    X : (n, d) dask.array.Array of numbers
        `open_vectors` makes one of a file.
    packed : bool, default=False
        Pack the bits into words, an eighth of the size: to be stored, or sent.

    Returns
    -------
    (n, n_bits) dask.array.Array of bool, or with `packed` (n, ceil(n_bits / 64)) of uint64
        In the blocks of `X`. Nothing is computed yet.

    Raises
    ------
    TypeError, ValueError
        If `X` is not a two-dimensional Dask array whose blocks know their rows, or the hasher refuses such rows or
        makes something else of them than bits.

    Examples
    --------
    >>> import dask.array as da
    >>> from l2h_tutorial import LSH
    >>> X = da.random.default_rng(0).normal(size=(1000, 16), chunks=(250, 16))
    >>> lsh = LSH(70, random_state=0).fit(np.zeros((1, 16)))
    >>> encode(lsh, X), encode(lsh, X, packed=True).shape
    (dask.array<_encode_block, shape=(1000, 70), dtype=bool, chunksize=(250, 70), chunktype=numpy.ndarray>, (1000, 2))
    """
    X = check_dask(X, "X")
    sample = hasher.transform(np.zeros((1, X.shape[1]), dtype=X.dtype))
    if getattr(sample, "dtype", None) != np.bool_ or sample.ndim != 2:
        made = getattr(sample, "dtype", type(sample).__name__)
        raise TypeError(f"the hasher must make rows of booleans, {type(hasher).__name__} made {made}")
    width = -(-sample.shape[1] // WORD_BITS) if packed else sample.shape[1]
    dtype = np.uint64 if packed else np.bool_
    return X.map_blocks(
        _encode_block,
        hasher=hasher,
        packed=packed,
        dtype=dtype,
        chunks=(X.chunks[0], (width,)),
        meta=np.empty((0, 0), dtype),
    )


def _encode_block(block: Any, hasher: Any, packed: bool) -> Any:
    # Hashers refuse an empty array; a block may be empty, after rows have been filtered.
    bits = hasher.transform(block if len(block) else np.zeros((1, block.shape[1]), block.dtype))
    return (pack_bits(bits) if packed else bits)[: len(block)]
