"""Choosing parameters on validation queries: the scorer, the splitter, the order of the paper."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from l2h_tutorial import GRH, LSH, Dataset, mean_average_precision, paper_partition, tuning
from l2h_tutorial.tuning import SECOND_STEP, RetrievalScorer, tune_as_published, tune_on_grid, validation_set

RANDOM = np.random.default_rng(0)
Y = np.arange(240) % 4
X = (RANDOM.normal(size=(4, 8))[Y] + RANDOM.normal(size=(240, 8))).astype(np.float32)
SCORER, QUERIES, OF_QUERIES = RetrievalScorer(X[140:], Y[140:]), X[100:140], Y[100:140]


@pytest.fixture(scope="module")
def split():
    return paper_partition(Dataset("toy", X, Y, None, tuple("abcd")), 40, 5).preprocessed("centre")


@pytest.fixture(scope="module")
def validation(split):
    return validation_set(split, 10, 60, random_state=0)


# The scorer


def expected_score(hasher, queries, rows):
    return mean_average_precision(hasher.transform(X[queries]), hasher.transform(X[rows]), Y[queries], Y[rows])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_score_is_the_map_of_the_queries_in_the_rest_of_the_database(dtype):
    hasher, queries = LSH(8, random_state=0).fit(X), X[:40].astype(dtype)
    expected = expected_score(hasher, slice(40), slice(40, None))
    assert RetrievalScorer(X[40:], Y[40:])(hasher, queries, Y[:40]) == expected
    database = X.copy()
    database[3], queries[3] = -0.0, 0.0
    found = RetrievalScorer(database, Y)(hasher, queries, Y[:40])  # a query never finds itself
    assert found == RetrievalScorer(database[40:], Y[40:])(hasher, queries, Y[:40])
    labels = np.eye(4, dtype=int)[Y]
    assert RetrievalScorer(X, labels)(hasher, X[:40], labels[:40]) == expected


def test_it_works_with_scikit_learns_splitters_and_in_parallel():
    scorer = pickle.loads(pickle.dumps(RetrievalScorer(X, Y)))
    scores = cross_val_score(LSH(8, random_state=0), X, Y, scoring=scorer, cv=KFold(3), n_jobs=2)
    for (train, test), score in zip(KFold(3).split(X), scores, strict=True):
        assert score == expected_score(LSH(8, random_state=0).fit(X[train]), test, train)


@pytest.mark.parametrize(("alpha", "ridge", "n_iter", "repeats"), [(0.7, 1.0, 3, False), (0.3, 1e-4, 6, True)])
def test_rounds_are_scored_from_one_fit(alpha, ridge, n_iter, repeats):
    options = {"alpha": alpha, "ridge": ridge, "classifier": "kernel-ridge", "random_state": 0}
    grh = GRH(8, n_iter=n_iter, **options).fit(X[:100], Y[:100])
    assert (grh.n_iter_ < n_iter) == repeats  # training stopped because a round would have repeated the one before
    scores = SCORER.rounds(grh, QUERIES, OF_QUERIES)
    assert len(scores) == n_iter
    assert repeats or len(set(scores)) > 1
    for n_iter, score in enumerate(scores, start=1):
        assert score == SCORER(GRH(8, n_iter=n_iter, **options).fit(X[:100], Y[:100]), QUERIES, OF_QUERIES)


# The validation set


def rows_of(points, database):
    """The place of each point in the database."""
    place = {row.tobytes(): i for i, row in enumerate(database)}
    return [place[row.tobytes()] for row in points]


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
    for n in (None, 10**6):
        assert len(validation_set(split, 10, n).scoring.X_database) == 220 - 40


def test_the_seed_draws_the_validation_set(split, validation):
    again, other = (validation_set(split, 10, 60, random_state=seed) for seed in (0, 1))
    np.testing.assert_array_equal(again.X, validation.X)
    np.testing.assert_array_equal(again.scoring.X_database, validation.scoring.X_database)
    assert (other.X != validation.X).any()


def test_a_grid_is_searched_as_scikit_learn_does(validation):
    grid, hasher = {"n_bits": [2, 4, 8], "random_state": [0, 1]}, LSH()
    tuned = tune_on_grid(hasher, validation, grid)
    search = GridSearchCV(hasher, grid, scoring=validation.scoring, cv=validation.cv, refit=False)
    search.fit(validation.X, validation.y)
    assert (tuned.parameters, tuned.score) == (search.best_params_, search.best_score_)
    assert tuned.trials[["n_bits", "random_state"]].to_dict("records") == search.cv_results_["params"]
    assert tuned.trials["score"].tolist() == search.cv_results_["mean_test_score"].tolist()


# The paper's order


class Scripted(BaseEstimator):
    """Stands in for GRH: its scores are in the script."""

    def __init__(self, alpha=1.0, n_iter=1, C=1.0, classifier=None, random_state=0):
        self.alpha = alpha
        self.n_iter = n_iter
        self.C = C
        self.classifier = classifier
        self.random_state = random_state

    def fit(self, X, y):
        return self


class Script:
    """Stands in for the scorer: rounds by alpha and draw, final scores by C and draw."""

    def __init__(self, rounds, final):
        self.of_rounds, self.final, self.asked = rounds, final, []

    def rounds(self, estimator, X, y):
        self.asked.append((estimator.alpha, estimator.n_iter, estimator.C))
        return self.of_rounds[estimator.alpha, estimator.random_state]

    def __call__(self, estimator, X, y):
        self.asked.append((estimator.alpha, estimator.n_iter, estimator.C))
        return self.final[estimator.C, estimator.random_state]


def test_alpha_and_rounds_come_first_and_then_the_rest(validation):
    script = Script({(0.6, 0): [0.1, 0.2, 0.3], (0.9, 0): [0.2, 0.4, 0.3]}, {(1.0, 0): 0.4, (5.0, 0): 0.45})
    told = validation._replace(scoring=script)
    tuned = tune_as_published(Scripted(C=7.0), told, alpha=[0.6, 0.9], n_iter=3, then={"C": [1.0, 5.0]})
    assert tuned[:2] == ({"alpha": 0.9, "n_iter": 2, "C": 5.0}, 0.45)
    assert script.asked == [(0.6, 3, 7.0), (0.9, 3, 7.0), (0.9, 2, 1.0), (0.9, 2, 5.0)]
    assert tuned.trials["score"].tolist() == [0.1, 0.2, 0.3, 0.2, 0.4, 0.3, 0.4, 0.45]
    assert tuned.trials["step"].tolist() == [1] * 6 + [2] * 2
    assert tuned.trials["n_iter"].tolist() == [1, 2, 3, 1, 2, 3, 2, 2]


def test_rounds_stop_when_validation_falls_whatever_comes_after(validation):
    told = validation._replace(scoring=Script({(0.6, 0): [0.3, 0.2, 0.9], (0.9, 0): [0.1, 0.31, 0.31]}, {}))
    tuned = tune_as_published(Scripted(), told, alpha=[0.6, 0.9], then={})
    assert tuned[:2] == ({"alpha": 0.9, "n_iter": 2}, 0.31)
    assert len(tuned.trials) == 6
    scores = [[0.2], [0.2, 0.1, 0.3], [0.1, 0.2, 0.3], [0.1, 0.1, 0.2], [0.1, 0.2, 0.2]]
    assert [tuning.rounds_by_validation(iter(each)) for each in scores] == [1, 1, 3, 1, 2]


def test_with_several_draws_the_mean_over_them_decides(validation):
    """With the first start alone it would be alpha 0.6 and C 1."""
    rounds = {(0.6, 0): [0.5], (0.6, 1): [0.1], (0.9, 0): [0.4], (0.9, 1): [0.3]}
    final = {(1.0, 0): 0.5, (1.0, 1): 0.1, (5.0, 0): 0.4, (5.0, 1): 0.4}
    told = validation._replace(scoring=Script(rounds, final))
    tuned = tune_as_published(Scripted(), told, alpha=[0.6, 0.9], n_iter=1, then={"C": [1.0, 5.0]}, n_draws=2)
    assert tuned[:2] == ({"alpha": 0.9, "n_iter": 1, "C": 5.0}, 0.4)
    assert tuned.trials["score"].round(6).tolist() == [0.3, 0.35, 0.3, 0.4]


@pytest.mark.parametrize("classifier", [*SECOND_STEP, Ridge()], ids=str)
def test_every_classifier_has_its_second_step(validation, classifier):
    grh = GRH(6, classifier=classifier, random_state=0)
    before = grh.get_params()
    tuned = tune_as_published(grh, validation, alpha=[0.7, 1.0], n_iter=2)
    grid = SECOND_STEP.get(classifier, {}) if isinstance(classifier, str) else {}
    assert list(tuned.parameters) == ["alpha", "n_iter", *grid]
    assert len(tuned.trials) == 4 + (np.prod([len(values) for values in grid.values()]) if grid else 0)
    assert grh.get_params() == before
    ((train, queries),) = validation.cv.split(validation.X, validation.y)
    fitted = GRH(6, classifier=classifier, random_state=0, **tuned.parameters)
    fitted.fit(validation.X[train], validation.y[train])
    assert validation.scoring(fitted, validation.X[queries], validation.y[queries]) == tuned.score


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda split: RetrievalScorer(X, Y[1:]), "must be of the same rows, got 240 and 239"),
        (lambda split: RetrievalScorer(X[:20], Y[:20])(LSH(8).fit(X), X, Y), "all 20 rows of the database are queries"),
        (lambda split: validation_set(split, 0), "n_query_per_class must be from 1 to 45, the rows of class 0.*got 0"),
        (lambda split: validation_set(split, 46), "n_query_per_class must be from 1 to 45.*got 46"),
        (lambda split: validation_set(split, 10, 0), "no row of the database is left to rank: all 40"),
        (lambda split: tune_as_published(GRH(6), validation_set(split, 10), alpha=[1.0, 2.0]), "alpha must be"),
    ],
)
def test_refusals(split, call, words):
    with pytest.raises(ValueError, match=words):
        call(split)
