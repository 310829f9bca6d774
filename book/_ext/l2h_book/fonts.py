"""The fonts of the site: what it needs of each, cut from packages that have them whole."""

from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from fontTools import subset  # type: ignore[import-untyped]

_SERIF = Path(str(distribution("font-source-serif-pro").locate_file("font_source_serif_pro/files")))
_SANS = Path(str(distribution("font-source-sans-pro").locate_file("font_source_sans_pro/files")))
_STIX = Path(str(distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")))
SANS = [_SANS / f"SourceSansPro-{face}.ttf" for face in ("Regular", "Bold", "It")]
"""The letters of figures."""

_MATHS = [  # Latin, Greek, arrows, operators, brackets, and the bold and italic letters of formulas
    *range(0x20, 0x7F), *range(0xA0, 0xF8), *range(0x391, 0x3FF), 0x2016, 0x2026, 0x2032, 0x2061, 0x210E, 0x211D,
    *range(0x2190, 0x2194), *range(0x21D0, 0x21D5), *range(0x2200, 0x2300), *range(0x2308, 0x230C),
    *range(0x27E8, 0x27EA), *range(0x27F5, 0x27FB), *range(0x1D400, 0x1D468), *range(0x1D6A8, 0x1D6E2),
]  # fmt: skip
_WORDS = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2027), *range(0x2032, 0x2034), 0x2212, 0x00D7]

FONTS = {
    "formulas.woff2": (_STIX, _MATHS, ["ssty", "dtls"]),
    "text.woff2": (_SERIF / "SourceSerifPro-Regular.ttf", _WORDS, ["kern", "liga", "tnum", "lnum"]),
    "text-italic.woff2": (_SERIF / "SourceSerifPro-It.ttf", _WORDS, ["kern", "liga"]),
    "text-bold.woff2": (_SERIF / "SourceSerifPro-Semibold.ttf", _WORDS, ["kern", "liga", "tnum", "lnum"]),
    "heading.woff2": (_SANS / "SourceSansPro-Semibold.ttf", _WORDS, ["kern", "liga"]),
}
"""By file in the site's folder of static files: where the font is, and which characters and features are kept."""


def write_fonts(app: Any, exception: Exception | None) -> None:
    """Write what the site needs of each font, under names of its own, as their licence asks of a part."""
    for name, (source, characters, features) in FONTS.items():
        path = Path(app.outdir, "_static", name)
        if exception or app.builder.name != "html" or path.exists():
            return
        # of the names a font gives itself, those of who made it and of the licence: the rest are reserved
        options = subset.Options(flavor="woff2", layout_features=features, name_IDs=[0, 13, 14], hinting=False)
        font = subset.load_font(str(source), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=characters)
        subsetter.subset(font)
        subset.save_font(font, str(path), options)
