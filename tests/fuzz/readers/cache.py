"""Features kept in the cache."""

from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from l2h_tutorial.datasets.cache import _read_features

from ..mutations import mutated
from ..reader import Reader
from .npz import archive, bomb, members

N = 2


def read(path: Path) -> str:
    features = _read_features(path, N)
    if features is None:
        return "nothing"
    assert features.shape == (N, 512)
    assert features.dtype == np.float32
    return "features"


arrays = st.sampled_from(
    [np.zeros((N, 512), np.float32), np.ones((N, 512)), np.zeros((N + 1, 512), np.float32), np.zeros(4)]
)
FILES = archive({"features": arrays})
CONTENTS = st.one_of(FILES, members(arrays), mutated(FILES))
READER = Reader("gist.npz", CONTENTS, read, bombs=lambda: [bomb("features", "<f4", (5 * 2**17, 512))])
