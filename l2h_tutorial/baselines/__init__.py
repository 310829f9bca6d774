"""The methods that Graph Regularised Hashing is compared with, one estimator each."""

from .agh import AGH
from .cca import CCAITQ
from .controls import RandomCodes
from .ksh import KSH
from .pca import ITQ, PCAH
from .sdh import SDH
from .spectral import SpectralHashing
from .sth import STH

__all__ = ["AGH", "CCAITQ", "ITQ", "KSH", "PCAH", "SDH", "STH", "RandomCodes", "SpectralHashing"]
