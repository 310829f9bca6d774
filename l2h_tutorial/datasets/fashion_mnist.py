"""The bundled images: Fashion-MNIST's test set, in its original files."""

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .cache import cached_gist
from .dataset import Dataset

FOLDER = Path(__file__).parents[1] / "data" / "fashion-mnist"
LARGEST_FILE = 64 * 2**20  # bytes; all of Fashion-MNIST's training images have 47 million
CLASS_NAMES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


def read_fashion_mnist() -> Dataset:
    """Fashion-MNIST's 10,000 test images, 28 x 28 and grey (Xiao, Rasul and Vollgraf, arXiv 1708.07747).

    Raises
    ------
    ValueError
        If the bundled files are damaged.
    """
    images = read_idx(FOLDER / "t10k-images-idx3-ubyte.gz")
    labels = read_idx(FOLDER / "t10k-labels-idx1-ubyte.gz").astype(np.int64)
    return Dataset("fashion-mnist", cached_gist(images), labels, images, CLASS_NAMES)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read a gzipped IDX file of unsigned bytes.

    The format: two zero bytes, the type (8 is uint8), the number of dimensions, each dimension as a big-endian
    four-byte integer, then the values.
    """
    advice = "install the package again, or restore the file from the repository"
    try:
        with gzip.open(path) as file:
            content = file.read(LARGEST_FILE + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is not a whole gzip file ({error}); {advice}") from error
    dimensions = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    shape = tuple(int.from_bytes(content[4 + 4 * d : 8 + 4 * d], "big") for d in range(dimensions))
    try:
        if not dimensions or len(content) > LARGEST_FILE:
            raise ValueError("no dimensions, or too large")
        return np.frombuffer(content[4 + 4 * dimensions :], dtype=np.uint8).reshape(shape)
    except ValueError as error:
        raise ValueError(f"{path} does not hold an IDX file of unsigned bytes ({error}); {advice}") from error
