"""What search engines, citation managers and language models read: descriptions, cards, a site map, plain text."""

import os
from html import escape
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes

from l2h_tutorial.book.files import replace_file
from l2h_tutorial.book.plain import list_of_pages, plain_text

__all__ = ["connect"]

_SITE = "L2H_SITE_URL"  # the address at which the site is published; unset, nothing that needs one is written


def connect(app: Any) -> None:
    """Load the extensions that write tags and the site map, and add our own."""
    app.setup_extension("sphinxext.opengraph")
    if os.environ.get(_SITE):
        app.setup_extension("sphinx_sitemap")
    app.connect("config-inited", _configure, priority=100)
    app.connect("html-page-context", _describe, priority=100)  # before the tags are written
    app.connect("build-finished", _write_plain_text, priority=900)  # after the notebooks


def _configure(app: Any, config: Any) -> None:
    site = os.environ.get(_SITE, "")
    if site and not site.startswith(("https://", "http://")):
        raise ValueError(f"{_SITE} must be an address that starts with https:// or http://, got {site!r}")
    config.html_baseurl = config.ogp_site_url = site.rstrip("/") + "/" if site else ""
    config.sitemap_url_scheme = "{link}"
    config.sitemap_excludes = ["404.html"]
    config.ogp_enable_meta_description = True
    config.ogp_social_cards = {"enable": False}  # one picture for all pages
    config.ogp_image = "_static/cover.png"
    config.ogp_image_alt = "A picture, the code that lines in the plane give it, and the bucket with that code."


def _describe(app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any) -> None:
    """Add the tags that Zotero and Google Scholar read; let a chapter be described by what its reader will do."""
    if document is None:
        return
    tags = {
        "citation_title": f"{_title(app, pagename)}, in: {app.config.project}",
        "citation_author": app.config.author,
        "citation_publication_date": app.config.copyright[:4],
        "citation_language": "en",
    }
    opening = next(document.findall(nodes.admonition), None)
    if opening is not None and opening.children[0].astext() == "In this chapter":
        promise = " ".join(opening.children[1].astext().partition("You need:")[0].split())
        tags["description"] = promise
        context["meta"] = {**(context.get("meta") or {}), "og:description": promise}
    lines = [f'<meta name="{name}" content="{escape(str(value))}" />' for name, value in tags.items()]
    context["metatags"] = "\n".join([context.get("metatags", ""), *lines, ""])


def _write_plain_text(app: Any, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    pages = {}
    for page in _in_order(app):
        notebook = site / "notebooks" / f"{page.rpartition('/')[2]}.ipynb"
        if not notebook.exists():
            continue
        address = f"plain/{notebook.stem}.md"
        replace_file(site / address, plain_text(nbformat.read(notebook, as_version=4)).encode())
        pages[address] = _title(app, page)
    summary = metadata("l2h_tutorial")["Summary"] + "."
    replace_file(site / "llms.txt", list_of_pages(app.config.html_title, summary, pages).encode())
    for path in (site / "plain").glob("*.md"):
        if f"plain/{path.name}" not in pages:
            path.unlink()


def _in_order(app: Any) -> list[str]:
    """All pages, in the order in which the book has them."""
    ordered = [app.config.root_doc]
    for page in ordered:
        ordered += [child for child in app.env.toctree_includes.get(page, []) if child not in ordered]
    return ordered


def _title(app: Any, page: str) -> str:
    return app.env.titles[page].astext()
