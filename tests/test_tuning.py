"""Choosing parameters on validation queries: the scorer, the splitter, the order of the paper."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from l2h_tutorial import GRH, LSH, Dataset, mean_average_precision, paper_partition
from l2h_tutorial.tuning import (
    SECOND_STEP,
    RetrievalScorer,
    rounds_by_validation,
    tune_as_published,
    validation_set,
)


def data(n=240, n_classes=4):
    random = np.random.default_rng(0)
    y = np.arange(n) % n_classes
    return (random.normal(size=(n_classes, 8))[y] + random.normal(size=(n, 8))).astype(np.float32), y


@pytest.fixture
def split():
    X, y = data()
    return paper_partition(Dataset("toy", X, y, None, tuple("abcd")), 40, 5).preprocessed("centre")


@pytest.fixture
def validation(split):
    return validation_set(split, 10, 60, random_state=0)


# --- the scorer ----------------------------------------------------------------------------------------------------


def test_the_score_is_the_map_of_the_queries_in_the_database():
    X, y = data()
    hasher = LSH(8, random_state=0).fit(X[:100])
    expected = mean_average_precision(hasher.transform(X[100:140]), hasher.transform(X[140:]), y[100:140], y[140:])
    assert RetrievalScorer(X[140:], y[140:])(hasher, X[100:140], y[100:140]) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_query_never_finds_itself(dtype):
    X, y = data()
    X[3] = -0.0
    queries = X[:40].astype(dtype)
    queries[3] = 0.0
    hasher = LSH(8, random_state=0).fit(X)
    expected = mean_average_precision(hasher.transform(X[:40]), hasher.transform(X[40:]), y[:40], y[40:])
    assert RetrievalScorer(X, y)(hasher, queries, y[:40]) == expected


def test_it_works_with_scikit_learns_splitters_and_in_parallel():
    X, y = data()
    scores = cross_val_score(LSH(8, random_state=0), X, y, scoring=RetrievalScorer(X, y), cv=KFold(3))
    for (train, test), score in zip(KFold(3).split(X), scores, strict=True):
        hasher = LSH(8, random_state=0).fit(X[train])
        assert score == mean_average_precision(hasher.transform(X[test]), hasher.transform(X[train]), y[test], y[train])
    scorer = pickle.loads(pickle.dumps(RetrievalScorer(X, y)))
    np.testing.assert_array_equal(
        cross_val_score(LSH(8, random_state=0), X, y, scoring=scorer, cv=KFold(3), n_jobs=2), scores
    )


def test_several_labels_are_scored_too():
    X, y = data()
    labels = np.eye(4, dtype=int)[y]
    hasher = LSH(8, random_state=0).fit(X)
    assert RetrievalScorer(X, labels)(hasher, X[:40], labels[:40]) == RetrievalScorer(X, y)(hasher, X[:40], y[:40])


def test_rounds_are_scored_from_one_fit():
    X, y = data()
    scorer = RetrievalScorer(X[140:], y[140:])
    options = {"alpha": 0.7, "random_state": 0, "ridge": 1.0, "classifier": "kernel-ridge"}
    scores = scorer.rounds(GRH(8, n_iter=3, **options).fit(X[:100], y[:100]), X[100:140], y[100:140])
    for n_iter, score in enumerate(scores, start=1):
        assert score == scorer(GRH(8, n_iter=n_iter, **options).fit(X[:100], y[:100]), X[100:140], y[100:140])
    assert len(set(scores)) > 1


def test_where_training_stops_the_scores_stay():
    X, y = data()
    grh = GRH(8, n_iter=6, classifier="kernel-ridge", ridge=1e-4, alpha=0.3, random_state=0).fit(X[:100], y[:100])
    assert grh.n_iter_ < 6
    scores = RetrievalScorer(X[140:], y[140:]).rounds(grh, X[100:140], y[100:140])
    assert len(scores) == 6
    assert len(set(scores[grh.n_iter_ - 1 :])) == 1


def test_a_database_that_cannot_be_ranked_is_refused():
    X, y = data()
    with pytest.raises(ValueError, match="must be of the same rows, got 240 and 239"):
        RetrievalScorer(X, y[1:])
    with pytest.raises(ValueError, match="all 20 rows of the database are queries"):
        RetrievalScorer(X[:20], y[:20])(LSH(8).fit(X), X, y)


# --- the validation set --------------------------------------------------------------------------------------------


def rows_of(X, database):
    """The place of each row of X in the database."""
    place = {row.tobytes(): i for i, row in enumerate(database)}
    return [place[row.tobytes()] for row in X]


def test_validation_queries_are_neither_test_queries_nor_training_rows_nor_ranked(split, validation):
    ((train, queries),) = validation.cv.split(validation.X, validation.y)
    np.testing.assert_array_equal(validation.X[train], split.X_train)
    np.testing.assert_array_equal(validation.y[train], split.y_train)
    drawn = rows_of(validation.X[queries], split.X_database)  # so they are no test queries
    assert not np.isin(split.database_rows[drawn], split.train_rows).any()
    np.testing.assert_array_equal(split.y_database[drawn], validation.y[queries])
    assert np.bincount(validation.y[queries]).tolist() == [10] * 4
    ranked = rows_of(validation.scoring.X_database, split.X_database)
    np.testing.assert_array_equal(split.y_database[ranked], validation.scoring.y_database)
    assert len(set(ranked)) == len(ranked) == 60
    assert not set(ranked) & set(drawn)
    assert np.isin(split.database_rows[ranked], split.train_rows).any()  # as in the paper's database


def test_the_whole_rest_of_the_database_can_be_ranked(split):
    assert len(validation_set(split, 10, None).scoring.X_database) == 220 - 40
    assert len(validation_set(split, 10, 10**6).scoring.X_database) == 220 - 40


def test_the_seed_draws_the_validation_set(split):
    a, b, c = (validation_set(split, 10, 60, random_state=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(a.X, b.X)
    np.testing.assert_array_equal(a.scoring.X_database, b.scoring.X_database)
    assert (a.X != c.X).any()


@pytest.mark.parametrize("n", [0, 46])
def test_a_class_must_have_enough_rows(split, n):
    with pytest.raises(ValueError, match=f"n_query_per_class must be from 1 to 45, the rows of class 0.*got {n}"):
        validation_set(split, n)


def test_something_must_be_left_to_rank(split):
    with pytest.raises(ValueError, match="no row of the database is left to rank: all 40"):
        validation_set(split, 10, 0)


def test_the_training_rows_are_what_is_fitted(validation):
    class Recorder(LSH):
        fitted_on = None

        def fit(self, X, y=None):
            Recorder.fitted_on = np.array(X)
            return super().fit(X)

    search = GridSearchCV(Recorder(8), {}, scoring=validation.scoring, cv=validation.cv, refit=False)
    search.fit(validation.X, validation.y)
    np.testing.assert_array_equal(Recorder.fitted_on, validation.X[:40])


# --- the paper's order ---------------------------------------------------------------------------------------------


class Scripted(BaseEstimator):
    """Stands in for GRH: knows its score, given by the script for (alpha, n_iter, C)."""

    def __init__(self, alpha=1.0, n_iter=1, C=1.0, classifier=None):
        self.alpha = alpha
        self.n_iter = n_iter
        self.C = C
        self.classifier = classifier

    def fit(self, X, y):
        return self


class Script:
    """Stands in for the scorer."""

    def __init__(self, rounds, final):
        self.of_rounds, self.final, self.asked = rounds, final, []

    def rounds(self, estimator, X, y):
        self.asked.append(("rounds", estimator.alpha, estimator.n_iter, estimator.C))
        return self.of_rounds[estimator.alpha]

    def __call__(self, estimator, X, y):
        self.asked.append(("final", estimator.alpha, estimator.n_iter, estimator.C))
        return self.final[estimator.C]


def scripted(validation, rounds, final):
    return validation._replace(scoring=Script(rounds, final))


def test_alpha_and_rounds_come_first_and_then_the_rest(validation):
    script = scripted(validation, {0.6: [0.1, 0.2, 0.3], 0.9: [0.2, 0.4, 0.3]}, {1.0: 0.4, 5.0: 0.45, 9.0: 0.2})
    tuned = tune_as_published(Scripted(C=7.0), script, alpha=[0.6, 0.9], n_iter=3, then={"C": [1.0, 5.0, 9.0]})
    assert tuned.parameters == {"alpha": 0.9, "n_iter": 2, "C": 5.0}
    assert tuned.score == 0.45
    assert script.scoring.asked == [
        ("rounds", 0.6, 3, 7.0),
        ("rounds", 0.9, 3, 7.0),
        *(("final", 0.9, 2, C) for C in (1.0, 5.0, 9.0)),
    ]
    assert tuned.trials["score"].tolist() == [0.1, 0.2, 0.3, 0.2, 0.4, 0.3, 0.4, 0.45, 0.2]
    assert tuned.trials["step"].tolist() == [1] * 6 + [2] * 3
    assert tuned.trials["n_iter"].tolist() == [1, 2, 3, 1, 2, 3, 2, 2, 2]


def test_rounds_stop_when_validation_falls_whatever_comes_after(validation):
    script = scripted(validation, {0.6: [0.3, 0.2, 0.9], 0.9: [0.1, 0.31, 0.31]}, {})
    tuned = tune_as_published(Scripted(), script, alpha=[0.6, 0.9], then={})
    assert tuned.parameters == {"alpha": 0.9, "n_iter": 2}
    assert tuned.score == 0.31
    assert len(tuned.trials) == 6


@pytest.mark.parametrize(
    ("scores", "rounds"),
    [([0.2], 1), ([0.2, 0.1, 0.3], 1), ([0.1, 0.2, 0.3], 3), ([0.1, 0.1, 0.2], 1), ([0.1, 0.2, 0.2], 2)],
)
def test_the_rule_to_stop(scores, rounds):
    assert rounds_by_validation(iter(scores)) == rounds


@pytest.mark.parametrize("classifier", [*SECOND_STEP, Ridge()], ids=str)
def test_every_classifier_has_its_second_step(validation, classifier):
    grh = GRH(6, classifier=classifier, random_state=0)
    before = grh.get_params()
    tuned = tune_as_published(grh, validation, alpha=[0.7, 1.0], n_iter=2)
    grid = SECOND_STEP.get(classifier, {}) if isinstance(classifier, str) else {}
    assert set(tuned.parameters) == {"alpha", "n_iter", *grid}
    assert len(tuned.trials) == 4 + (np.prod([len(values) for values in grid.values()]) if grid else 0)
    assert grh.get_params() == before
    ((train, queries),) = validation.cv.split(validation.X, validation.y)
    fitted = GRH(6, classifier=classifier, random_state=0, **tuned.parameters)
    fitted.fit(validation.X[train], validation.y[train])
    assert validation.scoring(fitted, validation.X[queries], validation.y[queries]) == tuned.score
    assert isinstance(tuned.trials, pd.DataFrame)


def test_an_estimator_that_fails_is_no_silent_nan(validation):
    with pytest.raises(ValueError, match="alpha must be"):
        tune_as_published(GRH(6), validation, alpha=[1.0, 2.0])


class Drawn(Scripted):
    """Its score depends on the random start too."""

    def __init__(self, alpha=1.0, n_iter=1, C=1.0, classifier=None, random_state=None):
        super().__init__(alpha, n_iter, C, classifier)
        self.random_state = random_state


class DrawnScript(Script):
    def rounds(self, estimator, X, y):
        return self.of_rounds[estimator.alpha, estimator.random_state]

    def __call__(self, estimator, X, y):
        return self.final[estimator.C, estimator.random_state]


def test_with_several_draws_the_mean_over_them_decides(validation):
    """With the first start alone it would be alpha 0.6 and C 1."""
    rounds = {(0.6, 0): [0.5], (0.6, 1): [0.1], (0.9, 0): [0.4], (0.9, 1): [0.3]}
    final = {(1.0, 0): 0.5, (1.0, 1): 0.1, (5.0, 0): 0.4, (5.0, 1): 0.4}
    script = validation._replace(scoring=DrawnScript(rounds, final))
    tuned = tune_as_published(Drawn(), script, alpha=[0.6, 0.9], n_iter=1, then={"C": [1.0, 5.0]}, n_draws=2)
    assert tuned.parameters == {"alpha": 0.9, "n_iter": 1, "C": 5.0}
    assert tuned.score == 0.4
    assert tuned.trials["score"].round(6).tolist() == [0.3, 0.35, 0.3, 0.4]
