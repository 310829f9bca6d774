"""Choose parameters on validation queries, which come from a split's database.

The test queries are never used. :func:`tune_as_published` chooses in the order of the GRH paper.
For any other hasher :func:`tune_on_grid` tries a whole grid, and :func:`climb` only as much of it
as it takes to be sure that no neighbour of the best setting is better.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.utils import check_random_state

from .checks import check_integer, load_optional
from .metrics import mean_average_precision
from .splits import Split

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Tuned", "Validation", "climb", "tune_as_published", "tune_on_grid", "validation_set"]

Grid = Mapping[str, Sequence[Any]]

ALPHAS = (0.6, 0.7, 0.8, 0.9, 1.0)


def ranking_precision(hasher: Any, database_bits: Any, split: Split) -> float:
    """Return mean average precision by Hamming distance, or by the hasher's own ranking."""
    measure = getattr(hasher, "mean_average_precision", mean_average_precision)
    query_bits = hasher.transform(split.X_query)
    return float(measure(query_bits, database_bits, split.y_query, split.y_database))


class Validation(NamedTuple):
    """Hold two splits with the same training rows: one to choose on, one to report on.

    Attributes
    ----------
    choice : Split
        Its queries are the validation queries; its database is a part of the rest.
    split : Split
        The split as it was, but without the validation queries in its database.
    """

    choice: Split
    split: Split


def validation_set(
    split: Split, n_query_per_class: int = 100, n_database: int = 5000, random_state: Any = 0
) -> Validation:
    """Draw validation queries from the database rows that do not train, and rows for them to rank.

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
    untrained = np.flatnonzero(~np.isin(split.database_rows, split.train_rows))
    queries_by_class = []
    for label in np.unique(split.y_database):
        candidates = random.permutation(untrained[split.y_database[untrained] == label])
        check_integer(
            n_query_per_class,
            "n_query_per_class",
            high=len(candidates),
            of=f"untrained rows of class {label}",
        )
        queries_by_class.append(candidates[:n_query_per_class])
    queries = np.concatenate(queries_by_class)
    others = np.setdiff1d(np.arange(len(split.y_database)), queries)
    ranked = random.permutation(others)[:n_database]

    def database_as(part: str, rows: Any) -> dict[str, Any]:
        """Return rows of the database as the fields of a part of a split."""
        return {
            f"X_{part}": split.X_database[rows],
            f"y_{part}": split.y_database[rows],
            f"{part}_rows": split.database_rows[rows],
        }

    choice = replace(split, **database_as("query", queries), **database_as("database", ranked))
    return Validation(choice, replace(split, **database_as("database", others)))


class Tuned(NamedTuple):
    """Hold what was chosen, and what was tried.

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
    trials: "pd.DataFrame"


def tune_on_grid(hasher: Any, validation: Validation, grid: Grid, *, n_draws: int = 1) -> Tuned:
    """Choose a hasher's parameters by one grid.

    Parameters
    ----------
    hasher : estimator
        Not changed.
    validation : Validation
    grid : mapping of str to sequences
    n_draws : int, default=1
        Random starts, with the seeds 0, 1, ..., of every combination; the mean score counts. The
        best setting of one start need not be the best of another. With 1 the seeds stay those of
        the estimator and of its starting hasher.

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
    pd = load_optional("pandas", "tune_on_grid")
    trials = [
        tried | {"score": _score(hasher, validation, tried, n_draws)}
        for tried in ParameterGrid(dict(grid))
    ]
    best = max(trials, key=lambda trial: trial["score"])
    return Tuned({name: best[name] for name in grid}, best["score"], pd.DataFrame(trials))


def climb(hasher: Any, validation: Validation, ladders: Grid, *, n_draws: int = 1) -> Tuned:
    """Choose a hasher's parameters step by step, each time moving to the best neighbour.

    The climb begins at the middle value of each parameter. A step changes one parameter to the next
    value up or down. It ends where no step improves the score. A choice at an end of its values
    says that further values are worth a try.

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
    >>> ladders = {"ridge": [0.01, 0.1, 1.0, 10.0, 100.0]}
    >>> climb(CCAITQ(8, random_state=0), validation, ladders).trials["ridge"].tolist()
    [1.0, 0.1, 10.0, 0.01]
    """
    pd = load_optional("pandas", "climb")
    scores: dict[tuple[int, ...], float] = {}  # by the place of each parameter on its ladder

    def setting(places: tuple[int, ...]) -> dict[str, Any]:
        return {name: ladders[name][place] for name, place in zip(ladders, places, strict=True)}

    def score(places: tuple[int, ...]) -> float:
        if places not in scores:
            scores[places] = _score(hasher, validation, setting(places), n_draws)
        return scores[places]

    best = tuple(len(values) // 2 for values in ladders.values())
    before = None
    while best != before:
        before = best
        candidates = [best]
        for k, values in enumerate(ladders.values()):
            for place in (best[k] - 1, best[k] + 1):
                if 0 <= place < len(values):
                    candidates.append((*best[:k], place, *best[k + 1 :]))
        best = max(candidates, key=score)
    trials = pd.DataFrame([setting(places) | {"score": scores[places]} for places in scores])
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
    """Choose GRH's parameters in the paper's order: alpha and rounds, then the classifier's.

    The first step leaves C, gamma and ridge as the estimator has them. For each alpha, rounds are
    added while each one improves the score.

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
        Search of the second step: :func:`tune_on_grid` or :func:`climb`.
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
    >>> grid = {"ridge": [0.1, 10.0]}
    >>> tune_as_published(grh, validation, grid, alpha=[0.5, 1.0], n_iter=1).parameters
    {'alpha': 1.0, 'n_iter': 1, 'ridge': 0.1}
    """
    pd = load_optional("pandas", "tune_as_published")
    steps = {"alpha": list(alpha), "n_iter": range(1, n_iter + 1)}
    first = tune_on_grid(grh, validation, steps, n_draws=n_draws).trials.assign(step=1)
    best = -np.inf
    for value, trials in first.groupby("alpha", sort=False):
        # The first round after which the score does not rise; after the last one there is none.
        gains = np.diff([*trials["score"], -np.inf])
        last = int(np.flatnonzero(gains <= 0)[0])
        score = trials["score"].iloc[last]
        if score > best:
            best = score
            chosen = {"alpha": [value], "n_iter": [last + 1]}
    second = search(grh, validation, chosen | dict(then), n_draws=n_draws)
    trials = pd.concat([first, second.trials.assign(step=2)], ignore_index=True)
    return second._replace(trials=trials)


def _score(
    hasher: Any, validation: Validation, parameters: Mapping[str, Any], n_draws: int
) -> float:
    """Return the mean score of a setting on the validation queries, over random starts."""
    split = validation.choice
    scores = []
    for seed in range(check_integer(n_draws, "n_draws")):
        drawn = clone(hasher).set_params(**parameters)
        if n_draws > 1:
            set_everywhere(drawn, "random_state", seed)
        drawn.fit(split.X_train, split.y_train)
        scores.append(ranking_precision(drawn, drawn.transform(split.X_database), split))
    return float(np.mean(scores))


def set_everywhere(estimator: Any, name: str, value: Any) -> Any:
    """Set a parameter of an estimator and of all estimators inside it."""
    names = [each for each in estimator.get_params() if each.split("__")[-1] == name]
    return estimator.set_params(**dict.fromkeys(names, value))
