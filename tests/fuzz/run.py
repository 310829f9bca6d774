"""One reader and its hostile files, in this process."""

import faulthandler
import hashlib
import os
import random
import re
import resource
import shutil
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .mutations import damaged, mutated
from .reader import CANARY, call
from .readers import load

__all__ = ["CORPUS", "run"]

CORPUS = Path(__file__).parent / "corpus"
MOST_MEMORY = 2**30
MOST_SECONDS = 10  # of processor time, for one file
END_AFTER = 30  # seconds of processor time, for what hangs: it is shown and ended
END_WAITING = 120  # seconds that pass, for what waits and takes no processor time: the same
LARGEST_DAMAGED = 2**16
LARGEST_KEPT, MOST_KEPT = 2000, 16_000  # bytes: of one file in the corpus, and of all of a reader's
FORBIDDEN = {"os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect"}


def run(name: str, seconds: float, batches: float, folder: Path, keep: bool, number: int | None) -> str:
    """Try files for some seconds, or so many batches of them; return a line of what there was.

    Raises
    ------
    AssertionError or other
        At the first file that has another outcome than those allowed; it is then ``folder / "last"``.
    """
    os.environ |= {"L2H_DATA_HOME": str(folder / "cache"), CANARY: str(folder / CANARY)}
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the default one reserves more than the limit
    warnings.simplefilter("ignore")
    trial = _Trial(name, folder)
    seeds = [path.read_bytes() for path in _kept(name)]
    trial(b"")  # whatever is imported late, is now
    for content in [*seeds, *trial.reader.bombs()]:
        trial(content)
    contents = trial.reader.contents
    if seeds:
        contents = st.one_of(contents, contents, mutated(st.sampled_from(seeds)))
    numbers = random.Random(number)
    end = time.monotonic() + seconds
    while time.monotonic() < end and batches > 0:
        batches -= 1
        known = set(trial.outcomes)
        _batch(trial, contents, numbers.getrandbits(32))
        if keep:
            room = MOST_KEPT - sum(map(len, seeds))
            for outcome, content in trial.outcomes.items():
                mine = os.fsencode(folder) in content  # the place where a payload would leave a trace, of this run only
                if outcome not in known and not mine and 0 < len(content) <= min(LARGEST_KEPT, room):
                    seeds.append(content)
                    room -= len(content)
                    (CORPUS / name).mkdir(parents=True, exist_ok=True)
                    (CORPUS / name / hashlib.sha256(content).hexdigest()[:12]).write_bytes(content)
    return trial.line()


def _kept(name: str) -> list[Path]:
    """The files of a reader's corpus; what it got wrong in an earlier run is beside them, not among them."""
    return sorted(path for path in (CORPUS / name).glob("*") if not path.name.startswith("failure-"))


class _Trial:
    """Writes a content to a file, has it read, and looks at what that did."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder, self.reader = name, folder, load(name)
        self.work = folder / "work"
        self.work.mkdir()
        self.reader.prepare(self.work)
        self.executions, self.worst, self.outcomes = 0, 0.0, dict[str, bytes]()
        self.events: list[str] = []
        faulthandler.register(signal.SIGPROF, chain=True)
        faulthandler.register(signal.SIGALRM, chain=True)
        sys.addaudithook(lambda event, _: self.events.append(event) if event in FORBIDDEN else None)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY, resource.RLIM_INFINITY))

    def __call__(self, content: bytes) -> None:
        path = self.work / self.reader.file
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)
        (self.folder / "last").unlink(missing_ok=True)
        shutil.copy(path, self.folder / "last")
        signal.setitimer(signal.ITIMER_PROF, END_AFTER)
        signal.setitimer(signal.ITIMER_REAL, END_WAITING)
        self.events.clear()
        start = time.process_time()
        try:
            outcome = call(self.reader, path)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
        spent = time.process_time() - start
        self.executions += 1
        self.worst = max(self.worst, spent)
        self.outcomes.setdefault(re.sub(r"\d+|'[^']*'|\(.*|\[.*", "#", outcome)[:120], content)
        assert spent < MOST_SECONDS, f"it took {spent:.1f} s"
        assert not self.events, f"reading it did {self.events}"
        assert not (self.folder / CANARY).exists(), "a payload was run"

    def line(self) -> str:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        files = len(_kept(self.name))
        row = f"{self.name:<12}{self.executions:>11}{len(self.outcomes):>10}{peak:>9}{self.worst:>9.2f}{files:>8}"
        return row


def _batch(trial: Any, contents: st.SearchStrategy[bytes], number: int) -> None:
    """Try 200 contents, and each with random damage; the last one tried, if one fails, is the simplest found."""

    @seed(number)
    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(content=contents, numbers=st.integers(0, 2**32))
    def batch(content: bytes, numbers: int) -> None:
        trial(content)
        if len(content) < LARGEST_DAMAGED:
            damages = random.Random(numbers)
            for _ in range(8):
                trial(damaged(content, damages))

    batch()
