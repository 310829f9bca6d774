"""Choosing parameters on validation queries: the scorer, the splitter, the order of the paper."""

import numpy as np
import pytest
from refusals import refusals

from l2h_tutorial import GRH, LSH, Dataset, mean_average_precision, paper_partition, tuning
from l2h_tutorial.tuning import climb, tune_as_published, tune_on_grid, validation_set

RANDOM = np.random.default_rng(0)
Y = np.arange(240) % 4
X = (RANDOM.normal(size=(4, 8))[Y] + RANDOM.normal(size=(240, 8))).astype(np.float32)


SPLIT = paper_partition(Dataset("toy", X, Y, None, tuple("abcd")), 40, 5).preprocessed("centre")


@pytest.fixture(scope="module")
def validation():
    return validation_set(SPLIT, 10, 60, random_state=0)


# The validation set


def rows_of(points, database):
    """The place of each point in the database."""
    place = {row.tobytes(): i for i, row in enumerate(database)}
    return [place[row.tobytes()] for row in points]


def test_validation_queries_are_neither_test_queries_nor_training_rows_nor_ranked(validation):
    choice, reported = validation
    np.testing.assert_array_equal(choice.X_train, SPLIT.X_train)
    np.testing.assert_array_equal(choice.y_train, SPLIT.y_train)
    drawn = rows_of(choice.X_query, SPLIT.X_database)  # so they are no test queries
    assert SPLIT.database_rows[drawn].tolist() == choice.query_rows.tolist()
    assert not np.isin(choice.query_rows, SPLIT.train_rows).any()
    np.testing.assert_array_equal(SPLIT.y_database[drawn], choice.y_query)
    assert np.bincount(choice.y_query).tolist() == [10] * 4
    ranked = rows_of(choice.X_database, SPLIT.X_database)
    assert SPLIT.database_rows[ranked].tolist() == choice.database_rows.tolist()
    np.testing.assert_array_equal(SPLIT.y_database[ranked], choice.y_database)
    assert len(set(ranked)) == len(ranked) == 60
    assert not set(ranked) & set(drawn)
    assert np.isin(choice.database_rows, SPLIT.train_rows).any()  # as in the paper's database
    assert reported.database_rows.tolist() == np.delete(SPLIT.database_rows, drawn).tolist()
    np.testing.assert_array_equal(reported.X_database, np.delete(SPLIT.X_database, drawn, axis=0))
    np.testing.assert_array_equal(reported.y_database, np.delete(SPLIT.y_database, drawn))
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
    assert tuned.parameters == best[["n_bits", "random_state"]].to_dict()
    assert tuned.score == best["score"]


@pytest.fixture
def scored(monkeypatch):
    """Let a function of the fitted hasher stand in for its mean average precision."""
    return lambda score: monkeypatch.setattr(
        tuning, "ranking_precision", lambda hasher, bits, split: score(hasher)
    )


def test_climbing_ends_where_no_neighbour_is_better_and_tries_no_more(validation, scored):
    scored(lambda hasher: 10 - abs(hasher.alpha - 4) - 2 * abs(hasher.C - 1))
    ladders = {"alpha": range(5), "C": range(1, 6)}
    tuned = climb(SCRIPTED, validation, ladders)
    assert tuned.parameters == {"alpha": 4, "C": 1}  # both at an end of their values
    assert tuned.score == 10
    path = [
        (2, 3),
        (1, 3),
        (3, 3),
        (2, 2),
        (2, 4),
        (1, 2),
        (3, 2),
        (2, 1),
        (1, 1),
        (3, 1),
        (4, 1),
        (4, 2),
    ]
    assert tuned.trials[["alpha", "C"]].apply(tuple, axis=1).tolist() == path
    assert tuned.trials["score"].tolist() == [
        10 - abs(alpha - 4) - 2 * abs(C - 1) for alpha, C in path
    ]


# The paper's order


class Scripted(GRH):
    """Learn nothing: the scores are in the script."""

    def fit(self, X, y):
        return self

    def transform(self, X):
        return X


SCRIPTED = Scripted(random_state=0)


class Script:
    """Replace the scorer by a table of scores by alpha, rounds, C and draw."""

    def __init__(self, scores):
        self.scores = scores
        self.asked = []

    def __call__(self, estimator):
        setting = (estimator.alpha, estimator.n_iter, estimator.C, estimator.random_state)
        self.asked.append(setting)
        return self.scores[setting]


def script(rounds, second=None, C=1.0):
    """Make a script from the scores of each alpha and draw after 1, 2, ... rounds.

    `second` holds the score of each setting of the second step.
    """
    first = {}
    for (alpha, draw), scores in rounds.items():
        for n_iter, score in enumerate(scores, 1):
            first[alpha, n_iter, C, draw] = score
    return Script(first | (second or {}))


@pytest.mark.parametrize("search", [tune_on_grid, climb])
def test_alpha_and_rounds_come_first_and_then_the_rest(validation, scored, search):
    second = {(0.9, 2, 1.0, 0): 0.4, (0.9, 2, 5.0, 0): 0.45}
    scorer = script({(0.6, 0): [0.1, 0.2, 0.3], (0.9, 0): [0.2, 0.4, 0.3]}, second, C=7.0)
    scored(scorer)
    scripted = Scripted(C=7.0, random_state=0)
    tuned = tune_as_published(
        scripted, validation, {"C": [1.0, 5.0]}, alpha=[0.6, 0.9], search=search
    )
    assert tuned.parameters == {"alpha": 0.9, "n_iter": 2, "C": 5.0}
    assert tuned.score == 0.45
    assert sorted(scorer.asked) == sorted(scorer.scores)
    assert sorted(tuned.trials["score"]) == sorted([0.1, 0.2, 0.3, 0.2, 0.4, 0.3, 0.4, 0.45])
    assert tuned.trials["step"].tolist() == [1] * 6 + [2] * 2
    assert tuned.trials["n_iter"].tolist() == [1, 2, 3, 1, 2, 3, 2, 2]


def test_rounds_stop_when_validation_falls_whatever_comes_after(validation, scored):
    scored(script({(0.6, 0): [0.3, 0.2, 0.9], (0.9, 0): [0.1, 0.31, 0.31]}))
    tuned = tune_as_published(SCRIPTED, validation, {}, alpha=[0.6, 0.9])
    assert tuned.parameters == {"alpha": 0.9, "n_iter": 2}
    assert tuned.score == 0.31
    for scores, rounds in (
        ([0.2], 1),
        ([0.2, 0.1, 0.3], 1),
        ([0.1, 0.2, 0.3], 3),
        ([0.1, 0.1, 0.2], 1),
        ([0.1, 0.2, 0.2], 2),
    ):
        scored(script({(0.6, 0): scores}))
        tuned = tune_as_published(SCRIPTED, validation, {}, alpha=[0.6], n_iter=len(scores))
        assert tuned.parameters["n_iter"] == rounds


def test_with_several_draws_the_mean_over_them_decides(validation, scored):
    """With the first start alone it would be alpha 0.6 and C 1."""
    rounds = {(0.6, 0): [0.5], (0.6, 1): [0.1], (0.9, 0): [0.4], (0.9, 1): [0.3]}
    second = {
        (0.9, 1, 2.0, 0): 0.5,
        (0.9, 1, 2.0, 1): 0.1,
        (0.9, 1, 5.0, 0): 0.4,
        (0.9, 1, 5.0, 1): 0.4,
    }
    scored(script(rounds, second))
    tuned = tune_as_published(
        SCRIPTED, validation, {"C": [2.0, 5.0]}, alpha=[0.6, 0.9], n_iter=1, n_draws=2
    )
    assert tuned.parameters == {"alpha": 0.9, "n_iter": 1, "C": 5.0}
    assert tuned.score == 0.4
    assert tuned.trials["score"].round(6).tolist() == [0.3, 0.35, 0.3, 0.4]


test_refusals = refusals(
    (lambda: validation_set(SPLIT, 46), "n_query_per_class must be from 1 to the 45 .*got 46"),
    (lambda: validation_set(SPLIT, 10, 0), "n_database must be at least 1, got 0"),
    (
        lambda: climb(LSH(4), validation_set(SPLIT, 10), {}, n_draws=0),
        "n_draws must be at least 1, got 0",
    ),
    (
        lambda: tune_as_published(GRH(6), validation_set(SPLIT, 10), {}, alpha=[1.0, 2.0]),
        "alpha must be",
    ),
)
