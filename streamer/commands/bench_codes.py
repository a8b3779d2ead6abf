"""`kirdi bench codes`: how fast codes are redeemed. Added to the group of `bench` by `cli`."""

import asyncio
import os
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from streamer.commands.invocation import JsonOption, Rows, print_rows
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError
from streamer.loading import loading

COLUMNS = (
    "patients",
    "at_once",
    "redeemed",
    "per_second",
    "bare_per_second",
    "ratio",
    "p50_ms",
    "p95_ms",
    "most_ms",
    "bare_p50_ms",
    "bare_p95_ms",
    "statements",
    "cpu_ms",
    "idle_cpu",
)


def codes(
    patients: Annotated[
        list[int] | None,
        typer.Option(
            help="Patients of the site; repeat it for several rows; else 2000 and 20000.",
            min=1,
            max=200_000,
        ),
    ] = None,
    at_once: Annotated[
        int, typer.Option(help="Codes redeemed at the same time.", min=1, max=1000)
    ] = 50,
    redeemed: Annotated[
        int, typer.Option(help="Codes to redeem for a row.", min=50, max=20_000)
    ] = 500,
    as_json: JsonOption = False,
) -> None:
    """Measure redeeming codes, beside the bare statements of the same transactions."""
    with loading():
        from streamer.bench.codes_benchmark import CodesBenchmark
        from streamer.bench.interruption import uninterrupted

    sizes = patients or [2_000, 20_000]
    needed = 2 * redeemed + at_once + 1
    if min(sizes) < needed:
        raise InputError(
            f"--patients {min(sizes)}: {redeemed} codes to redeem take {needed} patients; raise "
            "it, or lower --redeemed"
        )
    benchmark = CodesBenchmark(sizes, at_once, redeemed, kirdi_home(os.environ) / "bench")
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(COLUMNS, [asdict(row) for row in rows]), as_json, "")


def _tell(text: str) -> None:
    sys.stderr.write(f"bench: {text} …\n")
    sys.stderr.flush()
