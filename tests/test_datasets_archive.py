"""CIFAR-10 from its official archive or the unpacked folder, whose batches are pickles that nobody should trust."""

import codecs
import contextlib
import gzip
import os
import pickle
import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from l2h_tutorial import gist_descriptors, load_dataset
from l2h_tutorial.datasets import batches
from l2h_tutorial.datasets.batches import CLASS_NAMES
from l2h_tutorial.datasets.pickles import load_plain_pickle


def load(source):
    return load_dataset("cifar10", source=source)


@pytest.fixture
def write_folder(tmp_path):
    def write(files):
        folder = tmp_path / "cifar-10-batches-py"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder

    return write


@pytest.fixture(params=["archive", "folder"])
def write_either(request, write_archive, write_folder):
    return write_archive if request.param == "archive" else write_folder


def test_reads_the_batches_in_order_with_channels_last(cache, cifar_batches, write_either):
    data = load(write_either(cifar_batches))
    assert data.images.shape == (120, 32, 32, 3)
    assert data.labels.tolist() == [*range(10)] * 12
    first = pickle.loads(cifar_batches["data_batch_1"])[b"data"][0]
    assert data.images[0, 0, 0].tolist() == [first[0], first[1024], first[2048]]
    assert data.images[0, 0, 1, 0] == first[1]
    np.testing.assert_array_equal(data.features, gist_descriptors(data.images))
    assert tuple(data.class_names) == CLASS_NAMES


def test_reading_an_archive_unpacks_nothing(cache, cifar_batches, write_archive, tmp_path):
    load(write_archive(cifar_batches))
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "cifar-10-python.tar.gz"}


def test_refuses_an_incomplete_set_of_batches(cifar_batches, write_either):
    del cifar_batches["data_batch_4"], cifar_batches["test_batch"]
    with pytest.raises(ValueError, match="lacks data_batch_4, test_batch; expected"):
        load(write_either(cifar_batches))


@pytest.mark.parametrize(
    ("names", "said"), [([b"apple", b"baby"], r"\['apple', 'baby'\]"), (5, r"\[\]"), (np.arange(10), r"\[\]")]
)
def test_refuses_other_class_names(cifar_batches, write_either, names, said):
    cifar_batches["batches.meta"] = pickle.dumps({b"label_names": names}, protocol=2)
    with pytest.raises(ValueError, match=rf"batches.meta names the classes {said}; expected"):
        load(write_either(cifar_batches))


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([1, 2], "holds a list; expected a dictionary"),
        ({b"labels": [1]}, r"must be uint8 of shape \(n, 3072\); found NoneType"),
        ({b"data": np.zeros((2, 3072)), b"labels": [1, 2]}, r"must be uint8 .*found float64 \(2, 3072\)"),
        ({b"data": np.zeros((2, 1024), np.uint8), b"labels": [1, 2]}, r"must be uint8 .*found uint8 \(2, 1024\)"),
        ({b"data": np.zeros((0, 3072), np.uint8), b"labels": []}, r"must be uint8 .*found uint8 \(0, 3072\)"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}, "must hold a list of 2 labels; found 1 labels"),
        ({b"data": np.zeros((2, 3072), np.uint8)}, "must hold a list of 2 labels; found NoneType"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 10]}, "whole numbers from 0 to 9; found 10"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 0.5]}, "whole numbers from 0 to 9; found 0.5"),
    ],
)
def test_refuses_a_batch_with_other_content(cifar_batches, write_either, batch, message):
    cifar_batches["data_batch_2"] = pickle.dumps(batch, protocol=2)
    with pytest.raises(ValueError, match=f"data_batch_2.* {message}"):
        load(write_either(cifar_batches))


class Calls:
    """Unpickling it calls a function: what an attacker's pickle does."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_runs_no_code_from_a_batch(cifar_batches, write_either, tmp_path, protocol):
    trace = tmp_path / "code-was-run"
    batch = {b"data": Calls(os.mkdir, str(trace)), b"labels": []}
    cifar_batches["data_batch_1"] = pickle.dumps(batch, protocol=protocol)
    with pytest.raises(ValueError, match=r"data_batch_1 was refused: it would run code: it asks for (posix|nt).mkdir"):
        load(write_either(cifar_batches))
    assert not trace.exists()


@pytest.mark.parametrize(
    "value",
    [
        Calls(eval, "1"),
        Calls(np.load, "x"),
        Calls(np.frombuffer, b"x"),
        np.array([print, {}], dtype=object),
        np.array(["text"]),
        np.zeros(2, dtype=[("a", "i4")]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.dtype("f4"),
        {1, 2},
        1j,
        print,
        Calls(codecs.encode, "x", "rot13"),
    ],
)
def test_refuses_pickles_of_anything_but_plain_data(value):
    with pytest.raises(ValueError, match=r"it would run code|it holds|it asks for|it is damaged"):
        load_plain_pickle(pickle.dumps([value], protocol=2))


def test_refuses_an_array_whose_content_is_of_another_size():
    content = pickle.dumps(np.arange(6, dtype=np.uint8).reshape(2, 3), protocol=4).replace(b"K\x02K\x03", b"K\x02K\x04")
    with pytest.raises(ValueError, match=r"array of shape \(2, 4\) whose content is of another size"):
        load_plain_pickle(content)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.binary() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=10,
)


@given(value=plain, protocol=st.integers(2, 4))
def test_plain_data_come_out_of_a_pickle_as_they_went_in(value, protocol):
    assert load_plain_pickle(pickle.dumps(value, protocol=protocol)) == value


@given(
    array=arrays(st.sampled_from(["u1", "<i4", ">i4", "f4", "f8", "?"]), array_shapes(max_side=4)),
    protocol=st.integers(2, 4),
    order=st.sampled_from("CF"),
)
def test_arrays_come_out_of_a_pickle_as_they_went_in(array, protocol, order):
    array = np.asarray(array, order=order)
    read = load_plain_pickle(pickle.dumps(array, protocol=protocol))
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)


@given(content=st.binary(max_size=60))
def test_any_other_bytes_are_refused_or_plain(content):
    with contextlib.suppress(ValueError):
        load_plain_pickle(content)


@pytest.mark.parametrize("content", [b"", b"nonsense", pickle.dumps(list(range(1000)))[:-20]])
def test_refuses_a_damaged_batch(cifar_batches, write_archive, content):
    cifar_batches["test_batch"] = content or b"\x80"
    with pytest.raises(ValueError, match="test_batch was refused: it is damaged"):
        load(write_archive(cifar_batches))


def member(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (member("../outside"), "'../outside' leaves its folder"),
        (member("cifar-10-batches-py/../../outside"), "leaves its folder"),
        (member("/etc/outside"), "'/etc/outside' leaves its folder"),
        (member("C:\\outside"), "leaves its folder"),
        (member("cifar-10-batches-py/link", tarfile.SYMTYPE, "/etc/passwd"), "is a link or a device"),
        (member("cifar-10-batches-py/data_batch_1", tarfile.LNKTYPE, "test_batch"), "is a link or a device"),
        (member("cifar-10-batches-py/device", tarfile.CHRTYPE), "is a link or a device"),
    ],
)
def test_refuses_members_that_leave_the_folder(cifar_batches, write_archive, info, message):
    with pytest.raises(ValueError, match=message):
        load(write_archive(cifar_batches, extra=(info,)))


def test_refuses_a_batch_that_is_far_too_large(cifar_batches, write_either, monkeypatch):
    monkeypatch.setattr(batches, "LARGEST_BATCH", 1000)
    with pytest.raises(ValueError, match=r"has \d+ bytes; expected 1 to 1000"):
        load(write_either(cifar_batches))


def test_refuses_a_folder_in_a_batchs_place(cifar_batches, write_folder):
    folder = write_folder(cifar_batches)
    (folder / "data_batch_3").unlink()
    (folder / "data_batch_3").mkdir()
    with pytest.raises(IsADirectoryError, match="data_batch_3 is a folder; expected a batch file"):
        load(folder)


def sized(name, size, kind=tarfile.REGTYPE):
    info = member(name, kind)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (sized("x", 2**30, tarfile.XHDTYPE), "declares a part of"),
        (sized("x", 2**30, tarfile.GNUTYPE_LONGNAME), "declares a part of"),
        (sized("x", -512, tarfile.XHDTYPE), "(declares a part of|invalid offset)"),  # so say newer versions of Python
        (sized("x", 2**40), "declares a part that ends at"),
        (sized("x", -512), "(member 'x' has -512 bytes|invalid offset)"),
        (sized("x", 0) * 1001, "takes more than 1000 reads"),
        (
            sized("x", 44, tarfile.XHDTYPE)
            + b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n".ljust(512, b"\0")
            + sized("x", 2**20)
            + b"99999999\n"
            + b"1\n" * 300_000,
            "takes more than 1000 reads",
        ),
        (sized("x", 600, tarfile.XHDTYPE) + b"22 GNU.sparse.size=x\n".ljust(1024, b"\0"), "not a whole tar.gz archive"),
    ],
)
def test_refuses_headers_that_would_fill_memory_or_take_for_ever(tmp_path, content, message):
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(gzip.compress(content + bytes(1024)))
    with pytest.raises(ValueError, match=rf"cifar.tar.gz.*{message}"):
        load(path)


@pytest.mark.parametrize("share", [0.0001, 0.3, 0.9])
def test_refuses_a_truncated_archive(cifar_batches, write_archive, share):
    path = write_archive(cifar_batches)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"is not a whole tar.gz archive"):
        load(path)


@pytest.mark.parametrize(
    "content",
    [b"<html>404</html>", gzip.compress(b"hello" * 1000), b"\x1f\x8b" + bytes(500)],
    ids=["a page", "no tar inside", "no gzip after the signature"],
)
def test_refuses_other_content_named_tar_gz(tmp_path, content):
    (tmp_path / "cifar.tar.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"cifar.tar.gz is not a whole tar.gz archive"):
        load(tmp_path / "cifar.tar.gz")


@pytest.mark.cifar10
def test_an_archive_of_the_real_images_gives_the_published_features(
    cache, cifar, cifar_rows, cifar_images_folder, write_archive
):
    rows = np.random.default_rng(1).choice(len(cifar), (6, 40), replace=False)
    files = {}
    for name, part in zip(batches.BATCHES, rows, strict=True):
        images = [np.asarray(Image.open(cifar_images_folder / cifar_rows[row])) for row in part]
        data = np.stack([image.transpose(2, 0, 1).ravel() for image in images])
        files[name] = pickle.dumps({b"data": data, b"labels": cifar.labels[part].tolist()}, protocol=2)
    data = load(write_archive(files))
    np.testing.assert_allclose(data.features, cifar.features[rows.ravel()], rtol=0, atol=2e-4)
    np.testing.assert_array_equal(data.labels, cifar.labels[rows.ravel()])
