"""CIFAR-10 (Krizhevsky 2009) from a file or folder, from the cache, or by download."""

from pathlib import Path

from .batches import BATCHES, CLASS_NAMES, read_archive, read_batches_folder
from .cache import cache_folder, cached_gist
from .class_folders import read_class_folders
from .dataset import Dataset
from .download import download
from .matlab import read_matlab

MATLAB_FILE = "Gist512CIFAR10.mat"
MATLAB_URL = "https://www.dropbox.com/s/875u1rkva9iffpj/Gist512CIFAR10.mat?dl=1"
ARCHIVE_FILE = "cifar-10-python.tar.gz"
ARCHIVE_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
ARCHIVE_HASH = "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz")
KINDS = "a .mat file, cifar-10-python.tar.gz, its folder cifar-10-batches-py, or a folder of class folders"


def read_cifar10(source: Path) -> Dataset:
    """Read CIFAR-10 from any of the forms that `l2h_tutorial.load_dataset` lists; raises what is listed there."""
    if not source.exists():
        raise FileNotFoundError(f"{source} does not exist; the source must be {KINDS}")
    if source.is_dir():
        return _read_folder(source)
    if not source.is_file():
        raise ValueError(f"{source} is neither a file nor a folder; the source must be {KINDS}")
    if source.stat().st_size == 0:
        raise ValueError(f"{source} is empty; the source must be {KINDS}. Copy or download it again")
    if source.name.endswith(".mat"):
        features, labels = read_matlab(source)
        return Dataset("cifar10", features, labels, None, CLASS_NAMES)
    if source.name.endswith(ARCHIVE_SUFFIXES):
        images, labels = read_archive(source)
        return Dataset("cifar10", cached_gist(images), labels, images, CLASS_NAMES)
    raise ValueError(f"{source} ends neither in .mat nor in .tar.gz; the source must be {KINDS}")


def fetch_cifar10() -> Dataset:
    """Read CIFAR-10 from the cache, or download it: the tutorial's features, or else the official images.

    Raises
    ------
    ConnectionError
        If neither address gives what it should.
    OSError
        If the cache has no room or no permission.
    """
    folder = cache_folder() / "cifar10"
    for name in (MATLAB_FILE, ARCHIVE_FILE):
        try:
            return read_cifar10(folder / name)
        except (FileNotFoundError, ValueError):  # not there, or damaged since: fetch it again
            pass
    failures = []
    for name, url, known_hash in ((MATLAB_FILE, MATLAB_URL, None), (ARCHIVE_FILE, ARCHIVE_URL, ARCHIVE_HASH)):
        try:
            return download(url, folder / name, known_hash, read_cifar10)
        except ConnectionError as error:
            failures.append(str(error))
    raise ConnectionError(
        "CIFAR-10 could not be downloaded:\n"
        + "".join(f"  - {failure}\n" for failure in failures)
        + f"Try again later, or give what you have as the source (L2H_SOURCE or source=): {KINDS}"
    )


def _read_folder(source: Path) -> Dataset:
    if source.name.endswith((".mat", *ARCHIVE_SUFFIXES)):
        raise IsADirectoryError(f"{source} is a folder; its name promises a file. Give the file inside it")
    if not any(source.iterdir()):
        raise ValueError(f"{source} is an empty folder; the source must be {KINDS}")
    if any((source / name).exists() for name in BATCHES):
        images, labels = read_batches_folder(source)
        return Dataset("cifar10", cached_gist(images), labels, images, CLASS_NAMES)
    images, labels, class_names = read_class_folders(source)
    return Dataset("cifar10", cached_gist(images), labels, images, class_names)
