"""`kirdi vault`: which keys wrap, and how one takes the other's place."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from streamer.domain.actor import Actor
from streamer.embedded.home import kirdi_home
from streamer.errors import DatabaseError
from streamer.home_site import refuse_other_site

if TYPE_CHECKING:
    from streamer.backend import Backend
    from streamer.storage.key_exchange import Exchanged
    from streamer.storage.key_status import KeyStatus

app = typer.Typer(help="The key-encryption key.", no_args_is_help=True)

COLUMNS = ("key_id", "state", "since", "patients", "templates", "secrets", "found_at")
_FIRST = "(version 1)"


@app.command()
def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the keys, how many keys each wraps, and where each was found.

    Works without the key, too: to say which one is missing.
    """
    settings = read_settings(config)
    found = asyncio.run(_status(settings))
    rows = [
        {
            "key_id": one.key_id or _FIRST,
            "state": one.state,
            "since": one.since if as_json else _day(one.since, settings),
            "patients": one.patients,
            "templates": one.templates,
            "secrets": one.secrets,
            "found_at": one.found_at,
        }
        for one in found.keys
    ]
    if as_json:
        print_json(rows)
        return
    print_rows(Rows(COLUMNS, rows), as_json=False, empty="The database has no key yet.")
    say(f"Looked for at: {found.primary}; a new one: {found.next}.")
    for line in found.left:
        say(line)


@app.command()
def rotate(
    new_key_file: Annotated[
        Path | None,
        typer.Option("--new-key-file", help="32 random bytes, mode 0600; else one is made."),
    ] = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Wrap every key anew under a new key-encryption key, while everything goes on.

    Interrupted or killed, it goes on where it was when it is run again. At its end nothing is under
    the former key, neither in rows nor in what is left in the database's files.
    """
    settings = read_settings(config)
    told = (lambda _: None) if as_json else say
    done, obstacle = asyncio.run(_rotate(settings, new_key_file, acting(settings, by), told))
    if as_json:
        print_json([asdict(done) | {"obstacle": obstacle}])
        return
    say(f"Done: {done.rows} keys are wrapped anew, all of them by key {done.key_id} now.")
    for line in done.words:
        say(line)
    if obstacle is not None:
        say(f"The database's files or log still hold former wrapped keys: {obstacle}.")
    say(
        "Backups made until now need the former key, and are kept for "
        f"{settings.consent.backups_kept_days} days (consent.backups_kept_days): do not destroy it "
        "sooner."
    )


async def _status(settings: Settings) -> "KeyStatus":
    from streamer.embedded.services import embedded_services
    from streamer.key_places import key_places
    from streamer.storage.key_status import key_status

    home = kirdi_home(os.environ)
    await asyncio.to_thread(refuse_other_site, home, settings.site.id)
    keys = key_places(settings.keys, home)
    async with embedded_services(settings.database, None, home) as services:
        return await key_status(services.database_url, settings.database, settings.site, keys)


async def _rotate(
    settings: Settings, new_key_file: Path | None, by: Actor, told: Callable[[str], None]
) -> "tuple[Exchanged, str | None]":
    from streamer.backend import open_backend
    from streamer.key_places import key_places
    from streamer.storage.key_exchange import KeyExchange

    home, clock = kirdi_home(os.environ), SystemClock()
    keys = key_places(settings.keys, home)
    async with open_backend(settings, home, clock) as backend:
        exchange = KeyExchange(backend.key_rotation, backend.database.vault, keys, clock)
        done = await exchange.run(by, new_key_file, settings.keys.command_timeout_s, told)
        return done, await _clean(backend)


async def _clean(backend: "Backend") -> str | None:
    """Destroy the former wrapped keys in the database's files."""
    try:
        return (await backend.remnants.destroy()).obstacle
    except DatabaseError as error:
        return f"{error}; the running service, or `kirdi consents receipts`, goes on with it"


def _day(moment: datetime | None, settings: Settings) -> str | None:
    return f"{moment.astimezone(settings.site.zone):%Y-%m-%d %H:%M}" if moment else None
