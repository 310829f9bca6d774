"""Divide a data set into queries, training images and the database that is searched."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from .datasets import Dataset

Preprocessing = Literal["none", "centre", "l2-centre"]

_SEED_SHARES = (0.002, 0.02)  # the tutorial's split of CIFAR-10: share of queries, then share of the rest for training
_DEFAULT_SIZES = (500, 1000)  # any other data set: queries and training images, stratified by class


@dataclass(frozen=True, repr=False, eq=False)
class Split:
    """Queries, training set and database, each with its labels and its row numbers in the data set.

    Attributes
    ----------
    X_query, X_train, X_database : (n_query, d), (n_train, d), (n_database, d) arrays of float32
    y_query, y_train, y_database : arrays of int64, one label a row
    query_rows, train_rows, database_rows : arrays of int64
        ``dataset.features[query_rows]`` are the queries as they were before preprocessing, and so on.
    class_names : tuple of str

    Examples
    --------
    >>> from l2h_tutorial import load_dataset
    >>> split = split_dataset(load_dataset("fashion-mnist"))
    >>> split
    <Split: 500 queries, 1,000 training, 8,500 database rows, 512 features>
    >>> bool(abs(split.preprocessed("centre").X_database.mean()) < 1e-3)
    True
    """

    X_query: NDArray[np.float32]
    y_query: NDArray[np.int64]
    X_train: NDArray[np.float32]
    y_train: NDArray[np.int64]
    X_database: NDArray[np.float32]
    y_database: NDArray[np.int64]
    query_rows: NDArray[np.int64]
    train_rows: NDArray[np.int64]
    database_rows: NDArray[np.int64]
    class_names: tuple[str, ...]

    def __repr__(self) -> str:
        sizes = f"{len(self.X_query):,} queries, {len(self.X_train):,} training, {len(self.X_database):,} database rows"
        return f"<Split: {sizes}, {self.X_query.shape[1]} features>"

    def preprocessed(self, method: Preprocessing = "none") -> "Split":
        """Return a split like this one with transformed features.

        Parameters
        ----------
        method : {"none", "centre", "l2-centre"}
            "centre" subtracts the mean; "l2-centre" first scales every row to length 1 (a zero row stays zero). The
            mean is that of the training and database rows, a row in both counted once; queries never enter it.

        Returns
        -------
        Split
            Features in float32.

        Raises
        ------
        ValueError
            If there is no such method.
        """
        if method not in ("none", "centre", "l2-centre"):
            raise ValueError(f'preprocessing must be "none", "centre" or "l2-centre", got {method!r}')
        if method == "none":
            return replace(self)
        scale = _unit_rows if method == "l2-centre" else np.asarray
        query, train, database = scale(self.X_query), scale(self.X_train), scale(self.X_database)
        only_train = ~np.isin(self.train_rows, self.database_rows)
        total = database.sum(axis=0, dtype=np.float64) + train[only_train].sum(axis=0, dtype=np.float64)
        mean = total / (len(database) + only_train.sum())
        centred = [(features - mean).astype(np.float32) for features in (query, train, database)]
        return replace(self, X_query=centred[0], X_train=centred[1], X_database=centred[2])


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
    return _split(dataset, query, train, database)


def paper_partition(
    dataset: Dataset, n_train: int = 1000, n_query_per_class: int = 100, random_state: Any = 0
) -> Split:
    """Partition as in the ECIR 2015 experiments: the training rows are part of the database.

    Parameters
    ----------
    dataset : Dataset
    n_train : int, default=1000
        Training rows, drawn from the database, as many of each class as of the next (a remainder goes to the first
        classes).
    n_query_per_class : int, default=100
        All rows that are not queries are the database.
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    Split

    Raises
    ------
    TypeError, ValueError
        If a number is not an integer of at least 1, or a class has too few rows.

    References
    ----------
    S. Moran and V. Lavrenko, "Graph regularised hashing", ECIR 2015, section 4.

    Examples
    --------
    >>> from l2h_tutorial import load_dataset
    >>> split = paper_partition(load_dataset("fashion-mnist"), n_train=500)
    >>> len(split.y_query), len(split.y_train), len(split.y_database)
    (1000, 500, 9000)
    >>> bool(np.isin(split.train_rows, split.database_rows).all())
    True
    """
    n_query_per_class = _check_count(n_query_per_class, "n_query_per_class")
    n_train = _check_count(n_train, "n_train")
    classes = np.unique(dataset.labels)
    if n_train < len(classes):
        raise ValueError(f"n_train must hold each of the {len(classes)} classes at least once, got {n_train}")
    random = check_random_state(random_state)
    query, train = [], []
    for position, label in enumerate(classes):
        n_of_class = n_train // len(classes) + (position < n_train % len(classes))
        rows = random.permutation(np.flatnonzero(dataset.labels == label))
        if len(rows) < n_query_per_class + n_of_class:
            raise ValueError(
                f"class {label} has {len(rows)} rows, too few for {n_query_per_class} queries and {n_of_class} to train"
            )
        query.append(rows[:n_query_per_class])
        train.append(rows[n_query_per_class : n_query_per_class + n_of_class])
    query_rows = np.sort(np.concatenate(query))
    database_rows = np.setdiff1d(np.arange(len(dataset.labels)), query_rows)
    return _split(dataset, query_rows, np.sort(np.concatenate(train)), database_rows)


def _split(dataset: Dataset, query: NDArray[Any], train: NDArray[Any], database: NDArray[Any]) -> Split:
    features, labels = dataset.features, dataset.labels
    return Split(
        X_query=features[query].astype(np.float32, copy=False),
        y_query=labels[query],
        X_train=features[train].astype(np.float32, copy=False),
        y_train=labels[train],
        X_database=features[database].astype(np.float32, copy=False),
        y_database=labels[database],
        query_rows=query,
        train_rows=train,
        database_rows=database,
        class_names=tuple(dataset.class_names),
    )


def _unit_rows(X: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64))[:, None]
    return (X / np.where(norms > 0, norms, 1)).astype(np.float32)


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


def _check_count(value: Any, name: str) -> int:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer of at least 1, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return int(value)
