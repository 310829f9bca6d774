"""Measure a page that runs in a browser: ``make measure NAME=live``, alone on the machine.

It wants `make live` first, and prints medians of five visits to chapter 2: seconds from the click
until Python is ready, and the memory of the tab when every cell of the text has run.

Nothing looks into the browser: under developer tools a tab keeps what it fetched, some 90 MB here.
The served page clicks, runs its own cells, and calls back when Python is ready and when the cells
have ended. The memory is the tab's share of what its process holds (PSS), as Linux counts it.
"""

import functools
import os
import re
import signal
import subprocess
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter

import pandas as pd
from tqdm import tqdm

from tests.visits import ARGUMENTS, CHROMIUM, SITE

VISITS = 5
CHAPTER = "book/lsh"
LONGEST = 300  # seconds
ASKED = {}  # by path, when the page last asked for it
RUN_ALL = """
const until = async (holds) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 100));
};
await until(() => document.querySelector(".live-offer button"));
await fetch("/clicked");
document.querySelector(".live-offer button").click();
await until(() => document.querySelector(".live-bar")?.hidden);
await fetch("/ready");
await window.livePage.runAll(
  window.livePage.cells.filter((cell) => !cell.inExercises && !cell.stub && !cell.why),
);
await fetch("/ran");
"""


class Served(SimpleHTTPRequestHandler):
    """Serves the site, and with ``?runs`` a chapter that runs its cells and says how far it is."""

    ran = threading.Event()

    def do_GET(self):
        """Answer one request."""
        ASKED[self.path] = perf_counter()
        if self.path == "/ran":
            self.ran.set()
        if self.path == "/runs.js":
            self._answer(RUN_ALL, "text/javascript")
        elif self.path == f"/{CHAPTER}.html?runs":
            page = (SITE / f"{CHAPTER}.html").read_text(encoding="utf-8")
            self._answer(page + '<script type="module" src="/runs.js"></script>', "text/html")
        else:
            super().do_GET()

    def _answer(self, text, kind):
        content = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        """Keep the output clean."""


def visit(address):
    """Return what a visit by a fresh profile takes, in seconds and megabytes."""
    Served.ran.clear()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        chromium = subprocess.Popen(
            [
                CHROMIUM,
                "--headless=new",
                *ARGUMENTS,
                f"--user-data-dir={profile}",
                f"{address}?runs",
            ],
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        try:
            if not Served.ran.wait(LONGEST):
                raise SystemExit("the chapter did not end")
            ready = ASKED["/ready"] - ASKED["/clicked"]
            return {"ready, s": ready, "memory, MB": max(map(share, tabs(chromium.pid)))}
        finally:
            os.killpg(chromium.pid, signal.SIGKILL)
            chromium.wait()


def tabs(session):
    """Yield the processes of a browser's tabs, as their folders in ``/proc``."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) != session:
                continue
            if b"--type=renderer" in (process / "cmdline").read_bytes():
                yield process
        except (ProcessLookupError, FileNotFoundError):
            continue  # it has ended


def share(process):
    """Return the megabytes of memory that a process holds, with its part of what it shares."""
    text = (process / "smaps_rollup").read_text(encoding="utf-8")
    return int(re.search(r"(?m)^Pss: +(\d+)", text)[1]) * 1024 / 1e6


def main():
    if not CHROMIUM:
        raise SystemExit("install chromium, or set L2H_CHROMIUM to its path")
    if not (SITE / "live").is_dir():
        raise SystemExit("run `make live` first: _build/html has no live/")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Served, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/{CHAPTER}.html"
    visits = [visit(address) for _ in tqdm(range(VISITS), desc="visits")]
    print(pd.DataFrame(visits).median().round(1).to_string())
