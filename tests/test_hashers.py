"""What every hasher promises, whatever it learns.

A scikit-learn transformer to the same bits, however it is asked.
"""

import inspect

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from l2h_tutorial import CCAITQ, GRH, ITQ, LSH, PCAH, SpectralHashing, lsh
from l2h_tutorial.baselines import AGH, KSH, SDH, STH
from l2h_tutorial.controls import ClassScores, OutputCodes, RandomCodes

HASHERS = [
    LSH(4, random_state=0),
    PCAH(4),
    ITQ(4, random_state=0),
    SpectralHashing(4),
    CCAITQ(4, random_state=0),
    AGH(4, n_anchors=20, random_state=0),
    AGH(4, n_anchors=20, n_layers=2, random_state=0),
    STH(4, random_state=0),
    STH(4, classifier="rbf-svm", random_state=0),
    KSH(4, n_anchors=20, random_state=0),
    SDH(4, n_anchors=20, random_state=0),
    GRH(4, random_state=0),
    GRH(4, classifier="rbf-svm", random_state=0),
    GRH(4, classifier="kernel-ridge", initial="cca-itq", alpha=0.7, n_iter=2, random_state=0),
    GRH(4, classifier="rbf-landmarks", n_landmarks=20, random_state=0),
    GRH(4, classifier=Ridge(), random_state=0),
    RandomCodes(4, random_state=0),
    OutputCodes(4, random_state=0),
    OutputCodes(4, classifier="kernel-ridge", codewords="hadamard", random_state=0),
    ClassScores(4, random_state=0),
]
LABELS_NEEDED = (CCAITQ, KSH, SDH, GRH, ClassScores, OutputCodes)
ONE_A_DIRECTION = (PCAH, ITQ, CCAITQ, AGH, STH)


def which(hashers):
    return pytest.mark.parametrize(
        "hasher", hashers, ids=lambda hasher: repr(hasher).replace("\n", "")
    )


def of(kinds):
    return [hasher for hasher in HASHERS if isinstance(hasher, kinds)]


def data(seed=0, n=80, n_features=6, n_classes=4):
    """Classes that overlap, in features of unequal variance and mean 3.

    Few digits, so that float32 holds them.
    """
    random = np.random.default_rng(seed)
    y = random.permutation(np.arange(n) % n_classes)
    centres = np.random.default_rng(99).normal(size=(n_classes, n_features))
    X = (centres[y] + random.normal(size=(n, n_features))) * np.arange(1, n_features + 1) + 3
    return X.round(3).astype(np.float32).astype(np.float64), y


def with_few_bits(hasher):
    """The same with one bit, where each needs a feature or a point of its own."""
    few = isinstance(hasher, ONE_A_DIRECTION) or hasher.get_params().get("initial") == "cca-itq"
    return clone(hasher).set_params(n_bits=1) if few else clone(hasher)


@parametrize_with_checks([with_few_bits(hasher) for hasher in HASHERS])
def test_is_a_scikit_learn_transformer(estimator, check):
    """Which pickles, clones, takes and gives data frames, and refuses to transform what is not as
    in fit.
    """
    check(estimator)


@which(HASHERS)
def test_the_same_points_get_the_same_bits_in_any_form(hasher, monkeypatch):
    X, y = data()
    new = data(seed=1)[0]
    fitted = clone(hasher).fit(X, y)
    bits = fitted.transform(new)
    assert bits.dtype == bool
    assert bits.shape == (80, 4)
    assert 0 < bits.mean() < 1
    np.testing.assert_array_equal(fitted.transform(new.astype(np.float32)), bits)
    np.testing.assert_array_equal(fitted.transform(new[::-1]), bits[::-1])
    np.testing.assert_array_equal(clone(hasher).fit(X.astype(np.float32), y).transform(new), bits)
    monkeypatch.setattr(lsh, "_BLOCK_ROWS", 7)
    np.testing.assert_array_equal(fitted.transform(new), bits)


@which([hasher for hasher in HASHERS if "random_state" in hasher.get_params()])
def test_the_seed_decides_what_is_drawn(hasher):
    X, y = data()
    first, again, other = (
        clone(hasher).set_params(random_state=seed).fit(X, y) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.transform(X), again.transform(X))
    assert (first.transform(X) != other.transform(X)).any()


@which([hasher for hasher in HASHERS if not isinstance(hasher, (LSH, RandomCodes))])
@pytest.mark.parametrize("factor", [1000, 0.001])
def test_neither_scale_nor_origin_of_the_features_changes_a_bit(hasher, factor):
    X, y = data()
    bits = clone(hasher).fit(X, y).transform(X)
    moved = factor * X + 17 * factor
    np.testing.assert_array_equal(clone(hasher).fit(moved, y).transform(moved), bits)


@which(HASHERS)
def test_few_points_and_equal_points_are_no_error(hasher):
    X, y = data(n=12, n_features=40)
    assert clone(hasher).fit(X, y).transform(X).shape == (12, 4)
    X = np.ones((12, 3))
    y = np.arange(12) % 4
    X[0] = 2.0  # but for one
    bits = with_few_bits(hasher).fit(X, y).transform(X)
    assert (bits[1:] == bits[1]).all()


@which([hasher for hasher in of((*LABELS_NEEDED, STH)) if not isinstance(hasher, OutputCodes)])
def test_classes_are_a_special_case_of_labels(hasher):
    X, y = data()
    expected = clone(hasher).fit(X, y).transform(X)
    indicator = np.eye(4, dtype=int)[y]
    for labels in (np.array(list("abcd"))[y], indicator, sparse.csr_array(indicator)):
        np.testing.assert_array_equal(clone(hasher).fit(X, labels).transform(X), expected)
    indicator[::2, 0] = 1
    assert (clone(hasher).fit(X, indicator).transform(X) != expected).any()


@pytest.mark.parametrize("kind", dict.fromkeys(map(type, HASHERS)), ids=lambda kind: kind.__name__)
def test_only_the_number_of_bits_may_be_given_by_its_place(kind):
    first, *others = inspect.signature(kind).parameters.values()
    assert (first.name, first.kind) == ("n_bits", first.POSITIONAL_OR_KEYWORD)
    assert {each.kind for each in others} <= {first.KEYWORD_ONLY}


# --- what they refuse -----------------------------------------------------------------------------


@which(of((*LABELS_NEEDED, STH)))
def test_labels_that_do_not_fit_are_refused(hasher):
    nothing_to_learn = {
        "requires y to be passed, but the target y is None": None,
        "one class only": np.zeros(80),
        "inconsistent numbers of samples|as many points as X has rows": np.arange(79) % 2,
        "Unknown label type": np.linspace(0, 1, 80),
    }
    for message, y in nothing_to_learn.items():
        if y is not None or not isinstance(hasher, STH):  # which learns without labels too
            with pytest.raises(ValueError, match=message):
                clone(hasher).fit(data()[0], y)


COUNTS = ("n_bits", "n_anchors", "n_neighbours", "n_iter", "n_landmarks", "max_iter")
NUMBERS = ("C", "gamma", "ridge")


@pytest.mark.parametrize("kind", dict.fromkeys(map(type, HASHERS)), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    ("names", "value", "error", "expected"),
    [
        (COUNTS, 0, ValueError, "at least 1"),
        (COUNTS, True, TypeError, "an integer"),
        (COUNTS, "4", TypeError, "an integer"),
        (NUMBERS, np.inf, ValueError, "a positive number"),
        (NUMBERS, np.nan, ValueError, "a positive number"),
        (NUMBERS, True, TypeError, "a positive number"),
    ],
)
def test_parameters_out_of_range_are_refused(kind, names, value, error, expected):
    for name in set(names) & set(kind().get_params()):
        with pytest.raises(error, match=f"{name} must be {expected}.*, got {value!r}"):
            kind(**{name: value}).fit(*data())
