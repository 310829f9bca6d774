"""The teachers' pages: those of the site, with notes that presentation mode can show."""

import os
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

from docutils import nodes

from .disk import replace_file


def notes_of(builder: Any, document: nodes.document) -> dict[str, str]:
    """Return the boxes for teachers and the teaching notes, as HTML by the id of their section."""
    notes: dict[str, str] = defaultdict(str)
    for box in document.findall(nodes.admonition):
        if {"teachers", "instructor"} & set(box["classes"]):
            section = box.parent
            while section.parent.parent not in (document, None):
                section = section.parent
            html = builder.render_partial(box.deepcopy())["fragment"]
            notes[section["ids"][0]] += html
    return notes


def write_teachers_pages(site: Path, folder: Path, notes: dict[str, dict[str, str]]) -> None:
    """Copy the site, but for its notebooks and what runs its pages, and give pages their notes."""
    left_out = shutil.ignore_patterns("notebooks", "live")
    shutil.copytree(site, folder, copy_function=_copy_newer, ignore=left_out, dirs_exist_ok=True)
    for page, places in notes.items():
        html = Path(site, f"{page}.html").read_text(encoding="utf-8")
        html = re.sub(r'<p class="notebook-link">.*?</p>', "", html, flags=re.DOTALL)
        for place, note in places.items():
            heading = re.search(
                rf'<section[^>]* id="{re.escape(place)}">.*?</h\d>', html, re.DOTALL
            )
            end = heading.end() if heading else len(html)
            html = f'{html[:end]}\n<div class="l2h-notes">{note}</div>{html[end:]}'
        replace_file(folder / f"{page}.html", html.encode())


def _copy_newer(source: str, target: str) -> None:
    if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(source):
        shutil.copy2(source, target)
