"""The first page's lists of chapters: each item gets a piece of its chapter's first figure."""

import base64
import io
import posixpath
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image, ImageDraw, ImageOps

from .execution import executed_page

# pixels from the top of a figure to where its piece begins, if not there
_TOPS = {"lsh": 150, "radius-search": 60, "designing": 130, "embeddings": 180}


def add_pictures(app: Any, document: nodes.document, docname: str) -> None:
    """Put them before the links of the section "The chapters", with the texts that describe the figures."""
    for item in document.ids.get("the-chapters", nodes.section()).findall(nodes.list_item):
        link = next(iter(item.findall(nodes.reference)))["refuri"]
        chapter = posixpath.join(posixpath.dirname(docname), link.removesuffix(".html"))
        source, alt = _first_figure(executed_page(app.env, chapter))
        Path(app.outdir, "_images").mkdir(parents=True, exist_ok=True)
        name = f"_images/card-{posixpath.basename(chapter)}.webp"
        with Image.open(io.BytesIO(base64.b64decode(source))) as figure:
            _piece(figure, _TOPS.get(posixpath.basename(chapter), 0)).save(Path(app.outdir, name), lossless=True)
        address = posixpath.relpath(name, posixpath.dirname(docname))
        item.insert(0, nodes.raw("", f'<img class="card" src="{address}" alt="{escape(alt)}">', format="html"))


def _piece(figure: Image.Image, top: int) -> Image.Image:
    """Cut a piece at the right of a figure, large enough to be seen, and make the paper around it transparent."""
    piece = figure.convert("RGB").convert("RGBA").crop((max(0, figure.width - 505), top, figure.width, figure.height))
    piece = ImageOps.expand(ImageOps.fit(piece, (480, 220), centering=(1, 0)), 1, "white")
    ImageDraw.floodfill(piece, (0, 0), (255, 255, 255, 0), thresh=9)
    return ImageOps.crop(piece.quantize(128).convert("RGBA"), 1)


def _first_figure(page: Any) -> tuple[str, str]:
    """A picture that a page's cells drew, and the text that describes it."""
    outputs = ((output.get("data", {}), cell.metadata) for cell in page.cells for output in cell.get("outputs", []))
    return next((data["image/png"], known["mystnb"]["image"]["alt"]) for data, known in outputs if "image/png" in data)
