"""Which revisions are to be sent where, as the schedules in force say.

Used by the jobs that make reports. What is wanted is on record; `sending` sends it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from config.settings import ReportSchedule
from streamer.clock import Clock
from streamer.domain.report.delivery import WantedDelivery
from streamer.domain.report.revision import ReportState, RevisionEntry
from streamer.storage.report_deliveries import PostgresDeliveries

InForce: TypeAlias = Callable[[], Awaitable[Sequence[ReportSchedule]]]
"""The schedules in force now; raises DatabaseError."""


class ReportPost:
    """Of one site."""

    def __init__(self, schedules: InForce, deliveries: PostgresDeliveries, clock: Clock) -> None:
        """Keep the collaborators."""
        self._schedules = schedules
        self._deliveries = deliveries
        self._clock = clock

    async def first(self, schedule: ReportSchedule, entry: RevisionEntry) -> int:
        """Have a report sent, unless a revision of it was already.

        Returns:
            To how many destinations.

        Raises:
            DatabaseError: Nothing is wanted.
        """
        if await self._deliveries.any(entry.report_id, schedule.id):
            return 0
        return await self._want([schedule], entry)

    async def later(self, entry: RevisionEntry) -> int:
        """Have a later revision sent by the schedules that sent the report before.

        The final one goes to all of them, others where a schedule says so. Asked for as often as
        one likes, each goes once.
        """
        final = entry.state is ReportState.FINAL
        found = [
            one
            for one in await self._schedules()
            if one.kind == entry.period.kind.value and (final or one.every_revision)
        ]
        sent = [one for one in found if await self._deliveries.any(entry.report_id, one.id)]
        return await self._want(sent, entry)

    async def _want(self, schedules: Sequence[ReportSchedule], entry: RevisionEntry) -> int:
        wanted = [
            WantedDelivery(
                entry.report_id, entry.number, one.id, destination, one.forms, one.language
            )
            for one in schedules
            for destination in one.to
        ]
        return await self._deliveries.want(wanted, self._clock.now())
