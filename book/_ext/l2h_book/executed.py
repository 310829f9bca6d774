"""The executed copies of pages that a build has put into its cache, or found there."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache  # type: ignore[import-untyped]
from jupyter_cache.executors.utils import single_nb_execution  # type: ignore[import-untyped]
from myst_nb.core.execute import cache as execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode

from .markdown import NotebookError

__all__ = ["executed_page", "keep_times"]


def keep_times() -> None:
    """Have the seconds that every cell ran kept with a page's outputs, as ``metadata.seconds`` of the notebook.

    They are not left in the cells: jupyter-cache finds a page by its cells and what is noted in them.
    """

    def execute(notebook: NotebookNode, *arguments: Any, **options: Any) -> Any:
        result = single_nb_execution(notebook, *arguments, record_timing=True, **options)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        notebook.metadata["seconds"] = [_seconds(cell.metadata.pop("execution", {})) for cell in cells]
        return result

    execution.single_nb_execution = execute


def _seconds(times: Mapping[str, str]) -> float:
    """From when the kernel became busy to when it was idle again; 0 without code, or if the clock went back."""
    if "iopub.status.idle" not in times:
        return 0.0
    start, end = (datetime.fromisoformat(times[f"iopub.status.{status}"]) for status in ("busy", "idle"))
    return max(0.0, (end - start).total_seconds())


def executed_page(env: Any, docname: str) -> NotebookNode:
    """Return a page's source as a notebook, with outputs, and ``metadata.seconds`` of its code cells if kept.

    Raises
    ------
    NotebookError
        If the page is not in the cache.
    """
    path = env.doc2path(docname)
    text = Path(path).read_text(encoding="utf-8")
    reader: Any = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
    cache = get_cache(env.mystnb_config.execution_cache_path)
    try:
        key, notebook = cache.merge_match_into_notebook(reader.read(text))
    except KeyError:
        raise NotebookError(
            f"{docname}: not in the cache of executed pages; build with execute_notebooks: cache"
        ) from None
    kept = cache.get_cache_bundle(key).nb.metadata
    if "seconds" in kept:
        notebook.metadata["seconds"] = kept["seconds"]
    return notebook
