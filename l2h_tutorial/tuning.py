"""Choosing parameters on validation queries, which are taken out of a split's database, never out
of its test queries.

:func:`tune_as_published` chooses in the order of the GRH paper. For any other hasher
:func:`tune_on_grid` tries a whole grid, and :func:`climb` no more of it than it takes to be sure
that no neighbour of the best setting is better.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.utils import check_random_state

from .checks import check_integer
from .metrics import mean_average_precision
from .splits import Split

__all__ = ["Tuned", "Validation", "climb", "tune_as_published", "tune_on_grid", "validation_set"]

Grid = Mapping[str, Sequence[Any]]

ALPHAS = (0.6, 0.7, 0.8, 0.9, 1.0)


def ranking_precision(hasher: Any, database_bits: Any, split: Split) -> float:
    """Measure mean average precision by the Hamming distance, unless the hasher measures its own
    way of ranking.
    """
    measure = getattr(hasher, "mean_average_precision", mean_average_precision)
    return float(
        measure(hasher.transform(split.X_query), database_bits, split.y_query, split.y_database)
    )


class Validation(NamedTuple):
    """Two splits with the same training rows: one to choose on, one to report on.

    Attributes
    ----------
    choice : Split
        Its queries are the validation queries, its database a part of the rest.
    split : Split
        The split as it was, without the validation queries in its database.
    """

    choice: Split
    split: Split


def validation_set(
    split: Split, n_query_per_class: int = 100, n_database: int = 5000, random_state: Any = 0
) -> Validation:
    """Draw validation queries from the database rows that do not train, and a part of the database
    to be ranked.

    Parameters
    ----------
    split : Split
        Its test queries are not touched.
    n_query_per_class : int, default=100
    n_database : int, default=5000
        Rows that the validation queries rank, drawn at random from the rest of the database, or all
        of it.
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    Validation

    Raises
    ------
    TypeError, ValueError
        If `n_query_per_class` is no integer, or a class has too few rows.

    Examples
    --------
    >>> from l2h_tutorial import load_dataset, paper_partition
    >>> split = paper_partition(load_dataset("fashion-mnist")).preprocessed("centre")
    >>> validation = validation_set(split)
    >>> len(validation.choice.y_query), len(validation.choice.y_database)
    (1000, 5000)
    >>> len(split.y_database) - len(validation.split.y_database)
    1000
    """
    random = check_random_state(random_state)
    check_integer(n_database, "n_database")
    free = np.flatnonzero(~np.isin(split.database_rows, split.train_rows))
    chosen = []
    for label in np.unique(split.y_database):
        of_class = random.permutation(free[split.y_database[free] == label])
        check_integer(
            n_query_per_class,
            "n_query_per_class",
            high=len(of_class),
            of=f"untrained rows of class {label}",
        )
        chosen.append(of_class[:n_query_per_class])
    queries = np.concatenate(chosen)
    others = np.setdiff1d(np.arange(len(split.y_database)), queries)
    ranked = random.permutation(others)[:n_database]

    def taken(rows: Any, part: str) -> dict[str, Any]:
        """Rows of the database, named as those of a part."""
        return {
            f"X_{part}": split.X_database[rows],
            f"y_{part}": split.y_database[rows],
            f"{part}_rows": split.database_rows[rows],
        }

    choice = replace(split, **taken(queries, "query"), **taken(ranked, "database"))
    return Validation(choice, replace(split, **taken(others, "database")))


class Tuned(NamedTuple):
    """What was chosen, and what was tried.

    Attributes
    ----------
    parameters : dict
        For ``set_params``.
    score : float
        Validation mean average precision with them.
    trials : DataFrame
        Every setting tried, with its ``score``; of :func:`tune_as_published` also the ``step``.
    """

    parameters: dict[str, Any]
    score: float
    trials: pd.DataFrame


def tune_on_grid(hasher: Any, validation: Validation, grid: Grid, *, n_draws: int = 1) -> Tuned:
    """Choose a hasher's parameters by one grid.

    Parameters
    ----------
    hasher : estimator
        Not changed.
    validation : Validation
    grid : mapping of str to sequences
    n_draws : int, default=1
        Every combination is scored with this many random starts, seeds 0, 1, ..., and the mean
        counts. One start's best setting need not be another's. With 1 it is the estimator's own
        ``random_state``, and its start's.

    Returns
    -------
    Tuned

    Examples
    --------
    >>> from l2h_tutorial import CCAITQ, load_dataset, paper_partition
    >>> from l2h_tutorial.tuning import validation_set
    >>> split = paper_partition(load_dataset("fashion-mnist")).preprocessed("centre")
    >>> validation = validation_set(split)
    >>> tune_on_grid(CCAITQ(8, random_state=0), validation, {"ridge": [0.1, 100.0]}).parameters
    {'ridge': 0.1}
    """
    trials = [
        tried | {"score": _score(hasher, validation, tried, n_draws)}
        for tried in ParameterGrid(dict(grid))
    ]
    best = max(trials, key=lambda trial: trial["score"])
    return Tuned({name: best[name] for name in grid}, best["score"], pd.DataFrame(trials))


def climb(hasher: Any, validation: Validation, ladders: Grid, *, n_draws: int = 1) -> Tuned:
    """Choose a hasher's parameters by steps up or down, from the middle of each one's values, to
    the best neighbour.

    It ends where no single step to the next value of one parameter improves the score. So the
    choice is inside its values, or at an end of them that is worth a look.

    Parameters
    ----------
    hasher : estimator
        Not changed.
    validation : Validation
    ladders : mapping of str to sequences
        The values of each parameter, in their order.
    n_draws : int, default=1
        As for :func:`tune_on_grid`.

    Returns
    -------
    Tuned

    Examples
    --------
    >>> from l2h_tutorial import CCAITQ, load_dataset, paper_partition
    >>> from l2h_tutorial.tuning import validation_set
    >>> split = paper_partition(load_dataset("fashion-mnist")).preprocessed("centre")
    >>> validation = validation_set(split)
    >>> climb(CCAITQ(8, random_state=0), validation, {"ridge": [0.01, 0.1, 1.0, 10.0,
    ...     100.0]}).trials["ridge"].tolist()
    [1.0, 0.1, 10.0, 0.01]
    """
    scores: dict[tuple[int, ...], float] = {}
    best = tuple(len(values) // 2 for values in ladders.values())
    before = None

    def setting(steps: tuple[int, ...]) -> dict[str, Any]:
        return {name: ladders[name][step] for name, step in zip(ladders, steps, strict=True)}

    def score(steps: tuple[int, ...]) -> float:
        if steps not in scores:
            scores[steps] = _score(hasher, validation, setting(steps), n_draws)
        return scores[steps]

    while best != before:
        before = best
        around = [best]
        for k, values in enumerate(ladders.values()):
            for step in (best[k] - 1, best[k] + 1):
                if 0 <= step < len(values):
                    around.append((*best[:k], step, *best[k + 1 :]))
        best = max(around, key=score)
    trials = pd.DataFrame([setting(steps) | {"score": score} for steps, score in scores.items()])
    return Tuned(setting(best), scores[best], trials)


def tune_as_published(
    grh: Any,
    validation: Validation,
    then: Grid,
    *,
    alpha: Iterable[float] = ALPHAS,
    n_iter: int = 3,
    search: Callable[..., Tuned] = tune_on_grid,
    n_draws: int = 1,
) -> Tuned:
    """Choose GRH's parameters in the order of its paper: alpha and the number of rounds, then the
    classifier's.

    The first step leaves C, gamma and ridge at what the estimator has. For each alpha the rounds
    count up to the last one that improves on the one before.

    Parameters
    ----------
    grh : GRH
        Not changed.
    validation : Validation
    then : mapping of str to sequences
        The grid of the second step: values of C, or of ridge, and for a Gaussian kernel of gamma.
    alpha : iterable of float, default=(0.6, 0.7, 0.8, 0.9, 1.0)
    n_iter : int, default=3
        The largest number of rounds.
    search : function
        Of the second step: :func:`tune_on_grid` or :func:`climb`.
    n_draws : int, default=1
        As for :func:`tune_on_grid`.

    Returns
    -------
    Tuned

    References
    ----------
    S. Moran and V. Lavrenko, "Graph Regularised Hashing", ECIR 2015, section 4.

    Examples
    --------
    >>> from l2h_tutorial import GRH, load_dataset, paper_partition
    >>> from l2h_tutorial.tuning import validation_set
    >>> split = paper_partition(load_dataset("fashion-mnist")).preprocessed("centre")
    >>> validation = validation_set(split)
    >>> grh = GRH(8, classifier="kernel-ridge", random_state=0)
    >>> tuned = tune_as_published(grh, validation, alpha=[0.5, 1.0], n_iter=1, then={"ridge": [0.1,
    ...     10.0]})
    >>> tuned.parameters
    {'alpha': 1.0, 'n_iter': 1, 'ridge': 0.1}
    """
    steps = {"alpha": list(alpha), "n_iter": range(1, n_iter + 1)}
    rounds = tune_on_grid(grh, validation, steps, n_draws=n_draws).trials.assign(step=1)
    best = -np.inf
    for value, trials in rounds.groupby("alpha", sort=False):
        falls = np.flatnonzero(np.diff([*trials["score"], -np.inf]) <= 0)
        score = trials["score"].iloc[falls[0]]
        if score > best:
            best = score
            chosen = {"alpha": [value], "n_iter": [int(falls[0]) + 1]}
    second = search(grh, validation, chosen | dict(then), n_draws=n_draws)
    trials = pd.concat([rounds, second.trials.assign(step=2)], ignore_index=True)
    return second._replace(trials=trials)


def _score(
    hasher: Any, validation: Validation, parameters: Mapping[str, Any], n_draws: int
) -> float:
    """Score a setting on the validation queries, in the mean over draws."""
    scores = []
    split = validation.choice
    for seed in range(check_integer(n_draws, "n_draws")):
        drawn = clone(hasher).set_params(**parameters)
        if n_draws > 1:
            set_everywhere(drawn, "random_state", seed)
        drawn.fit(split.X_train, split.y_train)
        scores.append(ranking_precision(drawn, drawn.transform(split.X_database), split))
    return float(np.mean(scores))


def set_everywhere(estimator: Any, name: str, value: Any) -> Any:
    """Set a parameter of an estimator, and of the estimators that are its parameters."""
    names = [each for each in estimator.get_params() if each.split("__")[-1] == name]
    return estimator.set_params(**dict.fromkeys(names, value))
