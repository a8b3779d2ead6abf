"""`kirdi presences`: who was seen without arriving by it."""

import asyncio
import os
from dataclasses import asdict
from datetime import date

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.day import DateOption, day_of
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    Rows,
    print_rows,
    read_settings,
)
from streamer.embedded.home import kirdi_home

app = typer.Typer(help="Who was seen without arriving by it.", no_args_is_help=True)

COLUMNS = (
    "occurred_at",
    "patient_ref",
    "flag",
    "appointment_ref",
    "starts_at",
    "status",
    "method",
    "camera",
    "score",
)


@app.callback()
def _group() -> None:
    """Keep `list` a subcommand although it is the only one."""


@app.command("list")
def list_(
    day: DateOption = "today",
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List a day's presences: early, late, again, without an appointment here, or in conflict."""
    settings = read_settings(config)
    wanted = day_of(day, settings.site.zone)
    rows = asyncio.run(_list(wanted, settings, by))
    print_rows(
        Rows(COLUMNS, rows, settings.site.zone), as_json, f"No presences on {wanted.isoformat()}."
    )


async def _list(wanted: date, settings: Settings, by: str) -> list[dict[str, object]]:
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        rows = await backend.listing.presences(wanted, acting(settings, by))
        return [asdict(row) for row in rows]
