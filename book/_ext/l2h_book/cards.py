"""Where figures stand: framed on their own page, and a piece of a chapter's first one in the first page's lists."""

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

from l2h_tutorial.figures.style import PHONE, PIXELS

from .execution import executed_page
from .files import replace_file

# the left side, the top and the width of what a card shows, in pixels
_PIECES = {
    "data": (0, 0, 720),
    "lsh": (60, 230, 640),
    "buckets": (0, 45, 354),
    "radius-search": (0, 490, 660),
}
_PIECES |= {
    "designing": (0, 430, 720),
    "grh-adjacency": (0, 40, 460),
    "grh-training": (365, 40, 350),
}
_PIECES |= {"comparison": (0, 60, 720), "did-it-learn": (0, 30, 720), "embeddings": (0, 20, 720)}


def frame(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], document: Any
) -> None:
    """Give the drawings of a page their size, those for phones, and a link to itself alone, which the script opens."""

    def framed(image: re.Match[str]) -> str:
        page, phone = drawn[image[3]]
        replace_file(Path(app.outdir, "_images", f"{image[3]}-phone.svg"), phone.encode())
        source = (
            f'<source media="(max-width: 37.4rem)" srcset="{image[2]}-phone.svg" {_size(phone)}>'
        )
        picture = f"<picture>{source}<img {_size(page)} {image[0][5:]}</picture>"
        return f'<a class="drawing" href="{image[1]}">{picture}</a>'

    if ".svg" in context.get("body", ""):
        drawings = _drawings(app, pagename)
        drawn = {
            hashlib.sha256(page.encode()).hexdigest(): (page, phone) for page, phone, *_ in drawings
        }
        context["body"] = re.sub(
            r'<img [^>]*?src="(([^"]*/([^"/]+))\.svg)"[^>]*>', framed, context["body"]
        )


def _size(svg: str) -> str:
    """Of a drawing, in pixels."""
    sides = re.findall(r' (width|height)="([\d.]+)pt"', svg[:500])
    return " ".join(f'{side}="{float(points) * 4 / 3:.0f}"' for side, points in sides)


def add_pictures(app: Any, document: nodes.document, docname: str) -> None:
    """Put them before the links of the section "The chapters", with the texts that describe the figures."""
    for item in document.ids.get("the-chapters", nodes.section()).findall(nodes.list_item):
        link = next(iter(item.findall(nodes.reference)))["refuri"]
        chapter = posixpath.join(posixpath.dirname(docname), link.removesuffix(".html"))
        *_, pixels, known = _drawings(app, chapter)[0]
        Path(app.outdir, "_images").mkdir(parents=True, exist_ok=True)
        name = f"_images/card-{posixpath.basename(chapter)}.webp"
        left, top, width = _PIECES.get(posixpath.basename(chapter), (0, 0, 720))
        with Image.open(io.BytesIO(base64.b64decode(pixels))) as figure:
            piece = figure.crop((left, top, left + width, top + width * 11 // 24)).resize(
                (480, 220)
            )
        piece.quantize(128).save(Path(app.outdir, name), lossless=True)
        address, alt = (
            posixpath.relpath(name, posixpath.dirname(docname)),
            escape(known["mystnb"]["image"]["alt"]),
        )
        item.insert(
            0, nodes.raw("", f'<img class="card" src="{address}" alt="{alt}">', format="html")
        )


def _drawings(app: Any, pagename: str) -> list[Any]:
    """What a page's cells drew: for a page, for a phone, and that in pixels; and what is known of the cell."""
    outputs = [
        (output, cell)
        for cell in executed_page(app.env, pagename).cells
        for output in cell.get("outputs", [])
    ]
    figures = [
        (output.data, output.metadata, cell)
        for output, cell in outputs
        if PHONE in output.get("metadata", {})
    ]
    return [
        (data["image/svg+xml"], extra[PHONE], extra[PIXELS], cell.metadata)
        for data, extra, cell in figures
    ]
