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
        names = ("features", "labels") if self.images is None else ("features", "labels", "images")
        for name in names:
            object.__setattr__(self, name, np.asarray(getattr(self, name)))
        features, labels = self.features, self.labels
        if features.dtype.kind not in "fiub" or labels.dtype.kind not in "iu":
            found = f"{features.dtype} and {labels.dtype}"
            raise TypeError(f"features must be numbers, labels integers, the places in class_names; got {found}")
        shapes = {name: getattr(self, name).shape for name in names}
        dimensions = [len(shape) for shape in shapes.values()]
        if dimensions not in ([2, 1], [2, 1, 3], [2, 1, 4]) or len({shape[0] for shape in shapes.values()}) > 1:
            expected = "features (n, d), labels (n,), images (n, h, w) or (n, h, w, 3)"
            raise ValueError(f"expected {expected}, with the same number of rows; found {shapes}")
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
