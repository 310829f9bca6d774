"""Limit the memory and the time that tests take."""

import tracemalloc
from contextlib import contextmanager
from dataclasses import replace


@contextmanager
def memory_below(limit):
    """Fail if the work within takes as many bytes as `limit` at any time."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
        assert peak < limit
    finally:
        tracemalloc.stop()


def thin(split):
    """Return a split with a part of the rows of a large database, because kernels take long there.

    Of CIFAR-10's database that is every third row. A database below 20,000 rows stays whole.
    """
    step = 1 + len(split.X_database) // 20_000
    names = ("X_database", "y_database", "database_rows")
    return replace(split, **{name: getattr(split, name)[::step] for name in names})
