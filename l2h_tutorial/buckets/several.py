"""Several hash tables: a row is a candidate if it shares the query's bucket in any of them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import check_integer
from ..codes import check_bits
from .table import HashTable


class HashTables:
    """Cut one long code into pieces and make a table of each.

    A pair collides in one table if all bits of a piece agree, and is found if it collides in any table: see
    `l2h_tutorial.lsh.amplified_probability`.

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
        If the bits are refused by `l2h_tutorial.codes.check_bits`, or `n_tables` does not divide their number.

    References
    ----------
    P. Indyk and R. Motwani, "Approximate nearest neighbors: towards removing the curse of dimensionality", STOC 1998.

    Examples
    --------
    >>> bits = np.array([[True, True, False, False], [True, True, True, True], [False, False, True, True]])
    >>> tables = HashTables(bits, n_tables=2)
    >>> tables.candidates(bits[:1])[0]  # row 1 shares the first two bits, row 2 shares neither half
    array([0, 1])
    """

    def __init__(self, bits: ArrayLike, n_tables: int) -> None:
        array = check_bits(bits)
        self.n_rows, self.n_bits = array.shape
        n_tables = check_integer(n_tables, "n_tables")
        if self.n_bits % n_tables:
            raise ValueError(f"n_tables must divide the {self.n_bits} bits of a code, got {n_tables}")
        self.tables = [HashTable(piece) for piece in np.split(array, n_tables, axis=1)]

    def __len__(self) -> int:
        """Return the number of tables."""
        return len(self.tables)

    def __repr__(self) -> str:
        return f"<HashTables: {len(self)} tables of {self.n_bits // len(self)}-bit codes, {self.n_rows:,} rows>"

    def candidates(self, query_bits: ArrayLike) -> NDArray[np.object_]:
        """Rows that share a bucket with the query in at least one table.

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
        pieces = np.split(check_bits(query_bits, self.n_bits, name="query_bits"), len(self), axis=1)
        found: list[NDArray[Any]] = [
            table.query_radius(piece, 0) for table, piece in zip(self.tables, pieces, strict=True)
        ]
        candidates = np.empty(len(pieces[0]), dtype=object)
        for i in range(len(candidates)):
            candidates[i] = np.unique(np.concatenate([rows[i] for rows in found]))
        return candidates
