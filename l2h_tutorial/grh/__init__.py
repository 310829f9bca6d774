"""Graph Regularised Hashing: hash bits that follow a graph, and classifiers that carry them to unseen points."""

from .estimator import GRH
from .output_codes import OneHotClassifier, OutputCodes
from .published import PUBLISHED
from .rounds import Round

__all__ = ["GRH", "PUBLISHED", "OneHotClassifier", "OutputCodes", "Round"]
