"""Read arrays from the files that images and features come in, and refuse damaged or hostile files.

CIFAR-10's official archive is read in memory and never unpacked, so no member of it can be written
anywhere. Its batches are pickles. A pickle is a small program, and unpickling it can call whatever
it names. Here a stand-in takes notes instead of the few names that NumPy's arrays need; any other
name is refused. The pixels are made from the notes.
"""

import gzip
import io
import pickle
import pickletools
import reprlib
import struct
import tarfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np

from ..checks import Array, Bytes, Integers, Singles, load_optional, with_progress
from ..files import refused
from ..gist import N_FEATURES

CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
FOLDER = "cifar-10-batches-py"
BATCHES = (
    "data_batch_1",
    "data_batch_2",
    "data_batch_3",
    "data_batch_4",
    "data_batch_5",
    "test_batch",
)
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz")
# Bytes of an unpacked file, at most: the archive has 186 million, or 270 million when written by
# Python 3.
LARGEST_FILE = 7 * 2**26
MOST_MEMBERS = 100  # members of the archive, at most; it has 9
MOST_STEPS = 1_000_000  # steps of a pickle's program, at most; an official batch has some 50,000
ADVICE = (
    "Take a whole copy of cifar-10-python.tar.gz from the CIFAR page, "
    "https://www.cs.toronto.edu/~kriz/cifar.html"
)
COMPRESSED = 15  # the type of a compressed element in a Matlab file
# The types of elements that hold numbers.
TYPES = {
    1: "<i1",
    2: "<u1",
    3: "<i2",
    4: "<u2",
    5: "<i4",
    6: "<u4",
    7: "<f4",
    9: "<f8",
    12: "<i8",
    13: "<u8",
}
LARGEST_SIDE = 2048  # pixels of an image's side, at most
# Pillow reads more formats, but some of them start programs.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")


def read_idx(path: Path) -> Bytes:
    """Read a gzipped IDX file of unsigned bytes.

    The format: two zero bytes, the type (8 is uint8), the number of dimensions, each dimension as a
    big-endian four-byte integer, then the values.

    Raises
    ------
    ValueError
        If it is damaged or something else.
    """
    advice = "Install the package again, or restore the file from the repository"
    with path.open("rb") as packed, refused(path, "a whole gzipped IDX file of bytes", advice):
        content = gzip.GzipFile(fileobj=packed).read(LARGEST_FILE)
        shape = struct.unpack_from(f">{content[3]}I", content, 4)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def read_matlab(path: Path) -> tuple[Singles, Integers]:
    """Read ``X`` (n, 512), features, and ``X_class`` (1, n) or (n, 1), labels from 0 to 9.

    Returns
    -------
    features : array of shape (n, 512), float32
    labels : array of shape (n,), int64

    Raises
    ------
    ValueError
        If the file is damaged, lacks a variable, or a variable has another shape or other values.
    """
    expected = (
        f"a Matlab file with X (n, {N_FEATURES}), finite, "
        "and X_class (1, n), whole numbers from 0 to 9"
    )
    advice = "Take a whole copy of Gist512CIFAR10.mat, or give the image archive as the source"
    with path.open("rb") as file, refused(path, expected, advice):
        variables = _read_variables(memoryview(file.read(LARGEST_FILE)))
        X = np.ascontiguousarray(variables["X"], np.float32)
        X_class = variables["X_class"]
        n = len(X)
        if n == 0 or X.shape != (n, N_FEATURES) or X_class.shape not in ((1, n), (n, 1)):
            raise ValueError(f"X has the shape {X.shape}, X_class {X_class.shape}")
        if not np.isfinite(X).all() or not np.isin(X_class, range(10)).all():
            raise ValueError(
                f"X has values from {X.min()} to {X.max()}, X_class {np.unique(X_class)[:20]}"
            )
        return X, X_class.ravel().astype(np.int64)


def _read_variables(content: memoryview) -> dict[str, Array]:
    """Read X and X_class from all the bytes of a file.

    SciPy's reader ends the whole program at a type of values that it does not know, and takes as
    much memory as a packed variable fills; so it is not used. The format is described in "MAT-File
    Format", The MathWorks, chapter 1.
    """
    if content[124:128] != b"\0\1IM":
        raise ValueError(
            "not a little-endian file of Matlab's versions 5 to 7: "
            "save it again with the option -v7"
        )
    variables = {}
    for kind, element in _elements(content[128:]):
        if kind == COMPRESSED:
            unpacked = zlib.decompressobj().decompress(element, LARGEST_FILE)
            element = memoryview(unpacked)[8:]  # one variable, after its own type and size
        _, (_, shape), (_, name), *parts = islice(_elements(element), 5)
        if name in (b"X", b"X_class"):
            ((kind, values),) = parts  # complex numbers and sparse arrays have more
            array = np.frombuffer(values, TYPES[kind])
            dimensions = np.frombuffer(shape, "<u4")
            variables[str(name, "ascii")] = array.reshape(dimensions, order="F")
    return variables


def _elements(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the type and the bytes of each element of a Matlab file, or of a variable in it."""
    position = 0
    while position < len(content):
        kind, size = struct.unpack_from("<II", content, position)
        position += 8
        # A small element has its type and its size in one word, and at most four bytes after it.
        if kind >> 16:
            size = kind >> 16
            kind &= 0xFFFF
            position -= 4
        yield kind, content[position : position + size]
        position += size
        if kind != COMPRESSED:
            position += -position % 8


def read_batches(source: Path) -> tuple[Bytes, Integers]:
    """Read ``cifar-10-python.tar.gz`` or the folder in it, training rows first.

    Returns
    -------
    images : array of shape (n, 32, 32, 3), uint8
    labels : array of shape (n,), int64

    Raises
    ------
    ValueError
        If the archive is damaged or incomplete, has a member outside of its folder, or a batch is
        not plain data.
    """
    if source.name.endswith(ARCHIVE_SUFFIXES):
        contents = _read_archive(source)
    else:
        contents = {
            name: (source / name).read_bytes() for name in BATCHES if (source / name).is_file()
        }
    missing = [name for name in BATCHES if name not in contents]
    if missing:
        raise ValueError(
            f"{source} lacks {', '.join(missing)}; expected {FOLDER} with six batches. {ADVICE}"
        )
    images = []
    labels = []
    expected = "a batch with data (n, 3072) of type uint8 and n labels from 0 to 9"
    for name in BATCHES:
        with refused(f"{source}: {name}", expected, ADVICE):
            batch = _unpickled(contents[name])
            pixels = _pixels(batch["data"])
            marks = list(batch["labels"])
            if not 0 < len(pixels) == len(marks) or any(mark not in range(10) for mark in marks):
                raise ValueError(f"found {len(pixels)} rows with labels {reprlib.repr(marks)}")
            images.append(pixels)
            labels.append(marks)
    return np.concatenate(images), np.concatenate(labels).astype(np.int64)


def _read_archive(path: Path) -> dict[str, bytes]:
    """Return the batches that an archive holds, by name."""
    contents = {}
    with path.open("rb") as packed, refused(path, f"a whole tar.gz archive of {FOLDER}", ADVICE):
        # Unpack all at once, up to a limit: then a header cannot declare more than there is.
        unpacked = gzip.GzipFile(fileobj=packed).read(LARGEST_FILE)
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for member in islice(archive, MOST_MEMBERS):
                place = PurePosixPath(member.name)  # without parts if it is ./
                plain = (member.isreg() or member.isdir()) and not member.issparse()
                if place.parts[:1] not in ((), (FOLDER,)) or ".." in place.parts or not plain:
                    raise ValueError(
                        f"its member {reprlib.repr(member.name)} is not a file in {FOLDER}"
                    )
                if place.name in BATCHES:
                    end = member.offset_data + member.size
                    contents[place.name] = unpacked[member.offset_data : end]
    return contents


class _Note:
    """Stand in for anything that a pickle of arrays names: keep the arguments, call nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Texts(dict[str, Any]):
    """Keep a dictionary whose keys are text; bytes become text, and other keys are refused.

    Other keys are never hashed: hashing tuples of tuples can take for ever.
    """

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, str):
            key = str(key, "latin1")  # Python 2 wrote bytes
        super().__setitem__(key, value)


class _Unpickler(pickle._Unpickler):
    """Make dictionaries, lists, tuples, bytes, text and numbers, and notes on arrays.

    This is the unpickler that is written in Python. The one in C takes as much memory as a pickle
    declares.
    """

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)
    dispatch[pickle.EMPTY_DICT[0]] = lambda self: self.append(_Texts())
    for code in (pickle.DICT, pickle.EMPTY_SET, pickle.FROZENSET, pickle.BYTEARRAY8):
        del dispatch[code[0]]

    def find_class(self, module: str, name: str) -> Any:
        arrays = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
        if module in arrays and name in ("_reconstruct", "ndarray", "dtype"):
            return _Note
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes for Python 2
            return lambda text, encoding: text.encode("latin1")
        raise ValueError(f"it would run code: it asks for {module}.{name}")


def _unpickled(content: bytes) -> Any:
    """Return the plain data that a pickle holds, or refuse the pickle."""
    for step, _ in enumerate(pickletools.genops(content)):
        if step == MOST_STEPS:
            raise ValueError(f"it has more than {MOST_STEPS} steps")
    return _Unpickler(io.BytesIO(content), encoding="bytes").load()


def _pixels(note: _Note) -> Bytes:
    """Make images (n, 32, 32, 3) from a note on an array (n, 3072) with the channels first."""
    _, shape, dtype, in_columns, values = note.state
    if dtype.arguments[0] not in ("u1", b"u1") or shape[1:] != (3072,):
        raise ValueError(f"found type and shape {reprlib.repr((dtype.arguments[0], shape))}")
    pixels = np.frombuffer(values, np.uint8).reshape(shape, order="F" if in_columns else "C")
    return np.ascontiguousarray(pixels.reshape(len(pixels), 3, 32, 32).transpose(0, 2, 3, 1))


def read_class_folders(folder: Path) -> tuple[Bytes, Integers, tuple[str, ...]]:
    """Read every image in a folder of class folders.

    The images are ordered by part (train first), class and file name.

    Returns
    -------
    images : array of shape (n, h, w) if every image is grey, else (n, h, w, 3), uint8
    labels : array of shape (n,), int64
        Positions in the class names.
    class_names : tuple of str
        The class folders' names, sorted.

    Raises
    ------
    ValueError
        If the layout is another, there are fewer than two classes, a class is empty, a file is not
        a readable image of 8 bits a channel, or the images are not all of one size.
    """
    parts = [folder]
    if {path.name for path in folder.glob("[!.]*/")} <= {"train", "test"}:
        parts = [folder / "train", folder / "test"]
    class_names = tuple(sorted({path.name for part in parts for path in part.glob("[!.]*/")}))
    files = [path for part in parts for path in sorted(part.glob("[!.]*/[!.]*"))]
    labels = np.array([class_names.index(path.parent.name) for path in files], dtype=np.int64)
    counts = np.bincount(labels, minlength=len(class_names))
    if len(class_names) < 2 or not counts.all():
        expected = (
            "a folder of images for each of two or more classes, directly or under train and test"
        )
        found = dict(zip(class_names, counts.tolist(), strict=True))
        raise ValueError(f"{folder} must have {expected}; found {found}")
    images = []
    size = None
    expected = (
        f"a readable image of 8 bits a channel, as large as the first, sides up to {LARGEST_SIDE}"
    )
    Image = load_optional("PIL.Image", "load_dataset")
    for path in with_progress(files, "images"):
        with refused(path, expected, "Mend it or remove it"):
            if not path.is_file():  # opening a named pipe waits for ever
                raise ValueError("it is a folder or a device")
            with Image.open(path, formats=FORMATS) as image:
                size = size or image.size
                if (
                    image.size != size
                    or max(size) > LARGEST_SIDE
                    or image.mode.startswith(("I", "F"))
                ):
                    raise ValueError(
                        f"{image.width} x {image.height} pixels of mode {image.mode}; "
                        f"the first is {size}"
                    )
                images.append(np.asarray(image.convert("RGB")))
    pixels = np.stack(images)
    if (pixels == pixels[..., :1]).all():  # grey, every one of them
        pixels = np.ascontiguousarray(pixels[..., 0])
    return pixels, labels, class_names
