"""Hashing with graphs against dense eigenproblems: anchor graph hashing and self-taught hashing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from scipy.linalg import eigh
from sklearn.datasets import make_blobs
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.svm import SVC, LinearSVC

from l2h_tutorial.affinity import knn_affinity
from l2h_tutorial.baselines import AGH, STH
from l2h_tutorial.baselines.agh import second_thresholds
from l2h_tutorial.baselines.sth import halved, neighbour_graph, smooth_vectors


def points(n=80, n_features=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_features)) * np.arange(1, n_features + 1) + 3


def three_parts(n=60):
    """Blobs so far from each other that no graph of near neighbours joins them."""
    return make_blobs(n, centers=np.array([[0.0, 0], [100, 0], [0, 100]]), random_state=0)


def dense_anchor_graph(agh, X):
    """Return Z and A = Z L^-1 Z^T, point by point."""
    Z = np.zeros((len(X), len(agh.anchors_)))
    for row, point in zip(Z, X - agh.mean_, strict=True):
        distances = np.linalg.norm(agh.anchors_ - point, axis=1)
        nearest = np.argsort(distances)[: agh.n_neighbours]
        row[nearest] = np.exp(-((distances[nearest] / agh.bandwidth_) ** 2))
        row /= row.sum()
    return Z, (Z / np.maximum(Z.sum(axis=0), 1e-300)) @ Z.T


def same_up_to_complement(bits, others):
    return [(a == b).all() or (a != b).all() for a, b in zip(bits.T, others.T, strict=True)]


# --- anchor graph hashing ------------------------------------------------------------------------------------------


def test_agh_takes_the_signs_of_the_anchor_graphs_eigenvectors():
    X = points()
    agh = AGH(5, n_anchors=20, random_state=0).fit(X)
    assert agh.anchors_.shape == (20, 6)
    _, A = dense_anchor_graph(agh, X)
    np.testing.assert_allclose(A.sum(axis=1), 1)  # so that the first eigenvector is constant, with eigenvalue 1
    values, vectors = np.linalg.eigh(A)
    np.testing.assert_allclose(agh.eigenvalues_, values[::-1][1:6])
    assert all(same_up_to_complement(agh.transform(X), vectors[:, ::-1][:, 1:6] >= 0))


def test_agh_encodes_new_points_by_their_own_anchors():
    X, new = points(), points(seed=1)
    agh = AGH(5, n_anchors=20, random_state=0).fit(X)
    Z, _ = dense_anchor_graph(agh, new)
    np.testing.assert_array_equal(agh.transform(new), Z @ agh.projections_ >= 0)


def test_the_bandwidth_is_the_mean_distance_of_the_farthest_anchor_joined():
    X = points()
    agh = AGH(5, n_anchors=20, n_neighbours=4, random_state=0).fit(X)
    distances = np.sort(euclidean_distances(X - agh.mean_, agh.anchors_), axis=1)
    assert agh.bandwidth_ == pytest.approx(distances[:, 3].mean())


def test_two_layers_cut_both_sides_of_half_as_many_eigenvectors():
    X = points()
    one, two = (AGH(n, n_anchors=20, n_layers=layers, random_state=0).fit(X) for n, layers in ((3, 1), (5, 2)))
    bits = two.transform(X)
    np.testing.assert_array_equal(bits[:, :3], one.transform(X))
    Z, _ = dense_anchor_graph(two, X)
    vectors = (Z @ two.projections_)[:, :2]
    upper, lower = two.thresholds_
    np.testing.assert_array_equal(bits[:, 3:], np.where(vectors >= 0, vectors >= upper, vectors <= lower))


def test_the_second_thresholds_part_neighbours_least_of_all_that_balance():
    X = points()
    agh = AGH(8, n_anchors=20, n_layers=2, random_state=0).fit(X)
    Z, A = dense_anchor_graph(agh, X)
    for y, (upper, lower) in zip((Z @ agh.projections_).T, agh.thresholds_.T, strict=True):
        above = y >= 0

        def roughness(up, down, y=y, above=above):
            folded = np.where(above, y - up, down - y)
            return folded @ folded - folded @ A @ folded

        assert np.where(above, y - upper, lower - y).sum() == pytest.approx(0, abs=1e-9)
        for step in np.linspace(-1, 1, 201) * np.ptp(y):  # along all pairs whose sum is 0 too
            other = roughness(upper + step / above.sum(), lower + step / (~above).sum())
            assert roughness(upper, lower) <= other + 1e-9


def test_a_side_without_points_does_not_upset_the_thresholds():
    weights = sparse.csr_array(np.random.default_rng(0).dirichlet(np.ones(5), 8))
    assert np.isfinite(second_thresholds(weights, np.ones((8, 1)))).all()


def test_agh_tells_the_parts_of_a_graph_apart():
    X, y = three_parts()
    codes = AGH(2, n_anchors=12, random_state=0).fit_transform(X) @ [1, 2]
    assert [len(set(codes[y == part])) for part in range(3)] == [1, 1, 1]
    assert len(set(codes)) == 3


def test_few_or_equal_points_are_their_own_anchors():
    X = np.repeat(points(7), 3, axis=0)
    agh = AGH(4, random_state=0).fit(X)
    np.testing.assert_allclose(np.sort(agh.anchors_, axis=0), np.sort(points(7) - X.mean(axis=0), axis=0))
    assert AGH(1, n_anchors=5, n_neighbours=99).fit(X).transform(X).any()


def test_a_point_far_from_all_anchors_has_weights():
    agh = AGH(4, n_anchors=20, random_state=0).fit(points())
    far = np.full((1, 6), 1e6)
    nearest = np.linalg.norm(far - agh.mean_ - agh.anchors_, axis=1).argmin()  # which has all the weight
    np.testing.assert_array_equal(agh.transform(far)[0], agh.projections_[nearest] >= 0)


@pytest.mark.parametrize(("n_layers", "possible"), [(1, 9), (2, 18)])
def test_there_are_no_more_eigenvectors_than_anchors(n_layers, possible):
    agh = AGH(possible, n_anchors=10, n_layers=n_layers, random_state=0)
    assert agh.fit_transform(points()).shape == (80, possible)
    with pytest.raises(ValueError, match=f"n_bits must be at most {possible}.*got {possible + 1} with 10 anchors"):
        agh.set_params(n_bits=possible + 1).fit(points())


# --- self-taught hashing: the codes of the training points -----------------------------------------------------------


def laplacian(W):
    D = np.diag(W.sum(axis=1))
    return D - W, D


def joined(X, labels, n_neighbours):
    """Join points that share a label, one by one."""
    W, squared = np.eye(len(X)), euclidean_distances(X, squared=True)
    pairs = []
    for i in range(len(X)):
        others = [j for j in range(len(X)) if j == i or (labels[i] * labels[j]).any()]
        pairs += [(i, j) for j in sorted(others, key=lambda j: squared[i, j])[: n_neighbours + 1]]
    mean = np.mean([squared[pair] for pair in pairs])
    for i, j in pairs:
        W[i, j] = W[j, i] = 1 / (1 + squared[i, j] / mean)
    return W


def test_sth_cuts_the_laplacian_eigenvectors_at_their_medians():
    X = points()
    sth = STH(4, n_neighbours=5, random_state=0).fit(X)
    values, vectors = eigh(*laplacian(joined(X, np.ones((80, 1)), 5)))
    assert values[0] == pytest.approx(0, abs=1e-9)
    assert (np.diff(values[:6]) > 1e-3).all()  # one part only, and no eigenvalue twice
    middle = np.sort(vectors[:, 1:5], axis=0)[39:41]
    assert (np.diff(middle, axis=0) > 1e-6).all()  # nobody at the median
    expected = vectors[:, 1:5] > middle.mean(axis=0)
    assert all(same_up_to_complement(sth.codes_, expected))
    np.testing.assert_array_equal(sth.codes_.sum(axis=0), 40)


def test_few_functions_of_many_points_are_those_of_the_dense_eigenproblem():
    W = knn_affinity(points(), 5)
    few, many = (smooth_vectors(W, n_vectors, np.random.RandomState(0)) for n_vectors in (19, 20))
    np.testing.assert_allclose(few, many[:, :19], atol=1e-9)


@pytest.mark.parametrize("n_vectors", [2, 6, 15, 59])
@pytest.mark.parametrize("n_neighbours", [1, 5, 20, 59])
def test_the_smoothest_functions_of_any_graph_solve_its_eigenproblem(n_neighbours, n_vectors):
    W = knn_affinity(three_parts()[0], n_neighbours)
    L, D = laplacian(W.toarray())
    V = smooth_vectors(W, n_vectors, np.random.RandomState(0))
    np.testing.assert_allclose(V.T @ D @ V, np.eye(n_vectors), atol=1e-9)
    np.testing.assert_allclose(V.T @ D @ np.ones(60), 0, atol=1e-9)
    best = eigh(L, D, eigvals_only=True)[1 : n_vectors + 1].sum()
    assert np.trace(V.T @ L @ V) == pytest.approx(best, abs=1e-9)


def test_in_a_graph_of_several_parts_the_first_functions_tell_them_apart():
    X, y = three_parts()
    V, other = (smooth_vectors(knn_affinity(X, 5), 3, np.random.RandomState(seed)) for seed in (0, 1))
    assert max(np.ptp(V[y == part, :2], axis=0).max() for part in range(3)) < 1e-9
    assert max(np.ptp(V[y == part, 2]) for part in range(3)) > 1e-3
    assert np.linalg.matrix_rank(V[:, :2] - V[:, :2].mean(axis=0), tol=1e-6) == 2
    assert np.abs(V[:, :2] - other[:, :2]).max() > 1e-3
    np.testing.assert_allclose(V[:, 2], other[:, 2], atol=1e-9)


SEVERAL = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]])[np.arange(40) % 5]


@pytest.mark.parametrize("labels", [np.eye(4)[np.arange(40) ** 2 % 7 % 4], SEVERAL], ids=["classes", "several labels"])
@pytest.mark.parametrize("n_neighbours", [3, 99])
def test_with_labels_the_nearest_that_share_one_are_joined(labels, n_neighbours):
    X = points(40)
    graph = neighbour_graph(X, labels.astype(float), n_neighbours)
    np.testing.assert_allclose(graph.toarray(), joined(X, labels, n_neighbours))


def test_a_point_alone_in_its_class_has_no_neighbour():
    X, y = points(), np.append(np.arange(79) % 3, 3)
    np.testing.assert_array_equal(neighbour_graph(X, np.eye(4)[y], 5).toarray()[79], np.eye(80)[79])
    assert STH(4, random_state=0).fit(X, y).transform(X).shape == (80, 4)


def test_four_classes_decide_three_bits_whose_basis_is_drawn():
    X, y = points(), np.arange(80) % 4
    first, again, other = (STH(8, n_neighbours=5, random_state=seed).fit(X, y).codes_ for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first[:, :3] != other[:, :3]).any()
    within = np.array([[len(set(bit[y == label])) for label in range(4)] for bit in first.T])
    assert (within[:3] == 1).all()
    assert (within[3:] == 2).any(axis=1).all()
    np.testing.assert_array_equal(first[:, :3].sum(axis=0), 40)


@given(arrays(np.int64, st.tuples(st.integers(2, 9), st.just(3)), elements=st.integers(-2, 2)))
def test_halves_are_as_equal_as_a_cut_at_the_median_can_make_them(values):
    bits = halved(values.astype(float))
    for bit, column in zip(bits.T, values.T, strict=True):
        sizes = [(column > np.median(column)).sum(), (column >= np.median(column)).sum()]
        assert abs(bit.sum() - len(bit) / 2) == min(abs(size - len(bit) / 2) for size in sizes)
        assert len(set(column)) == 1 or 0 < bit.sum() < len(bit)
        assert not bit.any() or bit.all() or column[bit].min() > column[~bit].max()


# --- self-taught hashing: the classifiers --------------------------------------------------------------------------


def test_the_linear_classifiers_are_scikit_learns_of_scaled_features():
    X, new, y = points(), points(seed=1), np.arange(80) % 4
    sth = STH(4, C=0.3, random_state=0).fit(X, y)
    scale = np.sqrt(((X - X.mean(axis=0)) ** 2).sum(axis=1).mean())
    for k in range(4):
        svm = LinearSVC(C=0.3, loss="hinge", tol=1e-8, max_iter=10**6, random_state=0)
        svm.fit((X - X.mean(axis=0)) / scale, sth.codes_[:, k])
        decision = svm.decision_function((new - X.mean(axis=0)) / scale)
        clear = np.abs(decision) > 1e-2  # ours stops earlier
        assert clear.mean() > 0.5
        np.testing.assert_array_equal(sth.transform(new)[clear, k], decision[clear] > 0)


def test_the_gaussian_classifiers_are_scikit_learns_of_the_median_width():
    X, new, y = points(), points(seed=1), np.arange(80) % 4
    sth = STH(4, classifier="rbf-svm", C=3, gamma=0.5, random_state=0).fit(X, y)
    squared = euclidean_distances(X, squared=True)[np.triu_indices(80, 1)]
    for k in range(4):
        svm = SVC(C=3, gamma=0.5 / np.median(squared)).fit(X, sth.codes_[:, k])
        np.testing.assert_array_equal(sth.transform(new)[:, k], svm.decision_function(new) >= 0)


@pytest.mark.parametrize("classifier", ["linear-svm", "rbf-svm"])
def test_what_the_features_tell_is_learned(classifier):
    X, y = three_parts()
    for sth in (STH(2, classifier=classifier, C=100).fit(X, y), STH(2, n_neighbours=5, classifier=classifier).fit(X)):
        np.testing.assert_array_equal(sth.transform(X), sth.codes_)


def test_sth_needs_fewer_bits_than_points_and_a_classifier_that_it_knows():
    with pytest.raises(ValueError, match="n_bits must be at most 7, fewer than n_samples = 8; got 8"):
        STH(8).fit(points(8))
    with pytest.raises(ValueError, match=r"classifier must be one of .*'linear-svm', 'rbf-svm'.*got 'svm'"):
        STH(2, classifier="svm").fit(points())
