"""Results that are kept as they come.

A CSV file that grows by whole rows, and says where they come from.
"""

import hashlib
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from ..datasets import Dataset
from ..files import refused, whole_file

__all__ = ["ResultsFile", "provenance"]


class ResultsFile:
    """A CSV file with one row a finished measurement, each measured once.

    With every addition the file is written anew under another name and renamed, so that whatever
    ends the program finds it whole. Rows that are there already are kept to the letter. One program
    at a time adds to a file.

    Parameters
    ----------
    path : path
        Need not exist, nor its folder.
    key : sequence of str
        Columns that together name a measurement.

    Raises
    ------
    ValueError
        If the file is not a CSV file in UTF-8, or lacks a column of the key.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     results = ResultsFile(Path(folder) / "results.csv", key=["method", "n_bits"])
    ...     results.append({"method": "LSH", "n_bits": 16, "map": 0.125})
    ...     {"method": "LSH", "n_bits": 16} in results, {"method": "LSH", "n_bits": 32} in results
    (True, False)
    """

    def __init__(self, path: str | Path, key: Sequence[str]) -> None:
        self.path = Path(path)
        self.key = list(key)
        self._rows = pd.DataFrame(columns=self.key)
        if self.path.exists():
            with refused(
                self.path, f"a table of results with the columns {self.key}", "Move it away"
            ):
                self._rows = pd.read_csv(self.path, dtype=str, keep_default_na=False)
                self._rows[self.key]  # or a KeyError

    def __contains__(self, measurement: Mapping[str, Any]) -> bool:
        """Whether a measurement with these values of the key is in the file."""
        wanted = tuple(str(measurement[name]) for name in self.key)
        return wanted in self._rows[self.key].itertuples(index=False, name=None)

    def check_data(self, data: str) -> None:
        """Raise a ValueError if a row is about other data, as its column of that name says."""
        for other in set(self._rows.get("data", [])) - {data}:
            raise ValueError(
                f"{self.path} holds results of {other}, not of {data}: choose another file"
            )

    def append(self, row: Mapping[str, Any]) -> None:
        """Write a row, whole or, if the program ends before, not at all.

        Raises
        ------
        ValueError
            If its columns are not those of the file.
        OSError
            If the file cannot be written; it is left as it was.
        """
        if len(self._rows) and list(row) != list(self._rows):
            raise ValueError(f"{self.path} has the columns {list(self._rows)}, the row {list(row)}")
        new = pd.DataFrame([row]).astype(str)
        rows = pd.concat([self._rows, new]) if len(self._rows) else new
        with whole_file(self.path) as file:
            rows.to_csv(file, index=False, lineterminator="\n")
        self._rows = rows

    def frame(self) -> pd.DataFrame:
        """Read all rows; without a file, none and no columns but the key."""
        return (
            pd.read_csv(self.path, float_precision="round_trip") if len(self._rows) else self._rows
        )


def provenance(dataset: Dataset) -> dict[str, str]:
    """Say what results were measured on and with.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict
        ``data`` : name and hash of images and labels, or of features and labels where there are no
        images (features that are computed from images differ in their last bits from processor to
        processor); ``versions`` of Python and the packages that compute; ``machine`` : system,
        processor and cores.

    Examples
    --------
    >>> import numpy as np
    >>> toy = Dataset("toy", np.zeros((2, 1), dtype=np.float32), np.arange(2), None, ("cat", "dog"))
    >>> sorted(provenance(toy)), provenance(toy)["data"]
    (['data', 'machine', 'versions'], 'toy 85526ba79728a470')
    """
    given = dataset.features if dataset.images is None else dataset.images
    digest = hashlib.sha256(given.tobytes() + dataset.labels.tobytes())
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn"))
    ours = f"l2h_tutorial {version('l2h-tutorial')}"
    processor = platform.processor() or platform.machine()
    return {
        "data": f"{dataset.name} {digest.hexdigest()[:16]}",
        "versions": f"{ours}, Python {platform.python_version()}, {packages}",
        "machine": f"{platform.system()} {processor}, {os.cpu_count()} cores",
    }
