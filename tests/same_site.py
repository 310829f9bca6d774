"""Are two builds the same, but for measured seconds? ``python -m tests.same_site FOLDER FOLDER``, each a ``_build``.

Two builds from nothing give the same bytes. Only a page that shows measured times may differ, and only in numbers and
in the figures that draw them, wherever the build repeats it: site, notebooks, plain text, search index.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

TIMED = {"comparison", "grh-training", "radius-search", "scaling", "teaching"}
PARTS = ("html", "editions")
PICTURE = re.compile(r"[0-9a-f]{64}(?=\.png)|(?<=\"image/png\": \")[^\"]+|(?<=data:image/png;base64,)[^\"]+")
NUMBER = re.compile(r"\d[\d,.]*(e[+-]?\d+)?")
PADDING = re.compile(r"[ -]+")  # a column is as wide as its longest number


def without_numbers(text: str) -> str:
    return PADDING.sub(" ", NUMBER.sub("0", PICTURE.sub("0", text)))


def without_numbers_as_terms(text: str) -> str:
    """Of Sphinx's search index: numbers are terms like words, each with its pages."""
    index = json.loads(text[text.index("{") : text.rindex("}") + 1])
    index["terms"] = {term: pages for term, pages in index["terms"].items() if not NUMBER.search(term)}
    return json.dumps(index)


def may_differ(path: Path) -> Callable[[str], str] | None:
    """How to read a file that may hold measured times; None if it may not."""
    if path.name == "searchindex.js":
        return without_numbers_as_terms
    return without_numbers if path.stem in TIMED and path.suffix in {".html", ".ipynb", ".md"} else None


def files(build: Path) -> dict[str, Path]:
    """Every file of a build by its name in there. A figure's name is a hash of it, so the page that shows it tells."""
    found = (path for part in PARTS for path in sorted((build / part).rglob("*")) if path.is_file())
    return {
        path.relative_to(build).as_posix(): path
        for path in found
        if path.parent.name != "_images" and path.name != ".buildinfo"
    }


def differences(first: Path, second: Path) -> tuple[list[str], list[str]]:
    """Files that differ in measured times only, and what differs otherwise."""
    one, other = files(first), files(second)
    timed, wrong = [], [f"{name}: in one of them only" for name in sorted(one.keys() ^ other.keys())]
    for name in sorted(one.keys() & other.keys()):
        both = one[name], other[name]
        if both[0].read_bytes() == both[1].read_bytes():
            continue
        read = may_differ(both[0])
        if read and len({read(path.read_text(encoding="utf-8")) for path in both}) == 1:
            timed.append(name)
        else:
            wrong.append(f"{name}: not the same" + (", not even without its numbers" if read else ""))
    return timed, wrong


def main(first: str, second: str) -> int:
    timed, wrong = differences(Path(first), Path(second))
    same = len(files(Path(first))) - len(timed) - len(wrong)
    print(f"{same} files are the same; {len(timed)} but for measured times: {', '.join(timed)}")
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong or not same else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
