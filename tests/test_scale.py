"""faiss and Dask give the answers of brute force, also when a worker dies; costs are as stated."""

import os
import pickle
import signal
import time
from pathlib import Path

import dask.array as da
import distributed
import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import rows_within
from refusals import refusals
from sklearn.preprocessing import StandardScaler
from test_buckets import codes as random_bits
from test_search import assert_found

from l2h_tutorial import LSH, HashTable, hamming_distances, scale
from l2h_tutorial.scale import (
    DistributedHashTable,
    dask_table,
    encode,
    local_client,
    open_vectors,
    resampled_codes,
    to_faiss,
)

codes = st.builds(
    random_bits, n=st.integers(1, 40), n_bits=st.integers(1, 140), seed=st.integers(0, 2**31)
)


# faiss


def indexes(bits):
    """Make an index of each kind, of these codes."""
    n_bits = bits.shape[1]
    filled_up = 8 * -(-n_bits // 8)  # to whole bytes
    piece = min(n_bits, 10)
    one_table = faiss.IndexBinaryHash(filled_up, piece)
    several_tables = faiss.IndexBinaryMultiHash(filled_up, n_bits // piece, piece)
    for index in (one_table, several_tables):
        index.add(scale.faiss_bytes(bits))
    return to_faiss(bits), one_table, several_tables


def test_bit_i_is_dimension_i_of_faiss():
    bits = random_bits(20, 24)
    signs = np.where(bits, 1, -1).astype(np.float32)
    packed = np.empty((20, 3), dtype=np.uint8)
    faiss.real_to_binary(signs.size, faiss.swig_ptr(signs), faiss.swig_ptr(packed))
    np.testing.assert_array_equal(scale.faiss_bytes(bits), packed)


@given(codes)
def test_a_table_has_its_bits_after_the_way_to_faiss_and_back(bits):
    again = scale.from_faiss(to_faiss(HashTable(bits))).bits
    np.testing.assert_array_equal(again[:, : bits.shape[1]], bits)
    assert not again[:, bits.shape[1] :].any()


@pytest.mark.parametrize("n_bits", [3, 16, 20, 64, 100])
def test_faiss_finds_what_brute_force_finds(n_bits):
    bits = random_bits(600, n_bits)
    queries = resampled_codes(bits, 15)
    for index in indexes(bits):
        for r in {0, 1, 2, 3, n_bits // 4, min(n_bits, 30)}:
            ids = scale.faiss_query_radius(index, queries, r)
            expected, _ = rows_within(bits, queries, r)
            assert_found(ids, expected)
            assert_found(ids, HashTable(bits).query_radius(queries, r, sort_results=True))
        assert getattr(index, "nflip", 0) == 0


# Files, and encoding


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(size=(1000, 12)).astype(np.float32)


def saved(folder, X):
    np.save(folder / "x.npy", X)
    return folder / "x.npy"


def test_vectors_come_out_of_a_file_as_they_went_in(tmp_path, vectors):
    X = open_vectors(saved(tmp_path, vectors), block_rows=300)
    assert X.dtype == np.float32
    assert X.chunks == ((300, 300, 300, 100), (12,))
    assert len(pickle.dumps(X)) < 10_000, "a mapped file travels by its name"
    np.testing.assert_array_equal(X.compute(scheduler="synchronous"), vectors)
    again = open_vectors(saved(tmp_path, -vectors), block_rows=300)
    assert again.name != X.name, "a file that has changed"


@pytest.mark.parametrize("n_bits", [16, 70])
def test_blocks_are_encoded_as_the_whole(vectors, n_bits):
    lsh = LSH(n_bits, random_state=0).fit(vectors)
    whole = lsh.transform(vectors)
    lazy = encode(lsh, da.from_array(vectors, chunks=((400, 0, 600), (7, 5))))
    assert lazy.dtype == np.bool_
    assert lazy.shape == whole.shape
    np.testing.assert_array_equal(lazy.compute(scheduler="synchronous"), whole)


# A cluster


@pytest.fixture(scope="module")
def client():
    with local_client(n_workers=2) as client:
        yield client


def assert_searches_are_exact(table, bits, queries, *radii):
    for r in radii:
        expected, _ = rows_within(bits, queries, r)
        assert_found(table.query_radius(queries, r), expected)


@pytest.mark.parametrize(
    ("n_bits", "chunks"),
    [
        # 16 codes for 2,000 rows: ties everywhere; partitions of one row, and of none
        (4, (700, 1, 0, 1299)),
        (64, (512,) * 3 + (464,)),
        (100, (2000,)),
    ],
)
def test_partitions_answer_as_brute_force(client, n_bits, chunks):
    bits = random_bits(2000, n_bits)
    table = DistributedHashTable(da.from_array(bits, chunks=(chunks, -1)), client=client)
    assert table.n_bits == n_bits
    assert_searches_are_exact(table, bits, resampled_codes(bits, 9), 0, 2, n_bits // 3, n_bits)


def test_workers_listen_on_this_machine_only(tmp_path, monkeypatch):
    def listening():
        import psutil

        connections = psutil.Process().net_connections("inet")
        return {each.laddr.ip for each in connections if each.status == "LISTEN"}

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with local_client(n_workers=1) as client:
        assert set().union(*client.run(listening).values(), listening()) == {"127.0.0.1"}
        (folder,) = client.run(lambda dask_worker: dask_worker.local_directory).values()
        assert tmp_path in Path(folder).parents
    assert list(tmp_path.iterdir()) == []


def deadly(work, folder):
    """Do the same work, but kill the first process that starts it."""

    def attempt(*arguments):
        try:
            (folder / "killed").touch(exist_ok=False)
        except FileExistsError:
            return work(*arguments)
        # Windows has no SIGKILL; its SIGTERM ends a process as abruptly
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    return attempt


@pytest.mark.slow
def test_a_worker_killed_during_the_search_changes_nothing(client, tmp_path, monkeypatch):
    def read(block):
        (tmp_path / f"read {time.monotonic_ns()}").touch()
        return block

    bits = random_bits(4000, 64)
    array = da.from_array(bits, chunks=(500, 64))
    array = array.map_blocks(read, meta=np.empty((0, 0), bool))  # without meta Dask tries it here
    table = DistributedHashTable(array, client=client)
    assert len(list(tmp_path.glob("read *"))) == 8
    processes = set(client.run(os.getpid).values())
    monkeypatch.setattr(dask_table, "_radius", deadly(dask_table._radius, tmp_path))
    assert_searches_are_exact(table, bits, resampled_codes(bits, 20), 20)
    assert not processes <= set(client.run(os.getpid).values()), "no worker was killed"
    assert len(list(tmp_path.glob("read *"))) > 8, "no table was lost"


def peak_memory():
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(lines["VmHWM"].split()[0])


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the peak of a process is read as Linux tells it"
)
def test_two_million_codes_fit_the_stated_memory(tmp_path):
    n = 2_000_000
    block_rows = 250_000
    bits = random_bits(n, 64)
    queries = resampled_codes(bits[:: n // 10], 10)
    path = saved(tmp_path, bits)
    with local_client(n_workers=2) as client:
        client.run(lambda: np.ones(1))  # NumPy is loaded
        before = client.run(peak_memory)
        table = DistributedHashTable(open_vectors(path, block_rows=block_rows), client=client)
        found = table.query_radius(queries, 10)
        after = client.run(peak_memory)
    whole = HashTable(bits)
    assert_found(found, whole.query_radius(queries, 10, sort_results=True))
    share = n * 5 // 8  # eight blocks for two workers: one may have taken five
    for worker, peak in after.items():
        assert peak - before[worker] < (32 + 3 * 8) * share + 120 * block_rows + 60e6, (
            "60 MB are of Dask itself"
        )


# Costs


def test_resampled_codes_are_those_given_with_some_bits_flipped():
    bits = random_bits(200, 64)
    drawn = resampled_codes(bits, 5000)
    flipped = hamming_distances(drawn, bits).min(axis=1)
    assert flipped.mean() == pytest.approx(64 * 0.05, abs=0.1)  # standard error .025
    assert not np.array_equal(drawn, resampled_codes(bits, 5000, random_state=1))


def test_a_measurement_counts_what_is_held():
    bits = random_bits(20_000, 32)
    row = scale.measure_search(bits, resampled_codes(bits, 10), radius=8, repeats=1)
    arrays = 20_000 * 8 + HashTable(bits).bucket_codes.size * 4  # row numbers, and 32-bit codes
    assert arrays < row["table_bytes"] < 5 * arrays
    assert row["table_seconds"] > 0
    assert row["scan_seconds"] > 0


# What is refused

BITS = random_bits(30, 16)
EMPTY_INDEX = faiss.IndexBinaryFlat(16)
VECTORS = np.ones((30, 4))
HASHER = LSH(8, random_state=0).fit(VECTORS)
BOOLEAN = {"meta": np.empty((0, 0), dtype=bool)}


def dask_bits():
    return da.from_array(BITS, chunks=(15, -1))


def spread(codes):
    return DistributedHashTable(codes, client=distributed.default_client())


test_what_cannot_be_is_refused = pytest.mark.usefixtures("client")(
    refusals(
        (lambda: to_faiss(BITS.astype(int)), TypeError, "bits must be a boolean array"),
        (
            lambda: scale.from_faiss(faiss.IndexFlatL2(16)),
            TypeError,
            "a faiss IndexBinaryFlat, got IndexFlatL2",
        ),
        (lambda: scale.from_faiss(EMPTY_INDEX), "at least one code"),
        (
            lambda: scale.faiss_query_radius(to_faiss(BITS), BITS[:, :8], 1),
            "query_bits must fit the 16 bits",
        ),
        (
            lambda: scale.faiss_query_radius(HashTable(BITS), BITS, 1),
            TypeError,
            "must be a faiss .*, got HashTable",
        ),
        (lambda: open_vectors("nothing.npy"), FileNotFoundError, "nothing.npy"),
        (lambda: open_vectors(__file__), "test_scale.py is not a whole .npy file"),
        (
            lambda: encode(HASHER, da.from_array(VECTORS)[:, 0]),
            r"two-dimensional .*, got shape \(30,\)",
        ),
        (
            lambda: encode(HASHER, dask_bits()[dask_bits()[:, 0]]),
            r"call its compute_chunk_sizes\(\) first",
        ),
        (
            lambda: encode(StandardScaler().fit(VECTORS), da.from_array(VECTORS)),
            TypeError,
            "rows of booleans, Standard",
        ),
        (lambda: spread(BITS), TypeError, "codes must be a Dask array, got ndarray"),
        (
            lambda: spread(dask_bits().astype(int)),
            TypeError,
            "bits must be a boolean array, got dtype int64",
        ),
        (lambda: spread(dask_bits()).query_radius(BITS, 17), "17"),
        (lambda: spread(dask_bits()).query_radius(BITS[:, :8], 1), "must have 16 bits"),
        (
            lambda: spread(dask_bits().map_blocks(lambda _: 1 / 0, **BOOLEAN)),
            ZeroDivisionError,
            "zero",
        ),
        (lambda: local_client(0).__enter__(), "n_workers must be at least 1, got 0"),
        (
            lambda: scale.plan_size(
                0, n_bits=64, n_features=9, bytes_per_row=9, codes_per_second=9
            ),
            "positive",
        ),
    )
)


def written(folder, content):
    (folder / "x.npy").write_bytes(content)
    return folder / "x.npy"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: saved(f, np.zeros(5)), r"two-dimensional .* found float64 of shape \(5,\)"),
        (lambda f: saved(f, np.array([[{}]])), "x.npy is not a whole .npy file of one plain array"),
        (
            lambda f: written(f, saved(f, np.eye(20)).read_bytes()[:500]),
            "x.npy is not a whole .npy file",
        ),
        (
            lambda f: written(f, b"\x93NUMPY\x01\x00\x88\x13" + b"9" * 5000),
            "whole .npy file .{0,330}$",
        ),
    ],
)
def test_what_is_no_file_of_vectors_is_refused_by_its_name(tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        open_vectors(make(tmp_path))
