"""All ways to search find the rows of brute force, in the same order; so does re-ranking."""

from dataclasses import replace

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from limits import memory_below
from refusals import refusals
from scipy import sparse
from sklearn.metrics import pairwise_distances

from l2h_tutorial import HashTable, rerank
from l2h_tutorial.search import ball_size, exact_neighbours, hamming_ball, reranking
from l2h_tutorial.search import radius as radius_module
from l2h_tutorial.search.radius import Plan, count_within, plans, rows_within
from l2h_tutorial.search.reranking import Reranker


@given(
    st.integers(1, 10).flatmap(
        lambda b: st.tuples(st.just(b), st.integers(0, 2**b - 1), st.integers(0, b))
    )
)
def test_ball_holds_each_code_once_nearest_first(case):
    n_bits, code, radius = case
    ball = list(hamming_ball(code, n_bits, radius))
    distances = [(code ^ neighbour).bit_count() for neighbour in ball]
    assert distances == sorted(distances)
    assert sorted(ball) == [
        other for other in range(2**n_bits) if (code ^ other).bit_count() <= radius
    ]
    assert ball_size(n_bits, radius) == len(ball)


def cut_anew(index, data):
    """Let multi-index hashing cut the codes into any number of pieces."""
    n_bits = index.n_bits
    anew = replace(index)
    # stands where cached_property keeps what it computed
    vars(anew)["n_pieces"] = data.draw(st.sampled_from([1, min(3, n_bits), n_bits]))
    return anew


def assert_found(found, expected, plan=None):
    """Compare two sequences of arrays, one a query."""
    assert len(found) == len(expected)
    for rows, expected_rows in zip(found, expected, strict=True):
        assert rows.dtype == np.int64
        np.testing.assert_array_equal(rows, expected_rows, err_msg=str(plan))


@given(oracles.codes_and_queries(), st.data())
def test_every_strategy_is_brute_force(case, data):
    bits, queries = case
    n_bits = bits.shape[1]
    r = data.draw(st.integers(0, n_bits))
    rows, distances = oracles.rows_within(bits, queries, r)
    by_code = np.lexsort(np.vstack([np.arange(len(bits)), bits.T[::-1]]))  # then by number
    of_all = oracles.distances(queries, bits)
    rows_by_code = [by_code[of_query[by_code] <= r] for of_query in of_all]
    distances_by_code = [each[found] for each, found in zip(of_all, rows_by_code, strict=True)]
    table = HashTable(bits)
    index = cut_anew(table._index, data)
    words = table._pack(queries, name="queries")
    with pytest.MonkeyPatch.context() as patch:  # however the work is cut into blocks
        patch.setattr(radius_module, "_BLOCK", data.draw(st.sampled_from([1, 30, 10**6])))
        quick = [plan for plan in plans(index, r) if plan.probes < 5000]
        for plan in quick:
            index.plans[r] = [plan]
            found = rows_within(index, words, r, with_distances=True)
            assert_found(found[0], distances_by_code, plan)
            assert_found(found[1], rows_by_code, plan)
            ordered = rows_within(index, words, r, by_distance=True)
            assert_found(ordered[0], distances, plan)
            assert_found(ordered[1], rows, plan)
            counts = count_within(index, words, r)
            assert counts.tolist() == [len(of_query) for of_query in rows]
    ids, found_distances = table.query_radius(queries, r, return_distance=True)
    assert_found(ids, rows_by_code)
    assert_found(found_distances, distances_by_code)


@given(oracles.codes_and_queries(), st.data())
def test_the_nearest_are_brute_force_whatever_is_tried_first(case, data):
    bits, queries = case
    k = data.draw(st.integers(1, len(bits)))
    table = HashTable(bits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(radius_module, "_BLOCK", data.draw(st.sampled_from([1, 30, 10**6])))
        if data.draw(st.booleans()):  # else the steps that the rule takes
            table._index = cut_anew(table._index, data)
            n_pieces = table._index.n_pieces
            largest = min(table.n_bits - 1, 3 * n_pieces)
            radii = sorted(data.draw(st.sets(st.integers(0, largest), max_size=4)))
            tried = [(r, Plan("multi-index", n_pieces, 10, 0, 0)) for r in radii]
            patch.setattr(radius_module, "steps", lambda index: [*tried, (index.n_bits, None)])
        distances, ids = table.query(queries, k)
    expected, rows = oracles.nearest_rows(bits, queries, k)
    assert ids.dtype == distances.dtype == np.int64
    np.testing.assert_array_equal(ids, rows)
    np.testing.assert_array_equal(distances, expected)


def test_a_block_of_queries_is_searched_at_a_time():
    bits = np.repeat(np.eye(5, 16, dtype=bool), 20_000, axis=0)
    table = HashTable(bits)
    queries = bits[::100]
    with memory_below(2**26):
        table.query_radius(queries, 1, count_only=True)
    with memory_below(2**26):
        table.query(queries, 3)
    assert reranking.queries_at_a_time(2**20) == 32


def test_neighbours_are_sought_nearby_first():
    random = np.random.default_rng(0)
    centres = random.random((10_000, 64)) < 0.5
    bits = centres[random.integers(len(centres), size=200_000)]
    bits ^= random.random(bits.shape) < 0.05
    *nearby, rest = HashTable(bits).explain(k=10)
    assert {step["strategy"] for step in nearby} == {"multi-index"}
    radii = [step["radius"] for step in nearby]
    assert radii == [*range(radii[0], radii[-1] + 1)]
    assert 0 < radii[0] < 10 < radii[-1] < 64
    assert rest["strategy"] == "scan"


def nearest_by_sklearn(query, database, ids, k, metric):
    """Return at most k candidates of each query, by distance, then by row number."""
    of_all = pairwise_distances(query, database, metric=metric)
    return [
        sorted(rows, key=lambda row: (distances[row], row))[:k]
        for rows, distances in zip(ids, of_all, strict=True)
    ]


# -1: always one product with all rows. 2: always gather the candidates' rows. 0.3: both occur.
@pytest.mark.parametrize("many", [-1.0, 0.3, 2.0])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "cityblock"])
@pytest.mark.parametrize("at_a_time", [1, 3, 128])
def test_ranking_is_that_of_scikit_learn_in_any_block(monkeypatch, many, metric, at_a_time):
    monkeypatch.setattr(reranking, "_MANY", many)
    monkeypatch.setattr(reranking, "_GATHERED", 40)
    monkeypatch.setattr(reranking, "_BLOCK_QUERIES", at_a_time)
    random = np.random.default_rng(0)
    query = random.standard_normal((10, 6))
    database = random.standard_normal((300, 6))
    sizes = (300, 0, 1, 9, 10, 11, 100, 150, 299, 200)
    ids = [random.choice(300, size, replace=False) for size in sizes]
    reranker = Reranker(query, database, metric)
    for k in (1, 10, 300):
        for share in (0.1, 0.5, 1.0, 0.2):  # balls that grow, and one that is smaller again
            part = [rows[: int(share * len(rows))] for rows in ids]
            expected = nearest_by_sklearn(query, database, part, k, metric)
            assert [rows.tolist() for rows in reranker.nearest(part, k)[1]] == expected
            found, distances = rerank(query, database, part, k, metric, return_distance=True)
            assert [rows.tolist() for rows in found] == expected
            true = pairwise_distances(query, database, metric=metric)
            for i, rows in enumerate(found):
                np.testing.assert_allclose(distances[i], true[i, rows], atol=1e-12)


@given(
    hnp.arrays(np.float64, (4, 3), elements=st.integers(-2, 2)),
    st.lists(st.integers(0, 6), min_size=1, max_size=20),
    st.data(),
)
def test_rerank_has_ties_by_row_and_takes_zero_vectors(query, directions, data):
    """Rows lie on the axes or are zero, so that no rounding breaks the ties of their cosines."""
    database = np.vstack([np.eye(3), -np.eye(3), np.zeros((1, 3))])[directions]
    k = data.draw(st.integers(1, len(database)))
    ids = [np.array(data.draw(st.permutations(range(len(database))))[: 2 * k]) for _ in query]
    products = query @ database.T
    for i, rows in enumerate(rerank(query, database, ids, k)):
        assert rows.dtype == np.int64
        assert rows.tolist() == sorted(ids[i], key=lambda row: (-products[i, row], row))[:k]


def test_nearly_parallel_vectors_come_in_exact_order():
    """Where products in float32 cannot tell them apart, as those in float64 do."""
    random = np.random.default_rng(0)
    database = (1 + 1e-5 * random.standard_normal((3000, 40))).astype(np.float32)
    database[1500:] = database[:1500]
    query = database[:5] + np.float32(1e-5)
    exact = exact_neighbours(query, database, 12)
    expected = exact_neighbours(query.astype(float), database.astype(float), 12)
    np.testing.assert_array_equal(exact, expected)
    few = [np.union1d(rows, np.arange(0, 3000, 100)) for rows in exact]
    assert [rows.tolist() for rows in rerank(query, database, few, 12)] == exact.tolist()


@pytest.mark.parametrize(
    ("scale", "dtype"),
    [(2.0**-200, float), (2.0**200, float), (2.0**-100, np.float32), (2.0**100, np.float32)],
)
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_rerank_does_not_depend_on_the_scale_of_the_vectors(scale, dtype, metric):
    """Also where the first pass overflows."""
    random = np.random.default_rng(0)
    query = random.standard_normal((4, 8)).astype(dtype)
    database = random.standard_normal((500, 8)).astype(dtype)
    expected = exact_neighbours(query, database, 7, metric)
    query = (query * scale).astype(dtype)
    database = (database * scale).astype(dtype)
    np.testing.assert_array_equal(exact_neighbours(query, database, 7, metric), expected)


@given(
    hnp.arrays(np.int64, st.tuples(st.integers(1, 40), st.just(2)), elements=st.integers(-4, 4)),
    st.sampled_from([0, 10**6, 1_700_000_000, 2**40]),
    st.booleans(),
    st.data(),
)
def test_euclidean_neighbours_do_not_suffer_from_an_offset(whole, offset, far, data):
    """Take integers, whose squared distances are exact, and add an offset or move one row away."""
    database = whole + offset
    query = whole[:3][::-1] + offset
    if far:
        database[0] += 2**25
    k = data.draw(st.integers(1, len(database)))
    ids = [np.array(data.draw(st.permutations(range(len(database))))[: k + 2]) for _ in query]
    squared = ((query[:, None] - database[None]) ** 2).sum(axis=2)
    vectors = (query.astype(float), database.astype(float))
    exact = exact_neighbours(*vectors, k, "euclidean")
    np.testing.assert_array_equal(exact, np.argsort(squared, axis=1, kind="stable")[:, :k])
    for i, rows in enumerate(rerank(*vectors, ids, k, "euclidean")):
        assert rows.tolist() == sorted(ids[i], key=lambda row: (squared[i, row], row))[:k]


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "cityblock"])
def test_of_few_candidates_only_their_rows_are_read(metric):
    random = np.random.default_rng(0)
    database = random.standard_normal((20_000, 32))
    query = database[:1000] + 0.1
    ids = random.integers(0, 20_000, (1000, 7))
    only_candidates = np.full_like(database, np.nan)
    only_candidates[np.unique(ids)] = database[np.unique(ids)]
    expected = nearest_by_sklearn(query[:50], database, ids[:50], 3, metric)
    for stored in (only_candidates, np.asfortranarray(only_candidates)):
        with memory_below(database.nbytes / 2):
            nearest = rerank(query, stored, ids, 3, metric)
        assert [rows.tolist() for rows in nearest[:50]] == expected


def change(**arguments):
    """Return a ranking with one wrong argument."""
    right = {"X_query": np.eye(3)[:2], "X_database": np.eye(3), "ids": [[0], [1]], "k": 1}
    return lambda: rerank(**right | arguments)


test_impossible_balls_and_rankings_are_refused = refusals(
    (lambda: hamming_ball(0, 4, -1), "radius of codes of 4 bits must be from 0 to 4, got -1"),
    (lambda: hamming_ball(16, 4, 1), "a code of 4 bits must be from 0 to 15, got 16"),
    (change(k=0), "k must be from 1 to the 3 rows of the database, got 0"),
    (change(ids=[[0], [3]]), r"ids\[1\] must be rows from 0 to 2, got 3 to 3"),
    (change(ids=[[1, 0, 1], [0]], k=2), r"ids\[0\] names row 1 twice"),
    (change(X_query=np.eye(2), ids=[[], []]), "same number of features, got 2 and 3"),
    (change(X_query=np.full((2, 3), np.nan), ids=[[], []]), "X_query must be finite, got NaN"),
    (change(X_database=np.full((3, 3), np.inf)), "X_database must be finite, got NaN or inf"),
    (
        change(X_database=sparse.eye_array(3)),
        TypeError,
        "X_database must be a dense array, got a sparse one",
    ),
    (change(X_query=np.empty((0, 3))), r"two-dim.* and hold a row, got shape \(0, 3\)"),
)
