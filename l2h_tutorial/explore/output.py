"""The HTML of a figure to play with: its data, and its pictures on one sheet."""

import base64
import io
import json
from typing import Any

import numpy as np
from PIL import Image

from ..checks import Integers
from ..datasets import Dataset

SHEET_COLUMNS = 32


def figure_data(name: str, data: dict[str, Any]) -> str:
    """Write the data of a figure to play with, below a sentence that says where the figure is.

    The book's site has the figure's scripts, and shows the figure instead of the sentence.

    Parameters
    ----------
    name : str
        The figure's name; the element with the data is ``l2h-name-data``.
    data : dict
        What JSON can hold.

    Returns
    -------
    str
        HTML that needs no other file.

    Examples
    --------
    >>> html = figure_data("playground", {"classes": ["<b>"]})
    >>> "l2h-playground-data" in html, "<b>" in html
    (True, False)
    """
    # without "<" no text can end the element
    values = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return (
        '<p class="l2h-play">This is a figure to play with: you can on the same page of the '
        "book's site. The figure further down shows the same, standing still.</p>\n"
        f'<script type="application/json" id="l2h-{name}-data">{values}</script>'
    )


def sprite_sheet(dataset: Dataset, rows: Integers) -> dict[str, Any]:
    """Lay pictures of a data set out in one, `SHEET_COLUMNS` in a row, for a figure's data.

    Grey pictures become a PNG; colour ones a JPEG, which is a third of the size.

    Parameters
    ----------
    dataset : Dataset
    rows : (n,) array of int

    Returns
    -------
    dict
        ``columns`` and ``sheetRows`` of the sheet, and ``sheet``: an address that holds it, or None
        where the data set came without pictures.

    Examples
    --------
    >>> from l2h_tutorial import load_dataset
    >>> sheet = sprite_sheet(load_dataset("fashion-mnist"), np.arange(33))
    >>> sheet["sheetRows"], sheet["sheet"][:22]
    (2, 'data:image/png;base64,')
    """
    lines = -(-len(rows) // SHEET_COLUMNS)
    described: dict[str, Any] = {"columns": SHEET_COLUMNS, "sheetRows": lines, "sheet": None}
    if dataset.images is None:
        return described
    _, height, width, *colours = dataset.images.shape
    sheet = np.zeros((lines * height, SHEET_COLUMNS * width, *colours), dtype=np.uint8)
    for i, image in enumerate(dataset.images[rows]):
        line, column = divmod(i, SHEET_COLUMNS)
        top = line * height
        start = column * width
        sheet[top : top + height, start : start + width] = image
    buffer = io.BytesIO()
    kind = "jpeg" if colours else "png"
    options = {"quality": 85, "subsampling": 0} if colours else {"optimize": True}
    Image.fromarray(sheet).save(buffer, kind, **options)
    return described | {"sheet": data_address(f"image/{kind}", buffer.getvalue())}


def data_address(kind: str, content: bytes) -> str:
    """Write an address that holds a whole file. On the book's site the file lies beside the page.

    Examples
    --------
    >>> data_address("text/plain", b"hash")
    'data:text/plain;base64,aGFzaA=='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
