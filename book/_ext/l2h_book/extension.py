"""The Sphinx extension: executes pages, and puts each on the site as a notebook too, with all that it needs."""

import os
import posixpath
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes

from .assignments import make_assignment
from .cards import add_pictures, frame
from .editions import EDITIONS, find_exercises, make_edition, prepare_page
from .execution import execute_ahead, executed_page, execution_key
from .files import TOOLS, files_key, files_of, hand_out, replace_file
from .fonts import write_fonts
from .former import connect as connect_former_site
from .formulas import register as register_formulas
from .guide import Chapters, Minutes, Plan
from .hash_figures import register as register_hash_figures
from .markdown import Page
from .notebooks import files_read, make_notebook
from .pictures import draw_in_kernels
from .play import bring_to_life, put_beside
from .publishing import connect as connect_publishing
from .publishing import links_out, site_address, site_beside, write_plain_text
from .selftest import register as register_selftest
from .teachers import notes_of, write_teachers_pages
from .wheel import build_wheel


def register(app: Any) -> dict[str, Any]:
    """Connect to what happens in a build."""
    connect_former_site(app)
    register_formulas(app)
    register_selftest(app)
    register_hash_figures(app)
    app.add_directive("chapters", Chapters)
    app.add_directive("plan", Plan)
    app.add_role("minutes", Minutes())
    app.add_config_value("l2h_tools", "", "env")  # "env": when it changes, all pages are read again
    app.add_config_value("l2h_wheel", "", "env")
    app.connect("config-inited", _prepare)
    app.connect("env-before-read-docs", execute_ahead)
    app.connect("doctree-resolved", _write_notebooks)
    app.connect("doctree-resolved", add_pictures, priority=900)  # a notebook has none
    app.connect("html-page-context", _link_notebook)
    app.connect("html-page-context", frame)
    app.connect("html-page-context", put_beside)
    app.connect("build-finished", _put_files_beside)
    connect_publishing(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _prepare(app: Any, config: Any) -> None:
    app.l2h_notes = {}  # to teachers, of the pages that this build writes
    # of the kernels: with matrices as small as the
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        # chapters', more threads wait longer for one another than they calculate
        os.environ.setdefault(variable, "1")
    # where the user's cache cannot be written, every chapter computes the features again, and need
    # not say so
    patience = "ignore:the features could not be kept"
    os.environ["PYTHONWARNINGS"] = ",".join(
        filter(None, (os.environ.get("PYTHONWARNINGS"), patience))
    )
    build = Path(app.outdir).resolve().parent
    draw_in_kernels(build / ".ipython")
    config.nb_execution_cache_path = str(build / ".jupyter_cache" / execution_key()[:16])
    config.l2h_tools = files_key(files_of(TOOLS), TOOLS)
    wheel = build_wheel(build / "wheel")
    config.l2h_wheel = str(wheel)
    config.html_copy_source = False  # a page's source holds the teaching notes
    # for {{ wheel }} in a page of book/, whose file name has no other way to follow the version
    link = f'<a href="../notebooks/{wheel.name}" download><code>{wheel.name}</code></a>'
    config.myst_substitutions = {
        **config.myst_substitutions,
        "wheel": link,
        "beside": site_beside(),
    }


def _folder(app: Any, edition: str = "reader") -> Path:
    """Where an edition goes: only the reader's is on the site."""
    site = Path(app.outdir).resolve()
    return site / "notebooks" if edition == "reader" else site.parent / "editions" / edition


def _notebooks(app: Any) -> dict[str, str]:
    """The file name of the notebook of every page that has one; one without says ``notebook: false``."""
    pages = sorted(
        page
        for page, known in app.env.metadata.items()
        if {"kernelspec", "notebook"} & {*known} == {"kernelspec"}
    )
    return {page: f"{page.rpartition('/')[2]}.ipynb" for page in pages}


def _files(app: Any, page: str) -> dict[str, Path]:
    """The files that a page links to or reads, by their address from its notebook."""
    here = posixpath.dirname(page)
    linked = [file for file, (readers, _) in app.env.dlfiles.items() if page in readers]
    linked += [
        posixpath.join(here, file)
        for file in files_read(Path(app.env.doc2path(page)).read_text("utf-8"))
    ]
    return {posixpath.relpath(file, here): Path(app.srcdir, file) for file in linked}


def _write_notebooks(app: Any, document: nodes.document, docname: str) -> None:
    """Write the page's notebooks, and leave in its tree what the site shows."""
    notebooks = _notebooks(app)
    if docname in notebooks and app.builder.name == "html":
        name = notebooks.pop(docname)
        page = Page(
            name=docname,
            section_numbers=app.env.toc_secnumbers.get(docname, {}),
            figure_numbers=app.env.toc_fignumbers.get(docname, {}),
            number_formats=app.config.numfig_format,
            notebooks={
                app.builder.get_relative_uri(docname, other): theirs
                for other, theirs in notebooks.items()
            },
            files_at=site_address() and f"{site_address()}notebooks/",
        )
        executed = executed_page(app.env, docname)
        for edition in EDITIONS:
            notebook = make_notebook(
                *make_edition(edition, page, document, executed), Path(app.config.l2h_wheel).name
            )
            replace_file(_folder(app, edition) / name, nbformat.writes(notebook).encode() + b"\n")
        exercises = find_exercises(page, document, executed)
        if exercises:
            both = make_notebook(
                *make_edition("nbgrader", page, document, executed), Path(app.config.l2h_wheel).name
            )
            place = _folder(app, "nbgrader") / "source" / Path(name).stem / name
            replace_file(place, nbformat.writes(make_assignment(both, exercises)).encode() + b"\n")
    if app.builder.name == "html":
        app.l2h_notes[docname] = notes_of(app.builder, document)
    prepare_page(document)
    bring_to_life(document)


def _link_notebook(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any
) -> None:
    if document is None or "body" not in context:
        return
    name = _notebooks(app).get(pagename, "")
    source = Path(app.env.doc2path(pagename)).relative_to(app.srcdir).as_posix()
    links = {text: f'href="{escape(address)}"' for text, address in links_out(source, name).items()}
    if name:
        stem = context["pathto"](f"notebooks/{Path(name).stem}", 1)
        whole = {"or with all that it needs": f'href="{stem}.zip" download'}
        links = (
            {"Download this page as a notebook": f'href="{stem}.ipynb" download'} | whole | links
        )
    line = ", ".join(f"<a {to}>{text}</a>" for text, to in links.items())
    if line:
        context["body"] = context["body"].replace(
            "</h1>", f'</h1>\n<p class="notebook-link">{line}</p>', 1
        )


def _put_files_beside(app: Any, exception: Exception | None) -> None:
    """Put the wheel and what the pages link to beside the notebooks, and remove what an earlier build left."""
    if exception or app.builder.name != "html":
        return
    write_fonts(Path(app.outdir))
    wheel, names = Path(app.config.l2h_wheel), _notebooks(app)
    files = {wheel.name: wheel} | {
        file: path for page in names for file, path in _files(app, page).items()
    }
    for folder in (_folder(app, edition) for edition in EDITIONS):
        for file, original in files.items():
            replace_file(folder / file, original.read_bytes())
        zips = []
        for page, name in names.items():
            zips.append(folder / f"{Path(name).stem}.zip")
            hand_out(zips[-1], [folder / file for file in (name, wheel.name, *_files(app, page))])
        wanted = {*zips, *(folder / name for name in (*files, *names.values()))}
        # pages are renamed and versions change: nothing old is offered
        for path in folder.rglob("*"):
            if path.is_file() and path not in wanted:
                path.unlink()
    write_teachers_pages(Path(app.outdir).resolve(), _folder(app, "teachers"), app.l2h_notes)
    write_plain_text(app)
