"""Frames of figures on their pages, and cards: pieces of figures in the first page's lists."""

import base64
import hashlib
import io
import posixpath
import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image

from .disk import replace_file
from .execution import executed_page
from .pictures import PHONE, PIXELS

_CARD = (480, 220)  # width and height of a card, in pixels
_WHOLE = (0, 0, 720)
# The piece of a chapter's first figure that its card shows: left side, top and width, in pixels.
_PIECES = {
    "lsh": (60, 230, 640),
    "buckets": (0, 45, 354),
    "radius-search": (0, 490, 660),
    "designing": (0, 430, 720),
    "grh-adjacency": (0, 40, 460),
    "grh-training": (365, 40, 350),
    "comparison": (0, 60, 720),
    "did-it-learn": (0, 30, 720),
    "embeddings": (0, 20, 720),
}


def frame(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any
) -> None:
    """Give each drawing of a page its size, a version for phones, and a link to itself alone."""

    def framed(image: re.Match[str]) -> str:
        page, phone = drawn[image[3]]
        replace_file(Path(app.outdir, "_images", f"{image[3]}-phone.svg"), phone.encode())
        source = (
            f'<source media="(max-width: 37.4rem)" srcset="{image[2]}-phone.svg" {_size(phone)}>'
        )
        picture = f"<picture>{source}<img {_size(page)} {image[0][5:]}</picture>"
        return f'<a class="drawing" href="{image[1]}">{picture}</a>'

    if ".svg" in context.get("body", ""):
        drawn = {
            hashlib.sha256(page.encode()).hexdigest(): (page, phone)
            for page, phone, *_ in _drawings(app, pagename)
        }
        context["body"] = re.sub(
            r'<img [^>]*?src="(([^"]*/([^"/]+))\.svg)"[^>]*>', framed, context["body"]
        )


def _size(svg: str) -> str:
    """Return the width and height of a drawing in pixels, as attributes."""
    sides = re.findall(r' (width|height)="([\d.]+)pt"', svg[:500])
    return " ".join(f'{side}="{float(points) * 4 / 3:.0f}"' for side, points in sides)


def add_pictures(app: Any, document: nodes.document, docname: str) -> None:
    """Put a card before each link of the section "The chapters", with its figure's description."""
    for item in document.ids.get("the-chapters", nodes.section()).findall(nodes.list_item):
        link = next(iter(item.findall(nodes.reference)))["refuri"]
        chapter = posixpath.join(posixpath.dirname(docname), link.removesuffix(".html"))
        *_, pixels, metadata = _drawings(app, chapter)[0]
        Path(app.outdir, "_images").mkdir(parents=True, exist_ok=True)
        name = f"_images/card-{posixpath.basename(chapter)}.webp"
        left, top, width = _PIECES.get(posixpath.basename(chapter), _WHOLE)
        box = (left, top, left + width, top + width * _CARD[1] // _CARD[0])
        with Image.open(io.BytesIO(base64.b64decode(pixels))) as figure:
            piece = figure.crop(box).resize(_CARD)
        piece.quantize(128).save(Path(app.outdir, name), lossless=True)
        address = posixpath.relpath(name, posixpath.dirname(docname))
        alt = escape(metadata["mystnb"]["image"]["alt"])
        image = f'<img class="card" src="{address}" alt="{alt}">'
        item.insert(0, nodes.raw("", image, format="html"))


def _drawings(app: Any, pagename: str) -> list[Any]:
    """Return each drawing of a page, that for a phone, its pixels, and its cell's metadata."""
    drawings = []
    for cell in executed_page(app.env, pagename).cells:
        for output in cell.get("outputs", []):
            kept = output.get("metadata", {})
            if PHONE in kept:
                drawing = output.data["image/svg+xml"]
                drawings.append((drawing, kept[PHONE], kept[PIXELS], cell.metadata))
    return drawings
