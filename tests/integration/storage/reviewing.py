"""A clinic whose conflicts wait for somebody; used by the tests of shown reviews."""

from dataclasses import replace
from datetime import UTC

from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_desk import ReviewDesk
from streamer.checkin.review_queue import ReviewQueue
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus as Status
from streamer.domain.check_in import Recorded
from streamer.domain.review_report import ReviewReport
from tests.integration.storage.clinic import (
    PRESENCE,
    SITE,
    WINDOW,
    ZONE,
    Clinic,
    booking,
)

AIGUL = Actor("aigul")
NOSHOW = {"status": Status.NOSHOW}


class Reviewing:
    """The desk of a service that has just started, over the same database."""

    def __init__(self, clinic: Clinic) -> None:
        self.queue = ReviewQueue(ZONE)
        self.desk = ReviewDesk(
            SITE.id,
            self.queue,
            Rejections(UTC),
            clinic.reviews(),
            clinic.waiting_reviews(),
            ArrivalPolicy(*WINDOW, AutoArrive.NEVER, presence=PRESENCE),
            clinic.clock,
        )

    async def only(self) -> ReviewReport:
        (report,) = await self.desk.reports()
        return report

    async def decided(self, *, confirm: bool, by: Actor = AIGUL) -> list[Recorded]:
        key = (await self.only()).review_id
        if not confirm:
            await self.desk.reject(key, by)
            return []
        return [one.recorded for one in (await self.desk.confirm(key, "", by)).arrivals]


async def say(clinic: Clinic, number: int, status: Status) -> None:
    """What the clinic's system says of an appointment from now on."""
    await clinic.import_bookings(replace(booking(number), status=status))


async def flags(clinic: Clinic) -> list[tuple[str, str, str]]:
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch("SELECT method, evidence, flag FROM presences ORDER BY flag")
    return [tuple(row) for row in rows]
