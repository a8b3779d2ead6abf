"""The soak command; see `scripts/soak`."""

import argparse
import asyncio
import json
import logging
import sys

import structlog

from tests.harness.service_process import ServiceDiedError
from tests.soak.soak import Soak


def main() -> int:
    """Run a soak; 1 where a bound was broken."""
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    soak = Soak(options.cameras, options.minutes)
    if sys.stderr.isatty():
        soak.on_sample = lambda line: print(line, file=sys.stderr, flush=True)
    try:
        findings = asyncio.run(soak.run())
    except ServiceDiedError as error:
        print(json.dumps({"ok": False, "faults": [str(error)]}) if options.json else error)
        return 1
    print(json.dumps(findings.row, indent=1) if options.json else findings.table)
    return 1 if findings.faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak",
        description="Cut cameras off again and again, and measure what a service keeps of it.",
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="after all have streamed once")
    parser.add_argument("--cameras", type=int, default=20, help="every second one is cut off")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    if options.cameras < 1 or options.minutes <= 0:
        parser.error("there must be a camera, and some time")
    return options


if __name__ == "__main__":
    sys.exit(main())
