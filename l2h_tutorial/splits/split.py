"""What a division of a data set is, and what is done to its features."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..datasets import Dataset

__all__ = ["Preprocessing", "Split", "make_split"]

Preprocessing = Literal["none", "centre", "l2-centre"]


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
    >>> from l2h_tutorial import load_dataset, split_dataset
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


def make_split(dataset: Dataset, query: NDArray[Any], train: NDArray[Any], database: NDArray[Any]) -> Split:
    """Take the given rows of a data set as queries, training set and database."""
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
