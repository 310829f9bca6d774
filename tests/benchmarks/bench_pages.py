"""What each page of the built site weighs, and how soon there is something to read."""

import shutil
import sys
from pathlib import Path
from statistics import median

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' own modules
from visits import ARGUMENTS, PAGES, SITE, Visit

FIRST_PAINT = """() => new Promise((done) => new PerformanceObserver((list) => {
  const [text] = list.getEntriesByName("first-contentful-paint");
  if (text) done(text.startTime);
}).observe({type: "paint", buffered: true}))"""


def main() -> None:
    """Print a table with a row a page."""
    chromium = shutil.which("chromium")
    if not chromium or not (SITE / f"{PAGES[0]}.html").exists():
        print("pages: needs chromium and the built site (make book)")
        return
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name in PAGES:
            weights, paints = [], []
            for _ in range(4):  # the first one warms up
                tab = Visit(browser, 1280)
                tab.go((SITE / f"{name}.html").as_uri())
                weights.append(tab.weight())
                paints.append(tab.page.evaluate(FIRST_PAINT))
                tab.context.close()
            rows.append((name, weights[0] / 1e6, median(paints[1:])))
        browser.close()
    table = pd.DataFrame(rows, columns=["page", "MB, not compressed", "first text (ms)"])
    print(table.round({"MB, not compressed": 2, "first text (ms)": 0}).to_string(index=False))


if __name__ == "__main__":
    main()
