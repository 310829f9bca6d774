"""Pages executed side by side, and kept until something changes that their outputs depend on."""

import asyncio
import hashlib
import os
import platform
import re
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from importlib.metadata import requires, version
from pathlib import Path
from time import perf_counter
from typing import Any

from jupyter_cache import get_cache  # type: ignore[import-untyped]
from jupyter_cache.base import CacheBundleIn  # type: ignore[import-untyped]
from myst_nb.core.read import create_nb_reader
from nbclient import NotebookClient
from nbformat import NotebookNode
from sphinx.util.display import status_iterator

from .disk import BOOK, PACKAGE, TOOLS, files_key, files_of, replace_file
from .fonts import SANS

# The settings of the kernels that execute pages. A figure gives its drawings itself.
KERNEL = f"""
c.InlineBackend.figure_formats = []
c.InteractiveShellApp.exec_lines = [
    "__import__('sys').path.append({str(TOOLS.parent)!r})",
    "from l2h_book import asserts as _asserts, pictures as _pictures",
    "_asserts.explain(get_ipython())",
    "_pictures.draw_for_pages({[str(path) for path in SANS]!r})",
]
"""
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_MOST_LINES = 12  # of an error's message that are shown
_AFTER = (
    "The site of the last good build stays, if there is one, and its pages say that they are old.\n"
    "Pages that ran are kept: the next build runs this page and those that had not run."
)


def set_up_kernels(folder: Path) -> None:
    """Give the kernels that will be started the settings of `KERNEL`."""
    replace_file(folder / "profile_default" / "ipython_kernel_config.py", KERNEL.encode())
    os.environ["IPYTHONDIR"] = str(folder)


def execution_key() -> str:
    """Return a hash of everything that the outputs of a page depend on, besides its own cells.

    It is a SHA-256 over the package's files and data, the results kept in ``book/results``, the
    versions of Python and of the package's dependencies, what kernels use of these tools, and the
    images chosen by ``L2H_DATASET`` and ``L2H_SOURCE``.
    """
    figures = [path for path in files_of(TOOLS / "play") if path.suffix == ".py"]
    source = os.environ.get("L2H_SOURCE", "")
    parts: list[object] = [
        files_key(files_of(PACKAGE), PACKAGE),
        files_key(files_of(BOOK / "results"), BOOK),
        files_key([TOOLS / "asserts.py", TOOLS / "pictures.py", *figures], TOOLS),
        platform.python_version(),
        KERNEL,
        os.environ.get("L2H_DATASET", ""),
        source,
    ]
    for requirement in requires("l2h-tutorial") or []:
        needed, _, extra = requirement.partition("extra ==")
        if not extra or "notebooks" in extra:
            package = needed.split(">")[0].strip()
            parts.append((package, version(package)))
    if source:
        for path in [Path(source), *files_of(Path(source))]:
            if path.is_file():
                # to read the contents of 60,000 images at every build would take too long
                status = path.stat()
                parts.append((str(path), status.st_size, status.st_mtime_ns))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def execute_ahead(app: Any, env: Any, docnames: list[str]) -> None:
    """Execute the pages that are not in the cache, one on each core, and put them there.

    The first cell that fails ends the build at once, and the message says what is wrong. Pages that
    had run by then are in the cache.
    """
    cache = get_cache(env.mystnb_config.execution_cache_path)
    pages = [(Path(env.doc2path(name)), _source(env, name)) for name in docnames]
    pending = [
        (path, notebook) for path, notebook in pages if notebook and not _is_in(cache, notebook)
    ]
    pending.sort(key=lambda page: page[0].stat().st_size, reverse=True)  # the longest first
    failed = threading.Event()
    clients = {
        path: _client(path, notebook, env.mystnb_config.execution_timeout, failed)
        for path, notebook in pending
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {pool.submit(_seconds_to_execute, client): path for path, client in clients.items()}
        progress = status_iterator(
            as_completed(runs),
            "executing pages... ",
            "green",
            len(runs),
            stringify_func=lambda run: runs[run].stem,
        )
        for run in progress:
            path = runs[run]
            notebook = clients[path].nb
            error = run.exception()
            if error:
                failed.set()
                pool.shutdown(wait=False, cancel_futures=True)
                for client in clients.values():
                    _kill(client)
                page = path.relative_to(app.srcdir).as_posix()
                raise SystemExit(complaint(page, notebook, error))
            took = {
                "execution_seconds": run.result(),
                "cell_seconds": clients[path].resources["seconds"],
            }
            bundle = CacheBundleIn(notebook, str(path), data=took)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def _client(
    path: Path, notebook: NotebookNode, timeout: int, failed: threading.Event
) -> NotebookClient:
    """Prepare to execute a page in its folder. After a failure elsewhere no further cell begins.

    ``resources["seconds"]`` of the client will say how long each cell ran.
    """
    began: dict[int, float] = {}
    seconds: dict[str, float] = {}

    def begin_cell(cell: NotebookNode, cell_index: int) -> None:
        if failed.is_set():
            raise CancelledError
        began[cell_index] = perf_counter()

    def end_cell(cell: NotebookNode, cell_index: int, execute_reply: Any) -> None:
        seconds[str(cell_index)] = perf_counter() - began[cell_index]

    return NotebookClient(
        notebook,
        timeout=timeout,
        startup_timeout=timeout,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}, "seconds": seconds},
        on_cell_start=begin_cell,
        on_cell_executed=end_cell,
    )


def _seconds_to_execute(client: NotebookClient) -> float:
    """Execute a page, and return how long that took."""
    start = perf_counter()
    asyncio.run(client.async_execute())  # closes its event loop, however the page ends
    return perf_counter() - start


def _kill(client: NotebookClient) -> None:
    """End the kernel of a page that is still running; its thread ends a second or two later."""
    process = getattr(getattr(client.km, "provisioner", None), "process", None)
    if process:
        process.kill()


def complaint(page: str, notebook: NotebookNode, error: BaseException) -> str:
    """Say in at most 20 lines which cell of a page failed, where, and what was found.

    Examples
    --------
    >>> output = NotebookNode(output_type="error", ename="ZeroDivisionError")
    >>> output.evalue = "division by zero"
    >>> output.traceback = ["Cell In[1], line 2", "----> 2 1 / 0"]
    >>> cell = NotebookNode(cell_type="code", source="x = 1\\n1 / 0", outputs=[output])
    >>> notebook = NotebookNode(cells=[cell], metadata={"source_map": [12]})
    >>> print(complaint("book/page.md", notebook, RuntimeError()).partition("The site")[0])
    book/page.md: code cell 1, near line 12, fails at its line 2:
    <BLANKLINE>
        1 / 0
    <BLANKLINE>
    ZeroDivisionError: division by zero
    <BLANKLINE>
    <BLANKLINE>
    """
    message = str(error)
    place = ""
    excerpt: list[str] = []
    code_cells = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    for number, i in enumerate(code_cells, 1):
        for output in notebook.cells[i].outputs:
            if output.output_type != "error":
                continue
            message = f"{output.ename}: {output.evalue}"
            failing = re.search(r"-+> (\d+)", _COLOURS.sub("", "\n".join(output.traceback)))
            line = int(failing[1]) if failing else 1
            excerpt = notebook.cells[i].source.splitlines()[line - 1 : line + 3]
            start = notebook.metadata["source_map"][i]
            place = f": code cell {number}, near line {start}, fails at its line {line}"
    lines = message.splitlines()
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], "..."]
    shown = "".join(f"    {each}\n" for each in excerpt)
    return f"{page}{place}:\n\n{shown}\n" + "\n".join(lines) + "\n\n" + _AFTER


def executed_page(env: Any, docname: str) -> NotebookNode:
    """Return a page as a notebook with outputs, and how long it ran.

    ``metadata.seconds`` is that of the page, and ``metadata.cell_seconds`` of each cell, by its
    index as a text. Raises KeyError if the page has no cells.
    """
    cache = get_cache(env.mystnb_config.execution_cache_path)
    key, notebook = cache.merge_match_into_notebook(_source(env, docname))
    took = cache.get_cache_record(key).data
    notebook.metadata["seconds"] = took.get("execution_seconds", 0.0)
    notebook.metadata["cell_seconds"] = took.get("cell_seconds", {})
    return notebook


def _source(env: Any, docname: str) -> NotebookNode | None:
    """Return a page as a notebook without outputs, or None if it has no cells."""
    path = Path(env.doc2path(docname))
    text = [path.read_text(encoding="utf-8")]
    env.events.emit("source-read", docname, text)  # figures to play with add their cells
    reader: Any = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text[0])
    return reader.read(text[0]) if reader else None


def _is_in(cache: Any, notebook: NotebookNode) -> bool:
    """Say whether the cache has the whole of a page: a build that was killed may leave a part."""
    try:
        cache.get_cache_bundle(cache.match_cache_notebook(notebook).pk)
    except (KeyError, ValueError):  # no page, no file, or half of one
        return False
    return True
