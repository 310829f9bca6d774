"""Formulas as MathML, which browsers show by themselves: no script, nothing to wait for, and screen readers know it."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from docutils import nodes
from fontTools import subset  # type: ignore[import-untyped]
from latex2mathml.converter import convert
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number

__all__ = ["FONT", "mathml", "register"]

FONT = "formulas.woff"
"""The file of the font, in the site's folder of static files."""

_CHARACTERS = [  # Latin, Greek, arrows, operators, brackets, and the bold and italic letters of formulas
    *range(0x20, 0x7F), *range(0xA0, 0xF8), *range(0x391, 0x3FF), 0x2016, 0x2026, 0x2032, 0x2061, 0x210E, 0x211D,
    *range(0x2190, 0x2194), *range(0x21D0, 0x21D5), *range(0x2200, 0x2300), *range(0x2308, 0x230C),
    *range(0x27E8, 0x27EA), *range(0x27F5, 0x27FB), *range(0x1D400, 0x1D468), *range(0x1D6A8, 0x1D6E2),
]  # fmt: skip

_PAIRS = ((r"(?<!\\){", r"(?<!\\)}"), (r"\\left(?![a-z])", r"\\right(?![a-z])"))  # which the translator lets pass
_FUNCTION = "arccos|arcsin|arctan|cos|exp|ln|log|max|min|sin|tan"
_MENDED = (  # what browsers would space or stretch otherwise than TeX does
    (r"<mo(?: movablelimits=\"true\")?>([A-Za-z]{2,})</mo>", r"<mi>\1</mi>"),  # an operator's name is no operator
    (rf"(<mi>(?:{_FUNCTION})</mi>)(?=<m[in]>)", r'\1<mspace width="0.167em" />'),
    (r'width="negativethinmathspace"', 'width="-0.167em"'),
    (r"<mo>&#x02016;</mo>", '<mo stretchy="false" lspace="0" rspace="0">&#x02016;</mo>'),
    (r"(<mo[^>]*>(?:&#x00028;|\(|&#x0003D;|&#x0002C;)</mo>)<mo>(?=&#x0(?:2212|002B);)", r'\1<mo form="prefix">'),
    (r"<mi>(&#x0(?:230A|2308);)</mi>", r'<mo stretchy="false" form="prefix">\1</mo>'),
    (r"<mi>(&#x0(?:230B|2309);)</mi>", r'<mo stretchy="false" form="postfix">\1</mo>'),
    (r"<mi>(&#x0(?:00B1|27FA);)</mi>", r"<mo>\1</mo>"),
)


def mathml(tex: str, *, display: bool = False) -> str:
    r"""Write a formula as a ``math`` element; raise ValueError if it is no TeX that we can translate.

    Examples
    --------
    >>> print(mathml("b^2").replace("><", ">\n<"))
    <math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">
    <mrow>
    <msup>
    <mi>b</mi>
    <mn>2</mn>
    </msup>
    </mrow>
    </math>
    >>> mathml(r"\nonsense{b}")
    Traceback (most recent call last):
    ...
    ValueError: no MathML for the formula \nonsense{b}
    """
    if any(len(re.findall(opening, tex)) != len(re.findall(closing, tex)) for opening, closing in _PAIRS):
        raise ValueError(f"no MathML for the formula {tex.strip()}: what is opened in it is not closed")
    try:
        formula: str = convert(tex.strip(), display="block" if display else "inline")
    except Exception as error:  # the translator's errors have no class in common
        raise ValueError(f"no MathML for the formula {tex.strip()}: {type(error).__name__} {error}".strip()) from error
    for pattern, mended in _MENDED:
        formula = re.sub(pattern, mended, formula)
    if "\\" in formula:  # an unknown command is passed on as it is
        raise ValueError(f"no MathML for the formula {tex.strip()}")
    return formula


def _write_font(app: Any, exception: Exception | None) -> None:
    """Write what formulas need of STIX Two Math, with the tables by which browsers build roots and brackets.

    The whole font is thirteen times as large, and no package has it ready for the web.
    """
    path = Path(app.outdir, "_static", FONT)
    if exception or app.builder.name != "html" or path.exists():
        return
    options = subset.Options(flavor="woff", layout_features=["ssty", "dtls"], name_IDs=["*"], hinting=False)
    font = subset.load_font(str(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=_CHARACTERS)
    subsetter.subset(font)
    subset.save_font(font, str(path), options)


def register(app: Any) -> None:
    """Make MathML what Sphinx writes for a formula."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    app.connect("config-inited", lambda app, config: setattr(config, "html_math_renderer", "mathml"))
    app.connect("build-finished", _write_font)


def _inline(self: Any, node: nodes.Element) -> None:
    self.body.append(f'<span class="math">{_translated(node)}</span>')
    raise nodes.SkipNode


def _display(self: Any, node: nodes.Element) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})</span>')
    self.body.append(f"{_translated(node, display=True)}</div>\n")
    raise nodes.SkipNode


def _translated(node: nodes.Element, *, display: bool = False) -> str:
    try:
        return mathml(node.astext(), display=display)
    except ValueError as error:
        raise ExtensionError(f"{node.source}:{node.line}: {error}") from error
