"""The methods that Graph Regularised Hashing is compared with, one estimator each."""

from .graphs import AGH, STH
from .kernels import KSH, SDH
from .kernels import gaussian_kernel as gaussian_kernel  # for the classifiers of GRH
from .kernels import kernel_gamma as kernel_gamma
from .kernels import svm_weights as svm_weights
from .kernels import with_progress as with_progress
from .linear import CCAITQ, ITQ, PCAH, SpectralHashing

__all__ = ["AGH", "CCAITQ", "ITQ", "KSH", "PCAH", "SDH", "STH", "SpectralHashing"]
