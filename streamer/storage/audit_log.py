"""Reads the audit, and keeps what belongs to no other store. Called by commands, cameras, keepers.

Whoever reads it is in it: the event is committed before the first row is read.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.chain_head import ChainHead
from streamer.domain.recorded_event import Detail, RecordedEvent
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.audit_chain import LaneRow
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql

_PORTION: Final = 2_000


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """Where an event stands in the list."""

    recorded_at: datetime
    lane: int
    sequence: int


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What is wanted of the audit.

    Attributes:
        begins: By when it was recorded, from here on,
        ends: and before this. Aware both.
        kind: As `AuditKind`; None = all.
        actor: As recorded; None = everybody.
        patient_ref: The clinic's reference; None = everybody's.
        most: So many, the newest.
        before: Only what stands before this place in that order; None = from the newest on.
    """

    begins: datetime
    ends: datetime
    kind: str | None = None
    actor: str | None = None
    patient_ref: str | None = None
    most: int = 1000
    before: AuditPlace | None = None


@dataclass(frozen=True, slots=True)
class WholeAudit:
    """The chains at one moment: where they begin and end, and every event between."""

    lanes: tuple[LaneRow, ...]
    events: AsyncIterator[RecordedEvent]


class AuditLog:
    """Of one site."""

    def __init__(self, postgres: Postgres, site_id: str, clock: Clock) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id
        self._clock = clock

    async def record(self, events: Sequence[AuditEvent]) -> None:
        """Keep events of what happens outside the database; raises DatabaseError."""
        async with self._postgres.transaction() as connection:
            await append(connection, self._site_id, events)

    async def record_reading(self, by: Actor, reason: str, detail: Detail = ()) -> None:
        """Keep that somebody reads the audit; raises DatabaseError."""
        event = AuditEvent(
            AuditKind.AUDIT_READ,
            AuditAction.READ,
            by.name,
            self._clock.now(),
            entity_type="AuditEvent",
            reason=reason,
            detail=detail,
        )
        await self.record([event])

    async def record_job(self, job: str, period: str, again: bool, by: Actor) -> None:
        """Keep that somebody has a job's period done by hand; raises DatabaseError."""
        event = AuditEvent(
            AuditKind.JOB_RUN,
            AuditAction.EXECUTE,
            by.name,
            self._clock.now(),
            entity_type="job",
            entity_id=f"{job}/{period}",
            detail=(("again", again),),
        )
        await self.record([event])

    async def oldest_at(self) -> datetime | None:
        """Return when the oldest event was recorded, aware; None = there is none.

        Raises:
            DatabaseError: It is not known.
        """
        async with self._postgres.connection() as connection:
            found: datetime | None = await connection.fetchval(
                sql("audit_oldest_at"), self._site_id
            )
            return found

    async def heads(self) -> tuple[ChainHead, ...]:
        """The end of each chain now; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("audit_heads"), self._site_id)
        return tuple(ChainHead(row["lane"], row["sequence"], row["head"]) for row in rows)

    async def listed(self, wanted: AuditFilter, by: Actor) -> list[RecordedEvent]:
        """Return events, the newest first.

        Raises:
            InputError: The patient is unknown.
            DatabaseError: It refuses.
        """
        patient_id = None
        if wanted.patient_ref is not None:
            async with self._postgres.connection() as connection:
                patient_id = await connection.fetchval(
                    sql("patient_id_of"), self._site_id, wanted.patient_ref
                )
            if patient_id is None:
                raise InputError(f"patient {wanted.patient_ref}: is unknown at this site")
        detail: Detail = (
            ("from", wanted.begins.isoformat()),
            ("to", wanted.ends.isoformat()),
            ("kind", wanted.kind),
            ("patient", None if patient_id is None else str(patient_id)),
        )
        await self.record_reading(by, "list", detail)
        before = wanted.before
        place = (
            (None, None, None)
            if before is None
            else (before.recorded_at, before.lane, before.sequence)
        )
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("list_audit"),
                self._site_id,
                wanted.begins,
                wanted.ends,
                wanted.kind,
                wanted.actor,
                patient_id,
                wanted.most,
                *place,
            )
        return [recorded(self._site_id, row) for row in rows]

    @asynccontextmanager
    async def whole(self, by: Actor) -> AsyncIterator[WholeAudit]:
        """Read everything, in portions, as it is at one moment; for `kirdi audit export`.

        Raises:
            DatabaseError: It refuses.
        """
        event = AuditEvent(
            AuditKind.EXPORT,
            AuditAction.READ,
            by.name,
            self._clock.now(),
            entity_type="AuditEvent",
            reason="audit",
        )
        await self.record([event])
        async with (
            self._postgres.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            rows = await connection.fetch(sql("audit_lanes_of"), self._site_id)
            cursor = await connection.cursor(sql("export_audit"), self._site_id)

            async def events() -> AsyncIterator[RecordedEvent]:
                while portion := await cursor.fetch(_PORTION):
                    for row in portion:
                        yield recorded(self._site_id, row)

            yield WholeAudit(tuple(LaneRow(**row) for row in rows), events())


def recorded(site_id: str, row: asyncpg.Record) -> RecordedEvent:
    """Read a row; what it lacks, or has in another form, is left empty."""
    said = _object(row["body"])
    detail = said.get("detail")
    return RecordedEvent(
        site_id=site_id,
        lane=row["lane"],
        sequence=row["sequence"],
        recorded_at=row["recorded_at"],
        hash=row["hash"],
        body=row["body"],
        kind=_text(said, "kind"),
        action=_text(said, "action"),
        actor=_text(said, "actor"),
        outcome=_text(said, "outcome"),
        occurred_at=_moment(_text(said, "occurred_at")),
        patient_id=_uuid(_text(said, "patient_id")),
        entity_type=_text(said, "entity_type"),
        entity_id=_text(said, "entity_id"),
        reason=_text(said, "reason"),
        detail=tuple(detail.items()) if isinstance(detail, dict) else (),
    )


def _object(text: str) -> dict[str, object]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _text(said: dict[str, object], key: str) -> str:
    return str(said.get(key, ""))


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
