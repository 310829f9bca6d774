"""Arrays from the files that images and features come in: gzipped IDX, Matlab, and image files in class folders."""

import gzip
import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from ..files import refused
from ..gist import N_FEATURES

LARGEST_FILE = 2**28  # bytes, unpacked: 60,000 rows of 512 float64 and their labels
COMPRESSED = 15  # an element of a Matlab file; the others that are read hold numbers, of these types:
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
LARGEST_SIDE = 2048  # pixels
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")  # Pillow knows more; some of them start programs
LAYOUT = "expected one folder of image files for each class, directly or under train and test"


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read a gzipped IDX file of unsigned bytes.

    The format: two zero bytes, the type (8 is uint8), the number of dimensions, each dimension as a big-endian
    four-byte integer, then the values.

    Raises
    ------
    ValueError
        If it is damaged or something else.
    """
    advice = "Install the package again, or restore the file from the repository"
    with path.open("rb") as packed, refused(path, "a whole gzipped IDX file of bytes", advice):
        content = gzip.GzipFile(fileobj=packed).read(LARGEST_FILE)
        dimensions = content[3]
        shape = struct.unpack_from(f">{dimensions}I", content, 4)
        if content[:3] != b"\0\0\x08" or not dimensions:
            raise ValueError("its first bytes are not those of an IDX file of unsigned bytes")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def read_matlab(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
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
    expected = f"a whole Matlab file with X (n, {N_FEATURES}) and X_class (1, n)"
    advice = "Take a whole copy of Gist512CIFAR10.mat, or give the image archive as the source"
    with path.open("rb") as file, refused(path, expected, advice):
        variables = _read_variables(file.read(LARGEST_FILE))
        X, X_class = variables[b"X"], variables[b"X_class"]
        n = len(X)
        if X.shape != (n, N_FEATURES) or n == 0:
            raise ValueError(f"X must have shape (n, {N_FEATURES}); found {X.shape}")
        if X_class.shape not in ((1, n), (n, 1)):
            raise ValueError(f"X_class must have shape (1, {n}) or ({n}, 1); found {X_class.shape}")
        features, labels = np.ascontiguousarray(X, dtype=np.float32), X_class.ravel()
        usable = np.isfinite(features).all(axis=1) & np.isin(labels, np.arange(10))  # NaN and fractions are not
        if not usable.all():
            row = int(np.argmin(usable))
            found = f"row {row} holds {features[row].min()} to {features[row].max()} and label {labels[row]}"
            raise ValueError(f"X must be finite, X_class whole numbers from 0 to 9; {found}")
    return features, labels.astype(np.int64)


def _read_variables(content: bytes) -> dict[bytes, NDArray[Any]]:
    """X and X_class, from all the bytes of a file.

    Not by SciPy: its reader ends the whole program at a type of values that it does not know, and takes as much memory
    as a packed variable fills. The format: "MAT-File Format", The MathWorks, chapter 1.
    """
    order = {b"\0\1IM": "<", b"\1\0MI": ">"}.get(content[124:128])
    if order is None:
        raise ValueError("not of Matlab's versions 5 to 7: save one of 7.3 again with the option -v7")
    variables = {}
    for kind, element in _elements(memoryview(content)[128:], order):
        if kind == COMPRESSED:  # one variable, behind its own type and size
            element = memoryview(zlib.decompressobj().decompress(element, LARGEST_FILE))[8:]
        _, (_, shape), (_, name), (kind, values), *more = islice(_elements(element, order), 5)
        if name in (b"X", b"X_class"):
            if kind not in TYPES or more:
                raise ValueError(f"{bytes(name).decode()} must be a dense array of real numbers")
            array = np.frombuffer(values, order + TYPES[kind])
            variables[bytes(name)] = array.reshape(np.frombuffer(shape, order + "u4"), order="F")
    return variables


def _elements(content: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """The elements that a Matlab file or a variable consists of: the type of each, and its bytes."""
    at = 0
    while at < len(content):
        kind, size = struct.unpack_from(f"{order}II", content, at)
        begin, end = at + 8, at + 8 + size
        if kind >> 16:  # at most four bytes stand in the place of their number
            kind, size = kind & 0xFFFF, kind >> 16
            begin, end = at + 4, at + 8
        yield kind, content[begin : begin + size]
        at = end if kind == COMPRESSED else end + -end % 8


def read_class_folders(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...]]:
    """Read every image in a folder of class folders, ordered by part (train first), class and file name.

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
        If the layout is another, there are fewer than two classes, a class is empty, a file is not a readable image
        of 8 bits a channel, or the images are not all of one size.
    """
    names = {path.name for path in folder.glob("[!.]*/")}
    parts = [folder / name for name in ("train", "test") if name in names]
    if names - {"train", "test"}:
        parts = [folder]
    empty = [path for part in parts for path in part.glob("[!.]*/") if not any(path.glob("[!.]*"))]
    if empty:
        raise ValueError(f"{empty[0]} is empty; put its images there or remove it; {LAYOUT}")
    files = [path for part in parts for path in sorted(part.glob("[!.]*/[!.]*"))]
    class_names = tuple(sorted({path.parent.name for path in files}))
    if len(class_names) < 2:
        raise ValueError(f"{folder} needs at least two class folders; found {list(class_names)}; {LAYOUT}")
    images = []
    for path in tqdm(files, desc="images", disable=None, delay=2):
        images.append(_read_image(path))
        if images[-1].shape != images[0].shape:
            shapes = f"{path} has the shape {images[-1].shape}, and {files[0]} {images[0].shape}"
            raise ValueError(f"{shapes}; the images must all be of one size: resize or crop them")
    pixels = np.stack(images)
    labels = np.array([class_names.index(path.parent.name) for path in files], dtype=np.int64)
    if (pixels == pixels[..., :1]).all():  # grey, every one of them
        pixels = np.ascontiguousarray(pixels[..., 0])
    return pixels, labels, class_names


def _read_image(path: Path) -> NDArray[np.uint8]:
    """The pixels (h, w, 3) of an image of 8 bits a channel."""
    with refused(path, "a readable image", f"Mend it or remove it; {LAYOUT}"):
        if not path.is_file():  # opening a named pipe waits for ever
            raise ValueError("it is a folder or a device")
        with Image.open(path, formats=FORMATS) as image:
            if max(image.size) > LARGEST_SIDE or image.mode.startswith(("I", "F")):
                found = f"{image.width} x {image.height} pixels of mode {image.mode}"
                raise ValueError(f"it has {found}; expected sides up to {LARGEST_SIDE} and 8 bits a channel")
            return np.asarray(image.convert("RGB"))
