"""The first page's list of chapters: each item gets a small copy of its chapter's first figure."""

import base64
import io
import posixpath
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image, ImageOps

from .execution import executed_page
from .files import replace_file


def add_pictures(app: Any, document: nodes.document, docname: str) -> None:
    """Put them before the links of the section "The chapters", with the texts that describe the figures."""
    if docname != app.config.root_doc or "the-chapters" not in document.ids:
        return
    for item in document.ids["the-chapters"].findall(nodes.list_item):
        link = next(iter(item.findall(nodes.reference)))["refuri"]
        chapter = posixpath.join(posixpath.dirname(docname), link.removesuffix(".html"))
        source, alt = _first_figure(executed_page(app.env, chapter))
        small = io.BytesIO()
        with Image.open(io.BytesIO(base64.b64decode(source))) as figure:
            part = ImageOps.pad(figure.convert("RGB"), (480, 220), color="white")
            part.quantize(128).convert("RGB").save(small, "webp", lossless=True)
        name = f"_images/card-{posixpath.basename(chapter)}.webp"
        replace_file(Path(app.outdir, name), small.getvalue())
        address = posixpath.relpath(name, posixpath.dirname(docname))
        item.insert(0, nodes.raw("", f'<img class="card" src="{address}" alt="{escape(alt)}">', format="html"))


def _first_figure(page: Any) -> tuple[str, str]:
    """A picture that a page's cells drew, and the text that describes it."""
    outputs = ((output.get("data", {}), cell.metadata) for cell in page.cells for output in cell.get("outputs", []))
    return next((data["image/png"], known["mystnb"]["image"]["alt"]) for data, known in outputs if "image/png" in data)
