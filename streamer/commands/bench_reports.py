"""`kirdi bench reports`: how long reports take, and how much memory. Added to `bench` by `cli`."""

import asyncio
import os
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from streamer.commands.invocation import JsonOption, Rows, print_rows
from streamer.embedded.home import kirdi_home
from streamer.loading import loading

COLUMNS = ("days", "appointments", "claims", "seconds", "cpu_s", "peak_mb", "per_100k_s")


def reports(
    appointments: Annotated[
        int, typer.Option(help="Of four weeks.", min=100, max=500_000)
    ] = 100_000,
    year: Annotated[bool, typer.Option("--year", help="And of a year: 13 times as much.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure the making of an appointment-match report, from a throwaway database to the commit.

    Four weeks are made up, with outages and whatever else reports look for: measured without
    claims, and with one for nearly every visit. With --year they are copied until it is one, and
    that is measured as well.
    """
    with loading():
        from streamer.bench.interruption import uninterrupted
        from streamer.bench.reports.reports_benchmark import ReportsBenchmark

    folder = kirdi_home(os.environ) / "bench"
    benchmark = ReportsBenchmark(appointments, (13,) if year else (), folder)
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(COLUMNS, [asdict(row) for row in rows]), as_json, "")


def _tell(text: str) -> None:
    sys.stderr.write(f"bench: {text} …\n")
    sys.stderr.flush()
