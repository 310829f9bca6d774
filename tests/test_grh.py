"""Graph Regularised Hashing against a plain, dense writing of the published algorithm, and its
promises.
"""

import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import memory_below
from refusals import refusals
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.model_selection import ParameterGrid
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from test_hashers import data

from l2h_tutorial import CCAITQ, GRH, LSH
from l2h_tutorial.affinity import knn_affinity, same_class_affinity
from l2h_tutorial.grh import next_best_split, regularised_scores
from l2h_tutorial.lsh import to_signs
from l2h_tutorial.machines import class_weights, kernel_gamma

Nearest = partial(KNeighborsClassifier, 1)  # repeats whatever it is taught
Always = partial(DummyClassifier, strategy="constant", constant=True)
CLASSIFIERS = ("linear-svm", "rbf-svm", "kernel-ridge", "rbf-landmarks")


def over(X, thresholds):
    return X[:, :1] > np.array(thresholds)


def start_from(*thresholds):
    """A hasher whose k-th bit says whether the first feature is over the k-th threshold."""
    return FunctionTransformer(over, kw_args={"thresholds": thresholds})


# --- the algorithm --------------------------------------------------------------------------------


def published_training_bits(X, S, L, *, alpha, n_iter, reference, sign_of_zero, normalise):
    """The algorithm as the paper writes it, with matrices, and with ridge regression to teach.

    L holds -1 and +1.
    """
    L0 = L
    D = np.diag(S.sum(axis=1))
    weights = S @ np.linalg.inv(D) if normalise == "columns" else np.linalg.inv(D) @ S
    for _ in range(n_iter):
        scores = alpha * weights @ L + (1 - alpha) * (L0 if reference == "initial" else L)
        T = np.where(abs(scores) < 1e-9, sign_of_zero, np.sign(scores))
        L = L.copy()
        for k in range(L.shape[1]):
            if T[:, k].min() < T[:, k].max():  # else there is one class only, and the bit is kept
                L[:, k] = np.sign(Ridge(0.1).fit(X, T[:, k]).predict(X))
    return L


def graphs(kind):
    """What GRH is given, and the dense matrix that it stands for."""
    X, y = data(n=40, n_classes=6)
    if kind == "neighbours":
        return X, {"affinity": knn_affinity(X, 4)}, knn_affinity(X, 4).toarray()
    labels = np.eye(6, dtype=int)[y]
    if kind == "labels":
        labels[::3, 0] = 1  # some points have two, so that the two normalisations differ
    return X, {"y": y if kind == "classes" else labels}, (labels @ labels.T > 0).astype(float)


def standardised(X):
    centred = X - X.mean(axis=0)
    return centred / np.sqrt((centred**2).sum(axis=1).mean())


VARIANTS = ParameterGrid(
    {
        "alpha": [0.5, 0.8, 1.0],
        "reference": ["previous", "initial"],
        "sign_of_zero": [-1, 1],
        "normalise": ["columns", "rows"],
    }
)


@pytest.mark.parametrize("options", list(VARIANTS), ids=str)
@pytest.mark.parametrize("graph", ["classes", "labels", "neighbours"])
def test_equals_the_algorithm_as_published(options, graph):
    X, given_graph, S = graphs(graph)
    grh = GRH(6, n_iter=3, classifier=Ridge(0.1), degenerate="keep", random_state=3, **options)
    start = to_signs(LSH(6, random_state=3).fit_transform(X - X.mean(axis=0)))
    expected = published_training_bits(standardised(X), S, start, n_iter=3, **options)
    np.testing.assert_array_equal(grh.fit(X, **given_graph).transform(X), expected > 0)


# --- what is published ----------------------------------------------------------------------------


def test_the_other_versions_and_parameters_beside_them():
    thesis = {"reference": "initial", "fit_intercept": False}
    matlab = {
        "sign_of_zero": 1,
        "normalise": "rows",
        "loss": "squared_hinge",
        "class_weight": "ceiling",
    }
    for version, differs in {"paper": {}, "thesis": thesis, "matlab": thesis | matlab}.items():
        assert GRH.as_published(version).get_params() == GRH(**differs).get_params()
    assert GRH.as_published("matlab", loss="hinge").loss == "hinge"


# --- classifiers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("class_weight", [None, "ceiling"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_linear_machine_is_liblinears(loss, class_weight, fit_intercept):
    X, y = data(seed=2, n=200)
    options = {"loss": loss, "fit_intercept": fit_intercept}
    grh = GRH(4, class_weight=class_weight, C=0.5, random_state=0, **options).fit(X, y)
    features = standardised(X)
    for k, bit in enumerate(grh.history_[1].regularised.T):
        zeros, ones = np.bincount(bit)
        weights = (
            {0: max(1, np.ceil(ones / zeros)), 1: max(1, np.ceil(zeros / ones))}
            if class_weight
            else None
        )
        svm = LinearSVC(C=0.5, class_weight=weights, tol=1e-6, max_iter=100_000, **options).fit(
            features, bit
        )
        assert np.mean(svm.predict(features) == grh.transform(X)[:, k]) > 0.97
        np.testing.assert_allclose(
            grh.models_[1][1].weights[:, k], svm.coef_[0], atol=0.02 * abs(svm.coef_).max()
        )
    # of which liblinear draws the order of its steps
    again = clone(grh).fit(X, y).models_[1][1].weights
    np.testing.assert_array_equal(again, grh.models_[1][1].weights)


def test_the_kernel_machines_are_scikit_learns():
    X, y = data()
    new = data(seed=1)[0]
    grh = GRH(8, classifier="kernel-ridge", ridge=0.3, n_iter=2, alpha=0.7, random_state=0).fit(
        X, y
    )
    signs = np.where(grh.history_[-1].regularised, 1, -1)
    ridge = KernelRidge(alpha=0.3, kernel="rbf", gamma=kernel_gamma(X, 2.0)).fit(X, signs)
    np.testing.assert_array_equal(grh.transform(new), ridge.predict(new) > 0)
    np.testing.assert_array_equal(grh.history_[-1].bits, ridge.predict(X) > 0)
    grh = GRH(
        8, classifier="rbf-svm", C=3.0, gamma=1.0, class_weight="ceiling", random_state=0
    ).fit(X, y)
    for k, bit in enumerate(grh.history_[1].regularised.T):
        svm = SVC(C=3.0, gamma=kernel_gamma(X, 1.0), class_weight=class_weights(bit)).fit(X, bit)
        np.testing.assert_array_equal(grh.transform(new)[:, k], svm.predict(new))
        np.testing.assert_array_equal(grh.history_[1].bits[:, k], svm.predict(X))


def test_landmarks_at_all_points_are_kernel_ridge():
    X, y = data()
    new = data(seed=1)[0]
    options = {"ridge": 0.3, "gamma": 1.5, "random_state": 0}
    few, all_points = (
        GRH(8, classifier="rbf-landmarks", n_landmarks=n, **options).fit(X, y) for n in (20, 80)
    )
    assert few.models_[1][1].points.shape == (20, 6)
    assert np.mean(few.transform(X) == few.history_[1].bits) > 0.99  # but for rounding
    ridge = GRH(8, classifier="kernel-ridge", **options).fit(X, y)
    assert np.mean(all_points.transform(new) == ridge.transform(new)) > 0.99


@pytest.mark.parametrize(
    "estimator",
    [
        *CLASSIFIERS,
        RandomForestClassifier(5),
        make_pipeline(StandardScaler(), Nystroem(n_components=20), Ridge()),
    ],
    ids=str,
)
@pytest.mark.parametrize("n_bits", [1, 6])
# of a column for a flat array
@pytest.mark.filterwarnings("error::sklearn.exceptions.DataConversionWarning")
def test_any_classifier_carries_the_codewords_to_new_points(estimator, n_bits):
    X, y = make_blobs(80, centers=np.array([[-5.0, 0], [5, 0], [0, 9]]), random_state=0)
    grh = GRH(n_bits, classifier=estimator, random_state=2).fit(X[:60], y[:60])
    codewords = {label: grh.history_[1].regularised[y[:60] == label][0] for label in range(3)}
    expected = np.array([codewords[label] for label in y[60:]])
    assert np.mean(grh.transform(X[60:]) == expected) > 0.95
    # also where it draws
    again = GRH(n_bits, classifier=estimator, random_state=2).fit(X[:60], y[:60])
    np.testing.assert_array_equal(again.transform(X), grh.transform(X))


def test_a_machine_that_was_stopped_says_so():
    X, y = data(n=200)
    grh = GRH(4, loss="squared_hinge", max_iter=1, random_state=0)
    with pytest.warns(ConvergenceWarning, match="increase the number of iterations"):
        grh.fit(X, y)
    with warnings.catch_warnings(action="error"):
        grh.set_params(max_iter=10_000).fit(X, y)


def test_a_kernel_too_large_for_memory_is_refused():
    y = np.arange(20_001) % 2
    with pytest.raises(
        ValueError, match=r"20,001 x 20,001 numbers, 3.2 GB; the limit is 20,000.*'rbf-landmarks'"
    ):
        GRH(2, classifier="kernel-ridge").fit(y[:, None], y)


# --- starts ---------------------------------------------------------------------------------------


def test_a_named_start_sees_centred_features():
    X, y = data()
    centred = X - X.mean(axis=0)
    for grh, expected in [
        (GRH(4, random_state=5), LSH(4, random_state=5).fit_transform(centred)),
        (GRH(4, initial="cca-itq", random_state=5), CCAITQ(4, random_state=5).fit_transform(X, y)),
        (GRH(4, initial=LSH(4, random_state=5)), LSH(4, random_state=5).fit_transform(X)),
    ]:
        np.testing.assert_array_equal(grh.fit(X, y).history_[0].bits, expected)


def test_a_given_start_without_a_seed_gets_one():
    X, y = data()
    start = make_pipeline(StandardScaler(), LSH(8))
    bits = [
        GRH(8, initial=start, random_state=seed).fit(X, y).history_[0].bits for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(bits[0], bits[1])
    assert (bits[0] != bits[2]).any()


# --- degenerate bits ------------------------------------------------------------------------------

LINE = np.arange(6.0)[:, None]


def degenerate(rule, *thresholds, **options):
    """Bits that all points have at 1 after the graph step.

    The first class votes 0, the others 1.
    """
    options = {"sign_of_zero": 1, "random_state": 0, "classifier": "kernel-ridge", **options}
    grh = GRH(len(thresholds), initial=start_from(*thresholds), degenerate=rule, **options)
    assert grh.fit(LINE, [0, 0, 1, 1, 2, 2]).history_[1].degenerate >= 1
    return grh


def test_a_degenerate_bit_is_split_where_it_halves_best():
    split = degenerate("split", 0.5).history_[1].regularised[:, 0]
    assert split.tolist() == [False] * 2 + [True] * 4
    np.testing.assert_array_equal(
        degenerate("split", -1).transform(LINE), degenerate("redraw", -1).transform(LINE)
    )


@pytest.mark.parametrize("threshold", [0.5, -1])
def test_a_degenerate_bit_is_redrawn_until_it_has_two_sides(threshold):
    """The start takes no numbers, the classifier a seed.

    The first hyperplane that leaves two sides is taken.
    """
    random = np.random.RandomState(0)
    random.randint(2**31 - 1)
    centred = LINE - LINE.mean()
    graph = same_class_affinity([0, 0, 1, 1, 2, 2])
    while True:
        drawn = LSH(1, random_state=random).fit_transform(centred)
        target = regularised_scores(graph, drawn, drawn, 1.0) >= 0
        if 0 < target.sum() < 6:
            break
    grh = degenerate("redraw", threshold)
    np.testing.assert_array_equal(grh.history_[1].regularised, target)
    np.testing.assert_array_equal(grh.transform(LINE), grh.history_[1].bits)  # so it was taught


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_no_cut_between_scores_is_more_even_than_the_one_taken(scores):
    cuts = [np.array(scores) >= value for value in sorted(set(scores))[1:]]
    # which is rounding
    split = next_best_split(np.array(scores) / 8 + 1e-16 * np.arange(len(scores)))
    if not cuts:
        assert split is None
    else:
        uneven = [abs(2 * cut.sum() - len(scores)) for cut in cuts]
        assert split.tolist() in [cut.tolist() for cut in cuts]
        assert abs(2 * split.sum() - len(scores)) == min(uneven)


def test_a_redrawn_bit_is_not_held_back_by_what_it_was():
    for seed in range(8):
        grh = degenerate(
            "redraw", -1, alpha=0.4, n_iter=2, reference="initial", ridge=1e-6, random_state=seed
        )
        assert grh.converged_  # round 2 sees the new hyperplane, not the old constant


def test_rounds_that_draw_a_bit_are_no_repetition():
    grh = GRH(1, n_iter=30, initial=start_from(-1), classifier=Always(), random_state=0)
    assert (grh.fit(LINE, [0, 0, 1, 1, 2, 2]).n_iter_, grh.period_) == (30, 0)


def test_a_bit_that_no_hyperplane_saves_is_split_or_kept():
    # a hyperplane through the mean splits both classes evenly
    X = np.array([[-3.0], [-1], [1], [3]])
    grh = GRH(
        1, initial=start_from(-2), sign_of_zero=1, classifier="kernel-ridge", random_state=0
    ).fit(X, [0, 1, 1, 0])
    assert grh.history_[1].regularised[:, 0].tolist() == [False, True, True, False]
    X = np.array([[-1.0], [1], [-1], [1]])  # every hyperplane splits both classes evenly
    for rule in ("split", "redraw", "keep"):
        grh = GRH(2, initial=start_from(0, 0.5), degenerate=rule, random_state=0).fit(
            X, [0, 0, 1, 1]
        )
        np.testing.assert_array_equal(grh.transform(X), over(X, [0, 0.5]))
        assert grh.models_[1][1] is None


def test_a_kept_bit_stays_with_its_model():
    grh = degenerate("keep", 0.5, 2.5, -1)
    new = np.array([[0.2], [0.7], [4.0]])
    np.testing.assert_array_equal(grh.transform(new)[:, [0, 2]], over(new, [0.5, -1]))
    assert grh.models_[1][0].tolist() == [1]
    np.testing.assert_array_equal(grh.history_[1].regularised[:, [0, 2]], over(LINE, [0.5, -1]))


# --- history, memory, files -----------------------------------------------------------------------


def test_history_and_stages_tell_what_each_round_did():
    X, y = data()
    grh = GRH(8, alpha=0.7, n_iter=3, random_state=0).fit(X, y)
    before = grh.history_[0].bits
    S = (y[:, None] == y).astype(float)
    for record, stage in zip(grh.history_[1:], list(grh.staged_transform(X))[1:], strict=True):
        assert record.flipped == (record.regularised != before).sum()
        assert record.changed == (record.bits != record.regularised).sum()
        same = (record.bits[:, None] == record.bits).mean(axis=2)
        assert record.agreement == pytest.approx((S / S.sum(axis=1) * same).sum() / len(y))
        fewer = GRH(8, alpha=0.7, n_iter=record.number, random_state=0).fit(X, y)
        np.testing.assert_array_equal(stage, fewer.transform(X))
        before = record.bits
    np.testing.assert_array_equal(next(grh.staged_transform(X)), grh.history_[0].bits)
    assert pd.DataFrame(grh.history_)["number"].tolist() == list(range(grh.n_iter_ + 1))


def test_a_seeded_estimator_learns_the_same_in_every_round():
    X, y = data(n_classes=40)
    forest = RandomForestClassifier(3)
    grh = GRH(4, n_iter=9, classifier=forest, random_state=0).fit(X, y)
    assert grh.period_ == 1
    last = grh.history_[-1]
    again = GRH(4, n_iter=grh.n_iter_ + 1, classifier=forest, random_state=0).fit(X, y)
    np.testing.assert_array_equal(again.history_[-1].bits, last.bits)


@pytest.mark.parametrize("n_iter", [1, 2, 3, 4, 2000, 2001])
def test_two_states_that_take_turns_are_noticed(n_iter):
    """Two halves that vote only for each other exchange their bits in every round."""
    X = np.arange(-10.0, 10)[:, None]
    halves = np.arange(20) < 10
    grh = GRH(1, n_iter=n_iter, initial=start_from(0), classifier=Nearest())
    grh.fit(X, affinity=np.not_equal.outer(halves, halves).astype(float))
    np.testing.assert_array_equal(grh.transform(X)[:, 0], halves == (n_iter % 2 == 1))
    assert grh.n_iter_ <= 3
    assert grh.period_ == (2 if n_iter > 2 else 0)
    assert not grh.converged_


@pytest.mark.parametrize(
    ("n", "options", "limit"),
    [
        (20_000, {"C": 0.01}, 40e6),
        (60_000, {"classifier": "rbf-landmarks", "n_landmarks": 60}, 150e6),
    ],
)
def test_many_labels_train_without_a_square_array(n, options, limit):
    X, y = data(n=n, n_classes=10, n_features=8)
    assert limit < n**2 / 8  # the bytes of n x n single bits
    with memory_below(limit):
        GRH(4, n_iter=2, alpha=0.8, random_state=0, **options).fit(X, y)


# --- bad input ------------------------------------------------------------------------------------


X4 = np.eye(4)
TWO = {"y": [0, 1, 0, 1]}


def fit(parameters, labels_or_graph):
    return lambda: GRH(4, **parameters).fit(X4, **labels_or_graph)


test_refuses_what_does_not_fit_and_says_what_would = refusals(
    (fit({"alpha": 1.01}, TWO), "alpha must be from 0.* to 1.*got 1.01"),
    (fit({"initial": "cca-itq"}, {"affinity": np.eye(4)}), "This CCAITQ estimator requires y"),
    (
        fit({"initial": Ridge()}, TWO),
        TypeError,
        "initial must be .* with fit and transform, got Ridge",
    ),
    (fit({"initial": LSH}, TWO), TypeError, "initial must be.*got <class"),
    (
        fit({"initial": LSH(8)}, TWO),
        r"initial must give 4 bools a point, got bool of shape \(4, 8\)",
    ),
    (
        fit({"initial": PCA(4)}, TWO),
        r"initial must give 4 bools a point, got float64 of shape \(4, 4\)",
    ),
    (fit({"classifier": "svm"}, TWO), r"classifier must be one of \('linear-svm', .*got 'svm'"),
    (
        fit({"reference": "first"}, TWO),
        r"reference must be one of \('previous', 'initial'\), got 'first'",
    ),
    (fit({"sign_of_zero": 0}, TWO), r"sign_of_zero must be one of \(-1, 1\), got 0"),
    (fit({}, {}), "y to be passed, but the target y is None, and so is affinity"),
    (fit({}, TWO | {"affinity": np.eye(4)}), "either y or affinity, got both"),
    (fit({}, {"y": [[0, 1], [1, 0]] * 3}), "X has 4 rows, y 6"),
    (fit({}, {"affinity": csr_array(np.full((4, 4), 0.1))}), "affinity joins all points"),
    (
        lambda: GRH.as_published("github"),
        r"version must be one of \('paper', 'thesis', 'matlab'\), got 'github'",
    ),
    (
        lambda: GRH(4).fit(1e160 * X4, **TWO),
        r"values up to 1e\+160, whose squares overflow: divide X",
    ),
)
