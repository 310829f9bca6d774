"""Hash tables: rows grouped by hash code, searched by Hamming distance."""

from .several import HashTables
from .table import HashTable

__all__ = ["HashTable", "HashTables"]
