"""Codes of a few bytes against faiss's, their definitions written out, and what must hold for any
vectors.
"""

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from refusals import refusals
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks
from test_hashers import data

from l2h_tutorial.quantise import RaBitQ, ScalarCodes, SignCodes, random_rotation

CODES = [
    SignCodes(),
    SignCodes(asymmetric=True),
    SignCodes(centre=False),
    SignCodes(rotate=True, random_state=0),
    ScalarCodes(8),
    ScalarCodes(4),
    RaBitQ(random_state=0),
    RaBitQ(4, random_state=0),
]
every = pytest.mark.parametrize("quantiser", CODES, ids=lambda each: repr(each).replace("\n", ""))


# off centre, and of unequal spread
X = data(n=300, n_features=21)[0] / 4
Q = data(n=20, n_features=21, seed=1)[0] / 4


def small_arrays(max_columns=40):
    shapes = st.tuples(st.integers(1, 6), st.integers(1, max_columns))
    return shapes.flatmap(
        lambda shape: hnp.arrays(np.float64, shape, elements=st.integers(-3, 3).map(float))
    )


# Bits and bytes


@given(small_arrays(9), st.sampled_from([8, 4]))
def test_scalar_codes_are_out_by_half_a_step_at_most(X, n_bits):
    """The doctest shows the order of the bits."""
    quantiser = ScalarCodes(n_bits).fit(X)
    codes, products = np.split(quantiser.encode(X), [-4], axis=1)
    np.testing.assert_allclose(
        np.frombuffer(products.tobytes(), "<f4"), X @ X.mean(axis=0), rtol=1e-6, atol=1e-6
    )
    np.testing.assert_allclose(quantiser.step_, np.ptp(X, axis=0) / (2**n_bits - 1))
    errors = quantiser._read(codes) + X.mean(axis=0) - X
    assert (np.abs(errors) <= quantiser.step_ / 2 + 1e-5).all()


@given(small_arrays(), st.sampled_from([1, 2, 3, 4]))
def test_rabitq_errs_at_right_angles_to_the_vector(X, n_bits):
    """The code is written out: planes of bits, of which the first has the signs, then numbers.

    The steps that the planes count are multiplied with the first number.
    """
    quantiser = RaBitQ(n_bits, random_state=0).fit(X)
    codes = quantiser.encode(X)
    turned = quantiser._rotated(X)
    d = X.shape[1]
    assert codes.shape == (len(X), -(-d * n_bits // 8) + 12)
    planes = np.unpackbits(codes, axis=1, count=d * n_bits).reshape(len(X), n_bits, d)
    np.testing.assert_array_equal(planes[:, 0], turned >= 0)
    levels = np.tensordot(planes.astype(int), 2 ** np.arange(n_bits)[::-1], axes=(1, 0))
    size, error, _ = np.frombuffer(codes[:, -12:].tobytes(), "<f4").reshape(-1, 3).T
    stands_for = size[:, None] * (2 * levels + 1 - 2**n_bits)
    np.testing.assert_allclose(((stands_for - turned) * turned).sum(axis=1), 0, atol=1e-3)
    lengths = np.linalg.norm(stands_for - turned, axis=1)
    np.testing.assert_allclose(error * np.sqrt(max(d - 1, 1)), lengths, atol=1e-3)
    np.testing.assert_allclose(quantiser._read(codes[:, :-4]), stands_for, atol=1e-4)


def test_a_rotation_turns_every_way():
    drawn = np.stack([random_rotation(2, seed) for seed in range(400)])
    angles = np.arctan2(drawn[:, 1, 0], drawn[:, 0, 0])
    assert (np.histogram(angles, 4, (-np.pi, np.pi))[0] > 70).all()


# Scores


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("centre", [False, True])
def test_signs_are_compared_with_signs_or_with_floats(centre, rotate, asymmetric):
    quantiser = SignCodes(rotate=rotate, asymmetric=asymmetric, centre=centre, random_state=0).fit(
        X
    )
    turn = random_rotation(21, 0) if rotate else np.eye(21)
    rows, queries = ((each - centre * X.mean(axis=0)) @ turn for each in (X, Q))
    scale = np.sqrt((rows**2).mean())
    queries = queries if asymmetric else scale * np.where(queries >= 0, 1, -1)
    expected = scale * queries @ np.where(rows >= 0, 1, -1).T
    np.testing.assert_allclose(quantiser.scores(Q, quantiser.encode(X)), expected, atol=1e-3)


@pytest.mark.parametrize("n_bits", [1, 2, 3, 4])
def test_rabitq_errs_as_little_as_that_of_faiss(fashion, n_bits):
    """faiss does not rotate; so it is given the rotated vectors."""
    queries = fashion.features[:100]
    rows = fashion.features[1000:4000]
    mean = rows.mean(axis=0, dtype=np.float64)
    exact = (queries - mean) @ (rows - mean).T
    quantiser = RaBitQ(n_bits, random_state=0).fit(rows)
    turned, turned_queries = (quantiser._rotated(X).astype(np.float32) for X in (rows, queries))
    index = faiss.IndexRaBitQ(512, faiss.METRIC_INNER_PRODUCT, n_bits)
    index.qb = 0  # floats for the query; its default is 4 bits
    index.train(turned)
    index.add(turned)
    codes = quantiser.encode(rows)
    assert codes.shape[1] == 512 * n_bits // 8 + 8 + 4
    ranked, order = index.search(turned_queries, 3000)
    theirs = np.take_along_axis(ranked, np.argsort(order, axis=1), axis=1)
    estimates = quantiser.scores(queries, codes)
    if n_bits == 1:
        np.testing.assert_allclose(estimates, theirs, atol=1e-4 * exact.std())
    error = np.sqrt(((estimates - exact) ** 2).mean())
    assert error < 1.05 * np.sqrt(((theirs - exact) ** 2).mean())
    within = np.abs(estimates - exact) <= quantiser.error_bounds(queries, codes)
    assert 0.92 <= within.mean() <= 0.97  # of 1.9 standard deviations


# Search


@every
def test_a_search_gives_the_highest_scores_in_order(quantiser):
    X_thrice = np.tile(X[:100], (3, 1))
    quantiser = clone(quantiser).fit(X_thrice)
    codes = quantiser.encode(X_thrice)
    scores, rows = quantiser.search(Q, codes, 30)
    table = quantiser.scores(Q, codes)
    if not isinstance(quantiser, SignCodes):
        table += (X_thrice @ quantiser.mean_).astype(np.float32)
    expected = np.argsort(-table, axis=1, kind="stable")[:, :30]
    np.testing.assert_array_equal(rows, expected)
    assert np.ptp(scores - np.take_along_axis(table, expected, axis=1), axis=1).max() < 1e-4


@every
def test_rescoring_all_candidates_is_exact_search(quantiser):
    quantiser = clone(quantiser).fit(X)
    codes = quantiser.encode(X)
    exact = Q @ X.T
    expected = np.argsort(-exact, axis=1, kind="stable")[:, :10]
    scores, rows = quantiser.search(Q, codes, 10, rescore=X, factor=1000)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_allclose(scores, np.take_along_axis(exact, expected, axis=1))
    few = quantiser.search(Q, codes, 10, rescore=X, factor=2)[1]
    candidates = quantiser.search(Q, codes, 20)[1]
    order = np.argsort(-np.take_along_axis(exact, candidates, axis=1), axis=1)[:, :10]
    np.testing.assert_array_equal(few, np.take_along_axis(candidates, order, axis=1))


@every
def test_blocks_do_not_show(quantiser, monkeypatch):
    quantiser = clone(quantiser).fit(X)
    codes = quantiser.encode(X)
    found = quantiser.search(X, quantiser.encode(X), 5)
    monkeypatch.setattr("l2h_tutorial.lsh._BLOCK_ROWS", 7)
    monkeypatch.setattr("l2h_tutorial.quantise._BLOCK_QUERIES", 11)
    np.testing.assert_array_equal(quantiser.encode(X), codes)
    np.testing.assert_allclose(quantiser.search(X, codes, 5)[0], found[0], rtol=1e-5)


@parametrize_with_checks(CODES)
def test_an_estimator_as_scikit_learn_means_it(estimator, check):
    check(estimator)


def test_a_broken_vector_that_is_not_read_is_no_error():
    """Only the vectors of candidates are read, so that they may be a memory-mapped file."""
    broken = X.copy()
    broken[np.argmin(X @ X[0])] = np.nan
    scores, _ = FITTED.search(X[:1], FITTED.encode(X), 3, rescore=broken)
    assert np.isfinite(scores).all()


BROKEN = np.where(np.arange(len(X))[:, None] == 7, np.nan, X)
FITTED = SignCodes().fit(X)


test_what_is_refused = refusals(
    (lambda: ScalarCodes(5).fit(X), r"n_bits must be one of \(8, 4\), got 5"),
    (lambda: RaBitQ(5).fit(X), r"n_bits must be one of \(1, 2, 3, 4\), got 5"),
    (lambda: SignCodes().encode(X), "not fitted yet"),
    (
        lambda: FITTED.scores(X, np.zeros((3, 3), int)),
        TypeError,
        "codes must be uint8, .*, got int64",
    ),
    (lambda: FITTED.scores(X, np.zeros((3, 2), np.uint8)), r"\(n, 3\), n at least 1, got \(3, 2\)"),
    (lambda: FITTED.search(X, FITTED.encode(X), 301), "k must be from 1 to the 300 codes, got 301"),
    (
        lambda: FITTED.search(X, FITTED.encode(X), 3, rescore=X, factor=0),
        "factor must be at least 1",
    ),
    (lambda: FITTED.search(X, FITTED.encode(X), 3, rescore=X[1:]), r"rescore .* \(300, 21\), got"),
    (
        lambda: FITTED.search(X[7:8], FITTED.encode(X), 3, rescore=BROKEN),
        "rescore must be finite, got NaN or infinity",
    ),
)
