"""Hamming search: the ball, the sorted codes, three exact ways to find those in it, and the rule
that picks one.

Scan: compare the query with every row's code. Enumerate: make every code of the ball, and look it
up. Multi-index hashing: look up small balls of short pieces of the code, and compare the query with
what is found. All find the same rows. The k nearest are looked for within radii that grow bit by
bit, and of each only what is new is looked up; a query that has fewer than k rows there is compared
with all. Pairs are found by sorting the codes by some of their pieces.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from itertools import combinations, pairwise
from math import comb, log2, sqrt
from operator import xor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..checks import check_integer
from ..codes import WORD_BITS, pack_bits, packed_distances, unpack_bits

Words = NDArray[Any]  # packed codes: unsigned integers of any size
Numbers = NDArray[Any]  # row numbers, places, counts: integers
PieceTable = tuple[Words, tuple[int, ...], Numbers, Numbers]  # see piece_tables

# up to here a table with a slot for every possible code replaces the sorted search
DIRECT_BITS = 16
# Times, measured, in those of comparing one word after another, about a nanosecond each:
LOOK_UP = 10  # of one read anywhere in memory
SEARCH = 40  # of finding one of the sorted codes
# of a piece that is looked up or a candidate found by one: several reads, in a crowded cache
PROBE = 20
SORT, COMPARE = 100, 6  # of sorting a code among many, and of comparing it with the next of these
SAMPLE = (32, 1024)  # queries and rows whose distances stand for all
XORSHIFTS = np.array([(13, 7, 17), (5, 27, 23)], dtype=np.uint64)
# codes looked up or compared at a time, but one query at least: small arrays stay in the cache
_BLOCK = 1 << 17
_CACHED = 1 << 15  # codes compared with some queries before the next
_FREE = 5  # microseconds: smaller radii that take no more are not tried one by one
# of the rows found, with each bit of the radius: where even that is too little, all is compared
_GROWTH = 2.0
_CROWDED = 0.01  # of all rows: where more have a piece of a query's code, pieces are made longer


def check_radius(radius: Any, n_bits: int) -> int:
    """Return `radius` as an int from 0 to `n_bits`, or raise a `TypeError` or `ValueError` that
    names it.

    Examples
    --------
    >>> check_radius(2, n_bits=16)
    2
    """
    return check_integer(radius, f"the radius of codes of {n_bits} bits", low=0, high=n_bits)


def hamming_ball(code: int, n_bits: int, radius: int) -> Iterator[int]:
    """Make every code that differs from `code` in at most `radius` bits, one after the other, the
    nearest first.

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
        `ball_size` codes: first `code`, then those one bit away from the first bit to the last,
        then two bits away...

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
    # first bit most significant
    ones = [1 << (n_bits - 1 - position) for position in range(n_bits)]
    return (
        code ^ sum(flipped)
        for distance in range(radius + 1)
        for flipped in combinations(ones, distance)
    )


def ball_size(n_bits: int, radius: int) -> int:
    """Count the codes within `radius` of any one code: the sum of the binomials C(n_bits, 0) to
    C(n_bits, radius).

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


@dataclass(frozen=True, eq=False)
class CodeIndex:
    """Codes in ascending order, and the row that each belongs to: a bucket is a run of equal codes.

    Parameters
    ----------
    n_bits : int
    words : (n_words, n) array of unsigned integers
        A column is a code, its most significant word first. Up to 64 bits there is one word, of the
        smallest type that holds it.
    rows : (n,) array of int64
        Row numbers; those of equal codes ascend.
    """

    n_bits: int
    words: Words
    rows: Numbers

    def __getstate__(self) -> dict[str, Any]:
        """Leave what is derived behind when the index travels."""
        return {"n_bits": self.n_bits, "words": self.words, "rows": self.rows}

    @cached_property
    def plans(self) -> dict[int, list["Plan"]]:
        """By radius, once asked for."""
        return {}

    @cached_property
    def tables(self) -> list[PieceTable]:
        """Of pieces, once they are looked up."""
        return piece_tables(self)

    @cached_property
    def variances(self) -> NDArray[np.float64]:
        """Of each bit, in a sample of the rows."""
        return unpack_bits(self.words[:, :: -(-len(self.rows) // SAMPLE[1])].T, self.n_bits).var(
            axis=0
        )

    @cached_property
    def differences(self) -> Words:
        """XOR of pairs of rows, (n_words, n_pairs), as if some were queries."""
        # at even steps
        queries, rows = (
            (2 * np.arange(size) + 1) * len(self.rows) // (2 * size) for size in SAMPLE
        )
        return (self.words[:, queries, None] ^ self.words[:, None, rows]).reshape(
            len(self.words), -1
        )

    @cached_property
    def n_pieces(self) -> int:
        """Pieces of which most that are possible occur: longer, so fewer, where bits say little or codes crowd."""
        if self.n_bits <= DIRECT_BITS:
            return 1
        finest = max(2, round(4 * self.variances.sum() / max(1, log2(len(self.rows)))))
        equal = [(self.differences & mask == 0).all(axis=0).mean() for mask in masks(self, finest)]
        return max(2, (finest + 1) // 2) if sum(equal) > _CROWDED else finest

    @cached_property
    def sampled(self) -> list[tuple[int, NDArray[Any]]]:
        """Of each piece its bits, and in how many of them the sample's pairs differ."""
        pieces = masks(self, self.n_pieces)
        apart = [packed_distances(self.differences & mask, np.zeros_like(mask)) for mask in pieces]
        return [
            (int(np.bitwise_count(mask).sum()), away)
            for mask, away in zip(pieces, apart, strict=True)
        ]

    @cached_property
    def offsets(self) -> Numbers:
        """Where each bucket starts, and the number of rows."""
        starts = (self.words[:, 1:] != self.words[:, :-1]).any(axis=0)
        return np.flatnonzero(np.concatenate([[True], starts, [True]]))

    @cached_property
    def firsts(self) -> Numbers:
        """Of short codes, where each possible one starts or would; one more stands at the end."""
        return np.searchsorted(self.words[0], np.arange((1 << self.n_bits) + 1))


def build_index(words: Words, n_bits: int) -> CodeIndex:
    """Sort packed codes, (n, n_words).

    Examples
    --------
    >>> index = build_index(np.array([[2], [3], [2]], dtype=np.uint64), n_bits=2)
    >>> index.words, index.rows
    (array([[2, 2, 3]], dtype=uint8), array([0, 2, 1]))
    """
    words = words.astype(np.min_scalar_type((1 << min(n_bits, WORD_BITS)) - 1), copy=False)
    rows = np.lexsort(words.T[::-1])  # which takes the most significant key last, and is stable
    return CodeIndex(n_bits, np.ascontiguousarray(words[rows].T), rows)


def scan(index: CodeIndex, queries: Words, radius: int) -> tuple[Numbers, Numbers]:
    """Compare each query, a row of words, with every code.

    Returns
    -------
    places : (n_found,) array of integers
        Where in the index there are codes within the radius: first all of the first query,
        ascending, then the next's.
    counts : (n_queries,) array of integers
        How many there are of each query.
    """
    near = packed_distances(index.words[:, None], queries.T[:, :, None]) <= radius  # a row a query
    places = [row.nonzero()[0] for row in near]
    return np.concatenate(places), np.array([len(each) for each in places])


def enumerate_ball(index: CodeIndex, queries: Words, radius: int) -> tuple[Numbers, Numbers]:
    """Make every code of each query's ball and look it up; returns what `scan` returns. Codes of up to 64 bits."""
    ones = tuple(1 << position for position in range(index.n_bits))
    codes = queries ^ flips(ones, radius).astype(queries.dtype)
    codes.sort(axis=1)  # so that the places ascend
    if index.n_bits <= DIRECT_BITS:
        # int64: 255 + 1 is no uint8
        starts, stops = index.firsts[codes], index.firsts[codes + np.int64(1)]
    else:
        starts, stops = (
            np.searchsorted(index.words[0], codes),
            np.searchsorted(index.words[0], codes, "right"),
        )
    return ranges(starts.ravel(), (stops - starts).ravel()), (stops - starts).sum(axis=1)


def multi_index(index: CodeIndex, queries: Words, radius: int) -> tuple[Numbers, Numbers]:
    """Find codes that are near the query in some piece, and keep those that are near as a whole:
    see `scan`.

    References
    ----------
    M. Norouzi, A. Punjani and D. J. Fleet, "Fast search in Hamming space with multi-index hashing",
    CVPR 2012.
    """
    n_rows, found = len(index.rows), []
    for places, counts in candidates(index, queries, -1, radius):
        near = np.flatnonzero(distances_at(index, places, queries, counts) <= radius)
        owners = np.searchsorted(np.cumsum(counts), near, side="right")
        found.append(owners * n_rows + places[near])
    # several pieces may have found the same
    owners, places = np.divmod(each_once(np.concatenate(found)), n_rows)
    return places, np.bincount(owners, minlength=len(queries))


def candidates(
    index: CodeIndex, queries: Words, beyond: int, radius: int
) -> Iterator[tuple[Numbers, Numbers]]:
    """Of each piece, the places whose piece is so near that the code may be within `radius`, and
    not within `beyond`.

    `beyond` is -1 at first. Yields what `scan` returns, in no order; a place may come again, and
    codes of other pieces with the same hash.
    """
    radii = zip(
        piece_radii(beyond, index.n_pieces), piece_radii(radius, index.n_pieces), strict=True
    )
    for (mask, ones, offsets, places), (known, within) in zip(index.tables, radii, strict=True):
        if within > known:
            # the nearest patterns come first, and those of `known` were looked up before
            patterns = flips(ones, within)[ball_size(len(ones), known) if known >= 0 else 0 :]
            slots = slots_of(queries.T & mask, len(index.rows))[:, None] ^ patterns
            starts = offsets[slots]
            sizes = offsets[slots + 1] - starts
            yield places[ranges(starts.ravel(), sizes.ravel())], sizes.sum(axis=1)


def each_once(keys: Numbers) -> Numbers:
    """Sort keys and leave out repetitions, faster than `numpy.unique`."""
    keys = np.sort(keys)
    return np.concatenate([keys[:1], keys[1:][keys[1:] > keys[:-1]]])


def distances_at(
    index: CodeIndex, places: Numbers, queries: Words, counts: Numbers
) -> NDArray[Any]:
    """Hamming distances of the codes at these places: `counts` of them from each query."""
    return packed_distances(index.words.take(places, axis=1), np.repeat(queries.T, counts, axis=1))


@lru_cache(maxsize=64)
def flips(ones: tuple[int, ...], radius: int) -> Numbers:
    """XOR of up to `radius` of these numbers, the fewest first."""
    each = (
        reduce(xor, some, 0)
        for distance in range(radius + 1)
        for some in combinations(ones, distance)
    )
    return np.fromiter(each, dtype=np.uint64).view(np.int64)


def ranges(starts: Numbers, sizes: Numbers) -> Numbers:
    """Concatenate the ranges of `sizes` numbers that begin at `starts`.

    Examples
    --------
    >>> ranges(np.array([5, 7, 0]), np.array([3, 0, 2]))
    array([5, 6, 7, 0, 1])
    """
    stops = np.cumsum(sizes)
    return np.repeat(starts + sizes - stops, sizes) + np.arange(stops[-1] if len(stops) else 0)


def piece_radii(radius: int, n_pieces: int) -> list[int]:
    """Radii such that two codes within `radius` are within one of these in the piece that it
    belongs to; -1 is never.

    With radius = n_pieces * q + a, the first a + 1 pieces get q and the others q - 1. Were each
    piece beyond its own, the codes would differ in (a + 1)(q + 1) + (n_pieces - a - 1) q = radius +
    1 bits at least (Norouzi et al. 2012, section 3.1).

    Examples
    --------
    >>> piece_radii(8, 3), piece_radii(2, 4)
    ([2, 2, 2], [0, 0, 0, -1])
    """
    q, a = divmod(radius, n_pieces)
    return [q] * (a + 1) + [q - 1] * (n_pieces - a - 1)


def masks(index: CodeIndex, n_pieces: int) -> Words:
    """Cut codes into pieces: a mask has ones at the bits of a piece, (n_pieces, n_words, 1).

    Bits are dealt to the pieces in turns, that which varies most first, so that each piece tells as
    much.
    """
    bits = np.zeros((n_pieces, index.n_bits), dtype=bool)
    bits[np.arange(index.n_bits) % n_pieces, np.argsort(-index.variances, kind="stable")] = True
    return pack_bits(bits).astype(index.words.dtype)[:, :, None]


def hashes(words: Words) -> NDArray[np.uint64]:
    """Mix codes, (n_words, ...), into 64 bits: the hash of ``a ^ b`` is that of a, XOR that of b.

    References
    ----------
    G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003.
    """
    mixed = np.zeros(words.shape[1:], dtype=np.uint64)
    for word in words:
        mixed ^= word
        for left, right, last in XORSHIFTS:
            mixed ^= mixed << left
            mixed ^= mixed >> right
            mixed ^= mixed << last
    return mixed


def slots_of(words: Words, n_rows: int) -> Numbers:
    """Slot of each piece, a code with zeros elsewhere, in a table that has about as many as rows."""
    return (hashes(words) >> np.uint64(64 - slot_bits(n_rows))).view(np.int64)


def slot_bits(n_rows: int) -> int:
    """Bits that number the slots of a table."""
    return max(1, round(log2(n_rows)))


def piece_tables(index: CodeIndex) -> list[PieceTable]:
    """Make tables of all pieces, about 9 bytes a row and piece.

    Returns
    -------
    list of (mask, ones, offsets, places)
        `ones` are the slots of the codes with one bit of the mask. The codes whose piece has slot s
        are at ``places[offsets[s] : offsets[s + 1]]`` in the index, and may be among codes with
        other pieces.
    """
    n_rows, tables = len(index.rows), []
    single = pack_bits(np.eye(index.n_bits, dtype=bool)).T
    for mask in masks(index, index.n_pieces):
        slots = slots_of(index.words & mask, n_rows)
        sizes = np.bincount(slots, minlength=1 << slot_bits(n_rows))
        offsets = np.append(0, np.cumsum(sizes)).astype(np.int32)
        ones = slots_of(single[:, (single & mask).any(axis=0)], n_rows)
        tables.append((mask, tuple(ones.tolist()), offsets, np.argsort(slots).astype(np.int32)))
    return tables


class Plan(NamedTuple):
    """A way to search and what it is expected to look at, for one query.

    Fields
    ------
    strategy : {"scan", "enumerate", "multi-index"}
    pieces : int
        Pieces that the code is cut into: 1 for the whole code, 0 if nothing is looked up.
    probes : int
        Codes, or pieces of codes, looked up.
    compared : float
        Codes read: all rows of a scan, candidates of ``"multi-index"``, what ``"enumerate"`` finds.
    microseconds : float
        Estimated cost. It decides which way is taken and how many queries are taken at a time,
        never what is found.
    """

    strategy: str
    pieces: int
    probes: int
    compared: float
    microseconds: float


def plans(index: CodeIndex, radius: int) -> list[Plan]:
    """All ways to search `index` within `radius`, the cheapest first; kept with the index.

    The rule: a scan compares a word in a nanosecond, for it reads memory in a row. A short code
    that is looked up lies anywhere, and takes ten; a piece, or a candidate found by one, twenty;
    one of many sorted codes forty. How many will be found, a sample of pairs of rows says, as if
    queries were like rows. For pieces it is no fewer than uniform codes have, since the sample may
    be too small to hold any. What it takes to make the tables of pieces does not count: they are
    made once, and serve every radius.

    Examples
    --------
    >>> index = build_index(np.arange(65536)[:, None], n_bits=16)
    >>> [plans(index, radius)[0].strategy for radius in (0, 2, 16)]
    ['enumerate', 'enumerate', 'scan']
    """
    if radius in index.plans:
        return index.plans[radius]
    n_words, n_rows = index.words.shape
    ways = [Plan("scan", 0, 0, n_rows, n_words * n_rows / 1000)]
    if n_words == 1:
        probes = ball_size(index.n_bits, radius)
        each = LOOK_UP if index.n_bits <= DIRECT_BITS else SEARCH
        found = n_rows * (np.bitwise_count(index.differences[0]) <= radius).mean()  # rows to gather
        ways.append(Plan("enumerate", 1, probes, found, (each * probes + found) / 1000))
    if index.n_bits > DIRECT_BITS:
        probes, compared = 0, 0.0
        radii = piece_radii(radius, index.n_pieces)
        for (size, away), within in zip(index.sampled, radii, strict=True):
            if within >= 0:
                ball = ball_size(size, within)
                probes += ball
                compared += n_rows * max(
                    (away <= within).mean(), ball / 2 ** min(size, slot_bits(n_rows))
                )
        nanoseconds = PROBE * (probes + n_words * compared)
        ways.append(Plan("multi-index", index.n_pieces, probes, compared, nanoseconds / 1000))
    index.plans[radius] = sorted(ways, key=lambda plan: plan.microseconds)
    return index.plans[radius]


def at_a_time(plan: Plan) -> int:
    """Queries whose codes, candidates and rows found make a block."""
    return max(
        1, int(_BLOCK / max(1, plan.probes + plan.compared, 1000 * plan.microseconds / LOOK_UP))
    )


def find(
    index: CodeIndex, query_words: Words, radius: int
) -> Iterator[tuple[Words, Numbers, Numbers]]:
    """Search in the cheapest way for a block of packed queries, (n_queries, n_words), at a time.

    Yields
    ------
    queries, places, counts
        The block, and what `scan` returns for it.
    """
    plan = plans(index, radius)[0]
    search = {"scan": scan, "enumerate": enumerate_ball, "multi-index": multi_index}[plan.strategy]
    step = at_a_time(plan)
    for start in range(0, len(query_words), step):
        queries = query_words[start : start + step]
        yield queries, *search(index, queries, radius)


def count_within(index: CodeIndex, query_words: Words, radius: int) -> Numbers:
    """Count the rows within `radius` of each packed query, (n_queries, n_words)."""
    return np.concatenate([counts for _, _, counts in find(index, query_words, radius)])


def pairs_within(index: CodeIndex, radius: int) -> Numbers:
    """Find the pairs of rows whose codes are within `radius`, (n_pairs, 2): the smaller number first, ascending."""
    t = pieces_alike(index, radius)
    pairs = pairs_sorted(index, radius, t) if t else pairs_searched(index, radius)
    return np.stack(np.divmod(np.sort(pairs), len(index.rows)), axis=1)


def pairs_searched(index: CodeIndex, radius: int) -> Numbers:
    """Search for each code; a pair is i * n_rows + j, i < j."""
    rows, _ = rows_within(index, index.words.T, radius)
    i, j = np.repeat(index.rows, [*map(len, rows)]), np.concatenate(rows)
    return (i * len(index.rows) + j)[i < j]


def pairs_sorted(index: CodeIndex, radius: int, t: int) -> Numbers:
    """Sort the codes by every t of radius + t pieces: a pair has t or more alike, and is found by its first t."""
    pieces, found = masks(index, radius + t), [np.empty(0, dtype=np.int64)]
    mixed = np.stack(
        [(hashes(index.words & mask) >> np.uint64(32)).astype(np.uint32) for mask in pieces]
    )
    for chosen in combinations(range(radius + t), t):
        keys = np.bitwise_xor.reduce(mixed[list(chosen)], axis=0)
        found += pairs_alike(index, radius, keys, pieces, chosen)
    return np.concatenate(found)


def pairs_alike(
    index: CodeIndex, radius: int, keys: Numbers, pieces: Words, chosen: tuple[int, ...]
) -> Iterator[Numbers]:
    """Find the pairs within `radius` whose first alike pieces are the chosen ones; a pair is i *
    n_rows + j, i < j.

    Codes are sorted by the hash of these pieces, their key, and each is compared with the next of
    the same key.
    """
    order = np.argsort(keys.astype(np.uint16), kind="stable")  # a radix sort, as 16 bits are
    order = order[np.argsort((keys[order] >> np.uint32(16)).astype(np.uint16), kind="stable")]
    keys, words = keys[order], index.words.take(order, axis=1)
    edges = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1], [True]]))
    # codes with the same key
    after = np.repeat(edges[1:], np.diff(edges)) - np.arange(1, len(keys) + 1)
    before = pieces[: chosen[-1] + 1]
    wanted = np.isin(range(len(before)), chosen)[:, None]
    step, first = 1, after.nonzero()[0]
    while len(first):
        apart = words.take(first, axis=1) ^ words.take(first + step, axis=1)
        near = (packed_distances(apart, np.zeros_like(apart)) <= radius).nonzero()[0]
        alike = (apart[:, near] & before == 0).all(axis=1)
        near = first[near[(alike == wanted).all(axis=0)]]
        i, j = index.rows[order[near]], index.rows[order[near + step]]
        yield np.minimum(i, j) * len(keys) + np.maximum(i, j)
        step += 1
        first = first[after[first] >= step]


def pieces_alike(index: CodeIndex, radius: int) -> int:
    """The cheapest t for `pairs_alike`; 0 if it is cheaper to search for each code."""

    def cost(t: int) -> float:
        if not t:
            return 1000 * plans(index, radius)[0].microseconds
        found = len(index.rows) / 2 / 2 ** (4 * index.variances.sum() * t / (radius + t))
        return comb(radius + t, t) * (SORT + COMPARE * found)

    return min(range(min(8, index.n_bits - radius) + 1), key=cost)


def rows_within(
    index: CodeIndex,
    query_words: Words,
    radius: int,
    *,
    with_distances: bool = False,
    by_distance: bool = False,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Find the rows within `radius` of each packed query, (n_queries, n_words).

    Parameters
    ----------
    index : CodeIndex
    query_words : (n_queries, n_words) array, of the type of ``index.words``
    radius : int
    with_distances : bool, default=False
        Without them, and unless rows are ordered by them, `distances` is empty.
    by_distance : bool, default=False
        Order each query's rows by distance, then by number. Otherwise by code, then by number.

    Returns
    -------
    rows, distances : (n_queries,) object arrays of int64 arrays
    """
    rows: list[Numbers] = []
    distances: list[Numbers] = []
    for queries, places, counts in find(index, query_words, radius):
        found = index.rows.take(places)
        if with_distances or by_distance:
            away = distances_at(index, places, queries, counts).astype(np.int64)
            if by_distance:
                owners = np.repeat(np.arange(len(queries)), counts)
                order = np.lexsort((found, away, owners))
                found, away = found[order], away[order]
            distances += _cut(away, counts)
        rows += _cut(found, counts)
    return object_array(rows), object_array(distances)


def _cut(flat: Numbers, counts: Numbers) -> list[Numbers]:
    """Cut what was concatenated into one array for each query, of `counts` entries: views of one array."""
    stops = np.cumsum(counts).tolist()
    return [flat[start:stop] for start, stop in pairwise([0, *stops])]


def object_array(arrays: list[Numbers]) -> NDArray[np.object_]:
    """Arrays of any lengths as the entries of one, (n,) of objects.

    Examples
    --------
    >>> object_array([np.array([3]), np.array([4])])
    array([array([3]), array([4])], dtype=object)
    """
    return np.fromiter(arrays, dtype=object, count=len(arrays))


def nearest_rows(index: CodeIndex, query_words: Words, k: int) -> tuple[Numbers, Numbers]:
    """Find the `k` rows nearest to each packed query, (n_queries, n_words).

    Returns
    -------
    distances, rows : (n_queries, k) arrays of int64
        Ascending; rows at the same distance by number.
    """
    span = (index.n_bits + 1) * len(index.rows)  # a key is query * span + distance * n_rows + row
    keys = np.empty((len(query_words), k), dtype=np.int64)
    left, hopeless = np.arange(len(query_words)), []
    found, beyond = left[:0], -1
    *small, _ = steps(index)
    for radius, plan in small:
        if not len(left):
            break
        block = at_a_time(plan)
        blocks = [left[start : start + block] for start in range(0, len(left), block)]
        # beyond the radius too, for what was looked up is not looked up again
        farthest = small[-1][0]
        new = [
            keys_found(index, query_words, some, (beyond, radius, farthest), k) for some in blocks
        ]
        found = each_once(np.concatenate([found, *new]))
        starts = found.searchsorted(left * span)
        counts = found.searchsorted(left * span + (radius + 1) * len(index.rows)) - starts
        done = counts >= k  # all rows within the radius are found
        keys[left[done]] = found[starts[done, None] + np.arange(k)]
        # those that would have too few even if every bit more multiplied what they have
        too_few = counts + 1 < k * _GROWTH ** (radius - farthest)
        hopeless.append(left[too_few])
        left, beyond = left[~done & ~too_few], radius
    for query in np.concatenate([*hopeless, left]):
        keys[query] = nearest_of_all(index, query_words[query], k)
    distances, rows = np.divmod(keys % span, len(index.rows))
    return distances, rows


def keys_found(
    index: CodeIndex, query_words: Words, queries: Numbers, radii: tuple[int, int, int], k: int
) -> Numbers:
    """Keys, ascending, of up to `k` of the rows nearest to some queries, among the candidates for a radius."""
    beyond, radius, farthest = radii
    n_rows = len(index.rows)
    span = (index.n_bits + 1) * n_rows
    keys = []
    for places, counts in candidates(index, query_words[queries], beyond, radius):
        away = distances_at(index, places, query_words[queries], counts)
        near = (away <= farthest).nonzero()[0]
        owners = np.repeat(queries, counts)[near]
        keys.append(owners * span + away[near].astype(np.int64) * n_rows + index.rows[places[near]])
    found = each_once(np.concatenate(keys))
    starts = found.searchsorted(queries * span)
    counts = found.searchsorted((queries + 1) * span) - starts
    return found[ranges(starts, np.minimum(k, counts))]


def nearest_of_all(index: CodeIndex, query: Words, k: int) -> Numbers:
    """Keys, distance * n_rows + row, of the `k` rows nearest to a query, a row of words, by comparing it with all."""
    away = all_distances(index, query)
    # The k-th distance in a sample of k rows or more is no smaller than the k-th of all; its size
    # weighs a larger sample against more rows that are left to sort.
    sample = away[:: max(1, int(0.6 * sqrt(len(away) / k)))]
    near = (away <= np.partition(sample, k - 1)[k - 1]).nonzero()[0]
    near = near[away[near] <= np.partition(away[near], k - 1)[k - 1]]
    return np.sort(away[near].astype(np.int64) * len(away) + index.rows[near])[:k]


def all_distances(index: CodeIndex, query: Words) -> NDArray[Any]:
    """Hamming distances from a query, a row of words, to all codes, (n,)."""
    distances = np.empty(len(index.rows), dtype=np.uint8 if len(query) == 1 else np.uint16)
    for start in range(0, len(distances), _CACHED):
        some = slice(start, start + _CACHED)
        distances[some] = packed_distances(index.words[:, some], query[:, None])
    return distances


def steps(index: CodeIndex) -> list[tuple[int, Plan]]:
    """Say how to find the nearest: within which radii to look up first, and how; then to compare
    everything.

    Returns
    -------
    list of (radius, plan)
        Radii grow by one while looking up costs no more than comparing everything; those that cost
        next to nothing are looked up at once. The last is the length of the code: everything is
        compared.
    """
    everything = next(plan for plan in plans(index, index.n_bits) if plan.strategy == "scan")
    ladder: list[tuple[int, Plan]] = []
    for radius in range(index.n_bits):
        plan = next(plan for plan in plans(index, radius) if plan.pieces == index.n_pieces)
        if plan.microseconds > everything.microseconds:
            break
        if plan.microseconds < _FREE:
            ladder = []
        ladder.append((radius, plan))
    return [*ladder, (index.n_bits, everything)]
