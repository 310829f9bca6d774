"""Random hyperplanes, and the theory of when two vectors collide."""

import numpy as np
from refusals import refusals
from scipy import sparse

from l2h_tutorial import LSH
from l2h_tutorial.lsh import amplified_probability, angle_between, collision_probability


def test_hyperplanes_are_the_draw_of_the_tutorial():
    features = np.random.default_rng(0).standard_normal((40, 6))
    np.random.seed(0)  # noqa: NPY002
    expected = np.random.randn(6, 16)  # noqa: NPY002
    lsh = LSH(16, random_state=0).fit(features)
    np.testing.assert_array_equal(lsh.hyperplanes_, expected)
    np.testing.assert_array_equal(lsh.transform(features), features @ expected >= 0)


def test_a_vector_on_a_hyperplane_gets_a_one():
    lsh = LSH(5, random_state=0).fit(np.ones((1, 3)))
    assert lsh.transform(np.zeros((1, 3))).all()


def test_amplified_probability_keeps_tiny_and_extreme_values():
    np.testing.assert_allclose(amplified_probability(1e-3, n_bits=8, n_tables=5), 5e-24)
    np.testing.assert_array_equal(amplified_probability([0.0, 1.0], n_bits=3, n_tables=2), [0, 1])


def test_angles_are_right_also_at_their_ends():
    x = [[1, 2, 3], [1, 2, 3], [1, 0, 0], [2, 0, 0]]
    y = [[2, 4, 6], [-1, -2, -3], [1, 1e-9, 0], [0, 1e100, 1e100]]
    np.testing.assert_allclose(angle_between(x, y), [0, np.pi, 1e-9, np.pi / 2], atol=1e-15)


test_impossible_angles_and_probabilities_are_refused = refusals(
    (lambda: collision_probability([1.0, 4.0]), "from 0 to pi, got 4.0"),
    (lambda: amplified_probability(1.5, 2), "a probability is from 0 to 1, got 1.5"),
    (lambda: amplified_probability(0.5, 2, 0), "n_tables must be at least 1, got 0"),
    (lambda: angle_between([[1.0]], [[1.0, 0.0]]), r"got \(1, 1\) and \(1, 2\)"),
    (lambda: angle_between([[0.0, 0.0]], [[1.0, 0.0]]), "positive, finite length, got 0.0"),
    (lambda: angle_between([[1.0], [2.0]], [[1.0], [np.nan]]), "positive, finite length, got nan"),
)


def test_sparse_rows_get_the_bits_of_dense_ones():
    X = np.random.default_rng(0).poisson(0.3, (5000, 30)).astype(float)
    lsh = LSH(24, random_state=0).fit(sparse.csr_array(X))
    for kind in (sparse.csr_array, sparse.coo_array, sparse.csc_matrix):
        np.testing.assert_array_equal(lsh.transform(kind(X)), lsh.transform(X))
