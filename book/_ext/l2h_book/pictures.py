"""Make of figures a drawing for a page and one for a phone, with the colours of both themes."""

import base64
import io
import re
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from PIL import Image

from l2h_tutorial.figures.colours import BLUE, GREEN, GREY, LINE, ORANGE, PURPLE, RED, SKY

PHONE = "drawing for a phone"
DARK = {
    "#ffffff": "#121212",
    "#000000": "#e6e6e6",
    LINE: "#5c5c5c",
    BLUE: "#5aa5e0",
    ORANGE: "#d09a2c",
    GREEN: "#2fb08a",
    PURPLE: "#d188b8",
    SKY: "#5fb3cf",
    RED: "#ff9a70",
    GREY: "#9a9a9a",
}
"""What takes the place of each colour on a dark page.

All of them can be read on both pages, and red, which is GRH's, has the most contrast."""

_LEFT_OUT = re.compile(
    r'^.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->|(?<=>)\s+(?=<)|\n|<g/>|(?<=<g) id="[^"]*"',
    re.S,
)
_NUMBERS = re.compile(r' (?:d|x|y)="[^"]*"|translate\([^)]*')
_PATH = re.compile(r'(?<= d=")[^"]*')
_NAME = re.compile(r'(?:(?<= id=")|(?<=href="#)|(?<=url\(#))[^")]+')
_LOOK = re.compile(r' style="[^"]*"')
_LETTER_AT = re.compile(r'(?<=<use )(href="[^"]*") transform="translate\(([^ )]+) 0\)"/>')
_IN_PIXELS = re.compile(r'data:image/png;base64,([^"]+)')


def draw_for_pages(fonts: list[str]) -> None:
    """Let the figures of this kernel give their drawings, in the book's letters."""
    Figure._repr_mimebundle_ = drawings_of  # type: ignore[attr-defined]
    for path in fonts:
        fontManager.addfont(path)
    matplotlib.rcParams["svg.hashsalt"] = "l2h"
    matplotlib.rcParams["font.family"] = ["Source Sans Pro", "DejaVu Sans"]


def drawings_of(figure: Any, **asked: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Return a figure's drawing, and beside it that for a phone."""
    narrow = getattr(figure, "on_a_phone", lambda: figure)()
    return {"image/svg+xml": _drawn(figure)}, {PHONE: _drawn(narrow)}


def _drawn(figure: Any) -> str:
    """Draw a figure, with the colours of both themes."""
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg")
    return both_themes(drawing.getvalue())


def both_themes(svg: str) -> str:
    """Add the colours of a dark page to a drawing of Matplotlib, and leave out what nobody sees.

    Examples
    --------
    >>> path = '<path d="M 1.2345 2" style="fill: #ffffff"/>'
    >>> dark = both_themes(f'<?xml?><!-- made by --><svg width="9pt">{path}</svg>')
    >>> print(dark.partition("<style>")[0], dark.partition("</style>")[2], sep="|")
    <svg class="drawn" width="9pt">|<path d="M1.2 2" style="fill:#ffffff"/></svg>
    """
    svg = _LEFT_OUT.sub("", svg)
    svg = svg.replace("<svg ", '<svg class="drawn" ', 1).replace("xlink:href", "href")
    svg = _NUMBERS.sub(lambda numbers: re.sub(r"\.0\d*|(\.\d)\d+", r"\1", numbers[0]), svg)
    svg = _PATH.sub(lambda path: re.sub(r"\s*([MLHVCQZz])\s*", r"\1", path[0]), svg)
    svg = _LOOK.sub(lambda look: re.sub("(?<=[:;]) ", "", look[0]), svg)
    names = {name: f"n{i}" for i, name in enumerate(dict.fromkeys(_NAME.findall(svg)))}
    svg = _NAME.sub(lambda name: names[name[0]], svg)
    svg = _IN_PIXELS.sub(_lighter, svg)
    svg = re.sub(r"<g[^>]*>(?:<use [^>]*/>){2,}</g>", _say_once, svg)
    svg = _LETTER_AT.sub(r'\1 x="\2"/>', svg)  # the same place, in fewer bytes
    return svg.replace(">", f">{_dark_style(svg)}", 1)


def _dark_style(svg: str) -> str:
    """Return the rules that a drawing needs on a dark page: for the colours that are in it."""
    rules = "".join(
        f'[style*="{part}:{light}"]{{{part}:{dark}!important}}'
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
        if f"{part}:{light}" in svg
    )
    letters = f"svg.drawn{{fill:{DARK['#000000']}}}"
    return f"<style>@media (prefers-color-scheme:dark){{{letters}{rules}}}</style>"


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
