"""What a figure to play with is made of: its data, and its pictures on one sheet."""

import base64
import io
import json
from typing import Any

import numpy as np
from PIL import Image

from ..checks import Bytes

SHEET_COLUMNS = 32


def figure_data(name: str, data: dict[str, Any]) -> str:
    """Write the data of a figure to play with, under a sentence that stands for it where there are no scripts of it.

    The book's site has the scripts, and shows the figure in the place of the sentence.

    Parameters
    ----------
    name : str
        Of the figure; the element with the data is ``l2h-name-data``.
    data : dict
        What JSON can hold.

    Returns
    -------
    str
        HTML that asks for no other file.

    Examples
    --------
    >>> html = figure_data("playground", {"classes": ["<b>"]})
    >>> "l2h-playground-data" in html, "<b>" in html
    (True, False)
    """
    values = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")  # no text may end the element
    return (
        '<p class="l2h-play">This is a figure to play with: you can on the same page of the book\'s site. '
        "The figure further down shows the same, standing still.</p>\n"
        f'<script type="application/json" id="l2h-{name}-data">{values}</script>'
    )


def sprite_sheet(images: Bytes) -> str:
    """Lay pictures out in one, `SHEET_COLUMNS` in a row, as an address that holds the picture itself.

    Grey pictures become a PNG; colour ones a JPEG, which is a third of the size.

    Parameters
    ----------
    images : (n, h, w) or (n, h, w, 3) array of uint8

    Returns
    -------
    str
        ``data:image/...;base64,...``

    Examples
    --------
    >>> sprite_sheet(np.zeros((3, 8, 8), dtype=np.uint8))[:22]
    'data:image/png;base64,'
    """
    n, height, width, *colours = images.shape
    rows = -(-n // SHEET_COLUMNS)
    sheet = np.zeros((rows * height, SHEET_COLUMNS * width, *colours), dtype=np.uint8)
    for i, image in enumerate(images):
        top, left = i // SHEET_COLUMNS * height, i % SHEET_COLUMNS * width
        sheet[top : top + height, left : left + width] = image
    buffer = io.BytesIO()
    kind, options = ("jpeg", {"quality": 85, "subsampling": 0}) if colours else ("png", {"optimize": True})
    Image.fromarray(sheet).save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
