"""Markup, style, data and script in one piece of HTML."""

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["assemble", "sprite_sheet"]

_FOLDER = Path(__file__).parent


def assemble(name: str, data: dict[str, Any], scripts: Sequence[str]) -> str:
    """Put a part of a page together from the files of this folder.

    Parameters
    ----------
    name : str
        ``name.html`` is the markup; its script finds the data in the element ``l2h-name-data``.
    data : dict
        What JSON can hold.
    scripts : sequence of str
        Names of the scripts, in order. They run in one function of their own, and leave no name behind.

    Returns
    -------
    str
        HTML that asks for no other file.

    Examples
    --------
    >>> html = assemble("steps", {"classes": ["<b>"]}, ["common", "plane", "steps"])
    >>> "l2h-steps-data" in html, "<b>" in html
    (True, False)
    """
    markup = _read(f"{name}.html")
    values = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")  # no text may end the element
    code = "\n".join(_read(f"{script}.js") for script in scripts)
    return "\n".join(
        [
            f"<style>\n{_read('explore.css')}</style>",
            markup.rstrip(),
            f'<script type="application/json" id="l2h-{name}-data">{values}</script>',
            f"<script>\n(() => {{\n{code}}})();\n</script>",
        ]
    )


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def sprite_sheet(images: NDArray[np.uint8], columns: int = 32) -> str:
    """Lay pictures out in one, row by row, as an address that holds the picture itself.

    Grey pictures become a PNG; colour ones a JPEG, which is a third of the size.

    Parameters
    ----------
    images : (n, h, w) or (n, h, w, 3) array of uint8
    columns : int
        Pictures in a row of the sheet.

    Returns
    -------
    str
        ``data:image/...;base64,...``

    Examples
    --------
    >>> sprite_sheet(np.zeros((3, 8, 8), dtype=np.uint8), columns=2)[:22]
    'data:image/png;base64,'
    """
    n, height, width = images.shape[:3]
    rows = -(-n // columns)
    sheet = np.zeros((rows * height, columns * width, *images.shape[3:]), dtype=np.uint8)
    for i, image in enumerate(images):
        top, left = i // columns * height, i % columns * width
        sheet[top : top + height, left : left + width] = image
    buffer = io.BytesIO()
    if images.ndim == 3:
        kind = "png"
        Image.fromarray(sheet).save(buffer, "PNG", optimize=True)
    else:
        kind = "jpeg"
        Image.fromarray(sheet).save(buffer, "JPEG", quality=85, subsampling=0)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
