"""Figures to play with: a cell shows a sentence and its data; the site's pages add markup, style and scripts."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from docutils import nodes

from .files import replace_file

_FOLDER = Path(__file__).parent / "play"
_OF_A_PAGE = {  # with markup in a file; all others build it themselves
    "explorer": ["common", "gist", "figure", "explorer"],
    "playground": ["common", "plane", "playground"],
}
_OUTPUT = re.compile(
    r'(?s)<p class="l2h-play">.*?</p>\s*(<script type="application/json" id="l2h-([\w-]+)-data">.*)'
)
_HELD = re.compile(r'"data:\w+/(png|jpeg|javascript);base64,([\w+/=]+)"')


def playable(html: str) -> str:
    """Put a figure to play with in the place of the sentence that stands for it; other HTML stays
    as it is.

    The scripts run in one function of their own, and leave no name behind.
    """
    output = _OUTPUT.fullmatch(html.strip())
    if not output:
        return html
    data, name = output.groups()
    markup = (
        _read(f"{name}.html")
        if name in _OF_A_PAGE
        else f'<div class="l2h hash-figure" id="l2h-{name}" hidden></div>'
    )
    code = "\n".join(
        _read(f"{script}.js")
        for script in _OF_A_PAGE.get(name, ["common", "plane", "figure", name])
    )
    style, script = (
        f"<style>\n{_read('explore.css')}</style>",
        f"<script>\n(() => {{\n{code}}})();\n</script>",
    )
    return "\n".join(["<div>", style, "</div>", markup.rstrip(), data, script])


def bring_to_life(document: nodes.document) -> None:
    """Do so with all outputs of a page."""
    for output in document.findall(nodes.raw):
        if output["format"] == "html":
            output[:] = [nodes.Text(playable(output.astext()))]


def put_beside(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any
) -> None:
    """Keep what addresses on a page hold themselves as files beside it, which a browser loads when they are needed."""

    def put(held: re.Match[str]) -> str:
        content = base64.b64decode(held[2])
        suffix = held[1].replace("javascript", "js")
        name = f"_images/{hashlib.sha256(content).hexdigest()[:24]}.{suffix}"
        replace_file(Path(app.outdir, name), content)
        return f'"{context["pathto"](name, 1)}"'

    if "body" in context:
        context["body"] = _HELD.sub(put, context["body"])


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
