"""Vectors in .npy files, opened block by block."""

from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from l2h_tutorial.scale import open_vectors

from ..mutations import mutated
from ..reader import Reader, described
from .npz import archive, members


def read(path: Path) -> str:
    vectors = open_vectors(path)
    assert vectors.ndim == 2
    assert vectors.dtype.kind in "fiub"
    first = vectors[:1].compute(scheduler="synchronous")
    assert first.shape == (1, vectors.shape[1])
    return described(vectors)


arrays = st.sampled_from(
    [np.zeros((5, 3)), np.ones((4, 2), dtype="u1"), np.zeros((0, 4)), np.zeros(4), np.zeros((2, 2), ">f4")]
)
READER = Reader("x.npy", st.one_of(members(arrays), mutated(members(arrays)), archive({"x": arrays})), read)
