"""Name the methods of the GRH paper's Table 1 and what is tuned of each."""

from typing import Any

from ..baselines import AGH, CCAITQ, KSH, PCAH, SDH, STH, SpectralHashing
from ..controls import ClassScores, OutputCodes
from ..grh import GRH
from ..lsh import LSH
from ..tuning import Grid

GAMMAS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
OF_RIDGE: Grid = {"gamma": GAMMAS, "ridge": STRENGTHS}
OF_LINEAR: Grid = {"C": (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)}
OF_RBF: Grid = {"C": (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0), "gamma": GAMMAS}
GRH_GRIDS = {
    "linear-svm": OF_LINEAR,
    "rbf-svm": OF_RBF,
    "kernel-ridge": OF_RIDGE,
    "rbf-landmarks": OF_RIDGE,
}

METHODS: dict[str, tuple[Any, Grid]] = {
    "LSH": (LSH(), {}),
    "PCAH": (PCAH(), {}),
    "SH": (SpectralHashing(), {}),
    "AGH": (AGH(), {"n_neighbours": (1, 2, 3, 5, 8), "n_layers": (1, 2)}),
    "ITQ+CCA, ridge 0.1": (CCAITQ(ridge=0.1), {}),
    "ITQ+CCA": (CCAITQ(), {"ridge": STRENGTHS}),
    "STH linear": (STH(), {"C": STRENGTHS}),
    "STH rbf": (STH(classifier="rbf-svm"), {"C": STRENGTHS, "gamma": GAMMAS}),
    "KSH, 300 centres, gamma 0.48": (KSH(n_anchors=300, gamma=0.48), {}),
    "KSH, 300 centres": (KSH(n_anchors=300), OF_RIDGE),
    "KSH": (KSH(), OF_RIDGE),
    "SDH": (SDH(), OF_RIDGE),
    "Hadamard kernel-ridge": (
        OutputCodes(codewords="hadamard", classifier="kernel-ridge"),
        OF_RIDGE,
    ),
    "class scores": (
        ClassScores(),
        {"temperature": (1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0), **OF_RIDGE},
    ),
}
for name, grid in GRH_GRIDS.items():
    METHODS[f"GRH {name}, LSH start"] = GRH(classifier=name), grid
    from_cca = GRH(classifier=name, initial=CCAITQ(ridge=0.1))
    METHODS[f"GRH {name}, CCA start"] = from_cca, {"initial__ridge": (0.0003, *STRENGTHS), **grid}
for ridge in (0.1, 1.0):
    from_cca = GRH(initial=CCAITQ(ridge=ridge))
    METHODS[f"GRH linear-svm, CCA start, ridge {ridge}"] = from_cca, OF_LINEAR
"""By name: the hasher, and the values of each parameter that is tuned."""
