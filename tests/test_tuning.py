"""Choosing parameters on validation queries: the scorer, the splitter, the order of the paper."""

from itertools import product

import numpy as np
import pytest
from refusals import refusals
from test_hashers import data

from l2h_tutorial import GRH, LSH, Dataset, mean_average_precision, paper_partition, tuning
from l2h_tutorial.tuning import climb, tune_as_published, tune_on_grid, validation_set

X, Y = data(n=240, n_features=8)
SPLIT = paper_partition(Dataset("toy", X, Y, None, tuple("abcd")), 40, 5)


@pytest.fixture(scope="module")
def validation():
    return validation_set(SPLIT, 10, 60, random_state=0)


# The validation set


def test_validation_queries_are_apart_from_all_other_rows(validation):
    choice, reported = validation
    for split, part in product(validation, ("query", "train", "database")):
        rows = getattr(split, f"{part}_rows")
        np.testing.assert_array_equal(getattr(split, f"X_{part}"), X[rows])
        np.testing.assert_array_equal(getattr(split, f"y_{part}"), Y[rows])
    np.testing.assert_array_equal(choice.train_rows, SPLIT.train_rows)
    np.testing.assert_array_equal(reported.query_rows, SPLIT.query_rows)
    drawn = set(choice.query_rows)
    assert np.bincount(choice.y_query).tolist() == [10] * 4
    assert drawn < set(SPLIT.database_rows) - set(SPLIT.train_rows)
    assert set(reported.database_rows) == set(SPLIT.database_rows) - drawn
    assert set(choice.database_rows) < set(reported.database_rows)
    assert len(set(choice.database_rows)) == len(choice.database_rows) == 60
    assert np.isin(choice.database_rows, SPLIT.train_rows).any()  # as in the paper's database
    assert len(validation_set(SPLIT, 10, 10**6).choice.X_database) == 220 - 40


def test_the_seed_draws_the_validation_set(validation):
    again, other = (validation_set(SPLIT, 10, 60, random_state=seed).choice for seed in (0, 1))
    np.testing.assert_array_equal(again.X_query, validation.choice.X_query)
    np.testing.assert_array_equal(again.X_database, validation.choice.X_database)
    assert (other.X_query != validation.choice.X_query).any()


def test_a_setting_scores_the_map_of_the_validation_queries(validation):
    s = validation.choice
    tuned = tune_on_grid(LSH(), validation, {"n_bits": [2, 8], "random_state": [0, 1]})
    for trial in tuned.trials.itertuples():
        hasher = LSH(trial.n_bits, random_state=trial.random_state).fit(s.X_train)
        bits = hasher.transform(s.X_query), hasher.transform(s.X_database)
        assert trial.score == mean_average_precision(*bits, s.y_query, s.y_database)
    best = tuned.trials.loc[tuned.trials["score"].idxmax()]
    assert tuned[:2] == (best[["n_bits", "random_state"]].to_dict(), best["score"])


@pytest.fixture
def scored(monkeypatch):
    """Let a function of the fitted hasher stand in for its mean average precision."""
    return lambda score: monkeypatch.setattr(
        tuning, "ranking_precision", lambda hasher, bits, split: score(hasher)
    )


def test_climbing_ends_where_no_neighbour_is_better(validation, scored):
    scored(lambda hasher: 10 - abs(hasher.alpha - 4) - 2 * abs(hasher.C - 1))
    tuned = climb(SCRIPTED, validation, {"alpha": range(5), "C": range(1, 6)})
    assert tuned[:2] == ({"alpha": 4, "C": 1}, 10)  # both at an end
    assert len(tuned.trials) == 12  # of 25
    assert not tuned.trials.duplicated().any()


# The paper's order


class Scripted(GRH):
    """Learns nothing: its scores are in the script."""

    def fit(self, X, y):
        return self

    def transform(self, X):
        return X


SCRIPTED = Scripted(random_state=0)


def script(rounds, second=None, C=1.0):
    """Of each alpha and draw the scores after one round, two, ....

    Of the second step the score of each setting.
    """
    scores = {
        (a, m, C, draw): score
        for (a, draw), each in rounds.items()
        for m, score in enumerate(each, 1)
    }
    scores |= second or {}
    return lambda grh: scores[grh.alpha, grh.n_iter, grh.C, grh.random_state]


@pytest.mark.parametrize("search", [tune_on_grid, climb])
def test_alpha_and_rounds_come_first_and_then_the_rest(validation, scored, search):
    second = {(0.9, 2, 1.0, 0): 0.4, (0.9, 2, 5.0, 0): 0.45}
    scored(script({(0.6, 0): [0.1, 0.2, 0.3], (0.9, 0): [0.2, 0.4, 0.3]}, second, C=7.0))
    scripted = Scripted(C=7.0, random_state=0)
    tuned = tune_as_published(
        scripted, validation, {"C": [1.0, 5.0]}, alpha=[0.6, 0.9], search=search
    )
    assert tuned[:2] == ({"alpha": 0.9, "n_iter": 2, "C": 5.0}, 0.45)
    assert tuned.trials["step"].tolist() == [1] * 6 + [2] * 2
    assert tuned.trials["n_iter"].tolist() == [1, 2, 3, 1, 2, 3, 2, 2]
    assert sorted(tuned.trials["score"]) == [0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.45]


def test_rounds_stop_when_validation_falls_whatever_comes_after(validation, scored):
    scored(script({(0.6, 0): [0.3, 0.2, 0.9], (0.9, 0): [0.1, 0.31, 0.31]}))
    tuned = tune_as_published(SCRIPTED, validation, {}, alpha=[0.6, 0.9])
    assert tuned[:2] == ({"alpha": 0.9, "n_iter": 2}, 0.31)
    for rounds, *scores in (
        (1, 0.2),
        (1, 0.2, 0.1, 0.3),
        (3, 0.1, 0.2, 0.3),
        (1, 0.1, 0.1, 0.2),
    ):
        scored(script({(0.6, 0): scores}))
        tuned = tune_as_published(SCRIPTED, validation, {}, alpha=[0.6], n_iter=len(scores))
        assert tuned.parameters["n_iter"] == rounds


def test_with_several_draws_the_mean_over_them_decides(validation, scored):
    """With the first start alone it would be alpha 0.6 and C 1."""
    rounds = {(0.6, 0): [0.5], (0.6, 1): [0.1], (0.9, 0): [0.4], (0.9, 1): [0.3]}
    by_draw = {2.0: [0.5, 0.1], 5.0: [0.4, 0.4]}
    second = {(0.9, 1, C, draw): scores[draw] for C, scores in by_draw.items() for draw in (0, 1)}
    scored(script(rounds, second))
    tuned = tune_as_published(
        SCRIPTED, validation, {"C": [2.0, 5.0]}, alpha=[0.6, 0.9], n_iter=1, n_draws=2
    )
    assert tuned[:2] == ({"alpha": 0.9, "n_iter": 1, "C": 5.0}, 0.4)
    assert tuned.trials["score"].round(6).tolist() == [0.3, 0.35, 0.3, 0.4]


test_refusals = refusals(
    (lambda: validation_set(SPLIT, 46), "n_query_per_class must be from 1 to the 45 .*got 46"),
    (
        lambda: climb(LSH(4), validation_set(SPLIT, 10), {}, n_draws=0),
        "n_draws must be at least 1, got 0",
    ),
)
