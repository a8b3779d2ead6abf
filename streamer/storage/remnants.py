"""Destroys what is left in the database's files of keys that were erased or wrapped anew.

Called after a command's commit, and every few seconds by `streamer.consent_keeper`, which finishes
what a killed command left. See docs/design/0013 for what PostgreSQL does with deleted rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

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
    "the database's administrator has to grant Kirdi's role pg_checkpoint and EXECUTE on "
    "pg_switch_wal() and pg_ls_waldir(), or remove the log's old files"
)
REUSED = "the database's administrator has to set wal_recycle = off, or remove the log's old files"
HELD = (
    "the server keeps old files of its log for a replica, an archive or wal_keep_size; they go "
    "when it lets go of them"
)


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
            await connection.execute(sql("wait_one_second_for_locks"))
            before = await connection.fetch(sql("erasures_in_files"))
            rotated = await connection.fetch(sql("rotations_in_files"))
            patients_too = bool(rotated) or any(row["renewed_key"] for row in before)
            # In this order, as an enrolment does.
            if patients_too:
                await connection.execute(sql("lock_patients_table"))
            await connection.execute(sql("lock_template_keys"))
            if rotated:
                await connection.execute(sql("lock_site_secrets"))
            # Read again: those of whom it is certain that the rewriting leaves them out.
            due = [
                row["erasure_id"]
                for row in await connection.fetch(sql("erasures_in_files"))
                if patients_too or not row["renewed_key"]
            ]
            await connection.execute(sql("rewrite_template_keys"), timeout=_TIMEOUT_S)
            if patients_too:
                await connection.execute(sql("rewrite_patients"), timeout=_TIMEOUT_S)
            if rotated:
                await connection.execute(sql("rewrite_site_secrets"))
            # No row was wrapped by a former key any more when its rotation got into this list.
            rotations = [row["rotation_id"] for row in rotated]
            await connection.execute(sql("rotated_files_are_clean"), rotations, self._clock.now())
            await self._clean(connection, "files_are_clean", due)

    async def _clean_log(self) -> str | None:
        async with self._postgres.connection() as connection:
            may = await connection.fetchrow(sql("log_can_be_cleaned"))
            assert may is not None
            if not may["allowed"]:
                return NOT_ALLOWED
            if not may["removes"]:
                return REUSED
            due: Sequence[UUID] = [
                row["erasure_id"] for row in await connection.fetch(sql("erasures_in_log"))
            ]
            rotations: Sequence[UUID] = [
                row["rotation_id"] for row in await connection.fetch(sql("rotations_in_log"))
            ]
            await connection.execute(sql("switch_log"), timeout=_TIMEOUT_S)
            first_clean: str = await connection.fetchval(sql("current_log_file"))
            await connection.execute(sql("checkpoint"), timeout=_TIMEOUT_S)
            oldest: str = await connection.fetchval(sql("oldest_log_file"))
            # Names of one timeline sort as the log was written.
            if oldest < first_clean:
                return HELD
            async with connection.transaction():
                await self._clean(connection, "log_is_clean", due)
                await connection.execute(sql("rotated_log_is_clean"), rotations, self._clock.now())
        return None

    async def _clean(self, connection: Connection, statement: str, due: Sequence[UUID]) -> None:
        """Complete receipts, and say so in the audit of each one's site."""
        now = self._clock.now()
        for row in await connection.fetch(sql(statement), due, now):
            event = AuditEvent(
                AuditKind.ERASURE,
                AuditAction.UPDATE,
                SERVICE.name,
                now,
                patient_id=row["patient_id"],
                entity_type="erasure",
                entity_id=str(row["erasure_id"]),
                reason=statement.replace("_", "-"),
            )
            await append(connection, row["site_id"], [event])
