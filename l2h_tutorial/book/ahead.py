"""Pages executed side by side, before Sphinx reads them one after the other."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_cache import get_cache  # type: ignore[import-untyped]
from jupyter_cache.base import CacheBundleIn  # type: ignore[import-untyped]
from myst_nb.core.execute import cache as execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.util.display import status_iterator

__all__ = ["execute_ahead"]


class _Page(NamedTuple):
    path: Path
    notebook: NotebookNode


def execute_ahead(app: Any, env: Any, docnames: list[str]) -> None:
    """Execute the pages that the cache does not have, one on each core, and put them into it.

    A page that fails is not put there: Sphinx executes it again when it reads it, and reports what is wrong.
    """
    cache = get_cache(env.mystnb_config.execution_cache_path)
    pending = [page for name in docnames if (page := _page(env, name)) and not _is_in(cache, page.notebook)]
    if len(pending) < 2:
        return
    pending.sort(key=lambda page: page.path.stat().st_size, reverse=True)  # the longest first
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = zip(pending, pool.map(lambda page: _execute(env, page), pending), strict=True)
        for page, result in status_iterator(
            done, "executing pages... ", "green", len(pending), stringify_func=lambda pair: pair[0].path.stem
        ):
            if result.err is None:
                bundle = CacheBundleIn(page.notebook, str(page.path), data={"execution_seconds": result.time})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def _page(env: Any, docname: str) -> _Page | None:
    path = Path(env.doc2path(docname))
    text = path.read_text(encoding="utf-8")
    reader: Any = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    return _Page(path, reader.read(text)) if reader else None


def _is_in(cache: Any, notebook: NotebookNode) -> bool:
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True


def _execute(env: Any, page: _Page) -> Any:
    config = env.mystnb_config
    return execution.single_nb_execution(
        page.notebook,
        cwd=str(page.path.parent),
        allow_errors=config.execution_allow_errors,
        timeout=config.execution_timeout,
        meta_override=True,
    )
