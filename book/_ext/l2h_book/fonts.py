"""The fonts of the site: the characters that it needs, cut from the whole fonts in packages."""

import re
from html import unescape
from importlib.metadata import distribution
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped]

_SERIF = Path(str(distribution("font-source-serif-pro").locate_file("font_source_serif_pro/files")))
_SANS = Path(str(distribution("font-source-sans-pro").locate_file("font_source_sans_pro/files")))
_STIX = Path(str(distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")))
SANS = [_SANS / f"SourceSansPro-{face}.ttf" for face in ("Regular", "Bold", "It")]

# the parts of a page that are written in a font
_WORDS = r">([^<]+)<"
_FORMULAS = r"<m(?:i|n|o|text)\b[^>]*>([^<]+)<"

_LETTERS = {*map(chr, range(0x20, 0x7F))}
# italic letters, and the sign of a root
_ITALIC = {*"\u210e\u221a", *map(chr, range(0x1D434, 0x1D468)), *map(chr, range(0x1D6E2, 0x1D71C))}
# the icons of the theme's buttons, lists and boxes
_ICONS = {
    *"\uf002\uf00d\uf010\uf019\uf03a\uf042\uf057\uf058\uf05a\uf062\uf064\uf06a\uf071\uf0c9\uf0eb\uf0f3",
    *"\uf104\uf105\uf107\uf185\uf186\uf303\uf35d",
}

FONTS = {
    "formulas.woff2": (_STIX, _FORMULAS, _ITALIC, "ssty,dtls"),
    "text.woff2": (_SERIF / "SourceSerifPro-Regular.ttf", _WORDS, _LETTERS, "kern,liga,tnum,lnum"),
    "text-italic.woff2": (_SERIF / "SourceSerifPro-It.ttf", _WORDS, _LETTERS, "kern,liga"),
    "text-bold.woff2": (
        _SERIF / "SourceSerifPro-Semibold.ttf",
        _WORDS,
        _LETTERS,
        "kern,liga,tnum,lnum",
    ),
    "sans.woff2": (_SANS / "SourceSansPro-Regular.ttf", _WORDS, _LETTERS, "kern,liga,tnum,lnum"),
    "heading.woff2": (_SANS / "SourceSansPro-Semibold.ttf", _WORDS, _LETTERS, "kern,liga"),
    "vendor/fontawesome/webfonts/fa-solid-900.woff2": (Path(), "(?!)", _ICONS, ""),
}
"""For each file in the site's folder of static files: where the whole font is, the parts of a page
that are written in it, the characters that are kept besides, and the features. The font of icons is
the theme's, which is already in that folder."""


def write_fonts(site: Path) -> None:
    """Write the part of each font that the site needs, under a name of its own.

    The licence of the fonts asks for another name.
    """
    pages = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.html"))
    for name, (source, written, letters, features) in FONTS.items():
        output = site / "_static" / name
        if not (output / source).exists():  # another theme has no icons there
            continue
        needed = letters | {*unescape("".join(re.findall(written, pages)))}
        # of the names in a font, only copyright (0) and licence (13, 14) stay: others are reserved
        subset.main(
            [
                str(output / source),
                f"--text={''.join(sorted(needed))}",
                f"--output-file={output}",
                "--flavor=woff2",
                "--no-hinting",
                "--name-IDs=0,13,14",
                f"--layout-features={features}",
            ]
        )
