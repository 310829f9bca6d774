"""Share among the benchmarks how results are kept, their origin, unit vectors, time and mAP."""

import hashlib
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import process_time, thread_time

import numpy as np
import pandas as pd

from l2h_tutorial.files import refused, whole_file
from l2h_tutorial.tuning import ranking_precision

RESULTS = Path(__file__).parents[2] / "book" / "results"


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
    """

    def __init__(self, path, key):
        self.path = Path(path)
        self.key = list(key)
        self._rows = pd.DataFrame(columns=self.key)
        if self.path.exists():
            expected = f"a table of results with the columns {self.key}"
            with refused(self.path, expected, "Move it away"):
                self._rows = pd.read_csv(self.path, dtype=str, keep_default_na=False)
                self._rows[self.key]  # raises a KeyError if a column is missing

    def __contains__(self, measurement):
        """Return whether a measurement with these values of the key is in the file."""
        wanted = tuple(str(measurement[name]) for name in self.key)
        return wanted in self._rows[self.key].itertuples(index=False, name=None)

    def check_data(self, data):
        """Raise a ValueError if the column `data` of a row names other data."""
        for other in set(self._rows.get("data", [])) - {data}:
            raise ValueError(
                f"{self.path} holds results of {other}, not of {data}: choose another file"
            )

    def append(self, row):
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

    def frame(self):
        """Return all rows; without a file, no rows and only the columns of the key."""
        return pd.read_csv(self.path) if len(self._rows) else self._rows


def provenance(dataset):
    """Say on what data, with which versions and on which machine results are measured.

    The data are named by a hash of images and labels, or of features and labels where there are no
    images: features that are computed from images differ in their last bits from processor to
    processor.
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


def origin(dataset, *packages):
    """Say what data, versions (also of these packages), machine and day results come from."""
    found = provenance(dataset)
    versions = [found["versions"], *(f"{name} {version(name)}" for name in packages)]
    return found | {"versions": ", ".join(versions), "date": datetime.now(UTC).date().isoformat()}


def unit(X):
    """Scale vectors to unit length; a vector of zeros stays as it is."""
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(lengths > 0, lengths, 1)


def seconds(function, *arguments):
    """Return the processor time of a call in seconds, and what the call returned."""
    start = process_time()
    result = function(*arguments)
    return process_time() - start, result


def ranking(hasher, split):
    """Fit a hasher, encode the database, and rank it; return mAP and seconds of processor time."""
    start = thread_time()
    hasher.fit(split.X_train, split.y_train)
    fitted = thread_time()
    database_bits = hasher.transform(split.X_database)
    encoded = thread_time()
    return {
        "map": ranking_precision(hasher, database_bits, split),
        "fit_seconds": fitted - start,
        "encode_seconds": encoded - fitted,
    }


def keep(file, cell, measured_on, work, *arguments):
    """Do the work and add what it returns to the file, unless the cell is there."""
    if cell not in file:
        found = work(*arguments)
        file.append(cell | found | measured_on)
        print(*cell.values(), *found.values(), flush=True)
