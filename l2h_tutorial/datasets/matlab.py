"""Features and labels from a Matlab file, in the layout of the tutorial's ``Gist512CIFAR10.mat``."""

import math
import struct
import warnings
import zlib
from pathlib import Path
from typing import IO

import numpy as np
import scipy.io
from numpy.typing import NDArray

from ..gist import N_FEATURES

MOST_ROWS = 60_000  # of CIFAR-10
MATRIX, COMPRESSED, OPAQUE, COMPLEX = 14, 15, 17, 8
NUMERIC = range(6, 16)  # classes of arrays, from double to uint64
CLASSES = {1: "a cell array", 2: "a struct", 3: "an object", 4: "text", 5: "a sparse array", 16: "a function"}
BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}  # of a number, by the type of stored data
WANTED = {"X": "a dense array of real numbers", "X_class": "an array of numbers"}
ADVICE = "Take a whole copy of Gist512CIFAR10.mat, or give the image archive as the source"


def read_matlab(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Read ``X`` (n, 512) and ``X_class`` (1, n) or (n, 1).

    Returns
    -------
    features : array of shape (n, 512), float32
    labels : array of shape (n,), int64, each 0 to 9

    Raises
    ------
    ValueError
        If the file is damaged, lacks a variable, or a variable has another shape or other values.
    """
    with path.open("rb") as file, warnings.catch_warnings():
        # SciPy 1.18 warns that sparse matrices will be of another type; X is refused in either.
        warnings.filterwarnings("ignore", "The default value for `spmatrix`", DeprecationWarning)
        try:
            _check_elements(file)
            file.seek(0)
            variables = scipy.io.loadmat(file, variable_names=list(WANTED))
        except _Refused as refused:
            raise ValueError(f"{path}: {refused}. {ADVICE}") from None
        except NotImplementedError as error:
            raise ValueError(f"{path} is a Matlab 7.3 file; save it again with Matlab's option -v7") from error
        except Exception as error:  # a damaged file makes the reader fail in nearly any way
            reason = f"{type(error).__name__}: {str(error)[:200]}"
            raise ValueError(f"{path} is not a whole Matlab file ({reason}). {ADVICE}") from error
    for name in WANTED:
        if name not in variables:
            raise ValueError(f"{path} holds no variable {name}; expected X (n, {N_FEATURES}) and X_class. {ADVICE}")
    features = _checked_features(path, variables["X"])
    return features, _checked_labels(path, variables["X_class"], len(features))


class _Refused(Exception):
    """A variable is of another kind, or larger, than it may be."""


def _check_elements(file: IO[bytes]) -> None:
    """Look at what the file declares before SciPy believes it.

    SciPy takes as much memory as an array declares, and a packed array may declare a thousand times the file's size;
    cells in cells, deep enough, crash it. The format: "MAT-File Format", The MathWorks, chapter 1.
    """
    header = file.read(128)
    order = {b"\0\1IM": "<", b"\1\0MI": ">", b"\0\2IM": "<", b"\2\0MI": ">"}.get(header[124:])
    if order is None or 0 in header[:4]:  # a zero there is version 4 to SciPy, whatever the end of the header says
        raise ValueError("no header of version 5 or later")
    while len(tag := file.read(8)) == 8:
        kind, size = struct.unpack(f"{order}II", tag)
        end = file.tell() + size
        start = tag + file.read(min(size, 4096))
        if kind == COMPRESSED:
            start = zlib.decompressobj().decompress(start[8:], 4096)
        _check_matrix(start, order)
        file.seek(end)


def _check_matrix(start: bytes, order: str) -> None:
    """Check an array by the first bytes of it: its class, dimensions, name, and the size of its values."""

    def part(at: int) -> tuple[int, int, int, int]:
        """An element's type, the number of its bytes, where they begin, and where the next element does."""
        kind, size = struct.unpack_from(f"{order}II", start, at)
        if kind >> 16:  # few bytes are beside the type, in place of their number
            return kind & 0xFFFF, kind >> 16, at + 4, at + 8
        return kind, size, at + 8, at + 8 + size + -size % 8

    kind, _, _, _, word = struct.unpack_from(f"{order}5I", start)
    if kind != MATRIX:
        raise ValueError(f"an element of type {kind}")
    at = 24  # after the array's flags
    array_class, is_complex = word & 0xFF, word >> 8 & COMPLEX
    shape: tuple[int, ...] = ()
    if array_class != OPAQUE:  # which has no dimensions
        _, size, begin, at = part(at)
        shape = struct.unpack_from(f"{order}{size // 4}i", start, begin)
    _, size, begin, at = part(at)
    name = start[begin : begin + size].decode("latin1")
    if name not in WANTED:
        return
    if array_class not in NUMERIC or is_complex:
        found = "complex numbers" if is_complex else CLASSES.get(array_class, f"class {array_class}")
        raise _Refused(f"{name} must be {WANTED[name]}; found {found}")
    columns = N_FEATURES if name == "X" else 1
    if math.prod(shape) > MOST_ROWS * columns or min(shape, default=0) < 0:
        raise _Refused(f"{name} must have at most {MOST_ROWS} rows of {columns}; found {shape[:4]}")
    kind, size, _, _ = part(at)
    if kind not in BYTES or size != math.prod(shape) * BYTES[kind]:
        raise ValueError(f"the values of {name}, {size} bytes of type {kind}, do not fit its shape {shape[:4]}")


def _checked_features(path: Path, values: object) -> NDArray[np.float32]:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise ValueError(f"{path}: X must be {WANTED['X']}; found {_described(values)}. {ADVICE}")
    if values.ndim != 2 or values.shape[1] != N_FEATURES or len(values) == 0:
        raise ValueError(f"{path}: X must have shape (n, {N_FEATURES}), n > 0; found {values.shape}. {ADVICE}")
    features = np.ascontiguousarray(values, dtype=np.float32)
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(f"{path}: X must be finite; row {row} holds NaN or infinity. {ADVICE}")
    return features


def _checked_labels(path: Path, values: object, n: int) -> NDArray[np.int64]:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise ValueError(f"{path}: X_class must be {WANTED['X_class']}; found {_described(values)}. {ADVICE}")
    if values.shape not in ((1, n), (n, 1)):
        raise ValueError(
            f"{path}: X_class must have shape (1, {n}) or ({n}, 1), a label for each row of X; "
            f"found {values.shape}. {ADVICE}"
        )
    labels = values.ravel()
    wrong = ~np.isin(labels, np.arange(10))  # NaN and fractions are wrong too
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{path}: the labels in X_class must be whole numbers from 0 to 9; row {row} holds {labels[row]}. {ADVICE}"
        )
    return labels.astype(np.int64)


def _described(values: object) -> str:
    return f"an array of type {values.dtype}" if isinstance(values, np.ndarray) else type(values).__name__
