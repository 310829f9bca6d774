"""Arrays from files of anyone: right, or refused before they take memory."""

import re
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from l2h_tutorial import HashTable
from l2h_tutorial.datasets.cache import _read_features
from l2h_tutorial.npz import read_arrays


def npy(descr, shape, content=b""):
    said = str({"descr": descr, "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return header(said.encode()) + content


def header(said):
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said


@given(
    array=arrays(st.sampled_from(["u1", "<i4", ">i8", "f4", "f8", "?", "U3"]), array_shapes(min_dims=0, max_side=4)),
    order=st.sampled_from("CF"),
)
def test_arrays_come_out_as_they_went_in(array, order, tmp_path_factory):
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    array = np.asarray(array, order=order)
    np.savez(path, x=array, other=np.arange(3))
    read = read_arrays(path, ["x", "absent"])
    assert list(read) == ["x"]
    assert read["x"].dtype == array.dtype
    np.testing.assert_array_equal(read["x"], array)


HOSTILE = {
    "more than there is": (npy("<f8", (10**11,)), "'x.npy' holds"),
    "a negative size": (npy("<f8", (-1, -2), bytes(16)), "'x.npy' holds"),
    "a type of 2 GB": (npy("|S2000000000", (3,), bytes(16)), "'x.npy' holds"),
    "values of no size, without end": (npy("|V0", (2**31 - 1, 167, 85)), "'x.npy' holds"),
    "bytes that belong to no value": (npy("<i8", (2,), bytes(24)), "'x.npy' holds int64 of shape (2,) in 24 bytes"),
    "Python objects": (npy("|O", (1,), b"x"), "Python objects, which are never loaded"),
    "brackets without end": (header(b"(" * 5000 + b"\n"), "not an array as np.savez writes it"),
    "signs without end": (header(b"-" * 9000 + b"1\n"), "not an array as np.savez writes it"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_an_array_declares_is_not_believed(tmp_path, kind):
    content, message = HOSTILE[kind]
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", content)
    with pytest.raises(ValueError, match=rf"x\.npz is not a whole \.npz file of plain arrays: .*{re.escape(message)}"):
        read_arrays(path, ["x"])


def test_a_bomb_takes_no_memory(tmp_path):
    path = tmp_path / "rows.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("features", "rows"):
            archive.writestr(f"{name}.npy", npy("<f4", (2**15, 512)) + bytes(2**26))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"rows\.npz .* 'rows\.npy' is compressed, and np\.savez does not compress"):
        HashTable.load(path)
    assert _read_features(path, 2) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_a_missing_file_is_no_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "absent.npz", ["x"])


def test_a_refusal_is_short_however_long_the_header_is(tmp_path):
    """Found by fuzzing: zipfile's own message repeats a local header that differs from the directory's."""
    path = tmp_path / "table.npz"
    np.savez(path, format=np.zeros(3))
    content = bytearray(path.read_bytes())
    content[26:28] = (60_000).to_bytes(2, "little")  # the length of the first name
    path.write_bytes(bytes(content) + bytes(60_000))
    with pytest.raises(ValueError, match=r"table.npz is not a whole .npz file") as refusal:
        read_arrays(path, ["format"])
    assert len(str(refusal.value)) < 1000
