"""Counts are integers within bounds wherever they go in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2h_tutorial import integers_to_bits, paper_partition
from l2h_tutorial.checks import check_integer
from l2h_tutorial.lsh import amplified_probability
from l2h_tutorial.metrics import paired_bootstrap
from l2h_tutorial.scale import measure_search, resampled_codes

BITS = np.eye(4, dtype=bool)


@given(
    st.integers(-5, 5),
    st.integers(-5, 5),
    st.none() | st.integers(-5, 5),
    st.sampled_from([int, np.int8, np.int64]),
)
def test_an_integer_is_returned_if_and_only_if_it_is_within_bounds(value, low, high, kind):
    if value >= low and (high is None or value <= high):
        found = check_integer(kind(value), "k", low, high)
        assert found == value
        assert type(found) is int
    else:
        with pytest.raises(ValueError, match=f"^k must be .*{low}.*, got {value}$"):
            check_integer(kind(value), "k", low, high)


@pytest.mark.parametrize("value", [True, np.True_, 2.0, np.float64(2), "2", None, [2]])
@pytest.mark.parametrize(
    "call",
    [
        lambda value: check_integer(value, "k"),
        lambda value: amplified_probability(0.5, 2, value),
        lambda value: integers_to_bits(1, value),
        lambda value: paired_bootstrap([1.0], [0.0], value),
        lambda value: paper_partition(None, value),
        lambda value: resampled_codes(BITS, value),
        lambda value: measure_search(BITS, BITS, 1, repeats=value),
    ],
)
def test_what_is_no_integer_is_refused_everywhere(call, value):
    with pytest.raises(TypeError, match="must be an integer"):
        call(value)
