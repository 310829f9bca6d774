"""Measure a page that runs in a browser: ``make measure NAME=live``, alone on the machine.

It wants `make live` first, and prints medians of five visits to chapter 2: seconds from the click
until Python is ready and until the first figure is drawn, both again after a reload, seconds from
*Stop* until Python is ready again, and the memory of the tab when every cell of the text has run.

Playwright takes the times. It does not count the memory: under developer tools, and so under
Playwright, a tab keeps what it fetched, some 90 MB here. So the visits that count memory are of a
browser that nothing looks into. The served page runs its own cells there, and calls back when they
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
from playwright.sync_api import sync_playwright
from tqdm import tqdm

from tests.visits import ARGUMENTS, CHROMIUM, SITE

VISITS = 5
CHAPTER = "book/lsh"
FIGURE = "cell-5"  # the chapter's first figure
LONGEST = 300_000  # milliseconds
READY = """() => document.querySelector(".live-bar")?.hidden"""
CELL = "window.livePage.cells.find((cell) => cell.told.id === id)"
DRAW = f"(id) => window.livePage.run({CELL})"
DRAWN = f"(id) => {CELL}.ran"
RUN_ALL = (
    f"const isReady = {READY};\n"
    + """
const until = async (holds) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 100));
};
await until(() => document.querySelector(".live-offer button"));
document.querySelector(".live-offer button").click();
await until(isReady);
await window.livePage.runAll(
  window.livePage.cells.filter((cell) => !cell.inExercises && !cell.stub && !cell.why),
);
await fetch("/ran");
"""
)
LOOP = """() => {
  const cell = window.livePage.cells.find((one) => one.editable);
  cell.code = "while True: pass";
  window.livePage.run(cell);
}"""


def started(page):
    """Click, wait, draw the first figure, and return the seconds to both."""
    start = perf_counter()
    page.locator(".live-offer button").first.click()
    page.wait_for_function(READY)
    ready = perf_counter() - start
    page.evaluate(DRAW, FIGURE)
    page.wait_for_function(DRAWN, arg=FIGURE)
    return ready, perf_counter() - start


def measure(browser, address):
    """Return what one visit by a fresh profile takes."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(LONGEST)
    page.goto(address)
    ready, figure = started(page)
    page.reload()
    ready_again, figure_again = started(page)
    page.evaluate(LOOP)
    page.wait_for_timeout(1000)
    start = perf_counter()
    page.get_by_role("button", name="Stop").click()
    page.wait_for_function(READY)
    stopped = perf_counter() - start
    context.close()
    return {
        "ready, s": ready,
        "first figure, s": figure,
        "ready after a reload, s": ready_again,
        "first figure after a reload, s": figure_again,
        "Stop to ready, s": stopped,
    }


class Served(SimpleHTTPRequestHandler):
    """Serves the site, and with ``?runs`` a chapter that runs all its cells and then says so."""

    ran = threading.Event()

    def do_GET(self):
        """Answer one request."""
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


def megabytes(address):
    """Return the memory of a tab that has run a chapter, in a browser that nothing looks into."""
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
            if not Served.ran.wait(LONGEST / 1000):
                raise SystemExit("the chapter did not end")
            return max(map(share, tabs(chromium.pid)))
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
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        visits = [measure(browser, address) for _ in tqdm(range(VISITS), desc="visits")]
    print(pd.DataFrame(visits).median().round(1).to_string())
    memory = pd.Series([megabytes(address) for _ in tqdm(range(VISITS), desc="memory")])
    print(f"memory, MB {memory.median():24.1f}")
