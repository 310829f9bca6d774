"""Work is cut into blocks, to stay in the cache or in memory: no cut changes a result, and each keeps its size."""

import tracemalloc
from importlib import import_module
from math import floor, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from l2h_tutorial import HashTable, hamming_distances, pack_bits, rerank
from l2h_tutorial.search import build_index, enumeration, exact_neighbours, nearest, pieces, scan
from l2h_tutorial.search.enumeration import enumerate_ball
from l2h_tutorial.search.pieces import PieceTable, multi_index, slot_bits, slots_of

ranking = import_module("l2h_tutorial.search.rerank")  # its name in the package is the function's
WAYS = {
    "enumerate": (enumeration, "_BLOCK_PROBES", lambda index, words, r: enumerate_ball(index, words, r)),
    "multi-index": (pieces, "_BLOCK", lambda index, words, r: multi_index(index, words, r, 2, expected=10)),
    "scan": (scan, "_BLOCK_DISTANCES", lambda index, words, r: scan.scan_buckets(index, words, r)),
}


@pytest.mark.parametrize("block", [1, 50, 400, 10**6])
@pytest.mark.parametrize(
    ("way", "n_bits"),
    [(way, n_bits) for way in WAYS for n_bits in (9, 40, 64, 100) if (way, n_bits) != ("enumerate", 100)],
)
def test_hits_do_not_depend_on_how_many_queries_are_taken_at_a_time(monkeypatch, way, n_bits, block):
    random = np.random.default_rng(n_bits)
    bits = (random.random(n_bits) < 0.5) ^ (random.random((60, n_bits)) < 0.05)
    index = build_index(pack_bits(bits), n_bits)
    module, name, search = WAYS[way]
    monkeypatch.setattr(module, name, block)
    hits = list(search(index, pack_bits(bits).astype(index.words.dtype), 2))
    near = hamming_distances(bits, np.unique(bits, axis=0)) <= 2
    assert [count for hit in hits for count in hit.counts.tolist()] == near.sum(axis=1).tolist()
    assert [bucket for hit in hits for bucket in hit.buckets.tolist()] == np.nonzero(near)[1].tolist()
    assert (len(hits) == 1) == (block == 10**6)


@pytest.mark.parametrize("block", [1, 7, 30, 1000])
@pytest.mark.parametrize("n_bits", [8, 64, 65, 190])
def test_distances_do_not_depend_on_how_many_codes_are_compared_at_a_time(monkeypatch, n_bits, block):
    random = np.random.default_rng(n_bits)
    bits, queries = random.random((30, n_bits)) < 0.5, random.random((8, n_bits)) < 0.5
    monkeypatch.setattr(scan, "_BLOCK", block)
    monkeypatch.setattr(scan, "_BLOCK_DISTANCES", 3 * 30 + 1)
    blocks = [each.copy() for each in scan.blocks_of_distances(pack_bits(bits).T, pack_bits(queries))]
    assert [len(each) for each in blocks] == [3, 3, 2]
    np.testing.assert_array_equal(np.concatenate(blocks), hamming_distances(queries, bits))


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_the_reach_holds_k_codes_and_not_many_more(n, k, seed):
    k, distances = min(k, n), np.random.default_rng(seed).integers(0, 200, (3, n))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_CHUNKS", 20)
        reach = nearest._reach(distances, k)
    within = distances <= reach[:, None]
    assert (within.sum(axis=1) >= k).all()
    length = max(1, n // max(20, 2 * k))  # of a chunk: at most k - 1 of them, and the rest, hold a code that is closer
    assert ((distances < reach[:, None]).sum(axis=1) <= (k - 1) * length + n % length).all()
    if length == 1:
        np.testing.assert_array_equal(reach, np.sort(distances, axis=1)[:, k - 1])


@given(st.integers(1, 12), st.integers(1, 200), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_the_nearest_do_not_depend_on_how_many_are_taken_at_a_time(n_bits, n, k, seed):
    random, k = np.random.default_rng(seed), min(k, n)
    bits, queries = random.random((n, n_bits)) < 0.3, random.random((9, n_bits)) < 0.5
    true = hamming_distances(queries, bits)
    expected = np.argsort(true, axis=1, kind="stable")[:, :k]
    table = HashTable(bits)
    for n_queries, n_rows in ((1, 1), (4, 50), (9, 1), (100, 10**6)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nearest, "_BLOCK_QUERIES", n_queries)
            patch.setattr(nearest, "_BLOCK_ROWS", n_rows)
            distances, rows = table.query(queries, k)
        np.testing.assert_array_equal(rows, expected)
        np.testing.assert_array_equal(distances, np.take_along_axis(true, expected, axis=1))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(1, 20))), st.integers(1, 60))
def test_only_rows_that_may_be_among_the_nearest_are_needed(hits, k):
    """Of a bucket as many as are not yet found nearer: the query's rows at smaller distances come before its own."""
    owners, distances, sizes = np.array(sorted(hits), dtype=int).reshape(-1, 3).T
    needed = nearest._needed(owners * 10 + distances, sizes, (4, 10), k)
    for owner, distance, size, rows in zip(owners, distances, sizes, needed, strict=True):
        assert rows == min(size, max(0, k - sizes[(owners == owner) & (distances < distance)].sum()))


@pytest.mark.parametrize("k", [500, 5000])
def test_many_neighbours_among_few_buckets_take_little_more_memory_than_the_answer(k):
    random = np.random.default_rng(0)
    table, queries = HashTable(random.random((20_000, 8)) < 0.5), random.random((400_000 // k, 8)) < 0.5
    table.query(queries[:1], k)
    tracemalloc.start()
    distances, rows = table.query(queries, k)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * (distances.nbytes + rows.nbytes)


@pytest.mark.parametrize("share", [0.0, 0.5, 2.0])  # one matrix product for all; by how many there are; row by row
@pytest.mark.parametrize("few", [0.0, 20.0])  # the whole database is looked at; only rows that are candidates
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "cityblock"])
@pytest.mark.parametrize(("queries", "gathered", "chunk"), [(1, 1, 1), (3, 7, 2), (128, 256, 32)])
def test_ranking_does_not_depend_on_what_is_compared_at_a_time(
    monkeypatch, share, few, metric, queries, gathered, chunk
):
    names = {"_DENSE_SHARE": share, "_BLOCK_QUERIES": queries, "_GATHERED_ROWS": gathered, "_CHUNK": chunk}
    names |= {"_DENSE_SHARE_OTHER": share, "_FEW_SHARE": few}
    for name, value in names.items():
        monkeypatch.setattr(ranking, name, value)
    random = np.random.default_rng(0)
    query, database = random.standard_normal((10, 6)), random.standard_normal((300, 6))
    ids = [np.sort(random.choice(300, size, replace=False)) for size in (300, 0, 1, 9, 10, 11, 100, 150, 299, 200)]
    distances = cdist(query, database, metric)
    for k in (1, 10, 300):
        for i, found in enumerate(rerank(query, database, ids, k, metric)):
            np.testing.assert_array_equal(found, ids[i][np.argsort(distances[i, ids[i]], kind="stable")[:k]])


@pytest.mark.parametrize(("share", "gathered"), [(0.02, True), (0.08, True), (0.12, False), (0.5, False)])
def test_rows_are_gathered_only_where_candidates_are_few(monkeypatch, share, gathered):
    """Beyond a tenth of the database, in the mean over the queries, one matrix product is quicker."""
    database = np.random.default_rng(0).standard_normal((1000, 6))
    dot, calls = ranking._dot, []
    monkeypatch.setattr(ranking, "_dot", lambda *arguments: calls.append(1) or dot(*arguments))
    monkeypatch.setattr(ranking, "_FEW_SHARE", 0)
    rerank(database[:10], database, [np.arange(int(share * 1000))] * 10, 5)
    assert len(calls) == 10 * gathered


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "cityblock"])
def test_of_few_candidates_only_their_rows_are_read(metric):
    random = np.random.default_rng(0)
    database = random.standard_normal((20_000, 32))
    ids = [random.choice(20_000, 50, replace=False) for _ in range(4)]
    query, rows = database[:4] + 0.1, np.unique(ids)
    nearest = rerank(query, database, ids, 5, metric)
    elsewhere = np.full_like(database, np.nan)
    elsewhere[rows] = database[rows]
    tracemalloc.start()
    again = rerank(query, elsewhere, ids, 5, metric)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < database.nbytes / 10
    np.testing.assert_array_equal(np.stack(again.tolist()), np.stack(nearest.tolist()))
    elsewhere[ids[0][0]] = np.nan
    with pytest.raises(ValueError, match="X_database contains NaN"):
        rerank(query, elsewhere, ids, 5, metric)


def test_many_queries_of_few_candidates_copy_few_rows_at_a_time():
    """However many queries there are: the rows of a run of them are taken out, and those of the next replace them."""
    random = np.random.default_rng(0)
    database = random.standard_normal((20_000, 32)).astype(np.float32)
    query, ids = database[:1000] + 0.1, random.integers(0, 20_000, (1000, 1)) + np.arange(10) * 17
    ids %= len(database)
    distances = ((query[:, None].astype(np.float64) - database[ids]) ** 2).sum(axis=2)
    tracemalloc.start()
    nearest = rerank(query, database, ids, 3, "euclidean")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < database.nbytes / 2
    expected = np.take_along_axis(ids, np.argsort(distances, axis=1)[:, :3], axis=1)
    np.testing.assert_array_equal(np.stack(nearest.tolist()), expected)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "cityblock"])
def test_queries_of_many_candidates_are_compared_with_all_rows_at_once(monkeypatch, metric):
    """Runs of few candidates lie between: the database is read whole once, and every answer is in its place."""
    monkeypatch.setattr(ranking, "_BLOCK_QUERIES", 4)
    random = np.random.default_rng(0)
    query, database = random.standard_normal((18, 6)), random.standard_normal((300, 6))
    ids = [np.sort(random.choice(300, 100 if i // 4 % 2 else i % 4, replace=False)) for i in range(18)]
    check, shapes = ranking._check_features, []
    monkeypatch.setattr(ranking, "_check_features", lambda X, name: shapes.append(np.shape(X)) or check(X, name))
    found = rerank(query, database, ids, 5, metric)
    assert shapes.count(database.shape) == 1
    distances = cdist(query, database, metric)
    for i, rows in enumerate(found):
        np.testing.assert_array_equal(rows, ids[i][np.argsort(distances[i, ids[i]], kind="stable")[:5]])


def test_distances_to_everything_are_computed_for_many_queries_at_a_time(monkeypatch):
    database = np.random.default_rng(0).standard_normal((1000, 6))
    pairwise, shapes = ranking.pairwise_distances, []
    monkeypatch.setattr(ranking, "_BLOCK_SIMILARITIES", 8 * len(database))

    def spy(X, Y, metric):
        shapes.append((len(X), len(Y)))
        return pairwise(X, Y, metric=metric)

    monkeypatch.setattr(ranking, "pairwise_distances", spy)
    exact_neighbours(database[:20], database, 5, "cityblock")
    assert shapes == [(8, 1000), (8, 1000), (4, 1000)]
    rerank(database[:2], database, [np.arange(100)] * 2, 5, "cityblock")
    assert shapes[3:] == [(1, 100), (1, 100)]


def test_similarities_of_few_queries_are_in_memory_at_a_time(monkeypatch):
    random = np.random.default_rng(0)
    database = random.standard_normal((20_000, 4)).astype(np.float32)
    monkeypatch.setattr(ranking, "_BLOCK_SIMILARITIES", 10 * len(database))
    everything = [np.arange(len(database))] * 128
    tracemalloc.start()
    rerank(database[:128], database, everything, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 128 * 4 * len(database) / 2  # half of all similarities in float32


@given(st.integers(1, 10_000), st.integers(1, 16), st.integers(17, 40))
def test_a_long_piece_has_the_slot_that_fibonacci_hashing_gives_it(piece, n_slot_bits, length):
    """Knuth, section 6.4: the fraction of the number over the golden ratio, as so many bits."""
    fraction = piece * (sqrt(5) - 1) / 2 % 1
    slot = slots_of(np.array([piece], dtype=np.uint64), length, n_slot_bits)[0]
    assert slot == floor(fraction * 2**n_slot_bits)


@given(st.integers(1, 16), st.integers(0, 4))
def test_a_short_piece_is_its_own_slot(length, more):
    every = np.arange(1 << length, dtype=np.uint64)
    assert slots_of(every, length, length + more).tolist() == every.tolist()


@pytest.mark.parametrize("length", [3, 8, 12, 40])
def test_a_table_of_pieces_holds_each_bucket_once_in_the_slot_of_its_piece(length):
    values = np.random.default_rng(0).integers(0, 1 << length, 500, dtype=np.uint64)
    table = PieceTable.of(values, length)
    assert table.n_slot_bits == min(length, slot_bits(500)) == min(length, 9)
    assert len(table.offsets) == (1 << table.n_slot_bits) + 1
    slots = slots_of(values, length, table.n_slot_bits)
    for slot in range(1 << table.n_slot_bits):
        buckets = table.buckets[table.offsets[slot] : table.offsets[slot + 1]]
        assert buckets.tolist() == np.flatnonzero(slots == slot).tolist()


def test_tables_are_as_long_as_their_pieces():
    index = build_index(pack_bits(np.random.default_rng(0).random((50, 100)) < 0.5), 100)
    assert [table.length for table in pieces.piece_tables(index, 3)] == [34, 33, 33]
    assert pieces.piece_tables(index, 3) is pieces.piece_tables(index, 3)  # kept


def test_tables_of_so_many_pieces_are_kept_those_of_the_least_recent_cut_go_first(monkeypatch):
    """A sweep of radii makes each table once in all its blocks of queries, and leaves no long trail of tables."""
    monkeypatch.setattr(pieces, "_KEPT_PIECES", 9)
    index = build_index(pack_bits(np.random.default_rng(0).random((50, 100)) < 0.5), 100)
    made = {n_pieces: pieces.piece_tables(index, n_pieces) for n_pieces in (2, 3, 4)}
    for n_pieces in (4, 3, 2, 3, 2):  # nine pieces in all: they stay
        assert pieces.piece_tables(index, n_pieces) is made[n_pieces]
    five = pieces.piece_tables(index, 5)  # the cut in 4 has not been used for longest, then that in 3
    assert pieces.piece_tables(index, 2) is made[2]
    assert pieces.piece_tables(index, 5) is five
    again = pieces.piece_tables(index, 4)
    assert again is not made[4]
    assert [table.length for table in again] == [25, 25, 25, 25]
    assert pieces.piece_tables(index, 5) is five


def test_a_cut_of_more_pieces_than_are_kept_is_kept_alone(monkeypatch):
    monkeypatch.setattr(pieces, "_KEPT_PIECES", 4)
    index = build_index(pack_bits(np.random.default_rng(0).random((50, 100)) < 0.5), 100)
    two, five = pieces.piece_tables(index, 2), pieces.piece_tables(index, 5)
    assert pieces.piece_tables(index, 5) is five
    assert pieces.piece_tables(index, 2) is not two


def test_a_sweep_of_radii_makes_each_table_once(monkeypatch):
    of, lengths = PieceTable.of, []
    monkeypatch.setattr(PieceTable, "of", lambda values, length: lengths.append(length) or of(values, length))
    index = build_index(pack_bits(np.random.default_rng(0).random((50, 128)) < 0.5), 128)
    for _ in range(3):
        for n_pieces in (4, 3, 3, 2):
            pieces.piece_tables(index, n_pieces)
    assert len(lengths) == 4 + 3 + 2
