"""Partitions by class: the ECIR 2015 experiments', and two that ask more of a supervised hash."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ..checks import check_integer
from ..datasets import Dataset
from .split import Split, make_split

__all__ = ["disjoint_partition", "held_out_partition", "paper_partition"]

Rows = NDArray[np.int64]


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
    query, train = _by_class(dataset, n_train, n_query_per_class, random_state)
    return make_split(dataset, query, train, _rest(dataset, query))


def disjoint_partition(
    dataset: Dataset, n_train: int = 1000, n_query_per_class: int = 100, random_state: Any = 0
) -> Split:
    """Partition as :func:`paper_partition` does, but leave the training rows out of the database.

    A supervised hash knows the codes that its training rows should have. Where these rows are searched too, it is
    asked in part what it was told. For the same numbers and seed, queries and training rows are those of
    :func:`paper_partition`.

    Parameters
    ----------
    dataset, n_train, n_query_per_class, random_state
        As for :func:`paper_partition`.

    Returns
    -------
    Split

    Raises
    ------
    TypeError, ValueError
        As :func:`paper_partition`; and if no row is left for the database.

    Examples
    --------
    >>> from l2h_tutorial import load_dataset
    >>> split = disjoint_partition(load_dataset("fashion-mnist"), n_train=500)
    >>> len(split.y_query), len(split.y_train), len(split.y_database)
    (1000, 500, 8500)
    """
    query, train = _by_class(dataset, n_train, n_query_per_class, random_state)
    return make_split(dataset, query, train, _rest(dataset, query, train))


def held_out_partition(
    dataset: Dataset,
    held_out: int | Iterable[int] = 3,
    n_train: int = 1000,
    n_query_per_class: int = 100,
    random_state: Any = 0,
) -> Split:
    """Leave some classes out of the training set, and query these classes only; the database holds all classes.

    A classifier has no answer for a class that it has not seen. What a code still says about such images it says
    because it is an embedding.

    Parameters
    ----------
    dataset : Dataset
    held_out : int or iterable of int, default=3
        How many classes to leave out, drawn at random; or which, by their labels.
    n_train : int, default=1000
        Training rows, as many of each other class as of the next (a remainder goes to the first classes).
    n_query_per_class : int, default=100
        All rows that are neither queries nor training rows are the database.
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    Split

    Raises
    ------
    TypeError, ValueError
        If a number is not an integer of at least 1, a label is not one of the data set's, fewer than two classes are
        left to train on, or a class has too few rows.

    References
    ----------
    A. Sablayrolles, M. Douze, N. Usunier and H. Jegou, "How should we evaluate supervised hashing?", ICASSP 2017,
    section 4.

    Examples
    --------
    >>> from l2h_tutorial import load_dataset
    >>> split = held_out_partition(load_dataset("fashion-mnist"), held_out=[0, 9])
    >>> np.unique(split.y_query).tolist(), np.unique(split.y_train).tolist(), len(split.y_database)
    ([0, 9], [1, 2, 3, 4, 5, 6, 7, 8], 8800)
    """
    n_query_per_class = check_integer(n_query_per_class, "n_query_per_class")
    n_train = check_integer(n_train, "n_train")
    random = check_random_state(random_state)
    classes = np.unique(dataset.labels)
    left_out = _check_held_out(held_out, classes, random)
    seen = np.setdiff1d(classes, left_out)
    query = _draw(dataset, left_out, 0, n_query_per_class, random)[0]
    train = _draw(dataset, seen, n_train, 0, random)[1]
    return make_split(dataset, query, train, _rest(dataset, query, train))


def _by_class(dataset: Dataset, n_train: Any, n_query_per_class: Any, random_state: Any) -> tuple[Rows, Rows]:
    """Draw queries and training rows of every class."""
    n_query_per_class = check_integer(n_query_per_class, "n_query_per_class")
    n_train = check_integer(n_train, "n_train")
    classes = np.unique(dataset.labels)
    return _draw(dataset, classes, n_train, n_query_per_class, check_random_state(random_state))


def _draw(dataset: Dataset, classes: Rows, n_train: int, n_query_per_class: int, random: Any) -> tuple[Rows, Rows]:
    """Draw from the given classes, which share `n_train` evenly: sorted queries, sorted training rows."""
    if 0 < n_train < len(classes):
        raise ValueError(f"n_train must hold each of the {len(classes)} classes at least once, got {n_train}")
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
    return np.sort(np.concatenate(query)), np.sort(np.concatenate(train))


def _rest(dataset: Dataset, *taken: Rows) -> Rows:
    """Return the rows that were not taken."""
    rest: Rows = np.setdiff1d(np.arange(len(dataset.labels)), np.concatenate(taken))
    if not len(rest):
        raise ValueError(f"no row of {len(dataset.labels)} is left for the database; take fewer to train or to query")
    return rest


def _check_held_out(held_out: Any, classes: Rows, random: Any) -> Rows:
    """Return the labels of the classes to leave out, sorted."""
    if isinstance(held_out, Iterable) and not isinstance(held_out, str):
        left_out = np.unique(list(held_out))
        unknown = np.setdiff1d(left_out, classes)
        if len(unknown) or not len(left_out):
            raise ValueError(f"held_out must name classes among {classes.tolist()}, got {list(held_out)}")
    else:
        number = check_integer(held_out, "held_out")
        left_out = np.sort(random.permutation(classes)[:number])
    if len(classes) - len(left_out) < 2:
        raise ValueError(f"held_out must leave two of the {len(classes)} classes to train on, got {held_out!r}")
    result: Rows = left_out
    return result
