"""What ties the package to the book: numbers in prose, and a cache that knows when it is stale.

:func:`record` gives a sentence its number. As a Sphinx extension (``l2h_tutorial.book`` in ``_config.yml``)
the module keys the folder of executed chapters by everything that their outputs depend on.
"""

import hashlib
import os
import platform
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

__all__ = ["execution_key", "record"]

_PACKAGE = Path(__file__).parent


def record(name: str, text: str) -> None:
    """Keep a figure under a name, for a sentence of the chapter to show.

    In the built book the role ``{glue:text}`name``` is replaced by the text. In plain Python, or in a notebook
    without myst-nb, nothing is shown and nothing fails.

    Parameters
    ----------
    name : str
        Name of the figure, unique in its chapter.
    text : str
        The figure as it is to be read, formatted: ``f"{precision:.2f}"``.

    Raises
    ------
    TypeError
        If ``text`` is not a string. (myst-nb shows a blank for an unformatted NumPy scalar.)

    Examples
    --------
    >>> record("mean-bucket-size", f"{57.69:.1f}")
    >>> record("mean-bucket-size", 57.69)
    Traceback (most recent call last):
        ...
    TypeError: record needs the text to show, a str such as f"{value:.2f}"; 'mean-bucket-size' was given a float
    """
    if not isinstance(text, str):
        raise TypeError(
            f'record needs the text to show, a str such as f"{{value:.2f}}"; {name!r} was given a {type(text).__name__}'
        )
    try:
        from IPython import get_ipython
        from myst_nb import glue
    except ImportError:
        return
    if get_ipython() is not None:
        glue(name, text, display=False)


def execution_key() -> str:
    """Name everything that the outputs of an executed chapter depend on, besides its own cells.

    Returns
    -------
    str
        A SHA-256 over the package's files and data, the versions of Python and of the package's dependencies,
        and the images chosen by ``L2H_DATASET`` and ``L2H_SOURCE``.
    """
    digest = hashlib.sha256()

    def add(*parts: object) -> None:
        digest.update(repr(parts).encode())

    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            add(path.relative_to(_PACKAGE).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
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


def _key_the_cache(app: Any, config: Any) -> None:
    cache = Path(app.outdir).parent / ".jupyter_cache" / execution_key()[:16]
    config.nb_execution_cache_path = str(cache.resolve())


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", _key_the_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
