"""The files from which the book is built, and files that are written whole or not at all."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import l2h_tutorial
from l2h_tutorial.files import whole_file

TOOLS = Path(__file__).parent
BOOK = TOOLS.parents[1]
PACKAGE = Path(l2h_tutorial.__file__).parent


def files_of(folder: Path) -> list[Path]:
    """Return every file in a folder, in a fixed order, without what Python has compiled."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]


def files_key(paths: Iterable[Path], root: Path) -> str:
    """Return a SHA-256 over the contents of files and their names relative to ``root``."""
    digest = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(repr((path.relative_to(root).as_posix(), content)).encode())
    return digest.hexdigest()


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that anyone who opens it finds the old content or the new, never a part."""
    with whole_file(path) as file:
        file.write(content)


def hand_out(path: Path, files: Mapping[str, Path]) -> None:
    """Write a zip of files by their names in it, which unpack into a folder of its name.

    For the same files it has the same bytes.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, file in files.items():
            member = zipfile.ZipInfo(f"{path.stem}/{name}")  # with the earliest date there is, 1980
            archive.writestr(member, file.read_bytes(), zipfile.ZIP_DEFLATED, 1)
    replace_file(path, packed.getvalue())
