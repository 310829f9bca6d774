"""Files that are whole or not there, whatever ends the program that writes them; and arrays from files of anyone.

The format of arrays is NumPy's: a zip file with a `.npy` file for each array (https://numpy.org/doc/stable/reference/
generated/numpy.lib.format.html). NumPy's own reader takes as much memory as such a file declares; here what is declared
is compared with the bytes that are there first.
"""

import glob
import io
import math
import os
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

__all__ = ["ABANDONED", "read_arrays", "read_header", "refused", "remove_abandoned", "whole_file"]

ABANDONED = 3600.0
"""Seconds without a write after which an unfinished file is taken for that of a killed program."""

LONGEST_HEADER = 10_000  # bytes; NumPy reads it as a Python expression, which takes long if it is long


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside ``path`` for writing; when the block has ended well, let it take the place of ``path``.

    A reader therefore finds the old content or the new, never a part, whatever ends the writing: an error, a full
    disk, an interrupt, a kill. Two programs may write one file: the last to end wins. What a killed program left
    (``.NAME.*.part``) is removed by the next that writes the same file, an hour later or more.

    Parameters
    ----------
    path : Path
        Its folder is made if need be.

    Yields
    ------
    binary file

    Raises
    ------
    OSError
        If it cannot be written; nothing stays of it, and the error names ``path``.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder, "new", "name")) as file:
    ...         _ = file.write(b"content")
    ...     Path(folder, "new", "name").read_bytes()
    b'content'
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path)
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        if error.filename2 is None and error.filename in (None, str(part)):  # a failed write names no file
            error.filename = str(path)
        raise


def remove_abandoned(path: Path) -> None:
    """Remove what killed programs left beside ``path``: files and folders ``.NAME.*.part`` that nobody writes to."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):  # it is being renamed or removed, or is another user's
            written = max(file.stat().st_mtime for file in (part, *part.rglob("*")))
            if time.time() - written > ABANDONED:
                shutil.rmtree(part) if part.is_dir() else part.unlink()


@contextmanager
def refused(what: object, expected: str, advice: str = "") -> Iterator[None]:
    """Turn whatever a damaged or hostile file makes a library raise into a ValueError that names the file.

    Parameters
    ----------
    what : path or str
        The file, for the message. It should be opened outside of the block: then it is an OSError if that fails.
    expected : str
        What it should be.
    advice : str
        What to do about it.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> with refused("notes.txt", "a number", "Write one into it"):
    ...     float("half")
    Traceback (most recent call last):
        ...
    ValueError: notes.txt is not a number (ValueError: could not convert string to float: 'half'). Write one into it
    """
    try:
        yield
    except Exception as error:
        found = f"{type(error).__name__}: {str(error)[:300]}"  # some libraries repeat the content
        raise ValueError(f"{what} is not {expected} ({found}). {advice}".strip()) from error


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
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, in_columns, dtype = read(file, max_header_size=LONGEST_HEADER)
    except Exception as error:  # NumPy parses it as Python, which can fail in many ways
        raise ValueError("not an array as np.savez writes it") from error
    if dtype.hasobject:
        raise ValueError("Python objects, which are never loaded")
    return shape, in_columns, dtype


def read_arrays(path: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read those arrays that are there, from a file that ``numpy.savez`` wrote; other members are left alone.

    Nothing in the file is executed, and no array takes more memory than the file has bytes.

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
    expected = "a whole .npz file of plain arrays"
    with path.open("rb") as file, refused(path, expected), zipfile.ZipFile(file) as archive:
        members = {member.filename: member for member in archive.infolist()}
        found = [name for name in names if f"{name}.npy" in members]
        return {name: _read_array(archive, members[f"{name}.npy"], path.stat().st_size) for name in found}


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> NDArray[Any]:
    """One array of at most so many bytes, once its header is seen to declare as many as are there."""
    if member.compress_type != zipfile.ZIP_STORED or not member.file_size == member.compress_size <= most:
        raise ValueError(f"{member.filename!r} is compressed, and np.savez does not compress")
    content = io.BytesIO(archive.read(member))
    shape, _, dtype = read_header(content)
    declared, there = math.prod(shape) * dtype.itemsize, member.file_size - content.tell()
    if dtype.itemsize == 0 or min(shape, default=0) < 0 or declared != there:
        raise ValueError(f"{member.filename!r} holds {dtype} of shape {shape} in {there} bytes")
    content.seek(0)
    return npy.read_array(content, allow_pickle=False, max_header_size=LONGEST_HEADER)
