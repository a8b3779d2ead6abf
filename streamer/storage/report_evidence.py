"""Reads the evidence of a stretch of time, and who had a hand in it. Used by `visit_days`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from streamer.domain.actor import names_in
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.report_wants import ReportWants
from streamer.domain.visit_evidence import EvidenceSource, VisitEvidence
from streamer.storage.epoch import moment_of
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql

_TIMEOUT_S: Final = 30.0
_SOURCES: Final = {one.value: one for one in EvidenceSource}
_GRADES: Final = {one.value: one for one in EvidenceGrade}
_METHODS: Final = {None: None} | {one.value: one for one in Method}
_CODES: Final = frozenset({"code", "desk_code", "guardian"})


class ReportEvidence:
    """Of one site, in one transaction."""

    def __init__(
        self,
        connection: Connection,
        site_id: str,
        wants: ReportWants,
        producers: Mapping[str, tuple[str, ...]],
    ) -> None:
        """Keep the collaborators; `producers` are practitioners by account, in small letters."""
        self._connection = connection
        self._site_id = site_id
        self._buildings = wants.buildings
        self._producers = producers
        # What is recorded of an actor, and whom it means: there are few of them.
        self._resolved: dict[str | None, tuple[str, ...]] = {None: ()}

    async def between(
        self, start: datetime, end: datetime, booked: Mapping[str, UUID]
    ) -> tuple[VisitEvidence, ...]:
        """Return all evidence of [start, end); `booked` are appointments by their reference."""
        span = (self._site_id, start, end)
        rows = await self._connection.fetch(sql("report_evidence"), *span, timeout=_TIMEOUT_S)
        issuers = await self._connection.fetch(
            sql("report_code_issuers"), *span, timeout=_TIMEOUT_S
        )
        issued = {(row["redeemed_at"], row["device_id"]): row["issuer_refs"] for row in issuers}
        return tuple([self._evidence(row, issued, booked) for row in rows])

    async def unlooked(self, start: datetime, end: datetime) -> frozenset[UUID]:
        """Return appointments whose patient was perhaps seen, and nobody decided."""
        rows = await self._connection.fetch(
            sql("report_unlooked"), self._site_id, start, end, timeout=_TIMEOUT_S
        )
        return frozenset(row["appointment_id"] for row in rows)

    def _evidence(
        self,
        row: asyncpg.Record,
        issued: Mapping[tuple[datetime, str | None], Iterable[str]],
        booked: Mapping[str, UUID],
    ) -> VisitEvidence:
        (
            source,
            source_id,
            patient_id,
            appointment_id,
            grade,
            epoch,
            building,
            camera_id,
            device_id,
            decided_by,
            taken_by,
            appointment_ref,
            issuer_refs,
            method,
        ) = row
        occurred_at = moment_of(epoch)
        if appointment_ref is not None:
            appointment_id = booked.get(appointment_ref)
        if building is None:
            building = self._buildings.get(camera_id or device_id or "")
        produced_by = self._resolved.get(decided_by)
        if produced_by is None:
            produced_by = self._resolved[decided_by] = self._whose(decided_by)
        if issued and grade in _CODES:
            produced_by = (*produced_by, *issued.get((occurred_at, device_id or camera_id), ()))
        if issuer_refs:
            produced_by = (*produced_by, *issuer_refs)
        if taken_by is not None:
            produced_by = (*produced_by, taken_by)
        return VisitEvidence(
            _SOURCES[source],
            source_id,
            patient_id,
            appointment_id,
            _GRADES[grade],
            occurred_at,
            building,
            camera_id,
            device_id,
            produced_by,
            _METHODS[method],
        )

    def _whose(self, recorded: str) -> tuple[str, ...]:
        """Whose appointments an actor bills: who acts, and through whom."""
        found: set[str] = set()
        for account in names_in(recorded):
            found.update(self._producers.get(account, ()))
        return tuple(sorted(found))
