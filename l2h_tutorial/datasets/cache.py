"""The user's cache folder, and features that are computed once."""

import hashlib
import os
import warnings
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from ..files import whole_file
from ..gist import GIST_VERSION, N_FEATURES, gist_descriptors
from ..npz import read_arrays


def cache_folder() -> Path:
    """The folder that ``L2H_DATA_HOME`` names, else the platform's user cache folder; it need not exist yet."""
    return Path(os.environ.get("L2H_DATA_HOME") or platformdirs.user_cache_dir("l2h-tutorial")).expanduser()


def cached_gist(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """GIST of the images: read from the cache when the same images were described before, else computed and kept.

    Parameters
    ----------
    images : array of shape (n, h, w) or (n, h, w, 3), uint8

    Returns
    -------
    array of shape (n, 512), float32

    Warns
    -----
    UserWarning
        If the cache cannot be written; the features are returned all the same.
    """
    path = cache_folder() / f"gist-v{GIST_VERSION}-{_images_hash(images)}.npz"
    features = _read_features(path, len(images))
    if features is not None:
        return features
    features = gist_descriptors(images)
    try:
        with whole_file(path) as file:
            np.savez(file, features=features)
    except OSError as error:
        warnings.warn(
            f"the features could not be kept in {path.parent} ({error}) and will be computed again next time; "
            "make room there, or set L2H_DATA_HOME to a folder that can be written",
            stacklevel=4,  # the caller of load_dataset
        )
    return features


def _images_hash(images: NDArray[np.uint8]) -> str:
    pixels = np.ascontiguousarray(images)
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.data)
    return digest.hexdigest()


def _read_features(path: Path, n: int) -> NDArray[np.float32] | None:
    """The features kept at ``path``; None if there are none, or the file is damaged and must be made again."""
    try:
        features = read_arrays(path, ["features"])["features"]  # a .npz is a zip file: reading it checks its CRC
    except (OSError, ValueError, KeyError):
        return None
    return features if features.shape == (n, N_FEATURES) and features.dtype == np.float32 else None
