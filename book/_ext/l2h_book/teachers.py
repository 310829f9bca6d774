"""The teachers' pages: the site's, with what is said to teachers only as notes that presentation mode can show them."""

import posixpath
import re
from pathlib import Path
from typing import Any

from docutils import nodes

from .files import replace_file


def notes_of(builder: Any, document: nodes.document) -> dict[str, str]:
    """The boxes for teachers and the teaching notes of a tree, as HTML by the id of the page's or the section's own."""
    notes: dict[str, str] = {}
    for box in document.findall(nodes.admonition):
        if {"teachers", "instructor"} & set(box["classes"]):
            section = box.parent
            while section.parent.parent not in (document, None):
                section = section.parent
            html = builder.render_partial(box.deepcopy())["fragment"]
            notes[section["ids"][0]] = notes.get(section["ids"][0], "") + html
    return notes


def write_teachers_pages(site: Path, folder: Path, notes: dict[str, dict[str, str]]) -> None:
    """Copy each page that ``notes`` has an entry for, with its notes; links lead to the copies, or to the site."""
    pages = {page: folder / f"{posixpath.basename(page)}.html" for page in notes}
    ours = "|".join(re.escape(path.name) for path in pages.values())
    for page, path in pages.items():
        up = posixpath.relpath(Path(site, page).parent.as_posix(), folder.as_posix())
        html = Path(site, f"{page}.html").read_text(encoding="utf-8")
        html = re.sub(rf'\b((?:href|src|data-content_root)=")(?![a-z]+:|[#?]|(?:{ours})\b)', rf"\1{up}/", html)
        for place, note in notes[page].items():
            heading = re.search(rf'<section[^>]* id="{re.escape(place)}">.*?</h\d>', html, re.DOTALL)
            end = heading.end() if heading else len(html)
            html = f'{html[:end]}\n<div class="l2h-notes">{note}</div>{html[end:]}'
        replace_file(path, html.encode())
