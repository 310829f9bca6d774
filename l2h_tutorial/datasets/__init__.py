"""Labelled images as GIST features: the bundled Fashion-MNIST, and CIFAR-10 from whatever form of it is at hand."""

from .load import Dataset, cached_gist, load_dataset

__all__ = ["Dataset", "cached_gist", "load_dataset"]
