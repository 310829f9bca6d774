"""Parameters chosen on validation queries: in the paper's order for GRH, by one grid for other hashers."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd
from numpy.typing import ArrayLike
from sklearn.model_selection import GridSearchCV

from .validation import Validation

__all__ = ["SECOND_STEP", "Tuned", "rounds_by_validation", "tune_as_published", "tune_on_grid"]

ALPHAS = (0.6, 0.7, 0.8, 0.9, 1.0)

SECOND_STEP: dict[str, dict[str, tuple[float, ...]]] = {
    "linear-svm": {"C": (0.5, 1.0, 2.0, 4.0)},
    "rbf-svm": {"C": (1.0, 3.0, 10.0, 30.0), "gamma": (1.4, 2.0, 2.8)},
    "kernel-ridge": {"ridge": (0.01, 0.03, 0.1, 0.3), "gamma": (1.4, 2.0, 2.8)},
    "rbf-landmarks": {"ridge": (0.01, 0.03, 0.1, 0.3), "gamma": (1.4, 2.0, 2.8)},
}


class Tuned(NamedTuple):
    """What :func:`tune_as_published` chose.

    Attributes
    ----------
    parameters : dict
        For ``set_params``: alpha, n_iter and those of the second step.
    score : float
        Validation mean average precision with them.
    trials : DataFrame
        Every combination tried: ``step``, its parameters, and its ``score``.
    """

    parameters: dict[str, Any]
    score: float
    trials: pd.DataFrame


def tune_as_published(
    grh: Any,
    validation: Validation,
    *,
    alpha: Iterable[float] = ALPHAS,
    n_iter: int = 3,
    then: Mapping[str, Iterable[Any]] | None = None,
    n_draws: int = 1,
) -> Tuned:
    """Choose GRH's parameters in the order of its paper: alpha and the number of rounds, then the classifier's.

    The first step leaves C, gamma and ridge at what the estimator has. For each alpha the rounds count up to the last
    one that improves on the one before; one fit gives them all.

    Parameters
    ----------
    grh : GRH
        Not changed.
    validation : Validation
    alpha : iterable of float, default=(0.6, 0.7, 0.8, 0.9, 1.0)
    n_iter : int, default=3
        The largest number of rounds.
    then : mapping of str to iterables, optional
        The grid of the second step. By default that of the classifier in ``SECOND_STEP``: four values of C, or of
        ridge, and for a Gaussian kernel three of gamma; an estimator has none.
    n_draws : int, default=1
        Every combination is scored with this many random starts, seeds 0, 1, ..., and the mean counts. One start's best
        setting need not be another's. With 1 it is the estimator's own ``random_state``, and its start's.

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
    >>> validation = validation_set(paper_partition(load_dataset("fashion-mnist")).preprocessed("centre"))
    >>> grh = GRH(8, classifier="kernel-ridge", random_state=0)
    >>> tuned = tune_as_published(grh, validation, alpha=[0.5, 1.0], n_iter=1, then={"ridge": [0.1, 10.0]})
    >>> tuned.parameters
    {'alpha': 1.0, 'n_iter': 1, 'ridge': 0.1}
    """
    seeds = [] if n_draws == 1 else list(range(n_draws))
    parameters, score, trials = _first_step(grh, validation, list(alpha), n_iter, seeds)
    grid = {name: list(values) for name, values in (_second_step(grh) if then is None else then).items()}
    if grid:
        found = _search(grh, {name: [value] for name, value in parameters.items()} | grid, validation, seeds)
        scores = found["score"].tolist()
        trials += [{"step": 2, **tried, "score": score} for tried, score in zip(found["params"], scores, strict=True)]
        score = max(scores)
        parameters |= found["params"][scores.index(score)]
    return Tuned(parameters, score, pd.DataFrame(trials))


def tune_on_grid(hasher: Any, validation: Validation, grid: Mapping[str, Iterable[Any]]) -> Tuned:
    """Choose a hasher's parameters by one grid.

    Parameters
    ----------
    hasher : estimator
        Not changed.
    validation : Validation
    grid : mapping of str to iterables

    Returns
    -------
    Tuned

    Examples
    --------
    >>> from l2h_tutorial import CCAITQ, load_dataset, paper_partition
    >>> from l2h_tutorial.tuning import validation_set
    >>> validation = validation_set(paper_partition(load_dataset("fashion-mnist")).preprocessed("centre"))
    >>> tune_on_grid(CCAITQ(8, random_state=0), validation, {"ridge": [0.1, 100.0]}).parameters
    {'ridge': 0.1}
    """
    found = _search(hasher, {name: list(values) for name, values in grid.items()}, validation, seeds=[])
    scores = found["score"].tolist()
    trials = [{**tried, "score": score} for tried, score in zip(found["params"], scores, strict=True)]
    return Tuned(found["params"][scores.index(max(scores))], max(scores), pd.DataFrame(trials))


def _first_step(
    grh: Any, validation: Validation, alpha: list[float], n_iter: int, seeds: list[Any]
) -> tuple[dict[str, Any], float, list[dict[str, Any]]]:
    """Choose alpha and the number of rounds: (parameters, score, trials)."""
    names = [f"round_{number}" for number in range(1, n_iter + 1)]

    def score_rounds(fitted: Any, X: ArrayLike, y: ArrayLike) -> dict[str, float]:
        return dict(zip(names, validation.scoring.rounds(fitted, X, y), strict=True))

    found = _search(grh, {"alpha": alpha, "n_iter": [n_iter]}, validation, seeds, score_rounds)
    trials, stopped = [], []
    for place, value in enumerate(alpha):
        scores = [float(found[name][place]) for name in names]
        of_alpha = [{"step": 1, "alpha": value, "n_iter": m, "score": score} for m, score in enumerate(scores, 1)]
        trials += of_alpha
        stopped.append(of_alpha[rounds_by_validation(scores) - 1])
    best = max(stopped, key=lambda trial: trial["score"])
    return {"alpha": best["alpha"], "n_iter": best["n_iter"]}, best["score"], trials


def rounds_by_validation(scores: Iterable[float]) -> int:
    """Count rounds up to the first that does not improve on the one before, at least 1.

    Parameters
    ----------
    scores : iterable of float
        Validation score after round 1, 2, ...

    Examples
    --------
    >>> rounds_by_validation([0.20, 0.22, 0.21, 0.30])
    2
    """
    scores = list(scores)
    return next((i for i in range(1, len(scores)) if scores[i] <= scores[i - 1]), len(scores))


def _second_step(grh: Any) -> Mapping[str, Iterable[float]]:
    return SECOND_STEP[grh.classifier] if isinstance(grh.classifier, str) else {}


def _search(
    grh: Any, grid: dict[str, list[Any]], validation: Validation, seeds: list[int], scoring: Any = None
) -> dict[str, Any]:
    """Score every combination: ``params``, and by the name of each score (or as ``score``) its means over the seeds."""
    drawn = [name for name in grh.get_params() if name.endswith("random_state")]
    grids = [grid | {name: [seed] for name in drawn} for seed in seeds] or [grid]
    search = GridSearchCV(
        grh, grids, scoring=scoring or validation.scoring, cv=validation.cv, refit=False, error_score="raise"
    )
    results = search.fit(validation.X, validation.y).cv_results_
    tried = [{name: value for name, value in each.items() if name not in drawn} for each in results["params"]]
    n = len(tried) // len(grids)  # combinations of one seed, then the same of the next
    scores = {name.removeprefix("mean_test_"): values for name, values in results.items() if "mean_test_" in name}
    return {"params": tried[:n]} | {name: values.reshape(-1, n).mean(axis=0) for name, values in scores.items()}
