"""Graph Regularised Hashing against a plain, dense writing of the published algorithm, and its promises."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from l2h_tutorial.affinity import graph_affinity, knn_affinity, same_class_affinity
from l2h_tutorial.baselines import CCAITQ, ITQ, PCAH, SpectralHashing
from l2h_tutorial.grh import GRH, PUBLISHED, partition
from l2h_tutorial.grh.degenerate import next_best_split
from l2h_tutorial.grh.partition import class_weights
from l2h_tutorial.lsh import LSH

CLASSIFIERS = ("linear-svm", "rbf-svm", "kernel-ridge", "rbf-landmarks")


def data(seed=0, n=60, n_classes=4, n_features=5, noise=2.0):
    """Classes that overlap."""
    random = np.random.default_rng(seed)
    y = random.integers(0, n_classes, n)
    return random.normal(size=(n_classes, n_features))[y] + noise * random.normal(size=(n, n_features)) / 2 + 1, y


def over(X, thresholds):
    return X[:, :1] > np.array(thresholds)


def start_from(*thresholds):
    """A hasher whose k-th bit says whether the first feature is over the k-th threshold."""
    return FunctionTransformer(over, kw_args={"thresholds": thresholds})


# --- the algorithm -------------------------------------------------------------------------------------------------


def published_training_bits(X, S, L, *, alpha, n_iter, reference, sign_of_zero, classifier):
    """The algorithm as the paper writes it, point by point, bit by bit; L holds -1 and +1."""
    L0 = L
    for _ in range(n_iter):
        reference_bits = L0 if reference == "initial" else L
        T = np.empty_like(L)
        for i in range(len(L)):
            for k in range(L.shape[1]):
                vote = sum(S[i, j] / S[j].sum() * L[j, k] for j in range(len(L)))
                score = alpha * vote + (1 - alpha) * reference_bits[i, k]
                T[i, k] = sign_of_zero if abs(score) < 1e-9 else np.sign(score)
        L = L.copy()
        for k in range(L.shape[1]):
            if T[:, k].min() < T[:, k].max():  # else there is one class only, and the bit is kept
                L[:, k] = np.sign(clone(classifier).fit(X, T[:, k]).predict(X))
    return L


@pytest.mark.parametrize("alpha", [0.4, 0.8, 1.0])
@pytest.mark.parametrize("reference", ["previous", "initial"])
@pytest.mark.parametrize("sign_of_zero", [-1, 1])
@pytest.mark.parametrize("graph", ["classes", "labels", "neighbours"])
def test_equals_the_algorithm_as_published(alpha, reference, sign_of_zero, graph):
    X, y = data(n=40, n_classes=6)
    if graph == "neighbours":
        given_graph, S = {"affinity": knn_affinity(X, 4)}, knn_affinity(X, 4).toarray()
    else:
        labels = np.eye(6, dtype=int)[y]
        if graph == "labels":
            labels[::3, 0] = 1
        given_graph, S = {"y": y if graph == "classes" else labels}, (labels @ labels.T > 0).astype(float)
    options = {"alpha": alpha, "n_iter": 3, "reference": reference, "sign_of_zero": sign_of_zero}
    grh = GRH(6, classifier=Ridge(0.1), degenerate="keep", random_state=3, **options).fit(X, **given_graph)
    centred = X - X.mean(axis=0)
    features = centred / np.sqrt((centred**2).sum(axis=1).mean())
    start = np.where(LSH(6, random_state=3).fit(centred).transform(centred), 1.0, -1.0)
    expected = published_training_bits(features, S, start, classifier=Ridge(0.1), **options)
    np.testing.assert_array_equal(grh.transform(X), expected > 0)


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 5), min_size=4, max_size=30).filter(lambda y: len(set(y)) > 1),
    st.randoms(use_true_random=False),
    st.integers(0, 99),
    st.sampled_from([-1, 1]),
    st.sampled_from(["linear-svm", "kernel-ridge"]),
    st.sampled_from(["split", "redraw", "keep"]),
)
def test_at_alpha_one_half_and_below_labels_have_no_say(y, shuffler, seed, sign_of_zero, classifier, degenerate):
    X = np.random.default_rng(seed).normal(size=(len(y), 3))
    shuffled = list(y)
    shuffler.shuffle(shuffled)

    def bits(alpha, labels):
        options = {"classifier": classifier, "sign_of_zero": sign_of_zero, "degenerate": degenerate}
        return GRH(4, alpha=alpha, n_iter=2, random_state=0, **options).fit(X, labels).transform(X)

    expected = bits(0.5, y)
    np.testing.assert_array_equal(bits(0.3, y), expected)
    np.testing.assert_array_equal(bits(0.5, shuffled), expected)


def test_at_alpha_six_tenths_labels_have_a_say():
    X = np.arange(-10.0, 10)[:, None]
    y = np.repeat([0, 1], 10)
    flipped = [
        GRH(1, alpha=alpha, initial=start_from(0.5)).fit(X, y).history_[1].flipped for alpha in (0.3, 0.5, 0.55, 0.6)
    ]
    assert flipped == [0, 0, 0, 1]  # class 1 has the mean 0.8: over (1 - 0.6) / 0.6, under (1 - 0.55) / 0.55


@pytest.mark.parametrize(("sign_of_zero", "flipped"), [(-1, 0), (1, 1)])
def test_an_even_vote_is_a_zero_whatever_the_rounding(sign_of_zero, flipped):
    X = np.arange(-6.0, 6)[:, None]
    y = np.repeat([0, 1], 6)  # one of class 1 is outvoted: 0.6 x 2/3 - 0.4 = 0, but not in floating point
    assert 0.6 * (4 / 6) - (1 - 0.6) != 0
    grh = GRH(1, alpha=0.6, initial=start_from(0.5), sign_of_zero=sign_of_zero).fit(X, y)
    assert grh.history_[1].flipped == flipped


def test_at_alpha_1_every_class_gets_one_codeword():
    X, y = data()
    regularised = GRH(16, random_state=0).fit(X, y).history_[1].regularised
    for label in np.unique(y):
        assert len(np.unique(regularised[y == label], axis=0)) == 1
    assert len(np.unique(regularised, axis=0)) == 4


def test_affinity_and_labels_are_two_ways_to_say_the_same():
    X, y = data()
    S = (y[:, None] == y).astype(float)
    expected = GRH(8, alpha=0.8, n_iter=2, random_state=0).fit(X, y).transform(X)
    for affinity in (S, sparse.csr_array(S), aslinearoperator(S), same_class_affinity(y)):
        bits = GRH(8, alpha=0.8, n_iter=2, random_state=0).fit(X, affinity=affinity).transform(X)
        np.testing.assert_array_equal(bits, expected)


def test_the_normalisation_is_heeded_where_it_matters():
    X, y = data()
    labels = np.eye(4, dtype=int)[y]
    labels[::2, 0] = 1
    regularised = [
        GRH(16, alpha=0.7, normalise=normalise, random_state=0).fit(X, labels).history_[1].regularised
        for normalise in ("columns", "rows")
    ]
    assert (regularised[0] != regularised[1]).any()


def test_a_neighbour_graph_makes_it_unsupervised():
    X, _ = make_blobs(60, centers=[[-5, 0], [5, 0], [0, 8]], random_state=0)
    grh = GRH(8, classifier="kernel-ridge", random_state=0).fit(X, affinity=knn_affinity(X, 8))
    assert grh.history_[1].agreement > grh.history_[0].agreement


# --- what is published ---------------------------------------------------------------------------------------------


def test_the_defaults_are_the_papers():
    assert GRH.as_published("paper").get_params() == GRH().get_params()


@pytest.mark.parametrize(
    ("parameter", "paper", "thesis", "matlab"),
    [
        ("reference", "previous", "initial", "initial"),
        ("sign_of_zero", -1, -1, 1),
        ("fit_intercept", True, False, False),
        ("loss", "hinge", "hinge", "squared_hinge"),
        ("class_weight", None, None, "ceiling"),
    ],
)
def test_the_table_of_versions(parameter, paper, thesis, matlab):
    versions = {"paper": paper, "thesis": thesis, "matlab": matlab}
    assert {v: GRH.as_published(v).get_params()[parameter] for v in PUBLISHED} == versions


@pytest.mark.parametrize("version", PUBLISHED)
def test_published_settings_are_parameters_and_others_can_be_given(version):
    grh = GRH.as_published(version, n_bits=8, alpha=0.7, random_state=1)
    parameters = grh.get_params()
    assert PUBLISHED[version].items() <= parameters.items()
    assert (grh.n_bits, grh.alpha, grh.random_state) == (8, 0.7, 1)
    assert GRH.as_published(version, C=2.0).C == 2.0


def test_the_published_versions_differ():
    X, y = data(n=200, noise=3)
    bits = {v: GRH.as_published(v, n_bits=8, alpha=0.7, n_iter=3, random_state=0).fit(X, y) for v in PUBLISHED}
    codes = [grh.transform(X) for grh in bits.values()]
    assert (codes[0] != codes[1]).any()
    assert (codes[0] != codes[2]).any()
    assert (codes[1] != codes[2]).any()


def test_the_reference_matters_from_the_second_round_on():
    X, y = data()
    previous, initial = (
        GRH(8, alpha=0.6, n_iter=2, reference=reference, random_state=0).fit(X, y)
        for reference in ("previous", "initial")
    )
    np.testing.assert_array_equal(previous.history_[1].regularised, initial.history_[1].regularised)
    assert (previous.history_[2].regularised != initial.history_[2].regularised).any()


@pytest.mark.parametrize(("sign_of_zero", "expected"), [(-1, False), (1, True)])
def test_the_sign_of_zero_decides_for_a_class_split_evenly(sign_of_zero, expected):
    X = np.arange(6.0)[:, None]  # bits - + + + + + and - - - - + +
    grh = GRH(2, initial=start_from(0.5, 3.5), sign_of_zero=sign_of_zero, degenerate="keep")
    regularised = grh.fit(X, [0, 0, 1, 1, 2, 2]).history_[1].regularised
    assert not regularised[0, 1]
    assert regularised[5].all()
    assert GRH(1, initial=start_from(2.5), sign_of_zero=sign_of_zero).fit(X, [0, 0, 1, 1, 2, 2]).history_[
        1
    ].regularised[2:4].tolist() == [[expected], [expected]]


def test_the_intercept_lets_a_hyperplane_leave_the_mean():
    X = np.array([-4.0, -4, -4, 1, 3, 4, 4])[:, None]  # the mean is 0; the classes part at 2
    y = [0, 0, 0, 0, 1, 1, 1]
    at_one = [
        GRH(1, initial=start_from(0), C=1e3, fit_intercept=fit_intercept).fit(X, y).transform([[1.0]])[0, 0]
        for fit_intercept in (True, False)
    ]
    assert at_one == [False, True]


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("class_weight", [None, "ceiling"])
def test_the_linear_machine_is_liblinears(loss, class_weight):
    X, y = data(noise=3, n=200)
    grh = GRH(4, loss=loss, class_weight=class_weight, C=0.5, random_state=0).fit(X, y)
    features = (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0).sum())
    for k, bit in enumerate(grh.history_[1].regularised.T):
        counts = np.bincount(bit, minlength=2)
        weights = {0: 1, 1: 1}
        if class_weight:
            weights[counts.argmin()] = np.ceil(counts.max() / counts.min())
        svm = LinearSVC(C=0.5, loss=loss, class_weight=weights, tol=1e-6, max_iter=100_000).fit(features, bit)
        assert np.mean(svm.predict(features) == grh.transform(X)[:, k]) > 0.97
        np.testing.assert_allclose(grh.models_[1][1].weights[:, k], svm.coef_[0], atol=0.02 * abs(svm.coef_).max())


@pytest.mark.parametrize(
    ("ones", "zeros", "weights"), [(2, 5, {0: 1, 1: 3}), (5, 2, {0: 3, 1: 1}), (4, 4, {0: 1, 1: 1})]
)
def test_the_rarer_side_weighs_the_ceiling_of_the_ratio(ones, zeros, weights):
    assert class_weights(np.repeat([True, False], [ones, zeros]), "ceiling") == weights


# --- classifiers ---------------------------------------------------------------------------------------------------


def raw_gamma(X, gamma=2.0):
    squared = ((X[:, None] - X) ** 2).sum(axis=2)
    return gamma / np.median(squared[np.triu_indices(len(X), 1)])


def test_kernel_ridge_is_scikit_learns():
    X, y = data()
    grh = GRH(8, classifier="kernel-ridge", ridge=0.3, n_iter=2, alpha=0.7, random_state=0).fit(X, y)
    signs = np.where(grh.history_[-1].regularised, 1, -1)
    ridge = KernelRidge(alpha=0.3, kernel="rbf", gamma=raw_gamma(X)).fit(X, signs)
    new = data(seed=1)[0]
    np.testing.assert_array_equal(grh.transform(new), ridge.predict(new) > 0)
    np.testing.assert_array_equal(grh.history_[-1].bits, ridge.predict(X) > 0)


def test_rbf_svm_is_scikit_learns():
    X, y = data()
    grh = GRH(8, classifier="rbf-svm", C=3.0, gamma=1.0, random_state=0).fit(X, y)
    new = data(seed=1)[0]
    for k, bit in enumerate(grh.history_[1].regularised.T):
        svm = SVC(C=3.0, gamma=raw_gamma(X, 1.0)).fit(X, bit)
        np.testing.assert_array_equal(grh.transform(new)[:, k], svm.predict(new))
        np.testing.assert_array_equal(grh.history_[1].bits[:, k], svm.predict(X))


def test_with_all_points_as_landmarks_it_is_kernel_ridge():
    X, y = data(n=200, noise=3)
    ridge, landmarks = (
        GRH(16, classifier=classifier, n_landmarks=1000, n_iter=2, alpha=0.7, random_state=0).fit(X, y).transform(X)
        for classifier in ("kernel-ridge", "rbf-landmarks")
    )
    assert np.mean(ridge == landmarks) > 0.999


@pytest.mark.parametrize("block_rows", [4096, 33])
def test_with_some_it_is_ridge_on_nystroem_features(block_rows, monkeypatch):
    monkeypatch.setattr(partition, "_BLOCK_ROWS", block_rows)
    X, y = data(n=200, noise=3)
    grh = GRH(8, classifier="rbf-landmarks", n_landmarks=20, ridge=0.3, gamma=1.5, random_state=0).fit(X, y)
    points = grh.models_[1][1].points
    assert points.shape == (20, 5)
    features = (X - grh.mean_) / grh.scale_
    assert all((np.abs(features - point).max(axis=1) < 1e-12).any() for point in points)  # they are training points
    gamma = raw_gamma(features, 1.5)
    values, vectors = np.linalg.eigh(rbf_kernel(points, gamma=gamma))
    nystroem = rbf_kernel(features, points, gamma=gamma) @ vectors / np.sqrt(values)
    signs = np.where(grh.history_[1].regularised, 1, -1)
    expected = Ridge(0.3, fit_intercept=False).fit(nystroem, signs).predict(nystroem)
    clear = np.abs(expected) > 1e-4
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(grh.transform(X)[clear], expected[clear] > 0)
    np.testing.assert_array_equal(grh.history_[1].bits[clear], expected[clear] > 0)


def test_the_seed_draws_the_landmarks():
    X, y = data()
    points = [
        GRH(4, classifier="rbf-landmarks", n_landmarks=10, random_state=seed).fit(X, y).models_[1][1].points
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(points[0], points[1])
    assert (points[0] != points[2]).any()


@pytest.mark.parametrize("classifier", ["rbf-svm", "kernel-ridge"])
def test_the_kernel_is_computed_once_for_all_bits_and_rounds(classifier, monkeypatch):
    calls = []
    compute = partition.gaussian_kernel
    monkeypatch.setattr(partition, "gaussian_kernel", lambda *a: calls.append(1) or compute(*a))
    X, y = data(noise=4)
    grh = GRH(8, classifier=classifier, n_iter=3, alpha=0.7, ridge=1.0, random_state=0).fit(X, y)
    assert grh.n_iter_ > 1
    assert len(calls) == 1


class CountedRidge(Ridge):
    fits = 0

    def fit(self, X, y):
        CountedRidge.fits += 1
        return super().fit(X, y)


class CountedLogistic(LogisticRegression):
    fits = 0

    def fit(self, X, y):
        CountedLogistic.fits += 1
        return super().fit(X, y)


@pytest.mark.parametrize(("estimator", "fits"), [(CountedRidge(), 1), (CountedLogistic(), 8)])
def test_an_estimator_is_fitted_once_where_it_can_be(estimator, fits):
    X, y = data(n_classes=8)
    type(estimator).fits = 0
    GRH(8, classifier=estimator, random_state=0).fit(X, y)
    assert type(estimator).fits == fits


@pytest.mark.parametrize(
    "estimator",
    [
        *CLASSIFIERS,
        LinearRegression(),
        RidgeClassifier(),
        LogisticRegression(),
        GaussianNB(),
        KNeighborsClassifier(3),
        RandomForestClassifier(5),
        MultiOutputClassifier(LogisticRegression()),
        make_pipeline(StandardScaler(), Nystroem(n_components=20), Ridge()),
        make_pipeline(StandardScaler(), RidgeClassifier()),
        OneVsRestClassifier(SVC()),
        SVC(kernel="linear"),
    ],
    ids=str,
)
@pytest.mark.parametrize("n_bits", [1, 6])
def test_any_classifier_carries_the_codewords_to_new_points(estimator, n_bits):
    X, y = make_blobs(80, centers=np.array([[-5.0, 0], [5, 0], [0, 9]]), random_state=0)
    grh = GRH(n_bits, classifier=estimator, random_state=2).fit(X[:60], y[:60])
    codewords = {label: grh.history_[1].regularised[y[:60] == label][0] for label in range(3)}
    expected = np.array([codewords[label] for label in y[60:]])
    assert np.mean(grh.transform(X[60:]) == expected) > 0.95


def test_the_same_random_state_gives_the_same_bits_also_of_a_random_classifier():
    X, y = data()
    forests = [
        GRH(4, classifier=RandomForestClassifier(3), n_iter=2, alpha=0.7, random_state=seed).fit(X, y).transform(X)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(forests[0], forests[1])
    assert (forests[0] != forests[2]).any()


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("factor", [1000, 0.001])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_scale_of_the_features_changes_no_bit(classifier, factor, dtype):
    X, y = data(n=200, noise=3)
    X = X.astype(dtype)
    plain, scaled = (
        GRH(16, classifier=classifier, random_state=0).fit(points, y).transform(points)
        for points in (X, X * dtype(factor))
    )
    np.testing.assert_array_equal(plain, scaled)


# --- starts --------------------------------------------------------------------------------------------------------


def test_starts_from_the_lsh_of_the_same_seed_on_centred_features():
    X, y = data()
    centred = X - X.mean(axis=0)
    grh = GRH(8, random_state=5).fit(X, y)
    np.testing.assert_array_equal(grh.history_[0].bits, LSH(8, random_state=5).fit(centred).transform(centred))


def test_starts_from_the_cca_itq_of_the_same_seed():
    X, y = data()
    grh = GRH(4, initial="cca-itq", random_state=5).fit(X, y)
    expected = CCAITQ(4, random_state=5).fit(X, y).transform(X)
    np.testing.assert_array_equal(grh.history_[0].bits, expected)
    assert (GRH(4, random_state=5).fit(X, y).history_[0].bits != expected).any()


def test_the_cca_start_needs_labels():
    X, _ = data()
    for initial in ("cca-itq", CCAITQ(4)):
        with pytest.raises(ValueError, match=r"initial=.* needs y, which an affinity does not give"):
            GRH(4, initial=initial).fit(X, affinity=knn_affinity(X, 4))


@pytest.mark.parametrize("hasher", [LSH(4), PCAH(4), ITQ(4), CCAITQ(4), SpectralHashing(4)], ids=str)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_any_hasher_is_a_start(hasher, classifier):
    X, y = data()
    X -= X.mean(axis=0)
    hasher = clone(hasher)
    if "random_state" in hasher.get_params():
        hasher.set_params(random_state=1)
    grh = GRH(4, initial=hasher, classifier=classifier, random_state=0).fit(X, y)
    np.testing.assert_array_equal(grh.history_[0].bits, clone(hasher).fit(X, y).transform(X))
    assert grh.history_[1].agreement > grh.history_[0].agreement


@pytest.mark.parametrize("hasher", [LSH(8), make_pipeline(StandardScaler(), LSH(8))], ids=["alone", "in a pipeline"])
def test_a_given_start_without_a_seed_is_drawn_from_that_of_grh(hasher):
    X, y = data()
    bits = [GRH(8, initial=hasher, random_state=seed).fit(X, y).history_[0].bits for seed in (0, 0, 1)]
    np.testing.assert_array_equal(bits[0], bits[1])
    assert (bits[0] != bits[2]).any()
    assert all(value is None for name, value in hasher.get_params().items() if name.endswith("random_state"))


def test_a_given_hasher_is_cloned_and_sees_the_features_and_labels_as_they_are():
    class Supervised(LSH):
        def fit(self, X, y=None):
            self.seen_ = X, y
            return super().fit(X)

    X, y = data()
    hasher = Supervised(8, random_state=5)
    grh = GRH(8, initial=hasher).fit(X, y)
    fitted = grh.models_[0][1].hasher
    assert fitted is not hasher
    assert not hasattr(hasher, "seen_")
    np.testing.assert_array_equal(fitted.seen_[0], X)
    np.testing.assert_array_equal(fitted.seen_[1], y)
    np.testing.assert_array_equal(grh.history_[0].bits, LSH(8, random_state=5).fit(X).transform(X))


# --- degenerate bits -----------------------------------------------------------------------------------------------

LINE = np.arange(6.0)[:, None]
THREE = [0, 0, 1, 1, 2, 2]


def degenerate(rule, *thresholds, **options):
    """Bits that all points have at 1 after the graph step: the first class votes 0, the others 1."""
    options = {"sign_of_zero": 1, "random_state": 0, "classifier": "kernel-ridge", **options}
    grh = GRH(len(thresholds), initial=start_from(*thresholds), degenerate=rule, **options).fit(LINE, THREE)
    assert grh.history_[1].degenerate >= 1
    return grh


def test_a_degenerate_bit_is_split_where_it_halves_the_points_best_and_classes_stay_whole():
    grh = degenerate("split", 0.5)
    assert grh.history_[1].regularised[:, 0].tolist() == [False, False, True, True, True, True]


@pytest.mark.parametrize("threshold", [0.5, -1])
def test_a_degenerate_bit_is_redrawn_until_it_has_two_sides(threshold):
    grh = degenerate("redraw", threshold)
    regularised = grh.history_[1].regularised[:, 0]
    assert 0 < regularised.sum() < 6
    assert (regularised[::2] == regularised[1::2]).all()  # and classes stay whole


def test_a_constant_bit_cannot_be_split_and_is_redrawn():
    np.testing.assert_array_equal(degenerate("split", -1).transform(LINE), degenerate("redraw", -1).transform(LINE))


def test_the_cut_is_the_most_even_one():
    scores = np.array([0.4, 0.2, 0.3, 0.9, 0.1, 0.3 + 1e-16, 1])
    assert next_best_split(scores).tolist() == [True, False, False, True, False, False, True]
    assert next_best_split(np.array([0.2, 0.2 + 1e-16])) is None


def test_a_redrawn_bit_is_not_held_back_by_what_it_was():
    for seed in range(8):
        options = {"alpha": 0.4, "n_iter": 2, "reference": "initial", "ridge": 1e-6, "random_state": seed}
        assert degenerate("redraw", -1, **options).converged_  # round 2 sees the new hyperplane, not the old constant


def test_a_bit_that_no_hyperplane_saves_is_split():
    X = np.array([[-3.0], [-1], [1], [3]])  # a hyperplane through the mean splits both classes evenly
    options = {"sign_of_zero": 1, "classifier": "kernel-ridge", "random_state": 0}
    grh = GRH(1, initial=start_from(-2), degenerate="redraw", **options).fit(X, [0, 1, 1, 0])
    assert grh.history_[1].regularised[:, 0].tolist() == [False, True, True, False]


def test_a_kept_bit_stays_with_the_model_it_has_and_others_are_taught():
    grh = degenerate("keep", 0.5, 2.5, -1)
    new = np.array([[0.2], [0.7], [4.0]])
    np.testing.assert_array_equal(grh.transform(new)[:, [0, 2]], over(new, [0.5, -1]))
    assert grh.models_[1][0].tolist() == [1]
    np.testing.assert_array_equal(grh.history_[1].regularised[:, [0, 2]], over(LINE, [0.5, -1]))


def test_a_bit_that_nothing_can_save_is_kept():
    X = np.array([[-1.0], [1], [-1], [1]])  # every hyperplane splits both classes evenly
    for rule in ("split", "redraw", "keep"):
        grh = GRH(2, initial=start_from(0, 0.5), degenerate=rule, random_state=0).fit(X, [0, 0, 1, 1])
        np.testing.assert_array_equal(grh.transform(X), over(X, [0, 0.5]))


def test_two_classes_and_features_that_do_not_vary_are_no_crash():
    grh = GRH(4, random_state=0, classifier="kernel-ridge").fit(np.ones((6, 3)), [0, 1] * 3)
    assert grh.transform(np.ones((2, 3))).shape == (2, 4)


# --- history -------------------------------------------------------------------------------------------------------


def test_history_tells_what_each_step_did():
    X, y = data()
    grh = GRH(8, alpha=0.8, n_iter=3, random_state=0).fit(X, y)
    before = grh.history_[0].bits
    S = (y[:, None] == y).astype(float)
    for record in grh.history_[1:]:
        assert record.flipped == (record.regularised != before).sum()
        assert record.changed == (record.bits != record.regularised).sum()
        same = (record.bits[:, None] == record.bits).mean(axis=2)
        assert record.agreement == pytest.approx((S / S.sum(axis=1) * same).sum() / len(y))
        scores = 0.8 * S / S.sum(axis=1) @ np.where(before, 1, -1) + 0.2 * np.where(before, 1, -1)
        assert record.objective == pytest.approx(np.mean(scores * np.where(record.bits, 1, -1)))
        before = record.bits
    table = pd.DataFrame(grh.history_)
    assert table["number"].tolist() == list(range(grh.n_iter_ + 1))


def test_training_stops_when_a_round_would_repeat_the_last():
    X, y = make_blobs(60, centers=np.array([[-5.0, 0], [5, 0], [0, 9]]), random_state=0)
    grh = GRH(6, n_iter=50, classifier="kernel-ridge", random_state=0).fit(X, y)
    assert grh.converged_
    assert grh.n_iter_ == 1
    assert not GRH(6, n_iter=1, random_state=0).fit(X, y).converged_


def test_stages_are_what_fewer_rounds_give():
    X, y = data()
    options = {"alpha": 0.7, "random_state": 0}
    stages = list(GRH(8, n_iter=3, **options).fit(X, y).staged_transform(X))
    assert len(stages) == 4
    np.testing.assert_array_equal(stages[0], LSH(8, random_state=0).fit(X).transform(X - X.mean(axis=0)))
    for n_iter in (1, 2, 3):
        np.testing.assert_array_equal(stages[n_iter], GRH(8, n_iter=n_iter, **options).fit(X, y).transform(X))


def test_20_000_labels_train_without_a_square_array():
    assert peak_memory(20_000, C=0.01) < 40e6  # 20,000 x 20,000 single bits are 50e6 bytes


def test_landmarks_need_no_square_array_either():
    assert peak_memory(60_000, classifier="rbf-landmarks", n_landmarks=60) < 150e6  # n x n single bits are 450e6 bytes


def peak_memory(n, **options):
    X, y = data(n=n, n_classes=10, n_features=8)
    tracemalloc.start()
    GRH(4, n_iter=2, alpha=0.8, random_state=0, **options).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


# --- scikit-learn --------------------------------------------------------------------------------------------------


@parametrize_with_checks([GRH(4, classifier=classifier, random_state=0) for classifier in CLASSIFIERS])
def test_is_a_scikit_learn_transformer(estimator, check):
    check(estimator)


@pytest.mark.parametrize("classifier", [*CLASSIFIERS, Ridge()], ids=str)
def test_pickles(classifier):
    X, y = data()
    grh = GRH(8, classifier=classifier, alpha=0.7, n_iter=2, random_state=0).fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(grh)).transform(X), grh.transform(X))


def test_takes_data_frames_and_stands_in_a_pipeline():
    X, y = data()
    frame = pd.DataFrame(X, columns=list("abcde"))
    expected = GRH(4, random_state=0).fit(X, y).transform(X)
    pipeline = make_pipeline(FunctionTransformer(), GRH(4, random_state=0)).fit(X, y)
    np.testing.assert_array_equal(pipeline.transform(X), expected)
    grh = GRH(4, random_state=0).set_output(transform="pandas").fit(frame, pd.Series(y).map(str))
    table = grh.transform(frame)
    assert table.columns.tolist() == ["grh0", "grh1", "grh2", "grh3"] == grh.get_feature_names_out().tolist()
    np.testing.assert_array_equal(table.to_numpy(), expected)
    assert expected.dtype == bool


def test_encodes_block_by_block(monkeypatch):
    from l2h_tutorial.grh import estimator

    X, y = data()
    grh = GRH(8, classifier="kernel-ridge", random_state=0).fit(X, y)
    expected = grh.transform(X)
    monkeypatch.setattr(estimator, "_BLOCK_ROWS", 7)
    np.testing.assert_array_equal(grh.transform(X), expected)


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_bits": 0}, ValueError, "n_bits must be at least 1, got 0"),
        ({"n_bits": 2.5}, TypeError, "n_bits must be an integer.*2.5"),
        ({"n_landmarks": np.True_}, TypeError, "n_landmarks must be an integer of at least 1, got np.True_"),
        ({"ridge": np.True_}, TypeError, "ridge must be a positive number, got np.True_"),
        ({"n_landmarks": 0}, ValueError, "n_landmarks must be at least 1, got 0"),
        ({"n_landmarks": True}, TypeError, "n_landmarks must be an integer.*True"),
        ({"alpha": 1.01}, ValueError, "alpha must be from 0.* to 1.*got 1.01"),
        ({"alpha": -0.1}, ValueError, "alpha must be.*got -0.1"),
        ({"alpha": float("nan")}, ValueError, "alpha must be.*got nan"),
        ({"alpha": "high"}, TypeError, "alpha must be.*got 'high'"),
        ({"n_iter": 0}, ValueError, "n_iter must be at least 1, got 0"),
        ({"n_iter": 1.0}, TypeError, "n_iter must be an integer.*1.0"),
        ({"initial": "sha1"}, ValueError, "initial must be 'lsh', 'cca-itq' or a hasher, got 'sha1'"),
        (
            {"initial": Ridge()},
            TypeError,
            "initial must be 'lsh', 'cca-itq' or a hasher with fit and transform, got Ridge",
        ),
        ({"initial": LSH}, TypeError, "initial must be.*got <class"),
        ({"initial": LSH(8)}, ValueError, r"initial must give 4 bits a point.*\(1, 8\)"),
        ({"initial": PCA(4)}, TypeError, "initial must give boolean columns, got dtype float64"),
        ({"classifier": "svm"}, ValueError, "classifier must be 'linear-svm', .* or an estimator, got 'svm'"),
        ({"classifier": PCA()}, TypeError, r"classifier must be.*fit and decision_function or predict, got PCA\(\)"),
        ({"classifier": None}, TypeError, "classifier must be.*got None"),
        ({"classifier": SVC}, TypeError, "classifier must be.*got <class"),
        ({"reference": "first"}, ValueError, r"reference must be one of \('previous', 'initial'\), got 'first'"),
        ({"sign_of_zero": 0}, ValueError, r"sign_of_zero must be one of \(-1, 1\), got 0"),
        ({"normalise": "both"}, ValueError, "normalise must be one of.*got 'both'"),
        ({"degenerate": "drop"}, ValueError, "degenerate must be one of.*got 'drop'"),
        ({"loss": "log"}, ValueError, "loss must be one of.*got 'log'"),
        ({"fit_intercept": "yes"}, ValueError, "fit_intercept must be one of.*got 'yes'"),
        ({"class_weight": "balanced"}, ValueError, "class_weight must be one of.*got 'balanced'"),
        ({"C": 0}, ValueError, "C must be a positive number, got 0"),
        ({"gamma": -1.0}, ValueError, "gamma must be a positive number, got -1.0"),
        ({"gamma": "scale"}, TypeError, "gamma must be a positive number, got 'scale'"),
        ({"ridge": float("inf")}, ValueError, "ridge must be a positive number, got inf"),
    ],
    ids=str,
)
def test_refuses_a_parameter_and_says_what_it_may_be(parameters, error, message):
    X, y = data()
    with pytest.raises(error, match=message):
        GRH(**{"n_bits": 4, **parameters}).fit(X, y)


@pytest.mark.parametrize(
    ("given_graph", "message"),
    [
        ({}, "y to be passed, but the target y is None, and so is affinity"),
        ({"y": [0, 1, 0, 1], "affinity": np.eye(4)}, "either y or affinity, got both"),
        ({"y": [0, 1, 0]}, "X has 4 rows, y has 3"),
        ({"y": [[0, 1]] * 5}, "X has 4 rows, y has 5"),
        ({"y": [3, 3, 3, 3]}, "at least two classes, got one"),
        ({"y": [[1, 0], [1, 1], [1, 0], [1, 1]]}, "at least two classes, got one"),
        ({"affinity": np.ones((4, 4))}, "affinity joins every point with every other, equally; all points would get"),
        ({"affinity": graph_affinity(np.ones((4, 4)))}, "affinity joins every point with every other, equally"),
        ({"affinity": np.triu(np.ones((4, 4)))}, "affinity must be symmetric"),
        ({"affinity": np.ones((4, 3))}, r"affinity must be square.*\(4, 3\)"),
        ({"affinity": np.eye(5)}, r"affinity must be 4 x 4.*\(5, 5\)"),
        ({"affinity": same_class_affinity([0, 1, 1])}, r"affinity must be 4 x 4.*\(3, 3\)"),
        ({"affinity": -np.eye(4)}, "affinity must not be negative"),
        ({"affinity": np.diag([1, 1, 1, 0])}, "row 3 is empty"),
        ({"y": 3}, "y must be"),
        ({"y": [0.1, 0.2, 0.3, 0.4]}, "Unknown label type"),
    ],
)
def test_refuses_labels_and_graphs_that_do_not_fit(given_graph, message):
    with pytest.raises(ValueError, match=message):
        GRH(4).fit(np.eye(4), **given_graph)


def test_refuses_a_graph_that_is_normalised_in_another_way_than_it_says():
    X, y = data(n_classes=2)
    indicator = np.column_stack([y == 0, y == 1, np.arange(len(y)) % 3 == 0]).astype(int)
    for says, normalise in (("columns", "rows"), ("rows", "columns")):
        graph = same_class_affinity(indicator, normalise=normalise)
        with pytest.raises(ValueError, match=f"affinity is normalised by {normalise}, but normalise='{says}'"):
            GRH(8, alpha=0.7, normalise=says, random_state=0).fit(X, affinity=graph)
        expected = GRH(8, alpha=0.7, normalise=normalise, random_state=0).fit(X, indicator).transform(X)
        grh = GRH(8, alpha=0.7, normalise=normalise, random_state=0).fit(X, affinity=graph)
        np.testing.assert_array_equal(grh.transform(X), expected)


def test_refuses_an_unknown_version():
    with pytest.raises(ValueError, match=r"version must be one of \('paper', 'thesis', 'matlab'\), got 'github'"):
        GRH.as_published("github")
