"""Group rows by hash code in tables, and search the tables by Hamming distance.

`HashTable` holds one code a row. It checks what it is given and leaves the search to
`l2h_tutorial.search.radius`, whose docstring says where a ball is searched, who picks the strategy
and how ties are decided. `HashTable.explain` tells what that choice is based on.

`HashTables` cuts a longer code into pieces and holds a `HashTable` of each. It asks all tables, and
`_nearest_pieces` merges their answers.

Private functions return distances before rows, as scikit-learn's ``kneighbors`` does.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np

from .checks import Array, ArrayLike, Bits, Codes, Integers, Objects, check_integer
from .codes import WORD_BITS, check_bits, check_codes, pack_bits, unpack_bits
from .files import FilePath, read_arrays, refused, whole_file
from .search import check_radius
from .search.radius import (
    build_index,
    count_within,
    nearest_rows,
    object_array,
    pairs_within,
    plans,
    rows_within,
    steps,
)

__all__ = ["HashTable", "HashTables"]

TABLE_FORMAT = "l2h_tutorial hash table 2"
_TABLES_FORMAT = "l2h_tutorial hash tables 1"


class HashTable:
    """Group rows by their hash code.

    The codes are stored in ascending order, and with each the number of its row: a bucket is a run
    of equal codes.

    Parameters
    ----------
    bits : (n, n_bits) array of bool
        One code a row, of any length; row i of the array is row number i in all results.

    Attributes
    ----------
    n_bits, n_rows : int
    bits : (n, n_bits) array of bool
        The codes of all rows, as they were given.
    bucket_sizes : (n_buckets,) array of int64
        Rows in each occupied bucket.
    bucket_codes : (n_buckets,) array of uint64
        Code of each occupied bucket, ascending; codes of up to 64 bits only.

    Raises
    ------
    TypeError, ValueError
        As `l2h_tutorial.codes.check_bits`.

    Examples
    --------
    >>> bits = np.array([[True, False], [True, True], [True, False]])
    >>> table = HashTable(bits)
    >>> len(table)  # occupied buckets, as len of a dictionary from code to rows
    2
    >>> table.bucket(0b10)
    array([0, 2])
    >>> table.query_radius(bits[:1], 1)[0]
    array([0, 2, 1])
    """

    def __init__(self, bits: ArrayLike) -> None:
        array = check_bits(bits)
        self._index = build_index(pack_bits(array), array.shape[1])

    @classmethod
    def from_integers(cls, codes: ArrayLike, n_bits: int) -> Self:
        """Make a table of integer codes, as `l2h_tutorial.bits_to_integers` makes them of bits.

        Parameters
        ----------
        codes : (n,) array of integers
            Each from 0 to ``2**n_bits - 1``; the first bit is the most significant.
        n_bits : int
            From 1 to 64.

        Raises
        ------
        TypeError, ValueError
            As `l2h_tutorial.integers_to_bits`, or if there is no code.

        Examples
        --------
        >>> HashTable.from_integers(np.array([5, 3, 5], dtype=np.uint64), n_bits=3).bucket(5)
        array([0, 2])
        """
        words = np.atleast_1d(check_codes(codes, n_bits))
        if not len(words):
            raise ValueError("codes must hold at least one code, got none")
        table = cls.__new__(cls)
        table._index = build_index(words[:, None], n_bits)
        return table

    @property
    def n_bits(self) -> int:
        return self._index.n_bits

    @property
    def n_rows(self) -> int:
        return len(self._index.rows)

    @property
    def bits(self) -> Bits:
        words = np.empty_like(self._index.words.T)
        words[self._index.rows] = self._index.words.T
        return unpack_bits(words, self.n_bits)

    @property
    def bucket_sizes(self) -> Integers:
        return np.diff(self._index.offsets).astype(np.int64)

    @property
    def bucket_codes(self) -> Codes:
        if self.n_bits > WORD_BITS:
            raise ValueError(
                f"codes of {self.n_bits} bits do not fit {WORD_BITS}-bit integers; "
                "iterate over items()"
            )
        return self._index.words[0, self._index.offsets[:-1]].astype(np.uint64)

    def __len__(self) -> int:
        """Return the number of occupied buckets."""
        return len(self._index.offsets) - 1

    def __repr__(self) -> str:
        buckets = (
            f"{len(self):,} buckets of {self.n_bits}-bit codes, largest {self.bucket_sizes.max():,}"
        )
        return f"<HashTable: {self.n_rows:,} rows in {buckets}>"

    def items(self) -> Iterator[tuple[int, Integers]]:
        """Yield (code, row numbers) of each occupied bucket, by ascending code.

        The row numbers are read-only.
        """
        for start, stop in pairwise(self._index.offsets):
            code = 0
            for word in self._index.words[:, start].tolist():
                code = code << WORD_BITS | word
            rows = self._index.rows[start:stop]
            rows.setflags(write=False)
            yield code, rows

    def bucket(self, code_or_bits: Any) -> Integers:
        """Return the row numbers in one bucket, ascending.

        Parameters
        ----------
        code_or_bits : int or (n_bits,) array of bool

        Returns
        -------
        (m,) array of int64
            Empty if no row has this code.

        Raises
        ------
        TypeError, ValueError
            If it is neither an integer nor boolean, or not a code of `n_bits` bits.
        """
        bits = np.asarray(code_or_bits)
        if bits.dtype != np.bool_:
            code = check_integer(
                code_or_bits, f"a code of {self.n_bits} bits", 0, (1 << self.n_bits) - 1
            )
            bits = np.array([digit == "1" for digit in f"{code:0{self.n_bits}b}"])
        words = self._pack(np.atleast_2d(bits), name="code_or_bits")
        if len(words) != 1:
            raise ValueError(f"bucket takes one code, got {len(words)}")
        _, rows = rows_within(self._index, words, 0)
        return np.asarray(rows[0])

    def query_radius(
        self,
        query_bits: ArrayLike,
        r: int,
        *,
        return_distance: bool = False,
        count_only: bool = False,
        sort_results: bool = False,
    ) -> Any:
        """Find all rows whose code differs from the query's in at most `r` bits.

        `explain` says how it is done. A search by multi-index hashing makes the tables of pieces
        that it needs, and keeps them. The arrays returned may be views of one large array. To keep
        one query's array and free the others, copy it.

        Parameters
        ----------
        query_bits : (n_queries, n_bits) array of bool
        r : int
            From 0 to `n_bits`; rows at exactly this distance are included.
        return_distance : bool, default=False
            Return the Hamming distances too.
        count_only : bool, default=False
            Return only how many rows there are.
        sort_results : bool, default=False
            Order each query's rows by distance, then by number. Otherwise by bucket code, then by
            number.

        Returns
        -------
        ids : (n_queries,) object array of int64 arrays
            With `count_only`: the counts, an (n_queries,) array of int64.
        distances : (n_queries,) object array of int64 arrays
            Only with `return_distance`, in the order of `ids`.

        Raises
        ------
        TypeError, ValueError
            If the bits are not boolean of this width, `r` is out of range, or both `count_only` and
            `return_distance` are set.
        """
        words = self._pack(query_bits, name="query_bits")
        r = check_radius(r, self.n_bits)
        if count_only and return_distance:
            raise ValueError(
                "count_only returns no distances: set only one of count_only and return_distance"
            )
        if count_only:
            return count_within(self._index, words, r)
        distances, ids = rows_within(
            self._index, words, r, with_distances=return_distance, by_distance=sort_results
        )
        return (ids, distances) if return_distance else ids

    def query(self, query_bits: ArrayLike, k: int = 1) -> tuple[Integers, Integers]:
        """Find the `k` rows nearest in Hamming distance; `explain` says how.

        Parameters
        ----------
        query_bits : (n_queries, n_bits) array of bool
        k : int, default=1
            From 1 to `n_rows`.

        Returns
        -------
        distances : (n_queries, k) array of int64
            Ascending.
        ids : (n_queries, k) array of int64
            Row numbers; rows at the same distance by number.

        Raises
        ------
        TypeError, ValueError
            If the bits are not boolean of this width, or `k` is out of range.

        Examples
        --------
        >>> table = HashTable(np.array([[True, True], [False, False], [True, False]]))
        >>> table.query(np.array([[True, True]]), k=2)
        (array([[0, 1]]), array([[0, 2]]))
        """
        words = self._pack(query_bits, name="query_bits")
        k = check_integer(k, "k", high=self.n_rows, of="rows of the table")
        return nearest_rows(self._index, words, k)

    def pairs_within(self, r: int) -> Integers:
        """Find all pairs of rows whose codes differ in at most `r` bits: near-duplicates.

        Parameters
        ----------
        r : int
            From 0 to `n_bits`.

        Returns
        -------
        (n_pairs, 2) array of int64
            Row numbers i < j, ascending by i, then by j. If n rows have the same code, each makes a
            pair with each other: n (n - 1) / 2 pairs, 4.5 million of 3,000 rows. `bucket_sizes`
            tells beforehand.

        Raises
        ------
        TypeError, ValueError
            If `r` is out of range.

        Examples
        --------
        >>> HashTable.from_integers([0b1100, 0b0011, 0b1110, 0b1100], n_bits=4).pairs_within(1)
        array([[0, 2],
               [0, 3],
               [2, 3]])

        As many pairs as there are at least, before they are made:

        >>> table = HashTable(np.zeros((3000, 8), dtype=bool))
        >>> sizes = table.bucket_sizes
        >>> int((sizes * (sizes - 1) // 2).sum())
        4498500
        """
        return pairs_within(self._index, check_radius(r, self.n_bits))

    def explain(self, r: int | None = None, *, k: int | None = None) -> list[dict[str, Any]]:
        """Tell how `query_radius(..., r)` or `query(..., k)` would search, and at what cost.

        All ways return the same rows. What each way would look at, for one query, is estimated from
        a sample of the codes.

        Parameters
        ----------
        r, k : int
            One of them.

        Returns
        -------
        list of dict
            The fields of `l2h_tutorial.search.radius.Plan`, ``radius`` and ``chosen``. With `r`:
            all ways, the cheapest first, which is the chosen one. With `k`: the steps, which are
            the same for every `k`. A step is for the queries that have found too few rows so far.
            A query that is far from having enough skips to the last step, which compares it with
            all rows.

        Raises
        ------
        TypeError, ValueError
            If `r` or `k` is out of range, or not exactly one of them is given.

        Examples
        --------
        >>> table = HashTable(np.random.default_rng(0).random((5000, 64)) < 0.5)
        >>> way = table.explain(2)[0]
        >>> way["strategy"], way["pieces"], way["probes"], way["chosen"]
        ('multi-index', 5, 3, True)
        """
        if (r is None) == (k is None):
            raise ValueError(f"give a radius r or a number of neighbours k, got r={r} and k={k}")
        if k is None:
            r = check_radius(r, self.n_bits)
            ways = [(r, plan) for plan in plans(self._index, r)]
        else:
            check_integer(k, "k", high=self.n_rows, of="rows of the table")
            ways = steps(self._index)
        return [
            plan._asdict() | {"radius": radius, "chosen": r is None or plan is ways[0][1]}
            for radius, plan in ways
        ]

    def extended(self, more_bits: ArrayLike) -> "HashTable":
        """Return a new table that holds this one's rows and then those of `more_bits`.

        The new rows are numbered from `n_rows`.

        Parameters
        ----------
        more_bits : (m, n_bits) array of bool

        Raises
        ------
        TypeError, ValueError
            If the bits are not boolean of this width.
        """
        return HashTable(
            np.concatenate([self.bits, check_bits(more_bits, self.n_bits, name="more_bits")])
        )

    def save(self, path: FilePath) -> None:
        """Write the table to one `.npz` file, which gets its name only when it is whole.

        Raises
        ------
        OSError
            If it cannot be written. No half-written file stays.
        """
        save_codes(path, self.bits, format=TABLE_FORMAT)

    @classmethod
    def load(cls, path: FilePath) -> Self:
        """Read a table that `save` wrote.

        Nothing in the file is trusted, and nothing in it is executed.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is not a whole, consistent hash table.
        """
        return cls(_load(path, TABLE_FORMAT, "hash table")[0])

    def _pack(self, bits: ArrayLike, *, name: str) -> Array:
        return pack_bits(check_bits(bits, self.n_bits, name=name)).astype(
            self._index.words.dtype, copy=False
        )


def save_codes(path: FilePath, bits: Bits, **more: Any) -> None:
    """Write codes to one file, which gets its name only when it is whole."""
    with whole_file(Path(path)) as file:
        np.savez(file, n_bits=bits.shape[1], bits=np.packbits(bits, axis=1), **more)


def _load(path: FilePath, expected: str, kind: str, *more: str) -> list[Any]:
    """Read the codes that `save_codes` wrote, and the integers whose names are in `more`."""
    arrays = read_arrays(Path(path), ("format", "n_bits", "bits", *more))
    found = str(arrays.get("format", "none"))
    if found != expected:
        raise ValueError(
            f"{path} is not a saved {kind}: expected format {expected!r}, found {found[:100]!r}"
        )
    with refused(path, f"a whole {kind}", "Save it again from the codes"):
        n_bits = int(arrays["n_bits"])
        packed = arrays["bits"]
        if packed.shape[1] != -(-n_bits // 8):
            raise ValueError(f"found bytes of shape {packed.shape} for codes of {n_bits} bits")
        bits = check_bits(np.unpackbits(packed, axis=1, count=n_bits).view(np.bool_))
        return [bits, *(int(arrays[name]) for name in more)]


class HashTables:
    """Cut one long code into pieces and make a table of each.

    A pair collides in one table if all bits of a piece agree. It is found if it collides in any
    table: see `l2h_tutorial.lsh.amplified_probability`. The distance of two codes is here the
    distance of their nearest pieces.

    Parameters
    ----------
    bits : (n, n_bits) array of bool
    n_tables : int
        Must divide `n_bits`, so that all tables are alike.

    Attributes
    ----------
    tables : list of HashTable
        Table t holds bits ``t * n_bits / n_tables`` to ``(t + 1) * n_bits / n_tables``.
    n_bits, n_rows : int
        Bits of the long code, and rows.

    Raises
    ------
    TypeError, ValueError
        If the bits are refused by `l2h_tutorial.codes.check_bits`, or `n_tables` does not divide
        their number.

    References
    ----------
    P. Indyk and R. Motwani, "Approximate nearest neighbors: towards removing the curse of
    dimensionality", STOC 1998.

    Examples
    --------
    >>> bits = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]]) > 0
    >>> tables = HashTables(bits, n_tables=2)
    >>> tables.candidates(bits[:1])[0]  # row 1 shares the first two bits, row 2 shares neither half
    array([0, 1])
    """

    def __init__(self, bits: ArrayLike, n_tables: int) -> None:
        array = check_bits(bits)
        self.n_rows, self.n_bits = array.shape
        n_tables = check_integer(n_tables, "n_tables")
        if self.n_bits % n_tables:
            raise ValueError(
                f"n_tables must divide the {self.n_bits} bits of a code, got {n_tables}"
            )
        self.tables = [HashTable(piece) for piece in np.split(array, n_tables, axis=1)]

    def __len__(self) -> int:
        """Return the number of tables."""
        return len(self.tables)

    @property
    def bits(self) -> Bits:
        return np.concatenate([table.bits for table in self.tables], axis=1)

    def candidates(self, query_bits: ArrayLike) -> Objects:
        """Find the rows that share a bucket with the query in at least one table.

        These are the rows that `query_radius` finds within radius 0.

        Parameters
        ----------
        query_bits : (n_queries, n_bits) array of bool
            Long codes, of which each table takes its piece.

        Returns
        -------
        (n_queries,) object array of int64 arrays
            Row numbers, ascending, each once.

        Raises
        ------
        TypeError, ValueError
            If the bits are not boolean of this width.
        """
        found = [table.query_radius(piece, 0) for table, piece in self._with_pieces(query_bits)]
        return object_array([np.unique(np.concatenate(rows)) for rows in zip(*found, strict=True)])

    def query_radius(self, query_bits: ArrayLike, r: int, *, return_distance: bool = False) -> Any:
        """Find all rows with a piece that differs from the query's in at most `r` bits.

        Parameters
        ----------
        query_bits : (n_queries, n_bits) array of bool
        r : int
            From 0 to the bits of one table.
        return_distance : bool, default=False
            Return the distances too, each the smallest over the tables.

        Returns
        -------
        ids : (n_queries,) object array of int64 arrays
            Row numbers, ascending, each once.
        distances : (n_queries,) object array of int64 arrays
            Only with `return_distance`, in the order of `ids`.

        Raises
        ------
        TypeError, ValueError
            If the bits are not boolean of this width, or `r` is out of range.

        Examples
        --------
        >>> bits = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]]) > 0
        >>> tables = HashTables(bits, n_tables=2)
        >>> ids, distances = tables.query_radius(bits[:1], 2, return_distance=True)
        >>> ids[0], distances[0]
        (array([0, 1, 2]), array([0, 0, 2]))
        """
        found = []
        for table, piece in self._with_pieces(query_bits):
            ids, distances = table.query_radius(piece, r, return_distance=True)
            found.append((distances, ids))
        merged = list(_nearest_pieces(found))
        ids = object_array([rows for _, rows in merged])
        distances = object_array([nearest for nearest, _ in merged])
        return (ids, distances) if return_distance else ids

    def query(self, query_bits: ArrayLike, k: int = 1) -> tuple[Integers, Integers]:
        """Find the `k` rows that are nearest by their smallest distance over the tables.

        Rows at the same distance are ordered by number.

        Parameters
        ----------
        query_bits : (n_queries, n_bits) array of bool
        k : int, default=1
            From 1 to `n_rows`.

        Returns
        -------
        distances, ids : (n_queries, k) arrays of int64
            As `HashTable.query`.

        Raises
        ------
        TypeError, ValueError
            If the bits are not boolean of this width, or `k` is out of range.

        Examples
        --------
        >>> bits = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]]) > 0
        >>> HashTables(bits, n_tables=2).query(bits[:1], k=2)
        (array([[0, 0]]), array([[0, 1]]))
        """
        # a row among the first k is among the first k of its nearest table
        found = [table.query(piece, k) for table, piece in self._with_pieces(query_bits)]
        distances, ids = np.empty((2, len(found[0][0]), k), dtype=np.int64)
        for i, (nearest, rows) in enumerate(_nearest_pieces(found)):
            order = np.lexsort((rows, nearest))[:k]
            distances[i] = nearest[order]
            ids[i] = rows[order]
        return distances, ids

    def extended(self, more_bits: ArrayLike) -> "HashTables":
        """Return new tables that hold these rows and then those of `more_bits`.

        The new rows are numbered from `n_rows`.

        Parameters
        ----------
        more_bits : (m, n_bits) array of bool

        Raises
        ------
        TypeError, ValueError
            If the bits are not boolean of this width.
        """
        more = check_bits(more_bits, self.n_bits, name="more_bits")
        return HashTables(np.concatenate([self.bits, more]), len(self))

    def save(self, path: FilePath) -> None:
        """Write the tables to one `.npz` file, as `HashTable.save` does."""
        save_codes(path, self.bits, format=_TABLES_FORMAT, n_tables=len(self))

    @classmethod
    def load(cls, path: FilePath) -> Self:
        """Read tables that `save` wrote, as `HashTable.load` does; raises what that raises."""
        bits, n_tables = _load(path, _TABLES_FORMAT, "set of hash tables", "n_tables")
        with refused(path, "a whole set of hash tables", "Save it again from the codes"):
            return cls(bits, n_tables)

    def _with_pieces(self, query_bits: ArrayLike) -> Iterator[tuple[HashTable, Bits]]:
        """Pair each table with its piece of the queries."""
        pieces = np.split(check_bits(query_bits, self.n_bits, name="query_bits"), len(self), axis=1)
        return zip(self.tables, pieces, strict=True)


def _nearest_pieces(found: list[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Merge the (distances, rows) of several tables, one query after the other.

    Rows come in ascending order and once each, at the smallest of their distances.
    """
    for query in range(len(found[0][0])):
        distances = np.concatenate([of_table[query] for of_table, _ in found])
        rows = np.concatenate([of_table[query] for _, of_table in found])
        order = np.lexsort((distances, rows))
        distances = distances[order]
        rows = rows[order]
        first = np.diff(rows, prepend=-1) > 0
        yield distances[first], rows[first]
