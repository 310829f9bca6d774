"""Find the rows whose codes are near a query's code: Hamming search.

Where to find what:

- **A ball is searched** by one of three strategies, which find the same rows. `scan` compares the
  query with every row's code. `enumerate_ball` makes every code of the ball and looks it up.
  `multi_index` looks up small balls of short pieces of the code, and compares the query with the
  candidates that this finds.
- **The strategy is picked** by `find`, which takes the first of `plans`: the cheapest by an
  estimate. `HashTable.explain` shows these estimates. They decide how long a search takes, never
  what it finds.
- **The nearest rows** are found by `nearest_rows`. It looks within a radius that grows bit by bit
  (`steps` says how far), and at each step looks up only what is new. A query that finds too
  few rows is compared with all rows.
- **Ties are decided** by row number. `Keys` puts a query, a distance and a row into one integer, so
  that sorting the keys sorts by all three. `rows_within` orders by code unless it is told to order
  by distance.
- **Pairs of rows** are found by `pairs_within`, which sorts the codes by a few of their pieces.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from itertools import combinations, pairwise
from math import ceil, comb, log2, sqrt
from operator import xor
from typing import Any, NamedTuple

import numpy as np

from ..checks import Array, Codes, Floats, Objects, check_integer
from ..codes import WORD_BITS, distances_of_all, pack_bits, packed_distances, unpack_bits

Words = Array  # packed codes: unsigned integers of any size
Numbers = Array  # row numbers, places, counts: integers

# Codes of up to so many bits are looked up in a table with a slot for every possible code.
# Longer codes are looked up by binary search among the sorted codes.
DIRECT_BITS = 16

# Measured times, in nanoseconds. The unit is the comparison of one word after another, as `scan`
# does it: about one nanosecond a word.
LOOK_UP = 20  # sort a short code among others, and read its place anywhere in memory
SEARCH = 60  # find one of the sorted codes
PROBE = 20  # look up a piece, or compare a candidate: several reads, in a crowded cache
SORT = 100  # sort one code among many
COMPARE = 6  # compare a code with the next in the sorted order

# The distances between these stand for the distances between all queries and rows.
SAMPLE_QUERIES = 32
SAMPLE_ROWS = 1024

XORSHIFTS = np.array([(13, 7, 17), (5, 27, 23)], dtype=np.uint64)

# Codes looked up or compared at a time (at least one query's): small arrays stay in the cache.
_BLOCK = 1 << 18
# Microseconds. A radius that takes less is looked up at once, without the smaller ones before it.
_FREE = 5
# A query gives up the growing radius if it would find too few rows even if every further bit
# multiplied what it has found by this.
_GROWTH = 2.0
# Share of the rows. If more than these have a piece of a query's code, pieces are made longer.
_CROWDED = 0.01


def check_radius(radius: Any, n_bits: int) -> int:
    """Return `radius` as an int from 0 to `n_bits`, or raise an error that names it.

    Examples
    --------
    >>> check_radius(2, n_bits=16)
    2
    """
    return check_integer(radius, f"the radius of codes of {n_bits} bits", low=0, high=n_bits)


def hamming_ball(code: int, n_bits: int, radius: int) -> Iterator[int]:
    """Make every code that differs from `code` in at most `radius` bits, the nearest first.

    This is the readable enumeration. `HashTable.query_radius` finds the same buckets faster.

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
        `ball_size` codes: first `code`, then those that differ in one bit (from the first bit to
        the last), then those that differ in two bits, and so on.

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
    """Count the codes within `radius` of any one code.

    This is the sum of the binomials C(n_bits, 0) to C(n_bits, radius).

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


class PieceTables(NamedTuple):
    """Look up codes by any of their pieces.

    Every piece has slots of its own: those of the second piece come after those of the first. The
    codes whose piece has slot s are at ``places[offsets[s] : offsets[s + 1]]`` in the index. Codes
    with other pieces may be among them, since different pieces can have the same slot.

    Fields
    ------
    masks : (n_words, n_pieces, 1) array of unsigned integers
        Ones at the bits of each piece.
    ones : list of tuples of int
        For each bit of each piece, the slot of the code that has a one there and zeros elsewhere.
    offsets, places : arrays of integers
    """

    masks: Words
    ones: list[tuple[int, ...]]
    offsets: Numbers
    places: Numbers


@dataclass(frozen=True, eq=False)
class CodeIndex:
    """Hold codes in ascending order, and the row of each: a bucket is a run of equal codes.

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
        """Return what an index is made from; what is derived from it is computed anew."""
        return {name: getattr(self, name) for name in ("n_bits", "words", "rows")}

    @cached_property
    def plans(self) -> dict[int, list["Plan"]]:
        """Keep the plans for each radius that was asked for."""
        return {}

    @cached_property
    def tables(self) -> PieceTables:
        """Make tables of all pieces for the first search that needs them.

        They take about 9 bytes a row and piece.
        """
        n_rows = len(self.rows)
        n_slots = 1 << slot_bits(n_rows)
        pieces = masks(self, self.n_pieces)
        single = pack_bits(np.eye(self.n_bits, dtype=bool)).T  # codes with one bit
        ones = []
        sizes = np.empty((len(pieces), n_slots), dtype=np.int64)
        places = np.empty((len(pieces), n_rows), dtype=np.int32)
        for piece, mask in enumerate(pieces):
            slots = slots_of(self.words & mask, n_rows)
            sizes[piece] = np.bincount(slots, minlength=n_slots)
            places[piece] = np.argsort(slots)
            of_bits = slots_of(single[:, (single & mask).any(axis=0)], n_rows)
            ones.append(tuple(of_bits.tolist()))
        offsets = np.append(0, sizes.cumsum())
        smallest = np.int32 if offsets[-1] < 1 << 31 else np.int64
        return PieceTables(pieces.swapaxes(0, 1), ones, offsets.astype(smallest), places.ravel())

    @cached_property
    def variances(self) -> Floats:
        """Return the variance of each bit in a sample of the rows, (n_bits,)."""
        step = ceil(len(self.rows) / SAMPLE_ROWS)
        return unpack_bits(self.words[:, ::step].T, self.n_bits).var(axis=0)

    @property
    def effective_bits(self) -> Any:
        """Count a bit as one if it is fair and as nothing if it is constant.

        The variance of a fair bit is a quarter, so each bit counts four times its variance.
        """
        return 4 * self.variances.sum()

    @cached_property
    def differences(self) -> Words:
        """Return the XOR of sampled pairs of rows, (n_words, n_pairs), as if one were a query."""
        queries = self.words[:, spread(len(self.rows), SAMPLE_QUERIES)]
        rows = self.words[:, spread(len(self.rows), SAMPLE_ROWS)]
        return (queries[:, :, None] ^ rows[:, None]).reshape(len(self.words), -1)

    @cached_property
    def n_pieces(self) -> int:
        """Choose how many pieces multi-index hashing cuts a code into.

        A piece gets about as many effective bits as a row number has bits, so that most possible
        pieces occur. If the rows still crowd at a query's pieces, pieces get twice as long.
        """
        if self.n_bits <= DIRECT_BITS:
            return 1
        finest = max(2, round(self.effective_bits / max(1, log2(len(self.rows)))))
        equal = [(self.differences & mask == 0).all(axis=0).mean() for mask in masks(self, finest)]
        if sum(equal) > _CROWDED:
            return max(2, (finest + 1) // 2)
        return finest

    @cached_property
    def sampled(self) -> list[tuple[int, Array]]:
        """Return each piece's number of bits, and in how many of them the sampled pairs differ."""
        samples = []
        for mask in masks(self, self.n_pieces):
            distances = packed_distances(self.differences & mask, np.zeros_like(mask))
            samples.append((int(np.bitwise_count(mask).sum()), distances))
        return samples

    @cached_property
    def offsets(self) -> Numbers:
        """Return the place where each bucket starts, and after these the number of rows."""
        starts = (self.words[:, 1:] != self.words[:, :-1]).any(axis=0)
        return np.flatnonzero(np.concatenate([[True], starts, [True]]))

    @cached_property
    def firsts(self) -> Numbers:
        """Return where the bucket of each possible code starts or would start; short codes only.

        One more entry, the number of rows, is at the end.
        """
        return np.searchsorted(self.words[0], np.arange((1 << self.n_bits) + 1))


def build_index(words: Words, n_bits: int) -> CodeIndex:
    """Sort packed codes, (n, n_words).

    Examples
    --------
    >>> index = build_index(np.array([[2], [3], [2]], dtype=np.uint64), n_bits=2)
    >>> index.words, index.rows
    (array([[2, 2, 3]], dtype=uint8), array([0, 2, 1]))
    """
    largest_word = (1 << min(n_bits, WORD_BITS)) - 1
    smallest_type = np.min_scalar_type(largest_word)  # uint16 for codes of 16 bits
    words = words.astype(smallest_type, copy=False)
    keys = words.T[::-1]  # lexsort treats its last key as the primary one
    rows = np.lexsort(keys).astype(np.int64)  # rows with the same code stay in ascending order
    sorted_words = np.ascontiguousarray(words[rows].T)
    return CodeIndex(n_bits, sorted_words, rows)


def spread(n_rows: int, size: int) -> Numbers:
    """Return `size` places at even steps among `n_rows`."""
    return (2 * np.arange(size) + 1) * n_rows // (2 * size)


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
    near = np.flatnonzero(distances_of_all(queries, index.words.T) <= radius)
    # what is found for a query has numbers from its start on
    starts = np.arange(len(queries) + 1) * len(index.rows)
    counts = np.diff(near.searchsorted(starts))
    near -= starts[:-1].repeat(counts)
    return near, counts


def enumerate_ball(index: CodeIndex, queries: Words, radius: int) -> tuple[Numbers, Numbers]:
    """Make every code of each query's ball and look it up: codes of up to 64 bits.

    Returns what `scan` returns.
    """
    ones = tuple(1 << position for position in range(index.n_bits))
    codes = queries ^ flips(ones, radius).astype(queries.dtype)
    # sorted, so that the places ascend
    if index.n_bits <= DIRECT_BITS:
        codes.sort(axis=1, kind="stable")  # a radix sort, since NumPy has one for 16 bits
        starts = index.firsts.take(codes)
        stops = index.firsts.take(codes + np.int64(1))  # int64, because 255 + 1 is no uint8
    else:
        codes.sort(axis=1)
        starts = np.searchsorted(index.words[0], codes)
        stops = np.searchsorted(index.words[0], codes, "right")
    sizes = stops - starts
    return ranges(starts.ravel(), sizes.ravel()), sizes.sum(axis=1)


def multi_index(index: CodeIndex, queries: Words, radius: int) -> tuple[Numbers, Numbers]:
    """Find the codes that are near the query in a piece, and keep those that are near as a whole.

    Returns what `scan` returns.

    References
    ----------
    M. Norouzi, A. Punjani and D. J. Fleet, "Fast search in Hamming space with multi-index hashing",
    CVPR 2012.
    """
    n_rows = np.int64(len(index.rows))  # an owner times it may not fit in 32 bits
    places, counts = candidates(index, queries, -1, radius)
    near = np.flatnonzero(distances_at(index, places, queries, counts) <= radius)
    owners = np.searchsorted(np.cumsum(counts), near, side="right")
    # several pieces may have found the same code
    owners, places = np.divmod(each_once(owners * n_rows + places[near]), n_rows)
    return places, np.bincount(owners, minlength=len(queries))


def candidates(
    index: CodeIndex, queries: Words, searched: int, radius: int
) -> tuple[Numbers, Numbers]:
    """Find the codes with a piece that is near enough for a distance up to `radius`.

    What was looked up for the radius `searched` is left out; -1 leaves out nothing. Returns what
    `scan` returns, in no order. A place may come again for another piece, and codes with other
    pieces but the same hash come too.
    """
    tables = index.tables
    n_rows = len(index.rows)
    known_radii = piece_radii(searched, index.n_pieces)
    radii = piece_radii(radius, index.n_pieces)
    pieces = [piece for piece, within in enumerate(radii) if within > known_radii[piece]]
    patterns = []
    for piece in pieces:
        ones = tables.ones[piece]
        # the nearest patterns come first, so those looked up before are the first ones
        n_known = sum(comb(len(ones), distance) for distance in range(known_radii[piece] + 1))
        patterns.append(flips(ones, radii[piece])[n_known:])
    own = slots_of(queries.T[:, None] & tables.masks[:, pieces], n_rows)
    own += np.array(pieces)[:, None] << slot_bits(n_rows)
    slots = own.T.repeat([len(each) for each in patterns], axis=1) ^ np.concatenate(patterns)
    starts = tables.offsets.take(slots)
    sizes = tables.offsets.take(slots + 1) - starts
    return tables.places[ranges(starts.ravel(), sizes.ravel())], sizes.sum(axis=1)


def each_once(keys: Numbers) -> Numbers:
    """Sort keys and leave out repetitions, faster than `numpy.unique`."""
    keys = np.sort(keys)
    return np.concatenate([keys[:1], keys[1:][keys[1:] > keys[:-1]]])


def distances_at(index: CodeIndex, places: Numbers, queries: Words, counts: Numbers) -> Array:
    """Return the distances of the codes at `places`; the first `counts[0]` are for query 0."""
    return packed_distances(index.words.take(places, axis=1), np.repeat(queries.T, counts, axis=1))


@lru_cache(maxsize=64)
def flips(ones: tuple[int, ...], radius: int) -> Numbers:
    """Return the XOR of up to `radius` of these numbers, for every choice; the fewest first."""
    patterns = (
        reduce(xor, chosen, 0)
        for distance in range(radius + 1)
        for chosen in combinations(ones, distance)
    )
    return np.fromiter(patterns, dtype=np.uint64).view(np.int64)


def ranges(starts: Numbers, sizes: Numbers) -> Numbers:
    """Concatenate the ranges of `sizes` numbers that begin at `starts`.

    Examples
    --------
    >>> ranges(np.array([5, 7, 0]), np.array([3, 0, 2]))
    array([5, 6, 7, 0, 1])
    """
    stops = sizes.cumsum()
    numbers = (starts + sizes - stops).repeat(sizes)
    numbers += np.arange(len(numbers))
    return numbers


def piece_radii(radius: int, n_pieces: int) -> list[int]:
    """Return a radius for each piece, such that no code within `radius` is missed.

    Two codes within `radius` are within one of these radii in the piece that it belongs to. A
    radius of -1 means that the piece need not be looked up.

    With radius = n_pieces * q + a, the first a + 1 pieces get q and the others q - 1. If two codes
    differed in more bits than that in every piece, they would differ in at least
    (a + 1)(q + 1) + (n_pieces - a - 1) q = radius + 1 bits (Norouzi et al. 2012, section 3.1).

    Examples
    --------
    >>> piece_radii(8, 3), piece_radii(2, 4)
    ([2, 2, 2], [0, 0, 0, -1])
    """
    q, a = divmod(radius, n_pieces)
    return [q] * (a + 1) + [q - 1] * (n_pieces - a - 1)


def masks(index: CodeIndex, n_pieces: int) -> Words:
    """Cut codes into pieces: a mask has ones at the bits of a piece, (n_pieces, n_words, 1).

    Bits are dealt to the pieces in turns, the bit that varies most first. So each piece tells about
    as much as the others.
    """
    bits = np.zeros((n_pieces, index.n_bits), dtype=bool)
    bits[np.arange(index.n_bits) % n_pieces, np.argsort(-index.variances, kind="stable")] = True
    return pack_bits(bits).astype(index.words.dtype)[:, :, None]


def hashes(words: Words) -> Codes:
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
    """Return the slot of each piece, given as a code that has zeros elsewhere."""
    return (hashes(words) >> np.uint64(64 - slot_bits(n_rows))).view(np.int64)


def slot_bits(n_rows: int) -> int:
    """Return how many bits number the slots of a table, which are about as many as its rows."""
    return max(1, round(log2(n_rows)))


class Plan(NamedTuple):
    """Describe a way to search, and what it is expected to look at for one query.

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
    """Return all ways to search `index` within `radius`, the cheapest first; kept with the index.

    The rule uses measured times. A scan reads memory in a row, so it compares a word in a
    nanosecond. A short code that is looked up may lie anywhere in memory, and takes twenty. So does
    a piece, or a candidate found by a piece. One of many sorted codes takes sixty.

    How many rows will be found is estimated from a sample of pairs of rows, as if queries were like
    rows. The sample may be too small to hold any near pair. So for pieces the estimate is at least
    what uniform codes would give. The time to make the tables of pieces does not count: they are
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
        found = n_rows * (np.bitwise_count(index.differences[0]) <= radius).mean()
        ways.append(Plan("enumerate", 1, probes, found, (each * probes + found) / 1000))
    if index.n_bits > DIRECT_BITS:
        probes = 0
        compared = 0.0
        radii = piece_radii(radius, index.n_pieces)
        for (size, distances), within in zip(index.sampled, radii, strict=True):
            if within >= 0:
                ball = ball_size(size, within)
                share = (distances <= within).mean()
                uniform_share = ball / 2 ** min(size, slot_bits(n_rows))
                probes += ball
                compared += n_rows * max(share, uniform_share)
        nanoseconds = PROBE * (probes + n_words * compared)
        ways.append(Plan("multi-index", index.n_pieces, probes, compared, nanoseconds / 1000))
    index.plans[radius] = sorted(ways, key=lambda plan: plan.microseconds)
    return index.plans[radius]


def at_a_time(plan: Plan) -> int:
    """Return how many queries make a block, with all their codes, candidates and rows."""
    reads = max(plan.probes + plan.compared, 1000 * plan.microseconds / LOOK_UP)
    return max(1, int(_BLOCK / reads))


def find(
    index: CodeIndex, query_words: Words, radius: int
) -> Iterator[tuple[Words, Numbers, Numbers]]:
    """Search for packed queries, (n_queries, n_words), in the cheapest way, a block at a time.

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
    counts_of_blocks = [counts for _, _, counts in find(index, query_words, radius)]
    return np.concatenate(counts_of_blocks).astype(np.int64)


def rows_within(
    index: CodeIndex,
    query_words: Words,
    radius: int,
    *,
    with_distances: bool = False,
    by_distance: bool = False,
) -> tuple[Objects, Objects]:
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
    distances, rows : (n_queries,) object arrays of int64 arrays
    """
    distances: list[Numbers] = []
    rows: list[Numbers] = []
    for queries, places, counts in find(index, query_words, radius):
        found = index.rows.take(places)
        if with_distances or by_distance:
            found_distances = distances_at(index, places, queries, counts).astype(np.int64)
            if by_distance:
                owners = np.repeat(np.arange(len(queries)), counts)
                order = np.lexsort((found, found_distances, owners))
                found = found[order]
                found_distances = found_distances[order]
            distances += _cut(found_distances, counts)
        rows += _cut(found, counts)
    return object_array(distances), object_array(rows)


def _cut(flat: Numbers, counts: Numbers) -> list[Numbers]:
    """Cut a concatenated array into each query's part, of `counts` entries: views of one array."""
    stops = np.cumsum(counts).tolist()
    return [flat[start:stop] for start, stop in pairwise([0, *stops])]


def object_array(arrays: list[Numbers]) -> Objects:
    """Put arrays of any lengths into one array of objects, (n,).

    Examples
    --------
    >>> object_array([np.array([3]), np.array([4])])
    array([array([3]), array([4])], dtype=object)
    """
    return np.fromiter(arrays, dtype=object, count=len(arrays))


def by_distance(distances: Iterable[Array], rows: Iterable[Array]) -> Any:
    """Order the rows of each query by distance, then by number."""
    ordered = []
    for of_query, numbers in zip(distances, rows, strict=True):
        order = np.lexsort((numbers, of_query))
        ordered.append(numbers[order].astype(np.int64))
    return object_array(ordered)


class Keys(NamedTuple):
    """Write a query, a distance and a row as one integer, so that sorting keys sorts by all three.

    A key has three digits: the query, the distance (from 0 to `n_bits`), the row (from 0 to
    ``n_rows - 1``). It is (query * (n_bits + 1) + distance) * n_rows + row, an int64.
    """

    n_bits: int
    n_rows: int

    def pack(self, queries: Any, distances: Any, rows: Any) -> Numbers:
        """Make the keys; `queries` are int64, the others any integers."""
        return (queries * (self.n_bits + 1) + distances) * self.n_rows + rows

    def unpack(self, keys: Numbers) -> tuple[Numbers, Numbers]:
        """Return the distances and the rows."""
        without_row, rows = np.divmod(keys, self.n_rows)
        return without_row % (self.n_bits + 1), rows

    def within(self, keys: Numbers, queries: Numbers, radius: int) -> tuple[Numbers, Numbers]:
        """Return where each query's keys start among sorted keys, and how many are in `radius`."""
        starts = keys.searchsorted(self.pack(queries, 0, 0))
        stops = keys.searchsorted(self.pack(queries, radius + 1, 0))
        return starts, stops - starts


def nearest_rows(index: CodeIndex, query_words: Words, k: int) -> tuple[Numbers, Numbers]:
    """Find the `k` rows nearest to each packed query, (n_queries, n_words).

    Returns
    -------
    distances, rows : (n_queries, k) arrays of int64
        Ascending; rows at the same distance by number.
    """
    keys = Keys(index.n_bits, len(index.rows))
    queries = np.arange(len(query_words), dtype=np.int64)
    nearest = np.full((len(queries), k), -1, dtype=np.int64)  # keys, when a query is done
    growing = queries  # those whose radius still grows
    found = queries[:0]  # keys of the nearest rows so far, ascending; up to k from each look-up
    searched = -1
    *lookups, _ = steps(index)
    for radius, plan in lookups:
        if not len(growing):
            break
        # rows up to the last radius are kept when they are found: they are not looked up again
        farthest = lookups[-1][0]
        new = [found]
        step = at_a_time(plan)
        for start in range(0, len(growing), step):
            block = growing[start : start + step]
            words = query_words[block]
            places, counts = candidates(index, words, searched, radius)
            distances = distances_at(index, places, words, counts)
            near = (distances <= farthest).nonzero()[0]
            owners = np.repeat(block, counts)[near]
            looked_up = each_once(keys.pack(owners, distances[near], index.rows[places[near]]))
            starts, counts = keys.within(looked_up, block, index.n_bits)
            new.append(looked_up[ranges(starts, np.minimum(k, counts))])
        found = each_once(np.concatenate(new))
        searched = radius
        starts, counts = keys.within(found, growing, radius)
        done = counts >= k  # all rows within the radius are found, so the nearest are too
        nearest[growing[done]] = found[starts[done, None] + np.arange(k)]
        # a query gives up if its count would stay too small even if every further bit multiplied
        # it by _GROWTH
        too_few = counts + 1 < k * _GROWTH ** (radius - farthest)
        growing = growing[~done & ~too_few]
    for query in queries[nearest[:, 0] < 0]:
        distances = distances_of_all(query_words[[query]], index.words.T)[0]
        near = nearest_places(distances, k)
        nearest[query] = np.sort(keys.pack(query, distances[near], index.rows[near]))[:k]
    return keys.unpack(nearest)


def nearest_places(distances: Array, k: int) -> Numbers:
    """Return the places of the `k` smallest distances, and of all that are equal to the k-th."""
    # The k-th distance in a sample of k rows or more is no smaller than the k-th of all, so no row
    # is lost. A larger sample takes longer, and leaves fewer rows to sort: 0.6 balances the two.
    sample = distances[:: max(1, int(0.6 * sqrt(len(distances) / k)))]
    near = (distances <= np.partition(sample, k - 1)[k - 1]).nonzero()[0]
    return near[distances[near] <= np.partition(distances[near], k - 1)[k - 1]]


def steps(index: CodeIndex) -> list[tuple[int, Plan]]:
    """Say within which radii the nearest are looked for, and how, before all rows are compared.

    Returns
    -------
    list of (radius, plan)
        Radii grow by one while looking up costs no more than comparing everything. All radii that
        cost next to nothing are one step. In the last step the radius is the length of the code:
        everything is compared.
    """
    everything = next(plan for plan in plans(index, index.n_bits) if plan.strategy == "scan")
    lookups: list[tuple[int, Plan]] = []
    for radius in range(index.n_bits):
        plan = next(plan for plan in plans(index, radius) if plan.pieces == index.n_pieces)
        if plan.microseconds > everything.microseconds:
            break
        if plan.microseconds < _FREE:
            lookups = []
        lookups.append((radius, plan))
    return [*lookups, (index.n_bits, everything)]


def pairs_within(index: CodeIndex, radius: int) -> Numbers:
    """Find the pairs of rows within `radius`, (n_pairs, 2): the smaller number first, ascending."""
    n_alike = pieces_alike(index, radius)
    if n_alike:
        pairs = pairs_sorted(index, radius, n_alike)
    else:
        _, rows = rows_within(index, index.words.T, radius)
        i = np.repeat(index.rows, [len(each) for each in rows])
        j = np.concatenate(rows)
        pairs = (i * len(index.rows) + j)[i < j]
    return np.stack(np.divmod(np.sort(pairs), len(index.rows)), axis=1)


def pairs_sorted(index: CodeIndex, radius: int, n_alike: int) -> Numbers:
    """Cut codes into radius + n_alike pieces, and sort them by every choice of `n_alike` of these.

    Two codes within the radius differ in at most `radius` pieces, so at least `n_alike` are alike.
    The pair is found by the first that are. It is i * n_rows + j, i < j.
    """
    n_pieces = radius + n_alike
    pieces = masks(index, n_pieces)
    mixed = np.stack(
        [(hashes(index.words & mask) >> np.uint64(32)).astype(np.uint32) for mask in pieces]
    )
    found = [np.empty(0, dtype=np.int64)]
    for chosen in combinations(range(n_pieces), n_alike):
        keys = np.bitwise_xor.reduce(mixed[list(chosen)], axis=0)
        found += pairs_alike(index, radius, keys, pieces, chosen)
    return np.concatenate(found)


def pairs_alike(
    index: CodeIndex, radius: int, keys: Numbers, pieces: Words, chosen: tuple[int, ...]
) -> Iterator[Numbers]:
    """Find the pairs within `radius` whose first pieces that are alike are the chosen ones.

    Codes are sorted by the hash of these pieces, their key. Each code is compared with the next of
    the same key, then with the one after that. A pair is i * n_rows + j, i < j.
    """
    # two radix sorts, since NumPy has them for 16 bits
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    order = order[np.argsort((keys[order] >> np.uint32(16)).astype(np.uint16), kind="stable")]
    keys = keys[order]
    words = index.words.take(order, axis=1)
    edges = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1], [True]]))
    # how many codes with the same key come after each
    following = np.repeat(edges[1:], np.diff(edges)) - np.arange(1, len(keys) + 1)
    up_to_last = pieces[: chosen[-1] + 1]
    wanted = np.isin(range(len(up_to_last)), chosen)[:, None]
    step = 1
    first = following.nonzero()[0]
    while len(first):
        differences = words.take(first, axis=1) ^ words.take(first + step, axis=1)
        distances = packed_distances(differences, np.zeros_like(differences))
        near = (distances <= radius).nonzero()[0]
        alike = (differences[:, near] & up_to_last == 0).all(axis=1)
        near = first[near[(alike == wanted).all(axis=0)]]
        i = index.rows[order[near]]
        j = index.rows[order[near + step]]
        yield np.minimum(i, j) * len(keys) + np.maximum(i, j)
        step += 1
        first = first[following[first] >= step]


def pieces_alike(index: CodeIndex, radius: int) -> int:
    """Return the cheapest `n_alike` for `pairs_sorted`; 0 if searching for each code is cheaper."""

    def cost(n_alike: int) -> float:
        if not n_alike:
            return 1000 * plans(index, radius)[0].microseconds
        n_pieces = radius + n_alike
        compared = len(index.rows) / 2 / 2 ** (index.effective_bits * n_alike / n_pieces)
        return comb(n_pieces, n_alike) * (SORT + COMPARE * compared)

    return min(range(min(8, index.n_bits - radius) + 1), key=cost)
