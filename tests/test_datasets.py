"""Data sets from files of every kind.

Read right, or refused with a message that names the file; and their cache.
"""

import gzip
import io
import os
import pickle
import struct
import tarfile
import zlib

import numpy as np
import pandas as pd
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from limits import memory_below
from PIL import Image
from refusals import refusals

from l2h_tutorial import Dataset, gist_descriptors, load_dataset
from l2h_tutorial.datasets import cached_features, readers
from l2h_tutorial.datasets import load as load_module
from l2h_tutorial.datasets.readers import BATCHES, CLASS_NAMES


def cifar(source):
    return load_dataset("cifar10", source=source)


def random(*shape, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, 256, shape).astype(dtype)


# Files of each kind, whole; what is given replaces parts of them.


def idx(values):
    header = bytes([0, 0, 8, values.ndim]) + b"".join(
        length.to_bytes(4, "big") for length in values.shape
    )
    return gzip.compress(header + values.tobytes(), mtime=0)


def matlab(packed=True, **variables):
    variables = {
        "X": random(30, 512, dtype=np.float32),
        "X_class": np.arange(30.0)[None] % 10,
    } | variables
    file = io.BytesIO()
    scipy.io.savemat(
        file, {k: v for k, v in variables.items() if v is not None}, do_compression=packed
    )
    return file.getvalue()


def batch(protocol=2, n=4, **parts):
    content = {"data": random(n, 3072), "labels": [i % 10 for i in range(n)]} | parts
    return pickle.dumps({key.encode(): value for key, value in content.items()}, protocol=protocol)


def official(**replaced):
    """The official archive's files, small: a name and a content each."""
    return {"batches.meta": b"names"} | dict.fromkeys(BATCHES, batch()) | replaced


def member(name, size=0, kind=tarfile.REGTYPE, content=b""):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    info.size = len(content) or size
    return info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


def tar(files, *more):
    parts = [
        member(f"cifar-10-batches-py/{name}", content=content) for name, content in files.items()
    ]
    return b"".join([*parts, *more, bytes(1024)])


def archive(files, *more):
    return gzip.compress(tar(files, *more), 1, mtime=0)


def image(pixels=None, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(random(8, 8) if pixels is None else pixels).save(file, kind)
    return file.getvalue()


def written(folder, files):
    """Write files, by their names in a folder, and return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def source(folder, name, content):
    """Write a content into the place where its kind belongs, and return the source to load."""
    if name.endswith((".png", ".jpg")):
        return written(folder, {"a/1.png": image(), "b/1.png": image(), f"b/{name}": content})
    if name in official():
        return written(folder, official(**{name: content}))
    return written(folder, {name: content}) / name


# --- whole files are read right


def test_the_default_is_fashion_mnists_test_set(fashion):
    assert load_dataset().name == fashion.name == "fashion-mnist"
    assert fashion.images.shape == (10_000, 28, 28)
    assert fashion.images.dtype == np.uint8
    assert fashion.features.dtype == np.float32
    assert fashion.labels.dtype == np.int64
    assert np.bincount(fashion.labels).tolist() == [1000] * len(fashion.class_names)


@given(values=arrays(np.uint8, array_shapes(min_dims=1, max_dims=3)))
def test_any_idx_file_of_bytes_is_read(values, tmp_path_factory):
    path = source(tmp_path_factory.mktemp("idx"), "values.gz", idx(values))
    np.testing.assert_array_equal(readers.read_idx(path), values)


@given(
    dtype=st.sampled_from(["f4", "f8", "u1", "i2", "i8"]),
    column=st.booleans(),
    packed=st.booleans(),
    n=st.integers(1, 4),
)
def test_matlab_files_are_read_as_scipy_writes_them(dtype, column, packed, n, tmp_path_factory):
    X = random(n, 512, dtype=dtype)
    labels = np.arange(n).reshape((n, 1) if column else (1, n))
    content = matlab(packed, X=X, X_class=labels, other=np.array([{}, "text"], dtype=object))
    data = cifar(source(tmp_path_factory.mktemp("matlab"), "x.mat", content))
    np.testing.assert_array_equal(data.features, X.astype(np.float32))
    assert data.labels.tolist() == list(range(n))
    assert (data.images, tuple(data.class_names)) == (None, CLASS_NAMES)
    assert data.features.dtype == np.float32
    assert data.labels.dtype == np.int64


@pytest.mark.parametrize("protocol", [1, 2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_official_batches_are_read_in_order(cache, tmp_path, protocol, order):
    pixels = random(24, 3072)
    parts = [np.asarray(part, order=order) for part in np.split(pixels, 6)]
    files = {
        name: batch(protocol, data=parts[i], labels=[i] * 4, filenames=[b"a.png"] * 4)
        for i, name in enumerate(BATCHES)
    }
    (tmp_path / "there").mkdir()
    whole = archive(official() | files, member("./", kind=tarfile.DIRTYPE))
    packed = source(tmp_path / "there", "cifar-10-python.tar.gz", whole)
    folder = written(tmp_path / "cifar-10-batches-py", official() | files)
    for data in (cifar(packed), cifar(folder)):
        np.testing.assert_array_equal(
            data.images, pixels.reshape(24, 3, 32, 32).transpose(0, 2, 3, 1)
        )
        assert data.labels.tolist() == np.repeat(range(6), 4).tolist()
        assert tuple(data.class_names) == CLASS_NAMES
        np.testing.assert_array_equal(data.features, gist_descriptors(data.images))
    assert os.listdir(packed.parent) == [packed.name]  # nothing was unpacked there


@pytest.mark.parametrize("parts", [("",), ("train/", "test/")])
def test_class_folders_are_read_by_part_class_and_file_name(cache, tmp_path, parts):
    names = ["dog/b", "cat/z", "dog/a"]
    colour = {
        f"{part}{name}": random(8, 8, 3) ^ i for part in parts for i, name in enumerate(names)
    }
    files = {f"{name}.png": image(pixels) for name, pixels in colour.items()}
    files |= {f"{parts[0]}cat/.hidden": b"x", f"{parts[0]}README": b"about these images"}
    data = cifar(written(tmp_path / "images", files))
    ordered = [f"{part}{name}" for part in parts for name in ("cat/z", "dog/a", "dog/b")]
    np.testing.assert_array_equal(data.images, [colour[name] for name in ordered])
    assert data.labels.tolist() == [0, 1, 1] * len(parts)
    assert tuple(data.class_names) == ("cat", "dog")


def test_grey_images_stay_grey_but_among_colour_ones(cache, tmp_path):
    grey = random(8, 8)
    colour = random(8, 8, 3)
    data = cifar(
        written(tmp_path / "grey", {"train/1.png": image(grey), "tram/1.png": image(grey)})
    )
    np.testing.assert_array_equal(data.images, [grey, grey])
    assert tuple(data.class_names) == ("train", "tram")
    mixed = cifar(written(tmp_path / "mixed", {"a/1.png": image(grey), "b/1.png": image(colour)}))
    np.testing.assert_array_equal(mixed.images, [np.repeat(grey[..., None], 3, axis=2), colour])


@pytest.mark.cifar10
def test_the_real_images_give_the_published_features_and_labels(
    cache, cifar_folder, cifar_images_folder
):
    published = cifar(cifar_folder / "Gist512CIFAR10.mat")
    names = (cifar_folder / "rows.txt").read_text().split()
    assert np.bincount(published.labels).tolist() == [6000] * 10
    rows = [row for row, name in enumerate(names) if (cifar_images_folder / name).exists()]
    rows = sorted(rows, key=lambda row: (names[row].startswith("test/"), names[row]))
    images = cifar(cifar_images_folder)
    np.testing.assert_array_equal(images.labels, published.labels[rows])
    np.testing.assert_allclose(images.features, published.features[rows], rtol=0, atol=2e-4)
    assert tuple(images.class_names) == CLASS_NAMES


# --- others are refused


class Calls:
    """Unpickling it calls a function, with a tuple of arguments, and gives a state to the
    result.
    """

    def __init__(self, *parts):
        self.parts = parts

    def __reduce__(self):
        return self.parts


def array(shape):
    """Pickled as an array of bytes of any shape."""
    start = np.zeros(0).__reduce__()[0]
    return Calls(start, (np.ndarray, (0,), b"b"), (1, shape, np.dtype("u1"), False, b"x"))


def packed(content):
    return struct.pack("<II", 15, len(zlib.compress(content))) + zlib.compress(content)


NAN = np.full((30, 512), np.nan)
MAT = "x.mat"
TAR = "x.tar.gz"
BATCH = "data_batch_2"
PNG = "2.png"
IDX = "labels.gz"
INSIDE = "cifar-10-batches-py"

REFUSED = [  # what is in the file, and what is said of it
    (MAT, b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM", "save it again with the option -v7"),
    (MAT, matlab(X=None), "KeyError: 'X'"),
    (MAT, matlab(X=np.zeros((30, 100))), r"X \(n, 512\).*X has the shape \(30, 100\)"),
    (MAT, matlab(X=np.zeros((0, 512))), r"X has the shape \(0, 512\)"),
    (MAT, matlab(X=np.zeros((30, 512)) * 1j), "too many values to unpack"),
    (MAT, matlab(X=NAN), "X .*finite.*X has values from nan"),
    (MAT, matlab(X_class=np.zeros((5, 6))), r"X_class \(1, n\).*X_class \(5, 6\)"),
    (MAT, matlab(X_class=np.arange(30.0)[None] / 2), r"whole numbers from 0 to 9.* 0\.5 "),
    (MAT, matlab(packed=False)[:1000], "cannot reshape"),
    (TAR, archive(official())[:-100], "EOFError"),
    (TAR, archive(dict.fromkeys(BATCHES[:4], batch())), "lacks data_batch_5, test_batch; expected"),
    (
        TAR,
        archive(official(), member("../outside")),
        "'../outside' is not a file in cifar-10-batches-py",
    ),
    (TAR, archive(official(), member(f"{INSIDE}/../../outside")), "is not a file in"),
    (TAR, archive(official(), member(f"{INSIDE}/link", kind=tarfile.SYMTYPE)), "is not a file in"),
    (TAR, archive({}, member("x", 2**30, tarfile.GNUTYPE_SPARSE)), "is not a file in|ReadError"),
    (TAR, archive({}, member(f"{INSIDE}/x", 2**40)), "ReadError"),
    # leads back to itself
    (TAR, archive({}, member(f"{INSIDE}/test_batch", -512)), "lacks|invalid offset"),
    (
        BATCH,
        batch(data=np.zeros((4, 3072))),
        r"data \(n, 3072\) of type uint8 .*found .*f8.*\(4, 3072\)",
    ),
    (BATCH, batch(data=random(4, 1024)), r"found type and shape .*u1.*\(4, 1024\)"),
    (BATCH, batch(data=random(0, 3072), labels=[]), "found|code"),
    (BATCH, batch(data=array((10**9, 3072))), "cannot reshape"),
    (BATCH, batch(labels=[1]), r"found 4 rows with labels \[1\]"),
    (BATCH, batch(labels=[1, 2, 3, 0.5]), r"labels from 0 to 9 .*labels \[1, 2, 3, 0.5\]"),
    (BATCH, batch(more=print), "it would run code: it asks for .*print"),
    # would change what stands in for arrays
    (BATCH, b"\x80\x02}cnumpy\ndtype\nN}U\x01aK\x01s\x86bs.", "batch"),
    (BATCH, b"\x80\x02Nr\xff\xff\xff\x7f.", "NoneType"),  # 32 GB of notes, if they were a list
    # declares 64 GB
    (BATCH, b"\x80\x05\x96" + (2**36).to_bytes(8, "little") + b".", "expected|bytes"),
    (BATCH, b"\x80\x02})" + b"\x85" * 900_000 + b"Ns.", "decoding to str"),  # too deep to be hashed
    # hashed for ever
    (BATCH, b"\x80\x02}K\x01q\x00" + b"h\x00\x86q\x00" * 100 + b"Ns.", "decoding to str"),
    (BATCH, b"(" + b"N" * 1_000_001 + b"l.", "more than 1000000 steps"),
    (BATCH, b"c" + b"x" * 10_000 + b"\ny\n.", "it asks for x+"),
    (PNG, image()[:60], "truncated|broken|decod|Truncated"),
    (PNG, image(random(8, 8, dtype=np.uint16)), "8 bits a channel.*mode I;16"),
    (PNG, image(random(8, 8), "EPS"), "cannot identify"),  # Pillow hands PostScript to Ghostscript
    (PNG, b"P5 60000 60000 255\n", "pixels"),
    (
        PNG,
        image(random(8, 12)),
        r"as large as the first.* 12 x 8 pixels of mode L; the first is \(8, 8\)",
    ),
    (
        IDX,
        b"version https://git-lfs.github.com/spec/v1",
        "gzipped IDX .*BadGzipFile.*restore the file",
    ),
    (IDX, gzip.compress(b"\0\0\x08\x01\0\0\0\x05abc"), "cannot reshape"),
    ("x.csv", b"1,2,3", "the source must be a .mat file"),
]


@pytest.mark.parametrize(("name", "content", "message"), REFUSED, ids=range(len(REFUSED)))
def test_a_wrong_file_is_refused_by_name(tmp_path, name, content, message):
    read = readers.read_idx if name == IDX else cifar
    there = source(tmp_path, name, content)
    with pytest.raises(ValueError, match=message) as refusal:
        read(there)
    assert name in str(refusal.value)
    assert len(str(refusal.value)) < 1000
    # whatever the file was, the next is read
    assert cifar(source(tmp_path, MAT, matlab())).name == "cifar10"


@pytest.mark.parametrize("protocol", range(1, pickle.HIGHEST_PROTOCOL + 1))
def test_a_batch_runs_no_code(tmp_path, protocol):
    trace = tmp_path / "code-was-run"
    there = source(tmp_path, BATCH, batch(protocol, data=Calls(os.mkdir, (str(trace),))))
    with pytest.raises(
        ValueError, match=r"data_batch_2 .*it would run code: it asks for (posix|nt).mkdir"
    ):
        cifar(there)
    assert not trace.exists()


LARGE = 2**26
BOMBS = {  # small files that unpack to 64 MB; the readers are told that the largest has 1
    "idx": (
        readers.read_idx,
        gzip.compress(b"\0\0\x08\x01" + LARGE.to_bytes(4, "big") + bytes(LARGE)),
    ),
    "archive": (readers.read_batches, gzip.compress(bytes(LARGE))),
    "header": (
        readers.read_batches,
        gzip.compress(member("x", LARGE, tarfile.XHDTYPE) + bytes(LARGE)),
    ),
    "matlab": (readers.read_matlab, matlab(X=np.zeros((2**17, 512), np.uint8))),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_takes_no_more_memory_than_a_file_may(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(readers, "LARGEST_FILE", 2**20)
    read, content = BOMBS[kind]
    path = source(tmp_path, "bomb.tar.gz", content)
    with memory_below(2**22), pytest.raises(ValueError, match=r"bomb\.tar\.gz (is not|lacks)"):
        read(path)


def test_a_source_of_another_kind_is_refused(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"nowhere.mat is no file and no folder; the source must be a .mat"
    ):
        cifar(tmp_path / "nowhere.mat")
    for name in (MAT, TAR):
        (tmp_path / name).mkdir()
        with pytest.raises(OSError, match=name):
            cifar(tmp_path / name)


@pytest.mark.parametrize("names", [["a/1.png"], ["1.png", "2.png"], ["train/a/1.png"]], ids=str)
def test_images_that_are_not_in_classes_are_refused(tmp_path, names):
    folder = written(tmp_path, dict.fromkeys([*names, ".hidden"], image()))
    with pytest.raises(
        ValueError, match=r"must have a folder of images for each of two or more classes.*; found"
    ):
        cifar(folder)


@pytest.mark.parametrize(
    ("inside", "message"),
    [("c", "found .*'c': 0"), ("a/deeper", "deeper is not a readable image .*it is a folder")],
)
def test_a_folder_where_an_image_should_be_is_refused(tmp_path, inside, message):
    folder = written(tmp_path, {"a/1.png": image(), "b/1.png": image()})
    (folder / inside).mkdir()
    with pytest.raises(ValueError, match=message):
        cifar(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    ("name", "message"), [(MAT, "no file"), (PNG, "a device"), ("test_batch", "lacks test")]
)
def test_a_named_pipe_is_not_waited_for(tmp_path, name, message):
    there = source(tmp_path, name, b"")
    (pipe,) = tmp_path.rglob(name)
    pipe.unlink()
    os.mkfifo(pipe)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        cifar(there)


@st.composite
def damaged(draw, content):
    """A content with bytes changed, taken out or put in.

    Mostly near its start, where the sizes are.
    """
    data = bytearray(content)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, min(700, len(data))) | st.integers(0, len(data)))
        number = draw(st.sampled_from([0, 1, 255, 2**16, 2**31 - 1, 2**32 - 1]))
        order = draw(st.sampled_from(["little", "big"]))
        put = draw(st.binary(max_size=1) | st.just(number.to_bytes(4, order)))
        taken = draw(st.sampled_from([0, len(put)]) | st.integers(1, len(data) + 1))
        data[at : at + taken] = put
    return bytes(data)


LABELLED = matlab(False, X=np.zeros((2, 512), np.uint8), X_class=np.zeros((1, 2)))


def in_archive(content):
    return archive(official(data_batch_2=content))


DAMAGED = {  # a whole file of each kind; how it is packed after the damage; and what reads it
    "matlab": (LABELLED, bytes, readers.read_matlab),
    "packed matlab": (
        LABELLED,
        lambda whole: whole[:128] + packed(whole[128:1208]) + packed(whole[1208:]),
        readers.read_matlab,
    ),
    "archive": (tar(official()), lambda content: gzip.compress(content, 1), readers.read_batches),
    "packed archive": (archive(official()), bytes, readers.read_batches),
    "batch": (batch(n=1), in_archive, readers.read_batches),
    "new batch": (batch(4, n=1), in_archive, readers.read_batches),
    **{kind: (image(kind=kind), bytes, readers.read_class_folders) for kind in readers.FORMATS},
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of tags that are skipped
@pytest.mark.parametrize("kind", DAMAGED)
@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_read_right_or_refused(kind, data, tmp_path_factory):
    content, pack, read = DAMAGED[kind]
    name = "2.png" if kind in readers.FORMATS else "file.tar.gz"
    damaged_content = pack(data.draw(damaged(content)))
    path = source(tmp_path_factory.mktemp("damaged"), name, damaged_content)
    try:
        values, labels, *_ = read(path)
    except (ValueError, OSError) as error:
        assert path.name in str(error)  # noqa: PT017
        assert len(str(error)) < 1000  # noqa: PT017
    else:
        assert values.dtype == (np.float32 if "matlab" in kind else np.uint8)
        assert np.isfinite(values).all()
        assert set(labels.tolist()) <= set(range(10))
        assert len(labels) == len(values) > 0


# --- names and the environment


def test_the_environment_names_data_set_and_source(tmp_path, monkeypatch, fashion):
    monkeypatch.setenv("L2H_DATASET", "cifar10")
    monkeypatch.setenv("L2H_SOURCE", str(source(tmp_path, MAT, matlab())))
    assert load_dataset().name == load_dataset("cifar10").name == "cifar10"
    assert load_dataset("fashion-mnist").name == "fashion-mnist"  # the source is for the other
    monkeypatch.setenv("L2H_SOURCE", "nowhere.mat")
    assert len(cifar(tmp_path / MAT)) == 30
    with pytest.raises(ValueError, match=r"takes no source.*found .*x.mat"):
        load_dataset("fashion-mnist", source=tmp_path / MAT)
    monkeypatch.setenv("L2H_DATASET", "imagenet")
    for name in (None, "mnist"):
        with pytest.raises(
            ValueError,
            match=r"data set must be .*fashion-mnist.*cifar10.*got '(imagenet|mnist)'",
        ):
            load_dataset(name)


# --- a reader's own data


def test_own_data_come_in_any_form_and_arrays_are_not_copied():
    X = np.arange(6.0).reshape(3, 2)
    y = np.array([0, 1, 1])
    pictures = np.zeros((3, 4, 4), np.uint8)
    assert Dataset("toy", X, y, pictures, ("ant", "bee")).features is X
    for kind in (np.ndarray.tolist, pd.DataFrame):
        data = Dataset("toy", kind(X), y.tolist(), pictures.tolist(), ("ant", "bee"))
        np.testing.assert_array_equal(data.features, X)
        np.testing.assert_array_equal(data.labels, y)
        np.testing.assert_array_equal(data.images, pictures)
        assert repr(data) == "<Dataset toy: 3 rows, 2 features, 2 classes, grey images of 4 x 4>"


def dataset(**change):
    good = {"name": "toy", "features": np.eye(3), "labels": [0, 1, 1], "images": None}
    return lambda: Dataset(**good | {"class_names": ("ant", "bee")} | change)


test_own_data_that_cannot_be_used_are_refused_at_once = refusals(
    (
        dataset(features=[["a"], ["b"], ["c"]]),
        TypeError,
        "features must be numbers.* got <U1 and int64",
    ),
    (
        dataset(features=np.array([[0.0], [1.0], [np.nan]])),
        "features must be finite, got nan in row 2",
    ),
    (
        dataset(features=np.array([[0.0], [-np.inf], [1.0]])),
        "features must be finite, got -inf in row 1",
    ),
    (dataset(labels=[0.0, 1.0, 1.0]), TypeError, "labels integers, .*class_names.* and float64"),
    (dataset(labels=[0, 1]), r"same number of rows.*'features': \(3, 3\), 'labels': \(2,\)"),
    (dataset(images=np.zeros((3, 16))), r"features \(n, d\).*'images': \(3, 16\)"),
)


# --- the cache of features


def test_features_are_kept_for_these_images_and_version(cache, monkeypatch):
    images = random(6, 16, 16)
    features = cached_features(images)
    (path,) = cache.iterdir()
    path.write_bytes(path.read_bytes()[:1000])  # damaged: computed again, and mended
    np.testing.assert_array_equal(cached_features(images), features)
    np.testing.assert_array_equal(np.load(path)["features"], features)
    for kept in (images ^ 1, images.reshape(6, 8, 32)):  # the same bytes in another shape
        np.testing.assert_array_equal(cached_features(kept), gist_descriptors(kept))
    monkeypatch.setattr(load_module, "GIST_VERSION", 10**6)
    first = cached_features(images)
    assert [path.suffix for path in cache.iterdir()] == [".npz"] * 4
    monkeypatch.setattr(
        load_module, "gist_descriptors", lambda images: pytest.fail("computed again")
    )
    np.testing.assert_array_equal(cached_features(images), first)


def test_a_cache_without_permission_gives_a_warning(cache, monkeypatch):
    cache.write_text("in the way")
    with pytest.warns(UserWarning, match=r"could not be kept in .*cache'?.*L2H_DATA_HOME"):
        features = cached_features(random(2, 16, 16))
    np.testing.assert_array_equal(features, gist_descriptors(random(2, 16, 16)))
