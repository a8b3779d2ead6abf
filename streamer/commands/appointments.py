"""`kirdi appointments`: import the schedule, list a day."""

import asyncio
import os
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

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
from streamer.commands.patients import print_import
from streamer.domain.actor import Actor
from streamer.embedded.home import kirdi_home
from streamer.storage.import_result import ImportResult

app = typer.Typer(help="The schedule.", no_args_is_help=True)

COLUMNS = (
    "starts_at",
    "appointment_ref",
    "patient_ref",
    "practitioner_ref",
    "service_name",
    "status",
)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, as docs/imports.md describes.")],
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import appointments: all rows or none; importing a file twice changes nothing."""
    settings = read_settings(config)
    result = asyncio.run(_import(file, settings, acting(settings, by)))
    print_import("appointments", result, as_json)


@app.command("list")
def list_(
    day: DateOption = "today",
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List a day's appointments with their status."""
    settings = read_settings(config)
    wanted = day_of(day, settings.site.zone)
    rows = asyncio.run(_list(wanted, settings, by))
    print_rows(
        Rows(COLUMNS, rows, settings.site.zone),
        as_json,
        f"No appointments on {wanted.isoformat()}.",
    )


async def _import(file: Path, settings: Settings, by: Actor) -> ImportResult:
    from streamer.backend import open_backend
    from streamer.exchange.appointments_csv import read_appointments

    site = settings.site
    bookings = await asyncio.to_thread(read_appointments, file, site.zone, site.buildings)
    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        return await backend.appointments_import.run(bookings, clock.now(), by)


async def _list(wanted: date, settings: Settings, by: str) -> list[dict[str, object]]:
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        rows = await backend.listing.appointments(wanted, acting(settings, by))
        return [asdict(row) for row in rows]
