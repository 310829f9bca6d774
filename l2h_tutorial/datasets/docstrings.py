"""Texts that are on every reader's machine.

The docstrings of the scientific libraries that this package needs.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import Singles

LIBRARIES = ("matplotlib", "numpy", "pandas", "scipy", "sklearn")
N_VALUES = 256
SHORTEST = 40  # characters: shorter ones say little
# not for users, or not with every Python
OTHERS = {"_build_utils", "_lib", "conftest", "distutils", "externals", "f2py", "tests"}
FEWEST = 10  # texts of a class; with fewer they count to the whole library


def read_docstrings() -> tuple[list[str], list[str]]:
    """Read the docstrings of public classes and functions from the libraries' sources; nothing is
    imported or run.

    Returns
    -------
    texts : list of str
        Each once, in the order of the libraries and their files.
    classes : list of str
        The package and sub-package of each, as ``scipy.stats``; the package alone where there is no
        other or few texts.
    """
    found: dict[str, str] = {}
    for library in LIBRARIES:
        spec: Any = find_spec(library)
        folder = Path(spec.origin).parent
        for path in sorted(folder.rglob("*.py")):
            inside = [
                part for part in path.relative_to(folder).with_suffix("").parts if part != "core"
            ]
            if OTHERS.intersection(inside):
                continue
            place = ".".join([library, *(part for part in inside[:1] if not part.startswith("_"))])
            for text in _docstrings(ast.parse(path.read_bytes())):
                if len(text) >= SHORTEST:
                    found.setdefault(text, place)
    counts = Counter(found.values())
    classes = [
        place if counts[place] >= FEWEST else place.split(".")[0] for place in found.values()
    ]
    return list(found), classes


def _docstrings(tree: ast.AST) -> Iterator[str]:
    """The docstrings of a module's public classes, functions and methods."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield ast.get_docstring(node) or ""
            if isinstance(node, ast.ClassDef):
                yield from _docstrings(node)


def text_vectors(texts: list[str]) -> Singles:
    """Give each text 256 values: the words that it has more often than others, reduced by a
    truncated SVD.

    Parameters
    ----------
    texts : list of str
        More than 256.

    Returns
    -------
    (n, 256) array of float32

    References
    ----------
    S. Deerwester et al., "Indexing by latent semantic analysis", Journal of the American Society
    for Information Science 41(6), 1990.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(min_df=2, sublinear_tf=True).fit_transform(texts)
    return TruncatedSVD(N_VALUES, random_state=0).fit_transform(words).astype(np.float32)
