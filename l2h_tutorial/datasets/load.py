"""Load any data set by one function: from a file or folder, from the cache, or by download."""

import hashlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..checks import Bytes, Integers, Singles, check_choice, load_optional
from ..deep import DEEP_VERSION, deep_descriptors
from ..files import FilePath, read_arrays, whole_file
from ..gist import GIST_VERSION, gist_descriptors
from ..linalg import with_settled_signs
from .docstrings import read_docstrings, text_vectors
from .readers import (
    ARCHIVE_SUFFIXES,
    BATCHES,
    CLASS_NAMES,
    read_batches,
    read_class_folders,
    read_idx,
    read_matlab,
)

BUNDLED = Path(__file__).parents[1] / "data" / "fashion-mnist"
BUNDLED_DEEP = Path(__file__).parents[1] / "data" / "deep" / "fashion-mnist.npz"
N_COMPONENTS = 256  # principal components of deep descriptors that are kept
PIECE = 5000  # images whose deep descriptors are computed, and cached, at a time
CLOTHES = (
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
# What a source of CIFAR-10 may be, with images and at all.
IMAGES = "cifar-10-python.tar.gz, its folder cifar-10-batches-py, or a folder of class folders"
SOURCES = f"a .mat file, {IMAGES}"
# Tried in this order: the archive has images and a published hash, the .mat file has neither.
DOWNLOADS = {
    "cifar-10-python.tar.gz": (
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
    "Gist512CIFAR10.mat": (
        "https://www.dropbox.com/s/875u1rkva9iffpj/Gist512CIFAR10.mat?dl=1",
        None,
    ),
}
RETRIES = 2  # of a download that failed
TIMEOUT = 30  # seconds without an answer, or without the next bytes of it


@dataclass(frozen=True, eq=False)
class Dataset:
    """Hold labelled feature vectors, and the images that they describe where there are any.

    Parameters
    ----------
    name : str
    features : array of shape (n, d)
        Finite numbers; those of the data sets that this package loads are float32.
    labels : array of shape (n,) of integers
        Row i belongs to the class ``class_names[labels[i]]``.
    images : array of shape (n, h, w) or (n, h, w, 3), uint8, or None
    class_names : sequence of str

    Raises
    ------
    TypeError
        If features are not numbers, or labels are not integers.
    ValueError
        If features, labels and images do not have the same number of rows or are of another shape,
        or a feature is not finite.

    Notes
    -----
    Lists and data frames become arrays; arrays are not copied.

    Examples
    --------
    >>> import numpy as np
    >>> features = np.zeros((3, 2), dtype=np.float32)
    >>> points = Dataset("toy", features, np.array([0, 1, 1]), None, ("cat", "dog"))
    >>> points
    <Dataset toy: 3 rows, 2 features, 2 classes, no images>
    >>> len(points)
    3
    """

    name: str
    features: Singles
    labels: Integers
    images: Bytes | None
    class_names: Sequence[str]

    def __post_init__(self) -> None:
        shapes = {}
        for name in ("features", "labels", "images"):
            if getattr(self, name) is not None:
                array = np.asarray(getattr(self, name))
                object.__setattr__(self, name, array)
                shapes[name] = array.shape
        features = self.features
        labels = self.labels
        if features.dtype.kind not in "fiub" or labels.dtype.kind not in "iu":
            found = f"{features.dtype} and {labels.dtype}"
            raise TypeError(
                f"features must be numbers, labels integers, the places in class_names; got {found}"
            )
        dimensions = [len(shape) for shape in shapes.values()]
        n_rows = {shape[0] for shape in shapes.values() if shape}
        if dimensions not in ([2, 1], [2, 1, 3], [2, 1, 4]) or len(n_rows) > 1:
            expected = "features (n, d), labels (n,), images (n, h, w) or (n, h, w, 3)"
            raise ValueError(f"expected {expected}, with the same number of rows; found {shapes}")
        # The extremes are enough: they are NaN if any feature is, and no array is made.
        if not np.isfinite([features.min(initial=0), features.max(initial=0)]).all():
            row, column = np.argwhere(~np.isfinite(features))[0]
            raise ValueError(f"features must be finite, got {features[row, column]} in row {row}")

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        images = "no images"
        if self.images is not None:
            height, width = self.images.shape[1:3]
            kind = "colour" if self.images.ndim == 4 else "grey"
            images = f"{kind} images of {height} x {width}"
        n_features = self.features.shape[1]
        size = f"{len(self)} rows, {n_features} features, {len(self.class_names)} classes"
        return f"<Dataset {self.name}: {size}, {images}>"


def load_dataset(
    name: str | None = None, *, source: FilePath | None = None, features: str = "gist"
) -> Dataset:
    """Load labelled images, or texts, as vectors.

    Parameters
    ----------
    name : {"fashion-mnist", "cifar10", "docstrings"}, optional
        "fashion-mnist" is bundled: 10,000 grey images of 28 x 28 pixels. "docstrings" are those of
        the scientific libraries that are installed, see `read_docstrings`. By default the
        environment variable ``L2H_DATASET`` decides, and without it the bundled images are loaded.
    source : path, optional
        Where CIFAR-10 is:

        - a Matlab file (.mat) with ``X`` (n, 512) and ``X_class`` (1, n), classes 0 to 9; it holds
          no images,
        - the official archive ``cifar-10-python.tar.gz``, or the folder ``cifar-10-batches-py``
          unpacked from it,
        - a folder with one folder of image files for each class, directly or under ``train`` and
          ``test``; the folders' names in alphabetical order are the classes.

        By default the environment variable ``L2H_SOURCE`` decides, if the data set is the one that
        ``L2H_DATASET`` names. Without any source CIFAR-10 is read from the cache, or downloaded
        into it: the official archive, or else the Matlab file of the original tutorial.
    features : {"gist", "deep"}, default="gist"
        The features of images: 512 values of GIST, or the first 256 principal components of deep
        descriptors. Deep features of the bundled images are bundled too. To compute them for other
        images takes the extra ``deep``, and some ten minutes for 60,000 images. Texts have their
        own vectors of 256 values.

    Returns
    -------
    Dataset
        ``features`` (n, 512) or (n, 256) float32, ``labels`` (n,) int64, ``images`` (n, h, w[, 3])
        uint8 or None, ``class_names``. The rows are in the order of the source. Those of a folder
        are ordered by part, class and file name.

    Raises
    ------
    ValueError
        If a name is unknown, a source is given for the bundled images, a file does not hold what it
        should, or deep features are asked for where there are no images.
    ImportError
        If what it needs is not installed: the extra ``notebooks``, or the extra ``deep`` where
        deep features are to be computed.
    FileNotFoundError
        If the source does not exist.
    IsADirectoryError
        If the source is a folder where its name promises a file.
    ConnectionError
        If CIFAR-10 cannot be downloaded from any address, or cannot be kept. The message says what
        was tried.
    OSError
        If a file cannot be read.

    Notes
    -----
    Features of images are computed once and kept in the platform's user cache folder, or in the
    folder that the environment variable ``L2H_DATA_HOME`` names.

    Examples
    --------
    >>> clothes = load_dataset("fashion-mnist")
    >>> clothes
    <Dataset fashion-mnist: 10000 rows, 512 features, 10 classes, grey images of 28 x 28>
    >>> clothes.class_names[clothes.labels[0]]
    'ankle boot'
    """
    chosen = os.environ.get("L2H_DATASET")
    name = name or chosen or "fashion-mnist"
    if source is None and name == chosen:
        source = os.environ.get("L2H_SOURCE") or None
    check_choice(name, "data set", ("fashion-mnist", "cifar10", "docstrings"))
    check_choice(features, "features", ("gist", "deep"))
    if name == "cifar10":
        if source is None:
            return _fetch_cifar10(features)
        return _read_cifar10(Path(source).expanduser(), features)
    if source is not None:
        raise ValueError(
            f'"{name}" is here already and takes no source, as "cifar10" does; '
            f"found {str(source)!r}"
        )
    if name == "docstrings":
        if features == "deep":
            raise ValueError(
                '"docstrings" are texts and have no deep features, which are of images'
            )
        texts, classes = read_docstrings()
        class_names, labels = np.unique(classes, return_inverse=True)
        vectors = text_vectors(texts)
        return Dataset(name, vectors, labels.astype(np.int64), None, tuple(class_names.tolist()))
    # Fashion-MNIST's 10,000 test images (Xiao, Rasul and Vollgraf, arXiv 1708.07747)
    images = read_idx(BUNDLED / "t10k-images-idx3-ubyte.gz")
    labels = read_idx(BUNDLED / "t10k-labels-idx1-ubyte.gz").astype(np.int64)
    if features == "gist":
        return Dataset(name, cached_features(images), labels, images, CLOTHES)
    deep = read_arrays(BUNDLED_DEEP, ["features"])["features"]  # float16
    return Dataset(name, deep.astype(np.float32), labels, images, CLOTHES)


def _read_cifar10(source: Path, features: str) -> Dataset:
    """Read CIFAR-10 (Krizhevsky 2009) from any of the sources that `load_dataset` lists."""
    if not source.is_file() and not source.is_dir():
        raise FileNotFoundError(f"{source} is no file and no folder; the source must be {SOURCES}")
    if source.name.endswith(".mat"):
        if features == "deep":
            raise ValueError(
                f"{source} holds no images, which deep features need; the source must be {IMAGES}"
            )
        return Dataset("cifar10", *read_matlab(source), None, CLASS_NAMES)
    class_names: Sequence[str] = CLASS_NAMES
    if source.name.endswith(ARCHIVE_SUFFIXES) or any((source / name).exists() for name in BATCHES):
        images, labels = read_batches(source)
    elif source.is_dir():
        images, labels, class_names = read_class_folders(source)
    else:
        raise ValueError(f"the source must be {SOURCES}; found {source}")
    return Dataset("cifar10", cached_features(images, features), labels, images, class_names)


def _fetch_cifar10(features: str) -> Dataset:
    """Read CIFAR-10 from the cache, or else download it from the first address that has it."""
    folder = cache_folder() / "cifar10"
    for name in DOWNLOADS:
        # A file that is missing or damaged is downloaded again.
        with suppress(FileNotFoundError, ValueError):
            return _read_cifar10(folder / name, features)
    failures = ""
    for name, (url, known_hash) in DOWNLOADS.items():
        try:
            return _download(url, known_hash, folder / name, features)
        except (OSError, ValueError) as error:
            failures += f"  - {url}: {error}\n"
    raise ConnectionError(
        f"CIFAR-10 could not be downloaded into {folder}:\n{failures}"
        "Try again later, let L2H_DATA_HOME name a folder with room, "
        f"or give what you have as the source (L2H_SOURCE or source=): {SOURCES}"
    )


def _download(url: str, known_hash: str | None, path: Path, features: str) -> Dataset:
    """Download a file, read it, and then keep it, so that a kept file is always whole."""
    with warnings.catch_warnings():
        # On import in a kernel without widgets, tqdm would write a warning into the notebook.
        warnings.simplefilter("ignore")
        pooch = load_optional("pooch", "load_dataset")
    # pooch reports each step to stderr, which a notebook would show.
    pooch.get_logger().setLevel(logging.WARNING)
    over_http = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=TIMEOUT)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        source = pooch.create(
            folder,
            base_url="",
            registry={path.name: known_hash},
            urls={path.name: url},
            retry_if_failed=RETRIES,
        )
        fetched = Path(source.fetch(path.name, downloader=over_http))
        dataset = _read_cifar10(fetched, features)
        fetched.replace(path)
    return dataset


def cache_folder() -> Path:
    """Return the folder that ``L2H_DATA_HOME`` names, else the platform's user cache folder.

    It need not exist yet.
    """
    folder = os.environ.get("L2H_DATA_HOME")
    if not folder:
        folder = load_optional("platformdirs", "load_dataset").user_cache_dir("l2h-tutorial")
    return Path(folder).expanduser()


def cached_features(images: Bytes, features: str = "gist") -> Singles:
    """Return features of images, from the cache if the same images were described before.

    Otherwise the features are computed and cached.

    Parameters
    ----------
    images : array of shape (n, h, w) or (n, h, w, 3), uint8
    features : {"gist", "deep"}, default="gist"

    Returns
    -------
    array of shape (n, 512) or (n, 256), float32

    Warns
    -----
    UserWarning
        If the cache cannot be written; the features are returned all the same.
    """
    if features == "gist":
        return _cached(images, f"gist-v{GIST_VERSION}", gist_descriptors)
    return _cached(images, f"deep-{N_COMPONENTS}-v{DEEP_VERSION}", _deep_components)


def _deep_components(images: Bytes) -> Singles:
    """Return the first principal components of deep descriptors.

    The descriptors are cached piece by piece, so a run that was stopped goes on where it was.
    """
    pieces = [images[start : start + PIECE] for start in range(0, len(images), PIECE)]
    name = f"deep-v{DEEP_VERSION}"
    descriptors = np.concatenate([_cached(piece, name, deep_descriptors) for piece in pieces])
    centred = descriptors - descriptors.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return centred @ with_settled_signs(vectors[:, ::-1][:, :N_COMPONENTS])


def _cached(images: Bytes, name: str, describe: Callable[[Bytes], Singles]) -> Singles:
    """Return features of images from the cache, or compute and cache them, by the images' hash."""
    digest = hashlib.sha256(repr(images.shape).encode())
    digest.update(np.ascontiguousarray(images).data)
    path = cache_folder() / f"{name}-{digest.hexdigest()}.npz"
    # A file that is missing, or damaged according to its checksum, is made again.
    with suppress(OSError, ValueError, KeyError):
        return read_arrays(path, ["features"])["features"]
    features = describe(images)
    try:
        with whole_file(path) as file:
            np.savez(file, features=features)
    except OSError as error:
        warnings.warn(
            f"the features could not be kept in {path.parent} ({error}) "
            "and will be computed again next time; "
            "make room there, or let L2H_DATA_HOME name another folder",
            stacklevel=4,
        )
    return features
