"""What goes into a measure, checked: labels that belong to codes, and rows that were found."""

from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..codes import check_bits

_PLAIN = {"string", "integer", "floating", "mixed-integer-float", "boolean"}  # kinds of objects that an array can hold
_NUMBERS: dict[str, tuple[Any, ...]] = {  # NumPy itself would make floats of integers beyond int64, and merge some
    "integer": (np.int64, np.uint64),
    "mixed-integer-float": (np.float64,),
}


def check_labels(
    query_labels: ArrayLike, database_labels: ArrayLike, n_queries: int, n_rows: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return labels as arrays that belong to these queries and rows, or say what is wrong with them.

    Parameters
    ----------
    query_labels, database_labels : (n_queries,) and (n_rows,) arrays of classes, or (n_queries, c) and (n_rows, c)
        Indicators are 0 or 1, of any type; they come back as bool. A single column is one of classes, as it is to
        ``fit``.
    n_queries, n_rows : int

    Raises
    ------
    TypeError
        If classes are neither all numbers nor all text, or objects are numbers that no one NumPy type holds.
    ValueError
        If the shapes do not match each other, a length is not the one expected, a class is missing, or an indicator is
        neither 0 nor 1.

    Examples
    --------
    >>> check_labels([3], [3, 4], n_queries=1, n_rows=2)
    (array([3]), array([3, 4]))
    >>> check_labels([3], [3, 4], n_queries=1, n_rows=5)
    Traceback (most recent call last):
        ...
    ValueError: database_labels must hold one entry for each of the 5 codes, got 2
    """
    query, database = one_column(query_labels), one_column(database_labels)
    if query.ndim not in (1, 2) or query.ndim != database.ndim or query.shape[1:] != database.shape[1:]:
        raise ValueError(
            "labels must be classes, (n_queries,) and (n,), or indicators, (n_queries, c) and (n, c), "
            f"got shapes {query.shape} and {database.shape}"
        )
    for name, labels, n in (("query_labels", query, n_queries), ("database_labels", database, n_rows)):
        if len(labels) != n:
            raise ValueError(f"{name} must hold one entry for each of the {n} codes, got {len(labels)}")
    if query.ndim == 2:
        return _indicators(query, "query_labels"), _indicators(database, "database_labels")
    return check_classes(query, database)


def one_column(labels: ArrayLike) -> NDArray[Any]:
    """Return labels as an array, a single column without its second dimension.

    Examples
    --------
    >>> one_column([[3], [4]])
    array([3, 4])
    """
    array = np.asarray(labels)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def check_classes(query_labels: NDArray[Any], database_labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return classes as arrays that can be compared and sorted, or say what is wrong with them.

    Parameters
    ----------
    query_labels, database_labels : (n_queries,) and (n,) arrays
        Objects, of which pandas makes columns of text, come back as what they are.

    Raises
    ------
    TypeError
        If they are neither all numbers nor all text, or objects are numbers that no one NumPy type holds.
    ValueError
        If a class is missing.

    Examples
    --------
    >>> check_classes(np.array(["a"]), np.array(["a", "b"], dtype=object))
    (array(['a'], dtype='<U1'), array(['a', 'b'], dtype='<U1'))
    """
    query, database = _plain(query_labels, "query_labels"), _plain(database_labels, "database_labels")
    kinds = ["number" if labels.dtype.kind in "biuf" else labels.dtype.kind for labels in (query, database)]
    if kinds[0] != kinds[1]:
        raise TypeError(f"classes must be of one kind on both sides, got {query.dtype} and {database.dtype}")
    return query, database


def check_ranking(
    query_bits: ArrayLike, database_bits: ArrayLike, query_labels: ArrayLike, database_labels: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[Any], NDArray[Any]]:
    """Return codes and labels as arrays that belong together, or say what is wrong with them.

    Parameters
    ----------
    query_bits, database_bits : (n_queries, n_bits) and (n, n_bits) arrays of bool
    query_labels, database_labels
        As for `check_labels`.

    Raises
    ------
    TypeError, ValueError
        As `l2h_tutorial.codes.check_bits` and `check_labels`.
    """
    query, database = check_bits(query_bits, name="query_bits"), check_bits(database_bits, name="database_bits")
    check_bits(query, database.shape[1], name="query_bits")
    return query, database, *check_labels(query_labels, database_labels, len(query), len(database))


def check_distinct(query: NDArray[np.int64], rows: NDArray[np.int64], name: str) -> None:
    """Refuse a row that is given twice for one query: it would be counted twice.

    Parameters
    ----------
    query, rows : (n,) arrays of int64
        The query that each row belongs to, and the row.
    name : str
        What to call the rows in messages.

    Raises
    ------
    ValueError
        If a pair comes twice.

    Examples
    --------
    >>> check_distinct(np.array([0, 0, 1]), np.array([3, 5, 3]), "ids")
    """
    order = np.lexsort((rows, query))
    query, rows = query[order], rows[order]
    again = np.flatnonzero((query[1:] == query[:-1]) & (rows[1:] == rows[:-1]))
    if len(again):
        raise ValueError(f"{name}[{query[again[0]]}] must hold each row once, got row {rows[again[0]]} again")


def _plain(labels: NDArray[Any], name: str) -> NDArray[Any]:
    missing = pd.isna(labels)
    if missing.any():
        row = missing.argmax()
        raise ValueError(f"{name} must be classes, got {labels[row]} at row {row}")
    if labels.dtype != object:
        return labels
    kind = pd.api.types.infer_dtype(labels, skipna=False)
    if kind not in _PLAIN:
        raise TypeError(f"{name} must be of one kind, numbers or text, got objects that are {kind}")
    values = labels.tolist()
    for dtype in _NUMBERS.get(kind, (None,)):
        with suppress(OverflowError):
            array = np.array(values, dtype=dtype)
            if all(int(a) == int(b) for a, b in zip(array, values, strict=True) if isinstance(b, int | np.integer)):
                return array
    raise TypeError(f"{name} must be numbers that one NumPy type holds, without rounding integers")


def _indicators(labels: NDArray[Any], name: str) -> NDArray[np.bool_]:
    if not labels.shape[1]:
        raise ValueError(f"{name} as indicators must have a column for each label, got shape {labels.shape}")
    neither = (labels != 0) & (labels != 1)
    if neither.any():
        raise ValueError(f"{name} as indicators must be 0 or 1, got {labels[neither][0]}")
    return labels.astype(bool)
