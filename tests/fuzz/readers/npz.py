"""Files of NumPy arrays, built member by member so that each can lie."""

import io
import os
import pickle
import zipfile
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..mutations import mutated, numbers
from ..reader import CANARY

__all__ = ["archive", "bomb", "members", "npy", "npy_of"]

TYPES = ("|b1", "|u1", "<u2", "<i8", ">i8", "<f4", "<f8", "<c16", "|O", "<U0", "|V0", "<U9", "<M8[D]", "|S2000000000")


class _Payload:
    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ[CANARY],)


def npy(descr: object, shape: object, content: bytes, fortran: object = False, version: int = 1) -> bytes:
    """Write a .npy file that says what it is told to say."""
    said = f"{{'descr': {descr!r}, 'fortran_order': {fortran!r}, 'shape': {shape!r}}}".ljust(118) + "\n"
    size = len(said).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + said.encode("utf-8", "replace") + content


def npy_of(array: np.ndarray) -> bytes:
    """Write a true .npy file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=(1, 0))
    return file.getvalue()


@st.composite
def members(draw, arrays: st.SearchStrategy[np.ndarray]) -> bytes:
    """A true array, a damaged one, one that declares something else, or an object with a payload."""
    array = draw(arrays)
    match draw(st.sampled_from("ttttdlllno")):
        case "t":
            return npy_of(array)
        case "d":
            return draw(mutated(st.just(npy_of(array))))
        case "l":
            shape = (
                tuple(draw(st.lists(numbers | st.integers(0, 4), max_size=4))) if draw(st.booleans()) else array.shape
            )
            descr = draw(st.sampled_from((array.dtype.str, array.dtype.str, *TYPES)))
            fortran, version = draw(st.sampled_from([False, True, 3])), draw(st.sampled_from([1, 1, 2, 3, 9]))
            return npy(descr, shape, array.tobytes(), fortran, version)
        case "n":
            n = draw(st.sampled_from([50, 99, 4000]))
            nested = draw(st.sampled_from(["(" * n, "[" * n + "]" * n, "-" * n + "1", "{" * n, "1" * 5000]))
            size = (len(nested) + 1).to_bytes(2, "little")
            return b"\x93NUMPY\x01\x00" + size + nested.encode() + b"\n"
        case _:
            return npy("|O", array.shape, pickle.dumps(np.array([_Payload()], dtype=object)))


@st.composite
def archive(draw, parts: dict[str, st.SearchStrategy[np.ndarray]]) -> bytes:
    """A .npz file of these arrays: most of them true, some of them not."""
    file = io.BytesIO()
    packing = draw(
        st.sampled_from([zipfile.ZIP_STORED] * 4 + [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
    )
    lies = draw(st.booleans())
    with zipfile.ZipFile(file, "w", packing) as target:
        for name, arrays in parts.items():
            if lies and not draw(st.integers(0, 9)):
                continue
            content = draw(members(arrays)) if lies else npy_of(draw(arrays))
            said = draw(st.sampled_from([f"{name}.npy"] * 8 + [name, f"../{name}.npy", f"/{name}.npy"]))
            target.writestr(zipfile.ZipInfo(said), content, packing)
        if lies and not draw(st.integers(0, 9)):
            target.writestr(zipfile.ZipInfo(f"{draw(st.sampled_from([*parts, 'more']))}.npy"), b"twice", packing)
    return draw(mutated(st.just(file.getvalue()), most=2)) if draw(st.integers(0, 3)) == 0 else file.getvalue()


def bomb(
    name: str, descr: str, shape: tuple[int, ...], size: int = 5 * 2**28, packing: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A .npz file with a member of so many zeros, a small part of its size."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", packing, compresslevel=1) as target,
        target.open(f"{name}.npy", "w") as part,
    ):
        part.write(npy(descr, shape, b""))
        for _ in range(size // 2**24):
            part.write(bytes(2**24))
    return file.getvalue()
