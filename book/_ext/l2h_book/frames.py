"""Frames of figures on their pages: their size, their drawing for a phone, a link to them alone."""

import hashlib
import re
from pathlib import Path
from typing import Any

from .disk import replace_file
from .execution import executed_page
from .pictures import PHONE


def frame(app: Any, pagename: str, context: dict[str, Any]) -> None:
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
            for page, phone in _drawings(app, pagename)
        }
        context["body"] = re.sub(
            r'<img [^>]*?src="(([^"]*/([^"/]+))\.svg)"[^>]*>', framed, context["body"]
        )


def _size(svg: str) -> str:
    """Return the width and height of a drawing in pixels, as attributes."""
    sides = re.findall(r' (width|height)="([\d.]+)pt"', svg[:500])
    return " ".join(f'{side}="{float(points) * 4 / 3:.0f}"' for side, points in sides)


def _drawings(app: Any, pagename: str) -> list[tuple[str, str]]:
    """Return each drawing of a page, and that for a phone."""
    drawings = []
    for cell in executed_page(app.env, pagename).cells:
        for output in cell.get("outputs", []):
            kept = output.get("metadata", {})
            if PHONE in kept:
                drawings.append((output.data["image/svg+xml"], kept[PHONE]))
    return drawings
