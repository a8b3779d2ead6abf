"""Puts on record who was refused, and who asked for what is not there for them. Asked by `web`.

Of what was asked for only our own ids are kept, and only where there is such a row at this site:
what somebody typed may be anything.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from streamer.domain.asked_for import AskedFor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind, AuditOutcome
from streamer.storage.audit import append
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is of it at this site."""

    patient_id: UUID | None = None
    entity_id: str = ""

    @property
    def reason(self) -> str:
        there = self.patient_id is not None or self.entity_id != ""
        return "not-theirs" if there else "unknown"


class PostgresDenials:
    """Of one site."""

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    async def denied(
        self, account: str, route: str, now: datetime, wanted: AskedFor | None = None
    ) -> None:
        """Somebody asked for what their roles do not allow; raises DatabaseError."""
        async with self._postgres.transaction() as connection:
            event = AuditEvent(
                AuditKind.ACCESS_DENIED,
                AuditAction.EXECUTE,
                account,
                now,
                outcome=AuditOutcome.SERIOUS_FAILURE,
                entity_type="account" if wanted is None else wanted.kind,
                entity_id="" if wanted is None else wanted.entity_id,
                detail=(("route", route),),
            )
            await append(connection, self._site_id, [event])

    async def missed(self, account: str, route: str, wanted: AskedFor, now: datetime) -> None:
        """Somebody was told that there is no such thing; raises DatabaseError.

        The same is done whether there is one or not: the time that it takes tells nothing.
        """
        async with self._postgres.transaction() as connection:
            found = await self._found(connection, wanted)
            if await self._is_own(connection, found, wanted, now):
                return
            event = AuditEvent(
                AuditKind.ACCESS_DENIED,
                AuditAction.READ,
                account,
                now,
                outcome=AuditOutcome.MINOR_FAILURE,
                patient_id=found.patient_id,
                entity_type=wanted.kind,
                entity_id=found.entity_id,
                reason=found.reason,
                detail=(("route", route),),
            )
            await append(connection, self._site_id, [event])

    async def _found(self, connection: Connection, wanted: AskedFor) -> _Found:
        if wanted.kind == "Patient":
            row = await connection.fetchrow(sql("patient_id_of"), self._site_id, wanted.ref)
            return _Found() if row is None else _Found(row["patient_id"])
        if wanted.kind == "Appointment":
            row = await connection.fetchrow(sql("appointment_id_of"), self._site_id, wanted.ref)
            return _Found() if row is None else _Found(row["patient_id"], str(row["id"]))
        if wanted.kind == "Practitioner":
            found = await connection.fetchval(sql("practitioner_id_of"), self._site_id, wanted.ref)
            return _Found() if found is None else _Found(entity_id=str(found))
        return _Found(entity_id=wanted.entity_id)

    async def _is_own(
        self, connection: Connection, found: _Found, wanted: AskedFor, now: datetime
    ) -> bool:
        """A list of one's own patient may be empty."""
        if found.patient_id is None or not wanted.own:
            return False
        billed = await connection.fetchval(
            sql("bills_patient"), self._site_id, found.patient_id, list(wanted.own), now
        )
        return billed is not None
