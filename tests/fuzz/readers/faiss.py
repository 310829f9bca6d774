"""Binary indexes of faiss, from its own files; what faiss itself refuses is not ours."""

from pathlib import Path

import faiss
import numpy as np
from hypothesis import strategies as st

from l2h_tutorial.buckets import HashTable
from l2h_tutorial.scale import from_faiss, to_faiss

from ..mutations import mutated, numbers
from ..reader import Reader


def read(path: Path) -> str:
    try:
        index = faiss.deserialize_index_binary(np.frombuffer(path.read_bytes(), dtype=np.uint8).copy())
    except (RuntimeError, MemoryError):
        return "nothing: faiss refuses it"
    n = index.ntotal
    table = from_faiss(index, n_bits=index.d)
    assert isinstance(table, HashTable)
    assert table._index.n_rows == n
    assert table.n_bits == index.d
    return "a table"


@st.composite
def indexes(draw) -> bytes:
    """An index of a few codes; sometimes its counts, sizes or ids are others."""
    bits = np.random.default_rng(draw(st.integers(0, 9))).random((draw(st.integers(1, 6)), 16)) < 0.5
    index = to_faiss(bits, draw(st.sampled_from(["flat", "hash", "multi-hash"])))
    data = bytearray(faiss.serialize_index_binary(index).tobytes())
    if draw(st.integers(0, 2)) == 0:
        data[12:20] = (abs(draw(numbers)) % 2**40).to_bytes(8, "little")  # the number of codes
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data) - 8))
        data[at : at + 8] = draw(st.integers(0, 9)).to_bytes(8, "little")
    return bytes(data)


READER = Reader(
    "index.faiss",
    st.one_of(indexes(), indexes(), mutated(indexes(), most=2)),
    read,
    refusals=(ValueError, TypeError),
    named=False,
)
