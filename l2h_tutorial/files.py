"""Files that are whole or not there, whatever ends the program that writes them."""

import glob
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["ABANDONED", "remove_abandoned", "whole_file"]

ABANDONED = 3600.0
"""Seconds without a write after which an unfinished file is taken for that of a killed program."""


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
