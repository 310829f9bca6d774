"""CIFAR-10's official batches, from the archive or from the folder that it unpacks to.

The archive is read in memory and never unpacked, so no member of it can land anywhere. Its batches are pickles, and a
pickle is a small program: unpickling it can call whatever it names. Here it gets a stand-in that takes notes in place
of the few names that NumPy's arrays need, and is refused for any other; the pixels are made from the notes.
"""

import gzip
import io
import pickle
import pickletools
import reprlib
import tarfile
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..files import refused

FOLDER = "cifar-10-batches-py"
BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")
META = "batches.meta"
CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz")
LARGEST_ARCHIVE = 7 * 2**26  # bytes, unpacked; the official one has 186 million, and written by Python 3 270 million
MOST_MEMBERS = 100  # of the archive, which has 9
MOST_STEPS = 1_000_000  # of the program that a pickle is; an official batch has some 50,000
MOST_KEYS = 100
ADVICE = "Take a whole copy of cifar-10-python.tar.gz from the CIFAR page, https://www.cs.toronto.edu/~kriz/cifar.html"


def read_batches(source: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read ``cifar-10-python.tar.gz`` or the folder in it: images (n, 32, 32, 3) and labels (n,), training ones first.

    Raises
    ------
    ValueError
        If the archive is damaged or incomplete, has a member that leaves its folder, or a batch is not plain data.
    """
    if source.name.endswith(ARCHIVE_SUFFIXES):
        contents = _read_archive(source)
    else:
        files = (source / name for name in (*BATCHES, META))
        contents = {path.name: path.read_bytes() for path in files if path.is_file()}
    missing = [name for name in BATCHES if name not in contents]
    if missing:
        raise ValueError(f"{source} lacks {', '.join(missing)}; expected {FOLDER} with six batches. {ADVICE}")
    images, labels = [], []
    for name in BATCHES:
        with refused(f"{source}: {name}", "a batch of CIFAR-10", ADVICE):
            pixels, classes = _read_batch(contents[name])
            images.append(pixels)
            labels.append(classes)
    if META in contents:
        with refused(f"{source}: {META}", "that of CIFAR-10", ADVICE):
            _check_class_names(contents[META])
    return np.concatenate(images), np.concatenate(labels)


def _read_archive(path: Path) -> dict[str, bytes]:
    """The batches that an archive holds, by name."""
    contents = {}
    with path.open("rb") as packed, refused(path, "a whole tar.gz archive of CIFAR-10", ADVICE):
        # All of it at once, within bounds: then nothing that a header declares can be more than is there.
        unpacked = gzip.GzipFile(fileobj=packed).read(LARGEST_ARCHIVE + 1)
        if len(unpacked) > LARGEST_ARCHIVE:
            raise ValueError(f"unpacked it has more than {LARGEST_ARCHIVE} bytes")
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for member in islice(archive, MOST_MEMBERS):
                name = PurePosixPath(member.name)
                leaves = name.is_absolute() or ".." in name.parts or set("\\:") & set(member.name)
                # a negative size would lead back to members before it
                if leaves or not (member.isreg() or member.isdir()) or member.issparse() or member.size < 0:
                    raise ValueError(f"member {reprlib.repr(member.name)} leaves its folder, or is no file")
                file = archive.extractfile(member)
                if file and str(name.parent) == FOLDER and name.name in (*BATCHES, META):
                    contents[name.name] = file.read()
    return contents


class _Note:
    """Stands in for all that a pickle of arrays names: it keeps what it is given, and calls nothing."""

    def __init__(self, *given: Any) -> None:
        self.given = given

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Keys(dict[Any, Any]):
    """A dictionary with few keys, and only such as are hashed at once; tuples of tuples of tuples are not."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, str | bytes) or len(self) == MOST_KEYS:
            raise ValueError(f"it holds more than {MOST_KEYS} keys, or others than text")
        super().__setitem__(key, value)


class _Unpickler(pickle._Unpickler):
    """Makes dictionaries, lists, tuples, bytes, text and numbers, and notes on arrays.

    It is Python's unpickler as written in Python, for the one in C takes as much memory as a pickle declares.
    """

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)
    dispatch[pickle.EMPTY_DICT[0]] = lambda self: self.append(_Keys())
    for code in (pickle.DICT, pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET, pickle.BYTEARRAY8):
        del dispatch[code[0]]

    def find_class(self, module: str, name: str) -> Any:
        arrays = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
        if module in arrays and name in ("_reconstruct", "ndarray", "dtype"):
            return _Note
        if (module, name) == ("_codecs", "encode"):  # so Python 3 writes bytes for Python 2
            return lambda text, encoding: text.encode("latin1")
        raise ValueError(f"it would run code: it asks for {module}.{name}")


def _unpickled(content: bytes) -> dict[Any, Any]:
    """The dictionary that a batch is; its keys are text, whichever Python wrote it."""
    for step, _ in enumerate(pickletools.genops(content)):
        if step == MOST_STEPS:
            raise ValueError(f"it has more than {MOST_STEPS} steps")
    value = _Unpickler(io.BytesIO(content), encoding="bytes").load()
    if not isinstance(value, dict):
        raise ValueError(f"it holds a {type(value).__name__}; expected a dictionary")
    return {key.decode("latin1") if isinstance(key, bytes) else key: item for key, item in value.items()}


def _check_class_names(content: bytes) -> None:
    """Refuse other classes than CIFAR-10's, such as CIFAR-100's."""
    names = _unpickled(content).get("label_names")
    found = [name.decode("latin1") if isinstance(name, bytes) else name for name in names or []]
    if found != list(CLASS_NAMES):
        raise ValueError(f"it names the classes {reprlib.repr(found)}; expected {list(CLASS_NAMES)}")


def _read_batch(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The images of a batch, channels last, and their labels."""
    batch = _unpickled(content)
    data, labels = batch.get("data"), batch.get("labels")
    if not isinstance(data, _Note):
        raise ValueError(f"its data must be an array; found {type(data).__name__}")
    _, shape, dtype, in_columns, values = data.state
    n, columns = len(values) // (3 * SIDE**2), 3 * SIDE**2
    if dtype.given[0] not in ("u1", b"u1") or shape != (n, columns) or n == 0 or len(values) != n * columns:
        found = reprlib.repr((dtype.given[0], shape))
        raise ValueError(f"its data must be uint8 of shape (n, {columns}); found type and shape {found}")
    if not isinstance(labels, list) or len(labels) != n:
        raise ValueError(f"it must hold a list of {n} labels; found a {type(labels).__name__} of another length")
    wrong = [label for label in labels if type(label) is not int or not 0 <= label < len(CLASS_NAMES)]
    if wrong:
        raise ValueError(f"its labels must be whole numbers from 0 to 9; found {reprlib.repr(wrong[0])}")
    pixels = np.frombuffer(values, np.uint8).reshape(shape, order="F" if in_columns else "C")
    return np.ascontiguousarray(pixels.reshape(n, 3, SIDE, SIDE).transpose(0, 2, 3, 1)), np.array(labels, np.int64)
