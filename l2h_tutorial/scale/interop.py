"""Hash tables and faiss's binary indexes, with the same answers from both.

faiss packs codes into bytes, so its codes have a multiple of 8 bits. What is missing is filled up with zero bits. All
codes and queries get the same ones, so no distance changes.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..buckets import HashTable
from ..checks import Array, Bytes, check_integer
from ..codes import check_bits
from ..search.radius import check_radius, object_array
from .optional import load_optional

Found = NDArray[np.object_]


def faiss_bytes(bits: ArrayLike) -> Bytes:
    """Pack codes as faiss's binary indexes take them: bit i here is dimension i there.

    Parameters
    ----------
    bits : (n, b) array of bool

    Returns
    -------
    (n, ceil(b / 8)) array of uint8
        The first bit of a code is the lowest of the first byte, as faiss has it itself (``numpy.packbits`` puts it
        highest if nothing is said). Filled up with zero bits.

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
    """Make a faiss index that holds the codes of a table and compares a query with each; row numbers are its ids.

    Parameters
    ----------
    table_or_bits : HashTable or (n, n_bits) array of bool

    Returns
    -------
    faiss.IndexBinaryFlat
        Search it with `faiss_query_radius`: faiss's own ``range_search`` leaves out rows at exactly the radius.

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
    packed = faiss_bytes(table_or_bits.bits if isinstance(table_or_bits, HashTable) else table_or_bits)
    index = load_optional("faiss").IndexBinaryFlat(8 * packed.shape[1])
    index.add(packed)
    return index


def from_faiss(index: Any, n_bits: int | None = None) -> HashTable:
    """Make a hash table of the codes in a flat faiss index; its ids are the row numbers.

    Parameters
    ----------
    index : faiss.IndexBinaryFlat
    n_bits : int, optional
        Bits of a code, if it was filled up to a multiple of 8; by default all of them.

    Raises
    ------
    ImportError
        If faiss is not installed.
    TypeError
        If it is another kind of index.
    ValueError
        If it is empty, `n_bits` does not fit, or a bit beyond them is set.

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> from_faiss(to_faiss(bits), n_bits=2).bucket(0b10)
    array([0, 2])
    """
    _check_kind(index, "IndexBinaryFlat")
    width = index.d if n_bits is None else check_integer(n_bits, "n_bits", low=index.d - 7, high=index.d)
    packed = load_optional("faiss").vector_to_array(index.xb).reshape(-1, index.code_size)
    bits = np.unpackbits(packed, axis=1, bitorder="little").view(np.bool_)
    if bits[:, width:].any():
        raise ValueError(f"the index has codes with bits set beyond the first {width}")
    return HashTable(bits[:, :width])


def faiss_query_radius(index: Any, query_bits: ArrayLike, r: int, *, return_distance: bool = False) -> Any:
    """Ask a faiss index what `HashTable.query_radius` answers: all rows within `r` bits, `r` included.

    Two things are set right on the way. faiss's radius is strict, so it is asked for ``r + 1``. And a hash index looks
    only into buckets within ``nflip`` bits of the query's, with a default of 0, and does not say what it has missed; so
    ``nflip`` becomes `r` for one table, and ``r // nhash`` for several: of so many pieces one has at most that many of
    the `r` different bits. The number of buckets looked into grows as in `l2h_tutorial.search.ball_size`.

    Parameters
    ----------
    index : faiss.IndexBinaryFlat, faiss.IndexBinaryHash or faiss.IndexBinaryMultiHash
        Of codes as `faiss_bytes` packs them. As ``nflip`` belongs to the index, no other thread may search it
        meanwhile; afterwards it is what it was.
    query_bits : (n_queries, n_bits) array of bool
    r : int
        From 0 to `n_bits`.
    return_distance : bool, default=False

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

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> faiss_query_radius(to_faiss(bits), bits[:1], 1)[0]
    array([0, 2, 1])
    """
    _check_kind(index, "IndexBinaryFlat", "IndexBinaryHash", "IndexBinaryMultiHash")
    bits = check_bits(query_bits, name="query_bits")
    if not index.d - 8 < bits.shape[1] <= index.d:
        raise ValueError(f"query_bits must fit the {index.d} bits of the index, got {bits.shape[1]} bits a code")
    r = check_radius(r, bits.shape[1])
    own_nflip = getattr(index, "nflip", None)
    if own_nflip is not None:
        index.nflip = min(r // getattr(index, "nhash", 1), index.b)
    limits, distances, ids = index.range_search(faiss_bytes(bits), r + 1)
    if own_nflip is not None:
        index.nflip = own_nflip
    cuts = limits[1:-1].astype(np.int64)
    found, far = by_distance(np.split(ids, cuts), np.split(distances, cuts))
    return (found, far) if return_distance else found


def by_distance(ids: Iterable[Array], distances: Iterable[Array]) -> tuple[Found, Found]:
    """Rows of each query, and their distances, by distance and then by number."""
    found, far = [], []
    for rows, apart in zip(ids, distances, strict=True):
        order = np.lexsort((rows, apart))
        found.append(rows[order].astype(np.int64))
        far.append(apart[order].astype(np.int64))
    return object_array(found), object_array(far)


def _check_kind(index: Any, *kinds: str) -> None:
    faiss = load_optional("faiss")
    if not isinstance(index, tuple(getattr(faiss, kind) for kind in kinds)):
        raise TypeError(f"index must be a faiss {' or '.join(kinds)}, got {type(index).__name__}")
