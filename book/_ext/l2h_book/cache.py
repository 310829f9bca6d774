"""A cache of executed chapters that knows when it is stale."""

import hashlib
import os
import platform
from importlib.metadata import requires, version
from pathlib import Path

from .files import PACKAGE, TOOLS, files_key, package_files

__all__ = ["execution_key"]


def execution_key() -> str:
    """Name everything that the outputs of an executed chapter depend on, besides its own cells.

    Returns
    -------
    str
        A SHA-256 over the package's files and data, the results kept in ``book/results``, the versions of Python and of
        the package's dependencies, and the images chosen by ``L2H_DATASET`` and ``L2H_SOURCE``.
    """
    digest = hashlib.sha256()

    def add(*parts: object) -> None:
        digest.update(repr(parts).encode())

    add(files_key(package_files(), PACKAGE))
    results = TOOLS.parents[1] / "results"
    add(files_key(sorted(results.glob("*.csv")), results))
    add(platform.python_version())
    for requirement in requires("l2h-tutorial") or []:
        if "extra ==" not in requirement:
            package = requirement.split(">")[0].strip()
            add(package, version(package))
    add(os.environ.get("L2H_DATASET", ""))
    source = os.environ.get("L2H_SOURCE", "")
    add(source)
    if source:
        root = Path(source)
        for path in [root, *sorted(root.rglob("*"))]:
            if path.is_file():
                status = path.stat()  # contents of 60,000 images would take too long to read at every build
                add(path.relative_to(root).as_posix(), status.st_size, status.st_mtime_ns)
    return digest.hexdigest()
