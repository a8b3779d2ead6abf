"""The fuzz command; see `scripts/fuzz`."""

import argparse
import asyncio
import json
import logging
import secrets
import sys
from pathlib import Path

import structlog

from tests.data import folder
from tests.fuzz.campaign import Campaign
from tests.fuzz.corpus import Corpus
from tests.fuzz.own_parsers import own_parsers
from tests.fuzz.replay import replay


def main() -> int:
    """Run a campaign, or play one kept episode again; 1 where a bound was broken."""
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    if options.replay is not None:
        print(asyncio.run(replay(options.replay)))
        return 0
    if not (folder() / "torture").is_dir():
        print("fuzz: the torture data is absent; point KIRDI_TEST_DATA at it", file=sys.stderr)
        return 2
    seed = secrets.randbelow(1 << 31) if options.seed is None else options.seed
    if not options.json:
        print(f"fuzz: {options.inputs} inputs, seed {seed}", flush=True)
    for parser in own_parsers(Corpus.load()):
        parser.fuzz(max(100, options.inputs // 10), seed)
    campaign = Campaign(options.inputs, seed, options.keep)
    verdict = asyncio.run(campaign.run(progress=not options.json))
    row = {"seed": seed, **verdict.row}
    if options.json:
        print(json.dumps(row, indent=1))
    else:
        for name, value in row.items():
            print(f"{name:24} {value}")
    return 1 if verdict.faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/fuzz",
        description="Send mutated RTSP, SDP, RTP and video to decoders under a real supervisor.",
    )
    parser.add_argument("--inputs", type=int, default=20_000, help="mutated inputs in all")
    parser.add_argument("--seed", type=int, help="makes the same inputs again; default: a new one")
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")
    parser.add_argument(
        "--keep", type=Path, default=Path("fuzz-kept"), help="folder for inputs that kill or hang"
    )
    parser.add_argument("--replay", type=Path, help="play one kept file again, and say how it ends")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
