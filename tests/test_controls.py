"""The controls: codes that know nothing, codewords from elsewhere, the predicted class as a code."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from l2h_tutorial import GRH, bits_to_integers, mean_average_precision
from l2h_tutorial.baselines.controls import RandomCodes
from l2h_tutorial.grh import OneHotClassifier, OutputCodes, output_codes
from l2h_tutorial.grh.codewords import hadamard_codewords, random_codewords
from l2h_tutorial.grh.partition import CLASSIFIERS

CONTROLS = [RandomCodes(4, random_state=0), OutputCodes(4, random_state=0), OneHotClassifier(4, random_state=0)]
SUPERVISED = CONTROLS[1:]
by_name = pytest.mark.parametrize("hasher", CONTROLS, ids=lambda hasher: type(hasher).__name__)
supervised = pytest.mark.parametrize("hasher", SUPERVISED, ids=lambda hasher: type(hasher).__name__)


def data(seed=0, n=80, n_classes=4):
    centres = np.random.default_rng(9).normal(size=(n_classes, 6)) * 3
    return make_blobs(n, centers=centres, random_state=seed)


def distances(codewords):
    """Hamming distances of all pairs of codewords."""
    return (codewords[:, None] != codewords).sum(axis=2)[np.triu_indices(len(codewords), 1)]


# --- what all promise ----------------------------------------------------------------------------------------------

EVERY_KIND = [OneHotClassifier(), *(OutputCodes(4, classifier=name, random_state=0) for name in CLASSIFIERS)]


@parametrize_with_checks([*CONTROLS, *EVERY_KIND])
def test_is_a_scikit_learn_transformer(estimator, check):
    check(estimator)


@by_name
def test_gives_bool_bits_of_other_points_and_block_by_block(hasher, monkeypatch):
    X, y = data()
    new = data(seed=1)[0].astype(np.float32)
    bits = clone(hasher).fit(X, y).transform(new)
    assert bits.dtype == bool
    assert bits.shape == (80, 4)
    assert 0 < bits.mean() < 1
    monkeypatch.setattr(output_codes, "_BLOCK_ROWS", 7)
    np.testing.assert_array_equal(clone(hasher).fit(X, y).transform(new), bits)


@by_name
def test_clones_pickles_frames_and_pipelines_give_the_same_bits(hasher):
    X, y = data()
    fitted = clone(hasher).fit(X, y)
    bits = fitted.transform(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), bits)
    np.testing.assert_array_equal(make_pipeline(FunctionTransformer(), clone(hasher)).fit_transform(X, y), bits)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    table = clone(hasher).set_output(transform="pandas").fit(frame, y).transform(frame)
    assert list(table.columns) == [f"{type(hasher).__name__.lower()}{k}" for k in range(4)]
    np.testing.assert_array_equal(table.to_numpy(), bits)


@by_name
@pytest.mark.parametrize(
    ("n_bits", "error", "message"),
    [
        (0, ValueError, "n_bits must be at least 1, got 0"),
        (2.0, TypeError, "n_bits must be an integer of at least 1, got 2.0"),
        (True, TypeError, "n_bits must be an integer of at least 1, got True"),
    ],
)
def test_impossible_numbers_of_bits_are_refused(hasher, n_bits, error, message):
    with pytest.raises(error, match=message):
        clone(hasher).set_params(n_bits=n_bits).fit(*data())


@by_name
def test_transform_needs_fit_and_features_like_those_of_fit(hasher):
    X, y = data()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(hasher).transform(X)
    fitted = clone(hasher).fit(X, y)
    with pytest.raises(ValueError, match="X has 5 features"):
        fitted.transform(X[:, :5])
    with pytest.raises(ValueError, match="contains NaN"):
        fitted.transform(np.full((2, 6), np.nan))


@supervised
@pytest.mark.parametrize("factor", [1000, 0.001])
def test_neither_scale_nor_origin_of_the_features_changes_a_bit(hasher, factor):
    X, y = data()
    bits = clone(hasher).fit(X, y).transform(X)
    moved = factor * X + 17 * factor
    np.testing.assert_array_equal(clone(hasher).fit(moved, y).transform(moved), bits)


@supervised
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (np.zeros(80), "at least two classes, got one class only"),
        (np.arange(79) % 2, "inconsistent numbers of samples"),
        (np.linspace(0, 1, 80), "Unknown label type"),
        (np.eye(4)[np.arange(80) % 4], "y should be a 1d array"),
    ],
)
def test_labels_that_do_not_fit_are_refused(hasher, y, message):
    with pytest.raises(ValueError, match=message):
        clone(hasher).fit(data()[0], y)


@supervised
@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"classifier": "svm"}, ValueError, "classifier must be 'linear-svm'.*got 'svm'"),
        ({"ridge": -1.0}, ValueError, "ridge must be a positive number, got -1.0"),
        ({"C": "a"}, TypeError, "C must be a positive number, got 'a'"),
        ({"n_landmarks": 0}, ValueError, "n_landmarks must be at least 1, got 0"),
    ],
)
def test_parameters_are_checked_as_those_of_grh(hasher, parameters, error, message):
    with pytest.raises(error, match=message):
        clone(hasher).set_params(**parameters).fit(*data())


# --- random codes --------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**31), st.integers(1, 100))
def test_random_codes_depend_on_the_row_alone(seed, n_bits):
    random = np.random.default_rng(seed)
    X = random.normal(size=(12, 3))
    codes = RandomCodes(n_bits, random_state=seed).fit(X)
    bits = codes.transform(X)
    order = random.permutation(12)
    np.testing.assert_array_equal(codes.transform(X[order]), bits[order])
    np.testing.assert_array_equal(codes.transform(np.vstack([X[3:4], X[3:4]])), bits[[3, 3]])
    shorter = RandomCodes(1, random_state=seed).fit(X)
    np.testing.assert_array_equal(shorter.transform(X), bits[:, :1])


def test_random_codes_are_coin_tosses():
    """Each bit half of the time, any two bits and any two rows as often alike as not: within four standard errors."""
    X = np.random.default_rng(0).normal(size=(4000, 5))
    bits = RandomCodes(12, random_state=0).fit_transform(X)
    near = RandomCodes(12, random_state=0).fit(X).transform(X * (1 + 1e-15))
    other_key = RandomCodes(12, random_state=1).fit_transform(X)
    error = 4 * 0.5 / np.sqrt(4000)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < error
    assert np.abs((bits[:, 1:] == bits[:, :-1]).mean(axis=0) - 0.5).max() < error
    for others in (other_key, bits[np.roll(np.arange(4000), 1)]):
        assert np.abs((bits == others).mean(axis=0) - 0.5).max() < error
    moved = (X != X * (1 + 1e-15)).any(axis=1)
    assert moved.mean() > 0.5
    assert abs((bits[moved] == near[moved]).mean() - 0.5) < error


def test_numbers_that_are_equal_give_equal_codes():
    """Zero has two signs, and 0.5 is the same in single precision."""
    codes = RandomCodes(64, random_state=0).fit([[0.5, 0.0]])
    expected = codes.transform([[0.5, 0.0]])
    np.testing.assert_array_equal(codes.transform([[0.5, -0.0]]), expected)
    np.testing.assert_array_equal(codes.transform(np.array([[0.5, 0]], dtype=np.float32)), expected)


def test_random_codes_rank_by_chance():
    """mAP is the share of relevant points, within what so many queries leave to luck."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(3000, 4)), random.integers(0, 5, 3000)
    bits = RandomCodes(16, random_state=0).fit_transform(X)
    assert mean_average_precision(bits[:300], bits[300:], y[:300], y[300:]) == pytest.approx(0.2, abs=0.01)


# --- codewords -----------------------------------------------------------------------------------------------------


@given(st.integers(2, 40), st.integers(1, 80), st.integers(0, 99))
def test_no_bit_of_any_codewords_is_the_same_for_all_classes(n_classes, n_bits, seed):
    for make in (random_codewords, hadamard_codewords):
        codewords = make(n_classes, n_bits, seed)
        assert codewords.shape == (n_classes, n_bits)
        assert codewords.dtype == bool
        assert (codewords.any(axis=0) & ~codewords.all(axis=0)).all()
        np.testing.assert_array_equal(make(n_classes, n_bits, seed), codewords)


@given(st.integers(2, 40), st.integers(1, 3), st.integers(0, 99))
def test_hadamard_codewords_are_all_equally_far_apart_in_whole_blocks(n_classes, n_blocks, seed):
    order = 2 ** int(np.ceil(np.log2(n_classes)))
    codewords = hadamard_codewords(n_classes, n_blocks * (order - 1), seed)
    assert set(distances(codewords)) == {n_blocks * order // 2}


@pytest.mark.parametrize("n_bits", [16, 32, 64])
def test_hadamard_codewords_keep_a_distance_that_random_ones_do_not(n_bits):
    for seed in range(20):
        nearest = distances(hadamard_codewords(10, n_bits, seed)).min()
        assert nearest >= n_bits // 15 * 8
        assert nearest > distances(random_codewords(10, n_bits, seed)).min()


def test_the_seed_draws_the_codewords():
    X, y = data()
    for kind in ("random", "hadamard"):
        codewords = [OutputCodes(16, codewords=kind, random_state=seed).fit(X, y).codewords_ for seed in (0, 0, 1)]
        np.testing.assert_array_equal(codewords[0], codewords[1])
        assert (codewords[0] != codewords[2]).any()


@pytest.mark.parametrize(
    ("codewords", "error", "message"),
    [
        ("golay", ValueError, r"codewords must be one of \('random', 'hadamard', 'one-hot'\) or an array.*got 'golay'"),
        ("one-hot", ValueError, "one-hot codewords have a bit a class: n_bits must be 4, got 3"),
        (np.eye(4), TypeError, "codewords must be boolean, got float64"),
        (np.eye(4) > 0, ValueError, r"\(4, 3\); their shape is \(4, 4\)"),
        (np.ones((4, 3)) > 0, ValueError, "nothing to learn for bit 0, which is the same for all classes"),
    ],
)
def test_codewords_that_do_not_fit_are_refused(codewords, error, message):
    with pytest.raises(error, match=message):
        OutputCodes(3, codewords=codewords).fit(*data())


# --- output codes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("initial", ["lsh", "cca-itq"])
def test_with_its_own_codewords_an_output_code_is_grh_at_alpha_one(classifier, initial):
    X, y = data(n=120)
    X = X + np.random.default_rng(0).normal(size=X.shape) * 3
    new = data(seed=1)[0]
    grh = GRH(6, initial=initial, classifier=classifier, n_landmarks=200, random_state=0).fit(X, y)
    after = grh.history_[1].regularised
    codewords = np.array([after[y == label][0] for label in range(4)])
    codes = OutputCodes(6, codewords=codewords, classifier=classifier, n_landmarks=200, random_state=0).fit(X, y)
    np.testing.assert_array_equal(codes.transform(new), grh.transform(new))


def test_a_linear_output_code_is_scikit_learns_svm_bit_by_bit():
    X, y = data()
    codes = OutputCodes(5, C=0.5, random_state=0).fit(X, y)
    features = (X - X.mean(axis=0)) / np.sqrt(np.mean(np.sum((X - X.mean(axis=0)) ** 2, axis=1)))
    for bit, expected in zip(codes.transform(X).T, codes.codewords_[y].T, strict=True):
        svm = LinearSVC(C=0.5, loss="hinge", dual=True, max_iter=10_000, random_state=0).fit(features, expected)
        assert (svm.predict(features) == bit).mean() > 0.98


def test_classes_that_are_well_apart_get_their_codewords():
    X, y = make_blobs(200, centers=8, n_features=20, center_box=(-50, 50), random_state=0)
    names = np.array(list("hgfedcba"))[y]
    for codewords in ("random", "hadamard", "one-hot"):
        codes = OutputCodes(8, codewords=codewords, classifier="kernel-ridge", random_state=0).fit(X, names)
        np.testing.assert_array_equal(codes.transform(X), codes.codewords_[7 - y])
    one_hot = OneHotClassifier(classifier="kernel-ridge").fit(X, names)
    np.testing.assert_array_equal(one_hot.transform(X), np.eye(8, dtype=bool)[7 - y])


# --- the predicted class -------------------------------------------------------------------------------------------


def test_the_highest_of_the_scores_wins():
    """Against scikit-learn's kernel ridge on 0/1 indicators as -1 and +1."""
    X, y = data(n=150)
    X = X + np.random.default_rng(0).normal(size=X.shape) * 3
    hasher = OneHotClassifier(classifier="kernel-ridge", ridge=0.3, random_state=0).fit(X, y)
    features = (X - hasher.mean_) / hasher.scale_
    ridge = KernelRidge(alpha=0.3, kernel="rbf", gamma=hasher.model_.gamma).fit(features, 2 * np.eye(4)[y] - 1)
    expected = ridge.predict(features).argmax(axis=1)
    assert (expected != y).any()
    np.testing.assert_array_equal(hasher.transform(X).argmax(axis=1), expected)
    assert (hasher.transform(X).sum(axis=1) == 1).all()


@pytest.mark.parametrize("classifier", [*CLASSIFIERS, RandomForestClassifier(10, random_state=0)], ids=str)
def test_the_number_of_the_class_says_what_the_one_hot_code_says(classifier):
    X, y = data()
    one_hot = OneHotClassifier(classifier=classifier, random_state=0).fit(X, y).transform(X)
    binary = OneHotClassifier(5, classifier=classifier, random_state=0).fit(X, y).transform(X)
    assert binary.shape == (80, 5)
    np.testing.assert_array_equal(bits_to_integers(binary), one_hot.argmax(axis=1))
    assert (one_hot.argmax(axis=1) == y).mean() > 0.9


def test_too_few_bits_to_number_the_classes_are_refused():
    with pytest.raises(ValueError, match="n_bits must be at least 2 to number 4 classes, got 1"):
        OneHotClassifier(1).fit(*data())
