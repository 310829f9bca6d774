"""Learning to hash, hands on: the package that the book's chapters import.

Importing it is light: each name loads its module when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.3.0"

_ROOMS = {
    "gist": ["gist_descriptors"],
    "datasets": ["Dataset", "load_dataset"],
    "splits": ["Split", "paper_partition", "split_dataset"],
    "codes": ["bits_to_integers", "hamming_distances", "integers_to_bits", "pack_bits"],
    "lsh": ["LSH"],
    "search": ["rerank"],
    "buckets": ["HashTable", "HashTables"],
    "metrics": ["evaluate_radius_search", "mean_average_precision", "precision_at_k"],
    "baselines": ["CCAITQ", "ITQ", "PCAH", "SpectralHashing"],
    "grh": ["GRH"],
    "neighbours": ["HashNeighbors"],
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:  # what tools see, which cannot follow __getattr__
    from .baselines import CCAITQ, ITQ, PCAH, SpectralHashing
    from .buckets import HashTable, HashTables
    from .codes import bits_to_integers, hamming_distances, integers_to_bits, pack_bits
    from .datasets import Dataset, load_dataset
    from .gist import gist_descriptors
    from .grh import GRH
    from .lsh import LSH
    from .metrics import evaluate_radius_search, mean_average_precision, precision_at_k
    from .neighbours import HashNeighbors
    from .search import rerank
    from .splits import Split, paper_partition, split_dataset


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value  # the next look-up no longer comes here
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
