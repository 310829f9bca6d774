from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import pairwise_distances

from l2h_tutorial import rerank
from l2h_tutorial.search import ball_size, exact_neighbours, hamming_ball


@given(st.integers(1, 10).flatmap(lambda b: st.tuples(st.just(b), st.integers(0, 2**b - 1), st.integers(0, b))))
def test_ball_holds_each_code_within_the_radius_once_nearest_first(case):
    n_bits, code, radius = case
    ball = list(hamming_ball(code, n_bits, radius))
    distances = [(code ^ neighbour).bit_count() for neighbour in ball]
    assert distances == sorted(distances)
    assert sorted(ball) == [other for other in range(2**n_bits) if (code ^ other).bit_count() <= radius]
    assert ball_size(n_bits, radius) == len(ball)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: hamming_ball(0, 4, -1), ValueError, "radius of codes of 4 bits must be from 0 to 4, got -1"),
        (lambda: ball_size(4, 5), ValueError, "from 0 to 4, got 5"),
        (lambda: ball_size(4, 1.0), TypeError, "codes of 4 bits must be an integer from 0 to 4, got 1.0"),
        (lambda: ball_size(4, True), TypeError, "codes of 4 bits must be an integer from 0 to 4, got True"),
        (lambda: ball_size(16.0, 2), TypeError, "n_bits must be an integer of at least 0, got 16.0"),
        (lambda: ball_size(True, 1), TypeError, "n_bits must be an integer of at least 0, got True"),
        (lambda: ball_size(-1, 0), ValueError, "n_bits must be at least 0, got -1"),
        (lambda: hamming_ball(16, 4, 1), ValueError, "a code of 4 bits must be from 0 to 15, got 16"),
        (lambda: hamming_ball(-1, 4, 1), ValueError, "a code of 4 bits must be from 0 to 15, got -1"),
        (lambda: hamming_ball(5.7, 3, 1), TypeError, "a code of 3 bits must be an integer from 0 to 7, got 5.7"),
        (lambda: hamming_ball(True, 3, 1), TypeError, "a code of 3 bits must be an integer from 0 to 7, got True"),
        (lambda: hamming_ball(5, 3.0, 1), TypeError, "n_bits must be an integer of at least 0, got 3.0"),
        (lambda: hamming_ball(5, 3, 1.5), TypeError, "codes of 3 bits must be an integer from 0 to 3, got 1.5"),
    ],
)
def test_impossible_balls_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_balls_take_numpy_integers_and_codes_longer_than_a_word():
    assert list(hamming_ball(np.uint8(5), np.int8(3), np.int64(1))) == [5, 1, 7, 4]
    assert ball_size(np.int32(64), np.int8(2)) == 1 + 64 + 64 * 63 // 2
    code = 1 << 99
    assert list(hamming_ball(code, np.int64(100), 1)) == [code, *(code ^ 1 << bit for bit in range(99, -1, -1))]


def brute_force(query, database, rows, k):
    similarity = []
    for row in rows:
        norms = np.sqrt((query**2).sum()) * np.sqrt((database[row] ** 2).sum())
        similarity.append((query * database[row]).sum() / norms if norms else 0.0)
    return [row for _, row in sorted(zip([-s for s in similarity], rows, strict=True))][:k]


small_vectors = hnp.arrays(np.float64, st.tuples(st.integers(1, 60), st.just(3)), elements=st.integers(-2, 2))


@given(small_vectors, small_vectors, st.data())
def test_rerank_is_brute_force_with_ties_by_row_and_zero_vectors(query, database, data):
    k = data.draw(st.integers(1, len(database)))
    subsets = st.lists(st.integers(0, len(database) - 1), unique=True)
    ids = [np.array(data.draw(subsets), dtype=int) for _ in query]
    nearest = rerank(query, database, ids, k)
    assert nearest.dtype == object
    for i in range(len(query)):
        assert nearest[i].dtype == np.int64
        assert nearest[i].tolist() == brute_force(query[i], database, ids[i].tolist(), k)


def test_exact_neighbours_are_the_rerank_of_everything_whatever_the_route():
    random = np.random.default_rng(0)
    # Nearly parallel vectors: float32 alone would confuse them.
    database = (1 + 1e-5 * random.standard_normal((3000, 40))).astype(np.float32)
    database[1500:] = database[:1500]
    query = database[:5] + np.float32(1e-5)
    exact = exact_neighbours(query, database, 12)
    assert exact.shape == (5, 12)
    assert exact.dtype == np.int64
    for i in range(5):
        expected = brute_force(query[i].astype(float), database.astype(float), range(3000), 12)
        assert set(exact[i]) == set(expected)
        # The same candidates through the gathering route: one dense query does not change the others.
        few = np.union1d(exact[i], np.arange(0, 3000, 20))
        assert rerank(query[i : i + 1], database, [few], 12)[0].tolist() == exact[i].tolist()


@pytest.mark.parametrize(
    ("scale", "dtype"), [(2.0**-200, float), (2.0**200, float), (2.0**-100, np.float32), (2.0**100, np.float32)]
)
def test_rerank_does_not_depend_on_the_scale_of_the_vectors(scale, dtype):
    random = np.random.default_rng(0)
    query, database = random.standard_normal((4, 8)).astype(dtype), random.standard_normal((500, 8)).astype(dtype)
    scaled = exact_neighbours((query * scale).astype(dtype), (database * scale).astype(dtype), 7)
    np.testing.assert_array_equal(scaled, exact_neighbours(query, database, 7))


@given(st.lists(st.integers(-60, 60), min_size=1, max_size=5), st.booleans())
def test_float32_is_for_vectors_whose_squared_norms_it_holds_well(exponents, zero):
    """A square of 2**±80 is 2**46 away from what float32 can hold; zero vectors have no direction to lose."""
    vectors = np.array([[2.0**exponent, 0.0] for exponent in exponents] + [[0.0, 0.0]] * zero)
    fits = all(-40 <= exponent < 40 for exponent in exponents)
    assert import_module("l2h_tutorial.search.rerank")._fits_float32(vectors) == fits


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "cityblock"])
def test_rerank_agrees_with_scikit_learn_for_any_metric(metric):
    random = np.random.default_rng(1)
    query, database = random.standard_normal((6, 10)), random.standard_normal((800, 10))
    expected = np.argsort(pairwise_distances(query, database, metric=metric), axis=1)[:, :9]
    np.testing.assert_array_equal(exact_neighbours(query, database, 9, metric), expected)


@given(
    hnp.arrays(np.int64, st.tuples(st.integers(1, 40), st.just(2)), elements=st.integers(-4, 4)),
    st.sampled_from([0, 10**6, 1_700_000_000, 2**40]),
    st.booleans(),
    st.sampled_from(["euclidean", "l2", "sqeuclidean", "nan_euclidean"]),
    st.data(),
)
def test_euclidean_neighbours_do_not_suffer_from_an_offset(whole, offset, far, metric, data):
    """As integers, whose squared distances are exact; with an offset of all features, or one row far from the rest."""
    database, query = whole + offset, whole[:3][::-1] + offset
    if far:
        database[0] += 2**25
    k = data.draw(st.integers(1, len(database)))
    ids = [np.array(data.draw(st.permutations(range(len(database))))[: k + 2]) for _ in query]
    squared = ((query[:, None] - database[None]) ** 2).sum(axis=2)
    exact = exact_neighbours(query.astype(float), database.astype(float), k, metric)
    np.testing.assert_array_equal(exact, np.argsort(squared, axis=1, kind="stable")[:, :k])
    for i, rows in enumerate(rerank(query.astype(float), database.astype(float), ids, k, metric)):
        assert rows.tolist() == sorted(ids[i], key=lambda row: (squared[i, row], row))[:k]


@pytest.mark.parametrize("seed", range(5))
def test_euclidean_neighbours_that_a_product_cannot_tell_apart_come_in_exact_order(seed):
    """Integers whose squared distances are 2 apart, of 2**51: differences are exact, inner products are not."""
    rng = np.random.default_rng(seed)
    steps = np.array([rng.permutation([1] * ones + [-1] * ones + [0] * (8 - 2 * ones)) for ones in (0, 1, 2, 3, 4) * 8])
    query = rng.integers(2**23, 2**24, 8)
    near = query - 2**24 - steps
    X = np.concatenate([near, query - 2**28 + rng.integers(-(2**20), 2**20, (40, 8))])  # far ones move the mean
    exact = [sum(int(step) ** 2 for step in query - x) for x in X]
    order = np.lexsort((np.arange(len(X)), exact))
    for k in (1, 5, 20):
        np.testing.assert_array_equal(rerank([query], X, [np.arange(len(X))], k, metric="euclidean")[0], order[:k])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("share", [0.0, 2.0])  # one matrix product for all; row by row
@pytest.mark.parametrize("huge", [1e160, -1e300, np.finfo(float).max])
def test_one_row_too_long_to_be_squared_leaves_the_others_their_order(monkeypatch, share, huge):
    """A sentinel in one place: all products overflow, and every row is compared by its differences."""
    monkeypatch.setattr(import_module("l2h_tutorial.search.rerank"), "_DENSE_SHARE", share)
    database = np.random.default_rng(0).standard_normal((1000, 4))
    query = database[:3] + 0.01
    database[7] = huge
    squared = ((query[:, None] - np.delete(database, 7, axis=0)) ** 2).sum(axis=2)
    others = np.delete(np.arange(1000), 7)[np.argsort(squared, axis=1)]
    np.testing.assert_array_equal(exact_neighbours(query, database, 3, "euclidean"), others[:, :3])
    expected = np.append(others, np.full((3, 1), 7), axis=1)
    np.testing.assert_array_equal(exact_neighbours(query, database, 1000, "euclidean"), expected)
    assert exact_neighbours(database[7:8], database, 3, "euclidean").tolist() == [[7, 0, 1]]  # all others alike


def test_neighbours_without_a_distance_come_last():
    """Constant rows have no correlation with anything: NaN."""
    database = np.array([[1.0, 1.0, 1.0], [3.0, 2.0, 1.0], [2.0, 2.0, 2.0], [1.0, 2.0, 4.0]])
    for k, expected in ((1, [3]), (2, [3, 1]), (3, [3, 1, 0]), (4, [3, 1, 0, 2])):
        assert exact_neighbours([[1.0, 2.0, 3.0]], database, k, "correlation").tolist() == [expected]
        assert rerank([[1.0, 2.0, 3.0]], database, [[2, 3, 1, 0]], k, "correlation")[0].tolist() == expected


def test_rerank_takes_a_matrix_of_ids_and_leaves_empty_queries_empty():
    database = np.eye(3)
    assert rerank(database[:1], database, np.array([[2, 0]]), 1)[0].tolist() == [0]
    for metric in ("cosine", "euclidean", "cityblock"):
        for ids in ([[]], [[], [2, 0]]):
            found = rerank(database[: len(ids)], database, ids, 1, metric)
            assert found.shape == (len(ids),)
            assert found[0].dtype == np.int64
            assert found[0].size == 0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"k": 0}, ValueError, "k must be from 1 to the 3 rows of the database, got 0"),
        ({"k": 4}, ValueError, "k must be from 1 to the 3 rows of the database, got 4"),
        ({"k": 1.0}, TypeError, "k must be an integer from 1 to the 3 rows of the database, got 1.0"),
        ({"ids": [[0]]}, ValueError, "for each of the 2 queries, got 1"),
        ({"ids": [[0], [3]]}, ValueError, r"ids\[1\] must be rows from 0 to 2, got 3"),
        ({"ids": [[-1], [0]]}, ValueError, r"ids\[0\] must be rows from 0 to 2, got -1"),
        ({"ids": [[0.5], [0]]}, TypeError, r"ids\[0\] must be a one-dimensional array of integers, got float64"),
        ({"ids": [[0], [[1]]]}, TypeError, r"ids\[1\] must be a one-dimensional array.* of shape \(1, 1\)"),
        ({"X_query": np.eye(2)}, ValueError, "same number of features, got 2 and 3"),
        ({"X_query": np.full((2, 3), np.nan)}, ValueError, "X_query contains NaN"),
        ({"X_database": np.zeros(3)}, ValueError, "Expected 2D array"),
    ],
)
def test_impossible_rerankings_are_refused(change, error, message):
    arguments = {"X_query": np.eye(3)[:2], "X_database": np.eye(3), "ids": [[0], [1]], "k": 1} | change
    with pytest.raises(error, match=message):
        rerank(**arguments)
