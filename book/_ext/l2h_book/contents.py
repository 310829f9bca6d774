"""A mark in the contents beside a page: which pages have something to play with."""

import re
from functools import cache
from pathlib import Path
from typing import Any

MARK = ' <span class="to-play" role="img" aria-label="(to play with)" title="to play with"></span>'
_LINK = re.compile(r'<a [^>]*href="([^"]*)"[^>]*>[^<]*(?=</a>)')


def mark_contents(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any
) -> None:
    """Let the contents of a page mark the pages that have a figure to play with."""
    if "generate_toctree_html" not in context:  # a theme without contents beside the page
        return
    to_play = [page for page in app.env.found_docs if _has_figure(app.env.doc2path(page))]
    ends = {"#" if page == pagename else context["pathto"](page) for page in to_play}
    write = context["generate_toctree_html"]

    context["generate_toctree_html"] = lambda *arguments, **options: marked(
        str(write(*arguments, **options)), ends
    )


def marked(contents: str, ends: set[str]) -> str:
    """Return the HTML of contents with a mark after each link that leads to one of some ends.

    Examples
    --------
    >>> contents = '<a class="x" href="a.html">A</a><a href="b.html">B</a>'
    >>> print(marked(contents, {"b.html"}).replace(MARK, "*"))
    <a class="x" href="a.html">A</a><a href="b.html">B*</a>
    """
    return _LINK.sub(lambda link: link[0] + MARK if link[1] in ends else link[0], contents)


@cache
def _has_figure(source: str) -> bool:
    """Say whether a page's source has a figure to play with."""
    return "```{hash-figure}" in Path(source).read_text(encoding="utf-8")
