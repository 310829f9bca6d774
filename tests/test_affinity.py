"""The affinity operators against dense matrices."""

import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator
from sklearn.neighbors import kneighbors_graph

from l2h_tutorial.affinity import NormalisedAffinity, check_affinity, graph_affinity, knn_affinity, same_class_affinity
from l2h_tutorial.label_sets import shared_labels

NORMALISATIONS = ("columns", "rows")


def dense(S, normalise):
    """S D^-1 or D^-1 S, as matrices are multiplied on paper."""
    inverse_degrees = np.diag(1 / S.sum(axis=1))
    return S @ inverse_degrees if normalise == "columns" else inverse_degrees @ S


def sharing(indicator):
    """S[i, j] = 1 where i and j share a label, point by point."""
    n = len(indicator)
    return np.array([[float(any(indicator[i] & indicator[j])) for j in range(n)] for i in range(n)])


labels = st.lists(st.integers(0, 4), min_size=1, max_size=30)
indicators = arrays(bool, st.tuples(st.integers(1, 12), st.integers(2, 4))).map(
    lambda y: y | (np.arange(y.shape[1]) == 0) * ~y.any(axis=1, keepdims=True)  # no point without a label
)


def signs(n, seed, n_bits=3):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (n, n_bits))


@given(labels, st.sampled_from(NORMALISATIONS), st.integers(0, 99))
def test_same_class_equals_the_dense_product(y, normalise, seed):
    S = (np.array(y)[:, None] == np.array(y)).astype(float)
    L = signs(len(y), seed)
    np.testing.assert_allclose(
        same_class_affinity(y, normalise=normalise) @ L, dense(S, normalise) @ L, rtol=0, atol=1e-14
    )


@given(labels, st.integers(0, 99))
def test_with_one_label_a_point_the_product_is_the_class_mean_exactly_under_both_normalisations(y, seed):
    L = signs(len(y), seed)
    means = np.array([L[np.array(y) == c].sum(axis=0) / y.count(c) for c in y])
    for normalise in NORMALISATIONS:
        np.testing.assert_array_equal(same_class_affinity(y, normalise=normalise) @ L, means)


@given(indicators, st.sampled_from(NORMALISATIONS), st.integers(0, 99), st.booleans())
def test_several_labels_equal_the_dense_product(y, normalise, seed, as_sparse):
    L = signs(len(y), seed)
    affinity = same_class_affinity(sparse.csr_array(y.astype(int)) if as_sparse else y.astype(int), normalise=normalise)
    np.testing.assert_allclose(affinity @ L, dense(sharing(y), normalise) @ L, rtol=0, atol=1e-14)


def test_with_several_labels_the_normalisations_differ_and_rows_can_sum_to_more_than_1():
    y = np.array([[1, 1], [1, 0], [0, 1]])
    columns, rows = (same_class_affinity(y, normalise=normalise).toarray() for normalise in NORMALISATIONS)
    np.testing.assert_allclose(columns.sum(axis=1), [1 / 3 + 1 / 2 + 1 / 2, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2])
    np.testing.assert_allclose(columns.sum(axis=0), 1)
    np.testing.assert_allclose(rows.sum(axis=1), 1)


def test_an_indicator_with_one_label_a_point_is_the_same_graph_as_the_classes():
    y = np.array([2, 0, 1, 1, 2])
    L = signs(5, 0)
    np.testing.assert_array_equal(same_class_affinity(np.eye(3, dtype=int)[y]) @ L, same_class_affinity(y) @ L)


@pytest.mark.parametrize("kind", [np.array, sparse.csr_array, sparse.csr_matrix, sparse.coo_array, aslinearoperator])
@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_a_given_graph_equals_the_dense_product(kind, normalise):
    S = np.array([[1, 0.5, 0], [0.5, 0, 2], [0, 2, 0]])
    affinity = graph_affinity(kind(S), normalise=normalise)
    np.testing.assert_allclose(affinity.toarray(), dense(S, normalise))
    np.testing.assert_allclose(affinity.degrees, S.sum(axis=1))
    assert affinity.shape == (3, 3)


def test_multiplies_a_single_column_and_refuses_another_length():
    affinity = same_class_affinity(["a", "b", "a"])
    np.testing.assert_array_equal(affinity @ [1, -1, -1], [0, -1, 0])
    with pytest.raises(ValueError, match=r"3 points cannot multiply an array of shape \(2,\)"):
        affinity @ [1, -1]


def test_pickles():
    affinity = same_class_affinity([0, 1, 0])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(affinity)).toarray(), affinity.toarray())


@pytest.mark.parametrize("several", [False, True])
def test_50_000_labels_take_no_square_array(several):
    y = np.random.default_rng(0).integers(0, 10, 50_000)
    L = signs(len(y), 0, n_bits=8)
    labels = np.eye(10, dtype=np.int8)[y] | np.eye(10, dtype=np.int8)[y[::-1]] if several else y
    tracemalloc.start()
    same_class_affinity(labels) @ L
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6  # 50,000 x 50,000 single bits are 313e6 bytes


def different_sets(n):
    """A 0/1 indicator of 24 labels in which nearly every point has labels of its own."""
    labels = np.random.default_rng(0).random((n, 24)) < 0.2
    labels[~labels.any(axis=1), 0] = True
    assert len(np.unique(labels, axis=0)) > 0.8 * n
    return labels.astype(np.int8)


def test_as_many_sets_of_labels_as_points_take_no_square_array():
    labels = different_sets(8000)
    L = signs(len(labels), 0, n_bits=8)
    tracemalloc.start()
    same_class_affinity(labels) @ L
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # 8,000 x 8,000 numbers, 70 % of them not 0, are over 500e6 bytes


def pairs(n):
    """n sets of two labels out of n, of which each is in two sets."""
    return sparse.csr_array(sparse.eye_array(n) + sparse.eye_array(n, k=1) + sparse.eye_array(n, k=1 - n))


@pytest.mark.parametrize("sets", [different_sets(1800), pairs(6000)], ids=["many shared", "few shared"])
def test_what_sets_share_is_made_once_if_it_has_few_entries(sets):
    indicator = sparse.csr_array(sets).astype(float)
    found = shared_labels(indicator)
    assert isinstance(found, sparse.csr_array)
    np.testing.assert_array_equal(found[:50].toarray(), (indicator[:50] @ indicator.T).toarray() > 0)


@given(st.integers(0, 60), st.integers(1, 9), st.integers(0, 99))
def test_the_entries_decide_whether_it_is_made_once(kept, rows, seed):
    indicator = np.random.default_rng(seed).random((9, 3)) < 0.4
    entries = np.count_nonzero(indicator @ indicator.T)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("l2h_tutorial.label_sets._KEPT_VALUES", kept)
        patch.setattr("l2h_tutorial.label_sets._BLOCK_VALUES", 9 * rows)
        found = shared_labels(sparse.csr_array(indicator.astype(float)))
    assert sparse.issparse(found) == (entries <= kept)


@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_blocks_of_sets_give_the_same_to_the_bit(normalise, monkeypatch):
    labels = different_sets(300)
    L = signs(len(labels), 0)
    whole = same_class_affinity(labels, normalise=normalise)
    expected = whole @ L, whole @ L[:, 0], whole.degrees
    np.testing.assert_allclose(expected[0], dense(sharing(labels.astype(bool)), normalise) @ L, atol=1e-14)
    monkeypatch.setattr("l2h_tutorial.label_sets._BLOCK_VALUES", 2000)
    kept = same_class_affinity(labels, normalise=normalise)
    np.testing.assert_array_equal(kept @ L, expected[0])
    monkeypatch.setattr("l2h_tutorial.label_sets._KEPT_VALUES", 2000)
    blocks = same_class_affinity(labels, normalise=normalise)
    for found, same in zip((blocks @ L, blocks @ L[:, 0], blocks.degrees), expected, strict=True):
        np.testing.assert_array_equal(found, same)


@given(indicators, st.booleans())
def test_labels_join_all_where_any_two_points_share_one(y, many):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("l2h_tutorial.label_sets._KEPT_VALUES", 0 if many else 1000)
        assert same_class_affinity(y.astype(int)).joins_all == sharing(y).all()


def test_neighbours_are_symmetric_include_the_point_and_are_the_nearest():
    X = np.random.default_rng(0).normal(size=(40, 3))
    S = knn_affinity(X, 4).toarray()
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    ranks = distances.argsort(axis=1).argsort(axis=1)  # 0 is the point itself
    near = ranks <= 4
    np.testing.assert_array_equal(S, near | near.T)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("make", [np.array, sparse.csr_array], ids=["dense", "sparse"])
def test_a_graph_that_joins_all_equally_tells_nothing_apart(make, n):
    every = np.full((n, n), 0.5)
    assert NormalisedAffinity(make(every)).joins_all
    if n > 1:
        assert not NormalisedAffinity(make(every + np.eye(n))).joins_all
        assert not NormalisedAffinity(make(np.eye(n))).joins_all
    assert not NormalisedAffinity(aslinearoperator(every)).joins_all  # its entries cannot be seen


def test_neighbours_by_another_metric():
    X = np.array([[1.0, 0], [10, 0.1], [0.0, 1], [0.1, 9]])
    np.testing.assert_array_equal(knn_affinity(X, 1, metric="cosine").toarray(), np.kron(np.eye(2), np.ones((2, 2))))


@pytest.mark.parametrize("n_neighbours", [0, 3, 4])
def test_refuses_a_number_of_neighbours_that_does_not_exist(n_neighbours):
    with pytest.raises(ValueError, match=f"between 1 and 2 for 3 points, got {n_neighbours}"):
        knn_affinity(np.eye(3), n_neighbours)


@pytest.mark.parametrize(
    ("S", "message"),
    [
        (np.ones((2, 3)), r"square.*\(2, 3\)"),
        (np.ones(4), r"square.*\(4,\)"),
        (np.eye(4), r"3 x 3.*\(4, 4\)"),
        (np.array([[1, 0, 0], [0, 1, -2], [0, -2, 1]]), "negative; its smallest entry is -2"),
        (sparse.csr_array([[1, -1, 0], [-1, 1, 0], [0, 0, 1]]), "negative; its smallest entry is -1"),
        (aslinearoperator(-np.eye(3)), "negative; row 0 sums to -1"),
        (np.diag([1, 1, 0]), "every point a neighbour.*row 2 is empty"),
        (sparse.csr_array(np.diag([1, 0, 1])), "row 1 is empty"),
        (aslinearoperator(np.diag([1, 0, 1])), "row 1 is empty"),
        (np.array([[1, np.nan, 0], [0, 1, 0], [0, 0, 1]]), "NaN"),
    ],
)
def test_refuses_a_graph_that_cannot_be_used(S, message):
    with pytest.raises(ValueError, match=message):
        check_affinity(S, 3)


DIRECTED = sparse.csr_array(kneighbors_graph(np.random.default_rng(0).normal(size=(40, 3)), 5))


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.coo_array, sparse.csr_array.toarray])
def test_refuses_a_graph_that_is_not_symmetric_and_takes_what_the_message_says(kind):
    with pytest.raises(ValueError, match=r"affinity must be symmetric.*knn_affinity, or S\.maximum\(S\.T\)"):
        check_affinity(kind(DIRECTED))
    either = DIRECTED.maximum(DIRECTED.T)
    np.testing.assert_allclose(graph_affinity(kind(either)).toarray().sum(axis=0), 1)


@given(st.permutations(range(4)), st.booleans(), st.floats(0.001, 1))
def test_a_large_affinity_hides_no_directed_edge(order, transposed, edge):
    S = np.diag([1e6, 1.0, 1.0, 1.0])
    S[1, 2] = S[2, 3] = S[0, 3] = edge
    S = (S.T if transposed else S)[np.ix_(order, order)]
    for kind in (np.array, sparse.csr_array):
        with pytest.raises(ValueError, match="affinity must be symmetric"):
            check_affinity(kind(S))
        assert check_affinity(kind(np.maximum(S, S.T))).shape == (4, 4)


def test_products_of_vectors_are_symmetric_though_the_smallest_are_all_rounding():
    X = np.random.default_rng(0).normal(size=(300, 100)).astype(np.float32)
    X *= np.logspace(-3, 3, len(X), dtype=np.float32)[:, None]
    last = np.cumsum(X[:, None] * X, axis=2)[..., -1]
    first = np.cumsum((X[:, None] * X)[..., ::-1], axis=2)[..., -1]  # the same sum in another order
    S = np.maximum(np.where(np.arange(300)[:, None] < np.arange(300), first, last), 0)
    assert (np.abs(S - S.T) > 1e-6 * np.maximum(S, S.T)).any()
    for kind in (np.array, sparse.csr_array):
        assert check_affinity(kind(S)).shape == S.shape


def test_blocks_of_rows_see_the_same_asymmetry(monkeypatch):
    monkeypatch.setattr("l2h_tutorial.affinity._BLOCK_VALUES", 14)  # two rows of seven at a time
    for i, j in np.argwhere(~np.eye(7, dtype=bool)):
        S = np.ones((7, 7))
        assert check_affinity(S) is not None
        S[i, j] = 2
        with pytest.raises(ValueError, match="affinity must be symmetric"):
            check_affinity(S)


def test_a_dense_graph_is_checked_without_a_second_one():
    S = np.ones((3000, 3000))
    tracemalloc.start()
    check_affinity(S)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < S.nbytes / 2


@given(st.integers(2, 30), st.sampled_from([np.float32, np.float64]), st.integers(-12, 12), st.integers(0, 99))
def test_rounding_makes_no_graph_asymmetric_and_one_edge_does(n, dtype, exponent, seed):
    random = np.random.default_rng(seed)
    S = random.random((n, n))
    S = ((S + S.T) * 10.0**exponent).astype(dtype)
    rounded = S * (1 + random.uniform(-2, 2, (n, n)) * np.finfo(dtype).eps).astype(dtype)
    directed = S.copy()
    directed[0, n - 1] = 0
    for kind in (np.array, sparse.csr_array):
        assert check_affinity(kind(rounded)).shape == (n, n)
        with pytest.raises(ValueError, match="affinity must be symmetric"):
            check_affinity(kind(directed))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0.5, 1.5, 2.5], "Unknown label type.*continuous"),
        ([[1, 0], [0, 0]], "at least one label; row 1 has none"),
        ([[3, 0], [0, 2]], "Unknown label type.*multiclass-multioutput"),
    ],
)
def test_refuses_labels_that_are_neither_classes_nor_an_indicator(y, message):
    with pytest.raises(ValueError, match=message):
        same_class_affinity(y)


def test_refuses_an_unknown_normalisation():
    with pytest.raises(ValueError, match=r"normalise must be one of \('columns', 'rows'\), got 'symmetric'"):
        same_class_affinity([0, 1], normalise="symmetric")
