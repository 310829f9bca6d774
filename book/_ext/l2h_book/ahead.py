"""Pages executed side by side, before Sphinx reads them one after the other."""

import base64
import io
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_cache import get_cache  # type: ignore[import-untyped]
from jupyter_cache.base import CacheBundleIn  # type: ignore[import-untyped]
from jupyter_cache.cache.db import NbCacheRecord  # type: ignore[import-untyped]
from myst_nb.core.execute import cache as execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from PIL import Image
from sphinx.util.display import status_iterator

__all__ = ["execute_ahead"]


_COLOURS = 5000  # of a plot with its blurred edges, at most; a palette of 256 shows no difference


class _Page(NamedTuple):
    path: Path
    notebook: NotebookNode


def execute_ahead(app: Any, env: Any, docnames: list[str]) -> None:
    """Execute the pages that the cache does not have, one on each core, and put them into it, with lighter figures.

    A page that fails is not put there: Sphinx executes it again when it reads it, and reports what is wrong.
    """
    cache = open_cache(env.mystnb_config.execution_cache_path)
    pending = [page for name in docnames if (page := _page(env, name)) and not _is_in(cache, page.notebook)]
    pending.sort(key=lambda page: page.path.stat().st_size, reverse=True)  # the longest first
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = zip(pending, pool.map(lambda page: _execute(env, page), pending), strict=True)
        for page, result in status_iterator(
            done, "executing pages... ", "green", len(pending), stringify_func=lambda pair: pair[0].path.stem
        ):
            if result.err is None:
                lighten_figures(page.notebook)
                bundle = CacheBundleIn(page.notebook, str(page.path), data={"execution_seconds": result.time})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def open_cache(folder: str) -> Any:
    """Open the cache of executed pages, anew if a kill or a full disk has left its index unusable."""
    cache = get_cache(folder)
    try:
        cache.list_cache_records(), cache.list_project_records(), cache.get_cache_limit()  # its three tables
    except Exception:  # jupyter-cache, SQLAlchemy and SQLite each have their own
        shutil.rmtree(folder)
        cache = get_cache(folder)
    return cache


def _page(env: Any, docname: str) -> _Page | None:
    path = Path(env.doc2path(docname))
    text = path.read_text(encoding="utf-8")
    reader: Any = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    return _Page(path, reader.read(text)) if reader else None


def _is_in(cache: Any, notebook: NotebookNode) -> bool:
    """Whether the cache has a page, and has it whole: what a killed build left of one is removed."""
    try:
        record = cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    try:
        cache.get_cache_bundle(record.pk)
    except (KeyError, ValueError):  # no file, or half of one
        shutil.rmtree(Path(cache.path, "executed", record.hashkey), ignore_errors=True)
        NbCacheRecord.remove_record(record.pk, cache.db)
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


def lighten_figures(notebook: NotebookNode) -> None:
    """Write the plots among a notebook's pictures with a palette, at less than half of their bytes.

    A picture with many colours, as photographs have, is left as it is, and so is one that would not become smaller.
    """
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output)
    for data in (output.data for output in outputs if "image/png" in output.data):
        original = base64.b64decode(data["image/png"])
        picture = Image.open(io.BytesIO(original)).convert("RGB")  # figures have no transparent parts
        if picture.getcolors(_COLOURS) is None:
            continue
        lighter = io.BytesIO()
        picture.quantize(256, dither=Image.Dither.NONE).save(lighter, "PNG", optimize=True)
        if lighter.tell() < len(original):
            data["image/png"] = base64.b64encode(lighter.getvalue()).decode()
