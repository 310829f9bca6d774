"""Where chance has a part in GRH, and what takes its place: what is drawn, from which seed, and the most even cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.pairwise import euclidean_distances

from l2h_tutorial import LSH
from l2h_tutorial.grh import kernels
from l2h_tutorial.grh.degenerate import next_best_split, redraw
from l2h_tutorial.grh.output_codes import OutputCodes


def test_the_median_is_of_different_points_drawn_by_the_seed():
    rows = [kernels._sample(2500, seed) for seed in (0, 0, 1)]
    assert all(len(np.unique(each)) == 2000 for each in rows)
    assert all(set(each) <= set(range(2500)) for each in rows)
    np.testing.assert_array_equal(rows[0], rows[1])
    assert (rows[0] != rows[2]).any()
    np.testing.assert_array_equal(kernels._sample(2000, 0), np.arange(2000))


@pytest.mark.parametrize("n", [50, 2100])
def test_the_width_follows_the_median_of_the_pairs(n):
    X = np.random.default_rng(0).standard_normal((n, 3))
    pairs = euclidean_distances(X, squared=True)[np.triu_indices(n, 1)]
    assert kernels.kernel_width(X, 2.0, 0) == pytest.approx(2 / np.median(pairs), rel=1e-9 if n == 50 else 0.02)


def test_a_redrawn_bit_is_the_first_lsh_bit_with_two_sides_after_the_graph_step():
    """Hyperplanes are drawn as LSH draws them, one after another, until the graph step leaves two sides."""
    X = np.random.default_rng(1).standard_normal((40, 3))
    X -= X.mean(axis=0)
    random, seen = np.random.RandomState(0), []

    def regularise(bits):
        seen.append(bits[:, 0])
        return bits if len(seen) == 3 else np.zeros_like(bits)

    drawn, regularised = redraw(X, regularise, np.random.RandomState(0))
    hashed = [LSH(1, random_state=random).fit(X).transform(X)[:, 0] for _ in range(3)]
    np.testing.assert_array_equal(seen, hashed)
    np.testing.assert_array_equal(drawn, hashed[2])
    np.testing.assert_array_equal(regularised, hashed[2])


def test_one_hot_codewords_are_for_any_number_of_classes():
    y = np.arange(300).repeat(2)
    X = np.random.default_rng(0).standard_normal((600, 4))
    codes = OutputCodes(300, codewords="one-hot", classifier="kernel-ridge").fit(X, y)
    np.testing.assert_array_equal(codes.codewords_, np.eye(300, dtype=bool))


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_no_cut_between_scores_is_more_even_than_the_one_taken(scores):
    values = sorted(set(scores))
    split = next_best_split(np.array(scores) / 8)
    if len(values) == 1:
        assert split is None
        return
    uneven = [abs(2 * sum(score >= value for score in scores) - len(scores)) for value in values[1:]]
    assert abs(2 * split.sum() - len(scores)) == min(uneven)
    assert min(np.array(scores)[split]) > max(np.array(scores)[~split])
