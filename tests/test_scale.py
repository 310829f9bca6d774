"""faiss and Dask give the answers of one HashTable in one process, also when a worker dies; costs are what is said."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import dask.array as da
import distributed
import faiss
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from l2h_tutorial import LSH, HashTable, hamming_distances, pack_bits
from l2h_tutorial.scale import (
    DistributedHashTable,
    bits_of,
    cluster,
    encode,
    faiss_bytes,
    faiss_query_radius,
    from_faiss,
    local_client,
    measure_search,
    open_vectors,
    plan_size,
    resampled_codes,
    to_faiss,
    unpack_bits,
    wire_bytes,
)
from l2h_tutorial.scale.cluster import _nearest, _radius
from l2h_tutorial.scale.sources import _Rows

KINDS = ["flat", "hash", "multi-hash"]
ORDERS = ["little", "big"]


def random_bits(n, n_bits, seed=0):
    return np.random.default_rng(seed).random((n, n_bits)) > 0.5


def near(bits, n_queries, flip, seed=1):
    """Some of the codes, with bits flipped."""
    return resampled_codes(bits, n_queries, flip=flip, random_state=seed)


def assert_same(ours, theirs):
    """Equal arrays, or object arrays of equal arrays, of the same type."""
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


codes = st.builds(random_bits, n=st.integers(1, 40), n_bits=st.integers(1, 140), seed=st.integers(0, 2**31))


# Packed codes


@given(codes)
def test_unpacking_undoes_packing(bits):
    unpacked = unpack_bits(pack_bits(bits), bits.shape[1])
    assert unpacked.dtype == np.bool_
    np.testing.assert_array_equal(unpacked, bits)


@given(codes)
def test_a_table_gives_its_bits_back_in_the_order_of_rows(bits):
    np.testing.assert_array_equal(bits_of(HashTable(bits)), bits)


def test_bits_of_a_table_with_large_buckets():
    bits = random_bits(500, 3)
    np.testing.assert_array_equal(bits_of(HashTable(bits)), bits)


@pytest.mark.parametrize(
    ("words", "n_bits", "error", "message"),
    [
        (np.zeros((2, 1), dtype=np.int64), 8, TypeError, "words must be uint64 as pack_bits makes them, got dtype int"),
        (
            np.zeros((2, 1), dtype=np.uint64),
            65,
            ValueError,
            r"65 bits are packed as \(n, 2\) words, got shape \(2, 1\)",
        ),
        (np.zeros(2, dtype=np.uint64), 8, ValueError, r"got shape \(2,\)"),
        (np.full((2, 1), 8, dtype=np.uint64), 3, ValueError, "more than 3 bits"),
        (np.zeros((2, 1), dtype=np.uint64), 0, ValueError, "n_bits must be at least 1, got 0"),
        (np.zeros((2, 1), dtype=np.uint64), True, TypeError, "n_bits must be an integer"),
    ],
)
def test_what_cannot_be_unpacked_is_refused(words, n_bits, error, message):
    with pytest.raises(error, match=message):
        unpack_bits(words, n_bits)


# faiss


def test_bit_i_is_dimension_i_of_faiss():
    bits = random_bits(20, 24)
    signs, packed = np.where(bits, 1, -1).astype(np.float32), np.empty((20, 3), dtype=np.uint8)
    faiss.real_to_binary(signs.size, faiss.swig_ptr(signs), faiss.swig_ptr(packed))
    np.testing.assert_array_equal(faiss_bytes(bits), packed)
    np.testing.assert_array_equal(faiss_bytes(bits, bit_order="big"), np.packbits(bits, axis=1))


@pytest.mark.parametrize("n_bits", [3, 16, 20, 64, 100])
def test_padding_changes_no_distance(n_bits):
    bits, queries = random_bits(50, n_bits), random_bits(5, n_bits, seed=1)
    index = to_faiss(bits)
    assert index.d == -(-n_bits // 8) * 8
    distances, ids = index.search(faiss_bytes(queries), 50)
    exact = np.take_along_axis(hamming_distances(queries, bits), ids, axis=1)
    np.testing.assert_array_equal(distances, exact)


@pytest.mark.parametrize("kind", KINDS)
@given(bits=codes, bit_order=st.sampled_from(ORDERS))
def test_a_table_survives_the_way_to_faiss_and_back(kind, bits, bit_order):
    index = to_faiss(HashTable(bits), kind, bit_order=bit_order)
    assert index.ntotal == len(bits)
    table = from_faiss(index, bits.shape[1], bit_order=bit_order)
    np.testing.assert_array_equal(bits_of(table), bits)


def test_a_hash_index_with_large_buckets_survives():
    bits = random_bits(3000, 24)
    np.testing.assert_array_equal(bits_of(from_faiss(to_faiss(bits, "hash", piece_bits=4))), bits)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_bits", [3, 16, 20, 64, 100])
def test_faiss_finds_what_the_table_finds(kind, n_bits):
    bits = random_bits(600, n_bits)
    queries, table = near(bits, 15, flip=0.06), HashTable(bits)
    index = to_faiss(table, kind, piece_bits=min(n_bits, 10))
    for r in {0, 1, 2, 3, n_bits // 4, min(n_bits, 30)}:
        ours = table.query_radius(queries, r, return_distance=True, sort_results=True)
        theirs = faiss_query_radius(index, queries, r, return_distance=True)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)
        assert_same(ours[0], faiss_query_radius(index, queries, r))


@pytest.mark.parametrize("r", [3, 7, 8])
def test_several_pieces_find_a_row_whose_different_bits_are_spread_evenly(r):
    row = np.zeros((1, 64), dtype=bool)
    row[0, np.arange(r) * 16 % 64 + np.arange(r) // 4] = True  # one after the other into each of the four pieces
    index = to_faiss(row, "multi-hash", piece_bits=16, n_pieces=4)
    query = np.zeros((1, 64), dtype=bool)
    assert len(faiss_query_radius(index, query, r)[0]) == 1
    assert len(faiss_query_radius(index, query, r - 1)[0]) == 0


def test_nflip_is_as_it_was_afterwards():
    bits = random_bits(50, 16)
    index = to_faiss(bits, "hash")
    index.nflip = 1
    faiss_query_radius(index, bits[:1], 3)
    assert index.nflip == 1


@pytest.mark.parametrize(
    ("kind", "pieces"),
    [(faiss.IndexBinaryHash, [10]), (faiss.IndexBinaryMultiHash, [2, 10])],
    ids=["hash", "multi-hash"],
)
def test_searches_at_the_same_time_do_not_disturb_each_other(kind, pieces):
    """A narrow search begins in the middle of a wide one, and ends after it, unless it waits for its turn."""
    wide_began, narrow_began, wide_ended = threading.Event(), threading.Event(), threading.Event()

    class Slow(kind):
        def range_search(self, x, thresh):
            wide = thresh > 2
            (wide_began if wide else narrow_began).set()
            (narrow_began if wide else wide_ended).wait(0.3)
            answer = super().range_search(x, thresh)
            if wide:
                wide_ended.set()
            return answer

    bits = random_bits(300, 32)
    index, table = filled(Slow(32, *pieces), bits), HashTable(bits)
    queries, found = near(bits, 10, flip=0.1), {}

    def search(r):
        found[r] = faiss_query_radius(index, queries, r)

    threads = [threading.Thread(target=search, args=(r,)) for r in (6, 1)]
    threads[0].start()
    wide_began.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join()
    for r in (1, 6):
        assert_same(found[r], table.query_radius(queries, r, sort_results=True))
    assert index.nflip == 0


def test_an_index_that_others_filled_is_read_in_their_bit_order():
    bits = random_bits(30, 16)
    index = faiss.IndexBinaryFlat(16)
    index.add(np.packbits(bits, axis=1))
    np.testing.assert_array_equal(bits_of(from_faiss(index, bit_order="big")), bits)
    assert_same(
        faiss_query_radius(index, bits[:3], 4, bit_order="big"),
        HashTable(bits).query_radius(bits[:3], 4, sort_results=True),
    )


def declaring(index, n):
    """The same index, that says it has `n` codes."""
    data = faiss.serialize_index_binary(index)
    data[12:20] = np.frombuffer(n.to_bytes(8, "little"), dtype=np.uint8)
    return faiss.deserialize_index_binary(data)


def filled(index, bits, ids=None):
    packed = faiss_bytes(bits)
    index.add(packed) if ids is None else index.add_with_ids(packed, ids)
    return index


def wrapped(bits):
    return filled(faiss.IndexBinaryIDMap(faiss.IndexBinaryHash(16, 8)), bits, np.arange(len(bits)))


def inverted(bits):
    index = faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(16), 16, 2)
    index.train(faiss_bytes(bits))
    return filled(index, bits)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda b: to_faiss(b, "ivf"), ValueError, "kind must be .* got 'ivf'"),
        (lambda b: to_faiss(b, "hash", piece_bits=17), ValueError, "must fit codes of 16 bits, got 1 of 17 bits"),
        (lambda b: to_faiss(b, "multi-hash", piece_bits=8, n_pieces=3), ValueError, "got 3 of 8 bits"),
        (lambda b: to_faiss(b, "hash", piece_bits=0), ValueError, "piece_bits must be at least 1, got 0"),
        (lambda b: to_faiss(b, "multi-hash", n_pieces=1.5), TypeError, "n_pieces must be an integer"),
        (lambda b: to_faiss(b.astype(int)), TypeError, "bits must be a boolean array"),
        (lambda b: to_faiss(b, bit_order="middle"), ValueError, "bit_order must be .* got 'middle'"),
        (lambda b: from_faiss(faiss.IndexFlatL2(16)), TypeError, "IndexBinaryHash or .*, got IndexFlatL2"),
        (lambda b: from_faiss(faiss.IndexBinaryFlat(16)), ValueError, "the index is empty"),
        (lambda b: from_faiss(faiss.IndexBinaryHash(16, 8)), ValueError, "the index is empty"),
        (lambda b: from_faiss(to_faiss(b), 8), ValueError, "n_bits must be from 9 to the 16 bits of the index, got 8"),
        (lambda b: from_faiss(to_faiss(b), 12), ValueError, "bits set beyond the first 12"),
        (
            lambda b: from_faiss(filled(faiss.IndexBinaryHash(16, 8), b, np.arange(5, 5 + len(b)))),
            ValueError,
            "the ids of the index are not 0 to 29, each once",
        ),
        (
            lambda b: from_faiss(declaring(to_faiss(b, "hash"), 2**40)),
            ValueError,
            "are not 0 to 1099511627775, each once",
        ),
        (lambda b: faiss_query_radius(to_faiss(b), b[:, :8], 1), ValueError, "query_bits must fit the 16 bits"),
        (lambda b: faiss_query_radius(to_faiss(b), b, 17), ValueError, "17"),
        (lambda b: faiss_query_radius(wrapped(b), b, 1), TypeError, "IndexBinaryMultiHash, got IndexBinaryIDMap"),
        (lambda b: faiss_query_radius(inverted(b), b, 1), TypeError, "IndexBinaryMultiHash, got IndexBinaryIVF"),
        (lambda b: faiss_query_radius(faiss.IndexFlatL2(16), b, 1), TypeError, "IndexBinaryMultiHash, got IndexFlatL2"),
        (lambda b: faiss_query_radius(HashTable(b), b, 1), TypeError, "index must be a faiss .*, got HashTable"),
        (lambda b: from_faiss(wrapped(b)), TypeError, "IndexBinaryMultiHash, got IndexBinaryIDMap"),
        (lambda b: faiss_query_radius(to_faiss(b), b.astype(int), 1), TypeError, "query_bits must be a boolean array"),
    ],
)
def test_what_faiss_cannot_take_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(random_bits(30, 16))


@pytest.mark.parametrize(
    ("missing", "call"),
    [
        ("faiss", lambda folder: to_faiss(random_bits(3, 8))),
        ("dask.array", lambda folder: open_vectors(folder)),
        ("distributed", lambda folder: local_client().__enter__()),
    ],
)
def test_without_the_extra_the_error_says_what_to_install(monkeypatch, tmp_path, missing, call):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf"{missing} is needed .* pip install l2h-tutorial\[scale\]"):
        call(tmp_path)


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_loads_none_of_it():
    loaded = run("import l2h_tutorial.scale, sys; print(*sys.modules)")
    assert loaded.returncode == 0, loaded.stderr
    assert set(loaded.stdout.split()) & {"faiss", "dask", "distributed", "zarr"} == set()


# Files


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(size=(1000, 12)).astype(np.float32)


def write_npy(folder, X):
    np.save(folder / "x.npy", X)
    return folder / "x.npy", {"block_rows": 300}


def write_zarr(folder, X):
    zarr.create_array(folder / "x.zarr", data=X, chunks=(300, 5))
    return folder / "x.zarr", {}


def write_zarr_group(folder, X):
    zarr.create_group(folder / "g.zarr").create_array("x", data=X, chunks=(300, 5))
    return folder / "g.zarr", {"component": "x"}


def write_parquet(folder, X):
    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(X.shape[1])])
    frame.to_parquet(folder / "x.parquet", row_group_size=300)
    return folder / "x.parquet", {}


def write_parquet_of_lists(folder, X):
    lists = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), X.shape[1])
    pq.write_table(pa.table({"id": np.arange(len(X)), "v": lists}), folder / "v.parquet", row_group_size=300)
    return folder / "v.parquet", {"columns": ["v"]}


def write_folder_of_parquet(folder, X):
    for i, rows in enumerate(np.array_split(X, 12)):  # part 10 comes after part 9, not after part 1
        pd.DataFrame(rows, columns=[f"f{j}" for j in range(X.shape[1])]).to_parquet(folder / f"part.{i}.parquet")
    return folder, {"block_rows": 300}


WRITERS = [write_npy, write_zarr, write_zarr_group, write_parquet, write_parquet_of_lists, write_folder_of_parquet]


@pytest.mark.parametrize("write", WRITERS)
def test_vectors_come_out_of_a_file_as_they_went_in(tmp_path, vectors, write):
    path, options = write(tmp_path, vectors)
    X = open_vectors(path, **options)
    assert X.dtype == np.float32
    assert X.chunks == ((300, 300, 300, 100), (12,))
    np.testing.assert_array_equal(X.compute(scheduler="synchronous"), vectors)


def write_lists(folder, lists, name="v.parquet", **options):
    pq.write_table(pa.table({"v": lists}), folder / name, **options)
    return folder / name


def write_columns(folder, name="x.parquet", **columns):
    pq.write_table(pa.table(columns), folder / name)
    return folder / name


@pytest.mark.parametrize("write", [write_parquet, write_parquet_of_lists, write_folder_of_parquet])
def test_nothing_of_a_parquet_file_is_read_but_its_end(tmp_path, vectors, write):
    path, options = write(tmp_path, vectors)
    for file in tmp_path.glob("*.parquet"):
        content = bytearray(file.read_bytes())
        end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        content[4:end] = bytes(end - 4)
        file.write_bytes(content)
    X = open_vectors(path, **options)
    assert (X.shape, X.dtype) == (vectors.shape, np.float32)
    with pytest.raises((OSError, ValueError)):
        X.compute(scheduler="synchronous")


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.large_list(pa.float64()), pa.list_(pa.float64(), 3)])
def test_lists_of_every_kind_become_rows(tmp_path, kind):
    X = np.arange(30.0).reshape(10, 3)
    path = write_lists(tmp_path, pa.array(X.tolist(), kind), row_group_size=4)
    found = open_vectors(path)
    assert found.chunks == ((4, 4, 2), (3,))
    np.testing.assert_array_equal(found.compute(scheduler="synchronous"), X)


def test_columns_come_in_the_order_that_is_asked_for(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "b": [3.5, np.nan], "c": ["x", "y"]}, index=[7, 8])
    frame.to_parquet(tmp_path / "x.parquet")
    found = open_vectors(tmp_path / "x.parquet", columns=["b", "a"]).compute(scheduler="synchronous")
    np.testing.assert_array_equal(found, [[3.5, 1], [np.nan, 2]])
    pd.DataFrame(np.eye(2), index=[7, 8]).to_parquet(tmp_path / "numbered.parquet")
    np.testing.assert_array_equal(
        open_vectors(tmp_path / "numbered.parquet").compute(scheduler="synchronous"), np.eye(2)
    )


@pytest.mark.parametrize("columns", [5, "a", ["a", 5], b"a", True], ids=repr)
def test_columns_that_are_no_list_of_names_are_refused_with_the_path(tmp_path, columns):
    pd.DataFrame({"a": [1, 2]}).to_parquet(tmp_path / "x.parquet")
    for path in (tmp_path, tmp_path / "x.parquet"):
        with pytest.raises(TypeError, match="columns must be a list of names for ") as refusal:
            open_vectors(path, columns=columns)
        assert str(refusal.value).endswith(f"for {path}, got {columns!r}")


def test_row_groups_without_rows_and_hidden_files_are_passed_over(tmp_path):
    for i, rows in enumerate([[1.0], [], [2.0, 3.0]]):
        write_columns(tmp_path, f"part.{i}.parquet", a=pa.array(rows, pa.float64()))
    (tmp_path / "_metadata.parquet").write_bytes(b"")
    X = open_vectors(tmp_path)
    assert X.chunks == ((1, 2), (1,))
    np.testing.assert_array_equal(X.compute(scheduler="synchronous"), [[1], [2], [3]])


def mixed_folder(folder):
    write_columns(folder, "part.0.parquet", a=[1.0])
    write_columns(folder, "part.1.parquet", a=[1])
    return folder


def no_parquet(folder):
    (folder / "x.parquet").write_bytes(b"PAR1 is not all")
    return folder / "x.parquet"


@pytest.mark.parametrize(
    ("make", "options", "error", "message"),
    [
        (
            lambda f: write_columns(f, a=[1.0]),
            {"columns": "a"},
            TypeError,
            "columns must be a list of names for .*, got 'a'",
        ),
        (
            lambda f: write_columns(f, a=[1.0]),
            {"columns": [0]},
            TypeError,
            r"columns must be a list of names for .*, got \[0\]",
        ),
        (lambda f: write_columns(f, a=[1.0]), {"columns": ["b"]}, ValueError, r"x.parquet must have .* no \['b'\]"),
        (lambda f: write_columns(f, a=[1.0]), {"columns": []}, ValueError, r"x.parquet must have .* at least one"),
        (lambda f: write_columns(f, a=["a"]), {}, ValueError, r"x.parquet must hold columns of numbers.*found string"),
        (lambda f: write_columns(f, a=[[1]], b=[1]), {}, ValueError, r"x.parquet must hold columns of .*found list"),
        (lambda f: write_columns(f, a=[[[1]]]), {}, ValueError, r"x.parquet must hold columns of numbers.*found list"),
        (lambda f: write_columns(f, a=pa.array([], pa.int64())), {}, ValueError, r"x.parquet must hold .* one row"),
        (lambda f: write_lists(f, [[1, 2], [3]]), {}, ValueError, "v.parquet must hold lists of one length"),
        (lambda f: write_lists(f, [[1, 2], None]), {}, ValueError, "v.parquet must hold lists of one length"),
        (lambda f: write_lists(f, [[1, 2], [3], [4, 5, 6]]), {}, ValueError, "v.parquet must hold lists of one length"),
        (lambda f: write_lists(f, [[1], None]), {}, ValueError, "v.parquet must hold lists of one length"),
        (lambda f: write_lists(f, [[1], []]), {}, ValueError, "v.parquet must hold lists of one length"),
        (lambda f: write_lists(f, [[1], [2, 3]], row_group_size=1), {}, ValueError, "of one width.* in .*v.parquet"),
        (
            lambda f: write_lists(f, [[1, 2], [3, None]]),
            {},
            ValueError,
            "v.parquet must hold int64 only, found missing",
        ),
        (lambda f: write_columns(f, a=[1, None]), {}, ValueError, "x.parquet must hold int64 only, found missing"),
        (
            mixed_folder,
            {},
            ValueError,
            "of one width and type, found int64 of width 1 in .*part.1.parquet, after float64",
        ),
        (no_parquet, {}, ValueError, "x.parquet cannot be read as a Parquet file"),
        (lambda f: write_npy(f, np.eye(3))[0], {"columns": ["a"]}, ValueError, "columns are for Parquet.*x.npy"),
        (lambda f: write_npy(f, np.eye(3))[0], {"component": "a"}, ValueError, "component is for Zarr.*x.npy"),
    ],
)
def test_what_is_no_parquet_file_of_vectors_is_refused_by_its_name(tmp_path, make, options, error, message):
    with pytest.raises(error, match=message):
        open_vectors(make(tmp_path), **options).compute(scheduler="synchronous")


def test_codes_come_out_of_a_file_too(tmp_path):
    words = pack_bits(random_bits(50, 64))
    path, _ = write_npy(tmp_path, words)
    np.testing.assert_array_equal(open_vectors(path, block_rows=20).compute(scheduler="synchronous"), words)


def test_a_mapped_file_travels_by_name(tmp_path, vectors):
    path, _ = write_npy(tmp_path, vectors)
    assert len(pickle.dumps(_Rows(path))) < 1000


def write_header(folder, said):
    path = folder / "x.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said)
    return path


def half_a_file(folder):
    path, _ = write_npy(folder, np.zeros((100, 4)))
    path.write_bytes(path.read_bytes()[:500])
    return path


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda f: f / "nothing.npy", FileNotFoundError, "there is no file or folder .*nothing.npy"),
        (lambda f: Path(__file__), ValueError, r"must end in .npy, .zarr or .parquet"),
        (lambda f: write_npy(f, np.zeros(5))[0], ValueError, r"two-dimensional .* found float64 of shape \(5,\)"),
        (lambda f: write_npy(f, np.array([["a"]]))[0], ValueError, r"of numbers, found <U1"),
        (lambda f: write_npy(f, np.zeros((0, 5)))[0], ValueError, r"of shape \(0, 5\)"),
        (lambda f: write_npy(f, np.array([[{}]]))[0], ValueError, "not a whole .npy file of one plain array"),
        (half_a_file, ValueError, "not a whole .npy file of one plain array"),
        (
            lambda f: write_header(f, b"-" * 9000 + b"1"),
            ValueError,
            "x.npy is not a whole .npy file of one plain array",
        ),
        (lambda f: write_header(f, b"9" * 5000), ValueError, "^.{0,300}$"),
        (lambda f: write_zarr_group(f, np.zeros((5, 5)))[0], ValueError, "is not a Zarr array.*component"),
    ],
)
def test_what_is_no_file_of_vectors_is_refused(tmp_path, make, error, message):
    with pytest.raises(error, match=message):
        open_vectors(make(tmp_path))


def test_rows_of_a_block_must_be_a_number(tmp_path):
    path, _ = write_npy(tmp_path, np.zeros((5, 5)))
    with pytest.raises(ValueError, match="block_rows must be at least 1, got 0"):
        open_vectors(path, block_rows=0)


# Encoding


@pytest.mark.parametrize("n_bits", [16, 70])
def test_blocks_are_encoded_as_the_whole(vectors, n_bits):
    lsh = LSH(n_bits, random_state=0).fit(vectors)
    X = da.from_array(vectors, chunks=((400, 0, 600), (7, 5)))
    bits, words = encode(lsh, X), encode(lsh, X, packed=True)
    whole = lsh.transform(vectors)
    assert (bits.dtype, bits.shape, words.dtype) == (np.bool_, whole.shape, np.uint64)
    np.testing.assert_array_equal(bits.compute(scheduler="synchronous"), whole)
    np.testing.assert_array_equal(words.compute(scheduler="synchronous"), pack_bits(whole))


def test_what_cannot_be_encoded_is_refused(vectors):
    lsh = LSH(8, random_state=0).fit(vectors)
    X = da.from_array(vectors, chunks=(500, -1))
    with pytest.raises(TypeError, match="X must be a Dask array, got ndarray"):
        encode(lsh, vectors)
    with pytest.raises(ValueError, match=r"call its compute_chunk_sizes\(\) first"):
        encode(lsh, X[X[:, 0] > 0])
    with pytest.raises(ValueError, match=r"two-dimensional .*, got shape \(1000,\)"):
        encode(lsh, X[:, 0])
    with pytest.raises(ValueError, match="features"):
        encode(lsh, X[:, :5])


def test_a_transformer_that_makes_no_bits_is_refused(vectors):
    from sklearn.preprocessing import StandardScaler

    with pytest.raises(TypeError, match="must make rows of booleans, StandardScaler made float"):
        encode(StandardScaler().fit(vectors), da.from_array(vectors))


# A cluster


@pytest.fixture(scope="module")
def client():
    with local_client(n_workers=2, memory_limit="2GB") as client:
        yield client


def assert_equal_searches(table, distributed_table, queries, radii, ks):
    for r in radii:
        ours = table.query_radius(queries, r, return_distance=True, sort_results=True)
        theirs = distributed_table.query_radius(queries, r, return_distance=True)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)
        counts = distributed_table.query_radius(queries, r, count_only=True)
        assert_same([table.query_radius(queries, r, count_only=True)], [counts])
    for k in ks:
        assert_same(table.query(queries, k), distributed_table.query(queries, k))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("n_bits", "chunks"),
    [
        (4, (700, 1, 0, 1299)),  # 16 codes for 2,000 rows: ties everywhere; partitions of one row, and of none
        (64, (512,) * 3 + (464,)),
        (100, (2000,)),
    ],
)
def test_partitions_answer_as_one_table(client, n_bits, chunks, packed):
    bits = random_bits(2000, n_bits)
    array = da.from_array(pack_bits(bits) if packed else bits, chunks=(chunks, -1))
    table = DistributedHashTable(array, n_bits if packed else None, client=client)
    assert (table.n_bits, table.n_rows, table.n_partitions) == (n_bits, 2000, sum(size > 0 for size in chunks))
    assert_equal_searches(HashTable(bits), table, near(bits, 9, flip=0.1), (0, 2, n_bits // 3), (1, 10, 2000))


def test_from_a_file_of_vectors_to_neighbours(client, tmp_path, vectors):
    path, options = write_npy(tmp_path, vectors)
    lsh = LSH(64, random_state=0).fit(vectors)
    stored = str(tmp_path / "codes.zarr")
    encode(lsh, open_vectors(path, **options), packed=True).to_zarr(stored)
    table = DistributedHashTable(open_vectors(stored), n_bits=64)
    assert_equal_searches(HashTable(lsh.transform(vectors)), table, lsh.transform(vectors[:5]), (5,), (10,))


def test_a_table_says_what_it_is(client):
    table = DistributedHashTable(da.from_array(random_bits(2000, 16), chunks=(500, 16)), client=client)
    assert repr(table) == "<DistributedHashTable: 2,000 rows of 16-bit codes in 4 partitions>"


def dask_bits(n_bits=16):
    return da.from_array(random_bits(40, n_bits), chunks=(20, -1))


def dask_words(largest=2**16):
    words = np.random.default_rng(0).integers(0, largest, (40, 1), dtype=np.uint64)
    return da.from_array(words, chunks=(20, -1))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: DistributedHashTable(random_bits(9, 4)), TypeError, "codes must be a Dask array, got ndarray"),
        (lambda: DistributedHashTable(dask_bits().astype(int)), TypeError, "codes must be boolean, or uint64 words"),
        (lambda: DistributedHashTable(dask_bits(), 17), ValueError, "the codes have 16 bits, n_bits says 17"),
        (lambda: DistributedHashTable(dask_words()), ValueError, "give n_bits"),
        (lambda: DistributedHashTable(dask_words(), 65), ValueError, "codes of 65 bits take 2 words, got 1"),
        (lambda: DistributedHashTable(dask_words(), 3), ValueError, "a packed code has more than 3 bits"),
        (lambda: DistributedHashTable(dask_bits()[:, 0]), ValueError, r"got shape \(40,\)"),
        (lambda: DistributedHashTable(dask_bits()).query_radius(random_bits(2, 16), 17), ValueError, "17"),
        (lambda: DistributedHashTable(dask_bits()).query_radius(random_bits(2, 8), 1), ValueError, "must have 16 bits"),
        (lambda: DistributedHashTable(dask_bits()).query(random_bits(2, 16), 41), ValueError, "1 to the 40 rows"),
        (lambda: DistributedHashTable(dask_bits()).query(random_bits(2, 16), 1.0), TypeError, "k must be an integer"),
        (
            lambda: DistributedHashTable(dask_bits()).query_radius(
                random_bits(2, 16), 1, count_only=True, return_distance=True
            ),
            ValueError,
            "set only one of count_only and return_distance",
        ),
        (lambda: local_client(0).__enter__(), ValueError, "n_workers must be at least 1, got 0"),
    ],
)
def test_what_a_cluster_cannot_take_is_refused(client, call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_without_a_client_the_error_says_how_to_make_one():
    code = "import dask.array as da; from l2h_tutorial.scale import DistributedHashTable as D; D(da.zeros((5, 5)))"
    assert "start workers with local_client(), or connect with distributed.Client(address)" in run(code).stderr


def test_a_cluster_that_runs_elsewhere_is_found_by_its_address(tmp_path):
    where = ["--scheduler-file", str(tmp_path / "scheduler.json"), "--no-dashboard", "--host", "127.0.0.1"]
    options = {"cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    module = [sys.executable, "-m"]
    with (
        subprocess.Popen([*module, "distributed.cli.dask_scheduler", "--port", "0", *where], **options) as scheduler,
        subprocess.Popen([*module, "distributed.cli.dask_worker", "--no-nanny", *where], **options) as worker,
    ):
        try:
            with distributed.Client(scheduler_file=str(tmp_path / "scheduler.json"), timeout=60) as found:
                address = found.scheduler.address
            with distributed.Client(address) as client:
                bits = random_bits(300, 32)
                table = DistributedHashTable(da.from_array(bits, chunks=(100, 32)), client=client)
                assert_equal_searches(HashTable(bits), table, bits[:5], (8,), (10,))
        finally:
            worker.kill()  # told to end politely, it may wait for a scheduler that is gone
            scheduler.kill()


def test_workers_listen_on_this_machine_only_and_leave_nothing_behind(client, tmp_path, monkeypatch):
    def listening():
        import psutil

        return {c.laddr.ip for c in psutil.Process().net_connections("inet") if c.status == "LISTEN"}

    assert set().union(*client.run(listening).values(), listening()) == {"127.0.0.1"}
    folders = client.run(lambda dask_worker: dask_worker.local_directory).values()
    assert all(Path(folder).is_dir() for folder in folders)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with local_client(n_workers=1) as own, own.as_current():
        (folder,) = own.run(lambda dask_worker: dask_worker.local_directory).values()
        assert tmp_path in Path(folder).parents
    assert list(tmp_path.iterdir()) == []


# A worker dies


def deadly(work, folder):
    """The same work; but the first process that comes to do it is killed."""

    def attempt(*arguments):
        try:
            (folder / "killed").touch(exist_ok=False)
        except FileExistsError:
            return work(*arguments)
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows the second ends it as hard

    return attempt


def by_blocks(function, array):
    return array.map_blocks(function, dtype=bool, meta=np.empty((0, 0), bool))  # without meta Dask tries it here


@pytest.mark.parametrize("question", ["_radius", "_nearest"])
def test_a_worker_killed_during_the_search_changes_nothing(client, tmp_path, monkeypatch, question):
    def read(block):
        (tmp_path / f"read {time.monotonic_ns()}").touch()
        return block

    bits = random_bits(4000, 64)
    queries, single = near(bits, 20, flip=0.05), HashTable(bits)
    table = DistributedHashTable(by_blocks(read, da.from_array(bits, chunks=(500, 64))), client=client)
    assert len(list(tmp_path.glob("read *"))) == table.n_partitions == 8
    processes = set(client.run(os.getpid).values())
    monkeypatch.setattr(cluster, question, deadly(getattr(cluster, question), tmp_path))
    assert_equal_searches(single, table, queries, *(((20,), ()) if question == "_radius" else ((), (10,))))
    assert not processes <= set(client.run(os.getpid).values()), "no worker was killed"
    assert len(list(tmp_path.glob("read *"))) > 8, "no table was lost"


def test_a_worker_killed_while_tables_are_built_changes_nothing(client, tmp_path):
    bits = random_bits(3000, 32)
    array = by_blocks(deadly(lambda block: block, tmp_path), da.from_array(bits, chunks=(500, 32)))
    table = DistributedHashTable(array, client=client)
    assert (tmp_path / "killed").exists()
    assert_equal_searches(HashTable(bits), table, near(bits, 9, flip=0.1), (4,), (10,))


# Memory, and ten million codes

BYTES_HELD = 32 + 3 * 8  # a row of a table that is held, with the tables of three pieces: see the docstring
BYTES_BUILT = 120  # a row of a block while its table is built
OVERHEAD = 30e6  # what a process takes beside: pieces of messages, memory freed and not yet given back


on_linux = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are read as Linux tells them")


def reset_peak():
    Path("/proc/self/clear_refs").write_text("5")


def memory():
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return tuple(1024 * int(lines[name].split()[0]) for name in ("VmRSS", "VmHWM"))


def peaks_beyond(client, work):
    """How far each worker's memory rises above where it is now, at most, during some work; and what that returns."""
    client.run(reset_peak)
    before = client.run(memory)
    result = work()
    after = client.run(memory)
    return [after[worker][1] - before[worker][0] for worker in before], result


def write_codes(path, n):
    np.save(path, np.random.default_rng(0).integers(0, 2**64, (n, 1), dtype=np.uint64))
    return np.load(path, mmap_mode="r")


def large_search(client, tmp_path, n, block_rows, n_queries):
    words = write_codes(tmp_path / "codes.npy", n)
    bits = unpack_bits(words, 64)
    queries = near(bits[:: n // n_queries], n_queries, flip=0.05)

    def search():
        table = DistributedHashTable(open_vectors(tmp_path / "codes.npy", block_rows=block_rows), 64, client=client)
        return table.query_radius(queries, 10), table.query(queries, 10)

    peaks, (ids, nearest) = peaks_beyond(client, search)
    table = HashTable(bits)
    assert_same(table.query_radius(queries, 10, sort_results=True), ids)
    assert_same(table.query(queries, 10), nearest)
    assert sum(map(len, ids)) > n_queries / 2, "hardly anything was there to be found"
    return peaks


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak of a process is read as Linux tells it"
)
def test_a_worker_needs_the_memory_that_is_stated(client, tmp_path):
    n, block_rows = 2_000_000, 250_000
    for peak in large_search(client, tmp_path, n, block_rows, n_queries=10):
        share = n * 5 // 8  # eight blocks for two workers: one may have taken five
        assert peak < BYTES_HELD * share + BYTES_BUILT * block_rows + OVERHEAD


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak of a process is read as Linux tells it"
)
def test_ten_million_codes_over_two_workers_are_searched_as_by_one_process(tmp_path):
    n, block_rows = 10_000_000, 500_000
    with local_client(n_workers=2) as client:
        for peak in large_search(client, tmp_path, n, block_rows, n_queries=20):
            assert peak < BYTES_HELD * n * 0.6 + BYTES_BUILT * block_rows + OVERHEAD


# Costs


def test_bytes_on_the_wire_are_those_of_what_travels():
    bits = random_bits(2000, 100)
    queries = near(bits, 7, flip=0.2)
    parts = [HashTable(piece) for piece in np.split(bits, 4)]
    words = pack_bits(queries)
    shape = {"n_partitions": 4, "partition_rows": 500, "n_workers": 3}
    nearest = sum(array.nbytes for part in parts for array in _nearest(part, words, 10))
    assert wire_bytes(7, 100, k=10, **shape) == (3 * words.nbytes, nearest)
    answers = [_radius(part, words, 30) for part in parts]
    found = sum(int(counts.sum()) for counts, _, _ in answers)
    assert found > 0
    received = sum(array.nbytes for answer in answers for array in answer)
    assert wire_bytes(7, 100, n_found=found, **shape) == (3 * words.nbytes, received)


@pytest.mark.parametrize("given", [{}, {"k": 1, "n_found": 1}])
def test_a_search_is_for_neighbours_or_for_a_radius(given):
    with pytest.raises(ValueError, match="give k for nearest neighbours or n_found for a radius"):
        wire_bytes(1, 64, n_partitions=1, partition_rows=1, n_workers=1, **given)


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
@pytest.mark.parametrize("name", ["n", "n_bits", "n_features", "bytes_per_row", "codes_per_second", "n_workers"])
def test_a_plan_must_be_of_positive_numbers(name, value):
    numbers = {"n": 10, "n_bits": 64, "n_features": 512, "bytes_per_row": 24, "codes_per_second": 1e9}
    with pytest.raises(ValueError, match="must be positive and finite, got"):
        plan_size(**numbers | {name: value})


def test_resampled_codes_are_those_given_with_some_bits_flipped():
    bits = random_bits(200, 64)
    same = resampled_codes(bits, 500, flip=0)
    assert hamming_distances(same, bits).min(axis=1).max() == 0
    flipped = hamming_distances(resampled_codes(bits, 5000, flip=0.05), bits).min(axis=1)
    assert flipped.mean() == pytest.approx(64 * 0.05, abs=0.1)  # standard error .025
    assert not np.array_equal(same, resampled_codes(bits, 500, flip=0, random_state=1))
    with pytest.raises(ValueError, match="flip must be a probability from 0 to 1, got 2"):
        resampled_codes(bits, 5, flip=2)


def test_a_measurement_counts_what_is_found_and_held():
    bits = random_bits(20_000, 32)
    queries = near(bits, 10, flip=0.05)
    row = measure_search(bits, queries, radius=8, repeats=1)
    exact = (hamming_distances(queries, bits) <= 8).sum(axis=1).mean()
    assert (row["n"], row["n_bits"], row["radius"], row["found"]) == (20_000, 32, 8, exact)
    arrays = 20_000 * 8 + HashTable(bits).bucket_codes.size * 4  # row numbers, and 32-bit codes
    assert arrays < row["table_bytes"] < 5 * arrays
    assert min(row["build_seconds"], row["table_seconds"], row["scan_seconds"]) > 0


def test_memory_that_is_traced_already_stays_traced():
    bits = random_bits(100, 16)
    measure_search(bits, bits[:2], radius=2, repeats=1)
    assert not tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        held = np.ones(10**6)
        row = measure_search(bits, bits[:2], radius=2, repeats=1)
        assert tracemalloc.is_tracing()
        assert tracemalloc.get_traced_memory()[0] > held.nbytes > row["table_bytes"]
    finally:
        tracemalloc.stop()


def test_a_search_is_repeated_at_least_once():
    bits = random_bits(100, 16)
    with pytest.raises(ValueError, match="repeats must be at least 1, got 0"):
        measure_search(bits, bits[:2], radius=2, repeats=0)
