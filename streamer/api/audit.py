"""The audit read and verified, for `web.resources.Audit`."""

import asyncio
from datetime import datetime
from pathlib import Path

from config.settings import Settings
from streamer.crypto.checkpoint_seal import CheckpointSeal
from streamer.domain.actor import Actor
from streamer.domain.page import Page, Slice
from streamer.domain.recorded_event import RecordedEvent
from streamer.errors import KirdiError
from streamer.storage.audit_log import AuditFilter, AuditLog, AuditPlace
from streamer.storage.audit_verification import AuditVerification
from streamer.storage.checkpoint_file import read_checkpoints
from streamer.storage.page_reader import moment, place_of
from streamer.stores.audit_stores import checkpoint_path
from streamer.web.models.audit import Verification


class ApiAudit:
    """Of one site; one verification at a time."""

    def __init__(
        self,
        settings: Settings,
        home: Path,
        log: AuditLog,
        verification: AuditVerification,
        seal: CheckpointSeal,
    ) -> None:
        """Keep the collaborators."""
        self._site_id = settings.site.id
        self._checkpoints = checkpoint_path(settings, home)
        self._log = log
        self._verification = verification
        self._seal = seal
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
            paths = (self._checkpoints,) if self._checkpoints.exists() else ()
            read = await asyncio.to_thread(read_checkpoints, paths, self._seal, self._site_id)
            await self._log.record_reading(by, "verify")
            verdict = await self._verification.verify(read.known)
        notes = read.notes
        if not paths:
            notes = (
                "there are no checkpoints: a chain that was written anew as a whole does not show",
                *notes,
            )
        findings = [*verdict.findings, *read.findings]
        return Verification(
            sound=not findings,
            events=verdict.events,
            removed_by_retention=verdict.removed,
            checkpoints=read.lines,
            newest_checkpoint=read.last_at or None,
            events_since=verdict.uncovered,
            findings=findings,
            more_findings=verdict.more,
            notes=list(notes),
        )
