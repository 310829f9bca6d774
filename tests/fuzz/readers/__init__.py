"""The readers, by name: each has a module with a `READER`."""

from importlib import import_module

from ..reader import Reader

__all__ = ["NAMES", "load"]

NAMES = (
    "archive", "batches", "cache", "faiss", "idx", "images", "matlab", "results", "submission", "table", "vectors",
)  # fmt: skip


def load(name: str) -> Reader:
    """Import a reader with what it needs."""
    reader: Reader = import_module(f"{__name__}.{name}").READER
    return reader
