"""Keep results as they come, in a CSV file that grows by whole rows, with their provenance."""

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


class ResultsFile:
    """Keep a CSV file with one row for each finished measurement.

    With every addition the file is written anew under another name and then renamed. So it is whole
    whenever the program is stopped. Existing rows are kept to the letter. Only one program at a
    time may add to a file.

    Parameters
    ----------
    path : path
        The file; neither it nor its folder need exist.
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
            expected = f"a table of results with the columns {self.key}"
            with refused(self.path, expected, "Move it away"):
                self._rows = pd.read_csv(self.path, dtype=str, keep_default_na=False)
                self._rows[self.key]  # raises a KeyError if a column is missing

    def __contains__(self, measurement: Mapping[str, Any]) -> bool:
        """Return whether a measurement with these values of the key is in the file."""
        wanted = tuple(str(measurement[name]) for name in self.key)
        return wanted in self._rows[self.key].itertuples(index=False, name=None)

    def check_data(self, data: str) -> None:
        """Raise a ValueError if the column `data` of a row names other data."""
        for other in set(self._rows.get("data", [])) - {data}:
            raise ValueError(
                f"{self.path} holds results of {other}, not of {data}: choose another file"
            )

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row. If the program is stopped, the file holds the whole row or nothing of it.

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
        """Return all rows; without a file, no rows and only the columns of the key."""
        return pd.read_csv(self.path) if len(self._rows) else self._rows


def provenance(dataset: Dataset) -> dict[str, str]:
    """Return on what data, with which versions and on which machine results are measured.

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
    versions = [f"l2h_tutorial {version('l2h-tutorial')}", f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn")]
    processor = platform.processor() or platform.machine()
    return {
        "data": f"{dataset.name} {digest.hexdigest()[:16]}",
        "versions": ", ".join(versions),
        "machine": f"{platform.system()} {processor}, {os.cpu_count()} cores",
    }
