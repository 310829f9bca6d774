"""Images in one folder for each class."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from l2h_tutorial import gist_descriptors, load_dataset
from l2h_tutorial.datasets.batches import CLASS_NAMES


def load(source):
    return load_dataset("cifar10", source=source)


def write_images(folder: Path, files: dict[str, np.ndarray]) -> Path:
    for name, pixels in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_reads_class_folders_by_class_and_file_name(cache, tmp_path):
    files = {f"images/{name}.png": pixels(8, 8, 3, seed=i) for i, name in enumerate(["dog/b", "cat/z", "dog/a"])}
    data = load(write_images(tmp_path, files) / "images")
    assert tuple(data.class_names) == ("cat", "dog")
    assert data.labels.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(data.images, [files[f"images/{name}.png"] for name in ["cat/z", "dog/a", "dog/b"]])
    np.testing.assert_array_equal(data.features, gist_descriptors(data.images))


def test_reads_class_folders_under_train_and_test(cache, tmp_path):
    names = ["test/cat/1", "test/dog/1", "train/dog/1", "train/cat/1"]
    folder = write_images(tmp_path / "images", {f"{name}.png": pixels(8, 8) for name in names})
    data = load(folder)
    assert data.labels.tolist() == [0, 1, 0, 1]
    assert data.images.shape == (4, 8, 8)


def test_train_and_test_may_be_classes_beside_others(cache, tmp_path):
    folder = write_images(tmp_path / "images", {f"{name}/1.png": pixels(8, 8) for name in ["train", "tram"]})
    assert tuple(load(folder).class_names) == ("train", "tram")


def test_grey_images_among_colour_ones_become_colour(cache, tmp_path):
    grey, colour = pixels(8, 8), pixels(8, 8, 3)
    data = load(write_images(tmp_path / "images", {"a/1.png": grey, "b/1.png": colour}))
    assert data.images.shape == (2, 8, 8, 3)
    np.testing.assert_array_equal(data.images[0], np.repeat(grey[..., None], 3, axis=2))


def test_hidden_files_and_files_beside_the_class_folders_are_passed_over(cache, tmp_path):
    folder = write_images(tmp_path / "images", {"a/1.png": pixels(8, 8), "b/1.png": pixels(8, 8)})
    (folder / "a" / ".DS_Store").write_text("x")
    (folder / ".hidden").mkdir()
    (folder / "README.txt").write_text("about these images")
    assert len(load(folder)) == 2


@pytest.mark.parametrize("content", [b"", b"not an image"])
def test_refuses_an_unreadable_image(tmp_path, content):
    folder = write_images(tmp_path / "images", {"a/1.png": pixels(8, 8), "b/1.png": pixels(8, 8)})
    (folder / "b" / "2.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"b[\\/]2.png cannot be read as an image.*mend it or remove it"):
        load(folder)


def test_refuses_a_truncated_image(tmp_path):
    folder = write_images(tmp_path / "images", {"a/1.jpg": pixels(64, 64, 3), "b/1.jpg": pixels(64, 64, 3)})
    content = (folder / "a" / "1.jpg").read_bytes()
    (folder / "a" / "1.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"a[\\/]1.jpg cannot be read as an image"):
        load(folder)


def test_refuses_an_image_of_16_bits(tmp_path):
    folder = write_images(tmp_path / "images", {"a/1.png": pixels(8, 8).astype(np.uint16), "b/1.png": pixels(8, 8)})
    with pytest.raises(ValueError, match=r"a[\\/]1.png cannot be read .*not of 8 bits a channel"):
        load(folder)


def test_images_start_no_program(tmp_path):
    """Pillow hands PostScript to Ghostscript, whatever the file is called."""
    folder = write_images(tmp_path / "images", {"a/1.png": pixels(8, 8), "b/1.png": pixels(8, 8)})
    Image.fromarray(pixels(8, 8)).save(folder / "b" / "2.eps")
    (folder / "b" / "2.eps").rename(folder / "b" / "2.png")
    with pytest.raises(ValueError, match=r"b[\\/]2.png cannot be read as an image \(cannot identify"):
        load(folder)


@pytest.mark.parametrize(("name", "size"), [("2.png", (60_000, 1)), ("2.ppm", (60_000, 60_000))])
def test_refuses_an_image_by_the_size_that_it_declares(tmp_path, name, size):
    folder = write_images(tmp_path / "images", {"a/1.png": pixels(8, 8), "b/1.png": pixels(8, 8)})
    if name == "2.png":
        Image.new("L", size).save(folder / "b" / name)
    else:
        (folder / "b" / name).write_bytes(b"P5 %d %d 255\n" % size)
    with pytest.raises(ValueError, match=rf"b[\\/]{name} cannot be read as an image"):
        load(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_refuses_a_pipe_among_the_images(tmp_path):
    folder = write_images(tmp_path / "images", {"a/1.png": pixels(8, 8), "b/1.png": pixels(8, 8)})
    os.mkfifo(folder / "b" / "2.png")
    with pytest.raises(ValueError, match=r"b[\\/]2.png is no file"):
        load(folder)


def test_refuses_images_of_different_sizes(tmp_path):
    folder = write_images(tmp_path / "images", {"a/1.png": pixels(8, 8), "b/1.png": pixels(8, 12)})
    with pytest.raises(ValueError, match=r"b[\\/]1.png is 8 x 12 pixels, and .*a[\\/]1.png is 8 x 8"):
        load(folder)


def test_refuses_images_that_gist_cannot_describe(tmp_path):
    folder = write_images(tmp_path / "images", {"a/1.png": pixels(9, 9), "b/1.png": pixels(9, 9)})
    with pytest.raises(ValueError, match=r"9 x 9 pixels.*multiples of 4"):
        load(folder)


@pytest.mark.parametrize("layout", ["cat/1.png", "train/cat/1.png"])
def test_refuses_a_single_class(tmp_path, layout):
    with pytest.raises(ValueError, match="needs at least two class folders; found only cat"):
        load(write_images(tmp_path / "images", {layout: pixels(8, 8)}))


def test_refuses_images_outside_class_folders(tmp_path):
    with pytest.raises(ValueError, match="needs at least two class folders; found none"):
        load(write_images(tmp_path / "images", {"1.png": pixels(8, 8), "2.png": pixels(8, 8)}))


def test_refuses_an_empty_class_folder(tmp_path):
    folder = write_images(tmp_path / "images", {"a/1.png": pixels(8, 8), "b/1.png": pixels(8, 8)})
    (folder / "c").mkdir()
    with pytest.raises(ValueError, match="c is empty"):
        load(folder)


def test_refuses_a_folder_inside_a_class_folder(tmp_path):
    with pytest.raises(ValueError, match=r"a[\\/]deeper is a folder inside a class folder"):
        load(write_images(tmp_path / "images", {"a/deeper/1.png": pixels(8, 8), "b/1.png": pixels(8, 8)}))


@pytest.mark.cifar10
def test_class_folders_of_the_real_images_give_the_official_labels(
    cache, cifar, cifar_rows, cifar_images_folder, tmp_path
):
    rows = [row for row, name in enumerate(cifar_rows) if name.endswith("/0001.jpg")]
    for row in rows:
        path = tmp_path / "images" / cifar_rows[row]
        path.parent.mkdir(parents=True)
        path.symlink_to(cifar_images_folder / cifar_rows[row])
    data = load(tmp_path / "images")
    assert tuple(data.class_names) == CLASS_NAMES
    ordered = sorted(rows, key=lambda row: (cifar_rows[row].startswith("test/"), cifar_rows[row]))
    np.testing.assert_array_equal(data.labels, cifar.labels[ordered])
    np.testing.assert_allclose(data.features, cifar.features[ordered], rtol=0, atol=2e-4)
