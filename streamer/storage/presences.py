"""Writes presences: that a patient was seen where no status could follow from it.

Called by `checkin.service` and whoever redeems codes. A face leaves a presence under the same
conditions as a check-in: with a consent in force and no block.
"""

from datetime import tzinfo

from streamer.clock import Clock
from streamer.domain.actor import SERVICE
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind, AuditOutcome
from streamer.domain.check_in import Recorded
from streamer.domain.presence import Presence
from streamer.storage.audit import append_if_known
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql


class PostgresPresences:
    """Each presence once, by its id."""

    def __init__(self, postgres: Postgres, clock: Clock, zone: tzinfo) -> None:
        """Keep the collaborators; `zone` is the site's and says which day a block is for."""
        self._postgres = postgres
        self._clock = clock
        self._zone = zone

    async def record(self, presence: Presence) -> Recorded:
        """Write it; repeating it changes nothing.

        Returns:
            WRITTEN, DUPLICATE, or why not: REFUSED_CONSENT, REFUSED_BLOCKED, or REFUSED_UNKNOWN
            where patient, appointment and site do not belong together.

        Raises:
            DatabaseError: It is not known to be written; try again.
        """
        async with self._postgres.transaction() as connection:
            return await self.write(connection, presence)

    async def write(self, connection: Connection, presence: Presence) -> Recorded:
        """As `record`, inside the caller's transaction."""
        recorded = await self._write(connection, presence)
        if recorded is not Recorded.DUPLICATE:
            await append_if_known(connection, presence.site_id, _event(presence, recorded))
        return recorded

    async def _write(self, connection: Connection, presence: Presence) -> Recorded:
        if not await connection.fetchval(
            sql("presence_fits"), presence.site_id, presence.patient_id, presence.appointment_id
        ):
            return Recorded.REFUSED_UNKNOWN
        vouchers, nobody = presence.issuer_refs, list[str]()
        if presence.method.needs_consent:
            consent = await connection.fetchrow(
                sql("consent_for_check_in"),
                presence.patient_id,
                max(presence.occurred_at, self._clock.now()),
                presence.occurred_at,
            )
            if consent is None:
                return Recorded.REFUSED_CONSENT
            day = LocalDay.containing(presence.occurred_at, self._zone)
            who = (presence.patient_id, day.day, presence.appointment_id)
            asked = (*who, False, nobody, day.start, day.end)
            if await connection.fetchval(sql("face_blocked"), *asked):
                return Recorded.REFUSED_BLOCKED
            vouchers = (*vouchers, *consent["voucher_refs"])
        inserted = await connection.fetchval(
            sql("insert_presence"),
            presence.presence_id,
            presence.site_id,
            presence.patient_id,
            presence.appointment_id,
            presence.flag.value,
            presence.method.value,
            presence.evidence.value,
            presence.occurred_at,
            presence.building,
            presence.camera_id,
            presence.device_id,
            presence.score,
            presence.threshold,
            presence.pack_id,
            presence.decided_by,
            sorted(set(vouchers)),
        )
        return Recorded.DUPLICATE if inserted is None else Recorded.WRITTEN


def _event(presence: Presence, recorded: Recorded) -> AuditEvent:
    written = recorded is Recorded.WRITTEN
    appointment = presence.appointment_id
    return AuditEvent(
        AuditKind.DECISION,
        AuditAction.CREATE,
        presence.decided_by or SERVICE.name,
        presence.occurred_at,
        AuditOutcome.SUCCESS if written else AuditOutcome.MINOR_FAILURE,
        presence.patient_id,
        "presence",
        str(presence.presence_id),
        recorded.value,
        (
            ("appointment", None if appointment is None else str(appointment)),
            ("flag", presence.flag.value),
            ("method", presence.method.value),
            ("camera", presence.camera_id),
            ("device", presence.device_id),
            ("score", presence.score),
            ("threshold", presence.threshold),
        ),
    )
