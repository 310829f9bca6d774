"""What a figure to play with gives to its page: its data, with its pictures on one sheet."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from l2h_tutorial.checks import Bytes, Integers
from l2h_tutorial.datasets import Dataset

SHEET_COLUMNS = 32


class Playable:
    """A figure to play with.

    It has data, which are what JSON can hold, and perhaps a function that draws it standing still.

    Examples
    --------
    >>> Playable({"classes": ["<b>"]})._repr_html_()
    '{"classes":["\\\\u003cb>"]}'
    """

    def __init__(self, data: dict[str, Any], picture: Callable[[], Figure] | None = None) -> None:
        self.data = data
        self.picture = picture

    def _repr_html_(self) -> str:
        """Write the data as a page's element holds them: without "<", no text can end it."""
        return json.dumps(self.data, separators=(",", ":")).replace("<", "\\u003c")


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
    if dataset.images is None:
        lines = -(-len(rows) // SHEET_COLUMNS)
        return {"columns": SHEET_COLUMNS, "sheetRows": lines, "sheet": None}
    return sheet_of(dataset.images[rows])


def sheet_of(images: Bytes) -> dict[str, Any]:
    """Lay any pictures out in one, as `sprite_sheet` does with those of a data set."""
    count, height, width, *colours = images.shape
    lines = -(-count // SHEET_COLUMNS)
    sheet = np.zeros((lines * height, SHEET_COLUMNS * width, *colours), dtype=np.uint8)
    for i, image in enumerate(images):
        line, column = divmod(i, SHEET_COLUMNS)
        top = line * height
        start = column * width
        sheet[top : top + height, start : start + width] = image
    buffer = io.BytesIO()
    kind = "jpeg" if colours else "png"
    options = {"quality": 85, "subsampling": 0} if colours else {"optimize": True}
    Image.fromarray(sheet).save(buffer, kind, **options)
    address = data_address(f"image/{kind}", buffer.getvalue())
    return {"columns": SHEET_COLUMNS, "sheetRows": lines, "sheet": address}


def data_address(kind: str, content: bytes) -> str:
    """Write an address that holds a whole file. On the book's site the file lies beside the page.

    Examples
    --------
    >>> data_address("text/plain", b"hash")
    'data:text/plain;base64,aGFzaA=='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
