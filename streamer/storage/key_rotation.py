"""Wraps every key anew under another key-encryption key, while everything else goes on.

Called by `kirdi vault rotate`. Killed anywhere it goes on where it was; see docs/design/0018.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from streamer.clock import Clock
from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.vault import Vault
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.errors import DatabaseError, VaultError
from streamer.storage.audit import append
from streamer.storage.keys import FOLLOW_EVERY_S
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

ANNOUNCE_S: Final = 3 * FOLLOW_EVERY_S
"""Long enough for every open database to have looked, where fetching a key takes its time."""

BATCH = 500
"""So many rows are locked, and wrapped anew, at once."""

_NOBODY: Final = UUID(int=0)
# Whoever writes a patient or a template holds the keys until the commit; an import takes a while.
_TRIES: Final = 60
_PAUSE_S: Final = 0.5
_COUNT_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Rotation:
    """One under way.

    Attributes:
        former_id: By which rows may still be wrapped.
        key_id: By which all of them will be.
    """

    rotation_id: UUID
    former_id: str
    key_id: str


class KeyRotation:
    """Of the whole database: keys are not parted by site."""

    def __init__(self, postgres: Postgres, vault: Vault, site_id: str, clock: Clock) -> None:
        """Keep the collaborators; the audit is `site_id`'s."""
        self._postgres = postgres
        self._vault = vault
        self._site_id = site_id
        self._clock = clock

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Be the only rotation of this database; a killed one is none.

        Raises:
            VaultError: Another one is under way.
            DatabaseError: It refuses.
        """
        async with self._postgres.own_connection("kirdi rotation") as connection:
            if not await connection.fetchval(sql("only_rotation")):
                raise VaultError(
                    f"database {self._postgres.place}: another rotation is under way; wait until "
                    "it is done (`kirdi vault status`)"
                )
            yield

    async def under_way(self) -> Rotation | None:
        """The rotation that a former command began and did not finish."""
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("open_rotation"))
        return None if row is None else Rotation(**dict(row))

    async def abandon_unbegun(self, rotation: Rotation, by: Actor) -> bool:
        """Give up a rotation whose new key was lost before anything was wrapped by it.

        Returns:
            Whether it was given up; else it goes on.

        Raises:
            DatabaseError: It refuses.
        """
        if await asyncio.to_thread(self._vault.ring.learn, rotation.key_id):
            return False
        async with self._postgres.transaction() as connection:
            await connection.execute(sql("change_keys"))
            if await connection.fetchval(sql("current_key")) == rotation.key_id:
                return False
            now = self._clock.now()
            await connection.execute(sql("set_key_state"), rotation.key_id, "retired", now)
            await connection.execute(sql("rows_are_rewrapped"), rotation.rotation_id, now)
            await self._record(connection, rotation, by, "given up", 0)
        return True

    async def begin(self, key: KeyEncryptionKey, by: Actor, *, announce_s: float) -> Rotation:
        """Make another key the current one.

        Args:
            key: The new one; it lies where `keys` finds it.
            by: Who rotates.
            announce_s: So long other processes are given to fetch it before anything is wrapped
                by it.

        Raises:
            VaultError: The key was in use before.
            DatabaseError: Nothing is changed, or it has been announced; try again.
        """
        await self.refuse_several_sites()
        rotation = Rotation(uuid4(), self._vault.ring.current_id, key.key_id())
        now = self._clock.now()
        async with self._postgres.transaction() as connection:
            known = {row["key_id"] for row in await connection.fetch(sql("all_keys"))}
            if rotation.key_id in known:
                raise VaultError(
                    f"key {rotation.key_id}: wraps this database's keys already, or did before; "
                    "a rotation needs a new one"
                )
            await connection.execute(
                sql("insert_key"), rotation.key_id, key.check_value(), "announced", now
            )
            await connection.execute(
                sql("insert_rotation"),
                rotation.rotation_id,
                rotation.former_id,
                rotation.key_id,
                now,
                by.name,
            )
            await self._record(connection, rotation, by, "begun", 0)
        await asyncio.sleep(announce_s)
        return rotation

    async def refuse_several_sites(self) -> None:
        """One key wraps the keys of all sites, and from here only one site's rows are seen.

        Raises:
            DatabaseError: Says how each site gets a database of its own.
        """
        async with self._postgres.connection() as connection:
            sites: int = await connection.fetchval(sql("number_of_sites"))
        if sites > 1:
            raise DatabaseError(
                f"database {self._postgres.place}: serves {sites} sites, which share one key, and "
                "one site's login does not see the others' rows; move each site into a database of "
                "its own first (`kirdi backup create`, `kirdi backup restore`; docs/deployment.md)"
            )

    async def rewrap(self, rotation: Rotation, by: Actor) -> int:
        """Wrap everything anew, then retire the former key; return how many rows it was.

        Args:
            rotation: Under way.
            by: Who rotates.

        Raises:
            VaultError: A row does not open: the former key must stay.
            DatabaseError: What is done is done; run it again.
        """
        await self.refuse_several_sites()
        # Before anything is wrapped by it.
        if not await asyncio.to_thread(self._vault.ring.learn, rotation.key_id):
            raise VaultError(
                f"key {rotation.key_id}: a rotation to it is under way, and it is not here; "
                "restore it to where `kirdi vault status` says that it is looked for"
            )
        await self._in_turn(partial(self._switch, rotation=rotation))
        await asyncio.to_thread(self._vault.ring.promote, rotation.key_id)
        done = 0
        for _ in range(_TRIES):
            done = await self._rewrap_all(done)
            if await self._in_turn(partial(self._retire, rotation=rotation, by=by, done=done)):
                return done
            await asyncio.sleep(_PAUSE_S)
        raise DatabaseError(
            f"database {self._postgres.place}: rows are held by other commands all the time; run "
            "the rotation again when they are done"
        )

    async def _switch(self, connection: Connection, rotation: Rotation) -> bool:
        """The new key wraps from this commit on, and the former one wraps nothing any more."""
        if await connection.fetchval(sql("current_key")) != rotation.key_id:
            now = self._clock.now()
            await connection.execute(sql("set_key_state"), rotation.former_id, "retiring", now)
            await connection.execute(sql("set_key_state"), rotation.key_id, "current", now)
        return True

    async def _retire(
        self, connection: Connection, rotation: Rotation, by: Actor, done: int
    ) -> bool:
        head = b"\x02" + bytes.fromhex(rotation.key_id)
        left: int = await connection.fetchval(sql("not_rewrapped"), head, timeout=_COUNT_TIMEOUT_S)
        if left:
            return False
        now = self._clock.now()
        await connection.execute(sql("set_key_state"), rotation.former_id, "retired", now)
        await connection.execute(sql("rows_are_rewrapped"), rotation.rotation_id, now)
        await self._record(connection, rotation, by, "rewrapped", done)
        return True

    async def _in_turn(self, act: Callable[[Connection], Awaitable[bool]]) -> bool:
        """Do something while nobody wraps; whoever wants to waits a second at the most."""
        for attempt in range(_TRIES):
            try:
                async with self._postgres.transaction() as connection:
                    await connection.execute(sql("wait_one_second_for_locks"))
                    await connection.execute(sql("change_keys"))
                    return await act(connection)
            except DatabaseError as error:
                held = isinstance(error.__cause__, asyncpg.LockNotAvailableError)
                if not held or attempt == _TRIES - 1:
                    raise
            await asyncio.sleep(_PAUSE_S)
        raise AssertionError("the last attempt has returned or raised")

    async def _rewrap_all(self, done: int) -> int:
        for batch in (self._patients, self._template_keys):
            after: UUID | None = _NOBODY
            while after is not None:
                after, number = await batch(after)
                done += number
        return done + await self._site_secrets()

    async def _patients(self, after: UUID) -> tuple[UUID | None, int]:
        async with self._postgres.transaction() as connection:
            rows = await connection.fetch(sql("patients_to_rewrap"), self._head(), after, BATCH)
            ids = [row["patient_id"] for row in rows]
            former = [row["wrapped_key"] for row in rows]
            fresh = await asyncio.to_thread(
                lambda: [
                    self._vault.rewrapped_data_key(one, key)
                    for one, key in zip(ids, former, strict=True)
                ]
            )
            return await _swap(connection, "rewrap_patients", ids, former, fresh)

    async def _template_keys(self, after: UUID) -> tuple[UUID | None, int]:
        async with self._postgres.transaction() as connection:
            rows = await connection.fetch(
                sql("template_keys_to_rewrap"), self._head(), after, BATCH
            )
            ids = [row["template_id"] for row in rows]
            former = [row["wrapped_key"] for row in rows]
            fresh = await asyncio.to_thread(
                lambda: [
                    self._vault.rewrapped_template_key(
                        row["patient_id"], row["template_id"], row["wrapped_key"]
                    )
                    for row in rows
                ]
            )
            return await _swap(connection, "rewrap_template_keys", ids, former, fresh)

    async def _site_secrets(self) -> int:
        done = 0
        async with self._postgres.transaction() as connection:
            for row in await connection.fetch(sql("site_secrets")):
                use, former = row["use"], row["wrapped_key"]
                if self._vault.ring.is_current(former):
                    continue
                fresh = self._vault.rewrapped_secret(use, former)
                await connection.execute(sql("rewrap_site_secret"), use, former, fresh)
                done += 1
        return done

    def _head(self) -> bytes:
        return b"\x02" + bytes.fromhex(self._vault.ring.current_id)

    async def _record(
        self, connection: Connection, rotation: Rotation, by: Actor, step: str, rows: int
    ) -> None:
        event = AuditEvent(
            AuditKind.KEY_ROTATION,
            AuditAction.UPDATE,
            by.name,
            self._clock.now(),
            entity_type="key",
            entity_id=rotation.key_id,
            reason=step,
            detail=(("former", rotation.former_id), ("rows", rows)),
        )
        await append(connection, self._site_id, [event])


async def _swap(
    connection: Connection,
    statement: str,
    ids: Sequence[UUID],
    former: Sequence[bytes],
    fresh: Sequence[bytes],
) -> tuple[UUID | None, int]:
    """Write a batch; return from where to go on, None at the end, and how many rows there were."""
    if not ids:
        return None, 0
    await connection.execute(sql(statement), ids, former, fresh)
    return ids[-1], len(ids)
