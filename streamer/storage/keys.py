"""Opens the keys that a database was written with, or makes one for a database that is new.

A key is never made for a database that holds sealed data: that data could not be read with it, and
the loss of the old key would be discovered only when its backup is gone, too. While a database is
open its ring is kept up with rotations that other processes do (docs/design/0018).
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg
import structlog

from streamer.crypto.key import KEY_BYTES, KeyEncryptionKey
from streamer.crypto.key_finder import KeyFinder
from streamer.crypto.key_ring import KeyRing
from streamer.crypto.key_source import KeySources
from streamer.crypto.keyfile import KeyFile
from streamer.crypto.site_secrets import INHERITED, SiteSecrets
from streamer.crypto.vault import Vault
from streamer.errors import DatabaseError, VaultError
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

log = structlog.get_logger(__name__)

FOLLOW_EVERY_S: Final = 2.0
"""How often an open database is asked whether its keys are still the same."""

_ROOT: Final = "kirdi/root/v1"


@dataclass(frozen=True, slots=True)
class OpenedKeys:
    """What a database's keys open."""

    vault: Vault
    secrets: SiteSecrets


async def open_keys(postgres: Postgres, sources: KeySources) -> OpenedKeys:
    """Open the database's keys; make them on first use.

    Two first starts at once get one key.

    Raises:
        VaultError: A key is lost, guarded badly, or not this database's.
        DatabaseError: It refuses.
    """
    async with postgres.connection() as connection:
        rows = await connection.fetch(sql("keys_in_force"))
        stored = await connection.fetch(sql("site_secrets"))
    if not rows or not stored:
        async with postgres.transaction() as connection:
            await connection.execute(sql("change_keys"))
            rows = await connection.fetch(sql("keys_in_force"))
            stored = await connection.fetch(sql("site_secrets"))
            if not rows:
                return await _first_use(connection, postgres, sources)
            if not stored:
                return await _first_secrets(connection, postgres, rows, sources)
    vault = Vault(await asyncio.to_thread(_ring, rows, sources, postgres))
    return OpenedKeys(vault, _opened(vault, stored))


async def hold_current_key(connection: Connection, vault: Vault) -> None:
    """Make sure that what is wrapped in this transaction is wrapped by the current key.

    Called before a wrapped key is made that will be stored. Until the transaction ends no other key
    becomes current.

    Raises:
        VaultError: The key is nowhere to be found.
        DatabaseError: It refuses, or a rotation is just about to change the key; try again.
    """
    await connection.execute(sql("hold_keys"))
    current: str | None = await connection.fetchval(sql("current_key"))
    if current is not None and current != vault.ring.current_id:
        await asyncio.to_thread(vault.ring.promote, current)


async def follow_keys(postgres: Postgres, vault: Vault) -> None:
    """Keep a ring as the database's keys are, until cancelled."""
    trouble = ""
    while True:
        await asyncio.sleep(FOLLOW_EVERY_S)
        try:
            await _follow(postgres, vault)
            trouble = ""
        except (DatabaseError, VaultError) as error:
            # A database that is away is the others' to tell; a key that is missing is said once.
            if isinstance(error, VaultError) and str(error) != trouble:
                log.warning("keys not up to date", reason=str(error))
                trouble = str(error)


async def _follow(postgres: Postgres, vault: Vault) -> None:
    async with postgres.connection() as connection:
        rows = await connection.fetch(sql("keys_in_force"))
    by_state = {row["state"]: row["key_id"] for row in rows}
    wanted, ring = frozenset(by_state.values()), vault.ring
    for key_id in wanted - ring.ids:
        await asyncio.to_thread(ring.learn, key_id)
    current = by_state.get("current")
    if current is not None and current != ring.current_id:
        await asyncio.to_thread(ring.promote, current)
    if ring.ids - wanted:
        ring.forget_all_but(wanted)


def _ring(rows: list[asyncpg.Record], sources: KeySources, postgres: Postgres) -> KeyRing:
    """The ring of the registered keys. Blocks."""
    by_state: dict[str, asyncpg.Record] = {row["state"]: row for row in rows}
    current = by_state["current"]
    finder = KeyFinder((sources.primary, sources.next))
    key = finder.find(current["key_id"], wait=True)
    if key is None or key.check_value() != current["check_value"]:
        raise _absent(current["key_id"], "retiring" in by_state, sources, postgres)
    ring = KeyRing(key, finder)
    for state in ("retiring", "announced"):
        if state not in by_state:
            continue
        found = ring.learn(by_state[state]["key_id"])
        if not found and state == "retiring":
            raise _absent(by_state[state]["key_id"], True, sources, postgres)
    return ring


def _absent(key_id: str, rotating: bool, sources: KeySources, postgres: Postgres) -> VaultError:
    """Say which key is missing, and where it was looked for."""
    primary, other = sources.primary, sources.next
    if rotating or other.exists():
        return VaultError(
            f"key {key_id}: database {postgres.place} holds data sealed with it, and it is neither "
            f"{primary.name} nor {other.name}; restore it there from where it was backed up, then "
            "run `kirdi vault rotate` to finish the rotation"
        )
    if isinstance(primary, KeyFile) and not primary.exists():
        return VaultError(
            f"{primary.name}: is missing, and database {postgres.place} holds data sealed "
            f"with it (key {key_id}); restore the file from where it was backed up"
        )
    try:
        primary.read()
    except VaultError as error:
        return error
    return VaultError(
        f"{primary.name}: is not the key that database {postgres.place} was written "
        f"with (key {key_id}); restore the right one, or correct database.url"
    )


async def _first_use(connection: Connection, postgres: Postgres, sources: KeySources) -> OpenedKeys:
    if await connection.fetchval(sql("any_patient")):
        raise VaultError(
            f"database {postgres.place}: holds patients and does not say by which key; restore it "
            "and its key file from the same backup"
        )
    primary = sources.primary
    make = isinstance(primary, KeyFile) and not await asyncio.to_thread(primary.exists)
    key = await asyncio.to_thread(
        primary.create if make and isinstance(primary, KeyFile) else primary.read
    )
    now = await connection.fetchval("SELECT now()")
    await connection.execute(sql("insert_key"), key.key_id(), key.check_value(), "current", now)
    vault = Vault(KeyRing(key, KeyFinder((primary, sources.next))))
    return OpenedKeys(vault, await _write_secrets(connection, vault, {}))


async def _first_secrets(
    connection: Connection,
    postgres: Postgres,
    rows: list[asyncpg.Record],
    sources: KeySources,
) -> OpenedKeys:
    """A database of before: what it hashes with was derived from its first key, and stays that."""
    if len(await connection.fetch(sql("all_keys"))) > 1:
        raise VaultError(
            f"database {postgres.place}: has lost the secrets by which identity numbers and codes "
            "are found; restore it from its backup"
        )
    ring = await asyncio.to_thread(_ring, rows, sources, postgres)
    finder = KeyFinder((sources.primary, sources.next))
    first: KeyEncryptionKey | None = await asyncio.to_thread(
        lambda: finder.find(ring.current_id, wait=True)
    )
    assert first is not None
    vault = Vault(ring)
    inherited = {use: first.derive(use) for use in INHERITED}
    return OpenedKeys(vault, await _write_secrets(connection, vault, inherited))


async def _write_secrets(
    connection: Connection, vault: Vault, inherited: Mapping[str, bytes]
) -> SiteSecrets:
    root = secrets.token_bytes(KEY_BYTES)
    for use, secret in {_ROOT: root, **inherited}.items():
        await connection.execute(sql("insert_site_secret"), use, vault.wrap_secret(use, secret))
    return SiteSecrets(root, inherited)


def _opened(vault: Vault, stored: list[asyncpg.Record]) -> SiteSecrets:
    opened = {row["use"]: vault.unwrap_secret(row["use"], row["wrapped_key"]) for row in stored}
    root = opened.pop(_ROOT, None)
    if root is None:
        raise VaultError(f"site secret {_ROOT}: is missing; restore the database from its backup")
    return SiteSecrets(root, opened)
