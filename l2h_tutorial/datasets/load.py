"""One function that opens every data set."""

import os
from pathlib import Path

from .cifar10 import fetch_cifar10, read_cifar10
from .dataset import Dataset
from .fashion_mnist import read_fashion_mnist

NAMES = ("fashion-mnist", "cifar10")


def load_dataset(name: str | None = None, *, source: str | os.PathLike[str] | None = None) -> Dataset:
    """Load labelled images as 512 GIST features each.

    Parameters
    ----------
    name : {"fashion-mnist", "cifar10"}, optional
        "fashion-mnist" is bundled: 10,000 grey images of 28 x 28 pixels. By default the environment variable
        ``L2H_DATASET`` decides, and without it the bundled images are loaded.
    source : path, optional
        Where CIFAR-10 is:

        - a Matlab file (.mat) with ``X`` (n, 512) and ``X_class`` (1, n), classes 0 to 9; it holds no images,
        - the official archive ``cifar-10-python.tar.gz``, or the folder ``cifar-10-batches-py`` unpacked from it,
        - a folder with one folder of image files for each class, directly or under ``train`` and ``test``; the
          folders' names in alphabetical order are the classes.

        By default the environment variable ``L2H_SOURCE`` decides, if the data set is the one that ``L2H_DATASET``
        names. Without any source CIFAR-10 is read from the cache, or downloaded into it.

    Returns
    -------
    Dataset
        ``features`` (n, 512) float32, ``labels`` (n,) int64, ``images`` (n, h, w[, 3]) uint8 or None,
        ``class_names``. The rows are in the order of the source; of a folder, by part, class and file name.

    Raises
    ------
    ValueError
        If the name is unknown, a source is given for the bundled images, or a file does not hold what it should.
    FileNotFoundError
        If the source does not exist.
    IsADirectoryError
        If the source is a folder where its name promises a file.
    ConnectionError
        If CIFAR-10 can be downloaded from nowhere.
    OSError
        If a file cannot be read, or the cache has no room or no permission for a download.

    Notes
    -----
    Features of images are computed once and kept in the platform's user cache folder, or in the folder that the
    environment variable ``L2H_DATA_HOME`` names.

    Examples
    --------
    >>> clothes = load_dataset("fashion-mnist")
    >>> clothes
    <Dataset fashion-mnist: 10000 rows, 512 features, 10 classes, grey images of 28 x 28>
    >>> clothes.class_names[clothes.labels[0]]
    'ankle boot'
    """
    chosen = os.environ.get("L2H_DATASET") or None
    name = name or chosen or NAMES[0]
    if name not in NAMES:
        raise ValueError(f"unknown data set {name!r}; the known ones are {', '.join(map(repr, NAMES))}")
    if source is None and name == chosen:
        source = os.environ.get("L2H_SOURCE") or None
    if name == "cifar10":
        return fetch_cifar10() if source is None else read_cifar10(Path(source).expanduser())
    if source is not None:
        raise ValueError(
            f"fashion-mnist is bundled with the package and takes no source; found {os.fspath(source)!r}. "
            'Leave the source out, or ask for "cifar10"'
        )
    return read_fashion_mnist()
