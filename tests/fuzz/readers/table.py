"""Saved hash tables."""

from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from l2h_tutorial.buckets import HashTable

from ..mutations import mutated, numbers
from ..reader import Reader
from .npz import archive, bomb

FORMAT = "l2h_tutorial hash table 1"


def read(path: Path) -> str:
    table = HashTable.load(path)
    index = table._index
    assert index.offsets[0] == 0
    assert (index.offsets[1:] > index.offsets[:-1]).all()
    assert index.offsets[-1] == len(index.rows)
    assert sorted(index.rows.tolist()) == list(range(len(index.rows)))
    found = table.query_radius(np.zeros((1, table.n_bits), dtype=bool), min(2, table.n_bits))[0]
    assert set(found.tolist()) <= set(range(len(index.rows)))
    return "a table"


@st.composite
def tables(draw) -> bytes:
    """The arrays of a table; sometimes a number of one of them is another."""
    n_bits = draw(st.sampled_from([3, 8, 16, 33, 70]))
    random = np.random.default_rng(draw(st.integers(0, 9)))
    index = HashTable(random.random((draw(st.integers(1, 6)), n_bits)) < 0.5)._index
    parts = {
        "format": np.array(FORMAT),
        "n_bits": np.array(n_bits),
        "words": index.words,
        "offsets": index.offsets,
        "rows": index.rows,
    }
    if draw(st.booleans()):
        name = draw(st.sampled_from(["n_bits", "words", "offsets", "rows"]))
        parts[name] = parts[name].copy()
        for _ in range(draw(st.integers(1, 3))):
            place = draw(st.integers(0, parts[name].size - 1))
            value = draw(numbers) % 2 ** (8 * parts[name].itemsize)
            parts[name].reshape(-1)[place] = np.array(value, np.uint64).astype(parts[name].dtype)
    if draw(st.integers(0, 5)) == 0:  # differences that leave 64 bits and come back
        least, most = -(2**63), 2**63 - 1
        parts |= {"n_bits": np.array(8), "words": np.arange(4, dtype=np.uint8)[None], "rows": np.arange(4)}
        parts["offsets"] = np.array(
            [0, *draw(st.lists(st.sampled_from([1, 2, 3, most, least, -1]), min_size=3, max_size=3)), 4]
        )
    return draw(archive({name: st.just(array) for name, array in parts.items()}))


CONTENTS = st.one_of(tables(), tables(), mutated(tables()))
READER = Reader("table.npz", CONTENTS, read, bombs=lambda: [bomb("rows", "<i8", (5 * 2**25,))])
