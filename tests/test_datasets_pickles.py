"""Pickles that call nothing, and would yet fill the memory, take for ever, or change the reader."""

import pickle

import numpy as np
import pytest

from l2h_tutorial.datasets.pickles import load_plain_pickle


class Array:
    """Pickled as an array of any shape."""

    def __init__(self, shape):
        self.shape = shape

    def __reduce__(self):
        return np.zeros(0).__reduce__()[0], (np.ndarray, (0,), b"b"), (1, self.shape, np.dtype("u1"), False, b"")


def alike(n):
    """Keys whose hashes are all the same: each is compared with all before it."""
    return b"\x80\x02}(" + b"".join(b"\x8a\x0a" + (i * (2**61 - 1)).to_bytes(10, "little") + b"N" for i in range(n))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x80\x02]q\x00h\x00a.", "holds a list, tuple or dictionary twice"),
        (b"\x80\x02)2\x86.", "more than data: load_dup"),
        (b"(" + b"N" * 1_000_001 + b"l.", "more than data: load_none in step 1000001"),
        (alike(1000) + b"u.", "more than 100 keys"),
        (b"\x80\x02})\x85\x85Ns.", "or of others than text and numbers"),
        (b"\x80\x02c_codecs\nencode\nN}U\x01aK\x01s\x86b.", "gives a state to something other than an array"),
        (pickle.dumps(Array((10**9, (1,))), 2), "shape is no shape"),
        (pickle.dumps(10**5000), "holds a number of 16610 bits"),
        (b"c" + b"x" * 10_000 + b"\ny\n.", "^.{0,300}$"),
    ],
)
def test_refuses_pickles_that_fill_memory_take_for_ever_or_change_the_reader(content, message):
    with pytest.raises(ValueError, match=message):
        load_plain_pickle(content)


def test_a_number_for_the_place_of_a_note_takes_no_memory():
    assert load_plain_pickle(b"\x80\x02Nr\xff\xff\xff\x7f.") is None
