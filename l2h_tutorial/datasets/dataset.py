"""What every loader returns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, repr=False, eq=False)
class Dataset:
    """Labelled feature vectors, with the images that they describe where those are at hand.

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
        If features, labels and images do not have the same number of rows or are of another shape, or a feature is not
        finite.

    Notes
    -----
    Lists and data frames become arrays; arrays are not copied.

    Examples
    --------
    >>> import numpy as np
    >>> points = Dataset("toy", np.zeros((3, 2), dtype=np.float32), np.array([0, 1, 1]), None, ("cat", "dog"))
    >>> points
    <Dataset toy: 3 rows, 2 features, 2 classes, no images>
    >>> len(points)
    3
    """

    name: str
    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    images: NDArray[np.uint8] | None
    class_names: Sequence[str]

    def __post_init__(self) -> None:
        columns = ("features", "labels") if self.images is None else ("features", "labels", "images")
        for name in columns:
            object.__setattr__(self, name, np.asarray(getattr(self, name)))
        features, labels, images = self.features, self.labels, self.images
        if features.dtype.kind not in "fiub":
            raise TypeError(f"features must be numbers, got dtype {features.dtype}")
        if labels.dtype.kind not in "iu":
            raise TypeError(f"labels must be integers, the places in class_names, got dtype {labels.dtype}")
        if features.ndim != 2 or labels.ndim != 1 or (images is not None and images.ndim not in (3, 4)):
            found = {name: getattr(self, name).shape for name in columns}
            raise ValueError(f"features must be (n, d), labels (n,), images (n, h, w) or (n, h, w, 3); found {found}")
        rows = {name: len(getattr(self, name)) for name in columns}
        if len(set(rows.values())) > 1:
            raise ValueError(f"features, labels and images must have the same number of rows; found {rows}")
        # The extremes tell: NaN passes through, and neither takes memory.
        if not np.isfinite([features.min(initial=0), features.max(initial=0)]).all():
            row, column = np.argwhere(~np.isfinite(features))[0]
            raise ValueError(f"features must be finite, got {features[row, column]} in row {row}")

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        pictures = "no images"
        if self.images is not None:
            height, width = self.images.shape[1:3]
            pictures = f"{'colour' if self.images.ndim == 4 else 'grey'} images of {height} x {width}"
        size = f"{len(self)} rows, {self.features.shape[1]} features, {len(self.class_names)} classes"
        return f"<Dataset {self.name}: {size}, {pictures}>"
