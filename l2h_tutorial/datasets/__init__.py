"""Load labelled vectors: of Fashion-MNIST, which is bundled, of CIFAR-10, and of texts."""

from .docstrings import read_docstrings
from .load import Dataset, cached_features, load_dataset

__all__ = ["Dataset", "cached_features", "load_dataset", "read_docstrings"]
