"""Multi-index hashing: look up small balls of short pieces of the code, then check the whole code of what is found."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codes import WORD_BITS
from .enumeration import flips
from .hits import Hits, paired_distances, ragged
from .index import BucketIndex

_BLOCK = 1 << 17  # probes and candidates handled at a time: temporary arrays stay in the processor's cache
_KEPT_PIECES = 24  # tables kept with an index
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: Fibonacci hashing (Knuth, volume 3, section 6.4)


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


def slot_bits(n: int) -> int:
    """Bits that number the slots of a table of `n` codes, about a slot a code."""
    return max(8, round(log2(n)))


def slots_of(pieces: NDArray[np.uint64], length: int, n_slot_bits: int) -> NDArray[np.int64]:
    """Slot of each piece of `length` bits: the piece itself where there is a slot for every one, else its hash."""
    if length > n_slot_bits:
        pieces = pieces * _ODD >> np.uint64(64 - n_slot_bits)
    return pieces.view(np.int64)


@dataclass(frozen=True)
class PieceTable:
    """Bucket numbers grouped by one piece of their code, so that one look into `offsets` finds a group.

    Parameters
    ----------
    length : int
        Bits of the piece.
    n_slot_bits : int
        If `length` is more, a group may hold buckets with other pieces too.
    offsets : (2**n_slot_bits + 1,) array of int32
        Slot s holds ``buckets[offsets[s] : offsets[s + 1]]``.
    buckets : (n_buckets,) array of int32
    """

    length: int
    n_slot_bits: int
    offsets: NDArray[np.int32]
    buckets: NDArray[np.int32]

    @classmethod
    def of(cls, pieces: NDArray[np.uint64], length: int) -> "PieceTable":
        """Group the codes by their pieces of `length` bits."""
        bits = min(length, slot_bits(len(pieces)))
        slots = slots_of(pieces, length, bits).astype(np.uint32)
        offsets = np.zeros((1 << bits) + 1, dtype=np.int32)
        np.cumsum(np.bincount(slots, minlength=1 << bits), out=offsets[1:])
        # Two sorts by 16 bits, each a radix sort, are quicker than one by more.
        order = np.argsort(slots.astype(np.uint16), kind="stable").astype(np.int32)
        if bits > 16:
            order = order[np.argsort((slots >> 16).astype(np.uint16)[order], kind="stable")]
        return cls(length, bits, offsets, order)


def piece_tables(index: BucketIndex, n_pieces: int) -> list[PieceTable]:
    """Tables of all pieces, about 8 bytes a bucket and piece: made when they are first asked for.

    They are kept with the index. While it has more than 24, those of the number of pieces that has not been used for
    longest go, but never those that were asked for last.
    """
    kept: dict[int, list[PieceTable]] = dict(index.__dict__.get("_piece_tables", {}))
    kept[n_pieces] = kept.pop(n_pieces, []) or [  # now the last, so the latest used
        PieceTable.of(cut_piece(index.words, index.n_bits, piece), piece[1] - piece[0])
        for piece in pieces_of(index.n_bits, n_pieces)
    ]
    while sum(kept) > max(_KEPT_PIECES, n_pieces):
        del kept[next(iter(kept))]
    index.__dict__["_piece_tables"] = kept  # as one step: other threads may be searching
    return kept[n_pieces]


def multi_index(
    index: BucketIndex, query_words: NDArray[Any], radius: int, n_pieces: int, *, expected: float = 1000
) -> Iterator[Hits]:
    """Find buckets that are near the query in some piece, and keep those that are near in the whole code.

    Parameters
    ----------
    index : BucketIndex
    query_words : (n_queries, n_words) array, of the type of ``index.words``
    radius : int
    n_pieces : int
        Pieces of at most 64 bits.
    expected : float
        Probes and candidates that one query is expected to have: how many queries are handled at a time.

    Yields
    ------
    Hits
        Of one run of queries after another.

    References
    ----------
    M. Norouzi, A. Punjani and D. J. Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012.
    """
    step = max(1, int(_BLOCK / max(expected, 1)))
    lookups = [
        (table, piece, flips(piece[1] - piece[0], within))
        for table, piece, within in zip(
            piece_tables(index, n_pieces),
            pieces_of(index.n_bits, n_pieces),
            piece_radii(radius, n_pieces),
            strict=True,
        )
        if within >= 0
    ]
    for start in range(0, len(query_words), step):
        block = query_words[start : start + step].T
        keys = [
            _near(index, block, radius, table, cut_piece(block, index.n_bits, piece)[:, None] ^ patterns)
            for table, piece, patterns in lookups
        ]
        found = np.sort(np.concatenate(keys))
        found = found[np.diff(found, prepend=-1) > 0]  # several pieces may have found the same bucket
        yield Hits(found & 0xFFFFFFFF, np.bincount(found >> 32, minlength=block.shape[1]))


def _near(
    index: BucketIndex, queries: NDArray[Any], radius: int, table: PieceTable, probes: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Look up the probes, (n_queries, n_probes), of one piece: ``query << 32 | bucket`` of all within the radius."""
    slots = slots_of(probes, table.length, table.n_slot_bits)
    starts = table.offsets[slots]
    sizes = table.offsets[slots + 1] - starts
    buckets = table.buckets[ragged(starts.ravel(), sizes.ravel())]
    counts = sizes.sum(axis=1)
    distances = paired_distances(index.words, buckets, [np.repeat(word, counts) for word in queries])
    near = np.flatnonzero(distances <= radius)
    owners = np.searchsorted(np.cumsum(counts), near, side="right")
    return owners << 32 | buckets[near]
