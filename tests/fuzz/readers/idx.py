"""Fashion-MNIST's gzipped IDX files."""

import gzip
import struct
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from l2h_tutorial.datasets.fashion_mnist import read_idx

from ..mutations import mutated, numbers
from ..reader import Reader, described


def read(path: Path) -> str:
    values = read_idx(path)
    assert values.dtype == np.uint8
    assert values.ndim >= 1
    return described(values)


@st.composite
def idx(draw) -> bytes:
    shape = draw(st.lists(numbers.map(abs) | st.integers(0, 4), min_size=1, max_size=4))
    head = bytes([0, 0, draw(st.sampled_from([8, 8, 8, 9, 13])), draw(st.sampled_from([len(shape), 0, 70, 255]))])
    sizes = b"".join(struct.pack(">I", n % 2**32) for n in shape)
    return head + sizes + bytes(draw(st.sampled_from([0, 1, 12, int(np.prod(shape) % 10**4)])))


zipped = mutated(idx()).map(lambda content: gzip.compress(content, mtime=0))
CONTENTS = st.one_of(zipped, zipped, mutated(zipped))


def bombs() -> list[bytes]:
    """2 GB of zeros that are declared, in 2 MB."""
    return [gzip.compress(bytes([0, 0, 8, 1, 128, 0, 0, 0]), mtime=0) + 128 * gzip.compress(bytes(2**24), mtime=0)]


READER = Reader("values-ubyte.gz", CONTENTS, read, bombs=bombs)
