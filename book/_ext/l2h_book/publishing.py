"""What programs read of the site: descriptions, cards, citations, a site map, plain text."""

import os
import re
from html import escape
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from nbformat import NotebookNode

from l2h_tutorial.figures.colours import BLUE

from .cells import first_comment
from .disk import replace_file


def site_address(variable: str = "L2H_SITE_URL") -> str:
    """Return the address in a variable, with a slash at its end, or nothing if it is not set."""
    site = os.environ.get(variable, "")
    if site and not site.startswith(("https://", "http://")):
        raise ValueError(
            f"{variable} must be an address that starts with https:// or http://, got {site!r}"
        )
    return site.rstrip("/") + "/" if site else ""


def links_out(source: str, notebook: str) -> dict[str, str]:
    """Return links to a page's source and notebook by their texts, if L2H_REPOSITORY is set."""
    repository = site_address("L2H_REPOSITORY")
    if not repository:
        return {}
    links = {}
    place = repository.removeprefix("https://github.com/")
    if notebook and place != repository:
        colab = "https://colab.research.google.com/github"
        links["open it in Colab"] = f"{colab}/{place}blob/notebooks/{notebook}"
        links["in Binder"] = f"https://mybinder.org/v2/gh/{place}notebooks?labpath={notebook}"
    links["edit this page"] = f"{repository}edit/main/{source}"
    links["report a mistake"] = f"{repository}issues/new?title=In%20{source}"
    return links


def connect(app: Any) -> None:
    """Load the extensions that write tags and the site map, and connect what we add."""
    app.setup_extension("sphinxext.opengraph")
    if site_address():
        app.setup_extension("sphinx_sitemap")
    app.connect("config-inited", _configure, priority=100)
    app.connect("html-page-context", _describe, priority=100)  # before the tags are written


def _configure(app: Any, config: Any) -> None:
    config.html_baseurl = config.ogp_site_url = site_address()
    config.sitemap_url_scheme = "{link}"
    config.sitemap_excludes = ["404.html"]
    # A card has the page's title, and its address must be absolute. Where the site's address is not
    # known, all pages have one picture.
    config.ogp_social_cards = {"enable": bool(site_address()), "line_color": BLUE}
    config.ogp_image = "" if site_address() else "_static/cover.png"
    config.ogp_image_alt = (
        "A picture, the code that lines in the plane give it, and the bucket with that code."
    )


def _describe(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any
) -> None:
    """Add the tags that Zotero and Google Scholar read; describe a chapter by its objective."""
    if document is None:
        return
    tags = {
        "citation_title": f"{app.env.titles[pagename].astext()}, in: {app.config.project}",
        "citation_author": app.config.author,
        "citation_publication_date": app.config.copyright[:4],
        "citation_language": "en",
    }
    opening = next(document.findall(nodes.admonition), None)
    if opening is not None and opening.children[0].astext() == "In this chapter":
        promise = " ".join(opening.children[1].astext().partition("You need:")[0].split())
        tags["description"] = promise
        context["meta"] = {**(context.get("meta") or {}), "og:description": promise}
    lines = [f'<meta name="{name}" content="{escape(str(value))}">' for name, value in tags.items()]
    context["metatags"] = "\n".join([context.get("metatags", ""), *lines, ""])


def write_plain_text(app: Any) -> None:
    """Write each page as a Markdown file, and the list of these files, ``llms.txt``."""
    site = Path(app.outdir)
    links = []
    for page in app.env.collect_relations():  # in the order of the book
        notebook = site / "notebooks" / f"{page.rpartition('/')[2]}.ipynb"
        # a page of the reference may have the name of a chapter
        if notebook.exists() and "/api/" not in page:
            address = f"plain/{notebook.stem}.md"
            replace_file(site / address, plain_text(nbformat.read(notebook, as_version=4)).encode())
            links.append(f"- [{app.env.titles[page].astext()}]({address})")
    summary = metadata("l2h_tutorial")["Summary"] + "."
    parts = [f"# {app.config.html_title}", f"> {summary}", "## Pages", "\n".join(links)]
    replace_file(site / "llms.txt", ("\n\n".join(parts) + "\n").encode())


def plain_text(notebook: NotebookNode) -> str:
    """Write a notebook as Markdown: text, code, what the code printed, and what pictures show.

    The code of folded cells is left out, unless it repeats the lines of earlier chapters. What such
    code printed is folded as on the page. Links to notebooks lead to their plain text.

    Examples
    --------
    >>> import nbformat
    >>> text = nbformat.v4.new_markdown_cell("# Sums, see [more](more.ipynb)")
    >>> code = nbformat.v4.new_code_cell("1 + 1")
    >>> code.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"})]
    >>> notebook = nbformat.v4.new_notebook(cells=[text, code])
    >>> print(plain_text(notebook).replace("`" * 3, "'''"))
    # Sums, see [more](more.md)
    <BLANKLINE>
    '''python
    1 + 1
    '''
    <BLANKLINE>
    '''text
    2
    '''
    <BLANKLINE>
    """
    pieces = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            pieces.append(re.sub(r"\]\((?![a-z]+:)([^)#\s]+)\)", _plain_link, cell.source))
            continue
        folds = cell.metadata.get("jupyter", {})
        if not folds.get("source_hidden") or cell.source.startswith("# the lines so far"):
            pieces.append(f"```python\n{cell.source}\n```")
        shown = [_plain_output(output) for output in cell.outputs]
        name = cell.metadata.get("name") or first_comment(cell.source)
        if folds.get("outputs_hidden") and shown:
            shown = [f"<details>\n<summary>{name or 'Folded'}</summary>", *shown, "</details>"]
        elif folds and name and any("text/html" in out.get("data", {}) for out in cell.outputs):
            shown.insert(0, f"*{name}*")
        pieces += shown
    return "\n\n".join(filter(None, pieces)) + "\n"


def _plain_output(output: NotebookNode) -> str:
    """Write what code printed, or what its picture shows."""
    data = output.get("data", {})
    pictures = [kind for kind in data if kind.startswith("image/")]
    if pictures:
        described = output.metadata.get(pictures[0], {})
        return f"(Picture: {described.get('alt', 'without a description')})"
    text = data.get("text/plain", output.get("text", ""))
    return f"```text\n{text.rstrip()}\n```"


def _plain_link(link: re.Match[str]) -> str:
    """Lead a notebook's link to another page's plain text, or to a file beside the notebooks."""
    name, _, kind = link[1].rpartition(".")
    return f"]({name}.md)" if kind == "ipynb" else f"](../notebooks/{link[1]})"
