"""Codes that students submit."""

import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from hypothesis import strategies as st

from l2h_tutorial.exercises.grade import Refused, read_codes

from ..mutations import mutated
from ..reader import Reader
from .npz import archive, bomb

PROJECT = SimpleNamespace(split=SimpleNamespace(y_query=np.zeros(3), y_database=np.zeros(5)), n_bits=16)


def read(path: Path) -> str:
    query, database = read_codes(path, PROJECT)
    assert query.shape == (3, 16)
    assert database.shape == (5, 16)
    assert query.dtype == database.dtype == bool
    return "codes"


def codes(n: int) -> st.SearchStrategy[np.ndarray]:
    right = np.arange(n * 16).reshape(n, 16) % 2
    types = st.sampled_from(["?", "u1", "<i8", ">f4", "<f8", "<f2", "<U1", "<c8"]).map(
        lambda dtype: right.astype(dtype)
    )
    return st.one_of(types, types, st.sampled_from([right[1:], right * np.nan, right * 2, np.asfortranarray(right)]))


PARTS = archive({"query": codes(3), "database": codes(5)})
CONTENTS = st.one_of(PARTS, PARTS, mutated(PARTS))
PACKINGS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def bombs() -> list[bytes]:
    """More than 1 GB each, in every packing that zip files have."""
    return [bomb("query", "<f8", (3, 16), packing=packing) for packing in PACKINGS]


READER = Reader("s1.npz", CONTENTS, read, bombs, refusals=(Refused,), named=False)
