"""Figures to play with: a cell shows a sentence and its data; the site's pages add markup, style and scripts."""

import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes

__all__ = ["bring_to_life", "playable", "playing"]

_FOLDER = Path(__file__).parent / "play"
_SCRIPTS = {
    "explorer": ["common", "explorer"],
    "playground": ["common", "plane", "playground"],
}
_OUTPUT = re.compile(r'(?s)<p class="l2h-play">.*?</p>\s*(<script type="application/json" id="l2h-(\w+)-data">.*)')


def playable(html: str) -> str:
    """Put a figure to play with in the place of the sentence that stands for it; other HTML stays as it is.

    The scripts run in one function of their own, and leave no name behind. The figure asks for no other file.
    """
    output = _OUTPUT.fullmatch(html.strip())
    if not output:
        return html
    data, name = output.groups()
    code = "\n".join(_read(f"{script}.js") for script in _SCRIPTS[name])
    return "\n".join(
        [
            f"<style>\n{_read('explore.css')}</style>",
            _read(f"{name}.html").rstrip(),
            data,
            f"<script>\n(() => {{\n{code}}})();\n</script>",
        ]
    )


def playing(name: str, data: dict[str, Any]) -> str:
    """A figure of a chapter: its style, data and scripts; they build what it shows."""
    values = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")  # no text may end the element
    code = "\n".join(_read(f"{script}.js") for script in ("common", "plane", "figure", name))
    return (
        f'<style>\n{_read("explore.css")}</style>\n<div class="l2h hash-figure" id="l2h-{name}" hidden></div>\n'
        f'<script type="application/json" id="l2h-{name}-data">{values}</script>\n'
        f"<script>\n(() => {{\n{code}}})();\n</script>"
    )


def bring_to_life(document: nodes.document) -> None:
    """Do so with all outputs of a page."""
    for output in document.findall(nodes.raw):
        if output["format"] == "html":
            output[:] = [nodes.Text(playable(output.astext()))]


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
