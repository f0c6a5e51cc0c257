"""How long the studio's page takes in a real browser on loopback: to its first paint, and photo to shapes; JSON lines.

    python benchmarks/bench_studio.py [--photo FILE] [--runs 10] [--quick]

Needs Chromium and playwright (extra `dev`). Every run is a new browser profile, so nothing is cached. WebGL is drawn
by the CPU here (SwiftShader), which a machine with a GPU does not pay for. "usable" is when the page takes a photo;
"photo to shapes" ends with the frame after all three views were drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from studio_browser import FLAGS, SHOWN, Studio, find_chromium

EXAMPLES = Path(__file__).parents[1] / "examples"
MARKS = """() => performance.getEntries()
    .filter((entry) => ["paint", "mark"].includes(entry.entryType)).map((entry) => [entry.name, entry.startTime])"""


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line about the machine, then one line per measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, default=EXAMPLES / "bed.jpg")
    parser.add_argument("--runs", type=int, default=10, help="the median of so many")
    parser.add_argument("--quick", action="store_true", help="one run, to see that it works")
    args = parser.parse_args(argv)
    chromium = find_chromium()
    if chromium is None:
        sys.exit("no Chromium on this machine: install it, or name one in SHAPESHOT_CHROMIUM")
    for row in measure(chromium, args.photo, 1 if args.quick else args.runs):
        print(json.dumps(row), flush=True)


def measure(chromium: str, photo: Path, runs: int) -> Iterator[dict[str, Any]]:
    """The machine, then a row per stretch of the road."""
    from playwright.sync_api import sync_playwright

    studio = Studio()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            yield machine(browser.version)
            seconds = [visit(browser, studio.url, photo) for _ in range(runs)]
            browser.close()
    finally:
        studio.stop()
    for name in seconds[0]:
        yield {"bench": f"studio: {name}"} | spread([run[name] for run in seconds])


def visit(browser: Any, url: str, photo: Path) -> dict[str, float]:
    """Seconds of one visit with an empty cache: two photos, one after the other."""
    context = browser.new_context(viewport={"width": 1366, "height": 900})
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#views[data-shown]")
    page.set_input_files("#file", photo)
    first = page.wait_for_selector(SHOWN).get_attribute("data-shown")
    marks = dict(page.evaluate(MARKS))
    page.set_input_files("#file", photo)
    page.wait_for_selector(f'{SHOWN}:not([data-shown="{first}"])')
    later = dict(page.evaluate(MARKS))
    context.close()
    milliseconds = {
        "first contentful paint": marks["first-contentful-paint"],
        "usable": max(marks["first-contentful-paint"], marks["studio:usable"]),
        "first photo to shapes": marks["studio:shapes"] - marks["studio:photo"],
        "next photo to shapes": later["studio:shapes"] - later["studio:photo"],
    }
    return {name: value / 1000 for name, value in milliseconds.items()}


def spread(seconds: Sequence[float]) -> dict[str, Any]:
    """Median, fastest and slowest."""
    rounded = {"seconds": statistics.median(seconds), "fastest": min(seconds), "slowest": max(seconds)}
    return {name: round(value, 3) for name, value in rounded.items()} | {"runs": len(seconds)}


def machine(browser: str) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "chromium": browser,
    }


if __name__ == "__main__":
    main()
