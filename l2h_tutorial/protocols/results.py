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
from ..datasets.cache import whole_file

__all__ = ["ResultsFile", "provenance"]


class ResultsFile:
    """A CSV file with one row a finished measurement, each measured once.

    With every addition the file is written anew under another name and renamed, so that whatever ends the program
    finds it whole. Rows that are there already are kept to the letter.

    Parameters
    ----------
    path : path
        Need not exist, nor its folder.
    key : sequence of str
        Columns that together name a measurement.

    Raises
    ------
    ValueError
        If the file lacks a column of the key, or its last row is not whole.

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
        self.path = Path(path)
        self.key = list(key)
        for unfinished in self.path.parent.glob(f".{self.path.name}-*"):  # a killed program could not remove it
            unfinished.unlink()
        text = self._text()
        if text and not text.endswith("\n"):
            raise ValueError(f"the last row of {self.path} is not whole; remove it and start again")
        missing = [name for name in self.key if text and name not in self._header(text)]
        if missing:
            raise ValueError(f"{self.path} holds other results: it has no column {missing[0]!r}")
        self._known = (
            {tuple(map(str, row)) for row in self.frame()[self.key].itertuples(index=False)} if text else set()
        )

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
                raise ValueError(f"{self.path} holds results of {others.pop()}, not of {value}: choose another file")

    def append(self, *rows: Mapping[str, Any]) -> None:
        """Write rows, all of them or, if the program ends before, none.

        Raises
        ------
        ValueError
            If one is there already, or its columns are not those of the file.
        """
        text = self._text()
        for row in rows:
            text = text or self._line(row.keys())
            if self._header(text) != list(row):
                raise ValueError(f"{self.path} has the columns {self._header(text)}, the row {list(row)}")
            if row in self:
                raise ValueError(f"{self.path} already holds {dict(zip(self.key, self._name(row), strict=True))}")
            text += self._line(row.values())
        with whole_file(self.path) as temporary:
            temporary.write_text(text, encoding="utf-8")
            temporary.chmod(0o644)  # a temporary file is its owner's alone
        self._known.update(map(self._name, rows))

    def frame(self) -> pd.DataFrame:
        """Read all rows; without a file, none and no columns but the key."""
        if not self.path.exists():
            return pd.DataFrame(columns=self.key)
        return pd.read_csv(self.path)

    def _name(self, measurement: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(measurement[name]) for name in self.key)

    def _text(self) -> str:
        return self.path.read_text(encoding="utf-8") if self.path.exists() else ""

    @staticmethod
    def _header(text: str) -> list[str]:
        return next(csv.reader(io.StringIO(text)))

    @staticmethod
    def _line(values: Any) -> str:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(values)
        return line.getvalue()


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
