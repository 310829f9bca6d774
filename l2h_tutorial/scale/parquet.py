"""Parquet files of vectors: a Dask array with a block a row group, laid out by what the files say of themselves."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .optional import load_optional

SUFFIXES = (".parquet", ".pq")


def read_parquet(path: Path, columns: list[str] | None) -> Any:
    """Make a Dask array of a Parquet file, or of a folder of them in natural order, of which only the ends are read.

    Parameters
    ----------
    path : path
    columns : list of str or None
        The columns to take, in this order; None for all that are no index of pandas.

    Returns
    -------
    (n, d) dask.array.Array
        A block is a row group.

    Raises
    ------
    ImportError
        If Dask or pyarrow is not installed.
    TypeError, ValueError
        If `columns` are not a list of names that each file has, or a file is none, or holds something else than
        columns of numbers or one column of lists of one length. Lists of other lengths and missing integers may be
        found only when their block is read.
    """
    da, delayed = load_optional("dask.array"), load_optional("dask").delayed
    if columns is not None and not _are_names(columns):
        raise TypeError(f"columns must be a list of names for {path}, got {columns!r}")
    groups = [group for file in _files(path) for group in _row_groups(file, columns)]
    if not groups:
        raise ValueError(f"{path} must hold at least one row, found none")
    width, dtype = groups[0].shape[1], groups[0].dtype
    for group in groups:
        if (group.shape[1], group.dtype) != (width, dtype):
            found = f"{group.dtype} of width {group.shape[1]} in {group.file}, after {dtype} of width {width}"
            raise ValueError(f"{path} must hold vectors of one width and type, found {found}")
    return da.concatenate([da.from_delayed(delayed(_read)(*group), group.shape, dtype) for group in groups])


class _RowGroup(NamedTuple):
    """What `_read` needs to know of one."""

    file: Path
    place: int
    names: list[str]
    shape: tuple[int, int]
    dtype: np.dtype[Any]


def _are_names(columns: Any) -> bool:
    listed = isinstance(columns, Collection) and not isinstance(columns, str)
    return listed and all(isinstance(name, str) for name in columns)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = [file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file()]
    shown = [file for file in found if not any(part[0] in "._" for part in file.relative_to(path).parts)]
    return sorted(shown, key=lambda file: load_optional("dask.utils").natural_sort_key(str(file)))


def _row_groups(file: Path, columns: list[str] | None) -> list[_RowGroup]:
    """The row groups of a file that have rows."""
    parquet = load_optional("pyarrow.parquet")
    try:
        with parquet.ParquetFile(file) as opened:
            metadata, schema = opened.metadata, opened.schema_arrow
        index = (schema.pandas_metadata or {}).get("index_columns", [])
        names = [name for name in schema.names if name not in index] if columns is None else list(columns)
        type_of = {name: schema.field(name).type for name in names if name in schema.names}
    except Exception as error:  # what pandas says of a file may be anything, and two columns may have one name
        raise ValueError(f"{file} cannot be read as a Parquet file: {str(error)[:300]}") from error
    absent = [name for name in names if name not in type_of]
    if absent or not names:
        raise ValueError(f"{file} must have the columns named, at least one; found no {absent or 'name'}")
    lists = _is_list(type_of[names[0]]) and len(names) == 1
    types = [type_of[names[0]].value_type] if lists else [type_of[name] for name in names]
    dtype = np.result_type(*(_check_type(type_, file) for type_ in types))
    found = []
    for place in range(metadata.num_row_groups):
        group = metadata.row_group(place)
        width, rest = divmod(_values(group, names[0]), max(1, group.num_rows)) if lists else (len(names), 0)
        if rest:
            raise ValueError(f"{file} must hold lists of one length, found others in row group {place}")
        if group.num_rows:
            found.append(_RowGroup(file, place, names, (group.num_rows, width), dtype))
    return found


def _is_list(type_: Any) -> bool:
    types = load_optional("pyarrow").types
    return bool(types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_))


def _check_type(type_: Any, file: Path) -> np.dtype[Any]:
    try:
        dtype = np.dtype(type_.to_pandas_dtype())
    except NotImplementedError:
        dtype = np.dtype(object)
    if dtype.kind not in "fiub":
        raise ValueError(f"{file} must hold columns of numbers, or one of lists of numbers, found {type_}")
    return dtype


def _values(group: Any, name: str) -> int:
    """Numbers in all lists of a column together, a missing or empty list counted as one."""
    leaves = (group.column(i) for i in range(group.num_columns))
    return next(int(leaf.num_values) for leaf in leaves if leaf.path_in_schema.startswith(f"{name}."))


def _read(file: Path, place: int, names: list[str], shape: tuple[int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
    with load_optional("pyarrow.parquet").ParquetFile(file) as opened:
        table = opened.read_row_group(place, columns=names).select(names)
    columns = [column.to_numpy() for column in table.columns]
    if _is_list(table.schema.field(0).type):
        if any(np.shape(row) != shape[1:] for row in columns[0]):
            raise ValueError(f"{file} must hold lists of one length, found others in row group {place}")
        values = np.stack(columns[0].tolist())
    else:
        values = np.column_stack(columns)
    if values.dtype != dtype:
        raise ValueError(f"{file} must hold {dtype} only, found missing values in row group {place}")
    return values
