"""`kirdi vault`: which keys wrap, and how one takes the other's place."""

import asyncio
import os
from dataclasses import dataclass
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

if TYPE_CHECKING:
    from streamer.backend import Backend
    from streamer.crypto.key_source import KeySources
    from streamer.storage.key_status import KeyStatus

app = typer.Typer(help="The key-encryption key.", no_args_is_help=True)

COLUMNS = ("key_id", "state", "since", "patients", "templates", "secrets", "found_at")
_FIRST = "(version 1)"


@dataclass(frozen=True, slots=True)
class Rotated:
    """How a rotation ended.

    Attributes:
        key_id: Of the key that wraps everything now.
        rows: So many keys this command wrapped anew.
        obstacle: Why the database's log still holds former ones; None = it does not.
        words: What was done with the places of keys, or is to be done.
    """

    key_id: str
    rows: int
    obstacle: str | None
    words: tuple[str, ...]


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
    rotated = asyncio.run(_rotate(settings, new_key_file, acting(settings, by), as_json))
    if as_json:
        print_json(
            [
                {
                    "key_id": rotated.key_id,
                    "rows": rotated.rows,
                    "obstacle": rotated.obstacle,
                    "words": rotated.words,
                }
            ]
        )
        return
    say(f"Done: {rotated.rows} keys are wrapped anew, all of them by key {rotated.key_id} now.")
    for line in rotated.words:
        say(line)
    if rotated.obstacle is not None:
        say(f"The database's log still holds former wrapped keys: {rotated.obstacle}.")


async def _status(settings: Settings) -> "KeyStatus":
    from streamer.embedded.services import embedded_services
    from streamer.key_places import key_places
    from streamer.storage.key_status import key_status

    home = kirdi_home(os.environ)
    keys = key_places(settings.keys, home)
    async with embedded_services(settings.database, settings.redis, home) as services:
        return await key_status(services.database_url, settings.database, keys)


async def _rotate(settings: Settings, new_key_file: Path | None, by: Actor, quiet: bool) -> Rotated:
    from streamer.backend import open_backend
    from streamer.key_places import key_places

    home = kirdi_home(os.environ)
    keys = key_places(settings.keys, home)
    async with (
        open_backend(settings, home, SystemClock()) as backend,
        backend.key_rotation.alone(),
    ):
        rows = await _wrap_anew(backend, keys, new_key_file, by, quiet)
        ring = backend.database.vault.ring
        words = await asyncio.to_thread(_hand_over, backend, keys)
        return Rotated(ring.current_id, rows, await _clean(backend), words)


async def _wrap_anew(
    backend: "Backend",
    keys: "KeySources",
    new_key_file: Path | None,
    by: Actor,
    quiet: bool,
) -> int:
    """Finish the rotation under way, or do one; return how many keys were wrapped anew."""
    from streamer.crypto.key_handover import new_key
    from streamer.crypto.keyfile import KeyFile
    from streamer.storage.key_rotation import ANNOUNCE_S

    rotation = backend.key_rotation
    former = await rotation.under_way()
    if former is not None and await rotation.abandon_unbegun(former):
        former = None
    if former is None:
        if await asyncio.to_thread(_not_handed_over, backend, keys):
            return 0
        made = isinstance(keys.primary, KeyFile)
        key = await asyncio.to_thread(lambda: new_key(keys, new_key_file, make=made))
        slow = not (keys.primary.quick and keys.next.quick)
        wait_s = ANNOUNCE_S + backend.settings.keys.command_timeout_s if slow else 0.0
        if not quiet:
            say(
                f"The new key {key.key_id()}: {keys.next.name}. Back it up now, apart from the "
                "database."
            )
        former = await rotation.begin(key, by, announce_s=wait_s)
    return await rotation.rewrap(former, by, lambda _: None)


def _not_handed_over(backend: "Backend", keys: "KeySources") -> bool:
    """Did a former command end between the rows and the places of keys?"""
    from streamer.errors import VaultError

    current = backend.database.vault.ring.current_id
    try:
        if keys.primary.read().key_id() == current:
            return False
    except VaultError:
        return True
    return True


def _hand_over(backend: "Backend", keys: "KeySources") -> tuple[str, ...]:
    from streamer.crypto.key_finder import KeyFinder
    from streamer.crypto.key_handover import hand_over

    key = KeyFinder((keys.next, keys.primary)).find(
        backend.database.vault.ring.current_id, wait=True
    )
    assert key is not None, "the ring has it from one of them"
    return hand_over(keys, key, backend.clock.now())


async def _clean(backend: "Backend") -> str | None:
    """Destroy the former wrapped keys in the database's files."""
    try:
        return (await backend.remnants.destroy()).obstacle
    except DatabaseError as error:
        return f"{error}; the running service, or `kirdi consents receipts`, goes on with it"


def _day(moment: datetime | None, settings: Settings) -> str | None:
    return f"{moment.astimezone(settings.site.zone):%Y-%m-%d %H:%M}" if moment else None
