"""PCAH, ITQ, CCA-ITQ and Spectral Hashing against plain writings of what their papers say, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.linalg import orthogonal_procrustes
from sklearn.base import clone
from sklearn.cross_decomposition import CCA
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from test_baselines_promises import data

from l2h_tutorial import CCAITQ, ITQ, LSH, PCAH, SpectralHashing, mean_average_precision, paper_partition
from l2h_tutorial.baselines.base import check_independent
from l2h_tutorial.baselines.pca import quantising_rotation
from l2h_tutorial.baselines.spectral import smoothest_modes

HASHERS = [PCAH(4), ITQ(4, random_state=0), CCAITQ(4, random_state=0), SpectralHashing(4)]
by_name = pytest.mark.parametrize("hasher", HASHERS, ids=lambda hasher: type(hasher).__name__)


# --- what they refuse, and need -------------------------------------------------------------------------------------


@by_name
def test_few_points_with_many_features_are_enough(hasher):
    X, y = data(n=12, n_features=40)
    bits = clone(hasher).fit(X, y).transform(X)
    assert all(0 < bit.sum() < 12 for bit in bits.T)


@by_name
@pytest.mark.parametrize(
    ("n_bits", "error", "message"),
    [
        (0, ValueError, "n_bits must be at least 1, got 0"),
        (2.0, TypeError, "n_bits must be an integer of at least 1, got 2.0"),
        (True, TypeError, "n_bits must be an integer of at least 1, got True"),
    ],
)
def test_impossible_numbers_of_bits_are_refused(hasher, n_bits, error, message):
    with pytest.raises(error, match=message):
        clone(hasher).set_params(n_bits=n_bits).fit(*data())


@pytest.mark.parametrize("hasher", [PCAH(7), ITQ(7), CCAITQ(7)], ids=lambda hasher: type(hasher).__name__)
@pytest.mark.parametrize("shape", [(80, 6), (6, 80)])
def test_more_bits_than_directions_are_refused(hasher, shape):
    X, y = data(n=shape[0], n_features=shape[1])
    with pytest.raises(ValueError, match=r"n_bits must be at most 6.*got 7"):
        hasher.fit(X, y)


@pytest.mark.parametrize("hasher", [ITQ(3), CCAITQ(3)], ids=lambda hasher: type(hasher).__name__)
def test_the_seed_draws_the_first_rotation(hasher):
    X, y = data()
    bits = [clone(hasher).set_params(random_state=seed, n_iter=1).fit(X, y).transform(X) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(bits[0], bits[1])
    assert (bits[0] != bits[2]).any()
    with pytest.raises(ValueError, match="n_iter must be at least 1, got 0"):
        clone(hasher).set_params(n_iter=0).fit(X, y)
    with pytest.raises(TypeError, match=r"n_iter must be an integer of at least 1, got 1\.5"):
        clone(hasher).set_params(n_iter=1.5).fit(X, y)


# --- PCAH ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(80, 6), (12, 40)])
def test_pcah_takes_the_signs_of_scikit_learns_components(shape):
    X = data(n=shape[0], n_features=shape[1])[0]
    pcah = PCAH(4).fit(X)
    components = PCA(4).fit(X).components_
    np.testing.assert_allclose(np.abs(components @ pcah.projections_), np.eye(4), atol=1e-8)
    np.testing.assert_array_equal(pcah.transform(X), (X - X.mean(axis=0)) @ pcah.projections_ >= 0)
    largest = np.abs(pcah.projections_).argmax(axis=0)
    assert (pcah.projections_[largest, range(4)] > 0).all()


def dependent(rank, n_features, n, factor, seed):
    """Rows of features of which only `rank` are linearly independent, less what rounding adds."""
    random = np.random.default_rng(seed)
    return factor * (random.normal(size=(n, rank)) @ random.normal(size=(rank, n_features)) + random.normal(size=3)[0])


@given(st.integers(1, 5), st.sampled_from([8, 60]), st.sampled_from([40, 2000]), st.sampled_from([1e-6, 1.0, 1e6]))
@settings(max_examples=20)
def test_pcah_has_a_bit_for_each_independent_direction_and_no_more(rank, n_features, n, factor):
    X = dependent(rank, n_features, n, factor, seed=rank)
    pcah = PCAH(rank).fit(X)
    alone = np.vstack([pcah.transform(x[None]) for x in X[:100]])
    np.testing.assert_array_equal(alone, pcah.transform(X)[:100])
    with pytest.raises(ValueError, match=rf"n_bits must be at most {rank}, the linearly independent.*got {rank + 1}$"):
        PCAH(rank + 1).fit(X)


@pytest.mark.parametrize("origin", [0, 3, 1e6])
@pytest.mark.parametrize("shape", [(12, 12), (12, 40)])
def test_pcah_knows_that_n_points_have_n_minus_1_directions_about_their_mean(shape, origin):
    X = np.random.default_rng(0).normal(size=shape) + origin
    assert PCAH(11).fit(X).transform(X).shape == (12, 11)
    with pytest.raises(ValueError, match=r"n_bits must be at most 11, the linearly independent.*got 12"):
        PCAH(12).fit(X)


@given(st.integers(2, 6), st.integers(1, 40), st.integers(-14, 0), st.sampled_from([0.0, 1e3, 1e9]), st.integers(0, 99))
def test_components_are_independent_where_singular_values_say_so(d, n, exponent, origin, seed):
    random = np.random.default_rng(seed)
    turned = np.linalg.qr(random.normal(size=(d, d)))[0]
    centred = random.normal(size=(n + 1, d)) * np.logspace(0, exponent, d) @ turned.T
    mean = np.full(d, origin)
    components = [turned, np.eye(d), np.hstack([turned[:, :1], turned])][seed % 3]
    singular = np.linalg.svd(centred @ components, compute_uv=False)
    rounding = np.finfo(float).eps * max(centred.shape) * max(singular[0], np.linalg.norm(mean))
    if min(n, np.sum(singular > rounding)) < components.shape[1]:
        with pytest.raises(ValueError, match="linearly independent directions"):
            check_independent(components, centred, mean)
    else:
        check_independent(components, centred, mean)


def test_pcah_decomposes_no_rows_where_all_directions_clearly_vary(monkeypatch):
    X = np.random.default_rng(0).normal(size=(500, 8)) * np.logspace(0, -3, 8)
    expected = PCAH(8).fit(X).projections_

    def refuse(*_, **__):
        raise AssertionError("svd was called")

    monkeypatch.setattr(np.linalg, "svd", refuse)
    np.testing.assert_array_equal(PCAH(8).fit(X).projections_, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dependent_features_are_recognised_to_rounding_in_float64(dtype):
    X = np.random.default_rng(0).normal(size=(500, 3)).astype(dtype)
    X = np.column_stack([X, X @ np.array([0.1, 0.7, -0.3], dtype=dtype)])
    if dtype is np.float64:
        with pytest.raises(ValueError, match="at most 3, the linearly independent"):
            PCAH(4).fit(X)
    else:
        assert PCAH(4).fit(X).projections_.shape == (4, 4)  # its own rounding is a direction, as documented


def test_pcah_finds_no_direction_in_one_row_over_and_over():
    with pytest.raises(ValueError, match=r"n_bits must be at most 0, the linearly independent"):
        PCAH(1).fit(np.full((5, 3), 0.1))


@pytest.mark.parametrize("smallest", [1e-3, 1e-6, 1e-9])
def test_pcah_keeps_a_direction_of_little_variance(smallest):
    random = np.random.default_rng(0)
    X = random.normal(size=(500, 4)) * [1, 1, 1, smallest]
    pcah = PCAH(4).fit(X)
    alone = np.vstack([pcah.transform(x[None]) for x in X])
    np.testing.assert_array_equal(alone, pcah.transform(X))


# --- ITQ -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hasher", [ITQ(6, random_state=0), CCAITQ(6, random_state=0)], ids=str)
def test_with_more_bits_than_independent_directions_a_rotation_leaves_no_bit_to_rounding(hasher):
    X, y = dependent(3, 6, 3000, 1.0, seed=0), np.arange(3000) % 8
    bits = hasher.fit(X, y).transform(X)
    np.testing.assert_array_equal(np.vstack([hasher.transform(x[None]) for x in X[:500]]), bits[:500])
    assert (np.abs(bits.mean(axis=0) - 0.5) < 0.25).all()


def test_itq_alternates_between_signs_and_procrustes():
    X = data()[0]
    V = PCAH(4).fit(X)
    V = (X - V.mean_) @ V.projections_
    rotation = quantising_rotation(V, 0, random_state=3)[0]
    for _ in range(20):
        rotation = orthogonal_procrustes(V, np.where(V @ rotation >= 0, 1.0, -1.0))[0]
    np.testing.assert_allclose(quantising_rotation(V, 20, random_state=3)[0], rotation)
    np.testing.assert_array_equal(ITQ(4, n_iter=20, random_state=3).fit(X).transform(X), V @ rotation >= 0)


def test_itq_rotates_and_never_loses_more():
    X = data(n=300)[0]
    itq = ITQ(5, random_state=0).fit(X)
    np.testing.assert_allclose(itq.projections_.T @ itq.projections_, np.eye(5), atol=1e-12)
    assert len(itq.losses_) == 50
    assert (np.diff(itq.losses_) <= 1e-12).all()
    assert itq.losses_[-1] < itq.losses_[0]
    V = (X - itq.mean_) @ itq.projections_
    V /= np.sqrt(np.mean(V**2))
    assert np.mean((np.sign(V) - V) ** 2) == pytest.approx(itq.losses_[-1], rel=0.01)


def test_itq_keeps_clusters_whole_that_pcah_cuts():
    X, y = make_blobs(200, centers=np.array([[-9.0, 0], [9, 0], [0, 8], [0, -8]]), random_state=0)
    codes = ITQ(2, random_state=0).fit_transform(X) @ [1, 2]
    assert all(len(set(codes[y == label])) == 1 for label in range(4))
    pcah = PCAH(2).fit_transform(X) @ [1, 2]
    assert max(len(set(pcah[y == label])) for label in range(4)) > 1


# --- CCA-ITQ -------------------------------------------------------------------------------------------------------


def test_cca_finds_scikit_learns_canonical_directions():
    X, y = data(n=400)
    labels = np.eye(4)[y]
    ours = CCAITQ(3, ridge=1e-9, random_state=0).fit(X, y)
    theirs = CCA(3, max_iter=10_000, tol=1e-12).fit(X, labels[:, :3])
    scores = theirs.transform(X, labels[:, :3])
    correlations = [np.corrcoef(scores[0][:, k], scores[1][:, k])[0, 1] for k in range(3)]
    np.testing.assert_allclose(ours.correlations_, correlations, rtol=1e-4)
    span = np.linalg.qr(theirs.x_rotations_ / X.std(axis=0, ddof=1)[:, None])[0]
    np.testing.assert_allclose(span @ span.T @ ours.projections_, ours.projections_, atol=1e-3)


def test_with_classes_the_directions_are_the_linear_discriminants():
    X, y = data(n=400)
    cca = CCAITQ(3, ridge=1e-9, random_state=0).fit(X, y)
    discriminants = LinearDiscriminantAnalysis(solver="eigen").fit(X, y).scalings_[:, :3]
    span = np.linalg.qr(discriminants)[0]
    np.testing.assert_allclose(span @ span.T @ cca.projections_, cca.projections_, atol=1e-8)


def test_directions_weigh_as_much_as_they_correlate():
    X, y = data(n=400)
    cca = CCAITQ(3, random_state=0).fit(X, y)
    centred = (X - cca.mean_) / np.sqrt(np.mean((X - cca.mean_) ** 2))
    regularised = centred.T @ centred / 400 + 0.1 * np.eye(6)
    weights = np.linalg.eigvalsh(cca.projections_.T @ regularised @ cca.projections_)
    np.testing.assert_allclose(np.sqrt(weights[::-1]), cca.correlations_, rtol=1e-8)


def test_four_classes_give_three_directions_and_the_rotation_spreads_them():
    X, y = data(n_features=12)
    cca = CCAITQ(8, random_state=0).fit(X, y)
    assert (cca.correlations_[:3] > 0).all()
    assert (cca.correlations_[3:] == 0).all()
    assert np.linalg.matrix_rank(cca.projections_) == 3
    assert (np.linalg.norm(cca.projections_, axis=0) > 1e-3).all()


def test_classes_are_a_special_case_of_labels():
    X, y = data()
    expected = CCAITQ(4, random_state=0).fit(X, y).transform(X)
    indicator = np.eye(4, dtype=int)[y]
    for labels in (np.array(list("abcd"))[y], indicator, sparse.csr_array(indicator)):
        np.testing.assert_array_equal(CCAITQ(4, random_state=0).fit(X, labels).transform(X), expected)
    indicator[::2, 0] = 1
    assert (CCAITQ(4, random_state=0).fit(X, indicator).transform(X) != expected).any()


def test_the_ridge_shrinks_the_correlations_and_fits_less_noise():
    X, y = make_blobs(120, centers=10, n_features=60, cluster_std=20, random_state=0)
    correlations = [CCAITQ(4, ridge=ridge, random_state=0).fit(X, y).correlations_[0] for ridge in (1e-4, 0.1, 1, 10)]
    assert (np.diff(correlations) < 0).all()


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "y to be passed, but the target y is None"),
        (np.zeros(80), "at least two classes.*got one class"),
        (np.tile([1, 0], (80, 1)), "at least two classes.*got one class"),
        (np.arange(79) % 2, "inconsistent numbers of samples"),
        (np.linspace(0, 1, 80), "Unknown label type"),
    ],
)
def test_cca_refuses_labels_that_do_not_fit(y, message):
    with pytest.raises(ValueError, match=message):
        CCAITQ(2).fit(data()[0], y)


@pytest.mark.parametrize(("ridge", "error"), [(0, ValueError), (-1.0, ValueError), ("a", TypeError), (True, TypeError)])
def test_cca_refuses_a_ridge_that_is_no_positive_number(ridge, error):
    with pytest.raises(error, match=f"ridge must be a positive number, got {ridge!r}"):
        CCAITQ(2, ridge=ridge).fit(*data())


# --- spectral hashing ----------------------------------------------------------------------------------------------


def test_spectral_hashing_is_the_smallest_eigenfunctions_of_the_box():
    X = data(n=200)[0]
    hashing = SpectralHashing(12).fit(X)
    projected = (X - X.mean(axis=0)) @ hashing.projections_
    lowest, side = projected.min(axis=0), np.ptp(projected, axis=0)
    every = sorted((m / side[j], j, m) for j in range(6) for m in range(1, 13))[:12]
    expected = np.column_stack(
        [np.sin(np.pi / 2 + m * np.pi / side[j] * (projected[:, j] - lowest[j])) for _, j, m in every]
    )
    np.testing.assert_array_equal(hashing.transform(X), expected >= 0)
    assert hashing.components_.tolist() == [j for _, j, _ in every]
    assert hashing.modes_.tolist() == [m for _, _, m in every]


def test_a_long_side_is_cut_before_a_short_one():
    component, mode = smoothest_modes(np.array([1.0, 10.0, 0.0]), 11)
    assert component.tolist() == [1] * 9 + [0, 1]
    assert mode.tolist() == [*range(1, 10), 1, 10]


def test_one_feature_is_enough_for_many_bits():
    X = np.linspace(0, 1, 64)[:, None]
    bits = SpectralHashing(4).fit_transform(X)
    assert (np.diff(bits.astype(int), axis=0) != 0).sum(axis=0).tolist() == [1, 2, 3, 4]


def test_spectral_hashing_needs_two_different_rows():
    with pytest.raises(ValueError, match="at least two different rows"):
        SpectralHashing(2).fit(np.ones((5, 3)))


# --- CIFAR-10, as published ----------------------------------------------------------------------------------------

PUBLISHED = {  # ECIR 2015, Table 1: T = 1,000; 16, 32, 48, 64 bits
    "LSH": (LSH(random_state=0), [0.1290, 0.1394, 0.1463, 0.1525], 0.12),
    "PCAH": (PCAH(), [0.1322, 0.1291, 0.1256, 0.1234], 0.05),
    "SH": (SpectralHashing(), [0.1306, 0.1296, 0.1346, 0.1314], 0.12),
    "ITQ+CCA": (CCAITQ(random_state=0), [0.2015, 0.2130, 0.2208, 0.2237], 0.12),
}


@pytest.fixture(scope="session")
def partition(cifar):
    return paper_partition(cifar, random_state=0).preprocessed("centre")


def ranking(hasher, split):
    hasher.fit(split.X_train, split.y_train)
    return mean_average_precision(
        hasher.transform(split.X_query), hasher.transform(split.X_database), split.y_query, split.y_database
    )


@pytest.mark.cifar10
@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_figures_are_met_on_one_partition(name, partition):
    hasher, published, tolerance = PUBLISHED[name]
    measured = [ranking(clone(hasher).set_params(n_bits=n_bits), partition) for n_bits in (16, 32, 48, 64)]
    np.testing.assert_allclose(measured, published, rtol=tolerance)


@pytest.mark.cifar10
@pytest.mark.slow
def test_the_ridge_decides_the_rank_of_cca(partition):
    weak, default, strong = (ranking(CCAITQ(32, ridge=ridge, random_state=0), partition) for ridge in (1e-4, 0.1, 1.0))
    assert weak < 0.16 < 0.2 < default < 0.24 < strong < 0.28
