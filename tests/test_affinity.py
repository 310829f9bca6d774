"""The affinity operators against dense matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from limits import memory_below
from refusals import refusals
from scipy import sparse
from sklearn.neighbors import kneighbors_graph

from l2h_tutorial.affinity import graph_affinity, knn_affinity, same_class_affinity

NORMALISATIONS = ("columns", "rows")
KINDS = (np.array, sparse.csr_array)


def dense(S, normalise):
    """S D^-1 or D^-1 S, as matrices are multiplied on paper."""
    inverse_degrees = np.diag(1 / S.sum(axis=1))
    return S @ inverse_degrees if normalise == "columns" else inverse_degrees @ S


def sharing(indicator):
    """S[i, j] = 1 where i and j share a label."""
    return (indicator.astype(int) @ indicator.T > 0).astype(float)


indicators = arrays(bool, st.tuples(st.integers(1, 12), st.integers(2, 4))).map(
    # no point without a label
    lambda y: y | (np.arange(y.shape[1]) == 0) * ~y.any(axis=1, keepdims=True)
)


def signs(n, seed, n_bits=3):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (n, n_bits))


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=30),
    st.sampled_from(NORMALISATIONS),
    st.integers(0, 99),
)
def test_with_one_label_the_product_is_the_class_mean(y, normalise, seed):
    L = signs(len(y), seed)
    means = np.array([L[np.array(y) == c].sum(axis=0) / y.count(c) for c in y])
    for labels in (y, np.eye(5, dtype=int)[y]):
        found = same_class_affinity(labels, normalise=normalise)
        np.testing.assert_array_equal(found @ L, means)
        assert found.degrees.tolist() == [y.count(c) for c in y]


@given(indicators, st.sampled_from(NORMALISATIONS), st.sampled_from(KINDS), st.integers(0, 99))
def test_several_labels_equal_the_dense_product(y, normalise, kind, seed):
    L = signs(len(y), seed)
    found = same_class_affinity(kind(y.astype(int)), normalise=normalise)
    expected = dense(sharing(y), normalise) @ L
    np.testing.assert_allclose(found @ L, expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(found @ L[:, 0], expected[:, 0], rtol=0, atol=1e-14)
    assert found.largest == 1


@pytest.mark.parametrize("kind", [*KINDS, sparse.csr_matrix, sparse.coo_array])
@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_a_given_graph_equals_the_dense_product(kind, normalise):
    S = np.array([[1, 0.5, 0], [0.5, 0, 2], [0, 2, 0]])
    found = graph_affinity(kind(S), normalise=normalise)
    np.testing.assert_allclose(found.toarray(), dense(S, normalise))
    np.testing.assert_allclose(found.degrees, S.sum(axis=1))
    assert found.shape == (3, 3)


def test_nothing_takes_a_square_array():
    random = np.random.default_rng(0)
    y = random.integers(0, 10, 50_000)
    one_hot = np.eye(10, dtype=np.int8)
    L = signs(len(y), 0, n_bits=8)
    for labels in (y, one_hot[y] | one_hot[y[::-1]]):
        with memory_below(50e6):  # 50,000 squared bits are 313e6 bytes
            same_class_affinity(labels) @ L


def test_neighbours_are_symmetric_and_the_nearest():
    X = np.random.default_rng(0).normal(size=(40, 3))
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    near = distances.argsort(axis=1).argsort(axis=1) <= 4  # place 0 is the point itself
    np.testing.assert_array_equal(knn_affinity(X, 4).toarray(), near | near.T)


# What is symmetric, but for rounding


@given(
    st.integers(2, 30),
    st.sampled_from([np.float32, np.float64]),
    st.integers(-12, 12),
    st.integers(0, 99),
)
def test_rounding_makes_no_graph_asymmetric_and_one_edge_does(n, dtype, exponent, seed):
    random = np.random.default_rng(seed)
    S = random.random((n, n))
    S = ((S + S.T) * 10.0**exponent).astype(dtype)
    rounded = S * (1 + random.uniform(-2, 2, (n, n)) * np.finfo(dtype).eps).astype(dtype)
    assert graph_affinity(rounded).shape == (n, n)
    S[0, n - 1] = 0
    with pytest.raises(ValueError, match="affinity must be symmetric"):
        graph_affinity(S)


DIRECTED = kneighbors_graph(np.random.default_rng(0).normal(size=(40, 3)), 5)


def graph(S):
    return lambda: graph_affinity(S)


test_refusals = refusals(
    (graph(np.ones((2, 3))), r"square.*\(2, 3\)"),
    (graph([[1, 0, 0], [0, 1, -2], [0, -2, 1]]), "negative; its smallest entry is -2"),
    (graph(sparse.csr_array(np.diag([1, 1, 0]))), "a neighbour.*row 2 sums to 0"),
    (graph([[1, np.nan, 0], [0, 1, 0], [0, 0, 1]]), "NaN"),
    (graph(DIRECTED), r"affinity must be symmetric.*knn_affinity, or S\.maximum\(S\.T\)"),
    (lambda: same_class_affinity([0.5, 1.5, 2.5]), "Unknown label type.*continuous"),
    (lambda: same_class_affinity([[1, 0], [0, 0]]), "at least one label; row 1 has none"),
    (
        lambda: same_class_affinity(np.array(["a", None, "b"], dtype=object)),
        "classes of one kind.*none may be missing",
    ),
    (
        lambda: same_class_affinity([0, 1], normalise="both"),
        r"one of \('columns', 'rows'\), got 'both'",
    ),
    (lambda: knn_affinity(np.eye(3), 3), "from 1 to the 2 other points, got 3"),
)
