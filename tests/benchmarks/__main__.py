"""Measure again what the book keeps in a file of book/results: ``make measure NAME=fair-fight``.

``make measure NAME=live`` prints how long a page that runs takes, and keeps nothing.
"""

import sys
from importlib import import_module

from .kept import RESULTS


def main(names):
    kept = sorted(file.stem for file in RESULTS.glob("*.csv") if not file.stem.endswith("-tuning"))
    known = [*kept, "live"]
    if len(names) != 1 or names[0] not in known:
        sys.exit(f"NAME must be one of {', '.join(known)}, got {' '.join(names) or 'none'}")
    import_module(f"tests.benchmarks.{names[0].replace('-', '_')}").main()


main(sys.argv[1:])
