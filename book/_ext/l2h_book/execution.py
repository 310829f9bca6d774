"""Pages executed side by side, and kept until something changes that their outputs depend on."""

import hashlib
import os
import platform
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache  # type: ignore[import-untyped]
from jupyter_cache.base import CacheBundleIn  # type: ignore[import-untyped]
from jupyter_cache.executors.utils import single_nb_execution  # type: ignore[import-untyped]
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.errors import ExtensionError
from sphinx.util.display import status_iterator

from .files import BOOK, PACKAGE, TOOLS, files_key, files_of
from .pictures import KERNEL, theme_figures


def execution_key() -> str:
    """Name everything that the outputs of an executed page depend on, besides its own cells.

    A SHA-256 over the package's files and data, the results kept in ``book/results``, the versions of Python and of the
    package's dependencies, how figures are drawn, and the images chosen by ``L2H_DATASET`` and ``L2H_SOURCE``.
    """
    parts: list[object] = [files_key(files_of(PACKAGE), PACKAGE), files_key(files_of(BOOK / "results"), BOOK)]
    parts += [platform.python_version(), KERNEL, files_key([TOOLS / "pictures.py"], TOOLS)]
    for requirement in requires("l2h-tutorial") or []:
        if "extra ==" not in requirement:
            package = requirement.split(">")[0].strip()
            parts.append((package, version(package)))
    source = os.environ.get("L2H_SOURCE", "")
    parts += [os.environ.get("L2H_DATASET", ""), source]
    if source:
        for path in [Path(source), *files_of(Path(source))]:
            if path.is_file():
                status = path.stat()  # contents of 60,000 images would take too long to read at every build
                parts.append((str(path), status.st_size, status.st_mtime_ns))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def execute_ahead(app: Any, env: Any, docnames: list[str]) -> None:
    """Execute the pages that the cache does not have, one on each core, and put them there, with figures in two themes.

    A page that fails ends the build, with what is wrong.
    """
    cache = get_cache(env.mystnb_config.execution_cache_path)
    read = [(Path(env.doc2path(name)), _source(env, name)) for name in docnames]
    pending = [(path, notebook) for path, notebook in read if notebook and not _is_in(cache, notebook)]
    pending.sort(key=lambda page: page[0].stat().st_size, reverse=True)  # the longest first

    def execute(one: tuple[Path, NotebookNode]) -> Any:
        return single_nb_execution(one[1], str(one[0].parent), env.mystnb_config.execution_timeout, allow_errors=False)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = zip(pending, pool.map(execute, pending), strict=True)
        for (path, notebook), result in status_iterator(
            done, "executing pages... ", "green", len(pending), stringify_func=lambda pair: pair[0][0].stem
        ):
            if result.err:
                raise ExtensionError(f"{path}: a cell fails\n{result.exc_string}")
            theme_figures(notebook)
            bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": result.time})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def executed_page(env: Any, docname: str) -> NotebookNode:
    """Return a page as a notebook with outputs, and ``metadata.seconds``, how long it ran; KeyError without one."""
    cache = get_cache(env.mystnb_config.execution_cache_path)
    key, notebook = cache.merge_match_into_notebook(_source(env, docname))
    notebook.metadata["seconds"] = cache.get_cache_record(key).data.get("execution_seconds", 0.0)
    return notebook


def _source(env: Any, docname: str) -> NotebookNode | None:
    """A page that has cells, as a notebook without outputs."""
    path = Path(env.doc2path(docname))
    text = path.read_text(encoding="utf-8")
    reader: Any = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    return reader.read(text) if reader else None


def _is_in(cache: Any, notebook: NotebookNode) -> bool:
    """Whether the cache has a page, and has it whole: what a killed build left of one is replaced."""
    try:
        cache.get_cache_bundle(cache.match_cache_notebook(notebook).pk)
    except (KeyError, ValueError):  # no page, no file, or half of one
        return False
    return True
