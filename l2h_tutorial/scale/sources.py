"""Vectors that are too many for memory, from the files that people keep them in."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import check_integer
from ..files import read_header
from .optional import load_optional
from .parquet import SUFFIXES, read_parquet


def open_vectors(
    path: str | os.PathLike[str],
    *,
    block_rows: int | None = None,
    columns: list[str] | None = None,
    component: str | None = None,
) -> Any:
    """Open a file of vectors, or of codes, as a Dask array. Nothing is read but its shape.

    Parameters
    ----------
    path : str or path
        ``.npy``: read block by block through a memory map. ``.zarr``: an array of a Zarr store. ``.parquet``, or a
        folder of such files: a column a feature, or a single column of lists.
        Workers open it by this name, so it must be the same file to all of them.
    block_rows : int, optional
        Rows of a block. By default the file's own division, and for ``.npy`` Dask's choice, of about 128 MB.
    columns : list of str, optional
        For Parquet: the columns to take, in this order; by default all.
    component : str, optional
        For Zarr: the array's name in a group.

    Returns
    -------
    (n, d) dask.array.Array
        A block holds whole rows.

    Raises
    ------
    ImportError
        If Dask, or what it reads this format with, is not installed.
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If the ending is another, the content is not a two-dimensional array of numbers or booleans, or an option is for
        another format or names what is not there. The message names the file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/vectors.npy", np.zeros((1000, 8), dtype=np.float32))
    ...     X = open_vectors(f"{folder}/vectors.npy", block_rows=400)
    ...     X.shape, X.chunks[0], float(X[:500].sum().compute())
    ((1000, 8), (400, 400, 200), 0.0)
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {path}")
    in_parquet = path.suffix in SUFFIXES or (path.is_dir() and any(path.glob("*.parquet")))
    if columns is not None and not in_parquet:
        raise ValueError(f"columns are for Parquet, not for {path}")
    if component is not None and path.suffix != ".zarr":
        raise ValueError(f"component is for Zarr, not for {path}")
    da = load_optional("dask.array")
    rows = None if block_rows is None else check_integer(block_rows, "block_rows")
    if path.suffix == ".npy":
        array = da.from_array(_check(_Rows(path), path), chunks=(rows or "auto", -1), name=False)
    elif path.suffix == ".zarr":
        array = _read_zarr(da, path, component)
    elif in_parquet:
        array = read_parquet(path, columns)
    else:
        raise ValueError(f"{path} must end in .npy, .zarr or .parquet, or be a folder of .parquet files")
    return _check(array, path).rechunk({0: rows or array.chunks[0], 1: -1})


def _check(array: Any, path: Path) -> Any:
    if array.ndim != 2 or array.dtype.kind not in "fiub" or 0 in array.shape:
        raise ValueError(
            f"{path} must hold a two-dimensional array (n, d) of numbers, found {array.dtype} of shape {array.shape}"
        )
    return array


class _Rows:
    """Rows of a .npy file for Dask: travels to the workers as a name, not as the rows."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        header = self._open()
        self.shape, self.dtype, self.ndim = header.shape, header.dtype, header.ndim

    def _open(self) -> NDArray[Any]:
        try:
            with self.path.open("rb") as file:
                shape, in_columns, dtype = read_header(file)
                start = file.tell()
            order: Any = "F" if in_columns else "C"
            mapped: NDArray[Any] = np.memmap(self.path, dtype, "r", start, shape, order)
        except (ValueError, OverflowError, EOFError) as error:
            raise ValueError(f"{self.path} is not a whole .npy file of one plain array: {error}") from error
        return mapped

    def __getitem__(self, index: Any) -> NDArray[Any]:
        return np.array(self._open()[index])


def _read_zarr(da: Any, path: Path, component: str | None) -> Any:
    load_optional("zarr")
    try:
        return da.from_zarr(str(path), component=component)
    except Exception as error:  # zarr fails in many ways on metadata that is not its own
        said = str(error)[:300]
        raise ValueError(f"{path} is not a Zarr array; name one of a group by `component`: {said}") from error
