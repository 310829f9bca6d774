"""Supervised hashing with kernels against brute force: KSH and SDH."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.linear_model import Ridge

from l2h_tutorial.baselines import KSH, SDH, sdh
from l2h_tutorial.baselines.anchors import kernel_gamma
from l2h_tutorial.baselines.ksh import Residual, greedy_bit, surrogate_loss
from l2h_tutorial.baselines.sdh import KernelRegression, cyclic_descent


def data(seed=0, n=80, n_features=6, n_classes=4):
    """Classes that overlap, in features of unequal variance and mean 3."""
    random = np.random.default_rng(seed)
    y = random.integers(0, n_classes, n)
    centres = np.random.default_rng(99).normal(size=(n_classes, n_features))
    X = (centres[y] + random.normal(size=(n, n_features))) * np.arange(1, n_features + 1) + 3
    return X, y


@pytest.mark.parametrize("n", [80, 4321])
def test_the_kernels_width_is_relative_to_the_median_squared_distance(n):
    X = data(n=n)[0]
    X -= X.mean(axis=0)
    squared = ((X[:400, None] - X[None, :400]) ** 2).sum(axis=2)[np.triu_indices(min(n, 400), 1)]
    assert kernel_gamma(X, 3.0) == pytest.approx(3.0 / np.median(squared), rel=1e-9 if n == 80 else 0.05)


# --- KSH -----------------------------------------------------------------------------------------------------------

SETS = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]])


def pairwise_labels(labels):
    """Return S: +1 for two points with a label in common, else -1."""
    return np.array([[1.0 if (a * b).any() else -1.0 for a in labels] for b in labels])


@pytest.mark.parametrize("labels", [np.eye(4)[np.arange(30) % 4], SETS[np.arange(30) % 5]], ids=["classes", "several"])
def test_the_residual_is_that_of_the_dense_matrix(labels):
    random = np.random.default_rng(0)
    residual, R = Residual(labels.astype(float), 3), 3 * pairwise_labels(labels)
    for _ in range(3):
        np.testing.assert_allclose(residual @ np.eye(30), R, atol=1e-12)
        np.testing.assert_allclose(residual @ np.ones(30), R.sum(axis=1))
        bit = random.choice([-1.0, 1.0], 30)
        R = R - np.outer(bit, bit)
        assert residual.take(bit) == pytest.approx(np.mean((R / 3) ** 2))


@pytest.mark.parametrize("seed", range(5))
def test_every_bit_of_ksh_makes_the_objective_smaller(seed):
    X, y = data(seed=seed)
    ksh = KSH(12, random_state=seed).fit(X, y)
    H = np.where(ksh.transform(X), 1.0, -1.0)
    S = pairwise_labels(np.eye(4)[y])
    expected = [np.mean((S - H[:, :k] @ H[:, :k].T / 12) ** 2) for k in range(1, 13)]
    np.testing.assert_allclose(ksh.losses_, expected)
    assert (np.diff([1, *ksh.losses_]) < 0).all()
    assert np.mean((S - H @ H.T / 12) ** 2) < 0.8


@pytest.mark.parametrize("seed", range(5))
def test_a_bit_of_ksh_is_the_best_of_all_that_brute_force_can_find(seed):
    random = np.random.default_rng(seed)
    labels = np.eye(3)[[0, 0, 0, 1, 1, 1, 1, 2, 2]]
    residual, R = Residual(labels, 4), 4 * pairwise_labels(labels)
    kernels = np.linalg.qr(random.normal(size=(9, 9)))[0]  # with as many kernels as points any bit can be had
    for _ in range(3):
        _, found = greedy_bit(kernels, residual, 100)
        best = max(np.array(bit) @ R @ np.array(bit) for bit in product([-1.0, 1.0], repeat=9))
        assert found @ R @ found == pytest.approx(best)
        residual.take(found)
        R -= np.outer(found, found)


def test_the_gradient_of_the_smooth_objective_is_right():
    random = np.random.default_rng(0)
    residual, kernels = Residual(np.eye(3)[np.arange(30) % 3], 4), random.normal(size=(30, 5))
    residual.take(random.choice([-1.0, 1.0], 30))
    for _ in range(3):
        error = check_grad(
            lambda a: surrogate_loss(a, kernels, residual)[0],
            lambda a: surrogate_loss(a, kernels, residual)[1],
            random.normal(size=5),
        )
        assert error < 1e-6
    saturated = surrogate_loss(1e9 * random.normal(size=5), kernels, residual)
    assert np.isfinite(saturated[0])
    np.testing.assert_array_equal(saturated[1], 0)


def test_gradient_ascent_never_loses_and_mostly_gains():
    gains = []
    for seed in range(10):
        X, y = data(seed=seed)
        residual, S = Residual(np.eye(4)[y], 1), pairwise_labels(np.eye(4)[y])
        kernels = X - X.mean(axis=0)
        start = np.linalg.eigh(kernels.T @ S @ kernels)[1][:, -1]
        start = np.where(kernels @ start >= 0, 1.0, -1.0)
        _, found = greedy_bit(kernels, residual, 100)
        gains.append(found @ S @ found - start @ S @ start)
    assert min(gains) >= 0
    assert np.mean(np.array(gains) > 0) > 0.5


# --- SDH -----------------------------------------------------------------------------------------------------------


def objective(B, Y, W, F):
    return np.sum((Y - B @ W) ** 2) + 0.1 * np.sum((B - F) ** 2)


def small_problem(seed):
    random = np.random.default_rng(seed)
    B, F = random.choice([-1.0, 1.0], (9, 4)), random.normal(size=(9, 4))
    return B, np.eye(3)[random.integers(0, 3, 9)], random.normal(size=(4, 3)), F


@pytest.mark.parametrize("seed", range(5))
def test_each_step_of_the_descent_is_the_best_bit_that_brute_force_can_find(seed, monkeypatch):
    B, Y, W, F = small_problem(seed)
    monkeypatch.setattr(sdh, "_SWEEPS", 1)
    found = cyclic_descent(B, Y @ W.T + 0.1 * F, W)
    for k in range(4):
        for i in range(9):
            tried = {}
            for bit in (-1.0, 1.0):
                B[i, k] = bit
                tried[bit] = objective(B, Y, W, F)
            B[i, k] = min(tried, key=tried.get)
    np.testing.assert_array_equal(found, B)


@pytest.mark.parametrize("seed", range(5))
def test_after_the_descent_no_single_bit_can_be_changed_for_the_better(seed):
    B, Y, W, F = small_problem(seed)
    found = cyclic_descent(B, Y @ W.T + 0.1 * F, W)
    best = objective(found, Y, W, F)
    assert best < objective(B, Y, W, F)
    for i, k in product(range(9), range(4)):
        changed = found.copy()
        changed[i, k] *= -1
        assert objective(changed, Y, W, F) >= best


def test_the_hash_functions_are_scikit_learns_ridge_regression():
    random = np.random.default_rng(0)
    kernels, codes = random.random((40, 7)), random.choice([-1.0, 1.0], (40, 3))
    ours = KernelRegression(kernels, 0.2)
    alpha = 0.2 * np.sum((kernels - kernels.mean(axis=0)) ** 2) / 7
    ridge = Ridge(alpha).fit(kernels, codes)
    np.testing.assert_allclose(ours.fit(codes), ridge.predict(kernels))
    np.testing.assert_allclose(ours.coefficients, ridge.coef_.T)
    np.testing.assert_allclose(ours.intercepts, ridge.intercept_)
    expected = np.sum((codes - ridge.predict(kernels)) ** 2) + alpha * np.sum(ridge.coef_**2)
    assert ours.loss(codes, ours.fit(codes)) == pytest.approx(expected)


@pytest.mark.parametrize("nu", [1e-5, 0.01, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_no_turn_of_sdh_makes_the_objective_larger(nu, seed):
    X, y = data(seed=seed, n=200)
    losses = SDH(6, n_anchors=40, nu=nu, n_iter=10, random_state=seed).fit(X, y).losses_
    assert (np.diff(losses) <= 1e-12).all()
    assert losses[-1] < losses[0]


def test_the_codes_are_what_the_hash_functions_are_taught():
    X, y = data(n=200)
    model = SDH(6, n_anchors=40, nu=0.1, random_state=0).fit(X, y)
    kernels = np.exp(-model.gamma_ * ((X[:, None] - model.mean_ - model.anchors_) ** 2).sum(axis=2))
    regression = KernelRegression(kernels, 0.01)
    predicted = regression.fit(np.where(model.codes_, 1.0, -1.0))
    np.testing.assert_allclose(regression.coefficients, model.coefficients_, atol=1e-8)
    np.testing.assert_array_equal(model.transform(X), predicted >= 0)


def test_with_little_weight_on_the_hash_functions_the_points_share_few_codes():
    X, y = data(n=200)
    few, many = (SDH(16, nu=nu, random_state=0).fit(X, y) for nu in (1e-5, 1.0))
    assert len(np.unique(few.codes_, axis=0)) < 20 < 150 < len(np.unique(many.codes_, axis=0))
    assert (few.transform(X) == few.codes_).mean() < (many.transform(X) == many.codes_).mean()
