"""CIFAR-10's batches, which are pickles: true ones, ones with other values, and programs for the unpickler."""

import contextlib
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from l2h_tutorial.datasets.batches import BATCHES, CLASS_NAMES, META, _check_class_names, read_batches_folder

from ..mutations import mutated, numbers
from ..reader import CANARY, Reader


def read(path: Path) -> str:
    try:
        images, labels = read_batches_folder(path.parent)
    except ValueError:
        with contextlib.suppress(ValueError):  # of the same kind, if it is well
            _check_class_names(path, path.read_bytes())
        raise
    assert images.dtype == np.uint8
    assert images.shape[1:] == (32, 32, 3)
    assert len(images) >= 6
    assert labels.dtype == np.int64
    assert labels.shape == (len(images),)
    assert set(labels.tolist()) <= set(range(10))
    return "images"


class Reduced:
    """Pickled as a call, and as what is then put into its result."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return self.parts


def payload() -> Reduced:
    return Reduced(os.mkdir, (os.environ[CANARY],))


def shared(depth: int, kind: type) -> Any:
    """A value of 2 to the power of `depth` parts in `depth` objects."""
    value = kind("x")
    for _ in range(depth):
        value = kind((value, value))
    return value


BYTE = np.dtype("u1")


def array(shape: Any, dtype: Any = BYTE, content: Any = bytes(3072)) -> Reduced:
    start = np.zeros(0).__reduce__()[0]
    return Reduced(start, (np.ndarray, (0,), b"b"), (1, shape, dtype, False, content))


OBJECTS = st.sampled_from(
    [
        np.zeros((1, 3072), np.uint8),
        np.zeros((0, 3072), np.uint8),
        np.zeros((1, 3072)),
        np.array([{}], dtype=object),
        np.dtype("f4"),
        [],
        [3],
        [True],
        [10**5000],
        10**5000,
        [1.5],
        "airplane",
        list(CLASS_NAMES),
        dict.fromkeys(CLASS_NAMES),
        b"\xff" * 3000,
        ["\ud800"],
        [["x" * 100] * 100] * 100,
        {1, 2},
        1j,
        array((1, 3072)),
        array((10**9, (0,))),
        array((10**10, "x")),
        array((-1, -3072)),
        array([1, 3072]),
        array((1, 3072), dtype=b"u1"),
        array((2**70, 0), content=b""),
        array((True, 3072)),
    ]
)
BOMBS = st.builds(shared, st.sampled_from([3, 30, 80]), st.sampled_from([list, tuple]))


@st.composite
def values(draw) -> bytes:
    """A batch, with other values in some places."""
    batch: dict[Any, Any] = {b"labels": [3], b"data": np.zeros((1, 3072), np.uint8), b"batch_label": b"1"}
    others = st.one_of(OBJECTS, OBJECTS, numbers, BOMBS, st.builds(payload))
    for _ in range(draw(st.integers(0, 2))):
        batch[draw(st.sampled_from([b"labels", b"data", b"label_names", "data", 7]))] = draw(others)
    whole = draw(others) if draw(st.integers(0, 9)) == 0 else batch
    protocol = draw(st.integers(0, 5))
    try:
        return pickle.dumps(whole, protocol)
    except (ValueError, UnicodeEncodeError):  # text that is none
        return pickle.dumps(batch, 2)


OPCODES = st.sampled_from(
    [
        *(
            bytes([code])
            for code in b"(NIFLKMJGURTXVBC0123abdehgijlopqrstu})]QP\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89"
        ),
        *(bytes([code]) for code in b"\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98."),
        b"cposix\nmkdir\n",
        b"cnumpy\ndtype\n",
        b"cnumpy\nndarray\n",
        b"cnumpy.core.multiarray\n_reconstruct\n",
        b"c_codecs\nencode\n",
        b"c__builtin__\nbytes\n",
        b"cbuiltins\neval\n",
        b"iposix\nmkdir\n",
        b"\x8c\x05posix\x8c\x05mkdir\x93",
        b"\x8c\x05numpy\x8c\x0dcore.os.mkdir\x93",
        b"U\x02u1K\x00K\x01\x87R",
        b"}]K\x01au}",
        b"\x94h\x00",
        b"q\x00h\x00",
        b"2\x86",
        b"2\x862\x862\x862\x86" * 20,
        b"r\xff\xff\xff\x7f",
        b"r\xff\xff\xff\x03",
        b"j\xff\xff\xff\x7f",
        b"p99999999999\n",
        b"Pcanary\n",
        b"\x8b\xff\xff\xff\x7f",
        b"\x8e" + struct.pack("<Q", 2**40),
        b"\x96" + struct.pack("<Q", 2**31),
        b"\x95" + struct.pack("<Q", 2**63),
        b"B\xff\xff\xff\x7f",
        b"T\xff\xff\xff\x7f",
        b"I" + b"9" * 5000 + b"\n",
        b"(" * 5000,
        b"]" * 3000 + b"a" * 2999,
        b"\x85" * 5000,
    ]
)
programs = st.lists(OPCODES | numbers.map(lambda n: b"J" + struct.pack("<i", n % 2**31)), max_size=20).map(b"".join)


@st.composite
def programmed(draw) -> bytes:
    """A program, alone or in front of, or inside of, a batch."""
    program = draw(programs)
    batch = draw(values())
    at = draw(st.integers(0, min(len(batch), 200)))
    return draw(st.sampled_from([b"\x80\x04" + program + b".", program + batch, batch[:at] + program + batch[at:]]))


def prepare(folder: Path) -> None:
    home = folder / "cifar-10-batches-py"
    home.mkdir()
    batch = pickle.dumps({b"labels": [3], b"data": np.zeros((1, 3072), np.uint8)}, protocol=2)
    for name in BATCHES:
        (home / name).write_bytes(batch)
    (home / META).write_bytes(pickle.dumps({b"label_names": list(CLASS_NAMES)}))


def bombs() -> list[bytes]:
    """A value in itself 2**100 times, steps without end, keys that are all alike, and tuples too deep to compare."""
    same = b"".join(b"\x8a\x0a" + (n * (2**61 - 1)).to_bytes(10, "little") + b"N" for n in range(300_000))
    return [
        pickle.dumps({b"labels": shared(100, list)}, 2),
        b"\x80\x02}K\x01" + b"q\x00h\x00\x86" * 100 + b"Ns.",
        b"(" + b"N" * (60 * 2**20) + b"l.",
        b"\x80\x02}(" + same + b"u.",
        b"\x80\x02})" + b"\x85" * 900_000 + b"Ns.",
        b"\x80\x02Nr\xff\xff\xff\x7f.",
    ]


CONTENTS = st.one_of(values(), values(), programmed(), mutated(values()))
READER = Reader("cifar-10-batches-py/data_batch_1", CONTENTS, read, bombs, prepare)
