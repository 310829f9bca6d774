"""CIFAR-10's official batches, from the archive or from the folder that it unpacks to.

The archive is read in memory and never unpacked, so no member of it can land anywhere; its batches are pickles, and
are read by an unpickler that runs no code.
"""

import gzip
import reprlib
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pickles import load_plain_pickle

FOLDER = "cifar-10-batches-py"
BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")
META = "batches.meta"
CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
LARGEST_BATCH = 64 * 2**20  # bytes; an official batch has 31 million
LARGEST_ARCHIVE = 7 * LARGEST_BATCH  # unpacked
MOST_READS = 1000  # the official archive takes about 40
ADVICE = "Take a whole copy of cifar-10-python.tar.gz from the CIFAR page, https://www.cs.toronto.edu/~kriz/cifar.html"

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


def read_archive(path: Path) -> tuple[Images, Labels]:
    """Read ``cifar-10-python.tar.gz``: images (n, 32, 32, 3) uint8 and labels (n,) int64, training batches first.

    Raises
    ------
    ValueError
        If the archive is damaged or incomplete, has a member that leaves its folder, or a batch is not plain data.
    """
    wanted = {f"{FOLDER}/{name}": name for name in (*BATCHES, META)}
    contents: dict[str, bytes] = {}
    with path.open("rb") as packed:
        try:
            with tarfile.open(fileobj=_Unpacked(fileobj=packed), mode="r:") as archive:
                for member in archive:
                    _check_member(path, member)
                    name = wanted.get(str(PurePosixPath(member.name)))
                    file = archive.extractfile(member) if name and member.isfile() else None
                    if name and file:
                        _check_size(path, name, member.size)
                        contents[name] = file.read()
        except _Refused as refused:
            raise ValueError(str(refused)) from None
        except Exception as error:  # tarfile fails in many ways on damaged headers
            raise ValueError(f"{path} is not a whole tar.gz archive ({error}). {ADVICE}") from error
    return _assemble(path, contents)


def read_batches_folder(folder: Path) -> tuple[Images, Labels]:
    """Read the unpacked folder ``cifar-10-batches-py``; returns and raises as `read_archive` does."""
    contents = {}
    for name in (*BATCHES, META):
        path = folder / name
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder; expected a batch file. {ADVICE}")
        if path.exists():
            _check_size(folder, name, path.stat().st_size)
            contents[name] = path.read_bytes()
    return _assemble(folder, contents)


class _Unpacked(gzip.GzipFile):
    """What a gzip file holds, as far as an archive of CIFAR-10 can go.

    Declared sizes may be lies that cost memory, and some headers have tarfile read for ever.
    """

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= LARGEST_BATCH or self.tell() > LARGEST_ARCHIVE:
            raise tarfile.ReadError(f"it declares a part of {size} bytes")
        self.reads += 1
        if self.reads > MOST_READS:
            raise tarfile.ReadError(f"it takes more than {MOST_READS} reads")
        return super().read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if not 0 <= offset <= LARGEST_ARCHIVE:
            raise tarfile.ReadError(f"it declares a part that ends at {offset} bytes")
        return super().seek(offset, whence)


class _Refused(ValueError):
    """The archive holds what CIFAR-10's does not."""


def _check_member(path: Path, member: tarfile.TarInfo) -> None:
    name = PurePosixPath(member.name)
    leaves = name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in member.name
    if leaves or not (member.isreg() or member.isdir()) or member.sparse is not None:
        kind = "leaves its folder" if leaves else "is a link or a device"
        said = reprlib.repr(member.name)
        raise _Refused(f"{path}: member {said} {kind}; CIFAR-10's archive holds no such thing. {ADVICE}")
    if member.size < 0:  # it would lead back to a member that was read before
        raise _Refused(f"{path}: member {reprlib.repr(member.name)} has {member.size} bytes. {ADVICE}")


def _check_size(path: Path, name: str, size: int) -> None:
    if not 0 < size <= LARGEST_BATCH:
        raise _Refused(f"{path}: {name} has {size} bytes; expected 1 to {LARGEST_BATCH}. {ADVICE}")


def _assemble(path: Path, contents: dict[str, bytes]) -> tuple[Images, Labels]:
    missing = [name for name in BATCHES if name not in contents]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}; expected {FOLDER} with six batches. {ADVICE}")
    if META in contents:
        _check_class_names(path, contents[META])
    parts = [_read_batch(path, name, contents[name]) for name in BATCHES]
    return np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts])


def _unpickled(path: Path, name: str, content: bytes) -> dict[Any, Any]:
    try:
        value = load_plain_pickle(content)
    except ValueError as error:
        raise ValueError(f"{path}: {name} was refused: {error}. {ADVICE}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path}: {name} holds a {type(value).__name__}; expected a dictionary. {ADVICE}")
    return {key.decode("latin1") if isinstance(key, bytes) else key: item for key, item in value.items()}


def _check_class_names(path: Path, content: bytes) -> None:
    names = _unpickled(path, META, content).get("label_names")
    listed = names if isinstance(names, list) else []
    found = [name.decode("latin1") if isinstance(name, bytes) else name for name in listed]
    if not all(isinstance(name, str) for name in found) or found != list(CLASS_NAMES):
        said = reprlib.repr(found)
        raise ValueError(f"{path}: {META} names the classes {said}; expected {list(CLASS_NAMES)}. {ADVICE}")


def _read_batch(path: Path, name: str, content: bytes) -> tuple[Images, Labels]:
    batch = _unpickled(path, name, content)
    data, labels = batch.get("data"), batch.get("labels")
    columns = 3 * SIDE * SIDE
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (columns,) or not len(data):
        found = f"{data.dtype} {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
        raise ValueError(f"{path}: data in {name} must be uint8 of shape (n, {columns}); found {found}. {ADVICE}")
    if not isinstance(labels, list) or len(labels) != len(data):
        found = f"{len(labels)} labels" if isinstance(labels, list) else type(labels).__name__
        raise ValueError(f"{path}: {name} must hold a list of {len(data)} labels; found {found}. {ADVICE}")
    wrong = [label for label in labels if not isinstance(label, int) or not 0 <= label < len(CLASS_NAMES)]
    if wrong:
        raise ValueError(
            f"{path}: labels in {name} must be whole numbers from 0 to 9; found {reprlib.repr(wrong[0])}. {ADVICE}"
        )
    images = np.ascontiguousarray(data.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))  # channels last
    return images, np.array(labels, dtype=np.int64)
