"""All ways to search give the same rows in the same order; the choice between them says what it does."""

import subprocess
import sys

import faiss
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2h_tutorial import HashTable, hamming_distances, pack_bits
from l2h_tutorial.search import Plan, ball_size, build_index, find, gather_rows, multi_index, nearest_rows, plans
from l2h_tutorial.search import choice as choice_module
from l2h_tutorial.search import nearest as nearest_module
from l2h_tutorial.search.hits import cut, hit_distances, ragged, row_counts
from l2h_tutorial.search.pieces import cut_piece, piece_radii, pieces_of


@st.composite
def codes_and_queries(draw, max_bits=130):
    """Codes that crowd around a centre, more or less, some of them several times, and queries like them."""
    n_bits = draw(st.one_of(st.sampled_from([1, 16, 17, 32, 63, 64, 65, 128, max_bits]), st.integers(1, max_bits)))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    centre, flip = random.random(n_bits) < 0.5, draw(st.sampled_from([0.0, 0.02, 0.1, 0.5]))
    bits = centre ^ (random.random((draw(st.integers(1, 80)), n_bits)) < flip)
    bits = bits[random.integers(len(bits), size=len(bits) + draw(st.integers(0, 40)))]
    queries = centre ^ (random.random((draw(st.integers(1, 5)), n_bits)) < flip)
    return bits, queries, draw(st.integers(0, n_bits))


def all_plans(index, radius):
    """Every strategy that can be run in a test, also with more and shorter pieces than a plan would have."""
    n_bits = index.n_bits
    names = [Plan("scan buckets", 0, 0, 0, 0, 0), Plan("scan rows", 0, 0, 0, 0, 0)]
    if n_bits <= 64 and ball_size(n_bits, radius) < 5000:
        names.append(Plan("enumerate", 1, 0, 0, 0, 0))
    for n_pieces in {-(-n_bits // 64), 2, 3, 5, n_bits} & set(range(-(-n_bits // 64), n_bits + 1)):
        lengths = [end - first for first, end in pieces_of(n_bits, n_pieces)]
        balls = [ball_size(b, w) for b, w in zip(lengths, piece_radii(radius, n_pieces), strict=True) if w >= 0]
        if sum(balls) < 5000:
            names.append(Plan("multi-index", n_pieces, 100, 1000, 0, 0))
    return names


def rows_and_distances(index, words, radius, plan):
    searched, found = find(index, words, radius, plan)
    rows, distances, first = [], [], 0
    for hits in found:
        block = words[first : first + len(hits.counts)]
        first += len(block)
        counts = row_counts(searched, hits)
        rows += cut(gather_rows(searched, hits.buckets), counts)
        distances += cut(np.repeat(hit_distances(searched, block, hits), searched.sizes[hits.buckets]), counts)
    return rows, distances


@given(codes_and_queries())
def test_every_strategy_is_brute_force_by_bucket_code_then_row(case):
    bits, queries, radius = case
    index = build_index(pack_bits(bits), bits.shape[1])
    words = pack_bits(queries).astype(index.words.dtype)
    true = hamming_distances(queries, bits)
    by_code = np.lexsort(np.vstack([np.arange(len(bits)), bits.T[::-1]]))  # codes first, the last key decides first
    for plan in all_plans(index, radius):
        rows, distances = rows_and_distances(index, words, radius, plan)
        assert len(rows) == len(queries)
        for i in range(len(queries)):
            expected = by_code[true[i][by_code] <= radius]
            np.testing.assert_array_equal(rows[i], expected, err_msg=str(plan))
            np.testing.assert_array_equal(distances[i], true[i][expected], err_msg=str(plan))


@given(codes_and_queries(), st.data())
def test_the_nearest_are_brute_force_whatever_is_tried_first(case, data):
    bits, queries, radius = case
    k = data.draw(st.integers(1, len(bits)))
    index = build_index(pack_bits(bits), bits.shape[1])
    words = pack_bits(queries).astype(index.words.dtype)
    true = hamming_distances(queries, bits)
    expected = np.argsort(true, axis=1, kind="stable")[:, :k]
    looked_up = [plan for plan in all_plans(index, radius) if plan.pieces]
    plan = data.draw(st.sampled_from([None, *looked_up]))
    with pytest.MonkeyPatch.context() as patch:
        last = Plan("scan buckets", 0, 0, 0, 0, 0)
        patch.setattr(nearest_module, "steps", lambda index, k: [(radius, plan)] * bool(plan) + [(index.n_bits, last)])
        distances, rows = nearest_rows(index, words, k)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(distances, np.take_along_axis(true, expected, axis=1))


@given(st.integers(1, 200).flatmap(lambda b: st.tuples(st.just(b), st.integers(1, b), st.integers(0, b))))
def test_codes_within_the_radius_are_near_in_a_piece_and_no_smaller_radii_would_do(case):
    n_bits, n_pieces, radius = case
    pieces, radii = pieces_of(n_bits, n_pieces), piece_radii(radius, n_pieces)
    assert [first for first, _ in pieces] == [0] + [end for _, end in pieces[:-1]]
    assert pieces[-1][1] == n_bits
    assert {end - first for first, end in pieces} <= {n_bits // n_pieces, -(-n_bits // n_pieces)}
    # The nearest codes that no piece finds differ in one bit more than its radius in every piece: in radius + 1 bits.
    assert sum(within + 1 for within in radii) == radius + 1


@given(st.integers(1, 150).flatmap(lambda b: st.tuples(st.just(b), st.integers(0, b - 1), st.integers(1, 64))))
def test_a_piece_is_the_integer_of_its_bits(case):
    n_bits, first, length = case
    piece = first, min(n_bits, first + length)
    bits = np.random.default_rng(n_bits).random((20, n_bits)) < 0.5
    expected = [int("".join("01"[bit] for bit in code[slice(*piece)]), 2) for code in bits.astype(int)]
    assert cut_piece(pack_bits(bits).T, n_bits, piece).tolist() == expected


def test_multi_index_finds_what_faiss_finds_in_skewed_codes_with_duplicates():
    random = np.random.default_rng(0)
    crowded = random.random(64) < 0.5
    bits = crowded ^ (random.random((30_000, 64)) < random.choice([0.02, 0.1, 0.3], 30_000)[:, None])
    bits[20_000:] = bits[random.integers(20_000, size=10_000)]
    queries = bits[:40] ^ (random.random((40, 64)) < 0.05)
    flat = faiss.IndexBinaryFlat(64)
    flat.add(np.packbits(bits, axis=1))
    index = build_index(pack_bits(bits), 64)
    for radius in (0, 3, 6, 9):
        limits, _, ids = flat.range_search(np.packbits(queries, axis=1), radius + 1)  # faiss excludes its radius
        for n_pieces in (2, 3, 4) if radius < 6 else (3, 4):
            found = multi_index(index, pack_bits(queries), radius, n_pieces)
            rows = np.concatenate([gather_rows(index, hits.buckets) for hits in found])
            assert len(rows) == limits[-1]
            of_query = np.repeat(np.arange(40), np.diff(limits.astype(int)))
            np.testing.assert_array_equal(rows[np.lexsort((rows, of_query))], ids[np.lexsort((ids, of_query))])


def test_slices_and_index_gather_the_same_rows():
    bits = np.random.default_rng(0).random((2000, 3)) < 0.5
    index = build_index(pack_bits(bits), 3)
    one_by_one = {b: index.rows[index.offsets[b] : index.offsets[b + 1]] for b in range(8)}
    for buckets in ([5, 0], [0, 1, 2, 5, 6], [3, 4, 0, 1], []):
        expected = np.concatenate([np.empty(0, dtype=int), *(one_by_one[b] for b in buckets)])
        np.testing.assert_array_equal(gather_rows(index, np.array(buckets, dtype=int)), expected)
        first = [one_by_one[b][:2] for b in buckets]
        few = gather_rows(index, np.array(buckets, dtype=int), np.full(len(buckets), 2))
        np.testing.assert_array_equal(few, np.concatenate([np.empty(0, dtype=int), *first]))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5))))
def test_ragged_ranges_follow_each_other(ranges):
    starts, sizes = np.array(ranges, dtype=np.int32).reshape(-1, 2).T
    expected = [number for start, size in ranges for number in range(start, start + size)]
    assert ragged(starts, sizes).tolist() == expected


def clustered(n, n_bits, random):
    centres = random.random((n // 20, n_bits)) < 0.5
    return centres[random.integers(len(centres), size=n)] ^ (random.random((n, n_bits)) < 0.05)


def test_the_choice_follows_radius_codes_and_crowding():
    random = np.random.default_rng(0)
    uniform = build_index(pack_bits(random.random((100_000, 64)) < 0.5), 64)
    crowded = build_index(pack_bits(random.random((100_000, 64)) < 0.02), 64)
    few = build_index(pack_bits(np.eye(64, dtype=bool)), 64)
    short = build_index(pack_bits(random.random((100_000, 16)) < 0.5), 16)
    assert plans(uniform, 4)[0].strategy == "multi-index"
    assert plans(uniform, 30)[0].strategy.startswith("scan")
    assert plans(crowded, 4)[0].strategy.startswith("scan")
    assert plans(few, 3)[0].strategy.startswith("scan")
    assert plans(short, 1)[0].strategy == "enumerate"
    assert plans(short, 9)[0].strategy.startswith("scan")
    long = build_index(pack_bits(random.random((100_000, 128)) < 0.5), 128)
    assert plans(long, 8)[0].strategy == "multi-index"


def test_candidates_are_estimated_within_a_factor_of_what_is_looked_up(monkeypatch):
    random = np.random.default_rng(1)
    for bits in (random.random((50_000, 64)) < 0.5, random.random((50_000, 64)) < 0.1):
        index, queries = build_index(pack_bits(bits), 64), pack_bits(bits[::1000])
        for plan in plans(index, 5):
            if plan.strategy == "multi-index":
                compared = 0

                def counting(words, buckets, owners):
                    nonlocal compared
                    compared += len(buckets)
                    return np.bitwise_count(words[0][buckets] ^ owners[0])

                monkeypatch.setattr("l2h_tutorial.search.pieces.paired_distances", counting)
                list(find(index, queries, 5, plan)[1])
                assert 0.5 < plan.compared / (compared / len(queries)) < 2, plan


@pytest.mark.parametrize(("n_bits", "r", "strategy"), [(16, 1, "enumerate"), (48, 3, "multi-index"), (48, 20, "scan")])
def test_what_is_explained_is_what_is_run(monkeypatch, n_bits, r, strategy):
    bits = np.random.default_rng(0).random((20_000, n_bits)) < 0.5
    table, ran = HashTable(bits), []
    runs = {"enumerate_ball": "enumerate", "multi_index": "multi-index", "scan_buckets": "scan"}
    for function, name in runs.items():
        original = getattr(choice_module, function)

        def spy(*arguments, _original=original, _name=name, **options):
            ran.append((_name, *arguments[2:]))
            return _original(*arguments, **options)

        monkeypatch.setattr(choice_module, function, spy)
    ways = table.explain(r)
    assert ran == []
    assert [way["chosen"] for way in ways] == [True] + [False] * (len(ways) - 1)
    assert sorted(way["microseconds"] for way in ways) == [way["microseconds"] for way in ways]
    with_pieces = {"multi-index"} if n_bits > 16 else set()
    assert {way["strategy"] for way in ways} == {"enumerate", "scan buckets", "scan rows"} | with_pieces
    assert all(way["radius"] == r for way in ways)
    table.query_radius(bits[:5], r)
    chosen = ways[0]
    assert chosen["strategy"].startswith(strategy)
    assert ran == [(strategy, r, *[chosen["pieces"]] * (strategy == "multi-index"))]
    assert len(pd.DataFrame(ways)) == len(ways)


def test_neighbours_are_sought_nearby_first_where_there_may_be_enough():
    random = np.random.default_rng(0)
    bits = clustered(200_000, 64, random)
    table = HashTable(bits)
    nearby, rest = table.explain(k=10)
    assert nearby["strategy"] == "multi-index"
    assert rest["strategy"] == "scan buckets"
    assert nearby["microseconds"] < rest["microseconds"] / 5
    assert nearby["radius"] < rest["radius"] == 64
    found = table.query_radius(bits[:50], nearby["radius"], count_only=True)
    assert (found >= 10).any()
    assert [step["strategy"] for step in table.explain(k=100_000)] == ["scan buckets"]
    assert [step["strategy"] for step in HashTable(bits[:100]).explain(k=1)] == ["scan buckets"]
    distances, _ = table.query(bits[:50], 10)
    flat = faiss.IndexBinaryFlat(64)
    flat.add(np.packbits(bits, axis=1))
    np.testing.assert_array_equal(distances, flat.search(np.packbits(bits[:50], axis=1), 10)[0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "give a radius r or a number of neighbours k, got r=None and k=None"),
        ({"r": 1, "k": 1}, ValueError, "got r=1 and k=1"),
        ({"r": 5}, ValueError, "radius of codes of 4 bits must be from 0 to 4, got 5"),
        ({"k": 7}, ValueError, "k must be from 1 to the 6 rows of the table, got 7"),
        ({"k": 1.5}, TypeError, "k must be an integer from 1 to the 6 rows of the table, got 1.5"),
    ],
)
def test_impossible_explanations_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        HashTable(np.random.default_rng(0).random((6, 4)) < 0.5).explain(**arguments)


MEMORY = """
import resource
import numpy as np
from l2h_tutorial import HashTable

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

n = 1_000_000
bits = np.unpackbits(np.random.default_rng(0).integers(0, 256, (n, 8), dtype=np.uint8), axis=1).view(np.bool_)
queries = bits[:120].copy()
HashTable(bits[:1000]).query_radius(queries, 2)
before = peak()
table = HashTable(bits)
for r in (2, 4, 8):
    table.query_radius(queries, r)
table.query(queries[:3], 10)
table.explain(8)
print((peak() - before) / n)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read as Linux tells them")
def test_a_million_codes_are_searched_within_a_hundred_bytes_a_row():
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 100
