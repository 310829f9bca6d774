"""The Sphinx extension: it executes pages, and puts each on the site as a notebook too."""

import os
import posixpath
import re
import shutil
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from nbformat import NotebookNode

from . import folds, former, formulas, publishing, selftest
from .assignments import make_assignment
from .cells import write_cells
from .contents import mark_contents
from .disk import TOOLS, files_key, files_of, hand_out, replace_file
from .editions import EDITIONS, find_exercises, make_edition, prepare_page
from .execution import execute_ahead, executed_page, execution_key, set_up_kernels
from .fonts import write_fonts
from .frames import frame
from .guide import Chapters, Minutes, Plan
from .icons import Icon
from .markdown import Page
from .notebooks import ALL_NOTEBOOKS, files_read, make_notebook
from .play import directive
from .policy import write_policies
from .publishing import links_out, site_address, write_plain_text
from .styles import cut_styles
from .teachers import notes_of, write_teachers_pages
from .wheel import build_wheel

_TABS = "design-tabs.js"
# parts of code that have the colour of all text
_PLAIN = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')
_WORKER = Path(__file__).with_name("offline.js")


def register(app: Any) -> dict[str, Any]:
    """Connect the extension to the events of a build."""
    former.connect(app)
    folds.register(app)
    formulas.register(app)
    selftest.register(app)
    directive.register(app)
    app.add_directive("chapters", Chapters)
    app.add_directive("plan", Plan)
    app.add_role("minutes", Minutes())
    app.add_role("icon", Icon())
    app.add_config_value("l2h_tools", "", "env")  # "env": when it changes, all pages are read again
    app.add_config_value("l2h_wheel", "", "env")
    app.connect("config-inited", _prepare)
    app.connect("env-before-read-docs", execute_ahead)
    app.connect("doctree-resolved", _write_notebooks)
    app.connect("html-page-context", _finish_page)
    # after the theme has said how contents are written
    app.connect("html-page-context", mark_contents, priority=900)
    app.connect("build-finished", _put_files_beside)
    publishing.connect(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _prepare(app: Any, config: Any) -> None:
    """Set up the kernels, the cache of executed pages, and the wheel."""
    app.l2h_notes = {}  # notes to teachers, of the pages that this build writes
    # With matrices as small as those of the chapters, several threads of a kernel wait longer for
    # one another than they calculate.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    # If the user's cache cannot be written, every chapter computes the features again; that needs
    # no warning.
    quiet = "ignore:the features could not be kept"
    filters = [os.environ.get("PYTHONWARNINGS"), quiet]
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, filters))
    build = Path(app.outdir).resolve().parent
    set_up_kernels(build / ".ipython")
    config.nb_execution_cache_path = str(build / ".jupyter_cache" / execution_key()[:16])
    config.l2h_tools = files_key(files_of(TOOLS), TOOLS)
    config.l2h_wheel = str(build_wheel(build / "wheel"))
    config.html_math_renderer = "mathml"
    config.html_copy_source = False  # a page's source holds the teaching notes
    config.myst_substitutions = {
        **config.myst_substitutions,
        "notebooks": f'<a href="../notebooks/{ALL_NOTEBOOKS}" download>one zip</a>',
    }


def _folder(app: Any, edition: str = "reader") -> Path:
    """Return the folder of an edition; only the reader's is on the site."""
    site = Path(app.outdir).resolve()
    return site / "notebooks" if edition == "reader" else site.parent / "editions" / edition


def _notebooks(app: Any) -> dict[str, str]:
    """Return the notebook's name of each page with cells that does not say ``notebook: false``."""
    pages = sorted(
        page
        for page, metadata in app.env.metadata.items()
        if "kernelspec" in metadata and "notebook" not in metadata
    )
    return {page: f"{page.rpartition('/')[2]}.ipynb" for page in pages}


def _files(app: Any, page: str) -> dict[str, Path]:
    """Return the files that a page links to or reads, by their address from its notebook."""
    here = posixpath.dirname(page)
    source = Path(app.env.doc2path(page)).read_text("utf-8")
    linked = [file for file, (readers, _) in app.env.dlfiles.items() if page in readers]
    linked += [posixpath.join(here, file) for file in files_read(source)]
    return {posixpath.relpath(file, here): Path(app.srcdir, file) for file in linked}


def _write_notebooks(app: Any, document: nodes.document, docname: str) -> None:
    """Write the page's notebooks, and leave in its tree only what the site shows."""
    env = app.env
    site = site_address()
    notebooks = _notebooks(app)
    if docname in notebooks and app.builder.name == "html":
        name = notebooks.pop(docname)
        page = Page(
            name=docname,
            section_numbers=env.toc_secnumbers.get(docname, {}),
            figure_numbers=env.toc_fignumbers.get(docname, {}),
            number_formats=app.config.numfig_format,
            notebooks={
                app.builder.get_relative_uri(docname, other): file
                for other, file in notebooks.items()
            },
            files_at=site and f"{site}notebooks/",
            address=site and site + app.builder.get_target_uri(docname),
        )
        executed = executed_page(env, docname)
        wheel = Path(app.config.l2h_wheel).name
        for edition in EDITIONS:
            notebook = make_notebook(*make_edition(edition, page, document, executed), wheel)
            _write_notebook(_folder(app, edition) / name, notebook)
        exercises = find_exercises(page, document, executed)
        if exercises:
            notebook = make_notebook(*make_edition("nbgrader", page, document, executed), wheel)
            place = _folder(app, "nbgrader") / "source" / Path(name).stem / name
            _write_notebook(place, make_assignment(notebook, exercises))
    if app.builder.name == "html":
        app.l2h_notes[docname] = notes_of(app.builder, document)
        if "kernelspec" in env.metadata[docname]:
            place = Path(app.outdir, app.builder.get_target_uri(docname))
            write_cells(place, document, executed_page(env, docname))
    prepare_page(document)
    folds.name_folds(env, docname, document)
    directive.bring_to_life(env, docname, document)


def _write_notebook(path: Path, notebook: NotebookNode) -> None:
    replace_file(path, nbformat.writes(notebook).encode() + b"\n")


def _finish_page(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any
) -> None:
    """Link below the title to the page's notebook and source, and frame the page's drawings."""
    scripts = context.get("script_files", [])
    # no page has tabs; others add to the list, so it stays the same one
    scripts[:] = [one for one in scripts if _TABS not in str(one.filename)]
    if document is None or "body" not in context:
        return
    frame(app, pagename, context)
    name = _notebooks(app).get(pagename, "")
    source = Path(app.env.doc2path(pagename)).relative_to(app.srcdir).as_posix()
    links = [
        f'<a href="{escape(address)}">{text}</a>'
        for text, address in links_out(source, name).items()
    ]
    if name:
        notebook = context["pathto"](f"notebooks/{name}", 1)
        links.insert(0, f'<a href="{notebook}" download>Download this page as a notebook</a>')
    below = "</h1>"
    if links:
        below += f'\n<p class="notebook-link">{", ".join(links)}</p>'
    if "cell_input" in context["body"]:  # live/there.js offers to run the page here
        below += '\n<div class="live-place"></div>'
    body = _PLAIN.sub(r"\1", context["body"])  # pages are lighter for that
    context["body"] = body.replace("</h1>", below, 1)


def _remove_what_no_page_loads(static: Path) -> None:
    """Remove from the theme what is for its developers, a script of all icons, and translations."""
    unused = [*static.rglob("*.map"), *static.glob("scripts/fontawesome.js*"), static / _TABS]
    for path in unused:
        path.unlink(missing_ok=True)
    shutil.rmtree(static / "locales", ignore_errors=True)


def _put_files_beside(app: Any, exception: Exception | None) -> None:
    """Put beside the notebooks what pages link to and read, and remove older files.

    The site has one archive with all of it and the wheel. Teachers have one for each page to hand
    out, and the wheel beside.
    """
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir).resolve()
    write_fonts(site)
    # a worker sees only what lies beside or below it
    replace_file(site / _WORKER.name, _WORKER.read_bytes())
    _remove_what_no_page_loads(site / "_static")
    wheel = Path(app.config.l2h_wheel)
    names = _notebooks(app)
    files = {wheel.name: wheel}
    for page in names:
        files |= _files(app, page)
    for edition in EDITIONS:
        folder = _folder(app, edition)
        archives = {}
        if edition == "reader":
            archives[folder / ALL_NOTEBOOKS] = [*names.values(), *files]
        else:
            for page, name in names.items():
                archive = folder / Path(name).with_suffix(".zip")
                archives[archive] = [name, wheel.name, *_files(app, page)]
        for archive, members in archives.items():
            hand_out(archive, {name: files.get(name, folder / name) for name in members})
        beside = files.keys() - ({wheel.name} if edition == "reader" else set())
        for file in beside:
            replace_file(folder / file, files[file].read_bytes())
        wanted = {*archives, *(folder / file for file in (*beside, *names.values()))}
        # pages are renamed and versions change: nothing old is offered
        for path in folder.rglob("*"):
            if path.is_file() and path not in wanted:
                path.unlink()
    cut_styles(site)
    write_policies(site)
    write_teachers_pages(site, _folder(app, "teachers"), app.l2h_notes)
    write_plain_text(app)
    there = site / "live/there.js"
    if there.exists():  # make live has been here, and this build has put the other script back
        replace_file(site / "_static/live.js", there.read_bytes())
