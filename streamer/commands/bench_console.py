"""`kirdi bench console`: how soon pages hear of what happens. Added to `bench` by `cli`."""

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
    "pages",
    "appointments",
    "events_per_second",
    "heard",
    "expected",
    "p50_ms",
    "p95_ms",
    "most_ms",
    "cut",
    "cpu",
    "memory_mb",
    "memory_end_mb",
    "idle_cpu",
)


def console(
    pages: Annotated[
        list[int] | None,
        typer.Option(help="Pages that follow the day; repeat it; else 200.", min=1, max=500),
    ] = None,
    events: Annotated[float, typer.Option(help="Check-ins a second.", min=1, max=500)] = 50.0,
    seconds: Annotated[float, typer.Option(help="How long.", min=4, max=600)] = 28.0,
    appointments: Annotated[
        int, typer.Option(help="Of the day; each is checked in once.", min=10, max=5000)
    ] = 1500,
    as_json: JsonOption = False,
) -> None:
    """Measure how soon pages that follow the day hear of check-ins, and what they cost."""
    with loading():
        from streamer.bench.console_benchmark import ConsoleBenchmark
        from streamer.bench.interruption import uninterrupted
        from streamer.models_folder import models_folder

    if events * seconds > appointments:
        raise InputError(
            f"--appointments {appointments}: {events:g} events a second for {seconds:g} s take "
            "more; raise it, or lower --seconds"
        )
    home = kirdi_home(os.environ)
    models = models_folder(home)
    benchmark = ConsoleBenchmark(
        pages or [200],
        events,
        seconds,
        appointments,
        home / "bench",
        models if models.is_dir() else None,
    )
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(COLUMNS, [asdict(row) for row in rows]), as_json, "")


def _tell(text: str) -> None:
    sys.stderr.write(f"bench: {text} …\n")
    sys.stderr.flush()
