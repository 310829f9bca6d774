"""The site of the last good build, which stays until a newer one is whole, and says it is old."""

import atexit
import re
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import ENV_PICKLE_FILENAME

from .disk import replace_file

NOTICE = (
    '<p class="old-build" role="status">'
    "The last build failed. This page is from the build before it.</p>"
)


def connect(app: Any) -> None:
    """Take care of the former site from the beginning of a build to its end."""
    app.connect("config-inited", _begin)
    app.connect("build-finished", _end, priority=1000)


def _places(site: Path) -> tuple[Path, Path]:
    """Return the mark of a build that has not ended, and a copy of the site from before it."""
    return site.with_name(f".{site.name}.unfinished"), site.with_name(f".{site.name}.former")


def _begin(app: Any, config: Any) -> None:
    """Keep a copy of the site. A build that was killed may leave half a page, so it is removed."""
    site = Path(app.outdir)
    doctrees = Path(app.doctreedir)
    unfinished, former = _places(site)
    if unfinished.exists():
        _remove(site, doctrees)
    elif site.exists():
        _remove(former)
        if (doctrees / ENV_PICKLE_FILENAME).exists():
            shutil.copytree(site, former)
        else:  # every page is written anew, so no file of the former site may stay in its place
            site.rename(former)
    for folder in (site, doctrees):
        folder.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    atexit.register(_end_badly, site, doctrees)


def _end(app: Any, exception: Exception | None) -> None:
    """Forget the former site after a good build."""
    # a warning makes a strict build a bad one, but Sphinx says so only later
    warned = (app.warningiserror or app.keep_going) and app._warncount
    if not (exception or app.statuscode or warned):
        unfinished, former = _places(Path(app.outdir))
        unfinished.unlink()
        _remove(former)


def _end_badly(site: Path, doctrees: Path) -> None:
    """Bring the former site back if the process ends, for whatever reason, without a good build."""
    unfinished, former = _places(site)
    if not unfinished.exists():
        return
    _remove(site, doctrees)  # without doctrees, the next build writes every page anew
    if former.exists():
        former.rename(site)
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if NOTICE not in text:
            marked = re.sub("<body[^>]*>", lambda tag: f"{tag[0]}\n{NOTICE}", text, count=1)
            replace_file(page, marked.encode())
    unfinished.unlink()


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
