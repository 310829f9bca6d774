"""All ways to search give the rows of brute force in the same order; re-ranking gives those of scikit-learn."""

from fractions import Fraction
from importlib import import_module

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
from l2h_tutorial.search import ball_size, exact_neighbours, hamming_ball
from l2h_tutorial.search import radius as radius_module
from l2h_tutorial.search.radius import Plan, piece_radii
from l2h_tutorial.search.rerank import Reranker

# its name in the package is the function's
rerank_module = import_module("l2h_tutorial.search.rerank")


@given(
    st.integers(1, 10).flatmap(
        lambda b: st.tuples(st.just(b), st.integers(0, 2**b - 1), st.integers(0, b))
    )
)
def test_ball_holds_each_code_within_the_radius_once_nearest_first(case):
    n_bits, code, radius = case
    ball = list(hamming_ball(code, n_bits, radius))
    distances = [(code ^ neighbour).bit_count() for neighbour in ball]
    assert distances == sorted(distances)
    assert sorted(ball) == [
        other for other in range(2**n_bits) if (code ^ other).bit_count() <= radius
    ]
    assert ball_size(n_bits, radius) == len(ball)


def cut(table, data):
    """Let multi-index hashing take any number of pieces, and bits in any order."""
    n_bits, index = table.n_bits, table._index
    index.__dict__["n_pieces"] = data.draw(st.sampled_from([1, min(3, n_bits), n_bits]))
    index.__dict__["variances"] = np.random.default_rng(data.draw(st.integers(0, 2))).random(n_bits)
    return index.n_pieces


def all_plans(n_bits, radius, n_pieces):
    """Every strategy that can be run in a test."""
    ways = [Plan("scan", 0, 0, 10, 0)]
    if n_bits <= 64 and ball_size(n_bits, radius) < 5000:
        ways.append(Plan("enumerate", 1, 10, 0, 0))
    radii = enumerate(piece_radii(radius, n_pieces))
    if (
        sum(
            ball_size(len(range(i, n_bits, n_pieces)), within) for i, within in radii if within >= 0
        )
        < 5000
    ):
        ways.append(Plan("multi-index", n_pieces, 10, 0, 0))
    return ways


@given(oracles.codes_and_queries(), st.data())
def test_every_strategy_is_brute_force(case, data):
    bits, queries = case
    r = data.draw(st.integers(0, bits.shape[1]))
    expected, true = oracles.rows_within(bits, queries, r)
    # place of each row
    by_code = np.argsort(np.lexsort(np.vstack([np.arange(len(bits)), bits.T[::-1]])))
    table = HashTable(bits)
    with pytest.MonkeyPatch.context() as patch:  # however the work is cut into blocks
        patch.setattr(radius_module, "_BLOCK", data.draw(st.sampled_from([1, 30, 10**6])))
        for plan in all_plans(bits.shape[1], r, cut(table, data)):
            table._index.plans[r] = [plan]
            ids, distances = table.query_radius(queries, r, return_distance=True)
            ordered, ascending = table.query_radius(
                queries, r, return_distance=True, sort_results=True
            )
            counts = table.query_radius(queries, r, count_only=True)
            assert ids.shape == ordered.shape == counts.shape == (len(queries),)
            for i, rows in enumerate(expected):
                assert ids[i].dtype == distances[i].dtype == ordered[i].dtype == np.int64
                order = np.argsort(by_code[rows])  # by bucket code, then by row number
                np.testing.assert_array_equal(ids[i], rows[order], err_msg=str(plan))
                np.testing.assert_array_equal(distances[i], true[i][order], err_msg=str(plan))
                np.testing.assert_array_equal(ordered[i], rows, err_msg=str(plan))
                np.testing.assert_array_equal(ascending[i], true[i], err_msg=str(plan))
                assert counts[i] == len(rows)


@given(oracles.codes_and_queries(), st.data())
def test_the_nearest_are_brute_force_whatever_is_tried_first(case, data):
    bits, queries = case
    k = data.draw(st.integers(1, len(bits)))
    table = HashTable(bits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(radius_module, "_BLOCK", data.draw(st.sampled_from([1, 30, 10**6])))
        if data.draw(st.booleans()):  # else the steps that the rule takes
            n_pieces, n_bits = cut(table, data), bits.shape[1]
            radii = sorted(
                data.draw(st.sets(st.integers(0, min(n_bits - 1, 3 * n_pieces)), max_size=4))
            )
            ladder = [(r, Plan("multi-index", n_pieces, 10, 0, 0)) for r in radii]
            patch.setattr(radius_module, "steps", lambda index: [*ladder, (n_bits, None)])
        distances, ids = table.query(queries, k)
    expected, rows = oracles.nearest_rows(bits, queries, k)
    assert ids.dtype == distances.dtype == np.int64
    np.testing.assert_array_equal(ids, rows)
    np.testing.assert_array_equal(distances, expected)


def test_some_queries_are_searched_at_a_time():
    bits = np.repeat(np.eye(5, 16, dtype=bool), 20_000, axis=0)
    table, queries = HashTable(bits), bits[::100]
    for search in (
        lambda: table.query_radius(queries, 1, count_only=True),
        lambda: table.query(queries, 3),
    ):
        with memory_below(2**26):
            search()
    assert rerank_module.queries_at_a_time(2**20) == 32


def test_neighbours_are_sought_nearby_first_where_there_may_be_enough():
    random = np.random.default_rng(0)
    centres = random.random((10_000, 64)) < 0.5
    bits = centres[random.integers(len(centres), size=200_000)] ^ (
        random.random((200_000, 64)) < 0.05
    )
    *nearby, rest = HashTable(bits).explain(k=10)
    assert {(step["strategy"], step["pieces"]) for step in nearby} == {("multi-index", 4)}
    radii = [step["radius"] for step in nearby]
    assert radii == [*range(radii[0], radii[-1] + 1)]
    assert 0 < radii[0] < 10 < radii[-1] < rest["radius"] == 64
    assert (rest["strategy"], rest["microseconds"] > nearby[-1]["microseconds"]) == ("scan", True)


def nearest_by_sklearn(query, database, ids, k, metric):
    """At most k candidates of each query, by distance, then by row number."""
    found = []
    for i, rows in enumerate(ids):
        rows = np.sort(np.asarray(rows, dtype=int))
        distances = pairwise_distances(query[i : i + 1], database, metric=metric)[0][rows]
        found.append(rows[np.argsort(distances, kind="stable")[:k]].tolist())
    return found


# one matrix product for all; by how many there are; row by row
@pytest.mark.parametrize("many", [-1.0, 0.3, 2.0])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "cityblock"])
@pytest.mark.parametrize("at_a_time", [1, 3, 128])
def test_ranking_is_that_of_scikit_learn_whatever_is_compared_at_a_time(
    monkeypatch, many, metric, at_a_time
):
    monkeypatch.setattr(rerank_module, "_MANY", many)
    monkeypatch.setattr(rerank_module, "_BLOCK_QUERIES", at_a_time)
    random = np.random.default_rng(0)
    query, database = random.standard_normal((10, 6)), random.standard_normal((300, 6))
    ids = [
        random.choice(300, size, replace=False)
        for size in (300, 0, 1, 9, 10, 11, 100, 150, 299, 200)
    ]
    reranker = Reranker(query, database, metric)
    for k in (1, 10, 300):
        for share in (0.1, 0.5, 1.0, 0.2):  # balls that grow, and one that is smaller again
            part = [rows[: int(share * len(rows))] for rows in ids]
            expected = nearest_by_sklearn(query, database, part, k, metric)
            assert [rows.tolist() for rows in rerank(query, database, part, k, metric)] == expected
            distances, found = reranker.nearest(part, k)
            assert [rows.tolist() for rows in found] == expected
            for i, (rows, away) in enumerate(zip(found, distances, strict=True)):
                true = pairwise_distances(query[i : i + 1], database, metric=metric)[0][rows]
                np.testing.assert_allclose(away, true, atol=1e-12)
    everything = nearest_by_sklearn(query, database, [range(300)] * 10, 9, metric)
    assert exact_neighbours(query, database, 9, metric).tolist() == everything


small_vectors = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 20), st.just(3)), elements=st.integers(-2, 2)
)


@given(small_vectors, small_vectors, st.data())
def test_rerank_has_ties_by_row_and_zero_vectors_without_direction(query, database, data):
    """By cosines as fractions. Ties that no rounding breaks are of equal vectors, and of those at a right angle."""
    k = data.draw(st.integers(1, len(database)))
    ids = [
        np.array(data.draw(st.permutations(range(len(database))))[: 2 * k], dtype=int)
        for _ in query
    ]
    squares, equal = (database**2).sum(axis=1), (database[:, None] == database).all(axis=2)
    for product, asked, rows in zip(
        query @ database.T, ids, rerank(query, database, ids, k), strict=True
    ):
        assert rows.dtype == np.int64
        signed = product * abs(product)  # of the cosine's square, but for the query's own
        exact = [
            Fraction(int(p), int(square) or 1) for p, square in zip(signed, squares, strict=True)
        ]
        assert [exact[row] for row in rows] == sorted((exact[row] for row in asked), reverse=True)[
            :k
        ]
        place = np.full(len(database), k)
        place[rows] = range(len(rows))
        among, upright = np.isin(range(len(database)), asked), product == 0
        tied = (equal | np.logical_and.outer(upright, upright)) & np.logical_and.outer(among, among)
        one, other = np.triu(tied, 1).nonzero()
        assert (place[one] <= place[other]).all()


def test_nearly_parallel_vectors_that_float32_would_confuse_come_in_exact_order():
    random = np.random.default_rng(0)
    database = (1 + 1e-5 * random.standard_normal((3000, 40))).astype(np.float32)
    database[1500:] = database[:1500]
    query = database[:5] + np.float32(1e-5)
    exact = exact_neighbours(query, database, 12)
    assert exact.dtype == np.int64
    q, x = query.astype(float), database.astype(float)
    norms = np.sqrt((q * q).sum(axis=1))[:, None] * np.sqrt((x * x).sum(axis=1))
    expected = np.argsort(-(q[:, None] * x[None]).sum(axis=2) / norms, axis=1, kind="stable")[
        :, :12
    ]
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
    query, database = (
        random.standard_normal((4, 8)).astype(dtype),
        random.standard_normal((500, 8)).astype(dtype),
    )
    scaled = exact_neighbours(
        (query * scale).astype(dtype), (database * scale).astype(dtype), 7, metric
    )
    np.testing.assert_array_equal(scaled, exact_neighbours(query, database, 7, metric))


@given(
    hnp.arrays(np.int64, st.tuples(st.integers(1, 40), st.just(2)), elements=st.integers(-4, 4)),
    st.sampled_from([0, 10**6, 1_700_000_000, 2**40]),
    st.booleans(),
    st.data(),
)
def test_euclidean_neighbours_do_not_suffer_from_an_offset(whole, offset, far, data):
    """As integers, whose squared distances are exact; with an offset of all features, or one row far from the rest."""
    database, query = whole + offset, whole[:3][::-1] + offset
    if far:
        database[0] += 2**25
    k = data.draw(st.integers(1, len(database)))
    ids = [np.array(data.draw(st.permutations(range(len(database))))[: k + 2]) for _ in query]
    squared = ((query[:, None] - database[None]) ** 2).sum(axis=2)
    exact = exact_neighbours(query.astype(float), database.astype(float), k, "euclidean")
    np.testing.assert_array_equal(exact, np.argsort(squared, axis=1, kind="stable")[:, :k])
    for i, rows in enumerate(
        rerank(query.astype(float), database.astype(float), ids, k, "euclidean")
    ):
        assert rows.tolist() == sorted(ids[i], key=lambda row: (squared[i, row], row))[:k]


def test_neighbours_without_a_distance_come_last():
    """Constant rows have no correlation with anything: NaN."""
    database = np.array([[1.0, 1.0, 1.0], [3.0, 2.0, 1.0], [2.0, 2.0, 2.0], [1.0, 2.0, 4.0]])
    for k, expected in ((1, [3]), (2, [3, 1]), (3, [3, 1, 0]), (4, [3, 1, 0, 2])):
        assert exact_neighbours([[1.0, 2.0, 3.0]], database, k, "correlation").tolist() == [
            expected
        ]


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "cityblock"])
def test_of_few_candidates_only_their_rows_are_read_some_queries_at_a_time(metric):
    random = np.random.default_rng(0)
    database = random.standard_normal((20_000, 32))
    query, ids = database[:1000] + 0.1, random.integers(0, 20_000, (1000, 7))
    elsewhere = np.full_like(database, np.nan)
    elsewhere[np.unique(ids)] = database[np.unique(ids)]
    with memory_below(database.nbytes / 2):
        nearest = rerank(query, elsewhere, ids, 3, metric)
    assert [rows.tolist() for rows in nearest[:50]] == nearest_by_sklearn(
        query, database, ids[:50], 3, metric
    )
    again, distances = rerank(query, elsewhere, ids, 3, metric, return_distance=True)
    assert np.stack(again).tolist() == np.stack(nearest).tolist()
    assert np.stack(distances).shape == (1000, 3)
    assert [rows.tolist() for rows in rerank(query[:2], database, [[], []], 3, metric)] == [[], []]


def change(**arguments):
    """A ranking with one thing wrong."""
    return lambda: rerank(
        **{"X_query": np.eye(3)[:2], "X_database": np.eye(3), "ids": [[0], [1]], "k": 1} | arguments
    )


test_impossible_balls_and_rankings_are_refused = refusals(
    (
        lambda: hamming_ball(0, 4, -1),
        ValueError,
        "radius of codes of 4 bits must be from 0 to 4, got -1",
    ),
    (lambda: ball_size(-1, 0), ValueError, "n_bits must be at least 0, got -1"),
    (lambda: hamming_ball(16, 4, 1), ValueError, "a code of 4 bits must be from 0 to 15, got 16"),
    (change(k=0), ValueError, "k must be from 1 to the 3 rows of the database, got 0"),
    (change(ids=[[0]]), ValueError, "for each of the 2 queries, got 1"),
    (change(ids=[[0], [3]]), ValueError, r"ids\[1\] must be rows from 0 to 2, got 3 to 3"),
    (
        change(ids=[[0.5], [0]]),
        TypeError,
        r"ids\[0\] must be a one-dimensional array of integers, got float64",
    ),
    (change(ids=[[1, 0, 1], [0]], k=2), ValueError, r"ids\[0\] names row 1 twice"),
    (change(X_query=np.eye(2), ids=[[], []]), ValueError, "same number of features, got 2 and 3"),
    (
        change(X_query=np.full((2, 3), np.nan), ids=[[], []]),
        ValueError,
        "X_query must be finite, got NaN",
    ),
    (
        change(X_database=np.full((3, 3), np.inf)),
        ValueError,
        "X_database must be finite, got NaN or inf",
    ),
    (
        change(X_database=sparse.eye_array(3)),
        TypeError,
        "X_database must be a dense array, got a sparse one",
    ),
    (
        lambda: exact_neighbours(np.empty((0, 3)), np.eye(3), 1),
        ValueError,
        r"hold a row, got shape \(0, 3\)",
    ),
    (change(X_database=np.zeros(3)), ValueError, r"X_database must be two-dim.* shape \(3,\)"),
)
