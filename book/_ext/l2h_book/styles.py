"""The style sheets and scripts of the site: of the theme's sheets, the rules that are used."""

import re
from collections.abc import Iterator
from pathlib import Path

from .disk import BOOK, replace_file

_STRING = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\''
_MARK = re.compile(_STRING + "|[{};]")
_SPACED = re.compile(rf"({_STRING})|\s*([{{}};,])\s*")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BRACKETS = re.compile(r"\([^()]*\)")
_NAME = re.compile(r"[.#](-?[A-Za-z_][\w-]*)")
_WORD = re.compile(r"-?[A-Za-z_][\w-]*")
# the arrow of a hint gets its class piece by piece
_MADE_BY_SCRIPTS = {"bs-tooltip-auto", "bs-popover-auto"}


def cut_styles(site: Path) -> None:
    """Cut from the theme's style sheets the rules that nothing uses; compact ours, and scripts."""
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    scripts = [*(site / "_static").rglob("*.js")]
    words = set(_MADE_BY_SCRIPTS)
    for path in pages + scripts:
        words |= words_of(path.read_text(encoding="utf-8"))
    for path in (site / "_static").rglob("*.css"):
        css = path.read_text(encoding="utf-8")
        is_ours = (BOOK / "_static" / path.name).exists()
        cut = compact(_COMMENT.sub("", css)) if is_ours else used_rules(css, words)
        replace_file(path, cut.encode())
    for path in scripts:
        if (BOOK / "_static" / path.name).exists():
            replace_file(path, compact_script(path.read_text(encoding="utf-8")).encode())


def compact(css: str) -> str:
    """Return a style sheet without needless spaces: pages are lighter for that.

    Examples
    --------
    >>> compact('a,\\n.b:has([style*="top: 0"]) > p {\\n  content: "1 , 2";\\n}\\n')
    'a,.b:has([style*="top: 0"]) > p{content:"1 , 2"}'
    """
    css = re.sub(r"(?m)^(\s*[\w-]+:) ", r"\1", css)
    return _SPACED.sub(lambda found: found[1] or found[2], css).replace(";}", "}")


def compact_script(text: str) -> str:
    """Return a script without indents and without comments that end a line.

    Examples
    --------
    >>> compact_script("// Count.\\nif (a)\\n  // twice\\n  count(2); // or more\\n")
    'if (a)\\ncount(2);\\n'
    """
    return re.sub(r"(?m)^ *//.*\n|^ +|(?<=[;,{}()]) //.*$", "", text)


def words_of(text: str) -> set[str]:
    """Return the words of a text that may be classes or names of elements."""
    return set(_WORD.findall(text))


def used_rules(css: str, words: set[str]) -> str:
    """Return a style sheet without the rules whose classes and names are not among some words.

    Examples
    --------
    >>> css = ".a, .b > p { top: 0 } @media print { .b { top: 0 } } #c:not(:is(.b, p)) { top: 0 }"
    >>> print(used_rules(css, {"a", "c"}))
    .a{top: 0}
    #c:not(:is(.b, p)){top: 0}
    """
    kept = []
    for head, body in _rules(_COMMENT.sub("", css)):
        if body is None:  # such as an import
            kept.append(head)
        elif head.startswith(("@media", "@supports", "@layer", "@container")):
            inner = used_rules(body, words)
            if inner:
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            used = [one for one in _selectors(head) if _names(one) <= words]
            if used:
                kept.append(f"{','.join(used)}{{{body}}}")
    return "\n".join(kept)


def _selectors(head: str) -> list[str]:
    """Split a rule's head at the commas that are in no brackets."""
    parts = [""]
    depth = 0
    for character in head:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _names(selector: str) -> set[str]:
    """Return the classes and names that an element must have, or be within, to be selected.

    What is in brackets is a choice, or what an element must not be.
    """
    count = 1
    while count:
        selector, count = _BRACKETS.subn("", selector)
    return set(_NAME.findall(selector))


def _rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Give the outermost rules of a style sheet: what is before the braces, and what is in them."""
    depth = 0
    start = 0
    opened = 0
    for mark in _MARK.finditer(css):
        if mark[0] == "{":
            depth += 1
            if depth == 1:
                opened = mark.end()
        elif mark[0] == "}":
            depth -= 1
            if depth == 0:
                yield css[start : opened - 1].strip(), css[opened : mark.start()].strip()
                start = mark.end()
        elif mark[0] == ";" and depth == 0:
            yield css[start : mark.end()].strip(), None
            start = mark.end()
