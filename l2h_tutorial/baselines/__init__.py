"""The methods that Graph Regularised Hashing is compared with, one estimator each."""

from .cca import CCAITQ
from .pca import ITQ, PCAH
from .spectral import SpectralHashing

__all__ = ["CCAITQ", "ITQ", "PCAH", "SpectralHashing"]
