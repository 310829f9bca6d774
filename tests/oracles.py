"""Brute force: what every search, on one machine or several, must find."""

import numpy as np
from hypothesis import strategies as st


def distances(query_bits, bits):
    """Bits that differ, (n_queries, n), counted one by one."""
    return (query_bits[:, None] != bits[None]).sum(axis=2)


def rows_within(bits, query_bits, r):
    """Rows within r of each query, and their distances: by distance, then by row number."""
    true = distances(query_bits, bits)
    rows = [
        np.array([row for row in np.argsort(each, kind="stable") if each[row] <= r], dtype=int)
        for each in true
    ]
    return rows, [each[found] for each, found in zip(true, rows, strict=True)]


def nearest_rows(bits, query_bits, k):
    """Distances and row numbers of the k nearest: by distance, then by row number."""
    true = distances(query_bits, bits)
    rows = np.argsort(true, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(true, rows, axis=1), rows


@st.composite
def codes_and_queries(draw, max_bits=200):
    """Codes that crowd around a centre, more or less, some of them several times, and queries like
    them.
    """
    n_bits = draw(
        st.sampled_from([1, 8, 16, 17, 32, 63, 64, 65, 128, 192]) | st.integers(1, max_bits)
    )
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    # or the largest code that there is
    centre = random.random(n_bits) < draw(st.sampled_from([0.5, 1.0]))
    flip = draw(st.sampled_from([0.0, 0.02, 0.1, 0.5]))
    bits = centre ^ (random.random((draw(st.integers(1, 80)), n_bits)) < flip)
    bits = bits[random.integers(len(bits), size=len(bits) + draw(st.integers(0, 40)))]
    return bits, centre ^ (random.random((draw(st.integers(1, 5)), n_bits)) < flip)
