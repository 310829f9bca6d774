"""The controls: codes that know nothing, codewords from elsewhere, the scores of a plain
classifier.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import refusals
from scipy.special import softmax
from sklearn.datasets import make_blobs
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from test_hashers import data

from l2h_tutorial import bits_to_integers, integers_to_bits
from l2h_tutorial.controls import (
    ClassScores,
    OutputCodes,
    RandomCodes,
    hadamard_codewords,
    random_codewords,
)

# --- random codes ---------------------------------------------------------------------------------


def test_numbers_that_are_equal_get_equal_random_codes():
    of_zero, of_negative_zero = RandomCodes(64, random_state=0).fit_transform([[0.0], [-0.0]])
    np.testing.assert_array_equal(of_zero, of_negative_zero)


def test_random_codes_are_coin_tosses():
    """Each bit half of the time, any two bits and any two rows as often alike as not.

    Within four standard errors.
    """
    X = np.random.default_rng(0).normal(size=(4000, 5))
    hasher = RandomCodes(12, random_state=0).fit(X)
    bits = hasher.transform(X)
    near = hasher.transform(X * (1 + 1e-12))
    other_key = RandomCodes(12, random_state=1).fit_transform(X)
    error = 4 * 0.5 / np.sqrt(4000)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < error
    for some, others in (
        (bits[:, 1:], bits[:, :-1]),
        (bits, near),
        (bits, other_key),
        (bits, np.roll(bits, 1, axis=0)),
    ):
        assert np.abs((some == others).mean(axis=0) - 0.5).max() < error


# --- codewords ------------------------------------------------------------------------------------


@given(st.integers(2, 40), st.integers(1, 80), st.integers(0, 99))
def test_no_bit_of_any_codewords_is_the_same_for_all_classes(n_classes, n_bits, seed):
    for make in (random_codewords, hadamard_codewords):
        codewords = make(n_classes, n_bits, seed)
        assert codewords.shape == (n_classes, n_bits)
        assert codewords.dtype == bool
        assert (codewords.any(axis=0) & ~codewords.all(axis=0)).all()
        np.testing.assert_array_equal(make(n_classes, n_bits, seed), codewords)


@pytest.mark.parametrize(
    "codewords",
    ["random", "hadamard", np.eye(8, dtype=bool)],
    ids=["random", "hadamard", "one-hot"],
)
def test_classes_that_are_well_apart_get_their_codewords(codewords):
    X, y = make_blobs(200, centers=8, n_features=20, center_box=(-50, 50), random_state=0)
    names = np.array(list("hgfedcba"))[y]
    codes = OutputCodes(8, codewords=codewords, classifier="kernel-ridge", random_state=0)
    bits = codes.fit(X, names).transform(X)
    assert codes.classes_.tolist() == list("abcdefgh")
    np.testing.assert_array_equal(bits, codes.codewords_[7 - y])


# --- class scores ---------------------------------------------------------------------------------


def test_cells_are_learned_from_leave_one_out_scores():
    """Against scikit-learn's kernel ridge, fitted anew without each point.

    With a cell a point k-means changes none.
    """
    X, y = data(n=40)
    hasher = ClassScores(8, temperature=4, ridge=0.3, random_state=0).fit(X, y)
    features = (X - hasher.mean_) / hasher.scale_
    signs = 2.0 * np.eye(4)[y] - 1
    ridge = KernelRidge(alpha=0.3, kernel="rbf", gamma=hasher.model_.gamma)
    scores = ridge.fit(features, signs).predict(features)
    np.testing.assert_allclose(hasher.chances(X), softmax(4 * scores, axis=1))
    unseen = cross_val_predict(ridge, features, signs, cv=40)
    expected = softmax(4 * unseen, axis=1)
    order = np.argsort(expected[:, 0])
    found = np.argsort(hasher.centres_[:, 0])
    np.testing.assert_allclose(hasher.centres_[found], expected[order])


def test_cells_rank_by_the_chance_of_the_same_class():
    """Against scikit-learn's average precision, with two rows of one class in each cell."""
    X, y = data(n=60)
    hasher = ClassScores(5, random_state=0).fit(X, y)
    distances = ((hasher.chances(X)[:, None] - hasher.centres_) ** 2).sum(axis=2)
    np.testing.assert_array_equal(bits_to_integers(hasher.transform(X)), distances.argmin(axis=1))
    cells = integers_to_bits(np.arange(32), 5)
    labels = y[:32]
    database = [np.repeat(each, 2, axis=0) for each in (cells, labels)]
    scores = np.repeat(hasher.centres_ @ hasher.centres_.T, 2, axis=1) - 1e-9 * np.arange(64)
    expected = [
        average_precision_score(database[1] == label, each)
        for label, each in zip(labels, scores, strict=True)
    ]
    found = hasher.mean_average_precision(
        cells, np.repeat(cells, 2, axis=0), labels, np.repeat(labels, 2)
    )
    assert found == pytest.approx(np.mean(expected))


def codes(**parameters):
    return lambda: OutputCodes(3, **parameters).fit(*data())


test_codewords_that_do_not_fit_are_refused = refusals(
    (codes(codewords=np.eye(4)), TypeError, "codewords must be a boolean array, got dtype float64"),
    (codes(codewords=np.eye(4) > 0), "codewords must have 3 bits a code, got 4"),
    (codes(codewords=np.eye(3) > 0), "one for each of the 4 classes, got 3"),
    (codes(classifier="svm"), "classifier must be one of"),
    (lambda: ClassScores(temperature=0.0).fit(*data()), "temperature must be"),
)
