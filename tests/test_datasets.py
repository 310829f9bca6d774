"""Opening data sets by name, the bundled images, and the cache of features."""

import errno
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from l2h_tutorial import Dataset, gist_descriptors, load_dataset
from l2h_tutorial.datasets import cache as cache_module
from l2h_tutorial.datasets import fashion_mnist
from l2h_tutorial.datasets.cache import cache_folder, cached_gist
from l2h_tutorial.files import whole_file


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (6, 16, 16), dtype=np.uint8)


# --- names and the environment


def test_the_default_is_the_bundled_data_set(fashion: Dataset):
    assert load_dataset().name == fashion.name == "fashion-mnist"


def test_the_bundled_images_are_fashion_mnists_test_set(fashion: Dataset):
    assert fashion.images.shape == (10_000, 28, 28)
    assert fashion.images.dtype == np.uint8
    assert fashion.labels.dtype == np.int64
    assert np.bincount(fashion.labels).tolist() == [1000] * 10
    assert len(fashion.class_names) == 10
    assert repr(fashion) == ("<Dataset fashion-mnist: 10000 rows, 512 features, 10 classes, grey images of 28 x 28>")


def test_the_environment_names_data_set_and_source(write_matlab, monkeypatch):
    monkeypatch.setenv("L2H_DATASET", "cifar10")
    monkeypatch.setenv("L2H_SOURCE", str(write_matlab()))
    assert load_dataset().name == "cifar10"
    assert len(load_dataset("cifar10")) == 30


def test_the_environments_source_is_for_its_own_data_set_only(write_matlab, monkeypatch, fashion):
    monkeypatch.setenv("L2H_DATASET", "cifar10")
    monkeypatch.setenv("L2H_SOURCE", str(write_matlab()))
    assert load_dataset("fashion-mnist").name == "fashion-mnist"


def test_a_given_source_wins_over_the_environments(write_matlab, monkeypatch):
    monkeypatch.setenv("L2H_DATASET", "cifar10")
    monkeypatch.setenv("L2H_SOURCE", "nowhere.mat")
    assert len(load_dataset("cifar10", source=write_matlab())) == 30


@pytest.mark.parametrize("name", ["mnist", "CIFAR10", "fashion_mnist"])
def test_refuses_an_unknown_name(name):
    with pytest.raises(ValueError, match=f"unknown data set '{name}'.*'fashion-mnist', 'cifar10'"):
        load_dataset(name)


def test_refuses_an_unknown_name_from_the_environment(monkeypatch):
    monkeypatch.setenv("L2H_DATASET", "imagenet")
    with pytest.raises(ValueError, match="unknown data set 'imagenet'"):
        load_dataset()


def test_refuses_a_source_for_the_bundled_images(write_matlab):
    with pytest.raises(ValueError, match=r"takes no source; found .*Gist512CIFAR10.mat"):
        load_dataset("fashion-mnist", source=write_matlab())


def test_refuses_rows_that_do_not_match():
    with pytest.raises(ValueError, match=r"same number of rows.*'features': 3, 'labels': 2"):
        Dataset("toy", np.zeros((3, 2), np.float32), np.zeros(2, np.int64), None, ["a"])


def test_own_data_come_in_any_form():
    X, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 1])
    pictures = np.zeros((3, 4, 4), np.uint8)
    table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": y})
    forms = [
        (X.tolist(), y.tolist(), pictures.tolist()),
        (table[["a", "b"]], table["y"], list(pictures)),
        (X.astype(int), y, pictures),
        (X.astype(">f4"), y, pictures),
    ]
    for features, labels, images in forms:
        data = Dataset("toy", features, labels, images, ("ant", "bee"))
        np.testing.assert_array_equal(data.features, X)
        np.testing.assert_array_equal(data.labels, y)
        np.testing.assert_array_equal(data.images, pictures)
        assert repr(data) == "<Dataset toy: 3 rows, 2 features, 2 classes, grey images of 4 x 4>"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_are_not_copied(dtype):
    X, y, pictures = np.ones((3000, 100), dtype), np.arange(3000), np.zeros((3000, 2, 2, 3), np.uint8)
    tracemalloc.start()
    data = Dataset("toy", X, y, pictures, ())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert data.features is X
    assert data.labels is y
    assert data.images is pictures
    assert peak < X.nbytes / 10


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"features": np.zeros(3)}, ValueError, r"features must be two-dimensional, got shape \(3,\)"),
        ({"features": None}, TypeError, "features must be numbers, got dtype object"),
        ({"features": [["a"], ["b"], ["c"]]}, TypeError, "features must be numbers, got dtype <U1"),
        ({"features": pd.DataFrame({"a": [1, "b", None]})}, TypeError, "features must be numbers, got dtype object"),
        ({"features": np.array([[0.0], [1.0], [np.nan]])}, ValueError, "features must be finite, got nan in row 2"),
        ({"features": np.array([[0.0], [-np.inf], [1.0]])}, ValueError, "features must be finite, got -inf in row 1"),
        ({"labels": [[0], [1], [1]]}, ValueError, r"labels must be one-dimensional, got shape \(3, 1\)"),
        ({"labels": 1}, ValueError, r"got shape \(\)"),
        ({"labels": ["ant", "bee", "bee"]}, TypeError, "labels must be integers, .*class_names.*, got dtype <U3"),
        ({"labels": [0.0, 1.0, 1.0]}, TypeError, "labels must be integers, .*class_names.*, got dtype float64"),
        ({"images": np.zeros((3, 16))}, ValueError, r"images must be .*, got shape \(3, 16\)"),
    ],
)
def test_own_data_that_cannot_be_used_are_refused_at_once(change, error, message):
    good = {"name": "toy", "features": np.eye(3), "labels": [0, 1, 1], "images": None, "class_names": ("ant", "bee")}
    with pytest.raises(error, match=message):
        Dataset(**good | change)


def test_importing_the_loaders_leaves_scikit_learn_alone():
    code = "import sys, l2h_tutorial.datasets; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the bundled files


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[: len(content) // 2], "is not a whole gzip file"),
        (lambda content: b"version https://git-lfs.github.com/spec/v1", "is not a whole gzip file"),
        (lambda content: fashion_mnist.gzip.compress(b"hello"), "does not hold an IDX file"),
        (lambda content: fashion_mnist.gzip.compress(b"\0\0\x08\x01\0\0\0\x05abc"), "does not hold an IDX file"),
        (
            lambda content: fashion_mnist.gzip.compress(b"\0\0\x08\x46" + b"\0\0\0\1" * 70 + b"a"),
            "does not hold an IDX file",
        ),
        (lambda content: 6 * fashion_mnist.gzip.compress(bytes(2**24)), r"does not hold an IDX file .*too large"),
    ],
)
def test_refuses_damaged_bundled_files(tmp_path, damage, message):
    content = (fashion_mnist.FOLDER / "t10k-labels-idx1-ubyte.gz").read_bytes()
    path = tmp_path / "labels.gz"
    path.write_bytes(damage(content))
    with pytest.raises(ValueError, match=f"labels.gz {message}.*restore the file"):
        fashion_mnist.read_idx(path)


@given(values=arrays(np.uint8, array_shapes(min_dims=1, max_dims=3)))
def test_reads_any_idx_file_of_bytes(values, tmp_path_factory):
    header = bytes([0, 0, 8, values.ndim]) + b"".join(length.to_bytes(4, "big") for length in values.shape)
    path = tmp_path_factory.mktemp("idx") / "values.gz"
    path.write_bytes(fashion_mnist.gzip.compress(header + values.tobytes()))
    np.testing.assert_array_equal(fashion_mnist.read_idx(path), values)


# --- the cache


def test_the_cache_is_the_folder_that_l2h_data_home_names(cache: Path, images):
    cached_gist(images)
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


def test_without_l2h_data_home_the_cache_is_the_platforms(monkeypatch):
    monkeypatch.delenv("L2H_DATA_HOME")
    assert "l2h-tutorial" in str(cache_folder())


def test_features_are_computed_once(cache: Path, images, monkeypatch):
    first = cached_gist(images)
    monkeypatch.setattr(cache_module, "gist_descriptors", lambda images: pytest.fail("computed again"))
    np.testing.assert_array_equal(cached_gist(images), first)


def test_features_are_kept_for_exactly_these_images_and_this_version(cache: Path, images, monkeypatch):
    cached_gist(images)
    other = images.copy()
    other[0, 0, 0] ^= 1
    np.testing.assert_array_equal(cached_gist(other), gist_descriptors(other))
    cached_gist(images.reshape(6, 8, 32))  # the same bytes in another shape
    monkeypatch.setattr(cache_module, "GIST_VERSION", 10**6)
    cached_gist(images)
    assert len(list(cache.iterdir())) == 4


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "nonsense", "other rows"])
def test_damaged_features_are_computed_again(cache: Path, images, damage):
    features = cached_gist(images)
    (path,) = cache.iterdir()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    if damage == "other rows":
        np.savez(path, features=features[:3])
    elif damage == "flipped":
        content[middle] ^= 1
        path.write_bytes(content)
    else:
        path.write_bytes({"empty": b"", "cut": content[:middle], "nonsense": b"not a zip file"}[damage])
    np.testing.assert_array_equal(cached_gist(images), features)
    np.testing.assert_array_equal(np.load(path)["features"], features)  # and mended


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_without_room_or_permission_the_features_are_given_with_a_warning(cache: Path, images, monkeypatch, code):
    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(cache_module.np, "savez", refuse)
    with pytest.warns(UserWarning, match=f"could not be kept in .*{os.strerror(code)}.*L2H_DATA_HOME"):
        features = cached_gist(images)
    np.testing.assert_array_equal(features, gist_descriptors(images))
    assert list(cache.iterdir()) == []


def test_a_cache_that_is_a_file_is_warned_about(tmp_path: Path, images, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("L2H_DATA_HOME", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="could not be kept"):
        assert cached_gist(images).shape == (6, 512)
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError, SystemExit])
def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, interruption):
    path = tmp_path / "folder" / "file"
    with pytest.raises(interruption), whole_file(path) as file:  # noqa: PT012
        file.write(b"half")
        assert not path.exists()
        raise interruption
    assert list(path.parent.iterdir()) == []
    with whole_file(path) as file:
        file.write(b"whole")
    assert [file.read_text() for file in path.parent.iterdir()] == ["whole"]
