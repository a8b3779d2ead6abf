"""`kirdi report deliveries`: where reports were sent, what waits, what was given up."""

import asyncio
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    Rows,
    print_json,
    print_rows,
    read_settings,
    say,
)
from streamer.domain.report.delivery import DeliveryState
from streamer.embedded.home import kirdi_home

if TYPE_CHECKING:
    from streamer.domain.actor import Actor
    from streamer.domain.report.delivery import DeliveryEntry

COLUMNS = (
    "from",
    "to",
    "revision",
    "destination",
    "schedule",
    "state",
    "attempts",
    "wanted",
    "ended",
    "next_try",
    "error",
)


def deliveries(
    report: Annotated[
        UUID | None, typer.Option("--report", metavar="ID", help="Only of this report.")
    ] = None,
    state: Annotated[
        DeliveryState | None, typer.Option("--state", help="Only those in this state.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many.")] = 50,
    retry: Annotated[
        bool, typer.Option("--retry", help="Have all that were given up tried once more.")
    ] = False,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List where reports are sent, the newest first, and how that went. The service sends them."""
    settings = read_settings(config)
    who = acting(settings, by)
    again, found = asyncio.run(_list(settings, who, report, state, limit, retry))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if retry:
        say(f"Tried once more: {again}.")
    zone = settings.site.zone
    rows: list[dict[str, object]] = [
        {
            "from": one.period.first.isoformat(),
            "to": one.period.last.isoformat(),
            "revision": one.number,
            "destination": one.destination,
            "schedule": one.schedule,
            "state": one.state,
            "attempts": one.attempts,
            "error": one.error,
        }
        | {
            name: moment and f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
            for name, moment in (
                ("wanted", one.created_at),
                ("ended", one.ended_at),
                ("next_try", one.next_try_at),
            )
        }
        for one in found
    ]
    print_rows(Rows(COLUMNS, rows), as_json=False, empty="Nothing was sent yet.")


async def _list(
    settings: Settings,
    who: "Actor",
    report: UUID | None,
    state: DeliveryState | None,
    limit: int,
    retry: bool,
) -> "tuple[int, list[DeliveryEntry]]":
    from streamer.backend import open_backend

    async with open_backend(settings, kirdi_home(os.environ), SystemClock()) as backend:
        kept, again = backend.report_deliveries, 0
        if retry:
            again = await kept.retry(None, who, backend.clock.now())
        return again, await kept.listed(state, report, limit)
