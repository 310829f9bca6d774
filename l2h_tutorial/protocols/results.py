"""Results that are kept as they come: a CSV file that grows by whole rows, and says where they come from."""

import csv
import hashlib
import io
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..datasets import Dataset
from ..files import whole_file

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["ResultsFile", "provenance"]

# A float is read as it was written: since pandas 3.1 by default, which deprecates asking for it.
_EXACT: Any = {"float_precision": "round_trip"} if pd.__version__.startswith(("2.", "3.0.")) else {}


class ResultsFile:
    """A CSV file with one row a finished measurement, each measured once.

    With every addition the file is written anew under another name and renamed, so that whatever ends the program
    finds it whole. Rows that are there already are kept to the letter. Several programs may add to one file, except
    on Windows and on network drives without locks.

    Parameters
    ----------
    path : path
        Need not exist, nor its folder.
    key : sequence of str
        Columns that together name a measurement.

    Raises
    ------
    ValueError
        If the file is not a CSV file in UTF-8, lacks a column of the key, or its last row is not whole.

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
        try:
            text = self._text()
            lengths = {len(row) for row in csv.reader(io.StringIO(text)) if row}
            rows = self.frame()
            columns = self._header(text) if text else self.key
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{self.path} is not a table of results ({error}); move it away") from error
        if text and not text.endswith("\n"):
            raise ValueError(f"the last row of {self.path} is not whole; remove it and start again")
        if len(lengths) > 1:
            raise ValueError(f"{self.path} is not a table of results: rows of {min(lengths)} to {max(lengths)} columns")
        missing = [name for name in self.key if name not in columns or name not in rows]
        if missing:
            raise ValueError(f"{self.path} holds other results: it has no column {missing[0]!r}")
        self._known, self._others = self._names(), set[tuple[str, ...]]()  # the second: added by others since

    def __contains__(self, measurement: Mapping[str, Any]) -> bool:
        """Whether a measurement with these values of the key is in the file."""
        return self._name(measurement) in self._known | self._others

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

    def append(self, *rows: Mapping[str, Any]) -> None:
        """Write rows, all of them or, if the program ends before, none. Another program's rows of the same name stay.

        Raises
        ------
        ValueError
            If one is there already, or its columns are not those of the file.
        OSError
            If the file cannot be written; it is left as it was.
        """
        with _alone(self.path.parent):
            text, self._others = self._text(), self._names() - self._known
            for row in rows:
                text = text or self._line(row.keys())
                if self._header(text) != list(row):
                    raise ValueError(f"{self.path} has the columns {self._header(text)}, the row {list(row)}")
                if self._name(row) in self._known:
                    raise ValueError(f"{self.path} already holds {dict(zip(self.key, self._name(row), strict=True))}")
                if self._name(row) not in self._others:
                    text += self._line(row.values())
            with whole_file(self.path) as file:
                file.write(text.encode())
        self._known.update(map(self._name, rows))

    def frame(self) -> pd.DataFrame:
        """Read all rows; without a file, none and no columns but the key."""
        if not self._text():
            return pd.DataFrame(columns=self.key)
        return pd.read_csv(self.path, **_EXACT)

    def _name(self, measurement: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(measurement[name]) for name in self.key)

    def _names(self) -> set[tuple[str, ...]]:
        return {tuple(map(str, row)) for row in self.frame()[self.key].itertuples(index=False)}

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


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one program at a time into the block. The lock is the system's, which takes it back when a program ends."""
    folder.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network drive without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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
