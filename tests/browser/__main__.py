"""`python -m tests.browser`: what each page weighs, and how soon a browser paints something.

A real service and Debian's Chromium on this machine, the pages of `pages`, each opened in a browser
that has nothing of it yet. Printed as a table; nothing is judged here.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from streamer.domain.consent import Language
from tests.acceptance.kirdi import Kirdi
from tests.browser.console import Console, launched, open_console
from tests.browser.pages import KIOSK, OF_ROLES, opened, paired

# Of the first paint, of the end of loading, milliseconds after the request for the page.
_TIMES = """
() => [
  performance.getEntriesByName("first-contentful-paint")[0].startTime,
  performance.getEntriesByType("navigation")[0].loadEventEnd,
]
"""
_PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0"


async def measure(console: Console, repeat: int) -> None:
    """Print a row for each page: the medians of so many visits."""
    tablet = await paired(console, "tablet-1")
    print(f"{'page':<16} {'bytes':>7} {'unpacked':>9} {'first paint ms':>15} {'loaded ms':>10}")
    for path, role in {**OF_ROLES, KIOSK: None}.items():
        paints, ends, sizes = [], [], (0, 0)
        for _ in range(repeat):
            async with opened(console, path, role, Language.EN, tablet) as (page, weight):
                await page.wait_for_function(_PAINTED)
                paint, end = await page.evaluate(_TIMES)
                sizes = await weight.bytes()
            paints.append(paint)
            ends.append(end)
        times = f"{median(paints):>15.0f} {median(ends):>10.0f}"
        print(f"{path:<16} {sizes[0]:>7} {sizes[1]:>9} {times}", flush=True)


async def main(repeat: int) -> None:
    """Start what is needed, measure, and leave nothing."""
    with tempfile.TemporaryDirectory() as folder:
        kirdi = Kirdi(Path(folder))
        kirdi.ok("models", "build")
        async with launched() as browser, open_console(kirdi, browser) as console:
            await measure(console, repeat)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.browser", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="visits of each page")
    os.environ.setdefault("LANG", "C.UTF-8")
    sys.exit(asyncio.run(main(parser.parse_args().repeat)))
