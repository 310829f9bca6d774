"""Find by brute force what every search, on one machine or several, must find."""

import numpy as np
from hypothesis import strategies as st


def distances(query_bits, bits):
    """Count the bits that differ one by one, (n_queries, n)."""
    return (query_bits[:, None] != bits[None]).sum(axis=2)


def rows_within(bits, query_bits, r):
    """Return the rows within r of each query, by distance and then number, and the distances."""
    rows = []
    found = []
    for of_query in distances(query_bits, bits):
        order = np.argsort(of_query, kind="stable")
        within = order[of_query[order] <= r]
        rows.append(within)
        found.append(of_query[within])
    return rows, found


def nearest_rows(bits, query_bits, k):
    """Return the distances and numbers of the k nearest rows, by distance and then by number."""
    of_all = distances(query_bits, bits)
    rows = np.argsort(of_all, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(of_all, rows, axis=1), rows


@st.composite
def codes_and_queries(draw, max_bits=200):
    """Draw codes that crowd around a centre, some of them several times, and queries like them."""
    n_bits = draw(
        st.sampled_from([1, 8, 16, 17, 32, 63, 64, 65, 128, 192]) | st.integers(1, max_bits)
    )
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    # a random code, or the largest that there is
    centre = random.random(n_bits) < draw(st.sampled_from([0.5, 1.0]))
    flip = draw(st.sampled_from([0.0, 0.02, 0.1, 0.5]))
    bits = centre ^ (random.random((draw(st.integers(1, 80)), n_bits)) < flip)
    bits = bits[random.integers(len(bits), size=len(bits) + draw(st.integers(0, 40)))]
    return bits, centre ^ (random.random((draw(st.integers(1, 5)), n_bits)) < flip)
