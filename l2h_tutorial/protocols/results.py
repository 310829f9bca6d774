"""Say on what data, with which versions and on which machine results were measured."""

import hashlib
import os
import platform
from importlib.metadata import version

from ..datasets import Dataset


def provenance(dataset: Dataset) -> dict[str, str]:
    """Return on what data, with which versions and on which machine results are measured.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict
        ``data`` : name and hash of images and labels, or of features and labels where there are no
        images (features that are computed from images differ in their last bits from processor to
        processor); ``versions`` of Python and the packages that compute; ``machine`` : system,
        processor and cores.

    Examples
    --------
    >>> import numpy as np
    >>> toy = Dataset("toy", np.zeros((2, 1), dtype=np.float32), np.arange(2), None, ("cat", "dog"))
    >>> sorted(provenance(toy)), provenance(toy)["data"]
    (['data', 'machine', 'versions'], 'toy 85526ba79728a470')
    """
    given = dataset.features if dataset.images is None else dataset.images
    digest = hashlib.sha256(given.tobytes() + dataset.labels.tobytes())
    versions = [f"l2h_tutorial {version('l2h-tutorial')}", f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn")]
    processor = platform.processor() or platform.machine()
    return {
        "data": f"{dataset.name} {digest.hexdigest()[:16]}",
        "versions": ", ".join(versions),
        "machine": f"{platform.system()} {processor}, {os.cpu_count()} cores",
    }
