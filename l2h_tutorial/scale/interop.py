"""Hash tables and faiss's binary indexes, each made from the other, with the same answers from both.

faiss packs codes into bytes, so its codes have a multiple of 8 bits. What is missing is filled up with zero bits. All
codes and queries get the same ones, so no distance changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..buckets import HashTable
from ..checks import check_integer
from ..codes import check_bits
from ..search import check_radius
from .optional import load_optional
from .packed import bits_of

BitOrder = Literal["little", "big"]
_PIECE_BITS = 16  # bits that are hashed together, unless said otherwise
_LONGEST_PIECE = 64  # faiss reads a piece into one word
_NFLIP = Lock()  # held while an index has another nflip than its own


def faiss_bytes(bits: ArrayLike, *, bit_order: BitOrder = "little") -> NDArray[np.uint8]:
    """Pack codes as faiss's binary indexes take them.

    Parameters
    ----------
    bits : (n, b) array of bool
    bit_order : {"little", "big"}, default="little"
        "little" puts the first bit of a code into the lowest bit of the first byte, as faiss does itself: bit i here is
        dimension i there. "big" is what ``numpy.packbits`` does if nothing is said. Distances are the same under both;
        they must not be mixed.

    Returns
    -------
    (n, ceil(b / 8)) array of uint8
        Filled up with zero bits.

    Raises
    ------
    TypeError, ValueError
        As `l2h_tutorial.codes.check_bits`, or if the bit order is another.

    Examples
    --------
    >>> faiss_bytes(np.array([[True, False, False, True]]))
    array([[9]], dtype=uint8)
    """
    return np.packbits(check_bits(bits), axis=1, bitorder=_check_order(bit_order))


def to_faiss(
    table_or_bits: HashTable | ArrayLike,
    kind: Literal["flat", "hash", "multi-hash"] = "flat",
    *,
    piece_bits: int | None = None,
    n_pieces: int | None = None,
    bit_order: BitOrder = "little",
) -> Any:
    """Make a faiss index that holds the codes of a table; row numbers are its ids.

    Parameters
    ----------
    table_or_bits : HashTable or (n, n_bits) array of bool
    kind : {"flat", "hash", "multi-hash"}, default="flat"
        ``IndexBinaryFlat`` compares with every code. ``IndexBinaryHash`` has buckets named by the first `piece_bits`
        bits. ``IndexBinaryMultiHash`` has `n_pieces` such tables, of `piece_bits` bits each.
    piece_bits : int, optional
        By default 16, or what there is if that is less.
    n_pieces : int, optional
        By default as many as fit.
    bit_order : {"little", "big"}, default="little"
        As in `faiss_bytes`.

    Returns
    -------
    faiss.IndexBinaryFlat, faiss.IndexBinaryHash or faiss.IndexBinaryMultiHash
        Search it with `faiss_query_radius`: faiss's own ``range_search`` leaves out rows at exactly the radius, and a
        hash index leaves out more unless its ``nflip`` is set.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError, ValueError
        If the bits are refused by `l2h_tutorial.codes.check_bits`, or an option is out of range.

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> index = to_faiss(HashTable(bits), "hash")
    >>> index.ntotal, index.d, index.b
    (3, 8, 2)
    """
    faiss = load_optional("faiss")
    bits = check_bits(bits_of(table_or_bits))
    n_bits = bits.shape[1]
    piece_bits = check_integer(min(_PIECE_BITS, n_bits) if piece_bits is None else piece_bits, "piece_bits")
    n_pieces = check_integer(max(1, n_bits // piece_bits) if n_pieces is None else n_pieces, "n_pieces")
    if kind not in ("flat", "hash", "multi-hash"):
        raise ValueError(f'kind must be "flat", "hash" or "multi-hash", got {kind!r}')
    n_pieces = n_pieces if kind == "multi-hash" else 1
    if n_pieces * piece_bits > n_bits or piece_bits > _LONGEST_PIECE:
        pieces = f"got {n_pieces} of {piece_bits} bits"
        raise ValueError(f"pieces of up to {_LONGEST_PIECE} bits must fit codes of {n_bits} bits, {pieces}")
    packed = faiss_bytes(bits, bit_order=bit_order)
    dimension = 8 * packed.shape[1]
    if kind == "flat":
        index = faiss.IndexBinaryFlat(dimension)
    elif kind == "hash":
        index = faiss.IndexBinaryHash(dimension, piece_bits)
    else:
        index = faiss.IndexBinaryMultiHash(dimension, n_pieces, piece_bits)
    index.add(packed)
    return index


def from_faiss(index: Any, n_bits: int | None = None, *, bit_order: BitOrder = "little") -> HashTable:
    """Make a hash table of the codes in a faiss index; its ids are the row numbers.

    Parameters
    ----------
    index : faiss.IndexBinaryFlat, faiss.IndexBinaryHash or faiss.IndexBinaryMultiHash
    n_bits : int, optional
        Bits of a code, if it was filled up to a multiple of 8; by default all of them.
    bit_order : {"little", "big"}, default="little"
        As in `faiss_bytes`: "big" if the codes were packed by ``numpy.packbits`` with nothing said.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError
        If it is another kind of index.
    ValueError
        If it is empty, its ids are not 0, 1, ..., each once, `n_bits` does not fit, or a bit beyond them is set.

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> from_faiss(to_faiss(bits), n_bits=2).bucket(0b10)
    array([0, 2])
    """
    faiss = _check_kind(index)
    if isinstance(index, faiss.IndexBinaryFlat):
        packed = faiss.vector_to_array(index.xb).reshape(-1, index.code_size)
    elif isinstance(index, faiss.IndexBinaryMultiHash):
        packed = faiss.vector_to_array(index.storage.xb).reshape(-1, index.code_size)
    else:
        packed = _codes_of_hash(faiss, index)
    if len(packed) == 0:
        raise ValueError("the index is empty: a hash table holds at least one code")
    n_bits = index.d if n_bits is None else check_integer(n_bits, "n_bits")
    if not index.d - 8 < n_bits <= index.d:
        raise ValueError(f"n_bits must be from {index.d - 7} to the {index.d} bits of the index, got {n_bits}")
    bits = np.unpackbits(packed, axis=1, bitorder=_check_order(bit_order)).view(np.bool_)
    if bits[:, n_bits:].any():
        raise ValueError(f"the index has codes with bits set beyond the first {n_bits}: another n_bits or bit_order?")
    return HashTable(bits[:, :n_bits])


def faiss_query_radius(
    index: Any,
    query_bits: ArrayLike,
    r: int,
    *,
    return_distance: bool = False,
    bit_order: BitOrder = "little",
) -> Any:
    """Ask a faiss index what `HashTable.query_radius` answers: all rows within `r` bits, `r` included.

    Two things are set right on the way. faiss's radius is strict, so it is asked for ``r + 1``. And a hash index looks
    only into buckets within ``nflip`` bits of the query's, with a default of 0, and does not say what it has missed; so
    ``nflip`` becomes `r` for one table, and ``r // nhash`` for several: of so many pieces one has at most that many of
    the `r` different bits. The number of buckets looked into grows as in `l2h_tutorial.search.ball_size`.

    Parameters
    ----------
    index : faiss.IndexBinaryFlat, faiss.IndexBinaryHash or faiss.IndexBinaryMultiHash
        Any other may leave out rows.
    query_bits : (n_queries, n_bits) array of bool
    r : int
        From 0 to `n_bits`.
    return_distance : bool, default=False
    bit_order : {"little", "big"}, default="little"
        That of the codes in the index, as in `faiss_bytes`.

    Returns
    -------
    ids : (n_queries,) object array of int64 arrays
        By distance, then by row number, as with ``sort_results=True`` in `HashTable.query_radius`.
    distances : (n_queries,) object array of int64 arrays
        Only with `return_distance`.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError, ValueError
        If it is another kind of index, the bits are not boolean, do not fit the index, or the radius is out of range.

    Notes
    -----
    ``nflip`` belongs to the index, not to a search: it is set for the search, and then is what it was. Threads that
    search hash indexes through this function therefore take turns. One that calls the index itself meanwhile finds what
    that ``nflip`` finds.

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> faiss_query_radius(to_faiss(bits, "hash"), bits[:1], 1)[0]
    array([0, 2, 1])
    """
    _check_kind(index)
    bits = check_bits(query_bits, name="query_bits")
    if not index.d - 8 < bits.shape[1] <= index.d:
        raise ValueError(f"query_bits must fit the {index.d} bits of the index, got {bits.shape[1]} bits a code")
    r = check_radius(r, bits.shape[1])
    packed = faiss_bytes(bits, bit_order=bit_order)
    with _flipping(index, r) if hasattr(index, "nflip") else nullcontext():
        limits, distances, ids = index.range_search(packed, r + 1)
    found, far = np.empty(len(bits), dtype=object), np.empty(len(bits), dtype=object)
    for i, (start, stop) in enumerate(zip(limits[:-1].tolist(), limits[1:].tolist(), strict=True)):
        order = np.lexsort((ids[start:stop], distances[start:stop]))
        found[i], far[i] = ids[start:stop][order], distances[start:stop][order].astype(np.int64)
    return (found, far) if return_distance else found


def _check_kind(index: Any) -> Any:
    """Return faiss, if the index is one of those whose answers are exact here."""
    faiss = load_optional("faiss")
    kinds = ("IndexBinaryFlat", "IndexBinaryHash", "IndexBinaryMultiHash")
    if not isinstance(index, tuple(getattr(faiss, kind) for kind in kinds)):
        raise TypeError(f"index must be a faiss {kinds[0]}, {kinds[1]} or {kinds[2]}, got {type(index).__name__}")
    return faiss


@contextmanager
def _flipping(index: Any, r: int) -> Iterator[None]:
    """Have a hash index look into all buckets that can hold rows within `r` bits."""
    with _NFLIP:
        own = index.nflip
        index.nflip = min(r // getattr(index, "nhash", 1), index.b)
        try:
            yield
        finally:
            index.nflip = own


def _check_order(bit_order: Any) -> Any:
    if bit_order not in ("little", "big"):
        raise ValueError(f'bit_order must be "little" or "big", got {bit_order!r}')
    return bit_order


def _codes_of_hash(faiss: Any, index: Any) -> NDArray[np.uint8]:
    """Codes by id of an IndexBinaryHash, which offers no way to them but its own file format.

    After the sizes of the buckets, each bucket is a vector of ids and a vector of codes; a vector is its length and
    then its content. The format is faiss's own (`write_binary_hash_invlists` in its index_write.cpp).
    """
    data = faiss.serialize_index_binary(index)
    position = 4 + 4 + 4 + 8 + 1 + 4 + 4 + 4  # name, d, code_size, ntotal, is_trained, metric, b, nflip

    def number(size: int = 8) -> int:
        nonlocal position
        position += size
        return int.from_bytes(data[position - size : position].tobytes(), "little")

    def vector(dtype: Any) -> NDArray[Any]:
        nonlocal position
        size = number() * np.dtype(dtype).itemsize
        position += size
        return data[position - size : position].view(dtype)

    n_buckets, _ = number(), number(4)
    vector(np.uint8)  # names and sizes of the buckets, as a string of bits
    pieces = [(vector(np.int64), vector(np.uint8)) for _ in range(n_buckets)]
    ids = np.concatenate([i for i, _ in pieces]) if pieces else np.empty(0, dtype=np.int64)
    if position != len(data) or len(ids) != index.ntotal or not np.array_equal(np.sort(ids), np.arange(len(ids))):
        raise ValueError(f"the ids of the index are not 0 to {index.ntotal - 1}, each once")
    packed = np.empty((index.ntotal, index.code_size), dtype=np.uint8)
    packed[ids] = np.concatenate([codes for _, codes in pieces]).reshape(-1, index.code_size) if pieces else 0
    return packed
