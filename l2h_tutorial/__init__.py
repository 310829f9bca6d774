"""Learning to hash, hands on: the package that the book's chapters import.

Importing it is light: each name loads its module when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.3.0"

# The module in which each public name is.
_HOME = {
    "gist_descriptors": "gist",
    "Dataset": "datasets",
    "load_dataset": "datasets",
    "Split": "splits",
    "paper_partition": "splits",
    "split_dataset": "splits",
    "bits_to_integers": "codes",
    "hamming_distances": "codes",
    "integers_to_bits": "codes",
    "pack_bits": "codes",
    "LSH": "lsh",
    "rerank": "search",
    "HashTable": "buckets",
    "HashTables": "buckets",
    "evaluate_radius_search": "metrics",
    "mean_average_precision": "metrics",
    "precision_at_k": "metrics",
    "CCAITQ": "baselines",
    "ITQ": "baselines",
    "PCAH": "baselines",
    "SpectralHashing": "baselines",
    "GRH": "grh",
    "HashNeighbors": "neighbours",
}

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
    return __all__
