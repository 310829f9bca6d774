"""Formulas as MathML, which browsers show without a script and screen readers can read."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number

# what must be closed as often as it is opened, which the translator does not check
_PAIRS = ((r"(?<!\\){", r"(?<!\\)}"), (r"\\left(?![a-z])", r"\\right(?![a-z])"))
_NAME = "(?:arccos|arcsin|arctan|cos|exp|ln|log|max|min|sin|tan)"
# patterns that browsers would space or stretch differently from TeX, and what takes their place
_MENDED = (
    # the name of a function is no operator
    (r"<mo(?: movablelimits=\"true\")?>([A-Za-z]{2,})</mo>", r"<mi>\1</mi>"),
    (
        rf"(?<!<msub>)(<mi>{_NAME}</mi>|<msub><mi>log</mi><mn>2</mn></msub>)(?=<m[in]>)",
        r'\1<mspace width="0.167em" />',
    ),
    (r'width="negativethinmathspace"', 'width="-0.167em"'),
    (r"<mo>&#x02016;</mo>", '<mo stretchy="false" lspace="0" rspace="0">&#x02016;</mo>'),
    (
        r"(<mo[^>]*>(?:&#x00028;|\(|&#x0003D;|&#x0002C;)</mo>)<mo>(?=&#x0(?:2212|002B);)",
        r'\1<mo form="prefix">',
    ),
    (r"<mi>(&#x0(?:230A|2308);)</mi>", r'<mo stretchy="false" form="prefix">\1</mo>'),
    (r"<mi>(&#x0(?:230B|2309);)</mi>", r'<mo stretchy="false" form="postfix">\1</mo>'),
    (r"<mi>(&#x0(?:00B1|27FA);)</mi>", r"<mo>\1</mo>"),
)


def mathml(tex: str, *, display: bool = False) -> str:
    r"""Write a formula as a ``math`` element; raise ValueError if it cannot be translated.

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
    tex = tex.strip()
    for opening, closing in _PAIRS:
        if len(re.findall(opening, tex)) != len(re.findall(closing, tex)):
            raise ValueError(f"no MathML for the formula {tex}: what is opened in it is not closed")
    try:
        formula: str = convert(tex, display="block" if display else "inline")
    except Exception as error:  # the translator's errors have no class in common
        raise ValueError(
            f"no MathML for the formula {tex}: {type(error).__name__} {error}".strip()
        ) from error
    for pattern, mended in _MENDED:
        formula = re.sub(pattern, mended, formula)
    if "\\" in formula:  # the translator passes an unknown command on as it is
        raise ValueError(f"no MathML for the formula {tex}")
    return formula


def register(app: Any) -> None:
    """Let Sphinx write formulas as MathML, where ``html_math_renderer`` says so."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))


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
