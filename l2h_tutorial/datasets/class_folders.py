"""Images in one folder for each class, directly or under ``train`` and ``test``."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

PARTS = ("train", "test")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")  # Pillow knows more; some of them start programs
LARGEST_SIDE = 2048  # pixels
LAYOUT = "expected one folder of image files for each class, directly or under train and test"


def read_class_folders(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...]]:
    """Read every image, ordered by part (train first), class and file name.

    Returns
    -------
    images : array of shape (n, h, w) if every image is grey, else (n, h, w, 3), uint8
    labels : array of shape (n,), int64
        Positions in the class names.
    class_names : tuple of str
        The class folders' names, sorted.

    Raises
    ------
    ValueError
        If the layout is another, there are fewer than two classes, a class is empty, a file is not a readable image
        of 8 bits a channel, or the images are not all of one size.
    """
    files = _image_files(folder)
    class_names = tuple(sorted({name for name, _ in files}))
    images = [_read_image(path) for _, path in tqdm(files, desc="images", disable=None, delay=2)]
    for (_, path), image in zip(files, images, strict=True):
        if image.shape[:2] != images[0].shape[:2]:
            raise ValueError(
                f"{path} is {_size(image)} pixels, and {files[0][1]} is {_size(images[0])}; "
                "the images must all be of one size: resize or crop them"
            )
    if len({image.ndim for image in images}) > 1:  # grey images among colour ones
        images = [np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image for image in images]
    labels = np.array([class_names.index(name) for name, _ in files], dtype=np.int64)
    return np.stack(images), labels, class_names


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _image_files(folder: Path) -> list[tuple[str, Path]]:
    """Every image file with the name of its class."""
    folders = [path for path in _visible(folder) if path.is_dir()]
    names = {path.name for path in folders}
    parts = [folder / part for part in PARTS if part in names] if names and names <= set(PARTS) else [folder]
    files = []
    for part in parts:
        for class_folder in (path for path in _visible(part) if path.is_dir()):
            images = _visible(class_folder)
            if not images:
                raise ValueError(f"{class_folder} is empty; put its images there or remove it; {LAYOUT}")
            files += [(class_folder.name, path) for path in images]
    classes = sorted({name for name, _ in files})
    if len(classes) < 2:
        found = f"only {classes[0]}" if classes else "none"
        raise ValueError(f"{folder} needs at least two class folders; found {found}; {LAYOUT}")
    return files


def _read_image(path: Path) -> NDArray[np.uint8]:
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no file"
        raise ValueError(f"{path} is {kind} inside a class folder; {LAYOUT}")
    try:
        with Image.open(path, formats=FORMATS) as image:
            if max(image.size) > LARGEST_SIDE:
                raise ValueError(
                    f"it has {image.height} x {image.width} pixels, and no side may be over {LARGEST_SIDE}"
                )
            if image.mode.startswith(("I", "F")):
                raise ValueError(f"its pixels are of mode {image.mode}, not of 8 bits a channel")
            return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    except Exception as error:  # a damaged image can fail in many ways
        raise ValueError(f"{path} cannot be read as an image ({error}); mend it or remove it") from error


def _size(image: NDArray[np.uint8]) -> str:
    return f"{image.shape[0]} x {image.shape[1]}"
