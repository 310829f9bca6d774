"""Parquet files and Zarr stores of anyone are opened or refused by name, and nothing in them is executed."""

import json
import pickle
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zarr

from l2h_tutorial.scale import open_vectors


def refused(path):
    """Whether a file is refused as documented, with its name."""
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        open_vectors(path)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("said", ["[1]", "{", '{"index_columns": 5}', '{"index_columns": null}', "x" * 9999])
def test_parquet_with_anything_as_metadata_of_pandas_is_refused(tmp_path, said):
    table = pa.table({"a": [1.0, 2.0], "b": [3.0, 4.0]}).replace_schema_metadata({"pandas": said})
    pq.write_table(table, tmp_path / "x.parquet")
    refused(tmp_path / "x.parquet")


def test_parquet_with_two_columns_of_one_name_is_refused(tmp_path):
    pq.write_table(pa.table([[1.0, 2.0], [3.0, 4.0]], names=["a", "a"]), tmp_path / "x.parquet")
    refused(tmp_path / "x.parquet")


def store(path, version, change):
    """Write a Zarr array, and change what is said of it."""
    zarr.save_array(str(path), np.ones((4, 3)), zarr_format=version)
    file = path / (".zarray" if version == 2 else "zarr.json")
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | change if isinstance(change, dict) else change))


NO_ROWS = {"chunks": [0, 3]}, {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0, 3]}}}


@pytest.mark.parametrize(
    ("version", "change"),
    [(version, change) for version in (2, 3) for change in ([1], None, {"shape": "x"}, {"fill_value": "zz"})],
)
def test_zarr_with_anything_as_metadata_is_refused(tmp_path, version, change):
    store(tmp_path / "x.zarr", version, change)
    refused(tmp_path / "x.zarr")


@pytest.mark.parametrize(("version", "change"), [*enumerate(NO_ROWS, 2)])
@pytest.mark.filterwarnings("ignore")
def test_zarr_whose_chunks_have_no_rows_is_refused_unless_zarr_mends_it(tmp_path, version, change):
    """Newer versions of Zarr do, with a warning."""
    store(tmp_path / "x.zarr", version, change)
    said, shape = "", (4, 3)
    try:
        shape = open_vectors(tmp_path / "x.zarr").shape
    except ValueError as error:
        said = str(error)
    assert shape == (4, 3)
    assert not said or str(tmp_path / "x.zarr") in said


class Payload:
    """Something that a pickle would run."""

    def __reduce__(self):
        return pytest.fail, ("code of a store was executed",)


@pytest.mark.parametrize("dtype", ["<f8", "|O"])
@pytest.mark.parametrize("change", [{"compressor": {"id": "pickle"}}, {"filters": [{"id": "pickle"}]}])
def test_zarr_of_pickles_is_refused_and_not_executed(tmp_path, dtype, change):
    path = tmp_path / "x.zarr"
    store(path, 2, {"compressor": None, "filters": None, "dtype": dtype, "fill_value": 0, **change})
    (path / "0.0").write_bytes(pickle.dumps(Payload()))
    refused(path)
