"""Matlab files: every field of every element may be wrong."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
import scipy.sparse
from hypothesis import strategies as st

from l2h_tutorial.datasets.matlab import read_matlab

from ..mutations import mutated, numbers
from ..reader import Reader

HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
PIECE = 2**24
KINDS = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14, 15, 16, 17, 18, 0, 99)  # of data
CLASSES = (6, 7, 9, 13, 4, 1, 2, 3, 5, 8, 16, 17, 0, 99)  # of arrays


def read(path: Path) -> str:
    features, labels = read_matlab(path)
    assert features.dtype == np.float32
    assert features.shape == (len(labels), 512)
    assert np.isfinite(features).all()
    assert labels.dtype == np.int64
    assert len(labels) > 0
    assert set(labels.tolist()) <= set(range(10))
    return "features"


def element(kind: int, content: bytes, size: int | None = None) -> bytes:
    return struct.pack("<II", kind, len(content) if size is None else size) + content + bytes(-len(content) % 8)


def matrix(name: bytes, dims: tuple[int, ...], content: bytes, mclass: int = 6, flags: int = 0) -> bytes:
    parts = element(6, struct.pack("<II", mclass | flags << 8, 0))
    parts += element(5, b"".join(struct.pack("<i", (n + 2**31) % 2**32 - 2**31) for n in dims)) + element(1, name)
    return element(14, parts + content)


def packed(whole: bytes) -> bytes:
    return struct.pack("<II", 15, len(data := zlib.compress(whole, 1))) + data


ROWS = 2
X = matrix(b"X", (ROWS, 512), element(2, bytes(ROWS * 512)))
LABELS = matrix(b"X_class", (1, ROWS), element(2, bytes(ROWS)))


@st.composite
def nested(draw) -> bytes:
    """Cells in cells."""
    content = matrix(b"", (1, 1), element(2, b"\0"))
    for _ in range(draw(st.sampled_from([1, 5, 500]))):
        content = matrix(b"X" if draw(st.booleans()) else b"", (1, 1), content, draw(st.sampled_from([1, 1, 1, 2, 16])))
    return matrix(draw(st.sampled_from([b"X", b"X_class", b"other"])), (1, 1), content, 1)


@st.composite
def matrices(draw) -> bytes:
    """An array, with anything declared."""
    name, dims, kind = draw(st.sampled_from([(b"X", (ROWS, 512), 2), (b"X_class", (1, ROWS), 2)]))
    size: int | None = None
    flags = 0
    mclass = 6
    for _ in range(draw(st.integers(1, 2))):
        match draw(st.integers(0, 5)):
            case 0:
                dims = tuple(draw(st.lists(numbers, max_size=4)))
            case 1:
                kind = draw(st.sampled_from(KINDS))
            case 2:
                mclass = draw(st.sampled_from(CLASSES))
            case 3:
                flags = draw(st.sampled_from([8, 2, 4, 255]))
            case 4:
                size = abs(draw(numbers)) % 2**32
            case 5:
                name = draw(st.sampled_from([b"", b"X" * 99, b"\xff", b"__header__", b"X"]))
    content = element(kind, bytes(ROWS * 512 * draw(st.sampled_from([1, 8]))), size)
    return matrix(name, dims, content * draw(st.sampled_from([1, 1, 2, 3])), mclass, flags)


@st.composite
def built(draw) -> bytes:
    parts = [X, LABELS]
    for _ in range(draw(st.integers(0, 2))):
        parts[draw(st.integers(0, 1))] = draw(st.one_of(matrices(), matrices(), nested()))
    packing = [draw(st.booleans()) for _ in parts]
    return HEADER + b"".join(packed(part) if pack else part for part, pack in zip(parts, packing, strict=True))


@st.composite
def written(draw) -> bytes:
    """What SciPy writes, of any values."""
    values: dict[str, Any] = {"X": np.zeros((ROWS, 512), "f4"), "X_class": np.arange(float(ROWS))[None]}
    others: list[Any] = [
        "text",
        1j * np.zeros((ROWS, 512)),
        scipy.sparse.eye(ROWS, 512),
        np.array([[{"a": 1}, "b"]], dtype=object),
        {"field": np.zeros(3)},
        np.zeros((ROWS, 512), bool),
        np.zeros((0, 512)),
        np.full((ROWS, 512), 1e300),
        np.full((ROWS, 512), 2**63, "u8"),
        np.zeros((1, ROWS, 512)),
        np.nan,
    ]
    if draw(st.booleans()):
        values[draw(st.sampled_from(["X", "X_class", "other"]))] = others[draw(st.integers(0, len(others) - 1))]
    file = io.BytesIO()
    simple = all(
        isinstance(value, np.ndarray) and value.ndim < 3 and value.dtype.kind == "f" for value in values.values()
    )
    version = draw(st.sampled_from(["5", "5", "4"])) if simple else "5"
    scipy.io.savemat(file, values, format=version, do_compression=version == "5" and draw(st.booleans()))
    return file.getvalue()


def bombs() -> list[bytes]:
    """More than 1 GB each: many rows, a long vector under a small shape, complex numbers, and cells in cells.

    And one without end: version 4 by its beginning, of -1 rows, and version 5 by the end of its header.
    """
    pages = [struct.pack("<5i", 0, -1, 16, 0, 108) + b"n" * 104 + b"\0\1IM"]
    for dims, kind, flags in (((2**21, 512), 2, 0), ((ROWS, 512), 2, 0), ((2**18, 512), 2, 8)):
        size = 5 * 2**28 if flags == 0 else 2**27
        start = matrix(b"X", dims, b"", flags=flags)
        start = struct.pack("<II", 14, len(start) - 8 + 8 + size) + start[8:] + struct.pack("<II", kind, size)
        packer = zlib.compressobj(1)
        data = packer.compress(start) + b"".join(packer.compress(bytes(PIECE)) for _ in range(size // PIECE))
        if flags:
            data += packer.compress(struct.pack("<II", kind, size))
            data += b"".join(packer.compress(bytes(PIECE)) for _ in range(size // PIECE))
        data += packer.flush()
        pages.append(HEADER + struct.pack("<II", 15, len(data)) + data + packed(LABELS))
    depth, level = 100_000, len(matrix(b"", (1, 1), b"", 1))
    cells = b"".join(
        struct.pack("<II", 14, level * (depth - i) - 8) + matrix(b"X" if i == 0 else b"", (1, 1), b"", 1)[8:]
        for i in range(depth)
    )
    return [*pages, HEADER + packed(cells), HEADER + cells + LABELS]


CONTENTS = st.one_of(built(), built(), written(), mutated(built()), mutated(written()))
READER = Reader("Gist512CIFAR10.mat", CONTENTS, read, bombs, starves=True)  # SciPy does
