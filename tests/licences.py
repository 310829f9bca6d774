"""The licences of everything that requirements.lock installs, as packages state them.

python -m tests.licences      writes THIRD-PARTY.md, from what is installed here; make lock runs it
"""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "THIRD-PARTY.md"
HEADER = """# Licences of what this project stands on

Nothing of it is copied into the package; it is installed beside it, to use the package or to build and test the book.
The built site carries files of the theme, each with its own notice, and for formulas a part of the font STIX Two Math
(SIL Open Font License 1.1; the notice is in the font's name table). Written by `make lock`, from `requirements.lock`
and what each package says of itself.

| package | version | licence |
| --- | --- | --- |
"""
# What a package does not say where a program can read it, from the licence file in it; and what other systems install.
STATED_ELSEWHERE = {
    "appnope": "BSD-2-Clause",
    "axe-playwright-python": "MIT, with axe-core, MPL-2.0",
    "cffi": "MIT-0",
    "colorama": "BSD-3-Clause",
    "pycparser": "BSD-3-Clause",
}


def locked():
    """Package names, as the lock writes them, and the versions and conditions of each."""
    found = {}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for name, version, marker in re.findall(r"(?m)^([\w.-]+)==(\S+)(?: ; (.+?))? \\$", lock):
        found.setdefault(name, []).append((version, marker))
    return found


def licence_of(name):
    """What an installed package says: an SPDX expression, or its classifiers, or a line of its own."""
    if name in STATED_ELSEWHERE:
        return STATED_ELSEWHERE[name]
    said = metadata(name)
    classified = [
        text.rpartition(" :: ")[2] for text in said.get_all("Classifier", []) if text.startswith("License ::")
    ]
    free = (said.get("License") or "").strip().partition("\n")[0]
    return said.get("License-Expression") or "; ".join(classified) or free or None


def rows():
    """A row of the table for each package; raises a `LookupError` where no licence is stated."""
    for name, versions in locked().items():
        try:
            licence = licence_of(name)
        except PackageNotFoundError as error:
            raise LookupError(f"{name} is not installed: install requirements.lock first") from error
        if not licence:
            raise LookupError(f"{name} states no licence: look into it, and add it to STATED_ELSEWHERE")
        yield f"| {name} | {', '.join(version for version, _ in versions)} | {licence} |"


if __name__ == "__main__":
    TARGET.write_text(HEADER + "\n".join(rows()) + "\n", encoding="utf-8", newline="\n")
