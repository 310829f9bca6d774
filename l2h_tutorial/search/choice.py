"""The choice between the strategies: what each would look at, by a sample of the codes, and what that costs."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .ball import ball_size
from .enumeration import enumerate_ball
from .hits import SLICE_ROWS, Hits
from .index import DIRECT_BITS, BucketIndex
from .pieces import cut_piece, multi_index, piece_radii, pieces_of, slot_bits
from .scan import scan_buckets

_SAMPLE_QUERIES, _SAMPLE_CODES = 32, 512  # rows that stand for queries, and codes that stand for all
_SAMPLE_OF = 256  # and where codes are many, one more of so many: few pairs would show no rare candidate
SAMPLE_PAIRS = _SAMPLE_QUERIES * _SAMPLE_CODES
_PIECE_BITS = 16  # pieces are not made shorter: their groups would be large

# Measured costs in nanoseconds a query; only their ratios matter, and only for speed.
_CALL = 1000.0  # what a query costs anyhow
_PROBE_DIRECT = 6.0  # a code looked up in a table with a slot for each,
_PROBE_SORTED = 2.5  # or in the sorted codes, for every halving of them
_PROBE_PIECE = 12.0  # a piece looked up
_CANDIDATE = 7.0  # a word of a code gathered and compared
_COMPARED = 0.9  # a word of a code compared where it lies
_HIT = 1.0  # a bucket kept
_HIT_SORTED = 60.0  # a bucket kept that several pieces may have found
_ROW = 3.5  # a row found from a bucket
_ROW_ALONE = 1.0  # a row found that has its bucket for itself, or lies in a large one


class Plan(NamedTuple):
    """A way to search and what it is expected to look at, for one query.

    Fields
    ------
    strategy : {"enumerate", "multi-index", "scan buckets", "scan rows"}
    pieces : int
        Pieces of the code that are looked up: 1 for the whole code, 0 if nothing is looked up.
    probes : float
        Codes, or pieces of codes, looked up.
    compared : float
        Codes compared with the query: candidates of ``"multi-index"``, all buckets or all rows of a scan.
    found : float
        Rows within the radius; the same for all strategies.
    microseconds : float
        Estimated cost, the copying of the rows found included.
    """

    strategy: str
    pieces: int
    probes: float
    compared: float
    found: float
    microseconds: float


def plans(index: BucketIndex, radius: int) -> list[Plan]:
    """All ways to search `index` within `radius`, the cheapest first.

    The estimates are made once for each radius and kept with the index.

    Examples
    --------
    >>> from .index import build_index
    >>> index = build_index(np.arange(65536)[:, None], n_bits=16)
    >>> [plans(index, radius)[0].strategy for radius in (0, 2, 16)]
    ['enumerate', 'enumerate', 'scan buckets']
    """
    kept: dict[int, list[Plan]] = index.__dict__.setdefault("_plans", {})
    if radius not in kept:
        kept[radius] = sorted(_estimates(index, radius), key=lambda plan: plan.microseconds)
    return kept[radius]


def find(
    index: BucketIndex, query_words: NDArray[Any], radius: int, plan: Plan | None = None
) -> tuple[BucketIndex, Iterator[Hits]]:
    """Search within a radius as planned, by default in the cheapest way.

    Returns
    -------
    index : BucketIndex
        The one whose buckets the hits name: that of single rows for ``"scan rows"``.
    hits : iterator of Hits
        Of one run of queries after another.
    """
    plan = plan or plans(index, radius)[0]
    if plan.strategy == "enumerate":
        return index, enumerate_ball(index, query_words, radius)
    if plan.strategy == "multi-index":
        return index, multi_index(index, query_words, radius, plan.pieces, expected=plan.probes + plan.compared)
    searched = index if plan.strategy == "scan buckets" else index.by_row
    return searched, scan_buckets(searched, query_words, radius)


def _estimates(index: BucketIndex, radius: int) -> list[Plan]:
    n, n_bits, n_words = index.n_buckets, index.n_bits, len(index.words)
    queries = index.words[:, _buckets_of_rows(index, _SAMPLE_QUERIES), None]
    buckets = (
        index.words[:, None, _evenly(n, _SAMPLE_CODES + n // _SAMPLE_OF)] ^ queries
    )  # the bits in which the pairs differ
    rows = index.words[:, None, _buckets_of_rows(index, _SAMPLE_CODES)] ^ queries
    hits, found = n * _share(buckets, radius), index.n_rows * _share(rows, radius)
    slices = hits * (1 - hits / n)  # buckets that are neighbours are copied as one
    gathering = found * (_ROW_ALONE if index.n_rows == n or found > SLICE_ROWS * slices else _ROW)

    def plan(strategy: str, pieces: int, probes: float, compared: float, nanoseconds: float) -> Plan:
        return Plan(strategy, pieces, probes, compared, found, (_CALL + nanoseconds) / 1000)

    ways = [
        plan("scan buckets", 0, 0, n, n * n_words * _COMPARED + hits * _HIT + gathering),
        plan("scan rows", 0, 0, index.n_rows, index.n_rows * n_words * _COMPARED + found * (_HIT + _ROW_ALONE)),
    ]
    if n_words == 1:
        probes = ball_size(n_bits, radius)
        each = _PROBE_DIRECT if n_bits <= DIRECT_BITS else _PROBE_SORTED * n.bit_length()
        ways.append(plan("enumerate", 1, probes, 0, probes * each + hits * _HIT + gathering))
    for n_pieces in range(max(2, n_words), n_bits // _PIECE_BITS + 1):
        probes, candidates = 0, 0.0
        for piece, within in zip(pieces_of(n_bits, n_pieces), piece_radii(radius, n_pieces), strict=True):
            if within >= 0:
                length = piece[1] - piece[0]
                ball = ball_size(length, within)
                probes += ball
                share = _share(cut_piece(buckets, n_bits, piece)[None], within)
                candidates += n * max(share, ball / 2**length)  # the sample may be too small to hold any
                candidates += ball * n / 2 ** slot_bits(n) if length > slot_bits(n) else 0  # others in the same slot
        cost = probes * _PROBE_PIECE + candidates * _CANDIDATE * n_words + hits * _HIT_SORTED + gathering
        ways.append(plan("multi-index", n_pieces, probes, candidates, cost))
    return ways


def _evenly(n: int, at_most: int) -> NDArray[np.int64]:
    """At most so many of n numbers, from the middles of as many equal parts."""
    count = min(n, at_most)
    return (2 * np.arange(count) + 1) * n // (2 * count)


def _buckets_of_rows(index: BucketIndex, at_most: int) -> NDArray[np.int64]:
    """Buckets of evenly chosen rows: a large one is chosen more often."""
    return np.searchsorted(index.offsets, _evenly(index.n_rows, at_most), side="right") - 1


def _share(differences: NDArray[Any], radius: int) -> float:
    """Share of pairs, (n_words, ...) differing bits, that are within the radius."""
    return float(np.mean(np.bitwise_count(differences).sum(axis=0, dtype=np.uint16) <= radius))
