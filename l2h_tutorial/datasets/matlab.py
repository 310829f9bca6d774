"""Features and labels from a Matlab file, in the layout of the tutorial's ``Gist512CIFAR10.mat``."""

from pathlib import Path

import numpy as np
import scipy.io
from numpy.typing import NDArray

from ..gist import N_FEATURES

ADVICE = "Take a whole copy of Gist512CIFAR10.mat, or give the image archive as the source"


def read_matlab(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Read ``X`` (n, 512) and ``X_class`` (1, n) or (n, 1).

    Returns
    -------
    features : array of shape (n, 512), float32
    labels : array of shape (n,), int64, each 0 to 9

    Raises
    ------
    ValueError
        If the file is damaged, lacks a variable, or a variable has another shape or other values.
    """
    with path.open("rb") as file:
        try:
            variables = scipy.io.loadmat(file, variable_names=["X", "X_class"])
        except NotImplementedError as error:
            raise ValueError(f"{path} is a Matlab 7.3 file; save it again with Matlab's option -v7") from error
        except Exception as error:  # a damaged file makes the reader fail in nearly any way
            reason = f"{type(error).__name__}: {error}"
            raise ValueError(f"{path} is not a whole Matlab file ({reason}). {ADVICE}") from error
    for name in ("X", "X_class"):
        if name not in variables:
            raise ValueError(f"{path} holds no variable {name}; expected X (n, {N_FEATURES}) and X_class. {ADVICE}")
    features = _checked_features(path, variables["X"])
    return features, _checked_labels(path, variables["X_class"], len(features))


def _checked_features(path: Path, values: object) -> NDArray[np.float32]:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise ValueError(f"{path}: X must be a dense array of real numbers; found {_described(values)}. {ADVICE}")
    if values.ndim != 2 or values.shape[1] != N_FEATURES or len(values) == 0:
        raise ValueError(f"{path}: X must have shape (n, {N_FEATURES}), n > 0; found {values.shape}. {ADVICE}")
    features = np.ascontiguousarray(values, dtype=np.float32)
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(f"{path}: X must be finite; row {row} holds NaN or infinity. {ADVICE}")
    return features


def _checked_labels(path: Path, values: object, n: int) -> NDArray[np.int64]:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise ValueError(f"{path}: X_class must be an array of numbers; found {_described(values)}. {ADVICE}")
    if values.shape not in ((1, n), (n, 1)):
        raise ValueError(
            f"{path}: X_class must have shape (1, {n}) or ({n}, 1), a label for each row of X; "
            f"found {values.shape}. {ADVICE}"
        )
    labels = values.ravel()
    wrong = ~np.isin(labels, np.arange(10))  # NaN and fractions are wrong too
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{path}: the labels in X_class must be whole numbers from 0 to 9; row {row} holds {labels[row]}. {ADVICE}"
        )
    return labels.astype(np.int64)


def _described(values: object) -> str:
    return f"an array of type {values.dtype}" if isinstance(values, np.ndarray) else type(values).__name__
