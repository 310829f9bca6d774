"""Write each figure's script as its page has it: a linter of one file sees only a part."""

import sys
from pathlib import Path

from l2h_book.play import FIGURES, directive

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name in FIGURES:
    script = directive.script_of([name])
    (folder / f"{name}.js").write_text(script, encoding="utf-8")
