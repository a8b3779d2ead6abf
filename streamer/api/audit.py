"""The audit read and verified, for `web.resources.Audit`."""

import asyncio
from datetime import datetime

from streamer.domain.actor import Actor
from streamer.domain.page import Page, Slice
from streamer.domain.recorded_event import RecordedEvent
from streamer.errors import KirdiError
from streamer.storage.audit_check import AuditCheck
from streamer.storage.audit_log import AuditFilter, AuditLog, AuditPlace
from streamer.storage.page_reader import moment, place_of
from streamer.web.models.audit import Verification


class ApiAudit:
    """Of one site; one verification at a time."""

    def __init__(self, log: AuditLog, check: AuditCheck) -> None:
        """Keep the collaborators."""
        self._log = log
        self._check = check
        self._one = asyncio.Lock()

    async def page(
        self,
        begins: datetime,
        ends: datetime,
        kind: str | None,
        actor: str | None,
        patient_ref: str | None,
        by: Actor,
        part: Slice,
    ) -> Page[RecordedEvent]:
        """A part of what was done, the newest first; raises InputError, DatabaseError."""
        at, lane, sequence = place_of(part, moment, int, int)
        before = None
        if isinstance(at, datetime) and isinstance(lane, int) and isinstance(sequence, int):
            before = AuditPlace(at, lane, sequence)
        wanted = AuditFilter(begins, ends, kind, actor, patient_ref, part.limit + 1, before)
        rows = await self._log.listed(wanted, by)
        shown = tuple(rows[: part.limit])
        if len(rows) <= part.limit:
            return Page(shown)
        final = shown[-1]
        return Page(shown, (final.recorded_at.isoformat(), str(final.lane), str(final.sequence)))

    async def verify(self, by: Actor) -> Verification:
        """Look at every event, and at the checkpoints.

        Raises:
            KirdiError: It is being verified already.
            DatabaseError: It refuses.
        """
        if self._one.locked():
            raise KirdiError("audit: is being verified already; ask again in a moment")
        async with self._one:
            checked = await self._check.run((), by)
        verdict, read = checked.verdict, checked.read
        return Verification(
            sound=not checked.findings,
            events=verdict.events,
            removed_by_retention=verdict.removed,
            checkpoints=read.lines,
            newest_checkpoint=read.last_at or None,
            events_since=verdict.uncovered,
            findings=list(checked.findings),
            more_findings=verdict.more,
            notes=list(checked.notes),
        )
