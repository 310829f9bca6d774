"""What a plan says it looks at is what brute force counts, and what it costs follows from that."""

from fractions import Fraction
from math import comb, floor, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2h_tutorial import pack_bits
from l2h_tutorial.search import Plan, build_index, find, plans
from l2h_tutorial.search import choice as choice_module
from l2h_tutorial.search.nearest import steps
from l2h_tutorial.search.pieces import piece_radii, pieces_of

COSTS = ["_CALL", "_PROBE_DIRECT", "_PROBE_SORTED", "_PROBE_PIECE", "_CANDIDATE", "_COMPARED"]
COSTS += ["_HIT", "_HIT_SORTED", "_ROW", "_ROW_ALONE"]


def crowd(n, n_bits, copies, seed=0):
    """Codes around a centre, each so many times: so few that a sample of them is all of them."""
    random = np.random.default_rng(seed)
    bits = np.unique((random.random(n_bits) < 0.5) ^ (random.random((n, n_bits)) < 0.15), axis=0)
    return np.repeat(bits, copies, axis=0)


def distances(a_bits, b_bits):
    return (a_bits[:, None] != b_bits[None]).sum(axis=2)


def ball(n_bits, radius):
    return sum(comb(n_bits, distance) for distance in range(radius + 1))


def expected_candidates(queries, buckets, n_bits, radius, n_pieces):
    """Buckets near in a piece, piece by piece: no fewer than of random codes, and those that share a hashed slot."""
    n, slots, probes, candidates = len(buckets), max(8, round(log2(len(buckets)))), 0, 0.0
    for (first, end), within in zip(pieces_of(n_bits, n_pieces), piece_radii(radius, n_pieces), strict=True):
        if within >= 0:
            near = distances(queries[:, first:end], buckets[:, first:end]) <= within
            probes += ball(end - first, within)
            candidates += max(near.sum(axis=1).mean(), n * ball(end - first, within) / 2 ** (end - first))
            if end - first > slots:
                candidates += n * ball(end - first, within) / 2**slots
    return probes, candidates


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("n_bits", [5, 16, 17, 33, 64, 80, 128, 130])
def test_plans_say_what_brute_force_counts(n_bits, copies):
    bits = crowd(32 // copies, n_bits, copies)
    index, buckets = build_index(pack_bits(bits), n_bits), np.unique(bits, axis=0)
    for radius in {0, 1, 2, 3, 5, n_bits // 4, n_bits // 2, n_bits} & set(range(n_bits + 1)):
        found = (distances(bits, bits) <= radius).sum(axis=1).mean()
        ways = {(plan.strategy, plan.pieces): plan for plan in plans(index, radius)}
        assert all(plan.found == pytest.approx(found) for plan in ways.values())
        assert [plan.microseconds for plan in ways.values()] == sorted(plan.microseconds for plan in ways.values())
        looked_at = {key: (plan.probes, pytest.approx(plan.compared)) for key, plan in ways.items()}
        # pieces are at most a word, and not shorter than 16 bits
        short = [n for n in range(2, n_bits + 1) if n_bits // n >= 16 and -(-n_bits // n) <= 64]
        assert looked_at == {
            ("scan buckets", 0): (0, len(buckets)),
            ("scan rows", 0): (0, len(bits)),
            **({("enumerate", 1): (ball(n_bits, radius), 0)} if n_bits <= 64 else {}),
            **{("multi-index", n): expected_candidates(bits, buckets, n_bits, radius, n) for n in short},
        }


def counted(plan, cost, bits, buckets, radius):
    """How many times a cost falls due in a plan, for one query."""
    n_bits, found = bits.shape[1], plan.found
    hits = (distances(bits, buckets) <= radius).sum(axis=1).mean()
    words = -(-n_bits // 64)
    scan, lookup = plan.strategy.startswith("scan"), plan.strategy == "multi-index"
    alone = len(bits) == len(buckets) or found > 100 * hits * (1 - hits / len(buckets))  # large buckets: by slices
    direct = plan.strategy == "enumerate" and n_bits <= 16
    if plan.strategy == "scan rows":
        return {"_CALL": 1, "_COMPARED": plan.compared * words, "_HIT": found, "_ROW_ALONE": found}.get(cost, 0)
    return {
        "_CALL": 1,
        "_PROBE_DIRECT": plan.probes * direct,
        "_PROBE_SORTED": plan.probes * len(buckets).bit_length() * (plan.strategy == "enumerate" and not direct),
        "_PROBE_PIECE": plan.probes * lookup,
        "_CANDIDATE": plan.compared * words * lookup,
        "_COMPARED": plan.compared * words * scan,
        "_HIT": hits * (not lookup),
        "_HIT_SORTED": hits * lookup,
        "_ROW": found * (not alone),
        "_ROW_ALONE": found * alone,
    }[cost]


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize(("n_bits", "copies"), [(5, 1), (16, 4), (17, 4), (64, 1), (130, 2), (3, 120)])
def test_each_cost_is_counted_as_often_as_it_falls_due(monkeypatch, cost, n_bits, copies):
    for name in COSTS:
        monkeypatch.setattr(choice_module, name, float(name == cost))
    bits = crowd(max(4, 32 // copies), n_bits, copies)  # 480 or fewer rows: the sampled queries are even among them
    buckets = np.unique(bits, axis=0)
    for radius in {0, 1, n_bits // 2, n_bits}:
        for plan in plans(build_index(pack_bits(bits), n_bits), radius):
            expected = counted(plan, cost, bits, buckets, radius)
            assert 1000 * plan.microseconds == pytest.approx(expected), plan


@given(st.integers(1, 10**6), st.integers(1, 2000))
def test_a_sample_is_from_the_middles_of_equal_parts(n, at_most):
    count = min(n, at_most)
    expected = [floor(n * Fraction(2 * part + 1, 2 * count)) for part in range(count)]
    assert choice_module._evenly(n, at_most).tolist() == expected


def test_queries_of_a_lookup_are_taken_together_as_their_probes_and_candidates_allow(monkeypatch):
    index, asked = build_index(pack_bits(crowd(30, 40, 1)), 40), []
    monkeypatch.setattr(choice_module, "multi_index", lambda *arguments, expected: asked.append(expected))
    find(index, index.words.T, 2, Plan("multi-index", 2, 100, 1000.5, 0, 0))
    assert asked == [1100.5]


def test_a_small_radius_comes_first_only_where_it_may_hold_enough_rows():
    """Of random codes a sample shows no near pair; one more pair in so many could have been missed, and is allowed."""
    index = build_index(pack_bits(np.random.default_rng(0).random((100_000, 64)) < 0.5), 64)
    missed = 100_000 / (32 * 512)
    assert [radius for radius, _ in steps(index, int(missed) + 1)] == [64]
    (radius, plan), (everything, last) = steps(index, int(missed))
    assert (everything, last.strategy) == (64, "scan buckets")
    # the largest radius that costs no more than a tenth of comparing everything
    assert plan == plans(index, radius)[0]
    assert plan.pieces > 0
    assert plan.microseconds <= 0.1 * last.microseconds
    assert plans(index, radius + 1)[0].pieces == 0 or plans(index, radius + 1)[0].microseconds > 0.1 * last.microseconds
