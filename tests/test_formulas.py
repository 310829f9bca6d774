"""Formulas become MathML, with a font of their own."""

import re
from xml.etree import ElementTree

import pytest
from fontTools.ttLib import TTFont
from visits import PAGES

from l2h_book.formulas import mathml

MATHS = "{http://www.w3.org/1998/Math/MathML}"


def parsed(tex):
    return ElementTree.fromstring(mathml(tex))


def pieces(tex):
    """What a formula shows, from left to right: kind of element and text."""
    return [
        (node.tag.removeprefix(MATHS), node.text)
        for node in parsed(tex).iter()
        if node.text and node.text.strip()
    ]


def test_letters_numbers_and_operators_are_what_they_are_in_tex():
    assert pieces(r"2 a \le \mathbf{x}") == [
        ("mn", "2"),
        ("mi", "a"),
        ("mo", "\u2264"),
        ("mi", "\U0001d431"),
    ]


@pytest.mark.parametrize("name", ["sgn", "Pr", "log"])
def test_a_function_name_is_no_operator(name):
    tex = {"sgn": r"\operatorname{sgn}(a)", "Pr": r"\Pr[a]", "log": r"\log n"}[name]
    assert pieces(tex)[0] == ("mi", name)


def test_a_function_without_bracket_has_a_space_behind():
    for tex, name in ((r"\log n", ["mi"]), (r"\log_2 n", ["msub", "mi", "mn"])):
        kinds = [node.tag.removeprefix(MATHS) for node in parsed(tex).iter()]
        assert kinds == ["math", "mrow", *name, "mspace", "mi"]


def test_a_sign_is_not_a_difference():
    forms = [
        node.get("form")
        for node in parsed("a - (-1) = +2").iter(f"{MATHS}mo")
        if node.text in "\u2212+"
    ]
    assert forms == [None, "prefix", "prefix"]


@pytest.mark.parametrize("tex", [r"\nonsense{a}", r"\frac{a", r"a_{b", r"\left( a"])
def test_what_is_no_formula_is_named(tex):
    with pytest.raises(ValueError, match=re.escape(f"no MathML for the formula {tex}")):
        mathml(tex)


def test_the_font_has_every_character_of_every_formula(site):
    font = TTFont(site / "_static" / "formulas.woff2")
    assert "MATH" in font
    assert "SIL" in font["name"].getDebugName(13)  # the licence travels with it
    known = font.getBestCmap()
    shown = set()
    for page in (site / f"{name}.html" for name in PAGES):
        for formula in re.findall(r"<math.*?</math>", page.read_text(encoding="utf-8"), re.S):
            shown |= set("".join(ElementTree.fromstring(formula).itertext()))
    assert shown
    # the sign of a root is no text of a formula
    assert {sign for sign in shown | {"\u221a"} if ord(sign) not in known} == set()


def test_the_font_of_icons_has_those_that_the_theme_shows(site):
    style = (site / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    icons = dict(re.findall(r'\.fa-([\w-]+):before(?=[^{]*\{content:"\\(\w+)")', style))
    named = {
        name
        for page in site.rglob("*.html")
        for name in re.findall(r'[" ]fa-([\w-]+)', page.read_text("utf-8"))
    }
    assert {"list", "moon"} <= named
    shown = {int(icons[name], 16) for name in named & {*icons}}
    shown |= {ord(icon) for icon in re.findall(r'--pst-icon-(?!git)[\w-]+:"(.)"', style)}
    assert (
        shown
        <= TTFont(site / "_static/vendor/fontawesome/webfonts/fa-solid-900.woff2")
        .getBestCmap()
        .keys()
    )
