import os
import pickle
from math import comb
from unittest.mock import Mock

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import refusals
from seed_loop import build_dictionary

from l2h_tutorial import HashTable, HashTables, bits_to_integers
from l2h_tutorial.search import radius


def codes(n, n_bits, seed=0, spread=0.5):
    """Draw random codes; a small spread makes few, large buckets."""
    return np.random.default_rng(seed).random((n, n_bits)) < spread


@given(oracles.codes_and_queries())
def test_buckets_partition_the_rows_by_code(case):
    bits, _ = case
    table = HashTable(bits[:1]).extended(bits)
    bits = np.concatenate([bits[:1], bits])
    np.testing.assert_array_equal(table.bits, bits)
    assert (table.n_rows, table.n_bits) == bits.shape
    expected = []
    for code, rows in build_dictionary(bits).items():
        integer = int("".join("01"[bit] for bit in code), 2)
        expected.append((integer, rows))
        assert table.bucket(np.array(code)).tolist() == rows
        assert table.bucket(integer).tolist() == rows
    expected.sort()
    assert len(table) == len(expected)
    assert [(code, rows.tolist()) for code, rows in table.items()] == expected
    assert table.bucket_sizes.dtype == np.int64
    assert table.bucket_sizes.tolist() == [len(rows) for _, rows in expected]
    if table.n_bits <= 64:
        assert table.bucket_codes.dtype == np.uint64
        assert table.bucket_codes.tolist() == [code for code, _ in expected]


@given(st.integers(0, 2**16), st.sampled_from([1, 2, 3]), st.integers(0, 2), st.integers(1, 40))
def test_several_tables_are_as_near_as_their_nearest_pieces(seed, n_tables, r, k):
    bits = codes(40, 6, seed)
    queries = codes(3, 6, seed + 1)
    tables = HashTables(bits[:30], n_tables).extended(bits[30:])
    np.testing.assert_array_equal(tables.bits, bits)
    of_pieces = (queries[:, None] != bits).reshape(3, 40, n_tables, -1).sum(axis=3)
    expected = of_pieces.min(axis=2)
    distances, nearest = tables.query(queries, k)
    np.testing.assert_array_equal(nearest, np.argsort(expected, axis=1, kind="stable")[:, :k])
    np.testing.assert_array_equal(distances, np.take_along_axis(expected, nearest, axis=1))
    ids, distances = tables.query_radius(queries, r, return_distance=True)
    for i, rows in enumerate(tables.candidates(queries)):
        np.testing.assert_array_equal(rows, np.flatnonzero(expected[i] == 0))
        np.testing.assert_array_equal(ids[i], np.flatnonzero(expected[i] <= r))
        np.testing.assert_array_equal(distances[i], expected[i][ids[i]])


@given(oracles.codes_and_queries(), st.data())
def test_pairs_are_those_of_brute_force(case, data):
    bits, _ = case
    r = data.draw(st.integers(0, bits.shape[1]))
    i, j = np.nonzero(np.triu(oracles.distances(bits, bits) <= r, 1))
    # how many pieces have to be alike; 0: each code is searched for
    possible = [n for n in range(min(8, bits.shape[1] - r) + 1) if comb(r + n, n) < 300]
    n_alike = data.draw(st.sampled_from(possible))
    table = HashTable(bits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("l2h_tutorial.search.radius.pieces_alike", lambda index, radius: n_alike)
        np.testing.assert_array_equal(table.pairs_within(r), np.stack([i, j], axis=1))
    sizes = table.bucket_sizes  # say beforehand how many pairs there are at least
    assert len(table.pairs_within(0)) == (sizes * (sizes - 1) // 2).sum()
    if bits.shape[1] <= 64:
        again = HashTable.from_integers(bits_to_integers(bits), bits.shape[1])
        np.testing.assert_array_equal(again.bits, bits)
        assert repr(again) == repr(table)


@pytest.mark.parametrize(
    ("n_bits", "r", "strategy", "function"),
    [
        (16, 1, "enumerate", "enumerate_ball"),
        (48, 3, "multi-index", "multi_index"),
        (48, 20, "scan", "scan"),
    ],
)
def test_what_is_explained_is_what_is_run(monkeypatch, n_bits, r, strategy, function):
    table = HashTable(codes(20_000, n_bits))
    ways = table.explain(r)
    assert ways[0]["strategy"] == strategy
    assert [way["chosen"] for way in ways] == [True] + [False] * (len(ways) - 1)
    microseconds = [way["microseconds"] for way in ways]
    assert microseconds == sorted(microseconds)
    run = Mock(wraps=getattr(radius, function))
    monkeypatch.setattr(radius, function, run)
    table.query_radius(codes(5, n_bits, 1), r)
    run.assert_called()


@pytest.mark.parametrize("n_bits", [1, 5, 16, 33, 64, 130])
def test_a_saved_table_is_loaded_whole(tmp_path, n_bits):
    table = HashTable(codes(500, n_bits, spread=0.1))
    queries = codes(5, n_bits, 1, 0.1)
    path = tmp_path / "table.anything"
    r = min(3, n_bits)
    table.save(path)
    assert os.listdir(tmp_path) == ["table.anything"]
    found_by_it = table.query_radius(queries, r)  # what this derives is not saved
    for each in (table, HashTable.load(str(path)), pickle.loads(pickle.dumps(table))):
        assert repr(each) == repr(table)
        for found, expected in zip(each.query_radius(queries, r), found_by_it, strict=True):
            np.testing.assert_array_equal(found, expected)
        _, rows = next(each.items())
        with pytest.raises(ValueError, match="read-only"):
            rows[0] = 7


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("n_bits", lambda a: a * 0),
        ("n_bits", lambda a: a + 64),
        ("n_bits", None),
        ("bits", lambda a: a[0]),
        ("bits", lambda a: a.astype(int)),
        ("format", lambda a: np.array("another")),
        ("format", None),
    ],
)
def test_damaged_tables_are_refused(tmp_path, name, change):
    path = tmp_path / "damaged.npz"  # test_files.py damages the file itself
    HashTable(np.ones((3, 8), dtype=bool)).save(path)
    arrays = dict(np.load(path))
    array = arrays.pop(name)
    if change:
        arrays[name] = change(array)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"damaged\.npz is not"):
        HashTable.load(path)


def test_saved_tables_are_loaded_whole_or_refused(tmp_path):
    tables = HashTables(codes(50, 12), 3)
    path = tmp_path / "tables.npz"
    with pytest.raises(FileNotFoundError, match=r"tables\.npz"):
        HashTables.load(path)
    tables.save(path)
    again = HashTables.load(path)
    assert len(again) == 3
    np.testing.assert_array_equal(again.bits, tables.bits)
    with pytest.raises(ValueError, match=r"tables\.npz is not a saved hash table: expected format"):
        HashTable.load(path)
    np.savez(path, **dict(np.load(path)) | {"n_tables": 5})
    with pytest.raises(ValueError, match=r"tables\.npz is not a whole set of hash tables"):
        HashTables.load(path)


def test_rows_times_queries_need_more_than_32_bits():
    """Pairs and keys have 64, also in WebAssembly, where NumPy's integers have 32."""
    n = 50_000
    bits = codes(n, 70)
    bits[-1] = bits[0]
    table = HashTable(bits)
    assert table.pairs_within(0).tolist() == [[0, n - 1]]
    counts = table.query_radius(bits, 0, count_only=True)
    assert counts.dtype == np.int64
    assert np.flatnonzero(counts == 2).tolist() == [0, n - 1]
    assert not table.query(bits)[0].any()


BITS = codes(6, 4)
TABLE = HashTable(BITS)
test_impossible_requests_are_refused = refusals(
    (lambda: HashTable(BITS + 0), TypeError, "got dtype int..; for signs or 0/1 use `array > 0`"),
    (
        lambda: HashTable(np.arange(3, dtype=np.uint64)),
        TypeError,
        r"integer codes .* HashTable\.from_integers",
    ),
    (
        lambda: HashTable(np.eye(3) / 2),
        TypeError,
        "vectors are hashed first: give what a hasher's transform",
    ),
    (lambda: HashTable([]), r"at least one code of at least one bit, got shape \(0,\)"),
    (lambda: HashTable.from_integers([], 4), "at least one code, got none"),
    (lambda: HashTable.from_integers([16], 4), "a code of 4 bits must be from 0 to 15, got 16"),
    (lambda: HashTables(BITS, 2).query_radius(BITS, 3), "radius of codes of 2 bits"),
    (lambda: TABLE.query_radius(BITS, 5), "radius of codes of 4 bits must be from 0 to 4, got 5"),
    (lambda: TABLE.query_radius(BITS[:, :3], 1), "query_bits must have 4 bits a code, got 3"),
    (
        lambda: TABLE.query_radius(BITS, 1, count_only=True, return_distance=True),
        "only one of count",
    ),
    (lambda: TABLE.query(BITS, 7), "k must be from 1 to the 6 rows of the table, got 7"),
    (lambda: TABLE.explain(), "give a radius r or a number of neighbours k, got r=None and k=None"),
    (
        lambda: TABLE.bucket("0101"),
        TypeError,
        "a code of 4 bits must be an integer from 0 to 15, got '0101'",
    ),
    (lambda: TABLE.bucket(BITS), "bucket takes one code, got 6"),
    (lambda: HashTable(codes(2, 65)).bucket_codes, "codes of 65 bits do not fit"),
    (lambda: HashTables(BITS, 3), "n_tables must divide the 4 bits of a code, got 3"),
)
