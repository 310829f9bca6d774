"""Figures as drawings: sharp on every screen, with the colours of a light and of a dark page."""

import base64
import io
import os
import re
from pathlib import Path

from nbformat import NotebookNode
from PIL import Image

from l2h_tutorial.figures.colours import DARK
from l2h_tutorial.figures.style import PHONE

from .disk import TOOLS, replace_file
from .fonts import SANS

ASSERTS = TOOLS / "asserts.py"
_FONTS = [str(path) for path in SANS]
# The settings of the kernels that execute pages: pages show the drawings, in the book's letters,
# and cards the pixels.
KERNEL = f"""
c.InlineBackend.figure_formats = ["svg"]
c.InlineBackend.print_figure_kwargs = {{"bbox_inches": None}}
c.InteractiveShellApp.exec_lines = [
    "import matplotlib as _drawing, l2h_tutorial.figures.style as _style",
    "_drawing.figure.Figure._repr_mimebundle_ = _style.smaller",
    "for _path in {_FONTS!r}: _drawing.font_manager.fontManager.addfont(_path)",
    "__import__('runpy').run_path({str(ASSERTS)!r})['explain'](get_ipython())",
    "_drawing.rcParams['svg.hashsalt'] = 'l2h'",
    "_drawing.rcParams['font.family'] = ['Source Sans Pro', 'DejaVu Sans']",
]
"""

_RULES = "".join(
    f'[style*="fill: {light}"]{{fill:{dark}!important}}'
    f'[style*="stroke: {light}"]{{stroke:{dark}!important}}'
    for light, dark in DARK.items()
)
_STYLE = (
    "<style>@media (prefers-color-scheme:dark)"
    f"{{svg.drawn{{fill:{DARK['#000000']}}}{_RULES}}}</style>"
)
_LEFT_OUT = re.compile(
    r'^.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->|(?<=>)\s+(?=<)|\n|(?<=<g) id="[^"]*"', re.S
)
_NUMBERS = re.compile(r' (?:d|x|y)="[^"]*"|translate\([^)]*')
_NAME = re.compile(r'(?:(?<= id=")|(?<=href="#)|(?<=url\(#))[^")]+')
_LOOK = re.compile(r' style="[^"]*"')
_PIXELS = re.compile(r'data:image/png;base64,([^"]+)')


def draw_in_kernels(folder: Path) -> None:
    """Give the kernels that will be started the settings of `KERNEL`."""
    replace_file(folder / "profile_default" / "ipython_kernel_config.py", KERNEL.encode())
    os.environ["IPYTHONDIR"] = str(folder)


def theme_figures(notebook: NotebookNode) -> None:
    """Give the drawings among a notebook's outputs the colours of both themes."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if PHONE in output.get("metadata", {}):
                output.data["image/svg+xml"] = both_themes(output.data["image/svg+xml"])
                output.metadata[PHONE] = both_themes(output.metadata[PHONE])


def both_themes(svg: str) -> str:
    """Add the colours of a dark page to a drawing of Matplotlib, and leave out what nobody sees.

    Examples
    --------
    >>> path = '<path d="M 1.2345 2" style="fill: #ffffff"/>'
    >>> dark = both_themes(f'<?xml?><!-- made by --><svg width="9pt">{path}</svg>')
    >>> print(dark.partition("<style>")[0], dark.partition("</style>")[2], sep="|")
    <svg class="drawn" width="9pt">|<path d="M 1.23 2" style="fill: #ffffff"/></svg>
    """
    svg = _LEFT_OUT.sub("", svg)
    svg = svg.replace("<svg ", '<svg class="drawn" ', 1)
    svg = svg.replace(">", f">{_STYLE}", 1)
    svg = _NUMBERS.sub(lambda numbers: re.sub(r"(\.\d\d)\d+", r"\1", numbers[0]), svg)
    names = {name: f"n{i}" for i, name in enumerate(dict.fromkeys(_NAME.findall(svg)))}
    svg = _NAME.sub(lambda name: names[name[0]], svg)
    svg = _PIXELS.sub(_lighter, svg)
    return re.sub(r"<g[^>]*>(?:<use [^>]*/>){2,}</g>", _say_once, svg)


def _lighter(pixels: re.Match[str]) -> str:
    """Store a picture in a drawing with fewer bytes."""
    content = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(pixels[1]))) as picture:
        kind = "png"
        if picture.convert("L").convert("RGBA") == picture.convert("RGBA"):
            mode = "L"  # grey: a byte a pixel
        elif picture.getcolors():
            mode = "RGBA"
        else:  # as many colours as a photograph has
            kind = "jpeg"
            mode = "RGB"
        picture.convert(mode).save(content, kind, optimize=True, quality=85, subsampling=0)
    return f"data:image/{kind};base64,{base64.b64encode(content.getvalue()).decode()}"


def _say_once(group: re.Match[str]) -> str:
    """Say the look of a group of marks once, if they all have the same."""
    looks = set(_LOOK.findall(group[0]))
    if len(looks) != 1:
        return group[0]
    return _LOOK.sub("", group[0]).replace("<g", f"<g{looks.pop()}", 1)
