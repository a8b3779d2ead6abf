"""`kirdi claims`: import what the clinic bills."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.invocation import ConfigOption, JsonOption, read_settings
from streamer.commands.patients import print_import
from streamer.commands.portions import in_turn
from streamer.domain.actor import Actor
from streamer.embedded.home import kirdi_home
from streamer.storage.portioned_result import PortionedResult

app = typer.Typer(help="What the clinic bills.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What the clinic bills."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, as docs/imports.md describes; of any size.")],
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import claims: all rows or none; importing a file twice changes nothing.

    Every row that is wrong is named. Claims may come before the appointments they name: rows whose
    appointment is not there, or another patient's, are imported and told.
    """
    settings = read_settings(config)
    result = asyncio.run(_import(file, settings, acting(settings, by)))
    print_import("claims", result, as_json)


async def _import(file: Path, settings: Settings, by: Actor) -> PortionedResult:
    from streamer.backend import open_backend
    from streamer.exchange.claims_csv import read_claims

    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        portions = in_turn(read_claims(file, settings.site.zone, clock.now()))
        return await backend.claims_import.run(portions, clock.now(), by)
