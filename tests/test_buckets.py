import os
import pickle

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seed_loop import build_dictionary
from sklearn.neighbors import BallTree

from l2h_tutorial import HashTable, HashTables, bits_to_integers, hamming_distances


def codes(n, n_bits, seed=0, spread=0.5):
    """Random codes; a small spread makes few, large buckets."""
    return np.random.default_rng(seed).random((n, n_bits)) < spread


@st.composite
def tables_and_queries(draw, max_bits=140):
    n_bits = draw(st.one_of(st.sampled_from([1, 8, 16, 32, 63, 64, 65, 128, max_bits]), st.integers(1, max_bits)))
    seed, spread = draw(st.integers(0, 2**16)), draw(st.sampled_from([0.02, 0.2, 0.5]))
    return codes(draw(st.integers(1, 50)), n_bits, seed, spread), codes(
        draw(st.integers(1, 4)), n_bits, seed + 1, spread
    )


@given(tables_and_queries())
def test_buckets_partition_the_rows_by_code(case):
    bits, _ = case
    table = HashTable(bits)
    dictionary = build_dictionary(bits)
    assert len(table) == len(dictionary)
    assert (table.n_rows, table.n_bits) == bits.shape
    assert table.bucket_sizes.dtype == np.int64
    assert table.bucket_sizes.sum() == len(bits)
    for code, rows in dictionary.items():
        assert table.bucket(np.array(code)).tolist() == rows
    integers = [code for code, _ in table.items()]
    assert integers == sorted(set(integers))
    for code, rows in table.items():
        np.testing.assert_array_equal(rows, table.bucket(code))


def test_bucket_codes_are_the_integers_of_the_tutorial():
    bits = codes(300, 8)
    table = HashTable(bits)
    values, sizes = np.unique(bits_to_integers(bits), return_counts=True)
    assert table.bucket_codes.dtype == np.uint64
    np.testing.assert_array_equal(table.bucket_codes, values)
    np.testing.assert_array_equal(table.bucket_sizes, sizes)


def test_an_unoccupied_bucket_is_empty():
    for n_bits in (4, 40, 100):
        empty = HashTable(np.zeros((3, n_bits), dtype=bool)).bucket(1)
        assert empty.dtype == np.int64
        assert empty.size == 0


@given(tables_and_queries(), st.data())
def test_query_radius_is_brute_force(case, data):
    bits, queries = case
    r = data.draw(st.integers(0, bits.shape[1]))
    table = HashTable(bits)
    ids, distances = table.query_radius(queries, r, return_distance=True)
    true = hamming_distances(queries, bits)
    assert ids.dtype == distances.dtype == object
    for i in range(len(queries)):
        assert ids[i].dtype == distances[i].dtype == np.int64
        np.testing.assert_array_equal(np.sort(ids[i]), np.flatnonzero(true[i] <= r))
        np.testing.assert_array_equal(distances[i], true[i][ids[i]])
    np.testing.assert_array_equal(table.query_radius(queries, r, count_only=True), (true <= r).sum(axis=1))
    sorted_ids, sorted_distances = table.query_radius(queries, r, return_distance=True, sort_results=True)
    for i in range(len(queries)):
        expected = [row for row in np.argsort(true[i], kind="stable") if true[i][row] <= r]
        assert sorted_ids[i].tolist() == expected
        np.testing.assert_array_equal(sorted_distances[i], true[i][expected])


@given(tables_and_queries(), st.data())
def test_query_is_brute_force_with_ties_by_row(case, data):
    bits, queries = case
    k = data.draw(st.integers(1, len(bits)))
    distances, ids = HashTable(bits).query(queries, k)
    true = hamming_distances(queries, bits)
    expected = np.argsort(true, axis=1, kind="stable")[:, :k]
    assert ids.dtype == distances.dtype == np.int64
    np.testing.assert_array_equal(ids, expected)
    np.testing.assert_array_equal(distances, np.take_along_axis(true, expected, axis=1))


@pytest.mark.parametrize("spread", [0.05, 0.5])
@pytest.mark.parametrize("n_bits", [16, 32, 64, 128])
def test_distances_and_rows_are_those_of_faiss(n_bits, spread):
    bits, queries = codes(4000, n_bits, 1, spread), codes(10, n_bits, 2, spread)
    table = HashTable(bits)
    index = faiss.IndexBinaryFlat(n_bits)
    index.add(np.packbits(bits, axis=1))
    for r in (0, 2, 7, n_bits // 2):
        limits, _, rows = index.range_search(np.packbits(queries, axis=1), r + 1)  # faiss excludes its radius
        for i, ids in enumerate(table.query_radius(queries, r)):
            np.testing.assert_array_equal(np.sort(ids), np.sort(rows[limits[i] : limits[i + 1]]))
    distances, _ = index.search(np.packbits(queries, axis=1), 25)
    np.testing.assert_array_equal(table.query(queries, 25)[0], distances)


def test_query_radius_is_that_of_scikit_learn():
    bits, queries = codes(500, 20, 3), codes(5, 20, 4)
    tree = BallTree(bits, metric="hamming")
    for r in range(21):
        ids, distances = HashTable(bits).query_radius(queries, r, return_distance=True, sort_results=True)
        expected, shares = tree.query_radius(queries, (r + 0.5) / 20, return_distance=True, sort_results=True)
        for i in range(len(queries)):
            np.testing.assert_array_equal(np.sort(ids[i]), np.sort(expected[i]))
            np.testing.assert_allclose(distances[i] / 20, shares[i])


@given(tables_and_queries(), st.integers(1, 30))
def test_extended_table_is_the_table_of_all_codes(case, n_more):
    bits, _ = case
    more = codes(n_more, bits.shape[1], 9, 0.1)
    table = HashTable(bits)
    extended, whole = table.extended(more), HashTable(np.concatenate([bits, more]))
    assert table.n_rows == len(bits)
    assert repr(extended) == repr(whole)
    for (code, rows), (expected_code, expected_rows) in zip(extended.items(), whole.items(), strict=True):
        assert code == expected_code
        np.testing.assert_array_equal(rows, expected_rows)


def test_repr_says_what_the_table_holds():
    bits = np.array([[True, False], [True, False], [False, False]])
    assert repr(HashTable(bits)) == "<HashTable: 3 rows in 2 buckets of 2-bit codes, largest 2>"
    assert repr(HashTables(bits, 2)) == "<HashTables: 2 tables of 1-bit codes, 3 rows>"


@pytest.mark.parametrize(
    ("bits", "error", "message"),
    [
        (np.ones((3, 4), dtype=int), TypeError, "bits must be a boolean array, got dtype int64"),
        (np.ones((3, 4)), TypeError, "bits must be a boolean array, got dtype float64"),
        (np.ones(4, dtype=bool), ValueError, r"two-dimensional \(n_codes, n_bits\), got shape \(4,\)"),
        (np.ones((0, 4), dtype=bool), ValueError, r"at least one code of at least one bit, got shape \(0, 4\)"),
    ],
)
def test_codes_that_are_no_bits_are_refused(bits, error, message):
    with pytest.raises(error, match=message):
        HashTable(bits)
    with pytest.raises(error, match=message):
        HashTables(bits, 2)


BITS = codes(6, 4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: t.query_radius(BITS, -1), ValueError, "radius of codes of 4 bits must be from 0 to 4, got -1"),
        (lambda t: t.query_radius(BITS, 5), ValueError, "radius of codes of 4 bits must be from 0 to 4, got 5"),
        (lambda t: t.query_radius(BITS, 1.5), TypeError, "codes of 4 bits must be an integer from 0 to 4, got 1.5"),
        (lambda t: t.query_radius(BITS[:, :3], 1), ValueError, "query_bits must have 4 bits a code, got 3"),
        (lambda t: t.query_radius(BITS[0], 1), ValueError, "query_bits must be two-dimensional"),
        (lambda t: t.query_radius(BITS + 0, 1), TypeError, "query_bits must be a boolean array, got dtype int64"),
        (
            lambda t: t.query_radius(BITS, 1, count_only=True, return_distance=True),
            ValueError,
            "only one of count_only and return_distance",
        ),
        (lambda t: t.query(BITS, 7), ValueError, "k must be from 1 to the 6 rows of the table, got 7"),
        (lambda t: t.query(BITS, 0), ValueError, "k must be from 1 to the 6 rows of the table, got 0"),
        (lambda t: t.query(BITS, 1.0), TypeError, "k must be an integer from 1 to the 6 rows of the table, got 1.0"),
        (lambda t: t.query(BITS[:, :2]), ValueError, "query_bits must have 4 bits a code, got 2"),
        (lambda t: t.bucket(16), ValueError, "a code of 4 bits must be from 0 to 15, got 16"),
        (lambda t: t.bucket(-1), ValueError, "a code of 4 bits must be from 0 to 15, got -1"),
        (lambda t: t.bucket("0101"), TypeError, "integer code or by its bits, got '0101'"),
        (lambda t: t.bucket(BITS[0, :3]), ValueError, "code_or_bits must have 4 bits a code, got 3"),
        (lambda t: t.bucket(BITS), ValueError, "bucket takes one code, got 6"),
        (lambda t: t.extended(BITS[:, :3]), ValueError, "more_bits must have 4 bits a code, got 3"),
        (lambda t: HashTable(codes(2, 65)).bucket_codes, ValueError, "codes of 65 bits do not fit"),
        (lambda t: HashTables(BITS, 3), ValueError, "n_tables must divide the 4 bits of a code, got 3"),
        (lambda t: HashTables(BITS, 0), ValueError, "n_tables must be at least 1, got 0"),
        (lambda t: HashTables(BITS, 2.0), TypeError, "n_tables must be an integer of at least 1, got 2.0"),
        (lambda t: HashTables(BITS, 2).candidates(BITS[:, :2]), ValueError, "must have 4 bits a code, got 2"),
    ],
)
def test_impossible_requests_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(HashTable(BITS))


@given(st.integers(0, 2**16), st.sampled_from([1, 2, 3]))
def test_candidates_share_a_piece_of_the_code(seed, n_tables):
    bits, queries = codes(40, 6, seed), codes(3, 6, seed + 1)
    found = HashTables(bits, n_tables).candidates(queries)
    for query, rows in zip(queries, found, strict=True):
        same = (bits == query).reshape(len(bits), n_tables, -1).all(axis=2).any(axis=1)
        np.testing.assert_array_equal(rows, np.flatnonzero(same))


@pytest.mark.parametrize("n_bits", [6, 70])
def test_what_a_table_shows_of_itself_cannot_be_written_to(tmp_path, n_bits):
    table = HashTable(codes(300, n_bits, spread=0.05))
    table.save(tmp_path / "table.npz")
    for each in (table, HashTable.load(tmp_path / "table.npz"), pickle.loads(pickle.dumps(table))):
        inside = vars(each._index).values()
        assert all(not array.flags.writeable for array in inside if isinstance(array, np.ndarray))
        with pytest.raises(ValueError, match="read-only"):
            each.bucket_sizes.sort()
        for _, rows in each.items():
            with pytest.raises(ValueError, match="assignment destination is read-only"):
                rows[0] = 7
        assert repr(each) == repr(table)


@given(tables_and_queries(), st.data())
def test_what_a_search_returns_may_be_written_to(case, data):
    bits, queries = case
    table, r = HashTable(bits), data.draw(st.integers(0, bits.shape[1]))
    expected = [rows.tolist() for rows in table.query_radius(queries, r)]
    ids, distances = table.query_radius(queries, r, return_distance=True)
    own = [table.bucket(bits[0]), table.query_radius(queries, r, count_only=True), *table.query(queries, 1)]
    for array in (*ids, *distances, *own):
        array[...] = -1
    assert [rows.tolist() for rows in table.query_radius(queries, r)] == expected


@pytest.mark.parametrize("n_bits", [1, 5, 16, 33, 64, 130])
def test_saved_table_is_loaded_whole(tmp_path, n_bits):
    table, queries = HashTable(codes(500, n_bits, spread=0.1)), codes(5, n_bits, 1, 0.1)
    path = tmp_path / "table.anything"
    table.save(path)
    assert os.listdir(tmp_path) == ["table.anything"]
    for again in (HashTable.load(str(path)), pickle.loads(pickle.dumps(table))):
        assert repr(again) == repr(table)
        for found, expected in zip(
            again.query_radius(queries, min(3, n_bits)), table.query_radius(queries, min(3, n_bits)), strict=True
        ):
            np.testing.assert_array_equal(found, expected)


def test_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "table.npz"
    HashTable(codes(10, 4)).save(path)
    before = path.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        HashTable(codes(20, 4)).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["table.npz"]


def test_no_file_is_no_table(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.npz"):
        HashTable.load(tmp_path / "absent.npz")


def test_files_that_are_no_table_are_refused(tmp_path):
    path = tmp_path / "table.npz"
    HashTable(codes(100, 8)).save(path)
    whole = path.read_bytes()
    array, objects, other = tmp_path / "a.npy", tmp_path / "o.npz", tmp_path / "other.npz"
    np.save(array, np.arange(3))
    np.savez(objects, format=np.array([{}], dtype=object))
    np.savez(other, X=np.arange(3))
    for content in (b"", b"not a table", whole[: len(whole) // 2], array.read_bytes(), objects.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"table\.npz is not a whole \.npz file of plain arrays"):
            HashTable.load(path)
    with pytest.raises(ValueError, match=r"other\.npz is not a saved hash table: .* found 'none'"):
        HashTable.load(other)


def wrapped(offsets):
    """Offsets whose differences, in 64 bits, are all positive."""
    changed = offsets.copy()
    changed[-4:-1] = 2**63 - 1, -(2**63), -1
    return changed


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("n_bits", lambda a: a * 0, "n_bits must be one integer of at least 1"),
        ("n_bits", lambda a: a + 64, r"words must be \(2, n_buckets\) uint64, found"),
        ("n_bits", lambda a: a * 0 + 7, "a code has more than 7 bits"),
        ("words", lambda a: a[:, ::-1], "codes are not in ascending order"),
        ("words", lambda a: a.astype(float), r"words must be \(1, n_buckets\) uint8, found \(1, \d+\) float64"),
        ("words", lambda a: a[:, :0], "words must be"),
        ("words", lambda a: a[..., None], r"words must be \(1, n_buckets\) uint8, found \(1, \d+, 1\)"),
        ("offsets", lambda a: a[:-1], r"offsets must be \(\d+,\) int64"),
        ("offsets", lambda a: np.where(a == a[1], 0, a), "offsets do not divide the 100 rows"),
        ("offsets", wrapped, "offsets do not divide the 100 rows"),
        ("rows", lambda a: a[:-1], "offsets do not divide the 99 rows"),
        ("rows", lambda a: np.where(a == 7, 8, a), "rows are not the numbers 0 to 99, each once"),
        ("rows", lambda a: a[::-1], "rows of a bucket are not in ascending order"),
        ("rows", lambda a: a[:, None], r"rows must be one-dimensional int64, found \(100, 1\)"),
        ("rows", lambda a: a[0], r"rows must be one-dimensional int64, found \(\) int64"),
        ("rows", None, "it has no rows"),
    ],
)
def test_damaged_tables_are_refused(tmp_path, name, change, message):
    path = tmp_path / "table.npz"
    HashTable(np.concatenate([codes(99, 8), np.ones((1, 8), dtype=bool)])).save(path)
    arrays = dict(np.load(path))
    arrays = arrays | {name: change(arrays[name])} if change else {k: v for k, v in arrays.items() if k != name}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=rf"table\.npz is a damaged hash table: .*{message}"):
        HashTable.load(path)


def test_long_codes_out_of_order_are_noticed(tmp_path):
    path = tmp_path / "table.npz"
    HashTable(np.eye(100, dtype=bool)).save(path)
    arrays = dict(np.load(path))
    np.savez(path, **(arrays | {"words": arrays["words"][:, ::-1]}))
    with pytest.raises(ValueError, match="codes are not in ascending order"):
        HashTable.load(path)


def test_distances_beyond_a_byte_are_counted():
    bits = np.zeros((2, 600), dtype=bool)
    bits[1, :256] = True
    table = HashTable(bits)
    assert table.query(bits[:1], 2)[0].tolist() == [[0, 256]]
    assert table.query_radius(bits[:1], 255)[0].tolist() == [0]


def test_direct_and_sorted_lookup_agree():
    bits = codes(3000, 16, spread=0.1)
    longer = np.concatenate([np.zeros((3000, 1), dtype=bool), bits], axis=1)  # 17 bits have no direct table
    for r in (0, 1, 2):
        direct, by_search = HashTable(bits).query_radius(bits[:20], r), HashTable(longer).query_radius(longer[:20], r)
        for a, b in zip(direct, by_search, strict=True):
            np.testing.assert_array_equal(a, b)
