"""The sweep over radii: the tutorial's figures, and re-ranking that goes outwards without doing anything twice."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seed_loop import sweep
from sklearn.exceptions import NotFittedError

from l2h_tutorial import LSH, Dataset, evaluate_radius_search, rerank, split_dataset
from l2h_tutorial.metrics import outward, radius_search
from l2h_tutorial.metrics.outward import Directions, OutwardRanking

MEASURED = ["radius", "precision", "coverage", "candidates", "scanned"]


@pytest.fixture(scope="module")
def toy_split():
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 1200)
    features = (random.standard_normal((4, 12))[labels] + random.standard_normal((1200, 12))).astype(np.float32)
    return split_dataset(Dataset("toy", features, labels, None, tuple("abcd")), 30, 200).preprocessed("centre")


@pytest.mark.parametrize("empty", ["zero", "skip"])
def test_radius_search_is_the_loop_of_the_tutorial(toy_split, empty):
    s = toy_split
    lsh = LSH(12, random_state=0).fit(s.X_train)
    radii = [0, 1, 2, 5, 12]
    frame = evaluate_radius_search(lsh, s, radii, k=10, empty=empty)
    bits = lsh.transform(s.X_query), lsh.transform(s.X_database)
    candidates, precision = sweep(*bits, s.X_query, s.X_database, s.y_query, s.y_database, radii)
    assert list(frame.columns) == ["radius", "precision", "coverage", "candidates", "scanned", "seconds"]
    assert frame["radius"].tolist() == radii
    np.testing.assert_allclose(frame["candidates"], candidates.mean(axis=1))
    np.testing.assert_allclose(frame["scanned"], candidates.mean(axis=1) / len(s.X_database))
    np.testing.assert_allclose(frame["coverage"], (candidates > 0).mean(axis=1))
    assert 0 < frame["coverage"][0] < 1
    expected = np.nanmean(precision, axis=1) if empty == "skip" else np.nan_to_num(precision).mean(axis=1)
    np.testing.assert_allclose(frame["precision"], expected)
    assert (frame["seconds"] > 0).all()


def test_impossible_radius_searches_are_refused(toy_split):
    lsh = LSH(8, random_state=0).fit(toy_split.X_train)
    with pytest.raises(ValueError, match="radius of codes of 8 bits must be from 0 to 8, got 9"):
        evaluate_radius_search(lsh, toy_split, radii=range(11))
    with pytest.raises(ValueError, match="radii must name at least one radius, got none"):
        evaluate_radius_search(lsh, toy_split, radii=[])
    with pytest.raises(ValueError, match="k must be from 1 to the 970 rows of the database, got 0"):
        evaluate_radius_search(lsh, toy_split, radii=[0], k=0)
    with pytest.raises(ValueError, match="k must be from 1 to the 970 rows of the database, got 971"):
        evaluate_radius_search(lsh, toy_split, radii=[0], k=971)
    with pytest.raises(NotFittedError):
        evaluate_radius_search(LSH(8), toy_split, radii=[0])


@pytest.mark.parametrize(("n_bits", "largest"), [(1, 1), (8, 8), (10, 10), (11, 10), (16, 10)])
def test_radii_are_by_default_those_that_there_are_up_to_ten(toy_split, n_bits, largest):
    frame = evaluate_radius_search(LSH(n_bits, random_state=0).fit(toy_split.X_train), toy_split)
    assert frame["radius"].tolist() == [*range(largest + 1)]


def test_radii_come_back_as_they_were_asked_for(toy_split):
    lsh = LSH(12, random_state=0).fit(toy_split.X_train)
    frame = evaluate_radius_search(lsh, toy_split, [5, 0, 5, 2])
    ordered = evaluate_radius_search(lsh, toy_split, [0, 2, 5]).set_index("radius", drop=False)[MEASURED]
    np.testing.assert_array_equal(frame[MEASURED], ordered.loc[[5, 0, 5, 2]])
    assert frame["seconds"][0] == frame["seconds"][2]


def test_seconds_are_of_one_whole_search_that_goes_outwards(toy_split, monkeypatch):
    # Every look at the clock takes two seconds: to encode, to look up a ball, and to rank what is new.
    clock = count(100, 2)
    monkeypatch.setattr(radius_search, "perf_counter", lambda: next(clock))
    lsh = LSH(12, random_state=0).fit(toy_split.X_train)
    seconds = evaluate_radius_search(lsh, toy_split, [0, 5, 2])["seconds"] * len(toy_split.X_query)
    np.testing.assert_allclose(seconds, [2 + 2 + 2, 2 + 2 + 6, 2 + 2 + 4])


def test_blocks_of_queries_change_nothing(toy_split, monkeypatch):
    lsh = LSH(12, random_state=0).fit(toy_split.X_train)
    whole = evaluate_radius_search(lsh, toy_split)[MEASURED]
    monkeypatch.setattr(radius_search, "_BLOCK_QUERIES", 7)
    np.testing.assert_allclose(evaluate_radius_search(lsh, toy_split)[MEASURED], whole)
    monkeypatch.setattr(radius_search, "_BLOCK_SIMILARITIES", 3 * 970)
    np.testing.assert_allclose(evaluate_radius_search(lsh, toy_split)[MEASURED], whole)


@pytest.mark.parametrize(("queries", "similarities", "at_a_time"), [(7, 10**9, 7), (128, 3 * 970 + 5, 3), (128, 5, 1)])
def test_no_more_queries_are_taken_at_a_time_than_there_is_room_for(
    toy_split, monkeypatch, queries, similarities, at_a_time
):
    lsh, blocks = LSH(12, random_state=0).fit(toy_split.X_train), []
    encode = lsh.transform
    monkeypatch.setattr(lsh, "transform", lambda X: blocks.append(len(X)) or encode(X))
    monkeypatch.setattr(radius_search, "_BLOCK_QUERIES", queries)
    monkeypatch.setattr(radius_search, "_BLOCK_SIMILARITIES", similarities)
    evaluate_radius_search(lsh, toy_split, [2])
    assert blocks[0] == len(toy_split.X_database)
    assert sum(blocks[1:]) == len(toy_split.X_query)
    assert set(blocks[1:-1]) == {at_a_time}


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_features_beyond_float32_are_ranked_all_the_same(toy_split, scale):
    """The length of a vector changes neither its code nor its angle to another."""
    lsh = LSH(12, random_state=0).fit(toy_split.X_train)
    expected = evaluate_radius_search(lsh, toy_split)[MEASURED]
    X, Q = toy_split.X_database.copy(), toy_split.X_query.copy()
    X[::2] *= np.float32(scale)  # beside rows that can be handled as usual
    np.testing.assert_allclose(evaluate_radius_search(lsh, replace(toy_split, X_database=X))[MEASURED], expected)
    Q[::2] *= np.float32(scale)
    np.testing.assert_allclose(evaluate_radius_search(lsh, replace(toy_split, X_query=Q))[MEASURED], expected)
    s = replace(toy_split, X_query=toy_split.X_query.astype(np.float64))
    np.testing.assert_allclose(evaluate_radius_search(lsh, s)[MEASURED], expected)


@settings(max_examples=60)
@pytest.mark.parametrize("dense_share", [0.0, 0.3, 2.0])
@given(seed=st.integers(0, 2**16), k=st.integers(1, 12), n_values=st.integers(1, 4))
def test_ranking_outwards_finds_what_reranking_finds(dense_share, seed, k, n_values):
    """Small integers give equal rows, zero rows and equal similarities; noise gives near ties."""
    random = np.random.default_rng(seed)
    X, Q = (random.integers(-n_values, n_values + 1, (n, 3)).astype(np.float32) for n in (40, 6))
    if seed % 2:
        X[::2] += random.standard_normal((20, 3)).astype(np.float32) * np.float32(1e-6)
    if seed % 3 == 0:
        X = X.astype(np.float64) * np.geomspace(1e-60, 1e60, 40)[:, None]
    orders = [random.permutation(40) for _ in Q]
    sizes = np.sort(random.integers(0, 41, (5, 6)), axis=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outward, "_DENSE_SHARE", dense_share)
        patch.setattr(outward, "_GATHERED_ROWS", 7)
        ranking = OutwardRanking(Q, X, Directions.of(X), k)
        for step in sizes:
            ids = [order[:size] for order, size in zip(orders, step, strict=True)]
            found = ranking.nearest(ids)
            for mine, expected in zip(found, rerank(Q, X, ids, k), strict=True):
                np.testing.assert_array_equal(mine, expected)


def test_nothing_is_compared_twice(toy_split, monkeypatch):
    """Queries whose candidates do not change are left alone, and so are those that have the nearest rows of all."""
    X, Q = toy_split.X_database, toy_split.X_query
    looked_at, reranked = [], []
    narrow = OutwardRanking._narrow
    monkeypatch.setattr(OutwardRanking, "_narrow", lambda self, i, rows: looked_at.append(i) or narrow(self, i, rows))
    monkeypatch.setattr(outward, "rerank", lambda Q, *args: reranked.extend(Q) or rerank(Q, *args))
    ranking = OutwardRanking(Q, X, Directions.of(X), k=10)
    work = []
    for n in (400, 400, len(X) - 1, len(X)):
        looked_at.clear()
        reranked.clear()
        ranking.nearest([np.arange(n)] * len(Q))
        work.append((len(looked_at), len(reranked)))
    assert work[0] == (len(Q), len(Q))
    assert work[1] == (0, 0)
    assert work[2][0] == len(Q)
    assert work[3][0] < len(Q) / 2  # the others have the nearest of all rows; the last row is not among them


def test_all_similarities_are_computed_once_many_rows_are_candidates_and_for_good(toy_split):
    X, Q = toy_split.X_database, toy_split.X_query
    ranking = OutwardRanking(Q, X, Directions.of(X), k=5)
    limit = int(outward._DENSE_SHARE * len(X))
    ranking.nearest([np.arange(limit)] * len(Q))
    assert ranking._similarities is None
    ranking.nearest([np.arange(limit + 1)] * len(Q))
    kept = ranking._similarities
    assert kept.shape == (len(Q), len(X))
    ranking.nearest([np.arange(len(X))] * len(Q))
    assert ranking._similarities is kept


@pytest.mark.cifar10
def test_the_sweep_on_the_tutorials_data_is_that_of_the_loop(cifar):
    s = split_dataset(cifar).preprocessed("l2-centre")
    s = replace(s, X_query=s.X_query[:2], y_query=s.y_query[:2])
    lsh = LSH(16, random_state=0).fit(s.X_train)
    frame = evaluate_radius_search(lsh, s)
    bits = lsh.transform(s.X_query), lsh.transform(s.X_database)
    candidates, precision = sweep(*bits, s.X_query, s.X_database, s.y_query, s.y_database, list(range(11)))
    np.testing.assert_allclose(frame["candidates"], candidates.mean(axis=1))
    np.testing.assert_allclose(frame["precision"], np.nan_to_num(precision).mean(axis=1))
