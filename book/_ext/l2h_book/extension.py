"""The Sphinx extension: keys the cache of executed pages; puts notebooks, what they need, and slides on the site."""

import os
import posixpath
import shutil
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.util import logging

from .ahead import execute_ahead
from .cache import execution_key
from .editions import EDITIONS, fold_solutions, make_edition
from .executed import executed_page, keep_times
from .files import TOOLS, files_key, package_files, replace_file
from .formulas import register as register_formulas
from .guide import chapter_pages
from .guide import connect as connect_guide
from .markdown import NotebookError, Page
from .notebooks import make_notebook
from .play import bring_to_life
from .publishing import connect as connect_publishing
from .selftest import register as register_selftest
from .slides import make_slides
from .wheel import build_wheel

__all__ = ["register"]

_LOGGER = logging.getLogger(__name__)


def register(app: Any) -> dict[str, Any]:
    """Connect to what happens in a build."""
    register_formulas(app)
    register_selftest(app)
    keep_times()
    app.add_config_value("l2h_tools", "", "env")  # "env": when they change, all pages are read again
    app.add_config_value("l2h_wheel", "", "html")  # "html": when it changes, all pages are written again
    app.connect("config-inited", _start_afresh)
    app.connect("config-inited", _prepare)
    app.connect("env-before-read-docs", execute_ahead)
    app.connect("env-get-outdated", _pages_without_their_notebook)
    app.connect("doctree-resolved", _write_notebooks)
    app.connect("html-page-context", _link_notebook)
    app.connect("build-finished", _finish)
    app.connect("build-finished", _note_the_end, priority=1000)
    connect_guide(app)
    connect_publishing(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _unfinished(app: Any) -> Path:
    """The mark of a build that has not ended: beside its pages, so that it outlives them; each builder has its own."""
    site = Path(app.outdir)
    return site.with_name(f".{site.name}.unfinished")


def _start_afresh(app: Any, config: Any) -> None:
    """Forget the pages of a build that was killed: half a page would be newer than its source, and stay."""
    if _unfinished(app).exists():
        for folder in (app.outdir, app.doctreedir):
            shutil.rmtree(folder, ignore_errors=True)
            Path(folder).mkdir(parents=True)
    _unfinished(app).touch()


def _note_the_end(app: Any, exception: Exception | None) -> None:
    if exception is None:
        _unfinished(app).unlink()


def _prepare(app: Any, config: Any) -> None:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # of the kernels: with matrices as small as the
        os.environ.setdefault(variable, "1")  # chapters', more threads wait longer for one another than they calculate
    # where the user's cache cannot be written, every chapter computes the features again, and need not say so
    patience = "ignore:the features could not be kept"
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), patience)))
    build = Path(app.outdir).resolve().parent
    config.nb_execution_cache_path = str(build / ".jupyter_cache" / execution_key()[:16])
    wheel = build_wheel(build / "wheel")
    config.l2h_wheel = str(wheel.relative_to(build))
    config.l2h_tools = files_key(package_files(TOOLS), TOOLS)
    config.html_copy_source = False  # a page's source holds the teaching notes
    # for {{ wheel }} in a page of book/, whose file name has no other way to follow the version
    link = f'<a href="../notebooks/{wheel.name}" download><code>{wheel.name}</code></a>'
    config.myst_substitutions = {**config.myst_substitutions, "wheel": link}


def _folder(app: Any, edition: str = "reader") -> Path:
    """Where an edition goes: only the reader's is on the site."""
    site = Path(app.outdir).resolve()
    return site / "notebooks" if edition == "reader" else site.parent / "editions" / edition


def _notebooks(app: Any) -> dict[str, str]:
    """The file name of the notebook of every page that has one."""
    pages = sorted(page for page, known in app.env.metadata.items() if "kernelspec" in known)
    return {page: f"{page.rpartition('/')[2]}.ipynb" for page in pages}


def _pages_without_their_notebook(app: Any, env: Any, added: set, changed: set, removed: set) -> list[str]:
    wanted = {page: [_folder(app, edition) / name for edition in EDITIONS] for page, name in _notebooks(app).items()}
    for page in chapter_pages(env):
        wanted.setdefault(page, []).append(_slides(app, page))
    return [page for page, files in wanted.items() if page not in removed and not all(map(Path.exists, files))]


def _slides(app: Any, page: str) -> Path:
    """Where a chapter's slides are."""
    return Path(app.outdir, "slides", f"{page.rpartition('/')[2]}.html")


def _write_notebooks(app: Any, document: nodes.document, docname: str) -> None:
    """Write the page's notebooks, and leave in its tree what the site shows."""
    notebooks = _notebooks(app)
    if docname in notebooks and app.builder.name == "html":
        name = notebooks.pop(docname)
        env = app.env
        page = Page(
            name=docname,
            section_numbers=env.toc_secnumbers.get(docname, {}),
            figure_numbers=env.toc_fignumbers.get(docname, {}),
            number_formats=app.config.numfig_format,
            notebooks={app.builder.get_relative_uri(docname, other): theirs for other, theirs in notebooks.items()},
        )
        wheel = Path(app.config.l2h_wheel).name
        try:
            executed = executed_page(env, docname)
            for edition in EDITIONS:
                notebook = make_notebook(*make_edition(edition, page, document, executed), wheel)
                replace_file(_folder(app, edition) / name, nbformat.writes(notebook).encode() + b"\n")
                if edition == "reader" and docname in chapter_pages(env):
                    chapter = f"../{app.builder.get_target_uri(docname)}"
                    replace_file(_slides(app, docname), make_slides(notebook, chapter).encode())
        except NotebookError as error:
            for edition in EDITIONS:
                (_folder(app, edition) / name).unlink(missing_ok=True)
            _LOGGER.warning("no notebook: %s", error, location=docname, type="l2h", subtype="notebook")
    fold_solutions(document)
    bring_to_life(document)


def _link_notebook(app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any) -> None:
    name = _notebooks(app).get(pagename)
    if name and "body" in context:
        address = context["pathto"](f"notebooks/{name}", 1)
        link = f'<p class="notebook-link"><a href="{address}" download>Download this page as a notebook</a></p>'
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{link}", 1)


def _finish(app: Any, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    for edition in EDITIONS:
        _put_beside(app, _folder(app, edition))
    chapters = {_slides(app, page) for page in chapter_pages(app.env)}
    for path in Path(app.outdir, "slides").glob("*.html"):
        if path not in chapters:
            path.unlink()


def _put_beside(app: Any, folder: Path) -> None:
    """Put the wheel and what the pages link to beside the notebooks, and remove what an earlier build left."""
    wheel = Path(app.outdir).resolve().parent / app.config.l2h_wheel
    copies = {folder / wheel.name: wheel} | {
        folder / posixpath.relpath(file, posixpath.dirname(page)): Path(app.srcdir, file)
        for page in _notebooks(app)
        for file, (readers, _) in app.env.dlfiles.items()
        if page in readers
    }
    for copy, original in copies.items():
        replace_file(copy, original.read_bytes())
    wanted = {*copies, *(folder / name for name in _notebooks(app).values())}
    for path in folder.rglob("*"):  # pages are renamed and versions change: nothing of an earlier build is offered
        if path.is_file() and path not in wanted:
            path.unlink()
