"""Files that are whole or not there, whatever ends the program that writes them; and arrays from
files of anyone.

The format of arrays is NumPy's: a zip file with a `.npy` file for each array
(https://numpy.org/doc/stable/reference/ generated/numpy.lib.format.html). NumPy's own reader takes
as much memory as such a file declares; here what is declared is compared with the bytes that are
there first.
"""

import io
import os
import secrets
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from .checks import Array

FilePath = str | os.PathLike[str]


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside ``path`` for writing; when the block has ended well, let it take the place
    of ``path``.

    A reader therefore finds the old content or the new, never a part, whatever ends the writing: an
    error, a full disk, an interrupt, a kill. Two programs may write one file: the last to end wins.
    Only a kill can leave anything else: a hidden file ``.NAME.*.part``, which nothing reads.

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
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and error.errno and error.filename in (None, part, str(part)):
            error.filename = str(path)
        raise


@contextmanager
def refused(what: object, expected: str, advice: str = "") -> Iterator[None]:
    """Turn whatever a damaged or hostile file makes a library raise into a ValueError that names
    the file.

    Parameters
    ----------
    what : path or str
        The file, for the message. It should be opened outside of the block: then it is an OSError
        if that fails.
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
    ValueError: notes.txt is not a number (ValueError: could not convert string to float: 'half').
    Write one into it
    """
    try:
        yield
    except Exception as error:
        found = f"{type(error).__name__}: {str(error)[:300]}"  # some libraries repeat the content
        raise ValueError(f"{what} is not {expected} ({found}). {advice}".strip()) from error


def read_arrays(path: Path, names: Iterable[str], most: int | None = None) -> dict[str, Array]:
    """Read those arrays that are there, from a file that ``numpy.savez`` wrote; other members are
    left alone.

    Nothing in the file is executed, and no array takes more memory than it may.

    Parameters
    ----------
    path : Path
    names : iterable of str
    most : int, optional
        Bytes that an array may take; by default as many as the file has.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not such a file, or an array is damaged, too large, or one of Python objects.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/two.npz", a=np.arange(3), b=np.eye(2))
    ...     read_arrays(Path(folder, "two.npz"), ["a", "c"])
    {'a': array([0, 1, 2])}
    """
    arrays = {}
    with (
        path.open("rb") as file,
        refused(path, "a whole .npz file of plain arrays"),
        zipfile.ZipFile(file) as archive,
    ):
        limit = path.stat().st_size if most is None else most
        for name in names:
            if f"{name}.npy" not in archive.namelist():
                continue
            member = archive.getinfo(f"{name}.npy")
            # no other's output is bounded
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{name!r} is packed in a way that np.savez does not use")
            if member.file_size > limit:
                raise ValueError(
                    f"{name!r} is a bomb: it takes {member.file_size:,} bytes, and may take "
                    f"{limit:,}"
                )
            content = io.BytesIO(archive.read(member))
            npy.read_magic(content)
            shape, in_columns, dtype = npy.read_array_header_1_0(content)
            if dtype.hasobject:
                raise ValueError(f"{name!r} holds Python objects, which are never loaded")
            values = np.frombuffer(content.getbuffer(), dtype, offset=content.tell())
            arrays[name] = values.reshape(shape, order="F" if in_columns else "C")
    return arrays
