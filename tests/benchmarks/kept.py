"""Share among the benchmarks where results are kept, their origin, unit vectors and time."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import process_time

import numpy as np

from l2h_tutorial.protocols.results import provenance

RESULTS = Path(__file__).parents[2] / "book" / "results"


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


def keep(file, cell, measured_on, work, *arguments):
    """Do the work and add what it returns to the file, unless the cell is there."""
    if cell not in file:
        found = work(*arguments)
        file.append(cell | found | measured_on)
        print(*cell.values(), *found.values(), flush=True)
