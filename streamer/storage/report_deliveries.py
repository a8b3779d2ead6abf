"""Where revisions are to be sent and were sent: each destination gets each once.

Who has one has it for a while, measured by the database's clock alone; a killed service's is tried
again, under the same id.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind, AuditOutcome
from streamer.domain.report.delivery import (
    ClaimedDelivery,
    DeliveryEntry,
    DeliveryState,
    WantedDelivery,
)
from streamer.domain.report.period import Period, PeriodKind
from streamer.storage.audit import append
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


class PostgresDeliveries:
    """Of one site; every method raises DatabaseError."""

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    async def want(self, wanted: Iterable[WantedDelivery], now: datetime) -> int:
        """Have them sent; return how many were not asked for before."""
        made = 0
        async with self._postgres.transaction() as connection:
            for one in wanted:
                found = await connection.fetchval(
                    sql("insert_delivery"),
                    uuid4(),
                    self._site_id,
                    one.report_id,
                    one.number,
                    one.schedule,
                    one.destination,
                    list(one.forms),
                    one.language,
                    now,
                )
                made += found is not None
        return made

    async def any(self, report_id: UUID, schedule: str) -> bool:
        """Was a revision of a report ever asked for by this schedule?"""
        async with self._postgres.connection() as connection:
            found: bool = await connection.fetchval(
                sql("any_delivery"), self._site_id, report_id, schedule
            )
        return found

    async def claim(self, lease: timedelta) -> ClaimedDelivery | None:
        """Take one that is due; None = there is none."""
        owner = uuid4()
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("claim_delivery"), self._site_id, owner, lease)
        if row is None:
            return None
        wanted = WantedDelivery(
            row["report_id"],
            row["number"],
            row["schedule"],
            row["destination"],
            tuple(row["forms"]),
            row["language"],
        )
        return ClaimedDelivery(row["delivery_id"], owner, wanted, row["attempts"])

    async def sent(self, claim: ClaimedDelivery, by: Actor, now: datetime) -> bool:
        """Write that it arrived; False = it was not ours any more."""
        return await self._end(claim, by, now, "sent", None, None)

    async def failed(
        self,
        claim: ClaimedDelivery,
        by: Actor,
        now: datetime,
        error: str,
        again_in: timedelta | None,
    ) -> bool:
        """Write that it did not, to be tried again after a while, or (None) given up."""
        return await self._end(claim, by, now, "failed", again_in, error)

    async def retry(self, delivery_id: UUID | None, by: Actor, now: datetime) -> int:
        """Have what was given up tried again, one or all; return how many."""
        async with self._postgres.transaction() as connection:
            rows = await connection.fetch(sql("retry_deliveries"), self._site_id, delivery_id)
            events = [
                AuditEvent(
                    AuditKind.REPORT,
                    AuditAction.EXECUTE,
                    by.name,
                    now,
                    entity_type="report-delivery",
                    entity_id=str(row["delivery_id"]),
                    reason="retry",
                )
                for row in rows
            ]
            await append(connection, self._site_id, events)
        return len(rows)

    async def listed(
        self, state: DeliveryState | None = None, report_id: UUID | None = None, most: int = 50
    ) -> list[DeliveryEntry]:
        """Return the newest, newest first."""
        where = (self._site_id, None if state is None else state.value, report_id, most)
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_deliveries"), *where)
        return [
            DeliveryEntry(
                row["delivery_id"],
                row["report_id"],
                row["number"],
                Period(PeriodKind(row["kind"]), row["first_day"], row["last_day"]),
                row["schedule"],
                row["destination"],
                tuple(row["forms"]),
                row["language"],
                DeliveryState(row["state"]),
                row["attempts"],
                row["created_at"],
                row["next_try_at"],
                row["ended_at"],
                row["error"],
            )
            for row in rows
        ]

    async def _end(
        self,
        claim: ClaimedDelivery,
        by: Actor,
        now: datetime,
        state: str,
        again_in: timedelta | None,
        error: str | None,
    ) -> bool:
        wanted, arrived = claim.wanted, state == "sent"
        event = AuditEvent(
            AuditKind.EXPORT,
            AuditAction.READ,
            by.name,
            now,
            AuditOutcome.SUCCESS if arrived else AuditOutcome.MINOR_FAILURE,
            entity_type="report",
            entity_id=str(wanted.report_id),
            reason="deliver",
            detail=(
                ("revision", wanted.number),
                ("destination", wanted.destination),
                ("delivery", str(claim.delivery_id)),
                ("forms", ",".join(wanted.forms)),
                ("attempt", claim.attempts),
            ),
        )
        async with self._postgres.transaction() as connection:
            ended = await connection.fetchval(
                sql("end_delivery"), claim.delivery_id, claim.owner, state, again_in, error
            )
            # Also where it is somebody else's by now: it was sent, or tried, all the same.
            await append(connection, self._site_id, [event])
        return ended is not None
