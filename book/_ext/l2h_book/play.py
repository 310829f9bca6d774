"""Figures to play with: pages add markup, style and scripts to the data that a cell shows."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from docutils import nodes

from .disk import replace_file

_FOLDER = Path(__file__).parent / "play"
# The scripts of figures that fill a page and have their markup in a file. The scripts of the other
# figures make their own markup.
_OF_A_PAGE = {
    "explorer": ["common", "gist", "figure", "explorer"],
    "playground": ["common", "plane", "playground"],
}
_OUTPUT = re.compile(
    r'(?s)<p class="l2h-play">.*?</p>\s*(<script type="application/json" id="l2h-([\w-]+)-data">.*)'
)
_HELD = re.compile(r'"data:\w+/(png|jpeg|javascript);base64,([\w+/=]+)"')


def playable(html: str) -> str:
    """Put a figure to play with in the place of its sentence; other HTML stays as it is.

    The scripts run in a function of their own, so that they define no global names.
    """
    output = _OUTPUT.fullmatch(html.strip())
    if not output:
        return html
    data, name = output.groups()
    if name in _OF_A_PAGE:
        scripts = _OF_A_PAGE[name]
        markup = _read(f"{name}.html").rstrip()
    else:
        scripts = ["common", "plane", "figure", name]
        markup = f'<div class="l2h hash-figure" id="l2h-{name}" hidden></div>'
    code = "\n".join(_read(f"{script}.js") for script in scripts)
    return "\n".join(
        [
            f"<div>\n<style>\n{_read('explore.css')}</style>\n</div>",
            markup,
            data,
            f"<script>\n(() => {{\n{code}}})();\n</script>",
        ]
    )


def bring_to_life(document: nodes.document) -> None:
    """Make all figures to play with among a page's outputs playable."""
    for output in document.findall(nodes.raw):
        if output["format"] == "html":
            output[:] = [nodes.Text(playable(output.astext()))]


def put_beside(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any
) -> None:
    """Move what data addresses hold into files, which a browser loads when they are needed."""

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
