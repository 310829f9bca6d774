"""Try readers with hostile files: ``python -m tests.fuzz [--seconds 600] [--keep] [reader ...]``.

Each reader works in a process of its own, which may take no more than 1 GB beyond what it has after its imports, and
which is ended if a file takes half a minute of its time, or two minutes of any. What a reader gets wrong is written
beside its corpus, as ``failure-...``.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .readers import NAMES
from .run import CORPUS, run

HEADER = f"{'reader':<12}{'executions':>11}{'outcomes':>10}{'peak MB':>9}{'worst s':>9}{'corpus':>8}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Try readers with hostile files.")
    parser.add_argument("readers", nargs="*", metavar="reader", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--seconds", type=float, default=600, help="for each reader (default: %(default)g)")
    parser.add_argument("--batches", type=float, default=float("inf"), help="of 200 files, at most, for each reader")
    parser.add_argument("--keep", action="store_true", help="add small files with new outcomes to the corpus")
    parser.add_argument("--seed", type=int, help="of the files; by default another one every time")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)  # in this process, in this folder
    options = parser.parse_args()
    unknown = sorted(set(options.readers) - set(NAMES))
    if unknown:
        parser.error(f"no reader is called {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if options.here:
        print(run(options.readers[0], options.seconds, options.batches, options.here, options.keep, options.seed))
        return 0
    print(HEADER, flush=True)
    failed = 0
    for name in options.readers or NAMES:
        with tempfile.TemporaryDirectory(prefix="l2h-fuzz-") as folder:
            chosen = [f"--seconds={options.seconds}", f"--batches={options.batches}", *["--keep"] * options.keep]
            chosen += [] if options.seed is None else [f"--seed={options.seed}"]
            command = [sys.executable, "-m", "tests.fuzz", name, f"--here={folder}", *chosen]
            status = subprocess.run(command, check=False).returncode
            last = Path(folder) / "last"
            if status and last.exists():
                (CORPUS / name).mkdir(parents=True, exist_ok=True)
                failure = CORPUS / name / f"failure-{last.stat().st_mtime_ns}"
                shutil.copy(last, failure)
                print(f"{name}: ended with {status}; the file is {failure}", flush=True)
            failed += status != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
