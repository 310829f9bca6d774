"""Test the controls: random codes, codewords that GRH did not find, a plain classifier's scores."""

import numpy as np
import pytest
from benchmarks.fair_fight import precision_in_order
from hypothesis import given
from hypothesis import strategies as st
from refusals import refusals
from scipy.special import softmax
from sklearn.datasets import make_blobs
from sklearn.kernel_ridge import KernelRidge
from test_grh import data

from l2h_tutorial import bits_to_integers, mean_average_precision
from l2h_tutorial.controls import (
    ClassScores,
    OutputCodes,
    RandomCodes,
    hadamard_codewords,
    random_codewords,
)

# --- random codes ---------------------------------------------------------------------------------


@given(st.integers(0, 2**31), st.integers(1, 100))
def test_random_codes_depend_on_the_row_alone(seed, n_bits):
    X = np.random.default_rng(seed).normal(size=(12, 3))
    bits = RandomCodes(n_bits, random_state=seed).fit_transform(X)
    repeated = RandomCodes(n_bits, random_state=seed).fit(X).transform(X[[3, 3, 1]])
    np.testing.assert_array_equal(repeated, bits[[3, 3, 1]])
    np.testing.assert_array_equal(RandomCodes(1, random_state=seed).fit_transform(X), bits[:, :1])
    # 0.0 and -0.0 are equal, so they have equal codes.
    signed = RandomCodes(64, random_state=seed).fit([[0.5, 0.0]])
    np.testing.assert_array_equal(signed.transform([[0.5, -0.0]]), signed.transform([[0.5, 0.0]]))


def test_random_codes_are_coin_tosses():
    """Bits are 1, and pairs agree, half of the time within four standard errors."""
    X = np.random.default_rng(0).normal(size=(4000, 5))
    y = np.arange(4000) % 5
    bits = RandomCodes(12, random_state=0).fit_transform(X)
    near = RandomCodes(12, random_state=0).fit(X).transform(X * (1 + 1e-12))
    other_key = RandomCodes(12, random_state=1).fit_transform(X)
    error = 4 * 0.5 / np.sqrt(4000)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < error
    assert np.abs((bits[:, 1:] == bits[:, :-1]).mean(axis=0) - 0.5).max() < error
    for others in (near, other_key, np.roll(bits, 1, axis=0)):
        assert np.abs((bits == others).mean(axis=0) - 0.5).max() < error
    precision = mean_average_precision(bits[:300], bits[300:], y[:300], y[300:])
    assert precision == pytest.approx(0.2, abs=0.01)


# --- codewords ------------------------------------------------------------------------------------


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
    distances = (codewords[:, None] != codewords).sum(axis=2)
    assert set(distances[np.triu_indices(n_classes, 1)]) == {n_blocks * order // 2}


@pytest.mark.parametrize(
    "codewords",
    ["random", "hadamard", np.eye(8, dtype=bool)],
    ids=["random", "hadamard", "one-hot"],
)
def test_classes_that_are_well_apart_get_their_codewords(codewords):
    X, y = make_blobs(200, centers=8, n_features=20, center_box=(-50, 50), random_state=0)
    names = np.array(list("hgfedcba"))[y]
    codes = OutputCodes(8, codewords=codewords, classifier="kernel-ridge", random_state=0).fit(
        X, names
    )
    assert codes.classes_.tolist() == list("abcdefgh")
    np.testing.assert_array_equal(codes.transform(X), codes.codewords_[7 - y])


# --- class scores ---------------------------------------------------------------------------------


def test_cells_are_learned_from_scores_of_a_classifier_that_left_the_point_out():
    """The reference is scikit-learn's kernel ridge, fitted anew without each point.

    There are as many cells as points, so k-means leaves the points as they are.
    """
    X, y = data(n=40, noise=3)
    hasher = ClassScores(8, temperature=4, ridge=0.3, random_state=0).fit(X, y)
    features = (X - hasher.mean_) / hasher.scale_
    signs = 2.0 * np.eye(4)[y] - 1
    ridge = KernelRidge(alpha=0.3, kernel="rbf", gamma=hasher.model_.gamma)
    expected = softmax(4 * ridge.fit(features, signs).predict(features), axis=1)
    np.testing.assert_allclose(hasher.chances(X), expected)
    left_out = [
        ridge.fit(np.delete(features, i, 0), np.delete(signs, i, 0)).predict(features[[i]])
        for i in range(40)
    ]
    expected = softmax(4 * np.concatenate(left_out), axis=1)
    sorted_centres = hasher.centres_[np.argsort(hasher.centres_[:, 0])]
    np.testing.assert_allclose(sorted_centres, expected[np.argsort(expected[:, 0])])


def test_the_code_is_the_nearest_cell_and_cells_rank_by_the_chance_of_the_same_class():
    """The reference sorts all rows by the product of their cells' centres, ties in random order."""
    X, y = data(n=200, noise=3)
    hasher = ClassScores(3, random_state=0).fit(X[:100], y[:100])
    chances = hasher.chances(X)
    cells = ((chances[:, None] - hasher.centres_) ** 2).sum(axis=2).argmin(axis=1)
    bits = hasher.transform(X)
    np.testing.assert_array_equal(bits_to_integers(bits), cells)
    query = slice(0, 20)
    database = slice(20, 200)
    scores = hasher.centres_[cells[query]] @ hasher.centres_[cells[database]].T
    orders = [np.random.default_rng(seed).permutation(180) for seed in range(60)]
    ranked = [
        (scores[:, order] + 1e-9 * np.arange(180), y[query], y[database][order]) for order in orders
    ]
    shuffled = [precision_in_order(*arguments) for arguments in ranked]
    found = hasher.mean_average_precision(bits[query], bits[database], y[query], y[database])
    assert found == pytest.approx(np.mean(shuffled), abs=4 * np.std(shuffled) / np.sqrt(60))


def codes(**parameters):
    return lambda: OutputCodes(3, **parameters).fit(*data())


test_codewords_that_do_not_fit_are_refused = refusals(
    (codes(codewords="golay"), TypeError, "codewords must be a boolean array, got dtype <U5"),
    (codes(codewords=np.eye(4)), TypeError, "codewords must be a boolean array, got dtype float64"),
    (codes(codewords=np.eye(4) > 0), "codewords must have 3 bits a code, got 4"),
    (codes(codewords=np.eye(3) > 0), "one for each of the 4 classes, got 3"),
    (codes(classifier="svm"), "classifier must be one of"),
    (lambda: ClassScores(temperature=0.0).fit(*data()), "temperature must be"),
)
