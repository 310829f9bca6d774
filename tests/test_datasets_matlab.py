"""CIFAR-10 as Matlab features, and what is said about any source that is not right."""

import os
import struct
import zlib

import numpy as np
import pytest
import scipy.io

from l2h_tutorial import load_dataset
from l2h_tutorial.datasets.batches import CLASS_NAMES


def load(source):
    return load_dataset("cifar10", source=source)


def nan_at_row_7():
    values = np.zeros((30, 512), dtype=np.float32)
    values[7, 3] = np.nan
    return values


def labels_with(value):
    labels = np.arange(30.0) % 10
    labels[4] = value
    return labels[None]


# --- any source


def test_refuses_a_source_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere.mat does not exist; the source must be a .mat file"):
        load(tmp_path / "nowhere.mat")


@pytest.mark.parametrize("name", ["features.mat", "cifar-10-python.tar.gz", "other"])
def test_refuses_an_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=f"{name} is empty"):
        load(tmp_path / name)


@pytest.mark.parametrize("name", ["features.mat", "cifar-10-python.tar.gz"])
def test_refuses_a_folder_where_a_file_is_wanted(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(IsADirectoryError, match=f"{name} is a folder"):
        load(tmp_path / name)


def test_refuses_an_empty_folder(tmp_path):
    with pytest.raises(ValueError, match="is an empty folder"):
        load(tmp_path)


def test_refuses_a_file_of_another_kind(tmp_path):
    (tmp_path / "features.csv").write_text("1,2,3")
    with pytest.raises(ValueError, match=r"features.csv ends neither in .mat nor in .tar.gz"):
        load(tmp_path / "features.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_refuses_what_is_neither_file_nor_folder(tmp_path):
    os.mkfifo(tmp_path / "pipe.mat")
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        load(tmp_path / "pipe.mat")


# --- Matlab files


@pytest.mark.parametrize("shape", [(1, 30), (30, 1)])
def test_reads_a_matlab_file(write_matlab, shape):
    path = write_matlab(X_class=(np.arange(30.0) % 10).reshape(shape))
    data = load(str(path))
    np.testing.assert_array_equal(data.features, scipy.io.loadmat(path)["X"])
    assert data.features.dtype == np.float32
    assert data.labels.dtype == np.int64
    assert data.labels.tolist() == [*range(10)] * 3
    assert data.images is None
    assert tuple(data.class_names) == CLASS_NAMES
    assert repr(data) == "<Dataset cifar10: 30 rows, 512 features, 10 classes, no images>"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"X": None}, "holds no variable X;"),
        ({"X_class": None}, "holds no variable X_class;"),
        ({"X": np.zeros((30, 100))}, r"X must have shape \(n, 512\).*found \(30, 100\)"),
        ({"X": np.zeros((512, 30))}, r"X must have shape \(n, 512\).*found \(512, 30\)"),
        ({"X": np.zeros((0, 512))}, r"X must have shape .*found \(0, 512\)"),
        ({"X": np.zeros((2, 15, 512))}, r"X must have shape .*found \(2, 15, 512\)"),
        ({"X": "text"}, "X must be a dense array of real numbers"),
        ({"X": np.zeros((30, 512)) * 1j}, "X must be a dense array of real numbers.*complex"),
        ({"X": scipy.sparse.eye(30, 512)}, "X must be a dense array of real numbers"),
        ({"X": nan_at_row_7()}, "X must be finite; row 7 holds NaN"),
        ({"X": np.full((30, 512), -np.inf)}, "X must be finite; row 0 holds NaN or infinity"),
        ({"X_class": np.zeros((1, 29))}, r"X_class must have shape \(1, 30\) or \(30, 1\).*found \(1, 29\)"),
        ({"X_class": np.zeros((5, 6))}, r"X_class must have shape .*found \(5, 6\)"),
        ({"X_class": "a" * 30}, "X_class must be an array of numbers"),
        ({"X_class": labels_with(10)}, r"the labels in X_class must be whole numbers from 0 to 9; row 4 holds 10\.0"),
        ({"X_class": labels_with(-1)}, r"the labels in X_class must be whole numbers from 0 to 9; row 4 holds -1\.0"),
        ({"X_class": labels_with(2.5)}, r"the labels in X_class must be whole numbers from 0 to 9; row 4 holds 2\.5"),
        ({"X_class": labels_with(np.nan)}, "the labels in X_class must be whole numbers from 0 to 9; row 4 holds nan"),
    ],
)
def test_refuses_a_matlab_file_with_other_content(write_matlab, variables, message):
    with pytest.raises(ValueError, match=rf"Gist512CIFAR10.mat:? {message}"):
        load(write_matlab(**variables))


def array(name, shape, *values, array_class=6, flags=0):
    """An array of a Matlab file, as it declares itself, with parts (type, content or declared size) for its values."""
    body = struct.pack("<6I", 6, 8, array_class | flags << 8, 0, 5, 4 * len(shape)) + struct.pack(
        f"<{len(shape)}i", *shape
    )
    body += struct.pack("<II", 1, len(name)) + name.ljust(8, b"\0")
    for kind, size in values:
        body += struct.pack("<II", kind, size) + bytes(min(size, 4096))
    return struct.pack("<II", 14, len(body)) + body


def cells(depth):
    inner = b""
    for _ in range(depth):
        inner = array(b"X", (1, 1), array_class=1)[8:] + inner
        inner = struct.pack("<II", 14, len(inner)) + inner
    return inner


def test_refuses_what_is_version_4_to_scipy_and_version_5_by_the_end_of_its_header(tmp_path):
    """As version 4 this is an array of -1 rows, behind which SciPy goes back to where it began, for ever."""
    path = tmp_path / "Gist512CIFAR10.mat"
    path.write_bytes(struct.pack("<5i", 0, -1, 16, 0, 108) + b"n" * 104 + b"\0\1IM")
    with pytest.raises(ValueError, match=r"Gist512CIFAR10\.mat .*no header of version 5 or later"):
        load(path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (array(b"X", (2**21, 512), (2, 2**30)), r"X must have at most 60000 rows of 512; found \(2097152, 512\)"),
        (array(b"X", (2, -512), (2, 1024)), r"X must have at most 60000 rows of 512; found \(2, -512\)"),
        (array(b"X", (2, 512), (2, 2**31)), "the values of X, 2147483648 bytes of type 2, do not fit its shape"),
        (array(b"X", (2, 512), (99, 1024)), "the values of X, 1024 bytes of type 99, do not fit its shape"),
        (array(b"X", (2, 512), (2, 1024), (2, 1024), flags=8), "X must be .*; found complex numbers"),
        (array(b"X", (2, 512), (2, 1024), array_class=99), "X must be .*; found class 99"),
        (cells(2000), "X must be a dense array of real numbers; found a cell array"),
    ],
)
def test_refuses_what_a_matlab_file_declares_before_it_is_believed(tmp_path, content, message, packed):
    """SciPy would take all that memory, or crash on so many cells in one another."""
    if packed:
        content = zlib.compress(content)
        content = struct.pack("<II", 15, len(content)) + content
    (tmp_path / "x.mat").write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + content)
    with pytest.raises(ValueError, match=rf"x.mat.*{message}"):
        load(tmp_path / "x.mat")


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_refuses_a_truncated_matlab_file(write_matlab, share):
    path = write_matlab()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"is not a whole Matlab file|holds no variable"):
        load(path)


@pytest.mark.parametrize("content", [b"<html>404</html>" * 100, b"\x89HDF\r\n\x1a\n" + bytes(600), bytes(5000)])
def test_refuses_other_content_named_mat(tmp_path, content):
    (tmp_path / "features.mat").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"features.mat (is not a whole Matlab file|is a Matlab 7.3|holds no variable)"
    ):
        load(tmp_path / "features.mat")


@pytest.mark.cifar10
def test_the_published_features_are_read_whole(cifar):
    assert cifar.features.shape == (60_000, 512)
    assert np.bincount(cifar.labels).tolist() == [6000] * 10
