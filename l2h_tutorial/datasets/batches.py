"""CIFAR-10's official batches, from the archive or from the folder that it unpacks to.

The archive is read in memory and never unpacked, so no member of it can land anywhere; its batches are pickles, and
are read by an unpickler that runs no code.
"""

import gzip
import tarfile
import zlib
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
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                _check_member(path, member)
                name = wanted.get(str(PurePosixPath(member.name)))
                file = archive.extractfile(member) if name and member.isfile() else None
                if name and file:
                    _check_size(path, name, member.size)
                    contents[name] = file.read()
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
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


def _check_member(path: Path, member: tarfile.TarInfo) -> None:
    name = PurePosixPath(member.name)
    leaves = name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in member.name
    if leaves or not (member.isfile() or member.isdir()):
        kind = "leaves its folder" if leaves else "is a link or a device"
        raise ValueError(f"{path}: member {member.name!r} {kind}; CIFAR-10's archive holds no such thing. {ADVICE}")


def _check_size(path: Path, name: str, size: int) -> None:
    if not 0 < size <= LARGEST_BATCH:
        raise ValueError(f"{path}: {name} has {size} bytes; expected 1 to {LARGEST_BATCH}. {ADVICE}")


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
    found = [name.decode("latin1") if isinstance(name, bytes) else name for name in names or ()]
    if found != list(CLASS_NAMES):
        raise ValueError(f"{path}: {META} names the classes {found}; expected {list(CLASS_NAMES)}. {ADVICE}")


def _read_batch(path: Path, name: str, content: bytes) -> tuple[Images, Labels]:
    batch = _unpickled(path, name, content)
    data, labels = batch.get("data"), batch.get("labels")
    columns = 3 * SIDE * SIDE
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != columns:
        found = f"{data.dtype} {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
        raise ValueError(f"{path}: data in {name} must be uint8 of shape (n, {columns}); found {found}. {ADVICE}")
    if not isinstance(labels, list) or len(labels) != len(data):
        found = f"{len(labels)} labels" if isinstance(labels, list) else type(labels).__name__
        raise ValueError(f"{path}: {name} must hold a list of {len(data)} labels; found {found}. {ADVICE}")
    wrong = [label for label in labels if not isinstance(label, int) or not 0 <= label < len(CLASS_NAMES)]
    if wrong:
        raise ValueError(f"{path}: labels in {name} must be whole numbers from 0 to 9; found {wrong[0]!r}. {ADVICE}")
    images = np.ascontiguousarray(data.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))  # channels last
    return images, np.array(labels, dtype=np.int64)
