"""Queries, training set and database in three parts that do not overlap: the tutorial's own split."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ..datasets import Dataset
from .split import Split, make_split

__all__ = ["split_dataset"]

_SEED_SHARES = (0.002, 0.02)  # the tutorial's split of CIFAR-10: share of queries, then share of the rest for training
_DEFAULT_SIZES = (500, 1000)  # any other data set: queries and training images, stratified by class


def split_dataset(
    dataset: Dataset,
    query_size: float | None = None,
    train_size: float | None = None,
    random_state: Any = 42,
) -> Split:
    """Draw queries, then a training set; what is left is the database.

    Parameters
    ----------
    dataset : Dataset
    query_size, train_size : int, float or None
        An int is a number of rows; a float between 0 and 1 a share, of all rows for queries and of the rows that are
        then left for training; both as in `sklearn.model_selection.train_test_split`. None: the data set's own. For
        CIFAR-10 these are the tutorial's 0.002 and 0.02, and its two unstratified draws; for any other, 500 queries and
        1,000 training rows, stratified by class.
    random_state : int, RandomState instance or None, default=42

    Returns
    -------
    Split

    Raises
    ------
    TypeError, ValueError
        If a size is not a number of rows or a share, leaves nothing, or is too small to hold every class where the draw
        is stratified.

    Examples
    --------
    >>> from l2h_tutorial import load_dataset
    >>> split = split_dataset(load_dataset("fashion-mnist"), query_size=100, train_size=0.1)
    >>> len(split.y_query), len(split.y_train), len(split.y_database)
    (100, 990, 8910)
    """
    own = _SEED_SHARES if dataset.name == "cifar10" else _DEFAULT_SIZES
    stratify = dataset.name != "cifar10"
    sizes = [own[0] if query_size is None else query_size, own[1] if train_size is None else train_size]
    rows = np.arange(len(dataset.labels))
    rest, query = _draw(rows, sizes[0], "query_size", dataset.labels, stratify, random_state)
    database, train = _draw(rest, sizes[1], "train_size", dataset.labels, stratify, random_state)
    return make_split(dataset, query, train, database)


def _draw(
    rows: NDArray[Any], size: float, name: str, labels: NDArray[Any], stratify: bool, random_state: Any
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw `size` of the rows: (what is left, what was drawn)."""
    size = _check_size(size, name, len(rows))
    n_drawn = size if isinstance(size, int) else int(np.ceil(size * len(rows)))
    of_rows = labels[rows]
    classes, counts = np.unique(of_rows, return_counts=True)
    if stratify and min(n_drawn, len(rows) - n_drawn) < len(classes):
        raise ValueError(
            f"{name} must leave and draw at least one row of each of the {len(classes)} classes, "
            f"got {size} of {len(rows)} rows"
        )
    if stratify and counts.min() < 2:
        raise ValueError(
            f"a stratified draw needs two rows of every class, class {classes[counts.argmin()]} has one left"
        )
    left, drawn = train_test_split(
        rows, test_size=size, random_state=random_state, stratify=of_rows if stratify else None
    )
    return left, drawn


def _check_size(size: Any, name: str, n_rows: int) -> Any:
    if isinstance(size, bool | np.bool_) or not isinstance(size, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number of rows (int) or a share (float between 0 and 1), got {size!r}")
    if isinstance(size, float | np.floating):
        if not 0 < size < 1:
            raise ValueError(f"{name} as a share must be between 0 and 1, got {size}")
        if int(np.ceil(size * n_rows)) >= n_rows:
            raise ValueError(f"{name} must leave at least one of the {n_rows} rows, got {size}")
        return float(size)
    if not 1 <= size < n_rows:
        raise ValueError(
            f"{name} must be from 1 to {n_rows - 1}, to leave at least one of the {n_rows} rows, got {size}"
        )
    return int(size)
