"""Measure a page that runs in a browser: ``make measure NAME=live``, alone on the machine.

It wants `make live` first, and prints medians of five visits to chapter 2: seconds from the click
until Python is ready and until the first figure is drawn, both again after a reload, seconds from
*Stop* until Python is ready again, and the memory of the tab when every cell of the text has run.
That is the tab's share of what its process holds (PSS), as Linux counts it. Nothing is kept.
"""

import functools
import re
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter

import pandas as pd
from playwright.sync_api import sync_playwright
from tqdm import tqdm

from tests.visits import ARGUMENTS, SITE

VISITS = 5
CHAPTER = "book/lsh"
FIGURE = "cell-5"  # the chapter's first figure
LONGEST = 300_000  # milliseconds
READY = """() =>
  document.querySelector(".live-bar [role=status]")?.textContent.startsWith("Python is ready")"""
DRAW = """(id) => window.livePage.run(window.livePage.cells.find((cell) => cell.told.id === id))"""
RUN_ALL = """() => window.livePage.runAll(
  window.livePage.cells.filter((cell) => !cell.inExercises && !cell.stub && !cell.why))"""
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
    return ready, perf_counter() - start


def megabytes(browser):
    """Return the memory of the largest tab."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    sizes = []
    for process in told["processInfo"]:
        if process["type"] == "renderer":
            text = Path(f"/proc/{process['id']}/smaps_rollup").read_text(encoding="utf-8")
            sizes.append(int(re.search(r"(?m)^Pss: +(\d+)", text)[1]) * 1024 / 1e6)
    return max(sizes)


def measure(browser, address):
    """Return what one visit by a fresh profile takes."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(LONGEST)
    page.goto(address)
    ready, figure = started(page)
    page.evaluate(RUN_ALL)
    memory = megabytes(browser)
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
        "memory, MB": memory,
    }


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *arguments):
        """Keep the output clean."""


def main():
    if not (SITE / "live").is_dir():
        raise SystemExit("run `make live` first: _build/html has no live/")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/{CHAPTER}.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        visits = [measure(browser, address) for _ in tqdm(range(VISITS), desc="visits")]
    print(pd.DataFrame(visits).median().round(1).to_string())
