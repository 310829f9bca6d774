"""Divide a data set into queries, training images and the database that is searched.

`split_dataset` draws three parts that do not overlap, as in the tutorial that this book grew out
of. `paper_partition` draws by class, as in the ECIR 2015 experiments. `held_out_partition` also
draws by class, and asks more of a supervised hash: it is queried with classes that it has not seen.
"""

from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from .checks import Integers, Singles, check_choice, check_integer
from .datasets import Dataset

__all__ = ["Split", "held_out_partition", "paper_partition", "split_dataset"]

# The tutorial's split of CIFAR-10: share of queries, then share of the rest for training.
_SEED_SHARES = (0.002, 0.02)
# Any other data set: numbers of queries and of training images, stratified by class.
_DEFAULT_SIZES = (500, 1000)


@dataclass(frozen=True, eq=False)
class Split:
    """Hold queries, training set and database, with their labels and row numbers in the data set.

    Attributes
    ----------
    X_query, X_train, X_database : (n_query, d), (n_train, d), (n_database, d) arrays of float32
    y_query, y_train, y_database : arrays of int64, one label a row
    query_rows, train_rows, database_rows : arrays of int64
        ``dataset.features[query_rows]`` are the queries as they were before preprocessing, and so
        on.
    class_names : tuple of str

    Examples
    --------
    >>> from l2h_tutorial import load_dataset, split_dataset
    >>> split = split_dataset(load_dataset("fashion-mnist"))
    >>> split
    <Split: 500 queries, 1,000 training, 8,500 database rows, 512 features>
    >>> bool(abs(split.preprocessed("centre").X_database.mean()) < 1e-3)
    True
    """

    X_query: Singles
    y_query: Integers
    X_train: Singles
    y_train: Integers
    X_database: Singles
    y_database: Integers
    query_rows: Integers
    train_rows: Integers
    database_rows: Integers
    class_names: tuple[str, ...]

    def __repr__(self) -> str:
        return (
            f"<Split: {len(self.X_query):,} queries, {len(self.X_train):,} training, "
            f"{len(self.X_database):,} database rows, {self.X_query.shape[1]} features>"
        )

    def preprocessed(self, method: str = "none") -> "Split":
        """Return a split like this one with transformed features.

        Parameters
        ----------
        method : {"none", "centre", "l2-centre"}
            "centre" subtracts the mean; "l2-centre" first scales every row to length 1 (a zero row
            stays zero). The mean is that of the training and database rows, a row in both counted
            once; queries never enter it.

        Returns
        -------
        Split
            Features in float32.

        Raises
        ------
        ValueError
            If there is no such method.
        """
        check_choice(method, "preprocessing", ("none", "centre", "l2-centre"))
        if method == "none":
            return replace(self)
        scale = _unit_rows if method == "l2-centre" else np.asarray
        query = scale(self.X_query)
        train = scale(self.X_train)
        database = scale(self.X_database)
        others = train[~np.isin(self.train_rows, self.database_rows)]
        total = database.sum(axis=0, dtype=float) + others.sum(axis=0, dtype=float)
        mean = total / (len(database) + len(others))
        query, train, database = ((X - mean).astype(np.float32) for X in (query, train, database))
        return replace(self, X_query=query, X_train=train, X_database=database)


def _unit_rows(X: Singles) -> Singles:
    """Scale every row to length 1; a zero row stays zero."""
    norms = np.sqrt(np.einsum("ij,ij->i", X, X, dtype=float))[:, None]
    return (X / np.where(norms > 0, norms, 1)).astype(np.float32)


def _make_split(dataset: Dataset, query: Integers, train: Integers, database: Integers) -> Split:
    """Take the given rows of a data set as queries, training set and database."""
    parts: dict[str, Any] = {"query_rows": query, "train_rows": train, "database_rows": database}
    for name in ("query", "train", "database"):
        rows = parts[f"{name}_rows"]
        parts[f"X_{name}"] = dataset.features[rows].astype(np.float32, copy=False)
        parts[f"y_{name}"] = dataset.labels[rows]
    return Split(**parts, class_names=tuple(dataset.class_names))


def split_dataset(
    dataset: Dataset,
    query_size: float | None = None,
    train_size: float | None = None,
    random_state: Any = 42,
) -> Split:
    """Draw queries, then a training set; the remaining rows are the database.

    Parameters
    ----------
    dataset : Dataset
    query_size, train_size : int, float or None
        An int is a number of rows. A float between 0 and 1 is a share: of all rows for queries, and
        of the remaining rows for training. Both are as in
        `sklearn.model_selection.train_test_split`. None: the data set's own sizes. For CIFAR-10
        these are the tutorial's 0.002 and 0.02, with its two unstratified draws. For any other data
        set they are 500 queries and 1,000 training rows, stratified by class.
    random_state : int, RandomState instance or None, default=42

    Returns
    -------
    Split

    Raises
    ------
    TypeError, ValueError
        If a size is not a number of rows or a share, leaves nothing, or is too small to hold every
        class where the draw is stratified.

    Examples
    --------
    >>> from l2h_tutorial import load_dataset
    >>> split = split_dataset(load_dataset("fashion-mnist"), query_size=100, train_size=0.1)
    >>> len(split.y_query), len(split.y_train), len(split.y_database)
    (100, 990, 8910)
    """
    own = _SEED_SHARES if dataset.name == "cifar10" else _DEFAULT_SIZES
    query_size = own[0] if query_size is None else query_size
    train_size = own[1] if train_size is None else train_size
    others, query = _draw(dataset, np.arange(len(dataset)), "query_size", query_size, random_state)
    database, train = _draw(dataset, others, "train_size", train_size, random_state)
    return _make_split(dataset, query, train, database)


def _draw(
    dataset: Dataset, rows: Integers, name: str, size: float, random_state: Any
) -> list[Integers]:
    """Draw a number or a share of the rows, and return (the other rows, the drawn rows)."""
    stratify = None if dataset.name == "cifar10" else dataset.labels[rows]
    try:
        return train_test_split(rows, test_size=size, random_state=random_state, stratify=stratify)
    except ValueError as error:
        found = f"{name} {size!r} cannot be drawn from {len(rows)} rows ({error})"
        raise type(error)(
            f"{found}; expected a number of rows, or a share between 0 and 1"
        ) from error


def paper_partition(
    dataset: Dataset, n_train: int = 1000, n_query_per_class: int = 100, random_state: Any = 0
) -> Split:
    """Partition as in the ECIR 2015 experiments: the training rows are part of the database.

    Parameters
    ----------
    dataset : Dataset
    n_train : int, default=1000
        Training rows, drawn from the database, as many of each class. A remainder goes to the first
        classes.
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
    return _split_by_class(dataset, n_train, n_query_per_class, random_state)


def held_out_partition(
    dataset: Dataset,
    held_out: int = 3,
    n_train: int = 1000,
    n_query_per_class: int = 100,
    random_state: Any = 0,
) -> Split:
    """Leave a few classes out of the training set, and query these classes only.

    The database holds all classes. A classifier has no answer for a class that it has not seen. If
    a code still tells such images apart, it does so because it is an embedding.

    Parameters
    ----------
    dataset : Dataset
    held_out : int, default=3
        How many classes to leave out.
    n_train : int, default=1000
        Training rows, as many of each of the other classes. A remainder goes to the first classes.
    n_query_per_class : int, default=100
        All rows that are neither queries nor training rows are the database.
    random_state : int, RandomState instance or None, default=0
        An int also says which classes are left out: of ten classes, the seeds 0 to 9 leave out ten
        different triples, each class in three of them. Otherwise the classes are drawn at random.

    Returns
    -------
    Split

    Raises
    ------
    TypeError, ValueError
        If a number is not an integer of at least 1, fewer than two classes are left to train on, or
        a class has too few rows.

    References
    ----------
    A. Sablayrolles, M. Douze, N. Usunier and H. Jegou, "How should we evaluate supervised
    hashing?", ICASSP 2017, section 4.

    Examples
    --------
    >>> from l2h_tutorial import load_dataset
    >>> split = held_out_partition(load_dataset("fashion-mnist"), held_out=2)
    >>> np.unique(split.y_query).tolist(), np.unique(split.y_train).tolist(), len(split.y_database)
    ([0, 1], [2, 3, 4, 5, 6, 7, 8, 9], 8800)
    """
    random = check_random_state(random_state)
    classes = np.unique(dataset.labels)
    check_integer(held_out, "held_out", high=len(classes) - 2, of="classes but two")
    if isinstance(random_state, Integral):
        left_out = held_out_classes(classes, held_out, int(random_state))
    else:
        left_out = np.unique(random.permutation(classes)[:held_out])
    return _split_by_class(dataset, n_train, n_query_per_class, random, left_out)


def held_out_classes(classes: Integers, held_out: int, seed: int) -> Integers:
    """Choose the classes that a seed leaves out, so that all classes have their turn equally often.

    The classes stand in a circle. Seed s leaves out number s and those 1, 3, 4, 5, ... places
    after it. So the seeds from 0 to the number of classes less one leave out every class
    `held_out` times. If three of ten classes are left out, no two of these seeds share a pair.

    Parameters
    ----------
    classes : (n,) array
    held_out : int
        At most n - 1.
    seed : int

    Returns
    -------
    (held_out,) array
        Sorted.

    Examples
    --------
    >>> [held_out_classes(np.arange(10), 3, seed).tolist() for seed in range(4)]
    [[0, 1, 3], [1, 2, 4], [2, 3, 5], [3, 4, 6]]
    """
    steps = np.delete(np.arange(len(classes)), 2)[:held_out]
    return np.sort(np.take(classes, seed + steps, mode="wrap"))


def _split_by_class(
    dataset: Dataset, n_train: int, n_query_per_class: int, random_state: Any, left_out: Any = ()
) -> Split:
    """Draw queries and training rows of every class, the training rows from the database.

    If classes are `left_out`, queries are of these only, training rows of the others only, and the
    training rows are not part of the database.
    """
    check_integer(n_query_per_class, "n_query_per_class")
    seen = np.setdiff1d(dataset.labels, left_out)
    if check_integer(n_train, "n_train") < len(seen):
        raise ValueError(
            f"n_train must hold each of the {len(seen)} classes at least once, got {n_train}"
        )
    random = check_random_state(random_state)
    queried = left_out if len(left_out) else seen
    per_class, remainder = divmod(n_train, len(seen))
    query = []
    train = []
    for label in (*left_out, *seen):
        n_query = n_query_per_class if label in queried else 0
        n_of_class = 0
        if label in seen:
            n_of_class = per_class + (label in seen[:remainder])
        rows = random.permutation(np.flatnonzero(dataset.labels == label))
        if len(rows) < n_query + n_of_class:
            raise ValueError(
                f"class {label} has {len(rows)} rows, "
                f"not {n_query} for queries and {n_of_class} to train"
            )
        query.append(rows[:n_query])
        train.append(rows[n_query : n_query + n_of_class])
    query_rows = np.sort(np.concatenate(query))
    train_rows = np.sort(np.concatenate(train))
    database = np.setdiff1d(np.arange(len(dataset)), query_rows)
    if len(left_out):
        database = np.setdiff1d(database, train_rows)
    if not len(database):
        raise ValueError(
            f"no row of {len(dataset)} is left for the database; take fewer to train or to query"
        )
    return _make_split(dataset, query_rows, train_rows, database)
