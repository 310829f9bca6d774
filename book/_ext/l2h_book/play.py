"""Figures to play with: a cell shows a sentence and its data; the site's pages add markup, style and scripts."""

import re
from pathlib import Path

from docutils import nodes

__all__ = ["bring_to_life", "playable"]

_FOLDER = Path(__file__).parent / "play"
_OF_A_PAGE = {  # with markup in a file; all others build it themselves
    "explorer": ["common", "explorer"],
    "playground": ["common", "plane", "playground"],
}
_OUTPUT = re.compile(r'(?s)<p class="l2h-play">.*?</p>\s*(<script type="application/json" id="l2h-([\w-]+)-data">.*)')


def playable(html: str) -> str:
    """Put a figure to play with in the place of the sentence that stands for it; other HTML stays as it is.

    The scripts run in one function of their own, and leave no name behind. The figure asks for no other file.
    """
    output = _OUTPUT.fullmatch(html.strip())
    if not output:
        return html
    data, name = output.groups()
    markup = (
        _read(f"{name}.html") if name in _OF_A_PAGE else f'<div class="l2h hash-figure" id="l2h-{name}" hidden></div>'
    )
    code = "\n".join(_read(f"{script}.js") for script in _OF_A_PAGE.get(name, ["common", "plane", "figure", name]))
    style, script = f"<style>\n{_read('explore.css')}</style>", f"<script>\n(() => {{\n{code}}})();\n</script>"
    return "\n".join([style, markup.rstrip(), data, script])


def bring_to_life(document: nodes.document) -> None:
    """Do so with all outputs of a page."""
    for output in document.findall(nodes.raw):
        if output["format"] == "html":
            output[:] = [nodes.Text(playable(output.astext()))]


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
