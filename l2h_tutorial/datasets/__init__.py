"""Labelled images as features.

The bundled Fashion-MNIST, CIFAR-10 from whatever form of it is at hand; and texts.
"""

from .docstrings import read_docstrings
from .load import Dataset, cached_features, load_dataset

__all__ = ["Dataset", "cached_features", "load_dataset", "read_docstrings"]
