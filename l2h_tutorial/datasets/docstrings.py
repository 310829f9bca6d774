"""Read texts that every reader has: docstrings of the libraries that this package needs."""

import ast
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import Singles

LIBRARIES = ("matplotlib", "numpy", "pandas", "scipy", "sklearn")
N_VALUES = 256  # values of a text's vector
SHORTEST = 40  # characters of a docstring, at least: shorter ones say little
# Folders and modules that are not for users, or not there with every Python.
SKIPPED = {"_build_utils", "_lib", "conftest", "distutils", "externals", "f2py", "tests"}
FEWEST = 10  # texts of a class, at least; smaller classes join that of the whole library


def read_docstrings() -> tuple[list[str], list[str]]:
    """Read the docstrings of public classes and functions from the libraries' sources.

    Nothing is imported or run.

    Returns
    -------
    texts : list of str
        Each text once, in the order of the libraries and their files.
    classes : list of str
        The package and sub-package of each text, such as ``scipy.stats``; the package alone where
        there is no sub-package, or where it has few texts.
    """
    classes_of_texts: dict[str, str] = {}
    for library in LIBRARIES:
        spec: Any = find_spec(library)
        folder = Path(spec.origin).parent
        for path in sorted(folder.rglob("*.py")):
            relative = path.relative_to(folder).with_suffix("")
            parts = [part for part in relative.parts if part != "core"]
            if SKIPPED.intersection(parts):
                continue
            name = library
            if parts and not parts[0].startswith("_"):
                name = f"{library}.{parts[0]}"
            for text in _docstrings(ast.parse(path.read_bytes())):
                if len(text) >= SHORTEST:
                    classes_of_texts.setdefault(text, name)
    counts = Counter(classes_of_texts.values())
    classes = [
        name if counts[name] >= FEWEST else name.split(".")[0] for name in classes_of_texts.values()
    ]
    return list(classes_of_texts), classes


def _docstrings(tree: ast.AST) -> Iterator[str]:
    """Yield the docstrings of a module's public classes, functions and methods."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield ast.get_docstring(node) or ""
            if isinstance(node, ast.ClassDef):
                yield from _docstrings(node)


def text_vectors(texts: list[str]) -> Singles:
    """Describe each text by 256 values: weighted word counts, reduced by a truncated SVD.

    A word weighs more the more often the text has it, and the fewer other texts have it.

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
