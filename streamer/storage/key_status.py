"""Which keys a database needs and what each wraps. Used by `kirdi vault status`; needs no key."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import asyncpg

from config.settings import Database as Limits
from config.settings import Site
from streamer.crypto.key_source import KeySources
from streamer.errors import VaultError
from streamer.storage.database_role import DatabaseRole
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql
from streamer.storage.schema import check_schema


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key-encryption key.

    Attributes:
        key_id: Its public name; empty = what version 1 wrapped, which names none.
        state: current, announced, retiring, retired; `unknown` where no rotation has been.
        since: In this state.
        found_at: Which source has it now; None = none.
    """

    key_id: str
    state: str
    since: datetime | None
    patients: int
    templates: int
    secrets: int
    found_at: str | None


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """All of them; the names of the two places, and what is left to be done, a sentence each."""

    keys: tuple[KeyRow, ...]
    primary: str
    next: str
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyStates:
    """What the database says of its keys, without a look into the places they are kept in.

    Attributes:
        keys: Id, state and since when; none before the first rotation.
        rotation: none, under-way, cleaning (former wrapped keys are in the files yet), or done.
    """

    keys: tuple[tuple[str, str, datetime], ...]
    rotation: Literal["none", "under-way", "cleaning", "done"]


async def key_states(postgres: Postgres) -> KeyStates:
    """Read them; raises DatabaseError."""
    async with postgres.connection() as connection:
        keys = await connection.fetch(sql("all_keys"))
        rotations = await connection.fetch(sql("list_rotations"))
    rotation: Literal["none", "under-way", "cleaning", "done"] = "none"
    if rotations:
        last = rotations[-1]
        cleaned = last["files_clean_at"] is not None and last["log_clean_at"] is not None
        rotation = "done" if cleaned else "cleaning"
        if last["rewrapped_at"] is None:
            rotation = "under-way"
    return KeyStates(
        tuple((one["key_id"], one["state"], one["retired_at"] or one["since"]) for one in keys),
        rotation,
    )


async def key_status(url: str, limits: Limits, site: Site, sources: KeySources) -> KeyStatus:
    """Read what the database says and look into the sources.

    Raises:
        DatabaseError: It cannot be reached, refuses, or has another schema.
    """
    postgres = Postgres(url, limits, role=DatabaseRole.SERVICE, site_id=site.id)
    await postgres.open()
    try:
        async with postgres.connection() as connection:
            await check_schema(connection, postgres.place)
            keys = await connection.fetch(sql("all_keys"))
            numbers = await connection.fetch(sql("wrapped_keys_by_key"), timeout=60.0)
            rotations = await connection.fetch(sql("list_rotations"))
    finally:
        await postgres.close()
    places = await asyncio.to_thread(_places, sources)
    counts = {(row["name"], row["kind"]): row["number"] for row in numbers}
    states = {row["key_id"]: row for row in keys}
    names = [*states, *sorted({name for name, _ in counts} - states.keys())]
    rows = tuple(_row(name, states.get(name), counts, places) for name in names)
    return KeyStatus(
        rows, sources.primary.name, sources.next.name, (*_left(rotations), *_missing(rows))
    )


def _row(
    name: str,
    known: asyncpg.Record | None,
    counts: dict[tuple[str, str], int],
    places: dict[str, str],
) -> KeyRow:
    state = known["state"] if known is not None else "unknown" if name else "the first key"
    since = None if known is None else known["retired_at"] or known["since"]
    patients, templates, secrets = (
        counts.get((name, kind), 0) for kind in ("patient", "template", "secret")
    )
    return KeyRow(name, state, since, patients, templates, secrets, places.get(name))


def _places(sources: KeySources) -> dict[str, str]:
    """Which key is where. Blocks."""
    found: dict[str, str] = {}
    for source in (sources.primary, sources.next):
        if not source.exists():
            continue
        # A place whose key cannot be read has none.
        with contextlib.suppress(VaultError):
            found.setdefault(source.read().key_id(), source.name)
    return found


def _left(rotations: list[asyncpg.Record]) -> tuple[str, ...]:
    if not rotations:
        return ()
    last = rotations[-1]
    if last["rewrapped_at"] is None:
        return (
            f"A rotation to key {last['key_id']} is under way; if no `kirdi vault rotate` runs, "
            "run it: it goes on where it was.",
        )
    if last["files_clean_at"] is None:
        return ("The database's files still hold former wrapped keys; the service cleans them.",)
    if last["log_clean_at"] is None:
        return ("The database's log still holds former wrapped keys; the service cleans it.",)
    return ()


def _missing(rows: tuple[KeyRow, ...]) -> tuple[str, ...]:
    return tuple(
        f"Key {one.key_id} is needed and not found; restore it from where it was backed up."
        for one in rows
        if one.state in ("current", "retiring", "announced") and one.found_at is None
    )
