"""What the benchmarks share.

Where results are kept, what is said of their origin, and processor time.
"""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import process_time

from l2h_tutorial.protocols.results import provenance

RESULTS = Path(__file__).parents[2] / "book" / "results"


def origin(dataset, *packages):
    """Data, versions, of these packages too, machine and day."""
    found = provenance(dataset)
    versions = [found["versions"], *(f"{name} {version(name)}" for name in packages)]
    return found | {"versions": ", ".join(versions), "date": datetime.now(UTC).date().isoformat()}


def seconds(function, *arguments):
    """Processor time of a call, and what it returned."""
    start = process_time()
    result = function(*arguments)
    return process_time() - start, result
