"""Hamming radius search: the ball, the buckets, three exact ways to find those within it, and the rule that picks one.

Scan: compare the query with every code. Enumerate: make every code of the ball, and look it up. Multi-index hashing:
look up small balls of short pieces of the code, and compare the query with what is found. All find the same buckets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, pairwise
from math import comb, log2
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..checks import check_integer
from ..codes import WORD_BITS, packed_distances

DIRECT_BITS = 16  # up to here a table with a slot for every possible code replaces the sorted search
LOOK_UP = 10  # measured: reading anywhere in memory takes as long as comparing so many words that lie in a row,
SEARCH = 4  # and finding one of the sorted codes as long as so many such look-ups
SLICE_ROWS = 100  # measured: beyond so many rows in a row, copying slices beats an index for every row
SHORTEST_PIECE = 16  # bits; the groups of shorter pieces are large
SAMPLE = (32, 1024)  # queries and buckets whose distances stand for all
_BLOCK = 1 << 18  # codes looked up or compared at a time: temporary arrays stay in the processor's cache
_CHUNK = 1 << 17  # codes that a scan compares at a time: so do their differences
_KEPT_PIECES = 24  # tables of pieces kept with an index
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: Fibonacci hashing (Knuth, volume 3, section 6.4)


def check_radius(radius: Any, n_bits: int) -> int:
    """Return `radius` as an int from 0 to `n_bits`, or raise a `TypeError` or `ValueError` that names it.

    Examples
    --------
    >>> check_radius(2, n_bits=16)
    2
    """
    return check_integer(radius, f"the radius of codes of {n_bits} bits", low=0, high=n_bits)


def hamming_ball(code: int, n_bits: int, radius: int) -> Iterator[int]:
    """Make every code that differs from `code` in at most `radius` bits, one after the other, the nearest first.

    The readable enumeration; `HashTable.query_radius` finds the same buckets faster.

    Parameters
    ----------
    code : int
        From 0 to ``2**n_bits - 1``.
    n_bits : int
        Any length.
    radius : int
        From 0 to `n_bits`.

    Returns
    -------
    iterator of int
        `ball_size` codes: first `code`, then those one bit away from the first bit to the last, then two bits away...

    Raises
    ------
    TypeError, ValueError
        At once, if an argument is no integer or out of range.

    Examples
    --------
    >>> [f"{neighbour:03b}" for neighbour in hamming_ball(0b101, n_bits=3, radius=1)]
    ['101', '001', '111', '100']
    """
    n_bits = check_integer(n_bits, "n_bits", low=0)
    radius = check_radius(radius, n_bits)
    code = check_integer(code, f"a code of {n_bits} bits", low=0, high=(1 << n_bits) - 1)
    powers_of_two = [1 << (n_bits - 1 - position) for position in range(n_bits)]  # first bit most significant

    def neighbours() -> Iterator[int]:
        for distance in range(radius + 1):
            for flipped in combinations(powers_of_two, distance):
                yield code ^ sum(flipped)

    return neighbours()


def ball_size(n_bits: int, radius: int) -> int:
    """Count the codes within `radius` of any one code: the sum of the binomials C(n_bits, 0) to C(n_bits, radius).

    Parameters
    ----------
    n_bits : int
    radius : int
        From 0 to `n_bits`.

    Raises
    ------
    TypeError, ValueError
        If an argument is no integer or out of range.

    Examples
    --------
    >>> [ball_size(16, radius) for radius in range(4)]
    [1, 17, 137, 697]
    >>> ball_size(32, 10)
    107594213
    """
    n_bits = check_integer(n_bits, "n_bits", low=0)
    return sum(comb(n_bits, distance) for distance in range(check_radius(radius, n_bits) + 1))


@dataclass(frozen=True)
class BucketIndex:
    """Rows stored bucket by bucket, the buckets sorted by code. Its arrays become read-only: every search trusts them.

    Parameters
    ----------
    n_bits : int
    words : (n_words, n_buckets) array of unsigned integers
        Column j is the code of bucket j, its most significant word first; codes ascend strictly. Up to 64 bits there is
        one word, of the smallest type that holds it.
    offsets : (n_buckets + 1,) array of int64
        Bucket j holds ``rows[offsets[j] : offsets[j + 1]]``.
    rows : (n,) array of int64
        Row numbers, ascending in each bucket.
    """

    n_bits: int
    words: NDArray[Any]
    offsets: NDArray[np.int64]
    rows: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.words, self.offsets, self.rows):
            array.setflags(write=False)

    def __reduce__(self) -> Any:
        """Leave what is derived behind when the index travels: it is made again where it is needed."""
        return BucketIndex, (self.n_bits, self.words, self.offsets, self.rows)

    @property
    def n_buckets(self) -> int:
        return self.words.shape[1]

    @property
    def n_rows(self) -> int:
        return len(self.rows)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(n_buckets,) rows in each bucket; read-only."""
        sizes = np.diff(self.offsets)
        sizes.setflags(write=False)
        return sizes

    @cached_property
    def by_row(self) -> "BucketIndex":
        """The same rows in the same order, each in a bucket of its own; codes repeat."""
        if self.n_rows == self.n_buckets:
            return self
        words = np.repeat(self.words, self.sizes, axis=1)
        return BucketIndex(self.n_bits, words, np.arange(self.n_rows + 1), self.rows)

    @cached_property
    def slots(self) -> NDArray[np.int32]:
        """Direct-address table of short codes: the bucket of every possible one, -1 if it is unoccupied."""
        slots = np.full(1 << self.n_bits, -1, dtype=np.int32)
        slots[self.words[0]] = np.arange(self.n_buckets, dtype=np.int32)
        return slots

    @cached_property
    def sample(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Bits in which evenly chosen pairs of a row, as the query, and a bucket differ; and the buckets' sizes."""
        queries = np.searchsorted(self.offsets, _evenly(self.n_rows, SAMPLE[0]), side="right") - 1
        buckets = _evenly(self.n_buckets, SAMPLE[1])
        return self.words[:, queries, None] ^ self.words[:, None, buckets], self.sizes[buckets]


def build_index(words: NDArray[Any], n_bits: int) -> BucketIndex:
    """Group packed codes, (n, n_words), into buckets.

    Examples
    --------
    >>> index = build_index(np.array([[2], [3], [2]], dtype=np.uint64), n_bits=2)
    >>> index.words, index.offsets, index.rows
    (array([[2, 3]], dtype=uint8), array([0, 2, 3]), array([0, 2, 1]))
    """
    words = words.astype(code_dtype(n_bits), copy=False)
    single = words.shape[1] == 1
    # Both sorts are stable, so rows ascend in a bucket. lexsort takes the most significant key last.
    rows = np.argsort(words[:, 0], kind="stable") if single else np.lexsort(words.T[::-1])
    ordered = words[rows]
    starts = np.flatnonzero(np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)]))
    offsets = np.append(starts, len(rows)).astype(np.int64, copy=False)
    return BucketIndex(n_bits, np.ascontiguousarray(ordered[starts].T), offsets, rows.astype(np.int64, copy=False))


def code_dtype(n_bits: int) -> Any:
    """Smallest unsigned type that holds codes of up to 64 bits; longer codes take several 64-bit words."""
    return np.min_scalar_type((1 << min(n_bits, WORD_BITS)) - 1)


@dataclass(frozen=True)
class Hits:
    """The buckets found for a block of queries, query after query, each query's by ascending code.

    Parameters
    ----------
    index : BucketIndex
    queries : (n_queries, n_words) array of packed codes, of the type of ``index.words``
    buckets : (n_hits,) array of integers, bucket numbers
    counts : (n_queries,) array of integers, hits of each query
    """

    index: BucketIndex
    queries: NDArray[Any]
    buckets: NDArray[Any]
    counts: NDArray[Any]

    def distances(self) -> NDArray[Any]:
        """Hamming distance of each hit, (n_hits,) unsigned integers."""
        owners = np.repeat(self.queries.T, self.counts, axis=1)
        return packed_distances(self.index.words[:, self.buckets], owners)

    def row_counts(self) -> NDArray[np.int64]:
        """Rows in the buckets found for each query, (n_queries,)."""
        if self.index.n_rows == self.index.n_buckets:
            return self.counts
        ends = np.append(0, np.cumsum(self.index.sizes[self.buckets]))
        return np.diff(ends[np.append(0, np.cumsum(self.counts))])

    def rows(self) -> NDArray[np.int64]:
        """Concatenate the rows of the buckets."""
        index, buckets = self.index, self.buckets
        if index.n_rows == index.n_buckets or not len(buckets):
            return index.rows[buckets]
        breaks = np.flatnonzero(np.diff(buckets) != 1)  # the rows of neighbouring buckets are neighbours
        starts = index.offsets[buckets[np.append(0, breaks + 1)]]
        stops = index.offsets[buckets[np.append(breaks, -1)] + 1]
        if (stops - starts).mean() < SLICE_ROWS:
            return index.rows[ranges(starts, stops - starts)]
        slices = zip(starts.tolist(), stops.tolist(), strict=True)
        return np.concatenate([index.rows[start:stop] for start, stop in slices])


def ranges(starts: NDArray[Any], sizes: NDArray[Any]) -> NDArray[np.int64]:
    """Concatenate the ranges of `sizes` numbers that begin at `starts`."""
    ends = np.cumsum(sizes, dtype=np.int64)
    return np.repeat(starts - (ends - sizes), sizes) + np.arange(sizes.sum())


def scan(index: BucketIndex, queries: NDArray[Any], radius: int) -> Hits:
    """Compare each query with every bucket; with every row if the index is ``index.by_row``."""
    near = [row.nonzero()[0] for block in scanned_distances(index, queries) for row in block <= radius]
    return Hits(index, queries, np.concatenate(near), np.array([len(buckets) for buckets in near]))


def scanned_distances(index: BucketIndex, queries: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Hamming distances, (m, n_buckets), from m queries to all buckets, then from the next."""
    step = max(1, _CHUNK // index.n_buckets)
    for first in range(0, len(queries), step):
        block = queries[first : first + step].T[:, :, None]
        distances = np.empty((block.shape[1], index.n_buckets), dtype=np.uint8 if len(block) == 1 else np.uint16)
        for start in range(0, index.n_buckets, _CHUNK):
            chunk = slice(start, start + _CHUNK)
            packed_distances(index.words[:, None, chunk], block, out=distances[:, chunk])
        yield distances


def enumerate_ball(index: BucketIndex, queries: NDArray[Any], radius: int) -> Hits:
    """Make every code of each query's ball and look it up. Codes of up to 64 bits."""
    codes = queries ^ _flips(index.n_bits, radius).astype(queries.dtype)
    if index.n_bits <= DIRECT_BITS:
        buckets = index.slots[codes]
    else:
        places = np.minimum(np.searchsorted(index.words[0], codes), index.n_buckets - 1)
        buckets = np.where(index.words[0][places] == codes, places, -1)
    buckets.sort(axis=1)  # ascending codes, as a scan finds them; the unoccupied come first
    occupied = buckets >= 0
    return Hits(index, queries, buckets[occupied], occupied.sum(axis=1))


@lru_cache(maxsize=32)
def _flips(n_bits: int, radius: int) -> NDArray[np.uint64]:
    """All patterns of up to 64 bits with at most `radius` ones: XOR with a code makes its Hamming ball."""
    return np.fromiter(hamming_ball(0, n_bits, radius), dtype=np.uint64, count=ball_size(n_bits, radius))


def multi_index(index: BucketIndex, queries: NDArray[Any], radius: int, n_pieces: int) -> Hits:
    """Find buckets that are near the query in some piece, and keep those that are near in the whole code.

    Parameters
    ----------
    index : BucketIndex
    queries : (n_queries, n_words) array of packed codes
    radius : int
    n_pieces : int
        Pieces of at most 64 bits.

    References
    ----------
    M. Norouzi, A. Punjani and D. J. Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012.
    """
    found = []  # query << 32 | bucket
    pieces, radii = pieces_of(index.n_bits, n_pieces), piece_radii(radius, n_pieces)
    for piece, within, table in zip(pieces, radii, piece_tables(index, n_pieces), strict=True):
        if within >= 0:
            ball = cut_piece(queries.T, index.n_bits, piece)[:, None] ^ _flips(piece[1] - piece[0], within)
            slots = _slots_of(ball, table.shift)
            starts = table.offsets[slots]
            sizes = table.offsets[slots + 1] - starts
            buckets = table.buckets[ranges(starts.ravel(), sizes.ravel())]
            counts = sizes.sum(axis=1)
            near = np.flatnonzero(Hits(index, queries, buckets, counts).distances() <= radius)
            found.append(np.searchsorted(np.cumsum(counts), near, side="right") << 32 | buckets[near])
    keys = np.sort(np.concatenate(found))
    keys = keys[np.diff(keys, prepend=-1) > 0]  # several pieces may have found the same bucket
    return Hits(index, queries, keys & 0xFFFFFFFF, np.bincount(keys >> 32, minlength=len(queries)))


def pieces_of(n_bits: int, n_pieces: int) -> list[tuple[int, int]]:
    """First bit and end of each piece of a code that is cut as evenly as possible.

    Examples
    --------
    >>> pieces_of(64, 3)
    [(0, 22), (22, 43), (43, 64)]
    """
    ends = [-(-n_bits * piece // n_pieces) for piece in range(n_pieces + 1)]
    return list(pairwise(ends))


def piece_radii(radius: int, n_pieces: int) -> list[int]:
    """Radii such that two codes within `radius` are within one of these in the piece that it belongs to; -1 is never.

    With radius = n_pieces * q + a, the first a + 1 pieces get q and the others q - 1. Were each piece beyond its own,
    the codes would differ in (a + 1)(q + 1) + (n_pieces - a - 1) q = radius + 1 bits at least (Norouzi et al. 2012,
    section 3.1).

    Examples
    --------
    >>> piece_radii(8, 3), piece_radii(2, 4)
    ([2, 2, 2], [0, 0, 0, -1])
    """
    q, a = divmod(radius, n_pieces)
    return [q] * (a + 1) + [q - 1] * (n_pieces - a - 1)


def cut_piece(words: NDArray[Any], n_bits: int, piece: tuple[int, int]) -> NDArray[np.uint64]:
    """Bits of a piece, at most 64, of packed codes (n_words, ...) as integers.

    Examples
    --------
    >>> cut_piece(np.array([[0b110101]], dtype=np.uint8), 6, (0, 3))
    array([6], dtype=uint64)
    """
    first, end = piece
    word, shift = divmod(n_bits - end, WORD_BITS)  # counted from the last bit
    cut = words[-1 - word].astype(np.uint64) >> np.uint64(shift)
    if shift + end - first > WORD_BITS:
        cut |= words[-2 - word] << np.uint64(WORD_BITS - shift)
    return cut & np.uint64((1 << (end - first)) - 1)


class PieceTable(NamedTuple):
    """Bucket numbers grouped by one piece of their code, so that one look into `offsets` finds a group.

    Fields
    ------
    shift : int
        0 if there is a slot for every piece. Else a slot is the piece's hash, 64 - `shift` bits, and may hold buckets
        with other pieces too.
    offsets : (n_slots + 1,) array of int32
        Slot s holds ``buckets[offsets[s] : offsets[s + 1]]``.
    buckets : (n_buckets,) array of int32
    """

    shift: int
    offsets: NDArray[np.int32]
    buckets: NDArray[np.int32]


def piece_tables(index: BucketIndex, n_pieces: int) -> list[PieceTable]:
    """Tables of all pieces, about 8 bytes a bucket and piece: made when they are first asked for.

    They are kept with the index. While it has more than 24, those of the number of pieces that has not been used for
    longest go, but never those that were asked for last.
    """
    kept: dict[int, list[PieceTable]] = dict(index.__dict__.get("_piece_tables", {}))
    kept[n_pieces] = kept.pop(n_pieces, []) or [  # now the last, so the latest used
        _piece_table(cut_piece(index.words, index.n_bits, piece), piece[1] - piece[0])
        for piece in pieces_of(index.n_bits, n_pieces)
    ]
    while sum(kept) > max(_KEPT_PIECES, n_pieces):
        del kept[next(iter(kept))]
    index.__dict__["_piece_tables"] = kept  # as one step: other threads may be searching
    return kept[n_pieces]


def _piece_table(pieces: NDArray[np.uint64], length: int) -> PieceTable:
    """Group the codes by their pieces of `length` bits."""
    n_slot_bits = min(length, _slot_bits(len(pieces)))
    shift = 64 - n_slot_bits if length > n_slot_bits else 0
    slots = _slots_of(pieces, shift).astype(np.uint32)
    offsets = np.zeros((1 << n_slot_bits) + 1, dtype=np.int32)
    np.cumsum(np.bincount(slots, minlength=1 << n_slot_bits), out=offsets[1:])
    # Two sorts by 16 bits, each a radix sort, are quicker than one by more.
    order = np.argsort(slots.astype(np.uint16), kind="stable").astype(np.int32)
    if n_slot_bits > 16:
        order = order[np.argsort((slots >> 16).astype(np.uint16)[order], kind="stable")]
    return PieceTable(shift, offsets, order)


def _slot_bits(n: int) -> int:
    """Bits that number the slots of a table of `n` codes, about a slot a code."""
    return max(8, round(log2(n)))


def _slots_of(pieces: NDArray[np.uint64], shift: int) -> NDArray[np.int64]:
    """Slot of each piece: see `PieceTable`."""
    return (pieces * _ODD >> np.uint64(shift) if shift else pieces).view(np.int64)


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
        Estimated cost: only the order of the ways matters, and only for speed.
    """

    strategy: str
    pieces: int
    probes: float
    compared: float
    found: float
    microseconds: float


def plans(index: BucketIndex, radius: int) -> list[Plan]:
    """All ways to search `index` within `radius`, the cheapest first; kept with the index.

    The rule: a scan compares a word in a nanosecond, for it reads memory in a row. Whatever is looked up, be it a code,
    a piece, the code of a candidate or the rows of a bucket, lies anywhere, and takes ten. How many candidates and
    buckets there will be, a sample of pairs says; of candidates no fewer than uniform codes have, for it may be too
    small to hold any.

    Examples
    --------
    >>> index = build_index(np.arange(65536)[:, None], n_bits=16)
    >>> [plans(index, radius)[0].strategy for radius in (0, 2, 16)]
    ['enumerate', 'enumerate', 'scan rows']
    """
    kept: dict[int, list[Plan]] = index.__dict__.setdefault("_plans", {})
    if radius not in kept:
        kept[radius] = sorted(_ways(index, radius), key=lambda plan: plan.microseconds)
    return kept[radius]


def _ways(index: BucketIndex, radius: int) -> Iterator[Plan]:
    n, n_bits, n_words = index.n_buckets, index.n_bits, len(index.words)
    differences, sizes = index.sample
    near = np.bitwise_count(differences).sum(axis=0) <= radius
    hits, found = n * near.mean(), index.n_rows * (near * sizes).mean() / sizes.mean()

    def way(strategy: str, pieces: int, probes: float, compared: float, nanoseconds: float) -> Plan:
        return Plan(strategy, pieces, probes, float(compared), float(found), float(nanoseconds) / 1000)

    yield way("scan rows", 0, 0, index.n_rows, n_words * index.n_rows)
    yield way("scan buckets", 0, 0, n, n_words * n + LOOK_UP * hits)
    if n_words == 1:
        probes = ball_size(n_bits, radius)
        each = 1 if n_bits <= DIRECT_BITS else SEARCH
        yield way("enumerate", 1, probes, 0, LOOK_UP * (probes * each + hits))
    for n_pieces in range(max(2, n_words), n_bits // SHORTEST_PIECE + 1):
        probes, candidates = 0, 0.0
        for piece, within in zip(pieces_of(n_bits, n_pieces), piece_radii(radius, n_pieces), strict=True):
            if within >= 0:
                length = piece[1] - piece[0]
                ball = ball_size(length, within)
                share = (np.bitwise_count(cut_piece(differences, n_bits, piece)) <= within).mean()
                probes += ball
                candidates += n * max(share, ball / 2 ** min(length, _slot_bits(n)))
        yield way("multi-index", n_pieces, probes, candidates, LOOK_UP * (probes + n_words * candidates + hits))


def _evenly(n: int, at_most: int) -> NDArray[np.int64]:
    """At most so many of n numbers, from the middles of as many equal parts."""
    count = min(n, at_most)
    return (2 * np.arange(count) + 1) * n // (2 * count)


def find(index: BucketIndex, query_words: NDArray[Any], radius: int, plan: Plan | None = None) -> Iterator[Hits]:
    """Find the buckets within the radius as planned, by default in the cheapest way, of a block of queries at a time.

    Parameters
    ----------
    index : BucketIndex
    query_words : (n_queries, n_words) array of packed codes, of the type of ``index.words``
    radius : int
    plan : Plan, optional

    Yields
    ------
    Hits
        Those of ``"scan rows"`` name the buckets of ``index.by_row``.
    """
    plan = plan or plans(index, radius)[0]
    step = max(1, int(_BLOCK / max(1, plan.probes + plan.compared)))
    for start in range(0, len(query_words), step):
        queries = query_words[start : start + step]
        if plan.strategy == "enumerate":
            yield enumerate_ball(index, queries, radius)
        elif plan.strategy == "multi-index":
            yield multi_index(index, queries, radius, plan.pieces)
        else:
            yield scan(index if plan.strategy == "scan buckets" else index.by_row, queries, radius)


def count_within(index: BucketIndex, query_words: NDArray[Any], radius: int) -> NDArray[np.int64]:
    """Count the rows within `radius` of each packed query, (n_queries, n_words)."""
    return np.concatenate([hits.row_counts() for hits in find(index, query_words, radius)])


def rows_within(
    index: BucketIndex,
    query_words: NDArray[Any],
    radius: int,
    *,
    with_distances: bool = False,
    by_distance: bool = False,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Find the rows within `radius` of each packed query, (n_queries, n_words).

    Parameters
    ----------
    index : BucketIndex
    query_words : (n_queries, n_words) array, of the type of ``index.words``
    radius : int
    with_distances : bool, default=False
        Otherwise no distances are returned.
    by_distance : bool, default=False
        Order each query's rows by distance, then by number. Otherwise by bucket code, then by number.

    Returns
    -------
    rows, distances : (n_queries,) object arrays of int64 arrays
    """
    rows: list[NDArray[np.int64]] = []
    distances: list[NDArray[np.int64]] = []
    for hits in find(index, query_words, radius):
        counts = hits.row_counts()
        rows += _cut(hits.rows(), counts)
        if with_distances or by_distance:
            of_rows = np.repeat(hits.distances(), hits.index.sizes[hits.buckets])
            distances += _cut(of_rows.astype(np.int64), counts)
    if by_distance:
        for i, (numbers, distance) in enumerate(zip(rows, distances, strict=True)):
            order = np.lexsort((numbers, distance))
            rows[i], distances[i] = numbers[order], distance[order]
    return object_array(rows), object_array(distances)


def _cut(flat: NDArray[Any], counts: NDArray[Any]) -> list[NDArray[Any]]:
    """Cut what was concatenated into one array for each query, of `counts` entries: views of one array."""
    stops = np.cumsum(counts).tolist()
    return [flat[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]


def object_array(arrays: list[NDArray[Any]]) -> NDArray[np.object_]:
    """Arrays of any lengths as the entries of one, (n,) of objects.

    Examples
    --------
    >>> object_array([np.array([3]), np.array([4])])
    array([array([3]), array([4])], dtype=object)
    """
    return np.fromiter(arrays, dtype=object, count=len(arrays))
