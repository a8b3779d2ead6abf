"""Reads the appointments that a sighting of a patient may mean. Used by faces and at the desk."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from streamer.checkin.decision import ArrivalPolicy
from streamer.domain.appointment import Appointment
from streamer.errors import DatabaseError

_READ_TIMEOUT_S: Final = 2.0


class ScheduleReader(Protocol):
    """Where a patient's appointments of the day are read."""

    async def appointments_of(
        self, patient_id: UUID, now: datetime, refresh: bool = False
    ) -> Sequence[Appointment]:
        """Today's appointments; `refresh` goes past the cache to PostgreSQL."""
        ...


class Visits:
    """A patient's appointments of all days that the windows reach into."""

    def __init__(
        self,
        schedules: ScheduleReader,
        policy: ArrivalPolicy,
        timeout_s: float = _READ_TIMEOUT_S,
        remedy: str = "it is asked again",
    ) -> None:
        """Keep the collaborators.

        Args:
            schedules: Where they are read.
            policy: Says which days.
            timeout_s: For all days together.
            remedy: What happens, or is to be done, where there is no answer.
        """
        self._schedules = schedules
        self._policy = policy
        self._timeout_s = timeout_s
        self._remedy = remedy

    async def of(self, patient_id: UUID, at: datetime, *, refresh: bool) -> tuple[Appointment, ...]:
        """Return each appointment once.

        Args:
            patient_id: Whose.
            at: Aware; when they were seen.
            refresh: Go past the cache to PostgreSQL.

        Raises:
            DatabaseError: There is no answer, or not in time.
        """
        found: dict[UUID, Appointment] = {}
        try:
            async with asyncio.timeout(self._timeout_s):
                for moment in self._policy.days_within_reach(at):
                    for one in await self._schedules.appointments_of(patient_id, moment, refresh):
                        found[one.appointment_id] = one
        except TimeoutError as error:
            raise DatabaseError(
                f"schedule: no answer in {self._timeout_s:g} s; {self._remedy}"
            ) from error
        return tuple(found.values())
