"""Arrays from `.npz` files of anyone: nothing in them is executed, and none takes more memory than its file has bytes.

The format is NumPy's: a zip file with a `.npy` file for each array (https://numpy.org/doc/stable/reference/generated/
numpy.lib.format.html). NumPy's own reader believes the sizes that such files declare.
"""

import io
import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

__all__ = ["read_arrays", "read_header"]

_LARGEST_HEADER = 10_000


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read what a `.npy` file declares, and leave the file where the values begin.

    Returns
    -------
    shape : tuple of int
    in_columns : bool
        Whether the values are in Fortran's order.
    dtype : dtype
        Without Python objects.

    Raises
    ------
    ValueError
        If it is not such a file, or one of Python objects.
    """
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, in_columns, dtype = read(file, max_header_size=_LARGEST_HEADER)
    except Exception as error:  # NumPy parses it as Python, which can fail in many ways
        raise ValueError("not an array as np.savez writes it") from error
    if dtype.hasobject:
        raise ValueError("Python objects, which are never loaded")
    return shape, in_columns, dtype


def read_arrays(path: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read those arrays that are there, from a file that ``numpy.savez`` wrote; other members are left alone.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not such a file, or an array is damaged, compressed, or one of Python objects.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/two.npz", a=np.arange(3), b=np.eye(2))
    ...     read_arrays(Path(folder, "two.npz"), ["a", "c"])
    {'a': array([0, 1, 2])}
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = {info.filename: info for info in archive.infolist()}
                found = [name for name in names if f"{name}.npy" in members]
                return {name: _read_array(archive, members[f"{name}.npy"], path) for name in found}
        except Exception as error:  # zipfile fails in many ways on damaged files
            raise ValueError(f"{path} is not a whole .npz file of plain arrays: {str(error)[:300]}") from error


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    size = member.file_size
    if member.compress_type != zipfile.ZIP_STORED or size != member.compress_size or size > path.stat().st_size:
        raise ValueError(f"{member.filename!r} is compressed, and np.savez does not compress")
    content = archive.read(member)
    file = io.BytesIO(content)
    try:
        shape, in_columns, dtype = read_header(file)
        if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != size - file.tell():
            raise ValueError(f"{dtype} of shape {shape} in {size - file.tell()} bytes")
        order: Any = "F" if in_columns else "C"
        return np.ndarray(shape, dtype, content, file.tell(), order=order).copy(order="K")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{member.filename!r} holds {error}") from error
