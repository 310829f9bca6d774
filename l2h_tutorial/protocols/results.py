"""Results that are kept as they come: a CSV file that grows by whole rows, and says where they come from."""

import csv
import hashlib
import io
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..datasets import Dataset
from ..files import whole_file

__all__ = ["ResultsFile", "provenance"]

# A float is read as it was written: since pandas 3.1 by default, which deprecates asking for it.
_EXACT: Any = {"float_precision": "round_trip"} if pd.__version__.startswith(("2.", "3.0.")) else {}


class ResultsFile:
    """A CSV file with one row a finished measurement, each measured once.

    With every addition the file is written anew under another name and renamed, so that whatever ends the program
    finds it whole. Rows that are there already are kept to the letter. One program at a time adds to a file.

    Parameters
    ----------
    path : path
        Need not exist, nor its folder.
    key : sequence of str
        Columns that together name a measurement.

    Raises
    ------
    ValueError
        If the file is not a CSV file in UTF-8 with rows of one length, lacks a column of the key, or its last row is
        not whole.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     results = ResultsFile(Path(folder) / "results.csv", key=["method", "n_bits"])
    ...     results.append({"method": "LSH", "n_bits": 16, "map": 0.125})
    ...     {"method": "LSH", "n_bits": 16} in results, {"method": "LSH", "n_bits": 32} in results
    (True, False)
    """

    def __init__(self, path: str | os.PathLike[str], key: Sequence[str]) -> None:
        self.path, self.key = Path(path), list(key)
        try:
            self._text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
            if self._text and not self._text.endswith("\n"):
                raise ValueError("its last row is not whole")
            self._columns, *rows = list(csv.reader(io.StringIO(self._text), strict=True)) or [[]]
            if any(len(row) != len(self._columns) for row in rows):
                raise ValueError("its rows differ in length")
            if self._text and not set(self.key) <= set(self._columns):
                raise ValueError(f"it has the columns {self._columns}, not {self.key}")
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{self.path} is no table of these results: {str(error)[:200]}; move it away") from error
        self._known = {self._name(dict(zip(self._columns, row, strict=True))) for row in rows}

    def __contains__(self, measurement: Mapping[str, Any]) -> bool:
        """Whether a measurement with these values of the key is in the file."""
        return self._name(measurement) in self._known

    def check(self, **expected: str) -> None:
        """Refuse a file whose rows have another value in one of these columns.

        Raises
        ------
        ValueError
        """
        for column, value in expected.items():
            others = set(self.frame().get(column, pd.Series(dtype=str))) - {value}
            if others:
                other = str(others.pop())[:80]  # a foreign file may hold anything
                raise ValueError(f"{self.path} holds results of {other}, not of {value}: choose another file")

    def append(self, row: Mapping[str, Any]) -> None:
        """Write a row, whole or, if the program ends before, not at all.

        Raises
        ------
        ValueError
            If it is there already, or its columns are not those of the file.
        OSError
            If the file cannot be written; it is left as it was.
        """
        columns = self._columns or list(row)
        if list(row) != columns:
            raise ValueError(f"{self.path} has the columns {columns}, the row {list(row)}")
        if row in self:
            raise ValueError(f"{self.path} already holds {dict(zip(self.key, self._name(row), strict=True))}")
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows([row.values()] if self._columns else [columns, row.values()])
        text = self._text + lines.getvalue()
        with whole_file(self.path) as file:
            file.write(text.encode())
        self._text, self._columns = text, columns
        self._known.add(self._name(row))

    def frame(self) -> pd.DataFrame:
        """Read all rows; without a file, none and no columns but the key."""
        return pd.read_csv(io.StringIO(self._text), **_EXACT) if self._text else pd.DataFrame(columns=self.key)

    def _name(self, measurement: Mapping[str, Any]) -> tuple[str, ...]:
        """What names a measurement, as the file writes it."""
        return tuple(str(measurement[name]) for name in self.key)


def provenance(dataset: Dataset) -> dict[str, str]:
    """Say what results were measured on and with.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict
        ``data`` : name and hash of features and labels; ``versions`` of Python and the packages that compute;
        ``machine`` : system, processor and cores.

    Examples
    --------
    >>> toy = Dataset("toy", np.zeros((2, 1), dtype=np.float32), np.arange(2), None, ("cat", "dog"))
    >>> sorted(provenance(toy)), provenance(toy)["data"]
    (['data', 'machine', 'versions'], 'toy 85526ba79728a470')
    """
    digest = hashlib.sha256()
    for array in (dataset.features, dataset.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn"))
    processor = platform.processor() or platform.machine()
    return {
        "data": f"{dataset.name} {digest.hexdigest()[:16]}",
        "versions": f"l2h_tutorial {version('l2h-tutorial')}, Python {platform.python_version()}, {packages}",
        "machine": f"{platform.system()} {processor}, {os.cpu_count()} cores",
    }
