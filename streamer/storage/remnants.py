"""Destroys what is left in the database's files of keys that were erased or wrapped anew.

Called after a command's commit, and every few seconds by `streamer.consent_keeper`, which finishes
what a killed command left. The work itself is done by functions of the database, as the owner of
its tables. See docs/design/0013 for what PostgreSQL does with deleted rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from streamer.clock import Clock
from streamer.domain.actor import SERVICE
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.errors import DatabaseError
from streamer.storage.audit import append
from streamer.storage.erasure_register import ErasureRegister
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

# A table of 20,000 keys takes a fraction of a second; a busy server's checkpoint may take longer.
_TIMEOUT_S = 60.0

NOT_ALLOWED = (
    "the database's administrator has to grant kirdi_owner pg_checkpoint and EXECUTE on "
    "pg_switch_wal() and pg_ls_waldir(), or remove the log's old files"
)
REUSED = "the database's administrator has to set wal_recycle = off, or remove the log's old files"
HELD = (
    "the server keeps old files of its log for a replica, an archive or wal_keep_size; they go "
    "when it lets go of them"
)
# What `kirdi_clean_log` returns.
_OBSTACLES = {"not allowed": NOT_ALLOWED, "reused": REUSED, "held": HELD}


@dataclass(frozen=True, slots=True)
class Left:
    """What is not destroyed yet.

    Attributes:
        files: Receipts, and rotations, whose keys are in the tables' files.
        log: Those whose keys are in the write-ahead log only.
        obstacle: Why the log cannot be cleaned; None = it can.
    """

    files: int = 0
    log: int = 0
    obstacle: str | None = None


class Remnants:
    """Of the whole database: files and log are not parted by site."""

    def __init__(
        self, postgres: Postgres, clock: Clock, register: ErasureRegister | None = None
    ) -> None:
        """Keep the collaborators; the clock's time goes into receipts.

        `register` is told of what was erased, first thing.
        """
        self._postgres = postgres
        self._clock = clock
        self._register = register

    async def destroy(self, *, log_too: bool = True) -> Left:
        """Rewrite the tables and let the log's old files go, where that is due.

        Two at once do no harm. Readers of templates wait for the fraction of a second it takes.

        Args:
            log_too: Look at the log, which may cost a checkpoint.

        Returns:
            What could not be destroyed.

        Raises:
            DatabaseError: Somebody holds the tables, a backup for instance, the server is away, or
                the register of erasures cannot be written; try again.
        """
        if self._register is None:
            return await self._destroy(log_too)
        try:
            await self._register.sync(self._postgres)
        except DatabaseError:
            # The keys must not wait for a disk that is full or away.
            await self._destroy(log_too)
            raise
        return await self._destroy(log_too)

    async def _destroy(self, log_too: bool) -> Left:
        left = await self._left()
        if left.files:
            await self._clean_files()
            left = await self._left()
        if not left.log or not log_too:
            return left
        obstacle = await self._clean_log()
        left = await self._left()
        return Left(left.files, left.log, obstacle)

    async def _left(self) -> Left:
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("erasures_left"))
        assert row is not None
        return Left(row["files"], row["log"])

    async def _clean_files(self) -> None:
        async with self._postgres.transaction() as connection:
            done = await connection.fetch(
                sql("destroy_keys"), self._clock.now(), timeout=_TIMEOUT_S
            )
            await self._tell(connection, "files-are-clean", done)

    async def _clean_log(self) -> str | None:
        async with self._postgres.transaction() as connection:
            done = await connection.fetch(sql("clean_log"), self._clock.now(), timeout=_TIMEOUT_S)
            said = [row["obstacle"] for row in done if row["obstacle"] is not None]
            if said:
                return _OBSTACLES[said[0]]
            await self._tell(connection, "log-is-clean", done)
        return None

    async def _tell(
        self, connection: Connection, reason: str, done: Sequence[asyncpg.Record]
    ) -> None:
        """Say in the audit of each receipt's site that it is complete so far."""
        now = self._clock.now()
        for row in done:
            event = AuditEvent(
                AuditKind.ERASURE,
                AuditAction.UPDATE,
                SERVICE.name,
                now,
                patient_id=row["patient"],
                entity_type="erasure",
                entity_id=str(row["erasure"]),
                reason=reason,
            )
            await append(connection, row["site"], [event])
