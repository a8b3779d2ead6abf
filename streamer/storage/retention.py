"""Deletes what is kept no longer, in small portions, and reports it. Called by `site_jobs`.

Each portion is a transaction of its own, with its audit event and its count in the report: whoever
is killed leaves nothing half-done, and the next run goes on. See docs/design/0021.
"""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from streamer.clock import Clock
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.consent import ConsentPurpose, EndReason
from streamer.domain.retention import Kept, RetentionReport
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.eraser import Eraser
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql
from streamer.storage.retention_rules import (
    TERMS,
    count_all,
    count_due,
    delete_due,
    due_patients,
)

_PORTION: Final = 1_000
# Between portions others have the disk.
_PAUSE_S: Final = 0.02
_TIMEOUT_S: Final = 120.0
# Fewer rows than this are deleted whatever their share is.
_FEW: Final = 100
# An import writes these, and must not find what it counted upon gone before its commit.
_IMPORTED: Final = frozenset({Kept.APPOINTMENTS, Kept.PATIENTS, Kept.PRACTITIONERS})


class Retention:
    """Of one site."""

    def __init__(
        self,
        postgres: Postgres,
        service: Postgres,
        site_id: str,
        eraser: Eraser,
        days: Mapping[str, int],
        clock: Clock,
    ) -> None:
        """Keep the collaborators.

        Args:
            postgres: As the role that may delete, and reads nothing sealed.
            service: As the service: a template is erased by whoever has the key.
            site_id: Whose.
            eraser: Erases templates, writes receipts.
            days: Each of `retention_rules.TERMS`.
            clock: The only source of time.
        """
        self._postgres = postgres
        self._service = service
        self._site_id = site_id
        self._eraser = eraser
        self._days = dict(days)
        self._clock = clock

    def cutoffs(self, now: datetime) -> dict[str, datetime]:
        """By term: what is older is due."""
        return {term: now - timedelta(days=self._days[term]) for term in TERMS}

    async def count(self, now: datetime) -> dict[str, int]:
        """Count what a run would delete, by kind; nothing is changed.

        Raises:
            DatabaseError: It refuses.
        """
        found: dict[str, int] = {}
        async with self._postgres.connection() as connection:
            for kind in Kept:
                if kind is Kept.AUDIT and not await self._can_prune(connection):
                    continue
                count = await connection.fetchval(
                    count_due(kind), *self._given(now), timeout=_TIMEOUT_S
                )
                if count:
                    found[kind.value] = count
        return found

    async def refuse_too_much(self, now: datetime, most_share: float) -> None:
        """Look whether a run would delete more of something than is likely to be meant.

        Raises:
            InputError: Names the kind; nothing was deleted.
            DatabaseError: It refuses.
        """
        found = await self.count(now)
        async with self._postgres.connection() as connection:
            for kind in Kept:
                due = found.get(kind.value, 0)
                # Templates without a consent go in any case, and nothing rests on counters, nor on
                # tokens that are out of force.
                if due <= _FEW or kind in (Kept.TEMPLATES, Kept.ATTEMPTS, Kept.API_TOKENS):
                    continue
                total = await connection.fetchval(
                    count_all(kind), self._site_id, timeout=_TIMEOUT_S
                )
                if due > most_share * total:
                    raise InputError(
                        f"retention: {due} of {total} {kind.value} would be deleted at once; look "
                        "at the clock and at retention in the settings",
                        command="then run `kirdi retention run --anyway`",
                    )

    async def run(self, now: datetime, by: str, stop: asyncio.Event) -> RetentionReport:
        """Delete what is due.

        Args:
            now: Aware; what terms are counted from.
            by: Who, as recorded.
            stop: Ends it after the portion under way.

        Returns:
            What was deleted; `ended_at` is None where it was stopped.

        Raises:
            DatabaseError: What was deleted until then is deleted, and in the report.
            VaultError: A template cannot be erased; see `Eraser.end`.
        """
        run_id, cutoffs = uuid4(), self.cutoffs(now)
        async with self._postgres.connection() as connection:
            await connection.execute(
                sql("begin_retention_run"),
                run_id,
                self._site_id,
                now,
                by,
                json.dumps({term: moment.isoformat() for term, moment in cutoffs.items()}),
            )
        for kind in Kept:
            await self._run_kind(kind, run_id, now, by, stop)
            if stop.is_set():
                break
        if not stop.is_set():
            async with self._postgres.connection() as connection:
                await connection.execute(sql("end_retention_run"), run_id, self._clock.now())
        return next(one for one in await self.reports(None) if one.run_id == run_id)

    async def reports(self, limit: int | None = 10) -> list[RetentionReport]:
        """Return the newest reports, newest first; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_retention_runs"), self._site_id, limit)
        return [
            RetentionReport(
                row["run_id"],
                row["started_at"],
                row["ended_at"],
                row["run_by"],
                {
                    term: datetime.fromisoformat(moment)
                    for term, moment in json.loads(row["cutoffs"]).items()
                },
                json.loads(row["deleted"]),
            )
            for row in rows
        ]

    async def _run_kind(
        self, kind: Kept, run_id: UUID, now: datetime, by: str, stop: asyncio.Event
    ) -> None:
        while not stop.is_set():
            if kind is Kept.TEMPLATES:
                deleted = await self._templates(run_id, now, by)
            elif kind is Kept.AUDIT:
                await self._audit(run_id, now, by)
                return
            else:
                deleted = await self._portion(kind, run_id, now, by)
            if not deleted or await self._clock.sleep(_PAUSE_S, stop):
                return

    async def _portion(self, kind: Kept, run_id: UUID, now: datetime, by: str) -> int:
        async with self._postgres.transaction() as connection:
            if kind in _IMPORTED:
                await connection.execute(sql("lock_for_transaction"), f"import {self._site_id}")
            rows = await connection.fetch(
                delete_due(kind), *self._given(now), _PORTION, timeout=_TIMEOUT_S
            )
            if kind is Kept.PATIENTS:
                # The profile's key is in the table's file until that is rewritten.
                for row in rows:
                    await self._eraser.write_receipt(
                        connection, row["patient_id"], "retention", by, self._clock.now()
                    )
            await self._note(connection, kind, run_id, len(rows), now, by)
        return len(rows)

    async def _templates(self, run_id: UUID, now: datetime, by: str) -> int:
        """Erase templates whose consent is over, as its end should have done already."""
        async with self._postgres.connection() as connection:
            found = await connection.fetch(due_patients(), *self._given(now), 100)
        deleted = 0
        for row in found:
            async with self._service.transaction() as connection:
                patient = await connection.fetchrow(
                    sql("lock_patient"), self._site_id, row["patient_id"]
                )
                if patient is None or await self._consents(connection, row["patient_id"], now):
                    continue
                ended = await self._eraser.end(
                    connection, patient, (ConsentPurpose.CHECK_IN,), EndReason.EXPIRED, by, now
                )
                templates = ended.receipt.templates if ended.receipt is not None else 0
                await self._note(connection, Kept.TEMPLATES, run_id, templates, now, by)
            deleted += templates
        return deleted

    async def _consents(self, connection: Connection, patient_id: UUID, now: datetime) -> bool:
        """Has the patient consented meanwhile? Asked again under the patient's lock."""
        row = await connection.fetchrow(
            sql("active_consent"), patient_id, ConsentPurpose.CHECK_IN.value
        )
        return row is not None and (row["expires_at"] is None or row["expires_at"] > now)

    async def _audit(self, run_id: UUID, now: datetime, by: str) -> None:
        """Cut the chains of the audit; the function writes what it did into them by itself."""
        async with self._postgres.transaction() as connection:
            if not await self._can_prune(connection):
                return
            before = self.cutoffs(now)["audit"]
            deleted: int = await connection.fetchval(
                sql("prune_audit"), self._site_id, before, timeout=_TIMEOUT_S
            )
            await self._note(connection, Kept.AUDIT, run_id, deleted, now, by)

    async def _can_prune(self, connection: Connection) -> bool:
        found: bool = await connection.fetchval(sql("can_prune_audit"))
        return found

    async def _note(
        self,
        connection: Connection,
        kind: Kept,
        run_id: UUID,
        deleted: int,
        now: datetime,
        by: str,
    ) -> None:
        if not deleted:
            return
        await connection.execute(sql("note_retention"), run_id, kind.value, deleted)
        term = kind.term
        before = self.cutoffs(now)[term].isoformat() if term is not None else None
        event = AuditEvent(
            AuditKind.RETENTION,
            AuditAction.DELETE,
            by,
            self._clock.now(),
            entity_type=kind.value,
            entity_id=str(run_id),
            detail=(("rows", deleted), ("before", before)),
        )
        await append(connection, self._site_id, [event])

    def _given(self, now: datetime) -> tuple[object, ...]:
        cutoffs = self.cutoffs(now)
        return (self._site_id, now, [cutoffs[term] for term in TERMS])
