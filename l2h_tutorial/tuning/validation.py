"""Validation queries of a split, and the scorer that ranks a database for them."""

from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import PredefinedSplit
from sklearn.utils import check_random_state

from ..metrics import mean_average_precision
from ..splits import Split

__all__ = ["RetrievalScorer", "Validation", "validation_set"]


class RetrievalScorer:
    """Mean average precision as a scikit-learn scorer: the rows to be scored are queries to a database.

    Rows of the database that are among the queries are left out, for a query must never find itself. So the database
    may be the very rows that are split into training and validation: the queries then rank the training rows.

    Parameters
    ----------
    X_database : (n, d) array of numbers
        As a data frame where the hashers are fitted to data frames, so that the names of the features are compared.
    y_database : (n,) array of classes, or (n, c) indicator

    Raises
    ------
    ValueError
        If they differ in length; when called, if all rows of the database are queries.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
    >>> from l2h_tutorial import GRH
    >>> y = np.repeat([0, 1, 2], 20)
    >>> X = np.random.default_rng(0).normal(size=(60, 4)) + y[:, None]
    >>> halves = StratifiedShuffleSplit(1, test_size=0.5, random_state=0)
    >>> search = GridSearchCV(GRH(8, random_state=0), {"alpha": [0.3, 1.0]}, scoring=RetrievalScorer(X, y), cv=halves)
    >>> search.fit(X, y).best_params_
    {'alpha': 1.0}
    """

    def __init__(self, X_database: ArrayLike, y_database: ArrayLike) -> None:
        self.X_database = np.asarray(X_database)
        self.y_database = np.asarray(y_database)
        if len(self.X_database) != len(self.y_database):
            raise ValueError(
                "X_database and y_database must be of the same rows, "
                f"got {len(self.X_database)} and {len(self.y_database)}"
            )
        self._names = X_database.columns if isinstance(X_database, pd.DataFrame) else None
        self._contents = _contents(self.X_database)

    def __call__(self, hasher: Any, X: ArrayLike, y: ArrayLike) -> float:
        """Score a fitted hasher: tie-aware mean average precision."""
        rows = self._rows_to_rank(X)
        return self._score(hasher.transform(X), hasher.transform(self._take(rows)), y, rows)

    def rounds(self, grh: Any, X: ArrayLike, y: ArrayLike) -> list[float]:
        """Score a fitted ``GRH`` as after 1, 2, ..., ``n_iter`` rounds.

        Where training stopped because a round would have repeated the one before, so do the scores.
        """
        rows = self._rows_to_rank(X)
        stages = zip(grh.staged_transform(X), grh.staged_transform(self._take(rows)), strict=True)
        scores = [self._score(query_bits, bits, y, rows) for number, (query_bits, bits) in enumerate(stages) if number]
        return scores + [scores[-1]] * (grh.n_iter - len(scores))

    def _rows_to_rank(self, X: ArrayLike) -> NDArray[np.intp]:
        queries = set(_contents(np.asarray(X)))
        rows = np.flatnonzero([content not in queries for content in self._contents])
        if not rows.size:
            raise ValueError(f"all {len(self._contents)} rows of the database are queries: none is left to rank")
        return rows

    def _take(self, rows: NDArray[np.intp]) -> Any:
        taken = self.X_database[rows]
        return taken if self._names is None else pd.DataFrame(taken, columns=self._names)

    def _score(self, query_bits: Any, bits: Any, y: ArrayLike, rows: NDArray[np.intp]) -> float:
        return float(mean_average_precision(query_bits, bits, y, self.y_database[rows]))


class Validation(NamedTuple):
    """Training rows and validation queries: ``GridSearchCV(hasher, grid, scoring=.scoring, cv=.cv, refit=False)``.

    Attributes
    ----------
    X : (n_train + n_queries, d) array
        The training rows of the split, then the validation queries.
    y : (n_train + n_queries,) array
    cv : PredefinedSplit
        One fold: fit on the training rows, score the queries.
    scoring : RetrievalScorer
        Ranks a part of the database, which holds no validation query.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    cv: PredefinedSplit
    scoring: RetrievalScorer


def validation_set(
    split: Split, n_query_per_class: int = 100, n_database: int | None = 5000, random_state: Any = 0
) -> Validation:
    """Draw validation queries from the database rows that do not train, and a part of the database to be ranked.

    Parameters
    ----------
    split : Split
        Its test queries are not touched.
    n_query_per_class : int, default=100
    n_database : int or None, default=5000
        Rows that the validation queries rank, drawn at random from the rest of the database; None, or more than there
        are: all.
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    Validation

    Raises
    ------
    ValueError
        If a class has too few rows, or nothing is left to rank.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from l2h_tutorial import LSH, load_dataset, paper_partition
    >>> split = paper_partition(load_dataset("fashion-mnist")).preprocessed("centre")
    >>> validation = validation_set(split)
    >>> search = GridSearchCV(LSH(random_state=0), {"n_bits": [8, 16]}, scoring=validation.scoring, cv=validation.cv)
    >>> search.fit(validation.X, validation.y).best_params_
    {'n_bits': 16}
    """
    random = check_random_state(random_state)
    free = np.flatnonzero(~np.isin(split.database_rows, split.train_rows))
    chosen = []
    for label in np.unique(split.y_database):
        of_class = random.permutation(free[split.y_database[free] == label])
        if not 1 <= n_query_per_class <= len(of_class):
            raise ValueError(
                f"n_query_per_class must be from 1 to {len(of_class)}, the rows of class {label} in the database that "
                f"do not train, got {n_query_per_class}"
            )
        chosen.append(of_class[:n_query_per_class])
    queries = np.concatenate(chosen)
    rest = random.permutation(np.setdiff1d(np.arange(len(split.y_database)), queries))[:n_database]
    if not rest.size:
        raise ValueError(f"no row of the database is left to rank: all {len(queries)} are validation queries")
    fold = np.repeat([-1, 0], [len(split.y_train), len(queries)])  # -1: in no test fold, always trained on
    return Validation(
        X=np.concatenate([split.X_train, split.X_database[queries]]),
        y=np.concatenate([split.y_train, split.y_database[queries]]),
        cv=PredefinedSplit(fold),
        scoring=RetrievalScorer(split.X_database[rest], split.y_database[rest]),
    )


def _contents(X: NDArray[Any]) -> list[bytes]:
    """Digest what each row holds: float32 and float64 writings of the same numbers are equal, in every process."""
    rows = np.ascontiguousarray(X, dtype=np.float64) + 0.0  # + 0.0 makes -0.0 0.0
    return [blake2b(row.tobytes(), digest_size=16).digest() for row in rows]
