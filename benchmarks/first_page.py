"""Seconds until the first page of a site answers in headless Chromium, opened as a file; and its size.

harness publish /tmp/site --runs /tmp/many && python benchmarks/first_page.py /tmp/site
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
STEPS = ("table sorted", "charts drawn")
# Clicks on the head of WAR as soon as the page's script has run; the click waits its turn like a reader's.
CLICK = """
new MutationObserver((_, watch) => {
  if (!document.documentElement.dataset.ready) return;
  watch.disconnect();
  setTimeout(() => {
    const head = document.querySelector("table.board thead th[data-first=descending]");
    head.querySelector("button").click();
    window.sortedAt = head.getAttribute("aria-sort") === "descending" ? performance.now() : NaN;
  });
}).observe(document, { subtree: true, attributeFilter: ["data-ready"] });
"""
DRAWN = """() => window.sortedAt && [...document.querySelectorAll(".vega")].every(chart => chart.querySelector("svg"))
  && [window.sortedAt, performance.now()]"""


def measure(browser: Browser, page_file: Path) -> tuple[float, ...]:
    """Seconds, by the page's own clock, until a click has sorted the first table, and until all charts stand."""
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    page = context.new_page()
    page.add_init_script(CLICK)
    page.goto(page_file.as_uri())
    times: list[float] = page.wait_for_function(DRAWN).json_value()
    context.close()
    return tuple(time / 1000 for time in times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    first = given.site.resolve() / "index.html"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(QUIET))
        measure(browser, first)  # the first page of a browser pays for its start
        found = [measure(browser, first) for _ in range(given.repeats)]
        browser.close()
    for name, seconds in zip(STEPS, zip(*found, strict=True), strict=True):
        print(f"{name:15} median {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s")
    loaded = [first, *(given.site / "static").iterdir(), *(given.site / "vendor").glob("*.js")]
    print(f"{'first page':15} {sum(path.stat().st_size for path in loaded) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
