"""Provide the methods that Graph Regularised Hashing is compared with, one estimator each."""

from ..cca import CCAITQ
from .graphs import AGH, STH
from .kernels import KSH, SDH
from .linear import ITQ, PCAH, SpectralHashing

__all__ = ["AGH", "CCAITQ", "ITQ", "KSH", "PCAH", "SDH", "STH", "SpectralHashing"]
