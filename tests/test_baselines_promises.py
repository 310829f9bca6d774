"""What all baselines promise as scikit-learn transformers, and what AGH, STH, KSH and SDH refuse."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from l2h_tutorial import CCAITQ, ITQ, PCAH, SpectralHashing
from l2h_tutorial.baselines import AGH, KSH, SDH, STH, base

HASHERS = [
    AGH(4, n_anchors=20, random_state=0),
    AGH(4, n_anchors=20, n_layers=2, random_state=0),
    STH(4, random_state=0),
    STH(4, classifier="rbf-svm", random_state=0),
    KSH(4, n_anchors=20, random_state=0),
    SDH(4, n_anchors=20, random_state=0),
]
ALL = [PCAH(4), ITQ(4, random_state=0), CCAITQ(4, random_state=0), SpectralHashing(4), *HASHERS]
SUPERVISED = [KSH(4, random_state=0), SDH(4, random_state=0)]
LEARN_FROM_LABELS = [*SUPERVISED, STH(4, random_state=0)]


def named(hashers):
    return pytest.mark.parametrize("hasher", hashers, ids=lambda hasher: type(hasher).__name__)


def data(seed=0, n=80, n_features=6, n_classes=4):
    """Classes that overlap, in features of unequal variance and mean 3."""
    random = np.random.default_rng(seed)
    y = random.integers(0, n_classes, n)
    centres = np.random.default_rng(99).normal(size=(n_classes, n_features))
    X = (centres[y] + random.normal(size=(n, n_features))) * np.arange(1, n_features + 1) + 3
    return X, y


# --- what all promise ----------------------------------------------------------------------------------------------


@parametrize_with_checks([clone(hasher).set_params(n_bits=1) for hasher in ALL])
def test_is_a_scikit_learn_transformer(estimator, check):
    check(estimator)


@named(ALL)
def test_gives_bool_bits_also_of_other_points_and_block_by_block(hasher, monkeypatch):
    X, y = data()
    new = data(seed=1)[0].astype(np.float32)
    fitted = clone(hasher).fit(X, y)
    bits = fitted.transform(new)
    assert bits.dtype == bool
    assert bits.shape == (80, 4)
    assert ((bits.mean(axis=0) > 0) & (bits.mean(axis=0) < 1)).any()
    monkeypatch.setattr(base, "_BLOCK_ROWS", 7)
    np.testing.assert_array_equal(fitted.transform(new), bits)


@named(ALL)
def test_clones_pickles_frames_and_pipelines_give_the_same_bits(hasher):
    X, y = data()
    fitted = clone(hasher).fit(X, y)
    bits = fitted.transform(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), bits)
    np.testing.assert_array_equal(clone(fitted).fit_transform(X, y), bits)
    np.testing.assert_array_equal(make_pipeline(FunctionTransformer(), clone(hasher)).fit_transform(X, y), bits)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    table = clone(hasher).set_output(transform="pandas").fit(frame, y).transform(frame)
    assert list(table.columns) == [f"{type(hasher).__name__.lower()}{k}" for k in range(4)]
    np.testing.assert_array_equal(table.to_numpy(), bits)


@named(ALL)
@pytest.mark.parametrize("factor", [1000, 0.001])
def test_neither_scale_nor_origin_of_the_features_changes_a_bit(hasher, factor):
    X, y = data()
    bits = clone(hasher).fit(X, y).transform(X)
    moved = factor * X + 17 * factor
    np.testing.assert_array_equal(clone(hasher).fit(moved, y).transform(moved), bits)


@named(HASHERS)
def test_the_seed_decides_what_is_drawn(hasher):
    X, y = data()
    bits = [clone(hasher).set_params(random_state=seed).fit(X, y).transform(X) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(bits[0], bits[1])
    assert (bits[0] != bits[2]).any()


@named(HASHERS)
def test_few_points_with_many_features_are_enough(hasher):
    X, y = data(n=12, n_features=40)
    assert clone(hasher).fit(X, y).transform(X).shape == (12, 4)


@named(HASHERS)
def test_equal_points_are_no_error(hasher):
    X, y = np.ones((12, 3)), np.arange(12) % 3
    X[0] = 2.0  # but for one
    bits = clone(hasher).set_params(n_bits=1).fit(X, y).transform(X)
    assert (bits[1:] == bits[1]).all()


@named(ALL)
def test_transform_needs_fit_and_features_like_those_of_fit(hasher):
    X, y = data()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(hasher).transform(X)
    fitted = clone(hasher).fit(X, y)
    with pytest.raises(ValueError, match="X has 5 features"):
        fitted.transform(X[:, :5])
    with pytest.raises(ValueError, match="contains NaN"):
        fitted.transform(np.full((2, 6), np.nan))


COUNTS = {AGH: ["n_bits", "n_anchors", "n_neighbours"], STH: ["n_bits", "n_neighbours"]}
COUNTS |= {KSH: ["n_bits", "n_anchors", "n_iter"], SDH: ["n_bits", "n_anchors", "n_iter"]}
NUMBERS = {STH: ["C", "gamma"], KSH: ["gamma", "ridge"], SDH: ["gamma", "ridge", "classifier_ridge", "nu"]}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in COUNTS.items() for name in names])
def test_impossible_counts_are_refused(kind, name):
    for value, error, expected in [(0, ValueError, "at least 1"), (2.0, TypeError, "an integer of at least 1")]:
        with pytest.raises(error, match=f"{name} must be {expected}, got {value}"):
            kind(**{name: value}).fit(*data())


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NUMBERS.items() for name in names])
def test_impossible_numbers_are_refused(kind, name):
    refused = {ValueError: [0, -1.0, np.inf], TypeError: ["a", True]}
    for error, value in [(error, value) for error, values in refused.items() for value in values]:
        with pytest.raises(error, match=f"{name} must be a positive number, got {value!r}"):
            kind(**{name: value}).fit(*data())


def test_agh_has_one_or_two_layers():
    with pytest.raises(ValueError, match="n_layers must be 1 or 2, got 3"):
        AGH(n_layers=3).fit(data()[0])


@named(LEARN_FROM_LABELS)
def test_classes_are_a_special_case_of_labels(hasher):
    X, y = data()
    expected = clone(hasher).fit(X, y).transform(X)
    indicator = np.eye(4, dtype=int)[y]
    for labels in (np.array(list("abcd"))[y], indicator, sparse.csr_array(indicator)):
        np.testing.assert_array_equal(clone(hasher).fit(X, labels).transform(X), expected)
    indicator[::2, 0] = 1
    assert (clone(hasher).fit(X, indicator).transform(X) != expected).any()


@named(LEARN_FROM_LABELS)
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(80), "at least two classes.*got one class"),
        (np.tile([1, 0], (80, 1)), "at least two classes.*got one class"),
        (np.arange(79) % 2, "inconsistent numbers of samples"),
        (np.linspace(0, 1, 80), "Unknown label type"),
    ],
)
def test_labels_that_do_not_fit_are_refused(hasher, y, message):
    with pytest.raises(ValueError, match=message):
        clone(hasher).fit(data()[0], y)


@named(SUPERVISED)
def test_labels_are_needed(hasher):
    with pytest.raises(ValueError, match=f"This {type(hasher).__name__} estimator requires y to be passed"):
        clone(hasher).fit(data()[0], None)


@named([KSH(4), STH(4)])
def test_a_graph_of_labels_leaves_nobody_out(hasher):
    indicator = np.eye(4, dtype=int)[data()[1]]
    indicator[5] = 0
    with pytest.raises(ValueError, match="at least one label; row 5 has none"):
        clone(hasher).fit(data()[0], indicator)
