"""Vectors that are too many for memory: read and hashed in blocks of rows."""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.lib.format import open_memmap

from ..checks import Array, Bits, check_integer
from .optional import load_optional

_BLOCK_ROWS = 1 << 14  # of an array that are hashed at a time


def open_vectors(path: str | os.PathLike[str], *, block_rows: int | None = None) -> Any:
    """Open a ``.npy`` file of vectors as a Dask array. Nothing is read but its shape.

    Dask's own readers open other formats: ``dask.array.from_zarr``, or
    ``dask.dataframe.read_parquet(...).to_dask_array(lengths=True)``.

    Parameters
    ----------
    path : str or path
        Workers open it by this name, so it must be the same file to all of them.
    block_rows : int, optional
        Rows of a block. By default Dask's choice, of about 128 MB.

    Returns
    -------
    (n, d) dask.array.Array
        A block holds whole rows.

    Raises
    ------
    ImportError
        If Dask is not installed.
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If it holds anything but a two-dimensional array of numbers or booleans; the message names the file. If
        `block_rows` is not an integer of at least 1.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/vectors.npy", np.zeros((1000, 8), dtype=np.float32))
    ...     X = open_vectors(f"{folder}/vectors.npy", block_rows=400)
    ...     X.shape, X.chunks[0], float(X[:500].sum().compute())
    ((1000, 8), (400, 400, 200), 0.0)
    """
    da = load_optional("dask.array")
    path = Path(path).absolute()
    try:
        mapped = open_memmap(path, mode="r")
    except ValueError as error:
        raise ValueError(f"{path} is not a whole .npy file of one plain array: {str(error)[:300]}") from error
    shape, dtype = mapped.shape, mapped.dtype
    if len(shape) != 2 or 0 in shape or dtype.kind not in "fiub":
        raise ValueError(f"{path} must hold a two-dimensional array of numbers, found {dtype} of shape {shape}")
    rows = "auto" if block_rows is None else check_integer(block_rows, "block_rows")
    chunks = da.core.normalize_chunks((rows, -1), shape, dtype=dtype)
    name = f"{path.name}-{uuid4()}"  # the file may have changed since it was opened last
    return da.map_blocks(_read_rows, path, name=name, chunks=chunks, meta=np.empty((0, 0), dtype))


def encode(hasher: Any, X: Any) -> Any:
    """Hash vectors block by block, so that they need not all be in memory.

    Parameters
    ----------
    hasher : fitted transformer
        Whose ``transform`` makes bits of vectors: `LSH`, `GRH` and the others, or a pipeline that ends in one.
    X : (n, d) dask.array.Array, (n, d) array or data frame, or iterable of (m, d) arrays
        `open_vectors` makes a Dask array of a file, and ``np.load(path, mmap_mode="r")`` an array that stays in it. An
        iterable gives one block of rows after the other.

    Returns
    -------
    (n, n_bits) array of bool
        Of a Dask array another one, in the same blocks, of which nothing is computed yet.

    Raises
    ------
    TypeError, ValueError
        If `X` is none of these, is empty, or is a Dask array that does not know the rows of its blocks; if the hasher
        refuses such rows, or makes something else of them than bits.

    Examples
    --------
    >>> from l2h_tutorial import LSH
    >>> X = np.random.default_rng(0).normal(size=(1000, 16))
    >>> lsh = LSH(70, random_state=0).fit(X)
    >>> encode(lsh, X).shape, encode(lsh, [X[:600], X[600:]]).shape
    ((1000, 70), (1000, 70))
    >>> import dask.array as da
    >>> encode(lsh, da.from_array(X, chunks=(250, 16)))
    dask.array<_encode_block, shape=(1000, 70), dtype=bool, chunksize=(250, 70), chunktype=numpy.ndarray>
    """
    if hasattr(X, "dask"):
        X = check_dask(X, "X")
        sample = _encode_block(np.zeros((1, X.shape[1]), X.dtype), hasher)
        chunks = (X.chunks[0], (sample.shape[1],))
        return X.map_blocks(_encode_block, hasher=hasher, chunks=chunks, meta=sample)
    if hasattr(X, "shape"):
        X = [X[start : start + _BLOCK_ROWS] for start in range(0, len(X), _BLOCK_ROWS)]
    return np.concatenate([_encode_block(block, hasher) for block in X])


def check_dask(array: Any, name: str) -> Any:
    """Return a Dask array of whole rows, or say what is wrong with it."""
    if not hasattr(array, "dask"):
        raise TypeError(f"{name} must be a Dask array, got {type(array).__name__}; dask.array.from_array makes one")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must be two-dimensional with at least one row and column, got shape {array.shape}")
    if np.isnan(array.shape).any():
        raise ValueError(f"{name} does not know the rows of its blocks; call its compute_chunk_sizes() first")
    return array.rechunk({1: -1})


def _read_rows(path: Path, block_info: Any) -> Array:
    """A block of a file: its name travels to the workers, not its rows."""
    start, stop = block_info[None]["array-location"][0]
    return np.array(open_memmap(path, mode="r")[start:stop])


def _encode_block(block: Array, hasher: Any) -> Bits:
    # Hashers refuse an empty array; a block may be empty, after rows have been filtered.
    rows = block if len(block) else np.zeros((1, np.shape(block)[1]))
    bits = np.asarray(hasher.transform(rows))
    if bits.dtype != np.bool_:
        raise TypeError(f"the hasher must make rows of booleans, {type(hasher).__name__} made {bits.dtype}")
    return bits[: len(block)]
