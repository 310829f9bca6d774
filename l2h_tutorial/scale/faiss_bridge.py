"""Exchange codes with faiss, and search there.

faiss packs codes into bytes, so its codes have a multiple of 8 bits. Shorter codes are filled up
with zero bits. All codes and queries get the same zeros, so no distance changes.
"""

from typing import Any

import numpy as np

from ..buckets import HashTable
from ..checks import ArrayLike, Bytes, load_optional
from ..codes import check_bits
from ..search.radius import by_distance, check_radius


def faiss_bytes(bits: ArrayLike) -> Bytes:
    """Pack codes as faiss's binary indexes take them; bit i becomes faiss's dimension i.

    Parameters
    ----------
    bits : (n, b) array of bool

    Returns
    -------
    (n, ceil(b / 8)) array of uint8
        The first bit of a code is the lowest bit of the first byte, as in faiss. (By default
        ``numpy.packbits`` makes it the highest.) The last byte is filled up with zero bits.

    Raises
    ------
    TypeError, ValueError
        As `l2h_tutorial.codes.check_bits`.

    Examples
    --------
    >>> faiss_bytes(np.array([[True, False, False, True]]))
    array([[9]], dtype=uint8)
    """
    return np.packbits(check_bits(bits), axis=1, bitorder="little")


def to_faiss(table_or_bits: HashTable | ArrayLike) -> Any:
    """Make a flat faiss index of a table's codes: it compares a query with each.

    Its ids are the row numbers.

    Parameters
    ----------
    table_or_bits : HashTable or (n, n_bits) array of bool

    Returns
    -------
    faiss.IndexBinaryFlat
        Search it with `faiss_query_radius`: faiss's own ``range_search`` leaves out rows at exactly
        the radius.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError, ValueError
        If the bits are refused by `l2h_tutorial.codes.check_bits`.

    Examples
    --------
    >>> index = to_faiss(HashTable(np.array([[True, False], [True, True], [True, False]])))
    >>> index.ntotal, index.d
    (3, 8)
    """
    bits = table_or_bits.bits if isinstance(table_or_bits, HashTable) else table_or_bits
    packed = faiss_bytes(bits)
    faiss = load_optional("faiss", "to_faiss", "scale")
    index = faiss.IndexBinaryFlat(8 * packed.shape[1])
    index.add(packed)
    return index


def from_faiss(index: Any) -> HashTable:
    """Make a hash table of the codes in a flat faiss index; its ids are the row numbers.

    Parameters
    ----------
    index : faiss.IndexBinaryFlat
        Codes that were filled up to a multiple of 8 bits keep these zeros: cut them from the
        ``bits`` of the table.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError
        If it is another kind of index.
    ValueError
        If it is empty.

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> from_faiss(to_faiss(bits)).bucket(0b10000000)
    array([0, 2])
    """
    _check_kind(index, "IndexBinaryFlat")
    faiss = load_optional("faiss", "from_faiss", "scale")
    packed = faiss.vector_to_array(index.xb).reshape(-1, index.code_size)
    return HashTable(np.unpackbits(packed, axis=1, bitorder="little").view(bool))


def faiss_query_radius(index: Any, query_bits: ArrayLike, r: int) -> Any:
    """Find all rows within `r` bits in a faiss index, as `HashTable.query_radius` does in a table.

    This corrects two things. First, faiss leaves out rows at exactly its radius, so it is asked for
    ``r + 1``. Second, a hash index looks only into buckets within ``nflip`` bits of the query's, by
    default 0, and does not say what it has missed. So ``nflip`` becomes `r` for one table and
    ``r // nhash`` for several: if two codes differ in `r` bits, they differ in at most so many bits
    in one of the ``nhash`` pieces. The number of buckets looked into grows as in
    `l2h_tutorial.search.ball_size`.

    Parameters
    ----------
    index : faiss.IndexBinaryFlat, faiss.IndexBinaryHash or faiss.IndexBinaryMultiHash
        An index of codes as `faiss_bytes` packs them. Because ``nflip`` belongs to the index, no
        other thread may search it meanwhile. Afterwards ``nflip`` has its old value.
    query_bits : (n_queries, n_bits) array of bool
    r : int
        From 0 to `n_bits`.

    Returns
    -------
    (n_queries,) object array of int64 arrays
        Ordered by distance, then by row number, as `HashTable.query_radius` does with
        ``sort_results=True``.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError, ValueError
        If it is another kind of index, the bits are not boolean or do not fit the index, or the
        radius is out of range.

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> faiss_query_radius(to_faiss(bits), bits[:1], 1)[0]
    array([0, 2, 1])
    """
    _check_kind(index, "IndexBinaryFlat", "IndexBinaryHash", "IndexBinaryMultiHash")
    bits = check_bits(query_bits, name="query_bits")
    if not index.d - 8 < bits.shape[1] <= index.d:
        raise ValueError(
            f"query_bits must fit the {index.d} bits of the index, got {bits.shape[1]} bits a code"
        )
    r = check_radius(r, bits.shape[1])
    own_nflip = getattr(index, "nflip", None)
    if own_nflip is not None:
        index.nflip = min(r // getattr(index, "nhash", 1), index.b)
    limits, distances, ids = index.range_search(faiss_bytes(bits), r + 1)
    if own_nflip is not None:
        index.nflip = own_nflip
    cuts = limits[1:-1].astype(np.int64)
    return by_distance(np.split(distances, cuts), np.split(ids, cuts))


def _check_kind(index: Any, *kinds: str) -> None:
    """Raise a `TypeError` unless it is one of these kinds of faiss index."""
    faiss = load_optional("faiss", "a faiss index", "scale")
    if not isinstance(index, tuple(getattr(faiss, kind) for kind in kinds)):
        raise TypeError(f"index must be a faiss {' or '.join(kinds)}, got {type(index).__name__}")
